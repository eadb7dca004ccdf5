-- Rules with nested conditions and several actions, each a document. Those of before are taken over when the database
-- is opened.
CREATE TABLE routing_rules (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    position    INTEGER NOT NULL,
    rule        TEXT NOT NULL -- name, enabled, when, then
) STRICT;
