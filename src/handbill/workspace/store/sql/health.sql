-- name: version
PRAGMA user_version

-- name: check
PRAGMA quick_check(1)

-- name: last_sent
SELECT sent FROM deliveries WHERE sent IS NOT NULL ORDER BY delivery DESC LIMIT 1

-- name: waiting
SELECT count(*) FROM deliveries d WHERE d.state = 'queued' AND d.worker IS NULL AND (d.trigger_id IS NULL
  OR EXISTS (SELECT 1 FROM triggers t WHERE t.id = d.trigger_id AND t.state = 'sending'))

-- name: accepted
SELECT count(*) FROM triggers WHERE state = 'accepted' AND start_at <= :now
