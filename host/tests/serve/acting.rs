//! Actions through stored connections: what workflows call over HTTP, and people from the command line.

use serde_json::{Value, json};

use super::scripted_api::Api;
use super::*;

pub(super) const ADMIN: &str = "hush-admin-4f0b21";

const PRODUCT: &str = r#"{"data": {"id": 111,  "price": 9.90, "name": "\u00e4", "x": [1, 2.0]}, "meta": {}}"#;

/// A service with a token for workflows, and a connection to an API.
pub(super) struct Works {
    pub(super) place: Place,
    pub(super) api: Api,
    pub(super) id: String,
    /// Where its webhooks go.
    pub(super) path: String,
    pub(super) served: Served,
}

impl Works {
    pub(super) fn new(arguments: &[&str]) -> Self {
        let (place, api) = (Place::new(), Api::start());
        let (id, path) = connect_to(&place, &api, &[]);
        let served = place.serve_with(
            // Nothing but the calls of the test is to reach the API.
            &[
                &["--triggers-reconcile", "never", "--admin-token-file", &place.file("admin", ADMIN)],
                arguments,
            ]
            .concat(),
            &[("CONNECTOR_SHARE_QUOTA", "none")],
        );
        Self { place, api, id, path, served }
    }

    /// Calls an action over the connection.
    #[track_caller]
    pub(super) fn act(&self, action: &str, headers: &[(&str, &str)], input: &str) -> Answer {
        act(&self.served, &self.id, action, headers, input)
    }
}

/// The value of a metric, read with the token; zero where it is not there.
#[track_caller]
pub(super) fn metric(served: &Served, name: &str) -> u64 {
    let token = format!("Authorization: Bearer {ADMIN}");
    let metrics = get(served.admin.expect("it listens"), "/metrics", &[&token]).body;
    let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.map_or(0, |value| value.parse().expect("a whole number"))
}

/// A connection to the API with a token: its id and the path of its webhooks.
pub(super) fn connect_to(place: &Place, api: &Api, arguments: &[&str]) -> (String, String) {
    let (token, secret) = (place.file("token", TOKEN), place.file("client-secret", CLIENT_SECRET));
    let whole = ["--access-token-file", &token, "--client-secret-file", &secret, "--base-url", &api.origin];
    place.add(&[&whole[..], arguments].concat())
}

#[track_caller]
pub(super) fn act(
    served: &Served,
    connection: &str,
    action: &str,
    headers: &[(&str, &str)],
    input: &str,
) -> Answer {
    post(served, &format!("/connections/{connection}/actions/{action}"), headers, input)
}

/// A POST to where workers and workflows call, with the token.
#[track_caller]
pub(super) fn post(served: &Served, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let token = format!("Bearer {ADMIN}");
    let usual = [("Authorization", token.as_str()), ("Content-Type", "application/json")];
    let all: Vec<(String, String)> = usual
        .iter()
        .filter(|(name, _)| !headers.iter().any(|(given, _)| given == name))
        .chain(headers)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    exchange(served.admin.expect("it listens"), &request(path, &all, body.as_bytes()))
}

/// The problem of an answer: its status and its details, which must agree.
#[track_caller]
fn problem(answer: &Answer) -> (u16, Value) {
    assert!(answer.head.contains("content-type: application/problem+json"), "{answer:?}");
    let details: Value = serde_json::from_str(&answer.body).expect("JSON");
    let status = answer.status.expect("a status");
    assert_eq!(details["status"], status);
    (status, details)
}

#[test]
fn the_data_come_as_the_api_sent_them_and_paging_stands_beside() {
    let works = Works::new(&[]);
    works.api.will_answer(200, &[("X-Request-Id", "r-1")], PRODUCT);
    let answer = works.act("get-product", &[], r#"{"product_id": 111}"#);
    assert_eq!(works.api.next(), "GET /stores/abc123/v3/catalog/products/111");
    assert_eq!(answer.status, Some(200));
    let data = r#"{"id": 111,  "price": 9.90, "name": "\u00e4", "x": [1, 2.0]}"#;
    assert!(answer.body.starts_with(&format!(r#"{{"data":{data},"#)), "byte for byte: {}", answer.body);
    let whole: Value = serde_json::from_str(&answer.body).expect("JSON");
    assert!(whole.get("paging").is_none() && whole["request_id"] == "r-1", "{whole}");

    let page = r#"{"data": [{"id": 1}, {"id": 2}], "meta": {"pagination": {"total": 3, "total_pages": 2}}}"#;
    works.api.will_answer(200, &[], page);
    let answer = works.act("list-products", &[], r#"{"limit": 2}"#);
    let whole: Value = serde_json::from_str(&answer.body).expect("JSON");
    assert_eq!(whole["paging"], json!({"has_more": true, "next": {"page": 2}, "total": 3}));
    assert_eq!(whole["meta"]["pagination"]["total_pages"], 2);
    let last = r#"{"data": [{"id": 3}], "meta": {"pagination": {"total": "3", "total_pages": "2"}}}"#;
    works.api.will_answer(200, &[], last);
    let answer = works.act("list-products", &[], r#"{"limit": 2, "page": 2}"#);
    let whole: Value = serde_json::from_str(&answer.body).expect("JSON");
    assert_eq!(whole["paging"], json!({"has_more": false, "next": null, "total": 3}));
    assert_eq!(metric(&works.served, "connector_actions_total{outcome=\"ok\"}"), 3);

    // A full last page is no end for a workflow that reads page after page, and neither is an answer that is no list.
    works.api.will_answer(200, &[], page);
    let answer = works.act("list-products", &[], r#"{"limit": 2, "page": 2}"#);
    let whole: Value = serde_json::from_str(&answer.body).expect("JSON");
    assert_eq!(whole["paging"], json!({"has_more": true, "next": {"page": 3}, "total": 3}));
    for broken in [r#"{"data": null}"#, r#"{"data": [], "meta": {"pagination": {"total_pages": "many"}}}"#] {
        works.api.will_answer(200, &[], broken);
        let (status, details) = problem(&works.act("list-products", &[], "{}"));
        assert_eq!((status, &details["class"]), (502, &"decode".into()), "{details}");
    }
}

#[test]
fn an_action_without_input_needs_no_body_and_one_that_returns_nothing_answers_null() {
    let works = Works::new(&[]);
    works.api.will_answer(200, &[], r#"{"time": 1}"#);
    let answer = works.act("get-time", &[("Content-Type", "text/plain")], "");
    assert_eq!((answer.status, answer.body.starts_with(r#"{"data":{"time": 1}"#)), (Some(200), true));
    works.api.will_answer(204, &[], "");
    let answer = works.act("delete-product", &[], r#"{"product_id": 111}"#);
    assert!(answer.body.starts_with(r#"{"data":null"#), "{}", answer.body);
}

#[test]
fn a_failure_is_told_as_problem_details_with_what_to_do() {
    let works = Works::new(&[]);
    let refused = r#"{"status": 422, "title": "taken", "errors": {"name": "is used by another"}}"#;
    works.api.will_answer(409, &[("X-Request-Id", "r-2")], refused);
    let create = r#"{"name": "A", "type": "physical", "weight": 1, "price": 1}"#;
    let (status, details) = problem(&works.act("create-product", &[], create));
    assert_eq!((status, &details["class"]), (409, &json!("conflict")));
    assert_eq!((&details["vendor_status"], &details["request_id"]), (&json!(409), &json!("r-2")));
    assert_eq!((&details["retryable"], &details["api_message"]), (&json!(false), &json!("taken")));
    assert_eq!(details["violations"], json!([{"field": "name", "message": "is used by another"}]));
    assert_eq!(details["title"], "Conflict");
    assert!(details["next"].as_str().expect("a text").contains("another name"), "{details}");

    // A create of which nobody knows whether it was carried out.
    works.api.will_answer(502, &[], "bad");
    let (status, details) = problem(&works.act("create-product", &[], create));
    assert_eq!((status, &details["class"], &details["retryable"]), (502, &json!("server"), &json!(false)));
    assert!(details["check_first"].as_str().expect("a text").contains("list-products"), "{details}");
    works.api.next();
    works.api.next();

    // A create whose answer cannot be read.
    for (headers, body) in [(&[("Content-Encoding", "gzip")][..], "no gzip"), (&[], "<html>")] {
        works.api.will_answer(201, headers, body);
        let (status, details) = problem(&works.act("create-product", &[], create));
        assert_eq!(
            (status, &details["class"], &details["retryable"]),
            (502, &json!("decode"), &json!(false))
        );
        assert_eq!(details["vendor_status"], 201);
        let detail = details["detail"].as_str().expect("a text");
        assert!(detail.ends_with("; the request may have been executed"), "{details}");
        assert!(details["check_first"].as_str().expect("a text").contains("list-products"), "{details}");
        works.api.next();
        assert!(!works.api.was_asked(), "it is sent once");
    }

    // What is wrong with the input is found before anything is sent.
    let (status, details) =
        problem(&works.act("update-product", &[], r#"{"product_id": 0, "colour": "red"}"#));
    assert_eq!(
        (status, &details["class"], &details["vendor_status"]),
        (422, &json!("validation"), &json!(null))
    );
    let fields: Vec<&str> = details["violations"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|violation| violation["field"].as_str().expect("a text"))
        .collect();
    assert!(fields.contains(&"product_id") && fields.contains(&"colour"), "{details}");
    assert!(!works.api.was_asked());
    assert_eq!(metric(&works.served, "connector_actions_total{outcome=\"conflict\"}"), 1);
}

#[test]
fn what_the_service_refuses_by_itself_is_a_problem_too() {
    let works = Works::new(&[]);
    let get = r#"{"product_id": 111}"#;
    let refused = |answer: Answer| {
        let (status, details) = problem(&answer);
        (status, details["class"].as_str().expect("a class").to_owned())
    };
    let class = |class: &str| class.to_owned();
    let wrong = works.act("get-product", &[("Authorization", "Bearer guess")], get);
    assert!(wrong.head.contains("www-authenticate: bearer"), "{wrong:?}");
    assert_eq!(refused(wrong), (401, class("wrong_token")));
    let (_, details) = problem(&works.act("get-produkt", &[], get));
    assert!(details["detail"].as_str().expect("a text").ends_with("did you mean get-product?"), "{details}");
    let other = act(&works.served, "nobody", "get-product", &[], get);
    assert_eq!(refused(other), (404, class("unknown_connection")));
    assert_eq!(
        refused(works.act("get-product", &[("Content-Type", "text/plain")], get)),
        (415, class("wrong_media_type"))
    );
    assert_eq!(
        refused(works.act("get-product", &[("Connector-Wait-Ms", "soon")], get)),
        (400, class("bad_request"))
    );
    assert_eq!(
        refused(works.act("get-product", &[("Connector-Workflow", "")], get)),
        (400, class("bad_request"))
    );
    assert_eq!(refused(works.act("get-product", &[], "no JSON")), (422, class("validation")));
    let large = format!(r#"{{"name": "{}"}}"#, "x".repeat(1024 * 1024));
    assert_eq!(refused(works.act("create-product", &[], &large)), (413, class("too_large")));
    assert!(!works.api.was_asked());
    assert!(!works.served.logged().contains("guess") && !works.served.logged().contains(TOKEN));

    let place = Place::new();
    let open = place.serve();
    assert_eq!(refused(act(&open, "c", "get-product", &[], get)), (403, class("no_token")));
}

#[test]
fn a_spent_quota_is_told_with_the_wait_and_holds_for_everybody_who_calls() {
    let works = Works::new(&[]);
    let get = r#"{"product_id": 111}"#;
    works.api.will_answer(429, &[("X-Rate-Limit-Time-Reset-Ms", "1500")], "");
    let answer = works.act("get-product", &[], get);
    let (status, details) = problem(&answer);
    assert_eq!((status, &details["class"]), (429, &json!("rate_limited.window")));
    assert_eq!((&details["retryable"], &details["vendor_status"]), (&json!(true), &json!(429)));
    assert_eq!(details["retry_after_ms"], 1500);
    assert!(answer.head.contains("retry-after: 2"), "{}", answer.head);
    works.api.next();
    // The gate of the account is the same for every call of the service, and this one is not sent.
    let (status, details) = problem(&works.act("list-orders", &[], "{}"));
    assert_eq!((status, &details["vendor_status"]), (429, &json!(null)));
    assert!(!works.api.was_asked());
    // Whoever may wait gets an answer.
    works.api.will_answer(200, &[], PRODUCT);
    let answer = works.act("get-product", &[("Connector-Wait-Ms", "20000")], get);
    assert_eq!(answer.status, Some(200), "{answer:?}");
}

#[test]
fn a_revoked_connection_answers_what_to_do_and_sends_nothing() {
    let works = Works::new(&[]);
    let body = format!(
        r#"{{"scope":"store/app/uninstalled","producer":"stores/abc123","created_at":{},"data":{{"type":"store"}}}}"#,
        now_ms() / 1_000 + 60
    );
    assert_eq!(works.served.deliver_signed(&works.path, CLIENT_SECRET, body.as_bytes()).status, Some(200));
    let (status, details) = problem(&works.act("get-product", &[], r#"{"product_id": 111}"#));
    assert_eq!((status, &details["class"]), (403, &json!("auth.revoked")));
    assert!(details["next"].as_str().expect("a text").contains("connect the account again"), "{details}");
    let (code, _, stderr) =
        works.place.run(["call", "get-product", "--connection", &works.id, "--product-id", "111", "--json"]);
    let told: Value = serde_json::from_str(&stderr).expect("JSON");
    assert_eq!((code, &told["error"]["class"]), (4, &json!("auth.revoked")), "{stderr}");
    assert!(!works.api.was_asked());
}

#[test]
fn a_call_that_finds_the_token_gone_marks_its_connection() {
    let unknown = r#"{"status": 401, "title": "Unauthorized"}"#;
    let advice = |place: &Place| -> String {
        let told: Value = serde_json::from_str(&place.ok(&["connections", "list", "--json"])).expect("JSON");
        let connection = &told["connections"][0];
        assert_eq!(connection["state"], "revoked");
        connection["advice"].to_string()
    };
    let works = Works::new(&[]);
    works.api.will_answer(401, &[], unknown);
    works.api.will_answer(401, &[], unknown);
    let (status, details) = problem(&works.act("get-product", &[], r#"{"product_id": 111}"#));
    assert_eq!((status, &details["class"]), (403, &json!("auth.revoked")));
    let asked = [works.api.next(), works.api.next()];
    assert_eq!(asked, ["GET /stores/abc123/v3/catalog/products/111", "GET /stores/abc123/v2/time"]);
    assert!(advice(&works.place).contains("does not know its token any more"));
    // Nobody asks in vain from now on, and webhooks are still stored.
    let (status, details) = problem(&works.act("get-product", &[], r#"{"product_id": 111}"#));
    assert_eq!((status, &details["class"]), (403, &json!("auth.revoked")));
    assert!(!works.api.was_asked());
    assert_eq!(works.served.deliver_signed(&works.path, CLIENT_SECRET, ORDER.as_bytes()).status, Some(200));

    let (place, api) = (Place::new(), Api::start());
    let (id, _) = connect_to(&place, &api, &[]);
    let call = ["call", "get-product", "--product-id", "111", "--share-quota", "none", "--connection", &id];
    api.will_answer(401, &[], unknown);
    api.will_answer(401, &[], unknown);
    let (code, _, stderr) = place.run(call);
    assert!(code == 4 && stderr.contains("auth.revoked"), "{stderr}");
    assert!(advice(&place).contains("does not know its token any more"));
}

#[test]
fn an_action_under_way_ends_before_the_service_does_and_none_is_begun() {
    let mut works = Works::new(&[]);
    let (get, path) = (r#"{"product_id": 111}"#, format!("/connections/{}/actions/get-product", works.id));
    let headers =
        [("Authorization", format!("Bearer {ADMIN}")), ("Content-Type", "application/json".to_owned())];
    let headers = headers.map(|(name, value)| (name.to_owned(), value));
    let call = || {
        let release = works.api.will_answer_later(200, PRODUCT);
        let mut stream = connect(works.served.admin.expect("it listens"));
        stream.write_all(&request(&path, &headers, get.as_bytes())).expect("it listens");
        works.api.next();
        (stream, release)
    };
    let (mut waits, first) = call();
    let (hung_up, second) = call();
    drop(hung_up);
    works.served.signal("-TERM");
    let admin = works.served.admin.expect("it listens");
    while super::get(admin, "/readyz", &[]).status != Some(503) {}
    let (status, details) = problem(&works.act("get-product", &[], get));
    assert_eq!((status, &details["class"]), (503, &json!("stopping")));
    assert!(!works.api.was_asked());
    first.send(()).expect("it waits");
    assert_eq!(Answer::parse(&read_to_close(&mut waits)).status, Some(200));
    // The other is still under way, and the service with it.
    assert_eq!(super::get(admin, "/healthz", &[]).status, Some(200));
    second.send(()).expect("it waits");
    assert_eq!(works.served.ended(), (Some(0), "stopped\n".to_owned()));
    assert!(!works.served.logged().contains("some requests took too long"), "{}", works.served.logged());
}

#[test]
fn the_command_line_calls_through_what_was_stored() {
    let (place, api) = (Place::new(), Api::start());
    let (id, _) = connect_to(&place, &api, &[]);
    api.will_answer(200, &[], PRODUCT);
    let get = ["call", "get-product", "--product-id", "111", "--share-quota", "none"];
    let told = place.ok(&[&get[..], &["--connection", &id, "--json"]].concat());
    assert!(told.starts_with(r#"{"id": 111,  "price": 9.90"#), "{told}");
    assert_eq!(api.next(), "GET /stores/abc123/v3/catalog/products/111");

    let (code, _, stderr) = place.run([&get[..], &["--connection", "nobody"]].concat());
    assert!(code == 2 && stderr.contains("connections list"), "{stderr}");
    let (code, _, stderr) = place.run([&get[..], &["--connection", &id, "--store-hash", "abc123"]].concat());
    assert!(code == 2 && stderr.contains("cannot be used with"), "{stderr}");
    let (code, _, stderr) = place.run([&get[..], &["--caused-by", "e1"]].concat());
    assert!(code == 2 && stderr.contains("--connection"), "{stderr}");
    let elsewhere = Place::new();
    let (code, _, stderr) = elsewhere.run([&get[..], &["--connection", &id]].concat());
    assert!(code == 2 && stderr.contains("no database"), "{stderr}");
    assert!(!api.was_asked());
}

#[test]
fn who_hangs_up_keeps_nobody_from_learning_that_the_token_is_gone() {
    const ACTED: &str = "connector_actions_total{outcome=\"auth.revoked\"}";
    let works = Works::new(&[]);
    let release = works.api.will_answer_later(401, r#"{"status": 401, "title": "Unauthorized"}"#);
    works.api.will_answer(401, &[], r#"{"status": 401, "title": "Unauthorized"}"#);
    let path = format!("/connections/{}/actions/get-product", works.id);
    let headers =
        [("Authorization", format!("Bearer {ADMIN}")), ("Content-Type", "application/json".to_owned())];
    let headers = headers.map(|(name, value)| (name.to_owned(), value));
    let mut stream = connect(works.served.admin.expect("it listens"));
    let call = request(&path, &headers, br#"{"product_id": 111}"#);
    stream.write_all(&call).expect("it is sent");
    assert_eq!(works.api.next(), "GET /stores/abc123/v3/catalog/products/111");
    drop(stream);
    // Whoever is answered now was heard after that.
    for _ in 0..20 {
        assert_eq!(metric(&works.served, ACTED), 0);
    }
    release.send(()).expect("it waits");
    let began = Instant::now();
    let told = || works.place.ok(&["connections", "list"]);
    while !told().contains("does not know its token any more") || metric(&works.served, ACTED) != 1 {
        assert!(began.elapsed() < PATIENCE, "{}", told());
    }
}
