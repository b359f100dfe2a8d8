//! Limits: what a region's policy refuses and what it ends by force. Derived while folding, never recorded, so that a
//! retraction undoes it and an imported log obeys it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::{
    FacilityId, Heard, Instant, Interval, Limit, LimitAction, Policy, RegionId, Registry, StatusId,
    StatusType, fold,
};
use crate::sentence::phrase;

use super::episode::{LaneState, Piece, Track};
use super::snapshot;
use super::timeline::{History, Timeline};

/// A declaration that is recorded and not in force.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// The clause that refused it: `policy.san-francisco.limit[0]`, `status.ed-cad.approver`.
    pub by: Arc<str>,
    /// Why, in words.
    pub text: Arc<str>,
}

/// What a limit ended, at one facility.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct ForcedEnd {
    pub(super) at: Instant,
    /// The events that declared what ends.
    pub(super) counted: BTreeSet<u64>,
    /// The event that tripped the limit.
    pub(super) event: u64,
    pub(super) clause: Arc<str>,
}

/// A stretch in which a region's policy lets no episode of these status types begin.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Suspension {
    /// When.
    pub interval: Interval,
    /// Of which status types.
    pub statuses: BTreeSet<StatusId>,
    /// The clause that suspends: `policy.san-francisco.limit[0]`.
    pub clause: Arc<str>,
    /// The region in which it holds.
    pub region: RegionId,
    /// The event that tripped the limit.
    pub event: u64,
}

/// What policies rule about the events of one facility.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Rulings {
    /// Events that are refused from the start.
    pub(super) refused: BTreeMap<u64, Refusal>,
    /// Events that tripped a limit: what they began was ended at once.
    pub(super) tripped: BTreeMap<u64, Refusal>,
    pub(super) cuts: Vec<ForcedEnd>,
    pub(super) suspensions: Vec<Suspension>,
}

impl Rulings {
    /// Whether anything may be refused by them.
    pub(super) fn may_refuse(&self) -> bool {
        !(self.refused.is_empty() && self.suspensions.is_empty())
    }
    /// Whether an episode of this type may begin.
    pub(super) fn permit(
        &self,
        registry: &Registry,
        status: StatusId,
        heard: &Heard<'_>,
    ) -> Result<(), Refusal> {
        let kind = &registry.statuses[status];
        if !has_approver(kind, heard) {
            let wanted = kind.approver.join("` or `");
            return Err(Refusal {
                by: format!("status.{}.approver", kind.key).into(),
                text: format!("approval-required: {} needs the approval of `{wanted}`", kind.label).into(),
            });
        }
        if let Some(refusal) = self.refused.get(&heard.number) {
            return Err(refusal.clone());
        }
        let suspended = self.suspensions.iter().find(|suspension| {
            // What began as the limit tripped was ended by force; it is not refused a second time.
            let tripped_it = suspension.interval.from() == heard.from && heard.number <= suspension.event;
            suspension.statuses.contains(&status) && suspension.interval.contains(heard.from) && !tripped_it
        });
        match suspended {
            None => Ok(()),
            Some(suspension) => Err(Refusal {
                by: suspension.clause.clone(),
                text: until_text(suspension.interval, registry).into(),
            }),
        }
    }
}

/// Whether somebody approved who must, where a status wants that.
pub(super) fn is_approved(registry: &Registry, state: &LaneState, heard: &Heard<'_>) -> bool {
    match state {
        LaneState::Status { status, .. } => has_approver(&registry.statuses[*status], heard),
        LaneState::Down => true,
    }
}

fn has_approver(kind: &StatusType, heard: &Heard<'_>) -> bool {
    if kind.approver.is_empty() {
        return true;
    }
    let approver = heard.wording.approver.as_deref().map(fold);
    kind.approver.iter().any(|wanted| Some(fold(wanted)) == approver)
}

fn until_text(interval: Interval, registry: &Registry) -> String {
    let until = interval.until().map_or_else(String::new, |until| phrase::clock(until, registry.timezone));
    format!("suspended until {until}")
}

/// A limit that is exceeded.
struct Trip<'a> {
    at: Instant,
    policy: &'a Policy,
    region: RegionId,
    index: usize,
    /// What is counted at that instant, by the event that declared it.
    counted: Vec<Counted>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Counted {
    event: u64,
    facility: FacilityId,
    status: StatusId,
}

/// When something counts.
#[derive(Clone, Copy)]
struct Stretch {
    interval: Interval,
    counted: Counted,
    /// Whether it begins as its episode does: a confirmation is not new, and trips nothing.
    is_new: bool,
}

/// Lays down in a timeline what the policies of a registry rule about its facilities.
pub(super) fn apply(registry: &Registry, timeline: &mut Timeline<'_>) {
    let limited =
        registry.policies.iter().map(|(_, policy)| policy).filter(|policy| !policy.limits.is_empty());
    let mut rulings: BTreeMap<FacilityId, Rulings> = BTreeMap::new();
    for (policy, region) in
        limited.flat_map(|policy| policy.regions.iter().map(move |region| (policy, *region)))
    {
        // Every trip either ends what it counted or refuses an event for good, so this comes to an end.
        while let Some(trip) = first_trip(registry, timeline, policy, region) {
            for facility in rule(registry, timeline, &trip, &mut rulings) {
                timeline.rule(facility, rulings.entry(facility).or_default());
            }
        }
    }
}

/// The first instant at which one of a policy's limits is exceeded.
fn first_trip<'a>(
    registry: &Registry,
    timeline: &Timeline<'_>,
    policy: &'a Policy,
    region: RegionId,
) -> Option<Trip<'a>> {
    let trips = policy.limits.iter().enumerate().filter_map(|(index, limit)| {
        let exceeded = exceeded(registry, timeline, policy, region, limit);
        exceeded.map(|(at, counted)| Trip { at, policy, region, index, counted })
    });
    trips.min_by_key(|trip| (trip.at, trip.index))
}

/// When a limit is first exceeded, and what is counted then.
fn exceeded(
    registry: &Registry,
    timeline: &Timeline<'_>,
    policy: &Policy,
    region: RegionId,
    limit: &Limit,
) -> Option<(Instant, Vec<Counted>)> {
    let mut stretches: Vec<Stretch> = Vec::new();
    for facility in governed(registry, region, limit) {
        for track in timeline.facility(facility).into_iter().flat_map(History::tracks) {
            stretches.extend(counted_stretches(registry, policy, limit, facility, track));
        }
    }
    let at = |stretch: &Stretch| stretch.interval.from();
    stretches.sort_by_key(|stretch| (at(stretch), stretch.counted));
    let mut holding: Vec<Stretch> = Vec::new();
    for together in stretches.chunk_by(|one, other| at(one) == at(other)) {
        let at = at(&together[0]);
        holding.retain(|stretch| stretch.interval.contains(at));
        holding.extend(together);
        if !together.iter().any(|stretch| stretch.is_new) || !policy.is_in_force(at) {
            continue;
        }
        let active: Vec<Counted> = holding
            .iter()
            .map(|stretch| stretch.counted)
            .filter(|counted| {
                snapshot::suspended(timeline, registry, Some(region), counted.status, at).is_none()
            })
            .collect();
        let over = over_limit(limit, &active);
        if !over.is_empty() {
            return Some((at, over));
        }
    }
    None
}

/// The facilities of a region that a limit is about: those that receive ambulances.
fn governed<'a>(
    registry: &'a Registry,
    region: RegionId,
    limit: &'a Limit,
) -> impl Iterator<Item = FacilityId> + 'a {
    registry
        .facilities
        .iter()
        .filter(move |(_, facility)| facility.region == Some(region) && facility.ed.is_some())
        .map(|(facility, _)| facility)
        .filter(|facility| limit.facilities.is_empty() || limit.facilities.contains(facility))
}

/// The stretches of one lane that a limit counts: of an episode of one of its status types, as long as its reason is
/// honoured and the facility is there.
fn counted_stretches(
    registry: &Registry,
    policy: &Policy,
    limit: &Limit,
    facility: FacilityId,
    track: &Track,
) -> Vec<Stretch> {
    let mut stretches = Vec::new();
    let closed_on = registry.facilities[facility].closed_on;
    for Piece { episode, interval } in track.pieces() {
        let LaneState::Status { status, .. } = episode.state else { continue };
        if !limit.counts.contains(&status) || limit.exempt.contains(&status) {
            continue;
        }
        let counted = Counted { event: episode.event(), facility, status };
        // A confirmation may give another reason.
        let said: BTreeSet<Instant> = episode.said().iter().map(|said| said.from).collect();
        let ends = said.iter().skip(1).copied().map(Some).chain([None]);
        for within in said.iter().zip(ends).map(|(from, until)| Interval::new(*from, until)) {
            let there = Interval::new(within.from(), closed_on);
            let holds = interval.intersection(within).and_then(|holds| holds.intersection(there));
            let Some(holds) = holds else { continue };
            let from = holds.from();
            if snapshot::not_honoured(Some(policy), &registry.statuses[status], episode, from).is_none() {
                stretches.push(Stretch { interval: holds, counted, is_new: from == interval.from() });
            }
        }
    }
    stretches
}

/// What is over a limit: all that is counted where more facilities are counted than it allows, each once; with
/// `same_type`, of the types of which that holds.
fn over_limit(limit: &Limit, active: &[Counted]) -> Vec<Counted> {
    let facilities = |of: &dyn Fn(&Counted) -> bool| -> usize {
        active
            .iter()
            .filter(|counted| of(counted))
            .map(|counted| counted.facility)
            .collect::<BTreeSet<_>>()
            .len()
    };
    let allowed = limit.more_than as usize;
    if limit.same_type {
        let over = |status: StatusId| facilities(&|counted| counted.status == status) > allowed;
        return active.iter().filter(|counted| over(counted.status)).copied().collect();
    }
    if facilities(&|_| true) > allowed { active.to_vec() } else { Vec::new() }
}

/// Lays down what a trip means for each facility, and tells which ones it touches.
fn rule(
    registry: &Registry,
    timeline: &mut Timeline<'_>,
    trip: &Trip<'_>,
    rulings: &mut BTreeMap<FacilityId, Rulings>,
) -> BTreeSet<FacilityId> {
    let limit = &trip.policy.limits[trip.index];
    let clause: Arc<str> = format!("policy.{}.limit[{}]", trip.policy.key, trip.index).into();
    let Some(newest) = trip.counted.iter().max() else { return BTreeSet::new() };
    let others: BTreeSet<&str> = trip
        .counted
        .iter()
        .filter(|counted| counted.facility != newest.facility)
        .map(|counted| registry.facilities[counted.facility].name.as_str())
        .collect();
    let others = others.into_iter().collect::<Vec<_>>().join(", ");
    let interval = Interval::new(trip.at, limit.lasts.map(|lasts| trip.at + lasts));
    let consequence = match limit.action {
        LimitAction::Suspend => until_text(interval, registry),
        LimitAction::ReopenAll => "all of them are open again".to_owned(),
        LimitAction::Reject => "it is refused".to_owned(),
    };
    let text =
        format!("no more than {} at once, and {others} are on it as well: {consequence}", limit.more_than);
    let refusal = Refusal { by: clause.clone(), text: text.into() };
    if limit.action == LimitAction::Reject {
        rulings.entry(newest.facility).or_default().refused.insert(newest.event, refusal);
        return BTreeSet::from([newest.facility]);
    }
    let counted: BTreeSet<FacilityId> = trip.counted.iter().map(|counted| counted.facility).collect();
    let events: BTreeSet<u64> = trip.counted.iter().map(|counted| counted.event).collect();
    for facility in &counted {
        rulings.entry(*facility).or_default().cuts.push(ForcedEnd {
            at: trip.at,
            counted: events.clone(),
            event: newest.event,
            clause: clause.clone(),
        });
    }
    rulings.entry(newest.facility).or_default().tripped.insert(newest.event, refusal);
    let mut touched = counted;
    if limit.action == LimitAction::Suspend {
        let all: BTreeSet<StatusId> = limit.counts.difference(&limit.exempt).copied().collect();
        let suspension =
            Suspension { interval, statuses: all, clause, region: trip.region, event: newest.event };
        timeline.suspend(suspension.clone());
        for facility in governed(registry, trip.region, limit) {
            rulings.entry(facility).or_default().suspensions.push(suspension.clone());
            touched.insert(facility);
        }
    }
    touched
}
