//! From where a patient goes, and the search from there, nearest first.
//!
//! Floor 2. From places from which minutes are known the search goes along a [`Ranking`], from all others through a
//! [`Space`](super::space::Space).

use std::sync::Arc;

use crate::model::{Origin, Position};

use super::super::travel::{self, MinutesSource};
use super::Candidates;
use super::found::{Adds, Found};
use super::kind::Verdict;
use super::look::Look;
use super::ranking::{Ranked, Ranking};
use super::reckon::Point;
use super::space::Near;

/// The facilities that meet one requirement, and where they are.
#[derive(Debug)]
pub(super) struct Ground {
    pub(super) candidates: Arc<Candidates>,
    /// What was found there last.
    pub(super) near: Near,
}

/// The place among all grounds of that of every ED.
pub(super) const EDS: usize = 0;

/// Where a patient is, and the grounds to search.
pub(super) struct Way<'x> {
    pub(super) origin: Origin,
    pub(super) position: Position,
    pub(super) point: Point,
    pub(super) grounds: &'x mut [Ground],
    /// The one of the patient's requirement.
    pub(super) ground: usize,
    /// Where minutes are known: of the patient's ground, and of every ED.
    pub(super) rankings: Option<(&'x Ranking, &'x Ranking)>,
}

impl Way<'_> {
    /// The last resorts that meet the requirement.
    pub(super) fn externals(&self) -> &[u32] {
        &self.grounds[self.ground].candidates.external
    }

    /// Looks for home and the first of those who accept, last resorts aside. `None`: it can't be told from here.
    pub(super) fn search(
        &mut self,
        look: &mut Look<'_, '_>,
        found: &mut Found,
        wanted: usize,
        adds: Adds<'_>,
    ) -> Option<()> {
        if let Some((ranking, _)) = self.rankings {
            return along(ranking, look, found, wanted, adds);
        }
        let ground = &mut self.grounds[self.ground];
        through(ground, (self.position, self.point), look, found, wanted, adds);
        Some(())
    }

    /// Whether some ED is nearer than home, of all that are not closed for good, last resorts aside. `None`: it can't be
    /// told from here.
    pub(super) fn passes_an_ed(&mut self, look: &Look<'_, '_>, home: Ranked) -> Option<bool> {
        if self.ground == EDS {
            return Some(false);
        }
        let Some((_, eds)) = self.rankings else {
            let eds = &mut self.grounds[EDS];
            return Some(is_nearer_than(home, eds, (self.position, self.point), look));
        };
        let nearer = |there: &&Ranked| (there.tenths, there.facility) < (home.tenths, home.facility);
        if eds.ranked.iter().take_while(nearer).any(|there| look.index.is_ed(there.facility, look.at)) {
            return Some(true);
        }
        eds.beyond.is_none_or(|beyond| home.tenths < beyond).then_some(false)
    }

    /// Whether of all who accept some minutes are known and some estimated, where those of one of them are from `source`.
    /// `None`: it can't be told from here.
    pub(super) fn is_mixed(&self, look: &mut Look<'_, '_>, source: MinutesSource) -> Option<bool> {
        let Some((ranking, _)) = self.rankings else { return Some(false) };
        let registry = look.index.registry;
        let mut accepts = |facility: u32| look.verdict(facility).is_some_and(Verdict::is_eligible);
        for there in ranking.ranked.iter().filter(|there| there.source != source) {
            if accepts(there.facility) {
                return Some(true);
            }
        }
        for there in &self.grounds[self.ground].candidates.external {
            if accepts(*there) && travel::minutes(registry, self.origin, (*there).into()).1 != source {
                return Some(true);
            }
        }
        // What is not listed is estimated.
        (source == MinutesSource::Est || ranking.beyond.is_none()).then_some(false)
    }
}

/// Searches a ranking. `None`: it is not long enough to tell.
fn along(
    ranking: &Ranking,
    look: &mut Look<'_, '_>,
    found: &mut Found,
    wanted: usize,
    adds: Adds<'_>,
) -> Option<()> {
    found.begin(wanted);
    for stop in &ranking.ranked {
        if found.farthest().is_some_and(|farthest| stop.tenths > farthest) {
            break;
        }
        let Some(verdict) = look.verdict(stop.facility) else { continue };
        found.meet_candidate(*stop);
        if verdict.is_eligible() {
            found.meet_eligible(stop.tenths + adds.to(stop.facility, verdict, look), *stop);
        }
    }
    let is_enough = |beyond: i64| found.farthest().is_some_and(|farthest| farthest < beyond);
    ranking.beyond.is_none_or(is_enough).then_some(())
}

/// Searches from a point, from which no minutes are known.
fn through(
    ground: &mut Ground,
    (position, point): (Position, Point),
    look: &mut Look<'_, '_>,
    found: &mut Found,
    wanted: usize,
    adds: Adds<'_>,
) {
    /// Beyond the destination and the alternates, so many of the nearest may divert before more are looked for.
    const SPARE: usize = 2;
    let index = look.index;
    let Ground { candidates, near } = ground;
    let mut count = wanted.max(1) + SPARE;
    loop {
        found.begin(wanted);
        candidates.space.nearest(point, count, f64::INFINITY, near);
        look.approach(candidates.space.there(near).take(wanted + 1).map(|there| there.facility));
        let (mut chord, mut chord2, mut home2) = (f64::INFINITY, f64::INFINITY, f64::INFINITY);
        for there in candidates.space.there(near) {
            // This one and all that follow are beyond reach.
            if there.least > chord {
                break;
            }
            let facility = there.facility;
            let here2 = point.chord2(there.point);
            if here2 > chord2 {
                continue;
            }
            let Some(verdict) = look.verdict(facility) else { continue };
            if !verdict.is_eligible() && here2 > home2 {
                continue;
            }
            let tenths = index.tenths(here2, position, facility);
            let stop = Ranked { tenths, facility, source: MinutesSource::Est };
            if here2 <= home2 {
                found.meet_candidate(stop);
                let within = index.chord_within(found.home.map_or(tenths, |home| home.tenths));
                home2 = within * within;
            }
            if verdict.is_eligible() {
                found.meet_eligible(tenths + adds.to(facility, verdict, look), stop);
            }
            if let Some(farthest) = found.farthest() {
                chord = index.chord_within(farthest);
                chord2 = chord * chord;
            }
        }
        if chord <= near.reach {
            return;
        }
        count = count.saturating_mul(4);
    }
}

/// Whether some ED is nearer than home, of all that are not closed for good and no last resort.
fn is_nearer_than(
    home: Ranked,
    eds: &mut Ground,
    (position, point): (Position, Point),
    look: &Look<'_, '_>,
) -> bool {
    let index = look.index;
    let chord = index.chord_within(home.tenths);
    let Ground { candidates, near } = eds;
    let mut count = 2;
    loop {
        candidates.space.nearest(point, count, chord, near);
        let is_nearer = candidates.space.there(near).any(|there| {
            let (facility, here2) = (there.facility, point.chord2(there.point));
            here2 <= chord * chord
                && facility != home.facility
                && index.is_ed(facility, look.at)
                && (index.tenths(here2, position, facility), facility) < (home.tenths, home.facility)
        });
        if is_nearer || chord <= near.reach {
            return is_nearer;
        }
        count = count.saturating_mul(4);
    }
}
