//! What an answer says about the pages of its list, read without guesses.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::style::{Paging, PagingStyle};
use crate::answer::Reply;
use crate::fields::BLANKS;
use crate::json::Json;

/// The facts of one page.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// Items on the page.
    pub(super) items: u64,
    /// The mark or address of the next page; `None` when absent, null or empty.
    pub(super) mark: Option<String>,
    /// The flag that announces another page.
    pub(super) more: Option<bool>,
    /// Pages of the whole list.
    pub(super) pages: Option<u64>,
    /// Items of the whole list.
    pub(super) total: Option<u64>,
}

impl Facts {
    /// Reads the facts of a page.
    ///
    /// # Errors
    /// The reason why the answer is no page: its data is no list, or a declared value is unreadable.
    pub(super) fn read<T>(paging: &Paging, reply: &Reply<T>) -> Result<Self, String> {
        let items = reply.json.parse::<Vec<IgnoredAny>>().map_err(|_| "the answer holds no list")?.len();
        let meta = reply.meta.as_ref();
        let (mark, pages) = match paging.style {
            PagingStyle::Cursor { next, .. } | PagingStyle::Link { next } => (Some(next), None),
            PagingStyle::Page { total, .. } => (None, total),
            PagingStyle::Offset { .. } => (None, None),
        };
        Ok(Self {
            items: items as u64,
            mark: read(meta, mark, "no mark of a page", as_mark)?,
            more: read(meta, paging.more, "neither true nor false", as_flag)?,
            pages: read(meta, pages, "no number of pages", as_count)?,
            total: read(meta, paging.items, "no number of items", as_count)?,
        })
    }
}

/// The number of items on all pages; `None` when the answer does not contain a readable number.
pub(super) fn total_items<T>(paging: &Paging, reply: &Reply<T>) -> Option<u64> {
    read(reply.meta.as_ref(), paging.items, "no number of items", as_count).ok()?
}

/// The JSON text at a dotted path; `None` when it is absent, null or an empty text.
fn find<'m>(meta: Option<&'m Json>, path: &str) -> Result<Option<&'m str>, String> {
    let mut value = meta.map(Json::as_str).unwrap_or("null").trim_matches(BLANKS);
    for step in path.split('.') {
        if is_nothing(value)
            || value.strip_prefix('[').is_some_and(|rest| rest.trim_start_matches(BLANKS) == "]")
        {
            // Some servers write an object without fields as an empty list or text.
            return Ok(None);
        }
        let fields: BTreeMap<String, &'m RawValue> = serde_json::from_str(value)
            .map_err(|_| format!("cannot read `{path}` of the answer: `{step}` stands in no object"))?;
        let Some(field) = fields.get(step) else { return Ok(None) };
        value = field.get();
    }
    Ok(Some(value).filter(|value| !is_nothing(value)))
}

fn is_nothing(json: &str) -> bool {
    json == "null"
        || json
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .is_some_and(|text| text.trim().is_empty())
}

fn read<V>(
    meta: Option<&Json>,
    path: Option<&str>,
    fault: &str,
    convert: fn(Scalar<'_>) -> Option<V>,
) -> Result<Option<V>, String> {
    let Some(path) = path else { return Ok(None) };
    let Some(json) = find(meta, path)? else { return Ok(None) };
    let scalar = match json.as_bytes() {
        [b'"', ..] => serde_json::from_str(json).ok().map(Scalar::Text),
        [b'{' | b'[', ..] => None,
        [b't' | b'f', ..] => Some(Scalar::Boolean(json == "true")),
        _ => Some(Scalar::Number(json)),
    };
    let value = scalar.and_then(convert);
    value.map(Some).ok_or_else(|| format!("cannot read `{path}` of the answer: it is {fault}"))
}

/// A value without parts. A text that holds a number or a flag counts as that.
enum Scalar<'j> {
    Text(String),
    Number(&'j str),
    Boolean(bool),
}

/// The mark with the digits that came, however many.
fn as_mark(value: Scalar<'_>) -> Option<String> {
    match value {
        Scalar::Text(text) => Some(text),
        Scalar::Number(digits) => Some(digits.to_owned()),
        Scalar::Boolean(_) => None,
    }
}

fn as_flag(value: Scalar<'_>) -> Option<bool> {
    let text = match &value {
        Scalar::Boolean(flag) => return Some(*flag),
        Scalar::Text(text) => text.trim(),
        Scalar::Number(digits) => digits,
    };
    match text {
        "1" => Some(true),
        "0" => Some(false),
        text if text.eq_ignore_ascii_case("true") => Some(true),
        text if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// A whole number; `2.0` counts as 2.
fn as_count(value: Scalar<'_>) -> Option<u64> {
    let text = match &value {
        Scalar::Text(text) => text.trim(),
        Scalar::Number(digits) => digits,
        Scalar::Boolean(_) => return None,
    };
    let digits = match text.split_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0') => whole,
        Some(_) => return None,
        None => text,
    };
    // `parse` would accept a leading plus sign.
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}
