//! Every interleaving of a few callers at one gate, tried by loom: nobody waits for ever, nobody goes too early.
//!
//! `cargo test --package connector-runtime --features loom --test gate_loom`. No timer of the model's clock ever ends, so
//! that a caller goes on only if somebody calls it.

use std::future::{Future, pending};
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use connector_runtime::BoxFuture;
use connector_runtime::pacing::{Clock, Ending, Gate, Moment, Observation, Waits};
use loom::future::block_on;
use loom::sync::atomic::{AtomicU32, Ordering};
use loom::thread;

struct Still;

impl Clock for Still {
    fn now(&self) -> Moment {
        Duration::from_secs(1_000)
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(pending())
    }

    fn jitter(&self) -> f64 {
        0.5
    }
}

/// A server whose only window allows so many.
struct Server {
    quota: u32,
    taken: AtomicU32,
}

impl Server {
    fn new(quota: u32) -> Arc<Self> {
        Arc::new(Self { quota, taken: AtomicU32::new(0) })
    }

    fn take(&self) -> Ending {
        let taken = self.taken.fetch_add(1, Ordering::SeqCst) + 1;
        assert!(taken <= self.quota, "one request too many");
        Ending::Answered(Observation {
            quota: Some(self.quota),
            left: Some(self.quota - taken),
            window: Some(Duration::from_secs(30)),
            reset: Some(Duration::from_secs(30)),
            nonsense: 0,
        })
    }
}

fn gate() -> Arc<Gate> {
    let waits = Waits { overload: Duration::from_secs(1), max: Duration::from_secs(120) };
    Arc::new(Gate::new("an account".to_owned(), waits, Arc::new(Still), None))
}

/// A caller that sends one request.
fn call(gate: &Arc<Gate>, server: &Server) {
    let permit = block_on(gate.enter(None, None)).expect("no deadline");
    permit.settle(server.take());
}

/// Tries all interleavings with up to three switches in the middle of things.
fn check(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

#[test]
fn callers_that_wait_for_a_probe_all_go_in_the_end() {
    check(|| {
        let (gate, server) = (gate(), Server::new(3));
        let callers = [(); 2].map(|()| {
            let (gate, server) = (Arc::clone(&gate), Arc::clone(&server));
            thread::spawn(move || call(&gate, &server))
        });
        call(&gate, &server);
        for caller in callers {
            caller.join().expect("a thread that ends well");
        }
        let report = gate.report();
        assert_eq!((report.left, report.under_way, report.waiting), (Some(0), 0, 0));
    });
}

#[test]
fn a_caller_that_goes_away_takes_nobodys_turn_with_it() {
    check(|| {
        let (gate, server) = (gate(), Server::new(8));
        let leaving = {
            let gate = Arc::clone(&gate);
            thread::spawn(move || {
                // It looks once, and goes away with whatever it got.
                let mut entering = Box::pin(gate.enter(None, None));
                drop(entering.as_mut().poll(&mut Context::from_waker(Waker::noop())));
            })
        };
        let staying = {
            let (gate, server) = (Arc::clone(&gate), Arc::clone(&server));
            thread::spawn(move || call(&gate, &server))
        };
        call(&gate, &server);
        leaving.join().expect("a thread that ends well");
        staying.join().expect("a thread that ends well");
        let report = gate.report();
        assert_eq!((report.under_way, report.waiting), (0, 0));
    });
}

#[test]
fn an_operation_with_a_cap_of_one_is_never_under_way_twice() {
    check(|| {
        let (gate, running) = (gate(), Arc::new(AtomicU32::new(0)));
        let server = Server::new(8);
        call(&gate, &server);
        let work = |gate: &Arc<Gate>, server: &Server, running: &AtomicU32| {
            let permit =
                block_on(gate.enter(Some(("update-jars", 1)), None)).expect("what the test is made of");
            assert_eq!(running.fetch_add(1, Ordering::SeqCst), 0);
            let ending = server.take();
            running.fetch_sub(1, Ordering::SeqCst);
            permit.settle(ending);
        };
        let other = {
            let (gate, server, running) = (Arc::clone(&gate), Arc::clone(&server), Arc::clone(&running));
            thread::spawn(move || work(&gate, &server, &running))
        };
        work(&gate, &server, &running);
        other.join().expect("a thread that ends well");
    });
}
