//! The signals that a service gets: to stop, to stop at once, and to read its certificate anew.

use std::io;

/// The signals, listened for from the moment this was made.
pub(super) struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    /// Listens.
    ///
    /// # Errors
    /// When the system does not let us.
    pub(super) fn listen() -> io::Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            Ok(Self {
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
            })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    /// Waits for the next wish to stop.
    pub(super) async fn stop(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Calls `reload` at each SIGHUP, for ever.
///
/// # Errors
/// When the system does not let us listen.
#[cfg(unix)]
pub(super) fn on_hangup(reload: impl Fn() + Send + 'static) -> io::Result<()> {
    let mut hangup = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup())?;
    drop(tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            reload();
        }
    }));
    Ok(())
}

/// There is no such signal here.
///
/// # Errors
/// Never.
#[cfg(not(unix))]
pub(super) fn on_hangup(_: impl Fn() + Send + 'static) -> io::Result<()> {
    Ok(())
}
