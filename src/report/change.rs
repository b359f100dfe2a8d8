//! What changes for whom: two routing tables compared, in as few lines as it takes.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::plural;
use crate::model::{FacilityId, Instant, NeedId, Origin, PatientSaid, Registry, ZoneId};
use crate::routing::{Decision, Question, decide};
use crate::sentence::phrase;
use crate::state::{Snapshot, Timeline};

use super::basis::Basis;
use super::sheet::{Line, Tone};
use super::{route, table};

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
pub(super) fn lines(basis: &Basis<'_>, before: &Timeline, after: &Timeline, at: Instant) -> Vec<Line> {
    let registry = basis.registry;
    let met = table::needs_met(registry);
    let (was, is) = (before.at(registry, at), after.at(registry, at));
    let mut ways: BTreeMap<Way, Vec<ZoneId>> = BTreeMap::new();
    for zone in registry.zones.ids() {
        let mut moved: BTreeMap<(String, String), Vec<NeedId>> = BTreeMap::new();
        for need in registry.needs.ids().filter(|need| met.contains(need)) {
            let (was, is) = (decision(&was, zone, need), decision(&is, zone, need));
            let [from, to] = [&was, &is].map(|decision| route::destination_text(basis, decision));
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

fn decision(snapshot: &Snapshot<'_>, zone: ZoneId, need: NeedId) -> Decision {
    let said = PatientSaid { needs: BTreeSet::from([need]), ..PatientSaid::default() };
    let patient = snapshot.registry.patient(said);
    let (exclude, forced) = (BTreeSet::<FacilityId>::new(), BTreeMap::<FacilityId, u32>::new());
    let origin = Origin::Zone(zone);
    decide(snapshot, &Question { patient: &patient, origin, exclude: &exclude, forced: &forced })
}

fn needs_text(registry: &Registry, needs: &[NeedId], all: usize) -> String {
    if needs.len() == all && all > 1 {
        return "every need".to_owned();
    }
    needs.iter().map(|need| registry.needs[*need].key.as_str()).collect::<Vec<_>>().join(", ")
}
