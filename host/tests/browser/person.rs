//! What a person does with a browser: opens, reads, fills in, presses; by the words on the page, never by its markup.

use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use thirtyfour::error::{WebDriverErrorInner, WebDriverResult};
use thirtyfour::extensions::query::ElementQueryable as _;
use thirtyfour::{By, Key, WebDriver, WebElement};

use crate::chromium::Chromium;
use crate::rules;
use crate::town::{ADMIN, Town};

/// Whether the browser runs scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scripts {
    On,
    Off,
}

/// The size of a window, in CSS pixels.
#[derive(Clone, Copy)]
struct Size {
    name: &'static str,
    width: u32,
    height: u32,
    is_phone: bool,
}

const NARROW: Size = Size { name: "narrow", width: 390, height: 844, is_phone: true };
const WIDE: Size = Size { name: "wide", width: 1280, height: 900, is_phone: false };

/// Longer than anything takes on a busy machine; a test that meets it has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// How long a page is looked at before it is loaded anew.
const GLANCE: Duration = Duration::from_millis(300);
const BLINK: Duration = Duration::from_millis(50);

/// A page that says whether scripts run.
const SCRIPTED: &str =
    "data:text/html,<p>nothing has run</p><script>document.querySelector('p').textContent='ran'</script>";

/// Somebody at a browser.
pub(crate) struct Person {
    // Before the process that it talks to, so that it closes in order.
    driver: WebDriver,
    _chromium: Chromium,
    scripts: Scripts,
    /// What the pictures are called.
    flow: &'static str,
    pictures: u32,
}

impl Person {
    /// Somebody with a browser of their own; nobody where the machine has no browser.
    pub(crate) async fn new(flow: &'static str, scripts: Scripts) -> Option<Self> {
        let chromium = Chromium::start()?;
        let driver = chromium.open(scripts).await;
        let person = Self { driver, _chromium: chromium, scripts, flow, pictures: 0 };
        person.resize(WIDE).await;
        if scripts == Scripts::Off {
            person.open(SCRIPTED).await;
            person.sees("nothing has run").await;
        }
        Some(person)
    }

    /// Opens an address.
    pub(crate) async fn open(&self, address: &str) {
        self.driver.goto(address).await.expect("the page opens");
    }

    /// Signs in at a service.
    pub(crate) async fn sign_in(&self, town: &Town) {
        self.open(&format!("{}/connections", town.service)).await;
        self.fill("Admin token", ADMIN).await;
        self.press("Sign in").await;
        self.sees("Connections").await;
    }

    /// Begins to connect a store.
    pub(crate) async fn begin(&self, typed: &str) {
        self.follow("Connect an account").await;
        self.follow("Install the app shop").await;
        self.fill("Store hash", typed).await;
        self.press("Go on to BigCommerce").await;
    }

    pub(crate) async fn follow(&self, link: &str) {
        self.click(&format!("//a[normalize-space()={}]", quoted(link))).await;
    }

    /// Follows a link by where it leads within the page.
    pub(crate) async fn follow_to(&self, place: &str) {
        self.click(&format!("//a[@href={}]", quoted(place))).await;
    }

    pub(crate) async fn press(&self, button: &str) {
        self.click(&format!("//button[normalize-space()={}]", quoted(button))).await;
    }

    /// Types into the field of a label, in place of what is there.
    pub(crate) async fn fill(&self, label: &str, text: &str) {
        let path = of_label(label);
        while !told(async {
            let field = self.find(&path).await;
            field.clear().await?;
            field.send_keys(text).await
        })
        .await
        {}
    }

    /// What stands in the field of a label.
    pub(crate) async fn filled(&self, label: &str) -> String {
        done(self.find(&of_label(label)).await.value().await).unwrap_or_default()
    }

    /// Presses the label of a box to tick.
    pub(crate) async fn tick(&self, label: &str) {
        self.click(&format!("//label[contains(normalize-space(), {})]", quoted(label))).await;
    }

    /// Waits until the page says something.
    pub(crate) async fn sees(&self, text: &str) {
        if !self.reads(text, PATIENCE).await {
            panic!("{text:?} is not on the page:\n{}", self.page().await);
        }
    }

    /// Loads the page anew until it says something.
    pub(crate) async fn waits_for(&self, text: &str) {
        let began = std::time::Instant::now();
        while !self.reads(text, GLANCE).await {
            assert!(began.elapsed() < PATIENCE, "{text:?} never came:\n{}", self.page().await);
            done(self.driver.refresh().await);
        }
    }

    /// Whether the page says something within a time. What is told apart by lines and columns is read as words in a row.
    async fn reads(&self, text: &str, within: Duration) -> bool {
        let text = text.to_owned();
        let says = move |body: WebElement| {
            let text = text.clone();
            // A page that has gone while it was read says nothing.
            let read = async move { body.text().await.unwrap_or_default() };
            async move { Ok(words(&read.await).contains(&text)) }
        };
        let query = self.driver.query(By::Tag("body")).ignore_errors(true).wait(within, BLINK);
        done(query.with_filter(says).first_opt().await).is_some()
    }

    /// Everything that the page says.
    pub(crate) async fn page(&self) -> String {
        let body = self.driver.query(By::Tag("body")).wait(PATIENCE, BLINK).first().await;
        let text = done(done(body).text().await);
        format!("{}\n{text}", self.address().await)
    }

    pub(crate) async fn address(&self) -> String {
        done(self.driver.current_url().await).to_string()
    }

    pub(crate) async fn title(&self) -> String {
        done(self.driver.title().await)
    }

    /// Goes on within a frame of the page.
    pub(crate) async fn look_into_the_frame(&self) {
        let frame = self.driver.query(By::Tag("iframe")).wait(PATIENCE, BLINK).first().await;
        done(done(frame).enter_frame().await);
    }

    /// Goes on with the page around it.
    pub(crate) async fn look_out_of_the_frame(&self) {
        done(self.driver.enter_default_frame().await);
    }

    /// Presses a key.
    pub(crate) async fn key(&self, key: Key) {
        done(self.driver.action_chain().send_keys(key).perform().await);
    }

    /// Types where the cursor is.
    pub(crate) async fn types(&self, text: &str) {
        done(self.driver.action_chain().send_keys(text).perform().await);
    }

    /// What has the focus, by its words or its label, and whether anybody can see that.
    pub(crate) async fn focus(&self) -> (String, bool) {
        let script = "const one = document.activeElement, style = getComputedStyle(one); \
                      const label = one.labels && one.labels.length ? one.labels[0] : one; \
                      const isSeen = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 \
                          && one.getBoundingClientRect().left >= 0; \
                      return [label.textContent.trim(), isSeen];";
        done(done(self.driver.execute(script, Vec::new()).await).convert())
    }

    /// Leaves a picture of the page in both sizes, and looks whether it keeps the rules in both.
    pub(crate) async fn picture(&mut self, step: &str, town: &Town) {
        self.pictures += 1;
        let is_ours = self.address().await.starts_with(&town.service);
        for size in [NARROW, WIDE] {
            self.resize(size).await;
            if self.scripts == Scripts::On {
                let mut faults = rules::broken(&self.driver, is_ours).await;
                if size.is_phone {
                    // Tables are laid out as cards there, and must be tables all the same.
                    faults.extend(rules::untold(&self.driver, is_ours).await);
                }
                assert!(faults.is_empty(), "{step}, {}: {faults:#?}\n{}", size.name, self.page().await);
            }
            let name = format!("{}-{:02}-{step}-{}.png", self.flow, self.pictures, size.name);
            self.shoot(&pictures().join(name), size).await;
        }
    }

    async fn shoot(&self, path: &Path, size: Size) {
        let cdp = self.driver.cdp();
        let metrics = done(cdp.send_raw("Page.getLayoutMetrics", json!({})).await);
        let height = metrics["cssContentSize"]["height"].as_f64().unwrap_or_default();
        let clip = json!({
            "x": 0, "y": 0, "width": size.width, "height": height.max(f64::from(size.height)), "scale": 1
        });
        let how = json!({"format": "png", "captureBeyondViewport": true, "clip": clip});
        let shot: Value = done(cdp.send_raw("Page.captureScreenshot", how).await);
        let png = STANDARD.decode(shot["data"].as_str().expect("a picture")).expect("base64");
        std::fs::create_dir_all(pictures()).expect("the folder can be made");
        std::fs::write(path, png).expect("the picture can be written");
    }

    async fn resize(&self, size: Size) {
        let emulation = self.driver.cdp();
        let emulation = emulation.emulation();
        done(emulation.set_device_metrics_override(size.width, size.height, 1.0, size.is_phone).await);
    }

    async fn click(&self, path: &str) {
        while !told(async { self.find(path).await.click().await }).await {}
    }

    async fn find(&self, path: &str) -> WebElement {
        let found = self.driver.query(By::XPath(path)).wait(PATIENCE, BLINK).first_opt().await;
        match done(found) {
            Some(element) => element,
            None => panic!("{path} is not on the page:\n{}", self.page().await),
        }
    }
}

/// A text in one line, its words apart by a blank.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The field of a label.
fn of_label(label: &str) -> String {
    format!("//*[@id = //label[normalize-space()={}]/@for]", quoted(label))
}

/// Whether something was done; not where the next page had come in between, so that it is to be done there.
async fn told(act: impl Future<Output = WebDriverResult<()>>) -> bool {
    match act.await {
        Err(error) if matches!(*error, WebDriverErrorInner::StaleElementReference(_)) => false,
        outcome => {
            done(outcome);
            true
        }
    }
}

/// Where the pictures go: below the folder of the build.
fn pictures() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("../screenshots")
}

/// A text within an XPath, which knows no escapes.
fn quoted(text: &str) -> String {
    assert!(!text.contains('"'), "{text}");
    format!("\"{text}\"")
}

#[track_caller]
fn done<T>(outcome: WebDriverResult<T>) -> T
where
    T: Debug,
{
    match outcome {
        Ok(value) => value,
        Err(error) => panic!("the browser refuses: {error}"),
    }
}
