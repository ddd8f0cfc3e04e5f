-- Of one that a search found: up to which time of an event a webhook about the same resource tells nothing new.
ALTER TABLE activations ADD COLUMN covers INTEGER;
CREATE INDEX activations_told ON activations (connection, trigger, resource_id, event_time)
    WHERE resource_id IS NOT NULL;
CREATE INDEX activations_found ON activations (connection, trigger, resource_id, covers) WHERE covers IS NOT NULL;

-- The webhooks that were seen last.
CREATE TABLE hooks (
    connection TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    hook TEXT NOT NULL,
    event TEXT NOT NULL,
    destination TEXT NOT NULL,
    is_active INTEGER NOT NULL,
    seen_ms INTEGER NOT NULL,
    PRIMARY KEY (connection, hook)
) STRICT;

-- Every event of a trigger before since_ms was told or found. Ids that were received later are kept, so that a search
-- from there on recognises them. has_gap: 1 where some after it may have been missed, until a search is done.
CREATE TABLE watermarks (
    connection TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    trigger TEXT NOT NULL,
    since_ms INTEGER NOT NULL,
    has_gap INTEGER NOT NULL,
    PRIMARY KEY (connection, trigger)
) STRICT;

-- When the service was there last.
CREATE TABLE alive (one INTEGER PRIMARY KEY CHECK (one = 1), at_ms INTEGER NOT NULL) STRICT;
