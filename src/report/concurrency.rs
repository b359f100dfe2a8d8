//! Concurrency: how long exactly so many facilities of a region turned ambulances away at once.
//!
//! Floor 3. One sweep over each region's changes.

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;

use crate::model::{Effect, FacilityId, Instant, RegionId, Registry, StatusId};
use crate::state::LaneState;

use super::extent::{Clocked, Extent};
use super::figure;
use super::force::{Clauses, Force};
use super::hours::{frame, period, with_ed};
use super::measure::parts;
use super::period::{Calendar, Period};
use super::span::{Span, Spans};
use crate::sheet::Basis;
use crate::sheet::{Cell, Column, Kind, Sheet, Value, View};

/// What the report shows.
#[derive(Clone, Debug)]
pub struct Selection {
    /// When.
    pub period: Period,
    /// How the period is cut.
    pub calendar: Option<Calendar>,
    /// Only these status types count; `None`: all that divert or close.
    pub statuses: Option<BTreeSet<StatusId>>,
}

/// The columns of the report.
pub fn columns(calendar: Option<Calendar>) -> Vec<Column> {
    let all = |key, heading, kind| Column::new(key, heading, kind, View::All);
    let rest = [
        all("region", "Region", Kind::Text.or_null()),
        all("k", "At once", Kind::Integer),
        all("hours", "Hours", Kind::Number),
        all("percent", "%", Kind::Number.or_null()),
        Column::new("max", "Most", Kind::Integer, View::Asked),
        Column::new("max_first_at", "Most, first at", Kind::Time.or_null(), View::Asked),
    ];
    period(calendar).into_iter().chain(rest).collect()
}

/// What the report says beside its rows: the most of all regions, and when that was first reached.
pub fn facts() -> Vec<(&'static str, Kind)> {
    let mut facts = vec![("max", Kind::Integer), ("max_first_at", Kind::Time.or_null())];
    facts.extend(super::hours::facts());
    facts
}

/// So many at once, for so long.
#[derive(Default)]
struct Count {
    /// Seconds, by how many.
    seconds: Vec<i64>,
    first_at: Option<Instant>,
}

impl Count {
    fn add(&mut self, count: usize, span: Span) {
        if self.seconds.len() <= count {
            self.seconds.resize(count + 1, 0);
            self.first_at = Some(span.from());
        }
        self.seconds[count] += span.seconds();
    }
    fn max(&self) -> usize {
        self.seconds.len().saturating_sub(1)
    }
}

/// The concurrency of a period, region by region.
pub fn sheet(basis: &Basis<'_>, selection: &Selection) -> Sheet {
    let registry = basis.registry;
    let extent = Extent::new(basis, &selection.period, selection.calendar);
    let clauses = Clauses::read(registry, basis.timeline);
    let mut members: BTreeMap<(bool, Option<RegionId>), Vec<FacilityId>> = BTreeMap::new();
    for facility in with_ed(registry, None) {
        let region = registry.facilities[facility].region;
        members.entry((region.is_none(), region)).or_default().push(facility);
    }
    let mut rows: Vec<(usize, Vec<Cell>)> = Vec::new();
    let mut most: Option<(usize, Instant, Tz)> = None;
    for ((_, region), facilities) in &members {
        let zone = clock_of(basis, facilities);
        let clocked = extent.on_clock_of(zone);
        for ((label, slice), count) in clocked.slices.iter().zip(counts(
            basis,
            &clauses,
            facilities,
            clocked,
            selection.statuses.as_ref(),
        )) {
            let whole = slice.span.seconds();
            if let Some(first_at) = count.first_at
                && most.is_none_or(|(max, at, _)| {
                    (max, std::cmp::Reverse(at)) < (count.max(), std::cmp::Reverse(first_at))
                })
            {
                most = Some((count.max(), first_at, zone));
            }
            for (k, seconds) in count.seconds.iter().enumerate() {
                let period = selection.calendar.map(|_| Cell::from(extent.labels[*label].as_str()));
                let values = [
                    basis.region_key(*region),
                    Value::count(k),
                    figure::hours(*seconds).into(),
                    figure::percent(*seconds, whole).into(),
                    Value::count(count.max()),
                    Value::time(count.first_at, zone),
                ];
                rows.push((*label, period.into_iter().chain(values.into_iter().map(Cell::from)).collect()));
            }
        }
    }
    rows.sort_by_key(|(label, _)| *label);
    let mut sheet = basis.sheet("report-concurrency", columns(selection.calendar));
    sheet.rows = rows.into_iter().map(|(_, row)| row).collect();
    sheet.facts.push(("max", Value::count(most.map_or(0, |(max, ..)| max))));
    sheet.facts.push(("max_first_at", most.map_or(Value::Missing, |(_, at, zone)| Value::Time(at, zone))));
    frame(&mut sheet, basis, &extent);
    if let Some((max, at, zone)) = most.filter(|(max, ..)| *max > 0) {
        let at = crate::sentence::phrase::clock(at, zone);
        sheet.footer.push(format!("At most {max} at once, first at {at}."));
    }
    if let Some(statuses) = &selection.statuses {
        let keys: Vec<&str> = statuses.iter().map(|id| registry.statuses[*id].key.as_str()).collect();
        sheet.footer.push(format!("Counted here: {} only.", keys.join(", ")));
    }
    sheet.footer.push(
        "Hours with exactly so many facilities of the region that have a diverting or closed effect in force, of \
         whatever scope; they add up to the period. Time that is suspended or not honoured does not count."
            .to_owned(),
    );
    sheet
}

/// The clock of a region: that of its facilities where they share one.
fn clock_of(basis: &Basis<'_>, facilities: &[FacilityId]) -> Tz {
    let mut zones = facilities.iter().map(|facility| basis.zone_of(*facility));
    let first = zones.next().unwrap_or(basis.zone());
    if zones.all(|zone| zone == first) { first } else { basis.zone() }
}

/// Counts by slice.
fn counts(
    basis: &Basis<'_>,
    clauses: &Clauses<'_>,
    facilities: &[FacilityId],
    clocked: &Clocked,
    statuses: Option<&BTreeSet<StatusId>>,
) -> Vec<Count> {
    let Some(past) = clocked.past else { return Vec::new() };
    let mut changes: Vec<(Instant, isize)> = Vec::new();
    for facility in facilities {
        for span in turning_away(basis, clauses, *facility, past, statuses).iter() {
            changes.extend([(span.from(), 1), (span.until(), -1)]);
        }
    }
    changes.sort_unstable();
    let mut counts = Vec::with_capacity(clocked.slices.len());
    let mut changes = changes.into_iter().peekable();
    let mut now: isize = 0;
    for (_, slice) in &clocked.slices {
        let mut count = Count::default();
        let mut from = slice.span.from();
        while from < slice.span.until() {
            while let Some((_, step)) = changes.next_if(|(at, _)| *at <= from) {
                now += step;
            }
            let until = changes.peek().map_or(slice.span.until(), |(at, _)| (*at).min(slice.span.until()));
            if let Some(span) = Span::new(from, until) {
                count.add(usize::try_from(now).unwrap_or_default(), span);
            }
            from = until;
        }
        counts.push(count);
    }
    counts
}

/// When a facility has a diverting or closed effect in force, of whatever scope; with `statuses`, of one of those types.
pub(super) fn turning_away(
    basis: &Basis<'_>,
    clauses: &Clauses<'_>,
    facility: FacilityId,
    within: Span,
    statuses: Option<&BTreeSet<StatusId>>,
) -> Spans {
    let registry: &Registry = basis.registry;
    let history = basis.timeline.folded(facility);
    let parts = parts(basis, clauses, facility, history.as_deref(), within, false);
    let counting = parts.iter().filter(|part| {
        part.force == Force::Counts
            && matches!(part.row.effect(registry), Some(Effect::Diverting | Effect::Closed))
            && statuses.is_none_or(|statuses| match &part.episode.state {
                LaneState::Status { status, .. } => statuses.contains(status),
                LaneState::Down => false,
            })
    });
    Spans::union(counting.filter_map(|part| part.span.clip(within)))
}
