//! What a search finds: home, and the first of those who accept.
//!
//! Floor 2.

use crate::model::{FacilityId, Minutes, Origin, Policy};
use crate::state;

use super::super::travel;
use super::kind::Verdict;
use super::look::Look;
use super::ranking::Ranked;

/// What a policy adds to ranks, in tenths of a minute.
#[derive(Clone, Copy, Default)]
pub(super) struct Adds<'p>(pub(super) Option<&'p Policy>);

impl Adds<'_> {
    /// For one facility.
    #[inline]
    pub(super) fn to(self, facility: u32, verdict: Verdict, look: &Look<'_, '_>) -> i64 {
        self.0.map_or(0, |policy| Self::by(policy, facility, verdict, look))
    }

    fn by(policy: &Policy, facility: u32, verdict: Verdict, look: &Look<'_, '_>) -> i64 {
        let advisory = if verdict.is_advised() { policy.advisory_minutes } else { Minutes::ZERO };
        let crowded = policy.crowding.filter(|crowding| {
            let facility = FacilityId::from(facility);
            let history = look.index.timeline.facility(facility);
            let census = history.and_then(|history| history.census(look.at));
            let nedocs =
                census.and_then(|census| state::nedocs(&look.index.registry.facilities[facility], census));
            nedocs.is_some_and(|score| score >= crowding.nedocs)
        });
        (advisory + crowded.map_or(Minutes::ZERO, |crowding| crowding.minutes)).tenths()
    }
}

/// Somebody who accepts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Accepts {
    /// Tenths of a minute, and what the policy adds.
    pub(super) rank: i64,
    pub(super) stop: Ranked,
}

/// What a search found so far.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The nearest candidate, whatever its status.
    pub(super) home: Option<Ranked>,
    /// The first of those who accept, by rank, then by id.
    pub(super) accepts: Vec<Accepts>,
    /// So many are wanted. None: only home is looked for.
    wanted: usize,
}

impl Found {
    /// Begins a search.
    pub(super) fn begin(&mut self, wanted: usize) {
        self.home = None;
        self.accepts.clear();
        self.wanted = wanted;
    }
    /// Nobody farther than so many tenths makes a difference any more.
    pub(super) fn farthest(&self) -> Option<i64> {
        match self.wanted.checked_sub(1) {
            Some(last) => self.accepts.get(last).map(|last| last.rank),
            None => self.home.map(|home| home.tenths),
        }
    }
    /// Takes in a candidate, whatever its status.
    pub(super) fn meet_candidate(&mut self, stop: Ranked) {
        if self.home.is_none_or(|home| (stop.tenths, stop.facility) < (home.tenths, home.facility)) {
            self.home = Some(stop);
        }
    }
    /// Takes in a candidate that accepts.
    pub(super) fn meet_eligible(&mut self, rank: i64, stop: Ranked) {
        let place = self
            .accepts
            .iter()
            .rposition(|other| (other.rank, other.stop.facility) < (rank, stop.facility))
            .map_or(0, |before| before + 1);
        if place < self.wanted {
            self.accepts.truncate(self.wanted - 1);
            self.accepts.insert(place, Accepts { rank, stop });
        }
    }

    /// Adds the last resorts that accept, where there is room for them.
    pub(super) fn add_externals(
        &mut self,
        look: &mut Look<'_, '_>,
        externals: &[u32],
        origin: Origin,
        adds: Adds<'_>,
    ) {
        if self.accepts.len() >= self.wanted {
            return;
        }
        let mut more: Vec<Accepts> = Vec::new();
        for facility in externals.iter().copied() {
            let Some(verdict) = look.verdict(facility).filter(|verdict| verdict.is_eligible()) else {
                continue;
            };
            let (minutes, source) = travel::minutes(look.index.registry, origin, facility.into());
            let stop = Ranked { tenths: minutes.tenths(), facility, source };
            more.push(Accepts { rank: stop.tenths + adds.to(facility, verdict, look), stop });
        }
        more.sort_unstable_by_key(|accepts| (accepts.rank, accepts.stop.facility));
        more.truncate(self.wanted - self.accepts.len());
        self.accepts.append(&mut more);
    }
}
