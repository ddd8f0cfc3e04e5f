//! Actions for workflows: one call of the API beside the metrics, `POST /connections/{connection}/actions/{action}`.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest as _, Path, Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use connector_runtime::{ActionEntry, Class, Connection, Connector, Patience, SecretString, text};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::answer::answer;
use super::problem::{self, Problem};
use super::under_way::UnderWay;
use super::{Acting, Behalf, Owner, name, refusal};
use crate::clock::Clock;
use crate::connections::{Directory, Entry, Lifecycle};
use crate::serve::health::is_bearer;
use crate::suggestion::suggestions;

/// The most bytes of an input.
const LARGEST: usize = 1024 * 1024;

/// How long a call may be let wait, in milliseconds: ten minutes.
const LONGEST_MS: u64 = 10 * 60 * 1000;

const WAIT: &str = "connector-wait-ms";
const CAUSED_BY: &str = "connector-caused-by";
const WORKFLOW: &str = "connector-workflow";

/// Where calls are counted.
pub(crate) trait ActionTally: Send + Sync {
    /// A call was answered: `ok`, or with the class of an error.
    fn acted(&self, outcome: &'static str);
}

/// What workflows call.
pub(crate) struct Desk {
    /// Whose actions they are.
    pub(crate) connector: &'static Connector,
    /// Runs them.
    pub(crate) acting: Arc<Acting>,
    /// The connections.
    pub(crate) directory: Arc<Directory>,
    /// Who marks a connection whose credentials are refused.
    pub(crate) lifecycle: Arc<Lifecycle>,
    /// What every call wants; without one there is no API.
    pub(crate) token: Option<SecretString>,
    /// How long a body may take.
    pub(crate) body_timeout: Duration,
    /// Counts.
    pub(crate) tally: Arc<dyn ActionTally>,
    /// Counts the calls that have not ended.
    pub(crate) under_way: UnderWay,
    /// The time.
    pub(crate) clock: Clock,
}

/// The routes. Once the service stops nothing more is begun.
pub(crate) fn router(desk: Arc<Desk>, stopping: watch::Receiver<bool>) -> Router {
    let gate = from_fn(move |request, next: Next| {
        let is_stopping = *stopping.borrow();
        async move {
            match is_stopping {
                true => Problem::own(problem::STOPPING, "the service is about to stop").response(),
                false => next.run(request).await,
            }
        }
    });
    Router::new()
        .route("/connections/{connection}/actions/{action}", post(act).layer(gate))
        .layer(DefaultBodyLimit::max(LARGEST))
        .with_state(desk)
}

async fn act(
    State(desk): State<Arc<Desk>>,
    Path((connection, action)): Path<(String, String)>,
    request: Request,
) -> Response {
    let began = desk.clock.instant();
    // What was asked for may be anything: only what is known is written down.
    let known = desk.connector.action(&action).map(|entry| entry.operation.id);
    let call = match desk.prepare(&connection, &action, request).await {
        Ok(call) => call,
        Err(problem) => {
            desk.tell(known, began, Err(&problem));
            return problem.response();
        }
    };
    // Whoever hangs up does not undo a call: what became of it is noted and counted all the same.
    let place = desk.under_way.begin();
    let calling = tokio::spawn(async move {
        let outcome = desk.call(call).await;
        desk.tell(known, began, outcome.as_ref());
        drop(place);
        outcome
    });
    match calling.await {
        Ok(Ok(body)) => (StatusCode::OK, [(CONTENT_TYPE, "application/json")], body).into_response(),
        Ok(Err(problem)) => problem.response(),
        Err(_) => Problem::own(problem::FAILED, "the call was broken off").response(),
    }
}

/// A call that can be made.
struct Call {
    action: &'static ActionEntry,
    entry: Arc<Entry>,
    vendor: Connection,
    owner: Owner,
    prepared: connector_runtime::Request,
    asked: Asked,
}

impl Desk {
    /// Counts a call that was answered, and writes down how long it took.
    fn tell(&self, action: Option<&str>, began: Instant, outcome: Result<&String, &Problem>) {
        let word = outcome.map_or_else(Problem::class, |_| "ok");
        self.tally.acted(word);
        let microseconds = u64::try_from(self.clock.since(began).as_micros()).unwrap_or(u64::MAX);
        match outcome {
            Ok(_) => tracing::debug!(action, outcome = word, microseconds, "action"),
            Err(_) => tracing::info!(action, outcome = word, microseconds, "an action failed"),
        }
    }

    async fn prepare(&self, connection: &str, action: &str, request: Request) -> Result<Call, Problem> {
        self.admit(request.headers())?;
        let entry = self.entry(connection).await?;
        if let Some(error) = refusal(entry.row()) {
            return Err(Problem::of(&error));
        }
        let live = entry.state.as_ref().map_err(|why| {
            Problem::own(problem::UNUSABLE, &format!("the connection cannot be used: {why}"))
        })?;
        let known = self.connector.action(action).ok_or_else(|| self.unknown_action(action))?;
        let asked = Asked::read(request.headers())?;
        let input = self.input(request).await?;
        let prepared = known.prepare(&input).map_err(|error| Problem::of(&error))?;
        let vendor = live.connection.connect(self.connector).map_err(|error| Problem::of(&error))?;
        let owner = Owner::of(&live.connection);
        Ok(Call { action: known, vendor, owner, prepared, asked, entry })
    }

    async fn call(&self, call: Call) -> Result<String, Problem> {
        let Call { action, entry, vendor, owner, prepared, asked } = call;
        let (request, connection) = (prepared.clone(), vendor.clone());
        match self.acting.run(vendor, &owner, request, &asked.behalf, asked.patience).await {
            Ok(reply) => {
                // A caller who reads page after page must not take an unreadable answer for the end of the list.
                let next = connection.next_page(&prepared, &reply).map_err(|error| Problem::of(&error))?;
                Ok(answer(action, &prepared, &reply, next.as_ref()).to_json())
            }
            Err(error) => {
                if error.class() == Class::AuthRevoked {
                    self.lifecycle.note_refused(entry.row()).await;
                }
                Err(Problem::of(&error))
            }
        }
    }

    fn admit(&self, headers: &HeaderMap) -> Result<(), Problem> {
        match &self.token {
            None => Err(Problem::own(problem::NO_TOKEN, "the service has no token for workflows")),
            Some(token) if is_bearer(headers, token) => Ok(()),
            Some(_) => Err(Problem::own(problem::WRONG_TOKEN, "this is not the token of the service")),
        }
    }

    /// The connection; one that is not known may just have been made by another process.
    async fn entry(&self, id: &str) -> Result<Arc<Entry>, Problem> {
        if let Some(entry) = self.directory.of_id(id) {
            return Ok(entry);
        }
        let refreshed = self.directory.refresh().await;
        if let Err(error) = refreshed {
            tracing::error!(%error, "the connections cannot be read");
        }
        self.directory
            .of_id(id)
            .ok_or_else(|| Problem::own(problem::UNKNOWN_CONNECTION, "there is no such connection"))
    }

    fn unknown_action(&self, given: &str) -> Problem {
        let ids = self.connector.actions.iter().map(|action| action.operation.id);
        let near = suggestions(given, ids);
        let hint = near.first().map(|id| format!("; did you mean {id}?")).unwrap_or_default();
        Problem::own(problem::UNKNOWN_ACTION, &format!("there is no such action{hint}"))
    }

    /// The body; none is an input without fields.
    async fn input(&self, request: Request) -> Result<Bytes, Problem> {
        let is_json = is_json(request.headers());
        let read = timeout(self.body_timeout, Bytes::from_request(request, &())).await;
        let body = match read {
            Err(_) => return Err(Problem::own(problem::SLOW_BODY, "the body took too long")),
            Ok(Ok(body)) => body,
            Ok(Err(rejection)) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                return Err(Problem::too_large(&format!("an input has at most {LARGEST} bytes")));
            }
            Ok(Err(_)) => return Err(Problem::own(problem::BAD_REQUEST, "the body broke off")),
        };
        match (text::without_mark(&body).is_empty(), is_json) {
            (true, _) => Ok(Bytes::from_static(b"{}")),
            (false, true) => Ok(body),
            (false, false) => Err(Problem::own(problem::WRONG_MEDIA_TYPE, "an input is a JSON object")),
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("application/json")
}

/// What the headers of a call ask for.
#[derive(Debug, PartialEq)]
struct Asked {
    patience: Patience,
    behalf: Behalf,
}

impl Asked {
    fn read(headers: &HeaderMap) -> Result<Self, Problem> {
        let bad = |header: &str, what: &str| {
            Problem::own(problem::BAD_REQUEST, &format!("the header {header} {what}"))
        };
        let named = |header: &str| match headers.get(header) {
            None => Ok(None),
            Some(value) => {
                let text = std::str::from_utf8(value.as_bytes()).ok().and_then(name);
                text.map(Some).ok_or_else(|| bad(header, "takes 1 to 200 characters on one line"))
            }
        };
        let wait = match headers.get(WAIT) {
            None => 0,
            Some(value) => {
                let number = value.to_str().ok().and_then(|text| text.parse::<u64>().ok());
                let number = number.filter(|number| *number <= LONGEST_MS);
                number.ok_or_else(|| bad(WAIT, &format!("takes 0 to {LONGEST_MS} milliseconds")))?
            }
        };
        let patience = match wait {
            0 => Patience::Surface,
            wait => Patience::Within(Duration::from_millis(wait)),
        };
        Ok(Self { patience, behalf: Behalf { caused_by: named(CAUSED_BY)?, workflow: named(WORKFLOW)? } })
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn asked(headers: &[(&'static str, &'static str)]) -> Result<Asked, &'static str> {
        let headers = headers.iter().map(|(name, value)| {
            (http::HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap())
        });
        Asked::read(&headers.collect()).map_err(|problem| problem.class())
    }

    #[test]
    fn a_call_surfaces_at_once_unless_it_may_wait() {
        assert_eq!(asked(&[]).unwrap().patience, Patience::Surface);
        assert_eq!(asked(&[(WAIT, "0")]).unwrap().patience, Patience::Surface);
        let within = Patience::Within(Duration::from_millis(1500));
        assert_eq!(asked(&[(WAIT, "1500")]).unwrap().patience, within);
        for bad in ["", "-1", "1.5", "600001", "5s"] {
            assert_eq!(asked(&[(WAIT, bad)]), Err("bad_request"), "{bad}");
        }
    }

    #[test]
    fn on_whose_behalf_it_is_called_is_text_on_one_line() {
        let asked = |headers| asked(headers).map(|asked| asked.behalf);
        let both = asked(&[(CAUSED_BY, "0f6d"), (WORKFLOW, "Lager Münster")]).unwrap();
        let expected =
            Behalf { caused_by: Some("0f6d".to_owned()), workflow: Some("Lager Münster".to_owned()) };
        assert_eq!(both, expected);
        assert_eq!(asked(&[(WORKFLOW, "")]), Err("bad_request"));
    }
}
