//! Calls that are under way, counted, so that a service that stops can wait for them, whoever has hung up meanwhile.

use std::sync::Arc;

use tokio::sync::watch;

/// The number of calls under way.
#[derive(Clone)]
pub(crate) struct UnderWay(Arc<watch::Sender<usize>>);

/// One of them, until it is dropped.
pub(crate) struct Place(UnderWay);

impl Default for UnderWay {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }
}

impl UnderWay {
    /// One more.
    pub(crate) fn begin(&self) -> Place {
        self.0.send_modify(|count| *count += 1);
        Place(self.clone())
    }

    /// Ends when there is none.
    pub(crate) async fn ended(&self) {
        // The sender lives as long as this does.
        let _ = self.0.subscribe().wait_for(|count| *count == 0).await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.0.send_modify(|count| *count -= 1);
    }
}
