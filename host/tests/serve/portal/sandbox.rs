//! The whole way through the screens of the sandbox, which is written from the vendor's documentation alone.

use std::net::TcpListener;

use super::*;

const SANDBOX_SECRET: &str = "hush-sandbox-client-88";

/// A sandbox with our app, and a service that knows it. Both know the other's address, so its own is chosen before.
struct Town {
    place: Place,
    served: Served,
    sandbox: Child,
    at: SocketAddr,
}

impl Drop for Town {
    fn drop(&mut self) {
        drop(self.sandbox.kill());
        drop(self.sandbox.wait());
    }
}

impl Town {
    fn new(settings: &str) -> Self {
        let place = Place::new();
        let at = TcpListener::bind("127.0.0.1:0").and_then(|one| one.local_addr()).expect("a port");
        let config = format!(
            "[apps.shop]\nclient_id = \"{CLIENT_ID}\"\nclient_secret_file = {:?}\nbase_url = \"http://{at}\"\n{settings}",
            place.file("app-secret", SANDBOX_SECRET),
        );
        let config = place.file("connector.toml", &config);
        let served = place.serve_with(&["--config", &config], &[("CONNECTOR_ADMIN_TOKEN", ADMIN)]);
        let callback = |name: &str| format!("http://{}/callbacks/shop/{name}", served.address);
        let mut sandbox = program()
            .args([
                "sandbox",
                "--port",
                &at.port().to_string(),
                "--client-id",
                CLIENT_ID,
                "--app-not-installed",
            ])
            .args(["--store-hash", "abc123"])
            .args(["--auth-callback", &callback("auth"), "--load-callback", &callback("load")])
            .args(["--uninstall-callback", &callback("uninstall")])
            .args(["--remove-user-callback", &callback("remove_user")])
            .env("CONNECTOR_SANDBOX_CLIENT_SECRET", SANDBOX_SECRET)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut output = BufReader::new(sandbox.stdout.take().expect("it is piped"));
        let mut announced = String::new();
        while !announced.contains("Ctrl-C") {
            let read = output.read_line(&mut announced).expect("the output is text");
            assert!(read > 0, "it ended early:\n{announced}");
        }
        Self { place, served, sandbox, at }
    }

    fn operator(&self) -> Browser {
        let mut browser = Browser::new(self.served.address);
        browser.submit("/sign-in", "/sign-in", &[("admin_token", ADMIN)]);
        browser
    }

    /// Approves on the screen at an address of the sandbox; the path of our callback that the browser is sent to.
    fn approve(&self, screen: &str) -> String {
        let path = screen.strip_prefix(&format!("http://{}", self.at)).expect("an address of the sandbox");
        let mut merchant = Browser::new(self.at);
        let shown = merchant.get(path);
        assert_eq!(shown.status, Some(200), "{shown:?}");
        let hidden = shown.body.split("<input type=\"hidden\" name=\"").skip(1);
        let carried: Vec<(String, String)> = hidden
            .map(|rest| {
                let mut parts = rest.split('"');
                let name = parts.next().expect("a name").to_owned();
                (name, parts.nth(1).expect("a value").replace("&amp;", "&"))
            })
            .collect();
        let mut fields: Vec<(&str, &str)> =
            carried.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        fields.push(("decision", "approve"));
        let action = shown.body.split("action=\"").nth(1).and_then(|rest| rest.split('"').next());
        let answer = merchant.post(action.expect("a form"), &fields);
        let address = answer.location().unwrap_or_else(|| panic!("{answer:?}")).to_owned();
        let ours = format!("http://{}", self.served.address);
        address.strip_prefix(&ours).expect("our callback").to_owned()
    }

    fn states(&self) -> Vec<String> {
        let config = self.place.folder.path().join("connector.toml").display().to_string();
        let text = self.place.ok(&["connections", "list", "--json", "--config", &config]);
        let told: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let all = told["connections"].as_array().expect("a list").iter();
        all.map(|one| one["state"].as_str().expect("a state").to_owned()).collect()
    }
}

#[test]
fn both_addresses_lead_through_the_screens_to_a_connection_that_works() {
    for settings in ["", "authorize = true\n"] {
        let town = Town::new(settings);
        let mut browser = town.operator();
        let away = browser.submit("/connect/shop", "/connect/shop", &[("store_hash", "stores/abc123")]);
        let back = town.approve(away.location().expect("it leads to the vendor"));
        let answer = browser.get(&back);
        let page = answer.location().unwrap_or_else(|| panic!("{answer:?}")).to_owned();
        assert_eq!(browser.get(&back).location(), Some(page.as_str()), "the callback again");
        let shown = browser.get(&page).body;
        assert!(shown.contains("connected") && !shown.contains("missing"), "{shown}");
        let tried = browser.submit(&page, &format!("{page}/check"), &[]);
        assert!(tried.location().expect("back").ends_with("?done=works"), "{tried:?}");

        // The shop removes the app: its server calls ours.
        let removed = Browser::new(town.at).post(&format!("/manage/app/{CLIENT_ID}/uninstall"), &[]);
        assert_eq!(removed.status, Some(303), "{removed:?}");
        assert_eq!(town.states(), ["revoked"]);
        assert!(browser.get(&page).body.contains("not connected any more"));
    }
}

#[test]
fn a_code_that_is_too_old_is_refused_with_what_to_do() {
    let town = Town::new("");
    let mut browser = town.operator();
    let away = browser.submit("/connect/shop", "/connect/shop", &[("store_hash", "abc123")]);
    let back = town.approve(away.location().expect("it leads to the vendor"));
    let step = r#"{"advance_ms": 660000}"#;
    let advanced = exchange(town.at, &request("/_sandbox/clock", &[], step.as_bytes()));
    assert!(advanced.status.is_some_and(|status| (200..300).contains(&status)), "{advanced:?}");
    let answer = browser.get(&back);
    assert_eq!(answer.status, Some(502), "{answer:?}");
    assert!(answer.body.contains("too old") && answer.body.contains("Begin again"), "{}", answer.body);
    assert_eq!(town.states(), Vec::<String>::new());
}
