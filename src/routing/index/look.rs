//! Facilities as a kind of patient finds them at an instant, and where an asker found them before.
//!
//! Floor 2.

use std::sync::Arc;

use crate::model::{FacilityId, Instant, Minutes};
use crate::state::{Stage, Step, Surveyor};

use super::super::decision::Stop;
use super::super::travel::MinutesSource;
use super::Index;
use super::kind::{Kind, Verdict};

/// A few stages of a facility's course, about where an asker last found it: the next patient probably finds it there.
/// One fits into a line of the processor's cache.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub(super) struct Hint {
    /// When each begins, and the end of the last.
    begins: [Instant; Self::STAGES + 1],
    steps: [Step; Self::STAGES],
    /// The place of the first in the course.
    place: u32,
}

impl Hint {
    const STAGES: usize = 4;

    /// Nobody has asked.
    pub(super) const NONE: Self = Self {
        begins: [Instant::from_seconds(0); Self::STAGES + 1],
        steps: [Step::NOTHING; Self::STAGES],
        place: 0,
    };

    /// Whether an instant is in one of the stages.
    fn covers(&self, at: Instant) -> bool {
        let [first, .., end] = self.begins;
        first <= at && at < end
    }

    /// Which of the stages an instant that it covers is in.
    fn stage(&self, at: Instant) -> usize {
        self.begins[1..Self::STAGES].iter().filter(|begins| **begins <= at).count()
    }

    /// Goes to where the stage of an instant is among the first, but not the very first where there is one before it. Near
    /// where it was it is found soonest.
    #[allow(clippy::cast_possible_truncation)] // fewer stages than 2^32 events make
    fn go(&mut self, at: Instant, stages: &[Stage]) {
        /// So many stages are tried before the whole course is searched.
        const NEAR: usize = 8;
        let next = |place: usize| stages.get(place + 1).map(|next| next.begins);
        let mut place = self.place as usize;
        let mut tried = 0;
        while tried < NEAR && at < stages[place].begins {
            (place, tried) = (place - 1, tried + 1); // the first begins before everything
        }
        while tried < NEAR && next(place).is_some_and(|next| next <= at) {
            (place, tried) = (place + 1, tried + 1);
        }
        if tried == NEAR {
            place = stages.partition_point(|stage| stage.begins <= at).max(1) - 1;
        }
        let first = place.saturating_sub(1);
        let nothing = Stage { begins: Instant::from_seconds(i64::MAX), step: Step::NOTHING };
        let stage = |more: usize| stages.get(first + more).copied().unwrap_or(nothing);
        self.begins = std::array::from_fn(|more| stage(more).begins);
        self.steps = std::array::from_fn(|more| stage(more).step);
        self.place = first as u32;
    }
}

/// The whole courses of facilities, by id, as far as an asker has asked for them.
pub(super) type Courses = [Option<Arc<[Stage]>>];

/// Facilities as a kind of patient finds them at an instant.
pub(super) struct Look<'x, 'a> {
    pub(super) index: &'x Index<'a>,
    pub(super) surveyor: &'x mut Surveyor<'a>,
    pub(super) hints: &'x mut [Hint],
    pub(super) courses: &'x mut Courses,
    pub(super) kind: &'x mut Kind,
    pub(super) at: Instant,
}

impl Look<'_, '_> {
    /// The stages about this instant.
    #[inline]
    fn hint(&mut self, facility: u32) -> &Hint {
        if !self.hints[facility as usize].covers(self.at) {
            self.find(facility);
        }
        &self.hints[facility as usize]
    }

    #[inline(never)]
    fn find(&mut self, facility: u32) {
        let Self { index, surveyor, hints, courses, at, .. } = self;
        let course = courses[facility as usize]
            .get_or_insert_with(|| index.course(facility, surveyor).stages().clone());
        hints[facility as usize].go(*at, course);
    }

    /// Has what is known of facilities fetched from memory, all at once, before one after the other is asked about.
    #[inline]
    pub(super) fn approach(&self, facilities: impl Iterator<Item = u32>) {
        let fetched = facilities.fold(0, |fetched, facility| fetched ^ self.hints[facility as usize].place);
        std::hint::black_box(fetched);
    }

    /// What holds of a facility.
    #[inline]
    pub(super) fn step(&mut self, facility: u32) -> Step {
        let at = self.at;
        let hint = self.hint(facility);
        hint.steps[hint.stage(at)]
    }

    /// What that means; `None`: it is closed for good, and no candidate.
    #[inline]
    pub(super) fn verdict(&mut self, facility: u32) -> Option<Verdict> {
        let step = self.step(facility);
        self.verdict_of(facility, step, self.at)
    }

    #[inline]
    fn verdict_of(&mut self, facility: u32, step: Step, at: Instant) -> Option<Verdict> {
        if step.is_closed_for_good() {
            return None;
        }
        Some(self.kind.known(step.stance()).unwrap_or_else(|| self.judge(facility, step, at)))
    }

    #[cold]
    fn judge(&mut self, facility: u32, step: Step, at: Instant) -> Verdict {
        let facility = FacilityId::from(facility);
        let stop = Stop { facility, minutes: Minutes::ZERO, source: MinutesSource::Est };
        let Self { index, kind, .. } = self;
        index
            .timeline
            .glance(index.registry, facility, at, |state| kind.judge(index, step.stance(), stop, state))
    }

    /// Whether a facility that accepts now has a reason against it at any moment until an instant, that one included.
    pub(super) fn turns_away_by(&mut self, facility: u32, until: Instant) -> bool {
        let at = self.at;
        let hint = self.hint(facility);
        let now = hint.stage(at);
        if until < hint.begins[now + 1] {
            return false;
        }
        let mut place = hint.place as usize + now + 1;
        let stage = |look: &Self, place: usize| look.courses[facility as usize].as_ref()?.get(place).copied();
        while let Some(stage) = stage(self, place).filter(|stage| stage.begins <= until) {
            let verdict = self.verdict_of(facility, stage.step, stage.begins);
            if !verdict.is_some_and(Verdict::is_eligible) {
                return true;
            }
            place += 1;
        }
        false
    }

    /// Whether the newest report of a facility is too old.
    pub(super) fn is_stale(&mut self, facility: u32) -> bool {
        self.index.stale_after.get(facility as usize).copied().flatten().is_some_and(|limit| {
            let report = self.index.course(facility, self.surveyor).last_report(self.at);
            report.is_some_and(|report| self.at.since(report) > limit)
        })
    }
}
