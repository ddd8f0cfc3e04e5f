//! Texts that match a regular expression, so that no test needs an example of a pattern by hand.

use connector_codegen::pattern_texts;
use serde_json::{Value, json};

use crate::validator;

/// Texts that a schema of type `string` accepts by its pattern and its bounds.
///
/// # Panics
/// When the schema or its pattern cannot be read.
pub fn fitting_texts(schema: &Value) -> impl Iterator<Item = String> {
    let length = usize::try_from(schema["minLength"].as_u64().unwrap_or(1)).unwrap_or(1);
    let plain = schema["pattern"].is_null().then(|| ["x".to_owned(), "x".repeat(length), String::new()]);
    let matching = schema["pattern"].as_str().into_iter().flat_map(move |text| pattern_texts(text, length));
    let validator = validator(schema);
    plain.into_iter().flatten().chain(matching).filter(move |text| validator.is_valid(&json!(text)))
}

#[cfg(test)]
mod tests {
    use super::fitting_texts;
    use serde_json::json;

    #[test]
    fn every_kind_of_pattern_has_texts_of_several_lengths() {
        for pattern in [
            "^(/[A-Za-z0-9_.-]{1,256})*/?$",
            "^([a-z]{2,3}|[a-z]{2}-[A-Z]{2}|[a-z]{2}-[0-9]{3})$",
            "^[^,]+$",
            "[A-Z]{2}",
            r"^https?://\w+(\.\w+)*$",
            "^(?i)sku-\\d{4}$",
            "^x",
        ] {
            let schema = json!({"type": "string", "pattern": pattern});
            assert!(fitting_texts(&schema).next().is_some(), "{pattern}");
        }
        let locale = "^([a-z]{2,3}|[a-z]{2}-[A-Z]{2}|[a-z]{2}-[0-9]{3})$";
        let schema = json!({"type": "string", "pattern": locale});
        let locales: Vec<String> = fitting_texts(&schema).collect();
        assert!(
            ["aa", "aa-AA", "aa-000"].iter().all(|form| locales.iter().any(|text| text == form)),
            "{locales:?}"
        );
        let long = json!({"type": "string", "pattern": "^[a-z]*$", "minLength": 90, "maxLength": 100});
        assert!(fitting_texts(&long).all(|text| (90..=100).contains(&text.len())));
        assert!(fitting_texts(&long).next().is_some());
        assert_eq!(
            fitting_texts(&json!({"type": "string", "minLength": 8})).next().as_deref(),
            Some("xxxxxxxx")
        );
    }
}
