-- scrub_owed: 1 from an erasure until the file was written anew.
ALTER TABLE marks ADD COLUMN scrub_owed INTEGER NOT NULL DEFAULT 0;

-- room: bytes that leave the row when it is leased first, so that what is noted of its attempts makes no page overflow.
ALTER TABLE activations ADD COLUMN room BLOB;
