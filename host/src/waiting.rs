//! A call that may wait, and why it does, told while it does.

use std::pin::pin;
use std::time::Duration;

use connector_runtime::Client;
use connector_runtime::pacing::GateReport;

use crate::pages::Walked;
use crate::progress::Progress;

/// How often a person is told how long it still takes.
const TOLD_EVERY: Duration = Duration::from_millis(200);

/// What `call` gives, one of `client`'s; shows why nothing comes while nothing comes.
pub(crate) async fn watch<T>(
    client: &Client,
    call: impl Future<Output = T>,
    progress: &mut Progress<'_>,
    walked: Option<Walked>,
) -> T {
    if !progress.is_watched() {
        return call.await;
    }
    let mut call = pin!(call);
    let mut has_told = false;
    loop {
        match tokio::time::timeout(TOLD_EVERY, &mut call).await {
            Ok(answered) => return answered,
            Err(_) => match (reason(&client.gate().report()), walked) {
                (Some(reason), _) => {
                    progress.show_wait(&reason, walked);
                    has_told = true;
                }
                // The wait is over.
                (None, Some(walked)) if has_told => progress.show(walked),
                (None, None) if has_told => progress.clear(),
                (None, _) => {}
            },
        }
    }
}

/// Why a call waits at the gate of which this is the report; nothing while a request is under way.
fn reason(report: &GateReport) -> Option<String> {
    if report.waiting == 0 {
        // Between two tries.
        let is_idle = report.under_way == 0;
        return is_idle.then(|| "waiting: the last try failed, the next one follows".to_owned());
    }
    let ends_in = report.window_ends_in.max(report.closed_for).unwrap_or_default();
    if report.left == Some(0) {
        let quota = match (report.quota, report.window) {
            (Some(quota), Some(window)) => format!(" of {quota} per {}", exactly(window)),
            (Some(quota), None) => format!(" of {quota}"),
            _ => String::new(),
        };
        return Some(format!("waiting {}: the store's quota{quota} is spent", rounded_up(ends_in)));
    }
    if let Some(closed_for) = report.closed_for {
        return Some(format!("waiting {}: the store is under load", rounded_up(closed_for)));
    }
    Some("waiting: other calls to the store come first".to_owned())
}

fn rounded_up(wait: Duration) -> String {
    format!("{} s", wait.as_nanos().div_ceil(1_000_000_000))
}

fn exactly(length: Duration) -> String {
    format!("{} s", length.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use connector_runtime::pacing::{Gate, SystemClock, Waits};

    use super::*;

    fn report() -> GateReport {
        let waits = Waits { overload: Duration::from_secs(1), max: Duration::from_secs(60) };
        Gate::new("a".to_owned(), waits, Arc::new(SystemClock::new()), None).report()
    }

    #[test]
    fn a_wait_has_its_reason() {
        let mut spent = report();
        (spent.waiting, spent.left) = (1, Some(0));
        (spent.quota, spent.window) = (Some(150), Some(Duration::from_secs(30)));
        spent.window_ends_in = Some(Duration::from_millis(11_200));
        assert_eq!(reason(&spent).unwrap(), "waiting 12 s: the store's quota of 150 per 30 s is spent");
        (spent.quota, spent.window) = (None, Some(Duration::from_millis(1_500)));
        assert_eq!(reason(&spent).unwrap(), "waiting 12 s: the store's quota is spent");
        (spent.quota, spent.closed_for) = (Some(9), Some(Duration::from_secs(20)));
        assert_eq!(reason(&spent).unwrap(), "waiting 20 s: the store's quota of 9 per 1.5 s is spent");

        let mut loaded = report();
        (loaded.waiting, loaded.closed_for) = (1, Some(Duration::from_millis(3_001)));
        assert_eq!(reason(&loaded).unwrap(), "waiting 4 s: the store is under load");

        let mut behind = report();
        (behind.waiting, behind.under_way) = (1, 3);
        assert_eq!(reason(&behind).unwrap(), "waiting: other calls to the store come first");
    }

    #[test]
    fn a_request_under_way_is_no_wait_and_a_pause_between_tries_is() {
        let mut busy = report();
        busy.under_way = 1;
        assert_eq!(reason(&busy), None);
        assert!(reason(&report()).unwrap().contains("the last try failed"));
    }
}
