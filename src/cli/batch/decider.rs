//! Who decides about the patients of a stream, one after the other.
//!
//! Floor 6. Rows in brief are decided by the index where it says anything: it says what [`decide`] says, or nothing. Of
//! whole rows every reason is wanted, which only [`decide`] tells.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{FacilityId, Instant, Origin};
use crate::routing::{Asker, Brief, Decision, Outcome, Question, decide};
use crate::state::{Snapshot, Timeline};

use super::known::{Facts, Then};
use super::patient::Asked;
use super::turns::Turns;

/// Decides patient after patient.
pub(super) struct Decider<'a, 'x> {
    facts: Facts<'a>,
    /// One who asks the index, where there is one.
    asker: Option<&'a mut Asker<'x>>,
    exclude: &'a BTreeSet<FacilityId>,
    /// How many alternates a row in brief names.
    alternates: usize,
    /// What was known when the last row was, where each is decided as known then.
    then: Option<Then<'a>>,
    /// Where policies take turns.
    turns: Option<&'a mut Turns>,
    /// The board at the time of the last row.
    snapshot: Option<Snapshot<'a>>,
}

impl<'a, 'x> Decider<'a, 'x> {
    pub(super) fn new(
        facts: Facts<'a>,
        asker: Option<&'a mut Asker<'x>>,
        exclude: &'a BTreeSet<FacilityId>,
        alternates: usize,
        turns: Option<&'a mut Turns>,
    ) -> Self {
        Self { facts, asker, exclude, alternates, then: None, turns, snapshot: None }
    }

    /// Whether the index is asked.
    pub(super) fn asks_the_index(&self) -> bool {
        self.asker.is_some()
    }

    /// Where that is by the index's reckoning: places with near numbers are near each other.
    pub(super) fn neighborhood(&self, origin: Origin) -> u32 {
        self.asker.as_ref().map_or(0, |asker| asker.neighborhood(origin))
    }

    /// What becomes of a patient, told in brief.
    pub(super) fn brief<T>(&mut self, asked: Asked<'_>, tell: impl FnOnce(&Brief) -> T) -> T {
        let Asked { patient, origin, at } = asked;
        if let Some(asker) = &mut self.asker
            && asker.finds(patient, origin, at)
        {
            return tell(asker.found());
        }
        tell(&Brief::of(self.whole(asked, |_, decision| decision), self.alternates))
    }

    /// What becomes of a patient, with every reason, told from what it rests on.
    pub(super) fn whole<T>(
        &mut self,
        asked: Asked<'_>,
        tell: impl FnOnce(&Timeline<'_>, Decision) -> T,
    ) -> T {
        let facts = self.facts;
        let timeline = if facts.by_row { facts.then(asked.at, &mut self.then) } else { facts.timeline };
        let forced = match &mut self.turns {
            Some(turns) => turns.forced(asked.at, timeline),
            None => BTreeMap::new(),
        };
        let question =
            Question { patient: asked.patient, origin: asked.origin, exclude: self.exclude, forced: &forced };
        let decision = if facts.by_row {
            decide(&timeline.at(facts.registry, asked.at), &question)
        } else {
            decide(snapshot(&mut self.snapshot, facts, asked.at), &question)
        };
        if let (Some(turns), Outcome::Forced, Some(stop)) =
            (&mut self.turns, decision.outcome, decision.destination)
        {
            turns.took(stop.facility);
        }
        tell(timeline, decision)
    }
}

/// The board at an instant: the one at hand, if it is of then.
fn snapshot<'s, 'a>(
    at_hand: &'s mut Option<Snapshot<'a>>,
    facts: Facts<'a>,
    at: Instant,
) -> &'s Snapshot<'a> {
    if at_hand.as_ref().is_some_and(|snapshot| snapshot.at != at) {
        *at_hand = None;
    }
    at_hand.get_or_insert_with(|| facts.timeline.at(facts.registry, at))
}
