-- name: get
SELECT id, name, description, type, wanted, state, rows_to_import, rows_imported, rows_read, error, error_export_id,
  created, updated
FROM imports WHERE id = :id

-- name: create
INSERT INTO imports (name, description, type, wanted, created, updated)
VALUES (:name, :description, :type, :wanted, :now, :now) RETURNING id

-- name: due
SELECT id FROM imports WHERE state NOT IN ('imported', 'failed', 'canceled') ORDER BY id LIMIT 1

-- name: move
UPDATE imports SET state = :state, error = :error, updated = :now WHERE id = :id

-- name: counted
UPDATE imports SET state = 'validated', rows_to_import = :rows, updated = :now WHERE id = :id

-- name: took
UPDATE imports SET state = 'importing', rows_read = rows_read + :read, rows_imported = rows_imported + :imported,
  updated = :now
WHERE id = :id

-- name: add_error
INSERT INTO import_errors (import, line, error) VALUES (:import, :line, :error) ON CONFLICT DO NOTHING

-- name: has_errors
SELECT 1 FROM import_errors WHERE import = :id LIMIT 1

-- name: errors
SELECT line, error FROM import_errors WHERE import = :id AND line > :after ORDER BY line LIMIT :limit

-- name: reported
UPDATE imports SET error_export_id = :export WHERE id = :id
