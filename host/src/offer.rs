//! Values that a shell offers for a flag, while the flag takes others too.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, Command, Error};

/// Reads what `parser` reads, and lets a shell offer `names`.
#[derive(Clone)]
pub(crate) struct Offering<P> {
    parser: P,
    names: Vec<String>,
}

impl<P: TypedValueParser> Offering<P> {
    /// Names that a shell would have to quote are left out: the scripts do not quote them.
    pub(crate) fn new(parser: P, names: impl IntoIterator<Item = String>) -> Self {
        let is_plain = |name: &String| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
        };
        Self { parser, names: names.into_iter().filter(is_plain).collect() }
    }
}

impl<P: TypedValueParser> TypedValueParser for Offering<P> {
    type Value = P::Value;

    fn parse_ref(&self, command: &Command, flag: Option<&Arg>, text: &OsStr) -> Result<P::Value, Error> {
        self.parser.parse_ref(command, flag, text)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        if self.names.is_empty() {
            return None;
        }
        Some(Box::new(self.names.iter().map(PossibleValue::new)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_values_are_read_and_only_plain_ones_offered() {
        let read = |text: &str| Ok::<_, std::convert::Infallible>(text.len());
        let names = ["new", "Awaiting Payment", "$(reboot)", "", "store/order/created"].map(str::to_owned);
        let parser = Offering::new(read, names);
        let offered: Vec<String> =
            parser.possible_values().unwrap().map(|value| value.get_name().to_owned()).collect();
        assert_eq!(offered, ["new", "store/order/created"]);
        let length = parser.parse_ref(&Command::new("c"), None, OsStr::new("something else")).unwrap();
        assert_eq!(length, 14);
        assert!(Offering::new(read, []).possible_values().is_none());
    }
}
