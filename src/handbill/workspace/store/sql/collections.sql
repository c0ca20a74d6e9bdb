-- name: list
SELECT id, name, bytes, rows, schema, created, updated FROM collections ORDER BY id

-- name: get
SELECT id, name, bytes, rows, schema, created, updated FROM collections WHERE id = :id

-- name: of_name
SELECT id FROM collections WHERE name = :name

-- name: content
SELECT data FROM collections WHERE id = :id

-- name: create
INSERT INTO collections (name, data, bytes, rows, schema, created, updated)
VALUES (:name, :data, :bytes, :rows, :schema, :now, :now)
RETURNING id

-- name: update
UPDATE collections SET name = :name, data = coalesce(:data, data), bytes = coalesce(:bytes, bytes),
  rows = coalesce(:rows, rows), schema = coalesce(:schema, schema), updated = :now
WHERE id = :id

-- name: delete
DELETE FROM collections WHERE id = :id
