//! What the service counts of itself, and the text in which Prometheus reads it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

mod actions;
mod deliveries;
mod histogram;

use histogram::Histogram;

use super::listener::ConnectionCounts;
use super::seats::Reason;
use crate::clock::Clock;
use crate::connections::DirectoryCounts;
use crate::receive::{OUTCOMES, Outcome, Tally};
use crate::storage::StorageCounts;
use crate::triggers::reconcile::ReconcileCounts;

/// A metric as the documentation lists it.
pub(super) struct Metric {
    pub(super) name: &'static str,
    pub(super) kind: &'static str,
    #[cfg_attr(not(test), expect(dead_code, reason = "for the documentation, which a test compares"))]
    pub(super) labels: &'static str,
    pub(super) help: &'static str,
}

const fn metric(name: &'static str, kind: &'static str, labels: &'static str, help: &'static str) -> Metric {
    Metric { name, kind, labels, help }
}

const WEBHOOKS: Metric = metric(
    "connector_webhooks_total",
    "counter",
    "outcome, reason",
    "Webhooks that were answered, by what became of them and why",
);
const ACTIVATIONS_ACCEPTED: Metric = metric(
    "connector_activations_accepted_total",
    "counter",
    "kind",
    "Activations that webhooks started: new, or known before",
);
const BODY_BYTES: Metric =
    metric("connector_webhook_body_bytes_total", "counter", "", "Bytes of the bodies that were read");
const WEBHOOK_SECONDS: Metric =
    metric("connector_webhook_duration_seconds", "histogram", "", "From a request's head to its answer");
const STORAGE_SECONDS: Metric = metric(
    "connector_storage_accept_duration_seconds",
    "histogram",
    "",
    "How long storage took to put activations on disk, or to say why not",
);
const ACTIVATIONS: Metric =
    metric("connector_activations", "gauge", "state", "Activations in storage, by where they stand");
const OLDEST: Metric = metric(
    "connector_oldest_activation_age_seconds",
    "gauge",
    "",
    "Age of the oldest activation that is not delivered; none where all are",
);
const RESERVE: Metric = metric(
    "connector_storage_reserve_bytes",
    "gauge",
    "",
    "Bytes of the disk that are allocated for deliveries; at least 8388608 when the reserve is whole",
);
const FULL: Metric = metric(
    "connector_storage_full",
    "gauge",
    "",
    "Whether new events are answered 503 because the disk has no room",
);
const STORAGE_UP: Metric = metric("connector_storage_up", "gauge", "", "Whether storage answers");
const COMMITS: Metric = metric(
    "connector_storage_commits_total",
    "counter",
    "",
    "Times that storage put changes on disk, many together where many came",
);
const CONNECTIONS: Metric = metric(
    "connector_connections",
    "gauge",
    "state",
    "Connections to accounts: those that work, those that only receive since their token was refused, and those that cannot be used",
);
const HOOKS: Metric = metric(
    "connector_triggers",
    "gauge",
    "state",
    "Webhooks of connections at their last look: active, and wanted but missing",
);
const RECONCILES: Metric = metric(
    "connector_reconciles_total",
    "counter",
    "outcome",
    "Looks at the webhooks of a connection, by whether all of it went well",
);
const BACKFILLED: Metric = metric(
    "connector_activations_backfilled_total",
    "counter",
    "",
    "Activations that a search of the service found and no webhook had told",
);
const EXCEPTIONS: Metric = metric(
    "connector_delivery_exceptions_total",
    "counter",
    "",
    "Times that an account told that deliveries to us fail, or that it switched a webhook off",
);
const OPEN: Metric = metric("connector_http_connections_open", "gauge", "", "HTTP connections that are open");
const REQUESTS: Metric = metric(
    "connector_http_requests_open",
    "gauge",
    "",
    "HTTP requests whose head was read and whose answer is not known yet",
);
const ACCEPTED: Metric =
    metric("connector_http_connections_total", "counter", "", "HTTP connections that were accepted");
const BROKEN: Metric = metric(
    "connector_http_connections_broken_total",
    "counter",
    "",
    "HTTP connections that ended by an error: no HTTP, too slow, or gone",
);
const HANDSHAKES_FAILED: Metric = metric(
    "connector_tls_handshakes_failed_total",
    "counter",
    "",
    "HTTP connections that ended before TLS was agreed on",
);
const CLOSED: Metric = metric(
    "connector_http_connections_closed_total",
    "counter",
    "reason",
    "HTTP connections that the service closed for others: heads_full, requests_full, address_share; or since the client did \
     not read its answer: slow_read",
);
const REFUSED: Metric = metric(
    "connector_http_requests_refused_total",
    "counter",
    "reason",
    "HTTP requests that were answered 503 since there was no place for them, by reason",
);
const DRAINING: Metric = metric("connector_draining", "gauge", "", "Whether the service is about to stop");
const LOG_DROPPED: Metric = metric(
    "connector_log_lines_dropped_total",
    "counter",
    "",
    "Log lines that were dropped because standard error was not read or is broken",
);
const INFO: Metric = metric("connector_info", "gauge", "version", "The version of the program");

/// Every metric, in the order of the text.
#[cfg(test)]
const METRICS: [&Metric; 30] = [
    &WEBHOOKS,
    &ACTIVATIONS_ACCEPTED,
    &BODY_BYTES,
    &WEBHOOK_SECONDS,
    &STORAGE_SECONDS,
    &deliveries::DELIVERIES,
    &deliveries::ATTEMPTS,
    &deliveries::SECONDS,
    &actions::ACTIONS,
    &ACTIVATIONS,
    &OLDEST,
    &COMMITS,
    &RESERVE,
    &FULL,
    &STORAGE_UP,
    &CONNECTIONS,
    &HOOKS,
    &RECONCILES,
    &BACKFILLED,
    &EXCEPTIONS,
    &OPEN,
    &REQUESTS,
    &ACCEPTED,
    &BROKEN,
    &HANDSHAKES_FAILED,
    &CLOSED,
    &REFUSED,
    &DRAINING,
    &LOG_DROPPED,
    &INFO,
];

/// The counts of a running service.
#[derive(Default)]
pub(super) struct Counts {
    /// The time.
    clock: Clock,
    webhooks: Mutex<BTreeMap<(&'static str, &'static str), u64>>,
    new: AtomicU64,
    repeated: AtomicU64,
    body_bytes: AtomicU64,
    webhook_durations: Histogram,
    storage_durations: Histogram,
    /// Counted where webhooks are kept.
    pub(super) reconciles: Arc<ReconcileCounts>,
    /// When and why storage refused a webhook, where it has taken none since.
    refusal: Mutex<Option<(Instant, &'static str)>>,
    deliveries: deliveries::Deliveries,
    actions: actions::Actions,
    /// Counted by the listener.
    pub(super) connections: Arc<ConnectionCounts>,
    /// Counted by the stream that writes the log.
    log_dropped: Arc<AtomicU64>,
}

/// What is asked for when the text is written.
pub(super) struct Now {
    /// None where storage does not answer.
    pub(super) storage: Option<StorageCounts>,
    /// Connections to accounts.
    pub(super) directory: DirectoryCounts,
    /// Whether the service is about to stop.
    pub(super) is_draining: bool,
    /// Milliseconds since the epoch.
    pub(super) now_ms: i64,
}

impl Tally for Counts {
    fn received(&self, outcome: &Outcome, body: usize, took: Duration) {
        let mut webhooks = self.webhooks.lock().unwrap_or_else(PoisonError::into_inner);
        *webhooks.entry((outcome.word(), outcome.reason())).or_default() += 1;
        drop(webhooks);
        let refusal = || self.refusal.lock().unwrap_or_else(PoisonError::into_inner);
        if let Outcome::Unavailable(reason) = outcome {
            *refusal() = Some((self.clock.instant(), reason));
        }
        if let Outcome::Accepted { new, repeated } = outcome {
            *refusal() = None;
            self.new.fetch_add(whole(*new), Ordering::Relaxed);
            self.repeated.fetch_add(whole(*repeated), Ordering::Relaxed);
        }
        self.body_bytes.fetch_add(whole(body), Ordering::Relaxed);
        self.webhook_durations.record(took);
    }

    fn stored(&self, took: Duration) {
        self.storage_durations.record(took);
    }
}

impl Counts {
    /// Counts from zero, with the number of dropped log lines that the log counts.
    pub(super) fn new(clock: Clock, log_dropped: Arc<AtomicU64>) -> Self {
        Self { clock, log_dropped, ..Self::default() }
    }

    /// Why storage refused the latest webhook that it was asked to keep, where that is no longer ago than `within`.
    pub(super) fn refusal(&self, within: Duration) -> Option<&'static str> {
        let refusal = *self.refusal.lock().unwrap_or_else(PoisonError::into_inner);
        refusal.filter(|(at, _)| self.clock.since(*at) < within).map(|(_, reason)| reason)
    }

    /// The text that Prometheus reads.
    pub(super) fn text(&self, now: &Now) -> String {
        let mut text = String::new();
        head(&mut text, &WEBHOOKS);
        for ((outcome, reason), count) in self.webhooks() {
            let reason = if reason.is_empty() { String::new() } else { format!(",reason=\"{reason}\"") };
            line(&mut text, WEBHOOKS.name, &format!("{{outcome=\"{outcome}\"{reason}}}"), count);
        }
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        labelled(
            &mut text,
            &ACTIVATIONS_ACCEPTED,
            "kind",
            &[("new", read(&self.new)), ("repeated", read(&self.repeated))],
        );
        single(&mut text, &BODY_BYTES, read(&self.body_bytes));
        self.webhook_durations.text(&mut text, &WEBHOOK_SECONDS);
        self.storage_durations.text(&mut text, &STORAGE_SECONDS);
        self.deliveries.text(&mut text);
        self.actions.text(&mut text);
        if let Some(storage) = &now.storage {
            storage_text(&mut text, storage, now.now_ms);
        }
        single(&mut text, &STORAGE_UP, now.storage.is_some().into());
        let DirectoryCounts { ready, refused, unusable } = now.directory;
        let states = [("ready", whole(ready)), ("refused", whole(refused)), ("unusable", whole(unusable))];
        labelled(&mut text, &CONNECTIONS, "state", &states);
        let reconciles = self.reconciles.now();
        let (active, missing) = reconciles.hooks();
        labelled(&mut text, &HOOKS, "state", &[("active", active), ("missing", missing)]);
        let outcomes = [("settled", reconciles.settled), ("failed", reconciles.failed)];
        labelled(&mut text, &RECONCILES, "outcome", &outcomes);
        single(&mut text, &BACKFILLED, reconciles.found);
        single(&mut text, &EXCEPTIONS, reconciles.exceptions);
        let connections = &self.connections;
        single(&mut text, &OPEN, read(&connections.open));
        single(&mut text, &REQUESTS, read(&connections.requests));
        single(&mut text, &ACCEPTED, read(&connections.accepted));
        single(&mut text, &BROKEN, read(&connections.broken));
        single(&mut text, &HANDSHAKES_FAILED, read(&connections.handshakes_failed));
        labelled(&mut text, &CLOSED, "reason", &connections.closed.now(&Reason::TO_CLOSE));
        labelled(&mut text, &REFUSED, "reason", &connections.refused.now(&Reason::TO_REFUSE));
        single(&mut text, &DRAINING, now.is_draining.into());
        single(&mut text, &LOG_DROPPED, read(&self.log_dropped));
        labelled(&mut text, &INFO, "version", &[(env!("CARGO_PKG_VERSION"), 1)]);
        text
    }

    /// The counts of webhooks; outcomes without reasons are there from the start, so that their rates are.
    fn webhooks(&self) -> BTreeMap<(&'static str, &'static str), u64> {
        let mut all: BTreeMap<_, _> = OUTCOMES
            .iter()
            .filter(|(word, ..)| !["rejected", "no_event", "unavailable"].contains(word))
            .map(|(word, ..)| ((*word, ""), 0))
            .collect();
        all.extend(self.webhooks.lock().unwrap_or_else(PoisonError::into_inner).iter());
        all
    }
}

fn storage_text(text: &mut String, counts: &StorageCounts, now_ms: i64) {
    let StorageCounts { waiting, leased, dead, delivered, suppressed, oldest_ms, commits, .. } = *counts;
    let states = [
        ("waiting", waiting),
        ("leased", leased),
        ("dead", dead),
        ("delivered", delivered),
        ("suppressed", suppressed),
    ];
    labelled(text, &ACTIVATIONS, "state", &states);
    if let Some(oldest_ms) = oldest_ms {
        let age = u64::try_from(now_ms.saturating_sub(oldest_ms)).unwrap_or(0);
        head(text, &OLDEST);
        line(text, OLDEST.name, "", Duration::from_millis(age).as_secs_f64());
    }
    single(text, &COMMITS, commits);
    if let Some(bytes) = counts.reserve_bytes {
        single(text, &RESERVE, bytes);
    }
    single(text, &FULL, counts.is_full.into());
}

fn head(text: &mut String, metric: &Metric) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "# HELP {} {}\n# TYPE {} {}", metric.name, metric.help, metric.name, metric.kind);
}

fn line(text: &mut String, name: &str, labels: &str, value: impl std::fmt::Display) {
    let _ = writeln!(text, "{name}{labels} {value}");
}

fn single(text: &mut String, metric: &Metric, value: u64) {
    head(text, metric);
    line(text, metric.name, "", value);
}

fn labelled(text: &mut String, metric: &Metric, label: &str, values: &[(&str, u64)]) {
    head(text, metric);
    for (name, value) in values {
        line(text, metric.name, &format!("{{{label}=\"{name}\"}}"), value);
    }
}

fn whole(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now(storage: Option<StorageCounts>) -> Now {
        Now {
            storage,
            directory: DirectoryCounts { ready: 2, refused: 3, unusable: 1 },
            is_draining: false,
            now_ms: 9_500,
        }
    }

    fn has(text: &str, wanted: &str) -> bool {
        text.lines().any(|line| line == wanted)
    }

    #[test]
    fn webhooks_are_counted_by_outcome_and_reason() {
        let counts = Counts::default();
        let took = Duration::from_millis(3);
        counts.received(&Outcome::Accepted { new: 2, repeated: 1 }, 100, took);
        counts.received(&Outcome::Rejected("stale"), 20, took);
        counts.received(&Outcome::Rejected("stale"), 0, Duration::from_secs(11));
        let text = counts.text(&now(None));
        for line in [
            "connector_webhooks_total{outcome=\"accepted\"} 1",
            "connector_webhooks_total{outcome=\"rejected\",reason=\"stale\"} 2",
            "connector_webhooks_total{outcome=\"unwanted\"} 0",
            "connector_activations_accepted_total{kind=\"new\"} 2",
            "connector_activations_accepted_total{kind=\"repeated\"} 1",
            "connector_webhook_body_bytes_total 120",
            "connector_webhook_duration_seconds_bucket{le=\"0.0025\"} 0",
            "connector_webhook_duration_seconds_bucket{le=\"0.005\"} 2",
            "connector_webhook_duration_seconds_bucket{le=\"10\"} 2",
            "connector_webhook_duration_seconds_bucket{le=\"+Inf\"} 3",
            "connector_webhook_duration_seconds_sum 11.006",
            "connector_webhook_duration_seconds_count 3",
            "connector_storage_up 0",
            "connector_connections{state=\"unusable\"} 1",
        ] {
            assert!(has(&text, line), "{line} is missing in\n{text}");
        }
    }

    #[test]
    fn storage_is_told_as_it_stands() {
        let stored = StorageCounts {
            waiting: 3,
            leased: 1,
            dead: 2,
            delivered: 7,
            suppressed: 4,
            oldest_ms: Some(5_000),
            commits: 8,
            reserve_bytes: Some(1_048_576),
            is_full: true,
        };
        let text = Counts::default().text(&now(Some(stored)));
        for line in [
            "connector_activations{state=\"waiting\"} 3",
            "connector_activations{state=\"dead\"} 2",
            "connector_activations{state=\"suppressed\"} 4",
            "connector_oldest_activation_age_seconds 4.5",
            "connector_storage_commits_total 8",
            "connector_storage_reserve_bytes 1048576",
            "connector_storage_full 1",
            "connector_storage_up 1",
        ] {
            assert!(has(&text, line), "{line} is missing in\n{text}");
        }
    }

    #[test]
    fn every_metric_has_its_help_and_its_row_in_the_documentation() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/serve.md");
        let page = std::fs::read_to_string(path).unwrap();
        let all_known = StorageCounts { oldest_ms: Some(1), reserve_bytes: Some(1), ..Default::default() };
        let text = Counts::default().text(&now(Some(all_known)));
        let mut table = "| metric | kind | labels | what it is |\n|---|---|---|---|\n".to_owned();
        for Metric { name, kind, labels, help } in METRICS {
            assert!(has(&text, &format!("# TYPE {name} {kind}")), "{name}");
            let labels = if labels.is_empty() { "–" } else { labels };
            table.push_str(&format!("| `{name}` | {kind} | {labels} | {help} |\n"));
        }
        assert_eq!(text.matches("# TYPE").count(), METRICS.len());
        assert!(page.contains(&table), "docs/serve.md must hold this table:\n\n{table}");
        let mut words = "| outcome | status | when |\n|---|---|---|\n".to_owned();
        for (word, status, when) in OUTCOMES {
            words.push_str(&format!("| `{word}` | {status} | {when} |\n"));
        }
        assert!(page.contains(&words), "docs/serve.md must hold this table:\n\n{words}");
    }
}
