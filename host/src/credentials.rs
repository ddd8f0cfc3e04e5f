//! Where the values of a connection come from: flags, then the environment, then a credentials file. Whatever may hold a
//! token is wrapped as soon as it is read, so that our copy of it is wiped.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use connector_runtime::{Connection, Connector, ExposeSecret as _, SecretString, text};
use serde_json::value::RawValue;

use crate::delivery::signing;
use crate::failure::Failure;
use crate::outside;
use crate::surroundings::{STANDARD_INPUT, StandardInput};

/// Name of the address of a sandbox or proxy in files; flag and variable follow from it like those of fields.
pub(crate) const BASE_URL: &str = "base_url";

/// What the command line says of a connection. Fields and credentials by their names in the connector.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConnectionFlags {
    /// Values a person enters.
    pub(crate) fields: Vec<(&'static str, String)>,
    /// Secrets given as they are.
    pub(crate) secrets: Vec<(&'static str, SecretString)>,
    /// Secrets given as files that hold them.
    pub(crate) secret_files: Vec<(&'static str, PathBuf)>,
    /// A JSON file with any of them.
    pub(crate) file: Option<PathBuf>,
    /// The address of a sandbox or proxy.
    pub(crate) base_url: Option<String>,
}

/// What is read besides the command line.
pub(crate) struct Sources<'a> {
    /// Looks up an environment variable.
    pub(crate) variable: &'a dyn Fn(&str) -> Option<OsString>,
    /// Reads a whole file.
    pub(crate) files: &'a dyn Files,
}

/// Reads texts by the path of a file.
pub(crate) trait Files {
    /// The whole text.
    ///
    /// # Errors
    /// If the text cannot be read or is not UTF-8.
    fn text(&self, path: &Path) -> io::Result<SecretString>;
}

impl<F: Fn(&Path) -> io::Result<SecretString>> Files for F {
    fn text(&self, path: &Path) -> io::Result<SecretString> {
        self(path)
    }
}

impl Files for StandardInput<'_> {
    fn text(&self, path: &Path) -> io::Result<SecretString> {
        self.text(path)
    }
}

impl<'a> Sources<'a> {
    /// The variables of the environment, files of this machine, and standard input for the path `-`.
    pub(crate) fn of(variable: &'a dyn Fn(&str) -> Option<OsString>, stdin: &'a StandardInput<'_>) -> Self {
        Self { variable, files: stdin }
    }
}

/// The environment variable for a value: `store_hash` is `CONNECTOR_STORE_HASH`.
pub(crate) fn variable_name(name: &str) -> String {
    format!("CONNECTOR_{}", name.to_uppercase())
}

/// The flag for a value: `store_hash` is `store-hash`.
pub(crate) fn flag_name(name: &str) -> String {
    name.replace('_', "-")
}

/// What the flags, the environment and the credentials file say of a connection together.
pub(crate) struct Found {
    /// Values of fields.
    pub(crate) fields: Vec<(&'static str, String)>,
    /// Credentials.
    pub(crate) secrets: Vec<(&'static str, SecretString)>,
    /// The address of a sandbox or proxy.
    pub(crate) base_url: Option<String>,
    /// What is said of each field that is missing, then of each credential.
    pub(crate) missing: (Vec<String>, Vec<String>),
}

/// Looks for the values of a connection.
///
/// # Errors
/// `Usage` when one cannot be read.
pub(crate) fn find(
    connector: &'static Connector,
    flags: &ConnectionFlags,
    sources: &Sources<'_>,
) -> Result<Found, Failure> {
    let from_environment = |name: &str| environment(sources, &variable_name(name));
    let path = match &flags.file {
        Some(path) => Some(path.clone()),
        None => from_environment("credentials")?.map(|path| PathBuf::from(path.expose_secret())),
    };
    let mut file = match path {
        Some(path) => parse(connector, &path, read(sources, &path, "credentials file")?.expose_secret())?,
        None => Values::new(),
    };
    let mut missing = (Vec::new(), Vec::new());
    let mut fields = Vec::new();
    for field in connector.fields {
        let flag = flags.fields.iter().find(|(name, _)| *name == field.name);
        let flag = flag.map(|(_, value)| outside::unmarked(value).to_owned());
        let other = from_environment(field.name)?.or_else(|| file.remove(field.name));
        match flag.or(other.map(|value| value.expose_secret().to_owned())) {
            Some(value) => fields.push((field.name, value)),
            None => missing.0.push(missing_field(field.name, field.title)),
        }
    }
    let mut secrets = Vec::new();
    for credential in connector.credentials {
        let found = match secret(flags, sources, credential.name)? {
            Some(secret) => Some(secret),
            None => match from_environment(credential.name)? {
                Some(secret) => {
                    Some(secret_of(&secret, &format!("variable {}", variable_name(credential.name)))?)
                }
                None => file
                    .remove(credential.name)
                    .map(|secret| {
                        secret_of(&secret, &format!("member {} of the credentials file", credential.name))
                    })
                    .transpose()?,
            },
        };
        match found {
            Some(secret) => secrets.push((credential.name, secret)),
            None => missing.1.push(missing_secret(credential.name, credential.title)),
        }
    }
    let other = from_environment(BASE_URL)?.or_else(|| file.remove(BASE_URL));
    let base_url = flags.base_url.clone().or(other.map(|url| url.expose_secret().to_owned()));
    Ok(Found { fields, secrets, base_url, missing })
}

/// What to do about values that are missing.
pub(crate) fn all_missing(missing: &[String]) -> Failure {
    let ways = "or name a credentials file with --credentials FILE or CONNECTOR_CREDENTIALS";
    Failure::usage(format!("{}; {ways}", missing.join("; ")))
}

/// The connection that the flags, the environment and the credentials file make together.
///
/// # Errors
/// `Usage` when a value is missing or cannot be read; a failed call when the runtime refuses a value.
pub(crate) fn resolve(
    connector: &'static Connector,
    flags: &ConnectionFlags,
    sources: &Sources<'_>,
) -> Result<Connection, Failure> {
    let Found { fields, secrets, base_url, missing } = find(connector, flags, sources)?;
    let missing = [missing.0, missing.1].concat();
    if !missing.is_empty() {
        return Err(all_missing(&missing));
    }
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let connection =
        Connection::new(connector, &fields, &secrets).map_err(|error| Failure::call(error, None))?;
    match base_url {
        Some(url) => connection.at_origin(&url).map_err(|error| Failure::call(error, None)),
        None => Ok(connection),
    }
}

fn missing_field(name: &str, title: &str) -> String {
    format!("no {title}: give --{} VALUE or set {}", flag_name(name), variable_name(name))
}

fn missing_secret(name: &str, title: &str) -> String {
    format!("no {title}: give --{}-file FILE or set {}", flag_name(name), variable_name(name))
}

/// An environment variable; an empty one counts as not set, as scripts and CI systems leave them.
pub(crate) fn environment(sources: &Sources<'_>, name: &str) -> Result<Option<SecretString>, Failure> {
    let Some(value) = (sources.variable)(name).filter(|value| !value.is_empty()) else { return Ok(None) };
    // The value stays out of the message: it may be a token.
    let text = text::read(value.as_encoded_bytes())
        .map_err(|fault| Failure::usage(format!("the variable {name} cannot be read: {fault}")))?;
    Ok(Some(SecretString::from(text)))
}

fn secret(
    flags: &ConnectionFlags,
    sources: &Sources<'_>,
    name: &str,
) -> Result<Option<SecretString>, Failure> {
    if let Some((_, secret)) = flags.secrets.iter().find(|(known, _)| *known == name) {
        return secret_of(secret, &format!("flag --{}", flag_name(name))).map(Some);
    }
    let Some((_, path)) = flags.secret_files.iter().find(|(known, _)| *known == name) else {
        return Ok(None);
    };
    secret_in(sources, path, "token file").map(Some)
}

/// The secret in a file that holds nothing else.
///
/// # Errors
/// `Usage` if the file cannot be read or holds no secret.
pub(crate) fn secret_in(sources: &Sources<'_>, path: &Path, what: &str) -> Result<SecretString, Failure> {
    secret_of(&read(sources, path, what)?, &named(what, path))
}

/// The secret in a text that holds nothing else; `place` names the text for the message.
///
/// # Errors
/// `Usage` if the text holds no secret, or one of Standard Webhooks that is too short.
pub(crate) fn secret_of(text: &SecretString, place: &str) -> Result<SecretString, Failure> {
    let cannot = |fault: String| Failure::usage(format!("cannot use the secret in the {place}: {fault}"));
    let secret = outside::secret(text.expose_secret()).map_err(|fault| cannot(fault.to_string()))?;
    let secret = SecretString::from(secret);
    signing::check_prefixed(&secret).map(|()| secret).map_err(cannot)
}

/// The text of a file; `what` names the file for the message.
///
/// # Errors
/// `Usage` if the text cannot be read.
pub(crate) fn read(sources: &Sources<'_>, path: &Path, what: &str) -> Result<SecretString, Failure> {
    let text = sources.files.text(path);
    text.map_err(|error| Failure::usage(format!("the {} cannot be read: {error}", named(what, path))))
}

/// A file for messages.
fn named(what: &str, path: &Path) -> String {
    match path == Path::new(STANDARD_INPUT) {
        true => format!("{what} from standard input"),
        false => format!("{what} {}", path.display()),
    }
}

/// Values of a credentials file by their names in the connector.
type Values = BTreeMap<&'static str, SecretString>;

/// The strings of a credentials file. No message repeats what the file holds: in the wrong place it may be a token.
fn parse(connector: &Connector, path: &Path, text: &str) -> Result<Values, Failure> {
    let wrong = |what: String| Failure::usage(format!("the {} {what}", named("credentials file", path)));
    let known: Vec<&'static str> = connector
        .fields
        .iter()
        .map(|field| field.name)
        .chain(connector.credentials.iter().map(|credential| credential.name))
        .chain([BASE_URL])
        .collect();
    // The members borrow from the text, so that no second copy of a token comes about.
    let members: BTreeMap<Cow<'_, str>, &RawValue> =
        serde_json::from_str(text).map_err(|fault| match fault.is_data() {
            true => wrong(format!("holds no object: write one with {}", known.join(", "))),
            false => wrong(format!("is no JSON at line {} column {}", fault.line(), fault.column())),
        })?;
    let mut values = Values::new();
    for (name, value) in members {
        let Some(name) = known.iter().copied().find(|known| *known == name) else {
            return Err(wrong(format!(
                "has a member that is none of {}: remove or correct it",
                known.join(", ")
            )));
        };
        let text: String = serde_json::from_str(value.get())
            .map_err(|_| wrong(format!("has something other than a string in {name}")))?;
        values.insert(name, SecretString::from(text));
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Report;
    use crate::fixture::CONNECTOR;
    use crate::surroundings::Style;

    const FILE: &str =
        r#"{"store_hash": "fromfile", "access_token": "hush-file", "base_url": "http://127.0.0.1:1"}"#;

    fn resolved(
        flags: &ConnectionFlags,
        variables: &[(&str, &str)],
        files: &[(&str, &str)],
    ) -> Result<Connection, Failure> {
        let variable = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
        };
        let read = |path: &Path| {
            let found = files.iter().find(|(name, _)| Path::new(name) == path);
            found
                .map(|(_, text)| SecretString::from(*text))
                .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
        };
        resolve(&CONNECTOR, flags, &Sources { variable: &variable, files: &read })
    }

    fn refusal(flags: &ConnectionFlags, variables: &[(&str, &str)], files: &[(&str, &str)]) -> String {
        let failure = resolved(flags, variables, files).unwrap_err();
        Report::of(&failure, "connector", "bigcommerce").to_text(Style::Plain)
    }

    fn flags() -> ConnectionFlags {
        ConnectionFlags {
            fields: vec![("store_hash", "fromflag".to_owned())],
            secrets: vec![("access_token", SecretString::from("hush-flag"))],
            ..ConnectionFlags::default()
        }
    }

    #[test]
    fn flag_wins_over_environment_and_environment_over_file() {
        let from_file = ConnectionFlags { file: Some("c.json".into()), ..ConnectionFlags::default() };
        let files = [("c.json", FILE)];
        assert_eq!(resolved(&from_file, &[], &files).unwrap().field("store_hash"), Some("fromfile"));

        let environment = [("CONNECTOR_STORE_HASH", "fromenv")];
        assert_eq!(resolved(&from_file, &environment, &files).unwrap().field("store_hash"), Some("fromenv"));

        let all = ConnectionFlags { file: Some("c.json".into()), ..flags() };
        assert_eq!(resolved(&all, &environment, &files).unwrap().field("store_hash"), Some("fromflag"));
    }

    #[test]
    fn the_file_may_be_named_by_the_environment() {
        let connection = resolved(
            &ConnectionFlags::default(),
            &[("CONNECTOR_CREDENTIALS", "c.json")],
            &[("c.json", FILE)],
        );
        assert!(format!("{:?}", connection.unwrap()).contains("http://127.0.0.1:1"));
    }

    #[test]
    fn what_is_missing_is_told_with_every_way_to_give_it() {
        let text = refusal(&ConnectionFlags::default(), &[("CONNECTOR_STORE_HASH", "")], &[]);
        for way in [
            "--store-hash",
            "CONNECTOR_STORE_HASH",
            "--access-token-file",
            "CONNECTOR_ACCESS_TOKEN",
            "--credentials",
            "CONNECTOR_CREDENTIALS",
        ] {
            assert!(text.contains(way), "{way} is missing in {text}");
        }
    }

    #[test]
    fn a_token_file_may_end_with_a_newline() {
        let flags = ConnectionFlags {
            fields: vec![("store_hash", "stores/abc".to_owned())],
            secret_files: vec![("access_token", "token".into())],
            ..ConnectionFlags::default()
        };
        assert_eq!(resolved(&flags, &[], &[("token", "hush\r\n")]).unwrap().field("store_hash"), Some("abc"));
        assert!(
            refusal(&flags, &[], &[("token", "\n")])
                .contains("the secret in the token file token: it is empty")
        );
        assert!(refusal(&flags, &[], &[]).contains("token cannot be read"));
    }

    #[test]
    fn no_message_repeats_a_secret() {
        let with = |text| {
            let flags = ConnectionFlags { file: Some("c.json".into()), ..ConnectionFlags::default() };
            refusal(&flags, &[], &[("c.json", text)])
        };
        for text in [
            r#"{"access_token": ["hush"]}"#,
            r#"{"hush": "x"}"#,
            r#""hush""#,
            r#"{"access_token": "hush""#,
            r#"{"access_token": "hush\nhush", "store_hash": "abc"}"#,
            r#"{"access_token": "hush"}"#,
        ] {
            let message = with(text);
            assert!(!message.contains("hush"), "{message}");
        }
        assert!(!format!("{:?}", flags()).contains("hush"));
        assert!(!format!("{:?}", resolved(&flags(), &[], &[]).unwrap()).contains("hush"));
    }

    #[test]
    fn a_token_goes_to_no_other_machine_in_the_clear() {
        let elsewhere = ConnectionFlags { base_url: Some("http://example.com".to_owned()), ..flags() };
        assert!(refusal(&elsewhere, &[], &[]).contains("base_url: must use https"));
    }
}
