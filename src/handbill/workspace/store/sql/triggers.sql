-- name: broadcast
SELECT id, name, state, audience, topic_id, triggered_at FROM broadcasts WHERE id = :broadcast

-- name: known_broadcasts
SELECT id, name FROM broadcasts ORDER BY id LIMIT 5

-- name: other_kind
SELECT 'newsletter' FROM newsletters WHERE id = :id

-- name: content_types
SELECT DISTINCT type FROM contents WHERE broadcast_id = :broadcast AND sending_state <> 'off'

-- name: waiting
SELECT count(*) FROM triggers WHERE broadcast_id = :broadcast AND state IN ('accepted', 'preparing')

-- name: take_turn
UPDATE broadcasts SET triggered_at = :now
WHERE id = :broadcast AND (triggered_at <= :now - :interval OR triggered_at > :now + :interval)

-- name: earlier
SELECT max(id) FROM triggers
WHERE broadcast_id = :broadcast AND digest = :digest AND created_at > :now - :window AND created_at < :now + :window
  AND state <> 'failed'

-- name: add
INSERT INTO triggers (broadcast_id, audience, data, transport, state, note, own_data, digest, via, created_at,
  processed_at)
VALUES (:broadcast, :audience, :data, :transport, :state, :note, :own_data, :digest, :via, :now, :processed_at)
RETURNING id

-- name: list
SELECT id, broadcast_id, created_at, processed_at FROM triggers WHERE broadcast_id = :broadcast ORDER BY id DESC

-- name: get
SELECT id, broadcast_id, created_at, processed_at, state, recipients, note, audience, data FROM triggers
WHERE broadcast_id = :broadcast AND id = :trigger

-- name: any
SELECT id, broadcast_id, created_at, processed_at, CASE WHEN stopped_from IS NULL THEN state ELSE 'stopped' END AS state,
  recipients, note, audience, data
FROM triggers WHERE id = :trigger

-- name: latest
SELECT max(id) FROM triggers WHERE broadcast_id = :broadcast

-- name: errors
SELECT text FROM trigger_errors WHERE trigger_id = :trigger ORDER BY position LIMIT :limit OFFSET :start

-- name: counts
SELECT state, count FROM trigger_counts WHERE trigger_id = :trigger

-- name: resent
SELECT count(*) FROM deliveries WHERE trigger_id = :trigger AND resent > 0
