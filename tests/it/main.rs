//! Tests that cross crates.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops where it stands")]

mod actions;
mod adding;
mod calls;
mod conformance;
mod drift;
mod parcel;
mod tidy;
mod vectors;
