//! Targets: the share of each month on diversion, against what the region's policy aims at.
//!
//! Floor 3. Months are whole local ones, whatever the period: a share of half a month is no share of a month.

use std::collections::BTreeSet;

use chrono::{Datelike, Months, NaiveDate};
use chrono_tz::Tz;

use crate::model::FacilityId;

use super::concurrency::turning_away;
use super::extent::Extent;
use super::figure;
use super::force::Clauses;
use super::hours::{frame, with_ed};
use super::period::{Calendar, Period, Slice, first_moment, slices};
use super::span::Span;
use crate::sheet::Basis;
use crate::sheet::{Cell, Column, Kind, Sheet, Tone, Value, View};

/// What the report shows.
#[derive(Clone, Debug)]
pub struct Selection {
    /// Only these; `None`: every facility with an ED.
    pub facilities: Option<BTreeSet<FacilityId>>,
    /// When: every month that it touches.
    pub period: Period,
}

/// The columns of the report.
pub fn columns() -> Vec<Column> {
    let all = |key, heading, kind| Column::new(key, heading, kind, View::All);
    vec![
        all("period", "Month", Kind::Text),
        all("facility", "Facility", Kind::Text),
        Column::data("region", Kind::Text.or_null()),
        Column::data("policy", Kind::Text),
        all("hours", "Hours", Kind::Number),
        all("percent", "%", Kind::Number.or_null()),
        all("target_percent", "Below %", Kind::Number),
        Column::data("target_months", Kind::Integer),
        all("over", "Over", Kind::Bool),
        all("months_over", "In a row", Kind::Integer),
        all("breach", "Breach", Kind::Bool),
        all("complete", "Complete", Kind::Bool),
    ]
}

/// The months of a period against their targets.
pub fn sheet(basis: &Basis<'_>, selection: &Selection) -> Sheet {
    let registry = basis.registry;
    let extent = Extent::new(basis, &selection.period, None);
    let clauses = Clauses::read(registry, basis.timeline);
    let before = registry.policies.iter().filter_map(|(_, policy)| policy.target).map(|target| target.months);
    let before = before.max().unwrap_or(1).saturating_sub(1);
    let mut rows = Vec::new();
    for facility in with_ed(registry, selection.facilities.as_ref()) {
        if let Some(said) = extent.of(basis, facility).past {
            rows.extend(months(basis, &clauses, facility, said, before));
        }
    }
    rows.sort_by(|(a, _), (b, _)| a.cmp(b));
    let mut sheet = basis.sheet("report-targets", columns());
    sheet.rows = rows.into_iter().map(|(_, row)| row).collect();
    frame(&mut sheet, basis, &extent);
    if sheet.rows.is_empty() {
        sheet.footer.push("No policy in force for these facilities names a target.".to_owned());
    }
    sheet.footer.push(
        "Percent is the share of the month in which a diverting or closed effect was in force, of whatever scope; \
         months are whole local ones. A month that reaches the target's percent is over it; so many of them in a row \
         are a breach. A month that is not complete is measured so far and decides nothing."
            .to_owned(),
    );
    sheet
}

type Month = ((String, FacilityId), Vec<Cell>);

/// The rows of a facility; `before` more months are looked at, so that a run that began earlier is seen.
fn months(
    basis: &Basis<'_>,
    clauses: &Clauses<'_>,
    facility: FacilityId,
    said: Span,
    before: u32,
) -> Vec<Month> {
    let registry = basis.registry;
    let entry = &registry.facilities[facility];
    let Some(region) = entry.region else { return Vec::new() };
    let zone = basis.zone_of(facility);
    let Some(whole) = whole_months(basis, said, before, zone) else { return Vec::new() };
    let away = turning_away(basis, clauses, facility, whole, None);
    let mut rows = Vec::new();
    let mut in_a_row = 0;
    for Slice { label, span, whole } in slices(whole, Calendar::Month, zone) {
        let exists = Span::new(span.from(), span.until().min(entry.closed_on.unwrap_or(span.until())));
        let policy = registry.policy(region, span.from());
        let (Some(exists), Some(policy)) = (exists, policy) else {
            in_a_row = 0;
            continue;
        };
        let Some(target) = policy.target else {
            in_a_row = 0;
            continue;
        };
        let seconds: i64 = away.within(exists).map(Span::seconds).sum();
        #[allow(clippy::cast_precision_loss)] // seconds of a month
        let over = seconds as f64 * 100.0 >= target.percent * exists.seconds() as f64;
        let counts = whole && over;
        if whole {
            in_a_row = if over { in_a_row + 1 } else { 0 };
        }
        if span.until() <= said.from() {
            continue;
        }
        let breach = counts && in_a_row >= target.months;
        let values = [
            Cell::from(label.as_str()),
            basis.facility_key(facility).into(),
            basis.region_key(Some(region)).into(),
            policy.key.as_str().into(),
            figure::hours(seconds).into(),
            figure::percent(seconds, exists.seconds()).into(),
            Value::Decimal(target.percent, 2).into(),
            Value::count(target.months).into(),
            over.into(),
            Value::Integer(if counts { in_a_row.into() } else { 0 }).into(),
            Cell::toned(breach, if breach { Tone::Severe } else { Tone::Plain }),
            whole.into(),
        ];
        rows.push(((label, facility), values.into()));
    }
    rows
}

/// The months that a period touches and those before it, up to the instant of the report.
fn whole_months(basis: &Basis<'_>, said: Span, before: u32, zone: Tz) -> Option<Span> {
    let month =
        |at: crate::model::Instant| -> Option<NaiveDate> { at.on_clock_of(zone).date_naive().with_day(1) };
    let last = said.until() - chrono::TimeDelta::seconds(1);
    let first = month(said.from())?.checked_sub_months(Months::new(before))?;
    let after = month(last)?.checked_add_months(Months::new(1))?;
    Span::new(first_moment(first, zone), first_moment(after, zone).min(basis.at))
}
