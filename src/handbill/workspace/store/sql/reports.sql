-- name: note
UPDATE deliveries SET /*metric*/ = :at WHERE delivery = :delivery AND /*metric*/ IS NULL
RETURNING delivery, person, type, content_id, broadcast_id, newsletter_id, transactional_id, campaign_id
