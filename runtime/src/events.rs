//! Reading the resource of an event, which may not be there yet for a moment after the event.

use std::time::Duration;

use serde_json::Value as Any;

use crate::answer::Reply;
use crate::client::Client;
use crate::error::{Class, Error};
use crate::hooks::{Event, Trigger};

const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(8);

impl Client {
    /// Reads the whole resource of an event by the trigger's own action; `None` where the trigger has none.
    ///
    /// Within the trigger's grace, counted from the event, a resource that is missing is looked for again and again, after
    /// waits that grow, as far as the client's patience goes.
    ///
    /// # Errors
    /// Class `not_found.eventual` where it is still missing: retryable, with the wait, while the grace lasts. Else see
    /// [`Class`].
    pub async fn read_after_event(
        &self,
        trigger: &Trigger,
        event: &Event,
    ) -> Result<Option<Reply<()>>, Error> {
        let (Some(read), Some(id)) = (trigger.read, event.id.as_deref()) else { return Ok(None) };
        let clock = self.gate().clock();
        let start = clock.now();
        let happened = event.time.and_then(|time| u64::try_from(time).ok()).map(Duration::from_secs);
        let grace_ends = happened.unwrap_or(start).saturating_add(read.grace);
        let deadline = self.patience().deadline(start);
        let mut tries = 0;
        loop {
            let error = match self.call_untyped(read.operation.id, input(read.parameter, id).as_bytes()).await
            {
                Ok(reply) => return Ok(Some(reply)),
                Err(error) if error.class() == Class::NotFound => error,
                Err(error) => return Err(error),
            };
            let now = clock.now();
            let wait = next_wait(tries, clock.jitter());
            let is_over = now.saturating_add(wait) > grace_ends;
            if is_over {
                return Err(error.eventual(None));
            }
            if deadline.is_some_and(|deadline| now.saturating_add(wait) > deadline) {
                return Err(error.eventual(Some(wait)));
            }
            clock.sleep(wait).await;
            tries += 1;
        }
    }
}

/// The wait before the next look: doubled each time, within bounds, the last half of it by chance.
fn next_wait(tries: u32, jitter: f64) -> Duration {
    let whole = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(tries.min(16))).min(LONGEST_WAIT);
    whole.mul_f64(0.5 + 0.5 * jitter.clamp(0.0, 1.0))
}

/// The input that names the resource: as a number where its id is one.
fn input(parameter: &str, id: &str) -> String {
    let value = id.parse::<i64>().map_or_else(|_| Any::from(id), Any::from);
    serde_json::json!({ parameter: value }).to_string()
}
