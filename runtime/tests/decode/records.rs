//! Records in the form that generated code has.

use std::collections::BTreeMap;

use connector_runtime::{
    Boxed, Date, DateTime, Decimal, Enumeration, Extra, Json, impl_enumeration, impl_record,
};

/// A thing with a field of every kind.
#[derive(Clone, Default)]
pub(crate) struct Item {
    pub(crate) id: Option<i64>,
    pub(crate) name: Option<String>,
    pub(crate) price: Option<Decimal>,
    pub(crate) ratio: Option<f64>,
    pub(crate) is_new: Option<bool>,
    pub(crate) day: Option<Date>,
    pub(crate) changed: Option<DateTime>,
    pub(crate) colour: Option<Colour>,
    pub(crate) config: Option<Json>,
    pub(crate) images: Option<Vec<Image>>,
    pub(crate) steps: Option<Vec<Decimal>>,
    pub(crate) grid: Option<Vec<Vec<i64>>>,
    pub(crate) gaps: Option<Vec<Option<i64>>>,
    pub(crate) labels: Option<BTreeMap<String, i64>>,
    pub(crate) shelves: Option<BTreeMap<String, Vec<Image>>>,
    pub(crate) parent: Option<Boxed<Item>>,
    pub(crate) extra: Extra,
}

impl_record!(Item {
    "id" => id, "name" => name, "price" => price, "ratio" => ratio, "is_new" => is_new, "day" => day, "changed" => changed, "colour" => colour, "config" => config, "images" => images, "steps" => steps, "grid" => grid, "gaps" => gaps, "labels" => labels, "shelves" => shelves, "parent" => parent,
});

/// A part of an item.
#[derive(Clone, Default)]
pub(crate) struct Image {
    pub(crate) price: Option<Decimal>,
    pub(crate) extra: Extra,
}

impl_record!(Image { "price" => price });

/// A closed list for inputs, an open one for answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Colour {
    Red,
    Blue,
    Unlisted(String),
}

impl Enumeration for Colour {
    const NAMES: &'static [&'static str] = &["red", "blue"];

    fn from_name(name: &str) -> Self {
        match name {
            "red" => Self::Red,
            "blue" => Self::Blue,
            _ => Self::Unlisted(name.to_owned()),
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Red => "red",
            Self::Blue => "blue",
            Self::Unlisted(name) => name,
        }
    }
}

impl_enumeration!(Colour);
