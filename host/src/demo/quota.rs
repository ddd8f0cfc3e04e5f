//! Chapter ten: the quota is spent, the client knows how long to wait and sends nothing, and the work goes on.

use bigcommerce_sandbox::Misbehaviour;
use connector_runtime::{Class, Error};
use serde_json::json;

use super::stage::{QUOTA, Stage, ensure};
use crate::failure::{Failure, milliseconds};

/// What the other app of the store leaves of the quota.
const LEFT: u32 = 3;

const ACTION: &str = "get-product";

/// Tells the chapter.
pub(super) async fn tell(stage: &mut Stage<'_>, product: u64) -> Result<(), Failure> {
    stage.begin("spend the quota, wait for the next window, go on")?;
    let others = QUOTA - LEFT;
    stage.voice.say(&format!(
        "All apps of a store share one quota. Another one has used {others} of the {QUOTA} requests: {LEFT} are left."
    ))?;
    // In a sliding window the other app's share counts at once, wherever the window of the earlier calls stands.
    let busy = Misbehaviour { sliding_window: true, foreign_requests: others, ..Misbehaviour::default() };
    stage.sandbox.misbehave(busy);
    let told = spend(stage, product).await;
    stage.sandbox.misbehave(Misbehaviour::default());
    told?;
    stage.end()
}

async fn spend(stage: &mut Stage<'_>, product: u64) -> Result<(), Failure> {
    let limited = call_until_refused(stage, product).await?;
    ensure(limited.status().is_none() && limited.is_retryable(), || format!("not as told: {limited}"))?;
    let wait = limited.retry_after();
    let wait = wait.ok_or_else(|| Failure::Broken(format!("{} came without its wait", limited.class())))?;
    stage.told_refusal(ACTION, &limited, "nothing was sent, the caller decides")?;
    stage.show(ACTION, limited)?;
    stage.voice.wait(wait).await?;
    // Else the client would go on with the little that is left.
    stage.sandbox.misbehave(Misbehaviour::default());
    let reply = stage.done(ACTION, &json!({"product_id": product})).await?;
    stage.told(ACTION, &reply, "the same call after the wait")?;
    stage.voice.fact("waited_ms", milliseconds(wait));
    Ok(())
}

async fn call_until_refused(stage: &mut Stage<'_>, product: u64) -> Result<Error, Failure> {
    let mut last = None;
    // On a machine so slow that the window slides on before its rest is spent, this must end all the same.
    for call in 1..=20 * LEFT {
        match stage.call(ACTION, &json!({"product_id": product})).await {
            Ok(reply) => last = Some((call, reply)),
            Err(error) if error.class() == Class::RateLimitedWindow => {
                if let Some((calls, reply)) = last {
                    stage.told(ACTION, &reply, &format!("{calls} calls went well"))?;
                }
                return Ok(error);
            }
            Err(error) => return Err(stage.unexpected(ACTION, error)),
        }
    }
    Err(Failure::Broken("the quota was never spent".to_owned()))
}
