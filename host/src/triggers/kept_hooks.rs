//! The webhooks of connections as the pages meet them: told of changes, deleted with their connection, and how each stands.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use connector_runtime::BoxFuture;
use tokio::sync::mpsc;

use super::{Done, Keeper, Look, Subject};
use crate::connections::HostConnection;
use crate::portal::Hooks;
use crate::storage::ConnectionRow;

/// How the webhooks of each connection stood when they were looked at last, by their event, in words for people.
#[derive(Debug, Default)]
pub(crate) struct Standings(Mutex<HashMap<String, BTreeMap<String, String>>>);

impl Standings {
    /// Notes what a look found and what became of its steps.
    pub(super) fn note(&self, connection: &str, look: &Look, done: &[Done]) {
        let mut all = BTreeMap::new();
        for conflict in &look.plan.conflicts {
            all.insert(conflict.event.clone(), format!("its webhook cannot be made: {}", conflict.reason));
        }
        for one in done.iter().filter(|one| one.step.word() != "delete") {
            let told = match &one.failure {
                None => WORKS.to_owned(),
                Some(why) => {
                    format!("its webhook could not be put in order ({}); it is tried again", why.class())
                }
            };
            all.insert(one.step.event().to_owned(), told);
        }
        all.extend(look.plan.kept.iter().map(|hook| (hook.event.clone(), WORKS.to_owned())));
        self.change(|known| known.insert(connection.to_owned(), all));
    }

    /// Forgets all connections but these.
    pub(super) fn keep(&self, is_known: impl Fn(&str) -> bool) {
        self.change(|known| known.retain(|connection, _| is_known(connection)));
    }

    fn of(&self, connection: &str, event: &str) -> Option<String> {
        self.change(|known| known.get(connection)?.get(event).cloned())
    }

    fn change<T>(&self, change: impl FnOnce(&mut HashMap<String, BTreeMap<String, String>>) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What is said of a webhook that is in order.
const WORKS: &str = "its webhook is active";

/// Webhooks that the service keeps.
pub(crate) struct KeptHooks {
    /// What deletes them.
    pub(crate) keeper: Keeper,
    /// How they stand.
    pub(crate) standings: Arc<Standings>,
    /// Who looks at a connection.
    pub(crate) wishes: mpsc::UnboundedSender<String>,
}

impl Hooks for KeptHooks {
    fn changed(&self, connection: &str) {
        // Nobody listens where the service stops.
        drop(self.wishes.send(connection.to_owned()));
    }

    fn remove<'a>(
        &'a self,
        row: &'a ConnectionRow,
        connection: &'a HostConnection,
    ) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async move {
            let ended = self.keeper.end(Subject { row, connection }).await;
            ended.map_err(|why| left(&why.to_string()))
        })
    }

    fn state(&self, connection: &str, trigger: &str) -> Option<String> {
        let trigger = self.keeper.connector.triggers.iter().find(|known| known.id == trigger)?;
        self.standings.of(connection, trigger.event)
    }
}

/// What a person is told of webhooks that could not be deleted.
pub(crate) fn left(why: &str) -> String {
    format!(
        "Not all webhooks at the vendor were deleted ({why}): they end with the app, or delete them by hand."
    )
}
