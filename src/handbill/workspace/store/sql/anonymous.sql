-- name: add_event
INSERT INTO anonymous_events (anonymous_id, id, name, type, timestamp, data)
VALUES (:anonymous_id, :id, :name, :type, :timestamp, :data)
ON CONFLICT (id) WHERE id IS NOT NULL DO NOTHING

-- name: events
SELECT id, name, type, timestamp, data FROM anonymous_events
WHERE anonymous_id = :anonymous_id AND timestamp >= :since ORDER BY timestamp, event

-- name: forget_events
DELETE FROM anonymous_events WHERE anonymous_id = :anonymous_id

-- name: relate
INSERT INTO anonymous_relationships (anonymous_id, object, attributes, created)
VALUES (:anonymous_id, :object, :attributes, :created)
ON CONFLICT (anonymous_id, object) DO UPDATE SET attributes = json_patch(attributes, excluded.attributes)

-- name: relationships
SELECT object, attributes FROM anonymous_relationships WHERE anonymous_id = :anonymous_id ORDER BY object

-- name: forget_relationships
DELETE FROM anonymous_relationships WHERE anonymous_id = :anonymous_id
