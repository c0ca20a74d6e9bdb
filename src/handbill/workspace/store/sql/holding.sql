-- name: due
-- Held triggers with nothing to wait for any more: a yes, a no, a time that has come, or no question at all.
SELECT t.id FROM triggers t
LEFT JOIN approvals a ON a.id = (SELECT max(id) FROM approvals WHERE trigger_id = t.id)
WHERE t.state = 'held' AND (a.id IS NULL OR a.state <> 'waiting' OR a.until <= :now OR a.expires_at <= :now)

-- name: broadcast
SELECT id, name, topic_id, state FROM broadcasts WHERE id = :id

-- name: newsletter
SELECT id, name, topic_id, type FROM newsletters WHERE id = :id

-- name: segment
SELECT name FROM segments WHERE id = :id

-- name: to_send
SELECT coalesce(sum(count), 0) FROM trigger_counts WHERE trigger_id = :trigger AND state IN ('queued', 'deferred')

-- name: people
SELECT DISTINCT person FROM deliveries WHERE trigger_id = :trigger AND state IN ('queued', 'deferred')

-- name: count_people
SELECT count(DISTINCT person) FROM deliveries WHERE trigger_id = :trigger AND state IN ('queued', 'deferred')

-- name: by_content
SELECT content_id, count(*) AS count FROM deliveries WHERE trigger_id = :trigger AND state IN ('queued', 'deferred')
GROUP BY content_id

-- name: first
SELECT p.email, p.id FROM deliveries d JOIN people p ON p.person = d.person WHERE d.trigger_id = :trigger
ORDER BY d.delivery LIMIT :limit

-- name: written_out
SELECT count(*) AS count, min(delivery) AS first, max(delivery) AS last, sum(delivery) AS sum FROM deliveries
WHERE trigger_id = :trigger

-- name: unsent
SELECT delivery FROM deliveries WHERE trigger_id = :trigger AND state = 'queued' AND worker IS NULL LIMIT :limit

-- name: unsent_later
SELECT delivery FROM deliveries WHERE state = 'deferred' AND trigger_id = :trigger LIMIT :limit

-- name: note
UPDATE triggers SET note = :note WHERE id = :trigger
