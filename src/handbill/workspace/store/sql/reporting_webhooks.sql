-- name: list
SELECT id, name, endpoint, disabled, full_resolution, with_content, events FROM reporting_webhooks ORDER BY id

-- name: get
SELECT id, name, endpoint, disabled, full_resolution, with_content, events, position, tries, failing_since
FROM reporting_webhooks WHERE id = :id

-- name: create
INSERT INTO reporting_webhooks
  (name, endpoint, disabled, full_resolution, with_content, events, position, created, updated)
VALUES (:name, :endpoint, :disabled, :full_resolution, :with_content, :events,
  (SELECT coalesce(max(activity), 0) FROM activities), :now, :now)
RETURNING id

-- name: update
UPDATE reporting_webhooks SET name = :name, endpoint = :endpoint, disabled = :disabled,
  full_resolution = :full_resolution, with_content = :with_content, events = :events,
  position = CASE WHEN disabled THEN (SELECT coalesce(max(activity), 0) FROM activities) ELSE position END,
  tries = 0, failing_since = NULL, retry_at = 0, note = '', updated = :now
WHERE id = :id

-- name: delete
DELETE FROM reporting_webhooks WHERE id = :id

-- name: due
SELECT id FROM reporting_webhooks
WHERE NOT disabled AND retry_at <= :now AND position < (SELECT coalesce(max(activity), 0) FROM activities)
ORDER BY id

-- name: last
SELECT max(activity) FROM (
  SELECT activity FROM activities WHERE activity > :position ORDER BY activity LIMIT :limit)

-- name: portion
SELECT a.activity, a.type AS kind, a.timestamp, a.data, coalesce(a.person, d.person) AS person, p.id, p.email,
  d.delivery, d.type, d.broadcast_id, d.campaign_id, d.newsletter_id, d.transactional_id, d.trigger_id, d.content_id,
  d.trigger_event_id, d.recipient, d.subject, d.failure_message, d.devices,
  coalesce(t.created_at, d.created) AS started,
  (a.type GLOB 'opened_*' OR a.type GLOB 'clicked_*') AND EXISTS (
    SELECT 1 FROM activities b
    WHERE b.person = a.person AND b.activity < a.activity AND b.type = a.type AND b.delivery = a.delivery) AS again
FROM activities a
LEFT JOIN deliveries d ON d.delivery = a.delivery
LEFT JOIN people p ON p.person = coalesce(a.person, d.person)
LEFT JOIN triggers t ON t.id = d.trigger_id
WHERE a.activity > :position AND a.activity <= :last AND +a.type IN (SELECT value FROM json_each(:kinds))
ORDER BY a.activity

-- name: told
UPDATE reporting_webhooks SET position = :position, tries = 0, failing_since = NULL, retry_at = 0, note = ''
WHERE id = :id AND position < :position

-- name: failed
UPDATE reporting_webhooks SET retry_at = :retry_at, note = :note, position = :position,
  tries = 1 + CASE WHEN position = :position THEN tries ELSE 0 END,
  failing_since = CASE WHEN position = :position THEN coalesce(failing_since, :now) ELSE :now END
WHERE id = :id AND position <= :position
