-- name: any
SELECT EXISTS (SELECT 1 FROM broadcasts WHERE goal IS NOT NULL)
  OR EXISTS (SELECT 1 FROM newsletters WHERE goal IS NOT NULL)
  OR EXISTS (SELECT 1 FROM campaigns WHERE goal IS NOT NULL)

-- name: met
WITH goals AS MATERIALIZED (
  SELECT id AS broadcast, NULL AS newsletter, NULL AS campaign, goal ->> 'event' AS event,
    goal ->> 'within_days' AS days, goal ->> 'after' AS after FROM broadcasts WHERE goal IS NOT NULL
  UNION ALL
  SELECT NULL, id, NULL, goal ->> 'event', goal ->> 'within_days', goal ->> 'after' FROM newsletters WHERE goal IS NOT NULL
  UNION ALL
  SELECT NULL, NULL, id, goal ->> 'event', goal ->> 'within_days', goal ->> 'after' FROM campaigns WHERE goal IS NOT NULL)
SELECT e.timestamp, (
  SELECT max(d.delivery) FROM deliveries d
  WHERE d.person = e.person
    AND (d.broadcast_id = g.broadcast OR d.newsletter_id = g.newsletter OR d.campaign_id = g.campaign)
    AND e.timestamp BETWEEN
      CASE g.after WHEN 'sent' THEN d.sent WHEN 'opened' THEN iif(d.human_opened > 0, d.opened, NULL)
        ELSE iif(d.human_clicked > 0, d.clicked, NULL) END
      AND CASE g.after WHEN 'sent' THEN d.sent WHEN 'opened' THEN d.opened ELSE d.clicked END + g.days * 86400
  ) AS delivery
FROM events e CROSS JOIN goals g ON g.event = e.name
WHERE e.event > :after AND delivery IS NOT NULL
ORDER BY e.timestamp, e.event

-- name: convert_journey
UPDATE journeys SET converted = :at WHERE converted IS NULL AND journey = (
  SELECT journey FROM journeys WHERE campaign_id = :campaign_id AND started <= :created AND person = :person
  ORDER BY started DESC LIMIT 1)
