//! The client: from a request to a reply, with authentication on the way out and classification on the way back.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT};
use jiff::{SignedDuration, Timestamp};

use crate::action::Action;
use crate::answer::{self, Answer, Reply};
use crate::connection::Connection;
use crate::connector::{Connector, RateLimit};
use crate::doubt::Standing;
use crate::error::{Class, Error, Parts};
use crate::operation::Effect;
use crate::pacing::{Ending, Gate, Gates, Moment, Observation, Waits};
use crate::rate_limit;
use crate::request::Request;
use crate::retry::{Attempts, Decision, Patience, RetryBudget, decide, was_deleted_before};
use crate::success::Success;
use crate::transport::{HttpTransport, Sent, Transport, TransportError};

/// Calls actions over one connection. Cheap to clone.
///
/// All clients of an account share its [gate](crate::pacing), so that together they stay within its quota. How long a call
/// may wait, for the quota or for a failure to pass, is its [`Patience`]: without any, which is the default, nothing waits
/// and nothing is sent twice, and an error says whether the caller may repeat the call, and after which wait.
///
/// ```
/// use connector_runtime::{Class, Client, Error};
///
/// /// What to do after a call has failed.
/// fn next_step(error: &Error) -> String {
///     match (error.class(), error.is_retryable(), error.retry_after()) {
///         (Class::AuthRevoked, ..) => "connect again".to_owned(),
///         (_, true, Some(wait)) => format!("call again in {} ms", wait.as_millis()),
///         (_, true, None) => "call again".to_owned(),
///         (class, false, _) => format!("give up: {class}"),
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use connector_runtime::{Connection, Connector, Api, DateFormat, DecimalFormat, Envelope, ErrorShape, Operation, RateLimit};
/// # use connector_runtime::{ActionEntry, Action, impl_input};
/// # static API: Api = Api { id: "v1", server: "https://api.acme.example", base: "", envelope: Envelope::None,
/// #     errors: ErrorShape::Object { message: "title", fields: "errors" }, dates: DateFormat::Rfc3339, decimals: DecimalFormat::Number, request_id: None };
/// # struct Ping {}
/// # impl_input!(Ping {});
/// # impl Action for Ping {
/// #     type Output = bool;
/// #     const OPERATION: &'static Operation = &Operation::get("ping", &API, "/ping");
/// # }
/// # static ACME: Connector = Connector { id: "acme", title: "Acme", version: "1.0.0", docs: "https://acme.example",
/// #     fields: &[], credentials: &[], oauth2: None, callbacks: None, test: None, label: None,
/// #     rate_limit: RateLimit { status: 429, waits: &[], quota: None, also: &[], per: None,
/// #         overload_wait: std::time::Duration::from_secs(1), max_wait: std::time::Duration::from_secs(9) },
/// #     webhooks: None, triggers: &[], actions: &[ActionEntry::of::<Ping>()], catalog: "{}" };
/// // A port of this machine where nobody listens.
/// let connection = Connection::new(&ACME, &[], &[])?.at_origin("http://127.0.0.1:1")?;
/// let client = Client::new(connection)?;
/// let error = client.call_untyped("ping", b"{}").await.unwrap_err();
/// assert_eq!((error.class(), next_step(&error).as_str()), (Class::TransportUnsent, "call again"));
/// let error = client.call_untyped("pong", b"{}").await.unwrap_err();
/// assert_eq!(next_step(&error), "give up: validation");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    connection: Arc<Connection>,
    transport: Arc<dyn Transport>,
    gate: Arc<Gate>,
    patience: Patience,
    user_agent: HeaderValue,
}

/// The gates of clients that are given none.
static GATES: LazyLock<Gates> = LazyLock::new(Gates::new);

impl Client {
    /// How long an exchange may take where nothing else is said.
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

    /// A client that calls over HTTP, through the gates of this process.
    ///
    /// # Errors
    /// When the HTTP client cannot be set up.
    pub fn new(connection: Connection) -> Result<Self, TransportError> {
        let transport = HttpTransport::new(Self::DEFAULT_TIMEOUT)?;
        Ok(Self::with_transport(connection, transport).through(&GATES))
    }

    /// A client over any transport, with a gate of its own.
    #[must_use]
    pub fn with_transport(connection: Connection, transport: impl Transport + 'static) -> Self {
        let gate = gate_of(&connection, &Gates::new());
        let user_agent = user_agent(connection.connector());
        let (connection, transport) = (Arc::new(connection), Arc::new(transport));
        Self { connection, transport, gate, patience: Patience::default(), user_agent }
    }

    /// The same client through other gates: those of a service that calls many accounts, or of a test.
    #[must_use]
    pub fn through(mut self, gates: &Gates) -> Self {
        self.gate = gate_of(&self.connection, gates);
        self
    }

    /// The same client with another patience.
    #[must_use]
    pub fn with_patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// The connector that it calls.
    #[must_use]
    pub fn connector(&self) -> &'static Connector {
        self.connection.connector()
    }

    /// The connection that it calls over.
    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// How long its calls may wait.
    #[must_use]
    pub fn patience(&self) -> Patience {
        self.patience
    }

    /// The gate of its account, which tells what is left of the quota and who waits.
    #[must_use]
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Runs an action.
    ///
    /// # Errors
    /// See [`Class`].
    pub async fn call<A: Action>(&self, action: &A) -> Result<Reply<A::Output>, Error> {
        self.exchange(action.request()?).await?.typed()
    }

    /// Runs the action with this id on an input given as a JSON object.
    ///
    /// # Errors
    /// See [`Class`]; `validation` also where there is no such action.
    pub async fn call_untyped(&self, id: &str, input: &[u8]) -> Result<Reply<()>, Error> {
        let action = self.connection.connector().action(id).ok_or_else(|| Error::unknown_action(id))?;
        self.send(action.prepare(input)?).await
    }

    /// Sends a request and reads the answer.
    ///
    /// # Errors
    /// See [`Class`].
    pub async fn send(&self, request: Request) -> Result<Reply<()>, Error> {
        self.exchange(request).await?.untyped()
    }

    /// Sends a request, again and again as far as patience goes, until the API takes it.
    pub(crate) async fn exchange(&self, request: Request) -> Result<Success, Error> {
        let clock = self.gate.clock();
        let deadline = self.patience.deadline(clock.now());
        let mut attempts = Attempts::default();
        self.gate.with_retry_budget(RetryBudget::earn);
        loop {
            let mut sent = clock.now();
            let error = match self.attempt(&request, deadline, &mut sent).await {
                Ok(success) => return Ok(success),
                Err(error) if error.class() == Class::AuthRevoked => {
                    Box::pin(self.doubted(error, &request, deadline, sent)).await
                }
                Err(error) => error,
            };
            let operation = request.operation();
            if operation.effect == Effect::Delete && was_deleted_before(error.class(), attempts) {
                return Ok(Success::deleted_before(operation, &error));
            }
            let error = match attempts.open && operation.effect != Effect::Read {
                true => error.after_open_attempt(operation),
                false => error,
            };
            attempts.open |= error.is_open();
            let (jitter, now) = (clock.jitter(), clock.now());
            let decide = |budget: &mut RetryBudget| decide(&error, attempts, deadline, budget, jitter, now);
            match self.gate.with_retry_budget(decide) {
                Decision::Stop => return Err(error),
                Decision::QueueAgain => {}
                Decision::After(wait) => {
                    attempts.retries += 1;
                    attempts.since.get_or_insert(now);
                    clock.sleep(wait).await;
                }
            }
            self.gate.note_retry(error.class().as_str());
        }
    }

    /// A refusal of the credentials as what it is: an API may refuse one endpoint to credentials that it knows, so only the
    /// connection test shows that they are gone.
    async fn doubted(
        &self,
        error: Error,
        request: &Request,
        deadline: Option<Moment>,
        sent: Moment,
    ) -> Error {
        let connector = self.connection.connector();
        let test = connector.test.filter(|test| test.id != request.operation().id);
        let test = test.and_then(|test| connector.action(test.id)?.prepare(b"{}").ok());
        // Nothing else can be asked: either this was the test, or there is none.
        let Some(test) = test else { return error };
        let clock = self.gate.clock();
        // Others wait for what it says, so that it does not wait for long.
        let soon = clock.now().saturating_add(LONGEST_DOUBT);
        let until = deadline.map_or(soon, |deadline| deadline.min(soon));
        let longest = until.saturating_sub(clock.now()).max(LONGEST_TEST);
        let ask = async {
            match self.attempt(&test, Some(until), &mut clock.now()).await {
                Ok(_) => Standing::Known,
                Err(answer) => standing(&answer),
            }
        };
        match self.gate.doubts().settle(self.connection.fingerprint(), sent, clock, longest, ask).await {
            Standing::Refused => error,
            Standing::Known => error.of_known_credentials(),
            Standing::Unknown { retry_after } => error.of_doubtful_credentials(retry_after),
        }
    }

    /// Sends a request once, when the gate lets it go; `sent_at` becomes the moment when it did.
    async fn attempt(
        &self,
        request: &Request,
        deadline: Option<Moment>,
        sent_at: &mut Moment,
    ) -> Result<Success, Error> {
        let operation = request.operation();
        let connector = self.connection.connector();
        let outgoing = self.authenticate(request).map_err(|source| {
            let detail = "the request cannot be put into HTTP".to_owned();
            Error::new(
                Class::Validation,
                operation,
                Parts { detail, source: Some(source.into()), ..Parts::default() },
            )
        })?;
        let cap = operation.concurrency.map(|cap| (operation.id, cap));
        let permit = self.gate.enter(cap, deadline).await;
        let permit = permit.map_err(|late| Error::quota_spent(operation, late.retry_after))?;
        *sent_at = self.gate.clock().now();
        let sent = self.transport.send(outgoing).await;
        let wall = SignedDuration::try_from(self.gate.clock().wall()).unwrap_or(SignedDuration::MAX);
        let now = Timestamp::from_duration(wall).unwrap_or(Timestamp::MAX);
        permit.settle(ending(&connector.rate_limit, &sent, now));
        match sent {
            Ok(answer) => answer::judge(connector, request, answer, now),
            Err(failure) => answer::judge_failure(connector, request, failure, now),
        }
    }

    fn authenticate(&self, request: &Request) -> Result<http::Request<Bytes>, http::Error> {
        let operation = request.operation();
        let mut outgoing = http::Request::new(request.shared_body().unwrap_or_default());
        *outgoing.method_mut() = http::Method::from(operation.method);
        *outgoing.uri_mut() = self.connection.url(operation.api, &request.path_and_query()).try_into()?;
        let headers = outgoing.headers_mut();
        headers.insert(ACCEPT, JSON);
        headers.insert(USER_AGENT, self.user_agent.clone());
        if request.body().is_some() {
            headers.insert(CONTENT_TYPE, JSON);
        }
        for (name, value) in request.headers() {
            headers.insert(HeaderName::from_bytes(name.as_bytes())?, HeaderValue::from_str(value)?);
        }
        // After the parameters, so that none of them stands in for a credential.
        for (name, _) in self.connection.headers() {
            headers.remove(name);
        }
        // Two credentials may share a header.
        for (name, value) in self.connection.headers() {
            headers.append(name, value.clone());
        }
        Ok(outgoing)
    }
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// How long a connection test may queue while others wait for what it says.
const LONGEST_DOUBT: Duration = Duration::from_secs(30);

/// How long a call without patience waits for a connection test that another has begun: as long as it might take itself.
const LONGEST_TEST: Duration = Duration::from_secs(5);

/// What a connection test that failed says of the credentials. Whoever is answered anything but 401 is known.
fn standing(answer: &Error) -> Standing {
    match answer.class() {
        Class::AuthRevoked => Standing::Refused,
        Class::RateLimitedWindow
        | Class::RateLimitedOverload
        | Class::Server
        | Class::Unavailable
        | Class::Locked
        | Class::TransportUnsent
        | Class::TransportUnknownOutcome
        | Class::Decode => Standing::Unknown { retry_after: answer.retry_after() },
        _ => Standing::Known,
    }
}

/// What the client calls itself; a connector's id and version are visible ASCII.
fn user_agent(connector: &Connector) -> HeaderValue {
    let text = format!("{}-connector/{}", connector.id, connector.version);
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("connector"))
}

fn gate_of(connection: &Connection, gates: &Gates) -> Arc<Gate> {
    let limit = &connection.connector().rate_limit;
    let waits = Waits { overload: limit.overload_wait, max: limit.max_wait };
    gates.gate(&connection.account(), waits)
}

/// How a request ended, as its gate needs to know.
fn ending(limit: &RateLimit, sent: &Result<Answer, TransportError>, now: Timestamp) -> Ending {
    let head = match sent {
        Ok(answer) => Some((answer.status(), answer.headers())),
        // The head of an answer counts, even if the body cannot be read.
        Err(failure) => failure.head(),
    };
    let Some((status, headers)) = head else {
        let is_unsent = matches!(sent, Err(TransportError { sent: Sent::No, .. }));
        return if is_unsent { Ending::Unsent } else { Ending::Lost };
    };
    let seen = limit.quota.as_ref().map(|quota| Observation::read(quota, headers, now)).unwrap_or_default();
    match rate_limit::refusal(limit, status.as_u16(), headers, now) {
        Some(wait) => Ending::Refused { seen, wait },
        None => Ending::Answered(seen),
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Client").field("connection", &self.connection).finish_non_exhaustive()
    }
}
