-- name: running
SELECT 1 FROM campaigns WHERE state = 'running' LIMIT 1

-- name: started
SELECT c.id AS campaign, c.name, c.topic_id, c.audience, e.event, e.id AS event_id, e.name AS event_name, e.timestamp, e.data,
  e.person, CAST(p.attributes ->> '$.language' AS TEXT) AS language
FROM events e
JOIN campaigns c ON c.event_name = e.name AND c.state = 'running'
JOIN people p ON p.person = e.person
WHERE e.event > :after AND e.timestamp >= :since
ORDER BY e.event, c.id

-- name: add
INSERT INTO journeys (campaign_id, person, event, started, messaged, finished)
VALUES (:campaign, :person, :event, :now, :messaged, :now) RETURNING journey

-- name: first
UPDATE campaigns SET first_started = :now WHERE id = :campaign AND first_started IS NULL
