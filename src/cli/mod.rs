//! The command line: what was typed in, answers and an exit status out.
//!
//! Floor 6: knows everything below, and is the only floor that meets the terminal, the clock and the environment.
//! What was typed ([`args`]) is kept apart from what it means ([`context`]); what is said goes through [`ui`].

pub mod args;
pub mod batch;
pub mod board;
mod commands;
pub mod context;
pub mod desk;
pub mod error;
pub mod later;
pub mod log_place;
pub mod lookup;
pub mod progress;
pub mod screen;
pub mod ui;
pub mod watch;

use std::process::ExitCode;

use crate::model::Sources;
use args::Args;
use commands::Session;
use context::{Environment, stdout_style};
use error::{Exit, Failure};
use ui::Ui;

/// Runs the program as it was called.
pub fn run() -> ExitCode {
    let mut environment = Environment::read();
    let args = match Args::typed(std::env::args_os()) {
        Ok(args) => args,
        Err(error) => return answer_clap(&error, &environment).into(),
    };
    let (command, common) = args.split();
    if common.quiet {
        environment.progress = None;
    }
    let ui = Ui::new(&common, &environment);
    let mut sources = Sources::default();
    let mut session = Session { common: &common, environment: &environment, sources: &mut sources, ui: &ui };
    let exit = match commands::run(&command, &mut session) {
        Ok(exit) => exit,
        Err(failure) => {
            ui.failure(&failure, &sources);
            failure.exit()
        }
    };
    exit.into()
}

/// Help and version are answers; anything else that clap has to say is about a command that is wrong.
fn answer_clap(error: &clap::Error, environment: &Environment) -> Exit {
    let text = error.render();
    if error.use_stderr() {
        ui::to_stderr(&text.to_string());
        return Exit::Wrong;
    }
    let style = stdout_style(args::When::Auto, environment);
    let text = if style.color { text.ansi().to_string() } else { text.to_string() };
    match ui::to_stdout(|out| out.write_all(text.as_bytes())) {
        Ok(()) => Exit::Done,
        Err(error) => {
            ui::to_stderr(&format!(
                "error: {}\n",
                Failure::Output { name: "standard output".to_owned(), error: error.into() }
            ));
            Exit::Wrong
        }
    }
}
