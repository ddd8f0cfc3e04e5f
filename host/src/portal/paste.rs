//! The second road: credentials that a person made at the vendor and pastes here. They are tried before they are stored.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use connector_runtime::{Class, Connection, Error, ExposeSecret as _, SecretString};
use http::StatusCode;
use maud::html;

use super::begin::capital;
use super::forms::{Fields, Sent};
use super::session::SignedIn;
use super::view::{coded, token};
use super::{OPERATOR, Portal};
use crate::account_form;
use crate::connections::{ConnectionSettings, Granted, HostConnection, Secrets, account_field};
use crate::delivery::signing;
use crate::outside::{self, NoSecret};
use crate::storage::ConnectionState;

/// The field of the secret that signs webhooks.
const CLIENT_SECRET: &str = "client_secret";

/// What is wrong with what was pasted.
enum Wrong {
    Input(Error),
    Refused(Class),
    NoSecret,
    /// The text of a field is no secret; the field's title for people.
    Unclean(&'static str, String),
}

/// The form.
pub(super) async fn page(State(portal): State<Arc<Portal>>, who: SignedIn) -> Response {
    portal.paste_form(&who, &Fields::default(), None)
}

/// Tries and stores them.
pub(super) async fn paste(State(portal): State<Arc<Portal>>, sent: Sent) -> Response {
    let granted = match portal.pasted(&sent.fields).await {
        Ok(granted) => granted,
        Err(wrong) => return portal.paste_form(&sent.who, &sent.fields, Some(&wrong)),
    };
    match portal.connect(granted, OPERATOR).await {
        Ok(row) => Redirect::to(&portal.at(&format!("/connections/{}", row.id))).into_response(),
        Err(error) => portal.broken(&error),
    }
}

impl Portal {
    async fn pasted(&self, sent: &Fields) -> Result<Granted, Wrong> {
        let connector = self.parts.connector;
        let fields = account_form::fields(connector, &self.typed(sent)).map_err(Wrong::Input)?;
        let account =
            account_field(connector).and_then(|field| fields.get(field)).cloned().unwrap_or_default();
        let given = connector.credentials.iter();
        let given = given.map(|one| Ok((one.name, secret(sent, one.name, one.title)?)));
        let credentials = given.collect::<Result<Vec<(&str, SecretString)>, Wrong>>()?;
        let texts: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        // For what is wrong with the credentials themselves.
        drop(Connection::new(connector, &texts, &credentials).map_err(Wrong::Input)?);
        let client_secret = secret(sent, CLIENT_SECRET, "client secret")?;
        if client_secret.expose_secret().is_empty() {
            return Err(Wrong::NoSecret);
        }
        let secrets = Secrets {
            credentials: credentials.into_iter().map(|(name, secret)| (name.to_owned(), secret)).collect(),
            client_secrets: vec![client_secret],
        };
        let connection = HostConnection {
            id: String::new(),
            account: account.clone(),
            app: None,
            state: ConnectionState::Connected,
            fields: fields.clone(),
            settings: ConnectionSettings { base_url: self.sandbox(), ..ConnectionSettings::default() },
            secrets: secrets.clone(),
        };
        self.test(&connection).await.map_err(Wrong::Refused)?;
        let base_url = self.sandbox();
        Ok(Granted {
            account,
            app: None,
            fields,
            secrets,
            scopes: None,
            user: None,
            label: None,
            base_url,
            code: None,
        })
    }

    /// The sandbox or proxy, where all apps are at one.
    fn sandbox(&self) -> Option<String> {
        let mut all = self.parts.clients.values().map(|client| client.base_url.as_deref());
        let first = all.next()?;
        first.filter(|_| all.all(|other| other == first)).map(str::to_owned)
    }

    fn paste_form(&self, who: &SignedIn, typed: &Fields, wrong: Option<&Wrong>) -> Response {
        let input = match wrong {
            Some(Wrong::Input(error)) => Some(error),
            _ => None,
        };
        let told = match wrong {
            Some(Wrong::NoSecret) => {
                Some("Without the client secret no webhook can be verified: paste it as well.".to_owned())
            }
            Some(Wrong::Unclean(title, fault)) => {
                Some(format!("The {title} cannot be used: {fault}. Nothing was stored."))
            }
            Some(Wrong::Refused(class)) => Some(why(*class).to_owned()),
            _ => None,
        };
        let content = html! {
            (self.wrong(input))
            @if let Some(told) = told { p role="alert" { (told) } }
            p { "An API account that was made in the vendor's control panel has an access token, a client id and a client secret." }
            form method="post" action=(self.at("/connections/paste")) {
                (token(who))
                (self.field_inputs(typed, input))
                // What was pasted is never written into a page again.
                @for credential in self.parts.connector.credentials {
                    label for=(credential.name) { (capital(credential.title)) }
                    p.hint id=(format!("about-{}", credential.name)) { (coded(credential.description)) }
                    input id=(credential.name) type="password" name=(credential.name) required autocomplete="off"
                        aria-describedby=(format!("about-{}", credential.name));
                }
                label for=(CLIENT_SECRET) { "Client secret" }
                p.hint #about-client-secret { "The one of the same API account: webhooks are signed with it." }
                input id=(CLIENT_SECRET) type="password" name=(CLIENT_SECRET) required autocomplete="off"
                    aria-describedby="about-client-secret";
                div { button { "Try and connect" } }
            }
        };
        let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        (status, self.page("Paste credentials", Some(who), &content)).into_response()
    }
}

/// The secret of a field; empty if nothing was pasted.
fn secret(sent: &Fields, name: &str, title: &'static str) -> Result<SecretString, Wrong> {
    match outside::secret(sent.text(name)) {
        Ok(secret) => {
            let secret = SecretString::from(secret);
            signing::check_prefixed(&secret).map(|()| secret).map_err(|fault| Wrong::Unclean(title, fault))
        }
        Err(NoSecret::Empty) => Ok(SecretString::default()),
        Err(fault) => Err(Wrong::Unclean(title, fault.to_string())),
    }
}

fn why(class: Class) -> &'static str {
    match class {
        Class::AuthRevoked => {
            "The vendor does not know this token, or not for this account (auth.revoked). Nothing was stored."
        }
        Class::AuthScope => {
            "The token lacks the scope that the test of the connection needs (auth.scope). Nothing was stored."
        }
        Class::NotFound => "There is no such account at the vendor. Nothing was stored.",
        _ => "The vendor could not be asked just now. Nothing was stored. Try again in a minute.",
    }
}
