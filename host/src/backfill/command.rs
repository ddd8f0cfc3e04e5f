//! `connector backfill`: looks for events that no webhook told of, on request.

use connector_runtime::{Connector, Trigger};

use super::command_line::BackfillTask;
use super::search;
use crate::clock::now_ms;
use crate::failure::Failure;
use crate::members::Members;
use crate::moments;
use crate::printable::print;
use crate::storage::Retention;
use crate::surroundings::Surroundings;
use crate::table::{self, Fit};
use crate::triggers::command::Desk;
use crate::triggers::{Subject, millis, searched};

/// Does it.
///
/// # Errors
/// Where there is no such connection, or a search failed; the triggers before it are done.
pub(crate) async fn run(
    connector: &'static Connector,
    task: &BackfillTask,
    surroundings: &mut Surroundings<'_>,
) -> Result<(), Failure> {
    let desk = Desk::open(connector, &task.flags, surroundings)?;
    let rows = desk.rows(Some(&task.connection)).await?;
    let Some(row) = rows.first() else { return Ok(()) };
    let wrong = |why: String| Failure::Broken(format!("{}: {why}", row.id));
    let connection = desk.opened(row).map_err(wrong)?;
    let subject = Subject { row, connection: &connection };
    let now_ms = now_ms();
    let wanted = searched(connector, &connection);
    let wanted: Vec<_> =
        wanted.filter(|trigger| task.trigger.as_ref().is_none_or(|id| id == trigger.id)).collect();
    if wanted.is_empty() {
        return Err(Failure::usage(format!(
            "the connection {} wants no trigger whose events could be looked for: `connector connections list`",
            row.id
        )));
    }
    let marks = desk.keeper.storage.watermarks(&row.id).await;
    let marks = marks.map_err(|error| wrong(format!("the storage: {error}")))?;
    let is_unknown = |trigger: &&&Trigger| !marks.iter().any(|mark| mark.trigger == trigger.id);
    if let (None, Some(trigger)) = (task.since_ms, wanted.iter().find(is_unknown)) {
        return Err(Failure::usage(format!(
            "{} has not been kept yet, so nobody knows from when on to look: give --since, such as --since 2d",
            trigger.id
        )));
    }
    let mut told = Vec::new();
    for trigger in wanted {
        let found = match search(&desk.keeper, subject, trigger, task.since_ms, now_ms).await {
            Ok(found) => found,
            Err(why) => return Err(wrong(format!("{}: {}", trigger.id, desk.told(row, why).await))),
        };
        let since = moments::rfc3339(found.since_ms);
        told.push(
            Members::default()
                .with("trigger", trigger.id)
                .with("since", since)
                .with("looked_at", found.looked_at)
                .with("new", found.new)
                .with("known", found.known),
        );
    }
    let text = match task.is_json {
        true => Members::default().with("backfill", told).to_json(),
        false => {
            let cells = told.iter().map(|row| {
                row.iter().map(|(_, value)| value.trim_matches('"').to_owned()).collect::<Vec<String>>()
            });
            let header = ["trigger", "since", "looked at", "new", "known"];
            table::rows(&header, cells, Fit::Wrap, surroundings.width)
        }
    };
    print(surroundings.stdout, &text)?;
    if task.since_ms.is_some_and(|since| since < now_ms.saturating_sub(millis(Retention::IDS))) {
        let note =
            "note: what was received more than 72 h ago may not be remembered, and then comes once more";
        print(surroundings.stderr, note)?;
    }
    Ok(())
}
