//! Webhooks that are kept in order and events that were missed, against the store of the sandbox.

use std::net::TcpListener;

use bigcommerce_sandbox::{Destinations, Sandbox, SandboxOptions, WebhookOptions};
use connector_host::storage::{
    ActivationFilter, ConnectionRow, ConnectionState, Origin, SqliteOptions, SqliteStorage, Storage as _,
};
use serde_json::Value;
use tokio::runtime::Runtime;

use super::*;

pub(super) const ORDER_CREATED: &str = "store/order/created";
pub(super) const UNINSTALLED: &str = "store/app/uninstalled";
pub(super) const EXCEPTION: &str = "store/hook/deliveryException";

/// A store, a connection to it, and the address that its webhooks lead to.
pub(super) struct Scene {
    runtime: Runtime,
    pub(super) store: Sandbox,
    pub(super) place: Place,
    pub(super) listen: String,
    pub(super) public: String,
    pub(super) id: String,
}

impl Scene {
    pub(super) fn new(triggers: &[&str]) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let options = SandboxOptions {
            webhooks: WebhookOptions {
                destinations: Destinations::LocalToo,
                client_secret: Some(CLIENT_SECRET.to_owned()),
                ..WebhookOptions::default()
            },
            access_token: Some(TOKEN.to_owned()),
            quota: 100_000,
            ..SandboxOptions::default()
        };
        let store = runtime.block_on(Sandbox::start(options)).expect("it starts");
        let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
        let place = Place::new();
        let (token, secret) = (place.file("token", TOKEN), place.file("secret", CLIENT_SECRET));
        let mut add = vec!["connections", "add", "--store-hash", store.store_hash(), "--json"];
        let origin = store.origin();
        add.extend(["--access-token-file", &token, "--client-secret-file", &secret, "--base-url", &origin]);
        add.extend(triggers.iter().flat_map(|trigger| ["--trigger", trigger]));
        let told: Value = serde_json::from_str(&place.ok(&add)).expect("JSON");
        let id = told["id"].as_str().expect("an id").to_owned();
        Self { runtime, store, place, listen: free.to_string(), public: format!("http://{free}"), id }
    }

    /// `connector triggers …` with JSON: whether it went well, and what was told as pairs of word and event.
    #[track_caller]
    pub(super) fn triggers(&self, verb: &str) -> (i32, Vec<(String, String)>) {
        let (code, stdout, stderr) =
            self.place.run(["triggers", verb, "--json", "--public-url", &self.public]);
        let told: Value = serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{stdout}{stderr}"));
        let text = |row: &Value, name: &str| row[name].as_str().expect("a text").to_owned();
        let rows = told["triggers"].as_array().expect("a list");
        (code, rows.iter().map(|row| (text(row, "what"), text(row, "event"))).collect())
    }

    /// Calls an action.
    #[track_caller]
    pub(super) fn call(&self, action: &str, input: &str) -> Value {
        let input = self.place.file("input.json", input);
        let (token, origin) = (self.place.file("token", TOKEN), self.store.origin());
        let text = self.place.ok(&[
            "call",
            &format!("bigcommerce/{action}"),
            "--store-hash",
            self.store.store_hash(),
            "--access-token-file",
            &token,
            "--base-url",
            &origin,
            "--share-quota",
            "none",
            "--json",
            "--input",
            &input,
        ]);
        serde_json::from_str(&text).expect("JSON")
    }

    /// All webhooks of the account.
    pub(super) fn hooks(&self) -> Vec<Value> {
        self.call("list-webhooks", "{}").as_array().expect("a list").clone()
    }

    /// From now on the store knows no token.
    pub(super) fn refuse_the_token(&self) {
        let misbehaviour = bigcommerce_sandbox::Misbehaviour { token_revoked: true, ..Default::default() };
        self.store.misbehave(misbehaviour);
    }

    /// Puts the store's clock forward.
    pub(super) fn pass(&self, time: Duration) {
        self.store.advance(time);
    }

    /// Waits until the store has sent what it has to send now.
    pub(super) fn settle(&self) {
        self.runtime.block_on(self.store.settled());
    }

    pub(super) fn control(&self, path: &str) {
        let address = self.store.origin().trim_start_matches("http://").parse().expect("an address");
        let answer = exchange(address, &request(path, &[], b"{}"));
        assert!(answer.status.is_some_and(|status| (200..300).contains(&status)), "{answer:?}");
    }

    /// Where the store tells of deliveries that fail, and what it says.
    pub(super) fn exception(&self) -> (String, String) {
        let told = self.place.ok(&["connections", "list", "--json", "--public-url", &self.public]);
        let told: Value = serde_json::from_str(&told).expect("JSON");
        let url = told["connections"][0]["webhooks"].as_str().expect("an address");
        let store = self.store.store_hash();
        let body = format!(
            r#"{{"scope":"{EXCEPTION}","producer":"stores/{store}","created_at":1,"data":{{"type":"webhook","id":1,"error_code":90002}}}}"#
        );
        (format!("{}/service", url.replace(&self.public, "")), body)
    }

    /// Leaves the connection as a removal does that is cut off before anything was deleted.
    pub(super) fn begin_removal(&self) {
        let path = self.place.data().join("connector.sqlite");
        let storage = SqliteStorage::open(&path, SqliteOptions::default()).expect("it opens");
        self.runtime.block_on(async {
            let row = storage.connection(&self.id).await.expect("it is read").expect("it is there");
            let row = ConnectionRow { state: ConnectionState::Revoked, ..row };
            storage.put_connection(row).await.expect("it is stored");
        });
    }

    pub(super) fn serve(&self, arguments: &[&str]) -> Served {
        let public = ["--public-url", &self.public];
        self.place.serve_at(&self.listen, &[&public, arguments].concat(), &[])
    }

    /// Has the store send again what it could not deliver.
    pub(super) fn try_again(&self) {
        self.pass(Duration::from_secs(61));
        self.settle();
    }

    /// The origins of all activations of a trigger, by the ids of their resources.
    pub(super) fn activations(&self, trigger: &str) -> Vec<(String, Origin)> {
        let path = self.place.data().join("connector.sqlite");
        let storage = SqliteStorage::open(&path, SqliteOptions::default()).expect("it opens");
        let filter = ActivationFilter { trigger: Some(trigger.to_owned()), ..ActivationFilter::default() };
        self.runtime.block_on(async {
            let mut all = Vec::new();
            for row in storage.list(&filter).await.expect("it can be read") {
                let found = storage.find(&row.id).await.expect("it can be read").expect("it is there");
                all.push((row.resource_id.expect("a resource"), found.activation.origin));
            }
            all.sort_by(|one, other| one.0.cmp(&other.0));
            all
        })
    }
}

pub(super) fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(what, event)| ((*what).to_owned(), (*event).to_owned())).collect()
}

pub(crate) const ACTIVE: &str = "connector_triggers{state=\"active\"}";
const BACKFILLED: &str = "connector_activations_backfilled_total";

#[test]
fn webhooks_are_made_adopted_switched_on_and_deleted_and_a_second_time_nothing_is_done() {
    let scene = Scene::new(&["order-created"]);
    let foreign = r#"{"scope": "store/order/created", "destination": "https://others.example/in"}"#;
    scene.call("create-webhook", foreign);
    let created = pairs(&[("create", UNINSTALLED), ("create", EXCEPTION), ("create", ORDER_CREATED)]);
    assert_eq!(scene.triggers("plan"), (0, created.clone()));
    assert_eq!(scene.triggers("apply"), (0, created));
    assert_eq!(scene.triggers("plan"), (0, Vec::new()));
    assert_eq!(scene.triggers("apply"), (0, Vec::new()));

    let hooks = scene.call("list-webhooks", "{}");
    let hooks = hooks.as_array().expect("a list");
    let ours = hooks
        .iter()
        .find(|hook| hook["scope"] == ORDER_CREATED && hook["destination"] != "https://others.example/in");
    let (order, destination) =
        (&ours.expect("it is there")["id"], &ours.expect("it is there")["destination"]);
    // Somebody makes one that is not wanted, switches one off, and makes another anew.
    scene.call(
        "create-webhook",
        &format!(r#"{{"scope": "store/product/created", "destination": {destination}}}"#),
    );
    scene.call("update-webhook", &format!(r#"{{"webhook_id": {order}, "is_active": false}}"#));
    let ended = hooks.iter().find(|hook| hook["scope"] == UNINSTALLED).expect("it is there")["id"].clone();
    scene.call("delete-webhook", &format!(r#"{{"webhook_id": {ended}}}"#));
    scene.call("create-webhook", &format!(r#"{{"scope": "{UNINSTALLED}", "destination": {destination}}}"#));
    let expected =
        pairs(&[("delete", "store/product/created"), ("adopt", UNINSTALLED), ("activate", ORDER_CREATED)]);
    assert_eq!(scene.triggers("apply"), (0, expected));
    assert_eq!(scene.triggers("plan"), (0, Vec::new()));
    let left = scene.call("list-webhooks", "{}");
    assert_eq!(left.as_array().expect("a list").len(), 4, "the foreign one is there: {left}");
}

#[test]
fn a_limit_is_told_and_the_rest_is_done() {
    let scene = Scene::new(&["order-created"]);
    for number in 0..10 {
        let destination = format!("https://others.example/{number}");
        scene.call(
            "create-webhook",
            &format!(r#"{{"scope": "{ORDER_CREATED}", "destination": "{destination}"}}"#),
        );
    }
    let (code, told) = scene.triggers("apply");
    let expected = pairs(&[("conflict", ORDER_CREATED), ("create", UNINSTALLED), ("create", EXCEPTION)]);
    assert_eq!((code, told), (1, expected));
    assert_eq!(scene.triggers("plan"), (1, pairs(&[("conflict", ORDER_CREATED)])));
}

#[test]
fn an_error_says_what_to_do() {
    let scene = Scene::new(&["order-created"]);
    let (secret, token) = (scene.place.file("secret", CLIENT_SECRET), scene.place.file("token", TOKEN));
    let said = |add: &[&str], arguments: &[&str]| {
        let whole = [&["--store-hash", "other1", "--client-secret-file", &secret], add].concat();
        let (id, _) = scene.place.add_account(&whole);
        let all = [&["triggers", "plan", "--connection", &id], arguments].concat();
        let (code, _, stderr) = scene.place.run(all);
        assert_eq!(code, 1, "{stderr}");
        stderr
    };
    assert!(said(&[], &[]).contains("no token"));
    let vendor = ["--access-token-file", token.as_str()];
    assert!(said(&vendor, &[]).contains("give --public-url"));
    assert!(said(&vendor, &["--public-url", "https://a.example:8443"]).contains("port 443"));
    let (code, _, stderr) = scene.place.run(["backfill", "--connection", &scene.id]);
    assert!(code == 2 && stderr.contains("give --since"), "{stderr}");
    let (code, _, stderr) = scene.place.run(["triggers", "plan", "--connection", "nothing"]);
    assert!(code == 2 && stderr.contains("connections list"), "{stderr}");
}

#[test]
fn what_happened_while_a_webhook_was_off_is_found_once() {
    let scene = Scene::new(&["order-created"]);
    scene.triggers("apply");
    let hooks = scene.call("list-webhooks", "{}");
    let hooks = hooks.as_array().expect("a list").iter();
    let order = hooks.clone().find(|hook| hook["scope"] == ORDER_CREATED).expect("it is there");
    scene.call("update-webhook", &format!(r#"{{"webhook_id": {}, "is_active": false}}"#, order["id"]));
    scene.control("/_sandbox/orders");
    assert_eq!(scene.triggers("apply").1, pairs(&[("activate", ORDER_CREATED)]));
    assert!(scene.triggers("status").1.contains(&("gap".to_owned(), "order-created".to_owned())));
    let backfill = || -> Value {
        let told = scene.place.ok(&["backfill", "--connection", &scene.id, "--json"]);
        let told: Value = serde_json::from_str(&told).expect("JSON");
        told["backfill"][0].clone()
    };
    let first = backfill();
    assert_eq!((&first["new"], &first["known"]), (&1.into(), &0.into()), "{first}");
    assert!(scene.triggers("status").1.contains(&("known".to_owned(), "order-created".to_owned())));
    let second = backfill();
    assert_eq!((&second["new"], &second["known"]), (&0.into(), &1.into()), "{second}");
    assert_eq!(scene.activations("order-created").len(), 1);
}

#[test]
fn nothing_is_missed_by_an_outage_and_nothing_comes_twice() {
    let scene = Scene::new(&["order-created", "customer-created", "product-updated"]);
    let mut served = scene.serve(&[]);
    served.comes_to(ACTIVE, 5);
    scene.control("/_sandbox/orders");
    scene.runtime.block_on(scene.store.settled());
    assert_eq!(scene.activations("order-created").len(), 1, "{}", served.logged());
    assert_eq!(served.stop().0, Some(0));

    scene.control("/_sandbox/orders");
    scene.control("/_sandbox/orders");
    scene.call("create-customer", r#"{"email": "a@example.com", "first_name": "A", "last_name": "B"}"#);
    scene.call("update-product", r#"{"product_id": 111, "name": "Another name"}"#);
    scene.runtime.block_on(scene.store.settled());

    let served = scene.serve(&["--triggers-after-outage", "0s"]);
    served.comes_to(BACKFILLED, 4);
    let origins = |trigger: &str| -> Vec<Origin> {
        scene.activations(trigger).into_iter().map(|(_, origin)| origin).collect()
    };
    let orders = [Origin::Webhook, Origin::Backfill, Origin::Backfill];
    assert_eq!(origins("order-created"), orders);
    assert_eq!(origins("customer-created"), [Origin::Backfill]);
    assert_eq!(scene.activations("product-updated"), [("111".to_owned(), Origin::Backfill)]);

    // The store tries again what it could not deliver: all of it is known.
    scene.store.advance(Duration::from_secs(61));
    scene.runtime.block_on(scene.store.settled());
    served.comes_to("connector_activations_accepted_total{kind=\"repeated\"}", 4);
    assert_eq!(origins("order-created"), orders);
    assert_eq!(served.metric("connector_activations_accepted_total{kind=\"new\"}"), 0);
    // What happens from now on comes by webhook.
    scene.call("update-product", r#"{"product_id": 111, "name": "A third name"}"#);
    scene.runtime.block_on(scene.store.settled());
    served.comes_to("connector_activations_accepted_total{kind=\"new\"}", 1);
    assert_eq!(origins("product-updated"), [Origin::Backfill, Origin::Webhook]);
}

#[test]
fn an_uninstalled_app_ends_its_connection_and_its_secrets() {
    let scene = Scene::new(&["order-created"]);
    let served = scene.serve(&[]);
    served.comes_to(ACTIVE, 3);
    let state = || -> Value {
        let told = scene.place.ok(&["connections", "list", "--json"]);
        serde_json::from_str::<Value>(&told).expect("JSON")["connections"][0]["state"].clone()
    };
    assert_eq!(state(), "connected");
    scene.control("/_sandbox/uninstall");
    scene.runtime.block_on(scene.store.settled());
    assert_eq!(served.metric("connector_webhooks_total{outcome=\"service\"}"), 1, "{}", served.logged());
    assert_eq!(state(), "revoked");
    assert_eq!(served.metric("connector_connections{state=\"ready\"}"), 0);
    let (code, _, stderr) = scene.place.run(["triggers", "plan", "--public-url", &scene.public]);
    assert!(code == 1 && stderr.contains("connect the account again"), "{stderr}");
    scene.place.ok(&["connections", "reseal"]);
}

#[test]
fn a_look_that_the_token_is_refused_for_is_the_last_one() {
    let scene = Scene::new(&["order-created"]);
    let served = scene.serve(&[]);
    served.comes_to(ACTIVE, 3);
    scene.refuse_the_token();
    let (path, body) = scene.exception();
    let except = || {
        let answer = served.deliver_signed(&path, CLIENT_SECRET, body.as_bytes());
        assert_eq!(answer.status, Some(200), "{answer:?}");
    };
    except();
    served.comes_to("connector_connections{state=\"refused\"}", 1);
    let refused = || scene.store.requests().iter().filter(|one| one.status == Some(401)).count();
    assert_eq!(refused(), 2, "the look, and the connection test");
    let failed = "connector_reconciles_total{outcome=\"failed\"}";
    served.comes_to(failed, 1);
    // Whatever asks for a look now, nothing is asked of the store.
    except();
    except();
    served.comes_to("connector_delivery_exceptions_total", 3);
    let (code, _, stderr) = scene.place.run(["triggers", "plan", "--public-url", &scene.public]);
    assert!(code == 1 && stderr.contains("connect the account again"), "{stderr}");
    // What the store still sends is kept.
    scene.control("/_sandbox/orders");
    scene.runtime.block_on(scene.store.settled());
    assert_eq!(scene.activations("order-created").len(), 1);
    drop(served);
    // Nor after a restart, which looks at what it may.
    let served = scene.serve(&[]);
    served.comes_to("connector_connections{state=\"refused\"}", 1);
    assert_eq!((refused(), served.metric(failed)), (2, 0));
}

#[test]
fn a_delivery_exception_makes_the_service_look_at_once() {
    let scene = Scene::new(&["order-created"]);
    let served = scene.serve(&[]);
    served.comes_to(ACTIVE, 3);
    let settled = "connector_reconciles_total{outcome=\"settled\"}";
    served.comes_to(settled, 1);
    let hooks = scene.call("list-webhooks", "{}");
    let hooks = hooks.as_array().expect("a list").iter();
    let (path, body) = scene.exception();
    assert!(path.ends_with("/service"), "{path}");
    let order = hooks.clone().find(|hook| hook["scope"] == ORDER_CREATED).expect("it is there");
    scene.call("update-webhook", &format!(r#"{{"webhook_id": {}, "is_active": false}}"#, order["id"]));
    scene.control("/_sandbox/orders");
    let answer = served.deliver_signed(&path, CLIENT_SECRET, body.as_bytes());
    assert_eq!(answer.status, Some(200), "{answer:?}");
    served.comes_to(BACKFILLED, 1);
    assert_eq!(scene.triggers("plan"), (0, Vec::new()));
}
