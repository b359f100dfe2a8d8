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
    Effect, Facility, FacilityId, Instant, NeedId, RegionId, Registry, Rule, RuleCondition, ServiceId,
    Target, ZoneId,
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
        if let Some(why) = idle(registry, rule, BEFORE_ALL) {
            let message = format!("the rule `{}` {why}", rule.key);
            sink.push(Diagnostic::at(Code::IdleRule, *file, span.clone(), message));
        }
    }
}

/// When no facility has closed yet. A file is read without a clock: what has closed is for whoever has one.
const BEFORE_ALL: Instant = Instant::from_seconds(i64::MIN);

/// Rules that have become idle by `at`, because facilities closed for good, each with why.
pub(super) fn outlived_rules(registry: &Registry, at: Instant) -> impl Iterator<Item = (&Rule, String)> {
    registry.rules.iter().filter_map(move |rule| {
        let before = idle(registry, rule, BEFORE_ALL).is_some();
        let why = idle(registry, rule, at).filter(|_| !before)?;
        Some((rule, format!("the rule `{}` {why}", rule.key)))
    })
}

/// Why a rule does nothing at `at`, if so.
fn idle(registry: &Registry, rule: &Rule, at: Instant) -> Option<String> {
    never_fires(registry, rule, at).or_else(|| never_routes(registry, rule, at))
}

/// Why no patient can be brought to a facility, whatever its status.
fn is_no_ed(facility: &Facility, at: Instant) -> Option<String> {
    let why = match facility.ed {
        None => "has no ED",
        Some(_) if facility.is_permanently_closed(at) => "is permanently closed",
        Some(_) => return None,
    };
    Some(format!("`{}` {why}", facility.key))
}

fn never_fires(registry: &Registry, rule: &Rule, at: Instant) -> Option<String> {
    let subjects = || rule.subjects.iter().map(|subject| &registry.facilities[*subject]);
    let gone: Vec<String> = subjects().map_while(|facility| is_no_ed(facility, at)).collect();
    if gone.len() == rule.subjects.len() {
        return Some(format!("never fires: {}", gone.join(", and ")));
    }
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
            let idle = !subjects().any(|facility| facility.services.contains(service));
            idle.then(|| {
                format!("never fires: its facilities do not have `{}`", registry.services[*service].key)
            })
        }
    }
}

fn never_routes(registry: &Registry, rule: &Rule, at: Instant) -> Option<String> {
    // Who is sent away because a service is down is not sent where it never is.
    let lost = match rule.condition {
        RuleCondition::Down(service) => Some(service),
        RuleCondition::Effect(_) | RuleCondition::Type(_) => None,
    };
    let takes = |id: FacilityId| {
        let facility = &registry.facilities[id];
        rule.subjects.as_slice() != [id]
            && is_no_ed(facility, at).is_none()
            && lost.is_none_or(|service| facility.services.contains(&service))
    };
    // Groups leave last resorts out; by name they are destinations like any other.
    let any = |is_member: &dyn Fn(&Facility) -> bool| {
        registry
            .facilities
            .iter()
            .any(|(id, facility)| !facility.external && is_member(facility) && takes(id))
    };
    let leads_somewhere = |target: &Target| match target {
        Target::Facility(facility) => takes(*facility),
        Target::Network(network) => {
            any(&|facility| facility.network.is_some_and(|owner| registry.is_part_of(owner, *network)))
        }
        Target::Region(region) => any(&|facility| facility.region == Some(*region)),
        Target::Nearest(None) => any(&|_| true),
        Target::Nearest(Some(service)) => any(&|facility| facility.services.contains(service)),
    };
    if rule.route.iter().any(leads_somewhere) {
        return None;
    }
    let with = lost.map_or_else(String::new, |service| format!(" and `{}`", registry.services[service].key));
    let open = if at == BEFORE_ALL { "" } else { " that is not permanently closed" };
    let groups = rule.route.iter().any(|target| !matches!(target, Target::Facility(_)));
    let left_out = groups && registry.facilities.iter().any(|(_, facility)| facility.external);
    let external = if left_out { "; groups and `nearest` leave `external` ones out" } else { "" };
    Some(format!(
        "never routes anybody: nothing that it names is another facility with an ED{with}{open}{external}"
    ))
}
