//! Which activations a list contains.

use super::ActivationState;

/// Which activations to list; all where nothing is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivationFilter {
    /// Of this state.
    pub state: Option<ActivationState>,
    /// Of this connection.
    pub connection: Option<String>,
    /// Of this account.
    pub account: Option<String>,
    /// Of this trigger.
    pub trigger: Option<String>,
    /// Received at this time or later, in milliseconds since the Unix epoch.
    pub since_ms: Option<i64>,
    /// Those that follow this [`ActivationSummary::position`](super::ActivationSummary::position) in the order of the list.
    pub after: Option<i64>,
    /// At most so many.
    pub limit: u32,
    /// Whether the list begins with the activation that was accepted last.
    pub newest_first: bool,
}

impl Default for ActivationFilter {
    fn default() -> Self {
        Self {
            state: None,
            connection: None,
            account: None,
            trigger: None,
            since_ms: None,
            after: None,
            limit: 100,
            newest_first: false,
        }
    }
}
