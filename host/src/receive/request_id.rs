//! The id under which a request is found in the logs: the sender's or the proxy's where it gives one, else our own.

use std::borrow::Cow;

use http::HeaderMap;

/// The header that proxies give.
const HEADER: &str = "X-Request-Id";
const LONGEST: usize = 64;

/// The id of a request. One with other characters than ids have is not taken over, since it ends in logs.
pub(super) fn of(headers: &HeaderMap) -> Cow<'_, str> {
    let given = headers.get(HEADER).and_then(|value| value.to_str().ok());
    match given.filter(|id| is_sane(id)) {
        Some(id) => Cow::Borrowed(id),
        None => Cow::Owned(format!("{:016x}", fastrand::u64(..))),
    }
}

fn is_sane(id: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=LONGEST).contains(&id.len()) && id.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_header(value: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, value.parse().unwrap());
        of(&headers).into_owned()
    }

    #[test]
    fn sane_ids_are_taken_over_and_others_replaced() {
        assert_eq!(of_header("7c2f-4a.b_1"), "7c2f-4a.b_1");
        let too_long = "a".repeat(LONGEST + 1);
        for strange in ["", "a b", "a\"b", "{}", &too_long] {
            let id = of_header(strange);
            assert!(id != strange && id.len() == 16, "{id}");
        }
        assert_ne!(of(&HeaderMap::new()), of(&HeaderMap::new()));
    }
}
