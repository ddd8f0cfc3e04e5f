//! Chapter eight: deliveries that no honest store sends are refused, and nothing hears of them.

use connector_runtime::SecretString;
use connector_runtime::signature::{SignatureProfile, Signer};
use serde_json::json;

use super::events::TRIGGERS;
use super::stage::{Stage, ensure};
use crate::clock::now_ms;
use crate::failure::Failure;
use crate::members::Members;
use crate::serve::broken;

/// Beyond the tolerance of the profile by this.
const MINUTE_MS: i64 = 60_000;

/// What stands in front of a delivery that is sent here.
const FORGED: &str = "forged delivery";

/// A delivery that no honest store sends.
struct Forgery {
    /// What is wrong with it.
    what: &'static str,
    /// The reason for which the service counts it.
    reason: &'static str,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

/// Tells the chapter.
pub(super) async fn tell(stage: &mut Stage<'_>) -> Result<(), Failure> {
    stage.begin("turn forged deliveries away")?;
    let before = stage.all_delivered().await?.sum(ACCEPTED);
    let mut told = Vec::new();
    for forgery in forgeries(stage)? {
        let mut request = stage.http.post(&stage.account()?.webhooks).body(forgery.body);
        for (name, value) in forgery.headers {
            request = request.header(name, value);
        }
        let answer = request.send().await;
        let status = answer.map_err(|error| broken("the service", &error.without_url()))?.status().as_u16();
        ensure(status == 401, || format!("{}: {status} came in place of 401", forgery.what))?;
        stage.ledger.forged += 1;
        stage.voice.call(FORGED, Some(status), &format!("{}: {}", forgery.reason, forgery.what))?;
        told.push(
            Members::default()
                .with("what", forgery.what)
                .with("reason", forgery.reason)
                .with("status", status),
        );
    }
    let reasons: Vec<String> = told.iter().filter_map(|one| one.get("reason")).collect();
    let metrics = stage
        .until("the service counts them", |metrics| {
            reasons.iter().all(|reason| {
                let due = reasons.iter().filter(|other| *other == reason).count() as u64;
                metrics
                    .count(&format!("connector_webhooks_total{{outcome=\"rejected\",reason=\"{reason}\"}}"))
                    == due
            })
        })
        .await?;
    ensure(metrics.sum(ACCEPTED) == before && !stage.engine.has_more(), || "a forgery was taken".to_owned())?;
    stage.voice.say("None of them started anything; the metrics of the service count them by reason.")?;
    stage.voice.fact("forged", told);
    stage.end()
}

/// What counts activations that were taken.
const ACCEPTED: &str = "connector_activations_accepted_total";

/// Five of them, about an order that nobody placed.
fn forgeries(stage: &Stage<'_>) -> Result<[Forgery; 5], Failure> {
    let webhooks = stage.connector.webhooks;
    let [first, second, ..] = webhooks.map_or(&[] as &[_], |webhooks| webhooks.signatures) else {
        return Err(Failure::Broken("the connector has no two ways of signing".to_owned()));
    };
    // A trigger that is on: what starts nothing here was refused, and not left out.
    let trigger = stage.trigger(TRIGGERS[0])?;
    let (now_ms, hash) = (now_ms(), stage.sandbox.store_hash());
    let body = json!({
        "scope": trigger.event, "store_id": "1000", "hash": "5a1e", "created_at": now_ms / 1000,
        "producer": format!("stores/{hash}"), "data": {"type": trigger.resource, "id": 1},
    });
    let body = body.to_string().into_bytes();
    let guessed = SecretString::from("a-guessed-secret");
    let true_secret = &stage.client_secret;
    let mut changed = body.clone();
    changed.push(b' ');
    let age_ms =
        i64::try_from(first.tolerance.max_age.as_millis()).map_err(|error| broken("the age", &error))?;
    let both = [signed(first, &guessed, now_ms, &body)?, signed(second, &guessed, now_ms, &body)?];
    let once = signed(first, true_secret, now_ms, &body)?;
    Ok([
        Forgery {
            what: "signed with a guessed secret",
            reason: "wrong_signature",
            headers: signed(first, &guessed, now_ms, &body)?,
            body: body.clone(),
        },
        Forgery {
            what: "signed with the true one, and a byte longer since",
            reason: "wrong_signature",
            headers: signed(first, true_secret, now_ms, &body)?,
            body: changed,
        },
        Forgery {
            what: "true, and sent once more after more than two days",
            reason: "stale",
            headers: signed(first, true_secret, now_ms - age_ms - MINUTE_MS, &body)?,
            body: body.clone(),
        },
        Forgery {
            what: "with both kinds of signature, neither of which is true",
            reason: "wrong_signature",
            headers: both.concat(),
            body: body.clone(),
        },
        Forgery {
            what: "true, and each of its headers there twice",
            reason: "duplicate_header",
            headers: [once.clone(), once].concat(),
            body,
        },
    ])
}

fn signed(
    profile: &'static SignatureProfile,
    secret: &SecretString,
    at_ms: i64,
    body: &[u8],
) -> Result<Vec<(&'static str, String)>, Failure> {
    let signer = Signer::new(profile, secret).map_err(|error| broken("a signature", &error))?;
    signer.sign("msg_forged", "", at_ms, body).map_err(|error| broken("a signature", &error))
}
