//! Signing in with the admin token, and out again.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use connector_runtime::ExposeSecret as _;
use http::header::SET_COOKIE;
use http::{HeaderMap, StatusCode};
use maud::html;

use super::accounts::Broken;
use super::forms::{Fields, Sent, TOKEN};
use super::session::key;
use super::{About, OPERATOR, Portal};
use crate::outside;

/// The form.
pub(super) async fn page(State(portal): State<Arc<Portal>>, headers: HeaderMap) -> Response {
    match portal.sessions.find(&headers, portal.now_ms()).await {
        Ok(Some(_)) => Redirect::to(&portal.at("/connections")).into_response(),
        Ok(None) => portal.sign_in_form(StatusCode::OK, None),
        Err(error) => portal.broken(&Broken::new("a session", error)),
    }
}

/// Compares the token and begins a session.
pub(super) async fn sign_in(State(portal): State<Arc<Portal>>, request: Request) -> Response {
    let headers = request.headers().clone();
    let fields = match Fields::read(request, &portal).await {
        Ok(fields) => fields,
        Err(response) => return response,
    };
    if !portal.sessions.is_form(&headers, fields.text(TOKEN)) {
        let text = "The form was too old, or your browser keeps no cookies. Try again.";
        return portal.sign_in_form(StatusCode::FORBIDDEN, Some(text));
    }
    let now = portal.instant();
    // Whoever guesses is stopped before anything is compared.
    if !portal.wrong_tokens.has_one(now) {
        return portal.too_often();
    }
    // By digests, so that the time of the comparison tells nothing of the token.
    let given = key(outside::secret(fields.text("admin_token")).unwrap_or_default());
    let is_right = portal.parts.admin_token.as_ref().is_some_and(|token| key(token.expose_secret()) == given);
    if !is_right {
        portal.wrong_tokens.take(now);
        tracing::warn!("somebody tried to sign in with a wrong token");
        return portal.sign_in_form(StatusCode::FORBIDDEN, Some("That is not the admin token."));
    }
    match portal.sessions.begin(portal.now_ms()).await {
        Ok(cookie) => {
            portal.note("signed_in", OPERATOR, About::default(), "").await;
            ([(SET_COOKIE, cookie)], Redirect::to(&portal.at("/connections"))).into_response()
        }
        Err(error) => portal.broken(&Broken::from(error)),
    }
}

/// Ends the session.
pub(super) async fn sign_out(State(portal): State<Arc<Portal>>, sent: Sent) -> Response {
    let cookie = match portal.sessions.end(&sent.who).await {
        Ok(cookie) => cookie,
        Err(error) => return portal.broken(&Broken::new("a session", error)),
    };
    portal.note("signed_out", OPERATOR, About::default(), "").await;
    ([(SET_COOKIE, cookie)], Redirect::to(&portal.at("/sign-in"))).into_response()
}

impl Portal {
    fn sign_in_form(&self, status: StatusCode, wrong: Option<&str>) -> Response {
        let (cookie, token) = match self.sessions.form_cookie() {
            Ok(both) => both,
            Err(error) => return self.broken(&Broken::from(error)),
        };
        let content = html! {
            @if let Some(wrong) = wrong { p #wrong role="alert" { (wrong) } }
            @if self.parts.admin_token.is_none() {
                p role="alert" {
                    "Nobody can sign in: the service has no admin token. Whoever runs it sets "
                    code { "CONNECTOR_ADMIN_TOKEN" } " and starts it anew."
                }
            }
            form method="post" action=(self.at("/sign-in")) {
                input type="hidden" name=(TOKEN) value=(token);
                label for="admin_token" { "Admin token" }
                p.hint #about-token { "The one that the service was started with." }
                input #admin_token type="password" name="admin_token" autocomplete="current-password" required
                    aria-describedby=(if wrong.is_some() { "about-token wrong" } else { "about-token" });
                div { button { "Sign in" } }
            }
        };
        (status, [(SET_COOKIE, cookie)], self.page("Sign in", None, &content)).into_response()
    }
}
