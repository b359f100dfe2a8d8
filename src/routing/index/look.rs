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

/// Where in a facility's course an asker last found it: the next patient probably finds it there, or near by.
#[derive(Clone, Debug)]
pub(super) struct Hint {
    from: Instant,
    until: Instant,
    step: Step,
    place: u32,
    /// The whole course; `None` before it was asked for.
    stages: Option<Arc<[Stage]>>,
}

impl Hint {
    /// Nobody has asked.
    pub(super) const NONE: Self = Self {
        from: Instant::from_seconds(0),
        until: Instant::from_seconds(0),
        step: Step::NOTHING,
        place: 0,
        stages: None,
    };

    /// Goes on to the stage of an instant. Near where it was it is found soonest.
    #[allow(clippy::cast_possible_truncation)] // fewer stages than 2^32 events make
    fn go(&mut self, at: Instant) {
        /// So many stages are tried before the whole course is searched.
        const NEAR: usize = 8;
        let Some(stages) = self.stages.as_deref() else { return };
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
        self.until = next(place).unwrap_or(Instant::from_seconds(i64::MAX));
        Stage { begins: self.from, step: self.step } = stages[place];
        self.place = place as u32;
    }

    /// The stage after so many others from here on.
    fn later(&self, more: usize) -> Option<Stage> {
        self.stages.as_deref()?.get(self.place as usize + more).copied()
    }
}

/// Facilities as a kind of patient finds them at an instant.
pub(super) struct Look<'x, 'a> {
    pub(super) index: &'x Index<'a>,
    pub(super) surveyor: &'x mut Surveyor<'a>,
    pub(super) hints: &'x mut [Hint],
    pub(super) kind: &'x mut Kind,
    pub(super) at: Instant,
}

impl Look<'_, '_> {
    /// Where a facility's course stands.
    #[inline]
    fn hint(&mut self, facility: u32) -> &Hint {
        let hint = &self.hints[facility as usize];
        if !(hint.from <= self.at && self.at < hint.until) {
            self.find(facility);
        }
        &self.hints[facility as usize]
    }

    #[inline(never)]
    fn find(&mut self, facility: u32) {
        let hint = &mut self.hints[facility as usize];
        if hint.stages.is_none() {
            hint.stages = Some(self.index.course(facility, self.surveyor).stages().clone());
        }
        hint.go(self.at);
    }

    /// What holds of a facility.
    #[inline]
    pub(super) fn step(&mut self, facility: u32) -> Step {
        self.hint(facility).step
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
        if self.hint(facility).until > until {
            return false;
        }
        let mut more = 1;
        while let Some(stage) = self.hint(facility).later(more).filter(|stage| stage.begins <= until) {
            let verdict = self.verdict_of(facility, stage.step, stage.begins);
            if !verdict.is_some_and(Verdict::is_eligible) {
                return true;
            }
            more += 1;
        }
        false
    }

    /// Whether the newest report of a facility is too old.
    pub(super) fn is_stale(&mut self, facility: u32) -> bool {
        self.index.sites[facility as usize].stale_after.is_some_and(|limit| {
            let report = self.index.course(facility, self.surveyor).last_report(self.at);
            report.is_some_and(|report| self.at.since(report) > limit)
        })
    }
}
