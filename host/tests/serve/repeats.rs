//! Repeats over HTTP: which deliveries start a workflow again, after deliveries, kills and an upgrade.

use std::fmt::Write as _;

use connector_host::storage::activation_id;
use rusqlite::Connection;

use super::deliveries::{Engine, borrowed, to};
use super::*;

/// A change of a product; a second one in the same second has the same body.
const CHANGE: &str = r#"{"scope":"store/product/updated","producer":"stores/abc123","hash":"5a1e","created_at":1763999999,"data":{"type":"product","id":111}}"#;

/// What earlier versions made of the parts of [`CHANGE`].
const FORMER_KEY: &str = "stores/abc123 store/product/updated 5a1e 1763999999";

const MIGRATIONS: [&str; 4] = [
    include_str!("../../src/storage/sqlite/migrations/1.sql"),
    include_str!("../../src/storage/sqlite/migrations/2.sql"),
    include_str!("../../src/storage/sqlite/migrations/3.sql"),
    include_str!("../../src/storage/sqlite/migrations/4.sql"),
];

/// A connection that wants changes of products: its id and the path of its webhooks.
fn connect_products(place: &Place) -> (String, String) {
    let secret = place.file("client-secret", CLIENT_SECRET);
    place.add(&["--client-secret-file", &secret, "--trigger", "product-updated"])
}

fn database(place: &Place) -> PathBuf {
    place.data().join("connector.sqlite")
}

/// The ids of all activations, in the order of acceptance.
fn stored(place: &Place) -> Vec<String> {
    let file = Connection::open(database(place)).expect("it opens");
    let mut ids = file.prepare("SELECT id FROM activations ORDER BY position").expect("a table");
    let ids = ids.query_map((), |row| row.get(0)).expect("rows");
    ids.map(|id| id.expect("a text")).collect()
}

/// A delivery of [`CHANGE`] that is signed at a moment, without an id.
fn delivery(at_ms: i64) -> Headers {
    signed(&BC_HEX, CLIENT_SECRET, at_ms, CHANGE.as_bytes())
}

fn id_of(event: &serde_json::Value) -> String {
    event["id"].as_str().expect("an id").to_owned()
}

/// Sends a change of another product and takes its event: whatever was due before has come before.
#[track_caller]
fn close(served: &Served, path: &str, engine: &Engine) {
    let other = CHANGE.replace("111", "112").replace("5a1e", &format!("other-{}", unique()));
    assert_eq!(served.deliver_signed(path, CLIENT_SECRET, other.as_bytes()).status, Some(200));
    assert_eq!(engine.event()["subject"], "product/112");
}

#[test]
fn two_changes_of_a_product_in_the_same_second_are_both_delivered_and_a_thousand_replays_are_not() {
    let (place, engine) = (Place::new(), Engine::start());
    let (_, path) = connect_products(&place);
    let served = place.serve_with(&borrowed(&to(&place, &engine)), &[]);
    let at_ms = now_ms();
    let [first, second] = [at_ms, at_ms + 1].map(delivery);
    assert_eq!(served.deliver(&path, &first, CHANGE.as_bytes()).status, Some(200));
    let first_id = id_of(&engine.event());
    assert_eq!(served.deliver(&path, &second, CHANGE.as_bytes()).status, Some(200));
    let second_id = id_of(&engine.event());
    assert_ne!(first_id, second_id);

    // All on the same connection.
    let mut replays = String::new();
    for number in 0..1_000 {
        let headers = if number % 2 == 0 { &first } else { &second };
        write!(replays, "POST {path} HTTP/1.1\r\nHost: hooks.example\r\n").expect("text");
        headers.iter().for_each(|(name, value)| write!(replays, "{name}: {value}\r\n").expect("text"));
        let close = if number == 999 { "Connection: close\r\n" } else { "" };
        write!(replays, "{close}Content-Length: {}\r\n\r\n{CHANGE}", CHANGE.len()).expect("text");
    }
    let mut stream = connect(served.address);
    let mut sender = stream.try_clone().expect("a second handle");
    let sending = std::thread::spawn(move || sender.write_all(replays.as_bytes()));
    let answers = String::from_utf8(read_to_close(&mut stream)).expect("text");
    sending.join().expect("it ends").expect("all are sent");
    assert_eq!(answers.matches("HTTP/1.1 200").count(), 1_000, "{}", &answers[..answers.len().min(2_000)]);
    // An id that nobody has signed tells nothing apart, whatever the answer is.
    for profile in [&first, &second] {
        let forged = [&profile[..], &[("webhook-id".to_owned(), "msg_forged".to_owned())]].concat();
        served.deliver(&path, &forged, CHANGE.as_bytes());
    }
    close(&served, &path, &engine);
    assert_eq!(stored(&place).len(), 3);
}

#[test]
fn a_retry_that_is_signed_anew_before_the_lease_is_a_repeat_and_may_be_delivered_once_more_after_it() {
    let (place, engine) = (Place::new(), Engine::start());
    let (_, path) = connect_products(&place);
    let at_ms = now_ms();
    let served = place.serve();
    for late_ms in 0..3 {
        assert_eq!(served.deliver(&path, &delivery(at_ms + late_ms), CHANGE.as_bytes()).status, Some(200));
    }
    assert_eq!(stored(&place).len(), 1);
    drop(served);

    let served = place.serve_with(&borrowed(&to(&place, &engine)), &[]);
    let first = id_of(&engine.event());
    assert_eq!(served.deliver(&path, &delivery(at_ms + 2), CHANGE.as_bytes()).status, Some(200));
    close(&served, &path, &engine);
    assert_eq!(served.deliver(&path, &delivery(at_ms + 3), CHANGE.as_bytes()).status, Some(200));
    assert_ne!(id_of(&engine.event()), first);
}

#[test]
fn a_kill_between_the_commit_and_the_answer_a_delivery_and_a_retry_give_one_id() {
    let (place, engine) = (Place::new(), Engine::start());
    let (_, path) = connect_products(&place);
    let headers = delivery(now_ms());
    let served = place.serve();
    let mut stream = connect(served.address);
    stream.write_all(&request(&path, &headers, CHANGE.as_bytes())).expect("it reads");
    // The vendor gets no answer: the service is killed as soon as the row is on disk.
    let began = Instant::now();
    while stored(&place).is_empty() {
        assert!(began.elapsed() < PATIENCE, "it is stored");
    }
    served.signal("-KILL");
    drop((stream, served));
    let before = stored(&place);
    assert_eq!(before.len(), 1);

    let served = place.serve_with(&borrowed(&to(&place, &engine)), &[]);
    assert_eq!(id_of(&engine.event()), before[0]);
    for _ in 0..3 {
        assert_eq!(served.deliver(&path, &headers, CHANGE.as_bytes()).status, Some(200));
    }
    close(&served, &path, &engine);
    assert_eq!(stored(&place)[..1], before);
    assert_eq!(stored(&place).len(), 2);
}

#[test]
fn what_happens_once_is_delivered_once_whatever_signs_it() {
    let (place, engine) = (Place::new(), Engine::start());
    let (_, path) = place.connect();
    let served = place.serve_with(&borrowed(&to(&place, &engine)), &[]);
    for late_s in 0..3 {
        let body = ORDER.replace("1763999999", &format!("{}", 1_763_999_999 + late_s));
        for profile in [&STANDARD_WEBHOOKS, &BC_HEX] {
            let headers = signed(profile, CLIENT_SECRET, now_ms() + late_s, body.as_bytes());
            assert_eq!(served.deliver(&path, &headers, body.as_bytes()).status, Some(200));
        }
    }
    assert_eq!(engine.event()["subject"], "order/250");
    assert_eq!(served.deliver_signed(&path, CLIENT_SECRET, order(251).as_bytes()).status, Some(200));
    assert_eq!(engine.event()["subject"], "order/251");
}

#[test]
fn two_signed_ids_are_two_events_and_one_is_one() {
    let (place, engine) = (Place::new(), Engine::start());
    let (_, path) = connect_products(&place);
    let served = place.serve();
    let [first, second] =
        [(); 2].map(|()| signed(&STANDARD_WEBHOOKS, CLIENT_SECRET, now_ms(), CHANGE.as_bytes()));
    for headers in [&first, &second, &first, &second] {
        assert_eq!(served.deliver(&path, headers, CHANGE.as_bytes()).status, Some(200));
    }
    drop(served);
    let _served = place.serve_with(&borrowed(&to(&place, &engine)), &[]);
    assert_ne!(id_of(&engine.event()), id_of(&engine.event()), "although nothing was leased in between");
    assert_eq!(stored(&place).len(), 2);
}

/// Replaces the database by one of the fourth version with the same connections, and returns it.
fn downgrade(place: &Place) -> Connection {
    let current = database(place);
    let old = place.data().join("old.sqlite");
    let file = Connection::open(&old).expect("it opens");
    file.execute_batch(&MIGRATIONS.concat()).expect("they were released");
    file.execute_batch(&format!(
        "ATTACH '{}' AS current; INSERT INTO main.connections SELECT * FROM current.connections; DETACH current; \
         PRAGMA application_id = 1668178804; PRAGMA user_version = 4;",
        current.display()
    ))
    .expect("they are copied");
    for end in ["-wal", "-shm"] {
        let beside = PathBuf::from(format!("{}{end}", current.display()));
        if beside.exists() {
            fs::remove_file(beside).expect("it is removed");
        }
    }
    drop(file);
    fs::rename(old, &current).expect("it is replaced");
    Connection::open(current).expect("it opens")
}

#[test]
fn a_data_folder_of_an_older_version_opens_and_its_deliveries_are_known() {
    let (place, engine) = (Place::new(), Engine::start());
    let (connection, path) = connect_products(&place);
    let file = downgrade(&place);
    let insert = |id: &str, state: i64, body: &str| {
        file.execute(
            "INSERT INTO activations (id, state, due_ms, lease, received_ms, event_time, origin, connection, account, trigger, \
                 resource_type, resource_id, envelope) \
             VALUES (?1, ?2, ?3, ?2 / 3, ?3, 1763999999, 0, ?4, 'abc123', 'product-updated', 'product', ?5, ?6)",
            (id, state, now_ms() - 60_000, &connection, id, body.as_bytes()),
        )
        .expect("it is stored");
        file.execute("UPDATE totals SET count = count + 1 WHERE state = ?1", [state]).expect("it is counted");
    };
    let waiting = activation_id(&connection, "product-updated", "waiting");
    let delivered = activation_id(&connection, "product-updated", FORMER_KEY);
    insert(&delivered, 3, CHANGE);
    insert(&waiting, 1, CHANGE);
    drop(file);

    let served = place.serve_with(&borrowed(&to(&place, &engine)), &[]);
    assert_eq!(id_of(&engine.event()), waiting, "under its id");
    let at_ms = now_ms();
    for late_ms in [0, 1, 0, 2] {
        // Which time the stored delivery had is not known.
        assert_eq!(served.deliver(&path, &delivery(at_ms + late_ms), CHANGE.as_bytes()).status, Some(200));
    }
    close(&served, &path, &engine);
    assert_eq!(stored(&place).len(), 3);
}
