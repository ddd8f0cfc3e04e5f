//! A simulated server: a meter behind a network that takes time, and the faults of real ones.

use std::future::pending;
use std::sync::Mutex;
use std::time::Duration;

use connector_runtime::pacing::{Clock as _, Ending, Observation, SystemClock};
use connector_runtime::{QuotaHeaders, WaitHeader, WaitUnit};
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::Instant;

use super::meter::{Count, Meter};

const HEADERS: QuotaHeaders = QuotaHeaders {
    quota: "X-Quota",
    left: "X-Left",
    window: WaitHeader { name: "X-Window-Ms", unit: WaitUnit::Milliseconds },
    reset: WaitHeader { name: "X-Reset-Ms", unit: WaitUnit::Milliseconds },
};

/// What goes wrong.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Faults {
    /// One in so many requests is never answered.
    pub(crate) hangs: Option<u32>,
    /// One in so many requests is refused with nothing said.
    pub(crate) bare: Option<u32>,
    /// Between these moments all are refused with nothing said.
    pub(crate) overloaded: Option<(Duration, Duration)>,
    /// More at once than this are refused with nothing said.
    pub(crate) at_once: Option<usize>,
    /// Changes the headers of the answer with this number, counted from zero.
    pub(crate) headers: Option<fn(u64, &mut HeaderMap)>,
}

/// The server.
pub(crate) struct Server {
    start: Instant,
    latency: Duration,
    faults: Faults,
    state: Mutex<State>,
}

struct State {
    meter: Meter,
    chance: fastrand::Rng,
    at_once: usize,
    requests: u64,
    refusals: Vec<u32>,
}

impl Server {
    /// A server that begins now. `latency` is the time there and back; a quarter of it more or less by chance.
    pub(crate) fn new(meter: Meter, latency: Duration, faults: Faults, seed: u64) -> Self {
        let chance = fastrand::Rng::with_seed(seed);
        let state = State { meter, chance, at_once: 0, requests: 0, refusals: Vec::new() };
        Self { start: Instant::now(), latency, faults, state: Mutex::new(state) }
    }

    /// Sends a request and says how it ended.
    pub(crate) async fn call(&self) -> Ending {
        self.travel().await;
        let now = self.start.elapsed();
        let answer = self.answer(now);
        let Some((is_accepted, headers)) = answer else { return pending().await };
        self.travel().await;
        self.state.lock().expect("nobody panics with it").at_once -= 1;
        let seen = Observation::read(&HEADERS, &headers, jiff::Timestamp::UNIX_EPOCH);
        if is_accepted {
            return Ending::Answered(seen);
        }
        let reset = headers.get(HEADERS.reset.name).and_then(|value| value.to_str().ok()?.parse().ok());
        let wait = reset.map(Duration::from_millis).filter(|wait| !wait.is_zero());
        Ending::Refused { seen, wait }
    }

    /// Requests so far.
    pub(crate) fn requests(&self) -> u64 {
        self.state.lock().expect("nobody panics with it").requests
    }

    /// Refusals so far, by window.
    pub(crate) fn refusals(&self) -> Vec<u32> {
        self.state.lock().expect("nobody panics with it").refusals.clone()
    }

    async fn travel(&self) {
        let chance = self.state.lock().expect("nobody panics with it").chance.f64();
        // Timers tick in milliseconds.
        let way = (self.latency / 2).mul_f64(0.75 + 0.5 * chance).as_secs_f64() * 1e3;
        SystemClock::new().sleep(Duration::from_millis(way.round() as u64)).await;
    }

    /// Whether the request is accepted, and the headers; none for one that hangs.
    fn answer(&self, now: Duration) -> Option<(bool, HeaderMap)> {
        let mut state = self.state.lock().expect("nobody panics with it");
        let number = state.requests;
        state.requests += 1;
        let mut one_in = |many: Option<u32>| many.is_some_and(|many| state.chance.u32(0..many) == 0);
        let hangs = one_in(self.faults.hangs);
        let is_bare = one_in(self.faults.bare)
            || self.faults.overloaded.is_some_and(|(from, to)| from <= now && now < to)
            || self.faults.at_once.is_some_and(|most| state.at_once >= most);
        let count = (!is_bare).then(|| state.meter.take(now));
        if hangs {
            return None;
        }
        state.at_once += 1;
        let is_accepted = count.is_some_and(|count| count.is_accepted);
        if !is_accepted {
            let window = count.map_or(0, |count| count.window);
            let windows = state.refusals.len().max(window + 1);
            state.refusals.resize(windows, 0);
            state.refusals[window] += 1;
        }
        let mut headers = count.map(|count| headers(&count, &state.meter)).unwrap_or_default();
        if let Some(change) = self.faults.headers {
            change(number, &mut headers);
        }
        Some((is_accepted, headers))
    }
}

fn headers(count: &Count, meter: &Meter) -> HeaderMap {
    let values = [
        (HEADERS.quota, u128::from(meter.quota.count)),
        (HEADERS.left, u128::from(count.left)),
        (HEADERS.window.name, meter.quota.length.as_millis()),
        (HEADERS.reset.name, count.reset.as_millis()),
    ];
    let header = |(name, value): (&str, u128)| {
        (
            HeaderName::try_from(name).expect("what the test is made of"),
            HeaderValue::try_from(value.to_string()).expect("what the test is made of"),
        )
    };
    values.map(header).into_iter().collect()
}
