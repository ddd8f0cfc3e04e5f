//! A workflow that changes what started it, against the store of the sandbox, which tells of every change by webhook.

use std::time::Instant;

use serde_json::Value;

use super::acting::{ADMIN, act, metric, post};
use super::triggers::{ACTIVE, Scene};
use super::*;

/// A workflow that gives each product that was updated another name, through the service and on behalf of the event.
struct Workflow<'a> {
    scene: &'a Scene,
    served: &'a Served,
}

impl Workflow<'_> {
    /// The next event that it is given, which it has done for good.
    #[track_caller]
    fn next(&self) -> Value {
        let began = Instant::now();
        loop {
            let answer = post(self.served, "/activations/lease", &[], r#"{"limit": 1, "seconds": 60}"#);
            let mut told: Value = serde_json::from_str(&answer.body).expect("JSON");
            let leased = told["activations"].as_array_mut().and_then(Vec::pop);
            if let Some(leased) = leased {
                let path = format!("/activations/{}/ack", leased["event"]["id"].as_str().expect("an id"));
                let done = post(self.served, &path, &[], &format!(r#"{{"lease": {}}}"#, leased["lease"]));
                assert_eq!(done.status, Some(204), "{done:?}");
                return leased["event"].clone();
            }
            assert!(began.elapsed() < PATIENCE, "{}", self.served.logged());
        }
    }

    /// What it does with an event.
    #[track_caller]
    fn run(&self, event: &Value) {
        let id = event["id"].as_str().expect("an id");
        let product = event["data"]["resource"]["id"].as_str().expect("an id");
        let input = format!(r#"{{"product_id": {product}, "name": "Name {}"}}"#, unique());
        let behalf = [("Connector-Caused-By", id), ("Connector-Workflow", "rename")];
        let answer = act(self.served, &self.scene.id, "update-product", &behalf, &input);
        assert_eq!(answer.status, Some(200), "{answer:?}");
    }
}

fn serve(scene: &Scene) -> Served {
    let served = scene.serve(&["--admin-token-file", &scene.place.file("admin", ADMIN)]);
    until(&served, ACTIVE, 3);
    served
}

/// Asks until the metric has this value.
#[track_caller]
fn until(served: &Served, name: &str, value: u64) {
    let began = Instant::now();
    while metric(served, name) != value {
        assert!(began.elapsed() < PATIENCE, "{name} is not {value}\n{}", served.logged());
    }
}

/// Somebody else changes a product.
fn change(scene: &Scene, product: u32) {
    scene.call("update-product", &format!(r#"{{"product_id": {product}, "name": "Theirs {}"}}"#, unique()));
}

#[test]
fn a_workflow_that_changes_what_started_it_sees_in_the_event_that_it_did() {
    let scene = Scene::new(&["product-updated"]);
    let served = serve(&scene);
    let workflow = Workflow { scene: &scene, served: &served };
    change(&scene, 111);
    let first = workflow.next();
    assert!(first["subject"] == "product/111" && first.get("causedaction").is_none(), "{first}");
    let mut before = first;
    // It would go on for ever: each event is marked with the one before.
    for _ in 0..2 {
        workflow.run(&before);
        let next = workflow.next();
        assert_eq!((&next["causedby"], &next["subject"]), (&before["id"], &"product/111".into()), "{next}");
        assert_eq!(next["causedworkflow"], "rename");
        before = next;
    }
}

#[test]
fn a_loop_ends_where_own_changes_are_left_out_and_changes_by_others_still_come() {
    let scene = Scene::new(&["product-updated"]);
    scene.place.ok(&["connections", "edit", &scene.id, "--suppress-own", "product-updated"]);
    let mut served = serve(&scene);
    change(&scene, 111);
    {
        let workflow = Workflow { scene: &scene, served: &served };
        workflow.run(&workflow.next());
        until_suppressed(&served, 1);
        // Somebody else changes another product, and this one after it: had the loop gone on, its event would come first.
        change(&scene, 112);
        let foreign = workflow.next();
        assert!(foreign["subject"] == "product/112" && foreign.get("causedby").is_none(), "{foreign}");
        workflow.run(&foreign);
        until_suppressed(&served, 2);
    }
    assert_eq!(served.stop().0, Some(0));
    // A call was made before the stop whose event comes after the next start.
    let caused = ["--caused-by", "e0", "--product-id", "113", "--name", "Ours"];
    let call = [&["call", "update-product", "--connection", &scene.id, "--share-quota", "none"], &caused[..]];
    scene.place.ok(&call.concat());
    scene.settle();
    let served = scene.serve(&["--admin-token-file", &scene.place.file("admin", ADMIN)]);
    scene.try_again();
    until_suppressed(&served, 1);
    let listed = scene.place.ok(&["activations", "list", "--state", "suppressed", "--json"]);
    let listed: Value = serde_json::from_str(&listed).expect("JSON");
    let kept: Vec<&Value> =
        listed["activations"].as_array().expect("a list").iter().map(|one| &one["resource_id"]).collect();
    // The newest comes first.
    assert_eq!(kept, ["113", "112", "111"]);
}

/// Leases until so many are suppressed, and nothing else comes.
#[track_caller]
fn until_suppressed(served: &Served, count: u64) {
    let began = Instant::now();
    while metric(served, "connector_deliveries_total{outcome=\"suppressed\"}") < count {
        let answer = post(served, "/activations/lease", &[], r#"{"limit": 10, "seconds": 60}"#);
        assert_eq!(answer.body, r#"{"activations":[]}"#);
        assert!(began.elapsed() < PATIENCE, "{}", served.logged());
    }
}
