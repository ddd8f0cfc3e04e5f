//! A caller's JSON as the input of an action: stricter than an answer, and everything wrong is told at once.

use connector_runtime::{
    Action, ActionEntry, Api, Class, Date, DateFormat, DateTime, Decimal, DecimalFormat, Envelope,
    ErrorShape, Operation, Parameter, Request, impl_input,
};

use crate::records::Colour;

static API: Api = Api {
    id: "v1",
    server: "https://api.acme.example",
    base: "/accounts/{account}",
    envelope: Envelope::None,
    errors: ErrorShape::Object { message: "message", fields: "fields" },
    dates: DateFormat::Rfc2822,
    decimals: DecimalFormat::Number,
    request_id: None,
};

static OPERATION: Operation =
    Operation::get("price-item", &API, "/items/{name}/price").title("Price an item").parameters(&[
        Parameter::path("name").minimum("2").maximum("5"),
        Parameter::query("price").required().minimum("0.01").maximum("999.99"),
        Parameter::query("colours").wire("colour:in").maximum("2"),
        Parameter::query("ratio").maximum("1"),
        Parameter::query("since").wire("min_date"),
        Parameter::query("day"),
        Parameter::query("is_new"),
        Parameter::query("discount"),
        Parameter::query("shop"),
    ]);

struct PriceItem {
    name: String,
    price: Decimal,
    colours: Option<Vec<Colour>>,
    ratio: Option<f64>,
    since: Option<DateTime>,
    day: Option<Date>,
    is_new: Option<bool>,
    discount: Option<Decimal>,
    shop: Option<i64>,
}

impl Action for PriceItem {
    type Output = bool;
    const OPERATION: &'static Operation = &OPERATION;
}

impl_input!(PriceItem {
    "name" => name, "price" => price, "colours" => colours, "ratio" => ratio, "since" => since, "day" => day,
    "is_new" => is_new, "discount" => discount, "shop" => shop,
});

#[track_caller]
fn prepared(input: &str) -> Request {
    ActionEntry::of::<PriceItem>().prepare(input.as_bytes()).unwrap_or_else(|error| panic!("{error}"))
}

/// What is wrong with this input, one `field: message` each.
#[track_caller]
fn faults(input: &str) -> Vec<String> {
    let error = ActionEntry::of::<PriceItem>().prepare(input.as_bytes()).expect_err(input);
    assert_eq!((error.class(), error.status()), (Class::Validation, None));
    error.violations().iter().map(ToString::to_string).collect()
}

#[test]
fn every_value_goes_where_the_operation_says_in_the_form_of_its_api() {
    let request = prepared(
        r#"{"name":"j\u00e4r","price":"12.50","colours":["blue","red"],"ratio":0.5,"is_new":false,
            "since":"2019-03-05T21:40:11+00:00","day":"2019-03-05","discount":1e-1}"#,
    );
    assert_eq!(
        request.path_and_query(),
        "/items/j%C3%A4r/price?price=12.50&colour:in=blue,red&ratio=0.5\
         &min_date=Tue%2C%205%20Mar%202019%2021%3A40%3A11%20%2B0000&day=2019-03-05&is_new=false&discount=0.1"
    );
    assert_eq!(request.operation().id, "price-item");
}

#[test]
fn what_is_not_given_is_not_sent() {
    let request = prepared(r#"{"name":"jar","price":1}"#);
    assert_eq!(request.path_and_query(), "/items/jar/price?price=1");
}

#[test]
fn a_blank_is_no_way_to_leave_a_value_out() {
    assert_eq!(
        faults(r#"{"name":"jar","price":1,"since":"","day":"","discount":""}"#),
        [
            "since: expected a date with time, found an empty string",
            "day: expected a date, found an empty string",
            "discount: expected a decimal number, found an empty string"
        ]
    );
}

#[test]
fn a_date_is_sent_as_it_came_and_holds_no_time() {
    assert_eq!(
        faults(r#"{"name":"jar","price":1,"day":"2019-03-05T21:40:11Z"}"#),
        ["day: must be a date like 2019-03-05"]
    );
}

#[test]
fn the_digits_of_a_decimal_may_be_escaped_as_in_any_text() {
    let request = prepared(r#"{"name":"jar","price":"\u0031.5"}"#);
    assert_eq!(request.path_and_query(), "/items/jar/price?price=1.5");
    assert_eq!(
        faults(r#"{"name":"jar","price":"1\\"}"#),
        ["price: expected a decimal number, found another string"]
    );
}

#[test]
fn bounds_hold_for_lengths_counts_and_exact_numbers() {
    for (name, price) in [("jä", "0.01"), ("jarsé", "999.99")] {
        prepared(&format!(r#"{{"name":"{name}","price":{price},"colours":["red","red"],"ratio":1}}"#));
    }
    assert_eq!(
        faults(r#"{"name":"j","price":0.0099999999999999999999999999,"ratio":1.5}"#),
        ["name: must be at least 2 characters", "price: must be at least 0.01", "ratio: must be at most 1"]
    );
    assert_eq!(
        faults(r#"{"name":"sixsix","price":1000,"colours":["red","red","red"]}"#),
        [
            "name: must be at most 5 characters",
            "price: must be at most 999.99",
            "colours: must be at most 2 items"
        ]
    );
}

#[test]
fn a_blank_price_is_not_a_price_of_zero() {
    assert_eq!(
        faults(r#"{"name":"jar","price":""}"#),
        ["price: expected a decimal number, found an empty string"]
    );
    assert_eq!(faults(r#"{"name":"jar","price":null}"#), ["price: expected a decimal number, found null"]);
    assert_eq!(faults(r#"{"name":"jar"}"#), ["price: is required"]);
}

#[test]
fn a_list_in_a_query_has_items_and_each_stays_one() {
    assert_eq!(
        faults(r#"{"name":"jar","price":1,"colours":[]}"#),
        ["colours: must have items: leave it out to send nothing"]
    );
}

#[test]
fn enumerations_are_closed() {
    assert_eq!(
        faults(r#"{"name":"jar","price":1,"colours":["red","mauve"]}"#),
        ["colours[1]: expected one of red, blue"]
    );
}

#[test]
fn a_date_that_is_none_is_refused_where_it_must_be_written() {
    assert_eq!(
        faults(r#"{"name":"jar","price":1,"since":"yesterday"}"#),
        ["since: must be a date like 2019-03-05T21:40:11Z"]
    );
}

#[test]
fn everything_wrong_is_told_at_once_and_once_by_place() {
    let mut faults =
        faults(r#"{"name":"","prise":1,"colours":"red","ratio":{},"is_new":"yes","discount":[]}"#);
    faults.sort_unstable();
    assert_eq!(
        faults,
        [
            "colours: expected a list, found a string",
            "discount: expected a decimal number, found a list",
            "is_new: expected a boolean, found a string",
            "name: must be at least 2 characters",
            "price: is required",
            "prise: unknown field",
            "ratio: expected a number, found an object",
        ]
    );
}

#[test]
fn of_a_doubled_field_the_last_counts() {
    let request = prepared(r#"{"name":"jar","name":"box","price":1,"price":2}"#);
    assert_eq!(request.path_and_query(), "/items/box/price?price=2");
}
