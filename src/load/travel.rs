//! Travel: how minutes are estimated, and the matrix of those that are known.
//!
//! Floor 4; computes no minutes.

use std::collections::HashMap;

use super::catalogue::MOST_MINUTES;
use super::files::{Files, Page};
use super::table::{Said, Table};
use crate::diagnostic::{Code, Diagnostic, Sink, closest, csv_cell, list_or, plural};
use crate::model::{FacilityId, Minutes, Registry, TravelSettings, ZoneId};

/// City streets with lights and traffic; `[travel]` says better.
const SPEED_KMH: f64 = 50.0;
/// What studies of road networks find between the road and the great circle.
const CIRCUITY: f64 = 1.3;
/// So many errors of a matrix are told one by one.
const TOLD: usize = 20;

const COLUMNS: [&str; 4] = ["from", "to", "minutes", "km"];

/// How minutes are estimated, and which file knows better.
pub(super) struct Settings<'t> {
    pub(super) travel: TravelSettings,
    pub(super) matrix: Option<Said<'t>>,
}

/// Reads `[travel]`.
pub(super) fn settings<'t>(table: Option<Table<'t>>, sink: &mut Sink) -> Settings<'t> {
    let mut settings = Settings {
        travel: TravelSettings {
            speed_kmh: SPEED_KMH,
            circuity: CIRCUITY,
            from_zone: HashMap::new(),
            from_facility: HashMap::new(),
        },
        matrix: None,
    };
    let Some(mut table) = table else { return settings };
    // No ambulance drives slower than people walk, or faster than a helicopter flies.
    settings.travel.speed_kmh = table.number("speed_kmh", 1.0..=400.0).unwrap_or(SPEED_KMH);
    settings.travel.circuity = table.number("circuity", 1.0..=10.0).unwrap_or(CIRCUITY);
    settings.matrix = table.string("matrix");
    table.finish(sink);
    settings
}

/// Reads the matrix into the registry's settings.
pub(super) fn matrix(said: &Said<'_>, files: &mut Files<'_>, registry: &mut Registry, sink: &mut Sink) {
    let page = match files.matrix(said) {
        Ok(page) => page,
        Err(diagnostic) => return sink.push(diagnostic),
    };
    let mut wrong = Wrong { page: &page, errors: Vec::new(), more: 0 };
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(page.source.text.as_bytes());
    let Some(columns) = columns(&mut reader, &mut wrong) else {
        sink.extend(wrong.errors);
        return;
    };
    let mut row = csv::StringRecord::new();
    loop {
        match reader.read_record(&mut row) {
            Ok(true) => read_row(&row, &columns, registry, &mut wrong),
            Ok(false) => break,
            Err(error) => {
                wrong.at(0, 0, format!("cannot read the matrix: {error}"), || None);
                break;
            }
        }
    }
    if wrong.more > 0 {
        let end = page.source.text.len();
        let message = format!("and {}", plural(wrong.more, "more error"));
        sink.push(page.complain(Code::BadMatrix, &(end..end), message));
    }
    sink.extend(wrong.errors);
}

/// Where each of [`COLUMNS`] stands.
type Columns = [Option<usize>; COLUMNS.len()];

/// The rows that cannot be read.
struct Wrong<'p> {
    page: &'p Page,
    errors: Vec<Diagnostic>,
    more: usize,
}

impl Wrong<'_> {
    /// `help` is only asked for where the error is told: to look for what was meant takes a walk through all names.
    fn at(&mut self, row: usize, column: usize, message: String, help: impl FnOnce() -> Option<String>) {
        if self.errors.len() >= TOLD {
            self.more += 1;
            return;
        }
        let span = csv_cell(&self.page.source.text, row, column);
        let diagnostic = self.page.complain(Code::BadMatrix, &span, message);
        self.errors.push(match help() {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        });
    }
}

fn columns(reader: &mut csv::Reader<&[u8]>, wrong: &mut Wrong<'_>) -> Option<Columns> {
    let header = reader.headers().cloned().unwrap_or_default();
    let mut columns: Columns = [None; COLUMNS.len()];
    for (at, name) in header.iter().enumerate() {
        if let Some(column) = COLUMNS.iter().position(|column| *column == name) {
            columns[column] = Some(at);
            continue;
        }
        let help = || match closest(name, COLUMNS) {
            Some(near) => Some(format!("did you mean `{near}`?")),
            None => Some(format!("a matrix has the columns {}", list_or(COLUMNS))),
        };
        wrong.at(0, at, format!("a matrix has no column `{name}`"), help);
    }
    let missing: Vec<&str> =
        COLUMNS.iter().zip(columns).take(3).filter(|(_, at)| at.is_none()).map(|(name, _)| *name).collect();
    if !missing.is_empty() {
        wrong.at(0, 0, format!("the matrix lacks the column {}", list_or(missing)), || {
            Some("its first line is `from,to,minutes`, or `from,to,minutes,km`".to_owned())
        });
        return None;
    }
    Some(columns)
}

fn read_row(row: &csv::StringRecord, columns: &Columns, registry: &mut Registry, wrong: &mut Wrong<'_>) {
    let begin = row.position().map_or(0, |position| usize::try_from(position.byte()).unwrap_or_default());
    let cell = |column: usize| columns[column].and_then(|at| row.get(at)).unwrap_or_default();
    let column = |column: usize| columns[column].unwrap_or_default();

    let (from, to) = (cell(0), cell(1));
    let (zone, facility) = (registry.zones.id(from), registry.facilities.id(from));
    if zone.is_none() && facility.is_none() {
        let known = || {
            let zones = registry.zones.iter().map(|(_, zone)| zone.key.as_str());
            zones.chain(registry.facilities.iter().map(|(_, facility)| facility.key.as_str()))
        };
        let help = || closest(from, known()).map(|near| format!("did you mean `{near}`?"));
        wrong.at(begin, column(0), format!("no zone or facility has the id `{from}`"), help);
    }
    let to_id = registry.facilities.id(to);
    if to_id.is_none() {
        let known = registry.facilities.iter().map(|(_, facility)| facility.key.as_str());
        let help = || closest(to, known).map(|near| format!("did you mean `{near}`?"));
        wrong.at(begin, column(1), format!("no facility has the id `{to}`"), help);
    }
    let minutes = minutes(cell(2));
    if minutes.is_none() {
        let message = format!("minutes go from 0 to {MOST_MINUTES}, found `{}`", cell(2));
        wrong.at(begin, column(2), message, || None);
    }
    let (Some(to_id), Some(minutes)) = (to_id, minutes) else { return };
    // An id may be a zone's and a facility's: then the minutes are from both.
    if let Some(known) = keep(zone, facility, to_id, minutes, &mut registry.travel) {
        let message = format!("the minutes from `{from}` to `{to}` stand twice, and were {known} before");
        wrong.at(begin, column(2), message, || Some("keep one of the rows".to_owned()));
    }
}

/// Keeps the minutes of a pair; the minutes that it had before, if it had any.
fn keep(
    zone: Option<ZoneId>,
    facility: Option<FacilityId>,
    to: FacilityId,
    minutes: Minutes,
    travel: &mut TravelSettings,
) -> Option<Minutes> {
    let from_zone = zone.and_then(|zone| travel.from_zone.insert((zone, to), minutes));
    let from_facility = facility.and_then(|facility| travel.from_facility.insert((facility, to), minutes));
    from_zone.or(from_facility)
}

fn minutes(cell: &str) -> Option<Minutes> {
    let minutes: f64 = cell.parse().ok()?;
    (0.0..=MOST_MINUTES).contains(&minutes).then(|| Minutes::round(minutes))
}
