//! The pages of the sandbox for people: the store at a glance, and its control panel. They work without scripts, and
//! nothing changes by a GET.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn;
use axum::response::Response;
use axum::routing::{get, post};
use http::header::CONTENT_SECURITY_POLICY;
use http::{HeaderValue, StatusCode};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::answer;
use crate::control::near;
use crate::server::Shared;

mod by_hand;
mod control_panel;
mod overview;

/// No scripts and nothing from elsewhere, but for the frame of the app and the way that a form leads on.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-src http: https:";

const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;margin:0 auto;max-width:60rem;padding:1rem;color:#1b1f24;\
    background:#fff}h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}table{border-collapse:collapse;width:100%;\
    display:block;overflow-x:auto}th,td{border-bottom:1px solid #d0d7de;padding:.25rem .75rem .25rem 0;text-align:left}\
    label{margin-right:.25rem}input,select,button{font:inherit;padding:.25rem .5rem;margin:.15rem .5rem .15rem 0;\
    max-width:100%}button{cursor:pointer}button.main{background:#0b5fcc;color:#fff;border:1px solid #0b5fcc}\
    iframe{width:100%;height:36rem;border:1px solid #8c959f}code{overflow-wrap:anywhere}\
    @media(max-width:36rem){form label{display:block;margin-top:.5rem}form input,form select{width:100%;margin-right:0;box-sizing:border-box}}\
    .note{border-left:.25rem solid #0b5fcc;padding-left:.75rem}";

/// The paths of the pages. Like the control API they have no token and are for clients of this machine.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    let app = "/manage/app/{client_id}";
    let at = |path: &str| format!("{app}{path}");
    Router::new()
        .route("/", get(overview::show))
        .route("/manage/orders", post(by_hand::place_order))
        .route("/manage/products", post(by_hand::change_product))
        .route("/manage/customers", post(by_hand::register_customer))
        .route(app, get(control_panel::launch))
        .route(&at("/install"), get(control_panel::consent).post(control_panel::install))
        .route(&at("/uninstall"), post(control_panel::uninstall))
        .route(&at("/remove-user"), post(control_panel::remove_user))
        .route_layer(from_fn(near))
}

/// Whether a path is one of these pages.
pub(crate) fn is_page_path(path: &str) -> bool {
    path == "/" || path.starts_with("/manage/")
}

/// A page of the sandbox.
pub(crate) fn page(status: StatusCode, title: &str, content: &Markup) -> Response {
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · sandbox" }
                style { (PreEscaped(STYLE)) }
            }
            body { main { h1 { (title) } (content) } }
        }
    };
    let mut response = answer::html(status, document.into_string());
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}
