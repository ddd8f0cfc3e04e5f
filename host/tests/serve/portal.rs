//! The pages and callbacks over real sockets, against a vendor of the tests' own: its token endpoint answers what a test
//! tells it to.

mod adoption;
mod browser;
mod connecting;
mod lifecycle;
mod own_changes;
mod pages;
mod pasting;
mod restart;
mod revocation;
#[cfg(feature = "demo")]
mod sandbox;
mod twice;
mod twice_forms;
mod vendor;
#[cfg(feature = "demo")]
mod webhooks;
mod without_operators;
mod written;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::*;
use browser::{Browser, escape};
use vendor::{Answering, Vendor};

/// The admin token. No output and no file may ever show it.
const ADMIN: &str = "hush-admin-token-40d1";

/// Codes and tokens that the vendor gives out.
const CODE: &str = "hush-code-1b7a";
const GRANTED: &str = "hush-granted-7711";

const CLIENT_ID: &str = "client8x1kdj";

/// A service with an app whose vendor is ours.
struct Stage {
    place: Place,
    vendor: Vendor,
    served: Served,
}

impl Stage {
    fn new() -> Self {
        Self::with("")
    }

    /// One with more settings of the app.
    fn with(settings: &str) -> Self {
        let (place, vendor) = (Place::new(), Vendor::start());
        let config = format!(
            "[apps.shop]\nclient_id = \"{CLIENT_ID}\"\nclient_secret_file = {:?}\nbase_url = \"{}\"\n{settings}",
            place.file("app-secret", APP_SECRET),
            vendor.url,
        );
        let config = place.file("connector.toml", &config);
        let served = place
            .serve_with(&["--config", &config, "--log-level", "debug"], &[("CONNECTOR_ADMIN_TOKEN", ADMIN)]);
        Self { place, vendor, served }
    }

    /// Stops the service and starts it again.
    fn restart(&mut self) {
        assert_eq!(self.served.stop().0, Some(0));
        self.served = self.another();
    }

    /// A second process on the same data folder.
    fn another(&self) -> Served {
        let arguments = ["--config", &self.config(), "--log-level", "debug"];
        self.place.serve_with(&arguments, &[("CONNECTOR_ADMIN_TOKEN", ADMIN)])
    }

    /// A browser in which nobody is signed in.
    fn stranger(&self) -> Browser {
        Browser::new(self.served.address)
    }

    /// A browser in which somebody is signed in.
    fn operator(&self) -> Browser {
        let mut browser = self.stranger();
        let answer = browser.submit("/sign-in", "/sign-in", &[("admin_token", ADMIN)]);
        assert_eq!((answer.status, answer.location()), (Some(303), Some("/connections")), "{answer:?}");
        browser
    }

    /// Begins a connection to `typed`.
    fn begin(&self, browser: &mut Browser, typed: &str) -> Answer {
        browser.submit("/connect/shop", "/connect/shop", &[("store_hash", typed)])
    }

    /// An installation from its beginning here to its end; the id of the connection.
    #[track_caller]
    fn connect(&self, browser: &mut Browser, account: &str) -> String {
        assert_eq!(self.begin(browser, account).status, Some(303));
        let answer = browser.get(&callback(account, ""));
        let location = answer.location().unwrap_or_else(|| panic!("{answer:?}"));
        location.strip_prefix("/connections/").expect("the page of the connection").to_owned()
    }

    /// What `connector connections list` tells of all connections.
    fn connections(&self) -> Vec<serde_json::Value> {
        let text = self.place.ok(&["connections", "list", "--json", "--config", &self.config()]);
        let told: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        told["connections"].as_array().expect("a list").clone()
    }

    /// The words of the audit log, the oldest first.
    fn audit(&self) -> Vec<String> {
        let text = self.place.ok(&["connections", "audit", "--json", "--config", &self.config()]);
        let told: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let entries = told["entries"].as_array().expect("a list").iter().rev();
        entries.map(|entry| entry["event"].as_str().expect("a word").to_owned()).collect()
    }

    /// How many activations wait.
    fn waiting(&self) -> u64 {
        self.metric("connector_activations{state=\"waiting\"}")
    }

    /// The value of a metric with its labels.
    #[track_caller]
    fn metric(&self, name: &str) -> u64 {
        let bearer = format!("Authorization: Bearer {ADMIN}");
        let metrics = get(self.served.admin.expect("metrics"), "/metrics", &[&bearer]).body;
        let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.expect("the metric").parse().expect("a number")
    }

    fn config(&self) -> String {
        self.place.folder.path().join("connector.toml").display().to_string()
    }

    /// A callback with a signed token whose claims a test has changed.
    fn call_back(&self, name: &str, change: impl FnOnce(&mut serde_json::Value)) -> Answer {
        let token = signed_claims(APP_SECRET, change);
        self.stranger().get(&format!("/callbacks/shop/{name}?signed_payload_jwt={token}"))
    }
}

/// The callback of an installation with a code of its own.
fn callback(account: &str, more: &str) -> String {
    let (scope, number) = (escape(&vendor::SCOPES), unique());
    format!(
        "/callbacks/shop/auth?code={CODE}-{number}&scope={scope}&context=stores%2F{account}&account_uuid=f2d8{more}"
    )
}

/// Does all of these at the same time; what each came to, in order.
fn at_once<T: Send>(jobs: Vec<impl FnOnce() -> T + Send>) -> Vec<T> {
    let barrier = &std::sync::Barrier::new(jobs.len());
    std::thread::scope(|scope| {
        let mut running = Vec::new();
        for job in jobs {
            running.push(scope.spawn(move || {
                barrier.wait();
                job()
            }));
        }
        running.into_iter().map(|one| one.join().expect("no panic")).collect()
    })
}

/// A JWT as the vendor makes it.
fn signed_claims(secret: &str, change: impl FnOnce(&mut serde_json::Value)) -> String {
    let mut claims = claims();
    change(&mut claims);
    signed_parts(secret, &serde_json::json!({"alg": "HS256", "typ": "JWT"}), &claims)
}

/// A JWT with this header and these claims.
fn signed_parts(secret: &str, header: &serde_json::Value, claims: &serde_json::Value) -> String {
    let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let key = jsonwebtoken::EncodingKey::from_secret(secret.as_bytes());
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, jsonwebtoken::Algorithm::HS256);
    format!("{message}.{}", signature.expect("it can be signed"))
}

/// The claims that the vendor documents.
fn claims() -> serde_json::Value {
    let now = now_ms() / 1000;
    serde_json::json!({
        "aud": CLIENT_ID, "iss": "bc", "iat": now, "nbf": now - 5, "exp": now + 86_400,
        "jti": format!("jti-{}", unique()), "sub": "stores/abc123",
        "user": {"id": 7, "email": "user@example.com", "locale": "en-US"},
        "owner": {"id": 8, "email": "owner@example.com"}, "url": "/", "channel_id": null,
    })
}
