-- name: add
INSERT INTO activities (type, timestamp, person, delivery, event, object, name, data)
VALUES (:type, :timestamp, :person, :delivery, :event, :object, :name, :data)

-- name: last_event
SELECT coalesce(max(event), 0) FROM events

-- name: add_events
INSERT INTO activities (type, timestamp, person, event, name)
SELECT type, timestamp, person, event, name FROM events WHERE event > :after ORDER BY event

-- name: page
SELECT a.activity, a.type, a.timestamp, a.person, a.delivery, a.name, a.data, e.data AS event_data,
  d.type AS delivery_type, d.delivered, d.opened, d.devices, p.id, p.email
FROM activities a
LEFT JOIN people p ON p.person = a.person
LEFT JOIN events e ON e.event = a.event
LEFT JOIN deliveries d ON d.delivery = a.delivery
WHERE a.activity < :before AND /*filters*/
ORDER BY a.activity DESC LIMIT :limit
