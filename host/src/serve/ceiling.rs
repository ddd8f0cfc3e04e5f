//! What HTTP alone can do: the service's listener with an endpoint that keeps nothing. Benchmarks tell the rest by it.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::any;
use bytes::Bytes;
use connector_runtime::SecretString;
use http::StatusCode;
use tokio::sync::watch;

use super::config;
use super::listener::Listener;
use super::open_files;
use super::values::{Flags, Values};
use crate::credentials::Sources;

/// Serves on any free port of this machine, for ever: reads each webhook whole and answers 200 without looking at it. The
/// address is told before the first is served.
///
/// # Errors
/// When nobody can listen.
pub async fn answer_at_once(announce: impl FnOnce(SocketAddr) -> io::Result<()>) -> io::Result<Infallible> {
    let nothing = |_: &std::path::Path| Err::<SecretString, _>(io::ErrorKind::NotFound.into());
    let sources = Sources { variable: &|_| None, files: &nothing };
    let values = Values::read(&Flags::default(), &sources);
    let limits =
        values.and_then(|values| config::limits(&values)).map_err(|_| io::ErrorKind::InvalidInput)?;
    open_files::raise(limits.open())?;
    let listener = Listener::bind(([127, 0, 0, 1], 0).into(), None, limits, Arc::default())?;
    announce(listener.address()?)?;
    let router = Router::new().route("/webhooks/{key}", any(|_: Bytes| async { StatusCode::OK }));
    let (_keep, stop) = watch::channel(false);
    listener.serve(router, Arc::new(|_, _| true), stop, Duration::ZERO).await;
    Err(io::ErrorKind::Interrupted.into())
}
