//! Hosts, and requests of an HTTP/2 client that speaks to the check through the server's own HTTP library.

use axum::routing::get;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;

use super::*;

fn judged(version: Version, target: &str, hosts: &[&[u8]]) -> Result<(), Refused> {
    let mut headers = HeaderMap::new();
    for host in hosts {
        headers.append(HOST, http::HeaderValue::from_bytes(host).unwrap());
    }
    judge(version, &target.parse().unwrap(), &headers)
}

#[test]
fn a_host_is_a_name_or_an_address_with_an_optional_port() {
    for host in [
        "x",
        "X.example",
        "x.example:443",
        "x.example:",
        "127.0.0.1:8080",
        "[::1]",
        "[2001:db8::1]:65535",
        "a%20b",
        "_a-b~.c",
    ] {
        assert!(is_host(host), "{host}");
    }
    for host in [
        "",
        " ",
        ":80",
        "x y",
        "x,y",
        "x, y",
        "x:y",
        "x:80:80",
        "x:65536",
        "x:-1",
        "x:+1",
        "me@x",
        "x/",
        "x?a",
        "x#a",
        "http://x",
        "[::1",
        "::1",
        "[]",
        "[::zz]",
        "[::1]80",
        "[::1%25eth0]",
        "[v1.x]",
        "a%",
        "a%2",
        "a%zz",
        "a%é",
        "é",
        "x\\",
        "x\"",
        "<x>",
        "x\t",
    ] {
        assert!(!is_host(host), "{host:?}");
    }
}

#[test]
fn each_version_has_its_rule() {
    let (v10, v11, v2) = (Version::HTTP_10, Version::HTTP_11, Version::HTTP_2);
    assert_eq!(judged(v11, "/", &[]), Err(Refused::Missing));
    assert_eq!(
        judged(v11, "http://x/", &[]),
        Err(Refused::Missing),
        "RFC 9112, section 3.2, knows no exception"
    );
    assert_eq!(judged(v11, "/", &[b"x"]), Ok(()));
    assert_eq!(judged(v10, "/", &[]), Ok(()));
    assert_eq!(judged(v10, "/", &[b"x"]), Ok(()));
    for version in [v10, v11] {
        assert_eq!(judged(version, "http://x/", &[b"y"]), Ok(()), "the target counts");
    }
    for version in [v10, v11, v2] {
        assert_eq!(judged(version, "http://x/", &[b"x", b"x"]), Err(Refused::Several));
        assert_eq!(judged(version, "http://x/", &[b""]), Err(Refused::Malformed));
        assert_eq!(judged(version, "http://x/", &[b"\xff"]), Err(Refused::Malformed));
        assert_eq!(judged(version, "http://me@x/", &[b"x"]), Err(Refused::Target));
        assert_eq!(judged(version, "ftp://x/", &[b"x"]), Err(Refused::Target));
    }
    assert_eq!(judged(v2, "/", &[b"x"]), Err(Refused::Missing), "a Host header is no :authority");
    assert_eq!(judged(v2, "https://x/", &[]), Ok(()));
    for host in ["x", "X", "x:443", "x:"] {
        assert_eq!(judged(v2, "https://x/", &[host.as_bytes()]), Ok(()), "{host}");
    }
    for host in ["y", "x:80", "x:444"] {
        assert_eq!(judged(v2, "https://x/", &[host.as_bytes()]), Err(Refused::Differs), "{host}");
    }
    assert_eq!(judged(v2, "http://x:80/", &[b"x"]), Ok(()));
}

#[tokio::test]
async fn a_client_of_http2_must_send_an_authority_and_no_other_host() {
    let (client, server) = tokio::io::duplex(65_536);
    let service = TowerToHyperService::new(checked(Router::new().route("/", get(|| async { "served" }))));
    let serving = tokio::spawn(async move {
        let builder = Builder::new(TokioExecutor::new()).http2_only();
        builder.serve_connection(TokioIo::new(server), service).await
    });
    let (client, connection) = h2::client::handshake(client).await.unwrap();
    let connection = tokio::spawn(connection);
    let status = async |target: &str, host: Option<&str>| {
        // The client library lets a target without :authority pass as a request that came over HTTP/1.1.
        let version = if target.starts_with('/') { Version::HTTP_11 } else { Version::HTTP_2 };
        let mut request = http::Request::builder().version(version).uri(target);
        if let Some(host) = host {
            request = request.header(HOST, host);
        }
        let mut client = client.clone().ready().await.unwrap();
        let (answer, _) = client.send_request(request.body(()).unwrap(), true).unwrap();
        answer.await.unwrap().status().as_u16()
    };
    assert_eq!(status("http://x/", None).await, 200);
    assert_eq!(status("http://x/", Some("x")).await, 200);
    assert_eq!(status("http://x/", Some("y")).await, 400);
    assert_eq!(status("/", None).await, 400);
    assert_eq!(status("/", Some("x")).await, 400);
    assert_eq!(status("http://x/nowhere", None).await, 404);
    assert_eq!(status("http://x/nowhere", Some("y")).await, 400);
    drop(client);
    connection.await.unwrap().unwrap();
    serving.await.unwrap().unwrap();
}
