//! What a client does when a call cannot go or fails, at virtual time: what it sends again, how long it waits, and when it
//! leaves that to its caller.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops where it stands")]

#[path = "patience/scripted_api.rs"]
mod scripted_api;

#[path = "patience/doubt.rs"]
mod doubt;
#[path = "patience/events.rs"]
mod events;
#[path = "patience/pages.rs"]
mod pages;
#[path = "patience/retries.rs"]
mod retries;
#[path = "patience/unreadable.rs"]
mod unreadable;
#[path = "patience/waits.rs"]
mod waits;
