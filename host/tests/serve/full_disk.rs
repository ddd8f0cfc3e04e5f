//! A disk that fills up while the receiver is away: what was acknowledged is delivered, also after a kill, and intake resumes.

use std::collections::HashSet;

use super::deliveries::{Engine, borrowed, to};
use super::small_disk::SmallDisk;
use super::*;

/// How many send at the same time.
const SENDERS: u64 = 4;

const FULL: &str = "connector_storage_full";
const RESERVE: &str = "connector_storage_reserve_bytes";

/// The subjects of the events that were acknowledged until there was no room.
fn fill(served: &Served, path: &str) -> HashSet<String> {
    let send = |sender: u64| {
        let mut acknowledged = Vec::new();
        for number in 1.. {
            let id = number * SENDERS + sender;
            let mut body = order(id).into_bytes();
            body.resize(4_000, b' ');
            match served.deliver_signed(path, CLIENT_SECRET, &body).status {
                Some(200) => acknowledged.push(format!("order/{id}")),
                status => {
                    assert_eq!(status, Some(503), "after {number}");
                    break;
                }
            }
        }
        acknowledged
    };
    std::thread::scope(|scope| {
        let senders: Vec<_> = (0..SENDERS).map(|sender| scope.spawn(move || send(sender))).collect();
        senders.into_iter().flat_map(|sender| sender.join().expect("it ends")).collect()
    })
}

#[track_caller]
fn comes_to_be_ready(served: &Served) {
    let began = Instant::now();
    while get(served.address, "/readyz", &[]).status != Some(200) {
        assert!(began.elapsed() < 2 * PATIENCE, "it stays so: {}\n{}", served.metrics(), served.logged());
    }
}

#[test]
fn what_was_acknowledged_is_delivered_from_a_full_disk_and_intake_resumes_by_itself() {
    let place = Place::new();
    let Some(disk) = SmallDisk::mount(&place.data(), 24) else { return };
    let (_, path) = place.connect();
    let engine = Engine::start();
    let away = engine.address;
    let arguments =
        [to(&place, &engine), ["--retention-delivered", "1s"].map(str::to_owned).to_vec()].concat();
    drop(engine);
    let served = place.serve_with(&borrowed(&arguments), &[]);
    assert_eq!((served.metric(RESERVE), served.metric(FULL)), (8 * 1024 * 1024, 0));

    let acknowledged = fill(&served, &path);
    assert!(acknowledged.len() > 1_000, "{}", acknowledged.len());
    let ready = get(served.address, "/readyz", &[]);
    assert_eq!((ready.status, ready.body.as_str()), (Some(503), "the storage takes no webhooks: full\n"));
    assert_eq!(served.metric(FULL), 1);
    served.signal("-KILL");
    drop(served);

    // Another program takes the last byte, and the service starts all the same.
    disk.fill("log of another program");
    let served = place.serve_with(&borrowed(&arguments), &[]);
    let refused = served.deliver_signed(&path, CLIENT_SECRET, ORDER.as_bytes());
    assert_eq!(refused.status, Some(503), "{refused:?}");
    assert!(refused.head.contains("retry-after: 10"), "{refused:?}");

    let engine = Engine::start_at(away);
    let mut delivered = HashSet::new();
    while delivered.len() < acknowledged.len() {
        let Some(event) = engine.event_within(PATIENCE) else {
            panic!(
                "{} of {} came\n{}\n{}",
                delivered.len(),
                acknowledged.len(),
                served.metrics(),
                served.logged()
            );
        };
        let subject = event["subject"].as_str().expect("a subject").to_owned();
        assert!(acknowledged.contains(&subject), "{subject} was not acknowledged");
        delivered.insert(subject);
    }
    assert_eq!(delivered, acknowledged);

    // Payloads go after their time, and their pages take new events.
    comes_to_be_ready(&served);
    assert_eq!(served.deliver_signed(&path, CLIENT_SECRET, order(999_999).as_bytes()).status, Some(200));
    assert_eq!(engine.event()["subject"], "order/999999");
}

#[test]
fn a_start_without_the_reserve_warns_and_takes_nothing_until_there_is_room() {
    let place = Place::new();
    let Some(disk) = SmallDisk::mount(&place.data(), 12) else { return };
    let (_, path) = place.connect();
    let filler = disk.fill("filler");
    // SQLite needs some pages to open anything.
    let some = fs::metadata(&filler).expect("its size").len() - 256 * 1024;
    File::options().write(true).open(&filler).and_then(|file| file.set_len(some)).expect("it gets smaller");
    let served = place.serve();
    assert!(served.logged().contains("cannot allocate the reserve: "), "{}", served.logged());
    assert_eq!(served.metric(FULL), 1);
    assert!(served.metric(RESERVE) < 8 * 1024 * 1024);
    assert_eq!(served.deliver_signed(&path, CLIENT_SECRET, ORDER.as_bytes()).status, Some(503));
    fs::remove_file(filler).expect("it is there");
    served.comes_to(RESERVE, 8 * 1024 * 1024);
    drop(served);
}
