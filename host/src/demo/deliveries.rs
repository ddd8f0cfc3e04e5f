//! Chapter seven: deliveries for every trigger, verified, read, followed up, and three that are turned away.

use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use connector_runtime::signature::{Rejected, SignatureProfile, Signer, Verifier};
use connector_runtime::{Event, SecretString, Trigger, Webhooks};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::json;

use super::stage::{Stage, data, ensure, text};
use super::webhooks::{DESTINATION, described};
use crate::failure::Failure;
use crate::members::Members;

/// The secret of an invented app, with which the store signs and the receiver verifies.
const SECRET: &str = "an-invented-app-secret-0123456789";

/// Beyond the tolerance of every profile by this.
const MINUTE_MS: i64 = 60_000;

/// `connector serve` takes those that the store sends; here each is made on purpose, the bad ones too.
const BY_HAND: &str =
    "The demo signs these deliveries itself, as the store does, so that three can be wrong.";

/// What deliveries are about.
pub(super) struct Resources {
    /// The number of the store, apart from its hash.
    pub(super) store_id: u64,
    pub(super) product: u64,
    pub(super) order: u64,
    pub(super) customer: u64,
}

/// A delivery on its way.
struct Delivery {
    headers: HeaderMap,
    body: Vec<u8>,
}

/// The receiver of the deliveries, and what it needs to know.
struct Receiver {
    webhooks: &'static Webhooks,
    verifier: Verifier,
    now_ms: i64,
}

/// Tells the chapter.
pub(super) async fn tell(stage: &mut Stage<'_>, resources: &Resources) -> Result<(), Failure> {
    stage.begin("take deliveries, in both ways of signing them")?;
    stage.voice.say(BY_HAND)?;
    let webhooks = described(stage)?;
    let verifier = Verifier::new(webhooks.signatures, &[SecretString::from(SECRET)]).map_err(broken)?;
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_err(broken)?;
    let now_ms = i64::try_from(since.as_millis()).map_err(broken)?;
    let receiver = Receiver { webhooks, verifier, now_ms };
    let (mut taken, mut keys) = (Vec::new(), BTreeSet::new());
    for trigger in stage.connector.triggers {
        let body = body(trigger, resources, stage.sandbox.store_hash(), now_ms)?;
        for profile in webhooks.signatures {
            let event =
                receiver.take(profile, &signed(profile, trigger.id, now_ms - MINUTE_MS, body.clone())?)?;
            ensure(event.name == trigger.event, || format!("the event is {}", event.name))?;
            ensure(event.account == stage.sandbox.store_hash(), || {
                format!("the store is {}", event.account)
            })?;
            let again = receiver.take(profile, &signed(profile, trigger.id, now_ms, body.clone())?)?;
            ensure(again.dedupe_key == event.dedupe_key, || "sent again, it has another key".to_owned())?;
            ensure(keys.insert(again.dedupe_key), || format!("{} has the key of another event", trigger.id))?;
            taken.push(follow(stage, trigger, profile, &event).await?);
        }
    }
    stage
        .voice
        .say("Verified first, then read by the id in the event. A delivery sent again has the same key.")?;
    let rejected = turn_away(stage, &receiver, resources)?;
    stage.voice.fact("deliveries", taken);
    stage.voice.fact("rejected", rejected);
    stage.end()
}

impl Receiver {
    /// Verifies a delivery, which has to satisfy this profile, and reads its event.
    fn take(&self, profile: &SignatureProfile, delivery: &Delivery) -> Result<Event, Failure> {
        let Delivery { headers, body } = delivery;
        let verified = self.verifier.verify(headers, DESTINATION, body, self.now_ms).map_err(broken)?;
        ensure(verified.profile() == profile.name, || format!("it was verified as {}", verified.profile()))?;
        self.webhooks.event(&verified, headers).map_err(broken)
    }

    fn refusal(&self, delivery: &Delivery) -> Option<Rejected> {
        self.verifier.verify(&delivery.headers, DESTINATION, &delivery.body, self.now_ms).err()
    }
}

/// Reads the whole resource of an event by the trigger's own action: an event holds an id and little else.
async fn follow(
    stage: &mut Stage<'_>,
    trigger: &Trigger,
    profile: &SignatureProfile,
    event: &Event,
) -> Result<Members, Failure> {
    let read = trigger.read.ok_or_else(|| Failure::Broken(format!("{} has nothing to read", trigger.id)))?;
    let id: u64 = event.id.as_deref().unwrap_or_default().parse().map_err(broken)?;
    let action = read.operation.id;
    let reply = stage.done(action, &Members::default().with(read.parameter, id)).await?;
    let resource: Members = data(&reply)?;
    ensure(resource.get("id") == Some(id), || format!("{action} did not read {} {id}", trigger.resource))?;
    let said = ["name", "status", "email"].map(|field| text(&resource, field));
    let said = said.iter().find(|text| !text.is_empty()).cloned().unwrap_or_default();
    stage.told(action, &reply, &format!("{}, {}: {said}", trigger.id, profile.name))?;
    let taken = Members::default().with("trigger", trigger.id).with("profile", profile.name);
    Ok(taken.with("event", &event.name).with("id", id).with("read", action))
}

/// Three deliveries that no honest store sends, each with the reason for its refusal.
fn turn_away(
    stage: &mut Stage<'_>,
    receiver: &Receiver,
    resources: &Resources,
) -> Result<Vec<Members>, Failure> {
    let (Some(trigger), [first, second, ..]) =
        (stage.connector.triggers.first(), receiver.webhooks.signatures)
    else {
        return Err(Failure::Broken("the connector has no two ways of signing".to_owned()));
    };
    let body = body(trigger, resources, stage.sandbox.store_hash(), receiver.now_ms)?;
    let mut forged = signed(first, trigger.id, receiver.now_ms, body.clone())?;
    forged.body.push(b' ');
    let age_ms = i64::try_from(first.tolerance.max_age.as_millis()).map_err(broken)? + MINUTE_MS;
    let stale = signed(first, trigger.id, receiver.now_ms - age_ms, body.clone())?;
    let mut mixed = signed(first, trigger.id, receiver.now_ms, body.clone())?;
    mixed.headers.extend(signed(second, trigger.id, receiver.now_ms, body)?.headers);
    let hours = first.tolerance.max_age.as_secs() / 3600;
    let stale_case = format!("signed more than {hours} hours ago");
    let cases = [
        ("a byte more than was signed", forged, Rejected::WrongSignature),
        (stale_case.as_str(), stale, Rejected::Stale),
        ("headers of both ways at once", mixed, Rejected::MixedProfiles),
    ];
    let mut told = Vec::new();
    for (case, delivery, due) in cases {
        let came = receiver.refusal(&delivery);
        ensure(came == Some(due), || format!("{case}: {} was due, {came:?} came", due.reason()))?;
        stage.voice.say(&format!("rejected as {}: {case}", due.reason()))?;
        told.push(Members::default().with("case", case).with("reason", due.reason()));
    }
    Ok(told)
}

/// The body of a delivery as the store writes it.
fn body(trigger: &Trigger, resources: &Resources, store_hash: &str, now_ms: i64) -> Result<Vec<u8>, Failure> {
    let id = match trigger.resource {
        "product" => resources.product,
        "order" => resources.order,
        "customer" => resources.customer,
        other => return Err(Failure::Broken(format!("the story has no {other} for {}", trigger.id))),
    };
    let body = json!({
        "scope": trigger.event,
        "store_id": resources.store_id.to_string(),
        "data": {"type": trigger.resource, "id": id},
        "hash": format!("{id:040x}"),
        "created_at": now_ms / 1000,
        "producer": format!("stores/{store_hash}"),
    });
    Ok(body.to_string().into_bytes())
}

/// The delivery of `body`, signed as the store does; `id` names it, however often it is sent.
fn signed(
    profile: &'static SignatureProfile,
    id: &str,
    at_ms: i64,
    body: Vec<u8>,
) -> Result<Delivery, Failure> {
    let signer = Signer::new(profile, &SecretString::from(SECRET)).map_err(broken)?;
    let mut headers = HeaderMap::new();
    for (name, value) in signer.sign(id, DESTINATION, at_ms, &body).map_err(broken)? {
        headers.insert(
            HeaderName::try_from(name).map_err(broken)?,
            HeaderValue::try_from(value).map_err(broken)?,
        );
    }
    Ok(Delivery { headers, body })
}

fn broken(error: impl std::fmt::Display) -> Failure {
    Failure::Broken(error.to_string())
}
