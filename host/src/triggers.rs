//! Keeps the webhooks of connections as they are wanted: looks, compares, acts, and remembers what it saw.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use connector_runtime::pacing::Gates;
use connector_runtime::{Client, Connector, HttpTransport, Patience, Subscription, Trigger, Webhooks};

use crate::connections::{HostConnection, Notes};
use crate::scopes::ScopeTable;
use crate::storage::{ConnectionRow, HookRow, HookStorage, Storage};

mod applying;
pub(crate) mod calls;
pub(crate) mod command;
pub(crate) mod command_line;
pub(crate) mod kept_hooks;
mod own_address;
mod plan;
pub(crate) mod reconcile;
mod unkept;

pub(crate) use plan::{Hook, Plan, Step};
pub(crate) use unkept::Unkept;

pub(crate) use own_address::Retired;

use own_address::OwnAddress;
use plan::{Rules, Wanted, Whose, plan};

/// How long one exchange with the API may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What is allowed for clocks that differ and lists that lag, where events are looked for from a moment on.
pub(crate) const LAG: Duration = Duration::from_secs(5 * 60);

/// What keeps webhooks in order.
#[derive(Clone)]
pub(crate) struct Keeper {
    /// Whose webhooks they are.
    pub(crate) connector: &'static Connector,
    /// What is remembered.
    pub(crate) storage: Arc<dyn HookStorage>,
    /// Where it is seen whether a connection is still there.
    pub(crate) connections: Arc<dyn Storage>,
    /// Through which calls go.
    pub(crate) gates: Gates,
    /// How long a call may wait.
    pub(crate) patience: Patience,
    /// What others call this host by.
    pub(crate) public_url: String,
    /// The webhooks at other addresses that this process has deleted.
    pub(crate) retired: Retired,
}

/// A connection whose webhooks are kept.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    /// Its row.
    pub(crate) row: &'a ConnectionRow,
    /// What the row says.
    pub(crate) connection: &'a HostConnection,
}

/// What was seen of a connection, and what is to be done.
pub(crate) struct Look {
    client: Client,
    webhooks: &'static Webhooks,
    subscription: Subscription,
    own: OwnAddress,
    wanted: Vec<Wanted>,
    /// The webhooks as they were known before.
    remembered: Vec<HookRow>,
    /// The comparison.
    pub(crate) plan: Plan,
    /// Events whose webhook was known and is gone or off: what happened meanwhile was not told.
    pub(crate) broken: BTreeSet<String>,
    /// Own webhooks at other addresses that another process makes again and again: they count as foreign.
    pub(crate) contested: usize,
}

/// A step and what became of it.
pub(crate) struct Done {
    /// The step.
    pub(crate) step: Step,
    /// Why it failed.
    pub(crate) failure: Option<Unkept>,
}

impl Keeper {
    /// The client of a connection.
    ///
    /// # Errors
    /// Where there is nothing to call with.
    pub(crate) fn client(&self, subject: Subject<'_>) -> Result<Client, Unkept> {
        if let Some(advice) = subject.connection.ended() {
            return Err(Unkept::Ended(advice));
        }
        if subject.connection.secrets.credentials.is_empty() {
            return Err(Unkept::NoCredentials);
        }
        let connection = subject.connection.connect(self.connector)?;
        let transport = HttpTransport::new(TIMEOUT)
            .map_err(|_| Unkept::PublicUrl("no HTTP client can be set up".to_owned()))?;
        let client = Client::with_transport(connection, transport).through(&self.gates);
        Ok(client.with_patience(self.patience))
    }

    /// Looks at the webhooks of a connection and compares.
    ///
    /// # Errors
    /// Where it cannot look.
    pub(crate) async fn look(&self, subject: Subject<'_>) -> Result<Look, Unkept> {
        let webhooks = self.connector.webhooks.ok_or(Unkept::NoSubscription)?;
        let subscription = webhooks.subscription.ok_or(Unkept::NoSubscription)?;
        let client = self.client(subject)?;
        // Another address than the vendor's has rules of its own.
        if subject.connection.settings.base_url.is_none() {
            check_public_url(&self.public_url, &subscription).map_err(Unkept::PublicUrl)?;
        }
        let id = &subject.row.id;
        let own = self.own_address(subject);
        let wanted = wanted(self.connector, webhooks, subject.connection, own.base());
        let remembered = self.storage.hooks(id).await?;
        let hooks = calls::existing(&client, webhooks, &subscription, &own).await?;
        let known = remembered.iter().map(|row| row.hook.clone()).collect();
        let is_contested =
            |hook: &Hook| own.whose(&hook.destination) == Whose::Elsewhere && self.retired.is_back(id, hook);
        let whose = |hook: &Hook| match is_contested(hook) {
            true => Whose::Others,
            false => own.whose(&hook.destination),
        };
        let rules = Rules { known: &known, whose: &whose, per_event: subscription.per_event };
        let plan = plan(&wanted, &hooks, &rules);
        let is_live = |row: &HookRow| {
            hooks.iter().any(|hook| hook.event == row.event && hook.is_active && whose(hook) == Whose::Here)
        };
        let broken = remembered.iter().filter(|row| !is_live(row)).map(|row| row.event.clone());
        let off = plan.steps.iter().filter(|step| matches!(step, Step::Activate(_)));
        let broken = broken.chain(off.map(|step| step.event().to_owned())).collect();
        let contested = hooks.iter().filter(|hook| is_contested(hook)).count();
        Ok(Look { client, webhooks, subscription, own, wanted, remembered, plan, broken, contested })
    }

    fn own_address(&self, subject: Subject<'_>) -> OwnAddress {
        OwnAddress::new(&self.public_url, &subject.row.webhook_key)
    }
}

/// The triggers of a connection whose missed events can be found.
pub(crate) fn searched<'a>(
    connector: &'static Connector,
    connection: &'a HostConnection,
) -> impl Iterator<Item = &'static Trigger> + 'a {
    let triggers = connector.triggers.iter().copied();
    triggers.filter(|trigger| trigger.backfill.is_some() && connection.wants(trigger))
}

/// Whether a webhook of an event may not have begun yet to tell of it.
pub(crate) fn is_new(hooks: &[HookRow], event: &str, subscription: &Subscription, now_ms: i64) -> bool {
    let of_event = hooks.iter().filter(|hook| hook.event == event);
    let seen = of_event.map(|hook| hook.seen_ms).min();
    seen.is_some_and(|seen| now_ms < seen.saturating_add(millis(subscription.starts)))
}

/// Whole milliseconds.
pub(crate) fn millis(length: Duration) -> i64 {
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX)
}

/// The webhooks that a connection wants: of its triggers, and of the events that are for the host.
fn wanted(
    connector: &Connector,
    webhooks: &Webhooks,
    connection: &HostConnection,
    base: &str,
) -> Vec<Wanted> {
    let granted = Notes::of(&connection.settings).scopes;
    let table = granted.is_some().then(|| ScopeTable::of(connector));
    let triggers = connector.triggers.iter().filter(|trigger| connection.wants(trigger)).map(|trigger| {
        let known = granted.as_ref().zip(table.as_ref());
        let barred = known.filter(|(granted, table)| !table.allows(granted, trigger.scopes)).map(|_| {
            let scopes = trigger.scopes.join(" or ");
            format!("{} needs the scope {scopes}: connect the account again and grant it", trigger.id)
        });
        Wanted { event: trigger.event.to_owned(), destination: base.to_owned(), is_apart: false, barred }
    });
    let service = [webhooks.uninstalled, webhooks.failing].into_iter().flatten().map(|service| Wanted {
        event: service.event.to_owned(),
        destination: if service.is_apart { format!("{base}/service") } else { base.to_owned() },
        is_apart: service.is_apart,
        barred: None,
    });
    let mut all: Vec<Wanted> = triggers.chain(service).collect();
    // A trigger may want the event of the service as well.
    all.sort();
    all.dedup_by(|one, other| one.event == other.event && one.destination == other.destination);
    all
}

/// Whether webhooks may lead to an address; what to do where not.
fn check_public_url(public_url: &str, subscription: &Subscription) -> Result<(), String> {
    let Some(port) = subscription.port else { return Ok(()) };
    let url: Option<http::Uri> = public_url.parse().ok();
    let is_sound =
        url.is_some_and(|url| url.scheme_str() == Some("https") && url.port_u16().unwrap_or(443) == port);
    match is_sound {
        true => Ok(()),
        false => Err(format!(
            "webhooks can only lead to an https address on port {port}, which {public_url} is not: give --public-url, \
             such as https://hooks.example.com"
        )),
    }
}

#[cfg(test)]
mod tests {
    use bigcommerce_connector::CONNECTOR;

    use super::*;
    use crate::connections::tests::connection;

    #[test]
    fn only_https_on_the_documented_port_is_led_to() {
        let subscription = CONNECTOR.webhooks.unwrap().subscription.unwrap();
        for url in ["https://a.example", "https://a.example:443/below"] {
            assert_eq!(check_public_url(url, &subscription), Ok(()), "{url}");
        }
        for url in ["http://a.example", "https://a.example:8443", "a.example"] {
            assert!(check_public_url(url, &subscription).unwrap_err().contains("--public-url"), "{url}");
        }
    }

    #[test]
    fn service_events_are_always_wanted_and_the_failing_one_apart() {
        let all = wanted(
            &CONNECTOR,
            CONNECTOR.webhooks.unwrap(),
            &connection("c1", "abc123"),
            "https://h/webhooks/k",
        );
        let told: Vec<(&str, &str, bool)> =
            all.iter().map(|one| (&*one.event, &*one.destination, one.is_apart)).collect();
        let expected = [
            ("store/app/uninstalled", "https://h/webhooks/k", false),
            ("store/hook/deliveryException", "https://h/webhooks/k/service", true),
            ("store/order/created", "https://h/webhooks/k", false),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_scope_that_is_known_to_be_missing_bars_its_trigger() {
        let mut one = connection("c1", "abc123");
        let barred = |one: &HostConnection| {
            let all = wanted(&CONNECTOR, CONNECTOR.webhooks.unwrap(), one, "u");
            all.into_iter().find(|one| one.event == "store/order/created").unwrap().barred
        };
        assert_eq!(barred(&one), None, "nobody knows");
        let grant = |one: &mut HostConnection, scopes: &str| {
            let scopes = Some(crate::scopes::parse(scopes));
            Notes { scopes, ..Notes::default() }.put(&mut one.settings);
        };
        grant(&mut one, "store_v2_products default");
        assert!(barred(&one).unwrap().contains("store_v2_orders_read_only or store_v2_orders"));
        grant(&mut one, "store_v2_orders");
        assert_eq!(barred(&one), None, "modify implies read");
    }
}
