//! What a person writes who needs this one page and no connector.

use std::error::Error;
use std::time::Duration;

use connector_bench::derived::Dropping;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

/// The answer's envelope.
#[derive(Debug, Deserialize)]
pub(crate) struct Page<T> {
    #[cfg_attr(not(test), expect(dead_code, reason = "tests alone look at what was read"))]
    pub(crate) data: T,
    #[expect(dead_code, reason = "whoever reads pages needs to know how many there are")]
    pub(crate) meta: Box<RawValue>,
}

/// A store, as far as its products are read.
pub(crate) struct Store {
    http: reqwest::Client,
    url: String,
    token: String,
}

impl Store {
    pub(crate) fn new(origin: &str, store_hash: &str, token: &str) -> reqwest::Result<Self> {
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build()?;
        let url = format!("{origin}/stores/{store_hash}/v3/catalog/products");
        Ok(Self { http, url, token: token.to_owned() })
    }

    /// As people do who want no types.
    pub(crate) async fn untyped(&self) -> Result<Page<Value>, Box<dyn Error>> {
        self.get().await
    }

    /// As somebody does who knows that the data is only passed on: its text is cut out and not looked into.
    pub(crate) async fn text(&self) -> Result<Page<Box<RawValue>>, Box<dyn Error>> {
        self.get().await
    }

    pub(crate) async fn typed(&self) -> Result<Page<Vec<Dropping>>, Box<dyn Error>> {
        self.get().await
    }

    async fn get<T: DeserializeOwned>(&self) -> Result<T, Box<dyn Error>> {
        let url = format!("{}?is_visible={}&limit={}", self.url, true, 10);
        let request = self.http.get(url).header("X-Auth-Token", &self.token);
        let answer = request.header("Accept", "application/json").send().await?.error_for_status()?;
        Ok(serde_json::from_slice(&answer.bytes().await?)?)
    }
}
