-- name: list
SELECT id, name, description, conditions, tags, created, updated FROM segments ORDER BY id

-- name: get
SELECT id, name, description, conditions, tags, created, updated FROM segments WHERE id = :id

-- name: create
INSERT INTO segments (name, description, created, updated) VALUES (:name, :description, :now, :now) RETURNING id

-- name: delete
DELETE FROM segments WHERE id = :id

-- name: add
INSERT INTO segment_people (segment, person) SELECT :segment, person FROM people WHERE /*named*/
ON CONFLICT DO NOTHING

-- name: remove
DELETE FROM segment_people WHERE segment = :segment AND person IN (SELECT person FROM people WHERE /*named*/)

-- name: used_by
SELECT 'broadcasts' AS kind, id, NULL AS sent_at, audience AS tree FROM broadcasts
UNION ALL SELECT 'campaigns', id, NULL, audience FROM campaigns
UNION ALL SELECT 'newsletters', id, sent_at, audience FROM newsletters
UNION ALL SELECT 'segments', id, NULL, conditions FROM segments WHERE conditions IS NOT NULL
