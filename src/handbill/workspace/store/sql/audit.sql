-- name: last
SELECT hash FROM audit ORDER BY entry DESC LIMIT 1

-- name: count
SELECT count(*) FROM audit

-- name: next
SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'audit'), 0) + 1

-- name: add
INSERT INTO audit (entry, at, connection, action, via, facts, hash)
VALUES (:entry, :at, :connection, :action, :via, :facts, :hash)

-- name: all
SELECT entry, at, connection, action, via, facts, hash FROM audit WHERE entry > :after ORDER BY entry LIMIT :limit
