//! The program `connector`: the BigCommerce connector on the streams and in the environment of this process.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use bigcommerce_connector::CONNECTOR;
use connector_host::{StandardInput, Style, Surroundings, run, width};

/// How long the work of a command that has ended may still take.
const LAST_WAIT: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let variable = |name: &str| std::env::var_os(name);
    let terminal = terminal_size::terminal_size().map(|(columns, _)| columns.0);
    let (mut stdin, mut stdout, mut stderr) = (io::stdin(), io::stdout(), io::stderr());
    let surroundings = Surroundings {
        program: arguments.first().map_or("connector".into(), |name| name.to_string_lossy().into_owned()),
        executable: std::env::current_exe().ok(),
        variable: &variable,
        width: width(terminal, &variable),
        stdout_style: Style::choose(stdout.is_terminal(), &variable),
        stderr_style: Style::choose(stderr.is_terminal(), &variable),
        is_stdout_terminal: stdout.is_terminal(),
        is_stderr_terminal: stderr.is_terminal(),
        stdin: StandardInput::new(&mut stdin),
        stdout: &mut stdout,
        stderr: &mut stderr,
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            // Without standard error there is nobody left to tell; the exit code says that it failed.
            let _: io::Result<()> =
                writeln!(io::stderr(), "error[failed]: the runtime cannot be set up: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(run(&CONNECTOR, &arguments, surroundings));
    // What still waits, such as for the name of a host, must not keep a command that has ended.
    runtime.shutdown_timeout(LAST_WAIT);
    ExitCode::from(code)
}
