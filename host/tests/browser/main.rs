//! A person with a real browser: connects a store on the pages of `connector serve`, through the screens of the sandbox, and
//! sees what becomes of it. Every step leaves a picture in `target/screenshots`, in both sizes.

mod chromium;
mod connecting;
mod keyboard;
mod person;
mod refusals;
mod rules;
mod town;

use person::{Person, Scripts};
use town::Town;
