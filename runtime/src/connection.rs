//! A connection: the values a person entered, checked and normalised, and the secrets that authenticate requests.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{HeaderName, HeaderValue};
use regex_lite::Regex;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};

use crate::connector::{Api, ConnectionField, Connector, Credential, Placement};
use crate::doubt::Fingerprint;
use crate::error::Error;
use crate::percent::{push_component, push_query_name};

/// What a client needs to call an API on somebody's behalf. It prints without its secrets.
#[derive(Clone)]
pub struct Connection {
    connector: &'static Connector,
    fields: BTreeMap<&'static str, String>,
    headers: Vec<(HeaderName, HeaderValue)>,
    query: Vec<(&'static str, SecretString)>,
    origin: Option<String>,
}

impl Connection {
    /// Connects with the values of the connector's fields, in any form it accepts, and with its credentials.
    ///
    /// # Errors
    /// Class `validation` when a field or credential is unknown, missing or malformed.
    pub fn new(
        connector: &'static Connector,
        fields: &[(&str, &str)],
        credentials: &[(&str, SecretString)],
    ) -> Result<Self, Error> {
        let known = |name: &str| {
            connector.fields.iter().any(|field| field.name == name)
                || connector.credentials.iter().any(|credential| credential.name == name)
        };
        let given = fields.iter().map(|(name, _)| name).chain(credentials.iter().map(|(name, _)| name));
        if let Some(name) = given.copied().find(|name| !known(name)) {
            return Err(Error::invalid_connection(name, "is not part of a connection to this API"));
        }
        let mut connection =
            Self { connector, fields: BTreeMap::new(), headers: Vec::new(), query: Vec::new(), origin: None };
        for field in connector.fields {
            let value = fields.iter().find(|(name, _)| *name == field.name);
            let (_, text) = value.ok_or_else(|| Error::invalid_connection(field.name, "is required"))?;
            connection.fields.insert(field.name, normalise(field, text)?);
        }
        for credential in connector.credentials {
            let secret = credentials.iter().find(|(name, _)| *name == credential.name);
            let (_, secret) =
                secret.ok_or_else(|| Error::invalid_connection(credential.name, "is required"))?;
            connection.place(credential, secret)?;
        }
        Ok(connection)
    }

    /// Calls another server in place of the vendor's: a sandbox or a proxy, given as scheme, host and port.
    ///
    /// # Errors
    /// Class `validation` when it is no such address, or plain `http` to anything but this machine: the token would
    /// travel in the clear.
    pub fn at_origin(mut self, origin: &str) -> Result<Self, Error> {
        let invalid = |what| Error::invalid_connection("base_url", what);
        let url =
            reqwest::Url::parse(origin).map_err(|_| invalid("is no URL such as http://127.0.0.1:8080"))?;
        let has_user = !url.username().is_empty() || url.password().is_some();
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() || has_user {
            return Err(invalid("must be a scheme, a host and perhaps a port, nothing more"));
        }
        let host = url.host_str().unwrap_or_default();
        let local = host == "localhost"
            || host
                .trim_matches(['[', ']'])
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback());
        match url.scheme() {
            "https" => {}
            "http" if local => {}
            "http" => return Err(invalid("must use https: the token would travel in the clear")),
            _ => return Err(invalid("must use https")),
        }
        self.origin = Some(url.origin().ascii_serialization());
        Ok(self)
    }

    /// The connector this is a connection to.
    #[must_use]
    pub fn connector(&self) -> &'static Connector {
        self.connector
    }

    /// Names the account whose quota this connection shares with others: the same for all connections to it.
    pub(crate) fn account(&self) -> String {
        let connector = self.connector;
        let server = self.origin.as_deref().unwrap_or("");
        let account = match connector.rate_limit.per {
            Some(field) => self.field(field).unwrap_or_default().to_owned(),
            None => self.fields.values().map(String::as_str).collect::<Vec<_>>().join("/"),
        };
        [connector.id, server, &account].join(" ").replace("  ", " ")
    }

    /// The normalised value of a field.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }

    fn place(&mut self, credential: &Credential, secret: &SecretString) -> Result<(), Error> {
        if secret.expose_secret().is_empty() {
            return Err(Error::invalid_connection(credential.name, "is empty"));
        }
        let authorize = |value: String| header("Authorization", credential.name, &SecretString::from(value));
        let header = match credential.placement {
            Placement::Header(name) => header(name, credential.name, secret)?,
            Placement::Bearer => authorize(format!("Bearer {}", secret.expose_secret()))?,
            Placement::Basic { user } => {
                let user = self.field(user).unwrap_or_default();
                let pair = STANDARD.encode(format!("{user}:{}", secret.expose_secret()));
                authorize(format!("Basic {pair}"))?
            }
            Placement::Query(name) => {
                self.query.push((name, secret.clone()));
                return Ok(());
            }
        };
        self.headers.push(header);
        Ok(())
    }

    /// The server that an API's requests go to.
    pub(crate) fn server<'a>(&'a self, api: &'a Api) -> &'a str {
        self.origin.as_deref().unwrap_or(api.server)
    }

    /// Whether a pair of a query carries one of the connection's credentials.
    pub(crate) fn is_credential(&self, pair: &str) -> bool {
        let name = pair.split('=').next().unwrap_or_default();
        let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
        self.query.iter().any(|(known, _)| *known == name)
    }

    /// The address of a path below an API's base, with the credentials that stand in the query.
    pub(crate) fn url(&self, api: &Api, path_and_query: &str) -> String {
        let mut url = self.address(self.server(api), api, path_and_query);
        let start = if url.contains('?') { 0 } else { url.len() };
        for (name, secret) in &self.query {
            push_query_name(&mut url, start, name);
            push_component(&mut url, secret.expose_secret());
        }
        url
    }

    /// The address of a path below an API's base at this server, without credentials.
    pub(crate) fn address(&self, server: &str, api: &Api, path_and_query: &str) -> String {
        let mut url = String::with_capacity(server.len() + api.base.len() + path_and_query.len() + 64);
        url.push_str(server);
        self.push_base(&mut url, api.base);
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        url.push_str(path);
        if !query.is_empty() {
            url.push('?');
            url.push_str(query);
        }
        url
    }

    /// Appends an API's base path, with the connection's fields where it names them.
    fn push_base(&self, url: &mut String, base: &str) {
        let mut rest = base;
        while let Some((before, (name, after))) =
            rest.split_once('{').and_then(|(before, after)| Some((before, after.split_once('}')?)))
        {
            url.push_str(before);
            push_component(url, self.field(name).unwrap_or_default());
            rest = after;
        }
        url.push_str(rest);
    }

    /// Tells its credentials from others of the same account.
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        let headers = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        let query = self.query.iter().map(|(name, secret)| (*name, secret.expose_secret().as_bytes()));
        let mut digest = Sha256::new();
        for (name, value) in headers.chain(query) {
            digest.update(name);
            // No header's value and no name holds the byte that parts them.
            digest.update([0]);
            digest.update(value);
            digest.update([0]);
        }
        digest.finalize().into()
    }

    /// The headers that authenticate a request, marked as sensitive.
    pub(crate) fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.headers
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Connection")
            .field("connector", &self.connector.id)
            .field("fields", &self.fields)
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

fn normalise(field: &ConnectionField, text: &str) -> Result<String, Error> {
    let text = text.trim();
    let whole = |pattern: &str| Regex::new(&format!("^(?:{pattern})$")).ok();
    let bare = whole(field.pattern);
    let is_bare = |value: &str| bare.as_ref().is_some_and(|pattern| pattern.is_match(value));
    let pasted = || {
        field.accept.iter().find_map(|form| {
            let found = whole(form)?;
            Some(found.captures(text)?.get(1)?.as_str().to_owned())
        })
    };
    let value = if is_bare(text) { Some(text.to_owned()) } else { pasted().filter(|value| is_bare(value)) };
    value.ok_or_else(|| {
        Error::invalid_connection(field.name, &format!("is not understood: write it like {}", field.example))
    })
}

fn header(
    name: &'static str,
    credential: &str,
    secret: &SecretString,
) -> Result<(HeaderName, HeaderValue), Error> {
    let invalid = |what| Error::invalid_connection(credential, what);
    let text = secret.expose_secret();
    // Beyond visible ASCII a header has no meaning of its own (RFC 9110, section 5.5); pasting adds such characters.
    if !text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Err(invalid("has a character that no header may carry"));
    }
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid("has no valid header"))?;
    let mut value =
        HeaderValue::from_str(text).map_err(|_| invalid("has a character that no header may carry"))?;
    value.set_sensitive(true);
    Ok((name, value))
}
