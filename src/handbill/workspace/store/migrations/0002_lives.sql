-- What happens after sending, messages to one person, newsletters that send, and all that Customer.io keeps beside
-- people: objects, topics, anonymous events, collections, senders, webhooks, exports and imports.

-- A trigger sends a broadcast or a newsletter. The parent may be either, so the table is made anew.
CREATE TABLE triggers_new (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  broadcast_id INTEGER REFERENCES broadcasts ON DELETE CASCADE,
  newsletter_id INTEGER REFERENCES newsletters ON DELETE CASCADE,
  audience TEXT NOT NULL,                  -- the audience option and its flags; people named are in trigger_people
  data TEXT NOT NULL DEFAULT '{}',
  transport TEXT NOT NULL CHECK (transport IN ('capture', 'live')),
  contents TEXT NOT NULL DEFAULT '[]',     -- what is sent, as it was when sending began
  state TEXT NOT NULL CHECK (state IN ('accepted', 'preparing', 'sending', 'finished', 'failed')),
  start_at INTEGER NOT NULL DEFAULT 0,     -- a scheduled newsletter waits as accepted until then
  local_at INTEGER,                        -- the time of day where each person is: Unix seconds as if in UTC
  rate INTEGER,                            -- so many messages in each `period` seconds; NULL: as fast as can be
  period INTEGER NOT NULL DEFAULT 3600,
  spread INTEGER NOT NULL DEFAULT 0,       -- evenly, rather than all at a period's start
  began INTEGER NOT NULL DEFAULT 0,        -- when sending began
  claimed INTEGER NOT NULL DEFAULT 0,      -- how many were taken to be sent since
  worker INTEGER,                          -- who prepares it
  own_data INTEGER NOT NULL DEFAULT 0,     -- people bring data of their own (trigger_people)
  recipients INTEGER NOT NULL DEFAULT 0,
  note TEXT NOT NULL DEFAULT '',
  served INTEGER NOT NULL DEFAULT 0,       -- counts claims: the trigger served least recently is next
  created_at INTEGER NOT NULL,
  processed_at INTEGER,
  CHECK ((broadcast_id IS NOT NULL) + (newsletter_id IS NOT NULL) = 1)
) STRICT;
INSERT INTO triggers_new (id, broadcast_id, audience, data, transport, contents, state, worker, own_data, recipients,
  note, served, created_at, processed_at)
SELECT id, broadcast_id, audience, data, transport, contents, state, worker, own_data, recipients,
  note, served, created_at, processed_at FROM triggers;
DROP TABLE triggers;
ALTER TABLE triggers_new RENAME TO triggers;
CREATE INDEX triggers_broadcast ON triggers (broadcast_id, id) WHERE broadcast_id IS NOT NULL;
CREATE INDEX triggers_newsletter ON triggers (newsletter_id, id) WHERE newsletter_id IS NOT NULL;
CREATE INDEX triggers_open ON triggers (state, served) WHERE state IN ('accepted', 'preparing', 'sending');

-- An event campaign: each event of its name starts a journey of the person, whose messages are sent at once.
CREATE TABLE campaigns (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  event_name TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'draft', 'stopped')),
  audience TEXT NOT NULL DEFAULT '{}',     -- a filter the person must match; {} is everybody
  tags TEXT NOT NULL DEFAULT '[]',
  goal TEXT,
  topic_id INTEGER,
  first_started INTEGER,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL
) STRICT;
CREATE INDEX campaigns_event ON campaigns (event_name) WHERE state = 'running';

CREATE TABLE journeys (
  journey INTEGER PRIMARY KEY AUTOINCREMENT,
  campaign_id INTEGER NOT NULL REFERENCES campaigns ON DELETE CASCADE,
  person INTEGER NOT NULL,
  event INTEGER NOT NULL,
  started INTEGER NOT NULL,
  messaged INTEGER,
  finished INTEGER,
  converted INTEGER
) STRICT;
CREATE INDEX journeys_started ON journeys (campaign_id, started, messaged, finished, converted);
CREATE INDEX journeys_person ON journeys (person);

-- A/B groups of a newsletter.
CREATE TABLE test_groups (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  newsletter_id INTEGER NOT NULL REFERENCES newsletters ON DELETE CASCADE,
  name TEXT NOT NULL,
  label TEXT NOT NULL,
  winner INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX test_groups_newsletter ON test_groups (newsletter_id);

-- What is written: the actions of a broadcast or campaign, the variants of a newsletter, the text of a transactional
-- message; each may have translations, which are contents of their own.
CREATE TABLE contents_new (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  broadcast_id INTEGER REFERENCES broadcasts ON DELETE CASCADE,
  campaign_id INTEGER REFERENCES campaigns ON DELETE CASCADE,
  newsletter_id INTEGER REFERENCES newsletters ON DELETE CASCADE,
  transactional_id INTEGER REFERENCES transactional ON DELETE CASCADE,
  translation_of INTEGER REFERENCES contents_new ON DELETE CASCADE,
  test_group_id INTEGER REFERENCES test_groups ON DELETE CASCADE,
  name TEXT NOT NULL,
  type TEXT NOT NULL DEFAULT 'email',
  sending_state TEXT NOT NULL DEFAULT 'automatic' CHECK (sending_state IN ('automatic', 'draft', 'off')),
  language TEXT NOT NULL DEFAULT '',
  tracked INTEGER NOT NULL DEFAULT 1,      -- links and opens are followed
  fields TEXT NOT NULL,                    -- Liquid: recipient, from, reply_to, subject, preheader_text, body, ...
  headers TEXT NOT NULL DEFAULT '[]',
  layout TEXT,                             -- the name of a layout
  from_id INTEGER REFERENCES sender_identities,
  reply_to_id INTEGER REFERENCES sender_identities,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  CHECK ((broadcast_id IS NOT NULL) + (campaign_id IS NOT NULL) + (newsletter_id IS NOT NULL)
    + (transactional_id IS NOT NULL) = 1)
) STRICT;
INSERT INTO contents_new (id, broadcast_id, newsletter_id, transactional_id, name, type, sending_state, language,
  fields, headers, layout, created, updated)
SELECT id, broadcast_id, newsletter_id, transactional_id, name, type, sending_state, language,
  fields, headers, layout, created, updated FROM contents;
DROP TABLE contents;
ALTER TABLE contents_new RENAME TO contents;
CREATE INDEX contents_broadcast ON contents (broadcast_id) WHERE broadcast_id IS NOT NULL;
CREATE INDEX contents_campaign ON contents (campaign_id) WHERE campaign_id IS NOT NULL;
CREATE INDEX contents_newsletter ON contents (newsletter_id) WHERE newsletter_id IS NOT NULL;
CREATE INDEX contents_transactional ON contents (transactional_id) WHERE transactional_id IS NOT NULL;
CREATE INDEX contents_translations ON contents (translation_of) WHERE translation_of IS NOT NULL;
CREATE INDEX contents_from ON contents (from_id) WHERE from_id IS NOT NULL;
CREATE INDEX contents_reply_to ON contents (reply_to_id) WHERE reply_to_id IS NOT NULL;

-- Layouts have a number too, which Liquid tells.
ALTER TABLE layouts ADD COLUMN id INTEGER;
UPDATE layouts SET id = (SELECT count(*) FROM layouts x WHERE x.name <= layouts.name);

ALTER TABLE broadcasts ADD COLUMN topic_id INTEGER;
-- {"event": "purchase", "within_days": 3, "after": "sent" | "opened" | "clicked"}: what makes a delivery converted.
ALTER TABLE broadcasts ADD COLUMN goal TEXT;
ALTER TABLE newsletters ADD COLUMN topic_id INTEGER;
ALTER TABLE newsletters ADD COLUMN goal TEXT;
CREATE INDEX broadcasts_goal ON broadcasts (id) WHERE goal IS NOT NULL;
CREATE INDEX newsletters_goal ON newsletters (id) WHERE goal IS NOT NULL;
CREATE INDEX campaigns_goal ON campaigns (id) WHERE goal IS NOT NULL;
ALTER TABLE newsletters ADD COLUMN scheduled_at INTEGER;
-- {"rate_limit_email_rate", "rate_limit_time_period", "rate_limit_spread", "timezone", "tz_match_enabled"}
ALTER TABLE newsletters ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';

-- The ledger also holds messages to one person: of a transactional message, or of a campaign. They have no trigger.
ALTER TABLE deliveries ADD COLUMN campaign_id INTEGER;
ALTER TABLE deliveries ADD COLUMN trigger_event_id TEXT;
ALTER TABLE deliveries ADD COLUMN topic_unsubscribed INTEGER;
-- Counts, not times (reference 4.3).
ALTER TABLE deliveries ADD COLUMN human_opened INTEGER;
ALTER TABLE deliveries ADD COLUMN prefetch_opened INTEGER;
ALTER TABLE deliveries ADD COLUMN human_clicked INTEGER;
ALTER TABLE deliveries ADD COLUMN prefetch_clicked INTEGER;
-- Of a push: [{"device_id", "device_platform", "failure_message"}].
ALTER TABLE deliveries ADD COLUMN devices TEXT;
CREATE INDEX deliveries_campaign ON deliveries (campaign_id, delivery) WHERE campaign_id IS NOT NULL;
CREATE INDEX deliveries_alone ON deliveries (delivery)
  WHERE state = 'queued' AND worker IS NULL AND trigger_id IS NULL;

-- What a message to one person has for itself, until it is settled.
CREATE TABLE sends (
  delivery INTEGER PRIMARY KEY,
  transport TEXT NOT NULL CHECK (transport IN ('capture', 'live')),
  roots TEXT NOT NULL,                     -- Liquid roots of this message: {"trigger": {...}}
  content TEXT NOT NULL DEFAULT '{}',      -- Liquid that stands in place of the template's, by field
  fields TEXT NOT NULL DEFAULT '{}',       -- texts that are no Liquid: recipient, cc, bcc, attachments, ...
  send_to_unsubscribed INTEGER NOT NULL DEFAULT 0,
  tracked INTEGER,                         -- NULL: as the template says
  retained INTEGER NOT NULL DEFAULT 1      -- what was sent is kept
) STRICT;

-- Everything that happens, in its order: what GET /activities lists and reporting webhooks tell.
CREATE TABLE activities (
  activity INTEGER PRIMARY KEY,
  type TEXT NOT NULL,                      -- event, attribute_change, sent_email, ... (reference 9)
  timestamp INTEGER NOT NULL,
  person INTEGER,
  delivery INTEGER,
  event INTEGER,
  object INTEGER,
  name TEXT,
  data TEXT                                -- JSON, of what is not in the rows it points to
) STRICT;
CREATE INDEX activities_person ON activities (person, activity);
CREATE INDEX activities_type ON activities (type, activity);
CREATE INDEX activities_name ON activities (name, activity) WHERE name IS NOT NULL;

-- Where a message's links lead, as they were sent, and who followed them.
CREATE TABLE links (
  link INTEGER PRIMARY KEY,
  content_id INTEGER NOT NULL,
  href TEXT NOT NULL,
  UNIQUE (content_id, href)
) STRICT;
CREATE TABLE link_clicks (
  delivery INTEGER NOT NULL,
  link INTEGER NOT NULL,
  human INTEGER NOT NULL DEFAULT 0,        -- how often, and when last
  human_at INTEGER,
  machine INTEGER NOT NULL DEFAULT 0,
  machine_at INTEGER,
  PRIMARY KEY (delivery, link)
) STRICT, WITHOUT ROWID;
CREATE TABLE link_counters (
  link INTEGER NOT NULL REFERENCES links ON DELETE CASCADE,
  metric TEXT NOT NULL,                    -- clicked, human_clicked, machine_clicked, and unique_ with each
  hour INTEGER NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (link, metric, hour)
) STRICT, WITHOUT ROWID;

ALTER TABLE counters ADD COLUMN campaign_id INTEGER;
CREATE INDEX counters_sent ON counters (hour, type, count) WHERE metric = 'sent';
CREATE INDEX counters_newsletter ON counters (newsletter_id, hour) WHERE newsletter_id IS NOT NULL;
CREATE INDEX counters_transactional ON counters (transactional_id, hour) WHERE transactional_id IS NOT NULL;
CREATE INDEX counters_campaign ON counters (campaign_id, hour) WHERE campaign_id IS NOT NULL;

-- Identifiers that get nothing: 'profile' blocks adding them again, the others block an address.
CREATE TABLE suppressions_new (
  identifier TEXT NOT NULL,
  reason TEXT NOT NULL CHECK (reason IN ('profile', 'bounce', 'complaint', 'block', 'invalid')),
  created INTEGER NOT NULL,
  detail TEXT NOT NULL DEFAULT '',         -- the server's words; of a profile, what its identifiers have in common
  status TEXT NOT NULL DEFAULT '',         -- such as 5.1.1
  PRIMARY KEY (identifier, reason)
) STRICT, WITHOUT ROWID;
INSERT INTO suppressions_new (identifier, reason, created) SELECT identifier, reason, created FROM suppressions;
DROP TABLE suppressions;
ALTER TABLE suppressions_new RENAME TO suppressions;
CREATE INDEX suppressions_reason ON suppressions (reason, created);

-- In-app and inbox messages wait for their person to fetch them.
CREATE INDEX deliveries_served ON deliveries (person, delivery) WHERE type IN ('in_app', 'inbox');

-- A person's devices as one JSON list, for rendering a push.
CREATE VIEW devices_json AS
SELECT person, json_group_array(json_object('token', token, 'platform', platform, 'last_used', last_used,
  'attributes', json(attributes))) AS devices
FROM devices GROUP BY person;

-- Who wants no SMS or WhatsApp from a number of ours.
CREATE TABLE optouts (
  person INTEGER NOT NULL REFERENCES people ON DELETE CASCADE,
  channel TEXT NOT NULL CHECK (channel IN ('sms', 'whatsapp')),
  sender TEXT NOT NULL,
  created INTEGER NOT NULL,
  PRIMARY KEY (person, channel, sender)
) STRICT, WITHOUT ROWID;
CREATE INDEX optouts_sender ON optouts (sender, person);

-- What people may subscribe to, one by one; whether they do is their attribute cio_subscription_preferences.
CREATE TABLE topics (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  description TEXT NOT NULL DEFAULT '',
  subscribed_by_default INTEGER NOT NULL DEFAULT 1,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL
) STRICT;

-- Events of people not known yet; identifying one with the anonymous_id moves them to events.
CREATE TABLE anonymous_events (
  event INTEGER PRIMARY KEY,
  anonymous_id TEXT,
  id TEXT,
  name TEXT NOT NULL,
  type TEXT NOT NULL DEFAULT 'event' CHECK (type IN ('event', 'page', 'screen')),
  timestamp INTEGER NOT NULL,
  data TEXT NOT NULL DEFAULT '{}'
) STRICT;
CREATE UNIQUE INDEX anonymous_events_id ON anonymous_events (id) WHERE id IS NOT NULL;
CREATE INDEX anonymous_events_anonymous ON anonymous_events (anonymous_id) WHERE anonymous_id IS NOT NULL;

CREATE TABLE object_types (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,                      -- plural: Companies
  singular_name TEXT NOT NULL,
  enabled INTEGER NOT NULL DEFAULT 1,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL
) STRICT;
CREATE TABLE objects (
  object INTEGER PRIMARY KEY AUTOINCREMENT,
  type_id INTEGER NOT NULL REFERENCES object_types ON DELETE CASCADE,
  object_id TEXT NOT NULL,
  attributes TEXT NOT NULL DEFAULT '{}',
  timestamps TEXT NOT NULL DEFAULT '{}',
  created INTEGER NOT NULL,
  UNIQUE (type_id, object_id)
) STRICT;
CREATE TABLE relationships (
  object INTEGER NOT NULL REFERENCES objects ON DELETE CASCADE,
  person INTEGER NOT NULL REFERENCES people ON DELETE CASCADE,
  attributes TEXT NOT NULL DEFAULT '{}',
  timestamps TEXT NOT NULL DEFAULT '{}',
  created INTEGER NOT NULL,
  PRIMARY KEY (object, person)
) STRICT, WITHOUT ROWID;
CREATE INDEX relationships_person ON relationships (person, object);
CREATE INDEX objects_type ON objects (type_id, object);
-- Relationships of people not known yet, as anonymous_events.
CREATE TABLE anonymous_relationships (
  anonymous_id TEXT NOT NULL,
  object INTEGER NOT NULL REFERENCES objects ON DELETE CASCADE,
  attributes TEXT NOT NULL DEFAULT '{}',
  created INTEGER NOT NULL,
  PRIMARY KEY (anonymous_id, object)
) STRICT, WITHOUT ROWID;
CREATE INDEX anonymous_relationships_object ON anonymous_relationships (object);

CREATE TABLE forms (
  id TEXT PRIMARY KEY,
  submissions INTEGER NOT NULL DEFAULT 0,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE collections (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  data TEXT NOT NULL,                      -- JSON: a list of objects, or one object
  bytes INTEGER NOT NULL,
  rows INTEGER NOT NULL,
  schema TEXT NOT NULL,                    -- JSON: the keys of its objects
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL
) STRICT;

-- Who messages are from; those of messages written here are found in them.
CREATE TABLE sender_identities (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL DEFAULT '',
  address TEXT NOT NULL,                   -- an email address or a phone number
  template_type TEXT NOT NULL DEFAULT 'email' CHECK (template_type IN ('email', 'phone')),
  hidden INTEGER NOT NULL DEFAULT 0,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  UNIQUE (template_type, address, name)
) STRICT;
CREATE VIEW written AS
SELECT c.id AS content, f.key AS field, CASE WHEN c.type IN ('twilio', 'whatsapp') THEN 'phone' ELSE 'email' END
    AS template_type, trim(substr(f.value, instr(f.value, '<') + 1), ' >') AS address,
  trim(substr(f.value, 1, max(0, instr(f.value, '<') - 1)), ' "') AS name, c.created
FROM contents c, json_each(c.fields) f
WHERE f.key IN ('from', 'reply_to') AND f.value <> '' AND instr(f.value, '{') = 0;
INSERT INTO sender_identities (name, address, template_type, created, updated)
SELECT name, address, template_type, min(created), min(created) FROM written GROUP BY template_type, address, name;
UPDATE contents SET
  from_id = (SELECT s.id FROM written w JOIN sender_identities s USING (template_type, address, name)
    WHERE w.content = contents.id AND w.field = 'from'),
  reply_to_id = (SELECT s.id FROM written w JOIN sender_identities s USING (template_type, address, name)
    WHERE w.content = contents.id AND w.field = 'reply_to');
DROP VIEW written;

CREATE TABLE reporting_webhooks (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  disabled INTEGER NOT NULL DEFAULT 0,
  full_resolution INTEGER NOT NULL DEFAULT 0,
  with_content INTEGER NOT NULL DEFAULT 0,
  events TEXT NOT NULL,                    -- JSON: ["email_sent", ...]
  position INTEGER NOT NULL,               -- the last activity that is dealt with
  tries INTEGER NOT NULL DEFAULT 0,        -- of the next one
  failing_since INTEGER,
  retry_at INTEGER NOT NULL DEFAULT 0,
  note TEXT NOT NULL DEFAULT '',           -- what the endpoint answered last, when it was no success
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL
) STRICT;

CREATE TABLE exports (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  type TEXT NOT NULL CHECK (type IN ('customers', 'deliveries', 'import_errors')),
  description TEXT NOT NULL DEFAULT '',
  wanted TEXT NOT NULL,                    -- JSON: what the call asked for
  status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'done', 'failed')),
  total INTEGER NOT NULL DEFAULT 0,
  downloads INTEGER NOT NULL DEFAULT 0,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL
) STRICT;

CREATE TABLE imports (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  description TEXT NOT NULL DEFAULT '',
  type TEXT NOT NULL CHECK (type IN ('people', 'event', 'object', 'relationship')),
  wanted TEXT NOT NULL,                    -- JSON: data_file_url, identifier, object_type_id, data_to_process
  state TEXT NOT NULL DEFAULT 'preprocessing',
  rows_to_import INTEGER NOT NULL DEFAULT 0,
  rows_imported INTEGER NOT NULL DEFAULT 0,
  rows_read INTEGER NOT NULL DEFAULT 0,    -- dealt with: where to go on after a stop
  error TEXT NOT NULL DEFAULT '',
  error_export_id INTEGER,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL
) STRICT;
CREATE TABLE import_errors (
  import INTEGER NOT NULL REFERENCES imports ON DELETE CASCADE,
  line INTEGER NOT NULL,
  error TEXT NOT NULL,
  PRIMARY KEY (import, line)
) STRICT, WITHOUT ROWID;

ALTER TABLE triggers ADD COLUMN digest BLOB NOT NULL DEFAULT x'';  -- of what was asked for: the same again is no new trigger
CREATE INDEX triggers_digest ON triggers (broadcast_id, digest, created_at);

CREATE TABLE idempotency_keys (
  key TEXT PRIMARY KEY,
  request BLOB NOT NULL,                   -- a digest of the request it came with
  call TEXT NOT NULL,                      -- which call, of those with this key, was the one to write
  status INTEGER,                          -- its answer, once there is one
  media_type TEXT,
  body BLOB,
  created INTEGER NOT NULL
) STRICT;
CREATE INDEX idempotency_keys_created ON idempotency_keys (created);
