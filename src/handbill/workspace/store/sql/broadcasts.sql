-- name: list
SELECT b.*, (
  SELECT json_group_array(json_object('id', id, 'type', type))
  FROM (SELECT id, type FROM contents WHERE broadcast_id = b.id AND translation_of IS NULL ORDER BY id)) AS actions
FROM broadcasts b ORDER BY b.id

-- name: get
SELECT b.*, (
  SELECT json_group_array(json_object('id', id, 'type', type))
  FROM (SELECT id, type FROM contents WHERE broadcast_id = b.id AND translation_of IS NULL ORDER BY id)) AS actions
FROM broadcasts b WHERE b.id = :id
