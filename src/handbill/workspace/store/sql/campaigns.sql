-- name: list
SELECT c.*, (
  SELECT json_group_array(json_object('id', id, 'type', type))
  FROM (SELECT id, type FROM contents WHERE campaign_id = c.id AND translation_of IS NULL ORDER BY id)) AS actions
FROM campaigns c ORDER BY c.id

-- name: get
SELECT c.*, (
  SELECT json_group_array(json_object('id', id, 'type', type))
  FROM (SELECT id, type FROM contents WHERE campaign_id = c.id AND translation_of IS NULL ORDER BY id)) AS actions
FROM campaigns c WHERE c.id = :id

-- name: journeys
SELECT started - started % 3600 AS hour, count(*) AS started, count(messaged) AS messaged,
  count(finished) AS finished, count(converted) AS converted, sum(finished IS NOT NULL AND messaged IS NULL) AS idle
FROM journeys WHERE campaign_id = :campaign AND started >= :since AND started < :until
GROUP BY 1 ORDER BY 1
