//! `divert import`: what other programs write, into the log.
//!
//! Floor 6.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::cli::board;
use crate::diagnostic::plural;
use crate::exchange::{Board, Dialect, Mapping, Options, stub};
use crate::model::{Registry, Sources};
use crate::render::safe;
use crate::sentence::phrase;

use super::super::args::{ImportArgs, ImportFrom};
use super::super::context::Context;
use super::super::error::{Exit, Failure};
use super::Session;

pub(super) fn run(args: &ImportArgs, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let context = session.bare_context()?;
    let registry = &context.registry;
    let dialect = match args.from {
        ImportFrom::Emresource => Dialect::EmResource,
        ImportFrom::Sf => Dialect::Sf,
    };
    let mapping = mapping(&args.map, registry)?;
    let options = Options { mapping: &mapping, comments: args.comments };
    let board = read(&args.file, dialect, registry, options, session.sources)?;
    session.ui.diagnostics(&board.warnings, session.sources);
    if let Some(path) = &args.add_missing
        && !board.unmatched.is_empty()
    {
        session.ui.new_file(path, &stub(&board.unmatched, system(dialect), registry))?;
    }
    let mut told = summary(&context, args, &board);
    if !board.unmatched.is_empty() && !args.skip_unmatched {
        session.print(&told)?;
        return Err(Failure::Unmatched(board.unmatched.iter().map(board::told).collect()));
    }
    if !args.dry_run {
        return Err(Failure::NoWriting);
    }
    told.push_str("nothing was written (--dry-run)\n");
    session.print(&told)?;
    Ok(Exit::Done)
}

/// The key of that system's ids in a facility's `ids`.
fn system(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::EmResource => "emresource",
        Dialect::Sf => "datasf",
    }
}

fn mapping(said: &[(String, String)], registry: &Registry) -> Result<Mapping, Failure> {
    let mut mapping = Mapping::default();
    for (word, meaning) in said {
        mapping.set(word, meaning, registry).map_err(|why| Failure::BadMap { word: word.clone(), why })?;
    }
    Ok(mapping)
}

fn read(
    path: &Path,
    dialect: Dialect,
    registry: &Registry,
    options: Options<'_>,
    sources: &mut Sources,
) -> Result<Board, Failure> {
    let shown = path.display().to_string();
    let (reader, name): (Box<dyn Read>, &str) = if path == Path::new("-") {
        (Box::new(io::stdin().lock()), "standard input")
    } else {
        let file = File::open(path).map_err(|error| Failure::Input { name: format!("`{shown}`"), error })?;
        (Box::new(file), &shown)
    };
    board::read(reader, name, dialect, registry, options, sources).map_err(Failure::Board)
}

fn summary(context: &Context, args: &ImportArgs, board: &Board) -> String {
    let facilities: std::collections::BTreeSet<_> =
        board.told.iter().filter_map(|told| told.event.subject()).collect();
    let mut text = format!("{}: {}", args.file.display(), plural(board.rows, "row"));
    if let Some((first, last)) = board.span() {
        let clock = |at| phrase::clock(at, context.zone());
        text.push_str(&format!(", {} to {}", clock(first), clock(last)));
    }
    text.push_str(&format!(
        "\n{} about {}\n",
        plural(board.told.len(), "event"),
        match facilities.len() {
            1 => "1 facility".to_owned(),
            count => format!("{count} facilities"),
        }
    ));
    for unmatched in board.unmatched.iter().filter(|_| args.skip_unmatched) {
        text.push_str(&format!("left out, for no facility is called so: {}\n", board::told(unmatched)));
    }
    safe::same_bytes(&text).into_owned()
}
