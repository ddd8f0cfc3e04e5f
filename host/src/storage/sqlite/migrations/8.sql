-- noted_ms: when due_ms was set, by the clock of then; NULL: when the activation was received.
-- accepted_ms: of an activation that was received before the clock was set back: the latest moment at which that can have been.
ALTER TABLE activations ADD COLUMN noted_ms INTEGER;
ALTER TABLE activations ADD COLUMN accepted_ms INTEGER;

-- The oldest is the one that was accepted first, whatever the clock showed then.
DROP INDEX activations_unfinished;
CREATE INDEX activations_unfinished ON activations (position) WHERE state < 3;

-- clock_ms: no moment that was stored by the clock is later, up to a minute. A clock that shows much less was set back.
-- swept_ms: up to this moment of the clock, what was kept long enough was removed; 0 before the first time.
ALTER TABLE marks ADD COLUMN clock_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE marks ADD COLUMN swept_ms INTEGER NOT NULL DEFAULT 0;
UPDATE marks SET clock_ms =
    (SELECT coalesce(max(max(received_ms, coalesce(leased_ms, 0), iif(state < 3, due_ms, 0))), 0) FROM activations);
