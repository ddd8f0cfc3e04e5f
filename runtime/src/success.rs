//! From a successful answer to its data: out of the envelope, as text and typed, in one pass over the body.

use std::borrow::Cow;
use std::collections::BTreeMap;

use bytes::Bytes;
use bytestring::ByteString;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::Json;
use crate::answer::Reply;
use crate::connector::Envelope;
use crate::decode::decode_answer;
use crate::error::{Class, Error, Parts, Violation};
use crate::fields::{BLANKS, each_field, skip_value};
use crate::operation::{Operation, Returns};
use crate::text::{self, NotText};
use crate::value::Value;

/// An answer that is no error.
pub(crate) struct Success {
    pub(crate) operation: &'static Operation,
    pub(crate) status: u16,
    pub(crate) request_id: Option<String>,
    /// `None` where the answer is taken for a success that its body does not tell of.
    pub(crate) body: Option<Bytes>,
}

impl Success {
    /// What a deletion comes to that an earlier try had carried out.
    pub(crate) fn deleted_before(operation: &'static Operation, error: &Error) -> Self {
        let request_id = error.request_id().map(str::to_owned);
        Self { operation, status: error.status().unwrap_or_default(), request_id, body: None }
    }

    /// The reply with its data as text alone.
    pub(crate) fn untyped(self) -> Result<Reply<()>, Error> {
        self.read(None)
    }

    /// The reply with its data typed.
    pub(crate) fn typed<T: Value>(self) -> Result<Reply<T>, Error> {
        let mut data = T::blank();
        let mut target = Target { value: &mut data, unreadable: Vec::new(), is_read: true };
        let Reply { data: (), json, unreadable, meta, status, request_id } = self.read(Some(&mut target))?;
        Ok(Reply { data, json, unreadable, meta, status, request_id })
    }

    fn read(self, mut target: Option<&mut Target<'_>>) -> Result<Reply<()>, Error> {
        let Self { operation, status, request_id, body } = self;
        let unwrapped = unwrap(operation, body, target.as_deref_mut()).and_then(|unwrapped| {
            let Some(target) = target else { return Ok((unwrapped, Vec::new())) };
            let unreadable = std::mem::take(&mut target.unreadable);
            if target.is_read { Ok((unwrapped, unreadable)) } else { Err(misfit(unreadable)) }
        });
        match unwrapped {
            Ok(((json, meta), unreadable)) => {
                Ok(Reply { data: (), json, unreadable, meta, status, request_id })
            }
            Err(fault) => {
                let (class, parts) = *fault;
                let parts = Parts { status: Some(status), request_id, ..parts };
                Err(Error::new(class, operation, parts))
            }
        }
    }
}

/// Where typed data goes, and what of it could not be read.
struct Target<'v> {
    value: &'v mut dyn Value,
    unreadable: Vec<Violation>,
    /// Whether the data is of the type's kind at all.
    is_read: bool,
}

type Unwrapped = (Json, Option<Json>);
pub(crate) type Fault = Box<(Class, Parts)>;
type Names<'b> = BTreeMap<Cow<'b, str>, IgnoredAny>;

fn unwrap(
    operation: &Operation,
    body: Option<Bytes>,
    mut target: Option<&mut Target<'_>>,
) -> Result<Unwrapped, Fault> {
    let form = operation.api.envelope;
    let whole = |json: Json, target: Option<&mut Target<'_>>| match read_data(json.as_str(), target) {
        Ok(_) => Ok(json),
        Err(_) => Err(no_json::<IgnoredAny>(json.as_str())),
    };
    let Some(body) = body else { return Ok((whole(Json::null(), target)?, None)) };
    match operation.returns {
        // What a deletion answers says nothing about data; whatever it is, it is no fault.
        Returns::Nothing => {
            let meta =
                text_of(body).and_then(|body| envelope(form, &body, None)).ok().and_then(|(_, meta)| meta);
            Ok((whole(Json::null(), target)?, meta))
        }
        Returns::List if text::without_mark(&body).is_empty() => {
            Ok((whole(Json::empty_list(), target)?, None))
        }
        Returns::First if text::without_mark(&body).is_empty() => Err(empty_list()),
        Returns::One => envelope(form, &text_of(body)?, target),
        Returns::List => {
            let (list, meta) = envelope(form, &text_of(body)?, target)?;
            // A value of another kind is no empty list and does not end a list.
            if list.as_str().starts_with('[') { Ok((list, meta)) } else { Err(decode_fault(NO_LIST)) }
        }
        Returns::First => {
            let (list, meta) = envelope(form, &text_of(body)?, None)?;
            // Serde would quote what it found in place of a list.
            let items: Vec<&RawValue> =
                serde_json::from_str(list.as_str()).map_err(|_| decode_fault(NO_LIST))?;
            let first = items.first().ok_or_else(empty_list)?.get();
            let first = list.part_of(first);
            Ok((whole(first, target.take())?, meta))
        }
    }
}

/// The body as text, which JSON is (RFC 8259, section 8.1).
fn text_of(body: Bytes) -> Result<ByteString, Fault> {
    let is_html = looks_like_html(&body);
    text::body(body).map_err(|fault| {
        let detail = match fault {
            _ if is_html => HTML.to_owned(),
            NotText::Utf16 => "the answer is UTF-16, not UTF-8".to_owned(),
            NotText::Invalid { at } => format!("the answer is no UTF-8 from byte {at} on"),
        };
        Box::new((Class::Decode, Parts { detail, source: Some(fault.into()), ..Parts::default() }))
    })
}

fn empty_list() -> Fault {
    Box::new((Class::NotFound, Parts { detail: "the API found none".to_owned(), ..Parts::default() }))
}

fn decode_fault(detail: impl Into<String>) -> Fault {
    Box::new((Class::Decode, Parts { detail: detail.into(), ..Parts::default() }))
}

/// The fault of data of another kind than its type.
pub(crate) fn misfit(violations: Vec<Violation>) -> Fault {
    let place = violations.first().map(|fault| format!(": {fault}")).unwrap_or_default();
    let detail = format!("the answer does not fit its type{place}");
    Box::new((Class::Decode, Parts { detail, violations, ..Parts::default() }))
}

/// Reads the value at the beginning of `text` into the target, where there is one, and tells how long it is.
fn read_data(text: &str, target: Option<&mut Target<'_>>) -> Result<usize, serde_json::Error> {
    match target {
        Some(Target { value, unreadable, is_read }) => {
            let piece = decode_answer(text, *value, unreadable)?;
            *is_read = piece.is_read;
            Ok(piece.length)
        }
        None => skip_value(text),
    }
}

/// The data of an answer and what is said about it; the data is read into the target on the way.
fn envelope(
    envelope: Envelope,
    body: &ByteString,
    mut target: Option<&mut Target<'_>>,
) -> Result<Unwrapped, Fault> {
    let Envelope::Object { data, meta } = envelope else {
        let trimmed = body.trim_start_matches(BLANKS);
        let length = read_data(trimmed, target).map_err(|_| no_json::<IgnoredAny>(body))?;
        if !trimmed[length..].trim_start_matches(BLANKS).is_empty() {
            return Err(no_json::<IgnoredAny>(body));
        }
        return Ok((Json::part(body, &trimmed[..length]), None));
    };
    let (mut found, mut beside) = (Vec::new(), BTreeMap::new());
    each_field(body, |name, from_value| {
        let target = if name == data && found.is_empty() { target.take() } else { None };
        let length = read_data(from_value, target)?;
        if name == data {
            found.push(&from_value[..length]);
        } else {
            beside.insert(name, &from_value[..length]);
        }
        Ok(length)
    })
    .map_err(|_| no_json::<Names<'_>>(body))?;
    let found = match found.as_slice() {
        [one] => *one,
        [] => return Err(decode_fault(format!("the answer has no `{data}`"))),
        // Which of them counts is anybody's guess (RFC 8259, section 4).
        _ => return Err(decode_fault(format!("the answer has `{data}` more than once"))),
    };
    let meta = match meta {
        Some(meta) => beside.get(meta).map(|text| Json::part(body, text)),
        None => Some(Json::object(&beside)),
    };
    Ok((Json::part(body, found), meta))
}

const NO_LIST: &str = "the answer holds no list";

const HTML: &str = "the answer is an HTML page, not JSON";

/// Why a body is not the JSON that was expected, with the first error of reading all of it as `T`. Serde's own words quote
/// what it found, which may be personal data; what was read in parts knows only the place within its part.
fn no_json<'b, T: Deserialize<'b>>(body: &'b str) -> Fault {
    let Some(source) = serde_json::from_str::<T>(body).err() else {
        return decode_fault("the answer is not whole JSON");
    };
    if source.is_data() {
        return decode_fault("the answer is JSON, but no object");
    }
    let detail = match (body.is_empty(), looks_like_html(body.as_bytes())) {
        (true, _) => "the answer is empty".to_owned(),
        (false, true) => HTML.to_owned(),
        (false, false) => {
            format!("the answer is not whole JSON at line {} column {}", source.line(), source.column())
        }
    };
    Box::new((Class::Decode, Parts { detail, source: Some(source.into()), ..Parts::default() }))
}

fn looks_like_html(body: &[u8]) -> bool {
    text::without_mark(body).trim_ascii_start().starts_with(b"<")
}
