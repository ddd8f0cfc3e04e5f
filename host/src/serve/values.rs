//! Values of settings from flags, environment and file, in this order, each with where it stands; typed on demand.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ArgMatches;
use connector_runtime::{ExposeSecret as _, SecretString};
use ipnet::IpNet;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::settings::{CONFIG, Fallback, SETTINGS, Setting, of_key, variable};
use crate::credentials::{Sources, environment, read, secret_in, secret_of};
use crate::failure::Failure;
use crate::outside;
use crate::suggestion::suggestions;

/// The flags of a command line, by key.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flags(Vec<(&'static str, String)>);

impl Flags {
    /// The value of a setting, if a flag gives it.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| *known == key).map(|(_, text)| text.as_str())
    }

    /// What a command line with these settings as flags says.
    pub(crate) fn read(matches: &ArgMatches) -> Self {
        let given = |setting: &Setting| {
            let is_known = matches.try_contains_id(setting.key).unwrap_or(false);
            let value = is_known.then(|| matches.get_one::<String>(setting.key)).flatten()?;
            Some((setting.key, outside::unmarked(value).to_owned()))
        };
        Self([&CONFIG].into_iter().chain(SETTINGS).filter_map(given).collect())
    }
}

/// A flag for each setting that is wanted.
pub(crate) fn flags(wanted: impl Fn(&Setting) -> bool) -> Vec<clap::Arg> {
    let all = [&CONFIG].into_iter().chain(SETTINGS).filter(|setting| wanted(setting));
    all.filter_map(|setting| {
        let default = match setting.default {
            Fallback::Value(value) => format!("[default: {value}]"),
            Fallback::Words(words) => format!("[default: {}]", words.replace('`', "")),
        };
        let stdin = if setting.key.ends_with("_file") { "; `-` reads standard input" } else { "" };
        let arg = clap::Arg::new(setting.key)
            .long(setting.flag()?)
            .value_name(setting.value)
            .help(format!(
                "{}{stdin} {default} [env: {}]",
                setting.meaning.replace('`', ""),
                setting.variable()
            ))
            .help_heading("Settings");
        Some(match setting.value {
            "true|false" => arg.num_args(0..=1).require_equals(true).default_missing_value("true"),
            _ => arg,
        })
    })
    .collect()
}

/// A value and where it stands.
#[derive(Clone, Debug)]
struct Given {
    text: String,
    place: String,
}

/// All settings that somebody has set, and the sources to look up the rest.
pub(crate) struct Values<'a> {
    given: BTreeMap<String, Given>,
    sources: &'a Sources<'a>,
    apps: BTreeSet<String>,
}

impl<'a> Values<'a> {
    /// Reads the file, the variables and the flags.
    ///
    /// # Errors
    /// `Usage` where the file cannot be read, or has something that is no setting.
    pub(crate) fn read(flags: &Flags, sources: &'a Sources<'a>) -> Result<Self, Failure> {
        let mut values = Self { given: BTreeMap::new(), sources, apps: BTreeSet::new() };
        let flag = |key: &str| flags.get(key).map(str::to_owned);
        let config = match flag(CONFIG.key) {
            Some(path) => Some(path),
            None => environment(sources, &CONFIG.variable())?.map(|text| text.expose_secret().to_owned()),
        };
        if let Some(path) = config {
            values.read_file(Path::new(&path))?;
        }
        let names = match flag("apps") {
            Some(names) => Some(names),
            None => values.text_of_variable("apps")?,
        };
        for id in names.iter().flat_map(|names| names.split(',')).map(str::trim) {
            let known = is_app_id(id).then(|| values.apps.insert(id.to_owned()));
            known.ok_or_else(|| Failure::usage(format!("{id:?} is no id of an app: {APP_ID}")))?;
        }
        for key in values.keys() {
            if let Some(text) = values.text_of_variable(&key)? {
                values.given.insert(key.clone(), Given { text, place: variable(&key) });
            }
        }
        for (key, text) in &flags.0 {
            let flag = of_key(key).and_then(Setting::flag).unwrap_or_default();
            values.given.insert((*key).to_owned(), Given { text: text.clone(), place: format!("--{flag}") });
        }
        Ok(values)
    }

    /// The ids of the apps.
    pub(crate) fn apps(&self) -> impl Iterator<Item = &str> {
        self.apps.iter().map(String::as_str)
    }

    /// The text of a setting, or its default where that is a value.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        let given = self.given.get(key).map(|given| given.text.clone());
        given.or_else(|| match of_key(key)?.default {
            Fallback::Value(value) => Some(value.to_owned()),
            Fallback::Words(_) => None,
        })
    }

    /// A file or folder.
    pub(crate) fn path(&self, key: &str) -> Option<PathBuf> {
        self.text(key).map(PathBuf::from)
    }

    /// A setting read by `read`, which says what is wanted where it cannot.
    ///
    /// # Errors
    /// `Usage` with the place of the value, where it is no such thing; or where nobody has set it.
    pub(crate) fn parsed<T>(
        &self,
        key: &str,
        wanted: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<T, Failure> {
        let text =
            self.text(key).ok_or_else(|| Failure::usage(format!("{key} is not set: give {wanted}")))?;
        read(&text).ok_or_else(|| self.wrong(key, &format!("{text:?} is not {wanted}")))
    }

    /// What is wrong with a setting, with its place.
    pub(crate) fn wrong(&self, key: &str, what: &str) -> Failure {
        let place = self.given.get(key).map_or(key, |given| given.place.as_str());
        Failure::Usage { message: format!("{place}: {what}"), command: Some("serve".to_owned()) }
    }

    /// What is wrong with a secret, with its variable, or else the place of the setting that names its file.
    pub(crate) fn wrong_secret(&self, key: &str, what: &str) -> Failure {
        let name = variable(key);
        match (self.sources.variable)(&name).is_some_and(|value| !value.is_empty()) {
            true => Failure::Usage { message: format!("{name}: {what}"), command: Some("serve".to_owned()) },
            false => self.wrong(&format!("{key}_file"), what),
        }
    }

    /// An address to listen on.
    ///
    /// # Errors
    /// See [`parsed`](Self::parsed).
    pub(crate) fn address(&self, key: &str) -> Result<SocketAddr, Failure> {
        self.parsed(key, "an IP address with a port, such as 127.0.0.1:8080", |text| text.parse().ok())
    }

    /// A length of time.
    ///
    /// # Errors
    /// See [`parsed`](Self::parsed).
    pub(crate) fn duration(&self, key: &str) -> Result<Duration, Failure> {
        self.parsed(key, "a length of time such as 500ms, 15s, 5m, 48h or 7d", duration)
    }

    /// A number within bounds.
    ///
    /// # Errors
    /// See [`parsed`](Self::parsed).
    pub(crate) fn number(&self, key: &str, bounds: Range<usize>) -> Result<usize, Failure> {
        let wanted = format!("a whole number of {} to {}", bounds.start, bounds.end - 1);
        self.parsed(key, &wanted, |text| text.parse().ok().filter(|number| bounds.contains(number)))
    }

    /// A yes or no.
    ///
    /// # Errors
    /// See [`parsed`](Self::parsed).
    pub(crate) fn yes(&self, key: &str) -> Result<bool, Failure> {
        self.parsed(key, "true or false", |text| text.parse().ok())
    }

    /// A list of networks, such as `10.0.0.0/8,192.0.2.7`; nothing where nobody has set it.
    ///
    /// # Errors
    /// `Usage` with the place of the value, if an item is no network and no address.
    pub(crate) fn networks<N: FromIterator<IpNet>>(&self, key: &str) -> Result<N, Failure> {
        let text = self.text(key).unwrap_or_default();
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        let network = |item: &str| {
            let network = item.parse::<IpNet>().ok();
            let network = network.or_else(|| item.parse::<IpAddr>().ok().map(IpNet::from));
            let what = format!("{item:?} is no network such as 10.0.0.0/8 or fd00::/8");
            network.ok_or_else(|| self.wrong(key, &what))
        };
        items.map(network).collect()
    }

    /// A secret: from the variable of `key`, else from the file that `key` with `_file` names.
    ///
    /// # Errors
    /// `Usage` if the file cannot be read or holds no secret.
    pub(crate) fn secret(&self, key: &str, what: &str) -> Result<Option<SecretString>, Failure> {
        if let Some(secret) = self.secret_variable(key)? {
            return Ok(Some(secret));
        }
        let Some(path) = self.path(&format!("{key}_file")) else { return Ok(None) };
        secret_in(self.sources, &path, what).map(Some)
    }

    /// A secret from the variable of `key`.
    ///
    /// # Errors
    /// `Usage` if the variable holds no secret.
    fn secret_variable(&self, key: &str) -> Result<Option<SecretString>, Failure> {
        let name = variable(key);
        let text = environment(self.sources, &name)?;
        text.map(|text| secret_of(&text, &format!("variable {name}"))).transpose()
    }

    /// A list of secrets from the variable of `key`; whoever reads the list checks each secret.
    ///
    /// # Errors
    /// `Usage` if the variable is no text.
    pub(crate) fn secrets_variable(&self, key: &str) -> Result<Option<SecretString>, Failure> {
        environment(self.sources, &variable(key))
    }

    /// The text of a file; `what` names the file for the message.
    ///
    /// # Errors
    /// `Usage` if the text cannot be read.
    pub(crate) fn text_in(&self, path: &Path, what: &str) -> Result<SecretString, Failure> {
        read(self.sources, path, what)
    }

    /// Every key that a variable may set and a value may be shown of.
    fn keys(&self) -> Vec<String> {
        let keys = SETTINGS.iter().filter(|setting| setting.is_in_file() && setting.key != "apps");
        keys.flat_map(|setting| match setting.is_of_app() {
            true => self.apps.iter().map(|id| setting.key.replace("ID", id)).collect(),
            false => vec![setting.key.to_owned()],
        })
        .collect()
    }

    fn text_of_variable(&self, key: &str) -> Result<Option<String>, Failure> {
        let value = environment(self.sources, &variable(key))?;
        Ok(value.map(|text| text.expose_secret().to_owned()))
    }

    fn read_file(&mut self, path: &Path) -> Result<(), Failure> {
        let text = self.sources.files.text(path).map_err(|error| {
            Failure::usage(format!("the file with settings {} cannot be read: {error}", path.display()))
        })?;
        let text = text.expose_secret();
        let at = |start: usize| format!("{}:{}", path.display(), line(text, start));
        // The message of the parser may quote the file, which may hold a secret where none belongs.
        let table = DeTable::parse(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            Failure::usage(format!("{}: no TOML: {}", at(start), error.message()))
        })?;
        self.read_table(table.get_ref(), "", &at)
    }

    fn read_table(
        &mut self,
        table: &DeTable<'_>,
        section: &str,
        at: &dyn Fn(usize) -> String,
    ) -> Result<(), Failure> {
        for (name, value) in table {
            let key = format!("{section}{}", name.get_ref());
            let place = at(name.span().start);
            if let DeValue::Table(inner) = value.get_ref() {
                if let Some(id) = key.strip_prefix("apps.").filter(|id| !id.contains('.')) {
                    if !is_app_id(id) {
                        return Err(Failure::usage(format!("{place}: {id:?} is no id of an app: {APP_ID}")));
                    }
                    self.apps.insert(id.to_owned());
                }
                if !is_section(&key) {
                    return Err(Failure::usage(format!("{place}: {}", unknown(&key))));
                }
                self.read_table(inner, &format!("{key}."), at)?;
                continue;
            }
            let Some(setting) = of_key(&key).filter(|setting| setting.key != "apps") else {
                return Err(Failure::usage(format!("{place}: {}", unknown(&key))));
            };
            if !setting.is_in_file() {
                let what = format!(
                    "{key} is a secret and has no place here: set {}, or {key}_file to a file that holds it",
                    variable(&key)
                );
                return Err(Failure::usage(format!("{place}: {what}")));
            }
            let text = scalar(value)
                .ok_or_else(|| Failure::usage(format!("{place}: {key} takes {}", setting.value)))?;
            self.given.insert(key, Given { text, place });
        }
        Ok(())
    }
}

/// What the id of an app may look like: it becomes a part of variables.
const APP_ID: &str = "use letters, digits and _";

fn is_app_id(id: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=32).contains(&id.len()) && id.bytes().all(is_plain)
}

/// Whether settings have a place below this key.
fn is_section(key: &str) -> bool {
    let is_of_app = key.strip_prefix("apps.").is_some_and(|id| !id.contains('.'));
    is_of_app || SETTINGS.iter().any(|setting| setting.key.starts_with(&format!("{key}.")))
}

fn unknown(key: &str) -> String {
    let keys = SETTINGS.iter().filter(|setting| setting.is_in_file()).map(|setting| setting.key);
    let sections = keys.clone().filter_map(|key| key.rsplit_once('.')).map(|(section, _)| section);
    let keys = keys.chain(sections.filter(|section| *section != "apps.ID"));
    let found = suggestions(key, keys);
    let hint = found.first().map(|key| format!("; did you mean {key}?")).unwrap_or_default();
    format!("there is no setting {key}{hint}")
}

/// A value as text; none for what is no single value.
fn scalar(value: &Spanned<DeValue<'_>>) -> Option<String> {
    match value.get_ref() {
        DeValue::String(text) => Some(text.clone().into_owned()),
        DeValue::Integer(number) => Some(number.as_str().replace('_', "")),
        DeValue::Boolean(truth) => Some(truth.to_string()),
        _ => None,
    }
}

/// The line of a position, from 1.
fn line(text: &str, position: usize) -> usize {
    text.bytes().take(position).filter(|byte| *byte == b'\n').count() + 1
}

/// A length of time: a number and a unit.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit())?;
    let number: u64 = text[..digits].parse().ok()?;
    let seconds = |factor: u64| number.checked_mul(factor).map(Duration::from_secs);
    match &text[digits..] {
        "ms" => Some(Duration::from_millis(number)),
        "s" => seconds(1),
        "m" => seconds(60),
        "h" => seconds(60 * 60),
        "d" => seconds(24 * 60 * 60),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
