//! The addresses of pages in the shop, made from names.

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

#[cfg(test)]
mod tests {
    use super::free_path;

    #[test]
    fn numbers_an_address_that_is_taken() {
        assert_eq!(free_path("Oak Jar, 5 l", |_| false), "/oak-jar-5-l/");
        assert_eq!(free_path("Jar", |path| path == "/jar/" || path == "/jar-1/"), "/jar-2/");
    }
}
