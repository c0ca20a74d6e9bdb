-- name: types
SELECT id, name, singular_name, enabled FROM object_types ORDER BY id

-- name: add_type
INSERT INTO object_types (id, name, singular_name, created, updated) VALUES (:id, :name, :name, :now, :now)
ON CONFLICT DO NOTHING

-- name: by_id
SELECT object, type_id, object_id, attributes, timestamps FROM objects
WHERE type_id = :type_id AND object_id = :object_id

-- name: by_number
SELECT object, type_id, object_id, attributes, timestamps FROM objects WHERE object = :object

-- name: search
SELECT object, object_id FROM objects
WHERE type_id = :type_id AND object > :after AND (/*where*/) ORDER BY object LIMIT :limit

-- name: add
INSERT INTO objects (type_id, object_id, attributes, timestamps, created)
VALUES (:type_id, :object_id, :attributes, :timestamps, :created) RETURNING object, type_id, object_id

-- name: change
UPDATE objects SET attributes = :attributes, timestamps = :timestamps WHERE object = :object

-- name: delete
DELETE FROM objects WHERE object = :object

-- name: relationship
SELECT attributes, timestamps FROM relationships WHERE object = :object AND person = :person

-- name: relate
INSERT INTO relationships (object, person, attributes, timestamps, created)
VALUES (:object, :person, :attributes, :timestamps, :created)

-- name: change_relationship
UPDATE relationships SET attributes = :attributes, timestamps = :timestamps
WHERE object = :object AND person = :person

-- name: unrelate
DELETE FROM relationships WHERE object = :object AND person = :person

-- name: note_unrelated
INSERT INTO activities (type, timestamp, person, object, data)
SELECT 'delete_relationship', :now, person, object, :data FROM relationships WHERE object = :object

-- name: people_of
SELECT p.person, p.id, p.email, o.type_id, t.enabled
FROM relationships r
JOIN people p ON p.person = r.person
JOIN objects o ON o.object = r.object
JOIN object_types t ON t.id = o.type_id
WHERE r.object = :object AND r.person > :after ORDER BY r.person LIMIT :limit

-- name: newest
-- The ten objects of each type that people were related to last, the newest first.
SELECT person, plural, object, object_id, attributes, relationship FROM (
  SELECT r.person, t.name AS plural, o.object, o.object_id, o.attributes, r.attributes AS relationship,
    row_number() OVER (PARTITION BY r.person, o.type_id ORDER BY r.created DESC, r.object DESC) AS place
  FROM json_each(:people) j
  JOIN relationships r ON r.person = j.value
  JOIN objects o ON o.object = r.object
  JOIN object_types t ON t.id = o.type_id AND t.enabled)
WHERE place <= 10 ORDER BY person, plural, place

-- name: of_person
SELECT o.object, o.type_id, o.object_id, r.attributes, r.timestamps
FROM relationships r JOIN objects o ON o.object = r.object
WHERE r.person = :person AND r.object > :after ORDER BY r.object LIMIT :limit
