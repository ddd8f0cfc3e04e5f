//! The tables of the compiler's cost.

use super::measure::Cost;
use super::ours::Generation;
use super::rivals::Rivalry;
use super::synthetic::Size;
use super::table::table;
use super::{COMPARED, heading};

pub(super) fn generation_table(generation: &Generation, actions: usize) -> String {
    let runs = [
        ("from nothing", generation.fresh),
        ("unchanged", generation.cached),
        ("one action changed", generation.changed),
        ("--check", generation.check),
    ];
    let title = format!("generation of {actions} actions");
    let mut rows = vec![heading(&[&title, "CPU s", "MB", "lines/action"])];
    rows.extend(runs.map(|(name, cost)| {
        vec![name.to_owned(), seconds(cost), megabytes(cost), per(generation.lines as f64, actions)]
    }));
    table(&rows)
}

pub(super) fn check_table(check: Cost, size: Size) -> String {
    table(&[
        heading(&["cargo check", "CPU s", "MB", "CPU ms/action", "MB/action"]),
        vec![
            format!("{} actions", size.actions),
            seconds(check),
            megabytes(check),
            per(check.seconds() * 1e3, size.actions),
            format!("{:.2}", check.megabytes() / size.actions as f64),
        ],
    ])
}

pub(super) fn rivalry_row(name: &str, rivalry: &Rivalry, ours: &Rivalry) -> Vec<String> {
    let ratio = |theirs: Cost, ours: Cost| format!("{:.1}", theirs.seconds() / ours.seconds());
    let mut row = vec![
        name.to_owned(),
        seconds(rivalry.generation),
        ratio(rivalry.generation, ours.generation),
        megabytes(rivalry.generation),
        per(rivalry.lines as f64, COMPARED.actions),
    ];
    match (&rivalry.check, &ours.check) {
        (&Ok(theirs), &Ok(ours)) => row.extend([seconds(theirs), ratio(theirs, ours), megabytes(theirs)]),
        _ => row.push("does not compile".to_owned()),
    }
    row
}

pub(super) fn seconds(cost: Cost) -> String {
    format!("{:.2}", cost.seconds())
}

pub(super) fn megabytes(cost: Cost) -> String {
    format!("{:.0}", cost.megabytes())
}

pub(super) fn per(amount: f64, actions: usize) -> String {
    format!("{:.1}", amount / actions as f64)
}
