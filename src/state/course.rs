//! Courses: the state of one facility over all time as a function in steps.
//!
//! Floor 2. A snapshot tells everything of every facility at one instant; a course tells of one facility, at every
//! instant, what a decision about many patients asks: its stance, and what is flagged of it. Made on a [`Walk`] over what
//! is said of a plain facility, and in one pass over the history of any other.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::{Effect, FacilityId, Instant, Lane, Policy, RegionId, Registry};

use super::episode::{EndedBy, LaneState, Piece, Track};
use super::snapshot;
use super::stance::{Element, ElementId, StanceId, Stances};
use super::timeline::{History, Timeline};
use super::walk::{Saying, StateAt, Walk, Witness};

/// What holds of a facility between two instants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step(u32);

impl Step {
    /// Nothing is in force, and nothing is flagged.
    pub const NOTHING: Self = Self(0);

    const UNKNOWN: u32 = 1 << 31;
    const EXPIRED: u32 = 1 << 30;
    const IN_CONFLICT: u32 = 1 << 29;
    const STRAINED: u32 = 1 << 28;
    const CLOSED_FOR_GOOD: u32 = 1 << 27;
    const STANCE: u32 = Self::CLOSED_FOR_GOOD - 1;

    /// What is in force.
    pub fn stance(self) -> StanceId {
        StanceId(self.0 & Self::STANCE)
    }
    /// Whether nothing was ever reported.
    pub fn is_unknown(self) -> bool {
        self.0 & Self::UNKNOWN != 0
    }
    /// Whether something ran out and nobody has reported since.
    pub fn is_expired(self) -> bool {
        self.0 & Self::EXPIRED != 0
    }
    /// Whether sources contradict each other.
    pub fn is_in_conflict(self) -> bool {
        self.0 & Self::IN_CONFLICT != 0
    }
    /// Whether a diverting or closed effect is in force, whatever its scope.
    pub fn is_strained(self) -> bool {
        self.0 & Self::STRAINED != 0
    }
    /// Whether it is closed for good.
    pub fn is_closed_for_good(self) -> bool {
        self.0 & Self::CLOSED_FOR_GOOD != 0
    }
}

/// A step, and when it begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stage {
    /// Part of it.
    pub begins: Instant,
    /// What holds from then on.
    pub step: Step,
}

/// The state of one facility over all time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Course {
    /// In order; the first begins before everything. Never empty.
    stages: Arc<[Stage]>,
    /// When reports that are routed on were made, in order; none are kept where none is ever too old.
    reports: Box<[Instant]>,
}

impl Course {
    /// The beginning of time.
    const EVER: Instant = Instant::from_seconds(i64::MIN);

    /// Its stages in order; the first begins before everything.
    pub fn stages(&self) -> &Arc<[Stage]> {
        &self.stages
    }
    /// The newest report at `at` that is routed on; `None` also where the registry has no age at which one is too old.
    pub fn last_report(&self, at: Instant) -> Option<Instant> {
        let known = self.reports.partition_point(|report| *report <= at);
        known.checked_sub(1).map(|last| self.reports[last])
    }
}

/// What changes at an instant.
#[derive(Clone, Copy, Debug)]
struct Change {
    at: Instant,
    begins: bool,
    what: What,
}

impl Change {
    /// Ends come before beginnings, so that nothing holds together with what it follows upon.
    fn order(&self) -> (Instant, bool) {
        (self.at, self.begins)
    }
}

/// Sorts changes of which but a few are told late. What a lane is told of late passes by no more than what was told since
/// it ran out: at worst the steps are as many as changes times lanes.
fn nearly_sorted(changes: &mut [Change]) {
    for next in 1..changes.len() {
        let change = changes[next];
        let mut at = next;
        while at > 0 && changes[at - 1].order() > change.order() {
            changes[at] = changes[at - 1];
            at -= 1;
        }
        changes[at] = change;
    }
}

#[derive(Clone, Copy, Debug)]
enum What {
    Element { element: ElementId, strains: bool },
    Expired,
    InConflict,
    ClosedForGood,
}

/// Makes the courses of facilities, one after the other. Several can work at the same time with the same stances.
#[derive(Debug)]
pub struct Surveyor<'a> {
    registry: &'a Registry,
    timeline: Arc<Timeline<'a>>,
    stances: Arc<Stances>,
    /// What the region of the facility surveyed last lays down: the next one is likely to lie there too.
    terms: Option<(Option<RegionId>, Terms<'a>)>,
    /// Changes of stance that were met before, each at the place that it hashes to.
    memo: Box<[Option<Turn>]>,
    changes: Vec<Change>,
    /// By the place among [`Walk::states`], what each means.
    walked: Vec<What>,
}

/// A change of stance.
#[derive(Clone, Copy, Debug)]
struct Turn {
    from: StanceId,
    element: ElementId,
    begins: bool,
    to: StanceId,
}

/// What a region lays down about what counts in it.
#[derive(Clone, Debug, Default)]
struct Terms<'a> {
    policies: Vec<&'a Policy>,
    /// Whether a status of the whole region suspends others at any time, or a policy honours some reasons only.
    may_discount: bool,
    /// When policies and such statuses begin and end, in order.
    bounds: Vec<Instant>,
}

impl<'a> Terms<'a> {
    fn of(registry: &'a Registry, timeline: &Timeline<'_>, region: Option<RegionId>) -> Self {
        let Some(region) = region else { return Self::default() };
        let policies = registry.policies.iter().map(|(_, policy)| policy);
        let policies: Vec<&Policy> = policies.filter(|policy| policy.regions.contains(&region)).collect();
        let mut bounds: Vec<Instant> =
            policies.iter().flat_map(|policy| [policy.from, policy.until]).flatten().collect();
        let mut may_discount = policies.iter().any(|policy| policy.honoured_reasons.is_some());
        for track in timeline.region(region).into_iter().flat_map(History::tracks) {
            let Lane::Type(status) = track.lane else { continue };
            if registry.statuses[status].suspends.is_empty() {
                continue;
            }
            may_discount = true;
            for piece in track.pieces() {
                bounds.push(piece.interval.from());
                bounds.extend(piece.interval.until());
            }
        }
        bounds.sort_unstable();
        bounds.dedup();
        Self { policies, may_discount, bounds }
    }
    fn policy(&self, at: Instant) -> Option<&'a Policy> {
        self.policies.iter().copied().find(|policy| policy.is_in_force(at))
    }
}

impl<'a> Surveyor<'a> {
    /// So many changes of stance are kept at hand.
    const KEPT: usize = 1 << 12;

    /// One who surveys the facilities of a timeline.
    pub fn new(registry: &'a Registry, timeline: Arc<Timeline<'a>>, stances: Arc<Stances>) -> Self {
        let memo = vec![None; Self::KEPT].into_boxed_slice();
        Self { registry, timeline, stances, terms: None, memo, changes: Vec::new(), walked: Vec::new() }
    }

    /// The course of one facility.
    pub fn course(&mut self, facility: FacilityId) -> Course {
        let there = &self.registry.facilities[facility];
        let terms = match self.terms.take() {
            Some((region, terms)) if region == there.region => terms,
            Some(_) | None => Terms::of(self.registry, &self.timeline, there.region),
        };
        let mut changes = std::mem::take(&mut self.changes);
        changes.clear();
        self.gather_policies(&terms, &mut changes);
        let timeline = self.timeline.clone();
        let mut walk = Walk::new(&timeline);
        let is_walked = !terms.may_discount && walk.read(facility) && !walk.orders();
        let (known, reports) = if is_walked {
            (walk.is_known(), self.gather_walked(&mut walk, &mut changes))
        } else {
            // It is gone through once: a course is a small part of it.
            let history = timeline.folded(facility);
            let gather = |history| self.gather_history(history, facility, &terms, &mut changes);
            (
                history.as_deref().is_some_and(|history| history.known),
                history.as_deref().map_or_else(Vec::new, gather),
            )
        };
        if let Some(closed_on) = there.closed_on {
            push(&mut changes, closed_on, None, What::ClosedForGood);
        }
        if is_walked {
            nearly_sorted(&mut changes);
        } else {
            changes.sort_by_key(Change::order);
        }
        let stages = self.sweep(&changes, !known);
        self.changes = changes;
        self.terms = Some((there.region, terms));
        let ages = self.registry.stale_after(facility).is_some();
        Course { stages, reports: if ages { reports.into_boxed_slice() } else { Box::default() } }
    }

    /// What is said of a plain facility comes to. When it was reported, in order.
    fn gather_walked(&mut self, walk: &mut Walk<'_>, changes: &mut Vec<Change>) -> Vec<Instant> {
        if self.walked.is_empty() {
            let what = |(lane, state): &(Lane, LaneState)| self.element(lane, state, false);
            self.walked = walk.states().iter().map(what).collect();
        }
        let reports: Vec<Instant> = walk.sayings().iter().map(|saying| saying.from).collect();
        let begun = Vec::with_capacity(reports.len());
        walk.go(usize::MAX, &mut Seen { walked: &self.walked, reports: &reports, begun, changes });
        reports
    }

    /// What a facility's history comes to. When it was reported, in order.
    fn gather_history(
        &self,
        history: &History,
        facility: FacilityId,
        terms: &Terms<'a>,
        changes: &mut Vec<Change>,
    ) -> Vec<Instant> {
        let mut reports: Vec<Instant> =
            history.reports.iter().filter(|report| report.acts).map(|report| report.at).collect();
        reports.sort();
        for track in history.tracks() {
            self.gather_track(track, facility, terms, &reports, changes);
        }
        for dispute in history.disputes() {
            push(changes, dispute.from(), dispute.until(), What::InConflict);
        }
        reports
    }

    fn sweep(&mut self, changes: &[Change], unknown: bool) -> Arc<[Stage]> {
        let nothing = Step(if unknown { Step::UNKNOWN } else { 0 });
        let mut stages = Vec::with_capacity(changes.len() + 1);
        stages.push(Stage { begins: Course::EVER, step: nothing });
        let (mut stance, mut strains, mut expired, mut disputes) = (StanceId::NOTHING, 0_u32, 0_u32, 0_u32);
        let mut for_good = false;
        let count = |count: &mut u32, begins: bool| {
            *count = if begins { *count + 1 } else { count.saturating_sub(1) };
        };
        for (place, change) in changes.iter().enumerate() {
            match change.what {
                What::Element { element, strains: does } => {
                    stance = self.turn(stance, element, change.begins);
                    if does {
                        count(&mut strains, change.begins);
                    }
                }
                What::Expired => count(&mut expired, change.begins),
                What::InConflict => count(&mut disputes, change.begins),
                What::ClosedForGood => for_good = change.begins,
            }
            if changes.get(place + 1).is_some_and(|next| next.at == change.at) {
                continue;
            }
            let mut step = stance.0;
            for (holds, mark) in [
                (unknown, Step::UNKNOWN),
                (expired > 0, Step::EXPIRED),
                (disputes > 0, Step::IN_CONFLICT),
                (strains > 0, Step::STRAINED),
                (for_good, Step::CLOSED_FOR_GOOD),
            ] {
                step |= if holds { mark } else { 0 };
            }
            let stage = Stage { begins: change.at, step: Step(step) };
            match stages.last_mut() {
                Some(last) if last.begins == stage.begins => *last = stage,
                Some(last) if last.step == stage.step => {}
                Some(_) | None => stages.push(stage),
            }
        }
        stages.into()
    }

    fn turn(&mut self, from: StanceId, element: ElementId, begins: bool) -> StanceId {
        let place = (from.0.wrapping_mul(0x9e37_79b1) ^ (element << 1 | u32::from(begins))) as usize;
        let slot = &mut self.memo[place % Self::KEPT];
        if let Some(known) = slot
            && (known.from, known.element, known.begins) == (from, element, begins)
        {
            return known.to;
        }
        let to = self.stances.after(from, element, begins);
        *slot = Some(Turn { from, element, begins, to });
        to
    }

    /// Policies that name patients who are never diverted.
    fn gather_policies(&self, terms: &Terms<'a>, changes: &mut Vec<Change>) {
        if terms.policies.iter().all(|policy| policy.never_diverted.is_none()) {
            return;
        }
        let mut begin = Course::EVER;
        for end in terms.bounds.iter().copied().map(Some).chain([None]) {
            let policy = terms.policy(begin).filter(|policy| policy.never_diverted.is_some());
            if let Some(id) = policy.and_then(|policy| self.registry.policies.id(&policy.key)) {
                let element = self.stances.element(&Element::Policy(id));
                push(changes, begin, end, What::Element { element, strains: false });
            }
            begin = end.unwrap_or(begin);
        }
    }

    /// What a lane is in when it counts, and when it ran out and nobody reported.
    fn gather_track(
        &self,
        track: &Track,
        facility: FacilityId,
        terms: &Terms<'a>,
        reports: &[Instant],
        changes: &mut Vec<Change>,
    ) {
        let mut known: Vec<(&LaneState, bool, What)> = Vec::new();
        let mut element = |state, orders| {
            let same = known.iter().rev().find(|(other, also, _)| *also == orders && *other == state);
            if let Some((.., what)) = same {
                return *what;
            }
            let what = self.element(&track.lane, state, orders);
            known.push((state, orders, what));
            what
        };
        let pieces = track.pieces();
        for (place, piece) in pieces.iter().enumerate() {
            let state = &piece.episode.state;
            let orders = piece.episode.said().iter().any(|said| !said.wording.route.is_empty());
            if orders || terms.may_discount {
                self.gather_parts(piece, facility, terms, changes, &mut element);
            } else {
                push(changes, piece.interval.from(), piece.interval.until(), element(state, false));
            }
            let Some(until) = piece.interval.until() else { continue };
            let next = pieces.get(place + 1).map(|next| next.interval.from());
            if next != Some(until) && piece.episode.expires_unconfirmed() {
                let reported = reports.get(reports.partition_point(|report| *report < until)).copied();
                let end = [next, reported].into_iter().flatten().min();
                push(changes, until, end, What::Expired);
            }
        }
    }

    /// A stretch of a lane in parts: whether it counts and whether an order goes with it may change meanwhile.
    fn gather_parts<'t>(
        &self,
        piece: &Piece<'t>,
        facility: FacilityId,
        terms: &Terms<'a>,
        changes: &mut Vec<Change>,
        element: &mut impl FnMut(&'t LaneState, bool) -> What,
    ) {
        let region = self.registry.facilities[facility].region;
        let mut bounds = BTreeSet::from([piece.interval.from()]);
        bounds.extend(piece.episode.said().iter().map(|said| said.from));
        if terms.may_discount {
            bounds.extend(&terms.bounds);
        }
        let bounds: Vec<Instant> = bounds.into_iter().filter(|at| piece.interval.contains(*at)).collect();
        for (place, at) in bounds.iter().enumerate() {
            let discounted = match &piece.episode.state {
                LaneState::Status { status, .. } => {
                    let kind = &self.registry.statuses[*status];
                    let policy = terms.policy(*at);
                    snapshot::suspended(&self.timeline, self.registry, region, *status, *at).is_some()
                        || snapshot::not_honoured(policy, kind, piece.episode, *at).is_some()
                }
                LaneState::Down => false,
            };
            if !discounted {
                let end = bounds.get(place + 1).copied().or(piece.interval.until());
                let orders = piece.episode.order(*at).is_some();
                push(changes, *at, end, element(&piece.episode.state, orders));
            }
        }
    }

    fn element(&self, lane: &Lane, state: &LaneState, orders: bool) -> What {
        let (element, strains) = match (state, lane) {
            (LaneState::Status { status, scope }, _) => (
                Element::Status { lane: lane.clone(), status: *status, scope: scope.clone(), orders },
                self.registry.statuses[*status].effect >= Effect::Diverting,
            ),
            (LaneState::Down, _) => (Element::Down { lane: lane.clone(), orders }, false),
        };
        What::Element { element: self.stances.element(&element), strains }
    }
}

/// What is seen on a walk.
struct Seen<'w> {
    walked: &'w [What],
    /// When anything was reported, in order.
    reports: &'w [Instant],
    /// By episode.
    begun: Vec<What>,
    /// In order of time, but for what ran out and is told of when its lane is spoken of again.
    changes: &'w mut Vec<Change>,
}

impl Witness for Seen<'_> {
    fn begins(&mut self, state: StateAt, saying: &Saying) {
        let what = self.walked[state.index()];
        self.begun.push(what);
        self.changes.push(Change { at: saying.from, begins: true, what });
    }
    fn confirmed(&mut self, _: usize, _: &Saying) {}
    fn ends(&mut self, episode: usize, until: Instant, by: EndedBy, _: Option<u64>) {
        self.changes.push(Change { at: until, begins: false, what: self.begun[episode] });
        // Nobody had said beforehand that it was over: a plain facility speaks of nothing that is.
        if by == EndedBy::Expired {
            let reported = self.reports.partition_point(|report| *report < until);
            push(self.changes, until, self.reports.get(reported).copied(), What::Expired);
        }
    }
}

/// Notes that something holds for a while, if it does at all.
fn push(changes: &mut Vec<Change>, from: Instant, until: Option<Instant>, what: What) {
    if until.is_none_or(|until| from < until) {
        changes.push(Change { at: from, begins: true, what });
        changes.extend(until.map(|at| Change { at, begins: false, what }));
    }
}
