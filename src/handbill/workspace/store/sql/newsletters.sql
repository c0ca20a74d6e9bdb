-- name: page
SELECT n.*, (
  SELECT json_group_array(id) FROM (SELECT id FROM contents WHERE newsletter_id = n.id ORDER BY id)) AS content_ids
FROM newsletters n
WHERE (n.created, n.id) /*beyond*/ (:created, :id)
ORDER BY n.created /*way*/, n.id /*way*/ LIMIT :limit

-- name: get
SELECT n.*, (
  SELECT json_group_array(id) FROM (SELECT id FROM contents WHERE newsletter_id = n.id ORDER BY id)) AS content_ids
FROM newsletters n WHERE n.id = :id

-- name: being_sent
SELECT id FROM triggers WHERE newsletter_id = :id AND state IN ('preparing', 'sending') LIMIT 1

-- name: delete
DELETE FROM newsletters WHERE id = :id
