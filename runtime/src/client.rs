//! The client: from a request to a reply, with authentication on the way out and classification on the way back.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT};
use jiff::Timestamp;

use crate::action::Action;
use crate::answer::{self, Reply};
use crate::connection::Connection;
use crate::error::{Class, Error, Parts};
use crate::request::Request;
use crate::transport::{HttpTransport, Sent, Transport, TransportError};

/// Calls actions over one connection. Cheap to clone. It repeats nothing on its own: an error says whether the caller
/// may, and after which wait.
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
/// # use connector_runtime::{Connection, Connector, Api, DateFormat, Envelope, ErrorShape, Operation, RateLimit};
/// # use connector_runtime::{ActionEntry, Action, impl_input};
/// # static API: Api = Api { id: "v1", server: "https://api.acme.example", base: "", envelope: Envelope::None,
/// #     errors: ErrorShape::Object { message: "title", fields: "errors" }, dates: DateFormat::Rfc3339, request_id: None };
/// # struct Ping {}
/// # impl_input!(Ping {});
/// # impl Action for Ping {
/// #     type Output = bool;
/// #     const OPERATION: &'static Operation = &Operation::get("ping", &API, "/ping");
/// # }
/// # static ACME: Connector = Connector { id: "acme", title: "Acme", version: "1.0.0", docs: "https://acme.example",
/// #     fields: &[], credentials: &[], oauth2: None, callbacks: None, test: None,
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
}

impl Client {
    /// How long a call may take where nothing else is said.
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

    /// A client that calls over HTTP.
    ///
    /// # Errors
    /// When the HTTP client cannot be set up.
    pub fn new(connection: Connection) -> Result<Self, TransportError> {
        Ok(Self::with_transport(connection, HttpTransport::new(Self::DEFAULT_TIMEOUT)?))
    }

    /// A client over any transport.
    #[must_use]
    pub fn with_transport(connection: Connection, transport: impl Transport + 'static) -> Self {
        Self { connection: Arc::new(connection), transport: Arc::new(transport) }
    }

    /// Runs an action.
    ///
    /// # Errors
    /// See [`Class`].
    pub async fn call<A: Action>(&self, action: &A) -> Result<Reply<A::Output>, Error> {
        let reply = self.send(action.request()?).await?;
        answer::typed(A::OPERATION, reply)
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
        let operation = request.operation();
        let connector = self.connection.connector();
        let outgoing = self.authenticate(&request).map_err(|source| {
            let detail = "the request cannot be put into HTTP".to_owned();
            Error::new(
                Class::Validation,
                operation,
                Parts { detail, source: Some(source.into()), ..Parts::default() },
            )
        })?;
        let answer = self.transport.send(outgoing).await.map_err(|failure| {
            let (class, retryable) = match failure.sent {
                Sent::No => (Class::TransportUnsent, true),
                Sent::Maybe => (Class::TransportUnknownOutcome, request.is_repeatable()),
            };
            let detail = failure.what.to_owned();
            Error::new(
                class,
                operation,
                Parts { detail, retryable, source: Some(failure.into()), ..Parts::default() },
            )
        })?;
        answer::read(connector, &request, &answer, Timestamp::now())
    }

    fn authenticate(&self, request: &Request) -> Result<http::Request<Bytes>, http::Error> {
        let operation = request.operation();
        let connector = self.connection.connector();
        let body = request.body().map(Bytes::copy_from_slice);
        let mut outgoing = http::Request::builder()
            .method(http::Method::from(operation.method))
            .uri(self.connection.url(operation.api, &request.path_and_query()))
            .header(ACCEPT, HeaderValue::from_static("application/json"))
            .header(USER_AGENT, format!("{}-connector/{}", connector.id, connector.version))
            .body(body.clone().unwrap_or_default())?;
        let headers = outgoing.headers_mut();
        if body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
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
            headers.append(name, value);
        }
        Ok(outgoing)
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Client").field("connection", &self.connection).finish_non_exhaustive()
    }
}
