CREATE TABLE connections (
    id TEXT NOT NULL PRIMARY KEY,
    webhook_key TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    app TEXT,
    fields TEXT NOT NULL,
    sealed BLOB NOT NULL,
    settings TEXT NOT NULL,
    state INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL
) STRICT;

-- State: 0 waits behind another of its resource, 1 waits for its time, 2 leased, 3 delivered, 4 dead. Of a resource
-- that has any below 3, exactly one is in state 1 or 2: the oldest, but where an older one was replayed during a lease.
-- due_ms: when it may be leased; when the lease ends, of one that is leased.
-- lease: the latest token; it only grows.
-- envelope: NULL when the payload was removed.
CREATE TABLE activations (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    state INTEGER NOT NULL,
    due_ms INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    lease INTEGER NOT NULL DEFAULT 0,
    received_ms INTEGER NOT NULL,
    finished_ms INTEGER,
    event_time INTEGER,
    origin INTEGER NOT NULL,
    connection TEXT NOT NULL,
    account TEXT NOT NULL,
    trigger TEXT NOT NULL,
    resource_type TEXT,
    resource_id TEXT,
    failure TEXT,
    envelope BLOB
) STRICT;

-- Each index holds only rows in a state for which it is asked, so that what is finished costs the others nothing.
CREATE INDEX activations_of_resource ON activations (connection, resource_type, resource_id)
    WHERE state < 3 AND resource_id IS NOT NULL;
CREATE INDEX activations_ready ON activations (connection, due_ms) WHERE state = 1;
CREATE INDEX activations_leased ON activations (due_ms, connection) WHERE state = 2;
CREATE INDEX activations_unfinished ON activations (received_ms) WHERE state < 3;
CREATE INDEX activations_delivered ON activations (finished_ms) WHERE state = 3 AND envelope IS NOT NULL;
CREATE INDEX activations_dead ON activations (finished_ms) WHERE state = 4 AND envelope IS NOT NULL;
CREATE INDEX activations_dead_letters ON activations (position) WHERE state = 4;
CREATE INDEX activations_emptied ON activations (received_ms) WHERE envelope IS NULL;

-- How many activations there are in each state: counting them would read them all.
CREATE TABLE totals (state INTEGER PRIMARY KEY, count INTEGER NOT NULL) STRICT;
INSERT INTO totals (state, count) VALUES (0, 0), (1, 0), (2, 0), (3, 0), (4, 0);
