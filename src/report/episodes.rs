//! Episodes: a row for each that touches the period.
//!
//! Floor 3. Its times are its own; its minutes are those in force within the period, as everywhere.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::model::{FacilityId, Instant, Lane};
use crate::sentence::phrase;

use super::extent::Extent;
use super::figure;
use super::force::{Clauses, Force};
use super::hours::{frame, period, with_ed};
use super::lanes;
use super::measure::{Part, parts};
use super::period::{Calendar, Period};
use super::span::{Span, Spans};
use crate::sheet::Basis;
use crate::sheet::{Cell, Column, Kind, Telling, Value, View};
use crate::state::History;

/// What the report shows.
#[derive(Clone, Debug)]
pub struct Selection {
    /// Only these; `None`: every facility with an ED.
    pub facilities: Option<BTreeSet<FacilityId>>,
    /// When.
    pub period: Period,
    /// How the period is cut.
    pub calendar: Option<Calendar>,
}

/// The columns of the report.
pub fn columns(calendar: Option<Calendar>) -> Vec<Column> {
    let all = |key, heading, kind| Column::new(key, heading, kind, View::All);
    let ended = Kind::OneOf(&["manual", "expired", "superseded", "forced"]);
    let rest = [
        all("facility", "Facility", Kind::Text),
        all("lane", "Lane", Kind::Text),
        all("status", "Status", Kind::Text),
        all("scope", "For", Kind::Text.or_null()),
        all("from", "From", Kind::Time),
        all("until", "Until", Kind::Time.or_null()),
        all("minutes", "Min", Kind::Number),
        all("reason", "Why", Kind::Text.or_null()),
        all("source", "Source", Kind::Text),
        Column::data("event", Kind::Integer),
        all("ended_by", "Ended by", ended.or_null()),
        Column::data("by", Kind::Text.or_null()),
        all("open", "Open", Kind::Bool),
        Column::data("suspended_min", Kind::Number),
        Column::data("not_honoured_min", Kind::Number),
    ];
    period(calendar).into_iter().chain(rest).collect()
}

/// The episodes of a period.
pub fn tell<'a, E: 'a>(basis: &'a Basis<'_>, selection: &Selection) -> Telling<'a, E> {
    let extent = Extent::new(basis, &selection.period, selection.calendar);
    let clauses = Clauses::read(basis.registry, basis.timeline);
    let facilities: Vec<FacilityId> = with_ed(basis.registry, selection.facilities.as_ref()).collect();
    let mut sheet = basis.sheet("report-episodes", columns(selection.calendar));
    frame(&mut sheet, basis, &extent);
    sheet.footer.push(
        "Every episode that touches the period, with its own beginning and end; minutes are those in force within the \
         period, and open means that it runs on past the end of the period or the instant of the report."
            .to_owned(),
    );
    let rows: Box<dyn Iterator<Item = Vec<Cell>> + 'a> = if selection.calendar.is_some() {
        sliced(basis, extent, &clauses, facilities)
    } else {
        // One facility after the other, of which nothing is kept.
        Box::new(facilities.into_iter().flat_map(move |facility| {
            let history = basis.timeline.folded(facility);
            let told = Told::of(basis, &clauses, &extent, facility, history.as_deref());
            let mut rows: Vec<&Row<'_>> = told.rows.iter().collect();
            rows.sort_by_key(|row| row.begun);
            rows.into_iter().map(|row| told.cells(basis, row)).collect::<Vec<_>>()
        }))
    };
    Telling { sheet, rows: Box::new(rows.map(Ok)), counted: None }
}

/// The rows of a period that is cut, slice after slice: of all facilities at once.
fn sliced<'a>(
    basis: &'a Basis<'_>,
    extent: Extent,
    clauses: &Clauses<'_>,
    facilities: Vec<FacilityId>,
) -> Box<dyn Iterator<Item = Vec<Cell>> + 'a> {
    let of = |facility| Told::of(basis, clauses, &extent, facility, basis.timeline.facility(facility));
    let told: Vec<Told<'a>> = facilities.into_iter().map(of).collect();
    let mut rows: Vec<(usize, Row<'a>)> = Vec::new();
    for (whose, told) in told.iter().enumerate() {
        rows.extend(told.rows.iter().map(|row| (whose, row.clone())));
    }
    rows.sort_by_key(|(whose, row)| (row.label, *whose, row.begun));
    Box::new(rows.into_iter().map(move |(whose, row)| {
        let period = Cell::from(extent.labels[row.label].as_str());
        [vec![period], told[whose].cells(basis, &row)].concat()
    }))
}

/// What is told of a facility.
struct Told<'t> {
    facility: FacilityId,
    /// Those of one episode lie side by side.
    parts: Vec<Part<'t>>,
    rows: Vec<Row<'t>>,
}

/// A row to be: an episode in a slice.
#[derive(Clone)]
struct Row<'t> {
    label: usize,
    /// When it begins, in which lane, by which event.
    begun: (Instant, &'t Lane, u64),
    /// Where its parts lie.
    parts: Range<usize>,
    slice: Span,
}

impl<'t> Told<'t> {
    fn of(
        basis: &Basis<'_>,
        clauses: &Clauses<'_>,
        extent: &Extent,
        facility: FacilityId,
        history: Option<&'t History>,
    ) -> Self {
        let clocked = extent.of(basis, facility);
        let past = clocked.past;
        let parts = past.map(|past| parts(basis, clauses, facility, history, past, false));
        let mut told = Self { facility, parts: parts.unwrap_or_default(), rows: Vec::new() };
        let mut end = 0;
        for parts in told.parts.chunk_by(|a, b| std::ptr::eq(a.episode, b.episode)) {
            let places = end..end + parts.len();
            end = places.end;
            for (label, slice) in &clocked.slices {
                if parts.iter().any(|part| part.span.clip(slice.span).is_some()) {
                    let begun = (parts[0].episode.from(), parts[0].lane, parts[0].episode.event());
                    told.rows.push(Row { label: *label, begun, parts: places.clone(), slice: slice.span });
                }
            }
        }
        told
    }
    fn cells(&self, basis: &Basis<'_>, row: &Row<'_>) -> Vec<Cell> {
        cells(basis, self.facility, &self.parts[row.parts.clone()], row.slice)
    }
}

fn cells(basis: &Basis<'_>, facility: FacilityId, parts: &[Part<'_>], slice: Span) -> Vec<Cell> {
    let registry = basis.registry;
    let zone = basis.zone_of(facility);
    let episode = parts[0].episode;
    let told = |force: Force| {
        let spans = parts.iter().filter(|part| part.force == force).filter_map(|part| part.span.clip(slice));
        Value::from(figure::minutes(Spans::union(spans).seconds()))
    };
    let open = episode.until().is_none_or(|until| until > slice.until());
    let ended = episode.ended_by().filter(|_| !open);
    let said_by = slice.until().min(episode.until().unwrap_or(slice.until()));
    let last = said_by - chrono::TimeDelta::seconds(1);
    let values: Vec<Value> = vec![
        basis.facility_key(facility).into(),
        phrase::lane(parts[0].lane, registry).into(),
        lanes::status_key(&episode.state, registry).into(),
        lanes::scope_text(&episode.state, registry),
        Value::Time(episode.from(), zone),
        Value::time(episode.until(), zone),
        told(Force::Counts),
        Value::text(episode.reason(last).map(AsRef::as_ref)),
        episode.declaration().source.as_ref().into(),
        Value::count(episode.event()),
        Value::text(ended.map(|(by, _)| by.as_str())),
        Value::text(ended.and_then(|(_, event)| {
            let clause = episode.forced_by().map(ToString::to_string);
            clause.or_else(|| event.map(|event| event.to_string()))
        })),
        open.into(),
        told(Force::Suspended),
        told(Force::NotHonoured),
    ];
    values.into_iter().map(Cell::from).collect()
}
