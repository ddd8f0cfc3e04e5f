//! What a person's browser would do on the pages of service and store: keep cookies, read pages, and send forms with all that
//! stands hidden in them.

use http::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use reqwest::Url;

use crate::account_form::escaped;
use crate::failure::Failure;
use crate::serve::broken;

/// A browser without scripts, which follows no redirect by itself so that each can be told of.
pub(super) struct Browser {
    http: reqwest::Client,
    /// Whose, name and value.
    cookies: Vec<(String, String, String)>,
}

/// An answer, as it came.
pub(super) struct Page {
    /// Its address.
    address: Url,
    /// Its status.
    pub(super) status: u16,
    /// Where it leads on to.
    leads_to: Option<String>,
    body: String,
}

impl Browser {
    pub(super) fn new(http: reqwest::Client) -> Self {
        Self { http, cookies: Vec::new() }
    }

    /// Opens an address.
    ///
    /// # Errors
    /// Where nothing answers.
    pub(super) async fn open(&mut self, address: &str) -> Result<Page, Failure> {
        let address = parsed(address)?;
        let request = self.http.get(address.clone());
        self.send(address, request).await
    }

    /// Follows where a page leads.
    ///
    /// # Errors
    /// Where it leads nowhere, or nothing answers there.
    pub(super) async fn follow(&mut self, page: &Page) -> Result<Page, Failure> {
        let address = page.next()?;
        self.open(&address).await
    }

    /// Sends the form of a page that is sent to `action`, with these fields filled in.
    ///
    /// # Errors
    /// Where the page has no such form, or nothing answers.
    pub(super) async fn submit(
        &mut self,
        page: &Page,
        action: &str,
        filled: &[(&str, &str)],
    ) -> Result<Page, Failure> {
        let missing = || Failure::Broken(format!("the page {} has no form for {action}", page.path()));
        let form = page.form(action).ok_or_else(missing)?;
        let hidden = hidden(form);
        let hidden = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let pairs: Vec<String> = hidden
            .chain(filled.iter().copied())
            .map(|(name, value)| format!("{}={}", escaped(name), escaped(value)))
            .collect();
        let address = page.address.join(action).map_err(|error| broken("an address", &error))?;
        let request = self.http.post(address.clone());
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(pairs.join("&"));
        self.send(address, request).await
    }

    async fn send(&mut self, address: Url, request: reqwest::RequestBuilder) -> Result<Page, Failure> {
        let origin = address.origin().ascii_serialization();
        let cookies = self.cookies.iter().filter(|(whose, ..)| *whose == origin);
        let cookies: Vec<String> = cookies.map(|(_, name, value)| format!("{name}={value}")).collect();
        let request = if cookies.is_empty() { request } else { request.header(COOKIE, cookies.join("; ")) };
        let path = address.path().to_owned();
        let unread =
            |error: reqwest::Error| broken(&format!("{path} cannot be opened"), &error.without_url());
        let answer = request.send().await.map_err(unread)?;
        let texts = |name| answer.headers().get_all(name).iter().filter_map(|value| value.to_str().ok());
        for pair in texts(SET_COOKIE).filter_map(|text| text.split(';').next()?.split_once('=')) {
            self.cookies.retain(|(whose, name, _)| *whose != origin || name != pair.0);
            self.cookies.push((origin.clone(), pair.0.to_owned(), pair.1.to_owned()));
        }
        let (status, leads_to) = (answer.status().as_u16(), texts(LOCATION).next().map(str::to_owned));
        Ok(Page { address, status, leads_to, body: answer.text().await.map_err(unread)? })
    }
}

impl Page {
    /// Its path, without the query, which may hold what is secret.
    pub(super) fn path(&self) -> &str {
        self.address.path()
    }

    /// The parameter of this name in its address.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        self.address.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }

    /// The address that it leads on to.
    ///
    /// # Errors
    /// Where it leads nowhere, with what it says instead.
    pub(super) fn next(&self) -> Result<String, Failure> {
        let next = self.leads_to.as_deref().and_then(|next| self.address.join(next).ok());
        next.map(String::from).ok_or_else(|| {
            Failure::Broken(format!("{} {} leads nowhere: {}", self.status, self.path(), self.heading()))
        })
    }

    /// Its heading.
    pub(super) fn heading(&self) -> String {
        self.texts("h1").into_iter().next().unwrap_or_default()
    }

    /// The texts of all elements of a kind.
    pub(super) fn texts(&self, tag: &str) -> Vec<String> {
        elements(&self.body, tag).into_iter().map(plain).collect()
    }

    /// What a list of terms says of one; empty where it does not.
    pub(super) fn described(&self, term: &str) -> String {
        let pairs = self.texts("dt").into_iter().zip(self.texts("dd"));
        pairs.into_iter().find(|(known, _)| known == term).map(|(_, text)| text).unwrap_or_default()
    }

    /// The rows of all tables, each with the texts of its cells, the heads before the others.
    pub(super) fn rows(&self) -> Vec<Vec<String>> {
        let cells =
            |row| ["th", "td"].into_iter().flat_map(move |tag| elements(row, tag)).map(plain).collect();
        elements(&self.body, "tr").into_iter().map(cells).collect()
    }

    /// Whether these words stand on it.
    pub(super) fn says(&self, words: &str) -> bool {
        plain(&self.body).contains(words)
    }

    fn form(&self, action: &str) -> Option<&str> {
        let (_, rest) = self.body.split_once(&format!("action=\"{action}\""))?;
        rest.split("</form>").next()
    }
}

fn parsed(address: &str) -> Result<Url, Failure> {
    Url::parse(address).map_err(|error| broken("an address", &error))
}

/// The names and values that stand hidden in a form.
fn hidden(form: &str) -> Vec<(String, String)> {
    let tags = form.split("<input type=\"hidden\"").skip(1).filter_map(|rest| rest.split('>').next());
    tags.filter_map(|tag| attribute(tag, "name").zip(attribute(tag, "value"))).collect()
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split('"').next().map(unescaped)
}

/// What stands between the tags of each element of a kind, which holds none of its own kind.
fn elements<'a>(html: &'a str, tag: &str) -> Vec<&'a str> {
    let (open, close) = (format!("<{tag}"), format!("</{tag}>"));
    let parts = html.split(open.as_str()).skip(1).filter(|rest| rest.starts_with(['>', ' ']));
    parts.filter_map(|rest| rest.split_once('>')?.1.split(close.as_str()).next()).collect()
}

/// The text without tags, its blanks as a browser shows them.
fn plain(html: &str) -> String {
    let mut text = String::new();
    for part in html.split('<') {
        text.push_str(part.split_once('>').map_or(part, |(_, rest)| rest));
        text.push(' ');
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    unescaped(&words.join(" "))
}

fn unescaped(text: &str) -> String {
    let marks = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")];
    marks.iter().fold(text.to_owned(), |text, (escaped, mark)| text.replace(escaped, mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(body: &str) -> Page {
        let address = Url::parse("http://127.0.0.1:1/a?code=1").unwrap();
        Page { address, status: 200, leads_to: Some("/b?c=2".to_owned()), body: body.to_owned() }
    }

    #[test]
    fn a_page_is_read_as_a_person_reads_it() {
        let page = page(
            "<h1>Camp &amp; Co</h1><dl><dt>State</dt><dd><span class=\"good\">connected</span></dd></dl>\
             <table><thead><tr><th>Scope</th></tr></thead><tr><th scope=\"row\">Orders</th> <td>read</td></tr></table>",
        );
        assert_eq!(page.heading(), "Camp & Co");
        assert_eq!(page.described("State"), "connected");
        assert_eq!(page.rows()[1], ["Orders", "read"]);
        assert!(page.says("Camp & Co State connected") && !page.says("class"));
        assert_eq!((page.path(), page.next().unwrap().as_str()), ("/a", "http://127.0.0.1:1/b?c=2"));
    }

    #[test]
    fn a_form_brings_what_stands_hidden_in_it_and_nothing_of_another() {
        let page = page(
            "<form action=\"/a\"><input type=\"hidden\" name=\"token\" value=\"x&quot;y\"><input name=\"z\"></form>\
             <form action=\"/b\"><input type=\"hidden\" name=\"other\" value=\"1\"></form>",
        );
        let form = page.form("/a").unwrap();
        assert_eq!(hidden(form), [("token".to_owned(), "x\"y".to_owned())]);
        assert!(page.form("/c").is_none());
    }
}
