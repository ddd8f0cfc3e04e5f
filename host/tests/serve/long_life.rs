//! Webhooks that the store switches off by itself, after ninety idle days or two days of failures, and connections that are
//! removed on the command line.

use super::triggers::{ACTIVE, Scene};
use super::*;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const FOUND: &str = "connector_activations_backfilled_total";

#[test]
fn webhooks_that_went_off_for_want_of_events_are_switched_on_and_what_they_missed_is_found() {
    let scene = Scene::new(&["order-created"]);
    let served = scene.serve(&["--triggers-reconcile", "1s"]);
    served.comes_to(ACTIVE, 3);
    drop(served);
    scene.pass(DAY * 91);
    assert!(scene.hooks().iter().all(|hook| hook["is_active"] == false), "{:?}", scene.hooks());
    scene.control("/_sandbox/orders");
    let served = scene.serve(&["--triggers-reconcile", "1s"]);
    served.comes_to(FOUND, 1);
    assert!(scene.hooks().iter().all(|hook| hook["is_active"] == true), "{:?}", scene.hooks());
}

#[test]
fn a_webhook_that_went_off_after_two_days_of_failures_is_switched_on_and_what_it_missed_is_found() {
    let scene = Scene::new(&["order-created"]);
    let served = scene.serve(&[]);
    served.comes_to(ACTIVE, 3);
    drop(served);
    scene.control("/_sandbox/orders");
    // All attempts, each in its time.
    for _ in 0..60 {
        scene.settle();
        scene.pass(DAY / 24);
    }
    scene.settle();
    let of_orders = |hook: &&serde_json::Value| hook["scope"] == "store/order/created";
    let is_active = || scene.hooks().iter().find(of_orders).expect("it is there")["is_active"].clone();
    assert_eq!(is_active(), false, "{:?}", scene.hooks());
    let served = scene.serve(&[]);
    served.comes_to(FOUND, 1);
    assert_eq!(is_active(), true);
}

#[test]
fn a_connection_that_is_removed_on_the_command_line_leaves_no_webhook_and_an_entry_in_the_log() {
    let scene = Scene::new(&["order-created"]);
    let served = scene.serve(&[]);
    served.comes_to(ACTIVE, 3);
    scene.place.ok(&["connections", "remove", &scene.id]);
    assert_eq!(scene.hooks(), Vec::<serde_json::Value>::new());
    let log = scene.place.ok(&["connections", "audit", "--json"]);
    let log: serde_json::Value = serde_json::from_str(&log).expect("JSON");
    let words: Vec<_> =
        log["entries"].as_array().expect("a list").iter().map(|one| one["event"].clone()).collect();
    assert_eq!(words, ["disconnected", "connected"]);
    served.comes_to("connector_connections{state=\"ready\"}", 0);
    assert!(scene.hooks().is_empty(), "nobody makes them anew");
}

#[test]
fn a_removal_that_was_cut_off_is_done_by_the_next_command_or_the_next_start() {
    for by_command in [true, false] {
        let scene = Scene::new(&["order-created"]);
        let served = scene.serve(&[]);
        served.comes_to(ACTIVE, 3);
        drop(served);
        scene.begin_removal();
        let told = scene.place.ok(&["connections", "list"]);
        assert!(told.contains("is being disconnected") && !told.contains("uninstalled"), "{told}");
        let served = match by_command {
            true => {
                scene.place.ok(&["connections", "remove", &scene.id]);
                None
            }
            false => Some(scene.serve(&[])),
        };
        let is_removed = || scene.place.ok(&["connections", "list"]).starts_with("no connections");
        let began = Instant::now();
        while !is_removed() {
            assert!(began.elapsed() < PATIENCE && !by_command, "it is not removed");
        }
        assert_eq!(scene.hooks(), Vec::<serde_json::Value>::new(), "{by_command}");
        drop(served);
    }
}

#[test]
fn a_step_that_the_token_is_refused_for_marks_the_connection() {
    const UNKNOWN: &str = r#"{"status": 401, "title": "Unauthorized"}"#;
    let (place, api) = (Place::new(), scripted_api::Api::start());
    acting::connect_to(&place, &api, &["--trigger", "order-created"]);
    api.will_answer(
        200,
        &[],
        r#"{"data": [], "meta": {"pagination": {"total_pages": 1, "current_page": 1}}}"#,
    );
    // Each step, and the connection test after it.
    for _ in 0..6 {
        api.will_answer(401, &[], UNKNOWN);
    }
    let (code, stdout, stderr) = place.run(["triggers", "apply"]);
    assert!(code == 1 && stdout.contains("auth.revoked"), "{stdout}{stderr}");
    let told = place.ok(&["connections", "list"]);
    assert!(told.contains("does not know its token any more"), "{told}");
}

#[test]
fn a_command_that_the_token_is_refused_for_marks_the_connection_once() {
    let scene = Scene::new(&["order-created"]);
    scene.refuse_the_token();
    for arguments in [["triggers", "plan"], ["triggers", "status"]] {
        let (code, _, stderr) = scene.place.run([&arguments[..], &["--public-url", &scene.public]].concat());
        assert!(code == 1 && stderr.contains(&scene.id), "{stderr}");
    }
    let told = scene.place.ok(&["connections", "list"]);
    assert!(told.contains("revoked") && told.contains("connect the account again"), "{told}");
    let log = scene.place.ok(&["connections", "audit", "--json"]);
    assert_eq!(log.matches("does not know its token").count(), 1, "{log}");
}
