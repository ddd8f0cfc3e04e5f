//! The least server there can be: every request gets the same bytes, so that the time of a call is the client's.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use connector_bench::page;
use serde_json::json;

/// So many that they never run out.
pub(crate) const QUOTA: u32 = 100_000_000;

/// Listens on a port of this machine for as long as the program runs; its origin.
///
/// # Errors
/// When no port is free.
pub(crate) fn start() -> io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let origin = format!("http://{}", listener.local_addr()?);
    let answer = answer();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let answer = answer.clone();
            // A connection that breaks off has nobody left to tell.
            thread::spawn(move || -> io::Result<()> { serve(&stream, &answer) });
        }
    });
    Ok(origin)
}

/// Answers one request after the other; none has a body.
fn serve(stream: &TcpStream, answer: &[u8]) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut requests = BufReader::new(stream);
    let mut line = Vec::new();
    loop {
        line.clear();
        if requests.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        if line == b"\r\n" {
            (&*stream).write_all(answer)?;
        }
    }
}

fn answer() -> Vec<u8> {
    let body = page();
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\ndate: Wed, 25 Nov 2026 09:00:00 GMT\r\ncontent-type: application/json\r\n\
         x-request-id: 0f6a3c1d5b7e49288d1c2b3a4f5e6d7c\r\nx-rate-limit-time-window-ms: 30000\r\n\
         x-rate-limit-time-reset-ms: 30000\r\nx-rate-limit-requests-quota: {QUOTA}\r\n\
         x-rate-limit-requests-left: {QUOTA}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    answer.push_str(&body);
    answer.into_bytes()
}

/// Ten products of 67 fields, as the store sends them where nothing is left out or included.
fn page() -> String {
    let products = page::json();
    let products = String::from_utf8_lossy(&products);
    let pagination = json!({"total": 200, "count": 10, "per_page": 10, "current_page": 1, "total_pages": 20,
        "links": {"next": "?limit=10&page=2", "current": "?limit=10&page=1"}});
    format!(r#"{{"data":{products},"meta":{}}}"#, json!({ "pagination": pagination }))
}
