//! Waiting for effects: activations that reach the engine, what the service counts, what a page shows. Each wait looks again
//! until it is so, and has an end.

use std::time::Duration;

use bigcommerce_sandbox::ReceivedRequest;
use tokio::time::sleep;

use super::browser::Page;
use super::engine::Activation;
use super::ledger::Ledger;
use super::service::{Metrics, Service};
use super::stage::{Stage, ensure, text};
use crate::failure::Failure;

/// How long before a look is taken again.
const LOOK: Duration = Duration::from_millis(40);

/// What counts the calls that the service makes itself.
const CALLS: &str = "connector_requests_admitted_total";

/// How many requests of the API there were.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Sent {
    /// What the store has received, from everybody.
    pub(super) received: u64,
    /// What the service has sent since it was started.
    pub(super) served: u64,
}

/// An activation that came by a webhook.
pub(super) const BY_WEBHOOK: &str = "webhook";

/// One that a search found.
pub(super) const BY_SEARCH: &str = "backfill";

impl Stage<'_> {
    /// Waits for activations, in any order, each of a trigger and the resource with this id; whole, and nothing beside them.
    pub(super) async fn arrive(
        &mut self,
        expected: &[(&str, u64)],
        origin: &str,
    ) -> Result<Vec<Activation>, Failure> {
        let (arrived, _) = self.arrive_among(expected, origin, |_, _, _| false).await?;
        ensure(!self.engine.has_more(), || "more activations arrived than happened".to_owned())?;
        Ok(arrived)
    }

    /// Waits for activations that a search finds. A change that a webhook told of may come once more, if the workflow looked
    /// before the second of the change had ended; how many of those came.
    pub(super) async fn arrive_by_search(&mut self, expected: &[(&str, u64)]) -> Result<usize, Failure> {
        let connector = self.connector;
        let may_come = |ledger: &Ledger, trigger: &str, subject: &str| {
            let mut changes = connector.triggers.iter().filter(|known| !known.happens_once);
            changes.any(|known| known.id == trigger) && ledger.knows(trigger, subject)
        };
        let (_, mut further) = self.arrive_among(expected, BY_SEARCH, may_come).await?;
        self.all_delivered().await?;
        while self.engine.has_more() {
            let (_, one) = self.arrive_next(&mut Vec::new(), BY_SEARCH, may_come).await?;
            further += usize::from(one);
        }
        Ok(further)
    }

    /// Waits for activations, among others that may come as well; how many others came.
    async fn arrive_among(
        &mut self,
        expected: &[(&str, u64)],
        origin: &str,
        may_come: impl Fn(&Ledger, &str, &str) -> bool,
    ) -> Result<(Vec<Activation>, usize), Failure> {
        let mut due = Vec::new();
        for (id, resource) in expected {
            due.push(((*id).to_owned(), format!("{}/{resource}", self.trigger(id)?.resource)));
        }
        let (mut arrived, mut further) = (Vec::new(), 0);
        while !due.is_empty() {
            match self.arrive_next(&mut due, origin, &may_come).await? {
                (_, true) => further += 1,
                (activation, false) => arrived.push(activation),
            }
        }
        Ok((arrived, further))
    }

    /// Waits for the next activation, which must be one of these or one that may come as well; whether it is the latter.
    async fn arrive_next(
        &mut self,
        due: &mut Vec<(String, String)>,
        origin: &str,
        may_come: impl Fn(&Ledger, &str, &str) -> bool,
    ) -> Result<(Activation, bool), Failure> {
        let next = self.voice.watch("activations are on their way", self.engine.next()).await;
        let next = next.map_err(|failure| {
            let missing: Vec<&str> = due.iter().map(|(_, subject)| subject.as_str()).collect();
            let failure = too_long(failure, &self.service);
            about(failure, &format!("no activation of {}", missing.join(", ")))
        })?;
        let activation = next.ok_or_else(|| Failure::Broken("the engine has ended".to_owned()))?;
        let (trigger, subject) = (activation.trigger(), activation.attribute("subject"));
        let place = due.iter().position(|(id, known)| *id == trigger && *known == subject);
        ensure(place.is_some() || may_come(&self.ledger, &trigger, &subject), || {
            format!("{trigger} of {subject} arrived, which nobody waits for")
        })?;
        place.map(|place| due.swap_remove(place));
        self.check(&activation, origin)?;
        let mark = match (origin == BY_SEARCH, place) {
            (true, Some(_)) => " (backfilled)",
            (true, None) => " (once more)",
            _ => "",
        };
        self.voice.arrival(&trigger, &format!("{subject}{mark}: {}", activation.summary()))?;
        self.ledger.arrived(&activation);
        Ok((activation, place.is_none()))
    }

    fn check(&self, activation: &Activation, origin: &str) -> Result<(), Failure> {
        let (came, account) = (activation.attribute("origin"), activation.attribute("account"));
        ensure(came == origin, || format!("the activation came by {came} and not by {origin}"))?;
        ensure(account == self.sandbox.store_hash(), || format!("the activation is of {account}"))?;
        let subject = activation.attribute("subject");
        let id = text(&activation.full, "id");
        ensure(subject.split_once('/').is_some_and(|(_, known)| known == id), || {
            format!("the resource with {subject} is {:?}", activation.full.to_json())
        })
    }

    /// Waits until the service has delivered all that it took.
    pub(super) async fn all_delivered(&mut self) -> Result<Metrics, Failure> {
        let left = |metrics: &Metrics| {
            let count = |state: &str| metrics.count(&format!("connector_activations{{state=\"{state}\"}}"));
            count("waiting") + count("leased")
        };
        self.until("the service notes what was delivered", |metrics| left(metrics) == 0).await
    }

    /// Waits until nobody asks the store anything; how much was asked so far.
    pub(super) async fn at_rest(&mut self) -> Result<Sent, Failure> {
        let (service, sandbox) = (&self.service, &self.sandbox);
        let looking = async {
            let mut before = None;
            loop {
                let served = service.metrics().await?.sum(CALLS);
                let sent = Sent { received: api_requests(&sandbox.requests()).count() as u64, served };
                if before == Some(sent) {
                    return Ok(sent);
                }
                before = Some(sent);
                sleep(LOOK).await;
            }
        };
        let what = "the service comes to rest";
        self.voice.watch(what, looking).await.map_err(|failure| too_long(failure, &self.service))?
    }

    /// Runs a command beside the service and enters what it asks the store; its output.
    pub(super) async fn command(&mut self, what: &str, arguments: &[&str]) -> Result<String, Failure> {
        let before = self.at_rest().await?;
        let said = self.voice.watch(what, self.service.run(arguments)).await??;
        let after = self.at_rest().await?;
        // The service may have asked something as well.
        let served = after.served - before.served;
        self.ledger.commanded += (after.received - before.received).saturating_sub(served);
        Ok(said)
    }

    /// Waits until the metrics of the service say so.
    pub(super) async fn until(
        &mut self,
        what: &str,
        is_so: impl Fn(&Metrics) -> bool,
    ) -> Result<Metrics, Failure> {
        let service = &self.service;
        let looking = async {
            loop {
                let metrics = service.metrics().await?;
                if is_so(&metrics) {
                    return Ok(metrics);
                }
                sleep(LOOK).await;
            }
        };
        self.voice.watch(what, looking).await.map_err(|failure| too_long(failure, &self.service))?
    }

    /// Opens a page of the service again and again until it says so.
    pub(super) async fn until_page(
        &mut self,
        what: &str,
        path: &str,
        is_so: impl Fn(&Page) -> bool,
    ) -> Result<Page, Failure> {
        let (address, browser) = (format!("{}{path}", self.service.origin()), &mut self.browser);
        let looking = async {
            loop {
                let page = browser.open(&address).await?;
                if is_so(&page) {
                    return Ok(page);
                }
                sleep(LOOK).await;
            }
        };
        self.voice.watch(what, looking).await.map_err(|failure| too_long(failure, &self.service))?
    }
}

/// Of the requests that the store has received those of its API: screens and tokens of an installation are none.
pub(super) fn api_requests(all: &[ReceivedRequest]) -> impl Iterator<Item = &ReceivedRequest> {
    all.iter().filter(|request| request.path.starts_with("/stores/"))
}

/// A failure with what it is about in front.
fn about(failure: Failure, what: &str) -> Failure {
    match failure {
        Failure::Broken(message) => Failure::Broken(format!("{what}: {message}")),
        other => other,
    }
}

/// A failure with what the service has to say to it.
fn too_long(failure: Failure, service: &Service) -> Failure {
    match failure {
        Failure::Broken(message) => Failure::Broken(format!("{message}; {}", service.last_words())),
        other => other,
    }
}
