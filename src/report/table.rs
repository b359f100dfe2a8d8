//! The routing table: where the patients of every zone go, need by need.

use std::collections::BTreeMap;

use crate::diagnostic::plural;
use crate::model::{Minutes, NeedId};
use crate::routing::grid::{Rows, decide_row, needs_met, patient_with};
use crate::routing::{Decision, Disposition, Outcome, destination_text, in_short};
use crate::sheet::{Basis, Cell, Column, Kind, Sheet, Tone, Value, View};

use super::route;

/// Which rows the table has.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Of which zones and needs.
    pub rows: Rows,
    /// Only rows that differ from home.
    pub changed: bool,
}

/// The columns of the routing table.
pub fn columns() -> Vec<Column> {
    vec![
        Column::text("zone_name", "Zone"),
        Column::text("need_names", "Need"),
        Column::text("to", "Destination"),
        Column::text("min", "Min"),
        Column::text("more", "+Min"),
        Column::text("why", "Instead of home, why"),
        Column::data("zone", Kind::Text),
        Column::data("need", Kind::Text),
        Column::data("outcome", Kind::OneOf(&Outcome::WORDS)),
        Column::data("destination", Kind::Text.or_null()),
        Column::data("destination_name", Kind::Text.or_null()),
        Column::data("minutes", Kind::Number.or_null()),
        Column::data("minutes_source", Kind::OneOf(&["matrix", "est"]).or_null()),
        Column::data("home", Kind::Text.or_null()),
        Column::data("home_minutes", Kind::Number.or_null()),
        Column::data("extra_minutes", Kind::Number.or_null()),
        Column::data("changed", Kind::Bool),
        Column::data("decided_by", Kind::Text.or_null()),
        Column::data("nemsis", Kind::Text.or_null()),
        Column::data("ask", Kind::Text.or_null()),
        Column::new("alternates", "alternates", Kind::Text.list(), View::Data),
        Column::data("flags", Kind::Text.list()),
        Column::data("why", Kind::Text.or_null()),
        Column::data("note", Kind::Text.or_null()),
    ]
}

/// What stands in one line for people: the needs of a zone that are answered alike.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Alike {
    minutes: i64,
    to: String,
    more: i64,
    why: String,
}

/// The routing table at the basis' instant.
pub fn sheet(basis: &Basis<'_>, selection: &Selection) -> Sheet {
    let registry = basis.registry;
    let snapshot = basis.timeline.at(registry, basis.at);
    let mut sheet = basis.sheet("table", columns());
    let needs = selection.rows.needs(registry);
    let mut text_rows = Vec::new();
    let (mut asked, mut moved) = (0, 0);
    for zone in selection.rows.zones(registry) {
        let entry = &registry.zones[zone];
        let mut alike: BTreeMap<Alike, (Vec<&str>, Outcome, bool)> = BTreeMap::new();
        for need in &needs {
            let decision = decide_row(&snapshot, zone, &patient_with(registry, *need));
            let changed = is_changed(&decision);
            asked += 1;
            moved += usize::from(changed);
            if selection.changed && !changed {
                continue;
            }
            let why = if changed { in_short(registry, &decision) } else { String::new() };
            sheet.rows.push(data_row(basis, &entry.key, *need, &decision, changed, &why));
            let line = Alike {
                minutes: decision.destination.map_or(i64::MAX, |stop| stop.minutes.tenths()),
                to: destination_text(registry, &decision),
                more: if changed { decision.extra().map_or(0, Minutes::tenths) } else { 0 },
                why,
            };
            let needs = alike.entry(line).or_insert_with(|| (Vec::new(), decision.outcome, changed));
            needs.0.push(&registry.needs[*need].key);
        }
        for (index, (line, (needs, outcome, changed))) in alike.into_iter().enumerate() {
            let zone_name: Value = if index == 0 { entry.name.as_str().into() } else { Value::Missing };
            text_rows.push(text_row(zone_name, line, &needs, outcome, changed));
        }
    }
    sheet.text_rows = Some(text_rows);
    sheet.footer.push(format!("{moved} of {} not as usual", plural(asked, "row")));
    if registry.zones.is_empty() {
        sheet
            .footer
            .push("the registry has no zones: a routing table has a row for each zone and need".to_owned());
    }
    let met = needs_met(registry);
    let unmet: Vec<&str> = registry
        .needs
        .iter()
        .filter(|(need, _)| selection.rows.needs.is_none() && !met.contains(need))
        .map(|(_, need)| need.key.as_str())
        .collect();
    if !unmet.is_empty() {
        sheet.footer.push(format!("no facility here is listed with what these need: {}", unmet.join(", ")));
    }
    sheet
}

/// Whether a patient goes elsewhere than usual, or goes home against a diversion.
fn is_changed(decision: &Decision) -> bool {
    decision.outcome != Outcome::Routed
        || decision.destination.map(|stop| stop.facility) != decision.home.map(|home| home.facility)
}

fn data_row(
    basis: &Basis<'_>,
    zone: &str,
    need: NeedId,
    decision: &Decision,
    changed: bool,
    why: &str,
) -> Vec<Cell> {
    let registry = basis.registry;
    let destination = decision.destination.map(|stop| &registry.facilities[stop.facility]);
    let home = decision.home.map(|stop| basis.facility_key(stop.facility));
    let alternates = decision
        .alternates
        .iter()
        .take(2)
        .map(|stop| Value::Text(format!("{}:{}", basis.facility_key(stop.facility), stop.minutes)));
    let said = |text: &str| Value::text((!text.is_empty()).then(|| text.to_owned()));
    let values: Vec<Value> = vec![
        Value::Missing,
        Value::Missing,
        Value::Missing,
        Value::Missing,
        Value::Missing,
        Value::Missing,
        zone.into(),
        registry.needs[need].key.as_str().into(),
        decision.outcome.as_str().into(),
        Value::text(destination.map(|facility| facility.key.as_str())),
        Value::text(destination.map(|facility| facility.name.as_str())),
        Value::minutes(decision.destination.map(|stop| stop.minutes)),
        Value::text(decision.destination.map(|stop| stop.source.as_str())),
        Value::text(home),
        Value::minutes(decision.home.map(|stop| stop.minutes)),
        Value::minutes(decision.extra()),
        changed.into(),
        Value::text(decision.decided_by.as_ref().map(ToString::to_string)),
        Value::text(decision.disposition.map(Disposition::code)),
        Value::text(decision.ask.as_deref()),
        Value::List(alternates.collect()),
        Value::List(decision.flags.iter().map(|flag| flag.to_string().into()).collect()),
        said(why),
        said(&decision.notes.join("; ")),
    ];
    values.into_iter().map(Cell::from).collect()
}

fn text_row(zone: Value, line: Alike, needs: &[&str], outcome: Outcome, changed: bool) -> Vec<Cell> {
    let tone = if changed { route::outcome_tone(outcome) } else { Tone::Plain };
    let tone = if changed && outcome == Outcome::Routed { Tone::Caution } else { tone };
    let minutes = |tenths: i64| Minutes::from_tenths(tenths);
    let min = if line.minutes == i64::MAX { Value::Missing } else { Value::Minutes(minutes(line.minutes)) };
    let more = if changed && line.more != 0 {
        Value::Text(format!("+{}", minutes(line.more)).replace("+-", "-"))
    } else {
        Value::Missing
    };
    vec![
        zone.into(),
        needs.join(", ").into(),
        Cell::toned(line.to, tone),
        min.into(),
        more.into(),
        line.why.into(),
    ]
}
