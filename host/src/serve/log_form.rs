//! Whether log lines are JSON, before the settings are read: an error of the start is a log line, too.

use std::ffi::OsString;
use std::path::Path;

use connector_runtime::ExposeSecret as _;

use super::settings::{CONFIG, Setting, of_key, variable};
use super::values::Flags;
use crate::outside;
use crate::surroundings::STANDARD_INPUT;

/// The key of the setting.
pub(super) const KEY: &str = "log.format";

/// Its value for JSON.
pub(super) const JSON: &str = "json";

type Variable<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// For the command line of `connector serve`, from flags, variables and the file with settings.
pub(crate) fn of_flags(flags: &Flags, environment: Variable<'_>) -> bool {
    is_json(|key| flags.get(key).map(str::to_owned), environment)
}

/// The same for a command line that cannot be parsed; `arguments` begin with the name of the program.
pub(crate) fn of_arguments(arguments: &[OsString], environment: Variable<'_>) -> bool {
    let words: Vec<String> = arguments.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let given = |key: &str| {
        let flag = if key == CONFIG.key { CONFIG.flag() } else { of_key(key).and_then(Setting::flag) }?;
        let flag = format!("--{flag}");
        let at = words.iter().rposition(|word| word.starts_with(&flag))?;
        match words[at].strip_prefix(&flag)?.strip_prefix('=') {
            Some(value) => Some(value.to_owned()),
            None => words.get(at + 1).cloned(),
        }
    };
    words.get(1).is_some_and(|verb| verb == "serve") && is_json(given, environment)
}

fn is_json(flag: impl Fn(&str) -> Option<String>, environment: Variable<'_>) -> bool {
    let text = |key: &str, variable: &str| {
        let value = || environment(variable).filter(|value| !value.is_empty());
        flag(key).or_else(|| Some(value()?.to_string_lossy().into_owned()))
    };
    let format = text(KEY, &variable(KEY)).or_else(|| {
        // Standard input can be read only once, by whoever needs all settings.
        let path = text(CONFIG.key, &CONFIG.variable()).filter(|path| path != STANDARD_INPUT)?;
        let settings = outside::file(Path::new(&path)).ok()?;
        let settings: toml::Table = settings.expose_secret().parse().ok()?;
        let (section, name) = KEY.split_once('.')?;
        Some(settings.get(section)?.get(name)?.as_str()?.to_owned())
    });
    format.as_deref() == Some(JSON)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(arguments: &[&str], variables: &[(&str, &str)]) -> bool {
        let arguments: Vec<OsString> = ["connector"].iter().chain(arguments).map(OsString::from).collect();
        let find =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into());
        of_arguments(&arguments, &find)
    }

    #[test]
    fn flags_come_before_variables_and_variables_before_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("connector.toml");
        std::fs::write(&file, "[log]\nformat = \"json\"\n[nonsense]\na = 1\n").unwrap();
        let file = file.to_str().unwrap();
        let json = ("CONNECTOR_LOG_FORMAT", "json");
        assert!(of(&["serve", "--log-format", "json", "--nonsense"], &[]));
        assert!(of(&["serve", "--log-format=json"], &[]));
        assert!(of(&["serve"], &[json]));
        assert!(!of(&["serve", "--log-format", "text"], &[json]));
        assert!(of(&["serve", "--config", file], &[]));
        assert!(of(&["serve"], &[("CONNECTOR_CONFIG", file)]));
        assert!(!of(&["serve", "--config", file], &[("CONNECTOR_LOG_FORMAT", "text")]));
        assert!(!of(&["serve", "--config", "/nowhere"], &[]));
        assert!(!of(&["serve", "--log-format"], &[]));
        assert!(!of(&["catalog", "--log-format", "json"], &[json]), "only the service has a log");
    }
}
