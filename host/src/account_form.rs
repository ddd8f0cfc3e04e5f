//! Accounts as people and vendors write them: what a person types, and texts such as `stores/{account}` in callbacks.

use std::collections::BTreeMap;

use connector_runtime::{Connection, Connector, Error, SecretString};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::connections::account_field;

/// What a person typed for each field, checked and brought to its bare form.
///
/// # Errors
/// Class `validation`, with an example of what is wanted.
pub(crate) fn fields(
    connector: &'static Connector,
    typed: &[(&str, &str)],
) -> Result<BTreeMap<String, String>, Error> {
    // What is checked are the fields; credentials do not matter yet.
    let credentials: Vec<(&str, SecretString)> =
        connector.credentials.iter().map(|one| (one.name, SecretString::from("none"))).collect();
    let connection = Connection::new(connector, typed, &credentials)?;
    let bare = |name: &str| connection.field(name).unwrap_or_default().to_owned();
    Ok(connector.fields.iter().map(|field| (field.name.to_owned(), bare(field.name))).collect())
}

/// The account that `text` names in a form such as `stores/{account}`; none where it is written otherwise, or names what
/// can be no account.
pub(crate) fn account(connector: &'static Connector, form: &str, text: &str) -> Option<String> {
    let field = account_field(connector)?;
    let (before, after) = form.split_once(&format!("{{{field}}}"))?;
    let bare = text.strip_prefix(before)?.strip_suffix(after)?;
    // Of other forms that a person may type none is taken here.
    let only = fields(connector, &[(field, bare)]).ok()?;
    (only.get(field)? == bare).then(|| bare.to_owned())
}

/// A template with the values of its variables.
pub(crate) fn filled(template: &str, values: &BTreeMap<String, String>) -> String {
    values.iter().fold(template.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

/// An address with a value in place of `{name}`, escaped.
pub(crate) fn link(template: &str, name: &str, value: &str) -> String {
    template.replace(&format!("{{{name}}}"), &escaped(value))
}

/// A text as part of an address.
pub(crate) fn escaped(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bigcommerce_connector::CONNECTOR;

    #[test]
    fn a_person_may_type_every_form_and_nothing_else() {
        let typed = |text| fields(&CONNECTOR, &[("store_hash", text)]);
        for text in [
            "abc123",
            " abc123 ",
            "stores/abc123",
            "/stores/abc123",
            "/stores/abc123/v3/catalog/products",
            "stores/abc123/v3/",
            "store-abc123.mybigcommerce.com",
            "http://store-abc123.mybigcommerce.com/",
            "api.bigcommerce.com/stores/abc123/v2",
            "https://store-abc123.mybigcommerce.com/manage/dashboard",
            "https://api.bigcommerce.com/stores/abc123/v3/",
        ] {
            assert_eq!(typed(text).unwrap()["store_hash"], "abc123", "{text}");
        }
        for text in [
            "",
            "my shop",
            "../abc123",
            "store-abc123",
            "stores/",
            "stores/abc123?x=1",
            "xstores/abc123",
            "https://evil.example/stores/abc123",
            "abc123?x=1",
            "ABC",
        ] {
            let error = typed(text).unwrap_err();
            assert!(error.violations()[0].message().contains("abc123"), "{text}: {error}");
        }
    }

    #[test]
    fn a_callback_names_an_account_in_one_form_alone() {
        let named = |text| account(&CONNECTOR, "stores/{store_hash}", text);
        assert_eq!(named("stores/abc123").as_deref(), Some("abc123"));
        for text in [
            "abc123",
            "stores/",
            "stores/../admin",
            "stores/abc/1",
            "stores/stores/abc",
            "stores/ABC",
            "stores/a ",
        ] {
            assert_eq!(named(text), None, "{text}");
        }
    }
}
