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
    /// Where it begins: in the first stage, or later where that begins longer ago than can be told.
    from: Instant,
    /// When each stage ends, in seconds from then on.
    ends: [u32; Self::STAGES],
    steps: [Step; Self::STAGES],
    /// The place of the first in the course.
    place: u32,
}

impl Hint {
    const STAGES: usize = 6;

    /// Nobody has asked.
    pub(super) const NONE: Self = Self {
        from: Instant::from_seconds(0),
        ends: [0; Self::STAGES],
        steps: [Step::NOTHING; Self::STAGES],
        place: 0,
    };

    /// How long after the beginning an instant is that is in one of the stages.
    #[inline]
    fn since(&self, at: Instant) -> Option<u32> {
        let since = u32::try_from(at.seconds().wrapping_sub(self.from.seconds())).ok()?;
        (since < self.ends[Self::STAGES - 1]).then_some(since)
    }

    /// Which of the stages that is in.
    #[inline]
    fn stage(&self, since: u32) -> usize {
        self.ends[..Self::STAGES - 1].iter().filter(|end| **end <= since).count()
    }

    /// Goes to where the stage of an instant is among the first, but not the very first where there is one before it. Near
    /// where it was it is found soonest.
    #[allow(clippy::cast_possible_truncation)] // fewer stages than 2^32 events make
    fn go(&mut self, at: Instant, stages: &[Stage]) {
        /// So many seconds before an instant can be told at least.
        const AGO: i64 = 1 << 31;
        let is_past = |stage: &Stage| stage.begins <= at;
        // It lies from here on and before there. The first stage begins before everything.
        let (mut here, mut there, mut farther) = (self.place as usize, self.place as usize + 1, 1);
        while !is_past(&stages[here]) {
            (here, there, farther) = (here.saturating_sub(farther), here, 2 * farther);
        }
        while stages.get(there).is_some_and(is_past) {
            (here, there, farther) = (there, there + farther, 2 * farther);
        }
        let between = &stages[here..there.min(stages.len())];
        let place = here + between.partition_point(is_past) - 1;
        let first = place.saturating_sub(1);
        self.from = stages[first].begins.max(Instant::from_seconds(at.seconds().saturating_sub(AGO)));
        let from = self.from.seconds();
        self.ends = std::array::from_fn(|more| match stages.get(first + more + 1) {
            Some(next) => {
                let end = next.begins.seconds().saturating_sub(from).max(0);
                u32::try_from(end).unwrap_or(u32::MAX)
            }
            None => u32::MAX,
        });
        self.steps =
            std::array::from_fn(|more| stages.get(first + more).map_or(Step::NOTHING, |stage| stage.step));
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
    /// The stages about this instant, and the one that it is in.
    #[inline]
    fn hint(&mut self, facility: u32) -> (&Hint, usize) {
        let hint = &self.hints[facility as usize];
        let since = hint.since(self.at).unwrap_or_else(|| self.find(facility));
        let hint = &self.hints[facility as usize];
        (hint, hint.stage(since))
    }

    #[inline(never)]
    fn find(&mut self, facility: u32) -> u32 {
        let Self { index, surveyor, hints, courses, at, .. } = self;
        let course = courses[facility as usize]
            .get_or_insert_with(|| index.course(facility, surveyor).stages().clone());
        let hint = &mut hints[facility as usize];
        hint.go(*at, course);
        hint.since(*at).unwrap_or_default() // it is there now
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
        let (hint, now) = self.hint(facility);
        hint.steps[now]
    }

    /// What that means; `None`: it is closed for good, and no candidate.
    #[inline]
    pub(super) fn verdict(&mut self, facility: u32) -> Option<Verdict> {
        self.standing(facility).map(|(_, verdict)| verdict)
    }

    /// Both.
    #[inline]
    pub(super) fn standing(&mut self, facility: u32) -> Option<(Step, Verdict)> {
        let step = self.step(facility);
        Some((step, self.verdict_of(facility, step, self.at)?))
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
        let (hint, now) = self.hint(facility);
        if until.seconds().saturating_sub(hint.from.seconds()) < hint.ends[now].into() {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_stage_is_found_from_wherever_it_was_found_before(
            lengths in prop::collection::vec(1..50_i64, 0..120),
            asked in prop::collection::vec(-10..3000_i64, 1..12),
        ) {
            let mut begins = 0;
            let later = lengths.iter().map(|length| {
                begins += length;
                begins
            });
            let stages: Vec<Stage> = std::iter::once(i64::MIN)
                .chain(later)
                .map(|begins| Stage { begins: Instant::from_seconds(begins), step: Step::NOTHING })
                .collect();
            let mut hint = Hint::NONE;
            for at in asked.into_iter().map(Instant::from_seconds) {
                hint.go(at, &stages);
                let found = hint.since(at).map(|since| hint.place as usize + hint.stage(since) + 1);
                prop_assert_eq!(found, Some(stages.partition_point(|stage| stage.begins <= at)));
            }
        }
    }
}
