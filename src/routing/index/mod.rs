//! The index: where many patients go, each at its own time, without reading every facility for each of them.
//!
//! Floor 2, beside the plain algorithm, [`decide`](super::decide()), which stays as the reference: what the index says of a patient
//! is what that says, or nothing, and then that is to be asked. Facilities are asked nearest first, as many as the answer
//! needs ([`space`]); what holds of one at an instant is a step of its [`Course`]; what a stance means for a kind of
//! patient is found once, by the reference's own functions ([`kind`]).
//!
//! An index is shared by those who ask; each of them has an [`Asker`] of its own, which remembers where it looked.

mod asker;
mod found;
mod kind;
mod look;
mod ranking;
mod reckon;
mod space;
mod way;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use chrono::TimeDelta;

use crate::model::{
    FacilityId, Instant, Level, Minutes, Origin, Policy, Position, RegionId, Registry, ServiceId,
};
use crate::state::{Course, Stances, Surveyor, Timeline};

use super::travel;
use reckon::{Point, Reckoning};
use space::Space;

pub use asker::{Asker, Tally};

/// Where many patients go, by one registry and one timeline.
#[derive(Debug)]
pub struct Index<'a> {
    registry: &'a Registry,
    timeline: Arc<Timeline<'a>>,
    stances: Arc<Stances>,
    reckoning: Option<Reckoning>,
    /// Where facilities are, by id.
    points: Vec<Point>,
    /// What else the search asks of them, by id.
    sites: Vec<Site>,
    /// By id, each made when somebody comes near.
    courses: Vec<OnceLock<Course>>,
    /// By id.
    regions: Vec<Governed<'a>>,
    /// Whether there is any policy.
    governs: bool,
    /// Whether any policy adds minutes to ranks.
    adds: bool,
    /// How old reports may be, by id; empty where none can be too old.
    stale_after: Vec<Option<TimeDelta>>,
    /// What closes for good, by id; empty where nothing does.
    closed_on: Vec<Option<Instant>>,
    /// Left out for every patient.
    exclude: BTreeSet<FacilityId>,
    /// The facilities that have an ED and what is required.
    candidates: Mutex<BTreeMap<BTreeSet<ServiceId>, Arc<Candidates>>>,
    /// The known minutes, by where the way begins.
    rows: OnceLock<HashMap<Start, Vec<(u32, i64)>>>,
}

/// What the search asks of a facility apart from its course.
#[derive(Clone, Copy, Debug)]
struct Site {
    region: Option<RegionId>,
    /// Whether a rule is about it.
    is_subject: bool,
}

/// What there is of something by id, or nothing where there is none of it at all.
fn some<T>(all: impl Iterator<Item = Option<T>>) -> Vec<Option<T>> {
    let all: Vec<Option<T>> = all.collect();
    if all.iter().any(Option::is_some) { all } else { Vec::new() }
}

/// The facilities that meet one requirement.
#[derive(Debug, Default)]
struct Candidates {
    /// Those that rank by minutes, by id.
    near: Vec<u32>,
    /// And by where they are.
    space: Space,
    /// The last resorts, by id.
    external: Vec<u32>,
}

/// A zone or facility as the beginning of a way.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Start {
    Zone(u32),
    Facility(u32),
}

impl Start {
    fn of(origin: Origin) -> Option<Self> {
        match origin {
            Origin::Zone(zone) => Some(Self::Zone(zone.into())),
            Origin::Facility(facility) => Some(Self::Facility(facility.into())),
            Origin::Point(_) => None,
        }
    }
}

/// A region, as far as its policies steer decisions.
#[derive(Debug, Default)]
struct Governed<'a> {
    policies: Vec<&'a Policy>,
    /// When they begin and end, in order.
    bounds: Vec<Instant>,
    /// How many of its facilities are strained, from each instant at which that changes.
    strained: OnceLock<Vec<(Instant, usize)>>,
}

impl<'a> Governed<'a> {
    fn policy(&self, at: Instant) -> Option<&'a Policy> {
        self.policies.iter().copied().find(|policy| policy.is_in_force(at))
    }
    /// Whether one policy follows upon another after `at` and not after `until`.
    fn changes_policy(&self, at: Instant, until: Instant) -> bool {
        self.bounds.iter().any(|bound| at < *bound && *bound <= until)
    }
}

impl<'a> Index<'a> {
    /// Of so many requirements the candidates are kept at once.
    const REQUIREMENTS: usize = 64;

    /// Prepares to answer, these facilities left out. What takes longer is done as patients ask for it.
    pub fn new(registry: &'a Registry, timeline: Arc<Timeline<'a>>, exclude: BTreeSet<FacilityId>) -> Self {
        let subjects: BTreeSet<FacilityId> =
            registry.rules.iter().flat_map(|rule| rule.subjects.iter().copied()).collect();
        let mut regions: Vec<Governed<'a>> = registry.regions.ids().map(|_| Governed::default()).collect();
        for (_, policy) in registry.policies.iter() {
            for region in &policy.regions {
                let governed = &mut regions[region.index()];
                governed.policies.push(policy);
                governed.bounds.extend([policy.from, policy.until].into_iter().flatten());
            }
        }
        let adds = registry
            .policies
            .iter()
            .any(|(_, policy)| policy.advisory_minutes > Minutes::ZERO || policy.crowding.is_some());
        let sites = registry
            .facilities
            .iter()
            .map(|(id, facility)| Site { region: facility.region, is_subject: subjects.contains(&id) });
        Self {
            registry,
            timeline,
            stances: Arc::default(),
            reckoning: Reckoning::of(&registry.travel),
            points: registry.facilities.iter().map(|(_, facility)| Point::of(facility.position)).collect(),
            sites: sites.collect(),
            courses: registry.facilities.ids().map(|_| OnceLock::new()).collect(),
            regions,
            governs: registry.policies.iter().next().is_some(),
            adds,
            stale_after: some(registry.facilities.ids().map(|id| registry.stale_after(id))),
            closed_on: some(registry.facilities.iter().map(|(_, facility)| facility.closed_on)),
            exclude,
            candidates: Mutex::default(),
            rows: OnceLock::new(),
        }
    }

    fn course(&self, facility: u32, surveyor: &mut Surveyor<'_>) -> &Course {
        self.courses[facility as usize].get_or_init(|| surveyor.course(FacilityId::from(facility)))
    }

    /// The facilities that have an ED and these services and are not left out. Whether one is closed for good is told by
    /// its course.
    fn candidates(&self, required: &BTreeSet<ServiceId>) -> Arc<Candidates> {
        let mut all = self.candidates.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = all.get(required) {
            return known.clone();
        }
        if all.len() >= Self::REQUIREMENTS {
            all.clear();
        }
        let mut candidates = Candidates::default();
        for (id, facility) in self.registry.facilities.iter() {
            if facility.ed.is_some() && required.is_subset(&facility.services) && !self.exclude.contains(&id)
            {
                let rank = if facility.external { &mut candidates.external } else { &mut candidates.near };
                rank.push(id.into());
            }
        }
        candidates.space = Space::new(&candidates.near, &self.points);
        let candidates = Arc::new(candidates);
        all.insert(required.clone(), candidates.clone());
        candidates
    }

    /// Estimated minutes in tenths, rounded half up, of a way with the square of this chord.
    #[inline]
    fn tenths(&self, chord2: f64, from: Position, to: u32) -> i64 {
        let reckoned = self.reckoning.and_then(|reckoning| reckoning.tenths(chord2));
        reckoned.unwrap_or_else(|| travel::minutes(self.registry, Origin::Point(from), to.into()).0.tenths())
    }
    /// A chord that no estimated way exceeds that takes so many tenths of a minute or less.
    #[inline]
    fn chord_within(&self, tenths: i64) -> f64 {
        self.reckoning.map_or(f64::INFINITY, |reckoning| reckoning.chord_within(tenths))
    }
    /// Whether a facility that has an ED is not closed for good.
    fn is_ed(&self, facility: u32, at: Instant) -> bool {
        self.closed_on.get(facility as usize).copied().flatten().is_none_or(|closed| at < closed)
    }
    /// The known minutes from somewhere, in tenths, by facility.
    fn row(&self, start: Start) -> &[(u32, i64)] {
        let rows = self.rows.get_or_init(|| {
            let travel = &self.registry.travel;
            let mut rows: HashMap<Start, Vec<(u32, i64)>> = HashMap::new();
            for ((zone, to), minutes) in &travel.from_zone {
                let row = rows.entry(Start::Zone((*zone).into())).or_default();
                row.push(((*to).into(), minutes.tenths()));
            }
            for ((from, to), minutes) in &travel.from_facility {
                let row = rows.entry(Start::Facility((*from).into())).or_default();
                row.push(((*to).into(), minutes.tenths()));
            }
            // A hash map has no order of its own.
            for row in rows.values_mut() {
                row.sort_unstable();
            }
            rows
        });
        rows.get(&start).map(Vec::as_slice).unwrap_or_default()
    }

    /// The region and policy whose parameters rule a decision: the zone's region's, else home's.
    fn governing(
        &self,
        origin: Origin,
        home: Option<FacilityId>,
        at: Instant,
    ) -> Option<(RegionId, &'a Policy)> {
        if !self.governs {
            return None;
        }
        let of_zone = match origin {
            Origin::Zone(zone) => self.registry.zones[zone].region,
            Origin::Facility(_) | Origin::Point(_) => None,
        };
        let of_home = home.and_then(|home| self.sites[home.index()].region);
        let in_force =
            |region: RegionId| self.regions[region.index()].policy(at).map(|policy| (region, policy));
        of_zone.and_then(in_force).or_else(|| of_home.and_then(in_force))
    }

    /// The level of strain that a policy sees in a region, as a snapshot counts it.
    fn level<'p>(
        &self,
        region: RegionId,
        policy: &'p Policy,
        at: Instant,
        surveyor: &mut Surveyor<'_>,
    ) -> Option<&'p Level> {
        let strained = self.regions[region.index()].strained.get_or_init(|| self.strain(region, surveyor));
        let since = strained.partition_point(|(from, _)| *from <= at);
        let count = since.checked_sub(1).map_or(0, |step| strained[step].1);
        policy.levels.values().filter(|level| level.at as usize <= count).max_by_key(|level| level.at)
    }

    fn strain(&self, region: RegionId, surveyor: &mut Surveyor<'_>) -> Vec<(Instant, usize)> {
        let mut changes: Vec<(Instant, bool)> = Vec::new();
        let here = self.registry.facilities.iter().filter(|(_, there)| there.region == Some(region));
        for (id, _) in here.filter(|(_, there)| there.ed.is_some()) {
            let course = self.course(id.into(), surveyor);
            let mut strained = false;
            for stage in course.stages().iter() {
                let now = stage.step.is_strained() && !stage.step.is_closed_for_good();
                if now != strained {
                    changes.push((stage.begins, now));
                }
                strained = now;
            }
        }
        changes.sort_unstable();
        let mut counts: Vec<(Instant, usize)> = Vec::new();
        let mut count = 0_usize;
        for (at, more) in changes {
            // What ends at an instant is sorted before what begins there, and was counted before.
            count = if more { count + 1 } else { count.saturating_sub(1) };
            match counts.last_mut() {
                Some(last) if last.0 == at => last.1 = count,
                Some(_) | None => counts.push((at, count)),
            }
        }
        counts
    }
}
