//! A disk that is full, a file that somebody else holds, and files that are not ours.

use std::sync::Arc;
use std::time::Duration;

use connector_host::storage::{
    Accepted, Activation, Cause, OwnChanges as _, SqliteOptions, SqliteStorage, Storage as _,
    StorageErrorKind,
};
use rusqlite::Connection;

use super::{Fixture, NOW, activation};

/// One with a payload of some pages.
fn large(id: &str) -> Activation {
    Activation { envelope: vec![b'x'; 20_000].into(), ..activation(id, 0, Some("1")) }
}

#[tokio::test]
async fn a_full_disk_refuses_what_is_new_and_lets_deliveries_go_on() {
    let fixture = Fixture::with(SqliteOptions { max_pages: Some(100), ..SqliteOptions::default() }).await;
    let storage = &fixture.storage;
    let mut stored = 0;
    let error = loop {
        match storage.accept(vec![large(&format!("{stored}")).into()]).await {
            Ok(receipts) => assert!(receipts[0].is_new),
            Err(error) => break error,
        }
        stored += 1;
    };
    assert_eq!(error.kind(), StorageErrorKind::Full);
    assert!(error.is_temporary());
    assert!(stored > 5, "{stored}");
    assert_eq!(fixture.state(&format!("{stored}")).await, None);
    assert_eq!(storage.counts().await.expect("they are read").waiting, stored);

    // What is stored is delivered while others are refused, in the same groups.
    let mut now_ms = NOW;
    for number in 0..stored {
        let (refused, leased) = tokio::join!(
            storage.accept(vec![large("more").into(), large("and more").into()]),
            fixture.lease(1, now_ms)
        );
        assert_eq!(refused.map_err(|error| error.kind()), Err(StorageErrorKind::Full));
        let leased = &leased[0];
        assert_eq!(leased.activation.id, format!("{number}"));
        now_ms += 1;
        let (refused, is_noted) = tokio::join!(
            storage.accept(vec![large("more").into(), large("and more").into()]),
            storage.acknowledge(&leased.activation.id, leased.lease, now_ms)
        );
        assert_eq!(refused.map_err(|error| error.kind()), Err(StorageErrorKind::Full));
        assert!(is_noted.expect("it is noted"));
    }
    // Removal makes room.
    let retention = connector_host::storage::Retention { delivered: Duration::ZERO, dead: Duration::ZERO };
    assert_eq!(storage.remove_expired(now_ms, &retention).await.expect("they are removed"), stored);
    assert_eq!(fixture.accept(large("more")).await, Accepted { new: 1, repeated: 0 });
}

#[tokio::test]
async fn a_file_that_another_process_holds_is_waited_for_and_then_given_up() {
    let options = SqliteOptions { busy_timeout: Duration::from_millis(20), ..SqliteOptions::default() };
    let fixture = Fixture::with(options).await;
    let storage = &fixture.storage;
    let other = Connection::open(fixture.path()).expect("it opens");
    other.execute_batch("BEGIN IMMEDIATE").expect("nobody else writes");
    let (first, second) = tokio::join!(
        storage.accept(vec![activation("a", 0, None).into()]),
        storage.accept(vec![activation("b", 0, None).into()])
    );
    for outcome in [first, second] {
        let error = outcome.expect_err("the file is held");
        assert_eq!(error.kind(), StorageErrorKind::Locked);
        assert!(error.is_temporary());
    }
    // Readers are not held up.
    assert_eq!(storage.counts().await.expect("they are read").waiting, 0);
    other.execute_batch("ROLLBACK").expect("it ends");
    assert_eq!(fixture.accept(activation("a", 0, None)).await, Accepted { new: 1, repeated: 0 });
}

#[tokio::test]
async fn at_its_full_size_own_changes_are_still_marked() {
    let fixture = Fixture::with(SqliteOptions { max_pages: Some(400), ..SqliteOptions::default() }).await;
    let storage = &fixture.storage;
    // Rows so small that many share a page, which has no room left for a mark.
    let mut stored = 0_u32;
    while storage.accept(vec![activation(&format!("{stored}"), 0, None).into()]).await.is_ok() {
        stored += 1;
    }
    let leased = fixture.lease(60, NOW).await;
    assert_eq!(leased.len(), 60);
    for one in &leased {
        let cause = Cause {
            action: "update-product".to_owned(),
            by: Some("e".repeat(200)),
            workflow: Some("w".repeat(200)),
            at_ms: NOW,
        };
        assert!(storage.mark_own(&one.activation.id, one.lease, cause).await.expect("there is room"));
    }
    let refused = storage.accept(vec![large("more").into()]).await;
    assert_eq!(refused.map_err(|error| error.kind()), Err(StorageErrorKind::Full));
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let options = SqliteOptions {
        busy_timeout: Duration::from_secs(60),
        queue: 3,
        group: 1,
        ..SqliteOptions::default()
    };
    let fixture = Fixture::with(options).await;
    let other = Connection::open(fixture.path()).expect("it opens");
    other.execute_batch("BEGIN IMMEDIATE").expect("nobody else writes");
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..10 {
        let storage = Arc::clone(&fixture.storage);
        calls.spawn(
            async move { storage.accept(vec![activation(&format!("{number}"), 0, None).into()]).await },
        );
    }
    // The writer waits for the file with one, three wait for the writer; who comes then hears so while nothing is committed.
    for _ in 0..6 {
        let outcome = calls.join_next().await.expect("there are ten").expect("it ends");
        let error = outcome.expect_err("nothing can be stored");
        assert_eq!(error.kind(), StorageErrorKind::QueueFull);
        assert!(error.is_temporary());
    }
    other.execute_batch("ROLLBACK").expect("it ends");
    let mut stored = 0;
    while let Some(outcome) = calls.join_next().await {
        match outcome.expect("it ends") {
            Ok(receipts) => stored += u64::from(receipts[0].is_new),
            Err(error) => assert_eq!(error.kind(), StorageErrorKind::QueueFull),
        }
    }
    assert!((3..=4).contains(&stored), "{stored}");
    assert_eq!(fixture.storage.counts().await.expect("they are read").waiting, stored);
}

#[test]
fn other_files_and_newer_ones_are_refused_and_left_as_they_are() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("storage");
    let refusal =
        || SqliteStorage::open(&path, SqliteOptions::default()).expect_err("it is not ours").to_string();

    let foreign = Connection::open(&path).expect("it opens");
    foreign.execute_batch("CREATE TABLE songs (name TEXT)").expect("a table");
    assert!(
        refusal().ends_with("cannot be the storage: it is a database of something else: name another file")
    );
    let mode: String = foreign.query_row("PRAGMA journal_mode", (), |row| row.get(0)).expect("a mode");
    assert_eq!(mode, "delete");
    drop(foreign);

    std::fs::remove_file(&path).expect("it is there");
    drop(SqliteStorage::open(&path, SqliteOptions::default()).expect("it opens"));
    let file = Connection::open(&path).expect("it opens");
    let own: i64 = file.query_row("PRAGMA user_version", (), |row| row.get(0)).expect("a version");
    file.execute_batch("PRAGMA user_version = 99").expect("a version");
    drop(file);
    let told = format!("the file has version 99, this program knows {own}: use the newer program");
    assert!(refusal().contains(&told));

    std::fs::write(
        &path,
        "These are no tables, but words, more than a hundred of them if one goes on. ".repeat(20),
    )
    .expect("it is written");
    assert!(refusal().ends_with("it is no database: name another file, or restore a backup"));
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_file_is_for_this_user_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let fixture = Fixture::new().await;
    fixture.accept(activation("a", 0, None)).await;
    let copy = fixture.folder.path().join("copy");
    fixture.storage.back_up(&copy).expect("it is copied");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(fixture.folder.path()).expect("a folder") {
        let entry = entry.expect("an entry");
        assert_eq!(entry.metadata().expect("its mode").permissions().mode() & 0o777, 0o600, "{entry:?}");
        names.push(entry.file_name());
    }
    names.sort();
    assert_eq!(names, ["copy", "storage", "storage-shm", "storage-wal"]);
}

#[tokio::test]
async fn one_bad_change_spoils_none_of_those_committed_with_it() {
    let fixture = Fixture::new().await;
    let before = fixture.storage.commits();
    let calls: Vec<_> = (0..50)
        .map(|number| {
            // Every fifth is of no connection.
            let connection = if number % 5 == 0 { 9 } else { 0 };
            let storage = Arc::clone(&fixture.storage);
            tokio::spawn(async move {
                storage.accept(vec![activation(&format!("{number}"), connection, None).into()]).await
            })
        })
        .collect();
    let mut refused = 0;
    for call in calls {
        match call.await.expect("it ends") {
            Ok(receipts) => assert!(receipts[0].is_new),
            Err(error) => {
                assert_eq!(error.kind(), StorageErrorKind::UnknownConnection);
                refused += 1;
            }
        }
    }
    assert_eq!(refused, 10);
    assert_eq!(fixture.storage.counts().await.expect("they are read").waiting, 40);
    assert!(fixture.storage.commits() - before <= 50);
}
