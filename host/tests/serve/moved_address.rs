//! A public address that moves: the webhooks at the former address end when those at the new one are active.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::Method;
use axum::routing::any;
use serde_json::{Value, json};

use super::triggers::{ACTIVE, EXCEPTION, ORDER_CREATED, Scene, UNINSTALLED, pairs};
use super::*;

const FOREIGN: &str = "https://others.example/webhooks/0123456789abcdef0123456789abcdef01234567";
const SETTLED: &str = "connector_reconciles_total{outcome=\"settled\"}";

/// The key of the connection's webhooks.
fn key(scene: &Scene) -> String {
    let (path, _) = scene.exception();
    path.trim_start_matches("/webhooks/").trim_end_matches("/service").to_owned()
}

/// Moves the scene to an address where nothing listens yet, and returns the former public address.
fn move_on(scene: &mut Scene) -> String {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    scene.listen = free.to_string();
    std::mem::replace(&mut scene.public, format!("http://{free}"))
}

fn make(scene: &Scene, event: &str, destination: &str) -> Value {
    scene.call("create-webhook", &json!({"scope": event, "destination": destination}).to_string())
}

/// Events and destinations of all webhooks at the vendor, and whether they are active.
fn there(scene: &Scene) -> Vec<(String, String, bool)> {
    let text = |hook: &Value, name: &str| hook[name].as_str().expect("a text").to_owned();
    let hooks = scene.hooks();
    let all = hooks.iter().map(|hook| {
        (text(hook, "scope"), text(hook, "destination"), hook["is_active"].as_bool().expect("a flag"))
    });
    let mut all: Vec<_> = all.collect();
    all.sort();
    all
}

/// What a connection that wants new orders has at its present address, beside others.
fn expected(scene: &Scene, others: &[(&str, &str)]) -> Vec<(String, String, bool)> {
    let base = format!("{}/webhooks/{}", scene.public, key(scene));
    let service = format!("{base}/service");
    let own = [(ORDER_CREATED, base.as_str()), (UNINSTALLED, &base), (EXCEPTION, &service)];
    let all = own.iter().chain(others);
    let mut all: Vec<_> = all.map(|(event, to)| ((*event).to_owned(), (*to).to_owned(), true)).collect();
    all.sort();
    all
}

/// The methods of the calls that changed webhooks, since so many requests.
fn changes(scene: &Scene, since: usize) -> Vec<String> {
    let requests = scene.store.requests();
    let hooks = requests.iter().skip(since).filter(|one| one.path.contains("/hooks") && one.method != "GET");
    hooks.map(|one| one.method.clone()).collect()
}

/// `connector triggers VERB` as JSON.
#[track_caller]
fn told(scene: &Scene, verb: &str) -> Vec<Value> {
    let told = scene.place.ok(&["triggers", verb, "--json", "--public-url", &scene.public]);
    assert!(!told.contains(&key(scene)), "the key is a secret: {told}");
    let told: Value = serde_json::from_str(&told).expect("JSON");
    told["triggers"].as_array().expect("a list").clone()
}

#[test]
fn a_plan_lists_the_webhooks_at_the_former_address_and_apply_moves_them() {
    let mut scene = Scene::new(&["order-created"]);
    make(&scene, ORDER_CREATED, FOREIGN);
    // The connection has no trigger of this event; the address had a prefix once.
    let prefixed = format!("https://old.example:443/prefix/webhooks/{}", key(&scene));
    scene.triggers("apply");
    make(&scene, "store/product/created", &prefixed);
    let former = move_on(&mut scene);

    let plan = told(&scene, "plan");
    let row = |row: &Value| {
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        (text("what"), text("event"), text("destination"))
    };
    let (at, moved) =
        (|base: &str| format!("{base}/webhooks/…"), |base: &str| format!("{base}/webhooks/…/service"));
    let mut rows: Vec<_> = plan.iter().map(row).collect();
    rows.sort();
    let mut wanted = vec![
        ("create", ORDER_CREATED, at(&scene.public)),
        ("create", UNINSTALLED, at(&scene.public)),
        ("create", EXCEPTION, moved(&scene.public)),
        ("delete", ORDER_CREATED, at(&former)),
        ("delete", UNINSTALLED, at(&former)),
        ("delete", EXCEPTION, moved(&former)),
        ("delete", "store/product/created", at("https://old.example/prefix")),
    ];
    wanted.sort();
    let wanted: Vec<_> =
        wanted.into_iter().map(|(what, event, to)| (what.to_owned(), event.to_owned(), to)).collect();
    assert_eq!(rows, wanted);
    // People read the address as well, and no key. The table breaks lines, so its blanks count for nothing.
    let arguments = ["triggers", "plan", "--public-url", &scene.public];
    let table = scene.place.ok(&arguments);
    assert!(table.contains("delete") && table.contains("leads to"), "{table}");
    assert!(!table.contains(&key(&scene)), "{table}");
    assert!(scene.triggers("status").1.contains(&("moved".to_owned(), ORDER_CREATED.to_owned())));

    let before = scene.store.requests().len();
    assert_eq!(told(&scene, "apply").len(), rows.len());
    // The vendor allows one webhook for exceptions, so that one is deleted first; then three are made, then the rest goes.
    assert_eq!(changes(&scene, before), ["POST", "DELETE", "POST", "POST", "DELETE", "DELETE", "DELETE"]);
    assert_eq!(there(&scene), expected(&scene, &[(ORDER_CREATED, FOREIGN)]));
    assert_eq!(scene.triggers("plan"), (0, Vec::new()));
    assert_eq!(scene.triggers("apply"), (0, Vec::new()));

    let served = scene.serve(&[]);
    served.comes_to(ACTIVE, 3);
    scene.control("/_sandbox/orders");
    scene.settle();
    assert_eq!(served.metric("connector_webhooks_total{outcome=\"accepted\"}"), 1, "{}", served.logged());
    assert_eq!(scene.activations("order-created").len(), 1);
}

#[test]
fn at_the_limit_of_ten_one_former_webhook_makes_room_and_no_foreign_one() {
    let mut scene = Scene::new(&["order-created"]);
    let others: Vec<String> = (0..4).map(|number| format!("https://others.example/{number}")).collect();
    others.iter().for_each(|destination| drop(make(&scene, ORDER_CREATED, destination)));
    for number in 0..6 {
        let destination = format!("https://old{number}.example/webhooks/{}", key(&scene));
        let hook = make(&scene, ORDER_CREATED, &destination);
        if number == 3 {
            let off = json!({"webhook_id": hook["id"], "is_active": false}).to_string();
            scene.call("update-webhook", &off);
        }
    }
    let plan = told(&scene, "plan");
    let first = plan.iter().find(|row| row["event"] == ORDER_CREATED).expect("it is planned");
    assert_eq!(
        (&first["what"], &first["destination"]),
        (&json!("delete"), &json!("https://old3.example/webhooks/…"))
    );
    let before = scene.store.requests().len();
    assert_eq!(scene.triggers("apply").0, 0);
    let made = ["POST", "POST", "DELETE", "POST"];
    assert_eq!(changes(&scene, before), [&made[..], &["DELETE"; 5]].concat());
    let foreign: Vec<_> = others.iter().map(|to| (ORDER_CREATED, to.as_str())).collect();
    assert_eq!(there(&scene), expected(&scene, &foreign));

    // Nine foreign webhooks and the own one are ten.
    let more: Vec<String> = (4..9).map(|number| format!("https://others.example/{number}")).collect();
    more.iter().for_each(|destination| drop(make(&scene, ORDER_CREATED, destination)));
    move_on(&mut scene);
    assert_eq!(scene.triggers("apply").0, 0);
    let foreign: Vec<_> = others.iter().chain(&more).map(|to| (ORDER_CREATED, to.as_str())).collect();
    assert_eq!(there(&scene), expected(&scene, &foreign));
    assert_eq!(scene.triggers("plan"), (0, Vec::new()));
}

#[test]
fn the_service_moves_its_webhooks_after_its_start() {
    let mut scene = Scene::new(&["order-created"]);
    make(&scene, ORDER_CREATED, FOREIGN);
    let mut served = scene.serve(&[]);
    served.comes_to(ACTIVE, 3);
    assert_eq!(served.stop().0, Some(0));
    scene.control("/_sandbox/orders");
    scene.settle();

    move_on(&mut scene);
    let served = scene.serve(&["--log-level", "debug"]);
    served.comes_to(SETTLED, 1);
    assert_eq!(there(&scene), expected(&scene, &[(ORDER_CREATED, FOREIGN)]));
    assert_eq!(scene.triggers("plan"), (0, Vec::new()));
    // The order of the time between is found, and the next order comes by webhook.
    served.comes_to("connector_activations_backfilled_total", 1);
    scene.control("/_sandbox/orders");
    scene.settle();
    assert_eq!(served.metric("connector_webhooks_total{outcome=\"accepted\"}"), 1);
    assert_eq!(scene.activations("order-created").len(), 2);
    assert!(!served.logged().contains(&key(&scene)), "{}", served.logged());
}

#[test]
fn two_services_with_different_addresses_on_one_folder_come_to_rest() {
    let mut scene = Scene::new(&["order-created"]);
    let one = scene.serve(&[]);
    one.comes_to(ACTIVE, 3);
    let (path, body) = scene.exception();
    move_on(&mut scene);
    let other = scene.serve(&[]);
    other.comes_to(SETTLED, 1);
    let look = |served: &Served| {
        let before = served.metric(SETTLED);
        let answer = served.deliver_signed(&path, CLIENT_SECRET, body.as_bytes());
        assert_eq!(answer.status, Some(200), "{answer:?}");
        let began = Instant::now();
        while served.metric(SETTLED) == before {
            assert!(began.elapsed() < PATIENCE, "it does not look\n{}", served.logged());
        }
    };
    let ids = || scene.hooks().iter().map(|hook| hook["id"].clone()).collect::<Vec<_>>();
    for _ in 0..3 {
        look(&one);
        look(&other);
    }
    let (rest, before) = (ids(), scene.store.requests().len());
    for _ in 0..2 {
        look(&one);
        look(&other);
    }
    assert_eq!((ids(), changes(&scene, before)), (rest, Vec::new()));
    for served in [&one, &other] {
        served.has_logged("another process with another public address");
    }
    drop((one, other));
    // The next process that is asked to may delete them.
    assert_eq!(scene.triggers("apply").0, 0);
    assert_eq!(there(&scene), expected(&scene, &[]));
}

/// A vendor's webhooks. New webhooks are accepted, and listed as inactive.
type Hooks = Arc<Mutex<(Vec<Value>, Vec<Method>)>>;

async fn answer(State(hooks): State<Hooks>, method: Method, body: String) -> String {
    let mut hooks = hooks.lock().expect("webhooks");
    hooks.1.push(method.clone());
    if method != Method::POST {
        return json!({"data": hooks.0, "meta": {"pagination": {"total_pages": 1}}}).to_string();
    }
    let mut hook: Value = serde_json::from_str(&body).expect("JSON");
    hook["id"] = json!(100 + hooks.0.len());
    let created = json!({"data": hook, "meta": {}}).to_string();
    hook["is_active"] = json!(false);
    hooks.0.push(hook);
    created
}

#[test]
fn a_former_webhook_stays_until_the_vendor_lists_its_successor_as_active() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    let hooks = Hooks::default();
    let router = Router::new().fallback(any(answer)).with_state(Arc::clone(&hooks));
    runtime.spawn(async move { axum::serve(listener, router).await.expect("it serves") });
    let place = Place::new();
    let (token, secret) = (place.file("token", TOKEN), place.file("secret", CLIENT_SECRET));
    let usual = ["--access-token-file", &token, "--client-secret-file", &secret, "--base-url", &origin];
    let (id, path) = place.add(&[&usual[..], &["--trigger", "order-created"]].concat());
    let former = format!("https://old.example{path}");
    let former = json!({"id": 1, "scope": ORDER_CREATED, "destination": former, "is_active": true});
    hooks.lock().expect("webhooks").0.push(former.clone());

    let public = "https://hooks.shop-engine.net";
    let (code, stdout, stderr) =
        place.run(["triggers", "apply", "--json", "--connection", &id, "--public-url", public]);
    assert_eq!(code, 1, "{stdout}{stderr}");
    let told: Value = serde_json::from_str(&stdout).expect("JSON");
    let rows = told["triggers"].as_array().expect("a list").iter();
    let pair =
        |row: &Value| (row["what"].as_str().unwrap().to_owned(), row["event"].as_str().unwrap().to_owned());
    let steps = [
        ("create", UNINSTALLED),
        ("create", EXCEPTION),
        ("create", ORDER_CREATED),
        ("delete", ORDER_CREATED),
    ];
    assert_eq!(rows.clone().map(pair).collect::<Vec<_>>(), pairs(&steps));
    let note = rows.last().and_then(|row| row["note"].as_str()).expect("a reason");
    assert!(note.contains("cannot delete") && note.contains("triggers apply"), "{note}");
    let hooks = hooks.lock().expect("webhooks");
    assert!(!hooks.1.contains(&Method::DELETE), "{:?}", hooks.1);
    assert_eq!(hooks.0[0], former);
}
