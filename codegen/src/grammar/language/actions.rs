//! Actions.

use super::values::{PARAMETERS, REPEAT, RETURNS};
use super::{optional, required};
use crate::diagnostic::Code;
use crate::grammar::names::Named;
use crate::grammar::{Object, Refusal, Shape};
use crate::name::Rule;

const fn refused(key: &'static str) -> Refusal {
    let help = "use one of `get`, `post`, `put`, `patch`, `delete`";
    Refusal { key, code: Code::UnsupportedMethod, help }
}

pub(super) static ACTIONS: Shape = Shape::Map {
    rule: Rule::Kebab,
    value: &Shape::Object(&Object {
        name: "action",
        keys: &[
            required("title", &Shape::Text, "a name for people: `Get an order`"),
            optional("description", &Shape::Text, "what it does and what to know, in a sentence or two"),
            optional("docs", &Shape::Url, "the vendor's page about it"),
            required("api", &Shape::Name(Named::Api), "the API version"),
            optional("get", &Shape::Text, "path of a GET; `{name}` stands for a path parameter"),
            optional("post", &Shape::Text, "path of a POST"),
            optional("put", &Shape::Text, "path of a PUT"),
            optional("patch", &Shape::Text, "path of a PATCH"),
            optional("delete", &Shape::Text, "path of a DELETE"),
            optional(
                "effect",
                &Shape::Choice(&["read", "create", "update", "delete"]),
                "what it does to the data, where the method does not tell",
            ),
            optional("path", &PARAMETERS, "the path parameters by name"),
            optional("query", &PARAMETERS, "the query parameters by name"),
            optional("headers", &PARAMETERS, "the header parameters by name"),
            optional("body", &PARAMETERS, "the fields of the body's object by name"),
            optional("payload", &PARAMETERS, "the one parameter whose value is the whole body"),
            optional(
                "wrap",
                &Shape::Choice(&["list"]),
                "`list`: the body's object is sent as the only item of a list",
            ),
            optional("required", &Shape::List(&Shape::Text), "the parameters that must be given"),
            required("returns", &RETURNS, "the type of the data in a successful answer, or `nothing`"),
            optional(
                "success",
                &Shape::List(&Shape::Integer),
                "the statuses that the vendor documents as success",
            ),
            optional("paging", &Shape::Name(Named::PagingStyle), "how its answers come in pages"),
            optional(
                "scope",
                &Shape::Name(Named::Scope),
                "the scope it needs: `products.read` or `products.modify`",
            ),
            optional(
                "repeat",
                &REPEAT,
                "whether it may be repeated though nobody knows if it was carried out",
            ),
            optional("check_first", &Shape::Text, "what to look up before it is repeated by hand"),
            optional(
                "changes",
                &CHANGES,
                "the resource that it changes, so that events about it are known again",
            ),
            optional("concurrency", &Shape::Integer, "how many calls of it may be under way at once"),
            optional("deprecated", &Shape::Text, "why the vendor advises against it, and what to use"),
            optional("sample", &Shape::Text, "a JSON file beside the manifest: the data of an answer"),
        ],
        one_of: &[&["get", "post", "put", "patch", "delete"]],
        refused: &[refused("head"), refused("options"), refused("trace"), refused("connect")],
    }),
};

static CHANGES: Shape = Shape::Object(&Object {
    name: "change",
    keys: &[
        required("resource", &Shape::Text, "the type of the resource, as a trigger names it"),
        optional("input", &Shape::Text, "the required input that holds its id"),
        optional(
            "result",
            &Shape::Text,
            "the field of the answer's data that holds its id, where the action makes it",
        ),
    ],
    one_of: &[&["input", "result"]],
    refused: &[],
});
