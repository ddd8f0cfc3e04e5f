//! A refusal of the credentials: the connection test says whether they are gone.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use connector_runtime::pacing::Gates;
use connector_runtime::{
    Action, ActionEntry, BoxFuture, Class, Client, Connection, Connector, Credential, Error, Operation,
    Patience, Placement, SecretString, Transport, TransportError, impl_input,
};
use tokio::sync::Semaphore;

use crate::scripted_api::{API, CREATE, Outcome, RATE_LIMIT, READ, answer, lost, ok, request, unsent};

struct Ping {}

impl_input!(Ping {});

impl Action for Ping {
    type Output = connector_runtime::Json;
    const OPERATION: &'static Operation = &PING;
}

static PING: Operation = Operation::get("ping", &API, "/ping");

static TESTED: Connector = Connector {
    id: "tested",
    title: "Tested",
    version: "1.0.0",
    docs: "https://acme.example",
    fields: &[],
    credentials: &[Credential {
        name: "token",
        title: "token",
        description: "A token.",
        placement: Placement::Bearer,
    }],
    oauth2: None,
    callbacks: None,
    test: Some(&PING),
    label: None,
    rate_limit: RATE_LIMIT,
    webhooks: None,
    triggers: &[],
    actions: &[ActionEntry::of::<Ping>()],
    catalog: "{}",
};

/// Answers 401 to everything but the test, which is answered by the token. It can be held up.
#[derive(Clone)]
struct Doubtful {
    test: Arc<dyn Fn(&str) -> Outcome + Send + Sync>,
    asked: Arc<Mutex<Vec<String>>>,
    /// The test is answered for each of these.
    leave: Arc<Semaphore>,
}

impl Doubtful {
    fn new(test: impl Fn(&str) -> Outcome + Send + Sync + 'static) -> Self {
        Self { test: Arc::new(test), asked: Arc::default(), leave: Arc::new(Semaphore::new(1_000)) }
    }

    fn client(&self, token: &str, gates: &Gates, patience: Patience) -> Client {
        let connection = Connection::new(&TESTED, &[], &[("token", SecretString::from(token))]).unwrap();
        Client::with_transport(connection, self.clone()).through(gates).with_patience(patience)
    }

    async fn refused(&self, operation: &'static Operation, patience: Patience) -> Error {
        self.client("one", &Gates::new(), patience).send(request(operation)).await.unwrap_err()
    }

    /// The paths that were asked for.
    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    fn tests(&self) -> usize {
        self.asked().iter().filter(|path| *path == "/ping").count()
    }
}

impl Transport for Doubtful {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>> {
        let path = request.uri().path().to_owned();
        self.asked.lock().unwrap().push(path.clone());
        let token = request.headers()["authorization"].to_str().unwrap().to_owned();
        Box::pin(async move {
            match path.as_str() {
                "/ping" => {
                    self.leave.acquire().await.unwrap().forget();
                    (self.test)(&token)
                }
                _ => answer(401, &[], ""),
            }
        })
    }
}

#[tokio::test(start_paused = true)]
async fn credentials_are_revoked_once_the_test_is_refused_as_well() {
    let api = Doubtful::new(|_| answer(401, &[], ""));
    let error = api.refused(&READ, Patience::Unlimited).await;
    assert_eq!((error.class(), error.is_retryable(), error.status()), (Class::AuthRevoked, false, Some(401)));
    assert_eq!(api.asked(), ["/things", "/ping"]);
}

#[tokio::test(start_paused = true)]
async fn credentials_that_the_test_finds_known_are_not_revoked_but_lack_a_right() {
    // It is known as well to whoever is answered that it may not, or that there is no such thing.
    for known in [ok as fn() -> Outcome, || answer(403, &[], ""), || answer(404, &[], "")] {
        let api = Doubtful::new(move |_| known());
        let error = api.refused(&CREATE, Patience::Unlimited).await;
        assert_eq!((error.class(), error.is_retryable()), (Class::AuthScope, false));
        assert_eq!(
            error.to_string(),
            "touch-thing: auth.scope: the API answered 401 to this, and knows the credentials"
        );
        assert_eq!(api.asked(), ["/things", "/ping"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_test_that_is_not_answered_revokes_nothing_and_the_call_may_be_made_again() {
    let failures: [fn() -> Outcome; 5] = [
        lost,
        unsent,
        || answer(503, &[], ""),
        || answer(502, &[], "<html>"),
        || answer(429, &[("Retry-After", "7")], ""),
    ];
    for failure in failures {
        let api = Doubtful::new(move |_| failure());
        // Also one that creates: a call that is refused was not carried out.
        let error = api.refused(&CREATE, Patience::Surface).await;
        assert_eq!((error.class(), error.is_retryable()), (Class::Unavailable, true), "{error}");
        assert_eq!(api.asked(), ["/things", "/ping"]);
        assert_eq!(error.retry_after().is_some(), failure().is_ok_and(|answer| answer.status() == 429));
    }
}

#[tokio::test(start_paused = true)]
async fn a_patient_call_asks_again_until_it_is_told_and_not_for_ever() {
    let tries = Mutex::new(0);
    let api = Doubtful::new(move |_| {
        let mut tries = tries.lock().unwrap();
        *tries += 1;
        if *tries < 3 { answer(503, &[], "") } else { answer(401, &[], "") }
    });
    let error = api.refused(&READ, Patience::Unlimited).await;
    assert_eq!((error.class(), api.tests()), (Class::AuthRevoked, 3));

    let api = Doubtful::new(|_| answer(429, &[("Retry-After", "1")], ""));
    let error = api.refused(&READ, Patience::Unlimited).await;
    assert_eq!((error.class(), api.tests()), (Class::Unavailable, 5));
}

#[tokio::test(start_paused = true)]
async fn the_test_itself_is_its_own_answer() {
    let api = Doubtful::new(|_| answer(401, &[], ""));
    let client = api.client("one", &Gates::new(), Patience::Unlimited);
    let error = client.call(&Ping {}).await.unwrap_err();
    assert_eq!((error.class(), api.asked().len()), (Class::AuthRevoked, 1));
}

/// Calls that many times at once, and lets tests be answered once all calls were refused.
async fn at_once(api: &Doubtful, clients: Vec<Client>) -> Vec<Class> {
    // A test of the same moment would count.
    tokio::time::advance(Duration::from_millis(1)).await;
    api.asked.lock().unwrap().clear();
    api.leave.forget_permits(1_000);
    let count = clients.len();
    let calls: Vec<_> = clients
        .into_iter()
        .map(|client| tokio::spawn(async move { client.send(request(&READ)).await }))
        .collect();
    // At virtual time, all who can go on have done so once this ends.
    tokio::time::timeout(Duration::from_secs(1), std::future::pending::<()>()).await.unwrap_err();
    assert_eq!(api.asked().iter().filter(|path| *path == "/things").count(), count);
    assert_eq!(api.tests(), 1, "one at a time");
    api.leave.add_permits(1_000);
    let mut classes = Vec::new();
    for call in calls {
        classes.push(call.await.unwrap().unwrap_err().class());
    }
    classes
}

#[tokio::test(start_paused = true)]
async fn many_calls_that_are_refused_together_ask_once() {
    let api = Doubtful::new(|_| answer(401, &[], ""));
    let gates = Gates::new();
    // The window must be known to be open, else only one is under way.
    drop(api.client("one", &gates, Patience::Surface).send(request(&READ)).await);
    let clients = (0..20).map(|_| api.client("one", &gates, Patience::Unlimited)).collect();
    assert_eq!(at_once(&api, clients).await, [Class::AuthRevoked; 20]);
    assert_eq!(api.tests(), 1);
}

#[tokio::test(start_paused = true)]
async fn who_is_not_patient_does_not_wait_for_the_test_of_somebody_who_is() {
    let api = Doubtful::new(|_| answer(401, &[], ""));
    let gates = Gates::new();
    drop(api.client("one", &gates, Patience::Surface).send(request(&READ)).await);
    tokio::time::advance(Duration::from_millis(1)).await;
    api.leave.forget_permits(1_000);
    let patient = api.client("one", &gates, Patience::Unlimited);
    let patient = tokio::spawn(async move { patient.send(request(&READ)).await });
    // The first test was that of the call before.
    while api.tests() < 2 {
        tokio::task::yield_now().await;
    }
    let began = tokio::time::Instant::now();
    let error = api.client("one", &gates, Patience::Surface).send(request(&READ)).await.unwrap_err();
    assert_eq!((error.class(), error.is_retryable()), (Class::Unavailable, true));
    assert_eq!((began.elapsed(), api.tests()), (Duration::from_secs(5), 2));
    api.leave.add_permits(1);
    assert_eq!(patient.await.unwrap().unwrap_err().class(), Class::AuthRevoked);
}

#[tokio::test(start_paused = true)]
async fn other_credentials_of_the_same_account_are_asked_for_themselves() {
    let api = Doubtful::new(|token| if token.ends_with("gone") { answer(401, &[], "") } else { ok() });
    let gates = Gates::new();
    drop(api.client("gone", &gates, Patience::Surface).send(request(&READ)).await);
    let tokens = ["gone", "good", "gone", "good"];
    let clients = tokens.map(|token| api.client(token, &gates, Patience::Unlimited)).into();
    let expected = [Class::AuthRevoked, Class::AuthScope, Class::AuthRevoked, Class::AuthScope];
    assert_eq!(at_once(&api, clients).await, expected);
}
