//! The API for workers, over a real socket.

use std::sync::Arc;

use super::super::pull::{Pull, router};
use super::*;

const TOKEN: &str = "hush-worker";

struct Worker {
    base: String,
    client: reqwest::Client,
}

impl Worker {
    async fn of(post: &Post, token: Option<&str>) -> Self {
        Self::at(post, token, true).await
    }

    /// Where workers fetch, or where the loop delivers.
    async fn at(post: &Post, token: Option<&str>, is_fetched: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let pull = Pull { delivery: Arc::clone(&post.delivery), token: token.map(SecretString::from) };
        let router = router(Arc::new(pull), is_fetched);
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { base, client: reqwest::Client::builder().no_proxy().build().unwrap() }
    }

    async fn call(&self, path: &str, body: &str) -> (u16, serde_json::Value) {
        let request = self.client.post(format!("{}{path}", self.base)).bearer_auth(TOKEN);
        let request = request.header("content-type", "application/json").body(body.to_owned());
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default())
    }

    async fn lease(&self) -> Vec<serde_json::Value> {
        let (status, answer) = self.call("/activations/lease", r#"{"limit":10,"seconds":30}"#).await;
        assert_eq!(status, 200, "{answer}");
        answer["activations"].as_array().unwrap().clone()
    }
}

fn lease_of(leased: &serde_json::Value) -> String {
    format!(r#"{{"lease":{}}}"#, leased["lease"])
}

#[tokio::test]
async fn a_worker_leases_in_order_and_acknowledges() {
    let post = Post::new(&[connection("c1", "abc123")], false).await;
    let worker = Worker::of(&post, Some(TOKEN)).await;
    post.accept(&[about("first", "1"), about("second", "1"), about("other", "2")]).await;
    let leased = worker.lease().await;
    let ids: Vec<&str> = leased.iter().map(|one| one["event"]["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["first", "other"]);
    assert_eq!(leased[0]["event"]["data"]["resource"]["id"], "1");
    assert_eq!(leased[0]["attempt"], 1);
    assert_eq!(worker.call("/activations/first/ack", &lease_of(&leased[0])).await.0, 204);
    assert_eq!(worker.lease().await[0]["event"]["id"], "second");
    assert_eq!(post.state("first").await, ActivationState::Delivered);
}

#[tokio::test]
async fn a_lease_that_was_lost_changes_nothing() {
    let mut post = Post::new(&[connection("c1", "abc123")], false).await;
    let worker = Worker::of(&post, Some(TOKEN)).await;
    post.accept(&[activation("e1")]).await;
    let first = worker.lease().await;
    post.pass(Duration::from_secs(31));
    let second = worker.lease().await;
    assert_eq!(second[0]["attempt"], 2);
    for verb in ["ack", "retry", "bury"] {
        let (status, answer) = worker.call(&format!("/activations/e1/{verb}"), &lease_of(&first[0])).await;
        assert_eq!((status, answer["error"].as_str()), (409, Some("lease_lost")), "{verb}");
        assert_eq!(post.next().await, Ending::Lost);
    }
    assert_eq!(worker.call("/activations/e1/ack", &lease_of(&second[0])).await.0, 204);
    assert_eq!(worker.call("/activations/none/ack", r#"{"lease":1}"#).await.0, 404);
}

#[tokio::test]
async fn a_worker_gives_back_or_buries_with_a_reason() {
    let post = Post::new(&[connection("c1", "abc123")], false).await;
    let worker = Worker::of(&post, Some(TOKEN)).await;
    post.accept(&[activation("e1")]).await;
    let lease = worker.lease().await[0]["lease"].clone();
    let body = format!(r#"{{"lease":{lease},"seconds":7,"reason":"engine full"}}"#);
    assert_eq!(worker.call("/activations/e1/retry", &body).await.0, 204);
    let stored = post.find("e1").await;
    assert_eq!(stored.due_ms, Some(START + 7_000));
    assert_eq!(stored.failure.as_deref(), Some("engine full"));
    post.pass(Duration::from_secs(7));
    let lease = worker.lease().await[0]["lease"].clone();
    let body = format!(r#"{{"lease":{lease},"reason":"no such workflow"}}"#);
    assert_eq!(worker.call("/activations/e1/bury", &body).await.0, 204);
    let stored = post.find("e1").await;
    assert_eq!((stored.state, stored.failure.as_deref()), (ActivationState::Dead, Some("no such workflow")));
}

#[tokio::test]
async fn a_replay_makes_an_activation_due_now_unless_it_is_leased() {
    let post = Post::new(&[connection("c1", "abc123")], false).await;
    let worker = Worker::of(&post, Some(TOKEN)).await;
    post.accept(&[activation("e1")]).await;
    let leased = worker.lease().await;
    let (status, answer) = worker.call("/activations/e1/replay", "").await;
    assert_eq!((status, answer["error"].as_str()), (409, Some("not_replayable")));
    let ends = jiff::Timestamp::from_millisecond(START + 30_000).unwrap();
    let why = answer["message"].as_str().unwrap();
    assert!(
        why.starts_with("cannot replay e1: it is leased until") && why.contains(&format!("{ends:.0}")),
        "{why}"
    );

    let body = format!(r#"{{"lease":{},"seconds":3600}}"#, leased[0]["lease"]);
    assert_eq!(worker.call("/activations/e1/retry", &body).await.0, 204);
    assert_eq!(worker.lease().await.len(), 0, "it is due in an hour");
    // Where the loop delivers there is this call alone.
    let operator = Worker::at(&post, Some(TOKEN), false).await;
    assert_eq!(operator.call("/activations/lease", "{}").await.0, 404);
    assert_eq!(operator.call("/activations/e1/replay", "").await.0, 204);
    let leased = worker.lease().await;
    assert_eq!(leased[0]["attempt"], 2);
    assert_eq!(worker.call("/activations/e1/ack", &lease_of(&leased[0])).await.0, 204);
    assert_eq!(worker.call("/activations/e1/replay", "").await.0, 204, "what is delivered as well");
    assert_eq!(worker.lease().await[0]["attempt"], 1);
    assert_eq!(worker.call("/activations/none/replay", "").await.0, 404);
}

#[tokio::test]
async fn nobody_without_the_token_gets_anything() {
    let post = Post::new(&[connection("c1", "abc123")], false).await;
    post.accept(&[activation("e1")]).await;
    for (token, status) in [(None, 403), (Some("another"), 401)] {
        let worker = Worker::of(&post, token).await;
        for path in ["lease", "e1/ack", "e1/retry", "e1/bury", "e1/replay"] {
            assert_eq!(worker.call(&format!("/activations/{path}"), "{}").await.0, status, "{path}");
        }
    }
    assert_eq!(post.state("e1").await, ActivationState::Waiting);
    let worker = Worker::of(&post, Some(TOKEN)).await;
    for body in ["", "1", r#"{"limit":0}"#, r#"{"seconds":0}"#, r#"{"limit":101}"#, r#"{"other":1}"#] {
        let (status, _) = worker.call("/activations/lease", body).await;
        assert!((400..500).contains(&status), "{body}: {status}");
    }
}
