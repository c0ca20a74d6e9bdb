-- name: next
SELECT delivery FROM deliveries WHERE state = 'queued' AND worker IS NULL AND trigger_id IS NULL LIMIT 1

-- name: claim
UPDATE deliveries SET worker = :worker WHERE delivery IN (
  SELECT delivery FROM deliveries
  WHERE state = 'queued' AND worker IS NULL AND trigger_id IS NULL ORDER BY delivery LIMIT :limit)
RETURNING delivery

-- name: works
SELECT d.delivery, d.content_id, d.type, d.created, d.attempts, d.resent,
  s.transport, s.roots, s.content, s.fields, s.tracked, s.retained,
  p.person, p.id, p.email, p.unsubscribed, p.unsubscribed AND NOT s.send_to_unsubscribed AS unwilling, p.attributes,
  (SELECT s.reason FROM suppressions s WHERE s.identifier = p.email_key LIMIT 1) AS suppression
FROM json_each(:deliveries) j
JOIN deliveries d ON d.delivery = j.value
JOIN sends s ON s.delivery = d.delivery
LEFT JOIN people p ON p.person = d.person
ORDER BY d.delivery

-- name: forget
DELETE FROM sends WHERE delivery = :delivery
