//! A window as text, for stores that other processes read.

use std::borrow::Cow;
use std::time::Duration;

use super::window::{Lease, Open, Window};

/// Written first, so that a process of another version does not misread the rest.
const VERSION: u8 = 2;

/// Moments and lengths in microseconds.
type Micros = u64;
type OpenRecord = ((Micros, Micros, u32), (u32, u32, u32, u32), (Micros, Micros));
type LeaseRecord<'a> = (u64, Option<Cow<'a, str>>, (Micros, Micros), (bool, bool));
type Record<'a> = (
    u8,
    (Option<u32>, Option<Micros>),
    Option<OpenRecord>,
    (Option<Micros>, Micros, u32, bool),
    (bool, Option<u32>, u32, u8),
    (u64, Vec<LeaseRecord<'a>>),
);

impl Window {
    /// The window as one line of JSON.
    #[must_use]
    pub fn to_text(&self) -> String {
        let open = |open: &Open| {
            let Open { ends_after, ends_by, resets, left, allowance, sent, doubtful, opened, told } = *open;
            let ends = (micros(ends_after), micros(ends_by), resets);
            (ends, (left, allowance, sent, doubtful), (micros(opened), micros(told)))
        };
        let lease = |lease: &'_ Lease| -> LeaseRecord<'static> {
            let moments = (micros(lease.sent), micros(lease.expires));
            (lease.id, lease.operation.clone(), moments, (lease.is_probe, lease.is_lost))
        };
        let record: Record<'_> = (
            VERSION,
            (self.quota, self.length.map(micros)),
            self.open.as_ref().map(open),
            (self.closed_until.map(micros), micros(self.closed_at), self.bare_refusals, self.is_suspect),
            (self.is_unmetered, self.concurrency, self.calm, self.wary),
            (self.next_lease, self.leases.iter().map(lease).collect()),
        );
        // Numbers and text are always JSON.
        serde_json::to_string(&record).unwrap_or_default()
    }

    /// The window of a text that [`Window::to_text`] wrote; `None` of any other.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let record: Record<'_> = serde_json::from_str(text).ok()?;
        let (version, (quota, length), open, closed, care, (next_lease, leases)) = record;
        let (is_unmetered, concurrency, calm, wary) = care;
        let (closed_until, closed_at, bare_refusals, is_suspect) = closed;
        let opened = |((ends_after, ends_by, resets), numbers, (opened, told)): OpenRecord| {
            let (left, allowance, sent, doubtful) = numbers;
            Open {
                ends_after: duration(ends_after),
                ends_by: duration(ends_by),
                resets,
                left,
                allowance,
                sent,
                doubtful,
                opened: duration(opened),
                told: duration(told),
            }
        };
        let lease = |(id, operation, (sent, expires), (is_probe, is_lost)): LeaseRecord<'_>| Lease {
            id,
            operation: operation.map(|name| Cow::Owned(name.into_owned())),
            sent: duration(sent),
            expires: duration(expires),
            is_probe,
            is_lost,
        };
        let window = Self {
            quota,
            length: length.map(duration),
            open: open.map(opened),
            closed_until: closed_until.map(duration),
            closed_at: duration(closed_at),
            bare_refusals,
            is_suspect,
            is_unmetered,
            concurrency,
            calm,
            wary,
            leases: leases.into_iter().map(lease).collect(),
            next_lease,
        };
        (version == VERSION).then_some(window)
    }
}

fn micros(length: Duration) -> Micros {
    Micros::try_from(length.as_micros()).unwrap_or(Micros::MAX)
}

fn duration(micros: Micros) -> Duration {
    Duration::from_micros(micros)
}
