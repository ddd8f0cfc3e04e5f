//! Records in the form that generated code has.

use std::collections::BTreeMap;

use connector_runtime::{
    Date, DateTime, Decimal, Enumeration, Extra, Json, Record, Value, Visit, impl_enumeration, impl_record,
};

/// A thing with a field of every kind.
#[derive(Clone, Debug, Default, PartialEq)]
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
    pub(crate) parent: Option<Box<Item>>,
    pub(crate) extra: Extra,
}

impl Record for Item {
    fn blank() -> Self {
        Self::default()
    }

    fn place(&mut self, name: &str) -> Option<&mut dyn Value> {
        let place: &mut dyn Value = match name {
            "id" => &mut self.id,
            "name" => &mut self.name,
            "price" => &mut self.price,
            "ratio" => &mut self.ratio,
            "is_new" => &mut self.is_new,
            "day" => &mut self.day,
            "changed" => &mut self.changed,
            "colour" => &mut self.colour,
            "config" => &mut self.config,
            "images" => &mut self.images,
            "steps" => &mut self.steps,
            "grid" => &mut self.grid,
            "gaps" => &mut self.gaps,
            "labels" => &mut self.labels,
            "shelves" => &mut self.shelves,
            "parent" => &mut self.parent,
            _ => return None,
        };
        Some(place)
    }

    fn each(&self, visit: &mut Visit<'_>) {
        visit("id", &self.id);
        visit("name", &self.name);
        visit("price", &self.price);
        visit("ratio", &self.ratio);
        visit("is_new", &self.is_new);
        visit("day", &self.day);
        visit("changed", &self.changed);
        visit("colour", &self.colour);
        visit("config", &self.config);
        visit("images", &self.images);
        visit("steps", &self.steps);
        visit("grid", &self.grid);
        visit("gaps", &self.gaps);
        visit("labels", &self.labels);
        visit("shelves", &self.shelves);
        visit("parent", &self.parent);
    }

    fn extra(&mut self) -> Option<&mut Extra> {
        Some(&mut self.extra)
    }

    fn unknown(&self) -> Option<&Extra> {
        Some(&self.extra)
    }
}

impl_record!(Item);

/// A part of an item.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Image {
    pub(crate) price: Option<Decimal>,
    pub(crate) extra: Extra,
}

impl Record for Image {
    fn blank() -> Self {
        Self::default()
    }

    fn place(&mut self, name: &str) -> Option<&mut dyn Value> {
        (name == "price").then_some(&mut self.price)
    }

    fn each(&self, visit: &mut Visit<'_>) {
        visit("price", &self.price);
    }

    fn extra(&mut self) -> Option<&mut Extra> {
        Some(&mut self.extra)
    }

    fn unknown(&self) -> Option<&Extra> {
        Some(&self.extra)
    }
}

impl_record!(Image);

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
