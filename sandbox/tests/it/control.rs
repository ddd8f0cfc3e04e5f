//! The control API.

use bigcommerce_sandbox::{CONTROL, Fault, Misbehaviour, Sandbox, SandboxOptions};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{Answer, PRODUCT, client, delete, get, sandbox, start, try_get};

async fn control(sandbox: &Sandbox, method: Method, path: &str, body: Value) -> Answer {
    let request = client().request(method, format!("{}/_sandbox{path}", sandbox.origin()));
    let request = if body.is_null() { request } else { request.body(body.to_string()) };
    Answer::read(request.send().await.expect("an answer")).await
}

async fn read(sandbox: &Sandbox, path: &str) -> Value {
    control(sandbox, Method::GET, path, Value::Null).await.json()
}

#[tokio::test]
async fn faults_are_queued_shown_and_taken_back() {
    let sandbox = sandbox().await;
    for fault in [
        json!({"fault": "limited_with_quota_left"}),
        json!({"fault": "internal_server_error"}),
        json!({"fault": "slow", "times": 2, "milliseconds": 5}),
    ] {
        assert_eq!(control(&sandbox, Method::POST, "/faults", fault).await.status, 204);
    }
    let limited = get(&sandbox, PRODUCT).await;
    assert_eq!((limited.status, limited.header("x-retry-after")), (429, Some("30")));
    assert_eq!(get(&sandbox, PRODUCT).await.status, 500);
    assert_eq!(read(&sandbox, "/faults").await, json!([{"fault": "slow", "times": 2, "milliseconds": 5}]));
    assert_eq!(control(&sandbox, Method::DELETE, "/faults", Value::Null).await.status, 204);
    assert_eq!(read(&sandbox, "/faults").await, json!([]));
    for wrong in [json!({"fault": "earthquake"}), json!({"fault": "hang", "times": -1}), json!([])] {
        let refused = control(&sandbox, Method::POST, "/faults", wrong).await;
        assert!(refused.status == 400 && refused.json()["error"].is_string());
    }
    sandbox.shutdown().await;
}

#[tokio::test]
async fn misbehaviour_is_changed_field_by_field() {
    let sandbox = sandbox().await;
    let changed = control(&sandbox, Method::PUT, "/misbehaviour", json!({"foreign_requests": 150})).await;
    assert_eq!(changed.json()["foreign_requests"], 150);
    assert_eq!(get(&sandbox, PRODUCT).await.status, 429);
    control(&sandbox, Method::PUT, "/misbehaviour", json!({"token_revoked": true})).await;
    let both = read(&sandbox, "/misbehaviour").await;
    assert_eq!((&both["foreign_requests"], &both["token_revoked"]), (&json!(150), &json!(true)));
    assert_eq!(control(&sandbox, Method::PUT, "/misbehaviour", json!({"mood": 1})).await.status, 400);
    control(&sandbox, Method::DELETE, "/misbehaviour", Value::Null).await;
    assert_eq!(sandbox.misbehaviour(), Misbehaviour::default());
    sandbox.shutdown().await;
}

#[tokio::test]
async fn the_clock_can_be_put_forward() {
    let sandbox = sandbox().await;
    let before = get(&sandbox, "v2/time").await.json()["time"].as_u64().expect("seconds");
    let moved = control(&sandbox, Method::POST, "/clock", json!({"advance_ms": 86_400_000})).await;
    assert!(moved.json()["epoch_ms"].as_u64() >= Some((before + 86_400) * 1_000));
    assert!(get(&sandbox, "v2/time").await.json()["time"].as_u64() >= Some(before + 86_400));
    assert_eq!(control(&sandbox, Method::POST, "/clock", json!({"advance_ms": -1})).await.status, 400);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_reset_brings_the_seeded_store_back() {
    let sandbox = sandbox().await;
    delete(&sandbox, PRODUCT).await;
    control(&sandbox, Method::POST, "/faults", json!({"fault": "hang", "times": 9})).await;
    assert_eq!(read(&sandbox, "").await["resources"]["products"], 199);
    assert_eq!(control(&sandbox, Method::POST, "/reset", Value::Null).await.status, 204);
    let overview = read(&sandbox, "").await;
    assert_eq!(
        overview["resources"],
        json!({"products": 200, "brands": 8, "categories": 14, "customers": 100, "orders": 50, "hooks": 0})
    );
    assert_eq!(get(&sandbox, PRODUCT).await.status, 200);
    let log = read(&sandbox, "/requests").await;
    assert_eq!((&log[0]["method"], &log[0]["status"]), (&json!("DELETE"), &json!(204)));
    assert!(!log.to_string().contains(sandbox.access_token()));
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_reset_brings_back_the_faults_and_misbehaviour_of_the_start() {
    let misbehaviour = Misbehaviour { foreign_requests: 7, ..Misbehaviour::default() };
    let faults = vec![(Fault::BadGatewayPage, 2)];
    let sandbox = start(SandboxOptions { misbehaviour, faults, ..SandboxOptions::default() }).await;
    let begun = (read(&sandbox, "/misbehaviour").await, read(&sandbox, "/faults").await);
    assert_eq!(begun.0["foreign_requests"], 7);
    assert_eq!(begun.1, json!([{"fault": "bad_gateway_page", "times": 2}]));
    assert_eq!(get(&sandbox, PRODUCT).await.status, 502);
    control(&sandbox, Method::PUT, "/misbehaviour", json!({"fault_rate": 0.5, "token_revoked": true})).await;
    control(&sandbox, Method::DELETE, "/faults", Value::Null).await;
    assert_eq!(control(&sandbox, Method::POST, "/reset", Value::Null).await.status, 204);
    assert_eq!((read(&sandbox, "/misbehaviour").await, read(&sandbox, "/faults").await), begun);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_rate_of_faults_is_set_over_http() {
    let sandbox = sandbox().await;
    let changed = control(&sandbox, Method::PUT, "/misbehaviour", json!({"fault_rate": 1})).await;
    assert_eq!(changed.json()["fault_rate"], 1.0);
    let answer = try_get(&sandbox, PRODUCT).await.expect("headers");
    let (status, body) =
        (answer.status(), answer.text().await.map(|text| serde_json::from_str::<Value>(&text)));
    assert!(!status.is_success() || !matches!(body, Ok(Ok(_))), "{status}");
    let refused = control(&sandbox, Method::PUT, "/misbehaviour", json!({"fault_rate": 2})).await;
    assert!(refused.text.contains("from 0 to 1"), "{}", refused.text);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn pages_in_a_browser_are_refused_and_control_leaves_no_trace() {
    let sandbox = sandbox().await;
    let request = client().delete(format!("{}/_sandbox/faults", sandbox.origin()));
    let page = request.header("Origin", "https://page.example").send().await.expect("an answer");
    assert_eq!(page.status(), 403);
    assert_eq!(read(&sandbox, "/requests").await, json!([]));
    assert!(sandbox.requests().is_empty());
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_method_that_a_path_does_not_have_is_told_those_it_has() {
    let sandbox = sandbox().await;
    for path in CONTROL {
        let below = path.path.strip_prefix("/_sandbox").expect("all stand below it");
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            let answer = control(&sandbox, method.clone(), below, Value::Null).await;
            let is_known = path.methods.contains(&method.as_str());
            assert_eq!(answer.status == 405, !is_known, "{method} {}: {}", path.path, answer.text);
            if !is_known {
                let expected = format!("this path takes {}", path.methods.join(", "));
                assert_eq!(answer.json(), json!({"error": expected}));
            }
        }
    }
    sandbox.shutdown().await;
}
