//! Operations of every paging style, and a server in memory that answers them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use connector_runtime::pacing::Gates;
use connector_runtime::{
    Api, BoxFuture, Client, Connection, Connector, Credential, DateFormat, DecimalFormat, Envelope, Error,
    ErrorShape, Operation, Paging, PagingStyle, Parameter, PastEnd, Placement, RateLimit, Request, Returns,
    SecretString, Transport, TransportError, impl_input,
};

pub(crate) static ACME: Connector = Connector {
    id: "acme",
    title: "Acme",
    version: "1.2.3",
    docs: "https://acme.example/docs",
    fields: &[],
    credentials: &[Credential {
        name: "key",
        title: "key",
        description: "Stands in the query.",
        placement: Placement::Query("key"),
    }],
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
        overload_wait: std::time::Duration::from_secs(1),
        max_wait: std::time::Duration::from_secs(120),
    },
    webhooks: None,
    triggers: &[],
    actions: &[],
    catalog: "{}",
};

static API: Api = Api {
    id: "v1",
    server: "https://api.acme.example",
    base: "/v1",
    envelope: Envelope::Object { data: "data", meta: Some("meta") },
    errors: ErrorShape::Object { message: "message", fields: "fields" },
    dates: DateFormat::Rfc3339,
    decimals: DecimalFormat::Number,
    request_id: None,
};

const PARAMETERS: &[Parameter] = &[
    Parameter::query("page").wire("p"),
    Parameter::query("skip").wire("offset"),
    Parameter::query("mark").wire("after"),
    Parameter::query("limit").wire("per_page"),
    Parameter::query("word").wire("word:like"),
    Parameter::repeated_query("ids").wire("id"),
];

#[derive(Default)]
pub(crate) struct ListThings {
    pub(crate) page: Option<String>,
    pub(crate) skip: Option<String>,
    pub(crate) mark: Option<String>,
    pub(crate) limit: Option<i64>,
    pub(crate) word: Option<String>,
    pub(crate) ids: Option<Vec<i64>>,
}

impl_input!(ListThings {
    "page" => page, "skip" => skip, "mark" => mark, "limit" => limit, "word" => word, "ids" => ids,
});

/// Two items a page unless the caller gives a size, three at most.
const fn paging(style: PagingStyle) -> Paging {
    Paging::new(style, "limit", 2, 3)
}

const fn numbered(first: u32, total: Option<&'static str>) -> Paging {
    paging(PagingStyle::Page { parameter: "page", first, total })
}

const PAST: &[PastEnd] = &[
    PastEnd { status: 404, code: None },
    PastEnd { status: 400, code: Some(("error.code", "no_page")) },
    PastEnd { status: 422, code: Some(("error.number", "7")) },
];

static PAGE: Paging = numbered(1, Some("pages.total"));
static PAGE_FROM_ZERO: Paging = numbered(0, Some("total"));
static PAGE_AND_ITEMS: Paging = numbered(1, Some("pages.total")).items("pages.items");
static PAGE_ALONE: Paging = numbered(1, None);
static PAGE_SHORT: Paging = numbered(1, None).ends_short();
static PAGE_FLAG: Paging = numbered(1, None).more("more");
static PAGE_PAST: Paging = numbered(1, None).past_end(PAST);
static OFFSET: Paging = paging(PagingStyle::Offset { parameter: "skip" });
static OFFSET_OF_ITEMS: Paging = paging(PagingStyle::Offset { parameter: "skip" }).items("total");
static CURSOR: Paging = paging(PagingStyle::Cursor { parameter: "mark", next: "cursor.next" });
static CURSOR_FLAG: Paging =
    paging(PagingStyle::Cursor { parameter: "mark", next: "cursor.next" }).more("more");
static LINK: Paging = paging(PagingStyle::Link { next: "links.next" });

const LIST: Operation =
    Operation::get("list-things", &API, "/things").parameters(PARAMETERS).returns(Returns::List);
pub(crate) static BY_PAGE: Operation = LIST.paging(&PAGE);
pub(crate) static BY_PAGE_FROM_ZERO: Operation = LIST.paging(&PAGE_FROM_ZERO);
pub(crate) static BY_PAGE_AND_ITEMS: Operation = LIST.paging(&PAGE_AND_ITEMS);
pub(crate) static BY_PAGE_ALONE: Operation = LIST.paging(&PAGE_ALONE);
pub(crate) static BY_PAGE_SHORT: Operation = LIST.paging(&PAGE_SHORT);
pub(crate) static BY_PAGE_FLAG: Operation = LIST.paging(&PAGE_FLAG);
pub(crate) static BY_PAGE_PAST: Operation = LIST.paging(&PAGE_PAST);
pub(crate) static BY_OFFSET: Operation = LIST.paging(&OFFSET);
pub(crate) static BY_OFFSET_OF_ITEMS: Operation = LIST.paging(&OFFSET_OF_ITEMS);
pub(crate) static BY_CURSOR: Operation = LIST.paging(&CURSOR);
pub(crate) static BY_CURSOR_FLAG: Operation = LIST.paging(&CURSOR_FLAG);
pub(crate) static BY_LINK: Operation = LIST.paging(&LINK);
pub(crate) static NO_PAGES: Operation = LIST;

pub(crate) const SECRET: &str = "s3cr3t";

pub(crate) fn connection() -> Connection {
    Connection::new(&ACME, &[], &[("key", SecretString::from(SECRET))]).expect("it is valid")
}

/// The query of a request by wire name.
pub(crate) type Query = BTreeMap<String, String>;

/// A number of a query; `otherwise` when it is absent.
pub(crate) fn number(query: &Query, name: &str, otherwise: usize) -> usize {
    query.get(name).map_or(otherwise, |text| text.parse().expect("a number"))
}

type Respond = dyn Fn(&Query, usize) -> (u16, String) + Send + Sync;

/// A server that answers a query and the number of the request, from zero.
#[derive(Clone)]
struct Server {
    respond: Arc<Respond>,
    queries: Arc<Mutex<Vec<Query>>>,
}

impl Transport for Server {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>> {
        let query = request.uri().query().unwrap_or_default().split('&');
        let query: Query = query
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let mut queries = self.queries.lock().expect("no test panics with it");
        let (status, body) = (self.respond)(&query, queries.len());
        queries.push(query);
        let answer = http::Response::builder().status(status).body(Bytes::from(body)).expect("a response");
        Box::pin(async { Ok(answer) })
    }
}

/// What came of a walk.
#[derive(Debug)]
pub(crate) struct Walked {
    /// The items that came, in order.
    pub(crate) items: Vec<u64>,
    pub(crate) error: Option<Error>,
    /// The queries that reached the server.
    pub(crate) queries: Vec<Query>,
}

/// Walks all pages from the one that `input` asks for.
pub(crate) async fn walk(
    operation: &'static Operation,
    input: ListThings,
    respond: impl Fn(&Query, usize) -> (u16, String) + Send + Sync + 'static,
) -> Walked {
    let server = Server { respond: Arc::new(respond), queries: Arc::default() };
    let client = Client::with_transport(connection(), server.clone()).through(&Gates::new());
    let first = Request::new(operation, &input).expect("no constraints");
    let mut pages = client.pages_from(first).at_most(1_000);
    let (mut items, mut error) = (Vec::new(), None);
    while let Some(page) = pages.next().await {
        match page {
            Ok(reply) => items.extend(reply.json.parse::<Vec<u64>>().expect("numbers")),
            Err(fault) => {
                error = Some(fault);
                break;
            }
        }
    }
    let queries = server.queries.lock().expect("no test panics with it").clone();
    Walked { items, error, queries }
}
