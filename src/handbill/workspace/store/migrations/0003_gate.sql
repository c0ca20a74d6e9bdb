-- The gate: what waits for a person's yes, what was decided, and how many people were reached.
-- A connection is named; '' is this workspace itself.

-- Triggers may be held and stopped. A CHECK cannot be changed, so the table is made anew.
CREATE TABLE triggers_new (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  broadcast_id INTEGER REFERENCES broadcasts ON DELETE CASCADE,
  newsletter_id INTEGER REFERENCES newsletters ON DELETE CASCADE,
  audience TEXT NOT NULL,                  -- the audience option and its flags; people named are in trigger_people
  data TEXT NOT NULL DEFAULT '{}',
  transport TEXT NOT NULL CHECK (transport IN ('capture', 'live')),
  contents TEXT NOT NULL DEFAULT '[]',     -- what is sent, as it was when sending began or was asked for
  state TEXT NOT NULL CHECK (state IN ('accepted', 'preparing', 'held', 'sending', 'stopped', 'finished', 'failed')),
  stopped_from TEXT,                       -- the state it goes back to when it is resumed
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
  digest BLOB NOT NULL DEFAULT x'',        -- of what was asked for: the same again is no new trigger
  via TEXT NOT NULL DEFAULT 'api',         -- what asked for it: api, or a tool
  created_at INTEGER NOT NULL,
  processed_at INTEGER,
  CHECK ((broadcast_id IS NOT NULL) + (newsletter_id IS NOT NULL) = 1)
) STRICT;
INSERT INTO triggers_new (id, broadcast_id, newsletter_id, audience, data, transport, contents, state, start_at,
  local_at, rate, period, spread, began, claimed, worker, own_data, recipients, note, served, digest, created_at,
  processed_at)
SELECT id, broadcast_id, newsletter_id, audience, data, transport, contents, state, start_at,
  local_at, rate, period, spread, began, claimed, worker, own_data, recipients, note, served, digest, created_at,
  processed_at FROM triggers;
DROP TABLE triggers;
ALTER TABLE triggers_new RENAME TO triggers;
CREATE INDEX triggers_broadcast ON triggers (broadcast_id, id) WHERE broadcast_id IS NOT NULL;
CREATE INDEX triggers_newsletter ON triggers (newsletter_id, id) WHERE newsletter_id IS NOT NULL;
CREATE INDEX triggers_open ON triggers (state, served) WHERE state IN ('accepted', 'preparing', 'held', 'sending', 'stopped');
CREATE INDEX triggers_digest ON triggers (broadcast_id, digest, created_at);

-- What may not go without a person, and what became of it. A call to a live connection is here in any case, before it
-- is made: the same call again, in whatever process, finds it.
CREATE TABLE approvals (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  connection TEXT NOT NULL DEFAULT '',
  endpoint TEXT NOT NULL,                  -- the contract's name of the call: triggers.create, sends.email, ...
  trigger_id INTEGER,                      -- what waits is a held trigger of this workspace,
  delivery INTEGER,                        -- or a drafted message of it,
  request TEXT,                            -- or a call to a live connection that waits: {"path", "body"}, until it is made
  call TEXT NOT NULL DEFAULT '',           -- digest of the call: the same one again finds this
  people INTEGER,                          -- NULL: nobody knows how many
  reason TEXT NOT NULL,                    -- why it waits; empty when the rules let it go
  facts TEXT NOT NULL DEFAULT '{}',        -- what a person is shown: name, channel, from, subject, ...
  parts TEXT NOT NULL DEFAULT '{}',        -- {"content": digest, "data": digest, ...}: all that is approved
  state TEXT NOT NULL DEFAULT 'waiting'
    CHECK (state IN ('waiting', 'approved', 'used', 'failed', 'unknown', 'declined', 'changed', 'expired')),
  until INTEGER,                           -- when it goes by itself: the end of quiet hours
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  decided_at INTEGER,
  via TEXT,                                -- how the person was asked: elicitation, console, cli; or rules
  outcome TEXT                             -- what came of the call: {"id": 37}, or {"error": ...}
) STRICT;
CREATE INDEX approvals_open ON approvals (state, id) WHERE state IN ('waiting', 'approved');
CREATE INDEX approvals_call ON approvals (connection, call, created_at) WHERE call <> '';
CREATE INDEX approvals_trigger ON approvals (trigger_id) WHERE trigger_id IS NOT NULL;
CREATE INDEX approvals_delivery ON approvals (delivery) WHERE delivery IS NOT NULL;
CREATE INDEX approvals_drafts ON approvals (id) WHERE delivery IS NOT NULL AND outcome IS NULL;

-- Every decision, in order. `hash` is of the entry and the hash before it, so that nothing can be changed unseen.
CREATE TABLE audit (
  entry INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  connection TEXT NOT NULL,
  action TEXT NOT NULL,                    -- sent, held, approved, declined, refused, changed, stopped, resumed, ...
  via TEXT NOT NULL,                       -- who or what: api, tool, worker, cli, console, elicitation
  facts TEXT NOT NULL,                     -- numbers, names of fields and digests; never people's data
  hash TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_stays_as_it_is BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_stays_whole BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

-- How many people were let through, by minute: the last 24 hours are what `daily_max` limits.
CREATE TABLE reached (
  connection TEXT NOT NULL,
  minute INTEGER NOT NULL,                 -- Unix seconds, at the full minute
  people INTEGER NOT NULL,
  PRIMARY KEY (connection, minute)
) STRICT, WITHOUT ROWID;

-- When a live connection's broadcast may be triggered next, for any number of processes: Unix milliseconds.
CREATE TABLE turns (
  connection TEXT NOT NULL,
  broadcast_id INTEGER NOT NULL,
  free_at INTEGER NOT NULL,
  PRIMARY KEY (connection, broadcast_id)
) STRICT, WITHOUT ROWID;
