-- name: content
SELECT type, fields FROM contents WHERE id = :id

-- name: link
UPDATE contents SET from_id = :from_id, reply_to_id = :reply_to_id WHERE id = :id

-- name: put
INSERT INTO sender_identities (name, address, template_type, created, updated)
VALUES (:name, :address, :template_type, :now, :now)
ON CONFLICT (template_type, address, name) DO UPDATE SET name = excluded.name
RETURNING id

-- name: page
SELECT * FROM sender_identities WHERE id /*beyond*/ :after AND (:hidden OR NOT hidden) ORDER BY id /*way*/ LIMIT :limit

-- name: get
SELECT * FROM sender_identities WHERE id = :id

-- name: used_by
SELECT DISTINCT CASE WHEN c.newsletter_id IS NULL THEN 'campaigns' WHEN n.sent_at IS NULL THEN 'draft_newsletters'
  ELSE 'sent_newsletters' END AS kind, coalesce(c.newsletter_id, c.broadcast_id, c.campaign_id) AS id
FROM contents c LEFT JOIN newsletters n ON n.id = c.newsletter_id
WHERE (c.from_id = :id OR c.reply_to_id = :id) AND c.transactional_id IS NULL ORDER BY 2
