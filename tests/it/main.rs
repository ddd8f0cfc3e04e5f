//! Tests that cross crates.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops where it stands")]

mod actions;
mod adding;
mod bad_input;
mod calls;
mod conformance;
mod deliveries;
mod drift;
mod errors;
mod parcel;
mod quick_start;
mod tidy;
mod vectors;
