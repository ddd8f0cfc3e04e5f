//! What was answered is on disk, whatever kills the process.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use connector_host::storage::{SqliteOptions, Storage as _};

use super::{activation, open};

/// Tells a process of this test which file to write, and what its ids begin with.
const ORDERS: &str = "CONNECTOR_TEST_ACCEPTS";

/// Before each id that was answered; the harness writes on the same stream.
const ANSWERED: &str = "answered ";

/// Accepts with sixteen callers until it is killed.
fn accept_for_ever(path: &Path, prefix: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let storage = open(path, SqliteOptions::default()).await;
        let caller = |caller: u32| {
            let (storage, prefix) = (Arc::clone(&storage), prefix.to_owned());
            async move {
                for number in 0_u64.. {
                    let id = format!("{prefix}-{caller}-{number}");
                    let order = format!("{}", number % 3);
                    storage
                        .accept(vec![activation(&id, 0, Some(&order)).into()])
                        .await
                        .expect("it is stored");
                    writeln!(io::stdout(), "\n{ANSWERED}{id}").expect("somebody listens");
                }
            }
        };
        let callers: Vec<_> = (0..16).map(|number| tokio::spawn(caller(number))).collect();
        for caller in callers {
            caller.await.expect("it does not end");
        }
    });
}

#[test]
fn every_id_that_was_answered_survives_a_kill() {
    if let Some(orders) = std::env::var_os(ORDERS) {
        let orders = orders.into_string().expect("orders are text");
        let (prefix, path) = orders.split_once(' ').expect("orders have two parts");
        return accept_for_ever(Path::new(path), prefix);
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("storage");
    let mut answered = Vec::new();
    // Each life ends at another point; each begins with what the one before left.
    for (life, lines) in [1, 40, 333, 700, 90].into_iter().enumerate() {
        let mut child = Command::new(std::env::current_exe().expect("this program has a path"))
            .args(["--exact", "storage::crash::every_id_that_was_answered_survives_a_kill", "--nocapture"])
            .env(ORDERS, format!("life{life} {}", path.display()))
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut ids = stdout
            .lines()
            .map_while(Result::ok)
            .filter_map(|line| Some(line.strip_prefix(ANSWERED)?.to_owned()));
        answered.extend(ids.by_ref().take(lines));
        child.kill().expect("it runs");
        // What it wrote before it died counts as well; a line is written as a whole.
        answered.extend(ids);
        child.wait().expect("it ends");
    }
    assert!(answered.len() >= 1_164, "{}", answered.len());
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let storage = open(&path, SqliteOptions::default()).await;
        for id in &answered {
            assert!(storage.find(id).await.expect("it is read").is_some(), "{id} was answered and is lost");
        }
        let waiting = storage.counts().await.expect("they are read").waiting;
        assert!(waiting >= answered.len() as u64, "{waiting} of {}", answered.len());
    });
}
