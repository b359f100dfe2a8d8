//! Those who ask the index, one patient after the other.
//!
//! Floor 2. Follows the steps of [`decide`](super::super::decide()) as far as they are plain: where home has a reason and
//! neither order nor rule leads away from it, nobody wants to be asked and somebody accepts.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::model::{
    FacilityId, Instant, Minutes, Origin, Patient, Policy, Position, Priority, RegionId, ServiceId,
};
use crate::state::{Stage, Step, Surveyor};

use super::super::brief::Brief;
use super::super::decision::{DecidedBy, Disposition, Flag, Outcome, Stop};
use super::super::redirect;
use super::super::travel::MinutesSource;
use super::found::{Adds, Found};
use super::kind::{Kind, Kinds, Verdict};
use super::look::{Hint, Look};
use super::ranking::{Ranked, Ranking};
use super::reckon::Point;
use super::space::{self, Near};
use super::way::{EDS, Ground, Way};
use super::{Index, Start};

/// How many patients were answered, and how many were left to the reference.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// Answered.
    pub answered: u64,
    /// Left to the reference.
    pub left: u64,
}

/// Somebody who asks an index of one patient after the other, and remembers where it looked: neighbours and contemporaries
/// are found sooner.
#[derive(Debug)]
pub struct Asker<'a> {
    index: Arc<Index<'a>>,
    surveyor: Surveyor<'a>,
    alternates: usize,
    hints: Vec<Hint>,
    courses: Vec<Option<Arc<[Stage]>>>,
    kinds: Kinds,
    grounds: Vec<Ground>,
    /// Which ground meets a requirement.
    ground_of: BTreeMap<BTreeSet<ServiceId>, usize>,
    /// By where the way begins and the ground.
    rankings: HashMap<(Start, usize), Ranking>,
    found: Found,
    /// What was found last.
    brief: Brief,
    tally: Tally,
}

/// So many grounds are kept at once,
const GROUNDS: usize = 64;
/// and so many rankings.
const RANKINGS: usize = 1 << 15;

impl<'a> Asker<'a> {
    /// Somebody who asks for that many alternates a patient.
    pub fn new(index: Arc<Index<'a>>, alternates: usize) -> Self {
        let (timeline, stances) = (index.timeline.clone(), index.stances.clone());
        let mut asker = Self {
            surveyor: Surveyor::new(index.registry, timeline, stances),
            alternates,
            hints: vec![Hint::NONE; index.points.len()],
            courses: vec![None; index.points.len()],
            kinds: Kinds::default(),
            grounds: Vec::new(),
            ground_of: BTreeMap::new(),
            rankings: HashMap::new(),
            found: Found::default(),
            brief: Brief {
                outcome: Outcome::Routed,
                destination: None,
                decided_by: Some(DecidedBy::Nearest),
                home: None,
                disposition: None,
                alternates: Vec::new(),
                flags: Vec::new(),
                notes: Vec::new(),
            },
            tally: Tally::default(),
            index,
        };
        asker.ground(&BTreeSet::new());
        asker
    }

    /// How many patients it asked about so far.
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// Whether this is the index that it asks.
    pub fn asks(&self, index: &Arc<Index<'a>>) -> bool {
        Arc::ptr_eq(&self.index, index)
    }

    /// A number for where that is: places with near numbers are near each other. Those who are near each other are best
    /// asked about one after the other.
    pub fn neighborhood(&self, origin: Origin) -> u32 {
        space::neighborhood(self.index.position(origin))
    }

    /// The kind of a patient. What was assumed of one makes no difference.
    fn kind(&mut self, patient: &Patient) -> usize {
        self.kinds.find(patient).unwrap_or_else(|| {
            if self.kinds.is_full() || self.grounds.len() >= GROUNDS {
                self.forget();
            }
            let ground = self.ground(&self.index.registry.requires(&patient.needs));
            self.kinds.add(Kind::new(&self.index, patient, ground))
        })
    }

    /// Begins anew, so that memory does not grow with whatever is asked.
    fn forget(&mut self) {
        self.kinds = Kinds::default();
        self.rankings.clear();
        self.grounds.truncate(EDS + 1);
        self.ground_of.retain(|_, ground| *ground == EDS);
    }

    fn ground(&mut self, required: &BTreeSet<ServiceId>) -> usize {
        if let Some(ground) = self.ground_of.get(required) {
            return *ground;
        }
        let candidates = self.index.candidates(required);
        self.grounds.push(Ground { candidates, near: Near::default() });
        self.ground_of.insert(required.clone(), self.grounds.len() - 1);
        self.grounds.len() - 1
    }

    /// Finds where a patient goes from there at that time, which is then [`Self::found`]. `false`: the reference is to be
    /// asked.
    pub fn finds(&mut self, patient: &Patient, origin: Origin, at: Instant) -> bool {
        let finds = self.answer(patient, origin, at).is_some();
        if finds {
            self.tally.answered += 1;
        } else {
            self.tally.left += 1;
        }
        finds
    }

    /// What was found last.
    pub fn found(&self) -> &Brief {
        &self.brief
    }

    fn answer(&mut self, patient: &Patient, origin: Origin, at: Instant) -> Option<()> {
        let kind = self.kind(patient);
        let Self {
            index, surveyor, alternates, hints, courses, kinds, grounds, rankings, found, brief, ..
        } = self;
        let (index, wanted) = (&**index, *alternates + 1);
        index.reckoning?;
        let kind = kinds.get_mut(kind)?;
        if kind.patient.extremis || kind.patient.request.is_some() {
            return None;
        }
        let ground = kind.ground;
        let mut look = Look { index, surveyor, hints, courses, kind, at };
        let position = index.position(origin);
        let rankings = rank(index, (origin, position), grounds, ground, rankings);
        let mut way = Way { origin, position, point: Point::of(position), grounds, ground, rankings };
        let governing =
            |home: Option<Ranked>| index.governing(origin, home.map(|home| home.facility.into()), at);
        let mut adds = Adds::default();
        if index.adds && look.kind.may_be_moved {
            way.search(&mut look, found, 0, adds)?;
            adds = Adds(governing(found.home).map(|(_, policy)| policy));
        }
        way.search(&mut look, found, wanted, adds)?;
        let home = found.home?;
        let governing = governing(Some(home));
        let home_stands = look.standing(home.facility)?;
        if is_led_away(&mut look, home, home_stands) || level_asks(&mut look, governing) {
            return None;
        }
        let chosen = found.accepts.first()?.stop;
        let chosen_stands =
            if chosen.facility == home.facility { home_stands } else { look.standing(chosen.facility)? };
        if home_stands.1.has_soft_reasons_only()
            && governing.is_some_and(|(_, policy)| may_limit(policy, home, chosen))
        {
            return None;
        }
        found.add_externals(&mut look, way.externals(), origin, adds);
        let mixed = way.is_mixed(&mut look, chosen.source)?;
        let disposition = if chosen.facility != home.facility {
            Disposition::Diversion
        } else if way.passes_an_ed(&look, home)? {
            Disposition::SpecialtyCenter
        } else {
            Disposition::Closest
        };
        brief.flags.clear();
        flag(&mut look, (chosen, chosen_stands), home, mixed, &mut brief.flags)?;
        brief.destination = Some(stop(chosen));
        brief.home = Some(stop(home));
        brief.disposition = Some(disposition);
        brief.alternates.clear();
        brief.alternates.extend(found.accepts.iter().skip(1).map(|accepts| stop(accepts.stop)));
        Some(())
    }
}

/// Where minutes from somewhere are known: its rankings on a ground, and of every ED.
fn rank<'r>(
    index: &Index<'_>,
    (origin, position): (Origin, Position),
    grounds: &[Ground],
    ground: usize,
    rankings: &'r mut HashMap<(Start, usize), Ranking>,
) -> Option<(&'r Ranking, &'r Ranking)> {
    let start = Start::of(origin)?;
    let row = index.row(start);
    if row.is_empty() {
        return None;
    }
    if rankings.len() >= RANKINGS {
        rankings.clear();
    }
    for ground in [ground, EDS] {
        rankings
            .entry((start, ground))
            .or_insert_with(|| Ranking::new(index, origin, position, row, &grounds[ground].candidates));
    }
    Some((rankings.get(&(start, ground))?, rankings.get(&(start, EDS))?))
}

fn stop(ranked: Ranked) -> Stop {
    Stop {
        facility: ranked.facility.into(),
        minutes: Minutes::from_tenths(ranked.tenths),
        source: ranked.source,
    }
}

/// Whether somebody is to be asked about home, or an order or a rule could lead away from it.
fn is_led_away(look: &mut Look<'_, '_>, home: Ranked, (step, verdict): (Step, Verdict)) -> bool {
    if verdict.is_eligible() {
        return false;
    }
    let index = look.index;
    let rules = || {
        let reasons = look.kind.reasons(step.stance());
        let subject = FacilityId::from(home.facility);
        index.registry.rules.iter().any(|rule| {
            rule.subjects.contains(&subject) && redirect::holds(rule, &look.kind.patient, reasons)
        })
    };
    verdict.is_only_consult()
        || verdict.orders()
        || (index.sites[home.facility as usize].is_subject && rules())
}

/// Whether the region stands at a level of strain that wants to be asked first.
fn level_asks(look: &mut Look<'_, '_>, governing: Option<(RegionId, &Policy)>) -> bool {
    let Some((region, policy)) = governing.filter(|_| look.kind.patient.priority != Priority::One) else {
        return false;
    };
    policy.levels.values().any(|level| level.consult)
        && look.index.level(region, policy, look.at, look.surveyor).is_some_and(|level| level.consult)
}

/// Whether a policy may keep a patient from being driven past a home that asks to be bypassed.
fn may_limit(policy: &Policy, home: Ranked, chosen: Ranked) -> bool {
    let more = chosen.tenths - home.tenths;
    policy.alternatives.is_some()
        || policy.max_minutes.is_some_and(|max| chosen.tenths > max.tenths())
        || policy.max_extra_minutes.is_some_and(|max| more > max.tenths())
}

/// Adds the flags of a destination that accepts, in their order. `None`: not to be told from courses alone.
fn flag(
    look: &mut Look<'_, '_>,
    (chosen, (step, verdict)): (Ranked, (Step, Verdict)),
    home: Ranked,
    mixed: bool,
    flags: &mut Vec<Flag>,
) -> Option<()> {
    let more = chosen.tenths - home.tenths;
    let mut flag = |holds: bool, flag: Flag| {
        if holds {
            flags.push(flag);
        }
    };
    flag(chosen.source == MinutesSource::Est, Flag::Est);
    flag(mixed, Flag::Mixed);
    flag(look.is_stale(chosen.facility), Flag::Stale);
    flag(step.is_unknown(), Flag::Unknown);
    flag(step.is_in_conflict(), Flag::Conflict);
    flag(step.is_expired(), Flag::Expired);
    flag(verdict.is_advised(), Flag::Advisory);
    flag(more > 0, Flag::Detour(Minutes::from_tenths(more)));
    flag(look.kind.max_minutes.is_some_and(|max| chosen.tenths > max.tenths()), Flag::OverLimit);
    flag(changes_before_arrival(look, chosen)?, Flag::ChangesBeforeArrival);
    Some(())
}

/// Whether a destination that accepts has a reason against it at any moment of the drive. `None`: the policy changes
/// meanwhile.
fn changes_before_arrival(look: &mut Look<'_, '_>, chosen: Ranked) -> Option<bool> {
    let arrival = look.at + Minutes::from_tenths(chosen.tenths).length();
    if look.index.governs
        && let Some(region) = look.index.sites[chosen.facility as usize].region
        && look.index.regions[region.index()].changes_policy(look.at, arrival)
    {
        return None;
    }
    Some(look.turns_away_by(chosen.facility, arrival))
}

impl Index<'_> {
    /// Where a patient is picked up.
    fn position(&self, origin: Origin) -> Position {
        match origin {
            Origin::Zone(zone) => self.registry.zones[zone].position,
            Origin::Facility(facility) => self.registry.facilities[facility].position,
            Origin::Point(position) => position,
        }
    }
}
