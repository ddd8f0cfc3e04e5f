//! Control characters from outside, wherever a command may print them: rows of the database, answers of the API, arguments,
//! and names of files.

use bytes::Bytes;
use connector_host::storage::{
    Activation, AuditEntry, ConnectionRow, ConnectionState, InstallStorage as _, LeaseRequest, Origin,
    SqliteOptions, SqliteStorage, Storage as _,
};

use super::scripted_api::Api;
use super::*;

/// Clears the screen, moves the cursor, ends lines, and turns the writing round.
const HOSTILE: &str =
    "h\u{1b}[2J\u{1b}]0;t\u{7}\u{9b}31m\u{7f}\u{8}\r\n\t\u{85}\u{202e}\u{2067}\u{2028}\u{2029}\u{200f}é";

/// The same in JSON as careless writers send it: what JSON allows is raw.
const HOSTILE_JSON: &str =
    "h\\u001b[2J\\u001b]0;t\\u0007\u{9b}31m\u{7f}\\b\\r\\n\\t\u{85}\u{202e}\u{2067}\u{2028}\u{2029}\u{200f}é";

/// What no stream of a command may hold.
fn is_unsafe(c: char) -> bool {
    let turns =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    (c.is_control() && !matches!(c, '\n' | '\t')) || turns
}

/// Runs a command, and returns both streams after the look at them.
#[track_caller]
fn look(place: &Place, arguments: &[&str]) -> String {
    let (code, stdout, stderr) = place.run(arguments);
    for text in [&stdout, &stderr] {
        let found = text.chars().find(|c| is_unsafe(*c));
        assert_eq!(found, None, "{arguments:?}: {code}\n{text:?}");
    }
    stdout + &stderr
}

/// The same, where hostile text has to be shown.
#[track_caller]
fn shows(place: &Place, arguments: &[&str]) -> String {
    let text = look(place, arguments);
    assert!(text.contains("[2J"), "{arguments:?} shows nothing of it:\n{text}");
    text
}

fn hostile_settings() -> String {
    let text = "{\"triggers\":[\"BAD\"],\"suppress_own\":[\"BAD\"],\"deliver_to\":\"https://x/BAD\"}";
    text.replace("BAD", HOSTILE_JSON)
}

/// A database with a hostile connection, a hostile dead letter and a hostile entry of the audit log: the id of the dead letter.
fn fill(place: &Place) -> String {
    let path = place.data().join("connector.sqlite");
    let storage = SqliteStorage::open(&path, SqliteOptions::default()).expect("a database");
    let row = ConnectionRow {
        id: HOSTILE.to_owned(),
        webhook_key: HOSTILE.to_owned(),
        account: HOSTILE.to_owned(),
        app: Some(HOSTILE.to_owned()),
        fields: "{}".to_owned(),
        sealed: vec![1, 2, 3],
        settings: hostile_settings(),
        state: ConnectionState::Connected,
        created_ms: 0,
        updated_ms: 0,
    };
    let activation = Activation {
        id: HOSTILE.to_owned(),
        connection: HOSTILE.to_owned(),
        account: HOSTILE.to_owned(),
        trigger: HOSTILE.to_owned(),
        resource_type: Some(HOSTILE.to_owned()),
        resource_id: Some(HOSTILE.to_owned()),
        event_time: Some(1_763_999_999),
        received_ms: now_ms(),
        origin: Origin::Webhook,
        envelope: Bytes::from(format!("{{\"scope\":\"{HOSTILE_JSON}\",\r\n\t\"{HOSTILE_JSON}\":1}}")),
    };
    let entry = AuditEntry {
        position: 0,
        at_ms: now_ms(),
        event: HOSTILE.to_owned(),
        account: Some(HOSTILE.to_owned()),
        connection: Some(HOSTILE.to_owned()),
        actor: HOSTILE.to_owned(),
        detail: HOSTILE.to_owned(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        storage.put_connection(row).await.expect("it is stored");
        storage.note(entry).await.expect("it is noted");
        storage.accept(vec![activation.into()]).await.expect("it is accepted");
        let request =
            LeaseRequest { limit: 1, per_connection: 1, duration: Duration::from_secs(60), now_ms: now_ms() };
        let leased = storage.lease(request).await.expect("it is leased");
        let buried = storage.bury(HOSTILE, leased[0].lease, HOSTILE, now_ms()).await;
        assert!(buried.expect("it is buried"));
    });
    HOSTILE.to_owned()
}

#[test]
fn rows_of_the_database_cannot_steer_the_terminal() {
    let place = Place::new();
    place.connect();
    let id = fill(&place);
    for command in [
        &["activations", "list"][..],
        &["activations", "list", "--json"],
        &["activations", "show", &id],
        &["activations", "show", &id, "--json"],
        &["connections", "list"],
        &["connections", "list", "--json"],
        &["connections", "audit"],
        &["connections", "audit", "--json"],
        &["connections", "reseal"],
        &["triggers", "status"],
        &["triggers", "status", "--connection", &id],
        &["triggers", "plan", "--connection", &id],
        &["triggers", "apply", "--connection", &id],
        &["backfill", "--connection", &id],
        &["connections", "rotate", &id, "--client-secret-file", &place.file("new", CLIENT_SECRET)],
        &["call", "bigcommerce/get-product", "--product-id", "1", "--connection", &id],
    ] {
        shows(&place, command);
    }
    // The value of what programs read is whole.
    let told = shows(&place, &["activations", "list", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(told["activations"][0]["failure"], HOSTILE);
    assert_eq!(told["activations"][0]["resource_id"], HOSTILE);
    let told = shows(&place, &["activations", "show", &id, "--json"]);
    let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(told["event"]["data"]["envelope"]["scope"], HOSTILE);
    // Changes, last: the connection and the dead letter end.
    for command in [
        &["activations", "replay", &id][..],
        &["activations", "replay", "--state", "dead", "--account", &id],
        &["connections", "edit", &id, "--suppress-own", "order-created"],
        &["connections", "remove", &id, "--erase"],
    ] {
        look(&place, command);
    }
}

#[test]
fn answers_of_the_api_cannot_steer_the_terminal() {
    let (place, api) = (Place::new(), Api::start());
    let token = place.file("token", TOKEN);
    let connection =
        ["--store-hash", "abc123", "--access-token-file", &token, "--base-url", &api.origin, "--verbose"];
    let whole =
        |action: &'static str, more: &[&'static str]| [&["call", action], more, &connection[..]].concat();
    let product: &'static str = Box::leak(
        format!("{{\"data\":{{\"id\":1,\"name\":\"{HOSTILE_JSON}\",\"{HOSTILE_JSON}\":2}},\"meta\":{{\"{HOSTILE_JSON}\":3}}}}")
            .into_boxed_str(),
    );
    let products: &'static str = Box::leak(
        format!("{{\"data\":[{{\"id\":1,\"name\":\"{HOSTILE_JSON}\"}},{{\"id\":2,\"name\":\"b\"}}],\"meta\":{{\"pagination\":{{\"total\":2,\"count\":2,\"per_page\":250,\"current_page\":1,\"total_pages\":1}}}}}}")
            .into_boxed_str(),
    );
    let refusal: &'static str = Box::leak(
        format!("{{\"status\":422,\"title\":\"{HOSTILE_JSON}\",\"errors\":{{\"{HOSTILE_JSON}\":\"{HOSTILE_JSON}\"}}}}")
            .into_boxed_str(),
    );
    for (action, more, status, body) in [
        ("get-product", &["--product-id", "1"][..], 200, product),
        ("list-products", &[], 200, products),
        ("list-products", &["--all"], 200, products),
        ("get-product", &["--product-id", "1"], 422, refusal),
        ("get-product", &["--product-id", "1", "--json"], 422, refusal),
        ("get-product", &["--product-id", "1"], 404, refusal),
        ("get-product", &["--product-id", "1", "--json"], 401, refusal),
    ] {
        api.will_answer(status, &[("x-request-id", "r")], body);
        shows(&place, &whole(action, more));
    }
    // A program at the other end of a pipe gets the bytes of the API.
    api.will_answer(200, &[], product);
    let (_, stdout, _) = place.run(whole("get-product", &["--product-id", "1", "--json"]));
    let data = product.trim_start_matches("{\"data\":");
    assert_eq!(stdout.trim_end_matches('\n'), &data[..=data.find('}').expect("an end")]);
}

#[test]
fn arguments_and_names_of_files_cannot_steer_the_terminal() {
    let place = Place::new();
    place.connect();
    let file = |name: &str, text: &str| place.file(&format!("{HOSTILE}{name}").replace('/', ""), text);
    let (bad, json) = (file("bad", "bad"), file("json", &format!("{{\"{HOSTILE_JSON}\": \"x\"}}")));
    let toml = file("toml", &format!("\"{}\" = 1\n", HOSTILE_JSON.replace(['\u{7f}', '\n'], "")));
    let backup = place.folder.path().join(format!("{HOSTILE}backup")).display().to_string();
    for command in [
        &[HOSTILE][..],
        &["call", HOSTILE],
        &["call", "get-product", HOSTILE],
        &["call", "get-product", "--product-id", HOSTILE, "--store-hash", "abc123"],
        &["call", "get-product", "--json", "--product-id", HOSTILE],
        &["call", "get-product", "--product-id", "1", "--timeout", HOSTILE],
        &["call", "get-product", "--product-id", "1", "--credentials", HOSTILE],
        &["call", "get-product", "--product-id", "1", "--credentials", &json],
        &["call", "get-product", "--input", &bad, "--store-hash", "abc123", "--access-token", "t"],
        &["call", "get-product", "--product-id", "1", "--store-hash", HOSTILE, "--access-token", "t"],
        &["call", "get-product", "--product-id", "1", "--base-url", HOSTILE, "--store-hash", "abc123"],
        &["catalog", HOSTILE],
        &["completion", HOSTILE],
        &["serve", "--config", HOSTILE],
        &["serve", "--config", &bad],
        &["serve", "--config", &toml],
        &["serve", "--listen", HOSTILE],
        &["serve", "--public-url", HOSTILE],
        &["serve", "--admin-token-file", HOSTILE],
        &["serve", "--delivery-mode", HOSTILE],
        &["serve", "--apps", HOSTILE],
        &["serve", "--data", &bad],
        &["health", "--admin-listen", HOSTILE],
        &["backup", &backup],
        &["backup", &backup],
        &["activations", "show", HOSTILE],
        &["activations", "replay", HOSTILE],
        &["activations", "list", "--data", HOSTILE],
        &["connections", "add", "--store-hash", HOSTILE, "--client-secret-file", &bad, "--no-test"],
        &["connections", "add", "--store-hash", "abc123", "--client-secret-file", HOSTILE],
        &["connections", "add", "--store-hash", "abc123", "--app", HOSTILE],
        &["connections", "remove", HOSTILE],
        &["connections", "edit", HOSTILE, "--suppress-own", "order-created"],
        &["triggers", "status", "--connection", HOSTILE],
        &["backfill", "--connection", HOSTILE],
        #[cfg(feature = "demo")]
        &["sandbox", "--access-token-file", HOSTILE],
    ] {
        look(&place, command);
    }
    for command in [&["backup", &format!("{backup}2")][..], &["activations", "show", HOSTILE]] {
        shows(&place, command);
    }
}

#[test]
fn what_another_program_says_at_the_address_of_the_service_cannot_steer_the_terminal() {
    let place = Place::new();
    for status in ["200 OK", "503 Service Unavailable"] {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let answering = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a connection");
            let mut head = [0; 1024];
            let read = stream.read(&mut head).expect("a request");
            assert!(read > 0);
            stream.write_all(format!("HTTP/1.1 {status}\r\n\r\n{HOSTILE}!").as_bytes()).expect("it reads");
        });
        shows(&place, &["health", "--admin-listen", &address]);
        answering.join().expect("it answers");
    }
}
