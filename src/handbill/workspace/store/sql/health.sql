-- name: version
PRAGMA user_version

-- name: check
PRAGMA quick_check(1)

-- name: last_sent
SELECT sent FROM deliveries WHERE sent IS NOT NULL ORDER BY delivery DESC LIMIT 1

-- name: waiting
SELECT count(*) FROM deliveries WHERE state = 'queued' AND worker IS NULL
