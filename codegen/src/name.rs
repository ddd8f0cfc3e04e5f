//! Names: their rules in a manifest, and what they become in Rust.

/// How a name in a manifest is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// `get-order`: actions, triggers, the connector itself.
    Kebab,
    /// `order_id`: parameters, connection fields, scopes.
    Snake,
    /// `OrderStatus`: types.
    Camel,
    /// `v3`: API versions.
    Lower,
    /// Whatever the vendor wrote: fields of records.
    Any,
}

impl Rule {
    /// Whether `name` follows the rule.
    pub(crate) fn holds(self, name: &str) -> bool {
        let words = |separator: char| {
            name.split(separator).all(|word| {
                !word.is_empty()
                    && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            }) && starts_with_letter(name)
        };
        match self {
            Self::Kebab => words('-'),
            Self::Snake => words('_'),
            Self::Lower => words('.'),
            Self::Camel => {
                name.starts_with(|first: char| first.is_ascii_uppercase())
                    && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
            }
            Self::Any => !name.is_empty(),
        }
    }

    /// The rule in words.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Kebab => "lowercase words joined by dashes, such as `get-order`",
            Self::Snake => "lowercase words joined by underscores, such as `order_id`",
            Self::Camel => "capitalised words joined, such as `OrderStatus`",
            Self::Lower => "a lowercase word, such as `v3`",
            Self::Any => "a name that is not empty",
        }
    }

    /// The rule as a regular expression, for the JSON Schema of the manifest.
    pub(crate) fn pattern(self) -> &'static str {
        match self {
            Self::Kebab => "^[a-z][a-z0-9]*(-[a-z0-9]+)*$",
            Self::Snake => "^[a-z][a-z0-9]*(_[a-z0-9]+)*$",
            Self::Camel => "^[A-Z][A-Za-z0-9]*$",
            Self::Lower => "^[a-z][a-z0-9]*(\\.[a-z0-9]+)*$",
            Self::Any => "^.",
        }
    }
}

fn starts_with_letter(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
}

/// The identifier of a field, function or module: `shippingAddress` → `shipping_address`, `type` → `r#type`.
/// `None` where nothing of the name can stand in an identifier.
pub(crate) fn field(name: &str) -> Option<String> {
    let words = words(name);
    let mut joined = words.join("_");
    if joined.is_empty() {
        return None;
    }
    if joined.starts_with(|first: char| first.is_ascii_digit()) {
        joined.insert(0, '_');
    }
    Some(escape(joined))
}

/// The identifier of a static: `v3` → `V3`, `v1.0` → `V1_0`, `type` → `TYPE`.
pub(crate) fn constant(name: &str) -> Option<String> {
    Some(field(name)?.trim_start_matches("r#").to_uppercase())
}

/// The identifier of a type or variant: `get-order` → `GetOrder`, `capture pending` → `CapturePending`.
/// `None` where nothing of the name can stand in an identifier.
pub(crate) fn ty(name: &str) -> Option<String> {
    let mut joined = String::new();
    for word in words(name) {
        let mut letters = word.chars();
        joined.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        joined.push_str(letters.as_str());
    }
    if joined.is_empty() {
        return None;
    }
    if joined.starts_with(|first: char| first.is_ascii_digit()) {
        joined.insert(0, 'N');
    }
    Some(if joined == "Self" { "Self_".to_owned() } else { joined })
}

/// The words of a name in any case and with any separators, in lowercase.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let letters: Vec<char> = name.chars().collect();
    let mut open = false;
    for (index, letter) in letters.iter().enumerate() {
        if !letter.is_ascii_alphanumeric() {
            open = false;
            continue;
        }
        let before = index.checked_sub(1).map(|before| letters[before]);
        let after = letters.get(index + 1);
        let hump = letter.is_ascii_uppercase()
            && (before.is_some_and(|before| before.is_ascii_lowercase() || before.is_ascii_digit())
                || before.is_some_and(|before| before.is_ascii_uppercase())
                    && after.is_some_and(char::is_ascii_lowercase));
        if !open || hump {
            words.push(String::new());
        }
        open = true;
        if let Some(word) = words.last_mut() {
            word.push(letter.to_ascii_lowercase());
        }
    }
    words
}

/// Keywords become raw identifiers; the four that cannot get an underscore.
fn escape(name: String) -> String {
    match name.as_str() {
        "self" | "super" | "crate" | "_" => format!("{name}_"),
        "as" | "async" | "await" | "break" | "const" | "continue" | "dyn" | "else" | "enum" | "extern"
        | "false" | "fn" | "for" | "if" | "impl" | "in" | "let" | "loop" | "match" | "mod" | "move"
        | "mut" | "pub" | "ref" | "return" | "static" | "struct" | "trait" | "true" | "type" | "unsafe"
        | "use" | "where" | "while" | "abstract" | "become" | "box" | "do" | "final" | "gen" | "macro"
        | "override" | "priv" | "try" | "typeof" | "unsized" | "virtual" | "yield" => format!("r#{name}"),
        _ => name,
    }
}

/// The candidate that a misspelt name most likely meant.
pub(crate) fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    // Nobody misspells a name of that length by a letter, and the comparison is quadratic.
    if name.len() > 64 {
        return None;
    }
    let best = candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= 64)
        .map(|candidate| (distance(name, candidate), candidate))
        .min()?;
    (is_near(best.0, name, best.1) && has_near_words(name, best.1)).then_some(best.1)
}

/// Whether each word is nearly the same as its counterpart: nobody misspells `create-order` as `get-order`.
fn has_near_words(name: &str, other: &str) -> bool {
    let (ours, theirs) = (words(name), words(other));
    ours.len() != theirs.len()
        || ours.iter().zip(&theirs).all(|(word, other)| is_near(distance(word, other), word, other))
}

/// The candidates that a misspelt name most likely meant: all that are equally near.
pub(crate) fn all_nearest<'c>(name: &str, candidates: &[&'c str]) -> Vec<&'c str> {
    let Some(best) = nearest(name, candidates.iter().copied()) else { return Vec::new() };
    let least = distance(name, best);
    candidates.iter().copied().filter(|other| other.len() <= 64 && distance(name, other) == least).collect()
}

/// Whether so few edits lie between two names that one is the other, misspelt.
fn is_near(distance: usize, name: &str, other: &str) -> bool {
    let length = name.len().max(other.len());
    distance <= if length <= 5 { 1 } else { 1 + length / 4 }
}

/// The candidates in the order of their distance, the nearest first.
pub(crate) fn ranked<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Vec<&'c str> {
    let mut ranked: Vec<(usize, &str)> = candidates
        .into_iter()
        .map(|candidate| match name.len().max(candidate.len()) <= 64 {
            true => (distance(name, candidate), candidate),
            false => (usize::MAX, candidate),
        })
        .collect();
    ranked.sort_by_key(|(distance, _)| *distance);
    ranked.into_iter().map(|(_, candidate)| candidate).collect()
}

/// The word among a fixed choice that was misspelt. Words with other digits are other words and not misspelt: `sha1` is not
/// `sha256`.
pub(crate) fn misspelt<'c>(word: &str, choice: &[&'c str]) -> Option<&'c str> {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    nearest(word, choice.iter().copied().filter(|possible| digits(possible) == digits(word)))
}

/// Edits between two names: insertions, deletions, changes, and swaps of neighbours (optimal string alignment).
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let mut rows = vec![(0..=right.len()).collect::<Vec<_>>()];
    for (i, l) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, r) in right.iter().enumerate() {
            let same = l.eq_ignore_ascii_case(r);
            let mut best = (rows[i][j + 1] + 1).min(row[j] + 1).min(rows[i][j] + usize::from(!same));
            if i > 0 && j > 0 && *l == right[j - 1] && left[i - 1] == *r {
                best = best.min(rows[i - 1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[left.len()][right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_become_snake_case_identifiers() {
        for (name, expected) in [
            ("id", "id"),
            ("orderId", "order_id"),
            ("X-Parcel-Key", "x_parcel_key"),
            ("id:in", "id_in"),
            ("type", "r#type"),
            ("self", "self_"),
            ("2fa", "_2fa"),
            ("HTMLBody", "html_body"),
            ("street_1", "street_1"),
            ("gen", "r#gen"),
        ] {
            assert_eq!(field(name).as_deref(), Some(expected), "{name}");
        }
        assert_eq!(field("::"), None);
        assert_eq!(field(""), None);
    }

    #[test]
    fn types_and_variants_become_camel_case_identifiers() {
        for (name, expected) in [
            ("get-order", "GetOrder"),
            ("capture pending", "CapturePending"),
            ("OrderStatus", "OrderStatus"),
            ("id:asc", "IdAsc"),
            ("self", "Self_"),
            ("3d", "N3d"),
        ] {
            assert_eq!(ty(name).as_deref(), Some(expected), "{name}");
        }
        assert_eq!(ty(""), None);
    }

    #[test]
    fn the_nearest_name_is_suggested_only_when_it_is_near() {
        assert_eq!(nearest("tpye", ["type", "list"]), Some("type"));
        assert_eq!(nearest("prodcut", ["Product", "Order"]), Some("Product"));
        assert_eq!(nearest("banana", ["type", "list"]), None);
        assert_eq!(nearest("fetch", ["patch"]), None);
        assert_eq!(nearest("gte", ["get", "put"]), Some("get"));
        assert_eq!(nearest("get-parcel", ["create-parcel"]), None);
        assert_eq!(nearest("get-parcle", ["create-parcel", "get-parcel"]), Some("get-parcel"));
    }

    #[test]
    fn a_word_with_other_digits_is_not_misspelt() {
        assert_eq!(misspelt("hmac-sha1", &["hmac-sha256"]), None);
        assert_eq!(misspelt("hmca-sha256", &["hmac-sha256"]), Some("hmac-sha256"));
    }

    #[test]
    fn candidates_are_ranked_by_their_distance() {
        assert_eq!(ranked("pags", ["cursor", "page", "pages"]), ["page", "pages", "cursor"]);
    }
}
