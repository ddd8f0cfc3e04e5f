//! The whole way: a store where something happens, its signed webhook, the service, and the engine that gets the event
//! with the whole resource.

use std::sync::Arc;

use bigcommerce_sandbox::{Destinations, Sandbox, SandboxOptions, SignatureProfile, WebhookOptions};

use super::deliveries::{Engine, borrowed, to};
use super::triggers::ACTIVE;
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
        let answer = self.control("/_sandbox/orders");
        let told: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
        told["id"].as_i64().expect("an id")
    }

    fn control(&self, path: &str) -> Answer {
        let address = self.sandbox.origin().trim_start_matches("http://").parse().expect("an address");
        exchange(address, &request(path, &[], b""))
    }
}

#[test]
fn an_order_that_is_placed_reaches_the_engine_whole_until_the_app_is_uninstalled() {
    for profile in [SignatureProfile::StandardWebhooks, SignatureProfile::BcHex] {
        let (place, engine, store) = (Place::new(), Engine::start(), Store::open(profile));
        let secret = place.file("client-secret", CLIENT_SECRET);
        let token = place.file("token", TOKEN);
        let origin = store.sandbox.origin();
        let secrets = ["--client-secret-file", &secret, "--access-token-file", &token];
        let wanted = ["--base-url", &origin, "--full-resource", "--trigger", "order-created"];
        place.add(&[&secrets[..], &wanted].concat());
        let delivery = to(&place, &engine);
        let mut served = place.serve_with(&borrowed(&delivery), &[]);
        // The service makes its webhooks by itself: that of orders, and two about the connection.
        served.comes_to(ACTIVE, 3);

        let id = store.place_order();
        let event = engine.event();
        assert_eq!(event["type"], "bigcommerce/order-created");
        assert_eq!(event["subject"], format!("order/{id}"));
        assert_eq!(event["data"]["envelope"]["data"]["id"], id);
        assert_eq!(event["data"]["full"]["id"], id, "{event}");
        store.runtime.block_on(store.sandbox.delivered());
        assert!(store.sandbox.deliveries().iter().all(|delivery| delivery.attempts.len() == 1));
        let quotas =
            served.metrics().lines().filter(|line| line.starts_with("connector_quota_left{")).count();
        assert_eq!(quotas, 1, "the gate of the account tells what is left");
        served.comes_to("connector_activations{state=\"delivered\"}", 1);

        store.control("/_sandbox/uninstall");
        store.runtime.block_on(store.sandbox.settled());
        served.comes_to("connector_webhooks_total{outcome=\"service\"}", 1);
        assert_eq!(served.stop().0, Some(0));
        // What is looked at every quarter of an hour is looked at after the start too.
        let mut served = place.serve_with(&borrowed(&delivery), &[("CONNECTOR_LOG_LEVEL", "info")]);
        served.comes_to("connector_activations{state=\"delivered\"}", 0);
        assert!(place.ok(&["connections", "list"]).contains("revoked"));
        assert_eq!(served.stop().0, Some(0));
        let kept = files(&place.data()).into_iter().any(|(_, bytes)| contains(&bytes, b"stores/abc123"));
        assert!(!kept, "nothing of what the store sent is left");
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
