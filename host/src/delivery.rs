//! Delivers activations: leases what is due, reads whole resources where they are wanted, sends, and says what became of it.
//! Everything is delivered at least once; a receiver knows repeats by their id.

use std::sync::Arc;
use std::time::Duration;

use connector_runtime::{Class, Connector};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout_at};

use crate::activation::{CloudEvent, Full};
use crate::clock::Clock;
use crate::connections::{Directory, Lifecycle, ended};
use crate::loops::Loops;
use crate::storage::{Cause, LeaseRequest, Leased, Storage, StorageError};

mod decision;
mod ending;
pub(crate) mod guard;
mod http;
pub(crate) mod lines;
mod own;
pub(crate) mod pull;
pub(crate) mod reading;
pub(crate) mod settings;
pub(crate) mod signing;
#[cfg(test)]
mod tests;

pub(crate) use decision::Failed;
use decision::{Attempt, Decision, age, decide, later};
pub(crate) use ending::Ending;
use ending::tell;
use http::HttpSink;
use lines::{LinesSink, Output, Unwritten};
use reading::{Reader, Reading};
use settings::Rest;

/// How long the loop sleeps at most: another process may have replayed something.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// The wait after storage has failed.
const PAUSE: Duration = Duration::from_millis(500);

/// How often a connection is looked for: another process may just be adding it.
const LOOKS: u32 = 3;

/// How often storage is asked to note what became of an attempt, before its lease has to end by itself.
const NOTES: u32 = 10;

/// Where events go.
pub(crate) enum Sink {
    /// To receivers.
    Http(HttpSink),
    /// To standard output.
    Lines(LinesSink),
}

impl Sink {
    /// Where events are written as lines; `None` if they go to receivers.
    pub(crate) fn output(&self) -> Option<Arc<Output>> {
        match self {
            Self::Http(_) => None,
            Self::Lines(lines) => Some(Arc::clone(lines.output())),
        }
    }

    /// Whether an event that is leased now could not be sent.
    fn is_held_up(&self) -> bool {
        matches!(self, Self::Lines(lines) if lines.output().is_held_up())
    }
}

/// Why an event was not sent.
enum Unsent {
    /// The attempt failed.
    Failed(Failed),
    /// The output of this host takes no events.
    Unwritten(Unwritten),
}

/// Where deliveries are counted.
pub(crate) trait DeliveryTally: Send + Sync {
    /// An attempt came to its end after so long, reading included.
    fn attempted(&self, ending: Ending, took: Duration);
}

/// Everything that delivers.
pub(crate) struct Delivery {
    /// Whose events they are.
    pub(crate) connector: &'static Connector,
    /// Where they are kept.
    pub(crate) storage: Arc<dyn Storage>,
    /// The connections.
    pub(crate) directory: Arc<Directory>,
    /// Reads whole resources.
    pub(crate) reader: Reader,
    /// Who marks a connection whose credentials are refused.
    pub(crate) lifecycle: Arc<Lifecycle>,
    /// Knows own changes again.
    pub(crate) loops: Loops,
    /// How much and how long.
    pub(crate) settings: Rest,
    /// The time.
    pub(crate) clock: Clock,
    /// Chance, from 0 to 1.
    pub(crate) jitter: Box<dyn Fn() -> f64 + Send + Sync>,
    /// Wakes the loop.
    pub(crate) wake: Arc<Notify>,
    /// Counts.
    pub(crate) tally: Arc<dyn DeliveryTally>,
}

/// An activation as its connection wants it, or not yet.
enum Prepared {
    Ready(Full, Option<Cause>),
    /// It is not wanted, and was told to storage.
    Suppressed(Option<Ending>),
    Later(Later),
}

/// Why an activation is not ready, and until when.
struct Later {
    wait: Duration,
    class: &'static str,
    text: String,
    /// Whether something was tried. What waits for this host itself must not use up the attempts of its receiver.
    is_attempt: bool,
}

impl Delivery {
    /// Delivers until `stopping` is true, then lets what is under way end within a limit; whether all did. What is cut off is
    /// leased until its lease ends, and then due again.
    pub(crate) async fn run(
        self: Arc<Self>,
        sink: Sink,
        mut stopping: watch::Receiver<bool>,
        within: Duration,
    ) -> bool {
        self.end_leases().await;
        let sink = Arc::new(sink);
        let mut running = JoinSet::new();
        while !*stopping.borrow() {
            while running.try_join_next().is_some() {}
            let busy = u32::try_from(running.len()).unwrap_or(u32::MAX);
            let free = self.settings.concurrency.saturating_sub(busy);
            let pause = match self.fill(free, &sink, &mut running).await {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::error!(%error, "the storage gives out nothing to deliver; trying again");
                    PAUSE
                }
            };
            let is_busy = !running.is_empty();
            tokio::select! {
                _ = running.join_next(), if is_busy => {}
                // With every place taken there is nothing to wake up for.
                () = self.wake.notified(), if (running.len() as u64) < u64::from(self.settings.concurrency) => {}
                () = sleep(pause) => {}
                changed = stopping.changed() => if changed.is_err() { break },
            }
        }
        let ends = self.clock.instant() + within;
        while let Ok(Some(_)) = timeout_at(ends, running.join_next()).await {}
        running.is_empty()
    }

    /// What was under way when this host was killed is due at once, and does not hold up its connection for a minute.
    async fn end_leases(&self) {
        match self.storage.end_leases(self.clock.now_ms()).await {
            Ok(0) => {}
            Ok(leases) => tracing::info!(leases, "deliveries that were cut off are made again"),
            Err(error) => tracing::warn!(%error, "leases of before go on until they end by themselves"),
        }
    }

    /// Leases for the places that are free, and starts; how long nothing else will be due.
    async fn fill(
        self: &Arc<Self>,
        free: u32,
        sink: &Arc<Sink>,
        running: &mut JoinSet<()>,
    ) -> Result<Duration, StorageError> {
        if free == 0 || sink.is_held_up() {
            return Ok(LONGEST_SLEEP);
        }
        let now_ms = self.clock.now_ms();
        let request = LeaseRequest {
            limit: free,
            per_connection: self.settings.per_connection,
            duration: self.lease(),
            now_ms,
        };
        let leased = self.storage.lease(request).await?;
        let is_full = leased.len() as u64 >= u64::from(free);
        for one in leased {
            let (delivery, sink) = (Arc::clone(self), Arc::clone(sink));
            running.spawn(async move { delivery.deliver(one, &sink).await });
        }
        if is_full {
            return Ok(LONGEST_SLEEP);
        }
        let due = self.storage.next_due(now_ms).await?;
        let wait = due.map(|due| u64::try_from(due.saturating_sub(self.clock.now_ms())).unwrap_or(0));
        Ok(wait.map_or(LONGEST_SLEEP, |wait| Duration::from_millis(wait.max(1)).min(LONGEST_SLEEP)))
    }

    /// How long leases last, so that no attempt outlives its own: after a kill, that is how long it is not repeated.
    fn lease(&self) -> Duration {
        let is_read = self.settings.full_resource || self.directory.wants_full_resources();
        self.settings.lease + if is_read { reading::LIMIT } else { Duration::ZERO }
    }

    /// One attempt, from lease to note.
    async fn deliver(&self, leased: Leased, sink: &Sink) {
        let began = self.clock.instant();
        let ending = match self.prepare(&leased).await {
            Prepared::Later(later) => self.postpone(&leased, &later).await,
            Prepared::Suppressed(ending) => ending,
            Prepared::Ready(full, cause) => match self.send(&leased, &full, cause.as_ref(), sink).await {
                Ok(()) => self.delivered(&leased).await,
                Err(Unsent::Failed(failed)) => self.failed(&leased, &failed).await,
                Err(Unsent::Unwritten(Unwritten { text, wait })) => {
                    let later = Later { wait, class: "output", text, is_attempt: false };
                    self.postpone(&leased, &later).await
                }
            },
        };
        let took = self.clock.since(began);
        if let Some(ending) = ending {
            self.tally.attempted(ending, took);
            tell(&leased, ending, took);
        }
    }

    async fn send(
        &self,
        leased: &Leased,
        full: &Full,
        cause: Option<&Cause>,
        sink: &Sink,
    ) -> Result<(), Unsent> {
        let activation = &leased.activation;
        let event = CloudEvent::new(self.connector.id, activation, full).with_cause(cause);
        match sink {
            Sink::Lines(lines) => lines.send(&event).await.map_err(Unsent::Unwritten),
            Sink::Http(http) => {
                // Without the connection nobody knows where it wanted them, and the default may be somebody else.
                let settings = self.directory.settings(&activation.connection).ok_or_else(|| {
                    let failed = Failed::passing("no_connection", "its connection was removed");
                    Unsent::Failed(Failed { is_final: leased.attempt >= LOOKS, ..failed })
                })?;
                let own = settings.deliver_to.as_deref();
                http.send(&activation.id, &event, own, self.clock.now_ms()).await.map_err(Unsent::Failed)
            }
        }
    }

    /// Looks whether it tells of an own change, and reads the whole resource where it is wanted.
    async fn prepare(&self, leased: &Leased) -> Prepared {
        match self.own_change(leased).await {
            Ok(cause) => self.complete(leased, cause).await,
            Err(otherwise) => otherwise,
        }
    }

    async fn complete(&self, leased: &Leased, cause: Option<Cause>) -> Prepared {
        let activation = &leased.activation;
        let wanted =
            self.directory.settings(&activation.connection).and_then(|settings| settings.full_resource);
        if !wanted.unwrap_or(self.settings.full_resource) {
            return Prepared::Ready(Full::Unasked, cause);
        }
        let entry = self.directory.of_id(&activation.connection);
        if let Some(advice) = entry.as_ref().and_then(|entry| ended(entry.row())) {
            let class = Class::AuthRevoked.as_str();
            return Prepared::Ready(Full::Missing { class, message: advice.to_owned() }, cause);
        }
        let Some((entry, live)) = entry.as_ref().and_then(|entry| Some((entry, entry.state.as_ref().ok()?)))
        else {
            let message = "the connection was removed, or cannot be used".to_owned();
            return Prepared::Ready(Full::Missing { class: "no_connection", message }, cause);
        };
        match self.reader.read(activation, &live.connection, leased.attempt).await {
            Reading::Done(full) => {
                if matches!(&full, Full::Missing { class, .. } if *class == Class::AuthRevoked.as_str()) {
                    self.lifecycle.note_refused(entry.row()).await;
                }
                Prepared::Ready(full, cause)
            }
            // Half of the time is left for the receiver.
            Reading::Later { class, message, .. }
                if age(&self.attempt(leased)) >= self.settings.limits.age / 2 =>
            {
                Prepared::Ready(Full::Missing { class, message }, cause)
            }
            Reading::Later { wait, class, message } => {
                Prepared::Later(Later { wait, class, text: format!("{class}: {message}"), is_attempt: true })
            }
        }
    }

    fn attempt(&self, leased: &Leased) -> Attempt {
        Attempt {
            number: leased.attempt,
            received_ms: leased.activation.received_ms,
            now_ms: self.clock.now_ms(),
            jitter: (self.jitter)(),
        }
    }

    async fn delivered(&self, leased: &Leased) -> Option<Ending> {
        let id = &leased.activation.id;
        let note = || self.storage.acknowledge(id, leased.lease, self.clock.now_ms());
        self.noted(leased, Ending::Delivered, note).await
    }

    async fn postpone(&self, leased: &Leased, reason: &Later) -> Option<Ending> {
        let (id, lease, text) = (&leased.activation.id, leased.lease, &reason.text);
        let now_ms = self.clock.now_ms();
        let not_before = later(now_ms, reason.wait);
        let note = || match reason.is_attempt {
            true => self.storage.retry_later(id, lease, not_before, text, now_ms),
            false => self.storage.postpone(id, lease, not_before, text, now_ms),
        };
        self.noted(leased, Ending::Postponed(reason.class), note).await
    }

    async fn failed(&self, leased: &Leased, failed: &Failed) -> Option<Ending> {
        let id = &leased.activation.id;
        let attempt = self.attempt(leased);
        match decide(failed, &attempt, self.settings.limits) {
            Decision::Bury => {
                let note = || self.storage.bury(id, leased.lease, &failed.text, attempt.now_ms);
                self.noted(leased, Ending::Dead(failed.kind), note).await
            }
            Decision::RetryAt(moment) => {
                let text = &failed.text;
                let note = || self.storage.retry_later(id, leased.lease, moment, text, attempt.now_ms);
                self.noted(leased, Ending::Failed(failed.kind), note).await
            }
        }
    }

    /// Has storage note something; nothing where it could not, so that the lease ends by itself and all is done again.
    async fn noted<'a>(
        &self,
        leased: &Leased,
        ending: Ending,
        note: impl Fn() -> crate::storage::StorageFuture<'a, bool>,
    ) -> Option<Ending> {
        for _ in 0..NOTES {
            match note().await {
                Ok(true) => return Some(ending),
                Ok(false) => return Some(Ending::Lost),
                Err(error) if error.is_temporary() => sleep(PAUSE).await,
                Err(error) => {
                    tracing::error!(%error, activation = leased.activation.id, "storage cannot note an attempt");
                    return None;
                }
            }
        }
        tracing::warn!(
            activation = leased.activation.id,
            "storage had no time to note an attempt; it will be repeated"
        );
        None
    }
}
