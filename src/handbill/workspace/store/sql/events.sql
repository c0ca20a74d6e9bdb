-- name: add
INSERT INTO events (id, person, name, type, timestamp, data)
VALUES (:id, :person, :name, :type, :timestamp, :data)
ON CONFLICT (id) WHERE id IS NOT NULL DO NOTHING
