//! Notes a change in storage before each sending of its request, and afterwards what became of it: at the last moment before
//! and the first after, so that nobody else's change is taken for it.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use connector_runtime::{
    BoxFuture, Changes, Class, Error, HttpTransport, Reply, Sent, Transport, TransportError,
};

use crate::clock::Clock;
use crate::storage::{Cause, ChangeOutcome, NewChange, OwnChanges};

/// The notes about one call.
pub(crate) struct Noted {
    changes: Arc<dyn OwnChanges>,
    change: NewChange,
    /// Where the id of what was made stands.
    resource: Changes,
    clock: Clock,
    /// The last sending, as long as it is not settled.
    open: Mutex<Option<i64>>,
}

/// Sends over HTTP what was noted before.
pub(super) struct Noting {
    pub(super) transport: HttpTransport,
    /// The method of the call: whatever else the client may send on the way, such as a question whether the token still
    /// works, changes nothing.
    pub(super) method: http::Method,
    pub(super) noted: Arc<Noted>,
}

/// What an exchange tells of whether something was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    /// Certainly nothing.
    Nothing,
    /// It was, or may have been; the class of the whole call tells more.
    Perhaps,
}

impl Noted {
    pub(super) fn new(
        changes: Arc<dyn OwnChanges>,
        change: NewChange,
        resource: Changes,
        clock: Clock,
    ) -> Self {
        Self { changes, change, resource, clock, open: Mutex::new(None) }
    }

    /// Notes what the call came to.
    pub(crate) async fn settle(&self, outcome: &Result<Reply<()>, Error>) {
        let Some(number) = self.take() else { return };
        self.note(number, settled(outcome, self.resource)).await;
    }

    async fn begin(&self) -> Result<i64, TransportError> {
        let cause = Cause { at_ms: self.clock.now_ms(), ..self.change.cause.clone() };
        let begun = self.changes.begin_change(NewChange { cause, ..self.change.clone() }).await;
        begun.map_err(|error| {
            tracing::error!(%error, "a change cannot be noted, and is not made");
            let what = "the change could not be noted in the storage, so that nothing was sent";
            TransportError { sent: Sent::No, what, source: Some(error.into()), unreadable: None }
        })
    }

    async fn note(&self, number: i64, outcome: ChangeOutcome) {
        let noted = self.changes.settle_change(number, outcome, self.clock.now_ms()).await;
        if let Err(error) = noted {
            // What is not settled counts as received after a while.
            tracing::error!(%error, "storage cannot note what became of a change");
        }
    }

    fn take(&self) -> Option<i64> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn keep(&self, number: i64) {
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = Some(number);
    }
}

impl Noting {
    async fn exchange(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        if *request.method() != self.method {
            return self.transport.send(request).await;
        }
        // A sending before may have been received, since the client makes another.
        if let Some(former) = self.noted.take() {
            self.noted.note(former, ChangeOutcome::Stands(None)).await;
        }
        let number = self.noted.begin().await?;
        let sent = self.transport.send(request).await;
        match told(&sent) {
            Told::Nothing => self.noted.note(number, ChangeOutcome::Nothing).await,
            Told::Perhaps => self.noted.keep(number),
        }
        sent
    }
}

impl Transport for Noting {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>> {
        Box::pin(self.exchange(request))
    }
}

fn told(sent: &Result<http::Response<Bytes>, TransportError>) -> Told {
    let status = match sent {
        Ok(answer) => Some(answer.status()),
        Err(TransportError { sent: Sent::No, .. }) => return Told::Nothing,
        Err(TransportError { unreadable, .. }) => unreadable.as_ref().and_then(|answer| answer.status()),
    };
    if status.is_some_and(|status| status.is_client_error()) { Told::Nothing } else { Told::Perhaps }
}

/// What a call comes to whose last sending may have been received. A quota that another status stands in for was not
/// carried out.
fn settled(outcome: &Result<Reply<()>, Error>, resource: Changes) -> ChangeOutcome {
    match outcome {
        Ok(reply) => ChangeOutcome::Stands(resource.id_in(&reply.json)),
        Err(error) if matches!(error.class(), Class::RateLimitedWindow | Class::RateLimitedOverload) => {
            ChangeOutcome::Nothing
        }
        Err(_) => ChangeOutcome::Stands(None),
    }
}

#[cfg(test)]
mod tests {
    use bigcommerce_connector::CONNECTOR;
    use connector_runtime::pacing::Gates;
    use connector_runtime::{Client, Connection, SecretString};
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::time::Duration;

    use super::super::Acting;
    use super::*;
    use crate::clock::stepped::Steps;
    use crate::connections::tests::{connection, row};
    use crate::loops::Loops;
    use crate::storage::{ChangeQuestion, OwnChange, SqliteOptions, SqliteStorage, Storage as _};

    const NOW: i64 = 1_764_000_000_000;
    const WITHIN: Duration = Duration::from_secs(65);

    /// What is remembered of product 111 or of what has no id yet, after an action was answered with this, and while.
    async fn remembered(action: &str, input: &str, answer: &'static str) -> [Vec<OwnChange>; 2] {
        let folder = tempfile::tempdir().unwrap();
        let storage = SqliteStorage::open(&folder.path().join("storage"), SqliteOptions::default()).unwrap();
        storage.put_connection(row(&connection("c1", "abc123"), 1)).await.unwrap();
        let storage = Arc::new(storage);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let (asked, answering) = (std::sync::mpsc::channel::<()>(), std::sync::mpsc::channel::<()>());
        let (tell_asked, wait_answer) = (asked.0, answering.1);
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            // The head is enough: the answer closes the connection.
            let mut bytes = [0; 4096];
            assert!(stream.read(&mut bytes).unwrap() > 0);
            tell_asked.send(()).unwrap();
            wait_answer.recv().unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        });
        let token = [("access_token", SecretString::from("hush"))];
        let vendor = Connection::new(&CONNECTOR, &[("store_hash", "abc123")], &token).unwrap();
        let request = CONNECTOR.action(action).unwrap().prepare(input.as_bytes()).unwrap();
        let owner = super::super::Owner { connection: "c1".to_owned(), account: "abc123".to_owned() };
        let change =
            super::super::change(&owner, &request, &super::super::Behalf::default(), WITHIN).unwrap();
        let resource = request.operation().changes.unwrap();
        let noted = Arc::new(Noted::new(storage.clone(), change, resource, Steps::at(NOW).clock()));
        let transport = HttpTransport::new(Client::DEFAULT_TIMEOUT).unwrap();
        let noting =
            Noting { transport, method: request.operation().method.into(), noted: Arc::clone(&noted) };
        let client = Client::with_transport(vendor.at_origin(&origin).unwrap(), noting);
        let question = || ChangeQuestion {
            account: "abc123".to_owned(),
            resource_type: resource.resource.to_owned(),
            resource_id: "111".to_owned(),
            from_ms: NOW,
            to_ms: NOW,
        };
        let calling = tokio::spawn(async move {
            let outcome = client.send(request).await;
            noted.settle(&outcome).await;
        });
        tokio::task::spawn_blocking(move || asked.1.recv().unwrap()).await.unwrap();
        let during = storage.changes_of(question()).await.unwrap();
        answering.0.send(()).unwrap();
        calling.await.unwrap();
        server.join().unwrap();
        [during, storage.changes_of(question()).await.unwrap()]
    }

    const UPDATE: &str = r#"{"product_id": 111, "name": "A"}"#;
    const CREATE: &str = r#"{"name": "A", "type": "physical", "weight": 1, "price": 1}"#;

    #[tokio::test]
    async fn a_change_is_noted_before_its_answer_and_stands_after_it() {
        let done = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"data\":{\"id\":111},\"meta\":{}}";
        for (action, input, is_known) in [("update-product", UPDATE, true), ("create-product", CREATE, false)]
        {
            let [during, after] = remembered(action, input, done).await;
            assert_eq!(during.len(), 1, "{action}");
            assert_eq!((during[0].is_settled, during[0].is_known), (false, is_known), "{action}");
            assert_eq!(during[0].answer_by_ms, NOW + 65_000, "{action}");
            assert_eq!((after[0].is_settled, after[0].is_known), (true, true), "{action}");
        }
    }

    #[tokio::test]
    async fn an_answer_is_awaited_as_long_as_the_exchange_may_take() {
        let folder = tempfile::tempdir().unwrap();
        let storage = SqliteStorage::open(&folder.path().join("storage"), SqliteOptions::default()).unwrap();
        let loops = Loops { changes: Arc::new(storage), remember: Duration::from_secs(600) };
        let token = [("access_token", SecretString::from("hush"))];
        let request = CONNECTOR.action("create-product").unwrap().prepare(CREATE.as_bytes()).unwrap();
        let owner = super::super::Owner { connection: "c1".to_owned(), account: "abc123".to_owned() };
        for (timeout, expected) in [(Client::DEFAULT_TIMEOUT, 35), (Duration::from_secs(86_400), 86_405)] {
            let acting = Acting::new(Gates::new(), loops.clone(), Steps::at(NOW).clock(), timeout).unwrap();
            let vendor = Connection::new(&CONNECTOR, &[("store_hash", "abc123")], &token).unwrap();
            let (_, noted) = acting.client(vendor, &owner, &request, &super::super::Behalf::default());
            assert_eq!(noted.unwrap().change.answer_within, Duration::from_secs(expected));
        }
    }

    #[tokio::test]
    async fn what_was_refused_hides_nobody_elses_change() {
        for refusal in [
            "HTTP/1.1 422 Unprocessable\r\nConnection: close\r\n\r\n{}",
            "HTTP/1.1 422 Unprocessable\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n{}",
            "HTTP/1.1 429 Slow\r\nConnection: close\r\n\r\n",
            "HTTP/1.1 500 Slow\r\nX-Retry-After: 5\r\nConnection: close\r\n\r\n",
        ] {
            let [during, after] = remembered("update-product", UPDATE, refusal).await;
            assert_eq!((during.len(), after.len()), (1, 0), "{refusal}");
        }
    }

    #[tokio::test]
    async fn what_may_have_been_carried_out_stands_where_its_resource_is_known() {
        for doubtful in [
            "HTTP/1.1 502 Bad\r\nConnection: close\r\n\r\n",
            "HTTP/1.1 200 OK\r\n",
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n{}",
        ] {
            let [_, after] = remembered("update-product", UPDATE, doubtful).await;
            assert_eq!(after.len(), 1, "{doubtful}");
            assert!(after[0].is_settled, "{doubtful}");
            let [during, after] = remembered("create-product", CREATE, doubtful).await;
            assert_eq!((during.len(), after.len()), (1, 0), "{doubtful}");
        }
    }

    #[tokio::test]
    async fn what_the_client_asks_on_the_way_is_no_change() {
        let folder = tempfile::tempdir().unwrap();
        let storage = SqliteStorage::open(&folder.path().join("storage"), SqliteOptions::default()).unwrap();
        let request = CONNECTOR.action("update-product").unwrap().prepare(UPDATE.as_bytes()).unwrap();
        let owner = super::super::Owner { connection: "c1".to_owned(), account: "abc123".to_owned() };
        let change =
            super::super::change(&owner, &request, &super::super::Behalf::default(), WITHIN).unwrap();
        let resource = request.operation().changes.unwrap();
        let noted = Arc::new(Noted::new(Arc::new(storage), change, resource, Steps::at(NOW).clock()));
        let transport = HttpTransport::new(Client::DEFAULT_TIMEOUT).unwrap();
        let noting = Noting { transport, method: request.operation().method.into(), noted };
        // The connection is not stored, so that a note would fail, and the port takes nobody.
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let asked = |method: http::Method| {
            let request = http::Request::builder().method(method).uri(format!("http://{closed}/"));
            noting.send(request.body(Bytes::new()).unwrap())
        };
        assert_eq!(asked(http::Method::GET).await.unwrap_err().what, "no connection came about");
        assert!(
            asked(http::Method::PUT).await.unwrap_err().what.starts_with("the change could not be noted")
        );
    }

    #[tokio::test]
    async fn nothing_is_sent_that_cannot_be_noted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("storage");
        let storage = Arc::new(SqliteStorage::open(&path, SqliteOptions::default()).unwrap());
        let token = [("access_token", SecretString::from("hush"))];
        let vendor = Connection::new(&CONNECTOR, &[("store_hash", "abc123")], &token).unwrap();
        let request = CONNECTOR.action("update-product").unwrap().prepare(UPDATE.as_bytes()).unwrap();
        // A connection that is not stored.
        let owner = super::super::Owner { connection: "c1".to_owned(), account: "abc123".to_owned() };
        let change =
            super::super::change(&owner, &request, &super::super::Behalf::default(), WITHIN).unwrap();
        let resource = request.operation().changes.unwrap();
        let noted = Arc::new(Noted::new(storage, change, resource, Steps::at(NOW).clock()));
        let transport = HttpTransport::new(Client::DEFAULT_TIMEOUT).unwrap();
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", silent.local_addr().unwrap());
        let noting = Noting { transport, method: request.operation().method.into(), noted };
        let client = Client::with_transport(vendor.at_origin(&origin).unwrap(), noting);
        let error = client.send(request).await.unwrap_err();
        assert_eq!(error.class(), Class::TransportUnsent);
        silent.set_nonblocking(true).unwrap();
        assert!(silent.accept().is_err(), "nobody connected");
    }
}
