//! An input with something of everything, and the records in it, as a generator would write them.

use std::collections::BTreeMap;

use connector_runtime::{
    Action, Api, Body, Boxed, Date, DateFormat, DateTime, Decimal, DecimalFormat, Envelope, ErrorShape,
    Extra, Json, Nullable, Operation, Parameter, Rules, impl_input, impl_record,
};

pub(crate) static API: Api = API_OF_NUMBERS;

pub(crate) const API_OF_NUMBERS: Api = Api {
    id: "v2",
    server: "https://api.acme.example",
    base: "",
    envelope: Envelope::None,
    errors: ErrorShape::Object { message: "message", fields: "fields" },
    dates: DateFormat::Rfc2822,
    decimals: DecimalFormat::Number,
    request_id: None,
};

static NAME: Rules = Rules::NONE.minimum("2").pattern("^[a-z]+$");

pub(crate) static PARAMETERS: &[Parameter] = &[
    Parameter::body("name").required().maximum("8"),
    Parameter::body("note").maximum("3"),
    Parameter::body("limit").wire("max_count").minimum("1"),
    Parameter::body("starts").wire("start_date"),
    Parameter::body("day"),
    Parameter::body("prices").maximum("2"),
    Parameter::body("by_shop").maximum("2"),
    Parameter::body("category"),
    Parameter::body("words").items(&NAME),
    Parameter::body("labels").items(&NAME),
    Parameter::body("config"),
    Parameter::body("ratio"),
    Parameter::header("trace").wire("X-Trace"),
    Parameter::query("dry_run").wire("dry-run"),
    Parameter::repeated_query("ids").wire("id"),
];

pub(crate) static CREATE: Operation =
    Operation::post("create-offer", &API, "/offers").parameters(PARAMETERS).body(Body::Object);

/// An offer of an imaginary API.
#[derive(Clone, Default)]
pub(crate) struct CreateOffer {
    pub(crate) name: String,
    pub(crate) note: Nullable<String>,
    pub(crate) limit: Nullable<i64>,
    pub(crate) starts: Option<DateTime>,
    pub(crate) day: Option<Date>,
    pub(crate) prices: Option<Vec<Price>>,
    pub(crate) by_shop: Nullable<BTreeMap<String, Price>>,
    pub(crate) category: Option<Category>,
    pub(crate) words: Option<Vec<String>>,
    pub(crate) labels: Option<BTreeMap<String, String>>,
    pub(crate) config: Option<Json>,
    pub(crate) ratio: Option<f64>,
    pub(crate) trace: Option<String>,
    pub(crate) dry_run: Option<bool>,
    pub(crate) ids: Option<Vec<i64>>,
}

impl CreateOffer {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }
}

impl_input!(CreateOffer {
    "name" => name, "note" => note, "limit" => limit, "starts" => starts, "day" => day, "prices" => prices,
    "by_shop" => by_shop, "category" => category, "words" => words, "labels" => labels, "config" => config,
    "ratio" => ratio, "trace" => trace, "dry_run" => dry_run, "ids" => ids,
});

impl Action for CreateOffer {
    type Output = Price;
    const OPERATION: &'static Operation = &CREATE;
}

static PRICE_RULES: &[Parameter] = &[
    Parameter::body("amount").required().minimum("0.01"),
    Parameter::body("currency").pattern("^[A-Z]{3}$"),
];

/// A price with rules of its own.
#[derive(Clone, Default)]
pub(crate) struct Price {
    pub(crate) amount: Option<Decimal>,
    pub(crate) currency: Option<String>,
    pub(crate) since: Option<DateTime>,
    pub(crate) until: Nullable<DateTime>,
    pub(crate) extra: Extra,
}

impl Price {
    pub(crate) fn new(amount: &str, currency: &str) -> Self {
        let amount = Some(amount.parse().expect("a number"));
        Self { amount, currency: Some(currency.to_owned()), ..Self::default() }
    }
}

impl_record!(Price {
    "amount" => amount, "currency" => currency, "since" => since, "until" => until,
} rules PRICE_RULES);

/// A record inside itself, without rules of its own.
#[derive(Clone, Default)]
pub(crate) struct Category {
    pub(crate) name: Option<String>,
    pub(crate) price: Option<Price>,
    pub(crate) parent: Option<Boxed<Category>>,
    pub(crate) extra: Extra,
}

impl_record!(Category { "name" => name, "price" => price, "parent" => parent });
