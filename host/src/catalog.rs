//! The catalog of a connector: what its actions are called, mean and take.

use std::io::Write;

use connector_runtime::Connector;
use serde_json::Value;

use crate::columns::{self, Column};
use crate::failure::Failure;
use crate::members::Members;
use crate::printable::print as put;
use crate::schema::{Property, properties};
use crate::table::{self, Fit};

/// One action as the catalog describes it.
#[derive(Clone, Debug)]
pub(crate) struct ActionEntry {
    /// Its id, such as `get-product`.
    pub(crate) id: String,
    /// Name for people.
    pub(crate) title: String,
    /// What it does.
    pub(crate) description: String,
    /// The vendor's page about it.
    pub(crate) docs: Option<String>,
    /// The API version that it calls.
    pub(crate) api: String,
    /// The HTTP method that it calls with.
    pub(crate) method: String,
    /// The path below the API's base.
    pub(crate) path: String,
    /// What it does to the vendor's data.
    pub(crate) effect: String,
    /// The scopes of which one suffices.
    pub(crate) scopes: Vec<String>,
    /// What tests have shown of it: `sandbox`, `specification` or `none`.
    pub(crate) verified: String,
    /// Whether it is on its way out.
    pub(crate) is_deprecated: bool,
    /// The fields of its input.
    pub(crate) input: Vec<Property>,
    /// What it answers, for example: the object, or the first one of a list.
    pub(crate) sample: Members,
    /// The fields of the objects that it answers with.
    pub(crate) columns: Vec<Column>,
}

/// Prints the catalog, as a table or as it is.
pub(crate) fn print(
    connector: &Connector,
    json: bool,
    width: u16,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    if json {
        return Ok(put(out, connector.catalog.trim_end())?);
    }
    let actions = read(connector)?;
    let row = |action: &ActionEntry| {
        let title = if action.is_deprecated {
            format!("{} (deprecated)", action.title)
        } else {
            action.title.clone()
        };
        let name = format!("{}/{}\n{title}", connector.id, action.id);
        vec![
            name,
            action.effect.clone(),
            action.api.clone(),
            action.verified.clone(),
            action.scopes.join("\n"),
        ]
    };
    let rows: Vec<Vec<String>> = actions.iter().map(row).collect();
    let header = ["action", "effect", "API", "verified", "scopes, one of"];
    put(out, &table::rows(&header, rows, Fit::Wrap, width))?;
    let triggers = triggers(connector)?;
    if !triggers.is_empty() {
        let header = ["trigger", "fires on", "read by", "scopes, one of"];
        put(out, &table::rows(&header, triggers.clone(), Fit::Wrap, width))?;
    }
    let (title, version, docs) = (connector.title, connector.version, connector.docs);
    let (actions, triggers) = (actions.len(), triggers.len());
    let summary = format!("{title} {version}; number of actions: {actions}, of triggers: {triggers}; {docs}");
    Ok(put(out, &summary)?)
}

/// A row for every trigger, in the order of the catalog.
fn triggers(connector: &Connector) -> Result<Vec<Vec<String>>, Failure> {
    let whole: Members = serde_json::from_str(connector.catalog)
        .map_err(|fault| Failure::Broken(format!("the catalog of {} is no JSON: {fault}", connector.id)))?;
    let row = |trigger: &Members| {
        let text = |name| trigger.get::<String>(name).unwrap_or_default();
        let read = trigger.get::<Members>("read").and_then(|read| read.get("action"));
        let scopes: Vec<String> = trigger.get("scopes").unwrap_or_default();
        vec![
            format!("{}/{}\n{}", connector.id, text("id"), text("title")),
            text("event"),
            read.unwrap_or_else(|| "nothing".to_owned()),
            scopes.join("\n"),
        ]
    };
    Ok(whole.get::<Vec<Members>>("triggers").unwrap_or_default().iter().map(row).collect())
}

/// The actions in the order of the catalog.
///
/// # Errors
/// When the catalog is not what the generator promises, which is a defect of the build.
pub(crate) fn read(connector: &Connector) -> Result<Vec<ActionEntry>, Failure> {
    let broken = |what: String| Failure::Broken(format!("the catalog of {} {what}", connector.id));
    let whole: Members =
        serde_json::from_str(connector.catalog).map_err(|fault| broken(format!("is no JSON: {fault}")))?;
    let ordered: Members = whole.get("$defs").unwrap_or_default();
    let definitions: Value = whole.get("$defs").unwrap_or_default();
    let actions: Vec<Members> =
        whole.get("actions").ok_or_else(|| broken("has no list of actions".to_owned()))?;
    let described: Vec<ActionEntry> =
        actions.iter().filter_map(|action| entry(action, &ordered, &definitions)).collect();
    let is_described = |id: &str| described.iter().any(|action| action.id == id);
    if let Some(missing) = connector.actions.iter().find(|known| !is_described(known.operation.id)) {
        return Err(broken(format!("does not describe {}", missing.operation.id)));
    }
    match described.iter().find(|action| connector.action(&action.id).is_none()) {
        Some(unknown) => Err(broken(format!("describes {}, which cannot be called", unknown.id))),
        None => Ok(described),
    }
}

fn sample(action: &Members) -> Members {
    let first = || action.get::<Vec<Members>>("sample")?.into_iter().next();
    action.get("sample").or_else(first).unwrap_or_default()
}

fn entry(action: &Members, ordered: &Members, definitions: &Value) -> Option<ActionEntry> {
    let text = |name| action.get::<String>(name).unwrap_or_default();
    let sample = sample(action);
    let output: Members = action.get("output").unwrap_or_default();
    Some(ActionEntry {
        id: action.get("id")?,
        title: text("title"),
        description: text("description"),
        docs: action.get("docs"),
        api: text("api"),
        method: text("method"),
        path: text("path"),
        effect: text("effect"),
        scopes: action.get("scopes").unwrap_or_default(),
        verified: action.get("verified").unwrap_or_else(|| "none".to_owned()),
        is_deprecated: action.get("deprecated").unwrap_or(false),
        input: properties(&action.get("input")?, definitions),
        columns: columns::of_output(&output, &sample, (ordered, definitions)),
        sample,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn printed(json: bool) -> String {
        let mut out = Vec::new();
        print(&fixture::CONNECTOR, json, 120, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_table_names_every_action_in_full() {
        let text = printed(false);
        for word in ["bigcommerce/get-product", "Get a product", "read", "v3", "store_v2_products_read_only"]
        {
            assert!(text.contains(word), "{word} is missing in\n{text}");
        }
    }

    #[test]
    fn the_table_names_every_trigger_and_what_reads_its_resource() {
        let text = printed(false);
        for word in ["bigcommerce/product-updated", "store/product/updated", "of triggers: 2"] {
            assert!(text.contains(word), "{word} is missing in\n{text}");
        }
        let line = text.lines().find(|line| line.contains("bigcommerce/product-updated")).unwrap();
        assert!(line.contains("get-product"), "{line}");
        let line = text.lines().find(|line| line.contains("bigcommerce/product-deleted")).unwrap();
        assert!(line.contains("nothing"), "{line}");
    }

    #[test]
    fn json_is_the_catalog_as_it_is() {
        assert_eq!(printed(true), format!("{}\n", fixture::CONNECTOR.catalog));
    }

    #[test]
    fn a_catalog_that_does_not_match_the_actions_is_a_defect() {
        for (connector, expected) in [
            (&fixture::SILENT, "the catalog of bigcommerce does not describe get-product"),
            (&fixture::BOASTING, "the catalog of bigcommerce describes get-product, which cannot be called"),
        ] {
            let Err(Failure::Broken(message)) = read(connector) else { panic!("it was accepted") };
            assert_eq!(message, expected);
        }
    }
}
