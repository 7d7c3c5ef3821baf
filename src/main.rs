//! The program: takes the machine as it is, runs, and ends with the exit code.

use std::process::ExitCode;

use rel::host::Host;

fn main() -> ExitCode {
    let host = match Host::from_process() {
        Ok(host) => host,
        Err(error) => {
            let host = rel::host::Host::nowhere();
            host.err(&format!("error: the current folder cannot be read: {error}\n"));
            return ExitCode::from(2);
        }
    };
    let words = host.words();
    ExitCode::from(rel::run(&words, host).0)
}
