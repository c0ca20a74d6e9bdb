-- name: submit
INSERT INTO forms (id, submissions, created, updated) VALUES (:id, 1, :now, :now)
ON CONFLICT (id) DO UPDATE SET submissions = submissions + 1, updated = excluded.updated
