//! What changes for whom: two routing tables compared, in as few lines as it takes.

use std::collections::BTreeMap;

use crate::diagnostic::plural;
use crate::model::{Instant, NeedId, Registry, ZoneId};
use crate::routing::destination_text;
use crate::routing::grid::{decide_row, needs_met, patient_with};
use crate::sentence::phrase;
use crate::state::Timeline;

use crate::sheet::{Basis, Line, Tone};

/// So many lines say what changes; who wants more asks for the table.
const LINES: usize = 12;

/// The zones and needs whose patients go from one place to another.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Way {
    from: String,
    to: String,
    needs: Vec<NeedId>,
}

/// What is different for the patients of each zone at `at`, if `after` is what is known instead of `before`.
pub(super) fn lines(
    basis: &Basis<'_>,
    before: &Timeline<'_>,
    after: &Timeline<'_>,
    at: Instant,
) -> Vec<Line> {
    let registry = basis.registry;
    let met = needs_met(registry);
    let (was, is) = (before.at(registry, at), after.at(registry, at));
    let mut ways: BTreeMap<Way, Vec<ZoneId>> = BTreeMap::new();
    for zone in registry.zones.ids() {
        let mut moved: BTreeMap<(String, String), Vec<NeedId>> = BTreeMap::new();
        for need in registry.needs.ids().filter(|need| met.contains(need)) {
            let patient = patient_with(registry, need);
            let [from, to] =
                [&was, &is].map(|known| destination_text(registry, &decide_row(known, zone, &patient)));
            if from != to {
                moved.entry((from, to)).or_default().push(need);
            }
        }
        for ((from, to), needs) in moved {
            ways.entry(Way { from, to, needs }).or_default().push(zone);
        }
    }
    let when =
        if at == basis.at { String::new() } else { format!(" at {}", phrase::clock(at, basis.zone())) };
    if registry.zones.is_empty() {
        return Vec::new();
    }
    if ways.is_empty() {
        return vec![Line::plain(format!("  changes for nobody{when}"))];
    }
    let mut lines = vec![Line::plain(format!("  changes{when}:"))];
    let more = ways.len().saturating_sub(LINES);
    for (way, zones) in ways.into_iter().take(LINES) {
        let zones: Vec<&str> = zones.iter().map(|zone| registry.zones[*zone].name.as_str()).collect();
        let text = format!(
            "    {} from {}: {} → {}",
            needs_text(registry, &way.needs, met.len()),
            zones.join(", "),
            way.from,
            way.to
        );
        lines.push(Line { text, tone: Tone::Caution });
    }
    if more > 0 {
        lines.push(Line::plain(format!("    and {}: `divert table --changed`", plural(more, "more change"))));
    }
    lines
}

fn needs_text(registry: &Registry, needs: &[NeedId], all: usize) -> String {
    if needs.len() == all && all > 1 {
        return "every need".to_owned();
    }
    needs.iter().map(|need| registry.needs[*need].key.as_str()).collect::<Vec<_>>().join(", ")
}
