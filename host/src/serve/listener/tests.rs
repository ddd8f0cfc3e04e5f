//! Connections within this process, in virtual time: how many answers a client gets that does not read, and how long a body
//! may take.

use std::sync::atomic::AtomicUsize;

use axum::routing::{get, post};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::*;
use crate::serve::seats::Reason;

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";

/// A service that counts how many requests its routes have begun to answer.
fn service(limits: Limits) -> (Arc<Service>, Arc<AtomicUsize>) {
    let called = Arc::new(AtomicUsize::new(0));
    let page = || {
        let called = Arc::clone(&called);
        get(async move || {
            called.fetch_add(1, Ordering::Relaxed);
            "a".repeat(1000)
        })
    };
    let router = Router::new().route("/", page()).route("/form", post(async |body: String| body));
    let router = router.route("/webhooks/known", page());
    let late_called = Arc::clone(&called);
    let late = post(async move |request: axum::extract::Request| {
        late_called.fetch_add(1, Ordering::Relaxed);
        drop(tokio::spawn(axum::body::to_bytes(request.into_body(), 1000)));
    });
    let router = router.route("/late", late);
    let builder = builder(&limits);
    let known: IsWebhook = Arc::new(|_, target| target.path() == "/webhooks/known");
    let exchanges = Exchanges::new(router, limits, known, Arc::default());
    (Arc::new(Service { exchanges, builder, tls: None }), called)
}

/// A connection with a buffer of so many bytes: the client's end, and the service's.
fn connect(service: &Arc<Service>, buffer: usize) -> (DuplexStream, Arc<Seat>, JoinHandle<Ended>) {
    let (ours, theirs) = duplex(buffer);
    let seat = service.exchanges.seats.admit([127, 0, 0, 1].into());
    let socket = Socket::new(ours, Arc::clone(&seat), service.exchanges.seats.limits().write_timeout);
    let (service, served) = (Arc::clone(service), Arc::clone(&seat));
    let serving =
        tokio::spawn(async move { service.http(socket, GracefulShutdown::new().watcher(), &served).await });
    (theirs, seat, serving)
}

/// Reads one answer of a page.
async fn answer(client: &mut DuplexStream) -> String {
    let mut text = String::new();
    while !text.ends_with(&"a".repeat(1000)) {
        text.push(char::from(client.read_u8().await.unwrap()));
    }
    text
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_gets_one_answer_and_a_deadline() {
    let limits = Limits::of_tests();
    let patience = limits.write_timeout;
    let (service, called) = service(limits);
    let (mut client, seat, serving) = connect(&service, 600);
    let began = Instant::now();
    client.write_all(&GET.repeat(20)).await.unwrap();
    assert!(matches!(serving.await.unwrap(), Ended::Broken));
    assert_eq!((seat.reason(), began.elapsed()), (Some(Reason::SlowRead), patience));
    assert_eq!(called.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_read_after_its_answer_lets_no_other_request_pass_the_answer() {
    let (service, called) = service(Limits::of_tests());
    let (mut client, _, serving) = connect(&service, 60);
    let post = format!("POST /late HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{}", "a".repeat(500));
    let _sending =
        tokio::spawn(async move { client.write_all(post.repeat(10).as_bytes()).await.map(|()| client) });
    assert!(matches!(serving.await.unwrap(), Ended::Broken));
    assert_eq!(called.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_gets_every_answer_of_its_pipeline() {
    let (service, called) = service(Limits::of_tests());
    let (mut client, seat, _serving) = connect(&service, 600);
    client.write_all(&GET.repeat(20)).await.unwrap();
    for _ in 0..20 {
        assert!(answer(&mut client).await.starts_with("HTTP/1.1 200"));
    }
    assert_eq!((seat.reason(), called.load(Ordering::Relaxed)), (None, 20));
}

#[tokio::test(start_paused = true)]
async fn an_answered_request_leaves_its_place_to_others() {
    let (service, _) = service(Limits { connections: 1, webhook_connections: 1, ..Limits::of_tests() });
    let (mut first, ..) = connect(&service, 2000);
    let (mut second, ..) = connect(&service, 2000);
    for _ in 0..3 {
        for client in [&mut first, &mut second] {
            client.write_all(GET).await.unwrap();
            assert!(answer(client).await.starts_with("HTTP/1.1 200"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_unread_page_goes_for_another_page_and_stays_for_a_webhook() {
    let (service, called) = service(Limits { connections: 1, webhook_connections: 1, ..Limits::of_tests() });
    let (mut unread, seat, _serving) = connect(&service, 600);
    unread.write_all(GET).await.unwrap();
    while called.load(Ordering::Relaxed) == 0 {
        tokio::task::yield_now().await;
    }
    let (mut webhook, ..) = connect(&service, 2000);
    webhook.write_all(b"GET /webhooks/known HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert!(answer(&mut webhook).await.starts_with("HTTP/1.1 200"));
    assert_eq!(seat.reason(), None);
    let (mut page, ..) = connect(&service, 2000);
    page.write_all(GET).await.unwrap();
    assert!(answer(&mut page).await.starts_with("HTTP/1.1 200"));
    assert_eq!(seat.reason(), Some(Reason::Requests));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_answered_408_whatever_the_route_does() {
    let limits = Limits::of_tests();
    let patience = limits.body_timeout + Duration::from_secs(1);
    let (service, _) = service(limits);
    let (mut client, _, serving) = connect(&service, 2000);
    let began = Instant::now();
    client.write_all(b"POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\na").await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("connection: close"), "{answer}");
    assert_eq!(began.elapsed(), patience);
    serving.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_request_without_a_place_is_answered_503_and_the_connection_ends() {
    // A route that works on a request of the same client for ever.
    let router = Router::new().route("/", get(std::future::pending::<()>));
    let limits = Limits { per_address: Some(1), ..Limits::of_tests() };
    let (builder, known): (_, IsWebhook) = (builder(&limits), Arc::new(|_, _| false));
    let exchanges = Exchanges::new(router, limits, known, Arc::default());
    let service = Arc::new(Service { exchanges, builder, tls: None });
    let (mut working, seat, _serving) = connect(&service, 2000);
    working.write_all(GET).await.unwrap();
    while service.exchanges.counts.requests.load(Ordering::Relaxed) == 0 {
        tokio::task::yield_now().await;
    }
    let (mut refused, _, serving) = connect(&service, 2000);
    refused.write_all(GET).await.unwrap();
    let mut answer = String::new();
    refused.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("retry-after: 1\r\n"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    serving.await.unwrap();
    assert_eq!(seat.reason(), None, "the request in work goes on");
    let refusals = service.exchanges.counts.refused.now(&Reason::TO_REFUSE);
    assert_eq!(refusals, [("requests_full", 0), ("address_share", 1)]);
}
