//! The state of the store: its resources as JSON documents, the way BigCommerce shows them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::webhooks::event::Event;

/// One resource with all its fields, sub-resources included; what an answer shows of it is selected.
pub(crate) type Document = Map<String, Value>;

/// Everything a merchant would see in the store.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Store {
    /// Products.
    pub(crate) products: Table,
    /// Brands.
    pub(crate) brands: Table,
    /// Categories in the form of `/catalog/categories`, with their tree and their UUID beside it.
    pub(crate) categories: Table,
    /// Category trees.
    pub(crate) trees: Table,
    /// Customers with their addresses and the other parts that an answer shows on demand.
    pub(crate) customers: Table,
    /// Orders with their lines, addresses and fees.
    pub(crate) orders: Table,
    /// Webhooks of the token's API account.
    pub(crate) hooks: Table,
    /// When each active webhook was last told of something, in epoch milliseconds.
    pub(crate) hook_activity: BTreeMap<u64, u64>,
    /// What the merchant has renamed the shop to.
    pub(crate) name: Option<String>,
    /// What happened since the webhooks were last told.
    pub(crate) events: Vec<Event>,
    /// The ids of variants, images, order lines and all other parts that are made after the seeding.
    pub(crate) parts: Sequence,
}

/// Resources of one kind by id. An id is never given out twice.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Table {
    rows: BTreeMap<u64, Document>,
    next: u64,
    /// When the resources that were made after the seeding came to be, in epoch milliseconds.
    created: BTreeMap<u64, u128>,
}

impl Table {
    /// The table of these resources; the ids of others follow the highest one.
    pub(crate) fn of(rows: BTreeMap<u64, Document>) -> Self {
        let next = rows.keys().next_back().map_or(1, |last| last + 1);
        Self { rows, next, created: BTreeMap::new() }
    }

    pub(crate) fn get(&self, id: u64) -> Option<&Document> {
        self.rows.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: u64) -> Option<&mut Document> {
        self.rows.get_mut(&id)
    }

    pub(crate) fn contains(&self, id: u64) -> bool {
        self.rows.contains_key(&id)
    }

    /// Every resource, in the order of the ids.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, &Document)> {
        self.rows.iter().map(|(id, row)| (*id, row))
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The id that the next resource gets.
    pub(crate) fn next_id(&self) -> u64 {
        self.next
    }

    /// Puts a new resource under the next id, made at `now` in epoch milliseconds; its id.
    pub(crate) fn insert(&mut self, row: Document, now: u128) -> u64 {
        let id = self.next;
        self.next += 1;
        self.rows.insert(id, row);
        self.created.insert(id, now);
        id
    }

    /// Puts `row` in the place of the resource with this id.
    pub(crate) fn replace(&mut self, id: u64, row: Document) {
        self.rows.insert(id, row);
    }

    pub(crate) fn remove(&mut self, id: u64) -> Option<Document> {
        self.created.remove(&id);
        self.rows.remove(&id)
    }

    /// When this resource was made, in epoch milliseconds; `None` for one that was seeded.
    pub(crate) fn created(&self, id: u64) -> Option<u128> {
        self.created.get(&id).copied()
    }
}

/// Ids for parts of resources, apart from those of the seeded ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sequence {
    next: u64,
}

impl Default for Sequence {
    fn default() -> Self {
        Self { next: 10_000 }
    }
}

impl Sequence {
    /// The next id.
    pub(crate) fn take(&mut self) -> u64 {
        let id = self.next;
        self.next += 1;
        id
    }
}

/// The fields of a JSON object.
pub(crate) fn fields(value: Value) -> Document {
    match value {
        Value::Object(fields) => fields,
        _ => Document::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Document, Table};

    #[test]
    fn an_id_is_never_given_out_twice() {
        let mut table = Table::of(BTreeMap::from([(7, Document::new())]));
        let id = table.insert(Document::new(), 5);
        assert_eq!((id, table.created(id), table.created(7)), (8, Some(5), None));
        table.remove(id);
        assert_eq!(table.insert(Document::new(), 6), 9);
    }
}
