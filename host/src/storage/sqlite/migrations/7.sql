-- scrub_owed: 1 from an erasure until the file was written anew.
ALTER TABLE marks ADD COLUMN scrub_owed INTEGER NOT NULL DEFAULT 0;
