//! Hours: how long which facility was in what, how often, and how it ended.
//!
//! Floor 3. What is measured, and how, is the business of `measure`; here it is grouped and laid out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::{FacilityId, Registry};
use crate::sheet::{Basis, Cell, Column, Kind, Sheet, Value, View};
use crate::state::{Episode, Track};

use super::extent::Extent;
use super::figures;
use super::force::Clauses;
use super::measure::Gauge;
use super::period::{Calendar, Period};
use super::pictures;
use super::row::Rows;
use super::tally::Tally;

/// Whose hours stand in a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Grouping {
    /// Each facility's.
    #[default]
    Facility,
    /// Those of the facilities that a network owns itself.
    Network,
    /// Those of a region's facilities.
    Region,
    /// Those of all facilities for one reason.
    Reason,
}

impl Grouping {
    /// The column that names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Facility => "facility",
            Self::Network => "network",
            Self::Region => "region",
            Self::Reason => "reason",
        }
    }
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Facility, Self::Network, Self::Region, Self::Reason];

    /// The column that says whose hours they are.
    pub fn column(self) -> Column {
        let kind = match self {
            Self::Facility => Kind::Text,
            Self::Network | Self::Region | Self::Reason => Kind::Text.or_null(),
        };
        Column::new(self.as_str(), self.heading(), kind, View::All)
    }
    fn heading(self) -> &'static str {
        match self {
            Self::Facility => "Facility",
            Self::Network => "Network",
            Self::Region => "Region",
            Self::Reason => "Reason",
        }
    }
}

/// What the report shows.
#[derive(Clone, Debug)]
pub struct Selection {
    /// Only these; `None`: every facility with an ED.
    pub facilities: Option<BTreeSet<FacilityId>>,
    /// When.
    pub period: Period,
    /// How the period is cut.
    pub calendar: Option<Calendar>,
    /// How facilities are put together.
    pub grouping: Grouping,
    /// Whether a page wants pictures of it.
    pub pictures: bool,
}

/// The column that names the period of a row, where the report is cut.
pub fn period(calendar: Option<Calendar>) -> Option<Column> {
    calendar.map(|_| Column::new("period", "Period", Kind::Text, View::All))
}

/// The columns of the report.
pub fn columns(calendar: Option<Calendar>, grouping: Grouping) -> Vec<Column> {
    period(calendar).into_iter().chain([grouping.column()]).chain(measured()).collect()
}

/// The columns that it has however facilities are put together.
pub fn measured() -> Vec<Column> {
    let status = Column::new("status", "Status", Kind::Text, View::All);
    [status].into_iter().chain(figures::columns()).collect()
}

/// What every report of hours says below its table.
pub const DEFINITIONS: [&str; 7] = [
    "Hours are elapsed time within the period, up to the instant of the report; a local day or month has its real \
     length. Percent is of the hours in which the facility existed with an ED.",
    "`any` is the union over a facility's lanes except advisory: time in which some ambulance patient was asked \
     elsewhere. A status is the union over all of its lanes.",
    "Activations are episodes that began in the period; a confirmation begins none and is a renewal. An episode of which \
     nothing is ever in force is none; any other begins, is renewed and ends once, also while it is suspended or not \
     honoured. Mean, median and longest are of the time in force of every episode, clipped to the period; an end exactly \
     at its end belongs to it.",
    "Adjacent or overlapping episodes are one stretch. Of `any`, activations, lengths and ends are those of its \
     stretches; one that a suspension breaks off is ended by nobody. Its renewals are those of its lanes.",
    "Open episodes run on past the end of the period or the instant of the report and are clipped there.",
    "Unknown hours come before the first report and are part of the whole. Time that is suspended or not honoured is in \
     no row's hours.",
    "Exercises, and sources that are shown but not acted on, are left out.",
];

/// Whose row it is, among the groups of the report; the last is of those who belong to none.
type GroupAt = usize;

/// The groups of a report, in the order of their names.
struct Groups {
    grouping: Grouping,
    reasons: BTreeMap<Arc<str>, GroupAt>,
    names: Vec<Value>,
}

impl Groups {
    fn new(basis: &Basis<'_>, grouping: Grouping, facilities: &[FacilityId]) -> Self {
        let registry = basis.registry;
        let mut reasons = BTreeMap::new();
        let mut names: Vec<Value> = match grouping {
            Grouping::Facility => {
                registry.facilities.iter().map(|(_, facility)| facility.key.as_str().into()).collect()
            }
            Grouping::Network => {
                registry.networks.iter().map(|(_, network)| network.key.as_str().into()).collect()
            }
            Grouping::Region => {
                registry.regions.iter().map(|(_, region)| region.key.as_str().into()).collect()
            }
            Grouping::Reason => {
                let mut all: BTreeSet<Arc<str>> = BTreeSet::new();
                for history in facilities.iter().filter_map(|facility| basis.timeline.folded(*facility)) {
                    let said = history.tracks().flat_map(Track::episodes).flat_map(Episode::said);
                    for reason in said.filter_map(|said| said.wording.reason.as_ref()) {
                        if !all.contains(reason) {
                            all.insert(reason.clone());
                        }
                    }
                }
                reasons = all.into_iter().zip(0..).collect();
                reasons.keys().map(|reason| reason.as_ref().into()).collect()
            }
        };
        names.push(Value::Missing);
        Self { grouping, reasons, names }
    }
    /// The group of what was measured of a facility.
    fn of(&self, registry: &Registry, facility: FacilityId, reason: Option<&Arc<str>>) -> GroupAt {
        let nobody = self.names.len() - 1;
        let entry = &registry.facilities[facility];
        match self.grouping {
            Grouping::Facility => facility.index(),
            Grouping::Network => entry.network.map_or(nobody, crate::model::NetworkId::index),
            Grouping::Region => entry.region.map_or(nobody, crate::model::RegionId::index),
            Grouping::Reason => reason.and_then(|reason| self.reasons.get(reason)).copied().unwrap_or(nobody),
        }
    }
    /// Whose time the whole is: of a reason, everybody's.
    fn whole_of(&self, group: GroupAt) -> GroupAt {
        if self.grouping == Grouping::Reason { 0 } else { group }
    }
}

/// A row to be: in which period, of whom, of what.
struct Entry {
    label: usize,
    group: GroupAt,
    /// The place of its name among all names of rows.
    status: usize,
    tally: Tally,
    /// Of what the tally says that it touches the slice, the part that lies inside.
    lengths: Vec<i64>,
}

/// The hours of a period.
pub fn sheet(basis: &Basis<'_>, selection: &Selection) -> Sheet {
    let registry = basis.registry;
    let extent = Extent::new(basis, &selection.period, selection.calendar);
    let by_reason = selection.grouping == Grouping::Reason;
    let clauses = Clauses::read(registry, basis.timeline);
    let facilities: Vec<FacilityId> = with_ed(registry, selection.facilities.as_ref()).collect();
    let groups = Groups::new(basis, selection.grouping, &facilities);
    let rows = Rows::new(registry);
    let mut gauge = Gauge::new(basis, &clauses, &rows);
    let mut wholes = vec![(0, 0); extent.labels.len() * groups.names.len()];
    let mut entries: Vec<Entry> = Vec::new();
    let mut many = MANY;
    for facility in facilities {
        let clocked = extent.of(basis, facility);
        let Some(past) = clocked.past else { continue };
        let own = groups.of(registry, facility, None);
        let existence = if by_reason {
            gauge.by_reason(facility, clocked, past, |reason, slice, status, tally, lengths| {
                if !tally.is_empty() {
                    let (label, group) = (clocked.slices[slice].0, groups.of(registry, facility, reason));
                    entries.push(Entry { label, group, status, tally: *tally, lengths: lengths.to_vec() });
                }
            })
        } else {
            gauge.measure(facility, clocked, past)
        };
        for (at, (label, slice)) in clocked.slices.iter().enumerate() {
            let (exists, unknown) = existence.within(slice.span);
            if exists > 0 {
                let whole = &mut wholes[label * groups.names.len() + groups.whole_of(own)];
                *whole = (whole.0 + exists, whole.1 + unknown);
            }
            if by_reason {
                continue;
            }
            gauge.each(at, |status, tally, lengths| {
                if exists > 0 || !tally.is_empty() {
                    let (tally, lengths) = (*tally, lengths.to_vec());
                    entries.push(Entry { label: *label, group: own, status, tally, lengths });
                }
            });
        }
        if selection.grouping != Grouping::Facility && entries.len() >= many {
            entries = together(entries);
            many = MANY.max(2 * entries.len());
        }
    }
    let mut sheet = basis.sheet("report-hours", columns(selection.calendar, selection.grouping));
    for entry in together(entries) {
        let whole = wholes[entry.label * groups.names.len() + groups.whole_of(entry.group)];
        let mut cells: Vec<Cell> = Vec::with_capacity(sheet.columns.len());
        if selection.calendar.is_some() {
            cells.push(extent.labels[entry.label].as_str().into());
        }
        cells.push(groups.names[entry.group].clone().into());
        cells.push(rows.name(entry.status).into());
        let Entry { tally, mut lengths, .. } = entry;
        cells.extend(figures::of(&tally, &mut lengths, whole).map(Cell::from));
        sheet.rows.push(cells);
    }
    frame(&mut sheet, basis, &extent);
    if selection.pictures {
        sheet.pictures = pictures::of_hours(basis, selection, &extent);
    }
    sheet.footer.extend(DEFINITIONS.map(str::to_owned));
    if selection.grouping == Grouping::Network {
        sheet.footer.push("A network's row is of the facilities that it owns itself.".to_owned());
    }
    if by_reason {
        sheet.footer.push("Percent by reason is of the hours of all facilities together.".to_owned());
    }
    sheet
}

/// Puts the period above a sheet, and what it rests on below it.
pub(super) fn frame(sheet: &mut Sheet, basis: &Basis<'_>, extent: &Extent) {
    sheet.header.push(extent.told(basis.at));
    let span = extent.home().said;
    sheet.facts.push(("since", Value::time(span.map(super::span::Span::from), basis.zone())));
    sheet.facts.push(("until", Value::time(span.and_then(super::span::Span::end), basis.zone())));
    sheet.footer.push(rests_on(basis));
}

/// The facts that every report of a period has.
pub fn facts() -> Vec<(&'static str, Kind)> {
    vec![("since", Kind::Time.or_null()), ("until", Kind::Time.or_null())]
}

/// The log's head and the registry's hash: what a signed report is an anchor for.
pub(super) fn rests_on(basis: &Basis<'_>) -> String {
    let log = match basis.log {
        Some(log) => match &log.hash {
            Some(hash) => format!("log head {}:{hash}", log.head),
            None => format!("log head {}", log.head),
        },
        None => "no log".to_owned(),
    };
    format!("{log} · registry {} · sha256 {}", basis.registry.name, basis.registry.sha256)
}

/// The facilities with an ED, those of a selection where there is one.
pub(super) fn with_ed<'a>(
    registry: &'a Registry,
    wanted: Option<&'a BTreeSet<FacilityId>>,
) -> impl Iterator<Item = FacilityId> + 'a {
    let has_ed = registry.facilities.iter().filter(|(_, facility)| facility.ed.is_some());
    has_ed
        .map(|(facility, _)| facility)
        .filter(move |facility| wanted.is_none_or(|wanted| wanted.contains(facility)))
}

/// So many entries at least are put together at a time: a group has one for each of its facilities.
const MANY: usize = 1 << 16;

/// Sorts entries by period, group and status, and adds those of one row.
fn together(mut entries: Vec<Entry>) -> Vec<Entry> {
    let key = |entry: &Entry| (entry.label, entry.group, entry.status);
    entries.sort_by_key(key);
    let mut rows: Vec<Entry> = Vec::with_capacity(entries.len());
    for entry in entries {
        match rows.last_mut() {
            Some(last) if key(last) == key(&entry) => {
                last.tally.add(&entry.tally);
                last.lengths.extend(entry.lengths);
            }
            Some(_) | None => rows.push(entry),
        }
    }
    rows
}
