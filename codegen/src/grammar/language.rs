//! The manifest language itself: every key, what may stand under it, and what it says.

mod actions;
mod connection;
mod hooks;
mod values;

use super::{Key, Object, Shape};
use actions::ACTIONS;
use connection::{APIS, CONNECTION, CONNECTOR, PAGING, RATE_LIMIT, SCOPES};
use hooks::{SIGNATURES, TRIGGERS, WEBHOOKS};
use values::{PARAMETER_SETS, TYPES};

const fn required(name: &'static str, shape: &'static Shape, about: &'static str) -> Key {
    Key { name, required: true, shape, about }
}

const fn optional(name: &'static str, shape: &'static Shape, about: &'static str) -> Key {
    Key { name, required: false, shape, about }
}

const fn object(name: &'static str, keys: &'static [Key]) -> Object {
    Object { name, keys, one_of: &[], refused: &[] }
}

/// `connector.yaml`.
pub(crate) static MANIFEST: Shape = Shape::Object(&object(
    "manifest",
    &[
        required("format", &Shape::Integer, "the version of this language: 1"),
        required("connector", &CONNECTOR, "what the connector is"),
        required("connection", &CONNECTION, "what a connection to the API consists of"),
        required("apis", &APIS, "the versions of the API"),
        optional("scopes", &SCOPES, "the OAuth scopes that actions and triggers need"),
        required("rate_limit", &RATE_LIMIT, "how the API limits its callers"),
        optional("paging", &PAGING, "how lists come in pages"),
        optional("signatures", &SIGNATURES, "how webhooks are signed"),
        optional("webhooks", &WEBHOOKS, "how webhooks are managed, and what an event looks like"),
        optional("triggers", &TRIGGERS, "what can start a workflow"),
        optional("types", &TYPES, "records and enumerations"),
        optional("parameters", &PARAMETER_SETS, "sets of parameters that several actions use"),
        required("actions", &ACTIONS, "what can be done"),
    ],
));

/// `types/<resource>.yaml`.
pub(crate) static RESOURCE: Shape = Shape::Object(&object(
    "resource file",
    &[
        optional("types", &TYPES, "records and enumerations"),
        optional("parameters", &PARAMETER_SETS, "sets of parameters that several actions use"),
        optional("actions", &ACTIONS, "what can be done with the resource"),
    ],
));
