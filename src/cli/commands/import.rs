//! `divert import`: takes the events of another log into this one.
//!
//! Floor 6.

use std::path::Path;

use crate::diagnostic::plural;
use crate::log::{self, Format, Imports, Log};
use crate::report::journal::{self, Entry, Selection};
use crate::report::{Basis, Line, LogHead, Sheet};
use crate::state::Timeline;

use super::super::args::ImportArgs;
use super::super::context::Setting;
use super::super::desk::Desk;
use super::super::error::{Exit, Failure};
use super::super::log_place::LogPlace;
use super::{Session, acting};

pub(super) fn run(args: &ImportArgs, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let setting = acting::setting(session)?;
    acting::check_answer(session, &setting, "import")?;
    let log = read(&args.file, args.kind, &setting, session)?;
    if args.dry_run {
        return rehearse(&log, &setting, session);
    }
    let mut desk = Desk::open(&setting, session.environment, true)?;
    let (appended, known) = desk.import(&log.events)?;
    let new = appended.events.len();
    let head = LogHead { head: appended.head.event, hash: Some(appended.head.hash.to_string()) };
    let mut sheet = sheet(&setting, Some(&head), desk.entries(new)?, &appended.events);
    let numbers = match (appended.events.first(), appended.events.last()) {
        (Some(first), Some(last)) if first.number < last.number => {
            format!(" ({} to {})", first.number, last.number)
        }
        (Some(only), _) => format!(" ({})", only.number),
        (None, _) => String::new(),
    };
    sheet.answer = Some(vec![Line::plain(format!(
        "{} recorded{numbers}, {known} were there already",
        plural(new, "event")
    ))]);
    acting::tell(session, &sheet, &appended, "event");
    Ok(Exit::Done)
}

fn read(path: &Path, format: Format, setting: &Setting, session: &mut Session<'_>) -> Result<Log, Failure> {
    let read = if path == Path::new("-") {
        log::read(std::io::stdin().lock(), "standard input", format, &setting.registry, session.sources)
    } else {
        log::open(path, format, &setting.registry, session.sources)
    };
    // It is a file like any other here; the log is another.
    read.map_err(Failure::Said)
}

/// Says what would be recorded.
fn rehearse(log: &Log, setting: &Setting, session: &Session<'_>) -> Result<Exit, Failure> {
    let absent = matches!(&setting.place, LogPlace::Default(path) if matches!(path.try_exists(), Ok(false)));
    let imports = if absent {
        Imports::default()
    } else {
        setting.place.to_read(session.environment)?.imports().map_err(Failure::Store)?
    };
    let (drafts, known) = imports.drafts(&log.events, &setting.registry);
    let head = LogHead { head: imports.head.event, hash: Some(imports.head.hash.to_string()) };
    let mut sheet = sheet(setting, Some(&head), Vec::new(), &[]);
    sheet.answer = Some(vec![Line::plain(format!(
        "{} would be recorded, {known} are there already",
        plural(drafts.len(), "event")
    ))]);
    session.show(&sheet, "event")?;
    Ok(Exit::Done)
}

fn sheet(
    setting: &Setting,
    head: Option<&LogHead>,
    entries: Vec<Entry<'_>>,
    events: &[crate::model::Event],
) -> Sheet {
    let timeline = Timeline::default();
    let basis = Basis {
        registry: &setting.registry,
        timeline: &timeline,
        at: setting.at,
        known_at: None,
        zone: setting.zone,
        log: head,
    };
    let mut sheet = journal::sheet(&basis, "import", entries, events, &Selection::default());
    (sheet.header, sheet.footer) = (Vec::new(), Vec::new());
    sheet
}
