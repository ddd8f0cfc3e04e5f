//! `connector demo`: a local store, a call that works, one that cannot, a quota that is spent; told step by step and
//! checked, so that it fails when something does not go as it says.

use std::collections::BTreeMap;
use std::time::Duration;

use bigcommerce_sandbox::{Sandbox, SandboxOptions};
use connector_runtime::{Class, Client, Connection, Connector, Error, Reply, SecretString};
use serde_json::value::RawValue;

use crate::failure::{Failure, Report, milliseconds, seconds};
use crate::members::Members;
use crate::sandbox::{PRODUCT, quoted, start_failure};
use crate::surroundings::{Style, Surroundings};
use crate::table;
use voice::Voice;

mod voice;

/// Few enough to be spent at once, and a window short enough to wait for.
const QUOTA: u32 = 5;
const WINDOW: Duration = Duration::from_secs(2);

/// A product that the store does not have.
const MISSING_PRODUCT: u64 = 999_999_999;

/// What of a product fits a small table.
const SHOWN: [&str; 7] = ["id", "name", "sku", "type", "price", "inventory_level", "availability"];

const ACTION: &str = "get-product";

/// Runs the demo.
///
/// # Errors
/// With the first thing that did not go as told.
pub(crate) async fn run(
    connector: &'static Connector,
    json: bool,
    surroundings: &mut Surroundings<'_>,
) -> Result<(), Failure> {
    let mut voice = Voice::new(json, &mut *surroundings.stdout);
    let mut demo = start(connector, &surroundings.program, surroundings.width, &mut voice).await?;
    let told = demo.tell(&mut voice).await;
    demo.sandbox.shutdown().await;
    if let Err(failure) = &told {
        voice.fail(&Report::of(failure, &demo.program, connector.id))?;
    }
    told
}

struct Demo {
    connector: &'static Connector,
    sandbox: Sandbox,
    client: Client,
    calls: Calls,
    program: String,
    width: u16,
}

/// What became of the calls so far.
#[derive(Default)]
struct Calls {
    made: u32,
    outcomes: BTreeMap<&'static str, u32>,
}

impl Calls {
    fn note(&mut self, outcome: &Result<Reply<()>, Error>) {
        self.made += 1;
        let word = outcome.as_ref().map_or_else(|error| error.class().as_str(), |_| "succeeded");
        *self.outcomes.entry(word).or_default() += 1;
    }

    fn count(&self, outcome: &str) -> u32 {
        self.outcomes.get(outcome).copied().unwrap_or_default()
    }
}

async fn start(
    connector: &'static Connector,
    program: &str,
    width: u16,
    voice: &mut Voice<'_>,
) -> Result<Demo, Failure> {
    voice.begin("start a local store, which answers like BigCommerce")?;
    let options = SandboxOptions { quota: QUOTA, window: WINDOW, ..SandboxOptions::default() };
    let sandbox = Sandbox::start(options).await.map_err(start_failure)?;
    let fields: Vec<_> = connector.fields.iter().map(|field| (field.name, sandbox.store_hash())).collect();
    let token = |name| (name, SecretString::from(sandbox.access_token()));
    let secrets: Vec<_> = connector.credentials.iter().map(|credential| token(credential.name)).collect();
    let connection = Connection::new(connector, &fields, &secrets)
        .and_then(|connection| connection.at_origin(&sandbox.origin()))
        .map_err(|error| Failure::call(error, None))?;
    let client =
        Client::new(connection).map_err(|error| Failure::Broken(format!("no HTTP client: {error}")))?;
    voice.say(&format!("store {} at {}", sandbox.store_hash(), sandbox.origin()))?;
    voice.say(&format!(
        "it answers {QUOTA} requests per {}, a quota as real stores have it",
        seconds(WINDOW)
    ))?;
    voice.fact("origin", sandbox.origin());
    voice.fact("store_hash", sandbox.store_hash());
    voice.fact("quota", QUOTA);
    voice.fact("window_ms", milliseconds(WINDOW));
    voice.end()?;
    let calls = Calls::default();
    Ok(Demo { connector, sandbox, client, calls, program: quoted(program), width })
}

impl Demo {
    async fn tell(&mut self, voice: &mut Voice<'_>) -> Result<(), Failure> {
        self.read_a_product(voice).await?;
        self.miss_a_product(voice).await?;
        self.spend_the_quota(voice).await?;
        self.sum_up(voice)
    }

    async fn read_a_product(&mut self, voice: &mut Voice<'_>) -> Result<(), Failure> {
        voice.begin(&format!("read product {PRODUCT}"))?;
        voice.say(&self.shown_call(PRODUCT))?;
        let reply = self.call(PRODUCT).await.map_err(|error| self.failed(error))?;
        let json = reply.json.as_str();
        let product: Members = serde_json::from_str(json).unwrap_or_default();
        ensure(product.get("id") == Some(PRODUCT), || {
            format!("the store answered with another product: {json}")
        })?;
        voice.say(&table::chosen(json, &SHOWN, self.width.saturating_sub(voice::INDENT)))?;
        voice.say(&format!(
            "status {}; {} fields in all, passed on byte for byte with --json",
            reply.status,
            product.iter().count()
        ))?;
        voice.fact("calls", [summary(&Ok(reply.clone()))]);
        let data: Option<Box<RawValue>> = serde_json::from_str(json).ok();
        voice.fact("data", data);
        voice.end()?;
        Ok(())
    }

    async fn miss_a_product(&mut self, voice: &mut Voice<'_>) -> Result<(), Failure> {
        voice.begin(&format!("read product {MISSING_PRODUCT}, which does not exist"))?;
        voice.say(&self.shown_call(MISSING_PRODUCT))?;
        let error = self.must_fail(MISSING_PRODUCT, Class::NotFound).await?;
        ensure(error.status() == Some(404), || format!("the status is {:?}, not 404", error.status()))?;
        ensure(!error.is_retryable(), || "not_found is called retryable".to_owned())?;
        voice.fact("calls", [summary(&Err(&error))]);
        self.show(error, voice)?;
        voice.say(
            "not_found is a stable class: a workflow can take another path, and calling again will not help",
        )?;
        voice.end()?;
        Ok(())
    }

    async fn spend_the_quota(&mut self, voice: &mut Voice<'_>) -> Result<(), Failure> {
        voice.begin("call until the quota of the window is spent, then wait as long as the store says")?;
        let mut made = Vec::new();
        let limited = loop {
            let outcome = self.call(PRODUCT).await;
            made.push(summary(&outcome.as_ref().map(Clone::clone)));
            match outcome {
                // On a machine so slow that windows end before the quota is spent, this must end all the same.
                Ok(_) if made.len() > 20 * QUOTA as usize => {
                    return Err(Failure::Broken("the quota was never spent".to_owned()));
                }
                Ok(reply) => voice.say(&format!("call {}: status {}", self.calls.made, reply.status))?,
                Err(error) => break error,
            }
        };
        let class = limited.class();
        if class != Class::RateLimitedWindow {
            return Err(self.failed(limited));
        }
        ensure(limited.status() == Some(429), || format!("the status is {:?}, not 429", limited.status()))?;
        ensure(limited.is_retryable(), || format!("{class} is not called retryable"))?;
        let wait =
            limited.retry_after().ok_or_else(|| Failure::Broken(format!("{class} came without its wait")))?;
        voice.say(&format!("call {}: status 429", self.calls.made))?;
        self.show(limited, voice)?;
        voice.say(
            "nothing waited or called again on its own: the caller gets the class and the wait, and decides",
        )?;
        voice.wait(wait).await?;
        let again = self.call(PRODUCT).await;
        made.push(summary(&again.as_ref().map(Clone::clone)));
        let reply = again.map_err(|error| self.failed(error))?;
        voice.say(&format!(
            "call {}: status {}, the same call after the wait",
            self.calls.made, reply.status
        ))?;
        voice.fact("calls", made);
        voice.fact("waited_ms", milliseconds(wait));
        voice.end()?;
        Ok(())
    }

    fn sum_up(&self, voice: &mut Voice<'_>) -> Result<(), Failure> {
        voice.begin("sum up")?;
        let received = self.sandbox.requests();
        let surfaced = self.calls.count(Class::RateLimitedWindow.as_str());
        let answered_429 = received.iter().filter(|request| request.status == Some(429)).count();
        ensure(received.len() == self.calls.made as usize, || {
            format!("{} calls were made, yet the store received {}", self.calls.made, received.len())
        })?;
        ensure(answered_429 == surfaced as usize, || {
            format!("the store answered 429 {answered_429} times, yet {surfaced} reached the caller")
        })?;
        let failed = self.calls.outcomes.iter().filter(|(outcome, _)| **outcome != "succeeded");
        let failed: String = failed.map(|(class, count)| format!(", {count} {class}")).collect();
        voice.say(&format!(
            "{} calls: {} succeeded{failed}",
            self.calls.made,
            self.calls.count("succeeded")
        ))?;
        voice.say(&format!(
            "the store received {} requests, so no call was repeated unseen",
            received.len()
        ))?;
        voice.say(&format!("of {answered_429} answers with status 429, {surfaced} reached the caller"))?;
        let next = self.next_commands();
        voice.say("")?;
        voice.say("try next:")?;
        for (command, what) in &next {
            voice.say(&format!("  {command}"))?;
            voice.say(&format!("      {what}"))?;
        }
        let outcomes = self.calls.outcomes.iter();
        let outcomes = outcomes.fold(Members::default(), |all, (outcome, count)| all.with(outcome, count));
        voice.fact("calls", self.calls.made);
        voice.fact("outcomes", outcomes);
        voice.fact("requests_received", received.len());
        voice.fact("rate_limits_surfaced", surfaced);
        voice.fact("next", next.map(|(command, _)| command));
        voice.end()?;
        Ok(())
    }

    async fn call(&mut self, product: u64) -> Result<Reply<()>, Error> {
        let input = Members::default().with("product_id", product).to_json();
        let outcome = self.client.call_untyped(ACTION, input.as_bytes()).await;
        self.calls.note(&outcome);
        outcome
    }

    async fn must_fail(&mut self, product: u64, class: Class) -> Result<Error, Failure> {
        match self.call(product).await {
            Err(error) if error.class() == class => Ok(error),
            Err(error) => Err(self.failed(error)),
            Ok(reply) => Err(Failure::Broken(format!("{class} was due, status {} came", reply.status))),
        }
    }

    fn failed(&self, error: Error) -> Failure {
        let report = self.report(error);
        Failure::Broken(format!("class {} came instead: {}", report.class, report.message))
    }

    fn report(&self, error: Error) -> Report {
        let operation = self.connector.action(ACTION).map(|entry| entry.operation);
        Report::of(&Failure::call(error, operation), &self.program, self.connector.id)
    }

    fn show(&self, error: Error, voice: &mut Voice<'_>) -> Result<(), Failure> {
        let report = self.report(error);
        voice.say(&report.to_text(Style::Plain))?;
        voice.fact("error", report.to_raw());
        Ok(())
    }

    fn shown_call(&self, product: u64) -> String {
        // The store ends with the demo and its flags with it, so this is told and not offered for pasting.
        format!(
            "as `{} call {}/{ACTION} --product-id {product}` does with the flags of a connection",
            self.program, self.connector.id
        )
    }

    fn next_commands(&self) -> [(String, &'static str); 3] {
        let Self { program, connector, .. } = self;
        [
            (
                format!("{program} sandbox"),
                "serve the store; it prints a call to paste into another terminal",
            ),
            (format!("{program} catalog"), "see every action"),
            (format!("{program} call {}/{ACTION} --help", connector.id), "see the fields of one"),
        ]
    }
}

fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(Failure::Broken(otherwise())) }
}

/// One call in one JSON object.
fn summary(outcome: &Result<Reply<()>, &Error>) -> Members {
    match outcome {
        Ok(reply) => Members::default().with("outcome", "succeeded").with("status", reply.status),
        Err(error) => {
            let wait = error.retry_after().map(milliseconds);
            let members =
                Members::default().with("outcome", error.class().as_str()).with("status", error.status());
            members.with("retryable", error.is_retryable()).with("retry_after_ms", wait)
        }
    }
}
