//! Ten thousand webhooks on 64 connections while the service is killed five times. Everything that was answered 200 reaches
//! the receiver, under one id and in order; nothing that was not verified does.

use std::collections::{HashMap, HashSet};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc;

use connector_host::storage::{ActivationFilter, SqliteOptions, SqliteStorage, Storage as _};

use super::*;

mod events;
mod receiver;
mod senders;

use events::{Event, Events, Plan};
use receiver::Receiver;
use senders::{Journal, Senders};

const KILLS: usize = 5;

/// `whsec_` and base64.
const DELIVERY_SECRET: &str = "whsec_aHVzaC1kZWxpdmVyeS0zMi1ieXRlcy1vZi1ub3RoaW5n";

/// Another one is set by `CONNECTOR_TEST_SEED`.
const SEED: u64 = 6;

const PLAN: Plan = Plan { events: 10_000, resources: 2_000, repeats: 500, forged: 300 };

#[test]
fn whatever_was_answered_is_delivered_under_one_id_and_in_order_after_five_kills() {
    let seed = std::env::var("CONNECTOR_TEST_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(SEED);
    let mut random = fastrand::Rng::with_seed(seed);
    let place = Place::new();
    let secret = place.file("client-secret", &format!("{CLIENT_SECRET}\n"));
    let paths =
        [(); 2].map(|()| place.add(&["--client-secret-file", &secret, "--trigger", "product-updated"]).1);
    let events = Arc::new(Events::make(PLAN, &paths, &mut random));

    let port = free_port(&mut random);
    let receiver = Receiver::start(&mut random);
    let serve = || {
        let listen = port.to_string();
        let arguments = ["--listen", &listen, "--delivery-mode", "http", "--delivery-url", &receiver.url];
        let many = ["--delivery-concurrency", "128", "--delivery-per-connection", "64"];
        let local = ["--delivery-allowed-networks", "127.0.0.0/8"];
        let arguments = [&arguments[..], &many, &local].concat();
        place.serve_with(&arguments, &[("CONNECTOR_DELIVERY_SECRET", DELIVERY_SECRET)])
    };
    let mut served = serve();
    let (kill, kills) = mpsc::channel();
    let journal = Arc::new(Journal::new(events.len(), moments(&events, &mut random), kill));
    let senders = Senders::start(port, Arc::clone(&events), Arc::clone(&journal));
    for _ in 0..KILLS {
        wait_for(&kills, seed);
        served.signal("-KILL");
        drop(served);
        served = serve();
    }
    let wrong = senders.end();
    assert_eq!(wrong, Vec::<String>::new(), "seed {seed}");
    let mut delivered = receiver.wait_for(PLAN.events, seed);
    assert_eq!(served.stop().0, Some(0));
    delivered.extend(receiver.rest());

    let stored = stored(&place);
    check(&events, &journal, &stored, seed);
    check(&events, &journal, &delivered, seed);
    assert_eq!(by_resource(&events, &stored), by_resource(&events, &delivered), "order is kept; seed {seed}");
}

/// The moments of the kills, each in a part of the time of its own: a moment is a request sent or an answer read.
fn moments(events: &Events, random: &mut fastrand::Rng) -> Vec<u64> {
    let part = 2 * events.sendings.len() as u64 / (KILLS as u64 + 1);
    (1..=KILLS as u64).map(|kill| kill * part - random.u64(0..part)).collect()
}

fn wait_for(kills: &mpsc::Receiver<()>, seed: u64) {
    assert!(kills.recv_timeout(4 * PATIENCE).is_ok(), "the senders came to a stop; seed {seed}");
}

/// A port that no system gives to whoever asks for any: while the service is down, nobody may take it.
fn free_port(random: &mut fastrand::Rng) -> SocketAddr {
    let mut random = fastrand::Rng::with_seed(random.u64(..) ^ u64::from(std::process::id()));
    let ports = std::iter::repeat_with(|| SocketAddr::from(([127, 0, 0, 1], random.u16(20_000..32_000))));
    ports.take(1_000).find(|address| TcpListener::bind(address).is_ok()).expect("a free port")
}

/// What came of an event: its CloudEvents id and the event's number, in the order in which it came.
type Arrivals = Vec<(String, usize)>;

/// What storage holds, in the order of acceptance.
fn stored(place: &Place) -> Arrivals {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let storage = SqliteStorage::open(&place.data().join("connector.sqlite"), SqliteOptions::default());
    let storage = storage.expect("the database is sound");
    let mut arrivals = Arrivals::new();
    let mut filter = ActivationFilter { limit: 1_000, ..Default::default() };
    loop {
        let page = runtime.block_on(storage.list(&filter)).expect("it can be listed");
        let Some(last) = page.last() else { return arrivals };
        filter.after = Some(last.position);
        for summary in page {
            let found =
                runtime.block_on(storage.find(&summary.id)).expect("it can be read").expect("it is there");
            let envelope = serde_json::from_slice(&found.activation.envelope).expect("it came as JSON");
            arrivals.push((summary.id, events::number_in(&envelope)));
        }
    }
}

/// Holds what arrived against what was sent and answered.
fn check(events: &Events, journal: &Journal, arrivals: &Arrivals, seed: u64) {
    let ids: HashMap<&str, usize> = arrivals.iter().map(|(id, number)| (id.as_str(), *number)).collect();
    let numbers: HashSet<usize> = ids.values().copied().collect();
    assert_eq!(numbers.len(), ids.len(), "an event has two ids; seed {seed}");
    assert!(
        arrivals.iter().all(|(id, number)| ids[id.as_str()] == *number),
        "an id has two events; seed {seed}"
    );
    for (number, event) in events.all.iter().enumerate() {
        let is_there = numbers.contains(&number);
        match event.is_forged {
            true => {
                assert!(!is_there && journal.answered(number).is_none(), "{event:?} is forged; seed {seed}")
            }
            // In the end each was answered 200.
            false => {
                assert!(is_there && journal.answered(number).is_some(), "{event:?} is lost; seed {seed}")
            }
        }
    }

    // Of one resource, what was answered before another was sent comes before it.
    for order in by_resource(events, arrivals).values() {
        let mut latest_start = 0;
        for number in order {
            let answered = journal.answered(*number).expect("checked above");
            let event: &Event = &events.all[*number];
            assert!(answered > latest_start, "{event:?} comes after one that was sent later; seed {seed}");
            latest_start = latest_start.max(journal.first_sent(*number));
        }
    }
}

/// The events of each resource in the order in which they first came.
fn by_resource(events: &Events, arrivals: &Arrivals) -> HashMap<u64, Vec<usize>> {
    let mut of_resource: HashMap<u64, Vec<usize>> = HashMap::new();
    let mut seen = HashSet::new();
    for (_, number) in arrivals.iter().filter(|(_, number)| seen.insert(*number)) {
        of_resource.entry(events.all[*number].resource).or_default().push(*number);
    }
    of_resource
}
