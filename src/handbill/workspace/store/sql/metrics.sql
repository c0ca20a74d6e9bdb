-- name: of_parent
SELECT metric, hour, sum(count) AS count FROM counters
WHERE /*parent*/ = :number AND hour >= :since AND hour < :until AND (:type IS NULL OR type = :type)
GROUP BY metric, hour

-- name: of_contents
SELECT metric, hour, sum(count) AS count FROM counters
WHERE content_id IN (SELECT value FROM json_each(:contents)) AND hour >= :since AND hour < :until
  AND (:type IS NULL OR type = :type)
GROUP BY metric, hour

-- name: links
WITH shown AS (
  SELECT l.link, l.href FROM contents c JOIN links l ON l.content_id = c.id
  WHERE c./*parent*/ = :number AND (:contents IS NULL OR c.id IN (SELECT value FROM json_each(:contents)))
    AND (:type IS NULL OR c.type = :type)
  ORDER BY l.link LIMIT :limit)
SELECT s.link, s.href, k.metric, k.hour, k.count
FROM shown s LEFT JOIN link_counters k ON k.link = s.link AND k.hour >= :since
ORDER BY s.link
