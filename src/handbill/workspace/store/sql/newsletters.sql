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
SELECT id FROM triggers WHERE newsletter_id = :id AND state IN ('preparing', 'held', 'sending', 'stopped') LIMIT 1

-- name: delete
DELETE FROM newsletters WHERE id = :id

-- name: create
INSERT INTO newsletters (name, type, audience, topic_id, created, updated)
VALUES (:name, :type, :audience, :topic_id, :now, :now) RETURNING id

-- name: create_content
INSERT INTO contents (newsletter_id, name, type, fields, headers, layout, created, updated)
VALUES (:newsletter, :name, :type, :fields, :headers, :layout, :now, :now) RETURNING id

-- name: trigger
INSERT INTO triggers (newsletter_id, audience, transport, state, start_at, local_at, rate, period, spread, created_at)
VALUES (:newsletter, :audience, :transport, 'accepted', :at, :local_at, :rate, :period, :spread, :now)

-- name: triggered
SELECT 1 FROM triggers WHERE newsletter_id = :newsletter AND state <> 'failed'

-- name: forget_trigger
DELETE FROM triggers WHERE newsletter_id = :newsletter AND state = 'accepted' AND start_at > 0

-- name: scheduled
UPDATE newsletters SET scheduled_at = :at, updated = :now WHERE id = :id

-- name: unscheduled
UPDATE newsletters SET scheduled_at = NULL WHERE id = :id

-- name: types
SELECT DISTINCT type FROM contents WHERE newsletter_id = :newsletter AND sending_state <> 'off'
