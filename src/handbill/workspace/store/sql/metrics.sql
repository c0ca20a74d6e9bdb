-- name: of_broadcast
SELECT metric, hour, sum(count) AS count FROM counters
WHERE broadcast_id = :broadcast AND hour >= :since AND (:type IS NULL OR type = :type)
GROUP BY metric, hour

-- name: of_action
SELECT metric, hour, sum(count) AS count FROM counters
WHERE content_id = :action AND broadcast_id = :broadcast AND hour >= :since AND (:type IS NULL OR type = :type)
GROUP BY metric, hour
