//! The places that connections take at a listener, so that slow clients cannot keep others from being served.
//!
//! Connections without a complete head have a pool of their own. A complete head takes a place among the requests; some of
//! these places are reserved for webhooks of known connections. If there is no room, the connection that has waited longest
//! for its client is closed. One client address takes a share at most.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::clients::Client;
use super::config::Limits;

mod reasons;
mod table;

pub(super) use reasons::{ByReason, Reason};
pub(super) use table::Class;
use table::{Closing, Room, Table};

/// The places of a listener.
pub(super) struct Seats {
    table: Mutex<Table>,
    limits: Limits,
}

/// The place of a connection. The connection is forgotten when [`leave`](Self::leave) is called.
pub(super) struct Seat {
    seats: Arc<Seats>,
    id: u64,
    /// The address at the other end of the socket.
    pub(super) peer: IpAddr,
    closing: Arc<Closing>,
    /// Whether an answer was sent and nothing has come since.
    is_idle: AtomicBool,
    /// Whether a request has no answer yet, or one that is not sent.
    is_busy: AtomicBool,
    /// Whether the answer was written as far as the buffers of the connection.
    is_answered: AtomicBool,
    sent: Notify,
}

impl Seats {
    /// Places within limits.
    pub(super) fn new(limits: Limits) -> Arc<Self> {
        let room = Room {
            heads: limits.heads,
            general: limits.connections,
            requests: limits.connections + limits.webhook_connections,
            share: limits.clients.has_shares().then_some(limits.per_address).flatten(),
        };
        Arc::new(Self { table: Mutex::new(Table::new(room)), limits })
    }

    /// A place for a new connection; others may lose theirs.
    pub(super) fn admit(self: &Arc<Self>, peer: IpAddr) -> Arc<Seat> {
        let (id, closing) = self.table().admit(self.limits.clients.of_peer(peer));
        Arc::new(Seat {
            seats: Arc::clone(self),
            id,
            peer,
            closing,
            is_idle: AtomicBool::new(false),
            is_busy: AtomicBool::new(false),
            is_answered: AtomicBool::new(false),
            sent: Notify::new(),
        })
    }

    /// The limits.
    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// A request with a complete head takes a place. See [`Table::begin`].
    ///
    /// # Errors
    /// Why there is no place for it.
    pub(super) fn begin(&self, class: Class, client: Option<Client>, has_body: bool) -> Result<(), Reason> {
        self.seats.table().begin(self.id, class, client, has_body)?;
        self.is_idle.store(false, Ordering::Release);
        self.is_busy.store(true, Ordering::Release);
        Ok(())
    }

    /// The whole body has come.
    pub(super) fn works(&self) {
        self.seats.table().works(self.id);
    }

    /// The answer begins.
    pub(super) fn answers(&self) {
        self.seats.table().answers(self.id);
    }

    /// The last byte of the answer was handed to the connection.
    pub(super) fn is_answered(&self) {
        self.is_answered.store(true, Ordering::Release);
    }

    /// The connection has handed all its bytes to the system.
    pub(super) fn is_flushed(&self) {
        if self.is_answered.swap(false, Ordering::AcqRel) {
            self.seats.table().rests(self.id, self.seats.limits.clients.of_peer(self.peer));
            self.is_idle.store(true, Ordering::Release);
            self.is_busy.store(false, Ordering::Release);
            self.sent.notify_one();
        }
    }

    /// Bytes have come.
    pub(super) fn reads(&self) {
        if self.is_idle.swap(false, Ordering::AcqRel) {
            self.seats.table().reads(self.id);
        }
    }

    /// Waits until the answer to the request before was sent: a client that does not read gets one answer at a time.
    pub(super) async fn sent(&self) {
        while self.is_busy.load(Ordering::Acquire) {
            self.sent.notified().await;
        }
    }

    /// Ends the connection.
    pub(super) fn close(&self, reason: Reason) {
        self.closing.close(reason);
    }

    /// Why the connection must end; `None` if it need not.
    pub(super) fn reason(&self) -> Option<Reason> {
        self.closing.reason()
    }

    /// Waits until the connection must end.
    pub(super) async fn closed(&self) {
        self.closing.closed().await;
    }

    /// The connection has ended.
    pub(super) fn leave(&self) {
        self.seats.table().leave(self.id);
    }
}
