//! Random histories, compared with a list in memory that does the same in the plainest way.

use std::collections::HashMap;
use std::time::Duration;

use connector_host::storage::{
    Accepted, Activation, ActivationState, Cause, LeaseRequest, LeaseToken, Leased, OwnChanges as _,
    Retention, Storage as _,
};
use proptest::prelude::*;

use super::{Fixture, LEASE, NOW, activation};

mod signings;

use signings::{Signings, change};

/// One step of a history. Ids and tokens are numbers of what there is.
#[derive(Clone, Debug)]
enum Step {
    Accept { id: u8, connection: usize, order: Option<u8> },
    Change { key: u8, connection: usize, signed: u8 },
    Lease { limit: u32, per_connection: u32 },
    Acknowledge { token: usize },
    RetryLater { token: usize, delay_ms: i64 },
    Postpone { token: usize, delay_ms: i64 },
    Bury { token: usize },
    Suppress { token: usize },
    Replay { id: u8 },
    RemoveExpired { hours: u64 },
    Wait { ms: i64 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..24_u8, 0..3_usize, proptest::option::weighted(0.8, 0..2_u8))
            .prop_map(|(id, connection, order)| Step::Accept { id, connection, order }),
        6 => (0..2_u8, 0..3_usize, 0..12_u8)
            .prop_map(|(key, connection, signed)| Step::Change { key, connection, signed }),
        5 => (0..6_u32, 0..4_u32).prop_map(|(limit, per_connection)| Step::Lease { limit, per_connection }),
        4 => (0..40_usize).prop_map(|token| Step::Acknowledge { token }),
        2 => (0..40_usize, 0..40_000_i64).prop_map(|(token, delay_ms)| Step::RetryLater { token, delay_ms }),
        2 => (0..40_usize, 0..40_000_i64).prop_map(|(token, delay_ms)| Step::Postpone { token, delay_ms }),
        2 => (0..40_usize).prop_map(|token| Step::Bury { token }),
        1 => (0..40_usize).prop_map(|token| Step::Suppress { token }),
        3 => (0..24_u8).prop_map(|id| Step::Replay { id }),
        1 => (0..3_u64).prop_map(|hours| Step::RemoveExpired { hours }),
        3 => prop_oneof![0..20_000_i64, Just(30_000), Just(3_600_000), Just(80 * 3_600_000)]
            .prop_map(|ms| Step::Wait { ms }),
    ]
}

/// A row of the model, in order of acceptance.
struct Row {
    activation: Activation,
    state: ActivationState,
    due_ms: i64,
    token: Option<LeaseToken>,
    attempts: u32,
    finished_ms: i64,
    is_emptied: bool,
    was_leased: bool,
}

impl Row {
    fn new(activation: Activation, due_ms: i64) -> Self {
        Self {
            activation,
            state: ActivationState::Waiting,
            due_ms,
            token: None,
            attempts: 0,
            finished_ms: 0,
            is_emptied: false,
            was_leased: false,
        }
    }

    fn is_finished(&self) -> bool {
        matches!(self.state, ActivationState::Delivered | ActivationState::Dead | ActivationState::Suppressed)
    }

    fn is_live(&self, now_ms: i64) -> bool {
        self.state == ActivationState::Leased && self.due_ms > now_ms
    }

    fn is_of_resource_of(&self, other: &Self) -> bool {
        let key = |row: &Self| {
            let activation = &row.activation;
            activation.resource_id.clone().map(|id| (activation.connection.clone(), id))
        };
        key(self).is_some() && key(self) == key(other)
    }
}

struct Model {
    rows: Vec<Row>,
    signings: Signings,
    now_ms: i64,
    /// Up to when ids were removed; 0 before the first time.
    swept_ms: i64,
    /// All that were ever given out.
    tokens: Vec<(String, LeaseToken)>,
}

impl Model {
    fn row(&mut self, id: &str) -> Option<&mut Row> {
        self.rows.iter_mut().find(|row| row.activation.id == id)
    }

    fn is_first(&self, index: usize) -> bool {
        let row = &self.rows[index];
        !self.rows[..index].iter().any(|before| !before.is_finished() && before.is_of_resource_of(row))
    }

    fn is_due(&self, index: usize) -> bool {
        let row = &self.rows[index];
        let is_taken =
            self.rows.iter().any(|other| other.is_live(self.now_ms) && other.is_of_resource_of(row));
        !row.is_finished() && row.due_ms <= self.now_ms && !is_taken && self.is_first(index)
    }

    /// How many should be leased: all that are due, but for the limits.
    fn leasable(&self, request: &LeaseRequest) -> usize {
        let mut room: HashMap<&str, u32> = HashMap::new();
        for row in self.rows.iter().filter(|row| row.is_live(self.now_ms)) {
            let room = room.entry(&row.activation.connection).or_insert(request.per_connection);
            *room = room.saturating_sub(1);
        }
        let mut count = 0;
        for index in (0..self.rows.len()).filter(|index| self.is_due(*index)) {
            let room = room.entry(&self.rows[index].activation.connection).or_insert(request.per_connection);
            if *room > 0 {
                *room -= 1;
                count += 1;
            }
        }
        count.min(request.limit as usize)
    }

    fn check_leased(&mut self, leased: &[Leased], request: &LeaseRequest) {
        assert_eq!(leased.len(), self.leasable(request));
        for row in &mut self.rows {
            if row.state == ActivationState::Leased && row.due_ms <= self.now_ms {
                row.state = ActivationState::Waiting;
            }
        }
        for lease in leased {
            let index = self.rows.iter().position(|row| row.activation.id == lease.activation.id);
            let index = index.expect("only what was accepted is leased");
            assert!(self.is_due(index), "{} is leased out of order or time", lease.activation.id);
            let ends_ms = self.now_ms + i64::try_from(request.duration.as_millis()).expect("it is short");
            let row = &mut self.rows[index];
            assert_eq!((lease.activation.clone(), lease.attempt), (row.activation.clone(), row.attempts + 1));
            (row.state, row.due_ms, row.token) = (ActivationState::Leased, ends_ms, Some(lease.lease));
            row.attempts += 1;
            row.was_leased = true;
            self.tokens.push((lease.activation.id.clone(), lease.lease));
            let of_connection = self.rows.iter().filter(|row| {
                row.is_live(self.now_ms) && row.activation.connection == lease.activation.connection
            });
            assert!(of_connection.count() <= request.per_connection as usize);
        }
    }

    /// The row whose lease a token is, where it is still good.
    fn held(&mut self, id: &str, token: LeaseToken) -> Option<&mut Row> {
        let index = self.rows.iter().position(|row| row.activation.id == id)?;
        let row = &self.rows[index];
        let is_held = match row.state {
            ActivationState::Leased => true,
            // The lease ended, and nobody has taken it since.
            ActivationState::Waiting => {
                let is_taken = self
                    .rows
                    .iter()
                    .any(|other| other.state == ActivationState::Leased && other.is_of_resource_of(row));
                self.is_first(index) && !is_taken
            }
            _ => false,
        };
        (is_held && row.token == Some(token)).then(|| &mut self.rows[index])
    }

    fn remove_expired(&mut self, retention: &Retention) {
        let now_ms = self.now_ms;
        let until_ms = if self.swept_ms == 0 { now_ms } else { now_ms.min(self.swept_ms + 3_600_000) };
        self.swept_ms = until_ms;
        let is_over_at = |now_ms: i64, since_ms: i64, kept: Duration| {
            now_ms - since_ms >= i64::try_from(kept.as_millis()).expect("it is short")
        };
        let is_over = |since_ms, kept| is_over_at(now_ms, since_ms, kept);
        let is_forgotten = |since_ms, kept| is_over_at(until_ms, since_ms, kept);
        for row in &mut self.rows {
            row.is_emptied |= match row.state {
                ActivationState::Delivered | ActivationState::Suppressed => {
                    is_over(row.finished_ms, retention.delivered)
                }
                ActivationState::Dead => is_over(row.finished_ms, retention.dead),
                _ => false,
            };
        }
        self.rows.retain(|row| !(row.is_emptied && is_forgotten(row.activation.received_ms, Retention::IDS)));
        self.signings.forget(is_forgotten);
    }
}

async fn take(step: &Step, fixture: &Fixture, model: &mut Model) {
    let storage = &fixture.storage;
    let token_of = |model: &Model, token: usize| {
        let index = token.checked_rem(model.tokens.len())?;
        // The latest ones first, so that most are good.
        model.tokens.iter().rev().nth(index).cloned()
    };
    match step {
        Step::Accept { id, connection, order } => {
            let (id, order) = (format!("{id}"), order.map(|order| format!("{order}")));
            let activation =
                Activation { received_ms: model.now_ms, ..activation(&id, *connection, order.as_deref()) };
            let accepted = fixture.accept(activation.clone()).await;
            let is_new = model.row(&id).is_none();
            assert_eq!(accepted, Accepted { new: usize::from(is_new), repeated: usize::from(!is_new) });
            if is_new {
                model.rows.push(Row::new(activation, model.now_ms));
            }
        }
        Step::Change { key, connection, signed } => {
            let arrival = change(*key, *connection, *signed, model.now_ms);
            let receipts = storage.accept(vec![arrival.clone()]).await.expect("it is stored");
            let Model { rows, signings, now_ms, .. } = model;
            let was_leased =
                |id: &str| rows.iter().find(|row| row.activation.id == id).map(|row| row.was_leased);
            let expected = signings.take((*key, *connection, *signed), *now_ms, was_leased);
            if expected.is_new {
                let activation = Activation { id: expected.id.clone(), ..arrival.activation };
                rows.push(Row::new(activation, *now_ms));
            }
            assert_eq!(receipts, [expected]);
        }
        Step::Lease { limit, per_connection } => {
            let request = LeaseRequest {
                limit: *limit,
                per_connection: *per_connection,
                duration: LEASE,
                now_ms: model.now_ms,
            };
            let leased = storage.lease(request).await.expect("they are leased");
            model.check_leased(&leased, &request);
        }
        Step::Acknowledge { token } => {
            let Some((id, token)) = token_of(model, *token) else { return };
            let is_noted = storage.acknowledge(&id, token, model.now_ms).await.expect("it is noted");
            let now_ms = model.now_ms;
            let row = model.held(&id, token);
            assert_eq!(is_noted, row.is_some());
            row.into_iter()
                .for_each(|row| (row.state, row.finished_ms) = (ActivationState::Delivered, now_ms));
        }
        Step::Suppress { token } => {
            let Some((id, token)) = token_of(model, *token) else { return };
            let cause = Cause { action: "update".to_owned(), by: None, workflow: None, at_ms: model.now_ms };
            let is_noted = storage.suppress(&id, token, cause, model.now_ms).await.expect("it is noted");
            let now_ms = model.now_ms;
            let row = model.held(&id, token);
            assert_eq!(is_noted, row.is_some());
            row.into_iter()
                .for_each(|row| (row.state, row.finished_ms) = (ActivationState::Suppressed, now_ms));
        }
        Step::Bury { token } => {
            let Some((id, token)) = token_of(model, *token) else { return };
            let is_noted = storage.bury(&id, token, "no", model.now_ms).await.expect("it is noted");
            let now_ms = model.now_ms;
            let row = model.held(&id, token);
            assert_eq!(is_noted, row.is_some());
            row.into_iter().for_each(|row| (row.state, row.finished_ms) = (ActivationState::Dead, now_ms));
        }
        Step::RetryLater { token, delay_ms } => {
            let Some((id, token)) = token_of(model, *token) else { return };
            let due_ms = model.now_ms + delay_ms;
            let is_noted =
                storage.retry_later(&id, token, due_ms, "busy", model.now_ms).await.expect("it is noted");
            let row = model.held(&id, token);
            assert_eq!(is_noted, row.is_some());
            if let Some(row) = row {
                (row.state, row.due_ms, row.token) = (ActivationState::Waiting, due_ms, None);
            }
        }
        Step::Postpone { token, delay_ms } => {
            let Some((id, token)) = token_of(model, *token) else { return };
            let due_ms = model.now_ms + delay_ms;
            let is_noted =
                storage.postpone(&id, token, due_ms, "a call", model.now_ms).await.expect("it is noted");
            let row = model.held(&id, token);
            assert_eq!(is_noted, row.is_some());
            if let Some(row) = row {
                (row.state, row.due_ms, row.token) = (ActivationState::Waiting, due_ms, None);
                row.attempts -= 1;
            }
        }
        Step::Replay { id } => {
            let id = format!("{id}");
            let is_noted = storage.replay(&id, model.now_ms).await.expect("it is noted");
            let now_ms = model.now_ms;
            let row = model.row(&id).filter(|row| row.state != ActivationState::Leased && !row.is_emptied);
            assert_eq!(is_noted, row.is_some());
            match row {
                Some(row) if row.state == ActivationState::Waiting => row.due_ms = row.due_ms.min(now_ms),
                Some(row) => {
                    (row.state, row.due_ms, row.token) = (ActivationState::Waiting, now_ms, None);
                    row.attempts = 0;
                }
                None => {}
            }
        }
        Step::RemoveExpired { hours } => {
            let kept = Duration::from_secs(hours * 3_600);
            let retention = Retention { delivered: kept, dead: kept * 30 };
            storage.remove_expired(model.now_ms, &retention).await.expect("they are removed");
            model.remove_expired(&retention);
        }
        Step::Wait { ms } => model.now_ms += ms,
    }
}

async fn compare(fixture: &Fixture, model: &Model) {
    let count = |state| model.rows.iter().filter(|row| row.state == state).count() as u64;
    let counts = fixture.storage.counts().await.expect("they are read");
    let expected = [
        ActivationState::Waiting,
        ActivationState::Leased,
        ActivationState::Delivered,
        ActivationState::Dead,
        ActivationState::Suppressed,
    ];
    let told = [counts.waiting, counts.leased, counts.delivered, counts.dead, counts.suppressed];
    assert_eq!(told, expected.map(count));
    let oldest = model.rows.iter().find(|row| !row.is_finished()).map(|row| row.activation.received_ms);
    assert_eq!(counts.oldest_ms, oldest);
    for row in &model.rows {
        let found =
            fixture.storage.find(&row.activation.id).await.expect("it is read").expect("it is not lost");
        assert_eq!(
            (found.state, found.attempts, found.is_emptied),
            (row.state, row.attempts, row.is_emptied)
        );
    }
}

/// Whoever goes on long enough delivers everything.
async fn deliver_all(fixture: &Fixture, model: &mut Model) {
    while model.rows.iter().any(|row| !row.is_finished()) {
        model.now_ms += 40_000;
        let request = LeaseRequest { limit: 100, per_connection: 100, duration: LEASE, now_ms: model.now_ms };
        let leased = fixture.storage.lease(request).await.expect("they are leased");
        model.check_leased(&leased, &request);
        assert!(!leased.is_empty(), "something is left and never leased");
        for lease in leased {
            let id = &lease.activation.id;
            assert!(fixture.storage.acknowledge(id, lease.lease, model.now_ms).await.expect("it is noted"));
            let now_ms = model.now_ms;
            let row = model.row(id).expect("it is there");
            (row.state, row.finished_ms) = (ActivationState::Delivered, now_ms);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn any_history_goes_as_in_the_model(steps in proptest::collection::vec(step(), 1..80)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let fixture = Fixture::new().await;
            let mut model = Model { rows: Vec::new(), signings: Signings::default(), now_ms: NOW, swept_ms: 0, tokens: Vec::new() };
            for step in &steps {
                take(step, &fixture, &mut model).await;
            }
            compare(&fixture, &model).await;
            deliver_all(&fixture, &mut model).await;
            compare(&fixture, &model).await;
        });
    }
}
