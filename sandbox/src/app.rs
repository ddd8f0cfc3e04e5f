//! The app at BigCommerce's side: how it is registered, who has installed it, and how its maker hears of that.
//! Source: `docs/integrations/apps/guide/auth.mdx`, `callbacks.mdx` and `buttons.mdx` of
//! <https://github.com/bigcommerce/docs>.

use std::sync::Arc;

use axum::Router;

use crate::server::Shared;

pub(crate) mod callbacks;
pub(crate) mod consent;
pub(crate) mod installation;
pub(crate) mod people;
pub(crate) mod registration;
pub(crate) mod scopes;
pub(crate) mod signed_payload;
mod token;
pub(crate) mod token_fault;

/// The id of the developer's account that registered the app: one for the app, not for the merchant.
pub(crate) const ACCOUNT_UUID: &str = "7c1b0c3e-2f64-4d0a-9a5e-3b8f6a1d2c90";

/// The paths of BigCommerce's login host.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    consent::routes().merge(token::routes())
}
