//! The codes that authorization callbacks bring: stored by a digest, so that each is exchanged once, however often and through
//! however many processes it arrives.

use super::StorageFuture;

/// Codes of callbacks and their outcomes. The code itself is never stored.
pub trait CodeStorage: Send + Sync {
    /// The row of a code; `None` if the code is unknown or its row was removed.
    fn code(&self, digest: &str) -> StorageFuture<'_, Option<CodeRow>>;

    /// Claims a code for one request, in one transaction with the check that nobody else has it. A row without an outcome whose
    /// lease has ended is taken over if the claimant is the same. Expired rows are removed.
    fn claim_code(&self, claim: CodeClaim) -> StorageFuture<'_, Claimed>;

    /// Extends the lease of a holder; false if another request holds the code now or its outcome is stored.
    fn renew_code(&self, digest: &str, holder: &str, leased_until_ms: i64) -> StorageFuture<'_, bool>;

    /// Stores the outcome of a code until `expires_ms`. With a holder, only if it still holds the code; without, in any case.
    /// False if nothing was stored.
    fn settle_code(
        &self,
        digest: &str,
        holder: Option<&str>,
        outcome: &str,
        expires_ms: i64,
    ) -> StorageFuture<'_, bool>;

    /// Removes the row of a holder that has no outcome, so that the code can be claimed again; false if there was none.
    fn release_code(&self, digest: &str, holder: &str) -> StorageFuture<'_, bool>;
}

/// What a request needs to claim a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeClaim {
    /// The digest of the code.
    pub digest: String,
    /// The digest of the visitor that brought it.
    pub claimant: String,
    /// The account that the callback names; erasing the account removes the row.
    pub account: String,
    /// A random name of the request.
    pub holder: String,
    /// The current time, in milliseconds since the epoch.
    pub now_ms: i64,
    /// From then on another request may take over.
    pub leased_until_ms: i64,
    /// From then on the row may be removed, if no outcome replaces this time.
    pub expires_ms: i64,
}

/// The stored row of a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeRow {
    /// The digest of the visitor that brought it.
    pub claimant: String,
    /// The end of the lease of the request that exchanges it.
    pub leased_until_ms: i64,
    /// The outcome as JSON; `None` while the code is exchanged.
    pub outcome: Option<String>,
}

/// The answer to a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// The request holds the code and must exchange it.
    Held,
    /// Another request holds it or has stored its outcome.
    Taken,
}
