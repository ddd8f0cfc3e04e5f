//! Who asks, and with which form: requests of people who are signed in, and forms that carry their session's token.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Form, FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use http::request::Parts;
use tokio::time::timeout;

use super::Portal;
use super::accounts::Broken;
use super::session::SignedIn;
use crate::outside;

/// The name of the field that carries the token of a form.
pub(super) const TOKEN: &str = "form_token";

/// How long a form may take to come.
const PATIENCE: Duration = Duration::from_secs(15);

/// The fields of a form in their order.
#[derive(Default)]
pub(super) struct Fields(Vec<(String, String)>);

/// A form of somebody who is signed in, with the token of their session.
pub(super) struct Sent {
    pub(super) who: SignedIn,
    pub(super) fields: Fields,
}

impl From<Vec<(String, String)>> for Fields {
    fn from(pairs: Vec<(String, String)>) -> Self {
        let unmarked = |(name, value): (String, String)| (name, outside::unmarked(&value).to_owned());
        Self(pairs.into_iter().map(unmarked).collect())
    }
}

impl Fields {
    /// The first field of a name; empty where there is none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// All fields of a name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Reads the form of a request.
    pub(super) async fn read(request: Request, portal: &Portal) -> Result<Self, Response> {
        let bad = |status| {
            portal.told(status, "That form could not be read", "Go back, load the page anew and try again.")
        };
        match timeout(PATIENCE, Form::<Vec<(String, String)>>::from_request(request, &())).await {
            Ok(Ok(Form(fields))) => Ok(Self::from(fields)),
            Ok(Err(rejection)) => Err(bad(rejection.into_response().status())),
            Err(_) => Err(bad(StatusCode::REQUEST_TIMEOUT)),
        }
    }
}

impl FromRequestParts<Arc<Portal>> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, portal: &Arc<Portal>) -> Result<Self, Response> {
        match portal.sessions.find(&parts.headers, portal.now_ms()).await {
            Ok(Some(who)) => Ok(who),
            Ok(None) => Err(Redirect::to(&portal.at("/sign-in")).into_response()),
            Err(error) => Err(portal.broken(&Broken::new("a session", error))),
        }
    }
}

impl FromRequest<Arc<Portal>> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request, portal: &Arc<Portal>) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let who = SignedIn::from_request_parts(&mut parts, portal).await?;
        if !portal.forms.take(portal.instant()) {
            return Err(portal.too_often());
        }
        let fields = Fields::read(Request::from_parts(parts, body), portal).await?;
        match who.is_form(fields.text(TOKEN)) {
            true => Ok(Self { who, fields }),
            false => {
                tracing::warn!("a form without the token of its session was refused");
                let text =
                    "It was not sent from a page of this session. Go back, load the page anew and try again.";
                Err(portal.told(StatusCode::FORBIDDEN, "That form was refused", text))
            }
        }
    }
}
