//! The screens on which a merchant signs in and agrees to an install, and where they lead.
//!
//! Consent is to everything the app asks for or to nothing. The documented ways are the external install link and
//! the control panel (see [`crate::pages`]); `/oauth2/authorize` is not documented, but other clients use it.
//! Source: `docs/integrations/apps/guide/buttons.mdx` of <https://github.com/bigcommerce/docs>.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Form, Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Router, extract::rejection::FormRejection};
use http::StatusCode;
use maud::{Markup, html};

use super::callbacks::with_query;
use super::people::{EVERYBODY, OWNER, User};
use super::{ACCOUNT_UUID, scopes};
use crate::pages;
use crate::server::Shared;

/// The fields of a query or a form, each once.
pub(crate) type Fields = BTreeMap<String, String>;

/// The paths of the install link and of the authorise URL.
pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/app/{client_id}/install", get(external).post(agree_external))
        .route("/app/{client_id}/install/succeeded", get(succeeded))
        .route("/app/{client_id}/install/failed", get(failed))
        .route("/oauth2/authorize", get(authorise).post(agree_authorise))
}

/// A request that leads nowhere: the status of its page, and what the page says.
#[derive(Debug)]
pub(crate) struct DeadEnd(pub(crate) StatusCode, pub(crate) &'static str);

impl IntoResponse for DeadEnd {
    fn into_response(self) -> Response {
        refusal(self.0, self.1)
    }
}

/// What a merchant decided on the consent screen.
pub(crate) enum Decision {
    /// To install the app, signed in as this user.
    Approved(&'static User),
    Cancelled,
}

impl Decision {
    /// The decision in the form of the consent screen.
    pub(crate) fn read(form: Result<Form<Fields>, FormRejection>) -> Result<(Self, Fields), DeadEnd> {
        let wrong = || DeadEnd(StatusCode::BAD_REQUEST, "This form was not filled in on the consent screen.");
        let Form(fields) = form.map_err(|_| wrong())?;
        let user = User::named(fields.get("user").map(String::as_str)).ok_or_else(wrong)?;
        match fields.get("decision").map(String::as_str) {
            Some("approve") => Ok((Self::Approved(user), fields)),
            Some("cancel") => Ok((Self::Cancelled, fields)),
            _ => Err(wrong()),
        }
    }
}

/// `GET /app/{client_id}/install`: the external install link.
async fn external(
    State(shared): State<Arc<Shared>>,
    Path(client_id): Path<String>,
) -> Result<Response, DeadEnd> {
    auth_callback(&shared, &client_id)?;
    Ok(screen(&shared, &format!("/app/{client_id}/install"), &[]))
}

async fn agree_external(
    State(shared): State<Arc<Shared>>,
    Path(client_id): Path<String>,
    form: Result<Form<Fields>, FormRejection>,
) -> Result<Response, DeadEnd> {
    let callback = auth_callback(&shared, &client_id)?;
    Ok(match Decision::read(form)?.0 {
        // The documentation says that the parameter is there, and not what it says.
        Decision::Approved(user) => {
            let scope = shared.app().registration.scope();
            redirect(&approved(&shared, &callback, &scope, user, &[("external_install", "true")]))
        }
        // Where a merchant ends who does not agree is not documented.
        Decision::Cancelled => redirect(&format!("/app/{client_id}/install/failed")),
    })
}

/// `GET /app/{client_id}/install/succeeded`: where an app sends the browser after an external install.
async fn succeeded(
    State(shared): State<Arc<Shared>>,
    Path(client_id): Path<String>,
) -> Result<Response, DeadEnd> {
    let name = registered(&shared, &client_id)?;
    let content = html! { p { strong { (name) } " was installed. You can close this window." } };
    Ok(pages::page(StatusCode::OK, "App installed", &content))
}

/// `GET /app/{client_id}/install/failed`: the same for an install that came to nothing.
async fn failed(
    State(shared): State<Arc<Shared>>,
    Path(client_id): Path<String>,
) -> Result<Response, DeadEnd> {
    let name = registered(&shared, &client_id)?;
    let content =
        html! { p { strong { (name) } " was not installed. You can close this window and try again." } };
    Ok(pages::page(StatusCode::OK, "App not installed", &content))
}

/// `GET /oauth2/authorize`, with `context` naming the store.
async fn authorise(
    State(shared): State<Arc<Shared>>,
    Query(asked): Query<Fields>,
) -> Result<Response, DeadEnd> {
    check(&shared, &asked)?;
    // What the merchant fills in is not for the address to say.
    let carried = asked.iter().filter(|(name, _)| !["user", "decision"].contains(&name.as_str()));
    let carried: Vec<(&str, &str)> = carried.map(|(name, value)| (name.as_str(), value.as_str())).collect();
    Ok(screen(&shared, "/oauth2/authorize", &carried))
}

async fn agree_authorise(
    State(shared): State<Arc<Shared>>,
    form: Result<Form<Fields>, FormRejection>,
) -> Result<Response, DeadEnd> {
    let (decision, asked) = Decision::read(form)?;
    let (callback, scope) = check(&shared, &asked)?;
    let state = asked.get("state").map(|state| ("state", state.as_str()));
    Ok(match decision {
        Decision::Approved(user) => redirect(&approved(&shared, &callback, &scope, user, state.as_slice())),
        // As RFC 6749 (4.1.2.1) has it.
        Decision::Cancelled => {
            let denied: Vec<(&str, &str)> = [("error", "access_denied")].into_iter().chain(state).collect();
            redirect(&with_query(&callback, &denied))
        }
    })
}

/// The callback and the scopes of an authorise URL, or what is wrong with it. The browser is never
/// sent to an address that is not registered.
fn check(shared: &Shared, asked: &Fields) -> Result<(String, String), DeadEnd> {
    let wrong = |what| DeadEnd(StatusCode::BAD_REQUEST, what);
    let field = |name: &str| asked.get(name).map(String::as_str).unwrap_or_default();
    let callback = auth_callback(shared, field("client_id"))?;
    if field("redirect_uri") != callback {
        return Err(wrong("The redirect_uri is not the registered Auth callback URL."));
    }
    if field("response_type") != "code" {
        return Err(wrong("The response_type must be code."));
    }
    // Without it the real thing grants a token for the user and not for the store.
    if field("context") != format!("stores/{}", shared.store_hash) {
        return Err(wrong("The context does not name a store of yours."));
    }
    if asked.get("account_uuid").is_some_and(|uuid| uuid != ACCOUNT_UUID) {
        return Err(wrong("The account_uuid is not that of the app."));
    }
    let registration = shared.app().registration.clone();
    let scope = match field("scope") {
        "" => registration.scope(),
        scope => scope.to_owned(),
    };
    let default = scopes::EXTRAS[0];
    if scope
        .split_whitespace()
        .any(|id| id != default && !registration.scopes.iter().any(|known| known == id))
    {
        return Err(wrong("The app is not registered for one of these scopes."));
    }
    Ok((callback, scope))
}

/// A code for what the merchant agreed to, at the end of the app's Auth callback URL.
pub(crate) fn approved(
    shared: &Shared,
    callback: &str,
    scope: &str,
    user: &'static User,
    more: &[(&str, &str)],
) -> String {
    let context = format!("stores/{}", shared.store_hash);
    let code = shared.app().issue(scope, &context, callback, user, shared.clock.now());
    let sent = [("code", &*code), ("scope", scope), ("context", &context), ("account_uuid", ACCOUNT_UUID)];
    with_query(callback, &[&sent[..], more].concat())
}

/// The consent screen: who is asked for what, with a form that posts the decision to `action`.
pub(crate) fn screen(shared: &Shared, action: &str, carried: &[(&str, &str)]) -> Response {
    let store = shared.store_name();
    let (name, asked, has_more) = {
        let app = shared.app();
        (app.registration.name.clone(), app.registration.scopes.clone(), app.needs_consent())
    };
    let content = html! {
        p {
            strong { (name) } " wants to connect to " strong { (store) } " (store hash "
            code { (shared.store_hash) } ")."
        }
        @if has_more { p.note { "The app asks for other permissions than you agreed to." } }
        h2 { "It will be able to" }
        (permissions(&asked))
        form method="post" action=(action) {
            @for (name, value) in carried { input type="hidden" name=(name) value=(value); }
            p {
                label for="user" { "Signed in as " }
                select id="user" name="user" {
                    @for user in EVERYBODY {
                        option value=(user.id) selected[user == &OWNER] { (user.name) ", " (user.email) }
                    }
                }
            }
            p {
                button.main type="submit" name="decision" value="approve" { "Approve" }
                " "
                button type="submit" name="decision" value="cancel" { "Cancel" }
            }
        }
    };
    pages::page(StatusCode::OK, &format!("Install {name}"), &content)
}

fn permissions(asked: &[String]) -> Markup {
    html! {
        ul {
            @for id in asked {
                @let (name, is_read_only) = scopes::described(id).unwrap_or((id, false));
                li { (name) ": " @if is_read_only { "read" } @else { "read and change" } " " code { (id) } }
            }
            @if asked.is_empty() { li { "see that the store is there" } }
        }
    }
}

/// The Auth callback URL of the app with this client id.
pub(crate) fn auth_callback(shared: &Shared, client_id: &str) -> Result<String, DeadEnd> {
    registered(shared, client_id)?;
    let callback = shared.app().registration.auth_callback.clone();
    callback.ok_or(DeadEnd(StatusCode::CONFLICT, "The app is registered without an Auth callback URL."))
}

/// The name of the app, where it has this client id.
pub(crate) fn registered(shared: &Shared, client_id: &str) -> Result<String, DeadEnd> {
    match client_id == &*shared.accounts.client_id {
        true => Ok(shared.app().registration.name.clone()),
        false => Err(DeadEnd(StatusCode::NOT_FOUND, "There is no app with this client id.")),
    }
}

/// The page of a request that leads nowhere.
pub(crate) fn refusal(status: StatusCode, what: &str) -> Response {
    pages::page(status, "That did not work", &html! { p { (what) } })
}

/// Sends the browser on.
pub(crate) fn redirect(address: &str) -> Response {
    Redirect::to(address).into_response()
}
