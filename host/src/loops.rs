//! Knows an event that tells of a change which a workflow of this host made itself: such an event would start the workflow
//! that made it once more. The decision is pure; one call of storage brings what it needs.

use std::sync::Arc;
use std::time::Duration;

use connector_runtime::{Connector, Trigger};

use crate::clock::is_ahead;
use crate::storage::{Activation, Cause, ChangeQuestion, OwnChange, OwnChanges, StorageError};

/// How much longer than an exchange may take an activation waits for the answer of a call that it may tell of: until then what
/// became of it is noted.
const NOTING: Duration = Duration::from_secs(5);

/// How long an activation waits at most, from the sending on, for the answer of a call whose exchange ends after `timeout`.
pub(crate) fn answer_within(timeout: Duration) -> Duration {
    timeout.saturating_add(NOTING)
}

/// Knows own changes again.
#[derive(Clone)]
pub(crate) struct Loops {
    /// Where they are kept.
    pub(crate) changes: Arc<dyn OwnChanges>,
    /// How long after a call an event may have happened that tells of it; nothing is kept, and nothing known, where it is zero.
    pub(crate) remember: Duration,
}

/// Whose change an activation tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Somebody else's, as far as is known.
    Foreign,
    /// This host's own.
    Own(Cause),
    /// Nobody knows before a call that is under way has its answer.
    Undecided {
        /// When it was sent.
        since_ms: i64,
    },
}

impl Loops {
    /// Whose change an activation of a trigger tells of.
    ///
    /// # Errors
    /// When storage cannot be read.
    pub(crate) async fn judge(
        &self,
        connector: &Connector,
        activation: &Activation,
        now_ms: i64,
    ) -> Result<Verdict, StorageError> {
        let trigger = connector.triggers.iter().find(|trigger| trigger.id == activation.trigger);
        let Some(trigger) = trigger.filter(|trigger| is_changed(connector, trigger)) else {
            return Ok(Verdict::Foreign);
        };
        let Some(question) = question(activation, trigger, self.remember) else {
            return Ok(Verdict::Foreign);
        };
        let changes = self.changes.changes_of(question).await?;
        Ok(decide(&changes, trigger, now_ms))
    }
}

/// Whether any action changes what a trigger is about.
fn is_changed(connector: &Connector, trigger: &Trigger) -> bool {
    let changes = connector.actions.iter().filter_map(|action| action.operation.changes);
    changes.into_iter().any(|changes| changes.resource == trigger.resource)
}

/// Which calls an activation may tell of: those that were sent before the event, and no longer before it than is remembered,
/// however late it came: a webhook is tried for days, and a search finds what an outage has hidden. An event has a time in
/// whole seconds, so that one of the same second counts; one without a time happened when it was received.
fn question(activation: &Activation, trigger: &Trigger, remember: Duration) -> Option<ChangeQuestion> {
    if remember.is_zero() {
        return None;
    }
    let received = activation.received_ms;
    // Nothing is received before it happens, whatever the clocks say.
    let second = activation.event_time.map(|time| time.saturating_mul(1_000));
    let (first, last) = second
        .map_or((received, received), |first| (first.min(received), first.saturating_add(999).min(received)));
    Some(ChangeQuestion {
        account: activation.account.clone(),
        resource_type: trigger.resource.to_owned(),
        resource_id: activation.resource_id.clone()?,
        from_ms: first.saturating_sub(millis(remember)),
        to_ms: last,
    })
}

/// Whose change it is, by the calls that it may tell of, the latest first. What happens once to a resource is told of its
/// making alone.
fn decide(changes: &[OwnChange], trigger: &Trigger, now_ms: i64) -> Verdict {
    let fitting: Vec<&OwnChange> =
        changes.iter().filter(|change| change.makes || !trigger.happens_once).collect();
    if let Some(settled) = fitting.iter().find(|change| change.is_settled) {
        return Verdict::Own(settled.cause.clone());
    }
    // What a clock has noted that was set back since has no end that can be waited for.
    let is_awaited =
        |change: &&&OwnChange| now_ms < change.answer_by_ms && !is_ahead(change.cause.at_ms, now_ms);
    if let Some(awaited) = fitting.iter().find(is_awaited) {
        return Verdict::Undecided { since_ms: awaited.cause.at_ms };
    }
    // The host was killed in between: the call may have been received. One that makes something has no id, and what
    // somebody else has made must not be taken for it.
    match fitting.iter().find(|change| change.is_known) {
        Some(unsettled) => Verdict::Own(unsettled.cause.clone()),
        None => Verdict::Foreign,
    }
}

fn millis(length: Duration) -> i64 {
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use bigcommerce_connector::CONNECTOR;
    use bytes::Bytes;

    use super::*;
    use crate::storage::Origin;

    const CALLED_MS: i64 = 1_764_000_000_400;
    const REMEMBER: Duration = Duration::from_secs(600);

    fn trigger(id: &str) -> &'static Trigger {
        CONNECTOR.triggers.iter().find(|trigger| trigger.id == id).unwrap()
    }

    /// An activation about product 111.
    fn activation(received_ms: i64, event_time: Option<i64>) -> Activation {
        Activation {
            id: "e1".to_owned(),
            connection: "c1".to_owned(),
            account: "abc123".to_owned(),
            trigger: "product-updated".to_owned(),
            resource_type: Some("product".to_owned()),
            resource_id: Some("111".to_owned()),
            event_time,
            received_ms,
            origin: Origin::Webhook,
            envelope: Bytes::new(),
        }
    }

    fn change(makes: bool, is_known: bool, is_settled: bool) -> OwnChange {
        let cause = Cause { action: "act".to_owned(), by: None, workflow: None, at_ms: CALLED_MS };
        OwnChange { cause, is_known, makes, is_settled, answer_by_ms: CALLED_MS + 35_000 }
    }

    /// Whether a call at [`CALLED_MS`] is among those that are asked for.
    fn is_asked_for(received_ms: i64, event_time: Option<i64>) -> bool {
        let question =
            question(&activation(received_ms, event_time), trigger("product-updated"), REMEMBER).unwrap();
        (question.from_ms..=question.to_ms).contains(&CALLED_MS)
    }

    #[test]
    fn a_call_is_remembered_for_the_configured_time_and_no_longer() {
        assert!(is_asked_for(CALLED_MS, None));
        assert!(is_asked_for(CALLED_MS + 600_000, None));
        assert!(!is_asked_for(CALLED_MS + 600_001, None));
        let event = activation(CALLED_MS, None);
        assert_eq!(question(&event, trigger("product-updated"), Duration::ZERO), None);
    }

    #[test]
    fn it_is_the_event_that_counts_and_not_when_it_was_received() {
        let (second, day) = (CALLED_MS / 1_000, 24 * 3_600_000);
        for late in [601_000, 2 * day, 30 * day] {
            assert!(is_asked_for(CALLED_MS + late, Some(second)), "{late} ms late");
            assert!(is_asked_for(CALLED_MS + late, Some(second + 600)), "{late} ms late");
            assert!(!is_asked_for(CALLED_MS + late, Some(second + 601)), "it happened too long afterwards");
        }
    }

    #[test]
    fn an_event_from_before_the_call_is_never_its_own() {
        assert!(!is_asked_for(CALLED_MS - 1, None), "it was received before");
        let second = CALLED_MS / 1_000;
        assert!(!is_asked_for(CALLED_MS + 5_000, Some(second - 1)), "it is late");
        assert!(is_asked_for(CALLED_MS + 5_000, Some(second)), "an event has whole seconds");
        assert!(is_asked_for(CALLED_MS + 5_000, Some(second + 3)));
        assert!(!is_asked_for(CALLED_MS + 5_000, Some(i64::MIN)));
        assert!(is_asked_for(CALLED_MS + 5_000, Some(i64::MAX)));
    }

    #[test]
    fn an_event_without_a_resource_has_no_own_change() {
        let without = Activation { resource_id: None, ..activation(CALLED_MS, None) };
        assert_eq!(question(&without, trigger("product-updated"), REMEMBER), None);
    }

    #[test]
    fn a_call_under_way_makes_its_event_wait_for_a_bounded_moment() {
        let updated = trigger("product-updated");
        let (update, create) = (change(false, true, false), change(true, false, false));
        let last = CALLED_MS + 34_999;
        for pending in [&update, &create] {
            let judged = decide(std::slice::from_ref(pending), updated, last);
            assert_eq!(judged, Verdict::Undecided { since_ms: CALLED_MS });
        }
        // Afterwards what has an id is taken for received, and what has none for somebody else's.
        let after = last + 1;
        assert_eq!(decide(std::slice::from_ref(&update), updated, after), Verdict::Own(update.cause.clone()));
        assert_eq!(decide(&[create], updated, after), Verdict::Foreign);
    }

    #[test]
    fn a_call_from_before_the_clock_was_set_back_holds_up_nothing() {
        let updated = trigger("product-updated");
        let back = CALLED_MS - 24 * 3_600_000;
        let (update, create) = (change(false, true, false), change(true, false, false));
        assert_eq!(decide(std::slice::from_ref(&update), updated, back), Verdict::Own(update.cause.clone()));
        assert_eq!(decide(&[create], updated, back), Verdict::Foreign);
    }

    #[test]
    fn the_latest_call_that_is_settled_is_the_cause() {
        let of = |action: &str, is_settled| {
            let change = change(false, true, is_settled);
            OwnChange { cause: Cause { action: action.to_owned(), ..change.cause }, ..change }
        };
        let changes = [of("under-way", false), of("second", true), of("first", true)];
        let Verdict::Own(cause) = decide(&changes, trigger("product-updated"), CALLED_MS) else {
            panic!("it is known");
        };
        assert_eq!(cause.action, "second");
        assert_eq!(decide(&[], trigger("product-updated"), CALLED_MS), Verdict::Foreign);
    }

    #[test]
    fn what_happens_once_is_told_of_the_making_alone() {
        let created = trigger("order-created");
        assert_eq!(decide(&[change(false, true, true)], created, CALLED_MS), Verdict::Foreign);
        assert_eq!(decide(&[change(false, true, false)], created, CALLED_MS), Verdict::Foreign);
        assert!(matches!(decide(&[change(true, true, true)], created, CALLED_MS), Verdict::Own(_)));
    }

    #[test]
    fn a_trigger_is_changed_by_the_actions_that_name_its_resource() {
        let noted = CONNECTOR.actions.iter().map(|action| action.operation);
        let noted: Vec<_> = noted.filter_map(|one| Some((one, one.changes?))).collect();
        assert!(noted.iter().any(|(operation, _)| operation.id == "update-product"));
        for (operation, _) in &noted {
            assert_ne!(operation.effect, connector_runtime::Effect::Read, "{}", operation.id);
        }
        for trigger in CONNECTOR.triggers {
            let expected = noted.iter().any(|(_, changes)| changes.resource == trigger.resource);
            assert_eq!(is_changed(&CONNECTOR, trigger), expected, "{}", trigger.id);
        }
    }
}
