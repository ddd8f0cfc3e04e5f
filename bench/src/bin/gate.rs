//! What the gate costs a call that need not wait: to enter and to settle, with one caller and with some under way.
//!
//! `cargo run --release --package connector-bench --bin gate` prints the median of nanoseconds a call for each contender.
//! `cargo xtask bench gate` runs it and prints a table.

use std::future::Future as _;
use std::hint::black_box;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use connector_bench::{Contender, Race};
use connector_runtime::pacing::{Ending, Gate, Gates, Observation, Permit, Waits};

/// A quota that a race does not use up.
const PLENTY: u32 = u32::MAX - 1;

const SEEN: Observation = Observation {
    quota: Some(u32::MAX),
    left: Some(PLENTY),
    window: Some(Duration::from_secs(3_600)),
    reset: Some(Duration::from_secs(3_600)),
    nonsense: 0,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (alone, among) = (open_gate(), open_gate());
    let others: Vec<Permit> = (0..63).filter_map(|_| enter(&among)).collect();
    let mut contenders = [
        Contender::new("enter and settle, alone", || call(&alone)),
        Contender::new("enter and settle, 63 others under way", || call(&among)),
    ];
    Race { rounds: 101, repetitions: 2_000 }.print(&mut contenders, 1e-9, &mut io::stdout().lock())?;
    drop(others);
    Ok(())
}

/// A gate whose window is open.
fn open_gate() -> Arc<Gate> {
    let waits = Waits { overload: Duration::from_secs(1), max: Duration::from_secs(120) };
    let gate = Gates::new().gate("an account", waits);
    call(&gate);
    gate
}

fn call(gate: &Arc<Gate>) {
    let permit = enter(black_box(gate));
    assert!(permit.is_some(), "nobody has to wait");
    permit.into_iter().for_each(|permit| permit.settle(Ending::Answered(black_box(SEEN))));
}

/// Leave to send, if it is given at once.
fn enter(gate: &Arc<Gate>) -> Option<Permit> {
    match pin!(gate.enter(None, None)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(permit) => permit.ok(),
        Poll::Pending => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_leaves_the_gate_as_it_was() {
        let gate = open_gate();
        call(&gate);
        let report = gate.report();
        assert_eq!((report.counts.admitted, report.counts.waits, report.under_way), (2, 0, 0));
    }
}
