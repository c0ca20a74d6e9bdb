-- name: get
SELECT request, call, status, media_type, body FROM idempotency_keys WHERE key = :key AND created > :expired

-- name: forget
DELETE FROM idempotency_keys WHERE created <= :expired

-- name: claim
INSERT INTO idempotency_keys (key, request, call, created) VALUES (:key, :request, :call, :now)

-- name: answer
UPDATE idempotency_keys SET status = :status, media_type = :media_type, body = :body WHERE key = :key AND call = :call
