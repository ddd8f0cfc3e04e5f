//! `connector activations`: what the service has received and what became of it, dead letters above all; works beside a
//! service that runs.

use connector_runtime::Connector;
use serde_json::value::RawValue;

use crate::activation::{CloudEvent, Full};
use crate::clock::now_ms;
use crate::credentials::Sources;
use crate::failure::Failure;
use crate::members::Members;
use crate::moments::rfc3339 as moment;
use crate::printable::print;
use crate::serve::config::data_of;
use crate::serve::values::Values;
use crate::serve::{broken, open_storage};
use crate::storage::{
    ActivationFilter, ActivationState, ActivationSummary, SqliteStorage, Storage, StorageError,
    StoredActivation,
};
use crate::surroundings::Surroundings;
use crate::table::{self, Fit};

pub(crate) mod command_line;

use command_line::{ActivationsTask, STATES, Verb, Which};

/// How many are looked at at a time where all are replayed.
const PAGE: u32 = 500;

/// Does it.
///
/// # Errors
/// `Usage` where there is no such activation, or nothing to replay; `Broken` where the storage cannot be used.
pub(crate) async fn run(
    connector: &'static Connector,
    task: &ActivationsTask,
    surroundings: &mut Surroundings<'_>,
) -> Result<(), Failure> {
    let sources = Sources::of(surroundings.variable, &surroundings.stdin);
    let data = data_of(&Values::read(&task.flags, &sources)?, surroundings.variable)?;
    let desk = Desk { connector, storage: open_storage(&data)?, is_json: task.is_json };
    let text = match &task.verb {
        Verb::List { which, limit } => desk.list(which, *limit, surroundings.width).await?,
        Verb::Show { id } => desk.show(id, surroundings.width).await?,
        Verb::Replay { ids, which } if ids.is_empty() => desk.replay_all(which).await?,
        Verb::Replay { ids, .. } => desk.replay(ids).await?,
    };
    Ok(print(surroundings.stdout, &text)?)
}

struct Desk {
    connector: &'static Connector,
    storage: SqliteStorage,
    is_json: bool,
}

impl Desk {
    async fn list(&self, which: &Which, limit: u32, width: u16) -> Result<String, Failure> {
        let wanted = ActivationFilter { newest_first: true, ..filter(which, limit) };
        let found = self.storage.list(&wanted).await.map_err(|error| stored(&error))?;
        let next = found.last().filter(|_| found.len() >= limit as usize).map(|last| last.position);
        if self.is_json {
            let found: Vec<Members> = found.iter().map(summary).collect();
            return Ok(Members::default().with("activations", found).with("next", next).to_json());
        }
        if found.is_empty() {
            return Ok("no such activations".to_owned());
        }
        let header = ["received, id", "state", "trigger", "resource", "tries", "failure"];
        let cells = found.iter().map(|one| {
            vec![
                format!("{}\n{}", moment(one.received_ms), one.id),
                word(one.state).to_owned(),
                one.trigger.clone(),
                resource(one.resource_type.as_deref(), one.resource_id.as_deref()),
                one.attempts.to_string(),
                one.failure.clone().unwrap_or_default(),
            ]
        });
        let table = table::rows(&header, cells, Fit::Wrap, width);
        Ok(match next {
            Some(position) => format!("{table}\nthere may be more: --after {position}"),
            None => table,
        })
    }

    async fn show(&self, id: &str, width: u16) -> Result<String, Failure> {
        let found = self.find(id).await?;
        let event = CloudEvent::new(self.connector.id, &found.activation, &Full::Unasked);
        let event = event.with_cause(found.own.as_ref()).structured();
        let event: Box<RawValue> =
            serde_json::from_slice(&event).map_err(|error| broken("the event is no JSON", &error))?;
        let told = whole(&found);
        if self.is_json {
            return Ok(told.with("event", event).to_json());
        }
        let rows = told.iter().filter(|(_, value)| *value != "null").map(|(name, value)| {
            let text = serde_json::from_str::<String>(value).unwrap_or_else(|_| value.to_owned());
            vec![name.to_owned(), text]
        });
        let table = table::rows(&["field", "value"], rows, Fit::Wrap, width);
        let pretty: serde_json::Value =
            serde_json::from_str(event.get()).map_err(|error| broken("the event is no JSON", &error))?;
        let what = match found.is_emptied {
            true => "Its payload was removed after its time: it cannot be delivered again.",
            false => "The event, as it is sent:",
        };
        Ok(format!("{table}\n\n{what}\n{pretty:#}"))
    }

    async fn replay(&self, ids: &[String]) -> Result<String, Failure> {
        for id in ids {
            if self.storage.replay(id, now_ms()).await.map_err(|error| stored(&error))? {
                continue;
            }
            let why = barrier(&self.find(id).await?);
            return Err(Failure::usage(format!("cannot replay {id}: {why}")));
        }
        Ok(self.replayed(ids.len(), 0))
    }

    async fn replay_all(&self, which: &Which) -> Result<String, Failure> {
        let (mut count, mut left, mut which) = (0, 0, which.clone());
        loop {
            let found = self.storage.list(&filter(&which, PAGE)).await.map_err(|error| stored(&error))?;
            let Some(last) = found.last() else { break };
            which.after = Some(last.position);
            for one in &found {
                match self.storage.replay(&one.id, now_ms()).await.map_err(|error| stored(&error))? {
                    true => count += 1,
                    false => left += 1,
                }
            }
        }
        Ok(self.replayed(count, left))
    }

    fn replayed(&self, count: usize, left: usize) -> String {
        if self.is_json {
            return Members::default().with("replayed", count).with("left", left).to_json();
        }
        let without = match left {
            0 => String::new(),
            left => format!(
                "; left, since they are leased or their payloads were removed after their time: {left}"
            ),
        };
        format!("due again: {count}{without}")
    }

    async fn find(&self, id: &str) -> Result<StoredActivation, Failure> {
        let found = self.storage.find(id).await.map_err(|error| stored(&error))?;
        found.ok_or_else(|| {
            Failure::usage(format!("there is no activation {id}: `connector activations list` shows them"))
        })
    }
}

/// Why an activation cannot be replayed, and what to do.
pub(crate) fn barrier(found: &StoredActivation) -> String {
    if found.is_emptied {
        return "its payload was removed after its time".to_owned();
    }
    match found.due_ms.filter(|_| found.state == ActivationState::Leased) {
        Some(ends_ms) => {
            let ends = moment(ends_ms);
            format!("it is leased until {ends}: wait for the end of its delivery, or of the lease")
        }
        None => "it was leased until now: try again".to_owned(),
    }
}

fn filter(which: &Which, limit: u32) -> ActivationFilter {
    let Which { state, connection, account, trigger, since_ms, after } = which.clone();
    ActivationFilter { state, connection, account, trigger, since_ms, after, limit, newest_first: false }
}

fn summary(one: &ActivationSummary) -> Members {
    Members::default()
        .with("id", &one.id)
        .with("state", word(one.state))
        .with("connection", &one.connection)
        .with("account", &one.account)
        .with("trigger", &one.trigger)
        .with("resource_type", &one.resource_type)
        .with("resource_id", &one.resource_id)
        .with("received", moment(one.received_ms))
        .with("attempts", one.attempts)
        .with("failure", &one.failure)
        .with("position", one.position)
}

fn whole(found: &StoredActivation) -> Members {
    let activation = &found.activation;
    Members::default()
        .with("id", &activation.id)
        .with("state", word(found.state))
        .with("connection", &activation.connection)
        .with("account", &activation.account)
        .with("received", moment(activation.received_ms))
        .with("attempts", found.attempts)
        .with("failure", &found.failure)
        .with("due", found.due_ms.map(moment))
        .with("finished", found.finished_ms.map(moment))
        .with("is_emptied", found.is_emptied)
}

fn word(state: ActivationState) -> &'static str {
    STATES.iter().find(|(_, known)| *known == state).map_or("unknown", |(word, _)| word)
}

fn resource(kind: Option<&str>, id: Option<&str>) -> String {
    [kind, id].into_iter().flatten().collect::<Vec<_>>().join("/")
}

fn stored(error: &StorageError) -> Failure {
    broken("the storage", error)
}
