-- Relabelling many messages. A job takes a snapshot of messages, newest first, and proposes a verdict for each; nothing
-- changes in the lanes until it is applied. Applied, its verdicts are decisions that name the job, and that no longer
-- count once the job is taken back: what then stands is what would stand without it.

-- Which voices, at which versions and exponents, a decision was made with. 0 stands for "not recorded": decisions
-- from before this format.
CREATE TABLE voice_sets (
    id          INTEGER PRIMARY KEY,
    voices      TEXT NOT NULL UNIQUE -- JSON
) STRICT;

ALTER TABLE decisions ADD COLUMN voices_id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE decisions ADD COLUMN relabel_id INTEGER; -- the job that it was applied by
CREATE INDEX decisions_relabel ON decisions (relabel_id, id) WHERE relabel_id IS NOT NULL;

CREATE TABLE relabel_jobs (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    state           TEXT NOT NULL CHECK (state IN (
        'running', 'paused', 'ready', 'applying', 'applied', 'undoing', 'undone', 'cancelled', 'discarded'
    )),
    plan            TEXT NOT NULL,              -- what was asked for, and the bounds in force, as JSON
    made_at         INTEGER NOT NULL,
    finished_at     INTEGER,                    -- applied, cancelled or discarded
    undone_at       INTEGER,
    corrected       INTEGER NOT NULL DEFAULT 0, -- in its scope, and left alone: the user has spoken
    ruled           INTEGER NOT NULL DEFAULT 0, -- in its scope, and left alone: a rule has decided
    -- What whoever works on it tells the others.
    notes           TEXT NOT NULL DEFAULT '[]', -- sentences, as JSON
    hold            TEXT,                       -- why it waits
    rate            REAL,                       -- messages a second
    seconds_left    INTEGER,
    touched_at      INTEGER NOT NULL,
    -- One job at a time.
    active          INTEGER GENERATED ALWAYS AS (
        CASE WHEN state IN ('running', 'paused', 'ready', 'applying', 'undoing') THEN 1 END
    ) VIRTUAL UNIQUE
) STRICT;

-- The messages of a job that has not been finished, in the order of work: the newest has the lowest number.
CREATE TABLE relabel_items (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id      INTEGER NOT NULL REFERENCES relabel_jobs (id),
    message_id  INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    state       TEXT NOT NULL DEFAULT 'evidence' CHECK (state IN (
        'evidence', 'encoder', 'model', 'duplicate',    -- waits for that voice, or for its first
        'proposed',                                     -- has its verdict
        'applied', 'same', 'corrected', 'rejudged',     -- dealt with
        'unreadable'
    )),
    from_label  INTEGER NOT NULL CHECK (from_label BETWEEN 0 AND 3),
    to_label    INTEGER NOT NULL DEFAULT -1 CHECK (to_label BETWEEN -1 AND 3),
    voice       TEXT NOT NULL DEFAULT '',       -- which one settled it
    base_id     INTEGER,                        -- the message's newest decision when the verdict was proposed
    likeness    INTEGER,                        -- 64-bit hash: equal for near-duplicates
    first_id    INTEGER,                        -- the item whose verdict this near-duplicate takes
    verdict     BLOB                            -- as JSON, zstd
) STRICT;
CREATE INDEX relabel_items_next ON relabel_items (job_id, state, id);
CREATE INDEX relabel_items_message ON relabel_items (message_id);
CREATE INDEX relabel_items_likeness ON relabel_items (job_id, likeness) WHERE likeness IS NOT NULL AND first_id IS NULL;
CREATE INDEX relabel_items_first ON relabel_items (first_id) WHERE first_id IS NOT NULL;

-- Items by what has become of them; outlives the items.
CREATE TABLE relabel_counts (
    job_id      INTEGER NOT NULL REFERENCES relabel_jobs (id),
    state       TEXT NOT NULL,
    from_label  INTEGER NOT NULL,
    to_label    INTEGER NOT NULL,
    voice       TEXT NOT NULL,
    folded      INTEGER NOT NULL, -- took another one's verdict
    items       INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (job_id, state, from_label, to_label, voice, folded)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER relabel_items_changed AFTER UPDATE OF state, from_label, to_label, voice, first_id ON relabel_items BEGIN
    UPDATE relabel_counts SET items = items - 1
    WHERE job_id = OLD.job_id AND state = OLD.state AND from_label = OLD.from_label AND to_label = OLD.to_label
        AND voice = OLD.voice AND folded = (OLD.first_id IS NOT NULL);
    INSERT INTO relabel_counts (job_id, state, from_label, to_label, voice, folded, items)
    VALUES (NEW.job_id, NEW.state, NEW.from_label, NEW.to_label, NEW.voice, NEW.first_id IS NOT NULL, 1)
    ON CONFLICT DO UPDATE SET items = items + 1;
END;

-- An account was removed meanwhile. Items that are cleared away after the job's end still count.
CREATE TRIGGER relabel_items_deleted AFTER DELETE ON relabel_items
WHEN EXISTS (SELECT 1 FROM relabel_jobs WHERE id = OLD.job_id AND finished_at IS NULL) BEGIN
    UPDATE relabel_counts SET items = items - 1
    WHERE job_id = OLD.job_id AND state = OLD.state AND from_label = OLD.from_label AND to_label = OLD.to_label
        AND voice = OLD.voice AND folded = (OLD.first_id IS NOT NULL);
END;
