//! The columns of a table of answers. The catalog chooses them, so that every answer of an action has the same columns.

use serde_json::Value;

use crate::members::Members;
use crate::moments;
use crate::printable::printable;
use crate::schema::{self, Kind};

/// Words in the names of fields that tell most of a row, from the first on. None belongs to one API.
const TELLING: [&[&str]; 7] = [
    &["name", "title"],
    &["status", "state"],
    &["type", "kind"],
    &["sku", "code"],
    &["email"],
    &["price", "amount"],
    &["total"],
];

/// Words in the names of fields that hold a date or time.
const DATES: [&str; 7] = ["date", "time", "at", "created", "modified", "updated", "timestamp"];

/// No column of a list claims more than this when the columns are chosen.
const MOST: usize = 32;

/// The characters of a point in time by RFC 3339.
const MOMENT: usize = 20;

/// Seconds since the Unix epoch that are taken as a point in time: the years 2001 to 2286.
const SECONDS: std::ops::Range<i64> = 1_000_000_000..10_000_000_000;

/// A field of an answer's objects.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    /// The name of the field.
    pub(crate) name: String,
    /// The number of characters that its values usually have, or its name if that is longer.
    width: usize,
    is_scalar: bool,
    /// Whether its values are `true` and `false`, which call nothing by its name.
    is_flag: bool,
    form: Form,
}

/// How a value becomes text.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    /// As it is.
    Plain,
    /// A text of the API that is a point in time becomes RFC 3339.
    Moment,
    /// A whole number of seconds since the Unix epoch becomes RFC 3339.
    Epoch,
}

impl Column {
    /// The text of a JSON value in a cell; `None` for `null`.
    pub(crate) fn cell(&self, json: &str) -> Option<String> {
        let text = cell(json)?;
        Some(match self.form {
            Form::Plain => text,
            Form::Moment => moments::normalised(&text).unwrap_or(text),
            Form::Epoch => match text.parse::<i64>().ok().filter(|seconds| SECONDS.contains(seconds)) {
                Some(seconds) => moments::rfc3339(seconds.saturating_mul(1_000)),
                None => text,
            },
        })
    }
}

/// The fields of the objects that an action of the catalog answers with, in the order of the catalog; none if the catalog
/// describes no object. `definitions` is the member `$defs` of the catalog, once in the order of its text.
pub(crate) fn of_output(
    output: &Members,
    sample: &Members,
    (ordered, definitions): (&Members, &Value),
) -> Vec<Column> {
    let items: Option<Members> = output.get("items");
    let object = items.as_ref().unwrap_or(output);
    let reference: Option<String> = object.get("$ref");
    let named = reference.and_then(|path| ordered.get(path.strip_prefix("#/$defs/")?));
    let properties: Members = named.as_ref().unwrap_or(object).get("properties").unwrap_or_default();
    let column = |(name, property): (&str, &str)| {
        let property: Value = serde_json::from_str(property).ok()?;
        let kind = schema::kind(&property, definitions);
        let form = match kind {
            Kind::Text if schema::is_moment(&property, definitions) => Form::Moment,
            Kind::Integer if is_date(name) => Form::Epoch,
            _ => Form::Plain,
        };
        let usual = match (form, &kind) {
            (Form::Moment | Form::Epoch, _) => MOMENT,
            (_, Kind::Boolean) => "false".len(),
            (_, Kind::Integer | Kind::Number) => 8,
            _ => 16,
        };
        let width = sample.text(name).and_then(cell).map_or(usual, |text| text.chars().count());
        Some(Column {
            name: name.to_owned(),
            width: width.max(name.chars().count()),
            is_flag: kind == Kind::Boolean,
            is_scalar: !matches!(kind, Kind::List(_) | Kind::Json | Kind::JsonList),
            form,
        })
    };
    properties.iter().filter_map(column).collect()
}

/// The fields of objects that no catalog describes. A field that is empty in all of them is no column.
pub(crate) fn of_objects(objects: &[Members]) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    for (name, value) in objects.iter().flat_map(Members::iter) {
        let Some(text) = cell(value).filter(|text| !text.is_empty()) else { continue };
        let index = columns.iter().position(|column| column.name == name).unwrap_or_else(|| {
            let width = name.chars().count();
            columns.push(Column {
                name: name.to_owned(),
                width,
                is_scalar: true,
                is_flag: false,
                form: Form::Plain,
            });
            columns.len() - 1
        });
        let column = &mut columns[index];
        column.is_scalar &= !value.starts_with(['{', '[']);
        column.width = column.width.max(text.chars().count());
    }
    columns
}

/// The columns that fit, by what they tell: see [`rank`].
pub(crate) fn that_fit(columns: &[Column], width: usize) -> Vec<&Column> {
    let mut candidates: Vec<&Column> = columns.iter().filter(|column| column.is_scalar).collect();
    let has_id = candidates.iter().any(|column| column.name == "id");
    // Where no field is called `id`, the first reference is taken for it.
    let id = candidates.iter().find(|column| !has_id && column.name.ends_with("_id"));
    let id = id.map_or_else(|| "id".to_owned(), |column| column.name.clone());
    // Sorting is stable: columns of the same rank stay in the order of the record.
    candidates.sort_by_key(|column| if column.name == id { 0 } else { 1 + rank(column) });
    let mut used = 1;
    let mut chosen: Vec<&Column> = Vec::new();
    for column in candidates {
        let needed = column.width.min(MOST) + usize::from(super::table::PADDING) + 1;
        if chosen.is_empty() || used + needed <= width {
            used += needed;
            chosen.push(column);
        }
    }
    chosen
}

/// How early a column comes: what a row is called by, the state it is in, what it is, where it is found, what it costs,
/// then anything short, dates, and long texts last. A word counts where it begins or ends the name of a field.
fn rank(column: &Column) -> usize {
    let ends = ends(&column.name);
    let is_any = |known: &[&str]| ends.iter().flatten().any(|word| known.contains(word));
    let is_id = ends[1] == Some("id");
    let is_address = ends[1].is_some_and(|word| matches!(word, "uuid" | "hash" | "url"));
    // `price` before `cost_price`, `status` before `custom_status`; but `first_name` and `total_tax` count as well.
    let is_whole = match column.name.split(SEPARATORS).count() {
        1 => true,
        2 => ends[1] == Some("name") || ends[0] == Some("total"),
        _ => ends[0] == Some("total"),
    };
    let last = TELLING.len();
    match TELLING.iter().position(|known| is_any(known)) {
        _ if column.is_flag => last + 1,
        _ if is_date(&column.name) => last + 2,
        _ if column.width > MOST && !is_any(TELLING[0]) => last + 3,
        Some(_) if is_id => last + 1,
        _ if is_address => last + 1,
        Some(place) if is_whole => place,
        _ => last,
    }
}

const SEPARATORS: [char; 3] = ['_', '-', '.'];

/// The first and the last word of a name.
fn ends(name: &str) -> [Option<&str>; 2] {
    let mut words = name.split(SEPARATORS);
    let first = words.next();
    [first, words.next_back().or(first)]
}

fn is_date(name: &str) -> bool {
    ends(name).iter().flatten().any(|word| DATES.contains(word))
}

/// A JSON value in a cell: strings without quotes, numbers digit for digit, the rest as compact JSON; `None` for `null`.
pub(crate) fn cell(json: &str) -> Option<String> {
    match json.trim() {
        "null" => None,
        text if text.starts_with('"') => {
            let string: String = serde_json::from_str(text).unwrap_or_else(|_| text.to_owned());
            Some(printable(&string))
        }
        text => Some(printable(&compact(text))),
    }
}

/// JSON without the whitespace between its tokens.
pub(crate) fn compact(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    let (mut in_string, mut escaped) = (false, false);
    for c in json.chars() {
        if in_string || !matches!(c, ' ' | '\t' | '\n' | '\r') {
            text.push(c);
        }
        match c {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(json: &str) -> Members {
        serde_json::from_str(json).unwrap()
    }

    /// The columns of a list of such objects in a table of this width.
    #[track_caller]
    fn chosen(fields: &[&str], width: usize) -> Vec<String> {
        let properties = fields.iter().map(|name| format!(r#""{name}": {{"type": "string"}}"#));
        let properties = properties.collect::<Vec<_>>().join(",");
        let output = members(&format!(r#"{{"type": "array", "items": {{"properties": {{{properties}}}}}}}"#));
        let columns = of_output(&output, &Members::default(), (&Members::default(), &Value::Null));
        that_fit(&columns, width).into_iter().map(|column| column.name.clone()).collect()
    }

    #[test]
    fn columns_come_by_what_they_tell() {
        for (fields, expected) in [
            (
                ["date_created", "customer_id", "weight", "total_inc_tax", "status_id", "status", "id"]
                    .as_slice(),
                ["id", "status", "total_inc_tax", "customer_id", "weight", "status_id", "date_created"]
                    .as_slice(),
            ),
            (
                &["email", "first_name", "id", "last_name", "cost_price", "price", "sku", "type"],
                &["id", "first_name", "last_name", "type", "sku", "email", "price", "cost_price"],
            ),
            (
                &["parent_url", "category_id", "parent_id", "name"],
                &["category_id", "name", "parent_id", "parent_url"],
            ),
        ] {
            assert_eq!(chosen(fields, 200), expected);
            let narrow = chosen(fields, 45);
            assert!(!narrow.is_empty() && narrow.len() < expected.len());
            assert_eq!(narrow[0], expected[0]);
        }
    }

    #[test]
    fn times_are_written_by_rfc_3339() {
        let output = members(r##"{"$ref": "#/$defs/Order", "type": "object"}"##);
        let order = r#"{"properties": {
            "made": {"anyOf": [{"type": "string", "x-format": "date-time"}, {"type": "null"}]},
            "created_at": {"type": "integer"}, "count": {"type": "integer"}, "note": {"type": "string"}}}"#;
        let definitions = members(&format!(r#"{{"Order": {order}}}"#));
        let columns = of_output(&output, &Members::default(), (&definitions, &Value::Null));
        let cells = |values: [&str; 4]| -> Vec<String> {
            columns.iter().zip(values).filter_map(|(column, value)| column.cell(value)).collect()
        };
        let date = "\"Tue, 20 Nov 2012 00:00:00 +0000\"";
        assert_eq!(
            cells([date, "1764000000", "1764000000", date]),
            ["2012-11-20T00:00:00Z", "2025-11-24T16:00:00Z", "1764000000", date.trim_matches('"')]
        );
        assert_eq!(cells(["\"\"", "0", "null", "\"a\""]), ["", "0", "a"], "no point in time stays as it is");
    }

    #[test]
    fn objects_that_no_catalog_describes_have_columns_by_their_values() {
        let objects =
            [members(r#"{"id": 1, "note": "", "tags": []}"#), members(r#"{"state": "on", "id": 2}"#)];
        let columns = of_objects(&objects);
        let names: Vec<&str> = that_fit(&columns, 80).iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["id", "state"]);
    }
}
