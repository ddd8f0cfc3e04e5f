//! `connector backup`: a copy of the service's database in a new file, also while it runs.

use std::path::Path;

use crate::credentials::Sources;
use crate::failure::Failure;
use crate::printable::print;
use crate::serve::config::data_of;
use crate::serve::known_database;
use crate::serve::values::{self, Flags, Values};
use crate::storage;
use crate::surroundings::Surroundings;

/// The flags of the command.
pub(crate) fn flags() -> Vec<clap::Arg> {
    values::flags(|setting| ["config", "data"].contains(&setting.key))
}

/// Copies the database.
///
/// # Errors
/// `Usage` where the settings are wrong, `Broken` where the copy cannot be made.
pub(crate) fn run(flags: &Flags, to: &Path, surroundings: &mut Surroundings<'_>) -> Result<(), Failure> {
    let sources = Sources::of(surroundings.variable, &surroundings.stdin);
    let data = data_of(&Values::read(flags, &sources)?, surroundings.variable)?;
    let database = known_database(&data)?;
    storage::back_up(&database, to)
        .map_err(|error| Failure::Broken(format!("{} was not written: {error}", to.display())))?;
    let keys =
        "the keys that open its secrets are not in it: keep sealing.keys or your own, in another place";
    Ok(print(surroundings.stdout, &format!("{} written; {keys}", to.display()))?)
}
