//! Pacing at virtual time: workers behind gates against a simulated server with a quota, latency and faults.

#[path = "pacing/meter.rs"]
mod meter;
#[path = "pacing/race.rs"]
mod race;
#[path = "pacing/server.rs"]
mod server;

#[path = "pacing/alone.rs"]
mod alone;
#[path = "pacing/courses.rs"]
mod courses;
#[path = "pacing/faults.rs"]
mod faults;
#[path = "pacing/gate.rs"]
mod gate;
#[path = "pacing/others.rs"]
mod others;
#[path = "pacing/window.rs"]
mod window;
