-- name: add
INSERT INTO suppressions (identifier, reason, created, detail, status)
VALUES (:identifier, :reason, :created, :detail, :status)
ON CONFLICT (identifier, reason) DO NOTHING

-- name: delete
DELETE FROM suppressions WHERE identifier = :identifier AND reason = :reason

-- name: search
SELECT reason, identifier, created, detail, status FROM suppressions
WHERE identifier = :identifier AND reason <> 'profile' ORDER BY created, reason

-- name: page
SELECT s.reason, s.identifier, s.created, s.detail, s.status
FROM (SELECT identifier, reason FROM suppressions WHERE reason = :reason
  ORDER BY created, identifier LIMIT :limit OFFSET :offset) shown
JOIN suppressions s ON s.identifier = shown.identifier AND s.reason = shown.reason
ORDER BY s.created, s.identifier
