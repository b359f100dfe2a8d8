//! Diverted: the transports that missed home, one by one, as they were assigned.
//!
//! Floor 3. It counts what was recorded with `assign`, and knows of no other transport.

use std::collections::BTreeSet;

use crate::model::{Assignment, FacilityId};
use crate::sheet::{Basis, Cell, Column, Kind, Sheet, Value, View};

use super::extent::Extent;
use super::figure;
use super::hours::{frame, period};
use super::period::{Calendar, Period};

/// What the report shows.
#[derive(Clone, Debug)]
pub struct Selection {
    /// Only transports that missed one of these; `None`: any.
    pub facilities: Option<BTreeSet<FacilityId>>,
    /// When.
    pub period: Period,
    /// How the period is cut.
    pub calendar: Option<Calendar>,
}

/// The columns of the report.
pub fn columns(calendar: Option<Calendar>) -> Vec<Column> {
    let all = |key, heading, kind| Column::new(key, heading, kind, View::All);
    let rest = [
        all("facility", "Home", Kind::Text),
        all("at", "At", Kind::Time),
        all("id", "Transport", Kind::Text.or_null()),
        all("destination", "Went to", Kind::Text),
        all("forced", "Forced", Kind::Bool),
    ];
    period(calendar).into_iter().chain(rest).collect()
}

/// What the report says beside its rows: how many transports were assigned, and how many of them missed home.
pub fn facts() -> Vec<(&'static str, Kind)> {
    let mut facts = vec![("assigned", Kind::Integer), ("missed_home", Kind::Integer)];
    facts.extend(super::hours::facts());
    facts
}

/// The transports of a period that went elsewhere than home.
pub fn sheet(basis: &Basis<'_>, selection: &Selection) -> Sheet {
    let extent = Extent::new(basis, &selection.period, selection.calendar);
    let mut rows = Vec::new();
    let mut assigned: i64 = 0;
    for (number, assignment) in basis.timeline.assignments().enumerate() {
        let Some(home) = assignment.home else { continue };
        if selection.facilities.as_ref().is_some_and(|wanted| !wanted.contains(&home)) {
            continue;
        }
        let slices = &extent.of(basis, home).slices;
        let Some((label, _)) = slices.iter().find(|(_, slice)| slice.span.contains(assignment.at)) else {
            continue;
        };
        assigned += 1;
        if home != assignment.facility {
            let period = selection.calendar.map(|_| Cell::from(extent.labels[*label].as_str()));
            let row = period.into_iter().chain(row(basis, home, assignment)).collect();
            rows.push(((*label, home, assignment.at, number), row));
        }
    }
    rows.sort_by_key(|(key, _)| *key);
    let mut sheet = basis.sheet("report-diverted", columns(selection.calendar));
    sheet.rows = rows.into_iter().map(|(_, row)| row).collect();
    let missed = Value::count(sheet.rows.len());
    sheet.facts.extend([("assigned", Value::Integer(assigned)), ("missed_home", missed)]);
    frame(&mut sheet, basis, &extent);
    let share = match figure::hundredths(i64::try_from(sheet.rows.len()).unwrap_or(i64::MAX), assigned) {
        Some(share) => format!(", {}.{:02} %", share / 100, share % 100),
        None => String::new(),
    };
    sheet.footer.push(format!("{} of {assigned} assigned transports missed home{share}.", sheet.rows.len()));
    sheet.footer.push(
        "Home is the facility that the patient would have gone to if nothing had been wrong, as it was decided then; \
         transports that nobody recorded with `assign` are not known here."
            .to_owned(),
    );
    sheet
}

fn row(basis: &Basis<'_>, home: FacilityId, assignment: &Assignment) -> Vec<Cell> {
    let key = |facility: FacilityId| basis.registry.facilities[facility].key.as_str();
    let values: [Value; 5] = [
        key(home).into(),
        Value::Time(assignment.at, basis.zone_of(home)),
        Value::text(assignment.id.as_deref()),
        key(assignment.facility).into(),
        assignment.forced.into(),
    ];
    values.into_iter().map(Cell::from).collect()
}
