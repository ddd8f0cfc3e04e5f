//! The whole service over real sockets, by a clock whose wall clock a test sets.

use std::ffi::OsString;
use std::io;

use bigcommerce_connector::CONNECTOR;
use bigcommerce_connector::signatures::STANDARD_WEBHOOKS;
use connector_runtime::signature::Signer;
use serde_json::{Value, json};

use super::values::{Flags, Values};
use super::*;
use crate::clock::stepped::Steps;
use crate::connections::tests::{connection, row};
use crate::credentials::Sources;
use crate::receive::webhook_url;
use crate::storage::SqliteOptions;
use crate::stream::Stream;

const TOKEN: &str = "hush-operator-token";
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A service that runs in this process, with one connection.
struct Running {
    steps: Steps,
    stop: watch::Sender<bool>,
    running: tokio::task::JoinHandle<bool>,
    client: reqwest::Client,
    webhooks: String,
    admin: String,
}

impl Running {
    async fn start(data: &std::path::Path) -> Self {
        let row = row(&connection("c1", "abc123"), 1);
        begin_storage(data, SqliteOptions::default()).unwrap().put_connection(row.clone()).await.unwrap();
        let path = data.to_owned().into_os_string();
        let variable = move |name: &str| {
            let text = match name {
                "CONNECTOR_DATA" => return Some(path.clone()),
                "CONNECTOR_LISTEN" | "CONNECTOR_ADMIN_LISTEN" => "127.0.0.1:0",
                "CONNECTOR_ADMIN_TOKEN" => TOKEN,
                "CONNECTOR_DELIVERY_MODE" => "pull",
                "CONNECTOR_TRIGGERS_RECONCILE" => "never",
                "CONNECTOR_SEALING_KEYS" => return Some(OsString::from("ab".repeat(32))),
                _ => return None,
            };
            Some(OsString::from(text))
        };
        let files = |_: &std::path::Path| Err(io::Error::from(io::ErrorKind::NotFound));
        let sources = Sources { variable: &variable, files: &files };
        let values = Values::read(&Flags::default(), &sources).unwrap();
        let config = Config::read(&values, &variable).unwrap();
        let steps = Steps::at(crate::clock::now_ms());
        let streams = Streams {
            output: Stream::new(io::sink(), |_| ()).unwrap(),
            errors: Stream::new(io::sink(), |_| ()).unwrap(),
        };
        let service =
            Service::start(&CONNECTOR, config, Gates::new(), steps.clock(), &streams).await.unwrap();
        let webhooks = webhook_url(&service.public_url, &row.webhook_key);
        let admin = format!("http://{}", service.admin.as_ref().unwrap().address().unwrap());
        let (stop, stopping) = watch::channel(false);
        let running = tokio::spawn(service.run(stopping));
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { steps, stop, running, client, webhooks, admin }
    }

    /// A webhook about an order, signed by the clock of now; the status of its answer.
    async fn deliver(&self, order: u32) -> u16 {
        let body = json!({
            "scope": "store/order/created", "producer": "stores/abc123", "hash": "5a1e",
            "created_at": self.steps.clock().now_ms() / 1000, "data": {"type": "order", "id": order},
        });
        let body = body.to_string();
        let signer = Signer::new(&STANDARD_WEBHOOKS, &SecretString::from("hush-old")).unwrap();
        let mut request = self.client.post(&self.webhooks).body(body.clone());
        let id = format!("msg_{order}");
        for (name, value) in signer.sign(&id, "", self.steps.clock().now_ms(), body.as_bytes()).unwrap() {
            request = request.header(name, value);
        }
        request.send().await.unwrap().status().as_u16()
    }

    async fn call(&self, path: &str, token: &str, body: Value) -> (u16, Value) {
        let request = self.client.post(format!("{}{path}", self.admin)).bearer_auth(token);
        let request = request.header("content-type", "application/json").body(body.to_string());
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default())
    }

    /// Leases what is due, for a minute: order, activation and lease of each.
    async fn lease(&self) -> Vec<(String, String, i64)> {
        let (status, answer) =
            self.call("/activations/lease", TOKEN, json!({"limit": 10, "seconds": 60})).await;
        assert_eq!(status, 200, "{answer}");
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let leased = answer["activations"].as_array().unwrap().iter().map(|one| {
            let event = &one["event"];
            (text(&event["data"]["resource"]["id"]), text(&event["id"]), one["lease"].as_i64().unwrap())
        });
        leased.collect()
    }

    async fn retry(&self, (_, id, lease): &(String, String, i64), seconds: u64) {
        let path = format!("/activations/{id}/retry");
        assert_eq!(self.call(&path, TOKEN, json!({"lease": lease, "seconds": seconds})).await.0, 204);
    }

    /// Seconds, by the metric.
    async fn oldest(&self) -> f64 {
        let request = self.client.get(format!("{}/metrics", self.admin)).bearer_auth(TOKEN);
        let text = request.send().await.unwrap().text().await.unwrap();
        let name = "connector_oldest_activation_age_seconds ";
        text.lines().find_map(|line| line.strip_prefix(name)).unwrap().parse().unwrap()
    }

    async fn stop(self) {
        self.stop.send_replace(true);
        assert!(self.running.await.unwrap(), "it ends in time");
    }
}

fn orders(leased: &[(String, String, i64)]) -> Vec<&str> {
    leased.iter().map(|(order, ..)| order.as_str()).collect()
}

#[tokio::test]
async fn a_step_of_a_day_and_back_strands_hides_and_bars_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let service = Running::start(&folder.path().join("data")).await;
    assert_eq!(service.deliver(1).await, 200);
    let leased = service.lease().await;
    assert_eq!(orders(&leased), ["1"]);
    service.retry(&leased[0], 5).await;

    // The clock runs ahead: an attempt fails, another activation comes, and somebody guesses tokens.
    service.steps.step(DAY_MS);
    assert_eq!(service.deliver(2).await, 200);
    let leased = service.lease().await;
    assert_eq!(orders(&leased), ["1", "2"]);
    service.retry(&leased[0], 30).await;
    let mut guesses = 0;
    while service.call("/activations/lease", "wrong", json!({})).await.0 == 401 {
        guesses += 1;
    }
    assert!(guesses >= 50, "{guesses}");

    service.steps.step(-DAY_MS);
    service.steps.pass(Duration::from_secs(20));
    assert_eq!(service.lease().await, [], "the right token is known, and nothing is due yet");
    assert!((20.0..25.0).contains(&service.oldest().await), "{}", service.oldest().await);
    service.steps.pass(Duration::from_secs(30));
    let leased = service.lease().await;
    assert_eq!(orders(&leased), ["1"]);
    let path = format!("/activations/{}/ack", leased[0].1);
    assert_eq!(service.call(&path, TOKEN, json!({"lease": leased[0].2})).await.0, 204);
    // What came during the step counts from the step back at the latest.
    assert!((30.0..=50.0).contains(&service.oldest().await), "{}", service.oldest().await);
    service.steps.pass(Duration::from_secs(30));
    assert_eq!(orders(&service.lease().await), ["2"], "its lease has ended");
    service.stop().await;
}

#[tokio::test]
async fn a_step_back_is_noticed_where_nobody_leases() {
    let folder = tempfile::tempdir().unwrap();
    let service = Running::start(&folder.path().join("data")).await;
    service.steps.step(DAY_MS);
    assert_eq!(service.deliver(1).await, 200);
    service.steps.step(-DAY_MS);
    service.steps.pass(Duration::from_secs(1));
    // The look of each second repairs what was stored.
    let seen = async || {
        service.steps.pass(Duration::from_secs(1));
        service.oldest().await
    };
    let began = std::time::Instant::now();
    while seen().await <= 0.0 {
        assert!(began.elapsed() < Duration::from_secs(30));
    }
    service.stop().await;
}
