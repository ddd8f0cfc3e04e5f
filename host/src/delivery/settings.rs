//! The settings of delivery, checked and turned into what delivers.

use std::time::Duration;

use connector_runtime::SecretString;

use super::Sink;
use super::decision::Limits;
use super::guard::{Address, Networks};
use super::http::{Form, HttpSink, HttpSinkParts};
use super::lines::LinesSink;
use super::signing::{self, Signature};
use crate::failure::Failure;
use crate::serve::values::Values;
use crate::stream::Stream;

/// More than an attempt takes beyond its time limits: to wait for storage.
const MARGIN: Duration = Duration::from_secs(10);

/// The settings of delivery.
#[derive(Debug)]
pub(crate) struct DeliverySettings {
    /// How events go out.
    pub(crate) mode: Mode,
    /// Whether whole resources are read, where a connection does not say.
    pub(crate) full_resource: bool,
    /// When an activation is given up.
    pub(crate) limits: Limits,
    /// Deliveries at a time.
    pub(crate) concurrency: u32,
    /// Deliveries of one connection at a time.
    pub(crate) per_connection: u32,
    /// How long a receiver may take.
    pub(crate) timeout: Duration,
}

/// How events go out.
#[derive(Debug)]
pub(crate) enum Mode {
    /// Sent to receivers.
    Http {
        /// Where events of connections go that name no address.
        default: Option<Address>,
        /// How they are laid out.
        form: Form,
        /// Signs them.
        signature: Signature,
        /// Networks beside the public internet.
        allowed: Networks,
    },
    /// Written to standard output.
    Lines,
    /// Fetched by workers.
    Pull,
}

impl DeliverySettings {
    /// Reads and checks them.
    ///
    /// # Errors
    /// `Usage` with what is wrong and where.
    pub(crate) fn read(values: &Values<'_>) -> Result<Self, Failure> {
        let most = |key: &str, most: usize| {
            values.number(key, 1..most + 1).map(|number| u32::try_from(number).unwrap_or(u32::MAX))
        };
        let mode = values.parsed("delivery.mode", "http, ndjson or pull", |text| {
            ["http", "ndjson", "pull"].into_iter().find(|known| *known == text)
        })?;
        Ok(Self {
            mode: match mode {
                "http" => http(values)?,
                "ndjson" => Mode::Lines,
                _ => Mode::Pull,
            },
            full_resource: values.yes("delivery.full_resource")?,
            limits: Limits {
                attempts: most("delivery.attempts", 1_000_000)?,
                age: values.duration("delivery.give_up_after")?,
            },
            concurrency: most("delivery.concurrency", 10_000)?,
            per_connection: most("delivery.per_connection", 10_000)?,
            timeout: values.parsed(
                "delivery.timeout",
                "a length of time of at least 100ms, such as 15s",
                |text| {
                    crate::serve::values::duration(text)
                        .filter(|timeout| *timeout >= Duration::from_millis(100))
                },
            )?,
        })
    }

    /// What sends events, to `output` where they are lines; none where workers fetch them.
    ///
    /// # Errors
    /// When the HTTP client cannot be set up.
    pub(crate) fn sink(self, output: &Stream) -> reqwest::Result<(Rest, Option<Sink>)> {
        let rest = Rest {
            lease: self.timeout + MARGIN,
            full_resource: self.full_resource,
            limits: self.limits,
            concurrency: self.concurrency,
            per_connection: self.per_connection,
        };
        let sink = match self.mode {
            Mode::Http { default, form, signature, allowed } => {
                let parts = HttpSinkParts { default, form, signature, allowed, timeout: self.timeout };
                Some(Sink::Http(HttpSink::new(parts)?))
            }
            Mode::Lines => Some(Sink::Lines(LinesSink::new(output.clone()))),
            Mode::Pull => None,
        };
        Ok((rest, sink))
    }
}

/// What is left of the settings where the sink is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rest {
    /// How long an attempt may take without the reading of a resource.
    pub(crate) lease: Duration,
    /// See [`DeliverySettings::full_resource`].
    pub(crate) full_resource: bool,
    /// See [`DeliverySettings::limits`].
    pub(crate) limits: Limits,
    /// See [`DeliverySettings::concurrency`].
    pub(crate) concurrency: u32,
    /// See [`DeliverySettings::per_connection`].
    pub(crate) per_connection: u32,
}

fn http(values: &Values<'_>) -> Result<Mode, Failure> {
    let default = values.text("delivery.url").map(|text| {
        Address::parse(&text)
            .map_err(|why| values.wrong("delivery.url", &format!("{text:?} is not used: {why}")))
    });
    let allowed: Result<Networks, Failure> = values.networks("delivery.allowed_networks");
    let (default, allowed) = (default.transpose()?, allowed?);
    if let Some(Err(why)) = default.as_ref().map(|address| address.vet(&allowed)) {
        return Err(values.wrong("delivery.url", &format!("it is not used: {why}")));
    }
    Ok(Mode::Http {
        default,
        form: values.parsed("delivery.form", "structured or binary", |text| match text {
            "structured" => Some(Form::Structured),
            "binary" => Some(Form::Binary),
            _ => None,
        })?,
        signature: signature(values)?,
        allowed,
    })
}

fn signature(values: &Values<'_>) -> Result<Signature, Failure> {
    let secret = |key: &str, what: &str| values.secret(key, what);
    let current = secret("delivery.secret", "file with the secret that signs events")?;
    let current = current.ok_or_else(|| {
        let how = "make one with `echo \"whsec_$(openssl rand -base64 32)\" > FILE`, keep it from others, and \
                   give --delivery-secret-file FILE";
        values.wrong("delivery.mode", &format!("http wants a secret that signs events: {how}"))
    })?;
    let previous = secret("delivery.previous_secret", "file with the secret before")?;
    let checked = |key: &str, secret: &SecretString| {
        signing::check(secret)
            .map_err(|fault| values.wrong_secret(key, &format!("cannot use this secret: {fault}")))
    };
    checked("delivery.secret", &current)?;
    previous.iter().try_for_each(|previous| checked("delivery.previous_secret", previous))?;
    let secrets: Vec<SecretString> = [current].into_iter().chain(previous).collect();
    // The error names the profile and never the secret.
    Signature::new(&secrets).map_err(|error| values.wrong_secret("delivery.secret", &error.to_string()))
}
