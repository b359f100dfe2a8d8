//! Freshness: who has not reported, and since when.
//!
//! Floor 3. The one report that knows drills and sources that are not acted on: they show that somebody is there.

use std::collections::BTreeSet;

use crate::diagnostic::plural;
use crate::model::FacilityId;
use crate::state::Report;

use super::figure;
use super::hours::{rests_on, with_ed};
use crate::sheet::Basis;
use crate::sheet::{Cell, Column, Kind, Sheet, Tone, Value, View};

/// The columns of the report.
pub fn columns() -> Vec<Column> {
    let all = |key, heading, kind| Column::new(key, heading, kind, View::All);
    vec![
        all("facility", "Facility", Kind::Text),
        all("name", "Name", Kind::Text),
        all("reported_at", "Reported", Kind::Time.or_null()),
        all("age_minutes", "Min ago", Kind::Number.or_null()),
        all("source", "Source", Kind::Text.or_null()),
        Column::data("event", Kind::Integer.or_null()),
        all("stale", "Stale", Kind::Bool),
        Column::data("stale_after_minutes", Kind::Number.or_null()),
        all("heard_at", "Heard of", Kind::Time.or_null()),
        all("heard_source", "From", Kind::Text.or_null()),
    ]
}

/// Every facility with an ED, the one that has been silent longest first.
pub fn sheet(basis: &Basis<'_>, facilities: Option<&BTreeSet<FacilityId>>) -> Sheet {
    let registry = basis.registry;
    let mut sheet = basis.sheet("report-freshness", columns());
    let mut rows = Vec::new();
    let (mut never, mut old) = (0, 0);
    for facility in with_ed(registry, facilities) {
        let entry = &registry.facilities[facility];
        if entry.is_permanently_closed(basis.at) {
            continue;
        }
        let history = basis.timeline.folded(facility);
        let history = history.as_deref();
        let last = history.and_then(|history| history.last_report(basis.at));
        let heard = history.and_then(|history| {
            let heard = history.reports.iter().filter(|report| report.at <= basis.at);
            heard.max_by_key(|report| (report.at, report.event))
        });
        let limit = registry.stale_after(facility);
        let age = last.map(|report| basis.at.since(report.at));
        let stale = match (age, limit) {
            (None, _) => true,
            (Some(age), Some(limit)) => age > limit,
            (Some(_), None) => false,
        };
        never += usize::from(last.is_none());
        old += usize::from(last.is_some() && stale);
        let zone = basis.zone_of(facility);
        let time = |report: Option<&Report>| Value::time(report.map(|report| report.at), zone);
        let source = |report: Option<&Report>| Value::text(report.map(|report| report.source.as_ref()));
        let minutes = |length: Option<chrono::TimeDelta>| {
            length.map_or(Value::Missing, |length| figure::minutes(length.num_seconds()).into())
        };
        let cells: Vec<Cell> = vec![
            entry.key.as_str().into(),
            entry.name.as_str().into(),
            time(last).into(),
            minutes(age).into(),
            source(last).into(),
            last.map_or(Value::Missing, |report| Value::count(report.event)).into(),
            Cell::toned(stale, if stale { Tone::Caution } else { Tone::Plain }),
            minutes(limit).into(),
            time(heard).into(),
            source(heard).into(),
        ];
        rows.push(((last.map(|report| report.at), facility), cells));
    }
    rows.sort_by_key(|(key, _)| *key);
    sheet.rows = rows.into_iter().map(|(_, cells)| cells).collect();
    let known = plural(sheet.rows.len(), "ED");
    sheet.header.push(format!("{never} of {known} never reported, {old} not for longer than allowed"));
    sheet.footer.push(rests_on(basis));
    sheet.footer.push(
        "Reported: the last report that is acted on. Heard of: the last of any kind, drills and sources that are only \
         shown among them. Stale: never reported, or longer ago than the registry's `stale_after`."
            .to_owned(),
    );
    sheet
}
