//! What a generated action says of the operation it calls: plain `static` data.

use crate::changes::Changes;
use crate::connector::Api;
use crate::paging::Paging;
use crate::rules::Parameter;

/// An operation of the API, as an action calls it.
#[derive(Debug)]
pub struct Operation {
    /// Id of the action, such as `get-order`.
    pub id: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// The API version it belongs to.
    pub api: &'static Api,
    /// HTTP method.
    pub method: Method,
    /// Path below the API's base; `{name}` stands for a path parameter.
    pub path: &'static str,
    /// What the call does to the vendor's data.
    pub effect: Effect,
    /// Where its inputs go and what they must meet.
    pub parameters: &'static [Parameter],
    /// What its body is.
    pub body: Body,
    /// What its answer holds.
    pub returns: Returns,
    /// How its answers come in pages.
    pub paging: Option<&'static Paging>,
    /// When the call may be made again though nobody knows if the first one was carried out.
    pub repeat: Repeat,
    /// What to look up before a call of unknown outcome is made again by hand.
    pub check_first: Option<&'static str>,
    /// How many calls of it an account may have under way at once.
    pub concurrency: Option<u16>,
    /// The resource that it changes, where triggers tell of such changes.
    pub changes: Option<Changes>,
    /// Ids of the OAuth scopes of which one suffices.
    pub scopes: &'static [&'static str],
    /// What tests have shown of it.
    pub verified: VerificationLevel,
}

impl Operation {
    /// A GET, which reads one value unless it is said otherwise.
    #[must_use]
    pub const fn get(id: &'static str, api: &'static Api, path: &'static str) -> Self {
        Self::new(Method::Get, id, api, path).effect(Effect::Read)
    }

    /// A POST, which creates and must not be repeated unless it is said otherwise.
    #[must_use]
    pub const fn post(id: &'static str, api: &'static Api, path: &'static str) -> Self {
        Self::new(Method::Post, id, api, path).effect(Effect::Create)
    }

    /// A PUT, which updates unless it is said otherwise.
    #[must_use]
    pub const fn put(id: &'static str, api: &'static Api, path: &'static str) -> Self {
        Self::new(Method::Put, id, api, path).effect(Effect::Update)
    }

    /// A PATCH, which updates unless it is said otherwise.
    #[must_use]
    pub const fn patch(id: &'static str, api: &'static Api, path: &'static str) -> Self {
        Self::new(Method::Patch, id, api, path).effect(Effect::Update)
    }

    /// A DELETE, which deletes unless it is said otherwise.
    #[must_use]
    pub const fn delete(id: &'static str, api: &'static Api, path: &'static str) -> Self {
        Self::new(Method::Delete, id, api, path).effect(Effect::Delete)
    }

    const fn new(method: Method, id: &'static str, api: &'static Api, path: &'static str) -> Self {
        Self {
            id,
            title: id,
            api,
            method,
            path,
            effect: Effect::Read,
            parameters: &[],
            body: Body::None,
            returns: Returns::One,
            paging: None,
            scopes: &[],
            repeat: Repeat::Safe,
            check_first: None,
            concurrency: None,
            changes: None,
            verified: VerificationLevel::None,
        }
    }

    /// The same with a name for people.
    #[must_use]
    pub const fn title(self, title: &'static str) -> Self {
        Self { title, ..self }
    }

    /// The same with this effect, and the repetition that goes with it.
    #[must_use]
    pub const fn effect(self, effect: Effect) -> Self {
        let repeat = match effect {
            Effect::Create => Repeat::Never,
            Effect::Read | Effect::Update | Effect::Delete => Repeat::Safe,
        };
        Self { effect, repeat, ..self }
    }

    /// The same with these parameters.
    #[must_use]
    pub const fn parameters(self, parameters: &'static [Parameter]) -> Self {
        Self { parameters, ..self }
    }

    /// The same with this body.
    #[must_use]
    pub const fn body(self, body: Body) -> Self {
        Self { body, ..self }
    }

    /// The same with this result.
    #[must_use]
    pub const fn returns(self, returns: Returns) -> Self {
        Self { returns, ..self }
    }

    /// The same in pages.
    #[must_use]
    pub const fn paging(self, paging: &'static Paging) -> Self {
        Self { paging: Some(paging), ..self }
    }

    /// The same with these scopes, of which one suffices.
    #[must_use]
    pub const fn scopes(self, scopes: &'static [&'static str]) -> Self {
        Self { scopes, ..self }
    }

    /// The same with another rule of repetition.
    #[must_use]
    pub const fn repeat(self, repeat: Repeat) -> Self {
        Self { repeat, ..self }
    }

    /// The same with a hint what to look up before it is repeated by hand.
    #[must_use]
    pub const fn check_first(self, hint: &'static str) -> Self {
        Self { check_first: Some(hint), ..self }
    }

    /// The same with the resource that it changes.
    #[must_use]
    pub const fn changes(self, changes: Changes) -> Self {
        Self { changes: Some(changes), ..self }
    }

    /// The same with what tests have shown of it.
    #[must_use]
    pub const fn verified(self, verified: VerificationLevel) -> Self {
        Self { verified, ..self }
    }

    /// The same with a cap on calls under way at once.
    #[must_use]
    pub const fn concurrency(self, cap: u16) -> Self {
        Self { concurrency: Some(cap), ..self }
    }
}

/// An HTTP method (RFC 9110, section 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// Reads.
    Get,
    /// Creates or acts.
    Post,
    /// Replaces or updates.
    Put,
    /// Updates in part.
    Patch,
    /// Deletes.
    Delete,
}

impl From<Method> for http::Method {
    fn from(method: Method) -> Self {
        match method {
            Method::Get => Self::GET,
            Method::Post => Self::POST,
            Method::Put => Self::PUT,
            Method::Patch => Self::PATCH,
            Method::Delete => Self::DELETE,
        }
    }
}

/// What a call does to the vendor's data; it decides what may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Changes nothing.
    Read,
    /// Makes something new: doing it twice makes two.
    Create,
    /// Sets what is there: doing it twice is doing it once.
    Update,
    /// Removes what is there: doing it twice is doing it once.
    Delete,
}

/// What the tests of the connector have shown of an action; a later one is stronger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum VerificationLevel {
    /// No test compares it with the vendor.
    None,
    /// Requests, description and examples agree with the vendor's own description of the API.
    Specification,
    /// A sandbox answered its requests, and each answer was decoded and judged.
    Sandbox,
}

/// What the body of a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// There is none.
    None,
    /// An object of the body parameters.
    Object,
    /// A list whose only item is the object of the body parameters.
    ListOfOne,
    /// The value of the payload parameter.
    Payload,
}

/// What a successful answer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returns {
    /// Nothing that matters: the output is `null`.
    Nothing,
    /// One value.
    One,
    /// A list; an answer without body is an empty one.
    List,
    /// A list whose first item is the value; an empty one means that there is no such resource.
    First,
}

/// When a call may be made again though nobody knows if the first one was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Always.
    Safe,
    /// Never.
    Never,
    /// Unless one of these inputs is given.
    SafeWithout(&'static [&'static str]),
}
