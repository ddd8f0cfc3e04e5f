//! What gates report, as metrics for Prometheus, as JSON for programs and as a table for people: one list of numbers for
//! all three.

use std::fmt::Write as _;
use std::time::Duration;

use connector_runtime::pacing::GateReport;

use crate::failure::{milliseconds, seconds};
use crate::members::Members;
use crate::printable::printable;
use crate::table::{self, Fit};

/// A number that a gate reports.
struct Metric {
    /// The member in JSON.
    member: &'static str,
    /// The metric for Prometheus, whose units are seconds.
    name: &'static str,
    /// What it is, for people and for Prometheus.
    help: &'static str,
    read: fn(&GateReport) -> Option<Number>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Number {
    /// It only grows.
    Total(u64),
    Count(u64),
    Length(Duration),
}

const METRICS: [Metric; 13] = [
    Metric {
        member: "quota",
        name: "connector_quota",
        help: "Requests that a window of the quota allows",
        read: |report| Some(Number::Count(report.quota?.into())),
    },
    Metric {
        member: "window_ms",
        name: "connector_quota_window_seconds",
        help: "How long a window of the quota lasts",
        read: |report| Some(Number::Length(report.window?)),
    },
    Metric {
        member: "left",
        name: "connector_quota_left",
        help: "Requests that are left of the window that is open",
        read: |report| Some(Number::Count(report.left?.into())),
    },
    Metric {
        member: "window_ends_in_ms",
        name: "connector_quota_window_ends_in_seconds",
        help: "Time until that window ends",
        read: |report| Some(Number::Length(report.window_ends_in?)),
    },
    Metric {
        member: "closed_for_ms",
        name: "connector_closed_for_seconds",
        help: "Time until somebody may send after a refusal",
        read: |report| Some(Number::Length(report.closed_for?)),
    },
    Metric {
        member: "under_way",
        name: "connector_requests_under_way",
        help: "Requests under way",
        read: |report| Some(Number::Count(report.under_way.into())),
    },
    Metric {
        member: "waiting",
        name: "connector_callers_waiting",
        help: "Callers that wait",
        read: |report| Some(Number::Count(u64::try_from(report.waiting).unwrap_or(u64::MAX))),
    },
    Metric {
        member: "admitted",
        name: "connector_requests_admitted_total",
        help: "Requests that were let through",
        read: |report| Some(Number::Total(report.counts.admitted)),
    },
    Metric {
        member: "waits",
        name: "connector_waits_total",
        help: "Callers that had to wait",
        read: |report| Some(Number::Total(report.counts.waits)),
    },
    Metric {
        member: "turned_away",
        name: "connector_turned_away_total",
        help: "Callers that were told to come back instead of waiting",
        read: |report| Some(Number::Total(report.counts.turned_away)),
    },
    Metric {
        member: "refused",
        name: "connector_requests_refused_total",
        help: "Requests that the API refused for their number (429)",
        read: |report| Some(Number::Total(report.counts.refused)),
    },
    Metric {
        member: "nonsense_headers",
        name: "connector_nonsense_headers_total",
        help: "Headers about the quota that could not be believed",
        read: |report| Some(Number::Total(report.counts.nonsense)),
    },
    Metric {
        member: "store_errors",
        name: "connector_shared_quota_errors_total",
        help: "Times that the shared quota could not be reached",
        read: |report| Some(Number::Total(report.counts.store_errors)),
    },
];

/// The members of [`json`] that are numbers, in their order.
pub(crate) const MEMBERS: [&str; METRICS.len()] = {
    let mut members = [""; METRICS.len()];
    let mut at = 0;
    while at < members.len() {
        members[at] = METRICS[at].member;
        at += 1;
    }
    members
};

const RETRIES: (&str, &str) =
    ("connector_retries_total", "Requests that were sent again, by the class of the failure before");

/// The text that Prometheus reads, with a label for the account; what is not known of an account is left out.
#[must_use]
pub fn prometheus_text(reports: &[GateReport]) -> String {
    let mut text = String::new();
    for metric in &METRICS {
        let samples: Vec<(String, Number)> = reports
            .iter()
            .filter_map(|report| {
                Some((format!("account={}", label(&report.account)), (metric.read)(report)?))
            })
            .collect();
        family(&mut text, metric.name, metric.help, &samples);
    }
    let retries: Vec<(String, Number)> = reports
        .iter()
        .flat_map(|report| report.counts.retries.iter().map(move |retries| (report, retries)))
        .map(|(report, (class, count))| {
            (format!("account={},class={}", label(&report.account), label(class)), Number::Total(*count))
        })
        .collect();
    family(&mut text, RETRIES.0, RETRIES.1, &retries);
    text
}

fn family(text: &mut String, name: &str, help: &str, samples: &[(String, Number)]) {
    let Some((_, first)) = samples.first() else { return };
    let kind = if matches!(first, Number::Total(_)) { "counter" } else { "gauge" };
    // Writing to a string cannot fail.
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    for (labels, number) in samples {
        let _ = match number {
            Number::Total(count) | Number::Count(count) => writeln!(text, "{name}{{{labels}}} {count}"),
            Number::Length(length) => writeln!(text, "{name}{{{labels}}} {}", length.as_secs_f64()),
        };
    }
}

/// A label's value in quotes, as the format escapes it.
fn label(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n"))
}

/// `{"pacing": {…}}` on one line; every member is always there. `file` is the one through which the quota is shared, or
/// there is a reason that it is not.
pub(crate) fn json(report: &GateReport, file: Option<&str>, reason: Option<&str>) -> String {
    let named =
        Members::default().with("account", &report.account).with("file", file).with("not_shared", reason);
    let counted = METRICS.iter().fold(named, |members, metric| {
        let number = (metric.read)(report).map(|number| match number {
            Number::Total(count) | Number::Count(count) => count,
            Number::Length(length) => milliseconds(length),
        });
        members.with(metric.member, number)
    });
    Members::default().with("pacing", counted.with("retries", &report.counts.retries)).to_json()
}

/// The same for people, without what is not known.
pub(crate) fn table(report: &GateReport, file: Option<&str>, reason: Option<&str>, width: u16) -> String {
    let row = |what: &str, value: String| vec![what.to_owned(), printable(&value)];
    let mut rows = vec![row("Account", report.account.clone())];
    for metric in &METRICS {
        rows.extend((metric.read)(report).map(|number| {
            let text = match number {
                Number::Total(count) | Number::Count(count) => count.to_string(),
                Number::Length(length) => seconds(length),
            };
            row(metric.help, text)
        }));
    }
    for (class, count) in &report.counts.retries {
        rows.push(row(&format!("Requests that were sent again after {class}"), count.to_string()));
    }
    rows.push(match (file, reason) {
        (Some(file), _) => row("The quota is shared through", file.to_owned()),
        (None, reason) => row("The quota is not shared", reason.unwrap_or_default().to_owned()),
    });
    table::rows(&["pacing", "value"], rows, Fit::Wrap, width)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use connector_runtime::pacing::{Gate, SystemClock, Waits};

    use super::*;

    fn known(account: &str) -> GateReport {
        let waits = Waits { overload: Duration::from_secs(1), max: Duration::from_secs(60) };
        let mut report = Gate::new(account.to_owned(), waits, Arc::new(SystemClock::new()), None).report();
        (report.quota, report.window) = (Some(150), Some(Duration::from_secs(30)));
        (report.left, report.window_ends_in) = (Some(35), Some(Duration::from_millis(1_500)));
        (report.under_way, report.waiting) = (2, 7);
        let counts = &mut report.counts;
        (counts.admitted, counts.waits, counts.turned_away) = (40, 9, 3);
        (counts.refused, counts.nonsense, counts.store_errors) = (1, 4, 5);
        counts.retries.extend([("server", 2), ("rate_limited.window", 1)]);
        report
    }

    fn unknown(account: &str) -> GateReport {
        let mut report = known(account);
        (report.quota, report.window, report.left, report.window_ends_in) = (None, None, None, None);
        report.counts = Default::default();
        report
    }

    #[test]
    fn prometheus_reads_every_number_by_account() {
        let text = prometheus_text(&[known("one"), unknown("two \"2\" \\\n")]);
        for line in [
            "# HELP connector_quota_left Requests that are left of the window that is open",
            "# TYPE connector_quota_left gauge",
            r#"connector_quota_left{account="one"} 35"#,
            r#"connector_quota{account="one"} 150"#,
            r#"connector_quota_window_seconds{account="one"} 30"#,
            r#"connector_quota_window_ends_in_seconds{account="one"} 1.5"#,
            r#"connector_callers_waiting{account="two \"2\" \\\n"} 7"#,
            "# TYPE connector_requests_admitted_total counter",
            r#"connector_requests_admitted_total{account="one"} 40"#,
            r#"connector_waits_total{account="one"} 9"#,
            r#"connector_turned_away_total{account="one"} 3"#,
            r#"connector_requests_refused_total{account="one"} 1"#,
            r#"connector_nonsense_headers_total{account="one"} 4"#,
            r#"connector_shared_quota_errors_total{account="one"} 5"#,
            r#"connector_retries_total{account="one",class="rate_limited.window"} 1"#,
            r#"connector_retries_total{account="one",class="server"} 2"#,
        ] {
            assert!(text.lines().any(|known| known == line), "{line} is missing in\n{text}");
        }
        assert!(!text.contains("connector_closed_for_seconds"), "nobody knows it\n{text}");
        assert_eq!(prometheus_text(&[]), "");
    }

    #[test]
    fn the_text_is_in_families_of_samples_with_help_and_type_once() {
        let text = prometheus_text(&[known("one"), known("two")]);
        let (mut families, mut family) = (std::collections::BTreeSet::new(), "");
        for line in text.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                ["#", "HELP", name, ..] => {
                    family = name;
                    assert!(families.insert(name.to_string()), "{name} comes twice");
                }
                ["#", "TYPE", name, kind] => {
                    assert_eq!(*name, family);
                    assert_eq!(*kind == "counter", name.ends_with("_total"), "{line}");
                }
                [sample, number] => {
                    assert_eq!(sample.split('{').next(), Some(family));
                    assert!(number.parse::<f64>().is_ok(), "{line}");
                }
                _ => panic!("{line}"),
            }
        }
        assert_eq!(families.len(), METRICS.len(), "all but the wait after a refusal, and retries");
    }

    #[test]
    fn json_has_every_member_in_order() {
        let text = json(&known("one"), Some("/state/quota"), None);
        let expected = concat!(
            r#"{"pacing":{"account":"one","file":"/state/quota","not_shared":null,"quota":150,"#,
            r#""window_ms":30000,"left":35,"window_ends_in_ms":1500,"closed_for_ms":null,"under_way":2,"#,
            r#""waiting":7,"admitted":40,"waits":9,"turned_away":3,"refused":1,"nonsense_headers":4,"#,
            r#""store_errors":5,"retries":{"rate_limited.window":1,"server":2}}}"#,
        );
        assert_eq!(text, expected);
    }

    #[test]
    fn people_read_what_is_known() {
        let text = table(&known("one"), None, Some("no such folder"), 100);
        for words in
            ["Account", "window of the quota lasts", "30.0 s", "sent again after server", "no such folder"]
        {
            assert!(text.contains(words), "{words} is missing in\n{text}");
        }
        assert!(!table(&unknown("one"), None, None, 100).contains("window that is open"));
    }
}
