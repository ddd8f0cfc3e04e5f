//! Which connections exist, what each of them does, and which of them must go if there is no room for another.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

use tokio::sync::Notify;

use super::{Client, Reason};

/// Kinds of requests, in the order in which their connections are given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::serve) enum Class {
    /// Any request.
    General,
    /// A request to the webhook address of a known connection.
    Webhook,
}

/// What a connection does. A stage that waits for the client can be ended at any time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// The TLS handshake or the head of a request is incomplete, or the answer of a refused request is on its way.
    Head,
    /// An answer was sent, and no byte of another request has come.
    Idle,
    /// The client has to send a body or to read an answer.
    Waits(Class),
    /// The service works on a request.
    Works(Class),
}

impl Stage {
    fn is_request(self) -> bool {
        matches!(self, Self::Waits(_) | Self::Works(_))
    }
}

/// How a connection learns that it must end.
#[derive(Debug, Default)]
pub(super) struct Closing {
    reason: OnceLock<Reason>,
    notify: Notify,
}

impl Closing {
    /// Ends the connection; the first reason counts.
    pub(super) fn close(&self, reason: Reason) {
        self.reason.get_or_init(|| reason);
        self.notify.notify_one();
    }

    /// Why the connection ends; `None` if it need not.
    pub(super) fn reason(&self) -> Option<Reason> {
        self.reason.get().copied()
    }

    /// Waits until the connection must end. One caller may wait.
    pub(super) async fn closed(&self) {
        while self.reason().is_none() {
            self.notify.notified().await;
        }
    }
}

/// How many connections there may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    /// Without a complete head.
    pub(super) heads: usize,
    /// With requests of [`Class::General`].
    pub(super) general: usize,
    /// With requests of both classes.
    pub(super) requests: usize,
    /// Of one client, without a complete head, and as many with requests; `None`: no limit.
    pub(super) share: Option<usize>,
}

/// Connections in the order in which they came to their stage.
#[derive(Debug, Default)]
struct Line {
    order: BTreeMap<(Stage, u64), u64>,
    heads: usize,
    idle: usize,
    general: usize,
    requests: usize,
}

impl Line {
    fn count(&mut self, stage: Stage, change: impl Fn(&mut usize)) {
        match stage {
            Stage::Head => change(&mut self.heads),
            Stage::Idle => change(&mut self.idle),
            Stage::Waits(class) | Stage::Works(class) => {
                change(&mut self.requests);
                if class == Class::General {
                    change(&mut self.general);
                }
            }
        }
    }

    fn add(&mut self, place: (Stage, u64), id: u64) {
        self.order.insert(place, id);
        self.count(place.0, |count| *count += 1);
    }

    fn remove(&mut self, place: (Stage, u64)) {
        if self.order.remove(&place).is_some() {
            self.count(place.0, |count| *count -= 1);
        }
    }

    /// The connection that is in a stage for the longest time.
    fn oldest(&self, stage: Stage) -> Option<u64> {
        self.order.range((stage, 0)..=(stage, u64::MAX)).next().map(|(_, id)| *id)
    }

    /// The connection without a complete head to give up: of the stage with more of them, so that neither new connections
    /// nor idle ones can push out all of the other.
    fn spare_head(&self) -> Option<u64> {
        let (more, fewer) =
            if self.heads >= self.idle { (Stage::Head, Stage::Idle) } else { (Stage::Idle, Stage::Head) };
        self.oldest(more).or_else(|| self.oldest(fewer))
    }

    /// The connection to give up for a request of a class: one that waits for its client, never for a webhook a general one.
    fn spare_request(&self, class: Class) -> Option<u64> {
        let general = self.oldest(Stage::Waits(Class::General));
        match class {
            Class::General => general,
            Class::Webhook => general.or_else(|| self.oldest(Stage::Waits(Class::Webhook))),
        }
    }
}

#[derive(Debug)]
struct Entry {
    place: (Stage, u64),
    client: Option<Client>,
    closing: Arc<Closing>,
}

/// All connections of a listener.
#[derive(Debug)]
pub(super) struct Table {
    room: Room,
    entries: HashMap<u64, Entry>,
    all: Line,
    clients: HashMap<Client, Line>,
    /// Numbers connections and the order in which they came to their stages.
    next: u64,
}

impl Table {
    /// A table without connections.
    pub(super) fn new(room: Room) -> Self {
        Self { room, entries: HashMap::new(), all: Line::default(), clients: HashMap::new(), next: 0 }
    }

    /// A new connection: its number, and how it learns that it must end. Others may have to end for it.
    pub(super) fn admit(&mut self, client: Option<Client>) -> (u64, Arc<Closing>) {
        self.make_room_for_head(client);
        let (id, closing) = (self.turn(), Arc::<Closing>::default());
        self.place(id, Entry { place: (Stage::Head, id), client, closing: Arc::clone(&closing) });
        (id, closing)
    }

    /// The head of a request is complete: whether the request may be served. A refused request leaves its connection among
    /// those without a complete head. A connection that was given up in the meantime is served nothing more.
    ///
    /// # Errors
    /// Why the request is refused.
    pub(super) fn begin(
        &mut self,
        id: u64,
        class: Class,
        client: Option<Client>,
        has_body: bool,
    ) -> Result<(), Reason> {
        let Some(entry) = self.take(id) else { return Err(Reason::Requests) };
        let fits = self.make_room_for_request(class, client);
        let turn = self.turn();
        let (stage, client) = match (fits, has_body) {
            (Ok(()), true) => (Stage::Waits(class), client),
            (Ok(()), false) => (Stage::Works(class), client),
            (Err(_), _) => (Stage::Head, entry.client),
        };
        self.place(id, Entry { place: (stage, turn), client, ..entry });
        fits
    }

    /// The whole body of a request has come.
    pub(super) fn works(&mut self, id: u64) {
        self.change(id, |stage| match stage {
            Stage::Waits(class) => Some(Stage::Works(class)),
            _ => None,
        });
    }

    /// The client has to read an answer.
    pub(super) fn answers(&mut self, id: u64) {
        self.change(id, |stage| match stage {
            Stage::Waits(class) | Stage::Works(class) => Some(Stage::Waits(class)),
            _ => None,
        });
    }

    /// A byte of another request has come.
    pub(super) fn reads(&mut self, id: u64) {
        self.change(id, |stage| (stage == Stage::Idle).then_some(Stage::Head));
    }

    /// An answer was sent. From now on the connection counts for `client`.
    pub(super) fn rests(&mut self, id: u64, client: Option<Client>) {
        let Some(entry) = self.take(id) else { return };
        if !entry.place.0.is_request() {
            return self.place(id, entry);
        }
        self.make_room_for_head(client);
        let turn = self.turn();
        self.place(id, Entry { place: (Stage::Idle, turn), client, ..entry });
    }

    /// The connection has ended.
    pub(super) fn leave(&mut self, id: u64) {
        drop(self.take(id));
    }

    fn make_room_for_head(&mut self, client: Option<Client>) {
        let line = client.and_then(|client| self.clients.get(&client));
        let own = line.filter(|line| self.room.share.is_some_and(|share| line.heads + line.idle >= share));
        if let Some(own) = own.and_then(Line::spare_head) {
            self.give_up(own, Reason::Address);
        }
        if self.all.heads + self.all.idle >= self.room.heads
            && let Some(oldest) = self.all.spare_head()
        {
            self.give_up(oldest, Reason::Heads);
        }
    }

    fn make_room_for_request(&mut self, class: Class, client: Option<Client>) -> Result<(), Reason> {
        let line = client.and_then(|client| self.clients.get(&client));
        let full = line.filter(|line| self.room.share.is_some_and(|share| line.requests >= share));
        match (full.map(|line| line.spare_request(class)), class) {
            (None, _) => {}
            (Some(Some(own)), _) => self.give_up(own, Reason::Address),
            (Some(None), Class::General) => return Err(Reason::Address),
            // The vendor may send all its webhooks from one address, and none of them waits for it.
            (Some(None), Class::Webhook) => {}
        }
        let is_full = match class {
            Class::General => {
                self.all.general >= self.room.general || self.all.requests >= self.room.requests
            }
            Class::Webhook => self.all.requests >= self.room.requests,
        };
        if is_full {
            let oldest = self.all.spare_request(class).ok_or(Reason::Requests)?;
            self.give_up(oldest, Reason::Requests);
        }
        Ok(())
    }

    fn give_up(&mut self, id: u64, reason: Reason) {
        if let Some(entry) = self.take(id) {
            entry.closing.close(reason);
        }
    }

    fn change(&mut self, id: u64, next: impl Fn(Stage) -> Option<Stage>) {
        let Some(entry) = self.take(id) else { return };
        let place = match next(entry.place.0) {
            Some(stage) => (stage, self.turn()),
            None => entry.place,
        };
        self.place(id, Entry { place, ..entry });
    }

    fn turn(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn place(&mut self, id: u64, entry: Entry) {
        self.all.add(entry.place, id);
        if let Some(client) = entry.client {
            self.clients.entry(client).or_default().add(entry.place, id);
        }
        self.entries.insert(id, entry);
    }

    fn take(&mut self, id: u64) -> Option<Entry> {
        let entry = self.entries.remove(&id)?;
        self.all.remove(entry.place);
        if let Some(client) = entry.client
            && let Some(line) = self.clients.get_mut(&client)
        {
            line.remove(entry.place);
            if line.order.is_empty() {
                self.clients.remove(&client);
            }
        }
        Some(entry)
    }
}

#[cfg(test)]
mod tests;
