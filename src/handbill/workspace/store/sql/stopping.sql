-- name: stop
-- What is being prepared cannot be broken off; it is stopped the moment it is ready.
UPDATE triggers SET note = :note,
  stopped_from = CASE state WHEN 'preparing' THEN 'held' ELSE state END,
  state = CASE state WHEN 'preparing' THEN 'preparing' ELSE 'stopped' END
WHERE state IN ('accepted', 'preparing', 'held', 'sending') AND stopped_from IS NULL
  AND (:broadcast IS NULL OR broadcast_id = :broadcast) AND (:newsletter IS NULL OR newsletter_id = :newsletter)
  AND (:trigger IS NULL OR id = :trigger) AND (:transport IS NULL OR transport = :transport)
  AND (:all OR state = 'sending')
RETURNING id, broadcast_id, newsletter_id

-- name: stopped
SELECT id FROM triggers WHERE state = 'stopped'

-- name: trigger
SELECT id, broadcast_id, newsletter_id, state, stopped_from, transport FROM triggers WHERE id = :trigger

-- name: of_newsletter
SELECT max(id) FROM triggers WHERE newsletter_id = :newsletter

-- name: resume
UPDATE triggers SET state = CASE state WHEN 'stopped' THEN stopped_from ELSE state END, stopped_from = NULL, note = ''
WHERE id = :trigger

-- name: give_back
UPDATE deliveries SET worker = NULL WHERE delivery = :delivery AND state = 'queued'
