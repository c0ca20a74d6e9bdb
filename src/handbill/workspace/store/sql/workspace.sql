-- name: get
SELECT value FROM workspace WHERE key = :key

-- name: put
INSERT INTO workspace (key, value) VALUES (:key, :value)
ON CONFLICT (key) DO UPDATE SET value = excluded.value

-- name: put_if_absent
INSERT INTO workspace (key, value) VALUES (:key, :value) ON CONFLICT (key) DO NOTHING
