-- name: of_parent
SELECT c.id, c.name, c.type, c.sending_state, c.language, c.translation_of, c.test_group_id, c.tracked, c.fields, c.headers,
  l.body AS layout, l.id AS layout_id, l.name AS layout_name, NULL AS settings
FROM contents c LEFT JOIN layouts l ON l.name = c.layout
WHERE c./*parent*/ = :parent AND c.sending_state <> 'off' ORDER BY c.id

-- name: get
SELECT c.id, c.name, c.type, c.sending_state, c.language, c.translation_of, c.test_group_id, c.tracked, c.fields, c.headers,
  l.body AS layout, l.id AS layout_id, l.name AS layout_name, t.settings,
  CASE WHEN c.transactional_id IS NOT NULL THEN 'transactional_id' ELSE 'campaign_id' END AS kind,
  coalesce(c.transactional_id, c.campaign_id) AS parent,
  coalesce(t.name, g.name) AS parent_name, g.topic_id
FROM contents c
LEFT JOIN layouts l ON l.name = c.layout
LEFT JOIN transactional t ON t.id = c.transactional_id
LEFT JOIN campaigns g ON g.id = c.campaign_id
WHERE c.id = :id
