-- What the encoder said about each message's content, and which contents wait for it. By content, so that a message
-- that is moved, or synced again, costs nothing.

CREATE TABLE vectors (
    body_id     INTEGER PRIMARY KEY REFERENCES bodies (id) ON DELETE CASCADE,
    version     TEXT NOT NULL,
    scores      BLOB NOT NULL, -- four 32-bit numbers, little-endian
    vector      BLOB NOT NULL  -- one signed byte a dimension; 127 is the largest magnitude
) STRICT;

CREATE TABLE encoder_queue (
    body_id     INTEGER PRIMARY KEY REFERENCES bodies (id) ON DELETE CASCADE,
    received    INTEGER NOT NULL
) STRICT;
CREATE INDEX encoder_queue_received ON encoder_queue (received);

CREATE TRIGGER messages_to_encode AFTER INSERT ON messages
WHEN NOT EXISTS (SELECT 1 FROM vectors WHERE body_id = NEW.body_id) BEGIN
    INSERT INTO encoder_queue (body_id, received) VALUES (NEW.body_id, NEW.received) ON CONFLICT DO NOTHING;
END;

INSERT INTO encoder_queue (body_id, received) SELECT body_id, max(received) FROM messages GROUP BY body_id;
