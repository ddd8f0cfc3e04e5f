//! Files that somebody replaces, removes or truncates under an open storage: nothing is acknowledged that is not in them.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use connector_host::storage::{Storage as _, StorageErrorKind};

use super::{Fixture, NOW, activation};

/// Longer than a storage takes to see it.
const PATIENCE: Duration = Duration::from_secs(30);

/// What somebody does to a file.
type Harm<'a> = &'a dyn Fn(&Path);

fn named(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

async fn refused(fixture: &Fixture, id: &str, what: &str) {
    let error = fixture.storage.accept(vec![activation(id, 0, None).into()]).await.expect_err(what);
    assert_eq!(error.kind(), StorageErrorKind::Replaced, "{what}: {error}");
    assert!(!error.is_temporary());
    assert!(error.to_string().contains("put the right file back, or stop the service"), "{error}");
    let counts = fixture.storage.counts().await.expect_err(what);
    assert_eq!(counts.kind(), StorageErrorKind::Replaced, "{what}: {counts}");
}

#[tokio::test]
async fn nothing_is_accepted_while_a_file_is_gone_or_another_and_all_goes_on_when_it_is_back() {
    for ending in ["", "-wal", "-shm"] {
        let fixture = Fixture::new().await;
        fixture.accept(activation("a", 0, None)).await;
        let (path, away) = (named(&fixture.path(), ending), fixture.folder.path().join("away"));

        fs::rename(&path, &away).expect("it is moved");
        refused(&fixture, "b", &format!("{path:?} was removed")).await;
        fs::copy(&away, &path).expect("it is copied");
        refused(&fixture, "c", &format!("{path:?} was replaced by its copy")).await;
        assert!(
            fixture
                .storage
                .lease(super::LeaseRequest {
                    limit: 1,
                    per_connection: 1,
                    duration: super::LEASE,
                    now_ms: NOW,
                })
                .await
                .is_err()
        );

        fs::rename(&away, &path).expect("it is moved back");
        assert!(fixture.state("b").await.is_none() && fixture.state("c").await.is_none());
        fixture.accept(activation("d", 0, None)).await;
        assert_eq!(fixture.storage.counts().await.expect("they are read").waiting, 2);
    }
}

#[tokio::test]
async fn nothing_is_accepted_into_a_database_that_was_truncated_or_overwritten() {
    let truncated = |length: u64| {
        move |path: &Path| {
            OpenOptions::new().write(true).open(path).expect("it opens").set_len(length).expect("it is cut");
        }
    };
    let backed_up = |path: &Path| {
        let copy = path.with_file_name("copy");
        connector_host::storage::back_up(path, &copy).expect("it is copied");
        // As `cp` does: the file stays the same, with other bytes.
        fs::write(path, fs::read(copy).expect("it is read")).expect("it is written");
    };
    let noise = |path: &Path| fs::write(path, vec![b'x'; 1_000_000]).expect("it is written");
    let harms: [(&str, Harm<'_>); 5] = [
        ("emptied", &truncated(0)),
        ("cut in the header", &truncated(50)),
        ("cut", &truncated(8192)),
        ("overwritten by a backup", &backed_up),
        ("overwritten by something else", &noise),
    ];
    for (what, harm) in harms {
        let fixture = Fixture::new().await;
        fixture.accept(activation("a", 0, None)).await;
        harm(&fixture.path());
        refused(&fixture, "b", what).await;
    }
}

#[tokio::test]
async fn nothing_is_accepted_after_a_log_was_cut() {
    for length in [0, 32, 5_000] {
        let fixture = Fixture::new().await;
        for id in ["a", "b", "c", "d"] {
            fixture.accept(activation(id, 0, None)).await;
        }
        let log = named(&fixture.path(), "-wal");
        assert!(fs::metadata(&log).expect("it is there").len() > 5_000);
        OpenOptions::new().write(true).open(&log).expect("it opens").set_len(length).expect("it is cut");
        refused(&fixture, "e", &format!("the log was cut to {length} bytes")).await;
    }
}

#[tokio::test]
async fn what_other_processes_of_ours_do_to_the_files_is_no_replacement() {
    let fixture = Fixture::new().await;
    for number in 0..200 {
        fixture.accept(activation(&format!("{number}"), number % 2, None)).await;
    }
    // Its end moves and cuts the log, and an erasure makes the database smaller.
    let other = super::open(&fixture.path(), super::SqliteOptions::default()).await;
    assert_eq!(other.erase_account("store1").await.expect("it is erased"), 100);
    drop(other);
    let began = Instant::now();
    for number in 0..100 {
        assert!(began.elapsed() < PATIENCE);
        fixture.accept(activation(&format!("new {number}"), 0, None)).await;
        assert_eq!(fixture.storage.counts().await.expect("they are read").waiting, 101 + number);
    }
}
