//! The store at a glance: what it is, what happened lately, and forms with which something happens.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};

use super::page;
use crate::app::consent::Fields;
use crate::request_log::ReceivedRequest;
use crate::server::Shared;
use crate::store::Store;
use crate::webhooks::delivery::Delivery;

/// How many requests and how many deliveries are shown.
const SHOWN: usize = 20;

/// `GET /`
pub(super) async fn show(State(shared): State<Arc<Shared>>, Query(done): Query<Fields>) -> Response {
    let name = shared.store_name();
    let left = shared.admission().left(&shared.quota, shared.clock.now());
    let requests = shared.log.latest(SHOWN);
    let deliveries = shared.webhooks.ledger().latest(SHOWN);
    let content = html! {
        @if let Some(note) = note(&done) { p.note role="status" { (note) } }
        p {
            "Store hash " code #store-hash { (shared.store_hash) } ". Requests left: " strong #quota-left { (left) }
            " of " (shared.quota.requests) " in " (shared.quota.window.as_millis()) " ms."
        }
        (app(&shared))
        (forms(&shared.store()))
        h2 { "Latest requests" }
        (request_table(&requests))
        h2 { "Latest webhook deliveries" }
        (delivery_table(&deliveries))
    };
    page(StatusCode::OK, &name, &content)
}

/// What a form has just done, by the number that it left in the address.
fn note(done: &Fields) -> Option<String> {
    let (kind, id) = done.first_key_value()?;
    let id: u64 = id.parse().ok()?;
    match kind.as_str() {
        "order" => Some(format!("Order {id} was placed.")),
        "product" => Some(format!("Product {id} was changed.")),
        "customer" => Some(format!("Customer {id} was registered.")),
        _ => None,
    }
}

/// The app in the control panel.
fn app(shared: &Shared) -> Markup {
    let app = shared.app();
    let home = format!("/manage/app/{}", app.registration.client_id);
    html! {
        h2 { "Apps" }
        p #app {
            strong { (app.registration.name) } ": "
            @match &app.installation {
                Some(_) if app.needs_consent() => "installed, asks for other permissions",
                Some(_) => "installed",
                None => "not installed",
            }
        }
        @if app.installation.is_some() {
            p { a #launch href=(home) { "Launch" } }
            form method="post" action={ (home) "/uninstall" } { button type="submit" { "Uninstall" } }
            form method="post" action={ (home) "/remove-user" } {
                button type="submit" { "Take the access from the staff user" }
            }
        } @else {
            p { a #install href={ (home) "/install" } { "Install" } }
        }
    }
}

fn forms(store: &Store) -> Markup {
    let products = || {
        html! {
            @for (id, product) in store.products.iter() {
                option value=(id) { (product["name"].as_str().unwrap_or_default()) " (" (id) ")" }
            }
        }
    };
    html! {
        h2 { "Place an order" }
        form method="post" action="/manage/orders" {
            label for="order-product" { "Product" }
            select #order-product name="product_id" { option value="" { "whatever" } (products()) }
            label for="quantity" { "Quantity" }
            input #quantity name="quantity" type="number" min="1" value="1";
            button type="submit" { "Place the order" }
        }
        h2 { "Change a product" }
        form method="post" action="/manage/products" {
            label for="product" { "Product" }
            select #product name="product_id" { (products()) }
            label for="name" { "New name" }
            input #name name="name";
            label for="price" { "New price" }
            input #price name="price" inputmode="decimal";
            button type="submit" { "Change the product" }
        }
        h2 { "Register a customer" }
        form method="post" action="/manage/customers" {
            label for="first-name" { "First name" }
            input #first-name name="first_name" required;
            label for="last-name" { "Last name" }
            input #last-name name="last_name" required;
            label for="email" { "E-mail" }
            input #email name="email" type="email" required;
            button type="submit" { "Register the customer" }
        }
    }
}

fn request_table(requests: &[ReceivedRequest]) -> Markup {
    html! {
        @if requests.is_empty() { p { "None yet." } } @else {
            table #requests {
                tr { th { "Method" } th { "Path" } th { "Status" } }
                @for request in requests {
                    // Without the query: what a client puts there may be secret.
                    tr {
                        td { (request.method) }
                        td { code { (request.path) } }
                        td { @if let Some(status) = request.status { (status) } @else { "under way" } }
                    }
                }
            }
        }
    }
}

fn delivery_table(deliveries: &[Delivery]) -> Markup {
    html! {
        @if deliveries.is_empty() { p { "None yet." } } @else {
            table #deliveries {
                tr { th { "Event" } th { "Destination" } th { "State" } th { "Attempts" } }
                @for delivery in deliveries {
                    tr {
                        td { (delivery.scope) }
                        td { code { (delivery.destination) } }
                        td { (delivery.state.name().replace('_', " ")) }
                        td { (delivery.attempts.len()) }
                    }
                }
            }
        }
    }
}
