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
use crate::moments::rfc3339;
use crate::storage::{ConnectionRow, ConnectionState};

/// The ways to other pages: path, words, and the title of the page.
const WAYS: &[(&str, &str, &str)] = &[
    ("/connections", "Connections", "Connections"),
    ("/connections/new", "Connect", CONNECT),
    ("/audit", "Audit log", "Audit log"),
];

/// The title of the page on which a connection begins.
pub(super) const CONNECT: &str = "Connect an account";

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
                                @for (path, words, leads_to) in WAYS {
                                    a href=(self.at(path)) aria-current=[(*leads_to == title).then_some("page")] { (words) }
                                }
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

/// A description in which code stands between backticks.
pub(super) fn coded(text: &str) -> Markup {
    html! { @for (at, part) in text.split('`').enumerate() {
        @if at % 2 == 1 { code { (part) } } @else { (part) }
    } }
}

/// The state of a connection.
pub(super) fn state(row: &ConnectionRow) -> Markup {
    match row.state {
        ConnectionState::Connected => html! { span.good { "connected" } },
        ConnectionState::Refused | ConnectionState::Revoked => html! { span.bad { "revoked" } },
    }
}

/// A moment, as people and programs read it.
pub(super) fn moment(ms: i64) -> Markup {
    let text = rfc3339(ms);
    html! { time datetime=(text) { (text.replace('T', " ").replace('Z', " UTC")) } }
}
