//! A small disk that fills up, by activations or by another program: what was accepted is delivered all the same.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use connector_host::storage::{
    Activation, Arrival, LeaseRequest, Retention, SqliteOptions, SqliteStorage, Storage as _,
    StorageErrorKind,
};
use tempfile::TempDir;

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

async fn lease(storage: &SqliteStorage, now_ms: i64) -> Vec<connector_host::storage::Leased> {
    let request = LeaseRequest { limit: 64, per_connection: 1_000, duration: LEASE, now_ms };
    storage.lease(request).await.expect("leases go on")
}

/// Delivers all that is due; the ids.
async fn drain(storage: &SqliteStorage, now_ms: i64) -> HashSet<String> {
    let mut delivered = HashSet::new();
    loop {
        let leased = lease(storage, now_ms).await;
        if leased.is_empty() {
            return delivered;
        }
        for one in leased {
            let is_noted = storage.acknowledge(&one.activation.id, one.lease, now_ms).await;
            assert!(is_noted.expect("acknowledgements go on"));
            assert!(delivered.insert(one.activation.id), "once");
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
        for one in leased {
            let (id, failure) = (&one.activation.id, "unreachable: nobody listens at the address");
            assert!(
                storage.retry_later(id, one.lease, NOW + 1_000, failure, NOW).await.expect("it is noted")
            );
            tried += 1;
        }
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
