//! How fast many callers finish against a limited store, and how often they are turned away: the connector's client beside
//! two ways that are usual in the field, against the sandbox on a real socket.
//!
//! `cargo run --release --package connector-bench --bin pacing -- SCALE [--windows] [NAME…]` prints a line of cells parted
//! by tabs for each run, and its progress to the standard error; with `--windows` also what became of the requests of each
//! window. `cargo xtask bench pacing` runs it and prints a table.

mod caller;
mod ideal;
mod run;
mod scenario;
mod shared_file;

use std::error::Error;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use run::{Outcome, Progress, Run};
use scenario::{SCENARIOS, Scale};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).collect::<Vec<_>>();
    let shows_windows = arguments.iter().any(|argument| argument == "--windows");
    arguments.retain(|argument| argument != "--windows");
    let (scale, names) = arguments.split_first().ok_or("give a scale: scaled or real")?;
    let scale = Scale::named(scale).ok_or("give a scale: scaled or real")?;
    let runs = wanted(scale, names)?;
    let outcomes = if scale.runs_at_once { at_once(&runs).await } else { in_turn(&runs).await };
    let mut out = io::stdout().lock();
    for (run, outcome) in runs.iter().zip(outcomes) {
        let outcome = outcome.map_err(|error| error as Box<dyn Error>)?;
        writeln!(out, "{}", cells(run, &outcome).join("\t"))?;
        if shows_windows {
            writeln!(io::stderr(), "{}: {}", run.label(), windows(&outcome))?;
        }
    }
    Ok(())
}

/// The runs of the scenarios of these names; of all where there are none.
fn wanted(scale: Scale, names: &[String]) -> Result<Vec<Arc<Run>>, String> {
    if let Some(unknown) = names.iter().find(|name| SCENARIOS.iter().all(|known| known.name != **name)) {
        let known: Vec<_> = SCENARIOS.iter().map(|scenario| scenario.name).collect();
        return Err(format!("{unknown:?} is no scenario: name some of {}", known.join(", ")));
    }
    let is_wanted = |name: &str| names.is_empty() || names.iter().any(|wanted| wanted == name);
    let scenarios = SCENARIOS.iter().filter(|scenario| is_wanted(scenario.name));
    Ok(scenarios.flat_map(|scenario| Run::all(scale, scenario)).map(Arc::new).collect())
}

type Outcomes = Vec<Result<Outcome, Box<dyn Error + Send + Sync>>>;

/// One run after the other, since they would slow each other.
async fn in_turn(runs: &[Arc<Run>]) -> Outcomes {
    let mut outcomes = Vec::new();
    for run in runs {
        let progress = Progress::default();
        let outcome = tokio::select! {
            outcome = run.execute(&progress) => outcome,
            () = tell(std::slice::from_ref(run), std::slice::from_ref(&progress)) => continue,
        };
        tell_outcome(run, &outcome);
        outcomes.push(outcome);
    }
    outcomes
}

/// All runs at once, begun one after the other within a window, so that their windows do not all end together.
async fn at_once(runs: &[Arc<Run>]) -> Outcomes {
    let progress: Vec<Progress> = runs.iter().map(|_| Progress::default()).collect();
    let tasks: Vec<_> = (0_u32..)
        .zip(runs.iter().zip(&progress))
        .map(|(index, (run, progress))| {
            let (run, progress) = (Arc::clone(run), progress.clone());
            let count = u32::try_from(runs.len()).unwrap_or(u32::MAX);
            tokio::spawn(async move {
                tokio::time::sleep(run.scale.window * index / count).await;
                let outcome = run.execute(&progress).await;
                tell_outcome(&run, &outcome);
                outcome
            })
        })
        .collect();
    let mut outcomes = Vec::new();
    let all = async {
        for task in tasks {
            outcomes.push(task.await.map_err(Into::into).and_then(|outcome| outcome));
        }
    };
    tokio::select! {
        () = all => {}
        () = tell(runs, &progress) => {}
    }
    outcomes
}

/// Says again and again how far the runs are; it never ends.
async fn tell(runs: &[Arc<Run>], progress: &[Progress]) {
    let started = Instant::now();
    loop {
        tokio::time::sleep(Duration::from_secs(10)).await;
        let done: usize = progress.iter().map(Progress::done).sum();
        let under_way: Vec<_> = runs
            .iter()
            .zip(progress)
            .filter(|(_, progress)| !progress.is_over())
            .map(|(run, _)| run.label())
            .collect();
        let names =
            if under_way.len() > 4 { format!("{} runs", under_way.len()) } else { under_way.join(", ") };
        say(&format!("{:4.0} s: {done} requests done, {names} under way", started.elapsed().as_secs_f64()));
    }
}

fn tell_outcome(run: &Run, outcome: &Result<Outcome, Box<dyn Error + Send + Sync>>) {
    match outcome {
        Ok(outcome) => say(&cells(run, outcome).join("  ")),
        Err(error) => say(&format!("{}: {error}", run.label())),
    }
}

/// Progress that cannot be shown is no reason to stop.
fn say(line: &str) {
    let _: io::Result<()> = writeln!(io::stderr(), "{line}");
}

fn cells(run: &Run, outcome: &Outcome) -> Vec<String> {
    let ratio = outcome.took.as_secs_f64() / outcome.ideal.as_secs_f64();
    let ratio = match outcome.missing {
        0 => format!("{ratio:.3}"),
        missing => format!("> {ratio:.1}, {missing} missing"),
    };
    vec![
        run.scenario.name.to_owned(),
        run.crowd.label(),
        run.manner.label().to_owned(),
        ratio,
        outcome.turned_away().to_string(),
        outcome.most_in_a_window().to_string(),
        outcome.given_up.to_string(),
        format!("{:.2}", outcome.sent as f64 / run::REQUESTS as f64),
    ]
}

/// What each window answered and turned away.
fn windows(outcome: &Outcome) -> String {
    let windows = outcome.windows.iter();
    windows
        .map(|(window, seen)| format!("{window}: {}+{}", seen.answered, seen.turned_away))
        .collect::<Vec<_>>()
        .join(", ")
}
