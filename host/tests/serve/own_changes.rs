//! Loops: an event that tells of what a workflow changed through the service, against an API that answers as it is told, so
//! that answers and events come in any order.

use std::time::Instant;

use serde_json::{Value, json};

use super::acting::{ADMIN, Works, connect_to, metric, post};
use super::scripted_api::Api;
use super::*;

const CUSTOMER: &str = r#"{"data": [{"id": 77, "email": "a@example.com"}], "meta": {}}"#;
const CREATE: &str = r#"{"email": "a@example.com", "first_name": "A", "last_name": "B"}"#;
const UPDATE: &str = r#"{"product_id": 111, "name": "A"}"#;
const UPDATED: &str = r#"{"data": {"id": 111}, "meta": {}}"#;

/// An event that happens now.
fn event(scope: &str, kind: &str, id: u64) -> String {
    let (hash, now) = (unique(), now_ms() / 1_000);
    format!(
        r#"{{"scope":"store/{scope}","producer":"stores/abc123","hash":"h{hash}","created_at":{now},"data":{{"type":"{kind}","id":{id}}}}}"#
    )
}

impl Works {
    #[track_caller]
    fn happens(&self, scope: &str, kind: &str, id: u64) {
        let body = event(scope, kind, id);
        let answer = self.served.deliver_signed(&self.path, CLIENT_SECRET, body.as_bytes());
        assert_eq!(answer.status, Some(200), "{answer:?}");
    }

    /// Leases what is due, as a worker does.
    #[track_caller]
    fn lease(&self) -> Vec<Value> {
        let answer = post(&self.served, "/activations/lease", &[], r#"{"limit": 10, "seconds": 60}"#);
        let told: Value = serde_json::from_str(&answer.body).expect("JSON");
        told["activations"].as_array().unwrap_or_else(|| panic!("{answer:?}")).clone()
    }

    /// Leases again and again until there are so many, by the ids of their resources.
    #[track_caller]
    fn leased(&self, count: usize) -> Vec<(String, Value)> {
        let (began, mut all) = (Instant::now(), Vec::new());
        while all.len() < count {
            let more = self.lease().into_iter().map(|mut one| one["event"].take());
            all.extend(
                more.map(|event| {
                    (event["data"]["resource"]["id"].as_str().expect("an id").to_owned(), event)
                }),
            );
            assert!(began.elapsed() < PATIENCE, "{all:?}");
        }
        all.sort_by(|one, other| one.0.cmp(&other.0));
        all
    }

    /// The activations that stand somewhere, as the command line lists them.
    #[track_caller]
    fn listed(&self, state: &str) -> Vec<Value> {
        let told = self.place.ok(&["activations", "list", "--state", state, "--json"]);
        let told: Value = serde_json::from_str(&told).expect("JSON");
        told["activations"].as_array().expect("a list").clone()
    }

    /// Leases until so many are suppressed, and nothing else comes.
    #[track_caller]
    fn until_suppressed(&self, count: u64) {
        let began = Instant::now();
        while metric(&self.served, SUPPRESSED) < count {
            assert_eq!(self.lease(), Vec::<Value>::new());
            assert!(began.elapsed() < PATIENCE, "{}", self.served.logged());
        }
    }

    fn suppress(&self, trigger: &str) {
        let told = self.place.ok(&["connections", "edit", &self.id, "--suppress-own", trigger]);
        assert!(told.contains(trigger), "{told}");
        // The service has read it once a connection that was made later is known.
        let (id, _) = connect_to(&self.place, &self.api, &[]);
        let path = format!("/connections/{id}/actions/get-product");
        assert_eq!(post(&self.served, &path, &[], r#"{"product_id": 0}"#).status, Some(422));
    }
}

const SUPPRESSED: &str = "connector_deliveries_total{outcome=\"suppressed\"}";

#[test]
fn an_event_is_marked_with_the_call_that_caused_it_and_a_foreign_one_is_not() {
    let works = Works::new(&[]);
    works.api.will_answer(200, &[], UPDATED);
    let behalf = [("Connector-Caused-By", "first-id"), ("Connector-Workflow", "restock")];
    assert_eq!(works.act("update-product", &behalf, UPDATE).status, Some(200));
    works.happens("product/updated", "product", 111);
    works.happens("product/updated", "product", 112);
    works.happens("order/created", "order", 111);
    let events = works.leased(3);
    let about =
        |subject: &str| &events.iter().find(|(_, event)| event["subject"] == subject).expect("it is there").1;
    let own = about("product/111");
    assert_eq!(
        (&own["causedby"], &own["causedaction"], &own["causedworkflow"]),
        (&json!("first-id"), &json!("update-product"), &json!("restock"))
    );
    let caused = &own["data"]["caused"];
    assert_eq!((&caused["by"], &caused["action"]), (&json!("first-id"), &json!("update-product")));
    for foreign in [about("product/112"), about("order/111")] {
        assert!(
            foreign.get("causedaction").is_none() && foreign["data"].get("caused").is_none(),
            "{foreign}"
        );
    }
    // The command line shows what was marked.
    let shown = works.place.ok(&["activations", "show", own["id"].as_str().expect("an id"), "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&shown).expect("JSON")["event"]["causedby"], "first-id");
}

#[test]
fn a_refused_call_marks_nothing() {
    let works = Works::new(&[]);
    works.suppress("product-updated");
    for (status, headers) in
        [(422, &[][..]), (404, &[]), (500, &[("X-Retry-After", "1"), ("X-Rate-Limit-Time-Reset-Ms", "1")])]
    {
        works.api.will_answer(status, headers, "{}");
        assert_ne!(works.act("update-product", &[], UPDATE).status, Some(200));
    }
    // And one that is not sent at all, since its input is wrong.
    assert_eq!(works.act("update-product", &[], r#"{"product_id": 111}"#).status, Some(422));
    works.happens("product/updated", "product", 111);
    assert!(works.leased(1)[0].1.get("causedaction").is_none());
    assert_eq!(works.listed("suppressed"), Vec::<Value>::new());
}

#[test]
fn the_event_of_a_creation_may_come_before_its_answer() {
    let works = Works::new(&[]);
    works.suppress("customer-created");
    let release = works.api.will_answer_later(200, CUSTOMER);
    std::thread::scope(|scope| {
        let calling = scope.spawn(|| works.act("create-customer", &[("Connector-Caused-By", "e0")], CREATE));
        assert_eq!(works.api.next(), "POST /stores/abc123/v3/customers");
        // Its own event and one about somebody who signed up, while nobody knows the id.
        works.happens("customer/created", "customer", 77);
        works.happens("customer/created", "customer", 78);
        assert_eq!(works.lease(), Vec::<Value>::new(), "both wait for the answer");
        release.send(()).expect("it waits");
        assert_eq!(calling.join().expect("it ends").status, Some(200));
    });
    let foreign = works.leased(1);
    assert!(foreign[0].0 == "78" && foreign[0].1.get("causedaction").is_none(), "{foreign:?}");
    works.until_suppressed(1);
    let kept = works.listed("suppressed");
    assert_eq!((kept.len(), &kept[0]["resource_id"]), (1, &json!("77")));
    assert_eq!(kept[0]["failure"], "an own change: create-customer");
    // Nothing is lost: whoever replays it gets it, marked.
    works.place.ok(&["activations", "replay", kept[0]["id"].as_str().expect("an id")]);
    let replayed = works.leased(1);
    assert_eq!((replayed[0].0.as_str(), &replayed[0].1["causedby"]), ("77", &json!("e0")));
}

#[test]
fn the_event_of_an_update_may_come_before_its_answer() {
    let works = Works::new(&[]);
    let release = works.api.will_answer_later(200, UPDATED);
    std::thread::scope(|scope| {
        let calling = scope.spawn(|| works.act("update-product", &[], UPDATE));
        works.api.next();
        works.happens("product/updated", "product", 111);
        assert_eq!(works.lease(), Vec::<Value>::new());
        release.send(()).expect("it waits");
        assert_eq!(calling.join().expect("it ends").status, Some(200));
    });
    assert_eq!(works.leased(1)[0].1["causedaction"], "update-product");
}

#[test]
fn an_own_change_is_known_after_a_restart_and_none_where_nothing_is_remembered() {
    let (place, api) = (Place::new(), Api::start());
    let (id, path) = connect_to(&place, &api, &["--suppress-own", "product-updated"]);
    let admin = place.file("admin", ADMIN);
    // Made by the command line, and told of to a service that starts later.
    api.will_answer(200, &[], UPDATED);
    place.ok(&[
        "call",
        "update-product",
        "--connection",
        &id,
        "--caused-by",
        "e0",
        "--product-id",
        "111",
        "--name",
        "A",
        "--share-quota",
        "none",
    ]);
    let serve = |more: &[&str]| {
        let usual = ["--admin-token-file", &admin, "--triggers-reconcile", "never"];
        place.serve_with(&[&usual[..], more].concat(), &[])
    };
    let happens = |served: &Served| {
        let body = event("product/updated", "product", 111);
        assert_eq!(served.deliver_signed(&path, CLIENT_SECRET, body.as_bytes()).status, Some(200));
    };
    let lease = |served: &Served| {
        let answer = post(served, "/activations/lease", &[], r#"{"limit": 10, "seconds": 60}"#);
        let told: Value = serde_json::from_str(&answer.body).expect("JSON");
        told["activations"].as_array().expect("a list").clone()
    };
    let mut served = serve(&[]);
    happens(&served);
    assert_eq!(lease(&served), Vec::<Value>::new());
    assert_eq!(metric(&served, SUPPRESSED), 1);
    assert_eq!(served.stop().0, Some(0));

    let served = serve(&["--loops-remember", "0s"]);
    happens(&served);
    let events = lease(&served);
    assert_eq!(events.len(), 1);
    assert!(events[0]["event"].get("causedaction").is_none());
}

#[test]
fn which_own_changes_are_suppressed_is_shown_and_can_be_undone() {
    let works = Works::new(&[]);
    let kept = || -> Value {
        let told = works.place.ok(&["connections", "list", "--json"]);
        serde_json::from_str::<Value>(&told).expect("JSON")["connections"][0]["suppress_own"].clone()
    };
    assert_eq!(kept(), Value::Null);
    let edit = |flag: &str, trigger: &str| works.place.ok(&["connections", "edit", &works.id, flag, trigger]);
    edit("--suppress-own", "product-updated");
    edit("--suppress-own", "product-updated");
    edit("--suppress-own", "customer-created");
    assert_eq!(kept(), json!(["product-updated", "customer-created"]));
    assert!(edit("--deliver-own", "customer-created").contains("product-updated"));
    assert!(edit("--deliver-own", "product-updated").contains("every event"));
    assert_eq!(kept(), Value::Null);
    let (code, _, stderr) = works.place.run(["connections", "edit", &works.id]);
    assert!(code == 2 && stderr.contains("--suppress-own"), "{stderr}");
}
