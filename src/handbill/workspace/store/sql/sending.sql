-- name: reached
SELECT coalesce(sum(people), 0) FROM reached WHERE connection = :connection AND minute > :since

-- name: let_through
INSERT INTO reached (connection, minute, people) VALUES (:connection, :minute, :people)
ON CONFLICT (connection, minute) DO UPDATE SET people = people + excluded.people

-- name: forget_reached
DELETE FROM reached WHERE connection = :connection AND minute < :before
