-- Calls of this host that change a resource, by which events about it are known again.
-- resource_id: NULL while a resource is being made and its id is not known.
-- makes: 1 where the call makes the resource.
-- settled_ms: NULL until it is known what became of the call.
-- answer_by_ms: from then on nobody will tell any more.
CREATE TABLE own_changes (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    resource_type TEXT NOT NULL,
    resource_id TEXT,
    makes INTEGER NOT NULL,
    action TEXT NOT NULL,
    caused_by TEXT,
    workflow TEXT,
    began_ms INTEGER NOT NULL,
    answer_by_ms INTEGER NOT NULL,
    settled_ms INTEGER
) STRICT;
CREATE INDEX own_changes_of_resource ON own_changes (account, resource_type, resource_id, began_ms);
CREATE INDEX own_changes_by_age ON own_changes (began_ms);

-- The connections of an account are looked for with each call that is forgotten.
CREATE INDEX connections_of_account ON connections (account);

-- The own change that an activation tells of, as JSON.
ALTER TABLE activations ADD COLUMN own TEXT;

-- State 5: suppressed, since it tells of an own change and its connection does not want such.
CREATE INDEX activations_suppressed ON activations (finished_ms) WHERE state = 5 AND envelope IS NOT NULL;
CREATE INDEX activations_kept_back ON activations (position) WHERE state = 5;
INSERT INTO totals (state, count) VALUES (5, 0);
