//! Chromium and its driver as processes that end with their test.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;
use thirtyfour::common::capabilities::chromium::ChromiumLikeCapabilities as _;
use thirtyfour::{ChromeCapabilities, WebDriver};

use crate::person::{PATIENCE, Scripts};

/// Set where these tests must not be left out.
const REQUIRED: &str = "CONNECTOR_TEST_BROWSER";

/// A browser without a screen, a graphics card or anything to do beside the pages.
const ARGUMENTS: &[&str] = &[
    "--headless=new",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-background-networking",
    "--no-proxy-server",
    "--hide-scrollbars",
];

/// A driver on a port of its own.
pub(crate) struct Chromium {
    driver: Child,
    url: String,
    profile: TempDir,
    is_root: bool,
}

impl Drop for Chromium {
    fn drop(&mut self) {
        drop(self.driver.kill());
        drop(self.driver.wait());
    }
}

impl Chromium {
    /// Starts the driver. Where the machine has none that is said aloud, and there is none.
    pub(crate) fn start() -> Option<Self> {
        if let Some(missing) = ["chromium", "chromedriver"].into_iter().find(|program| !answers(program)) {
            leave_out(missing);
            return None;
        }
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the driver starts");
        let output = BufReader::new(driver.stdout.take().expect("it is piped"));
        let mut lines = output.lines().map_while(Result::ok);
        let port = lines.find_map(|line| {
            let port = line.strip_prefix("ChromeDriver was started successfully on port ")?;
            port.trim_end_matches('.').parse::<u16>().ok()
        });
        // It is read to its end, so that the driver never waits for a reader.
        drop(std::thread::spawn(move || lines.for_each(drop)));
        let url = format!("http://127.0.0.1:{}", port.expect("the driver tells its port"));
        let profile = tempfile::tempdir().expect("a folder");
        Some(Self { driver, url, profile, is_root: is_root() })
    }

    /// Opens the browser.
    pub(crate) async fn open(&self, scripts: Scripts) -> WebDriver {
        let capabilities = self.capabilities(scripts).expect("they can be written");
        // Neither the driver nor the pages are behind a proxy, whatever the environment says.
        let builder = WebDriver::builder(&self.url, capabilities).client(client());
        builder.connect().await.expect("the browser opens")
    }

    fn capabilities(&self, scripts: Scripts) -> thirtyfour::error::WebDriverResult<ChromeCapabilities> {
        let mut wanted = ChromeCapabilities::new();
        for argument in ARGUMENTS {
            wanted.add_arg(argument)?;
        }
        wanted.add_arg(&format!("--user-data-dir={}", self.profile.path().display()))?;
        if self.is_root {
            // The browser refuses to run as root with its sandbox.
            wanted.add_arg("--no-sandbox")?;
        }
        if scripts == Scripts::Off {
            let block = serde_json::json!({"profile.managed_default_content_settings.javascript": 2});
            wanted.add_experimental_option("prefs", block)?;
        }
        Ok(wanted)
    }
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().expect("a client")
}

fn answers(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("`id` runs");
    id.stdout.trim_ascii() == b"0"
}

#[expect(clippy::print_stderr, reason = "a test that is left out says so")]
fn leave_out(missing: &str) {
    let told =
        format!("the pages in a browser: `{missing}` does not answer; `cargo xtask setup` installs it");
    assert!(std::env::var_os(REQUIRED).is_none(), "{told}");
    eprintln!("left out: {told}");
}
