//! The whole way: a store where something happens, its signed webhook, the service, and the engine that gets the event
//! with the whole resource.

use std::sync::Arc;
use std::time::Instant;

use bigcommerce_sandbox::{Destinations, Sandbox, SandboxOptions, SignatureProfile, WebhookOptions};

use super::deliveries::{Engine, borrowed, to};
use super::*;

/// A store that may send to this machine, and whoever keeps it running.
struct Store {
    sandbox: Arc<Sandbox>,
    runtime: tokio::runtime::Runtime,
}

impl Store {
    fn open(profile: SignatureProfile) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let webhooks = WebhookOptions {
            profile,
            client_secret: Some(CLIENT_SECRET.to_owned()),
            destinations: Destinations::LocalToo,
            ..WebhookOptions::default()
        };
        let options = SandboxOptions {
            store_hash: "abc123".to_owned(),
            access_token: Some(TOKEN.to_owned()),
            webhooks,
            ..SandboxOptions::default()
        };
        let sandbox = runtime.block_on(Sandbox::start(options)).expect("it starts");
        Self { sandbox: Arc::new(sandbox), runtime }
    }

    /// Somebody places an order; the order's id.
    fn place_order(&self) -> i64 {
        let address = self.sandbox.origin().trim_start_matches("http://").parse().expect("an address");
        let answer = exchange(address, &request("/_sandbox/orders", &[], b""));
        let told: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
        told["id"].as_i64().expect("an id")
    }
}

#[test]
fn an_order_that_is_placed_reaches_the_engine_whole_and_the_metrics_tell_of_its_quota() {
    for profile in [SignatureProfile::StandardWebhooks, SignatureProfile::BcHex] {
        let (place, engine, store) = (Place::new(), Engine::start(), Store::open(profile));
        let secret = place.file("client-secret", CLIENT_SECRET);
        let token = place.file("token", TOKEN);
        let origin = store.sandbox.origin();
        let arguments = ["--client-secret-file", &secret, "--access-token-file", &token];
        place.add(&[&arguments[..], &["--base-url", &origin, "--full-resource"]].concat());
        let served = place.serve_with(&borrowed(&to(&place, &engine)), &[]);
        // The service makes the webhooks by itself.
        let began = Instant::now();
        while served.metric("connector_triggers{state=\"active\"}") == 0 {
            assert!(began.elapsed() < PATIENCE, "{}\n{}", served.metrics(), served.logged());
        }

        let id = store.place_order();
        let event = engine.event();
        assert_eq!(
            (&event["type"], &event["subject"]),
            (&"bigcommerce/order-created".into(), &format!("order/{id}").into())
        );
        assert_eq!(event["data"]["envelope"]["data"]["id"], id);
        assert_eq!(event["data"]["full"]["id"], id, "{event}");
        store.runtime.block_on(store.sandbox.delivered());
        assert!(store.sandbox.deliveries().iter().all(|delivery| delivery.attempts.len() == 1));
        let quota = served.metrics().lines().filter(|line| line.starts_with("connector_quota_left{")).count();
        assert_eq!(quota, 1, "the gate of the account tells what is left");
    }
}
