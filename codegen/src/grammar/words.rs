//! The words of messages: articles by sound, singular and plural, and the words of other languages for our keys.

/// The noun with its article: `an API version`, `a scope`; a plural has none.
pub(super) fn article(noun: &str) -> String {
    match is_plural(noun) {
        true => noun.to_owned(),
        false => format!("{} {noun}", if sounds_like_vowel(noun) { "an" } else { "a" }),
    }
}

/// The noun with its article and the verb: `a scope has`, `webhooks have`.
pub(super) fn subject(noun: &str, singular: &str, plural: &str) -> String {
    format!("{} {}", article(noun), if is_plural(noun) { plural } else { singular })
}

fn is_plural(noun: &str) -> bool {
    noun.ends_with('s') && !["ss", "us", "is"].iter().any(|end| noun.ends_with(end))
}

/// Whether the first sound is a vowel: abbreviations are spelled out, and some words begin with another sound than letter.
fn sounds_like_vowel(noun: &str) -> bool {
    let word = noun.split([' ', '-']).next().unwrap_or_default();
    let is_spelled =
        word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    if is_spelled {
        return word.starts_with(['A', 'E', 'F', 'H', 'I', 'L', 'M', 'N', 'O', 'R', 'S', 'X', '8']);
    }
    let word = word.to_ascii_lowercase();
    let is_silent = ["hour", "honest", "honour"].iter().any(|start| word.starts_with(start));
    let is_consonant =
        ["uni", "use", "usa", "eu", "one", "once", "uri"].iter().any(|start| word.starts_with(start));
    is_silent || word.starts_with(['a', 'e', 'i', 'o', 'u']) && !is_consonant
}

/// Keys of other languages, and the keys of ours that mean the same.
const FOREIGN: &[(&str, &[&str])] = &[
    ("get", &["fetch", "read", "retrieve", "find"]),
    ("post", &["create", "insert"]),
    ("put", &["replace", "set"]),
    ("patch", &["update", "modify"]),
    ("delete", &["remove", "destroy"]),
    ("title", &["name", "label", "display_name"]),
    ("description", &["summary", "help", "text"]),
    ("docs", &["url", "link", "documentation", "doc", "external_docs", "externalDocs"]),
    ("query", &["params", "parameters", "args", "query_params", "inputs"]),
    ("path", &["path_params", "path_parameters"]),
    ("body", &["data", "request", "request_body", "requestBody"]),
    ("returns", &["response", "responses", "output", "result", "return"]),
    ("success", &["status", "statuses", "codes"]),
    ("sample", &["example", "examples", "fixture"]),
    ("scope", &["permission", "permissions", "scopes"]),
    ("paging", &["pagination", "pages"]),
    ("api", &["version", "api_version"]),
    ("server", &["host", "url", "base_url", "servers"]),
    ("base", &["prefix", "base_path", "basePath", "path"]),
    ("record", &["properties", "fields", "object", "struct"]),
    ("enum", &["values", "options", "variants", "enumeration"]),
    ("list", &["array", "items"]),
    ("map", &["additionalProperties", "dictionary"]),
    ("pattern", &["regex", "regexp", "format"]),
    ("min", &["minimum", "minLength", "min_length", "minItems", "least"]),
    ("max", &["maximum", "maxLength", "max_length", "maxItems", "most"]),
    ("required", &["mandatory", "optional"]),
    ("nullable", &["null", "allow_null"]),
    ("wire", &["json", "alias", "serialized_name"]),
    ("deprecated", &["obsolete"]),
    ("credentials", &["auth", "authentication", "secrets"]),
    ("rate_limit", &["rate_limits", "ratelimit", "throttling", "limits"]),
    ("types", &["schemas", "models", "definitions"]),
    ("actions", &["operations", "endpoints", "methods"]),
    ("triggers", &["events"]),
    ("event", &["topic"]),
    ("algorithm", &["method", "hash"]),
    ("header", &["name"]),
    ("version", &["release"]),
];

/// The key among `possible` that means the same as a key of another language.
pub(super) fn meant_by<'p>(foreign: &str, possible: &[&'p str]) -> Option<&'p str> {
    let means =
        |key: &&&str| FOREIGN.iter().any(|(ours, theirs)| *ours == **key && theirs.contains(&foreign));
    possible.iter().find(means).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn articles_follow_the_sound_and_the_number() {
        for (noun, expected) in [
            ("API version", "an API version"),
            ("OAuth 2 grant", "an OAuth 2 grant"),
            ("HTTP header", "an HTTP header"),
            ("URL", "a URL"),
            ("JWT", "a JWT"),
            ("action", "an action"),
            ("user", "a user"),
            ("unit", "a unit"),
            ("hour", "an hour"),
            ("scope", "a scope"),
            ("address", "an address"),
            ("webhooks", "webhooks"),
            ("quota headers", "quota headers"),
        ] {
            assert_eq!(article(noun), expected);
        }
        assert_eq!(subject("webhooks", "has", "have"), "webhooks have");
        assert_eq!(subject("API version", "has", "have"), "an API version has");
    }

    #[test]
    fn a_key_of_another_language_is_translated_only_to_a_possible_key() {
        assert_eq!(meant_by("fetch", &["title", "patch", "get"]), Some("get"));
        assert_eq!(meant_by("fetch", &["title", "patch"]), None);
        assert_eq!(meant_by("patch", &["get"]), None);
    }
}
