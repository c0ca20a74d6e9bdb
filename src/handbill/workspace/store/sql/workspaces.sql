-- name: counts
SELECT
  (SELECT count(*) FROM people) AS people,
  (SELECT count(*) FROM object_types) AS object_types,
  (SELECT count(*) FROM objects) AS objects,
  coalesce(sum(count), 0) AS messages_sent,
  coalesce(sum(count) FILTER (WHERE type = 'email'), 0) AS billable_messages_sent
FROM counters WHERE metric = 'sent' AND hour >= :since
