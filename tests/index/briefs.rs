//! What the index says of a patient is what the plain algorithm says, or nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use ambulance_diversion::routing::{Asker, Brief, DecidedBy, Index, Outcome, Question, decide};
use ambulance_diversion::state::Timeline;
use proptest::prelude::*;

use crate::worlds::{Chance, Size, World};

/// Asks a world of many patients. How many were answered, and how many the reference routed to the nearest.
fn ask(seed: u64, size: Size, alternates: usize, patients: usize) -> Result<(u64, u64), TestCaseError> {
    let world = World::new(seed, size);
    let timeline = Arc::new(Timeline::fold(&world.registry, &world.events, None));
    let (exclude, forced) = (world.exclude(), BTreeMap::new());
    let index = Index::new(&world.registry, timeline.clone(), exclude.clone());
    let mut asker = Asker::new(Arc::new(index), alternates);
    let mut chance = Chance::new(!seed);
    let mut nearest = 0;
    for _ in 0..patients {
        let (patient, origin, at) = world.ask(&mut chance);
        let found = asker.finds(&patient, origin, at).then(|| asker.found().clone());
        let question = Question { patient: &patient, origin, exclude: &exclude, forced: &forced };
        let plainly = Brief::of(decide(&timeline.at(&world.registry, at), &question), alternates);
        if plainly.outcome == Outcome::Routed && plainly.decided_by == Some(DecidedBy::Nearest) {
            nearest += 1;
        }
        if let Some(found) = found {
            prop_assert_eq!(found, plainly, "{:?} {:?} {:?}", patient, origin, at);
        }
    }
    Ok((asker.tally().answered, nearest))
}

fn sizes(laws: bool) -> impl Strategy<Value = Size> {
    (1..60_i64, 0..200_i64, 0..4_i64, any::<bool>()).prop_map(move |(facilities, events, zones, orderly)| {
        Size { facilities, events, zones, laws, orderly }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn what_the_index_says_is_what_the_reference_says(
        seed in any::<u64>(),
        size in sizes(true),
        alternates in 0..5_usize,
    ) {
        ask(seed, size, alternates, 60)?;
    }

    #[test]
    fn whoever_no_law_touches_is_answered(
        seed in any::<u64>(),
        size in sizes(false),
        alternates in 0..5_usize,
    ) {
        let (answered, nearest) = ask(seed, size, alternates, 60)?;
        prop_assert_eq!(answered, nearest);
    }
}

#[test]
fn among_many_facilities_it_is_the_same() {
    for seed in 0..6 {
        let size =
            Size { facilities: 900, events: 2000, zones: 3, laws: seed % 2 == 0, orderly: seed % 3 == 0 };
        let (answered, _) = ask(seed, size, 2, 150).unwrap();
        assert!(answered > 50, "{answered} of 150");
    }
}
