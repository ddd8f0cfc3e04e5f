//! How many webhooks a second are verified and durable, and how long each takes: the host's service over HTTP, beside the
//! same server answering at once, the host's storage without HTTP, and the same rows in SQLite alone.
//!
//! `cargo run --release --package connector-bench --bin ingest -- FOLDER` prints a line of cells parted by tabs for each
//! contender and number of callers, and its progress to the standard error. `cargo xtask bench ingest` runs it and prints a
//! table. The program `connector` must lie beside this one. The folder decides which disk is measured.

mod alone;
mod measured;
mod rows;
mod senders;
mod service;
mod storage;

use std::error::Error;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use measured::Measured;
use service::Setting;

/// How many callers wait for an answer at a time.
const CALLERS: [usize; 3] = [1, 64, 256];

/// Each contender's turns for each number of callers; the median counts.
const ROUNDS: usize = 5;

/// How long a turn is.
const TURN: Duration = Duration::from_millis(1_500);

/// One way to take activations, each turn into a fresh file.
struct Contender {
    name: &'static str,
    /// Takes them for a turn. It is told what the contender before it was seen to commit at once.
    take: fn(&Setting, &Path, Turn) -> Outcome,
}

type Outcome = Result<Measured, Box<dyn Error>>;

/// What is asked of a contender.
#[derive(Clone, Copy)]
struct Turn {
    callers: usize,
    /// Rows for each commit, for those who choose.
    batch: usize,
    duration: Duration,
}

/// Whoever can choose the size of a batch comes after the one who cannot.
const CONTENDERS: &[Contender] = &[
    Contender { name: "HTTP alone: 200 at once", take: Setting::at_once },
    Contender { name: "the storage without HTTP", take: |_, path, turn| storage::take(path, turn) },
    Contender { name: "the service", take: Setting::ours },
    Contender { name: "SQLite alone, batches as large", take: |_, path, turn| alone::take(path, turn) },
];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("name a folder on the disk to measure")?;
    if folder == service::AT_ONCE {
        return service::be_at_once();
    }
    let folder = Path::new(&folder);
    let setting = Setting::make()?;
    let mut out = io::stdout().lock();
    for callers in CALLERS {
        let mut turns: Vec<Vec<Measured>> = CONTENDERS.iter().map(|_| Vec::new()).collect();
        for _ in 0..ROUNDS {
            let mut batch = 1;
            for (contender, measured) in CONTENDERS.iter().zip(&mut turns) {
                let turn = Turn { callers, batch, duration: TURN };
                let path = fresh(folder)?;
                let result = (contender.take)(&setting, &path, turn)?;
                batch = result.batch().round().max(1.0) as usize;
                writeln!(
                    io::stderr(),
                    "{callers} callers, {}: {:.0} a second",
                    contender.name,
                    result.rate()
                )?;
                measured.push(result);
            }
        }
        for (contender, measured) in CONTENDERS.iter().zip(&turns) {
            writeln!(out, "{callers}\t{}\t{}", contender.name, measured::cells(measured))?;
        }
    }
    drop(fresh(folder)?);
    Ok(())
}

/// The path of a file that is not there.
fn fresh(folder: &Path) -> io::Result<std::path::PathBuf> {
    let folder = folder.join("ingest");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    Ok(folder.join("storage"))
}
