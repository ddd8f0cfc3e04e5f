//! Webhooks as their receivers meet them, and what the store makes of the answers.

mod accounts;
mod astray;
mod events;
mod failures;
mod happenings;
mod retries;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bigcommerce_sandbox::{
    Delivery, Destinations, ManualClock, Sandbox, SandboxOptions, SignatureProfile, WebhookOptions,
};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, LOCATION};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::{post, start};

const HOOKS: &str = "v3/hooks";

/// A moment at which a clock can stand: 2027-01-15T08:00:00Z.
const MOMENT: Duration = Duration::from_secs(1_800_000_000);

/// One delivery as it arrived.
#[derive(Clone, Debug)]
struct Arrival {
    path: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Arrival {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name}")).to_str().expect("visible ASCII")
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }

    fn scope(&self) -> String {
        self.json()["scope"].as_str().expect("a scope").to_owned()
    }

    /// Whether the headers of Standard Webhooks are those that `secret` gives, by another's library.
    fn is_standard(&self, secret: &str) -> bool {
        let library = standardwebhooks::Webhook::from_bytes(secret.as_bytes().to_vec()).expect("a key");
        let seconds = self.header("webhook-timestamp").parse().expect("whole seconds");
        let expected = library.sign(self.header("webhook-id"), seconds, &self.body).expect("a signature");
        self.header("webhook-signature") == expected
    }

    /// Whether the hexadecimal signature is the one that `secret` gives.
    fn is_bc_hex(&self, secret: &str) -> bool {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
        mac.update(self.header("x-bc-webhook-timestamp").as_bytes());
        mac.update(b".");
        mac.update(&self.body);
        let digits = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        self.header("x-bc-webhook-signature") == digits
    }
}

/// What a receiver answers.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Reply {
    Status(u16),
    /// 500 to every twentieth delivery, 200 to the others.
    Flaky,
    /// A redirect to `/elsewhere`.
    Redirect,
    /// What comes after this.
    Held,
    /// Nothing, for as long as the sender waits.
    Never,
}

/// A receiver of webhooks on a socket of this machine.
struct Receiver {
    port: u16,
    seen: Arc<Seen>,
    server: JoinHandle<()>,
}

struct Seen {
    arrivals: Mutex<Vec<Arrival>>,
    reply: watch::Sender<Reply>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Receiver {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let seen =
            Arc::new(Seen { arrivals: Mutex::default(), reply: watch::Sender::new(Reply::Status(200)) });
        let app = Router::new().fallback(receive).with_state(Arc::clone(&seen));
        let server = tokio::spawn(async move { axum::serve(listener, app).await.expect("it goes on") });
        Self { port, seen, server }
    }

    fn address(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port)
    }

    fn reply(&self, reply: Reply) {
        self.seen.reply.send_replace(reply);
    }

    fn arrivals(&self) -> Vec<Arrival> {
        self.seen.arrivals.lock().expect("a lock").clone()
    }

    /// What arrived since this was last asked.
    fn take(&self) -> Vec<Arrival> {
        std::mem::take(&mut self.seen.arrivals.lock().expect("a lock"))
    }

    fn scopes(&self) -> Vec<String> {
        self.arrivals().iter().map(Arrival::scope).collect()
    }
}

async fn receive(State(seen): State<Arc<Seen>>, request: axum::extract::Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.expect("a body");
    assert_eq!(parts.method, "POST");
    let arrival = Arrival { path: parts.uri.path().to_owned(), headers: parts.headers, body };
    let number = {
        let mut arrivals = seen.arrivals.lock().expect("a lock");
        arrivals.push(arrival);
        arrivals.len()
    };
    let mut replies = seen.reply.subscribe();
    let reply = *replies.wait_for(|reply| *reply != Reply::Held).await.expect("the sender lives");
    match reply {
        Reply::Held => unreachable!("it was waited for another"),
        Reply::Status(status) => StatusCode::from_u16(status).expect("a status").into_response(),
        Reply::Flaky if number.is_multiple_of(20) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Reply::Flaky => StatusCode::OK.into_response(),
        Reply::Redirect => (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, "/elsewhere")]).into_response(),
        Reply::Never => std::future::pending().await,
    }
}

/// Webhooks may lead to this machine, otherwise as ever.
fn local() -> WebhookOptions {
    WebhookOptions { destinations: Destinations::LocalToo, ..WebhookOptions::default() }
}

fn options(webhooks: WebhookOptions) -> SandboxOptions {
    SandboxOptions { webhooks, quota: 10_000, ..SandboxOptions::default() }
}

/// A store whose clock stands until a test moves it.
async fn at_rest(webhooks: WebhookOptions) -> Sandbox {
    start(SandboxOptions { clock: Arc::new(ManualClock::at(MOMENT)), ..options(webhooks) }).await
}

/// Makes a webhook; its id.
async fn hook(sandbox: &Sandbox, scope: &str, destination: &str) -> u64 {
    let sent = json!({"scope": scope, "destination": destination});
    let made = post(sandbox, HOOKS, sent).await;
    assert_eq!(made.status, 200, "{}", made.text);
    made.json()["data"]["id"].as_u64().expect("an id")
}

/// Places an order through the API; its id.
async fn order(sandbox: &Sandbox) -> u64 {
    let sent =
        json!({"billing_address": {"first_name": "Ada"}, "products": [{"product_id": 111, "quantity": 1}]});
    let made = post(sandbox, "v2/orders", sent).await;
    assert_eq!(made.status, 201, "{}", made.text);
    made.json()["id"].as_u64().expect("an id")
}

/// The only delivery there is.
fn only(sandbox: &Sandbox) -> Delivery {
    let [delivery] = sandbox.deliveries().try_into().expect("one delivery");
    delivery
}

#[tokio::test]
async fn a_delivery_is_signed_in_the_form_and_with_the_secret_of_the_options() {
    let receiver = Receiver::start().await;
    for profile in [SignatureProfile::BcHex, SignatureProfile::StandardWebhooks] {
        let client_secret = Some("a client secret".to_owned());
        let sandbox = at_rest(WebhookOptions { profile, client_secret, ..local() }).await;
        hook(&sandbox, "store/order/created", &receiver.address("in")).await;
        order(&sandbox).await;
        sandbox.settled().await;
        let [arrival] = receiver.take().try_into().expect("one delivery");
        assert_eq!(arrival.header("content-type"), "application/json");
        match profile {
            SignatureProfile::BcHex => {
                assert!(arrival.is_bc_hex("a client secret") && !arrival.is_bc_hex("another"));
                assert_eq!(arrival.header("x-bc-webhook-timestamp"), "1800000000000");
            }
            SignatureProfile::StandardWebhooks => {
                assert!(arrival.is_standard("a client secret") && !arrival.is_standard("another"));
                assert_eq!(arrival.header("webhook-timestamp"), "1800000000");
                assert_eq!(arrival.header("webhook-id"), only(&sandbox).message_id);
            }
        }
        sandbox.shutdown().await;
    }
}

#[tokio::test]
async fn a_secret_that_nobody_chose_follows_from_the_seed() {
    let receiver = Receiver::start().await;
    let sandbox = start(options(local())).await;
    hook(&sandbox, "store/order/created", &receiver.address("in")).await;
    order(&sandbox).await;
    sandbox.settled().await;
    assert!(receiver.arrivals()[0].is_standard(sandbox.client_secret()));
    assert_ne!(sandbox.client_secret(), sandbox.access_token());
    sandbox.shutdown().await;
}
