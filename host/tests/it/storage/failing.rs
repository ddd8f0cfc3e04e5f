//! A disk on which writing fails: the system refuses to let a file of the process grow.

use std::process::Command;

use connector_host::storage::{Accepted, Activation, SqliteOptions, Storage as _, StorageErrorKind};
use rusqlite::Connection;

use super::{Fixture, activation};

/// Tells the process of this test that its files must not grow beyond some megabytes.
const IS_LIMITED: &str = "CONNECTOR_TEST_FILES_ARE_LIMITED";

/// Begins a process that ignores the signal and sees the error, as on a disk that fails.
const LIMITED: &str = r#"trap '' XFSZ; ulimit -f 4096; exec "$0" "$@""#;

#[test]
fn a_write_that_fails_is_answered_so_and_the_storage_goes_on_afterwards() {
    if std::env::var_os(IS_LIMITED).is_some() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        return runtime.block_on(write_until_it_fails());
    }
    let program = std::env::current_exe().expect("this program has a path");
    let name = "storage::failing::a_write_that_fails_is_answered_so_and_the_storage_goes_on_afterwards";
    let output = Command::new("sh")
        .args(["-c", LIMITED])
        .arg(program)
        .args(["--exact", name])
        .env(IS_LIMITED, "yes")
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

async fn write_until_it_fails() {
    let fixture = Fixture::with(SqliteOptions::default()).await;
    let large = |id: &str| Activation { envelope: vec![b'x'; 20_000].into(), ..activation(id, 0, None) };
    let mut stored = 0;
    let error = loop {
        match fixture.storage.accept(vec![large(&format!("{stored}")).into()]).await {
            Ok(receipts) => assert!(receipts[0].is_new),
            Err(error) => break error,
        }
        stored += 1;
        assert!(stored < 1_000, "nothing ever failed");
    };
    assert_eq!(error.kind(), StorageErrorKind::Other);
    // All of a group hear of it.
    let (first, second) = tokio::join!(
        fixture.storage.accept(vec![large("a").into()]),
        fixture.storage.accept(vec![large("b").into()])
    );
    assert!(first.is_err() && second.is_err());
    assert!(stored > 10, "{stored}");
    for number in 0..stored {
        assert!(fixture.state(&format!("{number}")).await.is_some(), "{number} was answered and is lost");
    }
    // The log may begin anew, and there is room again.
    let other = Connection::open(fixture.path()).expect("it opens");
    other.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(())).expect("it is moved");
    assert_eq!(fixture.accept(activation("a", 0, None)).await, Accepted { new: 1, repeated: 0 });
    assert_eq!(fixture.storage.counts().await.expect("they are read").waiting, stored + 1);
}
