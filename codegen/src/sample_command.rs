//! `cargo codegen sample`: writes the draft of a sample beside the manifest.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use connector_codegen::{Answer, Diagnostic, Refusal, Sources, decode, draft_sample, render};

use crate::Outcome;
use crate::disk::{self, at, read_sources};
use crate::text;

/// What the command takes.
#[derive(Args)]
pub(crate) struct SampleArguments {
    /// Id of the action or trigger; `actions.ID` or `triggers.ID` if both have it.
    id: String,
    /// Folder that holds the `connector.yaml`.
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// Take the data from this file: the body of an answer or of a delivery, as the vendor sent it.
    #[arg(long, value_name = "ANSWER.json")]
    from: Option<PathBuf>,
    /// Replace the sample if it exists.
    #[arg(long)]
    force: bool,
}

/// Writes the sample that the manifest names, unless it exists.
///
/// # Errors
/// If a file cannot be read or written, or the sample exists.
pub(crate) fn run(arguments: &SampleArguments) -> io::Result<Outcome> {
    let (sources, undecoded) = decode(&read_sources(&arguments.folder)?);
    if !undecoded.is_empty() {
        return refuse(&undecoded, &sources);
    }
    let from = arguments.from.as_deref().map(|path| Ok::<_, io::Error>((path, text::source(path)?)));
    let (answer, undecoded) = match from.transpose()? {
        Some((path, bytes)) => decode(&BTreeMap::from([(shown(path), bytes)])),
        None => (Sources::new(), Vec::new()),
    };
    if !undecoded.is_empty() {
        return refuse(&undecoded, &answer);
    }
    let answer = answer.iter().next().map(|(path, text)| Answer { path, text });
    let draft = match draft_sample(&sources, &arguments.id, answer) {
        Ok(draft) => draft,
        Err(Refusal { sources, faults }) => return refuse(&faults, &sources),
    };
    let path = arguments.folder.join(&draft.path);
    if path.exists() && !arguments.force {
        let what =
            format!("cannot write {}: the file exists; to replace it, add the flag --force", shown(&path));
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, what));
    }
    disk::write(&path, &draft.text)?;
    let mut out = io::stdout().lock();
    writeln!(out, "wrote   {}", path.display()).map_err(|error| at(Path::new("standard output"), error))?;
    let advice = match answer {
        Some(_) => "remove personal data and secrets from it before you commit it",
        None => "replace its values with those that the vendor's documentation shows",
    };
    writeln!(out, "{advice}")?;
    Ok(Outcome::Done)
}

fn refuse(faults: &[Diagnostic], sources: &Sources) -> io::Result<Outcome> {
    let text = render(faults, sources, io::stderr().is_terminal());
    io::stderr().write_all(text.as_bytes())?;
    Ok(Outcome::Faults)
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
