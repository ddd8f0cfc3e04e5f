//! `Debug` and `PartialEq` of every record through its field table: derived, they would cost the compiler more than the
//! rest of a record.

use std::fmt;

use crate::record::Record;
use crate::value::{Value, View};

/// Prints a record like a struct, without the fields that are absent.
///
/// # Errors
/// Those of the formatter.
pub fn debug_record(name: &str, record: &dyn Record, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut printed = out.debug_struct(name);
    record.each(&mut |name, value| {
        if !matches!(value.view(), View::Absent) {
            printed.field(name, &Printed(value.view()));
        }
    });
    for (name, json) in record.unknown().into_iter().flatten() {
        printed.field(name, json);
    }
    printed.finish()
}

/// Whether two records of one type hold the same.
pub fn records_equal(left: &dyn Record, right: &dyn Record) -> bool {
    let fields = |record: &dyn Record, same: &mut dyn FnMut(Vec<View<'_>>) -> bool| {
        let mut views = Vec::new();
        record.each(&mut |_, value| views.push(value.view()));
        same(views)
    };
    let mut is_equal = false;
    fields(left, &mut |left| {
        fields(right, &mut |right| {
            is_equal =
                left.len() == right.len() && left.iter().zip(&right).all(|(left, right)| same(left, right));
            is_equal
        })
    });
    is_equal && left.unknown() == right.unknown()
}

fn same(left: &View<'_>, right: &View<'_>) -> bool {
    match (left, right) {
        (View::Absent, View::Absent) | (View::Null, View::Null) => true,
        (View::Boolean(left), View::Boolean(right)) => left == right,
        (View::Integer(left), View::Integer(right)) => left == right,
        (View::Number(left), View::Number(right)) => left == right,
        (View::Decimal(left), View::Decimal(right)) => left == right,
        (View::String(left), View::String(right)) => left == right,
        (View::Date(left), View::Date(right)) => left == right,
        (View::DateTime(left), View::DateTime(right)) => left == right,
        (View::Json(left), View::Json(right)) => left == right,
        (View::List(left), View::List(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same_value(*left, *right))
        }
        (View::Map(left), View::Map(right)) => {
            let same_entry =
                |((left_key, left), (right_key, right)): (&(&str, &dyn Value), &(&str, &dyn Value))| {
                    left_key == right_key && same_value(*left, *right)
                };
            left.len() == right.len() && left.iter().zip(right).all(same_entry)
        }
        (View::Record(left), View::Record(right)) => records_equal(*left, *right),
        _ => false,
    }
}

fn same_value(left: &dyn Value, right: &dyn Value) -> bool {
    same(&left.view(), &right.view())
}

/// A view as `Debug` shows it.
struct Printed<'a>(View<'a>);

impl fmt::Debug for Printed<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            View::Absent => out.write_str("absent"),
            View::Null => out.write_str("null"),
            View::Boolean(value) => value.fmt(out),
            View::Integer(value) => value.fmt(out),
            View::Number(value) => value.fmt(out),
            View::Decimal(value) => fmt::Display::fmt(value, out),
            View::String(value) => value.fmt(out),
            View::Date(value) => value.as_str().fmt(out),
            View::DateTime(value) => value.to_text().fmt(out),
            View::Json(value) => value.fmt(out),
            View::List(items) => {
                out.debug_list().entries(items.iter().map(|item| Printed(item.view()))).finish()
            }
            View::Map(entries) => {
                let entries = entries.iter().map(|(key, value)| (*key, Printed(value.view())));
                out.debug_map().entries(entries).finish()
            }
            View::Record(record) => debug_record("", *record, out),
        }
    }
}
