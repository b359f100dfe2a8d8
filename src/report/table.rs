//! The routing table: where the patients of every zone go, need by need.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::plural;
use crate::model::{FacilityId, Minutes, NeedId, Origin, PatientSaid, Registry, ZoneId};
use crate::routing::{Decision, Disposition, Outcome, Question, decide};

use super::basis::Basis;
use super::route;
use super::sheet::{Cell, Column, Kind, Sheet, Tone, Value, View};

/// Which rows the table has.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Only these zones; `None`: all.
    pub zones: Option<BTreeSet<ZoneId>>,
    /// Only these needs; `None`: all that some facility of the registry meets.
    pub needs: Option<BTreeSet<NeedId>>,
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
    let met = needs_met(registry);
    let needs: Vec<NeedId> = registry
        .needs
        .ids()
        .filter(|need| selection.needs.as_ref().map_or(met.contains(need), |wanted| wanted.contains(need)))
        .collect();
    let (exclude, forced) = (BTreeSet::<FacilityId>::new(), BTreeMap::<FacilityId, u32>::new());
    let mut text_rows = Vec::new();
    let (mut asked, mut moved) = (0, 0);
    for (zone, entry) in registry.zones.iter() {
        if selection.zones.as_ref().is_some_and(|wanted| !wanted.contains(&zone)) {
            continue;
        }
        let mut alike: BTreeMap<Alike, (Vec<&str>, Outcome, bool)> = BTreeMap::new();
        for need in &needs {
            let patient =
                registry.patient(PatientSaid { needs: BTreeSet::from([*need]), ..PatientSaid::default() });
            let question = Question {
                patient: &patient,
                origin: Origin::Zone(zone),
                exclude: &exclude,
                forced: &forced,
            };
            let decision = decide(&snapshot, &question);
            let changed = is_changed(&decision);
            asked += 1;
            moved += usize::from(changed);
            if selection.changed && !changed {
                continue;
            }
            let why = if changed { route::in_short(basis, &decision) } else { String::new() };
            sheet.rows.push(data_row(basis, &entry.key, *need, &decision, changed, &why));
            let line = Alike {
                minutes: decision.destination.map_or(i64::MAX, |stop| stop.minutes.tenths()),
                to: route::destination_text(basis, &decision),
                more: if changed { route::extra(&decision).map_or(0, Minutes::tenths) } else { 0 },
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
    let unmet: Vec<&str> = registry
        .needs
        .iter()
        .filter(|(need, _)| selection.needs.is_none() && !met.contains(need))
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

/// The needs that some facility with an ED is listed with.
pub(super) fn needs_met(registry: &Registry) -> BTreeSet<NeedId> {
    let mut met = BTreeSet::new();
    for (_, facility) in registry.facilities.iter().filter(|(_, facility)| facility.ed.is_some()) {
        if met.len() == registry.needs.len() {
            break;
        }
        met.extend(
            registry
                .needs
                .iter()
                .filter(|(_, need)| need.requires.is_subset(&facility.services))
                .map(|(need, _)| need),
        );
    }
    met
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
        Value::minutes(route::extra(decision)),
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
