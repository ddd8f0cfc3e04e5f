//! Enumerations: open when they come from an API, closed when a caller's JSON holds them.

/// Named values on the wire. Generated code implements it; a value that the manifest does not know is kept as it came.
pub trait Enumeration {
    /// The wire names that the manifest knows.
    const NAMES: &'static [&'static str];

    /// The value with this wire name, known or not.
    fn from_name(name: &str) -> Self;

    /// Its wire name.
    fn name(&self) -> &str;
}

/// Makes an [`Enumeration`] a value: `impl_enumeration!(Condition);`. It is displayed as its wire name, and parsed from it:
/// parsing never fails, because a name that the manifest does not know is kept as it is. A call refuses such a name in an
/// input that comes as JSON, and lists the known names.
#[macro_export]
macro_rules! impl_enumeration {
    ($enumeration:ty) => {
        impl ::core::fmt::Display for $enumeration {
            fn fmt(&self, out: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                out.pad($crate::Enumeration::name(self))
            }
        }

        impl ::core::str::FromStr for $enumeration {
            type Err = ::core::convert::Infallible;

            fn from_str(name: &str) -> ::core::result::Result<Self, ::core::convert::Infallible> {
                Ok(<$enumeration as $crate::Enumeration>::from_name(name))
            }
        }

        impl $crate::Value for $enumeration {
            fn blank() -> Self {
                <$enumeration as $crate::Enumeration>::from_name("")
            }

            fn expected(&self) -> &'static str {
                "a string"
            }

            fn allowed(&self) -> Option<&'static [&'static str]> {
                Some(<$enumeration as $crate::Enumeration>::NAMES)
            }

            fn read_scalar(&mut self, scalar: $crate::Scalar<'_>) -> $crate::Read {
                let $crate::Scalar::String(name) = scalar else { return $crate::Read::Refused };
                *self = <$enumeration as $crate::Enumeration>::from_name(name);
                $crate::Read::Taken
            }

            fn read_loosely(&mut self, token: $crate::Token<'_>) -> $crate::Read {
                let ($crate::Token::Number(name) | $crate::Token::String(name)) = token else {
                    return $crate::Read::Refused;
                };
                *self = <$enumeration as $crate::Enumeration>::from_name(name);
                $crate::Read::Taken
            }

            fn view(&self) -> $crate::View<'_> {
                $crate::View::String($crate::Enumeration::name(self))
            }
        }
    };
}
