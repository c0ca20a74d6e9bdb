-- name: list
SELECT * FROM transactional ORDER BY id

-- name: get
SELECT * FROM transactional WHERE id = :id
