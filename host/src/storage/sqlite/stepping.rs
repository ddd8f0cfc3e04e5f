//! Steps of the wall clock. All stored moments come from the clock of whoever calls. When that clock was set back, moments of
//! before lie in the future: what waits for them would wait for the length of the step.
//!
//! The file holds the latest moment that anybody stored. So each process notices that the clock was set back, also after a
//! restart and where another process stored the moment. It then repairs the file once.

use super::group::Work;
use crate::storage::StorageError;

/// How far ahead of the clock the latest moment is noted, so that it is written once a minute.
const AHEAD_MS: i64 = 60_000;

/// A clock that is behind by less is that of somebody who waited for the storage.
const SLACK_MS: i64 = 10_000;

/// The longest wait that a receiver or worker can ask for; no lease is longer either.
pub(super) const LONGEST_MS: i64 = 24 * 60 * 60 * 1000;

/// How far a removal may go beyond the one before it.
const SWEEP_MS: i64 = 60 * 60 * 1000;

/// How much earlier a search begins whose watermark was set by a wrong clock.
const MARGIN_MS: i64 = 60 * 60 * 1000;

const NOTE: &str = "UPDATE marks SET clock_ms = ?2 WHERE one = 1 AND clock_ms < ?1";
const SET: &str = "UPDATE marks SET clock_ms = ?1 WHERE one = 1";
const LATEST: &str = "SELECT clock_ms FROM marks WHERE one = 1";

/// A wait goes on for its own length at most, from now on.
pub(super) const CAP_DUE: &str = "UPDATE activations INDEXED BY activations_unfinished \
     SET due_ms = ?1 + max(min(due_ms - coalesce(noted_ms, received_ms), ?2), 0), noted_ms = ?1 \
     WHERE state < 3 AND due_ms > ?1 AND (coalesce(noted_ms, received_ms) > ?1 OR due_ms > ?3)";

pub(super) const CAP_ACCEPTED: &str = "UPDATE activations INDEXED BY activations_unfinished SET accepted_ms = ?1 \
     WHERE state < 3 AND coalesce(accepted_ms, received_ms) > ?1";

/// By the length of the step, so that the next search begins where the last one ended.
const CAP_WATERMARKS: &str =
    "UPDATE watermarks SET since_ms = max(min(since_ms - ?2, ?1) - ?3, 0), has_gap = 1 WHERE since_ms > ?1";

const CAP_HOOKS: &str = "UPDATE hooks SET seen_ms = ?1 WHERE seen_ms > ?1";

const SWEPT: &str = "SELECT swept_ms FROM marks WHERE one = 1";
const SWEEP: &str = "UPDATE marks SET swept_ms = ?1 WHERE one = 1 AND swept_ms < ?1";

/// Notes a moment that is stored.
pub(super) fn note(work: &Work<'_>, now_ms: i64) -> rusqlite::Result<()> {
    work.execute(NOTE, (now_ms, now_ms.saturating_add(AHEAD_MS))).map(drop)
}

/// Repairs what a clock has stored that was set back since; by how many milliseconds it was, 0 where it was not.
pub(super) fn mend(work: &mut Work<'_>, now_ms: i64) -> Result<i64, StorageError> {
    let latest_ms: i64 = work.connection.prepare_cached(LATEST)?.query_row((), |row| row.get(0))?;
    let back_ms = latest_ms.saturating_sub(AHEAD_MS).saturating_sub(now_ms);
    if back_ms <= SLACK_MS {
        note(work, now_ms)?;
        return Ok(0);
    }
    work.all_or_none(|work| {
        work.execute(CAP_DUE, (now_ms, LONGEST_MS, now_ms.saturating_add(LONGEST_MS)))?;
        work.execute(CAP_ACCEPTED, [now_ms])?;
        work.execute(CAP_WATERMARKS, (now_ms, back_ms, MARGIN_MS))?;
        work.execute(CAP_HOOKS, [now_ms])?;
        work.execute(SET, [now_ms.saturating_add(AHEAD_MS)])?;
        Ok(back_ms)
    })
}

/// Up to which moment may be removed what repeats are recognised by: an hour beyond the removal before, whatever the clock
/// shows, so that a clock that runs ahead for a while makes nobody forget an id that is still needed.
pub(super) fn until(work: &Work<'_>, now_ms: i64) -> rusqlite::Result<i64> {
    let swept_ms: i64 = work.connection.prepare_cached(SWEPT)?.query_row((), |row| row.get(0))?;
    Ok(if swept_ms == 0 { now_ms } else { now_ms.min(swept_ms.saturating_add(SWEEP_MS)) })
}

/// As [`until`], for the one who removes: the next removal may go further.
pub(super) fn sweep(work: &Work<'_>, now_ms: i64) -> rusqlite::Result<i64> {
    let until_ms = until(work, now_ms)?;
    work.execute(SWEEP, [until_ms])?;
    Ok(until_ms)
}
