//! Types and actions of the resolved connector.

use super::Example;

/// A named type.
#[derive(Debug)]
pub(crate) struct Type {
    pub(crate) name: String,
    /// Identifier of its module.
    pub(crate) module: String,
    /// Where it is defined: `types/orders.yaml, types.Order`.
    pub(crate) origin: String,
    pub(crate) description: String,
    pub(crate) docs: Option<String>,
    pub(crate) kind: TypeKind,
}

/// What a named type is.
#[derive(Debug)]
pub(crate) enum TypeKind {
    Record(Vec<Field>),
    Enumeration(Vec<Variant>),
}

/// A field of a record or a parameter of an action.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    /// The name that callers use; of a record's field the same as on the wire.
    pub(crate) name: String,
    pub(crate) wire: String,
    pub(crate) rust: String,
    pub(crate) ty: Ty,
    pub(crate) place: Place,
    pub(crate) required: bool,
    /// Whether `null` means something else than leaving it out.
    pub(crate) nullable: bool,
    pub(crate) rules: Rules,
    /// What the API assumes where it is left out.
    pub(crate) default: Option<serde_json::Value>,
    pub(crate) description: String,
    pub(crate) deprecated: bool,
}

/// What a value must meet. Bounds are of a number, of a text's length or of a list's length, as digits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rules {
    pub(crate) min: Option<String>,
    pub(crate) max: Option<String>,
    pub(crate) pattern: Option<String>,
    /// Of the items of a list or the values of a map.
    pub(crate) items: Option<Box<Rules>>,
}

impl Rules {
    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A known value of an enumeration.
#[derive(Debug)]
pub(crate) struct Variant {
    pub(crate) wire: String,
    pub(crate) rust: String,
}

/// The type of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ty {
    String,
    Integer,
    Number,
    Decimal,
    Boolean,
    Date,
    DateTime,
    Json,
    Record(String),
    Enumeration(String),
    List(Box<Ty>),
    Map(Box<Ty>),
    /// A record that contains this one in turn, held by address.
    Boxed(String),
}

impl Ty {
    /// The named type in it, however deep.
    pub(crate) fn named(&self) -> Option<&str> {
        match self {
            Self::Record(name) | Self::Enumeration(name) | Self::Boxed(name) => Some(name),
            Self::List(inner) | Self::Map(inner) => inner.named(),
            _ => None,
        }
    }
}

/// An action.
#[derive(Debug)]
pub(crate) struct Action {
    pub(crate) id: String,
    /// Identifier of its input type.
    pub(crate) rust: String,
    /// Identifier of its module.
    pub(crate) module: String,
    /// Where it is defined: `connector.yaml, actions.get-order`.
    pub(crate) origin: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) docs: Option<String>,
    /// Id and static of the API version.
    pub(crate) api: (String, String),
    pub(crate) method: Method,
    pub(crate) path: String,
    /// The beginning of the path that all actions on a resource share: `/catalog/products`.
    pub(crate) resource: String,
    pub(crate) effect: Effect,
    pub(crate) parameters: Vec<Field>,
    pub(crate) body: Body,
    pub(crate) returns: Returns,
    /// Documented statuses of success.
    pub(crate) success: Vec<u16>,
    /// Name and static of the paging style.
    pub(crate) paging: Option<(String, String)>,
    /// Ids of the scopes of which one suffices.
    pub(crate) scopes: Vec<String>,
    pub(crate) repeat: Repeat,
    pub(crate) check_first: Option<String>,
    pub(crate) changes: Option<Changes>,
    pub(crate) concurrency: Option<u16>,
    pub(crate) deprecated: Option<String>,
    /// Path of the sample beside the manifest.
    pub(crate) sample_path: Option<String>,
    /// The text of the sample's file.
    pub(crate) sample: Option<String>,
    /// How documentation shows its input.
    pub(crate) example: Example,
    pub(crate) level: Level,
}

/// What tests have shown of an action.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Level {
    #[default]
    None,
    /// Requests, description and examples agree with the vendor's files.
    Specification,
    /// A sandbox answered its requests, and each answer was decoded and judged.
    Sandbox,
}

impl Level {
    pub(crate) const ALL: [Self; 3] = [Self::Sandbox, Self::Specification, Self::None];

    /// The word for it in files.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Specification => "specification",
            Self::Sandbox => "sandbox",
        }
    }
}

/// The resource that an action changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Changes {
    pub(crate) resource: String,
    pub(crate) id: ChangedId,
}

/// Where the id of a changed resource is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ChangedId {
    Input(String),
    Result(String),
}

/// What the body of a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    None,
    Object,
    ListOfOne,
    Payload,
}

/// What a successful answer holds.
#[derive(Clone, Debug)]
pub(crate) enum Returns {
    Nothing,
    One(Ty),
    List(Ty),
    First(Ty),
}

impl Returns {
    /// The type of the output, if there is any.
    pub(crate) fn ty(&self) -> Option<Ty> {
        match self {
            Self::Nothing => None,
            Self::One(ty) | Self::First(ty) => Some(ty.clone()),
            Self::List(item) => Some(Ty::List(Box::new(item.clone()))),
        }
    }
}

/// When an action may be repeated though nobody knows if it was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Repeat {
    Safe,
    Never,
    SafeWithout(Vec<String>),
}

/// An HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

/// What an action does to the vendor's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Read,
    Create,
    Update,
    Delete,
}

/// Where a request carries a parameter; fields of records are fields of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Path,
    Query,
    RepeatedQuery,
    Header,
    Body,
    Payload,
}

/// What a method does where nothing else is said.
pub(crate) fn default_effect(method: Method) -> Effect {
    match method {
        Method::Get => Effect::Read,
        Method::Post => Effect::Create,
        Method::Put | Method::Patch => Effect::Update,
        Method::Delete => Effect::Delete,
    }
}

/// How an effect may be repeated where nothing else is said: doing a creation twice makes two.
pub(crate) fn default_repeat(effect: Effect) -> Repeat {
    match effect {
        Effect::Create => Repeat::Never,
        Effect::Read | Effect::Update | Effect::Delete => Repeat::Safe,
    }
}
