//! The journal: events as they were recorded, the newest last.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use chrono::TimeDelta;
use chrono_tz::Tz;

use crate::diagnostic::plural;
use crate::model::{
    Census, Declaration, Declared, Event, FacilityId, Instant, Kind as Says, Lane, Ledger, Registry, Scope,
    Subject, WalkIn,
};
use crate::sentence::phrase;

use crate::sheet::{Basis, Cell, Column, Kind, Sheet, Telling, Tone, Value, View};

/// An event with what a log keeps of it beside its meaning.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What was said.
    pub event: Event,
    /// Which user of the operating system recorded it.
    pub author: Option<String>,
    /// Figures, an assignment, an import's key: json.
    pub data: Option<String>,
    /// The hash of it and of everything before it.
    pub hash: Option<String>,
}

impl Entry {
    /// What a log that keeps no more has of it: an event, and what it says in `data`.
    pub fn new(event: Event, data: Option<String>) -> Self {
        Self { event, author: None, data, hash: None }
    }
}

/// Which entries are shown.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Only what is about these; `None`: all.
    pub facilities: Option<BTreeSet<FacilityId>>,
    /// Only what was recorded from this instant on.
    pub since: Option<Instant>,
    /// Only what was recorded before this instant.
    pub until: Option<Instant>,
    /// Whether what is said stands there in words, too: of a million events most of the work.
    pub in_words: bool,
}

/// The columns of a journal: the fields of the exchange format, and one sentence for people.
pub fn columns() -> Vec<Column> {
    vec![
        Column::new("event", "Event", Kind::Integer, View::All),
        Column::new("recorded_at", "Recorded", Kind::Time, View::All),
        Column::text("said", "What"),
        Column::new("source", "Source", Kind::Text, View::Text),
        Column::new("author", "By", Kind::Text.or_null(), View::Text),
        Column::data("kind", Kind::OneOf(&["declare", "retract", "census", "assign", "note"])),
        Column::data("facility", Kind::Text.or_null()),
        Column::data("region", Kind::Text.or_null()),
        Column::data("lane", Kind::Text.or_null()),
        Column::data("status", Kind::Text.or_null()),
        Column::data("scope", Kind::Text.or_null()),
        Column::data("from", Kind::Time.or_null()),
        Column::data("until", Kind::Time.or_null()),
        Column::data("route", Kind::Text.or_null()),
        Column::data("walk_in", Kind::OneOf(&["open", "closed"]).or_null()),
        Column::data("reason", Kind::Text.or_null()),
        Column::data("text", Kind::Text.or_null()),
        Column::data("source", Kind::Text),
        Column::data("author", Kind::Text.or_null()),
        Column::data("approver", Kind::Text.or_null()),
        Column::data("exercise", Kind::Bool),
        Column::data("retracts", Kind::Integer.or_null()),
        Column::data("data", Kind::Text.or_null()),
        Column::data("hash", Kind::Text.or_null()),
    ]
}

/// The entries that are wanted, in the order of their numbers. `events` are all of the log: they tell what was
/// retracted.
pub fn tell<'a, E: 'a>(
    basis: &'a Basis<'_>,
    name: &'static str,
    entries: impl Iterator<Item = Result<Entry, E>> + 'a,
    events: &'a Ledger,
    selection: &'a Selection,
) -> Telling<'a, E> {
    let retractions = retractions(events);
    let rows = entries.filter_map(move |entry| match entry {
        Ok(entry) => selection.wants(&entry.event, events).then(|| {
            Ok(row(basis, &entry, retractions.get(&entry.event.number).copied(), selection.in_words))
        }),
        Err(error) => Some(Err(error)),
    });
    Telling {
        sheet: basis.sheet(name, columns()),
        rows: Box::new(rows),
        counted: Some(|rows| plural(rows, "event")),
    }
}

/// The same of entries that are few.
pub fn sheet(basis: &Basis<'_>, name: &'static str, entries: Vec<Entry>, events: &Ledger) -> Sheet {
    let all = Selection { in_words: true, ..Selection::default() };
    let Ok(sheet) = tell::<Infallible>(basis, name, entries.into_iter().map(Ok), events, &all).whole();
    sheet
}

impl Selection {
    /// Whether an event is wanted. A retraction is about what it retracts.
    fn wants(&self, event: &Event, events: &Ledger) -> bool {
        let recorded = event.recorded_at;
        self.since.is_none_or(|since| since <= recorded)
            && self.until.is_none_or(|until| recorded < until)
            && self.facilities.as_ref().is_none_or(|wanted| match about(event, events) {
                Some(Subject::Facility(facility)) => wanted.contains(&facility),
                Some(Subject::Region(_)) | None => false,
            })
    }
}

/// The subject of an event, through retractions.
pub fn about(event: &Event, events: &Ledger) -> Option<Subject> {
    let Says::Retract(target) = event.kind else { return event.subject() };
    if target >= event.number {
        return None;
    }
    about(&events.event(target)?, events)
}

/// Which event stands retracted by which. A retraction that is itself retracted retracts nothing.
pub fn retractions(events: &Ledger) -> BTreeMap<u64, u64> {
    let mut by = BTreeMap::new();
    for (event, target) in events.retractions().rev() {
        if target < event && !by.contains_key(&event) {
            by.insert(target, event);
        }
    }
    by
}

/// What an event says, in one line.
pub fn sentence(event: &Event, registry: &Registry) -> String {
    let said = said(event, registry);
    match &event.text {
        Some(words) => format!("{said}: {words}"),
        None => said,
    }
}

fn said(event: &Event, registry: &Registry) -> String {
    match &event.kind {
        Says::Declare(declaration) => {
            let exercise = if declaration.exercise { "EXERCISE: " } else { "" };
            format!("{exercise}{}", phrase::declaration(declaration, registry))
        }
        Says::Retract(target) => format!("event {target} retracted"),
        Says::Census(census) => census_text(census, registry),
        Says::Assign(assignment) => {
            let id = assignment.id.as_ref().map_or_else(|| "a patient".to_owned(), ToString::to_string);
            let forced = if assignment.forced { " (forced)" } else { "" };
            format!("{id} sent to {}{forced}", registry.facilities[assignment.facility].name)
        }
        Says::Note(subject) => {
            let about = subject.map(|subject| phrase::subject(subject, registry));
            about.map_or_else(|| "note".to_owned(), |about| format!("{about}: note"))
        }
    }
}

fn row(basis: &Basis<'_>, entry: &Entry, retracted_by: Option<u64>, in_words: bool) -> Vec<Cell> {
    let registry = basis.registry;
    let event = &entry.event;
    let subject = event.subject();
    let zone = match subject {
        Some(Subject::Facility(facility)) => basis.zone_of(facility),
        Some(Subject::Region(_)) | None => basis.zone(),
    };
    let said = in_words.then(|| {
        let said = sentence(event, registry);
        match retracted_by {
            Some(by) => Cell::toned(format!("{said} (retracted by event {by})"), Tone::Faint),
            None => said.into(),
        }
    });
    let (kind, retracts) = match &event.kind {
        Says::Declare(_) => ("declare", None),
        Says::Retract(target) => ("retract", Some(*target)),
        Says::Census(_) => ("census", None),
        Says::Assign(_) => ("assign", None),
        Says::Note(_) => ("note", None),
    };
    let facility = match subject {
        Some(Subject::Facility(facility)) => Some(basis.facility_key(facility)),
        Some(Subject::Region(_)) | None => None,
    };
    let region = match subject {
        Some(Subject::Region(region)) => Some(registry.regions[region].key.as_str()),
        Some(Subject::Facility(_)) | None => None,
    };
    let declaration = match &event.kind {
        Says::Declare(declaration) => Some(&**declaration),
        Says::Retract(_) | Says::Census(_) | Says::Assign(_) | Says::Note(_) => None,
    };
    let mut cells: Vec<Cell> = vec![
        Value::count(event.number).into(),
        Value::Time(event.recorded_at, zone).into(),
        said.unwrap_or(Value::Missing.into()),
        event.source.as_ref().into(),
        Value::text(entry.author.as_deref()).into(),
        kind.into(),
        Value::text(facility).into(),
        Value::text(region).into(),
    ];
    let at = match &event.kind {
        Says::Census(census) => Some(census.at),
        Says::Assign(assignment) => Some(assignment.at),
        Says::Declare(_) | Says::Retract(_) | Says::Note(_) => None,
    };
    let words = declaration.map_or(event.text.as_deref(), |declaration| declaration.text.as_deref());
    cells.extend(declared_cells(registry, declaration, at, zone));
    cells.push(Value::text(words).into());
    cells.extend([
        event.source.as_ref().into(),
        Value::text(entry.author.as_deref()).into(),
        Value::text(declaration.and_then(|declaration| declaration.approver.as_deref())).into(),
        declaration.is_some_and(|declaration| declaration.exercise).into(),
        retracts.map_or(Value::Missing, Value::count).into(),
        Value::text(entry.data.as_deref()).into(),
        Value::text(entry.hash.as_deref()).into(),
    ]);
    cells
}

/// "Manchester Memorial Hospital: 28 occupied, 6 boarding, longest boarding 9h".
fn census_text(census: &Census, registry: &Registry) -> String {
    let count = |figure: Option<u32>, what: &str| figure.map(|figure| format!("{figure} {what}"));
    let wait =
        |wait: Option<TimeDelta>, what: &str| wait.map(|wait| format!("{what} {}", phrase::length(wait)));
    let told: Vec<String> = [
        count(census.occupied, "occupied"),
        count(census.boarding, "boarding"),
        count(census.waiting, "waiting"),
        count(census.ventilated, "ventilated"),
        wait(census.longest_boarding, "longest boarding"),
        wait(census.last_wait, "last wait"),
    ]
    .into_iter()
    .flatten()
    .collect();
    format!("{}: {}", registry.facilities[census.facility].name, told.join(", "))
}

/// The cells from `lane` to `reason`.
fn declared_cells(
    registry: &Registry,
    declaration: Option<&Declaration>,
    at: Option<Instant>,
    zone: Tz,
) -> Vec<Cell> {
    let Some(declaration) = declaration else {
        let mut cells = vec![Cell::from(Value::Missing); 8];
        cells[3] = Value::time(at, zone).into();
        return cells;
    };
    let scope = match &declaration.declared {
        Declared::Status { scope, .. } | Declared::Open { scope } => scope.as_ref(),
        Declared::Down(_)
        | Declared::Up(_)
        | Declared::FullyOpen
        | Declared::OffDivert
        | Declared::Off(_) => None,
    };
    let route = (!declaration.route.is_empty()).then(|| phrase::route_by_ids(&declaration.route, registry));
    let values: [Value; 8] = [
        Value::text(service_lane(&declaration.declared).map(|lane| phrase::lane(&lane, registry))),
        phrase::status(&declaration.declared, registry).into(),
        Value::text(scope.map(|scope: &Scope| phrase::scope(scope, registry))),
        Value::Time(declaration.from, zone),
        Value::time(declaration.until.map(|until| until.at), zone),
        Value::text(route),
        Value::text(declaration.walk_in.map(WalkIn::as_str)),
        Value::text(declaration.reason.as_deref()),
    ];
    values.into_iter().map(Cell::from).collect()
}

/// The lane of what does not follow from status and scope.
fn service_lane(declared: &Declared) -> Option<Lane> {
    match declared {
        Declared::Down(service) | Declared::Up(service) => Some(Lane::Service(*service)),
        Declared::Status { .. }
        | Declared::Open { .. }
        | Declared::FullyOpen
        | Declared::OffDivert
        | Declared::Off(_) => None,
    }
}
