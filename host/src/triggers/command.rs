//! `connector triggers`: shows and changes the webhooks of connections.

use std::sync::Arc;
use std::time::Duration;

use connector_runtime::{Connector, Patience};

use super::command_line::{TriggersTask, Verb};
use super::{Done, Hook, Keeper, Look, Retired, Step, Subject, Unkept, Whose};
use crate::clock::now_ms;
use crate::connections::stored::Stored;
use crate::connections::{HostConnection, ended};
use crate::credentials::Sources;
use crate::failure::Failure;
use crate::members::Members;
use crate::moments::rfc3339;
use crate::printable::print;
use crate::quota_sharing;
use crate::sealing::KeyRing;
use crate::serve::config::known_url;
use crate::serve::values::{Flags, Values};
use crate::storage::{ConnectionRow, Storage as _};
use crate::surroundings::Surroundings;
use crate::table::{self, Fit};

/// How long a call of a command may wait for the quota, or for a failure to pass.
const PATIENCE: Duration = Duration::from_secs(120);

/// What commands about webhooks work with.
pub(crate) struct Desk {
    /// Keeps webhooks.
    pub(crate) keeper: Keeper,
    stored: Stored,
    ring: KeyRing,
}

impl Desk {
    /// Opens what the settings name.
    ///
    /// # Errors
    /// `Usage` where a setting is wrong; `Broken` where the storage or the keys cannot be used.
    pub(crate) fn open(
        connector: &'static Connector,
        flags: &Flags,
        surroundings: &Surroundings<'_>,
    ) -> Result<Self, Failure> {
        let sources = Sources::of(surroundings.variable, &surroundings.stdin);
        let values = Values::read(flags, &sources)?;
        let public_url = known_url(&values)?;
        let stored = Stored::open(&values, surroundings.variable)?;
        let ring = stored.ring()?;
        let storage = Arc::clone(&stored.storage);
        let gates = quota_sharing::open(None, &sources)?.gates;
        let patience = Patience::Within(PATIENCE);
        let keeper = Keeper {
            connector,
            storage: storage.clone(),
            connections: storage,
            gates,
            patience,
            public_url,
            retired: Retired::default(),
        };
        Ok(Self { keeper, stored, ring })
    }

    /// The rows of a connection, or of all.
    ///
    /// # Errors
    /// `Usage` where there is no such connection.
    pub(crate) async fn rows(&self, id: Option<&str>) -> Result<Vec<ConnectionRow>, Failure> {
        match id {
            Some(id) => Ok(vec![self.stored.row(id).await?]),
            None => Ok(self.stored.storage.connections().await?),
        }
    }

    /// Why a connection could not be looked at, in words for people; one whose token was refused is marked.
    pub(crate) async fn told(&self, row: &ConnectionRow, why: Unkept) -> String {
        if why.is_revoked() {
            self.mark(row).await;
        }
        why.to_string()
    }

    /// Marks a connection whose token was refused.
    async fn mark(&self, row: &ConnectionRow) {
        self.stored.lifecycle().note_refused(row).await;
    }

    /// What a row says.
    ///
    /// # Errors
    /// In words for people: it was revoked, or cannot be opened.
    pub(crate) fn opened(&self, row: &ConnectionRow) -> Result<HostConnection, String> {
        if let Some(advice) = ended(row) {
            return Err(advice.to_owned());
        }
        HostConnection::open(row, &self.ring).map_err(|why| why.to_string())
    }
}

/// A row of the output.
struct Line {
    connection: String,
    what: &'static str,
    event: String,
    hook: Option<String>,
    /// Where an own webhook leads, without its key. The destinations of others may contain secrets.
    destination: Option<String>,
    told: String,
}

/// Does it.
///
/// # Errors
/// Where a connection could not be looked at, a step failed or a limit stands in the way: the rest is done all the same,
/// and told before.
pub(crate) async fn run(
    connector: &'static Connector,
    task: &TriggersTask,
    surroundings: &mut Surroundings<'_>,
) -> Result<(), Failure> {
    let desk = Desk::open(connector, &task.flags, surroundings)?;
    let (mut lines, mut wrong) = (Vec::new(), Vec::new());
    let rows = desk.rows(task.connection.as_deref()).await?;
    for row in &rows {
        match connection_lines(&desk, row, task.verb).await {
            Ok((more, failed)) => {
                lines.extend(more);
                wrong.extend((failed > 0).then(|| format!("{}: {failed} failed", row.id)));
            }
            Err(why) => wrong.push(format!("{}: {why}", row.id)),
        }
    }
    let text = match task.is_json {
        true => to_json(&lines),
        false if rows.is_empty() => {
            "no connections: `connector connections add --help` shows how to make one".to_owned()
        }
        false if lines.is_empty() && wrong.is_empty() => "all webhooks are as they should be".to_owned(),
        false if lines.is_empty() => String::new(),
        false => to_table(&lines, surroundings.width),
    };
    if !text.is_empty() {
        print(surroundings.stdout, &text)?;
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(Failure::Broken(wrong.join("; "))),
    }
}

/// What is told of a connection, and how much of it failed.
async fn connection_lines(
    desk: &Desk,
    row: &ConnectionRow,
    verb: Verb,
) -> Result<(Vec<Line>, usize), String> {
    let connection = desk.opened(row)?;
    let subject = Subject { row, connection: &connection };
    let look = match desk.keeper.look(subject).await {
        Ok(look) => look,
        Err(why) => return Err(desk.told(row, why).await),
    };
    let line = |what, event: &str, hook: Option<&str>, told: String| {
        let (event, hook) = (event.to_owned(), hook.map(str::to_owned));
        Line { connection: row.id.clone(), what, event, hook, destination: None, told }
    };
    let step_line = |what, step: &Step, told| {
        let destination = look.own.shown(step.destination());
        Line { destination, ..line(what, step.event(), step.hook(), told) }
    };
    let hook_line = |what, hook: &Hook, told| {
        let destination = look.own.shown(&hook.destination);
        Line { destination, ..line(what, &hook.event, Some(&hook.id), told) }
    };
    let conflicts = look
        .plan
        .conflicts
        .iter()
        .map(|conflict| line("conflict", &conflict.event, None, conflict.reason.clone()));
    let mut lines: Vec<Line> = conflicts.collect();
    let mut failed = lines.len();
    match verb {
        Verb::Plan => {
            let steps = look.plan.steps.iter();
            lines.extend(steps.map(|step| step_line(step.word(), step, reason(&look, step))));
            let left = look.plan.left.iter();
            lines.extend(left.map(|hook| hook_line("moved", hook, left_reason(&look, hook))));
        }
        Verb::Apply => {
            let done = match desk.keeper.apply(subject, &look, now_ms()).await {
                Ok(done) => done,
                Err(why) => return Err(desk.told(row, why).await),
            };
            if done.iter().filter_map(|one| one.failure.as_ref()).any(Unkept::is_revoked) {
                desk.mark(row).await;
            }
            failed += done.iter().filter(|one| one.failure.is_some()).count();
            lines.extend(done.iter().map(|Done { step, failure }| {
                let told = failure.as_ref().map_or_else(|| "done".to_owned(), Unkept::to_string);
                step_line(step.word(), step, told)
            }));
        }
        Verb::Status => {
            lines.extend(look.plan.kept.iter().map(|hook| hook_line("active", hook, String::new())));
            lines.extend(look.plan.steps.iter().filter_map(|step| {
                let state = state(&look, step)?;
                Some(step_line(state, step, reason(&look, step)))
            }));
            let left = look.plan.left.iter();
            lines.extend(left.map(|hook| hook_line("moved", hook, left_reason(&look, hook))));
            lines.extend(look.plan.foreign.iter().map(|hook| hook_line("foreign", hook, String::new())));
            let missing = look.plan.steps.iter().filter(|step| step.hook().is_none());
            lines.extend(missing.map(|step| line("missing", step.event(), None, String::new())));
            let marks = desk.keeper.storage.watermarks(&row.id).await.map_err(|error| error.to_string())?;
            lines.extend(marks.iter().map(|mark| {
                let moment = rfc3339(mark.since_ms);
                let what = if mark.has_gap { "gap" } else { "known" };
                line(what, &mark.trigger, None, format!("backfill would begin at {moment}"))
            }));
            // What is missing is told, and is no failure of this command.
            failed = 0;
        }
    }
    Ok((lines, failed))
}

/// The state of the webhook of a step; `None` if the step is to make it.
fn state(look: &Look, step: &Step) -> Option<&'static str> {
    match step {
        Step::Delete(hook) | Step::Retire(hook) => Some(match look.own.whose(&hook.destination) {
            Whose::Elsewhere => "moved",
            Whose::Here | Whose::Others => "unwanted",
        }),
        Step::Activate(_) => Some("off"),
        Step::Adopt(_) => Some("active"),
        Step::Create { .. } => None,
    }
}

/// Why a webhook at another address is deleted, and when; empty for other steps.
fn reason(look: &Look, step: &Step) -> String {
    let when = match step {
        Step::Retire(_) => "deleted when the new webhooks of its event are active",
        Step::Delete(_) if state(look, step) == Some("moved") => {
            "deleted before the new webhook is made, because the limit of its event leaves no room for both"
        }
        _ => return String::new(),
    };
    format!("leads to {}: {when}", look.own.shown(step.destination()).unwrap_or_default())
}

/// Why a webhook at another address stays.
fn left_reason(look: &Look, hook: &Hook) -> String {
    let destination = look.own.shown(&hook.destination).unwrap_or_default();
    format!("leads to {destination}: stays until the conflict of its event is solved")
}

fn to_json(lines: &[Line]) -> String {
    let lines: Vec<Members> = lines
        .iter()
        .map(|line| {
            let told = Some(&line.told).filter(|told| !told.is_empty());
            Members::default()
                .with("connection", &line.connection)
                .with("what", line.what)
                .with("event", &line.event)
                .with("webhook", &line.hook)
                .with("destination", &line.destination)
                .with("note", told)
        })
        .collect();
    Members::default().with("triggers", lines).to_json()
}

fn to_table(lines: &[Line], width: u16) -> String {
    let cells = lines.iter().map(|line| {
        let hook = line.hook.clone().unwrap_or_else(|| "–".to_owned());
        vec![line.connection.clone(), line.what.to_owned(), line.event.clone(), hook, line.told.clone()]
    });
    table::rows(&["connection", "what", "event", "webhook", "note"], cells, Fit::Wrap, width)
}
