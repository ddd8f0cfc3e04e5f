//! What is measured: the ways in which a store limits its callers, and who calls it.

use std::time::Duration;

use bigcommerce_sandbox::{Misbehaviour, Rate};

/// Requests that a window allows, at every scale.
pub(crate) const QUOTA: u32 = 150;

/// How long a window and an answer take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    /// The length of a window.
    pub(crate) window: Duration,
    /// How long an answer takes.
    pub(crate) latency_ms: u32,
    /// Whether refusals tell the wait in whole seconds too: scaled down, these would be longer than windows.
    pub(crate) tells_seconds: bool,
    /// Whether runs may take place at the same time: their windows are long enough for it.
    pub(crate) runs_at_once: bool,
}

impl Scale {
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "real" => Some(Self {
                window: Duration::from_secs(30),
                latency_ms: 60,
                tells_seconds: true,
                runs_at_once: true,
            }),
            "scaled" => Some(Self {
                window: Duration::from_secs(1),
                latency_ms: 2,
                tells_seconds: false,
                runs_at_once: false,
            }),
            _ => None,
        }
    }

    /// A length that is meant for windows of 30 seconds, in this scale.
    pub(crate) fn scaled(self, length: Duration) -> Duration {
        length.mul_f64(self.window.as_secs_f64() / 30.0)
    }
}

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Crowd {
    /// One process of so many workers.
    One(usize),
    /// Processes of so many workers each.
    Many {
        /// How many processes.
        processes: usize,
        /// Workers of each.
        workers: usize,
    },
}

impl Crowd {
    pub(crate) fn processes(self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Many { processes, .. } => processes,
        }
    }

    /// Workers of each process.
    pub(crate) fn workers(self) -> usize {
        match self {
            Self::One(workers) | Self::Many { workers, .. } => workers,
        }
    }

    pub(crate) fn label(self) -> String {
        match self {
            Self::One(workers) => workers.to_string(),
            Self::Many { processes, workers } => format!("{processes} x {workers}"),
        }
    }
}

/// What happens beside the requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Event {
    Nothing,
    /// Half of the first window's quota and half of its time are gone before the start.
    StartsInside,
    /// Five times in a window, for a fiftieth of its length, everything is answered 429 without a header.
    Overloads,
    /// The processes share what they know of the quota.
    Shares,
    /// They share it, and one is killed when half of the requests are done.
    SharesAndKills,
}

/// One way in which a store limits its callers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// How the store misbehaves, but for its latency.
    pub(crate) habits: fn() -> Misbehaviour,
    pub(crate) event: Event,
    pub(crate) crowds: &'static [Crowd],
}

const ALONE: &[Crowd] = &[Crowd::One(8), Crowd::One(64)];
const CROWD: &[Crowd] = &[Crowd::Many { processes: 4, workers: 16 }];

const fn alone(name: &'static str, event: Event, habits: fn() -> Misbehaviour) -> Scenario {
    Scenario { name, habits, event, crowds: ALONE }
}

const fn crowd(name: &'static str, event: Event) -> Scenario {
    Scenario { name, habits: Misbehaviour::default, event, crowds: CROWD }
}

/// All scenarios.
pub(crate) const SCENARIOS: &[Scenario] = &[
    alone("plain", Event::Nothing, Misbehaviour::default),
    alone("inside", Event::StartsInside, Misbehaviour::default),
    alone("foreign", Event::Nothing, || Misbehaviour {
        foreign_requests: QUOTA / 2,
        foreign_every: 2,
        ..Misbehaviour::default()
    }),
    alone("lag", Event::Nothing, || Misbehaviour { left_lags_by: 20, ..Misbehaviour::default() }),
    alone("sliding", Event::Nothing, || Misbehaviour { sliding_window: true, ..Misbehaviour::default() }),
    alone("rejections", Event::Nothing, || Misbehaviour {
        rejections_count: true,
        ..Misbehaviour::default()
    }),
    alone("all-three", Event::Nothing, || Misbehaviour {
        left_lags_by: 20,
        sliding_window: true,
        rejections_count: true,
        ..Misbehaviour::default()
    }),
    alone("bare", Event::Overloads, Misbehaviour::default),
    alone("missing", Event::Nothing, || Misbehaviour {
        headers_missing_rate: share(1.0),
        ..Misbehaviour::default()
    }),
    alone("nonsense", Event::Nothing, || Misbehaviour {
        headers_nonsense_rate: share(1.0),
        ..Misbehaviour::default()
    }),
    alone("mixed", Event::Nothing, || Misbehaviour {
        headers_missing_rate: share(0.3),
        headers_nonsense_rate: share(0.3),
        ..Misbehaviour::default()
    }),
    crowd("sharing", Event::Shares),
    crowd("apart", Event::Nothing),
    crowd("killed", Event::SharesAndKills),
];

fn share(share: f64) -> Rate {
    Rate::new(share).unwrap_or_default()
}
