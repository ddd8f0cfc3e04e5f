//! Where the pages meet whoever keeps the webhooks at the vendor in line with what connections want.

use connector_runtime::BoxFuture;

use crate::connections::HostConnection;
use crate::storage::ConnectionRow;

/// Keeps the webhooks at the vendor.
pub(crate) trait Hooks: Send + Sync {
    /// What a connection wants has changed, or it is new: its webhooks are to follow.
    fn changed(&self, connection: &str);

    /// Deletes the webhooks of a connection, before its token is forgotten and after it is known to end: else one might be made
    /// meanwhile.
    ///
    /// # Errors
    /// What a person is told who disconnects: they can go on without.
    fn remove<'a>(
        &'a self,
        row: &'a ConnectionRow,
        connection: &'a HostConnection,
    ) -> BoxFuture<'a, Result<(), String>>;

    /// Where the webhook of a trigger stands, in a few words for people; none where nobody knows.
    fn state(&self, connection: &str, trigger: &str) -> Option<String>;
}

/// Nobody keeps them: a person registers webhooks, as the documentation says.
pub(crate) struct Unmanaged;

impl Hooks for Unmanaged {
    fn changed(&self, connection: &str) {
        tracing::info!(connection, "webhooks at the vendor are not managed: register or delete them by hand");
    }

    fn remove<'a>(
        &'a self,
        _: &'a ConnectionRow,
        _: &'a HostConnection,
    ) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async {
            Err("Webhooks at the vendor were not deleted: they end with the app, or delete them by hand."
                .to_owned())
        })
    }

    fn state(&self, _: &str, _: &str) -> Option<String> {
        None
    }
}
