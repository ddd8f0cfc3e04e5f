//! The events of a run, ready to be sent: several of each resource, some of them more than once, some with a wrong signature.

use super::*;

/// How many of each there are.
#[derive(Clone, Copy)]
pub(super) struct Plan {
    /// Events that are signed rightly.
    pub(super) events: usize,
    /// Resources that they are shared among.
    pub(super) resources: u64,
    /// Deliveries that repeat another.
    pub(super) repeats: usize,
    /// Events that are signed with another secret.
    pub(super) forged: usize,
}

/// Something that happened to a resource, or that somebody only says has happened.
pub(super) struct Event {
    pub(super) resource: u64,
    pub(super) is_forged: bool,
    /// The request of its delivery, the same each time.
    pub(super) request: Vec<u8>,
}

impl std::fmt::Debug for Event {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let body = self.request.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
        out.write_str(&String::from_utf8_lossy(body))
    }
}

/// Everything that is sent, and in which order.
pub(super) struct Events {
    /// By number.
    pub(super) all: Vec<Event>,
    /// Numbers of events in the order in which their deliveries begin.
    pub(super) sendings: Vec<usize>,
}

impl Events {
    /// Signs them all. Each resource has one of the addresses.
    pub(super) fn make(plan: Plan, paths: &[String; 2], random: &mut fastrand::Rng) -> Self {
        let all: Vec<Event> = (0..plan.events + plan.forged)
            .map(|number| {
                let (resource, is_forged) = (random.u64(0..plan.resources), number >= plan.events);
                let secret = if is_forged { "hush-forger-0" } else { CLIENT_SECRET };
                let body = format!(
                    r#"{{"scope":"store/product/updated","producer":"stores/abc123","hash":"event-{number}","created_at":1763999999,"data":{{"type":"product","id":{resource}}}}}"#
                );
                let profile = if number % 2 == 0 { &BC_HEX } else { &STANDARD_WEBHOOKS };
                let headers = signed(profile, secret, now_ms(), body.as_bytes());
                let path = &paths[usize::from(resource % 2 == 1)];
                Event { resource, is_forged, request: kept_alive(path, &headers, &body) }
            })
            .collect();
        let mut sendings: Vec<usize> = (0..all.len()).collect();
        random.shuffle(&mut sendings);
        for _ in 0..plan.repeats {
            // Soon after, so that some meet the first on its way.
            let of = random.usize(0..sendings.len());
            let at = (of + random.usize(1..200)).min(sendings.len());
            sendings.insert(at, sendings[of]);
        }
        Self { all, sendings }
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }
}

/// A request after which the connection stays open.
fn kept_alive(path: &str, headers: &[(String, String)], body: &str) -> Vec<u8> {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    format!("POST {path} HTTP/1.1\r\nHost: hooks.example\r\n{headers}Content-Length: {length}\r\n\r\n{body}")
        .into_bytes()
}

/// The number of the event in an envelope.
#[track_caller]
pub(super) fn number_in(envelope: &serde_json::Value) -> usize {
    let hash = envelope["hash"].as_str().expect("a hash");
    hash.strip_prefix("event-").and_then(|number| number.parse().ok()).expect("an event of this test")
}
