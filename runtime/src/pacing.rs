//! Pacing: how the requests of all callers share one account's quota, fed by the headers of every answer.
//!
//! [`Gates`] hold one [`Gate`] for each account. A call enters its gate before it is sent and settles its permit with the
//! answer; callers go in the order in which they came. What is known of the quota is a [`Window`], a plain value whose
//! transitions are pure; processes that share an account share it through a [`WindowStore`].

mod clock;
mod gate;
mod gates;
mod learning;
mod observation;
mod record;
mod shared;
mod waits;
mod window;

pub use clock::{Clock, Moment, SystemClock};
pub use gate::{Counts, Gate, GateReport, Permit, TooLate};
pub use gates::Gates;
pub use observation::Observation;
pub use shared::{WindowStore, WindowStoreError};
pub use waits::Waits;
pub use window::{Asking, Ending, Verdict, Window};
