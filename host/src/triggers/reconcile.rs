//! Keeps webhooks in order while the service runs: after the start, again and again, when what is wanted changes, and when
//! the store tells that deliveries fail. What was missed meanwhile is looked for.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::kept_hooks::Standings;
use super::{Keeper, Subject, Unkept, searched};
use crate::backfill::{self, Found};
use crate::clock::Clock;
use crate::connections::{Directory, Entry, Heard, Lifecycle, Uninstalled, Whose};
use crate::receive::ServiceEvents;
use crate::storage::{ConnectionRow, StorageError, StorageFuture, Watermark};

/// How often it is looked whether anything is due.
const LOOK: Duration = Duration::from_secs(1);
/// How often it is noted that the service is there.
const ALIVE: Duration = Duration::from_secs(10);
/// When a connection is looked at again whose last look failed, or whose webhooks are new, at the latest.
const AGAIN: Duration = Duration::from_secs(60);
/// Connections that are looked at at a time.
const AT_A_TIME: usize = 8;

/// When webhooks are looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Habits {
    /// How often; never where nothing is said.
    pub(crate) every: Option<Duration>,
    /// After an absence of this length missed events are looked for.
    pub(crate) after_outage: Duration,
}

/// Keeps the webhooks of all connections that a directory knows.
pub(crate) struct Reconciler {
    /// What does it.
    pub(crate) keeper: Arc<Keeper>,
    /// The connections.
    pub(crate) directory: Arc<Directory>,
    /// The time.
    pub(crate) clock: Clock,
    /// When.
    pub(crate) habits: Habits,
    /// Wakes whoever delivers, where something was found.
    pub(crate) accepted: Arc<Notify>,
    /// Counts.
    pub(crate) counts: Arc<ReconcileCounts>,
    /// Where it is noted how webhooks stand.
    pub(crate) standings: Arc<Standings>,
    /// Who marks a connection whose credentials are refused.
    pub(crate) lifecycle: Arc<Lifecycle>,
    /// Ids of connections to look at now.
    pub(crate) wishes: mpsc::UnboundedReceiver<String>,
}

/// What was counted.
#[derive(Debug, Default)]
pub(crate) struct ReconcileCounts(Mutex<Tallied>);

/// The numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tallied {
    /// Active webhooks of each connection, and those that could not be made or switched on.
    hooks: HashMap<String, (u64, u64)>,
    /// Looks that went well.
    pub(crate) settled: u64,
    /// Looks that failed, or of which a step did.
    pub(crate) failed: u64,
    /// Activations that were found.
    pub(crate) found: u64,
    /// Times that an account told that deliveries fail.
    pub(crate) exceptions: u64,
}

impl Tallied {
    /// Webhooks that deliver, and those that are wanted and do not.
    pub(crate) fn hooks(&self) -> (u64, u64) {
        self.hooks.values().fold((0, 0), |(active, missing), one| (active + one.0, missing + one.1))
    }
}

impl ReconcileCounts {
    /// The numbers now.
    pub(crate) fn now(&self) -> Tallied {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, change: impl FnOnce(&mut Tallied)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// When a connection was looked at, and as what.
struct Seen {
    row: ConnectionRow,
    next: Instant,
}

impl Reconciler {
    /// Keeps them until it is aborted.
    pub(crate) async fn run(mut self) {
        let Some(every) = self.habits.every else { return };
        if let Err(error) = self.note_outage().await {
            tracing::error!(%error, "whether events were missed cannot be told");
        }
        let mut ticks = interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut seen: HashMap<String, Seen> = HashMap::new();
        let mut busy: HashSet<String> = HashSet::new();
        let mut wished: HashSet<String> = HashSet::new();
        let mut tasks: JoinSet<(String, bool)> = JoinSet::new();
        let mut alive = self.clock.instant();
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                Some(id) = self.wishes.recv() => { wished.insert(id); }
                Some(Ok((id, is_settled))) = tasks.join_next() => {
                    busy.remove(&id);
                    let wait = if is_settled { every } else { every.min(AGAIN) };
                    if let Some(seen) = seen.get_mut(&id) {
                        seen.next = self.clock.instant() + wait.mul_f64(0.9 + 0.2 * fastrand::f64());
                    }
                }
            }
            if self.clock.since(alive) >= ALIVE {
                alive = self.clock.instant();
                drop(self.keeper.storage.note_alive(self.clock.now_ms()).await);
            }
            let entries = self.directory.entries();
            seen.retain(|id, _| entries.iter().any(|entry| entry.id() == id));
            self.counts.change(|tallied| tallied.hooks.retain(|id, _| seen.contains_key(id)));
            self.standings.keep(|id| seen.contains_key(id));
            for entry in entries {
                if tasks.len() >= AT_A_TIME {
                    break;
                }
                let id = entry.id().to_owned();
                let is_due = seen.get(&id).is_none_or(|seen| {
                    is_other(&seen.row, entry.row())
                        || seen.next <= self.clock.instant()
                        || wished.contains(&id)
                });
                if is_due && busy.insert(id.clone()) {
                    wished.remove(&id);
                    seen.insert(
                        id.clone(),
                        Seen { row: entry.row().clone(), next: self.clock.instant() + every },
                    );
                    let (keeper, clock) = (Arc::clone(&self.keeper), self.clock.clone());
                    let (counts, accepted) = (Arc::clone(&self.counts), Arc::clone(&self.accepted));
                    let standings = Arc::clone(&self.standings);
                    let lifecycle = Arc::clone(&self.lifecycle);
                    tasks.spawn(async move {
                        let noted = Noted { counts: &counts, standings: &standings };
                        let is_settled = tend(&keeper, &entry, &clock, noted, (&accepted, &lifecycle)).await;
                        (id, is_settled)
                    });
                }
            }
        }
    }

    /// Notes a gap for every trigger where the service was away for long.
    async fn note_outage(&self) -> Result<(), StorageError> {
        let (storage, now_ms) = (&self.keeper.storage, self.clock.now_ms());
        let last = storage.last_alive().await?;
        storage.note_alive(now_ms).await?;
        let Some(away) = last.and_then(|last| outage(last, now_ms, self.habits.after_outage)) else {
            return Ok(());
        };
        tracing::info!(seconds = away.as_secs(), "the service was away: missed events are looked for");
        for entry in self.directory.entries() {
            for mark in storage.watermarks(entry.id()).await? {
                storage.raise_watermark(entry.id(), Watermark { has_gap: true, ..mark }).await?;
            }
        }
        Ok(())
    }
}

/// How long the service was away, where that was long. Where the clock was set back meanwhile nobody knows: by how much counts.
fn outage(last_ms: i64, now_ms: i64, after_outage: Duration) -> Option<Duration> {
    Some(Duration::from_millis(now_ms.abs_diff(last_ms))).filter(|away| *away >= after_outage)
}

/// Whether a connection may want other webhooks than before.
fn is_other(before: &ConnectionRow, now: &ConnectionRow) -> bool {
    let matters =
        |row: &ConnectionRow| (row.settings.clone(), row.webhook_key.clone(), row.sealed.clone(), row.state);
    matters(before) != matters(now)
}

/// Where it is noted what a look came to.
#[derive(Clone, Copy)]
struct Noted<'a> {
    counts: &'a ReconcileCounts,
    standings: &'a Standings,
}

/// Looks at a connection, acts, and fills its gaps; whether it can wait for its next turn.
async fn tend(
    keeper: &Keeper,
    entry: &Entry,
    clock: &Clock,
    noted: Noted<'_>,
    (accepted, lifecycle): (&Notify, &Lifecycle),
) -> bool {
    let counts = noted.counts;
    // One that cannot be used has been told of.
    let Ok(live) = &entry.state else { return true };
    let subject = Subject { row: entry.row(), connection: &live.connection };
    let outcome = async {
        let is_settled = reconcile(keeper, subject, clock, noted).await?;
        let (new, outcome) = fill(keeper, subject, clock).await;
        counts.change(|tallied| tallied.found += new);
        if new > 0 {
            accepted.notify_one();
        }
        outcome.map(|has_new| (is_settled, is_settled && !has_new))
    };
    let (is_settled, can_wait) = match outcome.await {
        Ok(outcome) => outcome,
        // Nothing can be done for one that only receives, or has ended meanwhile, and nothing is wrong with it.
        Err(Unkept::NoCredentials | Unkept::Ended(_)) => return true,
        Err(why) => {
            if why.is_revoked() {
                lifecycle.note_refused(entry.row()).await;
            }
            tracing::warn!(connection = entry.id(), %why, "webhooks, or what they missed, could not be looked at");
            (false, !why.may_pass())
        }
    };
    counts.change(|tallied| if is_settled { tallied.settled += 1 } else { tallied.failed += 1 });
    can_wait
}

async fn reconcile(
    keeper: &Keeper,
    subject: Subject<'_>,
    clock: &Clock,
    noted: Noted<'_>,
) -> Result<bool, Unkept> {
    let connection = &subject.row.id;
    let look = keeper.look(subject).await?;
    for conflict in &look.plan.conflicts {
        tracing::warn!(
            connection,
            event = conflict.event,
            reason = conflict.reason,
            "a webhook cannot be made"
        );
    }
    if look.contested > 0 {
        tracing::warn!(
            connection,
            webhooks = look.contested,
            "another process with another public address makes webhooks of this connection again: they are left \
             alone. Stop that process, or start both with the same --public-url; then run `connector triggers apply`"
        );
    }
    let done = keeper.apply(subject, &look, clock.now_ms()).await?;
    noted.standings.note(connection, &look, &done);
    if let Some(at) = done.iter().position(|one| one.failure.as_ref().is_some_and(Unkept::is_revoked)) {
        let refused = done.into_iter().nth(at).and_then(|one| one.failure);
        return refused.map_or(Ok(false), Err);
    }
    let mut failed = 0;
    for one in &done {
        let (step, event) = (one.step.word(), one.step.event());
        match &one.failure {
            None => tracing::info!(connection, step, event, "a webhook was put in order"),
            Some(why) => {
                failed += 1;
                tracing::warn!(connection, step, event, class = %why.class(), "a step failed; it is tried again");
            }
        }
    }
    let kept_up = || done.iter().filter(|one| one.step.word() != "delete");
    let active = look.plan.kept.len() + kept_up().filter(|one| one.failure.is_none()).count();
    let missing = look.plan.conflicts.len() + kept_up().filter(|one| one.failure.is_some()).count();
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    noted.counts.change(|tallied| {
        tallied.hooks.insert(connection.clone(), (number(active), number(missing)));
    });
    Ok(failed == 0)
}

/// Looks for what was missed in the gaps of a connection, of each trigger whatever became of the others; how many
/// activations are new, and whether a webhook is so new that another look must follow, or why the last search failed that
/// did.
async fn fill(keeper: &Keeper, subject: Subject<'_>, clock: &Clock) -> (u64, Result<bool, Unkept>) {
    let connection = &subject.row.id;
    let known = async {
        let storage = &keeper.storage;
        Ok::<_, StorageError>((storage.watermarks(connection).await?, storage.hooks(connection).await?))
    };
    let (marks, hooks) = match known.await {
        Ok(known) => known,
        Err(error) => return (0, Err(error.into())),
    };
    let subscription = keeper.connector.webhooks.and_then(|webhooks| webhooks.subscription);
    let is_new = |one| {
        searched(keeper.connector, subject.connection)
            .any(|trigger| super::is_new(&hooks, trigger.event, one, clock.now_ms()))
    };
    let mut outcome = Ok(subscription.as_ref().is_some_and(is_new));
    let mut all = 0;
    for trigger in searched(keeper.connector, subject.connection) {
        if !marks.iter().any(|mark| mark.trigger == trigger.id && mark.has_gap) {
            continue;
        }
        match backfill::search(keeper, subject, trigger, None, clock.now_ms()).await {
            Ok(Found { looked_at, new, known, .. }) => {
                let trigger = trigger.id;
                tracing::info!(connection, trigger, looked_at, new, known, "missed events were looked for");
                all += u64::try_from(new).unwrap_or(u64::MAX);
            }
            // Nothing more can be asked with a token that is refused, and nothing hides that.
            Err(why) if why.is_revoked() => return (all, Err(why)),
            Err(why) => outcome = Err(why),
        }
    }
    (all, outcome)
}

/// Acts on what an account tells of the connection itself.
pub(crate) struct Steward {
    /// Who ends connections.
    pub(crate) lifecycle: Arc<Lifecycle>,
    /// Who looks at a connection.
    pub(crate) wishes: mpsc::UnboundedSender<String>,
    /// Counts.
    pub(crate) counts: Arc<ReconcileCounts>,
}

impl ServiceEvents for Steward {
    fn uninstalled(&self, connection: &str, time: Option<i64>) -> StorageFuture<'_, ()> {
        let connection = connection.to_owned();
        Box::pin(async move {
            let told = Uninstalled { of: Whose::Connection(&connection), callback: None, at: time };
            if self.lifecycle.uninstalled(told).await? == Heard::Late {
                // Where it was true after all, the look that follows says so.
                tracing::warn!(connection, "it was changed since it is said to be uninstalled: not believed");
                drop(self.wishes.send(connection));
            }
            Ok(())
        })
    }

    fn failing(&self, connection: &str, told: &str) -> StorageFuture<'_, ()> {
        let (connection, told) = (connection.to_owned(), told.to_owned());
        Box::pin(async move {
            tracing::warn!(connection, "the store tells that deliveries fail: its webhooks are looked at");
            self.counts.change(|tallied| tallied.exceptions += 1);
            self.lifecycle.failing(&connection, &told).await?;
            // Nobody listens where the service stops.
            drop(self.wishes.send(connection));
            Ok(())
        })
    }
}

#[cfg(all(test, feature = "demo"))]
mod tests;
