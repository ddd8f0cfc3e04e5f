//! JSON data as a table for people: an object as field and value, a list as rows with the columns that tell most.

use std::collections::BTreeSet;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Cell, ColumnConstraint, ContentArrangement, Row, Table, Width};
use serde_json::value::RawValue;

use crate::members::Members;
use crate::printable::{printable, printable_cell};
use crate::wrap::{widths, wrapped};

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

/// Those of [`TELLING`] that count as a part of a name, too: `first_name`, `total_tax`.
const WHOLES: [usize; 2] = [0, 6];

/// Words in the names of fields that hold a date or time.
const DATES: [&str; 7] = ["date", "time", "at", "created", "modified", "updated", "timestamp"];

/// No column of a list claims more than this when the columns are chosen.
const COLUMN_WIDTH: usize = 32;

/// One blank at either side of a cell.
const PADDING: u16 = 2;

/// `json` as text in at most `width` columns, without a newline at the end.
pub(crate) fn render(json: &str, width: u16) -> String {
    if let Ok(members) = serde_json::from_str::<Members>(json) {
        return fields(members.iter(), width);
    }
    match serde_json::from_str::<Vec<&RawValue>>(json) {
        Ok(items) => list(&items, width),
        Err(_) => cell(json).unwrap_or_else(|| "done; the API returned no data".to_owned()),
    }
}

/// The named fields of an object, in the order of `names`.
#[cfg(feature = "demo")]
pub(crate) fn chosen(json: &str, names: &[&str], width: u16) -> String {
    let members: Members = serde_json::from_str(json).unwrap_or_default();
    fields(names.iter().filter_map(|name| Some((*name, members.text(name)?))), width)
}

/// What happens to text that is wider than its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    /// It ends with `…`, so that every row is one line.
    Cut,
    /// It goes on in the next line, after a blank or the joint of a word.
    Wrap,
}

/// A table of `rows` in at most `width` columns.
pub(crate) fn rows(
    header: &[&str],
    rows: impl IntoIterator<Item = Vec<String>>,
    fit: Fit,
    width: u16,
) -> String {
    let mut lines: Vec<Vec<String>> = rows.into_iter().collect();
    lines.iter_mut().flatten().for_each(|cell| *cell = printable_cell(cell));
    lines.insert(0, header.iter().map(|name| printable(name)).collect());
    if fit == Fit::Wrap {
        // Each column has a line at its right, and one stands at the left of all.
        let frame = header.len() * (usize::from(PADDING) + 1) + 1;
        let widths = widths(&lines, usize::from(width).saturating_sub(frame));
        let wrap = |cells: &mut Vec<String>| {
            cells.iter_mut().zip(&widths).for_each(|(cell, width)| *cell = wrapped(cell, *width));
        };
        lines.iter_mut().for_each(wrap);
    }
    let mut lines = lines.into_iter();
    let mut table = Table::new();
    table
        .load_style(UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_truncation_indicator("…")
        .set_width(width)
        .set_header(lines.next().unwrap_or_default().into_iter().map(Cell::new));
    for cells in lines {
        let mut row = Row::from(cells.into_iter().map(Cell::new));
        if fit == Fit::Cut {
            row.max_height(1);
        }
        table.add_row(row);
    }
    if fit == Fit::Wrap {
        return table.trim_fmt();
    }
    // What a row is called by is worth more than its longest text, up to half of the table.
    let widths = table.column_max_content_widths();
    if let (Some(first), [content, _, ..]) = (table.column_mut(0), widths.as_slice()) {
        let half = width / 2;
        first.set_constraint(match *content < half.saturating_sub(PADDING) {
            true => ColumnConstraint::ContentWidth,
            false => ColumnConstraint::Absolute(Width::Fixed(half)),
        });
    }
    table.trim_fmt()
}

fn fields<'a>(members: impl Iterator<Item = (&'a str, &'a str)>, width: u16) -> String {
    let lines: Vec<Vec<String>> =
        members.filter_map(|(name, value)| Some(vec![printable(name), cell(value)?])).collect();
    if lines.is_empty() {
        return "an object without values".to_owned();
    }
    rows(&["field", "value"], lines, Fit::Cut, width)
}

fn list(items: &[&RawValue], width: u16) -> String {
    if items.is_empty() {
        return "nothing found".to_owned();
    }
    let objects: Option<Vec<Members>> =
        items.iter().map(|item| serde_json::from_str(item.get()).ok()).collect();
    let columns = objects.as_ref().map(|objects| columns(objects, width.into())).unwrap_or_default();
    if let Some(objects) = objects.filter(|_| !columns.is_empty()) {
        let line = |object: &Members| {
            columns.iter().map(|name| object.text(name).and_then(cell).unwrap_or_default()).collect()
        };
        let header: Vec<&str> = columns.iter().map(String::as_str).collect();
        return rows(&header, objects.iter().map(line), Fit::Cut, width);
    }
    rows(&["value"], items.iter().map(|item| vec![cell(item.get()).unwrap_or_default()]), Fit::Cut, width)
}

/// What a column holds, over all rows.
struct Column {
    name: String,
    width: usize,
    distinct: BTreeSet<String>,
    is_scalar: bool,
}

/// The names of the columns that fit, by what they tell: see [`rank`]. What is empty or the same in all rows tells
/// nothing, and stands only where there would be nothing else.
fn columns(objects: &[Members], width: usize) -> Vec<String> {
    let mut candidates = survey(objects);
    candidates.retain(|column| column.is_scalar && !column.distinct.is_empty());
    let has_id = candidates.iter().any(|column| column.name == "id");
    // Where no field is called `id`, the first reference is taken for it.
    let id = candidates.iter().find(|column| !has_id && column.name.ends_with("_id"));
    let id = id.map_or_else(|| "id".to_owned(), |column| column.name.clone());
    let tells = |column: &Column| objects.len() == 1 || column.distinct.len() > 1 || column.name == id;
    if candidates.iter().any(tells) {
        candidates.retain(tells);
    }
    // Sorting is stable: columns of the same rank stay in the order of the record.
    candidates.sort_by_key(|column| if column.name == id { 0 } else { 1 + rank(column) });
    let mut used = 1;
    let mut chosen: Vec<String> = Vec::new();
    for column in candidates {
        let needed = column.width.min(COLUMN_WIDTH) + usize::from(PADDING) + 1;
        if chosen.is_empty() || used + needed <= width {
            used += needed;
            chosen.push(column.name);
        }
    }
    chosen
}

/// How early a column comes: what a row is called by, the state it is in, what it is, where it is found, what it costs,
/// then anything short, dates, and long texts last. A word counts where it begins or ends the name of a field.
fn rank(column: &Column) -> usize {
    let words: Vec<&str> = column.name.split(['_', '-', '.']).collect();
    let ends = [words.first(), words.last()];
    let is_any = |known: &[&str]| ends.iter().flatten().any(|word| known.contains(*word));
    let is_id = words.last() == Some(&"id");
    let is_address = words.last().is_some_and(|word| matches!(*word, "uuid" | "hash" | "url"));
    let last = TELLING.len();
    match TELLING.iter().position(|known| is_any(known)) {
        _ if is_any(&DATES) => last + 2,
        _ if column.width > COLUMN_WIDTH && !is_any(TELLING[0]) => last + 3,
        // `price` before `cost_price`, `status` before `custom_status`, and no `status_id` for a status.
        Some(_) if is_id => last + 1,
        _ if is_address => last + 1,
        Some(place) if words.len() == 1 || WHOLES.contains(&place) => place,
        _ => last,
    }
}

fn survey(objects: &[Members]) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    for (name, value) in objects.iter().flat_map(Members::iter) {
        let index = columns.iter().position(|column| column.name == name).unwrap_or_else(|| {
            let width = name.chars().count();
            let name = name.to_owned();
            columns.push(Column { name, width, distinct: BTreeSet::new(), is_scalar: true });
            columns.len() - 1
        });
        let column = &mut columns[index];
        column.is_scalar &= !value.starts_with(['{', '[']);
        if let Some(text) = cell(value).filter(|text| !text.is_empty()) {
            column.width = column.width.max(text.chars().count());
            column.distinct.insert(text);
        }
    }
    columns
}

/// A JSON value in a cell: strings without quotes, numbers digit for digit, the rest as compact JSON; `None` for `null`.
fn cell(json: &str) -> Option<String> {
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

    #[track_caller]
    fn check(json: &str, width: u16, expected: &[&str]) {
        let text = render(json, width);
        assert_eq!(text.lines().collect::<Vec<_>>(), expected, "\n{text}");
    }

    #[test]
    fn an_object_is_fields_and_values_in_the_order_of_the_api() {
        check(
            r#"{"sku": "A-1", "id": 111, "price": 9.90, "gone": null, "images": [ {"a b": 1} ]}"#,
            80,
            &[
                "┌────────┬─────────────┐",
                "│ field  ┆ value       │",
                "╞════════╪═════════════╡",
                "│ sku    ┆ A-1         │",
                "│ id     ┆ 111         │",
                "│ price  ┆ 9.90        │",
                r#"│ images ┆ [{"a b":1}] │"#,
                "└────────┴─────────────┘",
            ],
        );
    }

    #[test]
    fn long_values_are_cut_to_the_width() {
        let text = render(&format!(r#"{{"description": "{}"}}"#, "word ".repeat(100)), 50);
        assert!(text.lines().all(|line| line.chars().count() <= 50), "{text}");
        assert!(text.contains("…"), "{text}");
        assert_eq!(text.lines().count(), 5, "{text}");
    }

    #[test]
    fn a_list_is_rows_with_what_tells_them_apart() {
        let json = r#"[{"active": true, "id": 1, "name": "Cup", "variants": [], "note": null, "price": 1.10},
                       {"active": true, "id": 2, "name": "Jug", "variants": [1], "price": 20}]"#;
        check(
            json,
            80,
            &[
                "┌────┬──────┬───────┐",
                "│ id ┆ name ┆ price │",
                "╞════╪══════╪═══════╡",
                "│ 1  ┆ Cup  ┆ 1.10  │",
                "│ 2  ┆ Jug  ┆ 20    │",
                "└────┴──────┴───────┘",
            ],
        );
    }

    /// The columns of two rows in a table of this width; the values of both rows differ where the field is listed.
    #[track_caller]
    fn chosen_columns(fields: &[&str], width: usize) -> Vec<String> {
        let row = |value: &str| {
            let pairs = fields.iter().map(|name| format!("\"{name}\": \"{value}\""));
            serde_json::from_str(&format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))).unwrap()
        };
        columns(&[row("one"), row("two")], width)
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
            assert_eq!(chosen_columns(fields, 200), expected);
            let narrow = chosen_columns(fields, 30);
            assert!(!narrow.is_empty() && narrow.len() < expected.len());
            assert_eq!(narrow[0], expected[0]);
        }
    }

    #[test]
    fn what_is_the_same_in_all_rows_is_left_out_unless_there_is_nothing_else() {
        let rows = r#"[{"id": 1, "state": "on", "note": ""}, {"id": 2, "state": "on", "note": ""}]"#;
        let text = render(rows, 80);
        assert!(text.contains("id") && !text.contains("state") && !text.contains("note"), "{text}");
        assert!(render(r#"[{"state": "on"}, {"state": "on"}]"#, 80).contains("state"));
        assert!(render(r#"[{"id": 1, "state": "on"}]"#, 80).contains("state"), "one row is not compared");
    }

    #[test]
    fn lists_of_other_things_have_one_column() {
        let text = render(r#"["a", 1, {"b": 2}]"#, 80);
        for line in ["│ a       │", "│ 1       │", r#"│ {"b":2} │"#] {
            assert!(text.contains(line), "{text}");
        }
    }

    #[test]
    fn no_text_is_wider_than_the_page() {
        let (word, long, wide) = ("word ".repeat(60), "x".repeat(300), "宽".repeat(300));
        for text in [&word, &long, &wide] {
            for json in [
                format!(r#"["{text}", "b"]"#),
                format!(r#"[{{"name": "{text}"}}]"#),
                format!(r#"[{{"name": "{text}", "b": "{text}", "c": 1}}]"#),
                format!(r#"{{"{text}": "{text}"}}"#),
                format!(r#"{{"{text}": 1}}"#),
            ] {
                let table = render(&json, 100);
                let columns = |line: &str| line.chars().map(|c| 1 + usize::from(c == '宽')).sum::<usize>();
                assert!(table.lines().all(|line| columns(line) <= 100), "{table}");
                assert!(table.contains('…'), "{table}");
                assert!(table.lines().count() <= 6, "{table}");
            }
        }
    }

    #[test]
    fn nothing_is_said_in_words() {
        assert_eq!(render("[]", 80), "nothing found");
        assert_eq!(render("null", 80), "done; the API returned no data");
        assert_eq!(render("{}", 80), "an object without values");
        assert_eq!(render("\"text\"", 80), "text");
    }

    #[test]
    fn data_cannot_steer_the_terminal() {
        let text = render(r#"{"name": "a\u001b[2Jb\nc"}"#, 80);
        assert!(!text.contains('\u{1b}'));
        assert!(text.contains(r"a\u001b[2Jb\nc"), "{text}");
        let row = vec!["a\u{9b}b".to_owned(), "c\nd\u{202e}".to_owned()];
        let text = rows(&["one\u{1b}", "two"], [row], Fit::Wrap, 80);
        assert!(!text.contains(|c: char| c != '\n' && printable(&c.to_string()) != c.to_string()), "{text}");
    }

    #[test]
    fn whitespace_in_strings_survives() {
        assert_eq!(compact("{ \"a \\\" b\" : [ 1 , 2 ] }"), r#"{"a \" b":[1,2]}"#);
    }
}
