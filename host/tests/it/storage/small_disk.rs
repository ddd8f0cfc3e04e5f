//! A small disk that fills up, by activations or by another program: what was accepted is delivered all the same.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use connector_host::storage::{
    Activation, Arrival, Cause, LeaseRequest, Leased, OwnChanges as _, Retention, SqliteOptions,
    SqliteStorage, Storage as _, StorageErrorKind,
};
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::{LEASE, NOW, activation, open};
use crate::small_disk::SmallDisk;

const OPTIONS: fn() -> SqliteOptions =
    || SqliteOptions { reserve: Some(SqliteOptions::RESERVE), ..SqliteOptions::default() };

/// Longer than a storage looks at its disk again.
const PATIENCE: Duration = Duration::from_secs(30);

struct Place {
    disk: SmallDisk,
    folder: TempDir,
}

impl Place {
    fn new(mebibytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Some(Self { disk: SmallDisk::mount(&folder.path().join("disk"), mebibytes)?, folder })
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("disk/storage")
    }

    fn reserve(&self) -> u64 {
        std::fs::metadata(self.folder.path().join("disk/storage-reserve")).map_or(0, |file| file.len())
    }
}

/// One of a resource of its own, with an envelope as vendors send it.
fn event(number: usize) -> Arrival {
    let envelope =
        format!(r#"{{"scope":"store/order/created","hash":"{number:040}","data":{{"id":{number}}}}}"#);
    let id = format!("{:064x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    Activation { envelope: envelope.into(), ..activation(&id, 0, Some(&number.to_string())) }.into()
}

/// Accepts until there is no room; how many there are then.
async fn fill(storage: &SqliteStorage, from: usize) -> usize {
    let mut number = from;
    loop {
        let next = number + 64;
        match storage.accept((number..next).map(event).collect()).await {
            Ok(receipts) => assert!(receipts.iter().all(|receipt| receipt.is_new)),
            Err(error) => {
                assert_eq!(error.kind(), StorageErrorKind::Full, "{error}");
                return number;
            }
        }
        number = next;
    }
}

async fn lease(storage: &SqliteStorage, now_ms: i64) -> Vec<Leased> {
    let request = LeaseRequest { limit: 64, per_connection: 1_000, duration: LEASE, now_ms };
    storage.lease(request).await.expect("leases go on")
}

/// Delivers all that is due; the ids.
async fn drain(storage: &Arc<SqliteStorage>, now_ms: i64) -> HashSet<String> {
    let mut delivered = HashSet::new();
    loop {
        let leased = lease(storage, now_ms).await;
        if leased.is_empty() {
            return delivered;
        }
        let note = |one: Leased| {
            let storage = Arc::clone(storage);
            async move {
                let is_noted = storage.acknowledge(&one.activation.id, one.lease, now_ms).await;
                assert!(is_noted.expect("acknowledgements go on"));
                one.activation.id
            }
        };
        let mut noted: JoinSet<String> = leased.into_iter().map(note).collect();
        while let Some(id) = noted.join_next().await {
            assert!(delivered.insert(id.expect("it ends")), "once");
        }
    }
}

/// Waits until intake is stopped, or is not.
async fn comes_to(storage: &SqliteStorage, is_full: bool) {
    let began = Instant::now();
    while storage.counts().await.expect("they are read").is_full != is_full {
        assert!(began.elapsed() < PATIENCE, "is_full stays {}", !is_full);
    }
}

#[tokio::test]
async fn a_disk_that_activations_fill_delivers_them_all_and_takes_new_ones_after_their_removal() {
    let Some(place) = Place::new(24) else { return };
    let storage = open(&place.path(), OPTIONS()).await;
    assert_eq!(place.reserve(), SqliteOptions::RESERVE);
    let accepted = fill(&storage, 0).await;
    assert!(accepted > 5_000, "{accepted}");
    let log = std::fs::metadata(place.path().with_file_name("storage-wal")).expect("it is there").len();
    assert!(log <= place.reserve(), "the reserve is no smaller than the log of {log} bytes");
    let counts = storage.counts().await.expect("they are read");
    assert!(counts.is_full && counts.waiting == accepted as u64, "{counts:?}");
    let size = || std::fs::metadata(place.path()).expect("it is there").len();
    let filled = size();
    // The receiver was away: each was tried and waits for another try.
    let mut tried = 0;
    loop {
        let leased = lease(&storage, NOW).await;
        if leased.is_empty() {
            break;
        }
        let fail = |one: Leased| {
            let storage = Arc::clone(&storage);
            async move {
                let (id, failure) = (&one.activation.id, "unreachable: nobody listens at the address");
                storage.retry_later(id, one.lease, NOW + 1_000, failure, NOW).await.expect("it is noted")
            }
        };
        let noted: JoinSet<bool> = leased.into_iter().map(fail).collect();
        tried += noted.join_all().await.into_iter().filter(|is_noted| *is_noted).count();
    }
    assert_eq!(tried, accepted);
    let delivered = drain(&storage, NOW + 1_000).await;
    assert_eq!(delivered.len(), accepted);
    // However large the backlog, what is noted of attempts fits into the pages that are there.
    assert!(size() - filled < 512 * 1024, "{filled} became {}", size());
    let retention = Retention { delivered: Duration::ZERO, dead: Duration::ZERO };
    storage.remove_expired(NOW + 1_000 + 80 * 3_600_000, &retention).await.expect("removal goes on");
    comes_to(&storage, false).await;
    let more = fill(&storage, accepted).await - accepted;
    assert!(more > 1_000, "{more}");
    assert_eq!(drain(&storage, NOW + 2_000).await.len(), more);
}

#[tokio::test]
async fn a_disk_that_another_program_fills_delivers_what_was_accepted_also_after_a_start() {
    let Some(place) = Place::new(24) else { return };
    let storage = open(&place.path(), OPTIONS()).await;
    let mut accepted = 0;
    while accepted < 6_400 {
        storage.accept((accepted..accepted + 64).map(event).collect()).await.expect("there is room");
        accepted += 64;
    }
    let filler = place.disk.fill("filler");
    comes_to(&storage, true).await;
    let refused = storage.accept(vec![event(accepted)]).await.expect_err("there is no room");
    assert_eq!(refused.kind(), StorageErrorKind::Full);
    let mut delivered = HashSet::new();
    for one in lease(&storage, NOW).await {
        assert!(storage.acknowledge(&one.activation.id, one.lease, NOW).await.expect("it goes on"));
        delivered.insert(one.activation.id);
    }
    drop(storage);

    // Whatever the end gave back is taken as well.
    let more = place.disk.fill("more");
    let storage = SqliteStorage::open(&place.path(), OPTIONS()).expect("it starts on a full disk");
    let storage = Arc::new(storage);
    comes_to(&storage, true).await;
    delivered.extend(drain(&storage, NOW).await);
    assert_eq!(delivered.len(), accepted);

    // A little room is not enough for intake; then the reserve is allocated anew.
    std::fs::remove_file(more).expect("it is there");
    std::fs::remove_file(filler).expect("it is there");
    comes_to(&storage, false).await;
    storage.accept(vec![event(accepted)]).await.expect("there is room");
    assert_eq!(place.reserve(), SqliteOptions::RESERVE);
}

#[tokio::test]
async fn while_the_disk_is_full_rows_get_no_longer_and_deliveries_go_on() {
    let Some(place) = Place::new(16) else { return };
    let storage = open(&place.path(), OPTIONS()).await;
    storage.accept((0..4).map(event).collect()).await.expect("there is room");
    let _filler = place.disk.fill("filler");
    comes_to(&storage, true).await;
    let leased = lease(&storage, NOW).await;
    let long = "a failure of a receiver that explains itself at great length: ".repeat(9);
    let cause = Cause { action: "update-product".to_owned(), by: None, workflow: None, at_ms: NOW };
    let [first, second, third, fourth] = leased.as_slice() else { panic!("{leased:?}") };
    // Noted only for convenience, so the note is spared.
    let refused = storage.mark_own(&first.activation.id, first.lease, cause.clone()).await;
    assert_eq!(refused.map_err(|error| error.kind()), Err(StorageErrorKind::Full));
    assert!(
        storage
            .retry_later(&first.activation.id, first.lease, NOW + 1, &long, NOW)
            .await
            .expect("it is noted")
    );
    assert!(storage.bury(&second.activation.id, second.lease, &long, NOW + 1).await.expect("it is noted"));
    let suppressed = storage.suppress(&third.activation.id, third.lease, cause, NOW + 1).await;
    assert!(suppressed.expect("it is noted"));
    assert!(
        storage
            .postpone(&fourth.activation.id, fourth.lease, NOW + 1, &long, NOW)
            .await
            .expect("it is noted")
    );
    for (one, failure) in [
        (first, &long[..48]),
        (second, &long[..48]),
        (third, "an own change: update-product"),
        (fourth, &long[..48]),
    ] {
        let found = storage.find(&one.activation.id).await.expect("it is read").expect("it is there");
        assert_eq!((found.failure.as_deref(), found.own), (Some(failure), None));
    }
}

#[tokio::test]
async fn an_erasure_on_a_full_disk_is_finished_when_there_is_room() {
    let Some(place) = Place::new(24) else { return };
    let storage = open(&place.path(), OPTIONS()).await;
    let marker = b"hush-erase-me";
    let of_other = |number: usize| -> Arrival {
        let envelope = format!("{{\"secret\":\"{}-{number}\"}}", String::from_utf8_lossy(marker));
        Activation { envelope: envelope.into(), ..activation(&format!("other-{number}"), 1, None) }.into()
    };
    for from in (0..4_096).step_by(64) {
        storage.accept((from..from + 64).map(event).collect()).await.expect("there is room");
        storage.accept((from..from + 8).map(of_other).collect()).await.expect("there is room");
    }
    let filler = place.disk.fill("filler");
    comes_to(&storage, true).await;
    let refused = storage.erase_account("store1").await.expect_err("the file cannot be written anew");
    assert!(refused.kind() == StorageErrorKind::Full && refused.is_temporary(), "{refused}");
    let is_gone = storage.find("other-0").await.expect("it is read").is_none();
    assert!(is_gone, "its rows are removed at once");
    drop(storage);
    let storage = SqliteStorage::open(&place.path(), OPTIONS()).expect("it starts on a full disk");
    let storage = Arc::new(storage);
    assert_eq!(storage.remove_expired(NOW, &Retention::default()).await.expect("it waits"), 0);
    assert_eq!(drain(&storage, NOW).await.len(), 4_096, "others are delivered meanwhile");

    std::fs::remove_file(filler).expect("it is there");
    comes_to(&storage, false).await;
    let other = rusqlite::Connection::open(place.path()).expect("it opens");
    let unused =
        || other.query_row("PRAGMA freelist_count", (), |row| row.get::<_, i64>(0)).expect("a number");
    assert!(unused() > 0);
    storage.remove_expired(NOW, &Retention::default()).await.expect("it is finished");
    assert_eq!(unused(), 0, "the file was written anew");
    drop(other);
    drop(storage);
    let bytes = std::fs::read(place.path()).expect("it is read");
    assert!(!bytes.windows(marker.len()).any(|window| window == marker));
}
