//! `connector activations` beside a service that runs.

use super::deliveries::{Engine, borrowed, to};
use super::*;

/// Asks until the list has as many as are wanted: the service notes what became of an event after it was answered.
#[track_caller]
fn listed(place: &Place, state: &str, count: usize) -> serde_json::Value {
    let began = Instant::now();
    loop {
        let list = place.ok(&["activations", "list", "--state", state, "--json"]);
        let list: serde_json::Value = serde_json::from_str(&list).expect("JSON");
        if list["activations"].as_array().expect("a list").len() == count {
            return list;
        }
        assert!(began.elapsed() < PATIENCE, "{list}");
    }
}

#[test]
fn dead_letters_are_listed_shown_and_replayed_while_the_service_runs() {
    let (place, engine) = (Place::new(), Engine::start());
    let (_, path) = place.connect();
    let served = place.serve_with(&borrowed(&to(&place, &engine)), &[]);
    engine.will_answer(410);
    assert_eq!(served.deliver_signed(&path, CLIENT_SECRET, ORDER.as_bytes()).status, Some(200));
    let first = engine.event();
    let id = first["id"].as_str().expect("an id");

    let dead = listed(&place, "dead", 1);
    assert_eq!(dead["activations"][0]["id"], id);
    assert_eq!(dead["activations"][0]["failure"], "the receiver answered 410: it wants no more of it");
    let table = place.ok(&["activations", "list", "--state", "dead"]);
    assert!(table.contains("order/250") && table.contains("order-created"), "{table}");
    let shown = place.ok(&["activations", "show", id]);
    assert!(
        shown.contains("The event, as it is sent:") && shown.contains("\"specversion\": \"1.0\""),
        "{shown}"
    );
    let json: serde_json::Value =
        serde_json::from_str(&place.ok(&["activations", "show", id, "--json"])).expect("JSON");
    assert_eq!(json["event"], first, "what is shown is what was sent");

    assert_eq!(place.ok(&["activations", "replay", id]), "due again: 1\n");
    assert_eq!(engine.event()["id"], id, "the service notices by itself");
    listed(&place, "delivered", 1);

    engine.will_answer(410);
    engine.will_answer(410);
    for id in [1, 2] {
        assert_eq!(served.deliver_signed(&path, CLIENT_SECRET, order(id).as_bytes()).status, Some(200));
        engine.event();
    }
    listed(&place, "dead", 2);
    let all = ["activations", "replay", "--state", "dead", "--trigger", "order-created", "--json"];
    let all: serde_json::Value = serde_json::from_str(&place.ok(&all)).expect("JSON");
    assert_eq!(all["replayed"], 2);
    listed(&place, "delivered", 3);
    assert!(served.metrics().contains("connector_deliveries_total{outcome=\"dead\",reason=\"gone\"} 3"));
}

#[test]
fn what_cannot_be_shown_or_replayed_says_why() {
    let place = Place::new();
    let (code, _, stderr) = place.run(["activations", "list"]);
    assert!(code == 2 && stderr.contains("there is no database"), "{stderr}");
    let (_, path) = place.connect();
    let served = place.serve();
    assert_eq!(served.deliver_signed(&path, CLIENT_SECRET, ORDER.as_bytes()).status, Some(200));
    let waiting = listed(&place, "waiting", 1);
    let id = waiting["activations"][0]["id"].as_str().expect("an id");
    // One that is due already stays so.
    assert_eq!(place.ok(&["activations", "replay", id]), "due again: 1\n");
    assert_eq!(place.ok(&["activations", "replay", "--state", "waiting"]), "due again: 1\n");
    for verb in ["show", "replay"] {
        let (code, _, stderr) = place.run(["activations", verb, "none"]);
        assert!(code == 2 && stderr.contains("connector activations list"), "{stderr}");
    }
    let (code, _, stderr) = place.run(["activations", "replay"]);
    assert!(code == 2 && stderr.contains("--state"), "{stderr}");
    assert_eq!(place.ok(&["activations", "list", "--state", "dead"]), "no such activations\n");
}

#[test]
fn a_delayed_activation_is_due_now_once_it_is_replayed_and_a_leased_one_is_refused() {
    let place = Place::new();
    let (_, path) = place.connect();
    let served = place.serve_with(&[], &[("CONNECTOR_ADMIN_TOKEN", "hush-admin-77-longer")]);
    assert_eq!(served.deliver_signed(&path, CLIENT_SECRET, ORDER.as_bytes()).status, Some(200));
    let call = |path: &str, body: &str| {
        let headers =
            [("Authorization", "Bearer hush-admin-77-longer"), ("Content-Type", "application/json")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        exchange(served.admin.expect("an address"), &request(path, &headers, body.as_bytes()))
    };
    let lease = || {
        let answer = call("/activations/lease", r#"{"seconds":3600}"#);
        let leased: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
        leased["activations"].get(0).map(|one| {
            (one["event"]["id"].as_str().expect("an id").to_owned(), one["lease"].as_i64().expect("a lease"))
        })
    };
    let (id, token) = lease().expect("it is due");
    let (code, _, stderr) = place.run(["activations", "replay", &id]);
    let why = format!("cannot replay {id}: it is leased until ");
    assert!(code == 2 && stderr.contains(&why), "{stderr}");
    let replay = format!("/activations/{id}/replay");
    let refused = call(&replay, "");
    assert!(refused.status == Some(409) && refused.body.contains(&why), "{refused:?}");

    let delay = |token: i64| {
        let body = format!(r#"{{"lease":{token},"seconds":3600}}"#);
        assert_eq!(call(&format!("/activations/{id}/retry"), &body).status, Some(204));
        assert_eq!(lease(), None, "it is due in an hour");
    };
    delay(token);
    assert_eq!(place.ok(&["activations", "replay", &id]), "due again: 1\n");
    let (_, token) = lease().expect("it is due now");
    delay(token);
    assert_eq!(place.ok(&["activations", "replay", "--state", "waiting"]), "due again: 1\n");
    let (_, token) = lease().expect("it is due now");
    delay(token);
    assert_eq!(call(&replay, "").status, Some(204));
    assert!(lease().is_some(), "it is due now");
    // The public address has no such call.
    assert_eq!(exchange(served.address, &request(&replay, &[], b"")).status, Some(404));
}

/// The ids of a list, in its order.
fn ids(place: &Place, flags: &[&str]) -> Vec<String> {
    let list = place.ok(&[&["activations", "list", "--json"], flags].concat());
    let list: serde_json::Value = serde_json::from_str(&list).expect("JSON");
    let found = list["activations"].as_array().expect("a list").iter();
    found.map(|one| one["resource_id"].as_str().expect("an id").to_owned()).collect()
}

#[test]
fn the_newest_comes_first_with_its_time_and_can_be_looked_for() {
    let place = Place::new();
    let (first, first_path) = place.connect();
    let secret = place.file("other-secret", "hush-other-8d1f60");
    let (second, second_path) = place.add_account(&[
        "--store-hash",
        "def456",
        "--client-secret-file",
        &secret,
        "--trigger",
        "order-created",
    ]);
    let served = place.serve();
    let deliver = |path: &str, secret: &str, body: String| {
        assert_eq!(served.deliver_signed(path, secret, body.as_bytes()).status, Some(200));
    };
    for id in [1, 2] {
        deliver(&first_path, CLIENT_SECRET, order(id));
    }
    deliver(&second_path, "hush-other-8d1f60", order(3).replace("abc123", "def456"));

    assert_eq!(ids(&place, &[]), ["3", "2", "1"]);
    assert_eq!(ids(&place, &["--connection", &first]), ["2", "1"]);
    assert_eq!(ids(&place, &["--connection", &second]), ["3"]);
    assert_eq!(ids(&place, &["--connection", "nosuch"]), Vec::<String>::new());
    assert_eq!(ids(&place, &["--state", "waiting", "--account", "abc123"]), ["2", "1"]);
    assert_eq!(ids(&place, &["--state", "dead"]), Vec::<String>::new());
    assert_eq!(ids(&place, &["--since", "1h"]), ["3", "2", "1"]);
    assert_eq!(ids(&place, &["--since", "2099-01-01T00:00:00Z"]), Vec::<String>::new());

    // A page goes on where the one before ended.
    let page: serde_json::Value =
        serde_json::from_str(&place.ok(&["activations", "list", "--limit", "2", "--json"])).expect("JSON");
    let next = page["next"].as_i64().expect("a position").to_string();
    assert_eq!(ids(&place, &["--after", &next]), ["1"]);
    let table = place.ok(&["activations", "list", "--limit", "2"]);
    assert!(table.contains(&format!("--after {next}")), "{table}");

    let received = page["activations"][0]["received"].as_str().expect("a time");
    assert!(received.len() == 20 && received.ends_with('Z') && received.contains('T'), "{received}");
    assert_eq!(ids(&place, &["--since", received])[0], "3", "the moment itself counts");
    let table = place.ok(&["activations", "list"]);
    let [newest, id] = [3, 4].map(|line| table.lines().nth(line).expect("a line"));
    assert!(newest.contains(received), "the time stands whole in the first row:\n{table}");
    assert!(id.contains(page["activations"][0]["id"].as_str().expect("an id")), "{table}");

    let (code, _, stderr) = place.run(["activations", "list", "--since", "yesterday"]);
    assert!(code == 2 && stderr.contains("2026-11-24T08:00:00Z"), "{stderr}");
    assert_eq!(
        place.ok(&["activations", "replay", "--state", "waiting", "--connection", &second]),
        "due again: 1\n"
    );
    assert_eq!(place.ok(&["activations", "replay", "--state", "waiting", "--since", "1h"]), "due again: 3\n");
}

#[test]
fn the_audit_log_has_times_by_rfc_3339() {
    let place = Place::new();
    place.connect();
    let log: serde_json::Value =
        serde_json::from_str(&place.ok(&["connections", "audit", "--json"])).expect("JSON");
    let at = log["entries"][0]["at"].as_str().expect("a time");
    assert!(at.len() == 20 && at.ends_with('Z') && at.contains('T'), "{at}");
    assert!(place.ok(&["connections", "audit"]).contains(at), "the table has the same");
}

#[test]
fn a_list_that_nobody_reads_is_no_failure() {
    let place = Place::new();
    place.connect();
    place.serve();
    for arguments in [["activations", "list"], ["connections", "list"], ["connections", "audit"]] {
        let (reader, writer) = std::io::pipe().expect("the system has pipes");
        drop(reader);
        let mut command = program();
        let output = command
            .args(arguments)
            .env("CONNECTOR_DATA", place.data())
            .stdout(writer)
            .output()
            .expect("it starts");
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]), "{arguments:?}");
    }
}
