//! The program: takes the machine as it is, runs, and ends with the exit code. Under the name of a
//! program that publishes, it is that program's shim.

use std::process::ExitCode;

use rel::host::{Host, shim};

fn main() -> ExitCode {
    if let Some(program) = shim::called_as() {
        return shim::stand_in(program);
    }
    let host = match Host::from_process() {
        Ok(host) => host,
        Err(error) => {
            let host = rel::host::Host::nowhere();
            host.err(&format!("error: {error}\n"));
            return ExitCode::from(2);
        }
    };
    let words = host.words();
    ExitCode::from(rel::run(&words, host).0)
}
