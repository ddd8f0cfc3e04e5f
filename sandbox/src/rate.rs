//! How often something happens by chance, exact to a millionth so that settings can be compared.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

/// A share of all cases, from 0 (never, the default) to 1 (always).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate {
    millionths: u32,
}

const WHOLE: u32 = 1_000_000;

impl Rate {
    /// The rate nearest to `share`; `None` where that is not from 0 to 1.
    pub fn new(share: f64) -> Option<Self> {
        let is_share = (0.0..=1.0).contains(&share);
        // Within the range the conversion loses nothing but the digits after the sixth.
        is_share.then(|| Self { millionths: (share * f64::from(WHOLE)).round() as u32 })
    }

    /// The share as a number from 0 to 1.
    pub fn as_f64(self) -> f64 {
        f64::from(self.millionths) / f64::from(WHOLE)
    }

    /// Whether it happens in the case for which this number was drawn.
    pub(crate) fn includes(self, drawn: u64) -> bool {
        drawn % u64::from(WHOLE) < u64::from(self.millionths)
    }
}

impl Display for Rate {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.as_f64())
    }
}

impl FromStr for Rate {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().ok().and_then(Self::new).ok_or("give a number from 0 to 1, such as 0.1")
    }
}

#[cfg(test)]
mod tests {
    use super::Rate;

    #[test]
    fn reads_shares_and_refuses_what_is_none() {
        for text in ["0", "0.1", "0.000001", "1"] {
            assert_eq!(text.parse::<Rate>().map(|rate| rate.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "-0.1", "1.01", "NaN", "inf", "10%"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }

    #[test]
    fn includes_its_share_of_the_numbers() {
        let rate = Rate::new(0.25).expect("a rate");
        assert_eq!((0..1_000_000).filter(|drawn| rate.includes(*drawn)).count(), 250_000);
        assert!(!Rate::default().includes(0));
        assert!(Rate::new(1.0).is_some_and(|always| always.includes(u64::MAX)));
    }
}
