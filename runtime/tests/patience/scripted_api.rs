//! An API that answers as it is told, at a clock that tests move, and the operations that are called on it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use connector_runtime::pacing::Gates;
use connector_runtime::{
    Api, BoxFuture, Client, Connection, Connector, DateFormat, DecimalFormat, Effect, Envelope, ErrorShape,
    Operation, Patience, QuotaHeaders, RateLimit, Request, Returns, Sent, Transport, TransportError,
    WaitHeader, WaitUnit, impl_input,
};

pub(crate) static ACME: Connector = Connector {
    id: "acme",
    title: "Acme",
    version: "1.2.3",
    docs: "https://acme.example/docs",
    fields: &[],
    credentials: &[],
    oauth2: None,
    callbacks: None,
    test: None,
    label: None,
    rate_limit: RATE_LIMIT,
    webhooks: None,
    triggers: &[],
    actions: &[
        connector_runtime::ActionEntry::of::<super::events::GetThing>(),
        connector_runtime::ActionEntry::of::<super::pages::ListThings>(),
    ],
    catalog: "{}",
};

pub(crate) const RATE_LIMIT: RateLimit = RateLimit {
    status: 429,
    waits: &[
        WaitHeader { name: "X-Reset-Ms", unit: WaitUnit::Milliseconds },
        WaitHeader { name: "X-Retry-After", unit: WaitUnit::Seconds },
        WaitHeader { name: "Retry-After", unit: WaitUnit::RetryAfter },
    ],
    quota: Some(QuotaHeaders {
        quota: "X-Quota",
        left: "X-Left",
        window: WaitHeader { name: "X-Window-Ms", unit: WaitUnit::Milliseconds },
        reset: WaitHeader { name: "X-Reset-Ms", unit: WaitUnit::Milliseconds },
    }),
    also: &[500],
    per: None,
    overload_wait: Duration::from_secs(1),
    max_wait: Duration::from_secs(120),
};

pub(crate) static API: Api = Api {
    id: "v1",
    server: "https://api.acme.example",
    base: "",
    envelope: Envelope::None,
    errors: ErrorShape::Object { message: "title", fields: "errors" },
    dates: DateFormat::Rfc3339,
    decimals: DecimalFormat::Number,
    request_id: None,
};

pub(crate) static READ: Operation = operation(Effect::Read);
pub(crate) static UPDATE: Operation = operation(Effect::Update);
pub(crate) static CREATE: Operation =
    operation(Effect::Create).check_first("Look for the thing by its name.");
pub(crate) static DELETE: Operation = operation(Effect::Delete).returns(Returns::Nothing);

const fn operation(effect: Effect) -> Operation {
    Operation::post("touch-thing", &API, "/things").effect(effect)
}

struct Nothing {}

impl_input!(Nothing {});

pub(crate) fn request(operation: &'static Operation) -> Request {
    Request::new(operation, &Nothing {}).unwrap()
}

pub(crate) type Outcome = Result<http::Response<Bytes>, TransportError>;

type Script = Box<dyn FnMut(&http::Request<Bytes>) -> Outcome + Send>;

/// Answers each request by a script, and notes when it came.
#[derive(Clone)]
pub(crate) struct ScriptedApi {
    script: Arc<Mutex<Script>>,
    requests: Arc<Mutex<Vec<(tokio::time::Instant, String)>>>,
}

impl ScriptedApi {
    pub(crate) fn new(script: impl FnMut(&http::Request<Bytes>) -> Outcome + Send + 'static) -> Self {
        Self { script: Arc::new(Mutex::new(Box::new(script))), requests: Arc::default() }
    }

    /// Answers with these in turn, the last one again and again.
    pub(crate) fn answering(answers: &[fn() -> Outcome]) -> Self {
        let mut answers: VecDeque<_> = answers.to_vec().into();
        Self::new(move |_| if answers.len() > 1 { answers.pop_front().unwrap()() } else { answers[0]() })
    }

    pub(crate) fn client(&self, patience: Patience) -> Client {
        let connection = Connection::new(&ACME, &[], &[]).unwrap();
        Client::with_transport(connection, self.clone()).through(&Gates::new()).with_patience(patience)
    }

    /// How many requests came.
    pub(crate) fn count(&self) -> usize {
        self.requests.lock().unwrap().len()
    }

    /// The times between requests.
    pub(crate) fn gaps(&self) -> Vec<Duration> {
        let requests = self.requests.lock().unwrap();
        requests.windows(2).map(|pair| pair[1].0 - pair[0].0).collect()
    }

    /// The addresses asked for.
    pub(crate) fn addresses(&self) -> Vec<String> {
        self.requests.lock().unwrap().iter().map(|(_, address)| address.clone()).collect()
    }
}

impl Transport for ScriptedApi {
    fn send(&self, request: http::Request<Bytes>) -> BoxFuture<'_, Outcome> {
        let now = tokio::time::Instant::now();
        self.requests.lock().unwrap().push((now, request.uri().to_string()));
        let outcome = (self.script.lock().unwrap())(&request);
        Box::pin(async { outcome })
    }
}

pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Outcome {
    let mut answer = http::Response::builder().status(status);
    for (name, value) in headers {
        answer = answer.header(*name, *value);
    }
    Ok(answer.body(Bytes::from(body.to_owned())).unwrap())
}

pub(crate) fn ok() -> Outcome {
    answer(200, &[], "{}")
}

pub(crate) fn lost() -> Outcome {
    Err(TransportError { sent: Sent::Maybe, what: "the wire was cut", source: None, unreadable: None })
}

pub(crate) fn unsent() -> Outcome {
    Err(TransportError { sent: Sent::No, what: "nobody listens", source: None, unreadable: None })
}
