-- name: next
SELECT d.delivery FROM deliveries d JOIN sends s ON s.delivery = d.delivery
WHERE d.state = 'queued' AND d.worker IS NULL AND d.trigger_id IS NULL
  AND CASE s.transport WHEN 'live' THEN :live ELSE :captured END LIMIT 1

-- name: claim
UPDATE deliveries SET worker = :worker WHERE delivery IN (
  SELECT d.delivery FROM deliveries d JOIN sends s ON s.delivery = d.delivery
  WHERE d.state = 'queued' AND d.worker IS NULL AND d.trigger_id IS NULL
    AND CASE s.transport WHEN 'live' THEN :live ELSE :captured END
  ORDER BY d.delivery LIMIT :limit)
RETURNING delivery

-- name: works
SELECT d.delivery, d.content_id, d.type, d.created, d.attempts, d.resent,
  s.transport, s.roots, s.content, s.fields, s.tracked, s.retained, s.send_to_unsubscribed,
  p.person, p.id, p.email, p.unsubscribed, p.unsubscribed AND NOT s.send_to_unsubscribed AS unwilling, p.attributes,
  (SELECT x.reason FROM suppressions x
   WHERE d.type = 'email' AND x.identifier = coalesce(lower(s.fields ->> 'recipient'), p.email_key) LIMIT 1) AS suppression,
  CASE WHEN d.type = 'push' THEN (SELECT v.devices FROM devices_json v WHERE v.person = p.person) END AS devices
FROM json_each(:deliveries) j
JOIN deliveries d ON d.delivery = j.value
JOIN sends s ON s.delivery = d.delivery
LEFT JOIN people p ON p.person = d.person
ORDER BY d.delivery

-- name: forget
DELETE FROM sends WHERE delivery = :delivery

-- name: deliver
INSERT INTO deliveries (transactional_id, campaign_id, trigger_event_id, content_id, person, type, state, retry_at,
  created, drafted)
VALUES (:transactional_id, :campaign_id, :trigger_event_id, :content_id, :person, :type, :state, :send_at,
  max(:now, coalesce((SELECT created FROM deliveries ORDER BY delivery DESC LIMIT 1), 0)),
  CASE WHEN :state = 'drafted' THEN :now END)
RETURNING delivery

-- name: add
INSERT INTO sends (delivery, transport, roots, content, fields, send_to_unsubscribed, tracked, retained)
VALUES (:delivery, :transport, :roots, :content, :fields, :send_to_unsubscribed, :tracked, :retained)

-- name: template
SELECT * FROM transactional WHERE id = :id OR name = :name COLLATE NOCASE ORDER BY id IS :id DESC, id LIMIT 1

-- name: create_template
INSERT INTO transactional (name, created, updated) VALUES (:name, :now, :now) RETURNING id

-- name: create_content
INSERT INTO contents (transactional_id, name, type, fields, created, updated)
VALUES (:transactional, :name, :type, '{}', :now, :now)

-- name: fields
SELECT fields FROM contents WHERE id = :content

-- name: written
SELECT id, type FROM contents
WHERE transactional_id = :transactional AND type = :type AND sending_state <> 'off'
  AND lower(language) IN ('', lower(:language), lower(substr(:language, 1, instr(:language || '-', '-') - 1)))
ORDER BY length(language) DESC, id LIMIT 1
