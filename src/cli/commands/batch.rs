//! `divert route --batch`: where many patients go, as they come.
//!
//! Floor 6.

use std::collections::BTreeSet;
use std::path::Path;

use crate::diagnostic::plural;
use crate::model::{Event, FacilityId};
use crate::render::{self, Format};
use crate::report::{Basis, route};
use crate::state::Timeline;

use super::super::args::{Common, RouteArgs};
use super::super::batch::{Plan, Stop, Stream};
use super::super::context::{self, Remark, Setting};
use super::super::error::{Exit, Failure};
use super::super::log_place::LogPlace;
use super::super::lookup;
use super::super::watch::Watch;
use super::Session;

pub(super) fn run(patients: &Path, args: &RouteArgs, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let (format, options) = form(session)?;
    // `row` is no time, and known to nobody but this command.
    let by_row = session.common.known_at.as_deref().is_some_and(|text| text.trim() == "row");
    let common =
        Common { known_at: session.common.known_at.clone().filter(|_| !by_row), ..session.common.clone() };
    let setting = Setting::read(&common, session.environment, session.sources)?;
    if setting.place == LogPlace::Input && patients == Path::new("-") {
        return Err(Failure::BothFromInput);
    }
    let registry = &setting.registry;
    let exclude: BTreeSet<FacilityId> =
        args.exclude.iter().map(|name| lookup::facility(registry, name)).collect::<Result<_, _>>()?;
    let nothing = Timeline::unknown(registry);
    let basis = Basis {
        registry,
        timeline: &nothing,
        at: setting.at,
        known_at: setting.known_at,
        zone: setting.zone,
        log: None,
    };
    let sheet = basis.sheet("route", route::columns());
    if let Some(columns) = &options.columns {
        render::check_columns(&sheet, format, columns).map_err(Failure::UnknownColumn)?;
    }
    let watch = Watch::open(&setting, session.environment, session.sources)?;
    for remark in &watch.remarks {
        session.ui.warn(&remark.to_string());
    }
    if session.common.verbose {
        session.ui.diagnostics(&setting.warnings, session.sources);
        session.ui.diagnostics(watch.log().map_or(&[], |log| &log.warnings), session.sources);
    }
    let given = setting.given(&common, session.sources)?;
    let mut stream = Stream::new(Plan {
        registry,
        watch,
        given,
        known_at: setting.known_at,
        by_row,
        at: common.at.is_some().then_some(setting.at),
        zone: setting.zone,
        exclude,
        alternates: args.alternates,
        format,
        options,
        sheet,
        processors: *session.environment.processors,
        progress: progress(session),
    });
    let known = stream.known();
    let last = known.recorded().last_recorded_at();
    if common.at.is_none() && last.is_some_and(|last| session.environment.clock < last) {
        session.ui.warn(&Remark::ClockBehind.to_string());
    }
    let supposed: Vec<Event> = known.supposed().collect();
    if !supposed.is_empty() {
        session.tell_refused(registry, &supposed, &known.everything());
    }
    answer(patients, &mut stream, session)
}

/// Answers that run over the same terminal would be torn apart by a line about them.
fn progress(session: &Session<'_>) -> Option<usize> {
    let shows = session.common.output.is_none() && session.environment.stdout.is_some();
    session.environment.progress.filter(|_| !shows)
}

/// Answers, and says how many rows could not be read.
fn answer(patients: &Path, stream: &mut Stream<'_>, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let (ui, sources) = (session.ui, &mut *session.sources);
    let mut failed = None;
    let mut read_on = true;
    let written = ui.answer(|out| match stream.run(patients, sources, &|text| ui.warn(text), out) {
        Ok(()) => Ok(()),
        Err(Stop::Output(error)) => {
            read_on = false;
            Err(error)
        }
        Err(Stop::Failed(failure)) => {
            let told = std::io::Error::other(failure.to_string());
            failed = Some(failure);
            Err(told)
        }
    });
    if let Some(failure) = failed {
        return Err(failure);
    }
    written?;
    let (rows, bad) = stream.count();
    if bad == 0 {
        return Ok(Exit::Done);
    }
    if read_on {
        let rows = plural(usize::try_from(rows).unwrap_or(usize::MAX), "row");
        ui.warn(&format!("{bad} of {rows} could not be read: their `note` says why"));
    }
    Ok(Exit::Wrong)
}

/// In which format and how answers are written: in csv, unless something else is asked for.
fn form(session: &Session<'_>) -> Result<(Format, render::Options), Failure> {
    let common = session.common;
    let says_none = |path: &Path| path.extension().is_none();
    let format = match (common.format, &common.output) {
        (None, None) => Some(Format::Csv),
        (None, Some(path)) if says_none(path) => Some(Format::Csv),
        (format, _) => format,
    };
    let (format, options) =
        context::output(&Common { format, ..common.clone() }, session.environment, "destination")?;
    match format {
        Format::Csv | Format::Tsv | Format::Jsonl => Ok((format, options)),
        Format::Table | Format::Json | Format::Md | Format::Html => Err(Failure::NotAsStream),
    }
}
