//! Processes of sixteen workers each that share the quota of one store through a file, one killed in the middle included.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bigcommerce_connector::CONNECTOR;
use bigcommerce_sandbox::{Sandbox, SandboxOptions};
use connector_host::QuotaStore;
use connector_runtime::pacing::{Gates, SystemClock};
use connector_runtime::{Client, Connection, Patience, SecretString};

/// The token of the stores here.
const TOKEN: &str = "hush-hush-token-7f3a";

const WORKERS: usize = 16;
const PROCESSES: usize = 4;
const QUOTA: u32 = 150;

/// Where a process of workers finds its orders: origin, store hash, number of requests and file.
const ORDERS: &str = "CONNECTOR_TEST_WORKERS";

/// What it writes for each answer.
const ANSWERED: &str = "answered";

/// Does the orders with all workers at once, and calls `answered` after each answer.
fn work(origin: &str, hash: &str, requests: u32, file: &Path, answered: fn()) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let clock = Arc::new(SystemClock::new());
    let store = QuotaStore::open(file, clock.clone()).expect("the file can be shared");
    let gates = Gates::with_clock(clock).shared_through(Arc::new(store));
    let secrets = [("access_token", SecretString::from(TOKEN))];
    let connection = Connection::new(&CONNECTOR, &[("store_hash", hash)], &secrets).expect("it is complete");
    let connection = connection.at_origin(origin).expect("an address of this machine");
    let client = Client::new(connection).expect("an HTTP client").through(&gates);
    let client = client.with_patience(Patience::Unlimited);
    let begun = Arc::new(AtomicU32::new(0));
    runtime.block_on(async {
        let worker = |client: Client, begun: Arc<AtomicU32>| async move {
            while begun.fetch_add(1, Ordering::Relaxed) < requests {
                client.call_untyped("get-product", br#"{"product_id": 111}"#).await.expect("it is answered");
                answered();
            }
        };
        let workers: Vec<_> =
            (0..WORKERS).map(|_| tokio::spawn(worker(client.clone(), Arc::clone(&begun)))).collect();
        for worker in workers {
            worker.await.expect("no worker fails");
        }
    });
    assert_eq!(client.gate().report().counts.store_errors, 0);
}

/// A local store on threads of its own.
struct Store {
    sandbox: Sandbox,
    _runtime: tokio::runtime::Runtime,
}

/// The scaled quota.
fn scaled(window: Duration) -> Store {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let access_token = Some(TOKEN.to_owned());
    let options = SandboxOptions { access_token, quota: QUOTA, window, ..SandboxOptions::default() };
    let sandbox = runtime.block_on(Sandbox::start(options)).expect("a free port on loopback");
    Store { sandbox, _runtime: runtime }
}

#[track_caller]
fn assert_all_answered(store: &Store, at_least: usize) -> usize {
    let requests = store.sandbox.requests();
    let refused =
        requests.iter().filter(|request| request.status.is_some_and(|status| status != 200)).count();
    assert_eq!(refused, 0, "of {}", requests.len());
    assert!(requests.len() >= at_least, "{}", requests.len());
    requests.len()
}

/// Alone, or with orders one of the processes of the other tests.
#[test]
fn the_workers_of_one_process_keep_to_the_quota() {
    if let Some(orders) = std::env::var_os(ORDERS) {
        let orders = orders.into_string().expect("orders are text");
        let mut orders = orders.splitn(4, ' ');
        let mut next = || orders.next().expect("orders have four parts");
        let (origin, hash, requests) = (next(), next(), next().parse().expect("a number"));
        let tell = || writeln!(io::stdout(), "{ANSWERED}").expect("somebody listens");
        return work(origin, hash, requests, Path::new(next()), tell);
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = scaled(Duration::from_secs(1));
    let (origin, hash) = (store.sandbox.origin(), store.sandbox.store_hash().to_owned());
    work(&origin, &hash, 2 * QUOTA, &folder.path().join("quota"), || {});
    assert_eq!(assert_all_answered(&store, 0), 2 * QUOTA as usize);
}

/// A process of workers, and the lines that it writes.
struct Process {
    child: Child,
    lines: io::Lines<BufReader<ChildStdout>>,
}

impl Process {
    fn start(store: &Store, requests: u32, file: &Path) -> Self {
        let program = std::env::current_exe().expect("this program has a path");
        let (origin, hash) = (store.sandbox.origin(), store.sandbox.store_hash().to_owned());
        let mut child = Command::new(program)
            .args(["--exact", "the_workers_of_one_process_keep_to_the_quota", "--nocapture"])
            .env(ORDERS, format!("{origin} {hash} {requests} {}", file.display()))
            .env("NO_PROXY", "127.0.0.1")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        Self { child, lines }
    }

    /// Reads until so many requests were answered.
    fn wait_for(&mut self, answers: usize) {
        let answered = self.lines.by_ref().map_while(Result::ok).filter(|line| line.ends_with(ANSWERED));
        assert_eq!(answered.take(answers).count(), answers);
    }

    /// Reads to the end of it; how many requests were answered.
    fn finish(mut self) -> usize {
        let answered = self.lines.map_while(Result::ok).filter(|line| line.ends_with(ANSWERED)).count();
        assert!(self.child.wait().expect("it ends").success());
        answered
    }
}

#[test]
fn four_processes_that_share_a_file_cause_no_refusal() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("quota");
    let store = scaled(Duration::from_secs(1));
    let processes: Vec<Process> = (0..PROCESSES).map(|_| Process::start(&store, QUOTA, &file)).collect();
    let answered: usize = processes.into_iter().map(Process::finish).sum();
    assert_eq!(answered, PROCESSES * QUOTA as usize);
    assert_eq!(assert_all_answered(&store, 0), answered);
}

#[test]
fn a_process_that_is_killed_costs_the_others_at_most_a_window() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("quota");
    let store = scaled(Duration::from_secs(2));
    let mut processes: Vec<Process> = (0..PROCESSES).map(|_| Process::start(&store, QUOTA, &file)).collect();
    let mut victim = processes.pop().expect("there are some");
    victim.wait_for(20);
    victim.child.kill().expect("it still has work");
    victim.child.wait().expect("it ends");
    let answered: usize = processes.into_iter().map(Process::finish).sum();
    assert_eq!(answered, (PROCESSES - 1) * QUOTA as usize);
    let requests = assert_all_answered(&store, answered);
    // What the victim had under way is given up in time: no window goes by with room that nobody uses, but for one.
    let used = store.sandbox.requests().iter().filter_map(|request| request.window).max();
    let needed = requests.div_ceil(QUOTA as usize) as u64;
    assert!(used.is_some_and(|used| used <= needed + 1), "{used:?} windows in place of {needed}");
}
