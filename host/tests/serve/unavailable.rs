//! A storage that is locked, full or too busy: 503 and never 200, nothing of it stored, and all is well once it is over.

use rusqlite::Connection;

use super::outcomes::counted;
use super::*;

/// Another user of the database, who keeps everybody from writing until it is dropped.
fn lock(place: &Place) -> Connection {
    let connection = Connection::open(place.data().join("connector.sqlite")).expect("the database");
    connection.execute_batch("BEGIN IMMEDIATE").expect("nobody else has the lock");
    connection
}

/// What the answer to a delivery that could not be stored is.
#[track_caller]
fn assert_asked_to_come_back(answer: &Answer) {
    assert_eq!((answer.status, answer.body.as_str()), (Some(503), ""), "{answer:?}");
    assert!(answer.head.contains("retry-after: 10"), "{answer:?}");
}

#[track_caller]
fn assert_not_ready(served: &Served, reason: &str) {
    let answer = get(served.address, "/readyz", &[]);
    let told = format!("the storage takes no webhooks: {reason}\n");
    assert_eq!((answer.status, answer.body), (Some(503), told));
}

#[track_caller]
fn assert_ready(served: &Served) {
    assert_eq!(get(served.address, "/readyz", &[]).body, "ready\n");
}

fn waiting(served: &Served) -> u64 {
    served.metric("connector_activations{state=\"waiting\"}")
}

#[test]
fn while_another_process_holds_the_lock_senders_are_asked_to_come_back() {
    let place = Place::new();
    let (_, path) = place.connect();
    let served = place.serve();
    let body = order(1);
    let deliver = || served.deliver_signed(&path, CLIENT_SECRET, body.as_bytes());
    let lock = lock(&place);
    assert_asked_to_come_back(&deliver());
    assert_eq!(counted(&served, "unavailable", "locked"), 1);
    assert_not_ready(&served, "locked");
    assert_eq!(waiting(&served), 0);
    drop(lock);
    assert_eq!(deliver().status, Some(200));
    assert_ready(&served);
    assert_eq!(waiting(&served), 1);
}

#[test]
fn a_full_database_takes_nothing_until_there_is_room() {
    let place = Place::new();
    let secret = place.file("client-secret", CLIENT_SECRET);
    let (_, path) = place.connect();
    let told = place.ok(&[
        "connections",
        "add",
        "--store-hash",
        "xyz789",
        "--json",
        "--client-secret-file",
        &secret,
    ]);
    let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    let url = told["webhooks"].as_str().expect("an address");
    let other_path = &url[url.find("/webhooks/").expect("a path")..];
    let served = place.serve_with(&["--limits-database-mib", "1"], &[]);

    let fill = |id: u64| {
        let mut body = order(id).replace("abc123", "xyz789").into_bytes();
        body.resize(100_000, b' ');
        served.deliver_signed(other_path, CLIENT_SECRET, &body)
    };
    let (mut taken, mut refused) = (0, None);
    while refused.is_none() {
        match fill(taken) {
            Answer { status: Some(200), .. } => taken += 1,
            answer => refused = Some(answer),
        }
        assert!(taken < 11, "a mebibyte is full");
    }
    assert_asked_to_come_back(&refused.expect("it ends with one"));
    assert!(taken > 5, "{taken}");
    assert_eq!(counted(&served, "unavailable", "full"), 1);
    assert_not_ready(&served, "full");
    assert_eq!(waiting(&served), taken);
    // It is told again and again, not once.
    assert_asked_to_come_back(&fill(taken));

    let id = told["id"].as_str().expect("an id");
    place.ok(&["connections", "remove", id, "--erase"]);
    assert_eq!(waiting(&served), 0);
    let mut body = order(1).into_bytes();
    body.resize(100_000, b' ');
    assert_eq!(served.deliver_signed(&path, CLIENT_SECRET, &body).status, Some(200));
    assert_ready(&served);
    assert_eq!(waiting(&served), 1);
}

#[test]
fn more_than_may_wait_is_refused_at_once_and_the_rest_is_stored() {
    let place = Place::new();
    let (_, path) = place.connect();
    // The service itself has up to two changes in the queue: a lease, and the look at the clock.
    let served = place.serve_with(&["--limits-queue", "4"], &[]);
    let lock = lock(&place);
    let mut streams: Vec<TcpStream> = (0..16)
        .map(|id| {
            let body = order(id);
            let headers = signed(&BC_HEX, CLIENT_SECRET, now_ms(), body.as_bytes());
            let mut stream = connect(served.address);
            stream.write_all(&request(&path, &headers, body.as_bytes())).expect("it listens");
            stream
        })
        .collect();
    let began = Instant::now();
    while counted(&served, "unavailable", "queue_full") == 0 {
        assert!(began.elapsed() < PATIENCE, "nobody was refused");
    }
    drop(lock);
    let answers: Vec<Answer> =
        streams.iter_mut().map(|stream| Answer::parse(&read_to_close(stream))).collect();
    let (taken, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == Some(200));
    refused.into_iter().for_each(assert_asked_to_come_back);
    assert_eq!(waiting(&served), taken.len() as u64);
    assert_eq!(served.deliver_signed(&path, CLIENT_SECRET, order(99).as_bytes()).status, Some(200));
    assert_ready(&served);
}
