-- name: list
SELECT id, type, description, wanted, status, total, downloads, created, updated FROM exports
WHERE type <> 'import_errors' ORDER BY id

-- name: get
SELECT id, type, description, wanted, status, total, downloads, created, updated FROM exports WHERE id = :id

-- name: create
INSERT INTO exports (type, description, wanted, created, updated)
VALUES (:type, :description, :wanted, :now, :now) RETURNING id

-- name: due
SELECT id FROM exports WHERE status = 'pending' ORDER BY id LIMIT 1

-- name: finish
UPDATE exports SET status = :status, total = :total, updated = :now WHERE id = :id

-- name: downloaded
UPDATE exports SET downloads = downloads + 1 WHERE id = :id

-- name: attribute_names
SELECT DISTINCT a.key FROM json_each(:people) j
JOIN people p ON p.person = j.value, json_each(p.attributes) a

-- name: people
SELECT p.person, p.id, p.email, p.unsubscribed, p.attributes
FROM json_each(:people) j JOIN people p ON p.person = j.value ORDER BY p.person

-- name: deliveries
SELECT d.*, p.id, p.email
FROM deliveries d LEFT JOIN people p ON p.person = d.person
WHERE d./*parent*/ = :parent AND d.delivery > :after AND d.created BETWEEN :since AND :until
  AND d./*metric*/ IS NOT NULL AND (:template IS NULL OR d.content_id = :template)
  AND (:drafts OR d.state <> 'drafted')
ORDER BY d.delivery LIMIT :limit

-- name: is_campaign
SELECT 1 FROM campaigns WHERE id = :id
