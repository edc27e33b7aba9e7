-- Everything Rollcall knows, in one file. Moments are milliseconds since 1970-01-01 UTC.

-- Says whose file this is ("Roll"), so that no other program's database is ever taken for ours.
PRAGMA application_id = 1383034988;

-- Facts about the file itself.
CREATE TABLE meta (
    key   TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- How events are linked: which encoding goes into an event's hash.
INSERT INTO meta (key, value) VALUES ('chain', 'rollcall event 1');

-- The checklists that deployments carry, by content.
CREATE TABLE checklists (
    hash TEXT PRIMARY KEY NOT NULL,
    body TEXT NOT NULL
) STRICT;

-- What lists and look-ups need of a deployment. All of it can be told from its events, except `head_*`,
-- which says how far the log goes, so that a log cut short is noticed.
CREATE TABLE deployments (
    id             INTEGER PRIMARY KEY NOT NULL,
    version        TEXT NOT NULL,
    checklist      TEXT NOT NULL,
    title          TEXT NOT NULL,
    checklist_hash TEXT NOT NULL REFERENCES checklists (hash),
    service        TEXT NOT NULL,
    environment    TEXT NOT NULL,
    channel        TEXT NOT NULL,
    rehearsal      INTEGER NOT NULL CHECK (rehearsal IN (0, 1)),
    status         TEXT NOT NULL,
    deployer       TEXT NOT NULL,
    opened_at      INTEGER NOT NULL,
    started_at     INTEGER,
    ended_at       INTEGER,
    archived       INTEGER NOT NULL CHECK (archived IN (0, 1)),
    -- The status is one of those with an outcome.
    over           INTEGER NOT NULL CHECK (over IN (0, 1)),
    head_seq       INTEGER NOT NULL DEFAULT 0,
    head_hash      BLOB NOT NULL DEFAULT x'0000000000000000000000000000000000000000000000000000000000000000',
    -- `service/environment` while this deployment holds it.
    lock           TEXT UNIQUE
) STRICT;

CREATE INDEX deployments_open ON deployments (channel, id) WHERE over = 0;
CREATE INDEX deployments_channel ON deployments (channel, id);
CREATE INDEX deployments_queued ON deployments (service || '/' || environment, id) WHERE status = 'queued';
-- How long a checklist took before.
CREATE INDEX deployments_succeeded ON deployments (checklist, service, id)
    WHERE status = 'succeeded' AND rehearsal = 0;

-- What happened. Rows are only ever added.
CREATE TABLE events (
    deployment INTEGER NOT NULL REFERENCES deployments (id),
    seq        INTEGER NOT NULL CHECK (seq >= 1),
    at         INTEGER NOT NULL,
    by_id      TEXT NOT NULL,
    by_name    TEXT NOT NULL,
    via        TEXT NOT NULL,
    body       TEXT NOT NULL,
    -- The hash of the row before it (zeroes for the first), and its own.
    prev       BLOB NOT NULL CHECK (length(prev) = 32),
    hash       BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (deployment, seq)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are only ever added'); END;
CREATE TRIGGER events_are_not_removed BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events are only ever added'); END;
-- Replacing a row fires no delete trigger.
CREATE TRIGGER events_are_not_replaced BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM events WHERE deployment = NEW.deployment AND seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'event taken'); END;
CREATE TRIGGER checklists_are_not_changed BEFORE UPDATE ON checklists
BEGIN SELECT RAISE(ABORT, 'checklists are only ever added'); END;
CREATE TRIGGER checklists_are_not_removed BEFORE DELETE ON checklists
BEGIN SELECT RAISE(ABORT, 'checklists are only ever added'); END;

CREATE TABLE timers (
    deployment INTEGER NOT NULL REFERENCES deployments (id),
    name       TEXT NOT NULL,
    due        INTEGER NOT NULL,
    PRIMARY KEY (deployment, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX timers_due ON timers (due);

-- Messages to be shown. Neither here nor in `messages` must a deployment exist: some messages belong to none.
CREATE TABLE outbox (
    -- The channel's order: a row keeps it however often it is asked for anew.
    ord           INTEGER PRIMARY KEY NOT NULL,
    key           TEXT NOT NULL UNIQUE,
    deployment    INTEGER NOT NULL,
    channel       TEXT NOT NULL,
    thread        TEXT,
    what          TEXT NOT NULL,
    card          TEXT,
    generation    INTEGER NOT NULL,
    due           INTEGER NOT NULL,
    attempts      INTEGER NOT NULL DEFAULT 0,
    failing_since INTEGER,
    error         TEXT,
    failed        INTEGER NOT NULL DEFAULT 0 CHECK (failed IN (0, 1))
) STRICT;

CREATE INDEX outbox_due ON outbox (channel, due) WHERE failed = 0;
CREATE INDEX outbox_deployment ON outbox (deployment);

-- Messages as last shown. `id` is the order in which they were first shown, `posted` the platform's own id.
CREATE TABLE messages (
    id         INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    key        TEXT NOT NULL UNIQUE,
    deployment INTEGER NOT NULL,
    channel    TEXT NOT NULL,
    thread     TEXT,
    what       TEXT NOT NULL,
    card       TEXT NOT NULL,
    posted     TEXT NOT NULL,
    posted_at  INTEGER NOT NULL,
    edited_at  INTEGER
) STRICT;

CREATE INDEX messages_roots ON messages (channel, id) WHERE thread IS NULL;
CREATE INDEX messages_thread ON messages (thread, id) WHERE thread IS NOT NULL;
CREATE INDEX messages_deployment ON messages (deployment, id);
CREATE INDEX messages_posted ON messages (channel, posted);

-- Rows keep the order in which people reacted.
CREATE TABLE reactions (
    message TEXT NOT NULL,
    emoji   TEXT NOT NULL,
    person  TEXT NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (message, emoji, person)
) STRICT;

-- Requests that were answered, with the answer, so that one sent again is not done again.
CREATE TABLE inbox (
    key   TEXT PRIMARY KEY NOT NULL,
    at    INTEGER NOT NULL,
    reply TEXT NOT NULL
) STRICT;

CREATE INDEX inbox_at ON inbox (at);
