//! How requests carry credentials, and that these stay secret.

use std::error::Error as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use connector_runtime::{
    Api, Body, BoxFuture, Class, Client, Connection, ConnectionField, Connector, Credential, DateFormat,
    DecimalFormat, Envelope, Error, ErrorShape, HttpTransport, Nullable, Operation, Parameter, Placement,
    RateLimit, Request, SecretString, Sent, Transport, TransportError, impl_input,
};

const SECRET: &str = "hush/hush+1 =&?";

static HEADER: Connector = connector(&[credential("token", Placement::Header("X-Token"))]);
static BEARER: Connector = connector(&[credential("token", Placement::Bearer)]);
static BASIC: Connector = connector(&[credential("token", Placement::Basic { user: "account" })]);
static QUERY: Connector = connector(&[credential("token", Placement::Query("api:key"))]);
static TWO: Connector =
    connector(&[credential("token", Placement::Bearer), credential("key", Placement::Query("key"))]);

const fn credential(name: &'static str, placement: Placement) -> Credential {
    Credential { name, title: "token", description: "On the page of tokens.", placement }
}

const fn connector(credentials: &'static [Credential]) -> Connector {
    Connector {
        id: "acme",
        title: "Acme",
        version: "1.2.3",
        docs: "https://acme.example/docs",
        fields: &[ConnectionField {
            name: "account",
            title: "account",
            description: "On the first page.",
            pattern: "[a-z ]{1,9}",
            accept: &[],
            example: "abc",
        }],
        credentials,
        oauth2: None,
        callbacks: None,
        test: None,
        label: None,
        rate_limit: RateLimit {
            status: 429,
            waits: &[],
            quota: None,
            also: &[],
            per: None,
            overload_wait: Duration::from_secs(1),
            max_wait: Duration::from_secs(60),
        },
        webhooks: None,
        triggers: &[],
        actions: &[],
        catalog: "{}",
    }
}

static API: Api = Api {
    id: "v1",
    server: "https://api.acme.example",
    base: "/accounts/{account}",
    envelope: Envelope::None,
    errors: ErrorShape::Object { message: "title", fields: "errors" },
    dates: DateFormat::Rfc3339,
    decimals: DecimalFormat::Number,
    request_id: None,
};

static UPDATE: Operation = Operation::patch("update-thing", &API, "/things")
    .parameters(&[
        Parameter::query("word"),
        Parameter::header("trace").wire("X-Trace"),
        Parameter::header("token").wire("X-Token"),
        Parameter::body("note"),
    ])
    .body(Body::Object);

/// By default it takes the note away: an update of nothing would be refused.
struct UpdateThing {
    word: Option<String>,
    trace: Option<String>,
    token: Option<String>,
    note: Nullable<String>,
}

impl Default for UpdateThing {
    fn default() -> Self {
        Self { word: None, trace: None, token: None, note: Nullable::Null }
    }
}

impl_input!(UpdateThing { "word" => word, "trace" => trace, "token" => token, "note" => note });

/// Keeps the request and answers with what it was given.
#[derive(Clone)]
struct Recorder {
    seen: Arc<Mutex<Vec<http::Request<Bytes>>>>,
    status: Option<u16>,
}

impl Transport for Recorder {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>> {
        self.seen.lock().expect("no thread panics with it").push(request);
        let outcome = match self.status {
            Some(status) => {
                let answer = http::Response::builder().status(status).body(Bytes::from_static(b"null"));
                Ok(answer.expect("a status"))
            }
            None => Err(TransportError {
                sent: Sent::Maybe,
                what: "the wire was cut",
                source: None,
                unreadable: None,
            }),
        };
        Box::pin(async { outcome })
    }
}

fn connect(connector: &'static Connector) -> Connection {
    let secrets: Vec<(&str, SecretString)> =
        connector.credentials.iter().map(|known| (known.name, SecretString::from(SECRET))).collect();
    Connection::new(connector, &[("account", "a b")], &secrets).expect("an account and its secrets")
}

/// The request that arrives when `input` is sent.
async fn sent(connector: &'static Connector, input: &UpdateThing) -> http::Request<Bytes> {
    let recorder = Recorder { seen: Arc::default(), status: Some(200) };
    let client = Client::with_transport(connect(connector), recorder.clone());
    client.send(Request::new(&UPDATE, input).expect("no constraints")).await.expect("an answer");
    recorder.seen.lock().expect("no thread panics with it").pop().expect("a request")
}

fn header<'a>(request: &'a http::Request<Bytes>, name: &str) -> Vec<&'a str> {
    request.headers().get_all(name).iter().map(|value| value.to_str().expect("visible text")).collect()
}

#[tokio::test]
async fn a_credential_goes_where_its_placement_says() {
    let none = UpdateThing::default;
    let request = sent(&HEADER, &none()).await;
    assert_eq!(header(&request, "X-Token"), [SECRET]);
    assert_eq!(request.uri(), "https://api.acme.example/accounts/a%20b/things");
    let request = sent(&BEARER, &none()).await;
    assert_eq!(header(&request, "Authorization"), [format!("Bearer {SECRET}")]);
    let request = sent(&BASIC, &none()).await;
    // RFC 7617: the base64 of `a b:hush/hush+1 =&?`.
    assert_eq!(header(&request, "Authorization"), ["Basic YSBiOmh1c2gvaHVzaCsxID0mPw=="]);
    let encoded = "hush%2Fhush%2B1%20%3D%26%3F";
    let request = sent(&QUERY, &none()).await;
    assert_eq!(request.uri().query(), Some(format!("api:key={encoded}").as_str()));
    let word = UpdateThing { word: Some("x".to_owned()), ..none() };
    let request = sent(&QUERY, &word).await;
    assert_eq!(request.uri().query(), Some(format!("word=x&api:key={encoded}").as_str()));
    let request = sent(&TWO, &word).await;
    assert_eq!(header(&request, "Authorization").len(), 1);
    assert_eq!(request.uri().query(), Some(format!("word=x&key={encoded}").as_str()));
}

#[tokio::test]
async fn headers_with_a_credential_are_marked_as_sensitive() {
    for (connector, name) in [(&HEADER, "X-Token"), (&BEARER, "Authorization"), (&BASIC, "Authorization")] {
        let request = sent(connector, &UpdateThing::default()).await;
        assert!(request.headers()[name].is_sensitive(), "{name}");
        assert!(!format!("{:?}", request.headers()).contains("hush"));
    }
}

#[tokio::test]
async fn parameters_travel_in_headers_and_none_stands_in_for_a_credential() {
    let input = UpdateThing {
        trace: Some("abc-1".to_owned()),
        token: Some("mine".to_owned()),
        note: Nullable::Null,
        ..UpdateThing::default()
    };
    let request = sent(&HEADER, &input).await;
    assert_eq!((header(&request, "X-Trace"), header(&request, "X-Token")), (vec!["abc-1"], vec![SECRET]));
    assert_eq!(request.method(), http::Method::PATCH);
    assert_eq!(header(&request, "Content-Type"), ["application/json"]);
    assert_eq!(request.body().as_ref(), br#"{"note":null}"#);
}

#[test]
fn an_empty_secret_is_no_secret_wherever_it_would_go() {
    for connector in [&HEADER, &BEARER, &BASIC, &QUERY] {
        let error = Connection::new(connector, &[("account", "abc")], &[("token", SecretString::from(""))])
            .unwrap_err();
        assert_eq!(error.to_string(), "validation: the connection is not valid: token: is empty");
        assert_eq!((error.detail(), error.action()), ("the connection is not valid", None));
    }
    for connector in [&HEADER, &BEARER] {
        let secret = SecretString::from("hush\r\nX-Evil: 1");
        let error = Connection::new(connector, &[("account", "abc")], &[("token", secret)]).unwrap_err();
        assert_eq!(error.violations()[0].message(), "has a character that no header may carry");
    }
}

#[track_caller]
fn assert_discreet(error: &Error) {
    let mut texts = vec![error.to_string(), format!("{error:?}"), format!("{error:#?}")];
    let mut next = error.source();
    while let Some(source) = next {
        texts.extend([source.to_string(), format!("{source:?}")]);
        next = source.source();
    }
    for text in texts {
        assert!(!text.contains("hush") && !text.contains("aHVzaC") && !text.contains("api:key"), "{text}");
    }
}

#[tokio::test]
async fn no_secret_stands_in_an_error_or_in_what_is_printed() {
    for connector in [&HEADER, &BEARER, &BASIC, &QUERY, &TWO] {
        let request = || Request::new(&UPDATE, &UpdateThing::default()).expect("no constraints");
        for status in [None, Some(400), Some(401), Some(500), Some(302)] {
            let recorder = Recorder { seen: Arc::default(), status };
            let client = Client::with_transport(connect(connector), recorder);
            assert_discreet(&client.send(request()).await.unwrap_err());
            assert!(!format!("{client:?} {:?}", request()).contains("hush"));
        }
        // Real HTTP, whose own errors tell the address if nobody stops them: port 1 is nobody's.
        let connection = connect(connector).at_origin("http://127.0.0.1:1").expect("this machine");
        let transport = HttpTransport::new(Duration::from_secs(30)).expect("an HTTP client");
        let error = Client::with_transport(connection, transport).send(request()).await.unwrap_err();
        assert_eq!(error.class(), Class::TransportUnsent);
        assert_discreet(&error);
    }
}
