//! A plan as a sheet: the rows that move, what happens around them, and the one line that sums it up.
//!
//! Floor 3: columns, cells and words; nothing is compared here, and no format is known.

use std::collections::BTreeMap;

use crate::diagnostic::plural;
use crate::model::Minutes;
use crate::routing::Outcome;
use crate::sheet::{Basis, Cell, Column, Kind, Sheet, Tone, Value};
use crate::state::Summary;

use super::super::demand::COUNTED_AS_GENERAL;
use super::super::seen::Turn;
use super::{Affected, ExpectationTurn, LimitTurn, Move, Place, Plan};

/// The columns of a plan.
pub fn columns() -> Vec<Column> {
    vec![
        Column::text("zone_name", "Zone"),
        Column::text("need_names", "Need"),
        Column::text("was", "From"),
        Column::text("is", "To"),
        Column::text("min", "Min"),
        Column::text("more", "+Min"),
        Column::text("turn", "Becomes"),
        Column::text("why", "Instead of home, why"),
        Column::data("zone", Kind::Text),
        Column::data("need", Kind::Text),
        Column::data("from_outcome", Kind::OneOf(&Outcome::WORDS).or_null()),
        Column::data("from", Kind::Text.or_null()),
        Column::data("from_name", Kind::Text.or_null()),
        Column::data("from_minutes", Kind::Number.or_null()),
        Column::data("to_outcome", Kind::OneOf(&Outcome::WORDS).or_null()),
        Column::data("to", Kind::Text.or_null()),
        Column::data("to_name", Kind::Text.or_null()),
        Column::data("to_minutes", Kind::Number.or_null()),
        Column::data("more_minutes", Kind::Number.or_null()),
        Column::data("becomes", Kind::OneOf(&Turn::WORDS).list()),
        Column::data("arrivals_per_day", Kind::Number.or_null()),
        Column::data("minutes_per_day", Kind::Number.or_null()),
        Column::data("ask", Kind::Text.or_null()),
        Column::data("decided_by", Kind::Text.or_null()),
        Column::data("why", Kind::Text.or_null()),
    ]
}

/// What a plan's envelope has beside its rows.
pub fn facts() -> Vec<(&'static str, Kind)> {
    let facility = Kind::Record(vec![
        ("facility", Kind::Text),
        ("before", Kind::OneOf(&Summary::WORDS).or_null()),
        ("after", Kind::OneOf(&Summary::WORDS).or_null()),
        ("changes", Kind::Bool),
        ("come_per_day", Kind::Number),
        ("go_per_day", Kind::Number),
        ("net_per_day", Kind::Number),
        ("ed_beds", Kind::Integer.or_null()),
        ("ed_bed_share", Kind::Number.or_null()),
        ("not_in_force", Kind::Text.list()),
    ]);
    let limit = Kind::Record(vec![
        ("region", Kind::Text),
        ("clause", Kind::Text),
        ("before", Kind::Integer),
        ("after", Kind::Integer),
        ("allowed", Kind::Integer),
        ("trips", Kind::Bool),
    ]);
    let expectation = Kind::Record(vec![("say", Kind::Text), ("place", Kind::Text), ("breaks", Kind::Bool)]);
    vec![
        ("summary", Kind::Text),
        ("rows_compared", Kind::Integer),
        ("rows_moved", Kind::Integer),
        ("minutes_per_day", Kind::Number.or_null()),
        ("nowhere_per_day", Kind::Number),
        ("facilities", facility.list()),
        ("limits", limit.list()),
        ("expectations", expectation.list()),
    ]
}

/// A plan as a sheet. `basis` is the world before.
pub fn sheet(basis: &Basis<'_>, plan: &Plan) -> Sheet {
    let mut sheet = basis.sheet("plan", columns());
    sheet.facts = vec![
        ("summary", plan.summary().into()),
        ("rows_compared", Value::count(plan.rows)),
        ("rows_moved", Value::count(plan.moves.len())),
        ("minutes_per_day", plan.minutes_a_day.map_or(Value::Missing, a_day)),
        ("nowhere_per_day", a_day(plan.nowhere)),
        ("facilities", Value::List(plan.facilities.iter().map(facility_record).collect())),
        ("limits", Value::List(plan.limits.iter().map(limit_record).collect())),
        ("expectations", Value::List(plan.expectations.iter().map(expectation_record).collect())),
    ];
    sheet.rows = data_rows(&plan.moves);
    sheet.text_rows = Some(text_rows(&plan.moves));
    sheet.footer = footer(plan);
    sheet
}

/// A sum of patients or minutes in a day, one decimal; a sum of floats that comes to nothing is nothing.
pub(in crate::foresight) fn a_day(sum: f64) -> Value {
    Value::Decimal(if sum.abs() < 0.05 { 0.0 } else { sum }, 1)
}

fn facility_record(facility: &Affected) -> Value {
    let word = |summary: Option<Summary>| Value::text(summary.map(Summary::as_str));
    Value::Record(vec![
        ("facility", facility.facility.as_str().into()),
        ("before", word(facility.before)),
        ("after", word(facility.after)),
        ("changes", facility.changes.into()),
        ("come_per_day", a_day(facility.come)),
        ("go_per_day", a_day(facility.go)),
        ("net_per_day", a_day(facility.come - facility.go)),
        ("ed_beds", facility.ed_beds.map_or(Value::Missing, Value::count)),
        ("ed_bed_share", facility.ed_bed_share.map_or(Value::Missing, |share| Value::Decimal(share, 1))),
        (
            "not_in_force",
            Value::List(facility.not_in_force.iter().map(|text| text.as_str().into()).collect()),
        ),
    ])
}

fn limit_record(limit: &LimitTurn) -> Value {
    Value::Record(vec![
        ("region", limit.region.as_str().into()),
        ("clause", limit.clause.as_str().into()),
        ("before", Value::count(limit.before)),
        ("after", Value::count(limit.after)),
        ("allowed", Value::Integer(limit.allowed.into())),
        ("trips", limit.trips.into()),
    ])
}

fn expectation_record(turn: &ExpectationTurn) -> Value {
    Value::Record(vec![
        ("say", turn.say.as_str().into()),
        ("place", turn.place.as_str().into()),
        ("breaks", turn.breaks.into()),
    ])
}

/// Rows that move, for programs, in the order of [`columns`].
pub(in crate::foresight) fn data_rows(moves: &[Move]) -> Vec<Vec<Cell>> {
    moves.iter().map(data_row).collect()
}

fn data_row(row: &Move) -> Vec<Cell> {
    let (before, after) = (row.before.as_ref(), row.after.as_ref());
    let outcome = |place: Option<&Place>| Value::text(place.map(|place| place.seen.outcome.as_str()));
    let minutes = |place: Option<&Place>| {
        Value::minutes(place.and_then(|place| place.seen.destination).map(|s| s.minutes))
    };
    let destination = |place: Option<&Place>| Value::text(place.and_then(|place| place.destination.clone()));
    let name = |place: Option<&Place>| Value::text(place.and_then(|place| place.name.clone()));
    let mut values = vec![Value::Missing; 8];
    values.extend([
        row.zone.as_str().into(),
        row.need.as_str().into(),
        outcome(before),
        destination(before),
        name(before),
        minutes(before),
        outcome(after),
        destination(after),
        name(after),
        minutes(after),
        Value::minutes(row.more()),
        Value::List(row.becomes.iter().map(|turn| turn.as_str().into()).collect()),
        row.arrivals.map_or(Value::Missing, a_day),
        row.more_a_day().map_or(Value::Missing, a_day),
        Value::text(after.and_then(|place| place.seen.ask.clone())),
        Value::text(after.and_then(|place| place.seen.decided_by.clone())),
        Value::text(after.map(|place| place.seen.why.clone()).filter(|why| !why.is_empty())),
    ]);
    values.into_iter().map(Cell::from).collect()
}

/// What stands in one line for people: the needs of a zone that change alike.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Alike {
    from: String,
    to: String,
    minutes: Option<Minutes>,
    more: Option<Minutes>,
    becomes: Vec<Turn>,
    why: String,
}

/// Rows that move, for people: a line for the needs of a zone that change alike.
pub(in crate::foresight) fn text_rows(moves: &[Move]) -> Vec<Vec<Cell>> {
    let mut rows = Vec::new();
    for of_zone in moves.chunk_by(|a, b| a.zone == b.zone) {
        let mut alike: BTreeMap<Alike, Vec<&str>> = BTreeMap::new();
        for row in of_zone {
            let text = |place: Option<&Place>| {
                place.map_or_else(|| "not in that registry".to_owned(), |place| place.seen.text.clone())
            };
            let line = Alike {
                from: text(row.before.as_ref()),
                to: text(row.after.as_ref()),
                minutes: row.after.as_ref().and_then(|place| place.seen.destination).map(|stop| stop.minutes),
                more: row.more(),
                becomes: row.becomes.clone(),
                why: row.after.as_ref().map_or_else(String::new, |place| place.seen.why.clone()),
            };
            alike.entry(line).or_default().push(&row.need);
        }
        for (index, (line, needs)) in alike.into_iter().enumerate() {
            let zone: Value = match of_zone.first() {
                Some(row) if index == 0 => row.zone_name.as_str().into(),
                _ => Value::Missing,
            };
            rows.push(text_row(zone, line, &needs));
        }
    }
    rows
}

fn text_row(zone: Value, line: Alike, needs: &[&str]) -> Vec<Cell> {
    let tone = match line.becomes.first() {
        Some(Turn::None | Turn::Unmet) => Tone::Severe,
        Some(Turn::OverLimit | Turn::Consult | Turn::Forced) => Tone::Warning,
        Some(Turn::Routed | Turn::Met | Turn::WithinLimit) => Tone::Good,
        None => Tone::Caution,
    };
    let becomes: Vec<&str> = line.becomes.iter().map(|turn| turn.as_str()).collect();
    vec![
        zone.into(),
        needs.join(", ").into(),
        line.from.into(),
        Cell::toned(line.to, tone),
        Value::minutes(line.minutes).into(),
        Value::text(line.more.map(signed)).into(),
        Cell::toned(becomes.join(", "), tone),
        line.why.into(),
    ]
}

/// Minutes with their sign.
pub(in crate::foresight) fn signed(minutes: Minutes) -> String {
    if minutes < Minutes::ZERO { minutes.to_string() } else { format!("+{minutes}") }
}

fn footer(plan: &Plan) -> Vec<String> {
    let mut facilities: Vec<&Affected> = plan.facilities.iter().collect();
    facilities.sort_by(|a, b| {
        let net = |facility: &Affected| facility.come - facility.go;
        b.changes.cmp(&a.changes).then(net(b).total_cmp(&net(a))).then(a.facility.cmp(&b.facility))
    });
    let mut lines: Vec<String> = facilities.into_iter().map(facility_line).collect();
    if plan.facilities.iter().any(|facility| facility.come != 0.0 || facility.go != 0.0) {
        lines.push(format!("({COUNTED_AS_GENERAL})"));
    }
    if plan.nowhere.abs() >= 0.05 {
        lines.push(format!("without a destination: {:+.1} patients a day", plan.nowhere));
    }
    if !plan.uncounted.is_empty() {
        lines.push(format!("how many patients a day is not known of {}", some_of(&plan.uncounted)));
    }
    for limit in &plan.limits {
        let trips = if limit.trips { ": trips" } else { "" };
        lines.push(format!(
            "{}: {} of {} that {} allows, {} before{trips}",
            limit.region, limit.after, limit.allowed, limit.clause, limit.before
        ));
    }
    for turn in &plan.expectations {
        let what = if turn.breaks { "no longer holds" } else { "holds again" };
        lines.push(format!("{what}: `{}` ({})", turn.say, turn.place));
    }
    lines.push(plan.summary());
    lines
}

/// The first few names, and how many more.
pub(in crate::foresight) fn some_of(names: &[String]) -> String {
    const TOLD: usize = 5;
    match names.len() {
        count if count <= TOLD => names.join(", "),
        count => format!("{} and {} more", names[..TOLD].join(", "), count - TOLD),
    }
}

fn facility_line(facility: &Affected) -> String {
    let word = |summary: Option<Summary>| summary.map_or("not there", Summary::as_str);
    let mut parts = Vec::new();
    if facility.changes {
        let (before, after) = (word(facility.before), word(facility.after));
        parts.push(if before == after {
            format!("{after}, otherwise than before")
        } else {
            format!("{after} (was {before})")
        });
    }
    let net = facility.come - facility.go;
    if facility.come != 0.0 || facility.go != 0.0 {
        parts.push(format!("{net:+.1} patients a day"));
        if facility.come != 0.0 && facility.go != 0.0 {
            parts.push(format!("{:.1} come, {:.1} go", facility.come, facility.go));
        }
    }
    if let Some(beds) = facility.ed_beds {
        let share = match (facility.ed_bed_share, &facility.region) {
            (Some(share), Some(region)) => format!(" ({share:.0} % of {region})"),
            _ => String::new(),
        };
        parts.push(format!("{}{share}", plural(beds as usize, "ED bed")));
    }
    parts.extend(facility.not_in_force.iter().map(|text| format!("not in force: {text}")));
    format!("{}: {}", facility.name, parts.join(", "))
}
