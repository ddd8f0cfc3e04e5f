//! Takes the steps of a plan, ends the webhooks of a connection, and remembers the webhooks that are there.

use std::time::Duration;

use connector_runtime::Error;

use super::{Done, Hook, Keeper, LAG, Look, Step, Subject, Unkept, Whose, calls, is_new, millis, searched};
use crate::connections::ended;
use crate::storage::{HookRow, StorageError, Watermark};

impl Look {
    /// Whether all webhooks that are wanted of an event are there and active.
    fn is_served(&self, event: &str, hooks: &[Hook]) -> bool {
        let is_active = |destination: &str| {
            hooks.iter().any(|hook| hook.is_active && hook.event == event && hook.destination == destination)
        };
        self.wanted.iter().filter(|one| one.event == event).all(|one| is_active(&one.destination))
    }
}

impl Keeper {
    /// Takes the steps, each whatever became of the others, and remembers the webhooks that are there then. A connection may
    /// end while a step is taken: whoever ends it first says so on disk and deletes then, so that of the two one finds the
    /// webhook that was made meanwhile.
    ///
    /// # Errors
    /// Where they cannot be remembered, or the connection is not there any more.
    pub(crate) async fn apply(
        &self,
        subject: Subject<'_>,
        look: &Look,
        now_ms: i64,
    ) -> Result<Vec<Done>, Unkept> {
        let mut hooks = look.plan.kept.clone();
        let mut done = Vec::new();
        for step in look.plan.steps.iter().filter(|step| !matches!(step, Step::Retire(_))) {
            let failure = match self.take(subject, look, step).await? {
                Ok(hook) => {
                    hooks.extend(hook.filter(|hook| !hook.id.is_empty()));
                    None
                }
                Err(error) => {
                    // One that could not be switched on is still known, so that its gap is.
                    if let Step::Activate(hook) = step {
                        hooks.push(hook.clone());
                    }
                    Some(error.into())
                }
            };
            done.push(Done { step: step.clone(), failure });
        }
        self.remember(subject, look, &hooks, now_ms).await?;
        done.extend(self.retire(subject, look).await?);
        Ok(done)
    }

    /// Deletes the webhooks at other addresses whose successors are active in a new list of all webhooks. The others stay,
    /// and are failures.
    ///
    /// # Errors
    /// When the connection is not there any more.
    async fn retire(&self, subject: Subject<'_>, look: &Look) -> Result<Vec<Done>, Unkept> {
        let mut steps = Vec::new();
        steps.extend(look.plan.steps.iter().filter(|step| matches!(step, Step::Retire(_))));
        if steps.is_empty() {
            return Ok(Vec::new());
        }
        let listed = calls::existing(&look.client, look.webhooks, &look.subscription, &look.own).await;
        let (hooks, mut unlisted) = match listed {
            Ok(hooks) => (hooks, None),
            Err(why) => (Vec::new(), Some(why)),
        };
        let mut done = Vec::new();
        for step in steps {
            let failure = match look.is_served(step.event(), &hooks) {
                true => self.take(subject, look, step).await?.err().map(Unkept::from),
                false => Some(unlisted.take().unwrap_or(Unkept::Unreplaced)),
            };
            done.push(Done { step: step.clone(), failure });
        }
        Ok(done)
    }

    /// Takes a step. The inner error is the answer of the API or the network.
    ///
    /// # Errors
    /// When the connection is not there any more. A webhook that was made meanwhile is deleted then.
    async fn take(
        &self,
        subject: Subject<'_>,
        look: &Look,
        step: &Step,
    ) -> Result<Result<Option<Hook>, Error>, Unkept> {
        let outcome = calls::take(&look.client, look.webhooks, &look.subscription, step).await;
        if let Some(advice) = self.ended(subject).await? {
            if let (Step::Create { .. }, Ok(Some(hook))) = (step, outcome) {
                tracing::info!(
                    connection = subject.row.id,
                    "it ended while a webhook was made, which is deleted"
                );
                let undo = Step::Delete(hook);
                calls::take(&look.client, look.webhooks, &look.subscription, &undo).await?;
            }
            return Err(Unkept::Ended(advice));
        }
        let deleted = match step {
            Step::Delete(hook) | Step::Retire(hook) if outcome.is_ok() => Some(hook),
            _ => None,
        };
        if let Some(hook) = deleted.filter(|hook| look.own.whose(&hook.destination) == Whose::Elsewhere) {
            self.retired.note(&subject.row.id, hook);
        }
        Ok(outcome)
    }

    /// Whether a connection has ended since it was read, and what to do then.
    async fn ended(&self, subject: Subject<'_>) -> Result<Option<&'static str>, StorageError> {
        let row = self.connections.connection(&subject.row.id).await?;
        let row = row.filter(|row| row.webhook_key == subject.row.webhook_key);
        Ok(row.map_or(Some("it was removed"), |row| ended(&row)))
    }

    /// Deletes all webhooks that lead to the connection, each whatever became of the others.
    ///
    /// # Errors
    /// Where it cannot look, or the last failure of a deletion.
    pub(crate) async fn end(&self, subject: Subject<'_>) -> Result<(), Unkept> {
        let webhooks = self.connector.webhooks.ok_or(Unkept::NoSubscription)?;
        let subscription = webhooks.subscription.ok_or(Unkept::NoSubscription)?;
        let client = match self.client(subject) {
            // It could make none.
            Err(Unkept::NoCredentials) => return Ok(()),
            client => client?,
        };
        // The host may have been known by another address when they were made.
        let own = self.own_address(subject);
        let is_ours = |hook: &Hook| own.whose(&hook.destination) != Whose::Others;
        let hooks = calls::existing(&client, webhooks, &subscription, &own).await?;
        let mut ended = Ok(());
        for hook in hooks.into_iter().filter(is_ours) {
            if let Err(error) = calls::take(&client, webhooks, &subscription, &Step::Delete(hook)).await {
                ended = Err(error.into());
            }
        }
        ended
    }

    /// Keeps the webhooks, and how far the events of their triggers are known by them: those of one that was there all the
    /// time were told or will be, but for those that are still tried; of one that is new, once it may be taken for begun.
    async fn remember(
        &self,
        subject: Subject<'_>,
        look: &Look,
        hooks: &[Hook],
        now_ms: i64,
    ) -> Result<(), StorageError> {
        let id = &subject.row.id;
        let row = |hook: &Hook| HookRow {
            hook: hook.id.clone(),
            event: hook.event.clone(),
            destination: hook.destination.clone(),
            is_active: hook.is_active,
            seen_ms: look
                .remembered
                .iter()
                .find(|known| known.hook == hook.id)
                .map_or(now_ms, |known| known.seen_ms),
        };
        let rows: Vec<HookRow> = hooks.iter().map(row).collect();
        let is_new = |event: &str| is_new(&rows, event, &look.subscription, now_ms);
        let seen = |event: &str| rows.iter().filter(|row| row.event == event).map(|row| row.seen_ms).min();
        self.storage.keep_hooks(id, rows.clone()).await?;
        self.storage.keep_watermarks(id, subject.connection.settings.triggers.clone()).await?;
        let known = self.storage.watermarks(id).await?;
        let retried = millis(look.subscription.retries + Duration::from_secs(60 * 60));
        for trigger in searched(self.connector, subject.connection) {
            let is_there = hooks.iter().any(|hook| hook.event == trigger.event && hook.is_active);
            let known = known.iter().find(|mark| mark.trigger == trigger.id);
            let is_broken = look.broken.contains(trigger.event) || !is_there;
            // What happened until the webhook had begun was not told: one search follows that time.
            let is_unsearched = |mark: &Watermark| {
                !is_new(trigger.event) && seen(trigger.event).is_some_and(|seen| mark.since_ms <= seen)
            };
            let (since_ms, has_gap) = match known {
                // Whatever happens from now on is to be told, also where the webhook could not be made yet.
                None if is_there => (now_ms, false),
                None => (now_ms.saturating_sub(millis(LAG)), true),
                Some(mark) if mark.has_gap || is_broken || is_unsearched(mark) => (mark.since_ms, true),
                Some(_) => (now_ms.saturating_sub(retried), false),
            };
            let mark = Watermark { trigger: trigger.id.to_owned(), since_ms, has_gap };
            self.storage.raise_watermark(id, mark).await?;
        }
        Ok(())
    }
}
