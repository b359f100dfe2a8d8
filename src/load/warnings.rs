//! Warnings: what can be used as it stands, but is not likely to be meant so.
//!
//! Floor 4; asked only of a registry without errors.

use std::collections::{BTreeMap, BTreeSet};

use super::catalogue::defined_needs;
use super::entries::{Entries, Tables};
use super::far;
use super::rules::RuleAt;
use super::table::list_and;
use crate::diagnostic::{Code, Diagnostic, Sink, plural};
use crate::model::{
    Effect, FacilityId, NeedId, RegionId, Registry, Rule, RuleCondition, ServiceId, Target, ZoneId,
};

/// Everything that there is to warn of.
pub(super) fn warn(registry: &Registry, rules: &[RuleAt], tables: &Tables<'_>, sink: &mut Sink) {
    unmet_needs(registry, tables, sink);
    partial_matrix(registry, &tables.zones, sink);
    idle_rules(registry, rules, sink);
    far::coordinates(registry, &tables.facilities, sink);
}

/// A need that the EDs of some region cannot meet. Only regions that patients come from count, where zones say so: a
/// registry has the nearest neighbours across its borders too. A built-in need that nobody anywhere meets is no part of
/// this registry's world, so it is passed over; one that the registry defines is not.
fn unmet_needs(registry: &Registry, tables: &Tables<'_>, sink: &mut Sink) {
    let populated: BTreeSet<RegionId> = registry.zones.iter().filter_map(|(_, zone)| zone.region).collect();
    let counts = |region: Option<RegionId>| {
        populated.is_empty() || region.is_some_and(|region| populated.contains(&region))
    };
    let emergency_departments: Vec<(Option<RegionId>, &BTreeSet<ServiceId>)> = registry
        .facilities
        .iter()
        .filter(|(_, facility)| facility.ed.is_some())
        .map(|(_, facility)| (facility.region, &facility.services))
        .collect();
    let regions: BTreeSet<Option<RegionId>> =
        emergency_departments.iter().map(|(region, _)| *region).filter(|region| counts(*region)).collect();
    // Facilities of no region come first.
    let number = |region: Option<RegionId>| region.map_or(0, |region| region.index() + 1);
    let defined: BTreeSet<NeedId> = defined_needs(tables).collect();
    for (id, need) in registry.needs.iter() {
        let mut met = vec![false; registry.regions.len() + 1];
        for (region, services) in &emergency_departments {
            // One facility is enough for a region.
            let met = &mut met[number(*region)];
            *met = *met || services.is_superset(&need.requires);
        }
        let is_met = met.contains(&true);
        if regions.is_empty() || (!is_met && !defined.contains(&id)) {
            continue;
        }
        let unmet: Vec<RegionId> =
            regions.iter().filter(|region| !met[number(**region)]).copied().flatten().collect();
        let requires: Vec<&str> =
            need.requires.iter().map(|service| registry.services[*service].key.as_str()).collect();
        let requires = format!("it requires {}", list_and(&requires));
        let entry = tables.needs.get(id);
        if !is_met {
            let message = format!("no facility with an ED meets the need `{}`", need.key);
            sink.push(entry.complain(Code::UnmetNeed, message).help(requires));
        } else if let [first, others @ ..] = unmet.as_slice() {
            let keys: Vec<&str> = unmet.iter().map(|region| registry.regions[*region].key.as_str()).collect();
            let of = if others.is_empty() { "the region" } else { "the regions" };
            let message = format!("no facility of {of} {} meets the need `{}`", first_few(&keys), need.key);
            let at = tables.regions.get(*first);
            sink.push(
                at.complain(Code::UnmetNeed, message)
                    .help(format!("{requires}; such patients leave the region")),
            );
        }
    }
}

/// "`a`, `b`, `c` and 4 more"
fn first_few(words: &[&str]) -> String {
    const FEW: usize = 5;
    match words.get(..FEW) {
        Some(few) if words.len() > FEW + 1 => {
            let few: Vec<String> = few.iter().map(|word| format!("`{word}`")).collect();
            format!("{} and {} more", few.join(", "), words.len() - FEW)
        }
        _ => list_and(words),
    }
}

/// A zone from which the matrix knows some EDs and not others: known minutes and estimates would be compared.
fn partial_matrix(registry: &Registry, zones: &Entries<'_, ZoneId>, sink: &mut Sink) {
    let has_ed = |facility: FacilityId| registry.facilities[facility].ed.is_some();
    let mut known: BTreeMap<ZoneId, usize> = BTreeMap::new();
    for (zone, facility) in registry.travel.from_zone.keys() {
        if has_ed(*facility) {
            *known.entry(*zone).or_default() += 1;
        }
    }
    let eds = registry.facilities.ids().filter(|facility| has_ed(*facility)).count();
    for (zone, known) in known {
        if known == eds {
            continue;
        }
        let missing = registry
            .facilities
            .iter()
            .find(|(id, facility)| {
                facility.ed.is_some() && !registry.travel.from_zone.contains_key(&(zone, *id))
            })
            .map_or("", |(_, facility)| facility.key.as_str());
        let entry = zones.get(zone);
        sink.push(
            entry
                .complain(
                    Code::PartialMatrix,
                    format!(
                        "the matrix knows the minutes from `{}` to {known} of {}",
                        entry.key,
                        plural(eds, "ED")
                    ),
                )
                .help(format!(
                    "the others are estimated, which may misrank them: `{missing}`, for one, is missing"
                )),
        );
    }
}

/// A rule that never fires, or fires and routes nobody.
fn idle_rules(registry: &Registry, rules: &[RuleAt], sink: &mut Sink) {
    for RuleAt { rule, file, span } in rules {
        if let Some(why) = never_fires(registry, rule).or_else(|| never_routes(registry, rule)) {
            let message = format!("the rule `{}` {why}", rule.key);
            sink.push(Diagnostic::at(Code::IdleRule, *file, span.clone(), message));
        }
    }
}

fn never_fires(registry: &Registry, rule: &Rule) -> Option<String> {
    match &rule.condition {
        RuleCondition::Effect(Effect::Advisory) => {
            Some("never fires: a facility with an advisory accepts patients".to_owned())
        }
        RuleCondition::Effect(Effect::Diverting | Effect::Closed) => None,
        RuleCondition::Type(id) => {
            let status = &registry.statuses[*id];
            (status.effect == Effect::Advisory)
                .then(|| format!("never fires: a facility with `{}` accepts patients", status.key))
        }
        RuleCondition::Down(service) => {
            let has = |subject: &FacilityId| registry.facilities[*subject].services.contains(service);
            let idle = !rule.subjects.iter().any(has);
            idle.then(|| {
                format!("never fires: its facilities do not have `{}`", registry.services[*service].key)
            })
        }
    }
}

fn never_routes(registry: &Registry, rule: &Rule) -> Option<String> {
    let other = |facility: FacilityId| rule.subjects.as_slice() != [facility];
    let leads_somewhere = |target: &Target| match target {
        Target::Facility(facility) => other(*facility) && registry.facilities[*facility].ed.is_some(),
        Target::Network(network) => registry.members(*network).any(other),
        Target::Region(region) => registry
            .facilities
            .iter()
            .any(|(id, facility)| facility.region == Some(*region) && facility.ed.is_some() && other(id)),
        Target::Nearest(None) => true,
        Target::Nearest(Some(service)) => registry
            .facilities
            .iter()
            .any(|(id, facility)| facility.ed.is_some() && facility.services.contains(service) && other(id)),
    };
    let idle = !rule.route.iter().any(leads_somewhere);
    idle.then(|| "never routes anybody: nothing that it names is another facility with an ED".to_owned())
}
