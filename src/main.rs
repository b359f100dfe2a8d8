//! The program: run, and the exit status.

use std::process::ExitCode;

fn main() -> ExitCode {
    ambulance_diversion::cli::run()
}
