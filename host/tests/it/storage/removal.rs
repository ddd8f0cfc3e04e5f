//! Retention, erasure and copies.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use connector_host::storage::{
    Accepted, Activation, ActivationState, ConnectionRow, ConnectionState, Retention, SqliteOptions,
    Storage as _, StorageErrorKind, back_up,
};

use super::{Fixture, NOW, activation, connection, open};

const HOUR_MS: i64 = 60 * 60 * 1_000;

#[tokio::test]
async fn payloads_go_after_their_time_and_ids_not_before_49_hours() {
    let fixture = Fixture::new().await;
    let storage = &fixture.storage;
    for id in ["delivered", "dead", "waiting"] {
        fixture.accept(activation(id, 0, None)).await;
    }
    let leased = fixture.lease(2, NOW).await;
    storage.acknowledge("delivered", leased[0].lease, NOW).await.expect("it is noted");
    storage.bury("dead", leased[1].lease, "no", NOW).await.expect("it is noted");
    let retention = Retention { delivered: Duration::from_secs(3_600), dead: Duration::from_secs(7_200) };
    let removed =
        |now_ms| async move { storage.remove_expired(now_ms, &retention).await.expect("it is done") };

    assert_eq!(removed(NOW + HOUR_MS - 1).await, 0);
    assert_eq!(removed(NOW + HOUR_MS).await, 1);
    let found = storage.find("delivered").await.expect("it is read").expect("its id is kept");
    assert!(found.is_emptied && found.activation.envelope.is_empty());
    assert!(!storage.replay("delivered", NOW).await.expect("it is read"), "there is nothing to deliver");
    assert_eq!(removed(NOW + 2 * HOUR_MS).await, 1);

    for hour in 3..72 {
        assert_eq!(removed(NOW + hour * HOUR_MS).await, 0);
    }
    assert_eq!(fixture.accept(activation("delivered", 0, None)).await, Accepted { new: 0, repeated: 1 });
    assert_eq!(removed(NOW + 72 * HOUR_MS).await, 2);
    let counts = storage.counts().await.expect("they are read");
    assert_eq!((counts.waiting, counts.delivered, counts.dead), (1, 0, 0), "what waits is never removed");
}

#[tokio::test]
async fn an_id_that_is_accepted_anew_knows_no_lease_of_its_earlier_life() {
    let retention = Retention { delivered: Duration::ZERO, dead: Duration::ZERO };
    let later_ms = NOW + 100 * HOUR_MS;
    for is_erased in [false, true] {
        let fixture = Fixture::new().await;
        let storage = &fixture.storage;
        fixture.accept(activation("a", 0, None)).await;
        // Numbers are used up: by leases, and by giving them back.
        let mut early = Vec::new();
        for _ in 0..4 {
            let lease = fixture.lease(1, NOW).await.remove(0).lease;
            assert!(storage.retry_later("a", lease, NOW, "busy", NOW).await.expect("it is noted"));
            early.push(lease);
        }
        let last = fixture.lease(1, NOW).await.remove(0).lease;
        assert!(storage.acknowledge("a", last, NOW).await.expect("it is noted"));
        early.push(last);
        match is_erased {
            true => {
                storage.erase_account("store0").await.expect("it is erased");
                storage.put_connection(connection(0)).await.expect("it is stored");
            }
            false => _ = storage.remove_expired(later_ms, &retention).await.expect("it is done"),
        }

        assert_eq!(fixture.accept(activation("a", 0, None)).await, Accepted { new: 1, repeated: 0 });
        let use_all = async |state| {
            for lease in &early {
                assert!(
                    !storage.retry_later("a", *lease, later_ms, "late", later_ms).await.expect("it is read")
                );
                assert!(!storage.acknowledge("a", *lease, later_ms).await.expect("it is read"));
            }
            assert_eq!(fixture.state("a").await, Some(state));
        };
        use_all(ActivationState::Waiting).await;
        for _ in 0..2 {
            let lease = fixture.lease(1, later_ms).await.remove(0).lease;
            use_all(ActivationState::Leased).await;
            assert!(storage.retry_later("a", lease, later_ms, "busy", later_ms).await.expect("it is noted"));
            use_all(ActivationState::Waiting).await;
        }
    }
}

#[tokio::test]
async fn more_than_a_slice_is_removed_in_one_call() {
    let fixture = Fixture::new().await;
    let many = (0..600).map(|number| activation(&format!("{number}"), 0, None).into()).collect();
    fixture.storage.accept(many).await.expect("they are stored");
    for leased in fixture.lease(600, NOW).await {
        fixture.storage.acknowledge(&leased.activation.id, leased.lease, NOW).await.expect("it is noted");
    }
    let retention = Retention { delivered: Duration::ZERO, dead: Duration::ZERO };
    let removed = fixture.storage.remove_expired(NOW + 100 * HOUR_MS, &retention).await;
    assert_eq!(removed.expect("it is done"), 1_200, "each loses its payload, then its row");
    assert_eq!(fixture.storage.counts().await.expect("they are read").delivered, 0);
}

/// Whether any file of the storage holds these bytes.
fn is_on_disk(folder: &Path, marker: &str) -> bool {
    let entries = std::fs::read_dir(folder).expect("a folder");
    entries
        .map(|entry| std::fs::read(entry.expect("an entry").path()).expect("a file"))
        .any(|bytes| bytes.windows(marker.len()).any(|window| window == marker.as_bytes()))
}

#[tokio::test]
async fn an_erased_account_leaves_no_byte_and_takes_nothing_new() {
    const MARKER: &str = "jane.doe@example.com";
    const SECRET: &str = "sealed-token-of-the-store";
    let fixture = Fixture::new().await;
    let storage = &fixture.storage;
    let row = ConnectionRow { sealed: SECRET.as_bytes().to_vec(), updated_ms: NOW + 1, ..connection(0) };
    storage.put_connection(row).await.expect("it is stored");
    for number in 0..700 {
        // Some of them are longer than a page.
        let envelope = MARKER.repeat(if number % 50 == 0 { 1_000 } else { 3 }).into();
        let order = format!("{}", number % 7);
        let mut activations =
            vec![Activation { envelope, ..activation(&format!("{number}"), 0, Some(&order)) }.into()];
        activations.push(activation(&format!("other-{number}"), 1, Some(&order)).into());
        storage.accept(activations).await.expect("they are stored");
    }
    // In every state.
    for (number, leased) in fixture.lease(14, NOW).await.into_iter().enumerate() {
        let id = &leased.activation.id;
        match number % 3 {
            0 => storage.acknowledge(id, leased.lease, NOW).await.expect("it is noted"),
            1 => storage.bury(id, leased.lease, "no", NOW).await.expect("it is noted"),
            _ => true,
        };
    }
    assert!(is_on_disk(fixture.folder.path(), MARKER) && is_on_disk(fixture.folder.path(), SECRET));

    assert_eq!(storage.erase_account("store0").await.expect("it is erased"), 700);
    assert!(!is_on_disk(fixture.folder.path(), MARKER));
    assert!(!is_on_disk(fixture.folder.path(), SECRET));
    let late = storage.accept(vec![activation("late", 0, None).into()]).await;
    assert_eq!(late.map_err(|error| error.kind()), Err(StorageErrorKind::UnknownConnection));
    assert_eq!(storage.connections().await.expect("they are read").len(), 3);
    let counts = storage.counts().await.expect("they are read");
    assert_eq!(counts.waiting + counts.leased + counts.dead + counts.delivered, 700, "those of others stay");
}

#[tokio::test]
async fn what_is_finished_of_an_account_that_ended_is_erased_and_its_connection_stays() {
    const MARKER: &str = "jane.doe@example.com";
    let fixture = Fixture::new().await;
    let storage = &fixture.storage;
    for number in 0..300 {
        let envelope = MARKER.into();
        let one = Activation { envelope, ..activation(&format!("{number}"), 0, None) };
        storage.accept(vec![one.into()]).await.expect("it is stored");
    }
    for leased in fixture.lease(299, NOW).await {
        storage.acknowledge(&leased.activation.id, leased.lease, NOW).await.expect("it is noted");
    }
    let row = |state, sealed: &[u8]| ConnectionRow { state, sealed: sealed.to_vec(), ..connection(0) };
    // Connected, and being removed: it still has its secrets.
    for row in [row(ConnectionState::Connected, b"sealed"), row(ConnectionState::Revoked, b"sealed")] {
        storage.put_connection(row).await.expect("it is stored");
        assert_eq!(storage.erase_finished("store0").await.expect("it is looked at"), 0);
    }
    let ended = row(ConnectionState::Revoked, b"");
    storage.put_connection(ended.clone()).await.expect("it is stored");
    assert_eq!(storage.erase_finished("store0").await.expect("they are erased"), 299);
    assert!(storage.connection("c0").await.expect("it is read") == Some(ended));
    let left = fixture.lease(9, NOW).await;
    assert_eq!(left.len(), 1, "what was answered 200 is delivered first");
    storage.acknowledge(&left[0].activation.id, left[0].lease, NOW).await.expect("it is noted");
    assert!(is_on_disk(fixture.folder.path(), MARKER));
    assert_eq!(storage.erase_finished("store0").await.expect("it is erased"), 1);
    assert!(!is_on_disk(fixture.folder.path(), MARKER));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_taken_while_others_write_has_all_that_was_answered_before() {
    let fixture = Fixture::new().await;
    let answered = Arc::new(AtomicUsize::new(0));
    let mut callers = tokio::task::JoinSet::new();
    for caller in 0..8 {
        let (storage, answered) = (Arc::clone(&fixture.storage), Arc::clone(&answered));
        callers.spawn(async move {
            for number in 0..100 {
                storage
                    .accept(vec![activation(&format!("{caller}-{number}"), 0, Some("1")).into()])
                    .await
                    .expect("it is stored");
                answered.fetch_add(1, Ordering::SeqCst);
            }
        });
    }
    let copy = fixture.folder.path().join("copy");
    // After some were answered and before all were.
    while answered.load(Ordering::SeqCst) < 50 {
        tokio::task::yield_now().await;
    }
    let before = answered.load(Ordering::SeqCst);
    let (database, to) = (fixture.path(), copy.clone());
    tokio::task::spawn_blocking(move || back_up(&database, &to))
        .await
        .expect("it ends")
        .expect("it is copied");
    while callers.join_next().await.is_some() {}

    let again = back_up(&fixture.path(), &copy).expect_err("a copy is never overwritten");
    assert!(again.to_string().contains("exists"), "{again}");
    let restored = open(&copy, SqliteOptions::default()).await;
    let counts = restored.counts().await.expect("they are read");
    assert!((before as u64..=800).contains(&counts.waiting), "{before} {counts:?}");
    assert_eq!(restored.connections().await.expect("they are read").len(), 4);
    // Each caller's come without a gap, and those that were answered when the copy began are there.
    let mut found = 0;
    for caller in 0..8 {
        let mut is_over = false;
        for number in 0..100 {
            match restored.find(&format!("{caller}-{number}")).await.expect("it is read") {
                Some(stored) => {
                    assert!(!is_over, "{caller}-{number} came after a gap");
                    assert_eq!(stored.state, ActivationState::Waiting);
                    found += 1;
                }
                None => is_over = true,
            }
        }
    }
    assert_eq!(found, counts.waiting);
    let request = connector_host::storage::LeaseRequest {
        limit: 1,
        per_connection: 1,
        duration: super::LEASE,
        now_ms: NOW,
    };
    assert_eq!(restored.lease(request).await.expect("it works").len(), 1);
}
