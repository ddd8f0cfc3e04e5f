//! The app at BigCommerce's side, as its maker and a merchant meet it: screens, token endpoint, callbacks and pages.

mod callbacks;
mod consent;
mod forms;
mod scopes;
mod token;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::Html;
use bigcommerce_sandbox::{AppOptions, ManualClock, Sandbox, SandboxOptions};
use reqwest::{Method, Url};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::{Answer, client, start};

/// A moment at which a clock can stand: 2027-01-15T08:00:00Z.
const MOMENT: Duration = Duration::from_secs(1_800_000_000);

type Fields = BTreeMap<String, String>;

/// A call of one of the app's callbacks.
#[derive(Clone, Debug)]
struct Visit {
    path: String,
    query: String,
}

impl Visit {
    fn fields(&self) -> Fields {
        fields_of(&self.query)
    }
}

fn fields_of(query: &str) -> Fields {
    let address = Url::parse(&format!("https://app.example/?{query}")).expect("an address");
    address.query_pairs().into_owned().collect()
}

/// The maker of the app, with callbacks on a socket of this machine.
struct Maker {
    port: u16,
    visits: Arc<Mutex<Vec<Visit>>>,
    server: JoinHandle<()>,
}

impl Drop for Maker {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Maker {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let visits: Arc<Mutex<Vec<Visit>>> = Arc::default();
        let app = Router::new().fallback(visit).with_state(Arc::clone(&visits));
        let server = tokio::spawn(async move { axum::serve(listener, app).await.expect("it goes on") });
        Self { port, visits, server }
    }

    fn address(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port)
    }

    /// What the maker was called for since this was last asked.
    fn take(&self) -> Vec<Visit> {
        std::mem::take(&mut self.visits.lock().expect("a lock"))
    }

    /// The only call since then.
    fn only(&self) -> Visit {
        let [visit] = self.take().try_into().expect("one call");
        visit
    }

    /// The app with all its callbacks, which no store has yet.
    fn app(&self) -> AppOptions {
        AppOptions {
            name: "Orders & <Ledgers>".to_owned(),
            auth_callback: Some(self.address("auth?via=sandbox")),
            load_callback: Some(self.address("load")),
            uninstall_callback: Some(self.address("uninstall")),
            remove_user_callback: Some(self.address("remove_user")),
            scopes: ["store_v2_products", "store_v2_orders_read_only"].map(str::to_owned).to_vec(),
            is_installed: false,
            ..AppOptions::default()
        }
    }
}

async fn visit(
    State(visits): State<Arc<Mutex<Vec<Visit>>>>,
    request: axum::extract::Request,
) -> Html<&'static str> {
    assert_eq!(request.method(), "GET");
    let query = request.uri().query().unwrap_or_default().to_owned();
    visits.lock().expect("a lock").push(Visit { path: request.uri().path().to_owned(), query });
    Html("the app")
}

/// A store whose clock stands until a test moves it, and which this maker's app can be installed in.
async fn store(maker: &Maker) -> Sandbox {
    let clock = Arc::new(ManualClock::at(MOMENT));
    start(SandboxOptions { app: maker.app(), clock, ..SandboxOptions::default() }).await
}

fn install_path(sandbox: &Sandbox) -> String {
    format!("/app/{}/install", sandbox.client_id())
}

fn manage_path(sandbox: &Sandbox, path: &str) -> String {
    format!("/manage/app/{}{path}", sandbox.client_id())
}

/// What a browser shows in the end.
async fn open(sandbox: &Sandbox, path: &str) -> Answer {
    let request = client().get(format!("{}{path}", sandbox.origin()));
    Answer::read(request.send().await.expect("an answer")).await
}

/// The same after a form was sent.
async fn submit(sandbox: &Sandbox, path: &str, fields: &[(&str, &str)]) -> Answer {
    let mut form = Url::parse("form:").expect("an address");
    form.query_pairs_mut().extend_pairs(fields);
    let request = client().post(format!("{}{path}", sandbox.origin()));
    let request = request.header("Content-Type", "application/x-www-form-urlencoded");
    let request = request.header("Origin", sandbox.origin());
    let sent = request.body(form.query().unwrap_or_default().to_owned()).send().await;
    Answer::read(sent.expect("an answer")).await
}

async fn control(sandbox: &Sandbox, method: Method, path: &str, body: Value) -> Answer {
    let request = client().request(method, format!("{}/_sandbox{path}", sandbox.origin()));
    let request = if body.is_null() { request } else { request.body(body.to_string()) };
    Answer::read(request.send().await.expect("an answer")).await
}

/// The merchant agrees to the install behind the external link; what the maker is told.
async fn agree(sandbox: &Sandbox, maker: &Maker) -> Fields {
    submit(sandbox, &install_path(sandbox), &[("decision", "approve")]).await;
    let visit = maker.only();
    assert_eq!(visit.path, "/auth");
    visit.fields()
}

/// The token request of a careful maker.
fn token_request(sandbox: &Sandbox, maker: &Maker, told: &Fields) -> Value {
    json!({
        "client_id": sandbox.client_id(),
        "client_secret": sandbox.client_secret(),
        "code": told["code"],
        "scope": told["scope"],
        "context": told["context"],
        "grant_type": "authorization_code",
        "redirect_uri": maker.address("auth?via=sandbox"),
    })
}

/// Sends a token request as JSON.
async fn ask(sandbox: &Sandbox, request: &Value) -> Answer {
    let sent = client().post(format!("{}/oauth2/token", sandbox.origin()));
    let sent = sent.header("Content-Type", "application/json").body(request.to_string());
    Answer::read(sent.send().await.expect("an answer")).await
}

/// A whole install; the token.
async fn install(sandbox: &Sandbox, maker: &Maker) -> String {
    let told = agree(sandbox, maker).await;
    let granted = ask(sandbox, &token_request(sandbox, maker, &told)).await;
    assert_eq!(granted.status, 200, "{}", granted.text);
    granted.json()["access_token"].as_str().expect("a token").to_owned()
}

/// The status of a request to the store with this token.
async fn status(sandbox: &Sandbox, token: &str, method: Method, path: &str) -> u16 {
    let address = format!("{}/stores/{}/{path}", sandbox.origin(), sandbox.store_hash());
    let request = client().request(method, address).header("X-Auth-Token", token);
    let request = request.header("Content-Type", "application/json").body("{}");
    request.send().await.expect("an answer").status().as_u16()
}
