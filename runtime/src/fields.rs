//! Walks the fields of a JSON object and tells where each value stands, so that one pass reads a value and keeps its text.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Deserializer;
use serde_json::de::StrRead;

use crate::decode::Name;

/// Reads the JSON value at the beginning of `text`, which may go on behind it, and tells how long it is.
///
/// # Errors
/// Those of `read`.
pub(crate) fn read_value<'t>(
    text: &'t str,
    read: impl FnOnce(&mut Deserializer<StrRead<'t>>) -> Result<(), serde_json::Error>,
) -> Result<usize, serde_json::Error> {
    let mut deserializer = Deserializer::from_str(text);
    read(&mut deserializer)?;
    Ok(deserializer.into_iter::<IgnoredAny>().byte_offset())
}

/// Skips the JSON value at the beginning of `text` and tells how long it is.
///
/// # Errors
/// When no value stands there.
pub(crate) fn skip_value(text: &str) -> Result<usize, serde_json::Error> {
    read_value(text, |json| IgnoredAny::deserialize(json).map(|_| ()))
}

/// Shows `field` the name of every field of the object `text`, and the text from its value on; `field` tells how long
/// the value is.
///
/// # Errors
/// The first error of `field`, and `None` where the text is no object.
pub(crate) fn each_field<'t>(
    text: &'t str,
    field: impl FnMut(Cow<'t, str>, &'t str) -> Result<usize, serde_json::Error>,
) -> Result<(), Option<serde_json::Error>> {
    let length = walk_object(text, field)?;
    // Nothing but blanks may stand behind the object.
    if text[length..].trim_start_matches(BLANKS).is_empty() { Ok(()) } else { Err(None) }
}

/// The same for the object at the beginning of `text`, which may go on behind it; the length of the object.
///
/// # Errors
/// The first error of `field`, and `None` where no object stands there.
pub(crate) fn walk_object<'t>(
    text: &'t str,
    mut field: impl FnMut(Cow<'t, str>, &'t str) -> Result<usize, serde_json::Error>,
) -> Result<usize, Option<serde_json::Error>> {
    let mut rest = after(text, '{')?;
    if let Ok(behind) = after(rest, '}') {
        return Ok(text.len() - behind.len());
    }
    loop {
        let from_name = rest.trim_start_matches(BLANKS);
        let mut name = None;
        let length =
            read_value(from_name, |json| Name::deserialize(json).map(|Name(read)| name = Some(read)))?;
        let from_value = after(&from_name[length..], ':')?.trim_start_matches(BLANKS);
        let length = field(name.unwrap_or_default(), from_value)?;
        rest = &from_value[length..];
        match after(rest, ',') {
            Ok(next) => rest = next,
            Err(_) => return Ok(text.len() - after(rest, '}')?.len()),
        }
    }
}

/// Shows `item` the text from each item on of the list at the beginning of `text`, which may go on behind it; `item` tells
/// how long the item is. The length of the list.
///
/// # Errors
/// The first error of `item`, and `None` where no list stands there.
pub(crate) fn walk_list<'t>(
    text: &'t str,
    mut item: impl FnMut(&'t str) -> Result<usize, serde_json::Error>,
) -> Result<usize, Option<serde_json::Error>> {
    let mut rest = after(text, '[')?;
    if let Ok(behind) = after(rest, ']') {
        return Ok(text.len() - behind.len());
    }
    loop {
        let from_item = rest.trim_start_matches(BLANKS);
        rest = &from_item[item(from_item)?..];
        match after(rest, ',') {
            Ok(next) => rest = next,
            Err(_) => return Ok(text.len() - after(rest, ']')?.len()),
        }
    }
}

/// What JSON takes for blanks (RFC 8259, section 2).
pub(crate) const BLANKS: [char; 4] = [' ', '\t', '\n', '\r'];

/// The text behind blanks and `mark`.
fn after(text: &str, mark: char) -> Result<&str, Option<serde_json::Error>> {
    text.trim_start_matches(BLANKS).strip_prefix(mark).ok_or(None)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::value::RawValue;
    use std::collections::BTreeMap;

    use super::*;

    /// Every field with the text of its value; `None` where the walk found no object.
    fn walked(text: &str) -> Option<Vec<(String, String)>> {
        let mut found = Vec::new();
        let outcome = each_field(text, |name, from_value| {
            let length = skip_value(from_value)?;
            found.push((name.into_owned(), from_value[..length].to_owned()));
            Ok(length)
        });
        outcome.ok().map(|()| found)
    }

    #[test]
    fn tells_names_and_texts_as_they_came() {
        let text = " {\"a\" : 1.50 ,\"\\u0062\\n\":[ {\"x\":\"}\"} ], \"c\":null}\n";
        let expected = [("a", "1.50"), ("b\n", "[ {\"x\":\"}\"} ]"), ("c", "null")];
        assert_eq!(
            walked(text),
            Some(expected.map(|(name, text)| (name.to_owned(), text.to_owned())).into())
        );
        assert_eq!(walked(" { } "), Some(Vec::new()));
    }

    /// Every item's text; `None` where the walk found no list.
    fn items(text: &str) -> Option<Vec<String>> {
        let mut found = Vec::new();
        let length = walk_list(text, |from_item| {
            let length = skip_value(from_item)?;
            found.push(from_item[..length].to_owned());
            Ok(length)
        });
        (length.ok()? == text.trim_end_matches(BLANKS).len()).then_some(found)
    }

    proptest! {
        #[test]
        fn takes_the_lists_that_serde_json_takes(
            parts in proptest::collection::vec(
                prop_oneof!["[{},:\\[\\] ]", Just("\"a\"".to_owned()), Just("[1, 2]".to_owned()), "-?[0-9]{1,3}",
                    Just("null".to_owned()), Just("\"".to_owned())],
                0..9,
            ),
        ) {
            let text = format!("[{}", parts.concat());
            let theirs: Option<Vec<&RawValue>> = serde_json::from_str(&text).ok();
            let theirs = theirs.map(|items| items.iter().map(|raw| raw.get().to_owned()).collect::<Vec<_>>());
            prop_assert_eq!(items(&text), theirs, "{}", text);
        }

        /// Texts made of JSON's own parts, so that many are nearly objects.
        #[test]
        fn takes_what_serde_json_takes_and_nothing_else(
            parts in proptest::collection::vec(
                prop_oneof!["[{},:\\[\\] ]", Just("\"a\"".to_owned()), Just("\"\\u0061b\"".to_owned()),
                    Just("{\"k\":1}".to_owned()), "-?[0-9]{1,3}", Just("null".to_owned()), Just("\"".to_owned())],
                0..9,
            ),
        ) {
            let text = format!("{{{}", parts.concat());
            let theirs: Result<BTreeMap<String, &RawValue>, _> = serde_json::from_str(&text);
            let ours = walked(&text).map(|fields| fields.into_iter().collect::<BTreeMap<_, _>>());
            let theirs = theirs.ok().map(|fields| {
                fields.into_iter().map(|(name, raw)| (name, raw.get().to_owned())).collect()
            });
            prop_assert_eq!(ours, theirs, "{}", text);
        }
    }
}
