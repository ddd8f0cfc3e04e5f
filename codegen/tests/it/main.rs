//! The compiler at its borders: manifests go in, generated crates or diagnostics come out. A new fixture is a new folder
//! below `tests/data/ok` or `tests/data/err`; no test lists them.

mod cache;
mod command_line;
mod compiled;
mod diagnostics;
mod editor;
mod fixtures;
mod golden;
mod mutations;
mod schema;
