//! Requests as plain values: what an action wants, before authentication and transport.

use bytes::Bytes;

use crate::changes::ChangedId;
use crate::encode::{Encoded, Form};
use crate::error::{Error, Violation};
use crate::operation::{Body, Effect, Operation, Repeat};
use crate::percent::{push_component, push_query_name};
use crate::record::Record;
use crate::rules::{Parameter, Place};
use crate::value::{Value, View};

/// A request that only lacks a connection.
#[derive(Clone, Debug)]
pub struct Request {
    operation: &'static Operation,
    path: String,
    /// Wire name and percent-encoded value.
    query: Vec<(String, String)>,
    headers: Vec<(&'static str, String)>,
    body: Option<Bytes>,
    repeatable: bool,
    changed_id: Option<String>,
}

impl Request {
    /// The request that calls an operation with an input: every field of the input goes where the operation's
    /// parameter of that name says.
    ///
    /// # Errors
    /// Class `validation` with every constraint that the input violates.
    pub fn new(operation: &'static Operation, input: &dyn Record) -> Result<Self, Error> {
        let request = Self {
            operation,
            path: operation.path.to_owned(),
            query: Vec::new(),
            headers: Vec::new(),
            body: None,
            repeatable: operation.repeat != Repeat::Never,
            changed_id: None,
        };
        let mut builder = Builder { request, fields: Vec::new(), given: Vec::new(), violations: Vec::new() };
        // Fields and parameters stand in the same order, so the next one given is mostly behind the one before.
        let mut behind = 0;
        input.each(&mut |name, value| {
            let view = value.view();
            if matches!(view, View::Absent) {
                return;
            }
            let (before, after) = operation.parameters.split_at(behind);
            let mut rest = after.iter().chain(before);
            if let Some(skipped) = rest.position(|parameter| parameter.name == name) {
                let index = (behind + skipped) % operation.parameters.len();
                behind = index + 1;
                builder.add(&operation.parameters[index], value, view);
            }
        });
        builder.require();
        builder.finish()
    }

    /// The operation it calls.
    #[must_use]
    pub fn operation(&self) -> &'static Operation {
        self.operation
    }

    /// Path below the API's base and query, percent-encoded.
    #[must_use]
    pub fn path_and_query(&self) -> String {
        let mut text = self.path.clone();
        let start = text.len();
        for (name, value) in &self.query {
            push_query_name(&mut text, start, name);
            text.push_str(value);
        }
        text
    }

    /// The JSON of the body, if it has one.
    #[must_use]
    pub fn body(&self) -> Option<&[u8]> {
        self.body.as_deref()
    }

    /// The same, to be sent as often as need be.
    pub(crate) fn shared_body(&self) -> Option<Bytes> {
        self.body.clone()
    }

    /// Headers that carry parameters.
    #[must_use]
    pub fn headers(&self) -> &[(&'static str, String)] {
        &self.headers
    }

    /// Whether it may be sent again though nobody knows if it was carried out.
    #[must_use]
    pub fn is_repeatable(&self) -> bool {
        self.repeatable
    }

    /// The id of the resource that it changes, where the operation names an input that holds it.
    #[must_use]
    pub fn changed_id(&self) -> Option<&str> {
        self.changed_id.as_deref()
    }

    /// The value of a query parameter by its wire name.
    pub(crate) fn query(&self, wire: &str) -> Option<&str> {
        self.query.iter().find(|(name, _)| name == wire).map(|(_, value)| value.as_str())
    }

    /// The same request with another value of a query parameter.
    pub(crate) fn with_query(mut self, wire: &str, value: &str) -> Self {
        match self.query.iter_mut().find(|(name, _)| name == wire) {
            Some(slot) => slot.1 = encoded(value),
            None => self.query.push((wire.to_owned(), encoded(value))),
        }
        self
    }

    /// The same request with parts of a query that is already encoded, such as a link to the next page.
    pub(crate) fn with_encoded_query(self, query: &str) -> Self {
        let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (percent_encoding::percent_decode_str(name).decode_utf8_lossy().into_owned(), value.to_owned())
        });
        let mut given: Vec<(String, String)> = pairs.collect();
        let mut replaced = Vec::new();
        let mut merged = Vec::with_capacity(self.query.len() + given.len());
        for (name, value) in self.query {
            let (same, other) = given.into_iter().partition::<Vec<_>, _>(|(known, _)| *known == name);
            given = other;
            // A name may stand for several values: the link's take the place of all of them.
            match same.is_empty() {
                true if replaced.contains(&name) => {}
                true => merged.push((name, value)),
                false => {
                    replaced.push(name);
                    merged.extend(same);
                }
            }
        }
        merged.extend(given);
        Self { query: merged, ..self }
    }
}

/// A request in the making, and everything that is wrong with it.
struct Builder {
    request: Request,
    /// Fields of the body's object as `"name":value`.
    fields: Vec<Vec<u8>>,
    /// Names of required parameters that were given.
    given: Vec<&'static str>,
    violations: Vec<Violation>,
}

impl Builder {
    fn add(&mut self, parameter: &'static Parameter, value: &dyn Value, view: View<'_>) {
        if parameter.required {
            self.given.push(parameter.name);
        }
        let since = self.violations.len();
        parameter.check(&view, &mut self.violations);
        if self.violations.len() > since {
            return;
        }
        if let Repeat::SafeWithout(names) = self.request.operation.repeat {
            self.request.repeatable &= !names.contains(&parameter.name);
        }
        let changed = self.request.operation.changes.map(|changes| changes.id);
        if changed == Some(ChangedId::Input(parameter.name)) {
            self.request.changed_id = plain(&view, self.request.operation);
        }
        match parameter.place {
            Place::Path => self.path(parameter, view),
            Place::Query => self.query(parameter, view),
            Place::RepeatedQuery => self.repeated_query(parameter, view),
            Place::Header => self.header(parameter, view),
            Place::Body => self.body_field(parameter, value),
            Place::Payload => self.request.body = self.json(parameter, value).map(Bytes::from),
        }
    }

    /// Notes what must be given and was not.
    fn require(&mut self) {
        let Self { request, given, violations, .. } = self;
        let required = request.operation.parameters.iter().filter(|parameter| parameter.required);
        let missing = required.filter(|parameter| !given.contains(&parameter.name));
        violations.extend(missing.map(|parameter| parameter.violation("is required")));
    }

    /// Whether this is an update that says nothing of what to update: an API may answer that with success, or empty
    /// what it does not find.
    fn changes_nothing(&self) -> bool {
        let Operation { effect, body, parameters, .. } = self.request.operation;
        let is_field = |parameter: &Parameter| parameter.place == Place::Body;
        *effect == Effect::Update
            && matches!(body, Body::Object | Body::ListOfOne)
            && self.fields.is_empty()
            && parameters.iter().any(is_field)
    }

    fn path(&mut self, parameter: &Parameter, view: View<'_>) {
        let mut segment = String::new();
        match plain(&view, self.request.operation) {
            // An empty or dot segment would address another resource (RFC 3986, section 5.2.4).
            Some(text) if matches!(text.as_str(), "" | "." | "..") => {
                self.violations.push(parameter.violation("must not be empty or consist of dots"));
            }
            Some(text) => push_component(&mut segment, &text),
            None => self.violations.push(parameter.violation("cannot stand in a path")),
        }
        let variable = format!("{{{}}}", parameter.wire);
        self.request.path = self.request.path.replacen(&variable, &segment, 1);
    }

    fn query(&mut self, parameter: &Parameter, view: View<'_>) {
        let texts = self.plain_items(parameter, &view);
        if matches!(view, View::List(_)) {
            // A server decodes a value before it splits it: an escaped comma would divide an item all the same, and
            // a blank cannot be told from no item.
            let misread = texts.iter().enumerate().filter(|(_, text)| text.is_empty() || text.contains(','));
            self.violations.extend(misread.map(|(index, _)| {
                let what = "must not be empty or hold a comma: the API would read another list";
                Violation::new(format!("{}[{index}]", parameter.name), what.to_owned())
            }));
        }
        let items: Vec<String> = texts.iter().map(|text| encoded(text)).collect();
        self.request.query.push((parameter.wire.to_owned(), items.join(",")));
    }

    fn repeated_query(&mut self, parameter: &Parameter, view: View<'_>) {
        let texts = self.plain_items(parameter, &view);
        let items = texts.iter().map(|text| (parameter.wire.to_owned(), encoded(text)));
        self.request.query.extend(items);
    }

    /// The items of a list, or the value itself as the only one. A list without items is refused: as a filter it would
    /// let everything through.
    fn plain_items(&mut self, parameter: &Parameter, view: &View<'_>) -> Vec<String> {
        let texts = match view {
            View::List(items) => {
                items.iter().map(|item| plain(&item.view(), self.request.operation)).collect()
            }
            view => vec![plain(view, self.request.operation)],
        };
        if texts.is_empty() {
            self.violations.push(parameter.violation("must have items: leave it out to send nothing"));
        }
        if texts.iter().any(Option::is_none) {
            self.violations.push(parameter.violation("cannot stand in a query"));
        }
        texts.into_iter().flatten().collect()
    }

    fn header(&mut self, parameter: &Parameter, view: View<'_>) {
        // Beyond visible ASCII a header has no meaning of its own (RFC 9110, section 5.5).
        let is_visible = |text: &String| text.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~'));
        let text = plain(&view, self.request.operation).filter(is_visible);
        match text {
            Some(text) => self.request.headers.push((parameter.wire, text)),
            None => self.violations.push(parameter.violation("cannot stand in a header")),
        }
    }

    fn body_field(&mut self, parameter: &Parameter, value: &dyn Value) {
        let (Ok(mut field), Some(json)) = (serde_json::to_vec(parameter.wire), self.json(parameter, value))
        else {
            return;
        };
        field.push(b':');
        field.extend(json);
        self.fields.push(field);
    }

    fn json(&mut self, parameter: &Parameter, value: &dyn Value) -> Option<Vec<u8>> {
        let json = serde_json::to_vec(&Encoded::new(value, Form::of(self.request.operation.api)));
        if json.is_err() {
            self.violations.push(parameter.violation("cannot be written as JSON"));
        }
        json.ok()
    }

    fn finish(mut self) -> Result<Request, Error> {
        if self.violations.is_empty() && self.changes_nothing() {
            let what = "give at least one field to change".to_owned();
            self.violations.push(Violation::new(String::new(), what));
        }
        if !self.violations.is_empty() {
            return Err(Error::invalid_input(self.request.operation, self.violations));
        }
        let object = |fields: Vec<Vec<u8>>| [b"{".as_slice(), &fields.join(&b','), b"}"].concat();
        match self.request.operation.body {
            Body::None | Body::Payload => {}
            Body::Object => self.request.body = Some(object(self.fields).into()),
            Body::ListOfOne => {
                self.request.body = Some([b"[".as_slice(), &object(self.fields), b"]"].concat().into())
            }
        }
        Ok(self.request)
    }
}

fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    push_component(&mut encoded, text);
    encoded
}

/// The text of a value without parts; `None` for lists, objects, nothing, and dates that are no dates.
fn plain(view: &View<'_>, operation: &Operation) -> Option<String> {
    match view {
        View::Boolean(value) => Some(value.to_string()),
        View::Integer(value) => Some(value.to_string()),
        View::Number(value) => Some(value.to_string()),
        View::Decimal(value) => Some(value.to_string()),
        View::String(value) => Some((*value).to_owned()),
        View::Date(value) => Some(value.as_str().to_owned()),
        View::DateTime(value) => value.format(operation.api.dates).ok(),
        _ => None,
    }
}
