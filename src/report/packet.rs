//! The downtime packet: what dispatch needs on paper when every screen is dark.
//!
//! Floor 3. The board, where to go and what next, rules and orders, phone numbers, and lines to write on.

use std::collections::BTreeMap;

use crate::model::{Registry, RuleCondition};
use crate::sentence::phrase;
use crate::sheet::{Basis, Cell, Column, Sheet, Value};

use super::hours::{rests_on, with_ed};
use super::{status, table};

/// A packet, page after page.
#[derive(Clone, PartialEq, Debug)]
pub struct Packet {
    /// The registry's name.
    pub title: String,
    /// When it was made and on what it rests: stands on every page, in characters that need no care.
    pub mark: String,
    /// What it says before anything else.
    pub header: Vec<String>,
    /// Its parts.
    pub sections: Vec<Section>,
    /// How many lines there are to write status changes on.
    pub blank_lines: usize,
    /// What it rests on.
    pub footer: Vec<String>,
}

/// A part of a packet.
#[derive(Clone, PartialEq, Debug)]
pub struct Section {
    /// What it is.
    pub heading: &'static str,
    /// What there is to know about it.
    pub note: String,
    /// Its rows.
    pub sheet: Sheet,
}

/// The packet at the basis' instant.
pub fn packet(basis: &Basis<'_>) -> Packet {
    let board = status::sheet(basis, &status::Selection { in_words: true, ..status::Selection::default() });
    let header = board.header.clone();
    let note = board.footer.join(" · ");
    let sections = vec![
        Section { heading: "The board", note, sheet: board },
        routing(basis),
        instructions(basis),
        phones(basis),
    ];
    let head = basis.log.map_or_else(
        || "no log".to_owned(),
        |log| match &log.hash {
            Some(hash) => format!("log head {}:{}", log.head, hash.chars().take(12).collect::<String>()),
            None => format!("log head {}", log.head),
        },
    );
    Packet {
        title: basis.registry.name.clone(),
        mark: format!("{} · {head}", phrase::clock(basis.at, basis.zone())),
        header,
        sections,
        blank_lines: 26,
        footer: vec![rests_on(basis)],
    }
}

/// The routing table, needs that are answered alike in one line, with where to go next.
fn routing(basis: &Basis<'_>) -> Section {
    let registry = basis.registry;
    let data = table::sheet(basis, &table::Selection::default());
    let place = |key: &str| data.columns.iter().position(|column| column.key == key && column.view.in_csv());
    let cell = |row: &[Cell], key: &str| {
        place(key).and_then(|at| row.get(at)).map_or(Value::Missing, |cell| cell.value.clone())
    };
    let text = |value: &Value| if let Value::Text(text) = value { text.clone() } else { String::new() };
    let mut sheet = basis.sheet(
        "packet",
        vec![
            Column::text("zone", "From"),
            Column::text("needs", "Need"),
            Column::text("to", "Go to"),
            Column::text("minutes", "Min"),
            Column::text("next", "If not, then"),
            Column::text("after", "and then"),
        ],
    );
    // In the order of the table: zones by id, within one the nearest destination first.
    let mut lines: BTreeMap<(String, i64, String, Vec<String>), Vec<String>> = BTreeMap::new();
    for row in &data.rows {
        let minutes = match cell(row, "minutes") {
            Value::Minutes(minutes) => minutes.tenths(),
            _ => i64::MAX,
        };
        let to = match text(&cell(row, "destination_name")) {
            to if to.is_empty() => format!("{} {}", text(&cell(row, "outcome")), text(&cell(row, "ask"))),
            to => to,
        };
        let alternates = match cell(row, "alternates") {
            Value::List(alternates) => {
                alternates.iter().map(|alternate| named(registry, &text(alternate))).collect()
            }
            _ => Vec::new(),
        };
        let key = (text(&cell(row, "zone")), minutes, to, alternates);
        lines.entry(key).or_default().push(text(&cell(row, "need")));
    }
    let mut before = String::new();
    for ((zone, minutes, to, alternates), needs) in lines {
        let name = registry.zones.id(&zone).map_or(zone.clone(), |id| registry.zones[id].name.clone());
        let shown = if zone == before { Value::Missing } else { name.into() };
        let minutes = if minutes == i64::MAX {
            Value::Missing
        } else {
            Value::Minutes(crate::model::Minutes::from_tenths(minutes))
        };
        let mut alternates = alternates.into_iter();
        let mut next = || Value::text(alternates.next());
        let cells = [shown, needs.join(", ").into(), to.into(), minutes, next(), next()];
        sheet.rows.push(cells.into_iter().map(Cell::from).collect());
        before = zone;
    }
    Section {
        heading: "Where to go",
        note: "As of the time on this page, for an adult of priority 2. Minutes are driving.".to_owned(),
        sheet,
    }
}

/// "Hartford Hospital 12.3" for "hartford-hospital:12.3".
fn named(registry: &Registry, alternate: &str) -> String {
    let (key, minutes) = alternate.split_once(':').unwrap_or((alternate, ""));
    let name = registry.facilities.id(key).map_or(key, |id| &registry.facilities[id].name);
    format!("{name} {minutes}").trim().to_owned()
}

/// Orders that are active, then the registry's rules.
fn instructions(basis: &Basis<'_>) -> Section {
    let registry = basis.registry;
    let snapshot = basis.timeline.at(registry, basis.at);
    let mut sheet = basis.sheet(
        "packet",
        vec![
            Column::text("kind", "By"),
            Column::text("when", "When"),
            Column::text("route", "Route to"),
            Column::text("until", "Until"),
        ],
    );
    for state in snapshot.facilities() {
        let facility = &registry.facilities[state.facility];
        for active in state.in_force() {
            let Some(order) = active.episode.order(basis.at) else { continue };
            let what = super::lanes::what(active.lane, &active.episode.state, registry);
            let cells = [
                Value::Text(format!("order, event {}", order.event)),
                Value::Text(format!("{} {what}", facility.name)),
                phrase::route(&order.wording.route, registry).into(),
                Value::time(active.episode.until(), basis.zone_of(state.facility)),
            ];
            sheet.rows.push(cells.into_iter().map(Cell::from).collect());
        }
    }
    for rule in &registry.rules {
        let subjects: Vec<&str> =
            rule.subjects.iter().map(|id| registry.facilities[*id].name.as_str()).collect();
        let condition = match rule.condition {
            RuleCondition::Effect(effect) => effect.as_str().to_owned(),
            RuleCondition::Type(status) => registry.statuses[status].label.clone(),
            RuleCondition::Down(service) => format!("{} down", registry.services[service].key),
        };
        let scope = rule
            .scope
            .as_ref()
            .map_or_else(String::new, |scope| format!(" for {}", phrase::scope(scope, registry)));
        let cells = [
            Value::Text(format!("rule {}", rule.key)),
            Value::Text(format!("{} {condition}{scope}", subjects.join(" or "))),
            phrase::route(&rule.route, registry).into(),
            Value::Missing,
        ];
        sheet.rows.push(cells.into_iter().map(Cell::from).collect());
    }
    let note = if sheet.rows.is_empty() { "None." } else { "Newest order first, then rules in their order." };
    sheet.rows.sort_by_key(|row| std::cmp::Reverse(order_of(row)));
    Section { heading: "Orders and rules", note: note.to_owned(), sheet }
}

/// The event of an order; rules come after all of them, as they stand.
fn order_of(row: &[Cell]) -> u64 {
    match row.first().map(|cell| &cell.value) {
        Some(Value::Text(text)) => {
            text.strip_prefix("order, event ").and_then(|event| event.parse().ok()).unwrap_or(0)
        }
        _ => 0,
    }
}

fn phones(basis: &Basis<'_>) -> Section {
    let registry = basis.registry;
    let mut sheet = basis.sheet(
        "packet",
        vec![
            Column::text("name", "Hospital"),
            Column::text("city", "City"),
            Column::text("phone", "Phone"),
            Column::text("has", "Has"),
        ],
    );
    for facility in with_ed(registry, None) {
        let entry = &registry.facilities[facility];
        if entry.is_permanently_closed(basis.at) {
            continue;
        }
        // What another of its services includes goes without saying.
        let included = |service| {
            entry.services.iter().any(|other| registry.services[*other].includes.contains(&service))
        };
        let has: Vec<&str> = entry
            .services
            .iter()
            .filter(|service| !included(**service))
            .map(|service| registry.services[*service].key.as_str())
            .collect();
        let cells = [
            Value::from(entry.name.as_str()),
            Value::text(entry.city.as_deref()),
            Value::text(entry.phone.as_deref()),
            has.join(", ").into(),
        ];
        sheet.rows.push(cells.into_iter().map(Cell::from).collect());
    }
    let missing = sheet.rows.iter().filter(|row| row[2].value == Value::Missing).count();
    let note = match missing {
        0 => String::new(),
        missing => format!("The registry has no phone number for {missing} of these: write it in."),
    };
    Section { heading: "Phone numbers", note, sheet }
}
