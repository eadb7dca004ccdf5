-- Mailroom's database, format 1. Forward only: a released file is never edited.
--
-- Times are seconds since 1970-01-01T00:00:00Z. Labels are stored by their place in the order of attention:
-- 0 urgent, 1 task, 2 needs-human, 3 notification. A message that the server no longer has keeps its row,
-- with `gone_at` set, so that labels and corrections outlive a mistake of the server's.

PRAGMA application_id = 1298952813; -- "Mlrm"

CREATE TABLE accounts (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    kind        TEXT NOT NULL CHECK (kind IN ('imap', 'local', 'sample')),
    address     TEXT NOT NULL DEFAULT '',
    user        TEXT NOT NULL DEFAULT '',
    host        TEXT NOT NULL DEFAULT '',
    port        INTEGER NOT NULL DEFAULT 0,
    security    TEXT NOT NULL DEFAULT 'tls' CHECK (security IN ('tls', 'plain')),
    -- Being removed: not listed any more, and the only account whose record may be deleted.
    leaving     INTEGER NOT NULL DEFAULT 0 CHECK (leaving IN (0, 1))
) STRICT;

CREATE TABLE folders (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id      INTEGER NOT NULL REFERENCES accounts (id),
    name            TEXT NOT NULL, -- as sent over the wire
    display         TEXT NOT NULL,
    role            TEXT NOT NULL,
    uid_validity    INTEGER,
    low_uid         INTEGER,
    high_uid        INTEGER,
    highest_modseq  INTEGER,
    UNIQUE (account_id, name)
) STRICT;

-- What a message consists of. Messages with the same bytes share it.
CREATE TABLE bodies (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    hash        BLOB NOT NULL UNIQUE, -- SHA-256 of the message as received
    parser      INTEGER NOT NULL,     -- version of the parser that made `content`
    content     BLOB NOT NULL,        -- MessageContent as JSON, zstd
    raw         BLOB NOT NULL         -- as received, zstd
) STRICT;
CREATE INDEX bodies_parser ON bodies (parser);

CREATE TABLE threads (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id  INTEGER NOT NULL REFERENCES accounts (id),
    present     INTEGER NOT NULL DEFAULT 0 -- messages that are not gone; kept by triggers
) STRICT;
CREATE INDEX threads_account ON threads (account_id);

-- Which conversation a Message-ID, or a subject among the same people, belongs to.
CREATE TABLE thread_keys (
    key         INTEGER PRIMARY KEY, -- 64-bit hash, the account included
    thread_id   INTEGER NOT NULL REFERENCES threads (id),
    at          INTEGER NOT NULL     -- when the newest message with this key was received
) STRICT;
CREATE INDEX thread_keys_thread ON thread_keys (thread_id);

-- Versions of the language model's voice. 0 stands for "not heard".
CREATE TABLE model_versions (
    id          INTEGER PRIMARY KEY,
    version     TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE messages (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id      INTEGER NOT NULL REFERENCES accounts (id),
    folder_id       INTEGER NOT NULL REFERENCES folders (id),
    uid_validity    INTEGER,
    uid             INTEGER,
    body_id         INTEGER NOT NULL REFERENCES bodies (id),
    thread_id       INTEGER NOT NULL REFERENCES threads (id),
    -- (received << 20 | low bits of id): the order of all lists, and the row's number in `search`.
    sort_key        INTEGER NOT NULL,
    received        INTEGER NOT NULL,
    internal_date   INTEGER,
    size            INTEGER NOT NULL,
    gone_at         INTEGER,

    lane            INTEGER NOT NULL DEFAULT 2 CHECK (lane BETWEEN 0 AND 3),
    unsure          INTEGER NOT NULL DEFAULT 1 CHECK (unsure IN (0, 1)),
    confidence      REAL NOT NULL DEFAULT 0,
    decided_by      TEXT CHECK (decided_by IN ('evidence', 'encoder', 'model', 'memory', 'rule', 'user')),
    -- The newest decision and the standing correction. No foreign keys: removing an account would have to
    -- look through all messages for each decision.
    decision_id     INTEGER,
    correction_id   INTEGER,
    model_id        INTEGER NOT NULL DEFAULT 0, -- version of the model heard in the newest decision
    set_aside       INTEGER NOT NULL DEFAULT 0 CHECK (set_aside IN (0, 1)),
    -- The language model may be asked about it.
    waits           INTEGER GENERATED ALWAYS AS (
        gone_at IS NULL AND correction_id IS NULL AND set_aside = 0 AND coalesce(decided_by, '') <> 'rule'
    ) VIRTUAL,

    seen            INTEGER NOT NULL DEFAULT 0 CHECK (seen IN (0, 1)),
    flagged         INTEGER NOT NULL DEFAULT 0 CHECK (flagged IN (0, 1)),
    answered        INTEGER NOT NULL DEFAULT 0 CHECK (answered IN (0, 1)),
    draft           INTEGER NOT NULL DEFAULT 0 CHECK (draft IN (0, 1)),
    deleted         INTEGER NOT NULL DEFAULT 0 CHECK (deleted IN (0, 1)),
    has_attachments INTEGER NOT NULL DEFAULT 0 CHECK (has_attachments IN (0, 1)),
    keywords        TEXT NOT NULL DEFAULT '', -- separated by blanks, which no keyword can hold

    message_id      TEXT,
    list_id         TEXT,
    from_name       TEXT NOT NULL DEFAULT '',
    from_address    TEXT NOT NULL DEFAULT '',
    subject         TEXT NOT NULL DEFAULT '',
    snippet         TEXT NOT NULL DEFAULT '',
    UNIQUE (folder_id, uid_validity, uid),
    UNIQUE (sort_key)
) STRICT;
CREATE INDEX messages_lane ON messages (lane, sort_key) WHERE gone_at IS NULL;
CREATE INDEX messages_lane_unread ON messages (lane, sort_key) WHERE gone_at IS NULL AND seen = 0;
CREATE INDEX messages_account_lane ON messages (account_id, lane, sort_key) WHERE gone_at IS NULL;
CREATE INDEX messages_thread ON messages (thread_id, sort_key);
CREATE INDEX messages_body ON messages (body_id);
CREATE INDEX messages_queue ON messages (model_id, unsure, sort_key) WHERE waits = 1;
CREATE INDEX messages_undecided ON messages (sort_key) WHERE gone_at IS NULL AND decision_id IS NULL AND correction_id IS NULL;

-- What the voices and rules said. Append-only; the newest of a message counts.
CREATE TABLE decisions (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id  INTEGER NOT NULL REFERENCES messages (id),
    at          INTEGER NOT NULL,
    label       INTEGER NOT NULL CHECK (label BETWEEN 0 AND 3),
    unsure      INTEGER NOT NULL CHECK (unsure IN (0, 1)),
    confidence  REAL NOT NULL,
    decided_by  TEXT NOT NULL,
    model_id    INTEGER NOT NULL,
    rule_id     INTEGER,
    verdict     BLOB NOT NULL -- the whole verdict as JSON, zstd
) STRICT;
CREATE INDEX decisions_message ON decisions (message_id, id);

-- What the user said. Append-only but for `undone_at`, which is set once.
CREATE TABLE corrections (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    batch       INTEGER NOT NULL, -- one act of the user's, taken back as a whole
    message_id  INTEGER NOT NULL REFERENCES messages (id),
    from_label  INTEGER NOT NULL CHECK (from_label BETWEEN 0 AND 3),
    to_label    INTEGER NOT NULL CHECK (to_label BETWEEN 0 AND 3),
    at          INTEGER NOT NULL,
    undone_at   INTEGER
) STRICT;
CREATE INDEX corrections_message ON corrections (message_id, id);
CREATE INDEX corrections_batch ON corrections (batch);
CREATE INDEX corrections_standing ON corrections (batch) WHERE undone_at IS NULL;

CREATE TABLE set_aside (
    message_id  INTEGER PRIMARY KEY REFERENCES messages (id),
    reason      TEXT NOT NULL,
    version     TEXT NOT NULL,
    at          INTEGER NOT NULL
) STRICT;

-- Actions on the server: written before they are sent, never forgotten before they are verified.
CREATE TABLE actions (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id  INTEGER NOT NULL REFERENCES messages (id),
    action      TEXT NOT NULL,
    stage       INTEGER NOT NULL DEFAULT 0 CHECK (stage BETWEEN 0 AND 3), -- intent, sent, verified, done
    at          INTEGER NOT NULL
) STRICT;
CREATE INDEX actions_message ON actions (message_id);
CREATE INDEX actions_open ON actions (id) WHERE stage < 3;

CREATE TABLE rules (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    name        TEXT NOT NULL,
    enabled     INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    position    INTEGER NOT NULL,
    conditions  TEXT NOT NULL,
    action      TEXT NOT NULL
) STRICT;

CREATE TABLE jobs (
    name        TEXT PRIMARY KEY,
    done        INTEGER NOT NULL,
    total       INTEGER NOT NULL,
    state       TEXT NOT NULL,
    at          INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE settings (
    key         TEXT PRIMARY KEY,
    value       TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The index keeps no text of its own: what it finds is read from `messages`.
CREATE VIRTUAL TABLE search USING fts5 (
    subject, sender, text,
    content = '', contentless_delete = 1,
    tokenize = 'unicode61 remove_diacritics 2',
    prefix = '2 3'
);

-- Counts are kept by triggers, so that no write can forget them.

CREATE TABLE lane_counts (
    lane        INTEGER NOT NULL,
    account_id  INTEGER NOT NULL REFERENCES accounts (id),
    total       INTEGER NOT NULL DEFAULT 0,
    unread      INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (lane, account_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE model_counts (
    model_id    INTEGER NOT NULL,
    unsure      INTEGER NOT NULL,
    waiting     INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (model_id, unsure)
) STRICT, WITHOUT ROWID;
INSERT INTO model_counts (model_id, unsure) VALUES (0, 0), (0, 1);

CREATE TRIGGER accounts_counts AFTER INSERT ON accounts BEGIN
    INSERT INTO lane_counts (lane, account_id)
    VALUES (0, NEW.id), (1, NEW.id), (2, NEW.id), (3, NEW.id);
END;

CREATE TRIGGER model_versions_counts AFTER INSERT ON model_versions BEGIN
    INSERT INTO model_counts (model_id, unsure) VALUES (NEW.id, 0), (NEW.id, 1);
END;

CREATE TRIGGER messages_inserted AFTER INSERT ON messages WHEN NEW.gone_at IS NULL BEGIN
    UPDATE lane_counts SET total = total + 1, unread = unread + 1 - NEW.seen
    WHERE lane = NEW.lane AND account_id = NEW.account_id;
    UPDATE threads SET present = present + 1 WHERE id = NEW.thread_id;
    UPDATE model_counts SET waiting = waiting + NEW.waits
    WHERE model_id = NEW.model_id AND unsure = NEW.unsure;
END;

CREATE TRIGGER messages_moved AFTER UPDATE OF lane, seen, gone_at ON messages
WHEN OLD.lane <> NEW.lane OR OLD.seen <> NEW.seen OR (OLD.gone_at IS NULL) <> (NEW.gone_at IS NULL) BEGIN
    UPDATE lane_counts
    SET total = total - (OLD.gone_at IS NULL), unread = unread - (OLD.gone_at IS NULL AND NOT OLD.seen)
    WHERE lane = OLD.lane AND account_id = OLD.account_id;
    UPDATE lane_counts
    SET total = total + (NEW.gone_at IS NULL), unread = unread + (NEW.gone_at IS NULL AND NOT NEW.seen)
    WHERE lane = NEW.lane AND account_id = NEW.account_id;
END;

CREATE TRIGGER messages_threaded AFTER UPDATE OF thread_id, gone_at ON messages
WHEN OLD.thread_id <> NEW.thread_id OR (OLD.gone_at IS NULL) <> (NEW.gone_at IS NULL) BEGIN
    UPDATE threads SET present = present - (OLD.gone_at IS NULL) WHERE id = OLD.thread_id;
    UPDATE threads SET present = present + (NEW.gone_at IS NULL) WHERE id = NEW.thread_id;
END;

CREATE TRIGGER messages_queued
AFTER UPDATE OF model_id, unsure, gone_at, correction_id, set_aside, decided_by ON messages
WHEN OLD.model_id <> NEW.model_id OR OLD.unsure <> NEW.unsure OR OLD.waits <> NEW.waits BEGIN
    UPDATE model_counts SET waiting = waiting - OLD.waits
    WHERE model_id = OLD.model_id AND unsure = OLD.unsure;
    UPDATE model_counts SET waiting = waiting + NEW.waits
    WHERE model_id = NEW.model_id AND unsure = NEW.unsure;
END;

CREATE TRIGGER messages_deleted AFTER DELETE ON messages BEGIN
    UPDATE lane_counts
    SET total = total - (OLD.gone_at IS NULL), unread = unread - (OLD.gone_at IS NULL AND NOT OLD.seen)
    WHERE lane = OLD.lane AND account_id = OLD.account_id;
    UPDATE threads SET present = present - (OLD.gone_at IS NULL) WHERE id = OLD.thread_id;
    UPDATE model_counts SET waiting = waiting - OLD.waits
    WHERE model_id = OLD.model_id AND unsure = OLD.unsure;
END;

-- A message never changes hands: the counts above rely on it.
CREATE TRIGGER messages_account_fixed BEFORE UPDATE OF account_id ON messages
WHEN OLD.account_id <> NEW.account_id BEGIN
    SELECT raise(ABORT, 'a message stays in its account');
END;

CREATE TRIGGER decisions_update BEFORE UPDATE ON decisions BEGIN
    SELECT raise(ABORT, 'the record of decisions is append-only');
END;
CREATE TRIGGER decisions_delete BEFORE DELETE ON decisions
WHEN NOT EXISTS (
    SELECT 1 FROM messages m JOIN accounts a ON a.id = m.account_id WHERE m.id = OLD.message_id AND a.leaving = 1
) BEGIN
    SELECT raise(ABORT, 'the record of decisions is append-only');
END;

CREATE TRIGGER corrections_update BEFORE UPDATE ON corrections
WHEN OLD.undone_at IS NOT NULL OR NEW.undone_at IS NULL OR OLD.id <> NEW.id OR OLD.batch <> NEW.batch
    OR OLD.message_id <> NEW.message_id OR OLD.from_label <> NEW.from_label
    OR OLD.to_label <> NEW.to_label OR OLD.at <> NEW.at BEGIN
    SELECT raise(ABORT, 'the record of corrections is append-only');
END;
CREATE TRIGGER corrections_delete BEFORE DELETE ON corrections
WHEN NOT EXISTS (
    SELECT 1 FROM messages m JOIN accounts a ON a.id = m.account_id WHERE m.id = OLD.message_id AND a.leaving = 1
) BEGIN
    SELECT raise(ABORT, 'the record of corrections is append-only');
END;

CREATE TRIGGER actions_forward BEFORE UPDATE OF stage ON actions WHEN NEW.stage < OLD.stage BEGIN
    SELECT raise(ABORT, 'an action only moves forward');
END;
