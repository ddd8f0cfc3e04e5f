//! Records: objects with named fields, described by a table that generated code writes.

use std::collections::BTreeMap;

use crate::Json;
use crate::rules::Parameter;
use crate::value::{Fields, Value, View};

/// Fields that the manifest does not describe, as the API sent them, by name. A described field stands here as well if its
/// value could not be read; the described field itself is then empty.
pub type Extra = BTreeMap<String, Json>;

/// Receives each field of a record: its wire name and its value.
pub type Visit<'r, 'v> = dyn FnMut(&'static str, &'r dyn Value) + 'v;

/// An object with named fields. Generated code implements it; everything else about decoding and encoding follows.
pub trait Record {
    /// A record without values, to read into.
    fn blank() -> Self
    where
        Self: Sized;

    /// The place of the field with this wire name.
    fn place(&mut self, name: &str) -> Option<&mut dyn Value>;

    /// Shows every described field in the order of the manifest.
    fn each<'r>(&'r self, visit: &mut Visit<'r, '_>);

    /// Where fields go that the record does not describe; `None` where an unknown field is an error.
    fn extra(&mut self) -> Option<&mut Extra> {
        None
    }

    /// The fields the record does not describe.
    fn unknown(&self) -> Option<&Extra> {
        None
    }

    /// What fields must meet when the record is sent; fields without rules are left out.
    fn rules(&self) -> &'static [Parameter] {
        &[]
    }
}

impl<R: Record> Value for R {
    fn blank() -> Self {
        <R as Record>::blank()
    }

    fn expected(&self) -> &'static str {
        "an object"
    }

    fn fields(&mut self) -> Option<&mut dyn Fields> {
        Some(self)
    }

    fn view(&self) -> View<'_> {
        View::Record(self)
    }
}

impl<R: Record> Fields for R {
    fn place(&mut self, name: &str) -> Option<&mut dyn Value> {
        Record::place(self, name)
    }

    fn extra(&mut self) -> Option<&mut Extra> {
        Record::extra(self)
    }
}

/// The field table of a record of an answer: `impl_record!(Price { "amount" => amount, "currency" => currency });`, with
/// `rules RULES` at the end where the record has rules as an input. Everything else about decoding and encoding follows
/// from the table, serde's traits included.
#[macro_export]
macro_rules! impl_record {
    ($record:ident { $($wire:literal => $field:ident),* $(,)? } $(rules $rules:expr)?) => {
        impl $crate::Record for $record {
            fn blank() -> Self {
                Self::default()
            }

            $crate::field_table!($($wire => $field),*);

            fn extra(&mut self) -> Option<&mut $crate::Extra> {
                Some(&mut self.extra)
            }

            fn unknown(&self) -> Option<&$crate::Extra> {
                Some(&self.extra)
            }

            $(fn rules(&self) -> &'static [$crate::Parameter] {
                $rules
            })?
        }

        $crate::impl_comparison!($record);

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

/// The field table of an action's input, by the names that callers use:
/// `impl_input!(GetOrder { "order_id" => order_id });`.
#[macro_export]
macro_rules! impl_input {
    ($input:ident { $($name:literal => $field:ident),* $(,)? }) => {
        impl $crate::Record for $input {
            fn blank() -> Self {
                Self { $($field: $crate::Value::blank()),* }
            }

            $crate::field_table!($($name => $field),*);
        }

        $crate::impl_comparison!($input);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! impl_comparison {
    ($record:ident) => {
        impl ::core::fmt::Debug for $record {
            fn fmt(&self, out: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                $crate::debug_record(stringify!($record), self, out)
            }
        }

        impl ::core::cmp::PartialEq for $record {
            fn eq(&self, other: &Self) -> bool {
                $crate::records_equal(self, other)
            }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! field_table {
    ($($name:literal => $field:ident),*) => {
        fn place(&mut self, name: &str) -> Option<&mut dyn $crate::Value> {
            match name {
                $($name => Some(&mut self.$field),)*
                _ => None,
            }
        }

        fn each<'r>(&'r self, visit: &mut $crate::Visit<'r, '_>) {
            $(visit($name, &self.$field);)*
            let _ = visit;
        }
    };
}
