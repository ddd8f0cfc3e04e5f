//! One run: a store, its callers, and what the store's log says afterwards.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bigcommerce_sandbox::{Fault, Misbehaviour, Sandbox, SandboxOptions};
use connector_runtime::pacing::WindowStore;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::caller::{Caller, Manner, Plain};
use crate::ideal::{Gone, ideal};
use crate::scenario::{Crowd, Event, QUOTA, Scale, Scenario};
use crate::shared_file::SharedFile;

type Failure = Box<dyn Error + Send + Sync>;

/// How many requests have to be done.
pub(crate) const REQUESTS: usize = 1_500;

/// A run that takes so many times the ideal is stopped, but none before a minute is over.
const LONGEST: u32 = 2;

/// Who calls which store in which manner.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) scale: Scale,
    pub(crate) scenario: &'static Scenario,
    pub(crate) crowd: Crowd,
    pub(crate) manner: Manner,
}

/// How far a run is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    done: Arc<AtomicUsize>,
    is_over: Arc<AtomicBool>,
}

impl Progress {
    pub(crate) fn done(&self) -> usize {
        self.done.load(Ordering::SeqCst)
    }

    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::SeqCst)
    }
}

/// What a window made of the requests that it saw.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Seen {
    pub(crate) answered: usize,
    pub(crate) turned_away: usize,
}

/// What came out.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) took: Duration,
    pub(crate) ideal: Duration,
    /// Requests that were not done when the run was stopped.
    pub(crate) missing: usize,
    /// Calls that failed. Each was made anew a little later.
    pub(crate) given_up: usize,
    /// Requests that the store received.
    pub(crate) sent: usize,
    /// By the number of the window.
    pub(crate) windows: BTreeMap<u64, Seen>,
}

impl Outcome {
    /// Requests beyond the quota.
    pub(crate) fn turned_away(&self) -> usize {
        self.windows.values().map(|seen| seen.turned_away).sum()
    }

    pub(crate) fn most_in_a_window(&self) -> usize {
        self.windows.values().map(|seen| seen.turned_away).max().unwrap_or(0)
    }
}

impl Run {
    /// The runs of a scenario: ours for each crowd, others where they can take part and add something.
    pub(crate) fn all(scale: Scale, scenario: &'static Scenario) -> Vec<Self> {
        let mut runs = Vec::new();
        for crowd in scenario.crowds {
            for manner in Manner::ALL {
                let shares = matches!(scenario.event, Event::Shares | Event::SharesAndKills);
                let is_repetition = *crowd == Crowd::One(64) && scenario.name != "plain";
                if manner == Manner::Gate || !(shares || is_repetition) {
                    runs.push(Self { scale, scenario, crowd: *crowd, manner });
                }
            }
        }
        runs
    }

    pub(crate) fn label(&self) -> String {
        format!("{} {} {}", self.scenario.name, self.crowd.label(), self.manner.label())
    }

    /// # Errors
    /// When the store or a client cannot be set up.
    pub(crate) async fn execute(&self, progress: &Progress) -> Result<Outcome, Failure> {
        let habits = Misbehaviour {
            slow_ms: self.scale.latency_ms,
            retry_after_missing: !self.scale.tells_seconds,
            ..(self.scenario.habits)()
        };
        let sandbox = Arc::new(
            Sandbox::start(SandboxOptions {
                quota: QUOTA,
                window: self.scale.window,
                misbehaviour: habits,
                remembered_requests: 1_000_000,
                ..SandboxOptions::default()
            })
            .await?,
        );
        let latency = self.latency().await?;
        let gone = match self.scenario.event {
            Event::StartsInside => self.spend_half(&sandbox).await?,
            _ => Gone::default(),
        };
        let before = sandbox.requests().len();
        let overloads = (self.scenario.event == Event::Overloads)
            .then(|| tokio::spawn(overload(Arc::clone(&sandbox), self.scale.window / 5)));
        let work = Arc::new(Work::new(progress.clone()));
        let started = Instant::now();
        let latest = self.ideal(latency, &habits, gone, REQUESTS as u32) * LONGEST;
        let finished = timeout(latest.max(Duration::from_secs(60)), self.call_all(&sandbox, &work)).await;
        let took = started.elapsed();
        if let Some(overloads) = overloads {
            overloads.abort();
        }
        progress.is_over.store(true, Ordering::SeqCst);
        finished.unwrap_or(Ok(()))?;
        let windows = windows(&sandbox, before);
        // What the store answered to somebody who was dead by then is part of the work, but of nobody's result.
        let answered: usize = windows.values().map(|seen| seen.answered).sum();
        let work_done = answered.max(REQUESTS);
        Ok(Outcome {
            took,
            ideal: self.ideal(latency, &habits, gone, u32::try_from(work_done)?),
            missing: REQUESTS.saturating_sub(progress.done()),
            given_up: work.given_up.load(Ordering::SeqCst),
            sent: sandbox.requests().len() - before,
            windows,
        })
    }

    /// How long an answer really takes: the median of some calls of a store without a limit to speak of.
    async fn latency(&self) -> Result<Duration, Failure> {
        let misbehaviour = Misbehaviour { slow_ms: self.scale.latency_ms, ..Misbehaviour::default() };
        let sandbox = Sandbox::start(SandboxOptions { misbehaviour, ..SandboxOptions::default() }).await?;
        let plain = Plain::new(self.manner, self.scale, &sandbox)?;
        plain.send().await?;
        let mut times = Vec::new();
        for _ in 0..15 {
            let sent = Instant::now();
            plain.send().await?;
            times.push(sent.elapsed());
        }
        times.sort_unstable();
        Ok(times[times.len() / 2])
    }

    fn ideal(&self, latency: Duration, habits: &Misbehaviour, gone: Gone, requests: u32) -> Duration {
        let workers = self.crowd.processes() * self.crowd.workers();
        ideal(self.scale.window, latency, habits, gone, requests, u32::try_from(workers).unwrap_or(u32::MAX))
    }

    /// Uses half of a window's quota, and waits until half of it is over.
    async fn spend_half(&self, sandbox: &Sandbox) -> Result<Gone, Failure> {
        let plain = Plain::new(self.manner, self.scale, sandbox)?;
        plain.send().await?;
        let begun = Instant::now();
        let mut requests = JoinSet::new();
        for _ in 1..QUOTA / 2 {
            let plain = plain.clone();
            requests.spawn(async move { plain.send().await });
        }
        while let Some(sent) = requests.join_next().await {
            sent??;
        }
        sleep((self.scale.window / 2).saturating_sub(begun.elapsed())).await;
        Ok(Gone { requests: QUOTA / 2, time: Some(begun.elapsed()) })
    }

    /// Ends when all requests are done.
    async fn call_all(&self, sandbox: &Sandbox, work: &Arc<Work>) -> Result<(), Failure> {
        let shares = matches!(self.scenario.event, Event::Shares | Event::SharesAndKills);
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("quota.sqlite");
        let first = SharedFile::open(&file)?;
        let mut processes = Vec::new();
        for index in 0..self.crowd.processes() {
            let access = if index == 0 { first.clone() } else { SharedFile::open(&file)? };
            let store = shares.then(|| Arc::new(access) as Arc<dyn WindowStore>);
            let caller = Caller::new(self.manner, self.scale, sandbox, store)?;
            let mut workers = JoinSet::new();
            for _ in 0..self.crowd.workers() {
                workers.spawn(worker(caller.clone(), Arc::clone(work), self.scale));
            }
            processes.push(workers);
        }
        if self.scenario.event == Event::SharesAndKills {
            while work.progress.done() < REQUESTS / 2 {
                sleep(Duration::from_millis(1)).await;
            }
            first.kill();
            processes.remove(0).shutdown().await;
        }
        for mut workers in processes {
            while let Some(ended) = workers.join_next().await {
                ended?;
            }
        }
        Ok(())
    }
}

/// The requests that have to be done, shared by all workers.
struct Work {
    /// A permit for each that nobody has taken; closed when all are done.
    open: Semaphore,
    progress: Progress,
    given_up: AtomicUsize,
}

impl Work {
    fn new(progress: Progress) -> Self {
        Self { open: Semaphore::new(REQUESTS), progress, given_up: AtomicUsize::new(0) }
    }
}

async fn worker(caller: Caller, work: Arc<Work>, scale: Scale) {
    // A permit that is dropped, because the call failed or its process is gone, is for somebody else to take.
    while let Ok(permit) = work.open.acquire().await {
        if caller.call().await {
            permit.forget();
            if work.progress.done.fetch_add(1, Ordering::SeqCst) + 1 == REQUESTS {
                work.open.close();
            }
        } else {
            work.given_up.fetch_add(1, Ordering::SeqCst);
            sleep(scale.scaled(Duration::from_millis(100))).await;
        }
    }
}

/// Answers everybody 429 without headers for a tenth of the time, again and again.
async fn overload(sandbox: Arc<Sandbox>, every: Duration) {
    loop {
        sleep(every * 9 / 10).await;
        sandbox.inject(Fault::OverloadedWithoutHeaders, u32::MAX);
        sleep(every / 10).await;
        sandbox.clear_faults();
    }
}

fn windows(sandbox: &Sandbox, before: usize) -> BTreeMap<u64, Seen> {
    let mut windows = BTreeMap::<u64, Seen>::new();
    for request in sandbox.requests().iter().skip(before) {
        let Some(window) = request.window else { continue };
        let seen = windows.entry(window).or_default();
        match request.status {
            Some(429) => seen.turned_away += 1,
            _ => seen.answered += 1,
        }
    }
    windows
}
