//! JSON data as a table for people: an object as field and value, a list as rows with the columns that tell most.

use std::collections::BTreeSet;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Cell, ColumnConstraint, ContentArrangement, Row, Table, Width};
use serde_json::value::RawValue;

use crate::members::Members;
use crate::surroundings::printable;

/// Columns that say which thing a row is; they come first.
const IDENTIFYING: [&str; 3] = ["id", "name", "title"];

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
    /// It goes on in the next line.
    Wrap,
}

/// A table of `rows` in at most `width` columns.
pub(crate) fn rows(
    header: &[&str],
    rows: impl IntoIterator<Item = Vec<String>>,
    fit: Fit,
    width: u16,
) -> String {
    let mut table = Table::new();
    table
        .load_style(UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_truncation_indicator("…")
        .set_width(width)
        .set_header(header.iter().map(|name| Cell::new(printable(name))));
    for cells in rows {
        let mut row = Row::from(cells.into_iter().map(Cell::new));
        if fit == Fit::Cut {
            row.max_height(1);
        }
        table.add_row(row);
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

/// The names of the columns that fit: what identifies a row first, then what tells rows apart best.
fn columns(objects: &[Members], width: usize) -> Vec<String> {
    let mut candidates = survey(objects);
    candidates.retain(|column| column.is_scalar && !column.distinct.is_empty());
    let order: Vec<String> = candidates.iter().map(|column| column.name.clone()).collect();
    let rank = |name: &str| IDENTIFYING.iter().position(|known| *known == name).unwrap_or(IDENTIFYING.len());
    candidates.sort_by_key(|column| (rank(&column.name), std::cmp::Reverse(column.distinct.len())));
    let mut used = 1;
    let mut chosen: Vec<String> = Vec::new();
    for column in candidates {
        // Two columns of padding and one line.
        let needed = column.width.min(COLUMN_WIDTH) + 3;
        if chosen.is_empty() || used + needed <= width {
            used += needed;
            chosen.push(column.name);
        }
    }
    let place = |name: &String| order.iter().position(|known| known == name);
    chosen.sort_by_key(|name| (rank(name), place(name)));
    chosen
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
            // Too narrow for `active`, which is the same in every row.
            27,
            &[
                "┌────┬──────┬───────┐",
                "│ id ┆ name ┆ price │",
                "╞════╪══════╪═══════╡",
                "│ 1  ┆ Cup  ┆ 1.10  │",
                "│ 2  ┆ Jug  ┆ 20    │",
                "└────┴──────┴───────┘",
            ],
        );
        assert!(render(json, 80).contains("active"));
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
        assert!(text.contains("a [2Jb c"), "{text}");
    }

    #[test]
    fn whitespace_in_strings_survives() {
        assert_eq!(compact("{ \"a \\\" b\" : [ 1 , 2 ] }"), r#"{"a \" b":[1,2]}"#);
    }
}
