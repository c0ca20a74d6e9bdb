-- name: join
INSERT INTO workers (token, started) VALUES (:token, :now) RETURNING worker

-- name: leave
DELETE FROM workers WHERE worker = :worker

-- name: others
SELECT worker, token FROM workers WHERE worker <> :worker

-- name: claimed
SELECT delivery, state FROM deliveries WHERE worker = :worker

-- name: unclaim
UPDATE deliveries SET worker = NULL WHERE worker = :worker AND state = 'queued'

-- name: half_prepared
SELECT id FROM triggers WHERE state = 'preparing' AND worker = :worker

-- name: forget_deliveries
DELETE FROM deliveries WHERE trigger_id = :trigger

-- name: forget_counts
DELETE FROM trigger_counts WHERE trigger_id = :trigger

-- name: accept_again
UPDATE triggers SET worker = NULL, recipients = 0,
  state = CASE WHEN stopped_from IS NULL THEN 'accepted' ELSE 'stopped' END,
  stopped_from = CASE WHEN stopped_from IS NOT NULL THEN 'accepted' END
WHERE id = :trigger

-- name: next_job
UPDATE triggers SET state = 'preparing', worker = :worker
WHERE id = (SELECT id FROM triggers WHERE state = 'accepted'
    -- clocks differ by up to 26 hours: some people's time comes that much earlier
    AND start_at - CASE WHEN local_at IS NULL THEN 0 ELSE 93600 END <= :now
  ORDER BY id LIMIT 1)
RETURNING id, broadcast_id, newsletter_id

-- name: trigger
SELECT id, broadcast_id, newsletter_id, audience, data, transport, contents, state, own_data, start_at, local_at, note,
  recipients, via
FROM triggers WHERE id = :trigger

-- name: named_people
SELECT person FROM trigger_people WHERE trigger_id = :trigger ORDER BY person

-- name: name_people
INSERT INTO trigger_people (trigger_id, person, data)
SELECT :trigger, value ->> 0, value ->> 1 FROM json_each(:people) WHERE true
ON CONFLICT (trigger_id, person) DO NOTHING

-- name: forget_named_people
DELETE FROM trigger_people WHERE trigger_id = :trigger

-- name: has_own_data
UPDATE triggers SET own_data = 1 WHERE id = :trigger

-- name: matching_people
SELECT person FROM people WHERE /*where*/ ORDER BY person

-- name: snippets
SELECT name, value FROM snippets ORDER BY name

-- name: sample
SELECT p.person, p.id, p.email, p.unsubscribed, p.attributes, o.data,
  (SELECT v.devices FROM devices_json v WHERE v.person = p.person) AS devices
FROM json_each(:people) j
JOIN people p ON p.person = j.value
LEFT JOIN trigger_people o ON o.trigger_id = :trigger AND o.person = p.person
ORDER BY j.key

-- name: languages
SELECT p.person, CAST(p.attributes ->> '$.language' AS TEXT) AS language
FROM json_each(:people) j JOIN people p ON p.person = j.value
WHERE p.attributes ->> '$.language' IS NOT NULL

-- name: timezones
SELECT p.person, p.attributes ->> '$.timezone' AS timezone
FROM json_each(:people) j JOIN people p ON p.person = j.value ORDER BY j.key

-- name: write_out
INSERT INTO deliveries (trigger_id, broadcast_id, newsletter_id, content_id, person, type, state, retry_at, created,
  drafted)
SELECT :trigger, :broadcast, :newsletter, :content, j.value, :type, :state, :retry_at,
  max(:now, coalesce((SELECT created FROM deliveries ORDER BY delivery DESC LIMIT 1), 0)),
  CASE WHEN :state = 'drafted' THEN :now END
FROM json_each(:people) j WHERE true
ON CONFLICT (trigger_id, content_id, person) WHERE trigger_id IS NOT NULL DO NOTHING

-- name: prepared
UPDATE triggers SET state = CASE WHEN stopped_from IS NULL THEN 'held' ELSE 'stopped' END, worker = NULL, contents = :contents, recipients =
  (SELECT coalesce(sum(count), 0) FROM trigger_counts WHERE trigger_id = :trigger)
WHERE id = :trigger

-- name: start
UPDATE triggers SET state = 'sending', began = :now, note = '' WHERE id = :trigger

-- name: started
UPDATE broadcasts SET first_started = :now WHERE id = :broadcast AND first_started IS NULL

-- name: newsletter_started
UPDATE newsletters SET sent_at = :now WHERE id = :newsletter AND sent_at IS NULL

-- name: add_dictionary
INSERT INTO dictionaries (trigger_id, content_id, sample) VALUES (:trigger, :content, :sample)
ON CONFLICT (trigger_id, content_id) DO NOTHING

-- name: dictionary
SELECT dictionary, sample FROM dictionaries WHERE trigger_id = :trigger AND content_id = :content

-- name: fail
UPDATE triggers SET state = 'failed', worker = NULL, stopped_from = NULL, processed_at = :now, note = :note WHERE id = :trigger

-- name: add_error
INSERT INTO trigger_errors (trigger_id, position, text)
SELECT :trigger, coalesce(max(position), 0) + 1, :text FROM trigger_errors WHERE trigger_id = :trigger

-- name: due
SELECT delivery FROM deliveries WHERE state = 'deferred' AND retry_at <= :now LIMIT 10000

-- name: in_hand
SELECT 1 FROM triggers WHERE state = 'preparing' OR (state = 'accepted'
  AND start_at - CASE WHEN local_at IS NULL THEN 0 ELSE 93600 END <= :now)
UNION ALL SELECT 1 FROM deliveries WHERE worker IS NOT NULL LIMIT 1

-- name: next_trigger
SELECT id, transport, contents, own_data, CASE
    WHEN rate IS NULL THEN 1 << 53
    WHEN spread THEN (:now - began) * rate / period + 1
    ELSE ((:now - began) / period + 1) * rate
  END - claimed AS allowance
FROM triggers t
WHERE state = 'sending' AND allowance > 0 AND EXISTS (
  SELECT 1 FROM deliveries d WHERE d.trigger_id = t.id AND d.state = 'queued' AND d.worker IS NULL)
ORDER BY served, id LIMIT 1

-- name: served
UPDATE triggers SET claimed = claimed + :claimed,
  served = 1 + (SELECT max(served) FROM triggers WHERE state = 'sending')
WHERE id = :trigger

-- name: claim
UPDATE deliveries SET worker = :worker WHERE delivery IN (
  SELECT delivery FROM deliveries
  WHERE trigger_id = :trigger AND state = 'queued' AND worker IS NULL ORDER BY delivery LIMIT :limit)
RETURNING delivery

-- name: works
SELECT d.delivery, d.content_id, d.created, d.attempts, d.resent,
  p.person, p.id, p.email, p.unsubscribed, p.unsubscribed AS unwilling, p.attributes, o.data,
  (SELECT s.reason FROM suppressions s
   WHERE d.type = 'email' AND s.identifier = p.email_key LIMIT 1) AS suppression,
  CASE WHEN d.type = 'push' THEN (SELECT v.devices FROM devices_json v WHERE v.person = p.person) END AS devices
FROM json_each(:deliveries) j
JOIN deliveries d ON d.delivery = j.value
LEFT JOIN people p ON p.person = d.person
LEFT JOIN trigger_people o ON :own_data AND o.trigger_id = d.trigger_id AND o.person = d.person
ORDER BY d.delivery

-- name: rows
SELECT d.delivery, d.person, d.state, d.trigger_id, d.content_id, d.broadcast_id, d.newsletter_id, d.transactional_id,
  d.campaign_id, d.type
FROM json_each(:deliveries) j JOIN deliveries d ON d.delivery = j.value

-- name: emails
SELECT d.delivery, p.email FROM json_each(:deliveries) j
JOIN deliveries d ON d.delivery = j.value JOIN people p ON p.person = d.person

-- name: state
SELECT state FROM deliveries WHERE delivery = :delivery

-- name: person
SELECT person FROM deliveries WHERE delivery = :delivery

-- name: sending
UPDATE deliveries SET state = 'sending', attempts = attempts + 1 WHERE delivery = :delivery

-- name: sent
UPDATE deliveries SET state = 'sent', worker = NULL, failure_message = nullif(:detail, ''), devices = :devices,
  sent = :at, delivered = CASE WHEN :delivered THEN :at END, recipient = :recipient, subject = :subject
WHERE delivery = :delivery

-- name: archive
INSERT OR REPLACE INTO archives (delivery, dictionary, message) VALUES (:delivery, :dictionary, :message)
ON CONFLICT (delivery) DO NOTHING

-- name: failed
UPDATE deliveries SET state = 'failed', worker = NULL, failed = :at, failure_message = :detail
WHERE delivery = :delivery

-- name: refused
UPDATE deliveries SET state = 'failed', worker = NULL, failed = :at, failure_message = :detail,
  recipient = :recipient, subject = :subject
WHERE delivery = :delivery

-- name: bounced
UPDATE deliveries SET state = 'failed', worker = NULL, bounced = :at, failure_message = :detail, devices = :devices,
  recipient = :recipient, subject = :subject
WHERE delivery = :delivery

-- name: skipped
UPDATE deliveries SET state = 'skipped', worker = NULL, failure_message = :detail, recipient = :recipient,
  undeliverable = CASE WHEN :metric = 'undeliverable' THEN :at END,
  suppressed = CASE WHEN :metric = 'suppressed' THEN :at END
WHERE delivery = :delivery

-- name: deferred
UPDATE deliveries SET state = 'deferred', worker = NULL, attempted = coalesce(attempted, :at), deferred = :at, retry_at = :retry_at,
  failure_message = :detail, recipient = :recipient, subject = :subject
WHERE delivery = :delivery

-- name: unknown
UPDATE deliveries SET state = 'unknown', worker = NULL, failure_message = :detail WHERE delivery = :delivery

-- name: queued
UPDATE deliveries SET state = 'queued', worker = NULL, retry_at = NULL WHERE delivery = :delivery

-- name: resent
UPDATE deliveries SET state = 'queued', worker = NULL, resent = resent + 1 WHERE delivery = :delivery

-- name: suppress
INSERT INTO suppressions (identifier, reason, created, detail, status)
SELECT p.email_key, 'bounce', :at, d.failure_message,
  substr(d.failure_message, 1, instr(d.failure_message || ' ', ' ') - 1) -- such as 5.1.1
FROM deliveries d JOIN people p ON p.person = d.person
WHERE d.delivery = :delivery AND p.email_key IS NOT NULL
ON CONFLICT (identifier, reason) DO NOTHING

-- name: count_state
INSERT INTO trigger_counts (trigger_id, state, count) VALUES (:trigger, :state, :change)
ON CONFLICT (trigger_id, state) DO UPDATE SET count = count + excluded.count

-- name: count_metric
INSERT INTO counters (content_id, metric, hour, broadcast_id, newsletter_id, transactional_id, campaign_id, type, count)
VALUES (:content_id, :metric, :hour, :broadcast_id, :newsletter_id, :transactional_id, :campaign_id, :type, :count)
ON CONFLICT (content_id, metric, hour) DO UPDATE SET count = count + excluded.count

-- name: settle
UPDATE triggers SET state = 'finished', processed_at = :now, note = ''
WHERE id = :trigger AND state = 'sending' AND NOT EXISTS (
  SELECT 1 FROM trigger_counts
  WHERE trigger_id = :trigger AND count > 0 AND state IN ('queued', 'sending', 'deferred', 'unknown'))

-- name: pause
UPDATE triggers SET note = :note WHERE id = :trigger AND state = 'sending'

-- name: undecided
SELECT d.delivery, d.trigger_id, d.broadcast_id, d.newsletter_id, d.type, coalesce(d.recipient, p.email) AS recipient,
  d.failure_message
FROM deliveries d LEFT JOIN people p ON p.person = d.person WHERE d.state = 'unknown' ORDER BY d.delivery
