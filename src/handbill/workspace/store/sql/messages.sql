-- name: page
SELECT d.*, p.id, p.email, p.person AS known
FROM deliveries d LEFT JOIN people p ON p.person = d.person
WHERE d.delivery BETWEEN :first AND :last AND /*filters*/
ORDER BY d.delivery DESC LIMIT :limit

-- name: get
SELECT d.*, p.id, p.email, p.person AS known
FROM deliveries d LEFT JOIN people p ON p.person = d.person
WHERE d.delivery = :delivery

-- name: archived
SELECT a.message, s.sample
FROM deliveries d
LEFT JOIN archives a ON a.delivery = d.delivery
LEFT JOIN dictionaries s ON s.dictionary = a.dictionary
WHERE d.delivery = :delivery

-- name: first_since
SELECT delivery FROM deliveries WHERE created >= :time ORDER BY created, delivery LIMIT 1

-- name: last_until
SELECT delivery FROM deliveries WHERE created <= :time ORDER BY created DESC, delivery DESC LIMIT 1

-- name: first_of
SELECT min(delivery) FROM deliveries WHERE /*parent*/ = :parent

-- name: last_of
SELECT max(delivery) FROM deliveries WHERE /*parent*/ = :parent
