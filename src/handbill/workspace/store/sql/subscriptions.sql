-- name: topics
SELECT id, name, description, subscribed_by_default FROM topics ORDER BY id

-- name: topic
SELECT id, name FROM topics WHERE id = :id

-- name: declined
SELECT d.delivery, CASE
  WHEN t.id IS NOT NULL AND NOT coalesce(
    p.attributes ->> ('$.cio_subscription_preferences.topics.topic_' || t.id), t.subscribed_by_default)
  THEN 'The person is not subscribed to the topic ' || t.name || '.'
  WHEN NOT coalesce(s.send_to_unsubscribed, 0) AND p.attributes ->> (
    '$.cio_subscription_preferences.channels.' || CASE d.type WHEN 'twilio' THEN 'sms' ELSE d.type END) = 0
  THEN 'The person turned this channel off.'
  WHEN d.type IN ('twilio', 'whatsapp') AND EXISTS (
    SELECT 1 FROM optouts o
    JOIN (SELECT coalesce(s.content ->> '$.from', w.fields ->> '$.from', '') AS sender) f
    WHERE o.person = p.person AND o.channel = CASE d.type WHEN 'twilio' THEN 'sms' ELSE 'whatsapp' END
      -- A sender that is Liquid is not known yet: then every opt-out of the channel counts.
      AND (f.sender LIKE '%{%' OR o.sender = replace(replace(replace(replace(replace(
        f.sender, ' ', ''), '-', ''), '.', ''), '(', ''), ')', '')))
  THEN 'The person opted out of messages from this number.'
END AS reason
FROM json_each(:deliveries) j
JOIN deliveries d ON d.delivery = j.value
JOIN people p ON p.person = d.person
LEFT JOIN contents w ON w.id = d.content_id
LEFT JOIN sends s ON s.delivery = d.delivery AND d.trigger_id IS NULL
LEFT JOIN broadcasts b ON b.id = d.broadcast_id
LEFT JOIN newsletters n ON n.id = d.newsletter_id
LEFT JOIN campaigns c ON c.id = d.campaign_id
LEFT JOIN topics t ON t.id = coalesce(b.topic_id, n.topic_id, c.topic_id)
WHERE reason IS NOT NULL
