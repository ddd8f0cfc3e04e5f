//! JSON data as a table for people: an object as field and value, a list as rows with the columns that tell most.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Cell, ColumnConstraint, ContentArrangement, Row, Table, Width};
use serde_json::value::RawValue;

use crate::columns::{self, Column, cell};
use crate::members::Members;
use crate::printable::{printable, printable_cell};
use crate::wrap::{widths, wrapped};

/// One blank at either side of a cell.
pub(crate) const PADDING: u16 = 2;

/// `json` as text in at most `width` columns, without a newline at the end; `known` are the fields that the catalog
/// describes.
pub(crate) fn render(json: &str, known: &[Column], width: u16) -> String {
    if let Ok(members) = serde_json::from_str::<Members>(json) {
        return fields(members.iter(), known, width);
    }
    match serde_json::from_str::<Vec<&RawValue>>(json) {
        Ok(items) => list(&items, known, width),
        Err(_) => cell(json).unwrap_or_else(|| "done; the API returned no data".to_owned()),
    }
}

/// The named fields of an object, in the order of `names`.
#[cfg(feature = "demo")]
pub(crate) fn chosen(json: &str, names: &[&str], width: u16) -> String {
    let members: Members = serde_json::from_str(json).unwrap_or_default();
    fields(names.iter().filter_map(|name| Some((*name, members.text(name)?))), &[], width)
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

fn fields<'a>(members: impl Iterator<Item = (&'a str, &'a str)>, known: &[Column], width: u16) -> String {
    let text = |name: &str, value: &str| match known.iter().find(|column| column.name == name) {
        Some(column) => column.cell(value),
        None => cell(value),
    };
    let lines: Vec<Vec<String>> =
        members.filter_map(|(name, value)| Some(vec![printable(name), text(name, value)?])).collect();
    if lines.is_empty() {
        return "an object without values".to_owned();
    }
    rows(&["field", "value"], lines, Fit::Cut, width)
}

fn list(items: &[&RawValue], known: &[Column], width: u16) -> String {
    if items.is_empty() {
        return "nothing found".to_owned();
    }
    let objects: Option<Vec<Members>> =
        items.iter().map(|item| serde_json::from_str(item.get()).ok()).collect();
    let candidates = objects.as_deref().map(|objects| candidates(objects, known)).unwrap_or_default();
    let columns = columns::that_fit(&candidates, width.into());
    if let Some(objects) = objects.filter(|_| !columns.is_empty()) {
        let line = |object: &Members| {
            let text = |column: &&Column| object.text(&column.name).and_then(|value| column.cell(value));
            columns.iter().map(|column| text(column).unwrap_or_default()).collect()
        };
        let header: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        return rows(&header, objects.iter().map(line), Fit::Cut, width);
    }
    rows(&["value"], items.iter().map(|item| vec![cell(item.get()).unwrap_or_default()]), Fit::Cut, width)
}

/// The fields that may become columns: those of the catalog, without the fields that no object has because the request
/// left them out. If the catalog describes none, those of the objects.
fn candidates(objects: &[Members], known: &[Column]) -> Vec<Column> {
    let is_there = |column: &&Column| objects.iter().any(|object| object.text(&column.name).is_some());
    let found: Vec<Column> = known.iter().filter(is_there).cloned().collect();
    if found.is_empty() { columns::of_objects(objects) } else { found }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::compact;

    #[track_caller]
    fn check(json: &str, width: u16, expected: &[&str]) {
        let text = render(json, &[], width);
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
        let text = render(&format!(r#"{{"description": "{}"}}"#, "word ".repeat(100)), &[], 50);
        assert!(text.lines().all(|line| line.chars().count() <= 50), "{text}");
        assert!(text.contains("…"), "{text}");
        assert_eq!(text.lines().count(), 5, "{text}");
    }

    #[test]
    fn a_list_is_rows_with_scalar_columns() {
        let json = r#"[{"id": 1, "name": "Cup", "variants": [], "note": null, "price": 1.10},
                       {"id": 2, "name": "Jug", "variants": [1], "price": 20}]"#;
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

    #[test]
    fn the_catalog_chooses_the_columns_whatever_the_rows_hold() {
        let output = r#"{"type": "array", "items": {"properties": {
            "id": {"type": "integer"}, "state": {"type": "string"}, "note": {"type": ["string", "null"]},
            "lines": {"type": "array"}, "unasked": {"type": "string"}}}}"#;
        let output: Members = serde_json::from_str(output).unwrap();
        let none = Members::default();
        let known = columns::of_output(&output, &none, (&none, &serde_json::Value::Null));
        for json in [
            r#"[{"id": 1, "state": "on", "note": null, "lines": [], "more": "x"}]"#,
            r#"[{"id": 1, "state": "on", "note": "", "lines": [1]}, {"id": 2, "state": "on", "note": null}]"#,
            r#"[{"more": "x", "note": "a", "id": 1, "state": "off"}]"#,
        ] {
            let text = render(json, &known, 80);
            assert_eq!(text.lines().nth(1).unwrap().replace(' ', ""), "│id┆state┆note│", "{text}");
        }
    }

    #[test]
    fn lists_of_other_things_have_one_column() {
        let text = render(r#"["a", 1, {"b": 2}]"#, &[], 80);
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
                let table = render(&json, &[], 100);
                let columns = |line: &str| line.chars().map(|c| 1 + usize::from(c == '宽')).sum::<usize>();
                assert!(table.lines().all(|line| columns(line) <= 100), "{table}");
                assert!(table.contains('…'), "{table}");
                assert!(table.lines().count() <= 6, "{table}");
            }
        }
    }

    #[test]
    fn nothing_is_said_in_words() {
        assert_eq!(render("[]", &[], 80), "nothing found");
        assert_eq!(render("null", &[], 80), "done; the API returned no data");
        assert_eq!(render("{}", &[], 80), "an object without values");
        assert_eq!(render("\"text\"", &[], 80), "text");
    }

    #[test]
    fn data_cannot_steer_the_terminal() {
        let text = render(r#"{"name": "a\u001b[2Jb\nc"}"#, &[], 80);
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
