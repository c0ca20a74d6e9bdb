-- name: snippets
SELECT NULL AS id, name, value FROM snippets ORDER BY name

-- name: layouts
SELECT NULL AS id, name, body FROM layouts ORDER BY name

-- name: segments
SELECT id, name, description, conditions, tags FROM segments ORDER BY id

-- name: object_types
SELECT id, name, singular_name FROM object_types ORDER BY id

-- name: topics
SELECT id, name, description, subscribed_by_default FROM topics ORDER BY id

-- name: broadcasts
SELECT id, name, state, audience, tags, goal, (SELECT t.name FROM topics t WHERE t.id = topic_id) AS topic
FROM broadcasts ORDER BY id

-- name: campaigns
SELECT id, name, event_name AS event, state, audience, tags, goal,
  (SELECT t.name FROM topics t WHERE t.id = topic_id) AS topic
FROM campaigns ORDER BY id

-- name: newsletters
SELECT id, name, type, audience, tags, goal, (SELECT t.name FROM topics t WHERE t.id = topic_id) AS topic
FROM newsletters ORDER BY id

-- name: transactional
SELECT id, name, description, settings FROM transactional ORDER BY id

-- name: contents
SELECT c.id, c.name, c.type, c.sending_state, c.language, c.translation_of, c.fields, c.headers, c.layout,
  coalesce(g.name, '') AS test_group
FROM contents c LEFT JOIN test_groups g ON g.id = c.test_group_id
WHERE c./*parent*/ = :id ORDER BY coalesce(c.translation_of, c.id), c.translation_of IS NOT NULL, c.id

-- name: put_snippets
INSERT INTO snippets (name, value, updated) VALUES (:name, :value, :now)
ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated = excluded.updated

-- name: put_layouts
INSERT INTO layouts (name, body, updated, id)
VALUES (:name, :body, :now, coalesce((SELECT max(id) FROM layouts), 0) + 1)
ON CONFLICT (name) DO UPDATE SET body = excluded.body, updated = excluded.updated

-- name: put_segments
INSERT INTO segments (id, name, description, conditions, tags, created, updated)
VALUES (:id, :name, :description, :conditions, :tags, :now, :now)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, description = excluded.description,
  conditions = excluded.conditions, tags = excluded.tags, updated = excluded.updated
RETURNING id

-- name: put_object_types
INSERT INTO object_types (id, name, singular_name, created, updated)
VALUES (:id, :name, :singular_name, :now, :now)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, singular_name = excluded.singular_name,
  updated = excluded.updated
RETURNING id

-- name: put_topics
INSERT INTO topics (id, name, description, subscribed_by_default, created, updated)
VALUES (:id, :name, :description, :subscribed_by_default, :now, :now)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, description = excluded.description,
  subscribed_by_default = excluded.subscribed_by_default, updated = excluded.updated
RETURNING id

-- name: put_broadcasts
INSERT INTO broadcasts (id, name, state, audience, tags, goal, topic_id, created, updated)
VALUES (:id, :name, :state, :audience, :tags, :goal, (SELECT min(id) FROM topics WHERE name = :topic), :now, :now)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, state = excluded.state, audience = excluded.audience,
  tags = excluded.tags, goal = excluded.goal, topic_id = excluded.topic_id, updated = excluded.updated
RETURNING id

-- name: put_campaigns
INSERT INTO campaigns (id, name, event_name, state, audience, tags, goal, topic_id, created, updated)
VALUES (:id, :name, :event, :state, :audience, :tags, :goal, (SELECT min(id) FROM topics WHERE name = :topic), :now,
  :now)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, event_name = excluded.event_name, state = excluded.state,
  audience = excluded.audience, goal = excluded.goal, tags = excluded.tags, topic_id = excluded.topic_id, updated = excluded.updated
RETURNING id

-- name: put_newsletters
INSERT INTO newsletters (id, name, type, audience, tags, goal, topic_id, created, updated)
VALUES (:id, :name, :type, :audience, :tags, :goal, (SELECT min(id) FROM topics WHERE name = :topic), :now, :now)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, type = excluded.type, audience = excluded.audience,
  tags = excluded.tags, goal = excluded.goal, topic_id = excluded.topic_id, updated = excluded.updated
RETURNING id

-- name: put_transactional
INSERT INTO transactional (id, name, description, settings, created, updated)
VALUES (:id, :name, :description, :settings, :now, :now)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, description = excluded.description,
  settings = excluded.settings, updated = excluded.updated
RETURNING id

-- name: put_content
INSERT INTO contents (id, /*parent*/, translation_of, test_group_id, name, type, sending_state, language, fields, headers,
  layout, created, updated)
VALUES (:id, :parent, :translation_of, :test_group_id, :name, :type, :sending_state, :language, :fields, :headers,
  :layout, :now, :now)
ON CONFLICT (id) DO UPDATE SET translation_of = excluded.translation_of, test_group_id = excluded.test_group_id, name = excluded.name, type = excluded.type, sending_state = excluded.sending_state,
  language = excluded.language, fields = excluded.fields, headers = excluded.headers, layout = excluded.layout,
  updated = excluded.updated
RETURNING id

-- name: delete_content
DELETE FROM contents WHERE id = :id

-- name: delete_groups
DELETE FROM test_groups WHERE newsletter_id = :id AND id NOT IN (SELECT value FROM json_each(:kept))
