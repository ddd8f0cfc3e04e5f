//! The CloudEvents 1.0 form of an activation, in which every way of delivery sends it: structured, or binary for HTTP.

use connector_runtime::Json;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::outside;
use crate::storage::{Activation, Cause, Origin};

/// The media type of the structured form.
pub(crate) const STRUCTURED: &str = "application/cloudevents+json";

/// The media type of the data.
const DATA: &str = "application/json";

/// What the HTTP binding escapes in the value of a header, beside what is not ASCII.
const ESCAPED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'%');

/// The whole resource of an activation, as far as it was asked for and could be read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Full {
    /// Nobody wants it, or there is nothing to read.
    Unasked,
    /// As the API answered.
    Whole(Json),
    /// It could not be read, and that would not change.
    Missing {
        /// The class of the error.
        class: &'static str,
        /// What happened, in words of our own.
        message: String,
    },
}

/// An activation as an event.
pub(crate) struct CloudEvent<'a> {
    activation: &'a Activation,
    connector: &'a str,
    full: &'a Full,
    cause: Option<&'a Cause>,
}

/// The members of the structured form, in their order.
#[derive(Serialize)]
struct Structured<'a> {
    #[serde(flatten)]
    attributes: Attributes<'a>,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Attributes<'a> {
    specversion: &'static str,
    id: &'a str,
    source: String,
    r#type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    datacontenttype: &'static str,
    account: &'a str,
    connection: &'a str,
    origin: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    causedby: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    causedaction: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    causedworkflow: Option<&'a str>,
}

#[derive(Serialize)]
struct Data<'a> {
    envelope: Envelope<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<Resource<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    full: Option<&'a Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    full_error: Option<FullError<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    caused: Option<Caused<'a>>,
}

/// The envelope as sent. What was removed after its time is null; what is no JSON, which no verified delivery is, a text.
#[derive(Serialize)]
#[serde(untagged)]
enum Envelope<'a> {
    Json(&'a RawValue),
    Text(String),
    Removed(()),
}

#[derive(Serialize)]
struct Resource<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
}

/// The call of this host that made the change which the event tells of.
#[derive(Serialize)]
struct Caused<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'a str>,
    action: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    workflow: Option<&'a str>,
    at: String,
}

#[derive(Serialize)]
struct FullError<'a> {
    class: &'static str,
    message: &'a str,
}

impl<'a> CloudEvent<'a> {
    /// The event of an activation of this connector.
    pub(crate) fn new(connector: &'a str, activation: &'a Activation, full: &'a Full) -> Self {
        Self { activation, connector, full, cause: None }
    }

    /// The same with the own change that it tells of.
    pub(crate) fn with_cause(self, cause: Option<&'a Cause>) -> Self {
        Self { cause, ..self }
    }

    /// The structured form: one JSON object with attributes and data.
    pub(crate) fn structured(&self) -> Vec<u8> {
        json(&Structured { attributes: self.attributes(), data: self.data() })
    }

    /// The structured form on one line: line breaks between the tokens of the envelope become blanks, and there are no
    /// others in JSON.
    pub(crate) fn line(&self) -> Vec<u8> {
        let mut text = self.structured();
        text.iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
        text.push(b'\n');
        text
    }

    /// The binary form: headers with the attributes, and the data as the body.
    pub(crate) fn binary(&self) -> (Vec<(&'static str, String)>, Vec<u8>) {
        let all = self.attributes();
        let escaped = |value: &str| utf8_percent_encode(value, ESCAPED).to_string();
        let mut headers = vec![
            ("ce-specversion", escaped(all.specversion)),
            ("ce-id", escaped(all.id)),
            ("ce-source", escaped(&all.source)),
            ("ce-type", escaped(&all.r#type)),
            ("ce-account", escaped(all.account)),
            ("ce-connection", escaped(all.connection)),
            ("ce-origin", escaped(all.origin)),
        ];
        headers.extend(all.causedby.map(|id| ("ce-causedby", escaped(id))));
        headers.extend(all.causedaction.map(|action| ("ce-causedaction", escaped(action))));
        headers.extend(all.causedworkflow.map(|workflow| ("ce-causedworkflow", escaped(workflow))));
        headers.extend(all.subject.map(|subject| ("ce-subject", escaped(&subject))));
        headers.extend(all.time.map(|time| ("ce-time", escaped(&time))));
        headers.push(("content-type", all.datacontenttype.to_owned()));
        (headers, json(&self.data()))
    }

    fn attributes(&self) -> Attributes<'a> {
        let activation = self.activation;
        let subject = match (&activation.resource_type, &activation.resource_id) {
            (Some(kind), Some(id)) => Some(format!("{kind}/{id}")),
            (Some(only), None) | (None, Some(only)) => Some(only.clone()),
            (None, None) => None,
        };
        let time = activation.event_time.and_then(|time| jiff::Timestamp::from_second(time).ok());
        Attributes {
            specversion: "1.0",
            id: &activation.id,
            source: format!("/connections/{}", activation.connection),
            r#type: format!("{}/{}", self.connector, activation.trigger),
            subject: subject.filter(|subject| !subject.is_empty()),
            time: time.map(|time| time.to_string()),
            datacontenttype: DATA,
            account: &activation.account,
            connection: &activation.connection,
            origin: match activation.origin {
                Origin::Webhook => "webhook",
                Origin::Backfill => "backfill",
            },
            causedby: self.cause.and_then(|cause| cause.by.as_deref()),
            causedaction: self.cause.map(|cause| cause.action.as_str()),
            causedworkflow: self.cause.and_then(|cause| cause.workflow.as_deref()),
        }
    }

    fn data(&self) -> Data<'a> {
        let activation = self.activation;
        let (kind, id) = (activation.resource_type.as_deref(), activation.resource_id.as_deref());
        let envelope = match serde_json::from_slice(&activation.envelope) {
            Ok(raw) => Envelope::Json(raw),
            Err(_) if activation.envelope.is_empty() => Envelope::Removed(()),
            Err(_) => Envelope::Text(outside::shown(&activation.envelope)),
        };
        let (full, full_error) = match self.full {
            Full::Unasked => (None, None),
            Full::Whole(json) => (Some(json), None),
            Full::Missing { class, message } => (None, Some(FullError { class, message })),
        };
        let is_known = kind.is_some() || id.is_some();
        let resource = is_known.then_some(Resource { r#type: kind, id });
        let caused = self.cause.map(|cause| Caused {
            by: cause.by.as_deref(),
            action: &cause.action,
            workflow: cause.workflow.as_deref(),
            at: jiff::Timestamp::from_millisecond(cause.at_ms).map(|at| at.to_string()).unwrap_or_default(),
        });
        Data { envelope, resource, full, full_error, caused }
    }
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("texts and JSON values are JSON")
}

#[cfg(test)]
pub(crate) mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn activation(id: &str) -> Activation {
        Activation {
            id: id.to_owned(),
            connection: "c1".to_owned(),
            account: "abc123".to_owned(),
            trigger: "order-created".to_owned(),
            resource_type: Some("order".to_owned()),
            resource_id: Some("250".to_owned()),
            event_time: Some(1_763_999_999),
            received_ms: 1_764_000_000_123,
            origin: Origin::Webhook,
            envelope: Bytes::from_static(b"{\"a\": 1.50,\n \"a\":\"\xc3\xbc\"}"),
        }
    }

    #[test]
    fn the_structured_form_holds_every_attribute_and_the_envelope_byte_for_byte() {
        let text = CloudEvent::new("acme", &activation("e1"), &Full::Unasked).structured();
        let expected = "{\"specversion\":\"1.0\",\"id\":\"e1\",\"source\":\"/connections/c1\",\
            \"type\":\"acme/order-created\",\"subject\":\"order/250\",\"time\":\"2025-11-24T15:59:59Z\",\
            \"datacontenttype\":\"application/json\",\"account\":\"abc123\",\"connection\":\"c1\",\
            \"origin\":\"webhook\",\"data\":{\"envelope\":{\"a\": 1.50,\n \"a\":\"ü\"},\
            \"resource\":{\"type\":\"order\",\"id\":\"250\"}}}";
        assert_eq!(String::from_utf8(text).unwrap(), expected);
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let activation = Activation {
            resource_type: None,
            resource_id: None,
            event_time: Some(i64::MAX),
            envelope: Bytes::new(),
            origin: Origin::Backfill,
            ..activation("e1")
        };
        let text = CloudEvent::new("acme", &activation, &Full::Unasked).structured();
        let event: serde_json::Value = serde_json::from_slice(&text).unwrap();
        assert!(event.get("subject").is_none() && event.get("time").is_none(), "{event}");
        assert_eq!(event["origin"], "backfill");
        assert_eq!(event["data"], serde_json::json!({ "envelope": null }));
    }

    #[test]
    fn the_whole_resource_or_the_reason_why_there_is_none_stands_beside_the_envelope() {
        let whole = Full::Whole(serde_json::json!({ "id": 250 }).into());
        let missing = Full::Missing { class: "auth.revoked", message: "the API answered 401".to_owned() };
        for (full, member, expected) in [
            (whole, "full", serde_json::json!({ "id": 250 })),
            (
                missing,
                "full_error",
                serde_json::json!({ "class": "auth.revoked", "message": "the API answered 401" }),
            ),
        ] {
            let text = CloudEvent::new("acme", &activation("e1"), &full).structured();
            let event: serde_json::Value = serde_json::from_slice(&text).unwrap();
            assert_eq!(event["data"][member], expected);
            assert_eq!(event["data"].as_object().unwrap().len(), 3);
        }
    }

    #[test]
    fn an_own_change_is_marked_in_both_forms_and_in_the_data() {
        let cause = Cause {
            action: "update-product".to_owned(),
            by: Some("e0".to_owned()),
            workflow: Some("höher".to_owned()),
            at_ms: 1_764_000_000_123,
        };
        let activation = activation("e1");
        let event = || CloudEvent::new("acme", &activation, &Full::Unasked);
        let text = event().with_cause(Some(&cause)).structured();
        let whole: serde_json::Value = serde_json::from_slice(&text).unwrap();
        assert_eq!((&whole["causedby"], &whole["causedaction"]), (&"e0".into(), &"update-product".into()));
        assert_eq!(
            whole["data"]["caused"],
            serde_json::json!({ "by": "e0", "action": "update-product", "workflow": "höher",
                "at": "2025-11-24T16:00:00.123Z" })
        );
        let (headers, _) = event().with_cause(Some(&cause)).binary();
        for header in [
            ("ce-causedby", "e0"),
            ("ce-causedaction", "update-product"),
            ("ce-causedworkflow", "h%C3%B6her"),
        ] {
            assert!(headers.contains(&(header.0, header.1.to_owned())), "{headers:?}");
        }
        // Names of attributes are small letters and digits, as CloudEvents says.
        let names = whole.as_object().unwrap().keys();
        assert!(names.into_iter().all(|name| name.bytes().all(|byte| byte.is_ascii_lowercase())), "{whole}");

        // Nobody has to say on whose behalf a call is made.
        let alone = Cause { by: None, workflow: None, ..cause };
        let text = event().with_cause(Some(&alone)).structured();
        let whole: serde_json::Value = serde_json::from_slice(&text).unwrap();
        assert!(whole.get("causedby").is_none() && whole["causedaction"] == "update-product", "{whole}");
    }

    #[test]
    fn the_binary_form_escapes_what_a_header_cannot_hold() {
        let activation = Activation { resource_id: Some("é \"%".to_owned()), ..activation("e1") };
        let (headers, body) = CloudEvent::new("acme", &activation, &Full::Unasked).binary();
        let of =
            |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
        assert_eq!(of("ce-subject"), Some("order/%C3%A9%20%22%25"));
        assert_eq!(of("ce-type"), Some("acme/order-created"));
        assert_eq!(of("ce-time"), Some("2025-11-24T15:59:59Z"));
        assert_eq!(of("content-type"), Some("application/json"));
        assert!(body.starts_with(b"{\"envelope\":{\"a\": 1.50,\n"), "{body:?}");
    }

    proptest! {
        #[test]
        fn any_event_is_one_line_of_json_and_headers_of_ascii(
            id in "\\PC*", trigger in "\\PC*", resource in any::<String>(), text in any::<String>(),
        ) {
            let envelope = serde_json::to_string_pretty(&serde_json::json!({ "text": text })).unwrap();
            let activation = Activation {
                id, trigger, resource_id: Some(resource.clone()), envelope: envelope.into(), ..activation("e1")
            };
            let event = CloudEvent::new("acme", &activation, &Full::Unasked);
            let line = event.line();
            prop_assert_eq!(line.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count(), 1);
            let read: serde_json::Value = serde_json::from_slice(&line).unwrap();
            prop_assert_eq!(&read["data"]["envelope"]["text"], &serde_json::Value::from(text));
            prop_assert_eq!(&read["data"]["resource"]["id"], &serde_json::Value::from(resource));
            for (_, value) in event.binary().0 {
                prop_assert!(http::HeaderValue::from_str(&value).is_ok(), "{}", value);
            }
        }
    }
}
