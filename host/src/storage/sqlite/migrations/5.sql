-- The deliveries of the last 72 hours whose scheme signs a time and no id.
-- key: the SHA-256 of what their events share.
-- generation: which activation of the key it led to, from 0. The row with the latest signed time of a key has the latest.
CREATE TABLE signings (
    connection TEXT NOT NULL,
    trigger TEXT NOT NULL,
    key BLOB NOT NULL,
    signed_ms INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    account TEXT NOT NULL,
    received_ms INTEGER NOT NULL,
    PRIMARY KEY (connection, trigger, key, signed_ms)
) STRICT, WITHOUT ROWID;
CREATE INDEX signings_by_age ON signings (received_ms);

-- When the latest lease began; NULL until the first one. Of the activations that are there already, the moment of their
-- receipt is the earliest that it can have been.
ALTER TABLE activations ADD COLUMN leased_ms INTEGER;
UPDATE activations SET leased_ms = received_ms WHERE lease > 0;

-- floor: no lease number up to it is given out again: removed activations had them.
-- former_until_ms: until then, ids in the form of the fourth version are known.
CREATE TABLE marks (one INTEGER PRIMARY KEY CHECK (one = 1), lease_floor INTEGER NOT NULL, former_until_ms INTEGER NOT NULL)
    STRICT;
INSERT INTO marks (one, lease_floor, former_until_ms)
    SELECT 1, coalesce(max(lease), 0),
        coalesce(max(max(received_ms), CAST(strftime('%s', 'now') AS INTEGER) * 1000) + 72 * 3600 * 1000, 0)
    FROM activations;
