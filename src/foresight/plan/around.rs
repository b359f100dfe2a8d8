//! What changes around the routing table: facilities, limits of policies, expectations of the registry.
//!
//! Floor 3: compares two worlds; no cell, no file.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{FacilityId, Instant, Registry};
use crate::routing::expect::{self, Tested};
use crate::sentence::phrase;
use crate::state::{FacilityState, Snapshot, Standing};

use super::super::limits::{self, Nearness};
use super::{Affected, ExpectationTurn, LimitTurn, World};

/// The facilities whose state changes, and those to and from which patients move.
pub(super) fn facilities(
    snapshots: &[Snapshot<'_>; 2],
    flows: &BTreeMap<String, (f64, f64)>,
) -> Vec<Affected> {
    let [before, after] = snapshots;
    let (here, there) = (before.registry, after.registry);
    let keys = |registry: &Registry| -> Vec<String> {
        registry.facilities.iter().map(|(_, facility)| facility.key.clone()).collect()
    };
    let all: BTreeSet<String> = keys(here).into_iter().chain(keys(there)).collect();
    let mut found = Vec::new();
    for key in all {
        let was = here.facilities.id(&key).map(|id| before.facility(id));
        let is = there.facilities.id(&key).map(|id| after.facility(id));
        let told = |state: Option<&FacilityState<'_>>, registry: &Registry| {
            state.map(|state| (state.summary(), what_is_active(state, registry)))
        };
        let changes = told(was, here).map(|(_, active)| active) != told(is, there).map(|(_, active)| active)
            || was.is_none() != is.is_none();
        let (come, go) = flows.get(&key).copied().unwrap_or_default();
        if !changes && come == 0.0 && go == 0.0 {
            continue;
        }
        let (registry, id) = match (there.facilities.id(&key), here.facilities.id(&key)) {
            (Some(id), _) => (there, id),
            (None, Some(id)) => (here, id),
            (None, None) => continue,
        };
        let facility = &registry.facilities[id];
        let not_counted = |state: Option<&FacilityState<'_>>| -> Vec<String> {
            let active = state.into_iter().flat_map(|state| &state.active);
            active
                .filter_map(|active| match &active.standing {
                    Standing::InForce => None,
                    Standing::NotInForce { by, text } => Some(format!("{text} [{by}]")),
                })
                .collect()
        };
        let before_that = not_counted(was);
        let mut not_in_force = not_counted(is);
        not_in_force.retain(|text| !before_that.contains(text));
        found.push(Affected {
            name: facility.name.clone(),
            before: was.map(FacilityState::summary),
            after: is.map(FacilityState::summary),
            changes,
            come,
            go,
            ed_beds: facility.ed.and_then(|ed| ed.beds),
            ed_bed_share: share_of_beds(registry, id, before.at),
            region: facility.region.map(|region| registry.regions[region].name.clone()),
            not_in_force,
            facility: key,
        });
    }
    found
}

/// What is active at a facility, in the words of a log: two registries may number it differently.
fn what_is_active(state: &FacilityState<'_>, registry: &Registry) -> BTreeSet<String> {
    let mut active: BTreeSet<String> = state
        .active
        .iter()
        .map(|active| {
            let status = active.status.map_or_else(
                || "down".to_owned(),
                |(_, kind, scope)| format!("{} for {}", kind.key, phrase::scope(scope, registry)),
            );
            let episode = active.episode;
            let route = episode.order(state.at).map(|said| phrase::route(&said.wording.route, registry));
            let until = episode.until().map(Instant::seconds);
            let walk_in = episode.walk_in(state.at);
            let lane = phrase::lane(active.lane, registry);
            format!("{lane} {status} {} {route:?} {until:?} {walk_in:?}", active.in_force())
        })
        .collect();
    if registry.facilities[state.facility].is_permanently_closed(state.at) {
        active.insert("permanently closed".to_owned());
    }
    if registry.facilities[state.facility].ed.is_none() {
        active.insert("no ED".to_owned());
    }
    active
}

/// A facility's share of the ED beds in its region, in percent; `None` where some ED there does not say how many it has.
fn share_of_beds(registry: &Registry, facility: FacilityId, at: Instant) -> Option<f64> {
    let region = registry.facilities[facility].region?;
    let beds = registry.facilities[facility].ed?.beds?;
    let in_region = registry
        .facilities
        .iter()
        .filter(|(_, other)| other.region == Some(region) && !other.is_permanently_closed(at))
        .filter_map(|(_, other)| other.ed);
    let all = in_region.map(|ed| ed.beds).sum::<Option<u32>>().filter(|all| *all > 0)?;
    Some(f64::from(beds) / f64::from(all) * 100.0)
}

/// The limits that come nearer, trip or are relieved.
pub(super) fn limits(before: &Snapshot<'_>, after: &Snapshot<'_>) -> Vec<LimitTurn> {
    let (here, there) = (before.registry, after.registry);
    let was: BTreeMap<(String, String), Nearness> = limits::limits(before)
        .into_iter()
        .map(|near| ((here.regions[near.region].key.clone(), near.clause.clone()), near))
        .collect();
    let refused = |snapshot: &Snapshot<'_>, clause: &str| {
        let active = snapshot.facilities().flat_map(|state| &state.active);
        active
            .filter(|active| {
                matches!(&active.standing, Standing::NotInForce { by, .. } if by.starts_with(clause))
            })
            .count()
    };
    let mut turns = Vec::new();
    for near in limits::limits(after) {
        let region = &there.regions[near.region];
        let before_that = was.get(&(region.key.clone(), near.clause.clone()));
        let count = before_that.map_or(0, |near| near.count);
        let trips = refused(after, &near.clause) > refused(before, &near.clause);
        if count != near.count || trips {
            turns.push(LimitTurn {
                region: region.name.clone(),
                clause: near.clause,
                before: count,
                after: near.count,
                allowed: near.allowed,
                trips,
            });
        }
    }
    turns
}

/// The expectations that hold in one of the two worlds only. One whose instant a supposed sentence cannot be read for
/// is left out: it says nothing of this plan.
pub(super) fn expectations(before: &World<'_>, after: &World<'_>) -> Vec<ExpectationTurn> {
    let holding = |world: &World<'_>| -> BTreeMap<(String, Vec<String>), (bool, String)> {
        let registry = world.basis.registry;
        let tested = registry.expects.iter().filter_map(|expect| {
            let holds = match expect::test(registry, expect, world.supposed, world.file, world.basis.at) {
                Tested::Holds => true,
                Tested::Got(_) => false,
                Tested::Unreadable { .. } => return None,
            };
            Some(((expect.say.clone(), expect.given.clone()), (holds, expect.place.to_string())))
        });
        tested.collect()
    };
    let was = holding(before);
    let mut turns: Vec<ExpectationTurn> = holding(after)
        .into_iter()
        .filter_map(|((say, given), (holds, place))| {
            let (held, _) = was.get(&(say.clone(), given))?;
            (*held != holds).then_some(ExpectationTurn { say, place, breaks: *held })
        })
        .collect();
    turns.sort_by(|a, b| (&a.place, &a.say).cmp(&(&b.place, &b.say)));
    turns
}
