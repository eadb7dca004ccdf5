-- Messages drawn at random for the user to judge: what accuracy on their own mail is estimated from.

CREATE TABLE audits (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id  INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    band        INTEGER NOT NULL, -- of probability, as it was when drawn
    shown       INTEGER NOT NULL CHECK (shown BETWEEN 0 AND 3),
    drawn_at    INTEGER NOT NULL,
    answer      INTEGER CHECK (answer BETWEEN 0 AND 3), -- the user's label; null until given
    answered_at INTEGER
) STRICT;
CREATE INDEX audits_message ON audits (message_id);
CREATE INDEX audits_open ON audits (id) WHERE answer IS NULL;
