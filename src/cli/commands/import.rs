//! `divert import`: what other programs write, and what another log holds, into the log.
//!
//! Floor 6. What is brought in is recorded once, however often it is imported.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::cli::board;
use crate::diagnostic::plural;
use crate::exchange::{Board, Dialect, Mapping, Options, stub};
use crate::log::{self, Format, Head};
use crate::model::{Ledger, Registry, Sources};
use crate::render::safe;
use crate::report::journal::{self, Selection};
use crate::sentence::phrase;
use crate::sheet::{Basis, Line, LogHead, Sheet};
use crate::state::Timeline;

use super::super::args::{ImportArgs, ImportFrom};
use super::super::context::Setting;
use super::super::desk::{Desk, by_pages};
use super::super::error::{Exit, Failure};
use super::super::log_place::{self, LogPlace};
use super::super::progress::Watched;
use super::{Session, acting};

pub(super) fn run(args: &ImportArgs, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let setting = acting::setting(session)?;
    acting::check_answer(session, &setting, "import")?;
    let mut told = Vec::new();
    let events = match args.from {
        ImportFrom::Csv => rows(&args.file, Format::Csv, &setting, session)?,
        ImportFrom::Jsonl => rows(&args.file, Format::Jsonl, &setting, session)?,
        ImportFrom::Emresource => of_board(args, Dialect::EmResource, &setting, session, &mut told)?,
        ImportFrom::Sf => of_board(args, Dialect::Sf, &setting, session, &mut told)?,
    };
    if args.dry_run {
        return rehearse(told, &events, &setting, session);
    }
    let mut desk = Desk::open(&setting, session.environment, true)?;
    let appended = desk.import(&events)?;
    drop(events);
    let all = desk.events().clone();
    let head = LogHead { head: appended.head.event, hash: Some(appended.head.hash.to_string()) };
    let numbers = acting::numbers(&appended).map(|numbers| format!(" ({numbers})")).unwrap_or_default();
    let (new, known) = (plural(appended.places.len(), "event"), appended.skipped);
    told.push(format!("{new} recorded{numbers}, {known} were there already"));
    let timeline = Timeline::unknown(&setting.registry);
    let basis = basis(&setting, &timeline, &head);
    let every = Selection { in_words: session.reads_words()?, ..Selection::default() };
    let entries = by_pages(appended.places.clone(), |page| desk.entries(page));
    let mut telling = journal::tell(&basis, "import", entries, &all, &every);
    answered(&mut telling.sheet, told);
    telling.counted = None;
    acting::told(session, &appended, session.tell(telling, "event"));
    Ok(Exit::Done)
}

/// Says what would be recorded.
fn rehearse(
    mut told: Vec<String>,
    events: &Ledger,
    setting: &Setting,
    session: &Session<'_>,
) -> Result<Exit, Failure> {
    let absent = matches!(&setting.place, LogPlace::Default(path) if matches!(path.try_exists(), Ok(false)));
    // A log that is only read has nothing imported.
    let (mut last, mut missing) = (Head::default(), events.len());
    if !absent && setting.place.has_store() {
        let mut store = setting.place.to_read(session.environment)?;
        last = store.head().map_err(Failure::Store)?;
        missing = store.missing(events, &setting.registry).map_err(Failure::Store)?;
    }
    let head = LogHead { head: last.event, hash: Some(last.hash.to_string()) };
    let timeline = Timeline::unknown(&setting.registry);
    let mut sheet =
        journal::sheet(&basis(setting, &timeline, &head), "import", Vec::new(), &Ledger::default());
    let known = events.len() - missing;
    told.push(format!("{} would be recorded, {known} are there already", plural(missing, "event")));
    told.push("nothing was written (--dry-run)".to_owned());
    answered(&mut sheet, told);
    session.show(&sheet, "event")?;
    Ok(Exit::Done)
}

fn basis<'a>(setting: &'a Setting, timeline: &'a Timeline<'a>, head: &'a LogHead) -> Basis<'a> {
    Basis {
        registry: &setting.registry,
        timeline,
        at: setting.at,
        known_at: None,
        zone: setting.zone,
        log: Some(head),
    }
}

/// What people read of a sheet is these lines.
fn answered(sheet: &mut Sheet, told: Vec<String>) {
    (sheet.header, sheet.footer) = (Vec::new(), Vec::new());
    sheet.answer = Some(told.into_iter().map(Line::plain).collect());
}

/// The events of another log.
fn rows(
    path: &Path,
    format: Format,
    setting: &Setting,
    session: &mut Session<'_>,
) -> Result<Ledger, Failure> {
    let read = if path == Path::new("-") {
        let input = Watched::new(io::stdin(), None, session.environment.progress);
        log::read(input, "standard input", format, &setting.registry, session.sources)
    } else {
        log_place::rows(path, format, &setting.registry, session.environment, session.sources)
    };
    // It is a file like any other here; the log is another.
    read.map(|log| log.events).map_err(Failure::Said)
}

/// The events of a board's export, which `told` sums up.
fn of_board(
    args: &ImportArgs,
    dialect: Dialect,
    setting: &Setting,
    session: &mut Session<'_>,
    told: &mut Vec<String>,
) -> Result<Ledger, Failure> {
    let registry = &setting.registry;
    let mapping = mapping(&args.map, registry)?;
    let options = Options { mapping: &mapping, comments: args.comments };
    let board = read(&args.file, dialect, registry, options, session.sources)?;
    session.ui.diagnostics(&board.warnings, session.sources);
    if let Some(path) = &args.add_missing
        && !board.unmatched.is_empty()
    {
        session.ui.new_file(path, &stub(&board.unmatched, system(dialect), registry))?;
    }
    let summary = summary(setting, args, &board);
    if !board.unmatched.is_empty() && !args.skip_unmatched {
        session.print(&(summary.join("\n") + "\n"))?;
        return Err(Failure::Unmatched(board.unmatched.iter().map(board::told).collect()));
    }
    told.extend(summary);
    Ok(board.told.iter().map(|told| &told.event).collect())
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

fn summary(setting: &Setting, args: &ImportArgs, board: &Board) -> Vec<String> {
    let facilities: std::collections::BTreeSet<_> =
        board.told.iter().filter_map(|told| told.event.subject()).collect();
    let mut first = format!("{}: {}", args.file.display(), plural(board.rows, "row"));
    if let Some((begin, end)) = board.span() {
        let clock = |at| phrase::clock(at, setting.zone.unwrap_or(setting.registry.timezone));
        first.push_str(&format!(", {} to {}", clock(begin), clock(end)));
    }
    let about = match facilities.len() {
        1 => "1 facility".to_owned(),
        count => format!("{count} facilities"),
    };
    let mut lines = vec![first, format!("{} about {about}", plural(board.told.len(), "event"))];
    for unmatched in board.unmatched.iter().filter(|_| args.skip_unmatched) {
        lines.push(format!("left out, for no facility is called so: {}", board::told(unmatched)));
    }
    lines.into_iter().map(|line| safe::same_bytes(&line).into_owned()).collect()
}
