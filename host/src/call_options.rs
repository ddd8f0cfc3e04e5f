//! The flags that every action has: input and output, patience with the quota, and pages.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use connector_runtime::Patience;

use crate::metrics;

/// The section of an action's help that is about lists in pages.
pub(crate) const PAGES: &str = "Pages";

/// The flags that every action has.
#[derive(Args, Clone, Debug)]
pub(crate) struct CallOptions {
    /// Take the fields from a JSON object in FILE, or from standard input with `-`; fields given as flags win
    #[arg(long, value_name = "FILE", help_heading = "Input and output")]
    pub(crate) input: Option<PathBuf>,

    /// Write the data as the API sent it, and errors as JSON
    #[arg(long, help_heading = "Input and output")]
    pub(crate) json: bool,

    /// Give up on an answer after so many seconds
    #[arg(long, value_name = "SECONDS", help_heading = "Input and output", default_value = "30", value_parser = timeout)]
    pub(crate) timeout: Duration,

    /// Tell on standard error, after the call, what is left of the quota and what happened: as a table, with --json as one line `{"pacing": {…}}` before that of an error
    #[arg(long, help_heading = "Input and output", long_help = verbose_help())]
    pub(crate) verbose: bool,

    /// Show no progress; without a terminal there is none anyway
    #[arg(long, help_heading = "Input and output")]
    pub(crate) quiet: bool,

    #[command(flatten)]
    pub(crate) waiting: WaitingOptions,

    /// Read every page: with --json a line of JSON per item, written page by page, else one table
    #[arg(long, help_heading = PAGES)]
    pub(crate) all: bool,

    /// With --all, stop after so many items
    #[arg(long, value_name = "N", help_heading = PAGES, requires = "all", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) max_items: Option<u64>,

    /// With --all, fail where the list has more pages than this
    #[arg(long, value_name = "N", help_heading = PAGES, requires = "all", default_value = "10000", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) max_pages: u64,
}

/// How long a call waits, and with whom it shares the quota.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Quota")]
pub(crate) struct WaitingOptions {
    /// Wait where the quota is spent, and try again what failed for the moment and can be repeated: SECONDS for the call or the page at most, else as long as it takes. --all does so by itself
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, value_parser = wait)]
    wait: Option<Option<Duration>>,

    /// Fail at once in place of waiting, and say how long it would have been. So do all calls without --all
    #[arg(long, conflicts_with = "wait")]
    no_wait: bool,

    /// Share the quota with the other processes of this machine that name the same FILE, a SQLite file on its own disk; `none` shares with nobody [default: quota.sqlite in the user's state folder] [env: CONNECTOR_SHARE_QUOTA]
    #[arg(long, value_name = "FILE")]
    pub(crate) share_quota: Option<PathBuf>,
}

impl CallOptions {
    /// How long a call waits: for a person as short as possible, for a list until it is whole, unless said otherwise.
    pub(crate) fn patience(&self) -> Patience {
        match self.waiting.wait {
            _ if self.waiting.no_wait => Patience::Surface,
            Some(Some(length)) => Patience::Within(length),
            Some(None) => Patience::Unlimited,
            None if self.all => Patience::Unlimited,
            None => Patience::Surface,
        }
    }
}

fn verbose_help() -> String {
    format!(
        "Tell on standard error, after the call, what is left of the quota and what happened: as a table, with --json \
         as one line `{{\"pacing\": {{…}}}}` before that of an error.\n\nThe members: account; file, through which \
         the quota is shared, or null; not_shared, why there is none, or null; {}; retries, counted by the class of \
         the failure before. What is not known is null.",
        metrics::MEMBERS.join(", ")
    )
}

fn wait(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "it is no number of seconds")?;
    Duration::try_from_secs_f64(seconds).map_err(|_| "give 0 or more seconds".to_owned())
}

fn timeout(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "it is no number of seconds")?;
    let limit = Duration::from_secs(24 * 60 * 60);
    let timeout =
        Duration::try_from_secs_f64(seconds).ok().filter(|timeout| !timeout.is_zero() && *timeout <= limit);
    timeout.ok_or_else(|| format!("give more than 0 and at most {} seconds", limit.as_secs()))
}
