//! The client: from a request to a reply, with authentication on the way out and classification on the way back.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, HeaderValue, USER_AGENT};

use crate::action::Action;
use crate::answer::{self, Reply};
use crate::connection::Connection;
use crate::error::{Class, Error, Parts};
use crate::request::Request;
use crate::transport::{HttpTransport, Sent, Transport, TransportError};

/// Calls actions over one connection. Cheap to clone.
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
                Sent::Maybe => (Class::TransportUnknownOutcome, operation.effect.is_repeatable()),
            };
            let detail = failure.what.to_owned();
            Error::new(
                class,
                operation,
                Parts { detail, retryable, source: Some(failure.into()), ..Parts::default() },
            )
        })?;
        answer::read(connector, operation, &answer)
    }

    fn authenticate(&self, request: &Request) -> Result<http::Request<Bytes>, http::Error> {
        let operation = request.operation();
        let connector = self.connection.connector();
        let mut outgoing = http::Request::builder()
            .method(http::Method::from(operation.method))
            .uri(self.connection.url(operation.api, &request.path_and_query()))
            .header(ACCEPT, HeaderValue::from_static("application/json"))
            .header(USER_AGENT, format!("{}-connector/{}", connector.id, connector.version))
            .body(Bytes::new())?;
        outgoing.headers_mut().extend(self.connection.headers());
        Ok(outgoing)
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Client").field("connection", &self.connection).finish_non_exhaustive()
    }
}
