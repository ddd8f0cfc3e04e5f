//! The flags of `connector sandbox` that register the app, and let the granting of its tokens fail.

use bigcommerce_sandbox::{AppOptions, TokenFault};
use clap::Args;

use crate::offer::Offering;

/// The app as it is registered at BigCommerce.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "App")]
pub(super) struct AppFlags {
    /// What merchants read when they install the app
    #[arg(long, value_name = "NAME", default_value = "Sandbox App")]
    app_name: String,

    /// The client id of the app, letters and digits; without one it is that of every sandbox
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,

    /// Where the browser is sent with a code after the merchant agreed
    #[arg(long, value_name = "URL")]
    auth_callback: Option<String>,

    /// What the control panel shows in a frame when the app is opened
    #[arg(long, value_name = "URL")]
    load_callback: Option<String>,

    /// What is called after the app was removed
    #[arg(long, value_name = "URL")]
    uninstall_callback: Option<String>,

    /// What is called after a user of the store lost access to the app
    #[arg(long, value_name = "URL")]
    remove_user_callback: Option<String>,

    /// Ids of the scopes that the app asks for, joined by commas; without them all of BigCommerce's
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    scopes: Option<Vec<String>>,

    /// Let the store begin without the app: a token comes by an install alone
    #[arg(long)]
    app_not_installed: bool,

    /// Let the first token requests meet a fault, TIMES times: html_page, hang, internal_server_error, other_store, fewer_scopes or gzip
    #[arg(long, value_name = "NAME[:TIMES]", hide_possible_values = true, value_parser = Offering::new(token_fault, token_fault_names()))]
    token_fault: Vec<(TokenFault, u32)>,
}

impl AppFlags {
    /// Whether the store has the app from the start.
    pub(super) fn is_installed(&self) -> bool {
        !self.app_not_installed
    }

    /// The faults that the first token requests meet.
    pub(super) fn token_faults(&self) -> Vec<(TokenFault, u32)> {
        self.token_fault.clone()
    }

    /// The app with these settings.
    pub(super) fn options(&self) -> AppOptions {
        let usual = AppOptions::default();
        AppOptions {
            name: self.app_name.clone(),
            client_id: self.client_id.clone().unwrap_or(usual.client_id),
            auth_callback: self.auth_callback.clone(),
            load_callback: self.load_callback.clone(),
            uninstall_callback: self.uninstall_callback.clone(),
            remove_user_callback: self.remove_user_callback.clone(),
            scopes: self.scopes.clone().unwrap_or(usual.scopes),
            is_installed: self.is_installed(),
        }
    }
}

/// Reads `NAME` or `NAME:TIMES`.
fn token_fault(text: &str) -> Result<(TokenFault, u32), String> {
    let (name, times) = text.split_once(':').unwrap_or((text, "1"));
    let times = times.parse().map_err(|_| "the times after the name are no whole number".to_owned())?;
    let fault = TokenFault::named(name).ok_or_else(|| {
        let names: Vec<String> = token_fault_names().collect();
        format!("there is no such fault: give one of {}", names.join(", "))
    })?;
    Ok((fault, times))
}

fn token_fault_names() -> impl Iterator<Item = String> {
    TokenFault::NAMES.into_iter().map(|(name, _)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_of_the_token_endpoint_is_a_name_with_its_times() {
        assert_eq!(token_fault("hang"), Ok((TokenFault::Hang, 1)));
        assert_eq!(token_fault("other_store:3"), Ok((TokenFault::OtherStore, 3)));
        for (text, part) in
            [("slow", "give one of html_page, hang"), ("hang:often", "times"), ("hang:1:2", "times")]
        {
            assert!(token_fault(text).unwrap_err().contains(part), "{text}");
        }
    }
}
