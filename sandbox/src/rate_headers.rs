//! Whether the headers of an answer tell the truth of the quota.

use http::{HeaderMap, HeaderValue};

use crate::misbehaviour::Misbehaviour;
use crate::quota;
use crate::seed::random::Random;

/// What stands in a header that cannot be understood: no whole number, or one too great.
const NONSENSE: [&str; 8] = ["soon", "-1", "", "1.5", "1e3", "0x96", "150, 150", "99999999999999999999"];

/// What becomes of the headers of one answer.
#[derive(Clone, Debug)]
pub(crate) enum RateHeaders {
    /// They are true.
    True,
    /// None of them is there.
    Missing,
    /// Each that is there says something drawn by chance.
    Nonsense(Random),
}

impl RateHeaders {
    /// What becomes of the headers of the answer to the request of this number in the store of this seed. Where both could
    /// be, they are missing.
    pub(crate) fn drawn(seed: u64, request: u64, habits: &Misbehaviour) -> Self {
        // Apart from the numbers of the faults, which are drawn for the same requests.
        let mut random = Random::new(seed.rotate_left(16) ^ request.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let (missing, nonsense) = (random.next(), random.next());
        if habits.headers_missing_rate.includes(missing) {
            Self::Missing
        } else if habits.headers_nonsense_rate.includes(nonsense) {
            Self::Nonsense(random)
        } else {
            Self::True
        }
    }

    /// Changes the headers that tell the truth.
    pub(crate) fn apply(self, headers: &mut HeaderMap) {
        match self {
            Self::True => {}
            Self::Missing => quota::remove_headers(headers),
            Self::Nonsense(mut random) => quota::replace_headers(headers, || {
                HeaderValue::from_static(NONSENSE[random.below(NONSENSE.len() as u64) as usize])
            }),
        }
    }
}
