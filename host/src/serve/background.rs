//! What the service does beside its requests: connections are read anew, and what was kept long enough is removed.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, interval_at};

use crate::clock::Clock;
use crate::connections::{Directory, Lifecycle, Unusable};
use crate::loops::Loops;
use crate::portal::Portal;
use crate::storage::{Retention, Storage};

/// How often connections are read anew, so that one that was removed receives no more.
const REFRESH: Duration = Duration::from_secs(1);

/// How often payloads are looked for that were kept long enough.
const RETENTION: Duration = Duration::from_secs(15 * 60);

/// How often payloads are looked for while the disk is full: their pages take new events.
const RETENTION_WHEN_FULL: Duration = Duration::from_secs(5);

/// How often it is looked whether a removal was cut off, and how old such a one is: none that somebody still waits for.
const REMOVALS: Duration = Duration::from_secs(5 * 60);

/// How often it is looked whether the wall clock was set.
const CLOCK: Duration = Duration::from_secs(1);

/// A wall clock that moves by so much more or less than the monotonic clock was set, in milliseconds.
const STEP_MS: i64 = 1_000;

/// Does removals of connections anew that were cut off: all after the start, later those of other processes.
pub(super) async fn finish_removals(portal: Arc<Portal>, clock: Clock) {
    let mut ticks = interval(REMOVALS);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await;
    portal.finish_removals(clock.now_ms()).await;
    loop {
        ticks.tick().await;
        let age = i64::try_from(REMOVALS.as_millis()).unwrap_or(i64::MAX);
        portal.finish_removals(clock.now_ms().saturating_sub(age)).await;
    }
}

/// Looks every second whether the wall clock was set, and has storage repair what a clock has stored that was set back since, in
/// whatever process and whenever.
pub(super) async fn watch_clock(storage: Arc<dyn Storage>, clock: Clock) {
    let mut ticks = interval(CLOCK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_failing = false;
    let mut seen = (clock.instant(), clock.now_ms());
    loop {
        ticks.tick().await;
        let now_ms = clock.now_ms();
        let passed = i64::try_from(clock.since(seen.0).as_millis()).unwrap_or(i64::MAX);
        let step_ms = now_ms.saturating_sub(seen.1).saturating_sub(passed);
        seen = (clock.instant(), now_ms);
        if step_ms.abs() >= STEP_MS {
            tracing::warn!(milliseconds = step_ms, "the wall clock was set, or this machine has slept");
        }
        match storage.mend_clock(now_ms).await {
            Ok(0) => is_failing = false,
            Ok(back_ms) => {
                is_failing = false;
                tracing::warn!(
                    milliseconds = back_ms,
                    "the clock was set back: stored moments were repaired"
                );
            }
            // Once, not once a second.
            Err(error) if !is_failing => {
                is_failing = true;
                tracing::error!(%error, "cannot compare stored moments with the clock; trying again");
            }
            Err(_) => {}
        }
    }
}

/// Reads the connections anew, again and again.
pub(super) async fn refresh(directory: Arc<Directory>, clock: Clock) {
    let mut ticks = interval_at(clock.instant() + REFRESH, REFRESH);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_failing = false;
    loop {
        ticks.tick().await;
        match directory.refresh().await {
            Ok(unusable) => {
                tell(&unusable);
                is_failing = false;
            }
            // Once, not once a second.
            Err(error) if !is_failing => {
                is_failing = true;
                tracing::error!(%error, "the connections cannot be read; those known before go on");
            }
            Err(_) => {}
        }
    }
}

/// Says which connections cannot be used, and why.
pub(super) fn tell(unusable: &[(String, Unusable)]) {
    for (connection, why) in unusable {
        tracing::error!(connection, %why, "a connection cannot be used");
    }
}

/// Removes what was kept long enough, and what accounts have sent that ended, again and again.
pub(super) async fn expire(lifecycle: Arc<Lifecycle>, retention: Retention, loops: Loops, clock: Clock) {
    let mut ticks = interval(RETENTION);
    let mut looks = interval(RETENTION_WHEN_FULL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = looks.tick() => {
                if lifecycle.storage.counts().await.is_ok_and(|counts| counts.is_full) {
                    remove_expired(&lifecycle, &retention, &clock).await;
                }
                continue;
            }
        }
        remove_expired(&lifecycle, &retention, &clock).await;
        match loops.changes.forget_changes(clock.now_ms(), loops.remember).await {
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "own changes of before cannot be forgotten"),
        }
        match lifecycle.erase_ended().await {
            Ok(0) => {}
            Ok(activations) => tracing::info!(activations, "accounts that ended were erased"),
            Err(error) => tracing::error!(%error, "accounts that ended cannot be erased"),
        }
    }
}

async fn remove_expired(lifecycle: &Lifecycle, retention: &Retention, clock: &Clock) {
    match lifecycle.storage.remove_expired(clock.now_ms(), retention).await {
        Ok(0) => {}
        Ok(rows) => tracing::info!(rows, "payloads or ids were removed after their time"),
        Err(error) => tracing::error!(%error, "expired payloads cannot be removed"),
    }
}

/// When everything must have ended: so long after the stop.
pub(super) async fn after_stop(
    mut stopping: watch::Receiver<bool>,
    stop_within: Duration,
    clock: Clock,
) -> Instant {
    // Where nobody can say it any more, it is said.
    let _ = stopping.wait_for(|is_stopping| *is_stopping).await;
    clock.instant() + stop_within
}
