//! The app in the store's control panel, where it is installed, opened in a frame, and removed.

use std::sync::Arc;

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, Query, State};
use axum::response::Response;
use http::StatusCode;
use maud::html;

use super::page;
use crate::app::callbacks;
use crate::app::consent::{DeadEnd, Decision, Fields, approved, auth_callback, redirect, registered, screen};
use crate::app::people::{STAFF, User};
use crate::server::Shared;

/// `GET /manage/app/{client_id}`: opens the app for the owner, or for the `user` in the query. An app that asks for
/// other scopes than the merchant has agreed to is not opened before they agree again.
pub(super) async fn launch(
    State(shared): State<Arc<Shared>>,
    Path(client_id): Path<String>,
    Query(query): Query<Fields>,
) -> Result<Response, DeadEnd> {
    let name = registered(&shared, &client_id)?;
    let Some(user) = User::named(query.get("user").map(String::as_str)) else {
        return Err(DeadEnd(StatusCode::NOT_FOUND, "There is no user with this id."));
    };
    let (is_installed, needs_consent) = {
        let app = shared.app();
        (app.installation.is_some(), app.needs_consent())
    };
    if !is_installed {
        return Err(DeadEnd(StatusCode::NOT_FOUND, "The store does not have this app."));
    }
    if needs_consent {
        return consent(State(shared), Path(client_id)).await;
    }
    match callbacks::load_address(&shared, user) {
        Some(Ok(address)) => Ok(framed(&name, &address)),
        Some(Err(_)) => Err(DeadEnd(StatusCode::INTERNAL_SERVER_ERROR, "The payload could not be signed.")),
        None => Err(DeadEnd(StatusCode::CONFLICT, "The app is registered without a Load callback URL.")),
    }
}

/// `GET /manage/app/{client_id}/install`: the consent screen.
pub(super) async fn consent(
    State(shared): State<Arc<Shared>>,
    Path(client_id): Path<String>,
) -> Result<Response, DeadEnd> {
    auth_callback(&shared, &client_id)?;
    Ok(screen(&shared, &format!("/manage/app/{client_id}/install"), &[]))
}

/// `POST /manage/app/{client_id}/install`: the decision. The app's Auth callback answers in a frame.
pub(super) async fn install(
    State(shared): State<Arc<Shared>>,
    Path(client_id): Path<String>,
    form: Result<Form<Fields>, FormRejection>,
) -> Result<Response, DeadEnd> {
    let callback = auth_callback(&shared, &client_id)?;
    Ok(match Decision::read(form)?.0 {
        Decision::Approved(user) => {
            let (name, scope) = {
                let app = shared.app();
                (app.registration.name.clone(), app.registration.scope())
            };
            framed(&name, &approved(&shared, &callback, &scope, user, &[]))
        }
        Decision::Cancelled => redirect("/"),
    })
}

/// `POST /manage/app/{client_id}/uninstall`
pub(super) async fn uninstall(
    State(shared): State<Arc<Shared>>,
    Path(client_id): Path<String>,
) -> Result<Response, DeadEnd> {
    registered(&shared, &client_id)?;
    callbacks::uninstall(&shared).await;
    Ok(redirect("/"))
}

/// `POST /manage/app/{client_id}/remove-user`: the user who is not the owner.
pub(super) async fn remove_user(
    State(shared): State<Arc<Shared>>,
    Path(client_id): Path<String>,
) -> Result<Response, DeadEnd> {
    registered(&shared, &client_id)?;
    callbacks::remove_user(&shared, &STAFF).await;
    Ok(redirect("/"))
}

fn framed(name: &str, address: &str) -> Response {
    let content = html! {
        p { a href="/" { "Back to the store" } }
        iframe #app-frame title=(name) src=(address) {}
    };
    page(StatusCode::OK, name, &content)
}
