//! The manifest language itself: every key, what may stand under it, and what it says.

use super::{Key, Object, Shape};
use crate::name::Rule;

const fn required(name: &'static str, shape: &'static Shape, about: &'static str) -> Key {
    Key { name, required: true, shape, about }
}

const fn optional(name: &'static str, shape: &'static Shape, about: &'static str) -> Key {
    Key { name, required: false, shape, about }
}

/// `connector.yaml`.
pub(crate) static MANIFEST: Shape = Shape::Object(&Object {
    name: "manifest",
    keys: &[
        required("format", &Shape::Integer, "the version of this language: 1"),
        required("connector", &CONNECTOR, "what the connector is"),
        required("connection", &CONNECTION, "what a connection to the API consists of"),
        required("apis", &APIS, "the versions of the API"),
        optional("scopes", &SCOPES, "the OAuth scopes that actions need"),
        required("rate_limit", &RATE_LIMIT, "how the API limits its callers"),
        optional("types", &TYPES, "records and enumerations"),
        required("actions", &ACTIONS, "what can be done"),
    ],
    one_of: &[],
});

/// `types/<resource>.yaml`.
pub(crate) static RESOURCE: Shape = Shape::Object(&Object {
    name: "resource file",
    keys: &[
        optional("types", &TYPES, "records and enumerations"),
        optional("actions", &ACTIONS, "what can be done with the resource"),
    ],
    one_of: &[],
});

static CONNECTOR: Shape = Shape::Object(&Object {
    name: "connector",
    keys: &[
        required("id", &Shape::Text, "a stable id: the first half of every action's full name"),
        required("title", &Shape::Text, "a name for people"),
        required("version", &Shape::Text, "the version of the connector, not of the API"),
        required("docs", &Shape::Url, "the vendor's documentation"),
    ],
    one_of: &[],
});

static CONNECTION: Shape = Shape::Object(&Object {
    name: "connection",
    keys: &[
        required("fields", &FIELDS, "what a person enters to connect"),
        required("credentials", &CREDENTIALS, "the secrets and how requests carry them"),
    ],
    one_of: &[],
});

static FIELDS: Shape = Shape::Map {
    rule: Rule::Snake,
    value: &Shape::Object(&Object {
        name: "connection field",
        keys: &[
            required("title", &Shape::Text, "a name for people"),
            required("description", &Shape::Text, "where a person finds the value"),
            required("pattern", &Shape::Pattern, "a regular expression over the whole bare value"),
            optional(
                "accept",
                &Shape::List(&Shape::Pattern),
                "other forms a person may paste: regular expressions whose first group is the bare value",
            ),
            required("example", &Shape::Text, "a value for forms and error messages"),
        ],
        one_of: &[],
    }),
};

static CREDENTIALS: Shape = Shape::Map {
    rule: Rule::Snake,
    value: &Shape::Object(&Object {
        name: "credential",
        keys: &[
            required("title", &Shape::Text, "a name for people"),
            required("description", &Shape::Text, "where a person finds the secret"),
            required("header", &Shape::Header, "the header that carries the secret"),
        ],
        one_of: &[],
    }),
};

static APIS: Shape = Shape::Map {
    rule: Rule::Lower,
    value: &Shape::Object(&Object {
        name: "API version",
        keys: &[
            required("server", &Shape::Url, "scheme and host"),
            required(
                "base",
                &Shape::Text,
                "path in front of every action's; `{name}` stands for a connection field",
            ),
            optional(
                "envelope",
                &ENVELOPE,
                "the fields of an answer's data; left out where the answer is the data",
            ),
            required("errors", &ERRORS, "what an error answer looks like"),
            required("dates", &Shape::Choice(&["rfc3339", "rfc2822"]), "how points in time are written"),
            optional(
                "request_id",
                &Shape::Header,
                "the response header that names a request to the vendor's support",
            ),
        ],
        one_of: &[],
    }),
};

static ENVELOPE: Shape = Shape::Object(&Object {
    name: "envelope",
    keys: &[
        required("data", &Shape::Text, "the field of the data"),
        required("meta", &Shape::Text, "the field of what is said about the data"),
    ],
    one_of: &[],
});

static ERRORS: Shape = Shape::Object(&Object {
    name: "error shape",
    keys: &[
        required("message", &Shape::Text, "the field of the message for people"),
        required("fields", &Shape::Text, "the field of the map from field to what is wrong with it"),
    ],
    one_of: &[],
});

static SCOPES: Shape = Shape::Map {
    rule: Rule::Snake,
    value: &Shape::Object(&Object {
        name: "scope",
        keys: &[
            required("title", &Shape::Text, "the name on the vendor's consent screen"),
            required("modify", &Shape::Text, "the id that allows reading and writing"),
            optional("read", &Shape::Text, "the id that allows reading alone"),
        ],
        one_of: &[],
    }),
};

static RATE_LIMIT: Shape = Shape::Object(&Object {
    name: "rate limit",
    keys: &[
        required("status", &Shape::Integer, "the status of the answer to a call too many"),
        required("waits", &Shape::List(&WAIT), "the headers that say how long to wait; the longest counts"),
        required("overload_wait", &Shape::Duration, "the wait where no header says one"),
        required("max_wait", &Shape::Duration, "no header is believed beyond this"),
    ],
    one_of: &[],
});

static WAIT: Shape = Shape::Object(&Object {
    name: "wait header",
    keys: &[
        required("header", &Shape::Header, "the name of the header"),
        required("unit", &Shape::Choice(&["milliseconds", "seconds"]), "what its value counts"),
    ],
    one_of: &[],
});

static TYPES: Shape = Shape::Map {
    rule: Rule::Camel,
    value: &Shape::Object(&Object {
        name: "type",
        keys: &[
            required("description", &Shape::Text, "what it is, in a sentence"),
            optional("docs", &Shape::Url, "the vendor's page about it"),
            optional("record", &RECORD, "an object: its fields by wire name"),
            optional("enum", &Shape::List(&Shape::Text), "texts: the values known today"),
        ],
        one_of: &[&["record", "enum"]],
    }),
};

static RECORD: Shape = Shape::Map {
    rule: Rule::Any,
    value: &Shape::ShortOrLong {
        short: &Shape::Text,
        long: &Shape::Object(&Object {
            name: "field",
            keys: &[
                optional("type", &Shape::Text, "a scalar type or the name of a type"),
                optional("list", &VALUE, "a list of these"),
                optional("map", &VALUE, "an object with free keys and these values"),
                optional("wire", &Shape::Text, "its name on the wire, where it is another"),
                optional("description", &Shape::Text, "what it says, in a sentence"),
                optional("deprecated", &Shape::Boolean, "whether the vendor advises against it"),
            ],
            one_of: &[&["type", "list", "map"]],
        }),
    },
};

/// A value inside a list or map: the name of a type, or a list or map again.
static VALUE: Shape = Shape::ShortOrLong {
    short: &Shape::Text,
    long: &Shape::Object(&Object {
        name: "value",
        keys: &[
            optional("type", &Shape::Text, "a scalar type or the name of a type"),
            optional("list", &VALUE, "a list of these"),
            optional("map", &VALUE, "an object with free keys and these values"),
        ],
        one_of: &[&["type", "list", "map"]],
    }),
};

static PARAMETERS: Shape = Shape::Map {
    rule: Rule::Snake,
    value: &Shape::ShortOrLong {
        short: &Shape::Text,
        long: &Shape::Object(&Object {
            name: "parameter",
            keys: &[
                optional("type", &Shape::Text, "a scalar type or the name of an enumeration"),
                optional("list", &VALUE, "a list of these, joined by commas on the wire"),
                optional("wire", &Shape::Text, "its name on the wire, where it is another"),
                optional(
                    "required",
                    &Shape::Boolean,
                    "whether it must be given; path parameters always must",
                ),
                optional("min", &Shape::Number, "least number, characters or items"),
                optional("max", &Shape::Number, "greatest number, characters or items"),
                optional("description", &Shape::Text, "what it does, in a sentence"),
            ],
            one_of: &[&["type", "list"]],
        }),
    },
};

static ACTIONS: Shape = Shape::Map {
    rule: Rule::Kebab,
    value: &Shape::Object(&Object {
        name: "action",
        keys: &[
            required("title", &Shape::Text, "a name for people: `Get an order`"),
            required("description", &Shape::Text, "what it does and what to know, in a sentence or two"),
            required("docs", &Shape::Url, "the vendor's page about it"),
            required("api", &Shape::Text, "the API version"),
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
            required("returns", &Shape::Text, "the type of the data in a successful answer"),
            optional("scope", &Shape::Text, "the scope it needs: `products.read` or `products.modify`"),
        ],
        one_of: &[&["get", "post", "put", "patch", "delete"]],
    }),
};
