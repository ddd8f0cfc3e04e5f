//! Signatures of webhooks, their management, and triggers.

use super::{object, optional, required};
use crate::diagnostic::Code;
use crate::grammar::names::Named;
use crate::grammar::{Object, Refusal, Shape};
use crate::name::Rule;

pub(super) static SIGNATURES: Shape = Shape::Map {
    rule: Rule::Kebab,
    value: &Shape::Object(&object(
        "signature profile",
        &[
            required("algorithm", &Shape::Choice(&["hmac-sha256"]), "the message authentication code"),
            required(
                "signed",
                &Shape::Text,
                "what is signed: `{body}`, `{timestamp}`, `{id}`, `{url}` and fixed text",
            ),
            required("signature", &SIGNATURE, "where the signature stands"),
            optional("timestamp", &TIMESTAMP, "where the time of signing stands"),
            optional("id", &ID, "where the id of the delivery stands, which alone recognises repeats"),
            optional("key", &KEY, "how the secret becomes the key; its UTF-8 bytes if not given"),
            required("tolerance", &TOLERANCE, "how far the time of signing may be from now"),
            optional(
                "repeats",
                &Shape::Choice(&["body", "dedupe"]),
                "what recognises repeats if neither an id nor the time is signed: the same bytes of the body, or the same parts under `dedupe`",
            ),
        ],
    )),
};

static ID: Shape = Shape::ByKind {
    scalar: Some(&Shape::Header),
    list: None,
    mapping: Some(&Shape::Object(&object(
        "delivery id",
        &[required("body", &Shape::Text, "the path of the id in the body, such as `id`")],
    ))),
};

static SIGNATURE: Shape = Shape::Object(&object(
    "signature header",
    &[
        required("header", &Shape::Header, "the name of the header"),
        required("encoding", &Shape::Choice(&["hex", "base64"]), "how the bytes are written"),
        optional(
            "form",
            &Shape::Choice(&["single", "list", "parts"]),
            "one value, a list separated by spaces, or `key=value` parts separated by commas; `single` if not given",
        ),
        optional("prefix", &Shape::Text, "in a list, what stands before a signature, such as `v1,`"),
        optional("part", &Shape::Text, "in parts, the key of the signatures, such as `v1`"),
    ],
));

static TIMESTAMP: Shape = Shape::Object(&Object {
    name: "timestamp",
    keys: &[
        optional("header", &Shape::Header, "the name of the header"),
        optional("part", &Shape::Text, "the key of its part in the signature header, such as `t`"),
        required("unit", &Shape::Choice(&["seconds", "milliseconds"]), "what it counts since the Unix epoch"),
    ],
    one_of: &[&["header", "part"]],
    refused: &[],
});

static KEY: Shape = Shape::ByKind {
    scalar: Some(&Shape::Choice(&["text"])),
    list: None,
    mapping: Some(&Shape::Object(&object(
        "key form",
        &[required("base64", &Shape::Text, "the secret is base64 after this prefix, which it may also lack")],
    ))),
};

static TOLERANCE: Shape = Shape::Object(&object(
    "tolerance",
    &[
        required("past", &Shape::Duration, "how old a signature may be"),
        required("ahead", &Shape::Duration, "how far the sender's clock may be ahead"),
    ],
));

pub(super) static WEBHOOKS: Shape = Shape::Object(&object(
    "webhooks",
    &[
        required(
            "signatures",
            &Shape::List(&Shape::Name(Named::SignatureProfile)),
            "the profiles of which a delivery must satisfy one whole",
        ),
        required("list", &Shape::Name(Named::Action), "the action that lists webhooks"),
        required("create", &Shape::Name(Named::Action), "the action that creates one"),
        required("update", &Shape::Name(Named::Action), "the action that switches one on again"),
        required("delete", &Shape::Name(Named::Action), "the action that deletes one"),
        required("event", &EVENT, "where the parts of an event stand in a delivery's body"),
        required(
            "dedupe",
            &DEDUPE,
            "what makes two deliveries one event if no id is signed: the first line whose parts are all there",
        ),
        optional("subscription", &SUBSCRIPTION, "what a webhook is, so that a host can keep them in order"),
        optional("service", &SERVICE, "events about the connection itself, which are for the host"),
    ],
));

static SUBSCRIPTION: Shape = Shape::Object(&object(
    "subscription",
    &[
        required("id", &Shape::Text, "the field of a webhook's id"),
        required("event", &Shape::Text, "the field of the event's name, in webhooks and in their inputs"),
        required("destination", &Shape::Text, "the field of the address, in webhooks and in their inputs"),
        optional("active", &Shape::Text, "the field that says whether it delivers, and switches it on"),
        optional("per_event", &Shape::Integer, "how many webhooks one event may have"),
        optional("port", &Shape::Integer, "the one port that an address may have, which takes HTTPS"),
        optional("starts", &Shape::Duration, "how long a new webhook may take until it tells of anything"),
        required(
            "retries",
            &Shape::Duration,
            "how long deliveries are tried before a webhook is switched off, or the event given up",
        ),
    ],
));

static SERVICE: Shape = Shape::Object(&object(
    "service events",
    &[
        optional("uninstalled", &SERVICE_EVENT, "the connection has ended on the vendor's side"),
        optional("failing", &SERVICE_EVENT, "deliveries fail, or a webhook was switched off"),
    ],
));

static SERVICE_EVENT: Shape = Shape::Object(&object(
    "service event",
    &[
        required("event", &Shape::Text, "the name of the event"),
        optional("apart", &Shape::Boolean, "whether its webhook needs an address that no other has"),
    ],
));

static EVENT: Shape = Shape::Object(&object(
    "event",
    &[
        required("name", &Shape::Text, "the path of the event's name"),
        required("account", &Shape::Text, "the path of the account it comes from"),
        required(
            "account_form",
            &Shape::Text,
            "the form of that text; `{name}` stands for a connection field",
        ),
        required("type", &Shape::Text, "the path of the resource's type"),
        required("id", &Shape::Text, "the path of the resource's id"),
        required("time", &Shape::Text, "the path of the event's time, in seconds since the Unix epoch"),
    ],
));

static DEDUPE: Shape = Shape::List(&Shape::List(&Shape::Object(&Object {
    name: "dedupe part",
    keys: &[
        optional("header", &Shape::Header, "a header that a signature profile signs"),
        optional("body", &Shape::Text, "a path in its body"),
    ],
    one_of: &[&["header", "body"]],
    refused: &[],
})));

pub(super) static TRIGGERS: Shape = Shape::Map {
    rule: Rule::Kebab,
    value: &Shape::Object(&object(
        "trigger",
        &[
            required("title", &Shape::Text, "a name for people: `Order created`"),
            optional("description", &Shape::Text, "when it fires and what to know, in a sentence or two"),
            optional("docs", &Shape::Url, "the vendor's page about it"),
            required("event", &Shape::Text, "the name of the event"),
            required("resource", &Shape::Text, "the type of the resource in the event"),
            optional("scope", &Shape::Name(Named::Scope), "the scope it needs: `orders.read`"),
            required("read", &READ, "the action that reads the whole resource, or `none` with a `reason`"),
            optional("reason", &Shape::Text, "why there is nothing to read"),
            optional("backfill", &BACKFILL, "how events are found that no webhook told of"),
            optional(
                "once",
                &Shape::Boolean,
                "whether the event happens to a resource once and never again: then the resource's id recognises repeats",
            ),
            optional("sample", &Shape::Text, "a JSON file beside the manifest: the body of a delivery"),
        ],
    )),
};

static READ: Shape = Shape::ByKind {
    scalar: Some(&Shape::Choice(&["none"])),
    list: None,
    mapping: Some(&Shape::Object(&object(
        "read",
        &[
            required(
                "action",
                &Shape::Name(Named::Action),
                "the id of the action; its one required parameter takes the resource's id",
            ),
            required("grace", &Shape::Duration, "how long the resource may still be missing after the event"),
        ],
    ))),
};

static BACKFILL: Shape = Shape::Object(&Object {
    name: "backfill",
    keys: &[
        required("action", &Shape::Name(Named::Action), "the id of the action that lists resources"),
        required("since", &Shape::Text, "its input that leaves out what is older than a moment"),
        optional(
            "with",
            &Shape::Map { rule: Rule::Snake, value: &Shape::Text },
            "further inputs, such as an order that no change disturbs",
        ),
        required("id", &Shape::Text, "the path of an item's id"),
        required("date", &Shape::Text, "the path of the date that `since` is compared with"),
        optional(
            "created",
            &Shape::Text,
            "the path of the date it was made: where both are the same, it was made and not changed",
        ),
    ],
    one_of: &[],
    refused: &[Refusal {
        key: "once",
        code: Code::UnknownKey,
        help: "write `once: true` beside `backfill`: it belongs to the trigger",
    }],
});
