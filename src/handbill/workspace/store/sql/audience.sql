-- name: by_id
SELECT j.key AS position, p.person FROM json_each(:values) j JOIN people p ON p.id = j.value

-- name: by_email
SELECT j.key AS position, p.person FROM json_each(:values) j JOIN people p ON p.email_key = j.value

-- name: everyone
SELECT count(*) FROM people

-- name: left_out
SELECT sum(unsubscribed) AS unsubscribed, sum(NOT unsubscribed AND NOT subscribed) AS topic,
  sum(NOT unsubscribed AND subscribed AND suppressed) AS suppressed,
  sum(NOT unsubscribed AND subscribed AND NOT suppressed AND strange) AS strange
FROM (
  SELECT p.unsubscribed, s.identifier IS NOT NULL AS suppressed, :domains IS NOT NULL AND
    coalesce(substr(p.email_key, instr(p.email_key, '@') + 1), '') NOT IN (
      SELECT value FROM json_each(:domains)) AS strange, CASE WHEN t.id IS NULL THEN 1 ELSE coalesce(
    p.attributes ->> ('$.cio_subscription_preferences.topics.topic_' || t.id), t.subscribed_by_default) END AS subscribed
  FROM json_each(:people) j
  JOIN people p ON p.person = j.value
  LEFT JOIN topics t ON t.id = :topic
  LEFT JOIN (SELECT DISTINCT identifier FROM suppressions) s ON s.identifier = p.email_key)

-- name: without_email
SELECT count(*) FROM json_each(:people) j JOIN people p ON p.person = j.value
WHERE p.email IS NULL AND NOT p.unsubscribed

-- name: without_attribute
SELECT count(*) FROM json_each(:people) j JOIN people p ON p.person = j.value
WHERE NOT p.unsubscribed AND NOT EXISTS (
  SELECT 1 FROM json_each(p.attributes) a WHERE a.key = :name AND a.type <> 'null')
