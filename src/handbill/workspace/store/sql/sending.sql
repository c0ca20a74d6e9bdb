-- name: reached
SELECT coalesce(sum(people), 0) FROM reached WHERE connection = :connection AND minute > :since AND minute < :until

-- name: let_through
INSERT INTO reached (connection, minute, people) VALUES (:connection, :minute, :people)
ON CONFLICT (connection, minute) DO UPDATE SET people = people + excluded.people

-- name: forget_reached
DELETE FROM reached WHERE connection = :connection AND minute < :before

-- name: take_turn
INSERT INTO turns (connection, broadcast_id, free_at) VALUES (:connection, :broadcast, :now + :interval)
ON CONFLICT (connection, broadcast_id) DO UPDATE SET free_at = excluded.free_at
WHERE free_at <= :now OR free_at > :now + :interval

-- name: free_at
SELECT free_at FROM turns WHERE connection = :connection AND broadcast_id = :broadcast
