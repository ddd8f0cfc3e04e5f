-- The codes that authorization callbacks have brought, by a digest, and the outcome of each.
-- claimant: a digest of the visitor that brought the code; the outcome is shown to this visitor only.
-- holder: the request that exchanges the code, until leased_until_ms.
-- outcome: NULL while the code is exchanged, then JSON without secrets.
CREATE TABLE callback_codes (
    digest TEXT PRIMARY KEY,
    claimant TEXT NOT NULL,
    account TEXT NOT NULL,
    holder TEXT NOT NULL,
    leased_until_ms INTEGER NOT NULL,
    outcome TEXT,
    expires_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX callback_codes_by_expiry ON callback_codes (expires_ms);
CREATE INDEX callback_codes_of_account ON callback_codes (account);

-- The newest entry about a connection that is gone.
CREATE INDEX audit_of_connection ON audit (connection, position) WHERE connection IS NOT NULL;
