-- name: add
INSERT INTO approvals (connection, endpoint, trigger_id, delivery, request, call, people, reason, facts, parts, until,
  created_at, expires_at)
VALUES (:connection, :endpoint, :trigger_id, :delivery, :request, :call, :people, :reason, :facts, :parts, :until,
  :now, :expires_at)
RETURNING id

-- name: get
SELECT * FROM approvals WHERE id = :id

-- name: waiting
SELECT * FROM approvals WHERE state IN ('waiting', 'approved') ORDER BY id

-- name: recent
SELECT * FROM approvals WHERE connection = :connection AND reason <> '' ORDER BY id DESC LIMIT :limit

-- name: of_trigger
SELECT * FROM approvals WHERE trigger_id = :trigger ORDER BY id DESC LIMIT 1

-- name: of_delivery
SELECT * FROM approvals WHERE delivery = :delivery ORDER BY id DESC LIMIT 1

-- name: earlier
SELECT * FROM approvals WHERE connection = :connection AND call = :call AND (
  (state = 'waiting' AND expires_at > :now) OR (state = 'approved' AND decided_at > :yes)
  OR (state = 'used' AND outcome IS NULL) OR (state IN ('used', 'unknown', 'declined') AND decided_at > :since))
ORDER BY id DESC LIMIT 1

-- name: overdue
SELECT id FROM approvals WHERE connection <> '' AND (
  (state = 'waiting' AND expires_at <= :now) OR (state = 'approved' AND decided_at <= :now - :good_for))

-- name: decide
UPDATE approvals SET state = :state, decided_at = :now, via = :via,
  request = CASE WHEN :state = 'approved' THEN request END,
  facts = CASE WHEN :state = 'approved' THEN facts ELSE json_remove(facts, '$.first', '$.data') END
WHERE id = :id AND state = 'waiting'

-- name: close
UPDATE approvals SET state = :state, request = NULL, facts = json_remove(facts, '$.first', '$.data')
WHERE id = :id AND state IN ('waiting', 'approved')

-- name: finish
UPDATE approvals SET state = :state, outcome = :outcome WHERE id = :id

-- name: ask_again
UPDATE approvals SET reason = :reason, until = :until, expires_at = :expires_at WHERE id = :id AND state = 'waiting'

-- name: asked_via
SELECT via FROM audit WHERE action = 'held' AND facts ->> '$.approval' = :id ORDER BY entry LIMIT 1

-- name: recipients
SELECT d.content_id, d.person, d.type, d.state, p.id, p.email
FROM deliveries d LEFT JOIN people p ON p.person = d.person
WHERE d.trigger_id = :trigger AND (d.content_id, d.person) > (:content, :person)
ORDER BY d.content_id, d.person LIMIT :limit

-- name: recipient
SELECT d.content_id, d.person, d.type, d.state, p.id, coalesce(s.fields ->> 'recipient', p.email)
  || coalesce(', ' || (s.fields ->> 'cc'), '') || coalesce(', ' || (s.fields ->> 'bcc'), '') AS email
FROM deliveries d LEFT JOIN people p ON p.person = d.person LEFT JOIN sends s ON s.delivery = d.delivery
WHERE d.delivery = :delivery
