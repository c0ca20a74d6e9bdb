-- name: link
INSERT INTO links (content_id, href) VALUES (:content, :href)
ON CONFLICT (content_id, href) DO UPDATE SET href = excluded.href RETURNING link

-- name: others
SELECT link, human_at FROM link_clicks
WHERE delivery = :delivery AND link <> :link AND max(coalesce(human_at, 0), coalesce(machine_at, 0)) >= :since

-- name: add
INSERT INTO link_clicks (delivery, link, /*who*/, /*who*/_at) VALUES (:delivery, :link, :by, :at)
ON CONFLICT (delivery, link) DO UPDATE SET /*who*/ = /*who*/ + :by, /*who*/_at = iif(:by > 0, :at, NULL)
RETURNING human, machine

-- name: count
INSERT INTO link_counters (link, metric, hour, count) VALUES (:link, :metric, :hour, :by)
ON CONFLICT (link, metric, hour) DO UPDATE SET count = count + excluded.count
