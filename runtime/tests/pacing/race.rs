//! Workers that send requests through gates as fast as these let them, and what came of it.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use connector_runtime::BoxFuture;
use connector_runtime::pacing::{
    Clock, Ending, Gate, Gates, Moment, SystemClock, Waits, Window, WindowStore, WindowStoreError,
};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::meter::{Edges, Foreign, Meter, Quota};
use super::server::{Faults, Server};

pub(crate) const WAITS: Waits = Waits { overload: Duration::from_secs(1), max: Duration::from_secs(120) };

/// No race lasts longer than so many times the ideal, and an hour.
const GIVE_UP: u32 = 100;

/// Paused time, with chance that repeats.
pub(crate) struct PausedClock {
    start: Instant,
    chance: Mutex<fastrand::Rng>,
}

impl PausedClock {
    pub(crate) fn new(seed: u64) -> Self {
        Self { start: Instant::now(), chance: Mutex::new(fastrand::Rng::with_seed(seed)) }
    }
}

impl Clock for PausedClock {
    fn now(&self) -> Moment {
        Duration::from_secs(1_764_000_000) + self.start.elapsed()
    }

    fn sleep(&self, length: Duration) -> BoxFuture<'static, ()> {
        SystemClock::new().sleep(length)
    }

    fn jitter(&self) -> f64 {
        self.chance.lock().expect("nobody panics with it").f64()
    }
}

/// Windows in memory, shared by gates that otherwise know nothing of each other.
#[derive(Default)]
pub(crate) struct SharedMemory(Mutex<HashMap<String, Window>>);

impl WindowStore for SharedMemory {
    fn update(&self, key: &str, change: &mut dyn FnMut(&mut Window)) -> Result<(), WindowStoreError> {
        change(self.0.lock().expect("nobody panics with it").entry(key.to_owned()).or_default());
        Ok(())
    }
}

/// The two scales at which everything must hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    pub(crate) length: Duration,
    pub(crate) latency: Duration,
}

pub(crate) const REAL: Scale = Scale { length: Duration::from_secs(30), latency: Duration::from_millis(60) };
pub(crate) const SMALL: Scale = Scale { length: Duration::from_secs(1), latency: Duration::from_millis(2) };

/// What is raced.
#[derive(Clone)]
pub(crate) struct Race {
    pub(crate) scale: Scale,
    pub(crate) quota: Quota,
    pub(crate) foreign: Foreign,
    /// Requests that were sent before, at the very start.
    pub(crate) before: u32,
    pub(crate) faults: Faults,
    pub(crate) gates: usize,
    pub(crate) is_shared: bool,
    /// When the first gate and its workers die, their requests under way.
    pub(crate) dies_after: Option<Duration>,
    pub(crate) workers: usize,
    pub(crate) requests: u32,
    pub(crate) seed: u64,
}

impl Race {
    pub(crate) fn new(scale: Scale, workers: usize) -> Self {
        let quota = Quota {
            count: 150,
            length: scale.length,
            edges: Edges::FromFirst,
            lag: 0,
            counts_rejections: false,
        };
        Self {
            scale,
            quota,
            foreign: Foreign::Nobody,
            before: 0,
            faults: Faults::default(),
            gates: 1,
            is_shared: false,
            dies_after: None,
            workers,
            requests: 1_500,
            seed: 7,
        }
    }

    pub(crate) fn run(&self) -> Outcome {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("what the test is made of").block_on(self.race())
    }

    async fn race(&self) -> Outcome {
        let mut meter = Meter::new(self.quota, self.foreign);
        for _ in 0..self.before {
            meter.take(Duration::ZERO);
        }
        let ideal = meter.clone().ideal(self.requests);
        let server = Arc::new(Server::new(meter, self.scale.latency, self.faults, self.seed));
        let (started, store) = (Instant::now(), Arc::new(SharedMemory::default()));
        let todo = Arc::new(AtomicU32::new(self.requests));
        let is_dead = Arc::new(AtomicBool::new(false));
        let (mut workers, mut mortal) = (JoinSet::new(), JoinSet::new());
        for number in 0..self.gates {
            let mut gates = Gates::with_clock(Arc::new(PausedClock::new(self.seed + number as u64)));
            if self.is_shared {
                gates = gates.shared_through(Arc::<SharedMemory>::clone(&store));
            }
            let gate = gates.gate("an account", WAITS);
            for _ in 0..self.workers {
                let (gate, server, todo) = (Arc::clone(&gate), Arc::clone(&server), Arc::clone(&todo));
                let worker = Worker { patience: self.scale.length * 2 / 3, gate, server, todo };
                if number == 0 && self.dies_after.is_some() {
                    mortal.spawn(worker.work_until_killed(Arc::clone(&is_dead)));
                } else {
                    workers.spawn(worker.work());
                }
            }
        }
        let limit = ideal * GIVE_UP + Duration::from_secs(3_600);
        let mut most_tries = 0;
        let all = async {
            if let Some(after) = self.dies_after {
                SystemClock::new().sleep(after).await;
                is_dead.store(true, Ordering::Relaxed);
            }
            while let Some(tries) = workers.join_next().await {
                most_tries = most_tries.max(tries.expect("what the test is made of"));
            }
        };
        let is_done = timeout(limit, all).await.is_ok();
        Outcome {
            is_done,
            took: started.elapsed(),
            ideal,
            requests: server.requests(),
            refusals: server.refusals(),
            most_tries,
        }
    }
}

struct Worker {
    /// How long it waits for an answer.
    patience: Duration,
    gate: Arc<Gate>,
    server: Arc<Server>,
    todo: Arc<AtomicU32>,
}

impl Worker {
    /// Sends requests until none is left to do; the most tries that one of them took.
    async fn work(self) -> u32 {
        let mut most_tries = 0;
        while self.todo.try_update(Ordering::Relaxed, Ordering::Relaxed, |todo| todo.checked_sub(1)).is_ok() {
            let mut tries = 1;
            while !self.send().await {
                tries += 1;
            }
            most_tries = most_tries.max(tries);
        }
        most_tries
    }

    /// Sends a request once; whether it was answered as it should.
    async fn send(&self) -> bool {
        let permit = self.gate.enter(None, None).await.expect("no deadline");
        let Ok(ending) = timeout(self.patience, self.server.call()).await else { return false };
        permit.settle(ending);
        matches!(ending, Ending::Answered(_))
    }

    /// Works until it is killed: then nothing of it goes on, and what it has under way is never settled.
    async fn work_until_killed(self, is_dead: Arc<AtomicBool>) {
        let mut work = pin!(self.work());
        poll_fn(|context| {
            if is_dead.load(Ordering::Relaxed) {
                Poll::Pending
            } else {
                work.as_mut().poll(context).map(drop)
            }
        })
        .await;
    }
}

/// What came of a race.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) is_done: bool,
    pub(crate) took: Duration,
    pub(crate) ideal: Duration,
    /// Requests that reached the server.
    pub(crate) requests: u64,
    /// By window.
    pub(crate) refusals: Vec<u32>,
    /// Of one request.
    pub(crate) most_tries: u32,
}

impl Outcome {
    pub(crate) fn ratio(&self) -> f64 {
        self.took.as_secs_f64() / self.ideal.as_secs_f64()
    }

    pub(crate) fn most_refusals(&self) -> u32 {
        self.refusals.iter().copied().max().unwrap_or_default()
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            out,
            "{:.4} of {:?}, {} requests, {} refused (at most {} in a window), at most {} tries{}",
            self.ratio(),
            self.ideal,
            self.requests,
            self.refusals.iter().sum::<u32>(),
            self.most_refusals(),
            self.most_tries,
            if self.is_done { "" } else { "; NOT DONE" },
        )
    }
}
