//! Whose turn it is where every candidate diverts and the policy takes turns: patients that were forced on somebody since
//! the row's local midnight, by the log and by earlier rows.
//!
//! Floor 6. Keeps a number for each facility and local day, however many patients come.

use std::collections::BTreeMap;

use chrono_tz::Tz;

use crate::model::{FacilityId, Instant};
use crate::report::period;
use crate::state::Timeline;

/// Forced patients of this stream.
pub(super) struct Turns {
    zone: Tz,
    /// The local day of the last row, from its first moment to the next day's.
    day: (Instant, Instant),
    /// By the first moment of the local day.
    taken: BTreeMap<Instant, BTreeMap<FacilityId, u32>>,
}

impl Turns {
    /// Days are those of `zone`.
    pub(super) fn new(zone: Tz) -> Self {
        let nowhen = Instant::from_seconds(0);
        Self { zone, day: (nowhen, nowhen), taken: BTreeMap::new() }
    }

    /// How many patients each facility was forced to take since local midnight, when a row of this time is answered.
    pub(super) fn forced(&mut self, at: Instant, timeline: &Timeline<'_>) -> BTreeMap<FacilityId, u32> {
        if at < self.day.0 || at >= self.day.1 {
            self.day = period::day_of(at, self.zone);
        }
        let mut forced = timeline.forced_between(self.day.0, at);
        for (facility, count) in self.taken.get(&self.day.0).into_iter().flatten() {
            *forced.entry(*facility).or_default() += count;
        }
        forced
    }

    /// Counts what the last row came to.
    pub(super) fn took(&mut self, facility: FacilityId) {
        *self.taken.entry(self.day.0).or_default().entry(facility).or_default() += 1;
    }
}
