//! What the service does beside its requests: connections are read anew, and what was kept long enough is removed.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval, interval_at};

use crate::connections::{Directory, Lifecycle, Unusable};
use crate::loops::Loops;
use crate::portal::Portal;
use crate::receive::Clock;
use crate::storage::Retention;

/// How often connections are read anew, so that one that was removed receives no more.
const REFRESH: Duration = Duration::from_secs(1);

/// How often payloads are looked for that were kept long enough.
const RETENTION: Duration = Duration::from_secs(15 * 60);

/// How often payloads are looked for while the disk is full: their pages take new events.
const RETENTION_WHEN_FULL: Duration = Duration::from_secs(5);

/// How often it is looked whether a removal was cut off, and how old such a one is: none that somebody still waits for.
const REMOVALS: Duration = Duration::from_secs(5 * 60);

/// Does removals of connections anew that were cut off: all after the start, later those of other processes.
pub(super) async fn finish_removals(portal: Arc<Portal>, clock: Clock) {
    let mut ticks = interval(REMOVALS);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await;
    portal.finish_removals(clock()).await;
    loop {
        ticks.tick().await;
        let age = i64::try_from(REMOVALS.as_millis()).unwrap_or(i64::MAX);
        portal.finish_removals(clock().saturating_sub(age)).await;
    }
}

/// Reads the connections anew, again and again.
pub(super) async fn refresh(directory: Arc<Directory>) {
    let mut ticks = interval_at(Instant::now() + REFRESH, REFRESH);
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
        match loops.changes.forget_changes(clock(), loops.remember).await {
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
    match lifecycle.storage.remove_expired(clock(), retention).await {
        Ok(0) => {}
        Ok(rows) => tracing::info!(rows, "payloads or ids were removed after their time"),
        Err(error) => tracing::error!(%error, "expired payloads cannot be removed"),
    }
}
