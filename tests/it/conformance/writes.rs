//! What the sandbox does with every field that the files have in the body of a request: it writes the field or refuses
//! the request. It never answers with success and ignores the field.

mod bodies;
mod endpoints;
mod fields;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use bigcommerce_sandbox::SandboxOptions;
use connector_tests::{ACCESS_TOKEN, Store};
use reqwest::Method;
use serde_json::{Value, json};

use self::endpoints::{ENDPOINTS, Endpoint};
use super::judge::Judge;

/// What became of a field.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    Written,
    Refused,
    Ignored(String),
}

#[tokio::test]
async fn the_sandbox_writes_or_refuses_every_field_of_the_files() {
    let Some(judge) = Judge::find() else { return };
    let described = judge.describe_by(operations());
    let store = store().await;
    let mut faults = Vec::new();
    for endpoint in ENDPOINTS {
        let body = match endpoint.is_list {
            true => &described[endpoint.name]["body"]["items"],
            false => &described[endpoint.name]["body"],
        };
        let places = fields::places(body);
        assert!(places.len() > 3, "{}: {places:?}", endpoint.name);
        let mut refused = BTreeSet::new();
        for (path, schema) in &places {
            match fate(&store, endpoint, path, schema).await {
                Fate::Written => {}
                Fate::Refused => {
                    refused.insert(path.as_str());
                }
                Fate::Ignored(what) => faults.push(format!("{}, {path}: {what}", endpoint.name)),
            }
        }
        let expected: BTreeSet<&str> = endpoint.refused.iter().map(|(path, _)| *path).collect();
        for path in refused.difference(&expected) {
            faults.push(format!("{}, {path}: refused, and not listed as such", endpoint.name));
        }
        for path in expected.difference(&refused) {
            faults.push(format!("{}, {path}: listed as refused, and written", endpoint.name));
        }
    }
    assert!(faults.is_empty(), "{} fields:\n{}", faults.len(), faults.join("\n"));
}

#[tokio::test]
async fn the_sandbox_refuses_a_field_that_no_file_has() {
    let store = store().await;
    for endpoint in ENDPOINTS {
        let target = endpoint.target("");
        let before = read(&store, endpoint, target).await;
        for path in endpoint.objects {
            let path = if path.is_empty() { "colour".to_owned() } else { format!("{path}.colour") };
            let body = endpoint.body(&path, json!("red"), &before);
            let (status, answer) = send(&store, endpoint, target, &body).await;
            let (expected, errors) = match endpoint.version {
                "v2" => (400, &answer[0]),
                _ => (422, &answer),
            };
            assert_eq!(status, expected, "{} {path}: {answer}", endpoint.name);
            assert!(errors.to_string().contains("colour"), "{} {path}: {answer}", endpoint.name);
        }
        let after = read(&store, endpoint, target).await;
        assert_eq!(before, after, "{}: a refused request changes nothing", endpoint.name);
    }
}

#[tokio::test]
async fn the_sandbox_refuses_every_field_of_an_order_that_no_request_may_write() {
    let Some(judge) = Judge::find() else { return };
    let described = judge.describe_by(operations());
    let store = store().await;
    for endpoint in ENDPOINTS.iter().filter(|endpoint| endpoint.version == "v2") {
        let writable = fields::places(&described[endpoint.name]["body"]);
        let tops: BTreeSet<&str> = writable.keys().map(|path| fields::top(path)).collect();
        let shown = get(&store, "v2", "/orders/103").await;
        let shown = shown.as_object().expect("an order");
        let read_only: Vec<&String> = shown.keys().filter(|name| !tops.contains(name.as_str())).collect();
        assert!(read_only.len() > 20, "{read_only:?}");
        for name in read_only {
            let before = read(&store, endpoint, 103).await;
            let body = endpoint.body(name, shown[name].clone(), &before);
            let (status, answer) = send(&store, endpoint, 103, &body).await;
            assert_eq!(status, 400, "{} {name}: {answer}", endpoint.name);
            let message = answer[0]["message"].as_str().unwrap_or_default();
            assert!(message.contains(name.as_str()) && message.contains("cannot be written to"), "{answer}");
        }
    }
}

/// A resource made by API has every field of a seeded resource of its kind, and every field that the file has.
#[tokio::test]
async fn what_the_api_makes_has_every_field_of_what_was_seeded() {
    let store = store().await;
    for endpoint in ENDPOINTS.iter().filter(|endpoint| endpoint.seeded > 0) {
        let body = endpoint.body("", Value::Null, &Value::Null);
        let (status, answer) = send(&store, endpoint, 0, &body).await;
        assert!((200..300).contains(&status), "{}: {answer}", endpoint.name);
        let id = endpoint.id_in(&answer);
        let made = names(&read(&store, endpoint, id).await);
        let seeded = names(&read(&store, endpoint, endpoint.seeded).await);
        let whole = read(&store, endpoint, id).await;
        // Nothing is known of the items of an empty list, nor of the fields of null.
        let is_empty = |name: &str| {
            let parents = name.match_indices('.').map(|(end, _)| name[..end].replace('.', "/"));
            parents
                .filter_map(|parent| whole.pointer(&format!("/{parent}")))
                .any(|parent| *parent == json!([]) || parent.is_null())
        };
        let missing: Vec<_> = seeded.difference(&made).filter(|name| !is_empty(name)).collect();
        assert!(missing.is_empty(), "{}: {missing:?}", endpoint.name);
        let answered = names(endpoint.resource_in(&answer));
        let missing: Vec<_> = made.difference(&answered).filter(|name| !endpoint.is_part(name)).collect();
        assert!(missing.is_empty(), "the answer of {}: {missing:?}", endpoint.name);
    }
}

/// Sends one field and looks for it in the resource.
async fn fate(store: &Store, endpoint: &Endpoint, path: &str, schema: &Value) -> Fate {
    let target = endpoint.target(path);
    let before = read(store, endpoint, target).await;
    let current = fields::at(&before, path, &|path| endpoint.item(path, &before)).cloned();
    let value = endpoint.value(path, schema, current.as_ref());
    let body = endpoint.body(path, value.clone(), &before);
    let (status, answer) = send(store, endpoint, target, &body).await;
    let is_refused = (400..500).contains(&status);
    if is_refused || fields::is_identity(path) {
        // An id names a resource, and nothing has the id that the test sends.
        return match (is_refused, fields::is_identity(path)) {
            (true, true) => Fate::Written,
            (true, false) => Fate::Refused,
            _ => Fate::Ignored("the id of nothing is accepted".to_owned()),
        };
    }
    assert!((200..300).contains(&status), "{} {path}: {status} {answer}", endpoint.name);
    let id = if endpoint.method == "POST" { endpoint.id_in(&answer) } else { target };
    let after = read(store, endpoint, id).await;
    let (shown, value) = endpoint.shown(path, value);
    let Some(shown) = shown else { return Fate::Written };
    let found = fields::at(&after, shown, &|path| endpoint.item(path, &before));
    match found {
        Some(found) if fields::is_same(found, &value) => match current {
            Some(current)
                if fields::is_same(&current, &value)
                    && schema["enum"].as_array().is_none_or(|it| it.len() > 1) =>
            {
                Fate::Ignored(format!("the test must send another value than {current}"))
            }
            _ => Fate::Written,
        },
        found => Fate::Ignored(format!("sent {value}, read {found:?}")),
    }
}

/// The names of all fields, however deep.
fn names(value: &Value) -> BTreeSet<String> {
    let mut found = BTreeMap::new();
    fields::flatten(value, "", &mut found);
    found.into_keys().collect()
}

/// The resource in the form in which a request writes it; null for the id 0.
async fn read(store: &Store, endpoint: &Endpoint, id: u64) -> Value {
    if id == 0 {
        return Value::Null;
    }
    let mut whole = Value::Null;
    for (place, pointer, path) in endpoint.reads {
        let answer = get(store, endpoint.version, &path.replace("{id}", &id.to_string())).await;
        let part = answer.pointer(pointer).cloned().unwrap_or_else(|| panic!("{path}: {answer}"));
        match place.is_empty() {
            true => whole = part,
            false => whole[*place] = part,
        }
    }
    whole
}

async fn get(store: &Store, version: &str, path: &str) -> Value {
    let (status, body) = request(store, Method::GET, version, path, None).await;
    match status {
        200 => body,
        204 => json!([]),
        _ => panic!("{path}: {status} {body}"),
    }
}

async fn send(store: &Store, endpoint: &Endpoint, id: u64, body: &Value) -> (u16, Value) {
    let path = endpoint.path.split('{').next().unwrap_or_default();
    let path = if path == endpoint.path { path.to_owned() } else { format!("{path}{id}") };
    let body = if endpoint.is_list { json!([body]) } else { body.clone() };
    let method = endpoint.method.parse().expect("a method");
    request(store, method, endpoint.version, &path, Some(body)).await
}

async fn request(
    store: &Store,
    method: Method,
    version: &str,
    path: &str,
    body: Option<Value>,
) -> (u16, Value) {
    let url = format!("{}/stores/{}/{version}{path}", store.sandbox.origin(), store.sandbox.store_hash());
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    let client = || reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build();
    let http = CLIENT.get_or_init(|| client().expect("an HTTP client"));
    let mut request = http.request(method, url).header("X-Auth-Token", ACCESS_TOKEN);
    if let Some(body) = body {
        request = request.header("Content-Type", "application/json").body(body.to_string());
    }
    let answer = request.send().await.expect("an answer");
    let status = answer.status().as_u16();
    let text = answer.text().await.expect("a body");
    (status, serde_json::from_str(&text).unwrap_or_default())
}

/// A store with a webhook, which has the id 1.
async fn store() -> Store {
    let store = Store::with(SandboxOptions { quota: u32::MAX, ..SandboxOptions::default() }).await;
    let hook = json!({"scope": "store/order/*", "destination": "https://hooks.shop.example/in"});
    let (status, answer) = request(&store, Method::POST, "v3", "/hooks", Some(hook)).await;
    assert_eq!((status, &answer["data"]["id"]), (200, &json!(1)));
    store
}

/// The endpoints as the script asks for them.
fn operations() -> Vec<Value> {
    let described = ENDPOINTS.iter().map(|endpoint| {
        let base = format!("/stores/{{store_hash}}/{}", endpoint.version);
        json!({"id": endpoint.name, "base": base, "method": endpoint.method, "path": endpoint.path})
    });
    described.collect()
}
