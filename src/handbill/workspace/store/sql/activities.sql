-- name: add
INSERT INTO activities (type, timestamp, person, delivery, event, object, name, data)
VALUES (:type, :timestamp, :person, :delivery, :event, :object, :name, :data)

-- name: last_event
SELECT coalesce(max(event), 0) FROM events

-- name: add_events
INSERT INTO activities (type, timestamp, person, event)
SELECT type, timestamp, person, event FROM events WHERE event > :after ORDER BY event
