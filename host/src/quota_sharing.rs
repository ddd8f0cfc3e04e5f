//! Which file this program shares the quota through with others of this machine: the one named, or one of its own.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use connector_runtime::ExposeSecret as _;
use connector_runtime::pacing::{Gates, SystemClock, WindowStore};

use crate::credentials::{Sources, environment, variable_name};
use crate::failure::Failure;
use crate::quota_store::QuotaStore;

/// Names the file; flag and variable follow from it like those of a connection's fields.
pub(crate) const SHARE_QUOTA: &str = "share_quota";

/// In place of a file: the quota is not shared.
const NONE: &str = "none";

/// The gates of an invocation, and with whom they share.
pub(crate) struct Sharing {
    /// The gates.
    pub(crate) gates: Gates,
    /// The file.
    pub(crate) file: Option<PathBuf>,
    /// Why there is none.
    pub(crate) reason: Option<String>,
}

/// The gates that share through the file of the flag, else of the environment, else through the program's own.
///
/// A file that somebody named must work. The program's own is a convenience: where it does not, calls go on without.
///
/// # Errors
/// `Usage` when the file that was named cannot be used.
pub(crate) fn open(flag: Option<&Path>, sources: &Sources<'_>) -> Result<Sharing, Failure> {
    let named = match flag {
        Some(path) => Some(path.to_owned()),
        None => {
            environment(sources, &variable_name(SHARE_QUOTA))?.map(|path| PathBuf::from(path.expose_secret()))
        }
    };
    match named {
        Some(path) if path == Path::new(NONE) => Ok(alone("as it was asked for".to_owned())),
        Some(path) => through(path).map_err(Failure::usage),
        None => Ok(own(sources).unwrap_or_else(alone)),
    }
}

fn own(sources: &Sources<'_>) -> Result<Sharing, String> {
    let folder = state_folder(std::env::consts::OS, sources.variable)
        .ok_or_else(|| "the environment names no home folder".to_owned())?;
    make_folder(&folder).map_err(|error| format!("{} cannot be made: {error}", folder.display()))?;
    through(folder.join("quota.sqlite"))
}

fn through(path: PathBuf) -> Result<Sharing, String> {
    let clock = Arc::new(SystemClock::new());
    let store = QuotaStore::open(&path, clock.clone()).map_err(|error| error.to_string())?;
    let store: Arc<dyn WindowStore> = Arc::new(store);
    Ok(Sharing { gates: Gates::with_clock(clock).shared_through(store), file: Some(path), reason: None })
}

fn alone(reason: String) -> Sharing {
    Sharing { gates: Gates::new(), file: None, reason: Some(reason) }
}

/// Where programs of an operating system keep what is no setting and can be found out again.
pub(crate) fn state_folder(system: &str, variable: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let absolute = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = match system {
        "windows" => absolute("LOCALAPPDATA")?,
        "macos" => absolute("HOME")?.join("Library/Application Support"),
        _ => absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")))?,
    };
    Some(base.join("connector"))
}

/// Makes a folder that others cannot look into: names of accounts are nobody else's business.
pub(crate) fn make_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    /// How the sharing of an invocation with this flag and these variables came out.
    fn opened(flag: Option<&Path>, variables: &[(&str, &Path)]) -> Result<Sharing, Failure> {
        let variable = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
        };
        let read = |_: &Path| Err(io::Error::from(io::ErrorKind::NotFound));
        open(flag, &Sources { variable: &variable, files: &read })
    }

    #[cfg(unix)]
    #[test]
    fn every_system_has_its_place() {
        let variable = |name: &str| match name {
            "LOCALAPPDATA" => Some("/local".into()),
            "HOME" => Some("/me".into()),
            _ => None,
        };
        let folder = |system| state_folder(system, &variable).unwrap();
        assert_eq!(folder("windows"), Path::new("/local/connector"));
        assert_eq!(folder("macos"), Path::new("/me/Library/Application Support/connector"));
        assert_eq!(folder("linux"), Path::new("/me/.local/state/connector"));
        let with =
            |text: &'static str| move |name: &str| (name == "XDG_STATE_HOME").then(|| OsString::from(text));
        assert_eq!(state_folder("linux", &with("/state")).unwrap(), Path::new("/state/connector"));
        // The standard says to ignore one that is not absolute.
        assert_eq!(state_folder("linux", &with("state")), None);
    }

    #[test]
    fn the_flag_wins_over_the_environment_and_none_turns_it_off() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (folder.path().join("one"), folder.path().join("other"));
        let environment = [("CONNECTOR_SHARE_QUOTA", other.as_path())];
        assert_eq!(opened(Some(&one), &environment).unwrap().file.unwrap(), one);
        assert_eq!(opened(None, &environment).unwrap().file.unwrap(), other);
        assert_eq!(opened(Some(Path::new("none")), &environment).unwrap().file, None);
        let variables = [("CONNECTOR_SHARE_QUOTA", Path::new("none")), ("HOME", folder.path())];
        assert_eq!(opened(None, &variables).unwrap().file, None);
    }

    #[test]
    fn a_named_file_must_work_and_the_own_one_need_not() {
        let folder = tempfile::tempdir().unwrap();
        let occupied = folder.path().join("occupied");
        std::fs::write(&occupied, "no folder").unwrap();
        let impossible = occupied.join("quota");
        assert!(matches!(opened(Some(&impossible), &[]), Err(Failure::Usage { .. })));
        let variables = ["HOME", "XDG_STATE_HOME", "LOCALAPPDATA"].map(|name| (name, impossible.as_path()));
        let sharing = opened(None, &variables).unwrap();
        assert_eq!(sharing.file, None);
        assert!(sharing.reason.unwrap().contains("occupied"));
        assert!(opened(None, &[]).unwrap().reason.unwrap().contains("no home folder"));
    }

    #[test]
    fn the_own_file_lies_in_a_folder_for_the_user_alone() {
        let folder = tempfile::tempdir().unwrap();
        let variables = ["HOME", "XDG_STATE_HOME", "LOCALAPPDATA"].map(|name| (name, folder.path()));
        let file = opened(None, &variables).unwrap().file.unwrap();
        assert!(file.starts_with(folder.path()) && file.is_file(), "{}", file.display());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(file.parent().unwrap()).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700);
        }
    }
}
