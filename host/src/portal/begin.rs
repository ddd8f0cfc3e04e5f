//! Beginning a connection through an app: the account is typed, the vendor's install screen follows.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use connector_runtime::{Error, OAuth2};
use http::StatusCode;
use maud::{Markup, html};

use super::accounts::Broken;
use super::forms::{Fields, Sent};
use super::session::{Flow, SignedIn, digest, token as random_token};
use super::view::{CONNECT, coded, token, with_policy};
use super::{About, OPERATOR, Portal, guard};
use crate::account_form::{self, escaped, filled, link};
use crate::connections::account_field;
use crate::serve::config::AppClient;

/// What can be connected, and how.
pub(super) async fn choose(State(portal): State<Arc<Portal>>, who: SignedIn) -> Response {
    let title = portal.parts.connector.title;
    let content = html! {
        h2 { (title) }
        @if portal.parts.clients.is_empty() {
            p {
                "No app is configured. Whoever runs the service registers one with the vendor and adds it to the settings, \
                 with its client id and client secret."
            }
        }
        ul.ways {
            @for app in portal.parts.clients.keys() {
                li {
                    a href=(portal.at(&format!("/connect/{app}"))) { "Install the app " (app) }
                    p { "You approve it at " (title) " and come back, connected." }
                }
            }
            li {
                a href=(portal.at("/connections/paste")) { "Paste the credentials of an account" }
                p { "For an API account that was made there by hand." }
            }
        }
    };
    portal.page(CONNECT, Some(&who), &content)
}

/// The form for the account. A link to it may fill it in.
pub(super) async fn page(
    State(portal): State<Arc<Portal>>,
    Path(app): Path<String>,
    Query(known): Query<Vec<(String, String)>>,
    who: SignedIn,
) -> Response {
    match portal.parts.clients.get(&app) {
        Some(client) => portal.begin_form(&app, client, &who, &Fields::from(known), None),
        None => portal.nothing(),
    }
}

/// Remembers what was typed and leads to the vendor.
pub(super) async fn begin(
    State(portal): State<Arc<Portal>>,
    Path(app): Path<String>,
    sent: Sent,
) -> Response {
    let (Some(client), Some(grant)) = (portal.parts.clients.get(&app), portal.parts.connector.oauth2) else {
        return portal.nothing();
    };
    let typed = portal.typed(&sent.fields);
    let fields = match account_form::fields(portal.parts.connector, &typed) {
        Ok(fields) => fields,
        Err(error) => return portal.begin_form(&app, client, &sent.who, &sent.fields, Some(&error)),
    };
    let Some(account) = account_field(portal.parts.connector).and_then(|field| fields.get(field)) else {
        return portal.nothing();
    };
    let install = grant.install.filter(|_| !client.authorize);
    let state = match install {
        Some(_) => None,
        None => match random_token() {
            Ok(state) => Some(state),
            Err(error) => return portal.broken(&Broken::from(error)),
        },
    };
    let address = match (install, &state) {
        (None, Some(state)) => portal.authorize_address(&grant, &app, client, state, &fields),
        _ => portal.vendor_link(client, install.unwrap_or(grant.authorize)),
    };
    let state = state.as_deref().map(digest);
    let flow =
        Flow { app: app.clone(), account: account.clone(), state, began_ms: portal.now_ms(), code: None };
    if let Err(error) = portal.sessions.begin_flow(&sent.who, flow).await {
        return portal.broken(&Broken::new("a session", error));
    }
    portal.note("connect_begun", OPERATOR, About { account: Some(account), connection: None }, &app).await;
    with_policy(Redirect::to(&address).into_response(), &guard::leading_to(client.base_url.as_deref()))
}

impl Portal {
    /// What a form says of the connector's fields.
    pub(super) fn typed<'a>(&self, fields: &'a Fields) -> Vec<(&'static str, &'a str)> {
        self.parts.connector.fields.iter().map(|field| (field.name, fields.text(field.name))).collect()
    }

    /// A sandbox or proxy in place of the vendor's servers.
    pub(super) fn base_url(&self, app: &str) -> Option<&str> {
        self.parts.clients.get(app).and_then(|client| client.base_url.as_deref())
    }

    /// A link of the vendor for an app.
    pub(super) fn vendor_link(&self, client: &AppClient, template: &str) -> String {
        at_server(&link(template, "client_id", &client.client_id), client.base_url.as_deref())
    }

    fn authorize_address(
        &self,
        grant: &OAuth2,
        app: &str,
        client: &AppClient,
        state: &str,
        fields: &std::collections::BTreeMap<String, String>,
    ) -> String {
        let redirect_uri = self.redirect_uri(app);
        let mut address = at_server(grant.authorize, client.base_url.as_deref());
        let mut mark = if address.contains('?') { '&' } else { '?' };
        let mut add = |name: &str, value: &str| {
            address.push_str(&format!("{mark}{name}={}", escaped(value)));
            mark = '&';
        };
        add("response_type", "code");
        add("client_id", &client.client_id);
        add("redirect_uri", &redirect_uri);
        // No scope: what the app is registered for is asked for as a whole, and another half of one would be refused.
        add("state", state);
        for (name, template) in grant.extra {
            add(name, &filled(template, fields));
        }
        address
    }

    fn begin_form(
        &self,
        app: &str,
        client: &AppClient,
        who: &SignedIn,
        typed: &Fields,
        wrong: Option<&Error>,
    ) -> Response {
        let content = html! {
            (self.wrong(wrong))
            form method="post" action=(self.at(&format!("/connect/{app}"))) {
                (token(who))
                (self.field_inputs(typed, wrong))
                h2 { "What the app will be allowed" }
                ul { @for scope in self.scopes.standing(&std::collections::BTreeSet::new()) {
                    li { (scope.title) ": " (scope.level) }
                } }
                div { button { "Go on to " (self.parts.connector.title) } }
                p.hint { "You sign in there, approve, and come back here." }
            }
        };
        let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        let title = format!("Install the app {app}");
        let response = (status, self.page(&title, Some(who), &content)).into_response();
        with_policy(response, &guard::leading_to(client.base_url.as_deref()))
    }

    /// What is wrong with a form, before it.
    pub(super) fn wrong(&self, wrong: Option<&Error>) -> Markup {
        html! { @if let Some(error) = wrong {
            div role="alert" {
                p { "That cannot be connected:" }
                ul { @for violation in error.violations() {
                    li { a href=(format!("#{}", violation.field())) { (self.title_of(violation.field())) " " (violation.message()) } }
                } }
            }
        } }
    }

    fn title_of(&self, name: &str) -> String {
        let fields = self.parts.connector.fields.iter().map(|field| (field.name, field.title));
        let mut all = fields.chain(self.parts.connector.credentials.iter().map(|one| (one.name, one.title)));
        all.find(|(known, _)| *known == name)
            .map_or_else(|| name.to_owned(), |(_, title)| format!("The {title}"))
    }

    /// The inputs of what a person enters to connect.
    pub(super) fn field_inputs(&self, typed: &Fields, wrong: Option<&Error>) -> Markup {
        let is_wrong = |name: &str| {
            wrong.is_some_and(|error| error.violations().iter().any(|violation| violation.field() == name))
        };
        html! { @for field in self.parts.connector.fields {
            label for=(field.name) { (capital(field.title)) }
            p.hint id=(format!("about-{}", field.name)) {
                (coded(field.description)) " For example " code { (field.example) } ", or the whole address that it stands in."
            }
            input id=(field.name) type="text" name=(field.name) value=(typed.text(field.name)) required
                autocapitalize="none" autocomplete="off" spellcheck="false" maxlength="500"
                aria-describedby=(format!("about-{}", field.name)) aria-invalid=[is_wrong(field.name).then_some("true")];
        } }
    }
}

/// An address of the vendor, at another server where there is one.
pub(super) fn at_server(address: &str, base_url: Option<&str>) -> String {
    let Some(base) = base_url else { return address.to_owned() };
    let path = address.split_once("://").map_or("", |(_, rest)| rest.find('/').map_or("", |at| &rest[at..]));
    format!("{base}{path}")
}

/// A name that begins with a capital letter.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_server_takes_the_place_of_the_vendors_and_the_path_stays() {
        let address = "https://login.vendor.example/app/x/install";
        assert_eq!(at_server(address, None), address);
        assert_eq!(at_server(address, Some("http://127.0.0.1:1")), "http://127.0.0.1:1/app/x/install");
        assert_eq!(at_server("https://vendor.example", Some("http://127.0.0.1:1")), "http://127.0.0.1:1");
    }
}
