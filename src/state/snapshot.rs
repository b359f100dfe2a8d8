//! Snapshots: the state of every facility at one instant, as known at one instant.

use std::collections::BTreeSet;

use crate::model::{
    Census, Effect, FacilityId, Instant, Lane, Level, Policy, RegionId, Registry, Scope, ServiceId, StatusId,
    StatusType, WalkIn,
};

use super::conflict::Conflict;
use super::episode::{Episode, LaneState, Track};
use super::limits::Suspension;
use super::timeline::{History, Report, Timeline};

/// Whether an active episode counts at all, before any patient is looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Standing {
    /// It counts.
    InForce,
    /// It was declared and does not count.
    NotInForce {
        /// The clause that says so: `policy.massachusetts.honoured_reasons`, `status.blue.suspends`.
        by: String,
        /// Why, in words.
        text: String,
    },
}

/// An episode that is active at an instant.
#[derive(Clone, Debug)]
pub struct Active<'a> {
    /// Its lane.
    pub lane: &'a Lane,
    /// The episode.
    pub episode: &'a Episode,
    /// Its status type and scope; `None`: a service is down.
    pub status: Option<(StatusId, &'a StatusType, &'a Scope)>,
    /// Whether it counts.
    pub standing: Standing,
}

impl Active<'_> {
    /// Whether it counts.
    pub fn in_force(&self) -> bool {
        self.standing == Standing::InForce
    }
    /// What it does; `None`: a service is down.
    pub fn effect(&self) -> Option<Effect> {
        self.status.map(|(_, kind, _)| kind.effect)
    }
    /// The service that is down, if that is what it is.
    pub fn service(&self) -> Option<ServiceId> {
        match self.lane {
            Lane::Service(service) => Some(*service),
            Lane::Closed | Lane::Traffic | Lane::TrafficFor(_) | Lane::Type(_) => None,
        }
    }
}

/// What a facility is, in one word.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Summary {
    /// Takes nobody.
    Closed,
    /// Asks that all be taken elsewhere.
    Diverting,
    /// Asks that some be taken elsewhere, or has lost a service.
    Partial,
    /// Accepts, with a warning.
    Advisory,
    /// Nothing was ever reported.
    Unknown,
    /// Accepts.
    Open,
    /// Has no ED.
    NoEd,
    /// Closed for good.
    PermanentlyClosed,
}

impl Summary {
    /// Every word, the worst first.
    pub const WORDS: [&'static str; 8] =
        ["closed", "diverting", "partial", "advisory", "unknown", "open", "no-ed", "permanently-closed"];
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Diverting => "diverting",
            Self::Partial => "partial",
            Self::Advisory => "advisory",
            Self::Unknown => "unknown",
            Self::Open => "open",
            Self::NoEd => "no-ed",
            Self::PermanentlyClosed => "permanently-closed",
        }
    }
}

/// The state of one facility at one instant.
#[derive(Clone, Debug)]
pub struct FacilityState<'a> {
    /// Which.
    pub facility: FacilityId,
    /// When.
    pub at: Instant,
    /// What is active, by lane; also what does not count.
    pub active: Vec<Active<'a>>,
    history: Option<&'a History>,
    census: Option<&'a Census>,
    registry: &'a Registry,
}

impl<'a> FacilityState<'a> {
    pub(super) fn read(
        timeline: &'a Timeline<'a>,
        registry: &'a Registry,
        facility: FacilityId,
        at: Instant,
    ) -> Self {
        let history = timeline.at_present(facility, at);
        Self::of(timeline, history, registry, facility, at)
    }

    /// By a history of the facility in that timeline.
    pub(super) fn of(
        timeline: &'a Timeline<'_>,
        history: Option<&'a History>,
        registry: &'a Registry,
        facility: FacilityId,
        at: Instant,
    ) -> Self {
        let region = registry.facilities[facility].region;
        let policy = region.and_then(|region| registry.policy(region, at));
        let mut active = Vec::new();
        for track in history.into_iter().flat_map(History::tracks) {
            let Some(episode) = track.at(at) else { continue };
            let status = match &episode.state {
                LaneState::Status { status, scope } => Some((*status, &registry.statuses[*status], scope)),
                LaneState::Down => None,
            };
            let standing = status.map_or(Standing::InForce, |(id, kind, _)| {
                suspended(timeline, registry, region, id, at)
                    .or_else(|| not_honoured(policy, kind, episode, at))
                    .unwrap_or(Standing::InForce)
            });
            active.push(Active { lane: &track.lane, episode, status, standing });
        }
        for (event, refusal, track) in history.into_iter().flat_map(History::refused) {
            let overtaken = history.is_some_and(|history| history.is_overtaken(&track.lane, event, at));
            let Some(episode) = track.at(at).filter(|_| !overtaken) else { continue };
            let LaneState::Status { status, scope } = &episode.state else { continue };
            active.push(Active {
                lane: &track.lane,
                episode,
                status: Some((*status, &registry.statuses[*status], scope)),
                standing: Standing::NotInForce {
                    by: refusal.by.to_string(),
                    text: format!("refused: {}", refusal.text),
                },
            });
        }
        Self {
            facility,
            at,
            active,
            history,
            census: history.and_then(|history| history.census(at)),
            registry,
        }
    }

    /// What is known of it, as far as it matters at this instant; `None`: nothing was ever reported.
    pub fn history(&self) -> Option<&'a History> {
        self.history
    }
    /// Whether nothing was ever reported: no event is about it.
    pub fn is_unknown(&self) -> bool {
        self.history.is_none_or(|history| !history.known)
    }
    /// What counts.
    pub fn in_force(&self) -> impl Iterator<Item = &Active<'a>> {
        self.active.iter().filter(|active| active.in_force())
    }
    /// Active closed effects that count for some patient, the worst the board can show.
    pub fn closures(&self) -> impl Iterator<Item = &Active<'a>> {
        self.in_force().filter(|active| active.effect() == Some(Effect::Closed))
    }
    /// In one word.
    pub fn summary(&self) -> Summary {
        let facility = &self.registry.facilities[self.facility];
        if facility.is_permanently_closed(self.at) {
            return Summary::PermanentlyClosed;
        }
        if facility.ed.is_none() {
            return Summary::NoEd;
        }
        let otherwise = if self.is_unknown() { Summary::Unknown } else { Summary::Open };
        self.in_force().map(Self::severity).min().map_or(otherwise, |worst| worst.min(otherwise))
    }
    /// What one active episode makes of the facility.
    pub fn severity(active: &Active<'_>) -> Summary {
        match active.status {
            None => Summary::Partial,
            Some((_, kind, scope)) => match kind.effect {
                Effect::Advisory => Summary::Advisory,
                Effect::Diverting | Effect::Closed if !scope.is_all() => Summary::Partial,
                Effect::Diverting => Summary::Diverting,
                Effect::Closed => Summary::Closed,
            },
        }
    }
    /// Whether walk-ins are seen, by what counts: the newest word on it.
    pub fn walk_in(&self) -> Option<WalkIn> {
        self.in_force()
            .filter_map(|active| {
                Some((active.episode.last_said(self.at).event, active.episode.walk_in(self.at)?))
            })
            .max_by_key(|(event, _)| *event)
            .map(|(_, walk_in)| walk_in)
    }
    /// The services that are down by themselves.
    pub fn services_down(&self) -> BTreeSet<ServiceId> {
        self.in_force().filter_map(Active::service).collect()
    }
    /// Whether a service is taken away.
    pub fn has_lost(&self, service: ServiceId) -> bool {
        self.in_force().any(|active| self.takes_away(active, service))
    }
    /// Whether an episode takes a service away: it is down itself, or one that it includes.
    pub fn takes_away(&self, active: &Active<'_>, service: ServiceId) -> bool {
        let includes = &self.registry.services[service].includes;
        active.service().is_some_and(|down| down == service || includes.contains(&down))
    }
    /// The newest report that is routed on.
    pub fn last_report(&self) -> Option<&'a Report> {
        self.history.and_then(|history| history.last_report(self.at))
    }
    /// Whether the newest report is older than the registry allows.
    pub fn is_stale(&self) -> bool {
        let Some(limit) = self.registry.stale_after(self.facility) else { return false };
        self.last_report().is_some_and(|report| self.at.since(report.at) > limit)
    }
    /// When the last thing that held here ran out, if nobody has reported since.
    pub fn expired_at(&self) -> Option<Instant> {
        let history = self.history?;
        let last = history
            .tracks()
            .filter(|track| track.at(self.at).is_none())
            .filter_map(|track| track.ended_before(self.at))
            .filter(|episode| episode.expires_unconfirmed())
            .filter_map(Episode::until)
            .max()?;
        let reported = self.last_report().is_some_and(|report| report.at >= last);
        (!reported).then_some(last)
    }
    /// The newest census taken by this instant.
    pub fn census(&self) -> Option<&'a Census> {
        self.census
    }
    /// How crowded it is by that census, on the scale of [`super::nedocs`]; `None` where a figure is missing.
    pub fn nedocs(&self) -> Option<f64> {
        super::nedocs(&self.registry.facilities[self.facility], self.census?)
    }
    /// The episodes that a policy's limit ended and that nothing has followed in their lane, each with the clause.
    pub fn ended_by_force(&self) -> impl Iterator<Item = (&'a Episode, &'a std::sync::Arc<str>)> + '_ {
        let tracks = self.history.into_iter().flat_map(History::tracks);
        let over = tracks.filter(|track| track.at(self.at).is_none());
        over.filter_map(|track| track.ended_last(self.at))
            .filter_map(|episode| Some((episode, episode.forced_by()?)))
    }
    /// Where two sources contradict each other.
    pub fn conflicts(&self) -> Vec<Conflict> {
        self.history.map_or_else(Vec::new, |history| history.conflicts(self.at))
    }
}

/// The state of every facility at one instant.
#[derive(Clone, Debug)]
pub struct Snapshot<'a> {
    /// When.
    pub at: Instant,
    /// The registry it was read with.
    pub registry: &'a Registry,
    timeline: &'a Timeline<'a>,
    facilities: Vec<FacilityState<'a>>,
}

impl<'a> Snapshot<'a> {
    pub(super) fn read(timeline: &'a Timeline<'a>, registry: &'a Registry, at: Instant) -> Self {
        timeline.look_ahead(at, 1, |tasks| tasks.into_iter().for_each(|task| task()));
        let facilities =
            registry.facilities.ids().map(|id| FacilityState::read(timeline, registry, id, at)).collect();
        Self { at, registry, timeline, facilities }
    }
    /// The state of one facility.
    pub fn facility(&self, facility: FacilityId) -> &FacilityState<'a> {
        &self.facilities[facility.index()]
    }
    /// The state of every facility, by id.
    pub fn facilities(&self) -> impl Iterator<Item = &FacilityState<'a>> {
        self.facilities.iter()
    }
    /// The state of one facility at another instant, as known in the same way.
    pub fn facility_at(&self, facility: FacilityId, at: Instant) -> FacilityState<'a> {
        FacilityState::read(self.timeline, self.registry, facility, at)
    }
    /// The instants after this one and not after `until` at which something about a facility may change.
    pub fn changes(&self, facility: FacilityId, until: Instant) -> BTreeSet<Instant> {
        let mut changes = BTreeSet::new();
        let region =
            self.registry.facilities[facility].region.and_then(|region| self.timeline.region(region));
        let histories = self.timeline.facility(facility).into_iter().chain(region);
        for episode in histories.flat_map(History::tracks).flat_map(Track::episodes) {
            changes.extend(episode.said().iter().map(|said| said.from));
            changes.extend(episode.until());
        }
        changes.extend(self.registry.facilities[facility].closed_on);
        changes.retain(|at| *at > self.at && *at <= until);
        changes
    }
    /// The suspensions of diversion that hold in a region, by whatever policy.
    pub fn suspensions(&self, region: RegionId) -> impl Iterator<Item = &'a Suspension> + '_ {
        let holds = move |suspension: &&Suspension| {
            suspension.region == region && suspension.interval.contains(self.at)
        };
        self.timeline.suspensions().iter().filter(holds)
    }
    /// The level of strain that a policy sees in a region: its name, what it asks for, and how many facilities that
    /// receive ambulances have a diverting or closed effect in force, whatever its scope. `None`: no level is reached.
    pub fn level<'p>(&self, region: RegionId, policy: &'p Policy) -> Option<(&'p str, &'p Level, usize)> {
        let strained = self.facilities().filter(|state| {
            let there = &self.registry.facilities[state.facility];
            there.region == Some(region)
                && there.receives(self.at)
                && state
                    .in_force()
                    .any(|active| active.effect().is_some_and(|effect| effect >= Effect::Diverting))
        });
        let count = strained.count();
        let reached = policy.levels.iter().filter(|(_, level)| level.at as usize <= count);
        reached.max_by_key(|(_, level)| level.at).map(|(name, level)| (name.as_str(), level, count))
    }
    /// What is active in a region as such.
    pub fn region(&self, region: RegionId) -> impl Iterator<Item = (&'a Lane, &'a Episode)> + '_ {
        let tracks = self.timeline.region(region).into_iter().flat_map(History::tracks);
        tracks.filter_map(|track| track.at(self.at).map(|episode| (&track.lane, episode)))
    }
}

/// Whether a status of the whole region suspends this type there.
pub(super) fn suspended(
    timeline: &Timeline<'_>,
    registry: &Registry,
    region: Option<RegionId>,
    status: StatusId,
    at: Instant,
) -> Option<Standing> {
    let region = region?;
    for track in timeline.region(region)?.tracks() {
        let Lane::Type(by) = track.lane else { continue };
        let kind = &registry.statuses[by];
        if kind.suspends.contains(&status) && track.at(at).is_some() {
            return Some(Standing::NotInForce {
                by: format!("status.{}.suspends", kind.key),
                text: format!("suspended by {} in {}", kind.label, registry.regions[region].name),
            });
        }
    }
    None
}

/// Whether the region's policy does not honour a diversion for this reason.
pub(super) fn not_honoured(
    policy: Option<&Policy>,
    kind: &StatusType,
    episode: &Episode,
    at: Instant,
) -> Option<Standing> {
    let policy = policy?;
    let honoured = policy.honoured_reasons.as_ref()?;
    if kind.effect != Effect::Diverting {
        return None;
    }
    let reason = episode.reason(at).map(AsRef::as_ref);
    if reason.is_some_and(|reason| honoured.contains(reason)) {
        return None;
    }
    let what = reason.map_or_else(|| "without a reason".to_owned(), |reason| format!("for `{reason}`"));
    Some(Standing::NotInForce {
        by: format!("policy.{}.honoured_reasons", policy.key),
        text: format!("a diversion {what} is not honoured here"),
    })
}
