//! Whether an API that refuses a call still knows the credentials: asked once for all calls of them that are refused together.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};

use tokio::sync::Mutex;

use crate::pacing::{Clock, Moment};

/// Tells credentials apart without holding them.
pub(crate) type Fingerprint = [u8; 32];

/// What a connection test says of credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The API knows them.
    Known,
    /// It does not.
    Refused,
    /// It could not be asked.
    Unknown {
        /// When asking again may help, where that is known.
        retry_after: Option<Duration>,
    },
}

/// What was found out last at an account.
#[derive(Default)]
pub(crate) struct Doubts(Mutex<Option<Finding>>);

struct Finding {
    of: Fingerprint,
    began: Moment,
    standing: Standing,
}

impl Doubts {
    /// How credentials stand after a call of theirs that was sent at `sent` and refused. Where a test began since, it has
    /// answered; else `ask` does, one at a time. Whoever has waited for somebody else's test for `longest` gets no answer.
    pub(crate) async fn settle(
        &self,
        of: Fingerprint,
        sent: Moment,
        clock: &dyn Clock,
        longest: Duration,
        ask: impl Future<Output = Standing>,
    ) -> Standing {
        // The one who asks first is a caller like any other, and may be more patient than who comes after it.
        let mut last = match select(pin!(self.0.lock()), clock.sleep(longest)).await {
            Either::Left((last, _)) => last,
            Either::Right(_) => return Standing::Unknown { retry_after: None },
        };
        if let Some(found) = last.as_ref().filter(|found| found.of == of && found.began >= sent) {
            return found.standing;
        }
        let began = clock.now();
        let standing = ask.await;
        *last = Some(Finding { of, began, standing });
        standing
    }
}
