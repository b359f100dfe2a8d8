//! A course tells at every instant what a snapshot tells of the facility.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ambulance_diversion::model::{Effect, FacilityId, Instant, Lane, Registry, Scope, StatusId};
use ambulance_diversion::state::{Course, FacilityState, StanceId, Surveyor, Timeline, Walk};
use proptest::prelude::*;

use crate::worlds::{Size, World};

/// What a patient's reasons hang on.
type InForce = (Option<String>, BTreeSet<(Lane, Option<(StatusId, Scope)>, bool)>);

fn in_force(registry: &Registry, state: &FacilityState<'_>) -> InForce {
    let region = registry.facilities[state.facility].region;
    let policy = region.and_then(|region| registry.policy(region, state.at));
    let never = policy.filter(|policy| policy.never_diverted.is_some()).map(|policy| policy.key.clone());
    let active = state.in_force().map(|active| {
        let status = active.status.map(|(status, _, scope)| (status, scope.clone()));
        (active.lane.clone(), status, active.episode.order(state.at).is_some())
    });
    (never, active.collect())
}

fn check(
    course: &Course,
    state: &FacilityState<'_>,
    registry: &Registry,
    meant: &mut BTreeMap<StanceId, InForce>,
) -> Result<(), TestCaseError> {
    let place = course.stages().partition_point(|stage| stage.begins <= state.at) - 1;
    let step = course.stages()[place].step;
    prop_assert_eq!(step.is_unknown(), state.is_unknown());
    prop_assert_eq!(step.is_expired(), state.expired_at().is_some(), "{:?}", state);
    prop_assert_eq!(step.is_in_conflict(), !state.conflicts().is_empty(), "{:?}", state);
    let strained =
        state.in_force().any(|active| active.effect().is_some_and(|effect| effect >= Effect::Diverting));
    prop_assert_eq!(step.is_strained(), strained);
    let for_good = registry.facilities[state.facility].is_permanently_closed(state.at);
    prop_assert_eq!(step.is_closed_for_good(), for_good);
    if registry.stale_after(state.facility).is_some() {
        prop_assert_eq!(course.last_report(state.at), state.last_report().map(|report| report.at));
    }
    let holds = in_force(registry, state);
    let known = meant.entry(step.stance()).or_insert_with(|| holds.clone());
    prop_assert_eq!(&*known, &holds, "one stance, two meanings");
    Ok(())
}

/// Instants at which something may change, and those just beside them.
fn instants(world: &World, timeline: &Timeline<'_>, facility: FacilityId) -> BTreeSet<Instant> {
    let mut instants = BTreeSet::new();
    let snapshot = timeline.at(&world.registry, Instant::from_seconds(i64::MIN / 2));
    instants.extend(snapshot.changes(facility, Instant::from_seconds(i64::MAX)));
    instants
        .extend(world.registry.policies.iter().flat_map(|(_, policy)| [policy.from, policy.until]).flatten());
    for event in &world.events {
        instants.insert(event.recorded_at);
    }
    let near = |at: &Instant| [-1, 0, 1].map(|off| Instant::from_seconds(at.seconds() + off));
    instants.iter().flat_map(near).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn a_course_tells_what_snapshots_tell(
        seed in any::<u64>(),
        facilities in 1..4_i64,
        events in 0..60_i64,
        laws in any::<bool>(),
        orderly in any::<bool>(),
    ) {
        let world = World::new(seed, Size { facilities, events, zones: 1, laws, orderly });
        let timeline = Arc::new(Timeline::fold(&world.registry, &world.events, None));
        let mut surveyor = Surveyor::new(&world.registry, timeline.clone(), Arc::default());
        let mut meant = BTreeMap::new();
        for facility in world.registry.facilities.ids() {
            prop_assert!(!orderly || laws || Walk::new(&timeline).read(facility), "not plain");
            let course = surveyor.course(facility);
            for at in instants(&world, &timeline, facility) {
                check(&course, &timeline.facility_at(&world.registry, facility, at), &world.registry, &mut meant)?;
            }
        }
    }
}
