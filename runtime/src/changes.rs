//! Which resource a call changes, and where its id is found: what a host needs to know a change of its own again when an
//! event tells of it.

use serde_json::Value as Any;

use crate::Json;
use crate::json::look_up;

/// What an operation changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Changes {
    /// The type of the resource, as [`Trigger::resource`](crate::Trigger::resource) names it.
    pub resource: &'static str,
    /// Where its id is found.
    pub id: ChangedId,
}

/// Where the id of a changed resource is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangedId {
    /// In this input, so that it is known before the call.
    Input(&'static str),
    /// In this field of the data that the call answers with, since the call makes the resource.
    Result(&'static str),
}

impl Changes {
    /// A resource of this type whose id is an input.
    #[must_use]
    pub const fn input(resource: &'static str, input: &'static str) -> Self {
        Self { resource, id: ChangedId::Input(input) }
    }

    /// A resource of this type whose id stands in the answer.
    #[must_use]
    pub const fn result(resource: &'static str, field: &'static str) -> Self {
        Self { resource, id: ChangedId::Result(field) }
    }

    /// The id in the data of an answer, as events write it; none where the input has it, or the data lack it.
    #[must_use]
    pub fn id_in(&self, data: &Json) -> Option<String> {
        let ChangedId::Result(field) = self.id else { return None };
        let data: Any = data.parse().ok()?;
        match look_up(&data, field)? {
            Any::String(text) => Some(text.clone()),
            Any::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_found_in_the_data_whether_it_is_a_number_or_a_text() {
        let changes = Changes::result("parcel", "id");
        let found = |data: Any| changes.id_in(&Json::from(data));
        assert_eq!(found(serde_json::json!({ "id": 7, "name": "a" })).as_deref(), Some("7"));
        assert_eq!(found(serde_json::json!({ "id": "p-7" })).as_deref(), Some("p-7"));
        for without in [serde_json::json!({ "id": null }), serde_json::json!([7]), Any::Null] {
            assert_eq!(found(without), None);
        }
        let by_input = Changes::input("parcel", "id");
        assert_eq!(by_input.id_in(&Json::from(serde_json::json!({ "id": 7 }))), None);
    }
}
