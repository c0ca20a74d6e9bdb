-- name: parent
SELECT id FROM /*table*/ WHERE id = :number

-- name: has_content
SELECT id FROM contents WHERE /*parent*/ = :number AND id = :content AND (NOT :base OR translation_of IS NULL)

-- name: has_group
SELECT id FROM test_groups WHERE newsletter_id = :number AND id = :test_group

-- name: list
SELECT * FROM contents
WHERE /*parent*/ = :number AND id > :after AND (NOT :base OR translation_of IS NULL)
ORDER BY id LIMIT :limit

-- name: get
SELECT * FROM contents
WHERE /*parent*/ = :number AND (:test_group IS NULL OR test_group_id = :test_group) AND CASE
  WHEN :language IS NULL THEN id = :content
  ELSE language = :language AND (:content IS NULL OR :content IN (id, translation_of)) END
ORDER BY id LIMIT 1

-- name: row
SELECT * FROM contents WHERE id = :id

-- name: base
SELECT * FROM contents
WHERE /*parent*/ = :number AND (:test_group IS NULL OR test_group_id = :test_group) AND translation_of IS NULL
ORDER BY id LIMIT 1

-- name: translations
SELECT * FROM contents WHERE translation_of = :content ORDER BY id

-- name: shown_as
SELECT id FROM contents
WHERE id = :content OR (translation_of = :content AND (broadcast_id IS NOT NULL OR campaign_id IS NOT NULL))

-- name: copy
INSERT INTO contents (broadcast_id, campaign_id, newsletter_id, transactional_id, translation_of, test_group_id, name,
  type, sending_state, language, tracked, fields, headers, layout, from_id, reply_to_id, created, updated)
SELECT broadcast_id, campaign_id, newsletter_id, transactional_id, :translation_of, :test_group, name,
  type, sending_state, :language, tracked, fields, headers, layout, from_id, reply_to_id, :now, :now
FROM contents WHERE id = :content
RETURNING id

-- name: update
UPDATE contents SET sending_state = :sending_state, fields = :fields, headers = :headers, updated = :now
WHERE id = :id

-- name: delete
DELETE FROM contents WHERE id = :id

-- name: join_group
UPDATE contents SET test_group_id = :test_group WHERE newsletter_id = :number AND test_group_id IS NULL

-- name: groups
SELECT g.*, (
  SELECT json_group_array(id) FROM (SELECT id FROM contents WHERE test_group_id = g.id ORDER BY id)) AS content_ids
FROM test_groups g WHERE g.newsletter_id = :number ORDER BY g.id

-- name: add_group
INSERT INTO test_groups (newsletter_id, name, label) VALUES (:number, :name, :label) RETURNING id
