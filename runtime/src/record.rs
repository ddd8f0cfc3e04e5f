//! Records: objects with named fields, described by a table that generated code writes.

use std::collections::BTreeMap;

use crate::Json;
use crate::value::Value;

/// Fields that the manifest does not describe, as the API sent them, by name.
pub type Extra = BTreeMap<String, Json>;

/// Receives each field of a record: its wire name and its value.
pub type Visit<'v> = dyn FnMut(&'static str, &dyn Value) + 'v;

/// An object with named fields. Generated code implements it; everything else about decoding and encoding follows.
pub trait Record {
    /// A record without values, to read into.
    fn blank() -> Self
    where
        Self: Sized;

    /// The place of the field with this wire name.
    fn place(&mut self, name: &str) -> Option<&mut dyn Value>;

    /// Where fields go that the record does not describe; `None` where an unknown field is an error.
    fn extra(&mut self) -> Option<&mut Extra> {
        None
    }

    /// Shows every described field in the order of the manifest.
    fn each(&self, visit: &mut Visit<'_>);

    /// The fields the record does not describe.
    fn unknown(&self) -> Option<&Extra> {
        None
    }
}

/// Makes a [`Record`] a value, and gives it serde's traits, all through its field table: `impl_record!(Product);`.
#[macro_export]
macro_rules! impl_record {
    ($record:ty) => {
        impl $crate::Value for $record {
            fn blank() -> Self {
                <$record as $crate::Record>::blank()
            }

            fn expected(&self) -> &'static str {
                "an object"
            }

            fn fields(&mut self) -> Option<&mut dyn $crate::Fields> {
                Some(self)
            }

            fn view(&self) -> $crate::View<'_> {
                $crate::View::Record(self)
            }
        }

        impl $crate::Fields for $record {
            fn place(&mut self, name: &str) -> Option<&mut dyn $crate::Value> {
                $crate::Record::place(self, name)
            }

            fn extra(&mut self) -> Option<&mut $crate::Extra> {
                $crate::Record::extra(self)
            }
        }

        impl $crate::serde::Serialize for $record {
            fn serialize<S: $crate::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::serialize(self, serializer)
            }
        }

        impl<'de> $crate::serde::Deserialize<'de> for $record {
            fn deserialize<D: $crate::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::deserialize(deserializer)
            }
        }
    };
}
