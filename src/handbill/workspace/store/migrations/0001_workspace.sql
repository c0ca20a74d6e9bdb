-- The workspace: people and what they did, definitions, and the ledger of who gets what.
-- Times are Unix seconds, UTC. JSON columns hold JSON text. Internal numbers (person, delivery) never leave:
-- outside a person is known by id, email or cio_id (made from the number), a delivery by a sealed id.

CREATE TABLE workspace (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- AUTOINCREMENT: the number of a deleted person is never given to another, since deliveries keep it.
CREATE TABLE people (
  person INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT UNIQUE,
  email TEXT,
  email_key TEXT,                          -- the email as it is compared: lower case
  unsubscribed INTEGER NOT NULL DEFAULT 0,
  attributes TEXT NOT NULL DEFAULT '{}',   -- everything but id, email and cio_id, as it came
  timestamps TEXT NOT NULL DEFAULT '{}',   -- attribute -> when it last changed
  created INTEGER NOT NULL
) STRICT;
CREATE INDEX people_email ON people (email_key) WHERE email_key IS NOT NULL;

-- Identifiers that get nothing: 'profile' blocks adding them again, 'bounce' and 'complaint' block an address.
CREATE TABLE suppressions (
  identifier TEXT NOT NULL,
  reason TEXT NOT NULL CHECK (reason IN ('profile', 'bounce', 'complaint')),
  created INTEGER NOT NULL,
  PRIMARY KEY (identifier, reason)
) STRICT, WITHOUT ROWID;

CREATE TABLE devices (
  person INTEGER NOT NULL REFERENCES people ON DELETE CASCADE,
  token TEXT NOT NULL,
  platform TEXT NOT NULL CHECK (platform IN ('ios', 'android')),
  last_used INTEGER,
  attributes TEXT NOT NULL DEFAULT '{}',
  PRIMARY KEY (person, token)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
  event INTEGER PRIMARY KEY,
  id TEXT,                                 -- the sender's ULID; the same one twice is one event
  person INTEGER NOT NULL REFERENCES people ON DELETE CASCADE,
  name TEXT NOT NULL,
  type TEXT NOT NULL DEFAULT 'event' CHECK (type IN ('event', 'page', 'screen')),
  timestamp INTEGER NOT NULL,
  data TEXT NOT NULL DEFAULT '{}'
) STRICT;
CREATE UNIQUE INDEX events_id ON events (id) WHERE id IS NOT NULL;
CREATE INDEX events_name ON events (name, timestamp, person);
CREATE INDEX events_person ON events (person, timestamp);

CREATE TABLE segments (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  description TEXT NOT NULL DEFAULT '',
  conditions TEXT,                         -- NULL: a manual segment
  tags TEXT NOT NULL DEFAULT '[]',
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL
) STRICT;

CREATE TABLE segment_people (
  segment INTEGER NOT NULL REFERENCES segments ON DELETE CASCADE,
  person INTEGER NOT NULL REFERENCES people ON DELETE CASCADE,
  PRIMARY KEY (segment, person)
) STRICT, WITHOUT ROWID;
CREATE INDEX segment_people_person ON segment_people (person);

CREATE TABLE broadcasts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'draft')),
  audience TEXT NOT NULL DEFAULT '{}',     -- the saved audience: a filter
  tags TEXT NOT NULL DEFAULT '[]',
  first_started INTEGER,
  triggered_at INTEGER NOT NULL DEFAULT 0, -- milliseconds; the 1-per-10-s rule is one conditional UPDATE of this
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL
) STRICT;

CREATE TABLE newsletters (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  type TEXT NOT NULL DEFAULT 'email',
  audience TEXT NOT NULL DEFAULT '{}',
  tags TEXT NOT NULL DEFAULT '[]',
  sent_at INTEGER,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL
) STRICT;

CREATE TABLE transactional (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  description TEXT NOT NULL DEFAULT '',
  settings TEXT NOT NULL DEFAULT '{}',     -- send_to_unsubscribed, link_tracking, open_tracking, ...
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL
) STRICT;

-- What is written: the actions of a broadcast, the variants of a newsletter, the text of a transactional message.
CREATE TABLE contents (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  broadcast_id INTEGER REFERENCES broadcasts ON DELETE CASCADE,
  newsletter_id INTEGER REFERENCES newsletters ON DELETE CASCADE,
  transactional_id INTEGER REFERENCES transactional ON DELETE CASCADE,
  name TEXT NOT NULL,
  type TEXT NOT NULL DEFAULT 'email',
  sending_state TEXT NOT NULL DEFAULT 'automatic' CHECK (sending_state IN ('automatic', 'draft', 'off')),
  language TEXT NOT NULL DEFAULT '',
  fields TEXT NOT NULL,                    -- Liquid: recipient, from, reply_to, subject, preheader_text, body, ...
  headers TEXT NOT NULL DEFAULT '[]',
  layout TEXT,                             -- the name of a layout
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  CHECK ((broadcast_id IS NOT NULL) + (newsletter_id IS NOT NULL) + (transactional_id IS NOT NULL) = 1)
) STRICT;
CREATE INDEX contents_broadcast ON contents (broadcast_id) WHERE broadcast_id IS NOT NULL;
CREATE INDEX contents_newsletter ON contents (newsletter_id) WHERE newsletter_id IS NOT NULL;
CREATE INDEX contents_transactional ON contents (transactional_id) WHERE transactional_id IS NOT NULL;

CREATE TABLE snippets (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  updated INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE layouts (
  name TEXT PRIMARY KEY,
  body TEXT NOT NULL,
  updated INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE triggers (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  broadcast_id INTEGER NOT NULL REFERENCES broadcasts ON DELETE CASCADE,
  audience TEXT NOT NULL,                  -- the audience option and its flags; people named are in trigger_people
  data TEXT NOT NULL DEFAULT '{}',
  transport TEXT NOT NULL CHECK (transport IN ('capture', 'live')),
  contents TEXT NOT NULL DEFAULT '[]',     -- what is sent, as it was when sending began
  state TEXT NOT NULL CHECK (state IN ('accepted', 'preparing', 'sending', 'finished', 'failed')),
  worker INTEGER,                          -- who prepares it
  own_data INTEGER NOT NULL DEFAULT 0,     -- people bring data of their own (trigger_people)
  recipients INTEGER NOT NULL DEFAULT 0,
  note TEXT NOT NULL DEFAULT '',
  served INTEGER NOT NULL DEFAULT 0,       -- counts claims: the trigger served least recently is next
  created_at INTEGER NOT NULL,
  processed_at INTEGER
) STRICT;
CREATE INDEX triggers_broadcast ON triggers (broadcast_id, id);
CREATE INDEX triggers_open ON triggers (state, served) WHERE state IN ('accepted', 'preparing', 'sending');

CREATE TABLE trigger_errors (
  trigger_id INTEGER NOT NULL REFERENCES triggers ON DELETE CASCADE,
  position INTEGER NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (trigger_id, position)
) STRICT, WITHOUT ROWID;

-- People named by the trigger itself, with the data that is theirs alone.
CREATE TABLE trigger_people (
  trigger_id INTEGER NOT NULL REFERENCES triggers ON DELETE CASCADE,
  person INTEGER NOT NULL,
  data TEXT NOT NULL DEFAULT '{}',
  PRIMARY KEY (trigger_id, person)
) STRICT, WITHOUT ROWID;

-- The ledger: one row for each trigger, content and person, written before the first message leaves.
-- `created` never decreases with `delivery`, so a range of time is a range of rows.
CREATE TABLE deliveries (
  delivery INTEGER PRIMARY KEY,
  trigger_id INTEGER,
  broadcast_id INTEGER,
  newsletter_id INTEGER,
  transactional_id INTEGER,
  content_id INTEGER NOT NULL,
  person INTEGER NOT NULL,
  type TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN
    ('queued', 'sending', 'sent', 'deferred', 'failed', 'skipped', 'drafted', 'unknown')),
  worker INTEGER,
  attempts INTEGER NOT NULL DEFAULT 0,
  retry_at INTEGER,
  resent INTEGER NOT NULL DEFAULT 0,       -- how often it was sent again after an unknown outcome
  recipient TEXT,
  subject TEXT,
  failure_message TEXT,
  created INTEGER NOT NULL,
  drafted INTEGER, attempted INTEGER, sent INTEGER, delivered INTEGER, deferred INTEGER,
  opened INTEGER, clicked INTEGER, converted INTEGER, bounced INTEGER, dropped INTEGER, spammed INTEGER,
  unsubscribed INTEGER, suppressed INTEGER, failed INTEGER, undeliverable INTEGER
) STRICT;
CREATE UNIQUE INDEX deliveries_once ON deliveries (trigger_id, content_id, person) WHERE trigger_id IS NOT NULL;
CREATE INDEX deliveries_created ON deliveries (created);
CREATE INDEX deliveries_person ON deliveries (person);
CREATE INDEX deliveries_broadcast ON deliveries (broadcast_id, delivery) WHERE broadcast_id IS NOT NULL;
CREATE INDEX deliveries_newsletter ON deliveries (newsletter_id, delivery) WHERE newsletter_id IS NOT NULL;
CREATE INDEX deliveries_transactional ON deliveries (transactional_id, delivery) WHERE transactional_id IS NOT NULL;
CREATE INDEX deliveries_content ON deliveries (content_id, delivery);
CREATE INDEX deliveries_queued ON deliveries (trigger_id, delivery) WHERE state = 'queued' AND worker IS NULL;
CREATE INDEX deliveries_claimed ON deliveries (worker) WHERE worker IS NOT NULL;
CREATE INDEX deliveries_deferred ON deliveries (retry_at) WHERE state = 'deferred';
CREATE INDEX deliveries_unknown ON deliveries (trigger_id) WHERE state = 'unknown';
CREATE INDEX deliveries_resent ON deliveries (trigger_id) WHERE resent > 0;
-- One small index for each metric that few deliveries have, so that asking for it stays a page read.
CREATE INDEX deliveries_delivered ON deliveries (delivery) WHERE delivered IS NOT NULL;
CREATE INDEX deliveries_opened ON deliveries (delivery) WHERE opened IS NOT NULL;
CREATE INDEX deliveries_clicked ON deliveries (delivery) WHERE clicked IS NOT NULL;
CREATE INDEX deliveries_converted ON deliveries (delivery) WHERE converted IS NOT NULL;
CREATE INDEX deliveries_bounced ON deliveries (delivery) WHERE bounced IS NOT NULL;
CREATE INDEX deliveries_dropped ON deliveries (delivery) WHERE dropped IS NOT NULL;
CREATE INDEX deliveries_spammed ON deliveries (delivery) WHERE spammed IS NOT NULL;
CREATE INDEX deliveries_unsubscribed ON deliveries (delivery) WHERE unsubscribed IS NOT NULL;
CREATE INDEX deliveries_failed ON deliveries (delivery) WHERE failed IS NOT NULL;
CREATE INDEX deliveries_undeliverable ON deliveries (delivery) WHERE undeliverable IS NOT NULL;
CREATE INDEX deliveries_attempted ON deliveries (delivery) WHERE attempted IS NOT NULL;
CREATE INDEX deliveries_drafted ON deliveries (delivery) WHERE state = 'drafted';
CREATE INDEX deliveries_type ON deliveries (type, delivery) WHERE type <> 'email';

-- What was sent, compressed against a sample of the same broadcast.
CREATE TABLE dictionaries (
  dictionary INTEGER PRIMARY KEY,
  trigger_id INTEGER NOT NULL REFERENCES triggers ON DELETE CASCADE,
  content_id INTEGER NOT NULL,
  sample BLOB NOT NULL,
  UNIQUE (trigger_id, content_id)
) STRICT;

CREATE TABLE archives (
  delivery INTEGER PRIMARY KEY,
  dictionary INTEGER NOT NULL DEFAULT 0,   -- 0: compressed without one
  message BLOB NOT NULL
) STRICT;

-- Counted in the transactions that change deliveries, so that metrics never scan them.
CREATE TABLE counters (
  content_id INTEGER NOT NULL,
  metric TEXT NOT NULL,
  hour INTEGER NOT NULL,                   -- Unix seconds, at the full hour
  broadcast_id INTEGER,
  newsletter_id INTEGER,
  transactional_id INTEGER,
  type TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (content_id, metric, hour)
) STRICT, WITHOUT ROWID;
CREATE INDEX counters_broadcast ON counters (broadcast_id, hour) WHERE broadcast_id IS NOT NULL;

-- Deliveries of each trigger by state, kept the same way.
CREATE TABLE trigger_counts (
  trigger_id INTEGER NOT NULL REFERENCES triggers ON DELETE CASCADE,
  state TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (trigger_id, state)
) STRICT, WITHOUT ROWID;

-- A running worker holds the operating system's lock on its file; a free lock means it is dead.
CREATE TABLE workers (
  worker INTEGER PRIMARY KEY AUTOINCREMENT,
  token TEXT NOT NULL UNIQUE,              -- the lock file's name
  started INTEGER NOT NULL
) STRICT;
