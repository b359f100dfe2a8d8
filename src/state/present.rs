//! The present: what matters at one instant, where that is less than all that is known.
//!
//! Floor 2. Of a plain facility the few events round an instant come by themselves to what all of them come to then: what
//! holds, since when and until when, what ran out since the last report, and that report. Which they are a walk tells of
//! one facility, and of all a sweep.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use crate::model::{FacilityId, Instant, Registry, Subject, Task};

use super::episode::EndedBy;
use super::limits::Rulings;
use super::snapshot::FacilityState;
use super::sweep;
use super::timeline::{History, Timeline, history};
use super::walk::{Saying, StateAt, Walk, Witness};

/// Of each facility what matters at one instant.
#[derive(Clone, Debug)]
pub(super) struct Present {
    at: Instant,
    facilities: Vec<Option<Box<History>>>,
}

impl Timeline<'_> {
    /// Works out of every facility what a board of that instant will ask for: what holds then, since when and until when,
    /// what ran out since the last report, and that report. Nothing is done for a second instant: whoever asks about many
    /// needs everything. `at_once` does all that it is given, in whatever order; there are `parts` of it at a time.
    pub fn look_ahead(&self, at: Instant, parts: usize, at_once: impl Fn(Vec<Task<'_>>)) {
        self.present
            .get_or_init(|| Present { at, facilities: sweep::board(self, at, parts.max(1), at_once) });
    }
    /// What is known of a facility as far as it matters at an instant, where that was worked out; else all of it.
    pub(super) fn at_present(&self, facility: FacilityId, at: Instant) -> Option<&History> {
        match self.present.get() {
            Some(present) if present.at == at && !self.rulings.contains_key(&facility) => {
                present.facilities.get(facility.index())?.as_deref()
            }
            Some(_) | None => self.facility(facility),
        }
    }
    /// What matters of a plain facility.
    fn little(&self, facility: FacilityId, at: Instant, walk: &mut Walk<'_>) -> Option<History> {
        let events = walk.read(facility).then(|| walk.around(at))??;
        let lines = self.ledger.between(Subject::Facility(facility), self.known_at, events);
        history(self.registry, lines, &self.lanes, &Rulings::default())
    }
    /// Tells of the state of one facility at an instant, for whoever asks about it once: of its history no more is folded
    /// than matters then, and nothing is kept.
    pub fn glance<T>(
        &self,
        registry: &Registry,
        facility: FacilityId,
        at: Instant,
        tell: impl FnOnce(&FacilityState<'_>) -> T,
    ) -> T {
        let little = self.little(facility, at, &mut Walk::new(self)).map(Cow::Owned);
        let history = little.or_else(|| self.folded(facility));
        tell(&FacilityState::of(self, history.as_deref(), registry, facility, at))
    }
}

impl Walk<'_> {
    /// The first and the last event of those that by themselves come to what holds at an instant, since when and until
    /// when, and to what was reported last: from the beginning of the first episode that is open after the last saying
    /// until then, to where none of these is open any more. `None` where nothing is said, or more than is declared matters.
    pub(super) fn around(&mut self, at: Instant) -> Option<RangeInclusive<u64>> {
        if self.passed_over {
            return None;
        }
        let told = self.sayings.partition_point(|saying| saying.from <= at);
        let Some(last) = told.checked_sub(1) else {
            // Nothing holds then, but it is known of.
            return self.sayings.first().map(|first| first.event..=first.event);
        };
        self.set_out();
        let mut ties = Ties::default();
        for at in 0..told {
            ties.step(self, at);
        }
        let begun = self.begun;
        // What had run out by then ran out before the last report.
        let lasting = self.open().filter(|open| self.sayings[last].from < open.until);
        let first = lasting.map(|open| ties.begun_at[open.episode]);
        let mut first = first.min().unwrap_or(last).min(last);
        let mut last = last;
        while last + 1 < self.sayings.len() {
            let goes_on = self.sayings[last].from;
            if !self.open().any(|open| open.episode < begun && goes_on < open.until) {
                break;
            }
            last += 1;
            ties.step(self, last);
        }
        // What begins before and is confirmed there belongs to it: else the confirmation would begin it.
        for (at, back_to) in ties.back_to.iter().enumerate().take(last + 1).rev() {
            if at < first {
                break;
            }
            first = first.min(*back_to);
        }
        Some(self.sayings[first].event..=self.sayings[last].event)
    }
}

/// Which sayings belong together, by their places.
#[derive(Default)]
struct Ties {
    /// By episode: where it begins.
    begun_at: Vec<usize>,
    /// By saying: where the first episode begins that it begins or confirms.
    back_to: Vec<usize>,
}

impl Ties {
    fn step(&mut self, walk: &mut Walk<'_>, at: usize) {
        self.back_to.push(at);
        walk.step(at, self);
    }
}

impl Witness for Ties {
    fn begins(&mut self, _: StateAt, _: &Saying) {
        self.begun_at.push(self.back_to.len() - 1);
    }
    fn confirmed(&mut self, episode: usize, _: &Saying) {
        if let Some(back_to) = self.back_to.last_mut() {
            *back_to = self.begun_at[episode].min(*back_to);
        }
    }
    fn ends(&mut self, _: usize, _: Instant, _: EndedBy, _: Option<u64>) {}
}
