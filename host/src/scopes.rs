//! The OAuth scopes of a connector: what it needs, what was granted, and what is missing. A table says which scope implies
//! which; no rule leads from one id to another.

use std::collections::BTreeSet;

use connector_runtime::Connector;
use serde::Deserialize;

/// The scopes of a connector, with the level of each that it needs.
pub(crate) struct ScopeTable {
    rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    title: String,
    modify: String,
    #[serde(default)]
    read: Option<String>,
    #[serde(skip)]
    needs_modify: bool,
}

#[derive(Default, Deserialize)]
struct Catalog {
    #[serde(default)]
    scopes: Vec<Row>,
}

/// A scope that a connection should have, and whether it has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing<'a> {
    /// Name for people.
    pub(crate) title: &'a str,
    /// The id that is needed.
    pub(crate) id: &'a str,
    /// Whether changing is granted, or reading alone.
    pub(crate) level: &'static str,
    /// Whether it was granted.
    pub(crate) is_granted: bool,
    /// Whether reading was, where changing is needed as well.
    pub(crate) is_read_granted: bool,
}

impl ScopeTable {
    /// The table of a connector: of each scope the half that its actions and triggers need, and reading where nothing needs
    /// it yet.
    pub(crate) fn of(connector: &Connector) -> Self {
        // Catalogs that were generated are in this form; one that is not has no scopes to ask for.
        let Catalog { scopes } = serde_json::from_str(connector.catalog).unwrap_or_default();
        let actions = connector.actions.iter().map(|entry| entry.operation.scopes);
        let triggers = connector.triggers.iter().map(|trigger| trigger.scopes);
        let wanted: Vec<&[&str]> = actions.chain(triggers).collect();
        let mut rows = scopes;
        for row in &mut rows {
            let is_read = |id: &&str| row.read.as_deref() == Some(*id);
            let needs = |ids: &&[&str]| ids.contains(&row.modify.as_str()) && !ids.iter().any(is_read);
            row.needs_modify = row.read.is_none() || wanted.iter().any(needs);
        }
        Self { rows }
    }

    /// How every scope stands with what was granted.
    pub(crate) fn standing<'a>(&'a self, granted: &BTreeSet<String>) -> Vec<Standing<'a>> {
        let all = self.implied(granted);
        let standing = |row: &'a Row| Standing {
            title: &row.title,
            id: row.needed(),
            level: if row.needs_modify { "read and change" } else { "read" },
            is_granted: all.contains(row.needed()),
            is_read_granted: row.read.as_deref().is_some_and(|read| all.contains(read)),
        };
        self.rows.iter().map(standing).collect()
    }

    /// Whether one of `ids` was granted; they are what an action or trigger says. Nothing needs nothing.
    pub(crate) fn allows(&self, granted: &BTreeSet<String>, ids: &[&str]) -> bool {
        let all = self.implied(granted);
        ids.is_empty() || ids.iter().any(|id| all.contains(*id))
    }

    /// What was granted, and the reading that changing implies.
    fn implied<'a>(&'a self, granted: &'a BTreeSet<String>) -> BTreeSet<&'a str> {
        let mut all: BTreeSet<&str> = granted.iter().map(String::as_str).collect();
        all.extend(
            self.rows
                .iter()
                .filter(|row| granted.contains(&row.modify))
                .filter_map(|row| row.read.as_deref()),
        );
        all
    }
}

impl Row {
    fn needed(&self) -> &str {
        self.read.as_deref().filter(|_| !self.needs_modify).unwrap_or(&self.modify)
    }
}

/// The scopes of a text that parts them by blanks.
pub(crate) fn parse(text: &str) -> BTreeSet<String> {
    text.split_ascii_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bigcommerce_connector::CONNECTOR;
    use connector_runtime::RateLimit;

    /// The scopes of the real catalog, with these of its actions alone.
    fn table(actions: &[&str]) -> ScopeTable {
        let actions = actions.iter().map(|id| *CONNECTOR.action(id).unwrap()).collect::<Vec<_>>();
        let rate_limit = RateLimit { ..CONNECTOR.rate_limit };
        ScopeTable::of(&Connector { actions: actions.leak(), triggers: &[], rate_limit, ..CONNECTOR })
    }

    fn missing(table: &ScopeTable, granted: &BTreeSet<String>) -> BTreeSet<String> {
        let standing = table.standing(granted);
        standing.iter().filter(|one| !one.is_granted).map(|one| one.id.to_owned()).collect()
    }

    #[test]
    fn scopes_are_compared_as_sets_and_changing_implies_reading() {
        let table = ScopeTable::of(&CONNECTOR);
        let nothing = BTreeSet::new();
        let needed = missing(&table, &nothing);
        assert_eq!(needed.len(), table.rows.len());
        assert_eq!(missing(&table, &needed), nothing);
        let extras = parse("users_basic_information store_v2_default");
        assert_eq!(missing(&table, &(&needed | &extras)), nothing);
        let modifying = table.rows.iter().map(|row| row.modify.clone()).collect();
        assert_eq!(missing(&table, &modifying), nothing);
    }

    #[test]
    fn an_action_that_changes_needs_more_than_reading() {
        let table = table(&["update-product", "get-order"]);
        let (products, orders) = ("store_v2_products", "store_v2_orders_read_only");
        assert!(missing(&table, &BTreeSet::new()).is_superset(&parse(&format!("{products} {orders}"))));
        let read = parse("store_v2_products_read_only");
        let standing = table.standing(&read);
        let products = standing.into_iter().find(|one| one.id == products).unwrap();
        assert!(!products.is_granted && products.is_read_granted);
    }

    #[test]
    fn of_the_scopes_of_a_trigger_one_suffices() {
        let table = ScopeTable::of(&CONNECTOR);
        let trigger = CONNECTOR.triggers.iter().find(|one| one.id == "order-created").unwrap();
        for granted in ["store_v2_orders", "store_v2_orders_read_only"] {
            assert!(table.allows(&parse(granted), trigger.scopes), "{granted}");
        }
        assert!(!table.allows(&parse("store_v2_products store_v2_order"), trigger.scopes));
    }
}
