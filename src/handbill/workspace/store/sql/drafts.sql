-- name: due
SELECT id FROM approvals WHERE delivery IS NOT NULL AND outcome IS NULL
  AND (state <> 'waiting' OR expires_at <= :now)

-- name: parents
SELECT transactional_id, campaign_id FROM deliveries WHERE delivery = :delivery

-- name: waiting
SELECT delivery, retry_at FROM deliveries WHERE delivery = :delivery AND state = 'drafted'

-- name: later
UPDATE deliveries SET state = 'deferred' WHERE delivery = :delivery

-- name: settled
UPDATE approvals SET outcome = :outcome WHERE id = :id
