//! A browser without scripts: it keeps cookies, and sends forms with all that stands hidden in them.

use super::*;

#[derive(Clone)]
pub(super) struct Browser {
    address: SocketAddr,
    cookies: Vec<(String, String)>,
    /// Every answer, as it came.
    pub(super) seen: Vec<String>,
}

impl Browser {
    pub(super) fn new(address: SocketAddr) -> Self {
        Self { address, cookies: Vec::new(), seen: Vec::new() }
    }

    /// The service is at another port now.
    pub(super) fn moves_to(&mut self, address: SocketAddr) {
        self.address = address;
    }

    pub(super) fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path, &[])
    }

    /// Sends a request with another method or more headers, as a link preview or a prefetch does.
    pub(super) fn ask(&mut self, method: &str, path: &str, more: &[&str]) -> Answer {
        let answer = exchange(self.address, self.head(method, path, more).as_bytes());
        self.keep(answer)
    }

    /// Asks for a page and waits for no answer: who drops the stream hangs up.
    pub(super) fn open(&self, path: &str) -> TcpStream {
        let mut stream = connect(self.address);
        stream.write_all(self.head("GET", path, &[]).as_bytes()).expect("it is sent");
        stream
    }

    fn head(&self, method: &str, path: &str, more: &[&str]) -> String {
        let cookie = self.cookie();
        let lines = more.iter().copied().chain(cookie.as_deref());
        let lines: String = lines.map(|line| format!("{line}\r\n")).collect();
        format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{lines}\r\n")
    }

    /// Sends a form that was not read from a page.
    pub(super) fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let answer = exchange(self.address, &self.form(path, fields));
        self.keep(answer)
    }

    /// Sends the form of a page that has no other field, and waits for no answer: who drops the stream hangs up.
    #[track_caller]
    pub(super) fn send(&mut self, page: &str) -> TcpStream {
        let answer = self.get(page);
        let token = form_token(&answer.body).unwrap_or_else(|| panic!("{answer:?}"));
        let mut stream = connect(self.address);
        stream.write_all(&self.form(page, &[("form_token", token)])).expect("it is sent");
        stream
    }

    fn form(&self, path: &str, fields: &[(&str, &str)]) -> Vec<u8> {
        let body: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect();
        let mut headers = vec![("Content-Type".to_owned(), "application/x-www-form-urlencoded".to_owned())];
        headers.extend(self.cookie().map(|line| ("Cookie".to_owned(), line["Cookie: ".len()..].to_owned())));
        request(path, &headers, body.join("&").as_bytes())
    }

    /// Loads a page, and sends its form with these fields filled in.
    #[track_caller]
    pub(super) fn submit(&mut self, page: &str, action: &str, fields: &[(&str, &str)]) -> Answer {
        let answer = self.get(page);
        assert!(answer.body.contains(&format!("action=\"{action}\"")), "{page}: {answer:?}");
        let token = form_token(&answer.body).unwrap_or_else(|| panic!("{answer:?}")).to_owned();
        let fields = [&[("form_token", token.as_str())], fields].concat();
        self.post(action, &fields)
    }

    fn cookie(&self) -> Option<String> {
        let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (!pairs.is_empty()).then(|| format!("Cookie: {}", pairs.join("; ")))
    }

    fn keep(&mut self, answer: Answer) -> Answer {
        self.seen.push(format!("{}\n{}", answer.head, answer.body));
        for line in answer.head.lines().filter_map(|line| line.strip_prefix("set-cookie: ")) {
            let (name, rest) = line.split_once('=').expect("a cookie");
            let value = rest.split(';').next().unwrap_or_default();
            self.cookies.retain(|(known, _)| known != name);
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
        answer
    }
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    pub(super) fn location(&self) -> Option<&str> {
        self.location.as_deref()
    }
}

pub(super) fn form_token(page: &str) -> Option<&str> {
    let (_, rest) = page.split_once("name=\"form_token\" value=\"")?;
    rest.split('"').next()
}

pub(super) fn escape(text: &str) -> String {
    let escaped = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(escaped).collect()
}
