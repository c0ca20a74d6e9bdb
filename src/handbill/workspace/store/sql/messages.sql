-- name: page
SELECT d.*, p.id, p.email, p.person AS known, coalesce(c.translation_of, d.content_id) AS action_id
FROM deliveries d LEFT JOIN people p ON p.person = d.person LEFT JOIN contents c ON c.id = d.content_id
WHERE d.delivery BETWEEN :first AND :last AND /*filters*/
ORDER BY d.delivery DESC LIMIT :limit

-- name: get
SELECT d.*, p.id, p.email, p.person AS known, coalesce(c.translation_of, d.content_id) AS action_id
FROM deliveries d LEFT JOIN people p ON p.person = d.person LEFT JOIN contents c ON c.id = d.content_id
WHERE d.delivery = :delivery

-- name: archived
SELECT CASE WHEN a.dictionary = 0 OR s.sample IS NOT NULL THEN a.message END AS message, s.sample
FROM deliveries d
LEFT JOIN archives a ON a.delivery = d.delivery
LEFT JOIN dictionaries s ON s.dictionary = a.dictionary
WHERE d.delivery = :delivery

-- name: first_since
SELECT delivery FROM deliveries WHERE created >= :time ORDER BY created, delivery LIMIT 1

-- name: last_until
SELECT delivery FROM deliveries WHERE created <= :time ORDER BY created DESC, delivery DESC LIMIT 1

-- name: first_trigger
SELECT min(created_at) FROM triggers WHERE broadcast_id = :broadcast

-- name: first_of
SELECT min(delivery) FROM deliveries WHERE /*parent*/ = :parent

-- name: last_of
SELECT max(delivery) FROM deliveries WHERE /*parent*/ = :parent

-- name: served
SELECT d.delivery, d.created, d.opened, d.clicked, d.opened IS NOT NULL AS seen, a.message, s.sample
FROM deliveries d
JOIN archives a ON a.delivery = d.delivery
LEFT JOIN dictionaries s ON s.dictionary = a.dictionary
WHERE d.person = :person AND d.type IN ('in_app', 'inbox') AND d.type = :type AND d.sent IS NOT NULL
  AND (d.opened IS NOT NULL, -d.delivery) > (:seen, -:delivery)
ORDER BY seen, d.delivery DESC LIMIT :limit
