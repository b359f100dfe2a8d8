//! DataSF's hospital diversions: a row for each diversion, with its beginning and end on the wall clock.
//!
//! Floor 4. Rows are episodes of their own and may touch or overlap; nothing is ended but by its own `ended`.

use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic};
use crate::model::{
    Declaration, Declared, Effect, Event, FileId, Instant, Kind, Registry, StatusId, Subject, Until,
};

use super::cells::{Column, Columns, Findings, Row, each_row, folded};
use super::names::Matching;
use super::wall::{self, LEEWAY, Reading, When};
use super::{Board, Dialect, Mapping, Meaning, Options, Told};

const HOSPITAL: usize = 0;
const STARTED: usize = 1;
const ENDED: usize = 2;
const HOURS: usize = 3;
const MINUTES: usize = 4;
const CATEGORY: usize = 5;

/// The columns that are read. A bare `duration` is taken as hours.
pub(super) const COLUMNS: Columns = Columns(&[
    Column {
        name: "hospital",
        known_as: &["hospital", "hospitalname", "hospitalfullname", "hospitalabbr"],
        needed: true,
    },
    Column {
        name: "started",
        known_as: &["started", "start", "startdatetime", "diversionstart", "diversionstartdatetime"],
        needed: true,
    },
    Column {
        name: "ended",
        known_as: &["ended", "end", "enddatetime", "diversionend", "diversionenddatetime"],
        needed: true,
    },
    Column {
        name: "duration",
        known_as: &["duration", "durationhours", "durationhrs", "diversionhours"],
        needed: false,
    },
    Column {
        name: "duration_minutes",
        known_as: &["durationminutes", "durationmins", "durationmin"],
        needed: false,
    },
    Column { name: "category", known_as: &["category", "diversioncategory", "type"], needed: false },
]);

/// Reads an export.
pub fn read(
    text: &str,
    file: FileId,
    registry: &Registry,
    options: Options<'_>,
) -> Result<Board, Vec<Diagnostic>> {
    let mut findings = Findings::new(file);
    let mut matching = Matching::new(registry, "datasf");
    let mut board = Board::default();
    each_row(text, &COLUMNS, &mut findings, |row, findings| {
        board.rows += 1;
        board.told.extend(read_row(text, row, registry, options.mapping, &mut matching, findings));
    });
    board.unmatched = matching.finish();
    board.warnings = findings.finish()?;
    Ok(board.finish())
}

/// What a category stands for: a status of that name where the registry has one, else a diversion.
fn meaning(category: Option<&str>, registry: &Registry, mapping: &Mapping) -> Option<Meaning> {
    let diverting = Some(Meaning::Status(registry.builtin(Effect::Diverting)));
    let Some(category) = category else { return diverting };
    mapping.of(category).or_else(|| {
        let word = folded(category);
        let own = registry.statuses.iter().find(|(_, status)| folded(&status.key) == word);
        match (own, word.as_str()) {
            (Some((status, _)), _) => Some(Meaning::Status(status)),
            (None, "diversion" | "divert" | "traumaoverride" | "override") => diverting,
            // Imposed on all hospitals by the rule that counts them; the registry's policy derives it.
            (None, "suspension" | "diversionsuspension") => Some(Meaning::Nothing),
            (None, _) => None,
        }
    })
}

fn read_row(
    text: &str,
    row: &Row<'_>,
    registry: &Registry,
    mapping: &Mapping,
    matching: &mut Matching<'_>,
    findings: &mut Findings,
) -> Option<Told> {
    let number = row.number;
    let at = |column: usize| row.place(text, column);
    let Some(hospital) = row.get(HOSPITAL) else {
        findings.error(at(HOSPITAL), format!("row {number}: `hospital` is empty"), &[]);
        return None;
    };
    let category = row.get(CATEGORY);
    let meaning = meaning(category, registry, mapping);
    if meaning.is_none() {
        let found = category.unwrap_or_default();
        let message = format!(
            "row {number}, `category`: expected `diversion` or a status of the registry, found `{found}`"
        );
        findings.error(at(CATEGORY), message, &["say what it stands for: --map 'WORD=diverting'"]);
    }
    let facility = matching.facility(hospital)?;
    let zone = registry.zone_of(facility);
    let mut time = |column: usize| -> Option<Reading> {
        let name = COLUMNS.0[column].name;
        let cell = row.get(column)?;
        let read = wall::read(cell, zone);
        if let Err(why) = &read {
            let why = match why {
                wall::Unread::NoTime => format!("expected a time, found `{cell}`"),
                wall::Unread::Skipped => {
                    format!("{cell} does not exist in {zone}: the clocks go forward over it")
                }
            };
            findings.error(at(column), format!("row {number}, `{name}`: {why}"), &[]);
        }
        read.ok()
    };
    let (from, until) = (time(STARTED), time(ENDED));
    if row.get(STARTED).is_none() {
        findings.error(at(STARTED), format!("row {number}: `started` is empty"), &[]);
    }
    if row.get(ENDED).is_some() && until.is_none() {
        return None;
    }
    let duration = [(HOURS, 3600.0), (MINUTES, 60.0)]
        .into_iter()
        .find_map(|(column, unit)| wall::duration(row.get(column)?, unit));
    let (from, until) = match wall::decide(from?, until, duration) {
        When::Known { from, until, off } => {
            if off > LEEWAY {
                let message = format!("row {number}: the duration is not the time from `started` to `ended`");
                findings.warn(Code::DurationDiffers, at(HOURS), message);
            }
            (from, until)
        }
        When::Either { first, second } => {
            let length = |(from, until): (Instant, Option<Instant>)| {
                until.map(|until| until.seconds() - from.seconds())
            };
            // Of two readings that are equally long the first will do; of others nobody knows which.
            if length(first) != length(second) || length(first).is_none() {
                let message = format!(
                    "row {number}: the clocks go back over this time, and no duration says whether {:?} or {:?} is meant",
                    first.0, second.0
                );
                findings.error(
                    at(STARTED),
                    message,
                    &["give the duration, or write the times with their offset"],
                );
                return None;
            }
            first
        }
        When::Reversed => {
            findings.error(at(ENDED), format!("row {number}: `ended` is before `started`"), &[]);
            return None;
        }
    };
    let Some(Meaning::Status(status)) = meaning else { return None };
    (until != Some(from)).then(|| told(hospital, Subject::Facility(facility), status, from, until, registry))
}

fn told(
    hospital: &str,
    subject: Subject,
    status: StatusId,
    from: Instant,
    until: Option<Instant>,
    registry: &Registry,
) -> Told {
    let declaration = Declaration {
        subject,
        declared: Declared::Status { status, scope: None },
        from,
        until: until.map(|at| Until { at, stated: true }),
        route: Vec::new(),
        walk_in: None,
        reason: None,
        text: None,
        approver: None,
        exercise: false,
    };
    let source: Arc<str> = Dialect::Sf.source().into();
    Told {
        key: format!("{hospital} {} {}", from.rfc3339(chrono_tz::Tz::UTC), registry.statuses[status].key),
        event: Event {
            number: 0,
            recorded_at: from,
            source,
            text: None,
            kind: Kind::Declare(Box::new(declaration)),
        },
    }
}
