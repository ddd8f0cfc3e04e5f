//! How the app is registered: its name, its callbacks and what it asks for.

use http::Uri;
use serde_json::{Map, Value, json};

use super::scopes;

/// The app as its maker registers it in the developer portal. Its client secret is
/// [`WebhookOptions::client_secret`](crate::WebhookOptions::client_secret), which signs webhooks, too.
///
/// The addresses of callbacks are https ones, or lead to this machine. Those that are not given do not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppOptions {
    /// What merchants read on the consent screen.
    pub name: String,
    /// The client id: 1 to 64 letters and digits.
    pub client_id: String,
    /// Where the browser is sent with a code; token requests repeat it byte by byte.
    pub auth_callback: Option<String>,
    /// What the control panel shows in a frame when the app is opened.
    pub load_callback: Option<String>,
    /// What is called after the app was removed.
    pub uninstall_callback: Option<String>,
    /// What is called after a user of the store lost access to the app.
    pub remove_user_callback: Option<String>,
    /// The ids of the scopes that the app asks for.
    pub scopes: Vec<String>,
    /// Whether the store has the app from the start, with
    /// [`SandboxOptions::access_token`](crate::SandboxOptions::access_token) as its token.
    pub is_installed: bool,
}

impl Default for AppOptions {
    fn default() -> Self {
        Self {
            name: "Sandbox App".to_owned(),
            client_id: "sandboxclientid0000000000000000".to_owned(),
            auth_callback: None,
            load_callback: None,
            uninstall_callback: None,
            remove_user_callback: None,
            scopes: scopes::all().map(str::to_owned).collect(),
            is_installed: true,
        }
    }
}

/// A field that no app can be registered with, and what to do about it.
pub(crate) type Fault = (&'static str, &'static str);

impl AppOptions {
    /// The first field with which no app can be registered, if there is one.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        if self.name.trim().is_empty() || self.name.len() > 255 {
            return Err(("app.name", "give a name of at most 255 bytes"));
        }
        let is_plain = self.client_id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_plain || !(1..=64).contains(&self.client_id.len()) {
            return Err(("app.client_id", "give 1 to 64 letters and digits"));
        }
        let callbacks = [
            ("app.auth_callback", &self.auth_callback),
            ("app.load_callback", &self.load_callback),
            ("app.uninstall_callback", &self.uninstall_callback),
            ("app.remove_user_callback", &self.remove_user_callback),
        ];
        for (field, address) in callbacks {
            if address.as_deref().is_some_and(|address| !is_callback(address)) {
                return Err((field, "give an https address, or one of this machine, without a fragment"));
            }
        }
        if self.scopes.iter().any(|id| scopes::described(id).is_none()) {
            return Err(("app.scopes", "give ids of BigCommerce's scopes, such as store_v2_products"));
        }
        Ok(())
    }

    /// The scopes as a callback and a token request write them.
    pub(crate) fn scope(&self) -> String {
        self.scopes.join(" ")
    }

    /// The registration as the control API shows it.
    pub(crate) fn document(&self) -> Map<String, Value> {
        let document = json!({
            "name": self.name,
            "client_id": self.client_id,
            "auth_callback": self.auth_callback,
            "load_callback": self.load_callback,
            "uninstall_callback": self.uninstall_callback,
            "remove_user_callback": self.remove_user_callback,
            "scopes": self.scopes,
        });
        crate::store::fields(document)
    }

    /// The registration with the fields in `sent` in their places; what is wrong otherwise. The client id stays.
    pub(crate) fn with(mut self, sent: &Map<String, Value>) -> Result<Self, String> {
        for (name, value) in sent {
            let text = || value.as_str().map(str::to_owned);
            let address = || match value {
                Value::Null => Ok(None),
                _ => text().map(Some).ok_or_else(|| format!("{name} must be an address or null")),
            };
            match name.as_str() {
                "name" => self.name = text().ok_or("name must be a text")?,
                "auth_callback" => self.auth_callback = address()?,
                "load_callback" => self.load_callback = address()?,
                "uninstall_callback" => self.uninstall_callback = address()?,
                "remove_user_callback" => self.remove_user_callback = address()?,
                "scopes" => {
                    let ids = value.as_array().into_iter().flatten().map(|id| id.as_str().map(str::to_owned));
                    let ids: Option<Vec<String>> = ids.collect();
                    self.scopes = ids.filter(|_| value.is_array()).ok_or("scopes must be a list of ids")?;
                }
                _ => return Err(format!("{name} is no field of the app that can be changed")),
            }
        }
        self.check().map_err(|(field, advice)| format!("{field}: {advice}"))?;
        Ok(self)
    }
}

/// Whether BigCommerce, or this sandbox, calls this address.
fn is_callback(address: &str) -> bool {
    let Ok(uri) = address.parse::<Uri>() else {
        return false;
    };
    let host = uri.host().unwrap_or_default();
    let is_near = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    let is_web = uri.scheme_str() == Some("https") || (uri.scheme_str() == Some("http") && is_near);
    is_web && !host.is_empty() && !address.contains('#')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::AppOptions;
    use crate::store::fields;

    #[test]
    fn callbacks_are_https_or_lead_to_this_machine() {
        let refused = |address: &str| {
            let app = AppOptions { auth_callback: Some(address.to_owned()), ..AppOptions::default() };
            app.check().is_err()
        };
        for address in
            ["https://app.example/auth?tenant=1", "http://127.0.0.1:8080/auth", "http://localhost/x"]
        {
            assert!(!refused(address), "{address}");
        }
        for address in ["http://app.example/auth", "ftp://localhost/", "/auth", "", "https://a.example/#x"] {
            assert!(refused(address), "{address}");
        }
    }

    #[test]
    fn what_is_shown_can_be_sent_but_for_the_client_id() {
        let app =
            AppOptions { load_callback: Some("https://a.example/load".to_owned()), ..AppOptions::default() };
        let mut shown = app.document();
        assert!(AppOptions::default().with(&shown).expect_err("it stays").contains("client_id"));
        shown.remove("client_id");
        assert_eq!(AppOptions::default().with(&shown), Ok(app));
    }

    #[test]
    fn what_no_app_can_have_is_refused() {
        for (sent, part) in [
            (json!({"name": " "}), "app.name"),
            (json!({"name": 1}), "name"),
            (json!({"scopes": ["store_v2_everything"]}), "app.scopes"),
            (json!({"scopes": "store_v2_products"}), "scopes"),
            (json!({"load_callback": "gopher://x"}), "app.load_callback"),
            (json!({"colour": "red"}), "colour"),
        ] {
            let refusal = AppOptions::default().with(&fields(sent)).expect_err("it is wrong");
            assert!(refusal.contains(part), "{refusal}");
        }
    }
}
