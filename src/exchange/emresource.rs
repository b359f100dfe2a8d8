//! EMResource "Status Detail": one exclusive status of each resource at a time, on the wall clock.
//!
//! Floor 4. A row that goes on with the status of the row before it confirms; one with another ends that and begins its
//! own; where no row follows at once, the status is over.

use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, list_or};
use crate::model::{
    Declaration, Declared, Effect, Event, FacilityId, FileId, Instant, Kind, Registry, Span, StatusId,
    Subject,
};
use crate::sentence::{phrase, reason_code};

use super::cells::{Column, Columns, Findings, Row, each_row};
use super::names::Matching;
use super::wall::{self, LEEWAY, Unread, When};
use super::{Board, Dialect, Mapping, Meaning, Options, Told};

const RESOURCE: usize = 0;
const STATUS: usize = 1;
const START: usize = 2;
const END: usize = 3;
const DURATION: usize = 4;
const REASON: usize = 5;
const COMMENTS: usize = 6;

/// The columns that are read; User, IP, Trace and what else there may be are not.
pub(super) const COLUMNS: Columns = Columns(&[
    Column { name: "Resource", known_as: &["resource", "resourcename"], needed: true },
    Column { name: "Status", known_as: &["status"], needed: true },
    Column { name: "Start Date", known_as: &["startdate", "startlocal", "start", "starttime"], needed: true },
    Column { name: "End Date", known_as: &["enddate", "endlocal", "end", "endtime"], needed: true },
    Column {
        name: "Duration",
        known_as: &["duration", "durationhours", "durationhrs", "durationhoursreported"],
        needed: false,
    },
    Column {
        name: "Reason",
        known_as: &["reason", "reasons", "statusreason", "statusreasons"],
        needed: false,
    },
    Column { name: "Comments", known_as: &["comments", "comment"], needed: false },
]);

/// What EMResource's words stand for where nobody says otherwise.
fn usual(word: &str, registry: &Registry) -> Option<Meaning> {
    let status = |effect| Some(Meaning::Status(registry.builtin(effect)));
    match super::cells::folded(word).as_str() {
        "open" => Some(Meaning::Open),
        "advisory" | "critical" => status(Effect::Advisory),
        "divert" | "diverting" | "diversion" => status(Effect::Diverting),
        "closed" => status(Effect::Closed),
        "noer" | "noed" => Some(Meaning::Nothing),
        _ => None,
    }
}

const USUAL: [&str; 6] = ["Open", "Advisory", "Divert", "Critical", "Closed", "No ER"];

/// What a row says, once its times are known.
struct Said {
    facility: FacilityId,
    resource: Arc<str>,
    meaning: Meaning,
    from: Instant,
    until: Option<Instant>,
    reason: Option<Arc<str>>,
    text: Option<Arc<str>>,
    number: usize,
    place: Span,
}

impl Said {
    fn says_the_same_as(&self, other: &Self) -> bool {
        (self.meaning, self.from, self.until) == (other.meaning, other.from, other.until)
    }
}

/// A row whose times can be read in two ways.
struct Open {
    said: Said,
    second: (Instant, Option<Instant>),
}

/// Reads an export.
pub fn read(
    text: &str,
    file: FileId,
    registry: &Registry,
    options: Options<'_>,
) -> Result<Board, Vec<Diagnostic>> {
    let mut findings = Findings::new(file);
    let mut matching = Matching::new(registry, "emresource");
    let (mut said, mut open) = (Vec::new(), Vec::new());
    let mut rows = 0;
    each_row(text, &COLUMNS, &mut findings, |row, findings| {
        rows += 1;
        read_row(text, row, registry, options, &mut matching, findings, &mut said, &mut open);
    });
    settle(&mut said, open, &mut findings);
    said.sort_by_key(|said| (said.facility, said.from, said.until.is_none(), said.until, said.number));
    let mut board = Board { rows, ..Board::default() };
    for facility in said.chunk_by(|a, b| a.facility == b.facility) {
        tell(facility, registry, &mut findings, &mut board.told);
    }
    board.unmatched = matching.finish();
    board.warnings = findings.finish()?;
    Ok(board.finish())
}

#[allow(clippy::too_many_arguments)] // what a row needs and where it goes
fn read_row(
    text: &str,
    row: &Row<'_>,
    registry: &Registry,
    options: Options<'_>,
    matching: &mut Matching<'_>,
    findings: &mut Findings,
    said: &mut Vec<Said>,
    open: &mut Vec<Open>,
) {
    let at = |column: usize| row.place(text, column);
    let number = row.number;
    let needed = |column: usize, findings: &mut Findings| {
        let cell = row.get(column);
        if cell.is_none() {
            let message = format!("row {number}: `{}` is empty", COLUMNS.0[column].name);
            findings.error(at(column), message, &[]);
        }
        cell
    };
    let resource = needed(RESOURCE, findings);
    let meaning = needed(STATUS, findings).and_then(|word| {
        let meaning = meaning(word, registry, options.mapping);
        if meaning.is_none() {
            let known = list_or(USUAL.into_iter().chain(options.mapping.words()));
            let message = format!("row {number}, `Status`: expected {known}, found `{word}`");
            findings.error(at(STATUS), message, &["say what it stands for: --map 'WORD=diverting'"]);
        }
        meaning
    });
    let Some(facility) = resource.and_then(|resource| matching.facility(resource)) else { return };
    let zone = registry.zone_of(facility);
    let mut time = |column: usize, cell: &str| match wall::read(cell, zone) {
        Ok(reading) => Some(reading),
        Err(why) => {
            let name = COLUMNS.0[column].name;
            let (message, help) = match why {
                Unread::NoTime => (
                    format!("row {number}, `{name}`: expected a time, found `{cell}`"),
                    "write it as `2021-03-01 00:28` or `03/01/2021 00:28`".to_owned(),
                ),
                Unread::Skipped => (
                    format!(
                        "row {number}, `{name}`: {cell} does not exist in {zone}: the clocks go forward over it"
                    ),
                    "is the facility's time zone right?".to_owned(),
                ),
            };
            findings.error(at(column), message, &[&help]);
            None
        }
    };
    let from = row.get(START).and_then(|cell| time(START, cell));
    let until = row.get(END).map(|cell| time(END, cell));
    let from = if row.get(START).is_none() { needed(START, findings).and(None) } else { from };
    let duration = row.get(DURATION).and_then(|cell| {
        let duration = wall::duration(cell, 3600.0);
        if duration.is_none() {
            let message = format!("row {number}, `Duration`: expected hours, found `{cell}`");
            findings.error(at(DURATION), message, &["write it as `42.57` or `42:34`"]);
        }
        duration
    });
    let (Some(resource), Some(meaning), Some(from), false) = (resource, meaning, from, until == Some(None))
    else {
        return;
    };
    let word = |column: usize| row.get(column).map(Arc::from);
    let new = |(from, until): (Instant, Option<Instant>)| Said {
        facility,
        resource: resource.into(),
        meaning,
        from,
        until,
        reason: row.get(REASON).map(|reason| reason_code(reason).into()),
        text: word(COMMENTS).filter(|_| options.comments),
        number,
        place: at(START),
    };
    match wall::decide(from, until.flatten(), duration) {
        When::Known { from, until, off } => {
            if off > LEEWAY {
                let message = format!(
                    "row {number}: `Duration` says {} h, and from `Start Date` to `End Date` are {:.2} h",
                    row.get(DURATION).unwrap_or_default(),
                    hours(until.map_or(0, |until| until.seconds() - from.seconds()))
                );
                findings.warn(Code::DurationDiffers, at(DURATION), message);
            }
            said.push(new((from, until)));
        }
        When::Either { first, second } => open.push(Open { said: new(first), second }),
        When::Reversed => {
            let message = format!("row {number}: `End Date` is before `Start Date`");
            findings.error(at(END), message, &[]);
        }
    }
}

#[allow(clippy::cast_precision_loss)] // seconds of a row stay far below 2^52
fn hours(seconds: i64) -> f64 {
    seconds as f64 / 3600.0
}

fn meaning(word: &str, registry: &Registry, mapping: &Mapping) -> Option<Meaning> {
    mapping.of(word).or_else(|| usual(word, registry))
}

/// Rows that can be read in two ways go where they touch a row of their resource that can not. What touches none is an
/// error that names both readings.
fn settle(said: &mut Vec<Said>, mut open: Vec<Open>, findings: &mut Findings) {
    loop {
        let before = open.len();
        let (known, still): (Vec<Open>, Vec<Open>) = open.into_iter().partition(|open| {
            let touches = |reading: (Instant, Option<Instant>)| touches(said, open.said.facility, reading);
            touches((open.said.from, open.said.until)) != touches(open.second)
        });
        let found: Vec<Said> = known
            .into_iter()
            .map(|Open { said: first, second }| {
                if touches(said, first.facility, (first.from, first.until)) {
                    first
                } else {
                    Said { from: second.0, until: second.1, ..first }
                }
            })
            .collect();
        said.extend(found);
        open = still;
        if open.len() == before {
            break;
        }
    }
    for Open { said, second } in open {
        let message = format!(
            "row {}: the clocks go back over this time, and neither its duration nor a row before or after it says \
             whether {:?} or {:?} is meant",
            said.number, said.from, second.0
        );
        findings.error(said.place, message, &["give the duration, or write the times with their offset"]);
    }
}

fn touches(said: &[Said], facility: FacilityId, (from, until): (Instant, Option<Instant>)) -> bool {
    said.iter().any(|said| {
        said.facility == facility
            && (said.until == Some(from) || until.is_some_and(|until| said.from == until))
    })
}

/// What the rows of one facility say, in order of time, as events.
fn tell(rows: &[Said], registry: &Registry, findings: &mut Findings, told: &mut Vec<Told>) {
    // What holds, and until when the board has said so.
    let mut holds: Option<(StatusId, Option<Instant>)> = None;
    for (index, row) in rows.iter().enumerate() {
        if row.until == Some(row.from) {
            continue; // changed within the minute: it never held
        }
        if index > 0 && row.says_the_same_as(&rows[index - 1]) {
            continue; // the row stands twice
        }
        if let Some((status, Some(until))) = holds
            && until < row.from
        {
            told.push(ending(row, status, until, registry));
            holds = None;
        }
        let before = rows[..index].last().and_then(|before| before.until.map(|until| (until, before.number)));
        if let Some((until, number)) = before
            && row.from < until
        {
            let message = format!(
                "row {} begins before row {number} of its resource has ended; it ends that",
                row.number
            );
            findings.warn(Code::RowsOverlap, row.place.clone(), message);
        }
        match (row.meaning, holds) {
            (Meaning::Open, _) => {
                told.push(event(row, row.from, Declared::Open { scope: None }, registry));
                holds = None;
            }
            (Meaning::Nothing, Some((status, _))) => {
                told.push(ending(row, status, row.from, registry));
                holds = None;
            }
            (Meaning::Nothing, None) => {}
            (Meaning::Status(status), before) => {
                if let Some((before, _)) =
                    before.filter(|(before, _)| !share_a_lane(*before, status, registry))
                {
                    told.push(ending(row, before, row.from, registry));
                }
                told.push(event(row, row.from, Declared::Status { status, scope: None }, registry));
                holds = Some((status, row.until));
            }
        }
    }
    if let (Some((status, Some(until))), Some(last)) = (holds, rows.last()) {
        told.push(ending(last, status, until, registry));
    }
}

/// Whether one of these takes the other's place by itself.
fn share_a_lane(a: StatusId, b: StatusId, registry: &Registry) -> bool {
    let in_traffic = |status: StatusId| {
        registry.statuses[status].builtin && registry.statuses[status].effect != Effect::Closed
    };
    a == b || (in_traffic(a) && in_traffic(b))
}

/// The end of a status: of its own lane, for the board says nothing else.
fn ending(row: &Said, status: StatusId, at: Instant, registry: &Registry) -> Told {
    let kind = &registry.statuses[status];
    let declared = if kind.builtin && kind.effect != Effect::Closed {
        Declared::OffDivert
    } else {
        Declared::Off(status)
    };
    event(row, at, declared, registry)
}

fn event(row: &Said, at: Instant, declared: Declared, registry: &Registry) -> Told {
    let what = phrase::status(&declared, registry);
    let begins = matches!(declared, Declared::Status { .. });
    let declaration = Declaration {
        subject: Subject::Facility(row.facility),
        declared,
        from: at,
        until: None,
        route: Vec::new(),
        walk_in: None,
        reason: row.reason.clone().filter(|_| begins),
        text: row.text.clone().filter(|_| begins),
        approver: None,
        exercise: false,
    };
    Told {
        key: format!("{} {} {what}", row.resource, at.rfc3339(chrono_tz::Tz::UTC)),
        event: Event {
            number: 0,
            recorded_at: at,
            source: Dialect::EmResource.source().into(),
            text: None,
            kind: Kind::Declare(Box::new(declaration)),
        },
    }
}
