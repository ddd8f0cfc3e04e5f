//! What the connector is, how it connects, the versions of its API, paging, and how it limits its callers.

use super::{object, optional, required};
use crate::grammar::names::Named;
use crate::grammar::{Object, Shape};
use crate::name::Rule;

pub(super) static CONNECTOR: Shape = Shape::Object(&object(
    "connector",
    &[
        required("id", &Shape::Text, "a stable id: the first half of every action's full name"),
        required("title", &Shape::Text, "a name for people"),
        required("version", &Shape::Version, "the version of the connector, not of the API"),
        required("docs", &Shape::Url, "the vendor's documentation"),
    ],
));

pub(super) static CONNECTION: Shape = Shape::Object(&object(
    "connection",
    &[
        required("fields", &FIELDS, "what a person enters to connect"),
        required("credentials", &CREDENTIALS, "the secrets and how requests carry them"),
        optional("oauth2", &OAUTH2, "how a credential is obtained by OAuth 2 (RFC 6749)"),
        optional("callbacks", &CALLBACKS, "what the vendor calls during the life of an installation"),
        optional("test", &Shape::Name(Named::Action), "the action that shows whether a connection works"),
        optional("label", &LABEL, "where the name stands that the account has for people"),
    ],
));

static LABEL: Shape = Shape::Object(&object(
    "label",
    &[
        required("action", &Shape::Name(Named::Action), "the action that reads it, without input"),
        required("field", &Shape::Text, "the field of the action's data"),
    ],
));

static FIELDS: Shape = Shape::Map {
    rule: Rule::Snake,
    value: &Shape::Object(&object(
        "connection field",
        &[
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
    )),
};

static CREDENTIALS: Shape = Shape::Map {
    rule: Rule::Snake,
    value: &Shape::Object(&Object {
        name: "credential",
        keys: &[
            required("title", &Shape::Text, "a name for people"),
            required("description", &Shape::Text, "where a person finds the secret"),
            optional("header", &Shape::Header, "the header that carries the secret"),
            optional("bearer", &Shape::Choice(&["true"]), "`true`: the secret is a bearer token (RFC 6750)"),
            optional(
                "basic",
                &Shape::Name(Named::ConnectionField),
                "the secret is a password (RFC 7617) and this connection field the user",
            ),
            optional("query", &Shape::Text, "the query parameter that carries the secret"),
        ],
        one_of: &[&["header", "bearer", "basic", "query"]],
        refused: &[],
    }),
};

static OAUTH2: Shape = Shape::Object(&object(
    "OAuth 2 grant",
    &[
        optional(
            "install",
            &Shape::Url,
            "the vendor's own link that begins an installation; `{client_id}` is the app's",
        ),
        required("authorize", &Shape::Url, "the authorization endpoint"),
        required("token", &Shape::Url, "the token endpoint"),
        required(
            "credential",
            &Shape::Name(Named::Credential),
            "the credential that the access token becomes",
        ),
        optional(
            "extra",
            &Shape::Map { rule: Rule::Snake, value: &Shape::Text },
            "further parameters of the grant; `{name}` stands for a connection field",
        ),
        optional("external", &EXTERNAL, "how an installation that began at a link of ours ends"),
        required(
            "expires",
            &Shape::Choice(&["never"]),
            "when the token ends: `never` by time, only when it is revoked",
        ),
    ],
));

static EXTERNAL: Shape = Shape::Object(&object(
    "external installation",
    &[
        required("parameter", &Shape::Text, "the query parameter that marks its callback"),
        required(
            "succeeded",
            &Shape::Url,
            "the vendor's page for one that went well; `{client_id}` is the app's",
        ),
        required("failed", &Shape::Url, "the vendor's page for one that failed; `{client_id}` is the app's"),
    ],
));

static CALLBACKS: Shape = Shape::Object(&object(
    "callbacks",
    &[
        required("parameter", &Shape::Text, "the query parameter that carries the signed JWT"),
        required("algorithm", &Shape::Choice(&["HS256"]), "the JWT's algorithm; no other is accepted"),
        required("issuer", &Shape::Text, "the `iss` claim; `aud` is the app's client id"),
        required(
            "subject",
            &Shape::Text,
            "the form of the `sub` claim; `{name}` stands for a connection field",
        ),
        optional(
            "frames",
            &Shape::List(&Shape::Text),
            "who may show a page in a frame, as sources of `frame-ancestors` (CSP)",
        ),
        required(
            "routes",
            &Shape::Map { rule: Rule::Snake, value: &Shape::Choice(&["browser", "server"]) },
            "the callbacks by name, and who calls: a person's browser or the vendor's server",
        ),
    ],
));

pub(super) static APIS: Shape = Shape::Map {
    rule: Rule::Lower,
    value: &Shape::Object(&object(
        "API version",
        &[
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
                "decimals",
                &Shape::Choice(&["number", "text"]),
                "how a body holds decimals: as JSON numbers, the default, or as strings of their digits",
            ),
            optional(
                "request_id",
                &Shape::Header,
                "the response header that names a request to the vendor's support",
            ),
        ],
    )),
};

static ENVELOPE: Shape = Shape::Object(&object(
    "envelope",
    &[
        required("data", &Shape::Text, "the field of the data"),
        optional(
            "meta",
            &Shape::Text,
            "the field of what is said about the data; left out where it stands beside the data",
        ),
        optional(
            "type",
            &Shape::Name(Named::Type),
            "the record of what is said about the data; needed by paging styles that read it",
        ),
    ],
));

static ERRORS: Shape = Shape::Object(&object(
    "error shape",
    &[
        optional("list", &Shape::Boolean, "whether an error answer is a list of such objects"),
        required("message", &Shape::Text, "the field of the message for people"),
        required("fields", &Shape::Text, "the field of the map from field to what is wrong with it"),
    ],
));

pub(super) static SCOPES: Shape = Shape::Map {
    rule: Rule::Snake,
    value: &Shape::Object(&object(
        "scope",
        &[
            required("title", &Shape::Text, "the name on the vendor's consent screen"),
            required("modify", &Shape::Text, "the id that allows reading and writing"),
            optional("read", &Shape::Text, "the id that allows reading alone"),
            optional("requested", &Shape::Text, "why it is asked for, where no action or trigger needs it"),
        ],
    )),
};

pub(super) static RATE_LIMIT: Shape = Shape::Object(&object(
    "rate limit",
    &[
        required("status", &Shape::Integer, "the status of the answer to a call too many"),
        optional(
            "also",
            &Shape::List(&Shape::Integer),
            "statuses that may stand in for it, where a wait is given",
        ),
        required("waits", &Shape::List(&WAIT), "the headers that say how long to wait; the longest counts"),
        optional("quota", &QUOTA, "the headers that say how much is left, on every answer"),
        optional(
            "per",
            &Shape::Name(Named::ConnectionField),
            "the connection field whose value shares one quota",
        ),
        required("overload_wait", &Shape::Duration, "the wait where no header says one"),
        required("max_wait", &Shape::Duration, "no header is believed beyond this"),
    ],
));

static WAIT: Shape = Shape::Object(&object(
    "wait header",
    &[
        required("header", &Shape::Header, "the name of the header"),
        required(
            "unit",
            &Shape::Choice(&[
                "milliseconds",
                "seconds",
                "epoch-seconds",
                "epoch-milliseconds",
                "retry-after",
            ]),
            "what its value counts; `retry-after` takes seconds and HTTP dates (RFC 9110, section 10.2.3)",
        ),
    ],
));

static QUOTA: Shape = Shape::Object(&object(
    "quota headers",
    &[
        required("quota", &Shape::Header, "the header of the calls that a window allows"),
        required("left", &Shape::Header, "the header of the calls that are left"),
        required("window", &WAIT, "the header of the window's length"),
        required("reset", &WAIT, "the header of the time until the window ends"),
    ],
));

pub(super) static PAGING: Shape = Shape::Map {
    rule: Rule::Kebab,
    value: &Shape::Object(&Object {
        name: "paging style",
        keys: &[
            required("limit", &LIMIT, "the parameter that sets the size of a page"),
            optional("page", &PAGE, "pages are asked for by number"),
            optional("offset", &Shape::Text, "the parameter that takes the number of items to skip"),
            optional("cursor", &CURSOR, "pages are asked for by a mark that the page before gave"),
            optional(
                "link",
                &Shape::Text,
                "where the link to the next page stands in what is said about the data",
            ),
            optional("more", &Shape::Text, "where the flag that announces another page stands"),
            optional("items", &Shape::Text, "where the number of items on all pages stands"),
            optional(
                "ends",
                &Shape::Choice(&["empty", "short"]),
                "which page ends a list that has neither mark, flag nor total; `empty` if not given",
            ),
            optional(
                "past_end",
                &Shape::List(&PAST_END),
                "the error answers to a request behind the last page; they end a list from its second page on",
            ),
        ],
        one_of: &[&["page", "offset", "cursor", "link"]],
        refused: &[],
    }),
};

static PAST_END: Shape = Shape::Object(&object(
    "answer past the end",
    &[
        required("status", &Shape::Integer, "the status of the answer"),
        optional("path", &Shape::Text, "where the code of the error stands in the body"),
        optional("is", &Shape::Text, "the code that must stand there"),
    ],
));

static LIMIT: Shape = Shape::Object(&object(
    "page size",
    &[
        required("parameter", &Shape::Text, "the name of the parameter"),
        required("default", &Shape::Integer, "the size where it is not given"),
        required("max", &Shape::Integer, "the greatest size"),
    ],
));

static PAGE: Shape = Shape::Object(&object(
    "page number",
    &[
        required("parameter", &Shape::Text, "the name of the parameter"),
        optional("first", &Shape::Integer, "the number of the first page, 1 if not given"),
        optional("total", &Shape::Text, "where the number of pages stands in what is said about the data"),
    ],
));

static CURSOR: Shape = Shape::Object(&object(
    "cursor",
    &[
        required("parameter", &Shape::Text, "the name of the parameter"),
        required("next", &Shape::Text, "where the mark stands in what is said about the data"),
    ],
));
