//! The program from outside: what was typed, against standard output, standard error and the exit status.

#![allow(clippy::disallowed_macros)] // a test that is skipped says so
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that can't go on is to stop

mod answers;
mod batch;
mod declare;
mod errors;
mod export;
mod harness;
mod log;
mod long;
mod output;
mod plan;
#[cfg(unix)]
mod progress;
mod retract;
mod schema;
