//! Types, the fields of records, and the parameters of actions.

use super::{object, optional, required};
use crate::grammar::names::Named;
use crate::grammar::{Object, Shape};
use crate::name::Rule;

pub(super) static TYPES: Shape = Shape::Map {
    rule: Rule::Camel,
    value: &Shape::Object(&Object {
        name: "type",
        keys: &[
            required("description", &Shape::Text, "what it is, in a sentence"),
            optional("docs", &Shape::Url, "the vendor's page about it"),
            optional("record", &RECORD, "an object: its fields by wire name"),
            optional("enum", &Shape::List(&ENUMERATION_VALUE), "texts: the values known today"),
        ],
        one_of: &[&["record", "enum"]],
        refused: &[],
    }),
};

/// A value of an enumeration: its text, or a mapping that also names it.
static ENUMERATION_VALUE: Shape = Shape::ByKind {
    scalar: Some(&Shape::Text),
    list: None,
    mapping: Some(&Shape::Object(&object(
        "enumeration value",
        &[
            required("name", &Shape::Text, "its name in Rust, such as `PlusOne`"),
            required("wire", &Shape::Text, "its text on the wire"),
        ],
    ))),
};

static RECORD: Shape = Shape::Map { rule: Rule::Any, value: &FIELD };

/// A field of a record: the name of its type, or a mapping that says more.
static FIELD: Shape = Shape::ByKind {
    scalar: Some(&Shape::Name(Named::Type)),
    list: None,
    mapping: Some(&Shape::Object(&Object {
        name: "field",
        keys: &[
            optional("type", &Shape::Name(Named::Type), "a scalar type or the name of a type"),
            optional("list", &VALUE, "a list of these"),
            optional("map", &VALUE, "an object with free keys and these values"),
            optional("wire", &Shape::Text, "its name on the wire, where it is another"),
            optional("required", &Shape::Boolean, "whether it must be given when the record is sent"),
            optional("nullable", &Shape::Boolean, "whether sending `null` empties it"),
            optional("min", &Shape::Number, "least number, characters or items"),
            optional("max", &Shape::Number, "greatest number, characters or items"),
            optional("pattern", &Shape::Pattern, "a regular expression that a text must match somewhere"),
            optional("default", &Shape::Scalar, "what the API assumes where it is left out"),
            optional("description", &Shape::Text, "what it says, in a sentence"),
            optional("deprecated", &Shape::Boolean, "whether the vendor advises against it"),
        ],
        one_of: &[&["type", "list", "map"]],
        refused: &[],
    })),
};

/// A value inside a list or map: the name of a type, or a mapping that says more.
pub(super) static VALUE: Shape = Shape::ByKind {
    scalar: Some(&Shape::Name(Named::Type)),
    list: None,
    mapping: Some(&Shape::Object(&Object {
        name: "value",
        keys: &[
            optional("type", &Shape::Name(Named::Type), "a scalar type or the name of a type"),
            optional("list", &VALUE, "a list of these"),
            optional("map", &VALUE, "an object with free keys and these values"),
            optional("min", &Shape::Number, "least number, characters or items"),
            optional("max", &Shape::Number, "greatest number, characters or items"),
            optional("pattern", &Shape::Pattern, "a regular expression that a text must match somewhere"),
        ],
        one_of: &[&["type", "list", "map"]],
        refused: &[],
    })),
};

/// Named sets of parameters.
pub(super) static PARAMETER_SETS: Shape = Shape::Map { rule: Rule::Camel, value: &PARAMETER_MAP };

/// The name of a set, parameters by name, or a list of both.
pub(super) static PARAMETERS: Shape = Shape::ByKind {
    scalar: Some(&Shape::Name(Named::ParameterSet)),
    list: Some(&Shape::List(&Shape::ByKind {
        scalar: Some(&Shape::Name(Named::ParameterSet)),
        list: None,
        mapping: Some(&PARAMETER_MAP),
    })),
    mapping: Some(&PARAMETER_MAP),
};

static PARAMETER_MAP: Shape = Shape::Map { rule: Rule::Snake, value: &PARAMETER };

static PARAMETER: Shape = Shape::ByKind {
    scalar: Some(&Shape::Name(Named::Type)),
    list: None,
    mapping: Some(&Shape::Object(&Object {
        name: "parameter",
        keys: &[
            optional("type", &Shape::Name(Named::Type), "a scalar type or the name of a type"),
            optional("list", &VALUE, "a list of these, joined by commas in a query"),
            optional("map", &VALUE, "an object with free keys and these values"),
            optional("wire", &Shape::Text, "its name on the wire, where it is another"),
            optional(
                "repeated",
                &Shape::Boolean,
                "whether a list gives the name once for each item in a query",
            ),
            optional("required", &Shape::Boolean, "whether it must be given; path parameters always must"),
            optional("nullable", &Shape::Boolean, "whether sending `null` empties it"),
            optional("min", &Shape::Number, "least number, characters or items"),
            optional("max", &Shape::Number, "greatest number, characters or items"),
            optional("pattern", &Shape::Pattern, "a regular expression that a text must match somewhere"),
            optional("default", &Shape::Scalar, "what the API assumes where it is left out"),
            optional("description", &Shape::Text, "what it does, in a sentence"),
            optional("deprecated", &Shape::Boolean, "whether the vendor advises against it"),
        ],
        one_of: &[&["type", "list", "map"]],
        refused: &[],
    })),
};

/// What an action answers with, beside the name of a type.
pub(super) static RETURNS: Shape = Shape::ByKind {
    scalar: Some(&Shape::Name(Named::Result)),
    list: None,
    mapping: Some(&Shape::Object(&Object {
        name: "result",
        keys: &[
            optional("list", &VALUE, "a list of these"),
            optional(
                "first",
                &Shape::Name(Named::Type),
                "the first item of a list of these; an empty list means `not_found`",
            ),
        ],
        one_of: &[&["list", "first"]],
        refused: &[],
    })),
};

/// `safe`, `never`, or the parameters without which it is safe.
pub(super) static REPEAT: Shape = Shape::ByKind {
    scalar: Some(&Shape::Choice(&["safe", "never"])),
    list: None,
    mapping: Some(&Shape::Object(&object(
        "repetition",
        &[required(
            "never-with",
            &Shape::List(&Shape::Text),
            "the parameters with which it must not be repeated",
        )],
    ))),
};
