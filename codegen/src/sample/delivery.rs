//! Bodies of deliveries, put together from the paths of `webhooks`.

use crate::emit::Written as Json;
use crate::model::{Model, Repeats, Trigger, Ty};

/// Midday of the drafts: 2026-03-17T16:20:05Z, in seconds since the Unix epoch.
const TIME: u32 = 1_773_764_405;

/// The body of a delivery of the trigger's event.
pub(super) fn of_trigger(model: &Model, trigger: &Trigger) -> Json {
    let mut body = Json::Object(Vec::new());
    let Some(webhooks) = &model.webhooks else { return body };
    let [name, account, ty, id, time] = &webhooks.event;
    let has_number = trigger.read.as_ref().is_none_or(|read| read.ty == Ty::Integer);
    let values = [
        (name, Json::text(&trigger.event)),
        (account, Json::Text(account_of(model, &webhooks.account_form))),
        (ty, Json::text(&trigger.resource)),
        (id, if has_number { Json::Number(1.into()) } else { Json::text("1") }),
        (time, Json::Number(TIME.into())),
    ];
    values.into_iter().for_each(|(path, value)| put(&mut body, path, value));
    // Each part of a deduplication key and each id that a signature covers.
    let keys = webhooks.dedupe.iter().flatten().filter(|(is_header, _)| !is_header).map(|(_, path)| path);
    let ids = model.signatures.iter().filter_map(|signature| match &signature.repeats {
        Repeats::BodyId(path) => Some(path),
        _ => None,
    });
    for path in keys.chain(ids) {
        put(&mut body, path, Json::text("5d1c3a"));
    }
    body
}

/// The form of an account, filled with the example of the field that it names.
fn account_of(model: &Model, form: &str) -> String {
    let example = |name: &str| {
        let field = model.connection.fields.iter().find(|field| field.name == name);
        field.map(|field| field.example.clone()).filter(|example| !example.is_empty())
    };
    match form.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?))) {
        Some((before, (name, after))) => {
            format!("{before}{}{after}", example(name).unwrap_or_else(|| "1".to_owned()))
        }
        None => form.to_owned(),
    }
}

/// Puts a value at a path, unless a value stands there. An empty path is none.
fn put(whole: &mut Json, path: &str, value: Json) {
    let Json::Object(members) = whole else {
        *whole = Json::Object(Vec::new());
        return put(whole, path, value);
    };
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    if name.is_empty() {
        return;
    }
    let known = members.iter().position(|(known, _)| known == name);
    match (known, rest) {
        (Some(at), Some(rest)) => put(&mut members[at].1, rest, value),
        (None, Some(rest)) => {
            let mut inner = Json::Object(Vec::new());
            put(&mut inner, rest, value);
            members.push((name.to_owned(), inner));
        }
        (None, None) => members.push((name.to_owned(), value)),
        (Some(_), None) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_members_in_their_order_whatever_contains_whatever() {
        let mut body = Json::Object(Vec::new());
        for (path, value) in [("scope", "a"), ("data.id", "1"), ("data", "x"), ("scope.deep", "b"), ("", "y")]
        {
            put(&mut body, path, Json::text(value));
        }
        let text = serde_json::to_string(&body).expect("it is JSON");
        assert_eq!(text, r#"{"scope":{"deep":"b"},"data":{"id":"1"}}"#);
    }
}
