//! The frame of every page, and the small parts that several pages show.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{Html, IntoResponse as _, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue};
use maud::{DOCTYPE, Markup, html};

use super::Portal;
use super::accounts::Broken;
use super::forms::TOKEN;
use super::session::SignedIn;
use crate::storage::{ConnectionRow, ConnectionState};

/// The stylesheet.
pub(super) async fn style(State(_): State<Arc<Portal>>) -> Response {
    let kind = (CONTENT_TYPE, "text/css; charset=utf-8");
    ([kind, (CACHE_CONTROL, "public, max-age=3600")], include_str!("style.css")).into_response()
}

impl Portal {
    /// A page. Whoever is signed in sees the ways to the others.
    pub(super) fn page(&self, title: &str, who: Option<&SignedIn>, content: &Markup) -> Response {
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (title) " – connector" }
                    link rel="stylesheet" href=(self.at("/assets/style.css"));
                }
                body {
                    a.skip href="#content" { "Skip to the content" }
                    header {
                        span.name { "connector" }
                        @if let Some(who) = who {
                            nav aria-label="Pages" {
                                a href=(self.at("/connections")) { "Connections" }
                                a href=(self.at("/connections/new")) { "Connect" }
                                a href=(self.at("/audit")) { "Audit log" }
                                form method="post" action=(self.at("/sign-out")) {
                                    (token(who)) button.plain { "Sign out" }
                                }
                            }
                        }
                    }
                    main #content tabindex="-1" { h1 { (title) } (content) }
                }
            }
        };
        Html(page.into_string()).into_response()
    }

    /// A page that says what happened, or why not.
    pub(super) fn told(&self, status: StatusCode, title: &str, text: &str) -> Response {
        let content = html! {
            p role=[(!status.is_success()).then_some("alert")] { (text) }
            p { a href=(self.at("/connections")) { "To the connections" } }
        };
        (status, self.page(title, None, &content)).into_response()
    }

    /// A page that says no more than that something of ours failed; the log says what.
    pub(super) fn broken(&self, error: &Broken) -> Response {
        tracing::error!(%error, "a page could not be made");
        let text = "It is not your fault. Try again in a minute; the log says what happened.";
        self.told(StatusCode::SERVICE_UNAVAILABLE, "Something here failed", text)
    }

    /// There is nothing at this address.
    pub(super) fn nothing(&self) -> Response {
        self.told(StatusCode::NOT_FOUND, "Nothing here", "There is no such page.")
    }

    /// Too much was asked for in too short a time.
    pub(super) fn too_often(&self) -> Response {
        let text = "Too many tries in a short time. Wait a minute and try again.";
        let mut response = self.told(StatusCode::TOO_MANY_REQUESTS, "Too many tries", text);
        response.headers_mut().insert(http::header::RETRY_AFTER, HeaderValue::from_static("60"));
        response
    }
}

/// The same answer under another policy.
pub(super) fn with_policy(mut response: Response, policy: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(policy) {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, value);
    }
    response
}

/// The token that a form sends along.
pub(super) fn token(who: &SignedIn) -> Markup {
    html! { input type="hidden" name=(TOKEN) value=(who.form_token); }
}

/// The state of a connection.
pub(super) fn state(row: &ConnectionRow) -> Markup {
    match row.state {
        ConnectionState::Connected => html! { span.good { "connected" } },
        ConnectionState::Revoked => html! { span.bad { "revoked" } },
    }
}

/// A moment, as people and programs read it.
pub(super) fn moment(ms: i64) -> Markup {
    let text = civil(ms);
    html! { time datetime=(text.replace(' ', "T") + "Z") { (text) " UTC" } }
}

/// Date and time of day in the calendar of today (Howard Hinnant's `civil_from_days`).
fn civil(ms: i64) -> String {
    let seconds = ms.div_euclid(1000);
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_dates_of_the_calendar() {
        assert_eq!(civil(0), "1970-01-01 00:00:00");
        assert_eq!(civil(1_764_000_000_999), "2025-11-24 16:00:00");
        assert_eq!(civil(1_709_164_800_000), "2024-02-29 00:00:00");
        assert_eq!(civil(-1), "1969-12-31 23:59:59");
    }
}
