-- Installations that the vendor began and nobody has adopted yet.
CREATE TABLE installs (
    account TEXT NOT NULL,
    app TEXT NOT NULL,
    granted TEXT NOT NULL,
    sealed BLOB NOT NULL,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (account, app)
) STRICT;

-- Who connected, was granted and revoked what. It only grows.
CREATE TABLE audit (
    position INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    event TEXT NOT NULL,
    account TEXT,
    connection TEXT,
    actor TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
CREATE TRIGGER audit_is_not_removed BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
