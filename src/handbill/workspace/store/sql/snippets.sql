-- name: list
SELECT name, value, updated FROM snippets ORDER BY name

-- name: get
SELECT name, value, updated FROM snippets WHERE name = :name

-- name: put
INSERT INTO snippets (name, value, updated) VALUES (:name, :value, :now)
ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated = excluded.updated

-- name: bytes
SELECT sum(length(CAST(value AS BLOB))) FROM snippets

-- name: delete
DELETE FROM snippets WHERE name = :name

-- name: texts
SELECT value FROM snippets WHERE name <> :name UNION ALL SELECT body FROM layouts

-- name: contents
SELECT fields, headers FROM contents WHERE instr(fields, 'snippets') OR instr(headers, 'snippets')
