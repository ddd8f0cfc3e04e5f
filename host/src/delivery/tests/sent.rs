//! What is sent over HTTP, how it is signed, and what follows from answers.

use super::*;
use crate::storage::{ConnectionRow, ConnectionState};

#[tokio::test]
async fn a_structured_event_arrives_signed_and_is_acknowledged() {
    let mut receiver = Receiver::start().await;
    let mut post = Post::new(&[connection("c1", "abc123")], false).await;
    post.now.store(crate::clock::now_ms(), Ordering::SeqCst);
    post.start(local(&receiver));
    post.accept(&[activation("e1")]).await;

    let got = receiver.next().await;
    assert_eq!(got.headers["content-type"], "application/cloudevents+json");
    assert_eq!(got.headers["webhook-id"], "e1");
    assert!(standardwebhooks::Webhook::new(SECRET).unwrap().verify(&got.body, &got.headers).is_ok());
    assert_eq!(got.json()["type"], "bigcommerce/order-created");
    assert_eq!(post.next().await, Ending::Delivered);
    assert_eq!(post.state("e1").await, ActivationState::Delivered);
}

#[tokio::test]
async fn a_binary_event_has_its_attributes_in_headers_and_its_data_signed() {
    let mut receiver = Receiver::start().await;
    let mut post = Post::new(&[connection("c1", "abc123")], false).await;
    post.now.store(crate::clock::now_ms(), Ordering::SeqCst);
    post.start(Sink::Http(sink(Some(&receiver.url()), Form::Binary, &["127.0.0.0/8"])));
    post.accept(&[activation("e1")]).await;

    let got = receiver.next().await;
    for (name, value) in [
        ("content-type", "application/json"),
        ("ce-id", "e1"),
        ("ce-type", "bigcommerce/order-created"),
        ("ce-subject", "order/250"),
        ("ce-account", "abc123"),
    ] {
        assert_eq!(got.headers[name], value);
    }
    assert!(standardwebhooks::Webhook::new(SECRET).unwrap().verify(&got.body, &got.headers).is_ok());
    assert_eq!(got.json()["resource"]["id"], "250");
    assert_eq!(post.next().await, Ending::Delivered);
}

#[tokio::test]
async fn a_failure_is_repeated_after_its_wait_and_others_of_the_resource_stay_behind_it() {
    let mut receiver = Receiver::start().await;
    let mut post = Post::new(&[connection("c1", "abc123")], false).await;
    receiver.will_answer(500, &[]);
    post.accept(&[about("first", "1"), about("second", "1")]).await;
    post.start(local(&receiver));
    assert_eq!(post.next().await, Ending::Failed("server_error"));
    // Another resource is not held up, and the second of this one is.
    post.accept(&[about("other", "2")]).await;
    assert_eq!(post.next().await, Ending::Delivered);
    let failed = post.find("first").await;
    assert_eq!(failed.due_ms, Some(START + 5_000));
    assert_eq!(failed.failure.as_deref(), Some("the receiver answered 500"));

    receiver.will_answer(503, &[("retry-after", "120")]);
    post.pass(Duration::from_secs(5));
    assert_eq!(post.next().await, Ending::Failed("unavailable"));
    assert_eq!(post.find("first").await.due_ms, Some(START + 125_000));
    post.pass(Duration::from_secs(120));
    assert_eq!((post.next().await, post.next().await), (Ending::Delivered, Ending::Delivered));

    let mut order = Vec::new();
    for _ in 0..5 {
        order.push(receiver.next().await.json()["id"].as_str().unwrap().to_owned());
    }
    assert_eq!(order, ["first", "other", "first", "first", "second"]);
}

#[tokio::test]
async fn a_receiver_that_is_gone_gets_no_second_attempt_and_the_dead_letter_can_be_replayed() {
    let mut receiver = Receiver::start().await;
    let mut post = Post::new(&[connection("c1", "abc123")], false).await;
    receiver.will_answer(410, &[]);
    post.start(local(&receiver));
    post.accept(&[about("first", "1"), about("second", "1")]).await;
    assert_eq!(post.next().await, Ending::Dead("gone"));
    assert_eq!(post.next().await, Ending::Delivered, "the next of the resource goes on");
    assert_eq!(post.state("first").await, ActivationState::Dead);

    assert!(post.delivery.storage.replay("first", START).await.unwrap());
    post.delivery.wake.notify_one();
    assert_eq!(post.next().await, Ending::Delivered);
    let mut order = Vec::new();
    for _ in 0..3 {
        order.push(receiver.next().await.json()["id"].as_str().unwrap().to_owned());
    }
    assert_eq!(order, ["first", "second", "first"]);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let mut receiver = Receiver::start().await;
    let mut elsewhere = Receiver::start().await;
    let target: &'static str = Box::leak(elsewhere.url().into_boxed_str());
    let mut post = Post::new(&[connection("c1", "abc123")], false).await;
    receiver.will_answer(307, &[("location", target)]);
    post.start(local(&receiver));
    post.accept(&[activation("e1")]).await;
    assert_eq!(post.next().await, Ending::Failed("redirect"));
    receiver.next().await;
    assert!(elsewhere.received.try_recv().is_err());
}

#[tokio::test]
async fn a_name_that_leads_to_this_machine_is_refused_until_its_network_is_allowed() {
    let mut receiver = Receiver::start().await;
    let activation = activation("e1");
    let event = CloudEvent::new("bigcommerce", &activation, &Full::Unasked);
    let port = receiver.address.port();
    // The names are public as far as their spelling goes: only the resolver knows where they lead.
    for url in [format!("http://localhost:{port}/"), format!("https://localhost:{port}/")] {
        let failed =
            sink(Some(&url), Form::Structured, &[]).send("e1", &event, None, START).await.unwrap_err();
        assert_eq!((failed.kind, failed.is_final), ("forbidden_address", false), "{url}: {failed:?}");
    }
    let literal = format!("http://127.0.0.1:{port}/");
    let failed =
        sink(None, Form::Structured, &[]).send("e1", &event, Some(&literal), START).await.unwrap_err();
    assert_eq!((failed.kind, failed.is_final), ("forbidden_address", true));
    assert!(receiver.received.try_recv().is_err(), "nothing was connected to");

    let allowed = sink(None, Form::Structured, &["127.0.0.0/8"]);
    let named = format!("http://localhost:{port}/");
    assert_eq!(allowed.send("e1", &event, Some(&named), START).await, Ok(()));
    receiver.next().await;
}

#[tokio::test]
async fn the_address_of_a_connection_comes_before_the_default_and_a_missing_one_is_waited_for() {
    let (mut default, mut own) = (Receiver::start().await, Receiver::start().await);
    let mut special = connection("c2", "xyz789");
    special.settings.deliver_to = Some(own.url());
    let mut post = Post::new(&[connection("c1", "abc123"), special], false).await;
    let running = post.start(local(&default));
    let other = Activation { connection: "c2".to_owned(), account: "xyz789".to_owned(), ..activation("e2") };
    post.accept(&[activation("e1"), other]).await;
    assert_eq!((post.next().await, post.next().await), (Ending::Delivered, Ending::Delivered));
    assert_eq!(default.next().await.json()["id"], "e1");
    assert_eq!(own.next().await.json()["id"], "e2");
    post.stop.send_replace(true);
    assert!(running.await.unwrap());

    post.stop.send_replace(false);
    post.start(Sink::Http(sink(None, Form::Structured, &[])));
    post.accept(&[activation("e3")]).await;
    assert_eq!(post.next().await, Ending::Failed("no_address"));
}

#[tokio::test]
async fn stopping_waits_for_what_is_under_way_and_takes_nothing_new() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let mut post = Post::new(&[connection("c1", "abc123")], false).await;
    let running = post.start(Sink::Http(sink(Some(&url), Form::Structured, &["127.0.0.0/8"])));
    post.accept(&[about("first", "1")]).await;
    let (stream, _) = listener.accept().await.unwrap();
    post.stop.send_replace(true);
    post.accept(&[about("second", "2")]).await;
    // Only now is the request read and answered.
    let router = Router::new().fallback(any(|| async { StatusCode::OK }));
    let service = hyper_util::service::TowerToHyperService::new(router);
    let serving = tokio::spawn(async move {
        let io = hyper_util::rt::TokioIo::new(stream);
        let builder = hyper_util::server::conn::auto::Builder::new(hyper_util::rt::TokioExecutor::new());
        drop(builder.serve_connection(io, service).await);
    });
    assert_eq!(post.next().await, Ending::Delivered);
    assert!(running.await.unwrap());
    serving.abort();
    assert_eq!(post.state("first").await, ActivationState::Delivered);
    assert_eq!(post.state("second").await, ActivationState::Waiting);
}

#[tokio::test]
async fn an_attempt_that_a_kill_cut_off_is_made_again_at_the_next_start() {
    let mut receiver = Receiver::start().await;
    let mut post = Post::new(&[connection("c1", "abc123")], false).await;
    post.accept(&[activation("e1")]).await;
    let request =
        LeaseRequest { limit: 1, per_connection: 1, duration: Duration::from_secs(30), now_ms: START };
    // As a process that was killed leaves it.
    assert_eq!(post.delivery.storage.lease(request).await.unwrap().len(), 1);
    post.start(local(&receiver));
    assert_eq!(post.next().await, Ending::Delivered);
    assert_eq!(receiver.next().await.json()["id"], "e1");
}

#[tokio::test]
async fn what_a_connection_has_received_before_it_was_revoked_still_goes_its_way() {
    let (mut default, mut own) = (Receiver::start().await, Receiver::start().await);
    let mut revoked = connection("c1", "abc123");
    revoked.settings.deliver_to = Some(own.url());
    let mut post = Post::new(std::slice::from_ref(&revoked), false).await;
    post.accept(&[activation("e1")]).await;
    let row = ConnectionRow { state: ConnectionState::Revoked, ..row(&revoked, 1) };
    let key = row.webhook_key.clone();
    post.delivery.storage.put_connection(row).await.unwrap();
    assert_eq!(post.delivery.directory.refresh().await.unwrap(), []);
    assert!(post.delivery.directory.find(&key).await.unwrap().is_none(), "it receives nothing more");
    post.start(local(&default));
    assert_eq!(post.next().await, Ending::Delivered);
    own.next().await;
    assert!(default.received.try_recv().is_err());
}

#[tokio::test]
async fn what_a_removed_connection_has_left_goes_nowhere_else() {
    let mut receiver = Receiver::start().await;
    let mut post = Post::new(&[connection("c1", "abc123")], false).await;
    post.accept(&[activation("e1")]).await;
    assert!(post.delivery.storage.remove_connection("c1").await.unwrap());
    assert_eq!(post.delivery.directory.refresh().await.unwrap(), []);
    post.start(local(&receiver));
    for wait in [5, 10] {
        assert_eq!(post.next().await, Ending::Failed("no_connection"));
        post.pass(Duration::from_secs(wait));
    }
    assert_eq!(post.next().await, Ending::Dead("no_connection"));
    assert!(receiver.received.try_recv().is_err());
}
