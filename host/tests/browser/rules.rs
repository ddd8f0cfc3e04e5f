//! What every page must keep: names for whatever can be filled in or pressed, headings in order, contrast, and nothing that
//! scrolls sideways.

use http::Method;
use thirtyfour::common::command::FormatRequestData;
use thirtyfour::{By, ElementId, RequestData, SessionId, WebDriver};

const SCRIPT: &str = include_str!("rules.js");

/// The name of an element as a screen reader says it.
#[derive(Debug)]
struct ComputedLabel(ElementId);

impl FormatRequestData for ComputedLabel {
    fn format_request(&self, session: &SessionId) -> RequestData {
        RequestData::new(Method::GET, format!("session/{session}/element/{}/computedlabel", self.0))
    }
}

/// The role of an element as a screen reader says it.
#[derive(Debug)]
struct ComputedRole(ElementId);

impl FormatRequestData for ComputedRole {
    fn format_request(&self, session: &SessionId) -> RequestData {
        RequestData::new(Method::GET, format!("session/{session}/element/{}/computedrole", self.0))
    }
}

/// What the page that is shown breaks, looked at in its light and its dark colours.
pub(crate) async fn broken(driver: &WebDriver, is_ours: bool) -> Vec<String> {
    let mut faults = Vec::new();
    for scheme in ["dark", "light"] {
        let features = serde_json::json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        driver.cdp().send_raw("Emulation.setEmulatedMedia", features).await.expect("colours can be chosen");
        let arguments = vec![serde_json::json!(is_ours)];
        let found = driver.execute(SCRIPT, arguments).await.expect("the rules run");
        let found: Vec<String> = found.convert().expect("a list of texts");
        faults.extend(found.into_iter().map(|fault| format!("{scheme}: {fault}")));
    }
    faults
}

/// What a screen reader could not tell people of the page that is shown.
pub(crate) async fn untold(driver: &WebDriver, is_ours: bool) -> Vec<String> {
    let mut faults = unnamed(driver).await;
    if is_ours {
        faults.extend(no_tables(driver).await);
    }
    faults
}

async fn unnamed(driver: &WebDriver) -> Vec<String> {
    let mut faults = Vec::new();
    let all = By::Css("a, button, input:not([type=hidden]), select, textarea, [tabindex='0'], iframe");
    for element in driver.find_all(all).await.expect("elements are found") {
        let asked = driver.cmd(ComputedLabel(element.element_id())).await;
        let label: String = asked.and_then(|answer| answer.value()).expect("a name is told");
        if label.trim().is_empty() {
            faults.push(format!("without a name: {}", element.outer_html().await.unwrap_or_default()));
        }
    }
    faults
}

/// Tables that are tables no more, since they are laid out as something else.
async fn no_tables(driver: &WebDriver) -> Vec<String> {
    let mut faults = Vec::new();
    for (path, role) in
        [("table", "table"), ("tbody tr", "row"), ("tbody th", "rowheader"), ("tbody td", "cell")]
    {
        // The first of each stands for the others: they are styled alike.
        let Ok(element) = driver.find(By::Css(path)).await else { continue };
        let asked = driver.cmd(ComputedRole(element.element_id())).await;
        let told: String = asked.and_then(|answer| answer.value()).expect("a role is told");
        if told != role {
            faults.push(format!("<{path}> is a {told} and no {role}"));
        }
    }
    faults
}
