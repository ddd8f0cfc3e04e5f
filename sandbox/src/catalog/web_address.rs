//! The addresses of pages in the shop, made from names.

use serde_json::{Value, json};

/// The words of `name` joined by hyphens, in lower case: `Oak Jar` is `oak-jar`.
pub(super) fn slug(name: &str) -> String {
    let lower = name.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

/// `/{slug}/`, with a number behind it where `is_taken` says that the address has an owner.
pub(super) fn free_path(name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let slug = slug(name);
    let plain = std::iter::once(format!("/{slug}/"));
    let numbered = (1_u64..).map(|number| format!("/{slug}-{number}/"));
    plain.chain(numbered).find(|path| !is_taken(path)).unwrap_or_default()
}

/// The `custom_url` to keep, of the parts that were `sent`, those that are there and a path made by `free`; `None` if the
/// address stays as it is. An address that was sent is customized, unless the request has another value for that.
pub(super) fn custom_url(
    sent: Option<&Value>,
    current: Option<&Value>,
    free: impl FnOnce() -> String,
) -> Option<Value> {
    let of = |url: Option<&Value>, name: &str| url.and_then(|url| url.get(name)).cloned();
    if sent.is_none() && current.is_some() {
        return None;
    }
    let is_new = of(sent, "url").is_some();
    let url = of(sent, "url").or_else(|| of(current, "url")).unwrap_or_else(|| free().into());
    let flag = of(sent, "is_customized").or_else(|| of(current, "is_customized").filter(|_| !is_new));
    Some(json!({"url": url, "is_customized": flag.unwrap_or_else(|| is_new.into())}))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{custom_url, free_path};

    #[test]
    fn an_address_is_customized_unless_the_request_has_another_value() {
        let written = |sent, current| custom_url(sent, current, || "/made/".to_owned());
        let own = json!({"url": "/own/"});
        let plain = json!({"url": "/own/", "is_customized": false});
        let flag = json!({"is_customized": true});
        let customized = json!({"url": "/own/", "is_customized": true});
        assert_eq!(written(None, None), Some(json!({"url": "/made/", "is_customized": false})));
        assert_eq!(written(Some(&own), None).as_ref(), Some(&customized));
        assert_eq!(written(Some(&plain), Some(&customized)).as_ref(), Some(&plain));
        assert_eq!(written(Some(&flag), Some(&plain)).as_ref(), Some(&customized));
        assert_eq!(written(None, Some(&plain)), None);
    }

    #[test]
    fn numbers_an_address_that_is_taken() {
        assert_eq!(free_path("Oak Jar, 5 l", |_| false), "/oak-jar-5-l/");
        assert_eq!(free_path("Jar", |path| path == "/jar/" || path == "/jar-1/"), "/jar-2/");
    }
}
