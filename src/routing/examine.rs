//! Examining one facility for one patient: every reason against it, and every status that is no reason.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::{
    Effect, FacilityId, Instant, Lane, Patient, Policy, Priority, Registry, ServiceId, StatusId, Target,
    WalkIn,
};
use crate::sentence::phrase;
use crate::state::{Active, FacilityState, Snapshot, Standing};

use super::decision::Stop;

/// Why a facility is not eligible.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ReasonCode {
    /// It takes nobody.
    Closed,
    /// A service that the patient needs is down.
    ServiceDown,
    /// The caller left it out.
    Excluded,
    /// It asks that this patient be taken elsewhere.
    Diverting,
    /// Somebody must be asked about this patient.
    Consult,
    /// It has no ED.
    NoEd,
    /// It is closed for good.
    PermanentlyClosed,
    /// It never had a service that the patient needs.
    LacksService,
}

impl ReasonCode {
    /// Every word.
    pub const WORDS: [&'static str; 8] = [
        "closed",
        "service-down",
        "excluded",
        "diverting",
        "consult",
        "no-ed",
        "permanently-closed",
        "lacks-service",
    ];
    /// The word for it in data.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::ServiceDown => "service-down",
            Self::Excluded => "excluded",
            Self::Diverting => "diverting",
            Self::Consult => "consult",
            Self::NoEd => "no-ed",
            Self::PermanentlyClosed => "permanently-closed",
            Self::LacksService => "lacks-service",
        }
    }
}

/// One reason against a facility.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reason {
    /// Which.
    pub code: ReasonCode,
    /// Whether nothing but extremis gets past it.
    pub hard: bool,
    /// The lane, where a status is the reason.
    pub lane: Option<Lane>,
    /// The status type, where one is the reason.
    pub status: Option<StatusId>,
    /// The required services that are lacking, or that it takes away.
    pub services: BTreeSet<ServiceId>,
    /// The event that declared it.
    pub event: Option<u64>,
    /// Who said so.
    pub source: Option<Arc<str>>,
    /// Since when.
    pub since: Option<Instant>,
    /// Until when, where that is known.
    pub until: Option<Instant>,
    /// The clause of a policy or a status type that makes it a reason of this kind.
    pub rule: Option<String>,
    /// In words.
    pub text: String,
    /// The order that goes with it: which event gave it, and where its patients go.
    pub order: Option<(u64, Vec<Target>)>,
}

/// A status that is active at a facility and is no reason, with the clause that says so.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NotCounted {
    /// Where.
    pub facility: FacilityId,
    /// Which lane.
    pub lane: Lane,
    /// Which status type.
    pub status: StatusId,
    /// The event that declared it.
    pub event: u64,
    /// The clause.
    pub by: String,
    /// In words.
    pub text: String,
}

/// A facility as one patient finds it.
#[derive(Clone, Debug)]
pub(super) struct Examined {
    pub(super) stop: Stop,
    pub(super) external: bool,
    /// Has an ED, is not closed for good, and has every service required.
    pub(super) candidate: bool,
    pub(super) excluded: bool,
    pub(super) reasons: Vec<Reason>,
    pub(super) not_counted: Vec<NotCounted>,
    /// What else the derivation tells of it: diversions that do not speak of this patient, and those that a limit ended.
    pub(super) aside: Vec<String>,
}

impl Examined {
    /// A candidate with these reasons against it, of which nothing else is told.
    pub(super) fn candidate(stop: Stop, reasons: Vec<Reason>) -> Self {
        let (not_counted, aside) = (Vec::new(), Vec::new());
        Self { stop, external: false, candidate: true, excluded: false, reasons, not_counted, aside }
    }
    pub(super) fn is_eligible(&self) -> bool {
        self.candidate && self.reasons.is_empty()
    }
    /// A candidate that has reasons, and only such as can be overridden.
    pub(super) fn has_soft_reasons_only(&self) -> bool {
        self.candidate && !self.reasons.is_empty() && self.reasons.iter().all(|reason| !reason.hard)
    }
    /// A candidate that has reasons, and only diversions: mandatory or not, consult or not.
    pub(super) fn is_only_diverting(&self) -> bool {
        self.candidate
            && !self.reasons.is_empty()
            && self
                .reasons
                .iter()
                .all(|reason| matches!(reason.code, ReasonCode::Diverting | ReasonCode::Consult))
    }
    pub(super) fn is_only_consult(&self) -> bool {
        self.candidate
            && !self.reasons.is_empty()
            && self.reasons.iter().all(|reason| reason.code == ReasonCode::Consult)
    }
}

/// Finds every reason against one facility.
pub(super) fn examine(
    snapshot: &Snapshot<'_>,
    patient: &Patient,
    required: &BTreeSet<ServiceId>,
    stop: Stop,
    excluded: bool,
) -> Examined {
    let registry = snapshot.registry;
    let facility = &registry.facilities[stop.facility];
    let mut found = Examined {
        stop,
        external: facility.external,
        candidate: false,
        excluded,
        reasons: Vec::new(),
        not_counted: Vec::new(),
        aside: Vec::new(),
    };
    if facility.ed.is_none() {
        found.reasons.push(plain(ReasonCode::NoEd, "has no ED".to_owned()));
    }
    if facility.is_permanently_closed(snapshot.at) {
        let since = facility.closed_on.map(|at| phrase::clock(at, registry.zone_of(stop.facility)));
        let text = format!("permanently closed since {}", since.unwrap_or_default());
        found
            .reasons
            .push(Reason { since: facility.closed_on, ..plain(ReasonCode::PermanentlyClosed, text) });
    }
    for service in required.iter().filter(|service| !facility.services.contains(service)) {
        let text = format!("has no `{}`", registry.services[*service].key);
        found
            .reasons
            .push(Reason { services: BTreeSet::from([*service]), ..plain(ReasonCode::LacksService, text) });
    }
    if !found.reasons.is_empty() {
        return found;
    }
    found.candidate = true;
    let (reasons, not_counted) =
        standing_reasons(snapshot.facility(stop.facility), registry, patient, required);
    found.reasons = reasons;
    found.not_counted = not_counted;
    found.aside = aside(snapshot.facility(stop.facility), registry, patient);
    if excluded {
        found.reasons.push(plain(ReasonCode::Excluded, "left out by the caller".to_owned()));
    }
    found
}

/// The reasons that the state of a candidate gives against it, and what is active there and is none.
pub(super) fn standing_reasons(
    state: &FacilityState<'_>,
    registry: &Registry,
    patient: &Patient,
    required: &BTreeSet<ServiceId>,
) -> (Vec<Reason>, Vec<NotCounted>) {
    let mut reasons = Vec::new();
    let mut not_counted = Vec::new();
    let region = registry.facilities[state.facility].region;
    let policy = region.and_then(|region| registry.policy(region, state.at));
    for active in &state.active {
        let Some((status, kind, scope)) = active.status else { continue };
        if kind.effect == Effect::Advisory || !patient.is_in(scope) {
            continue;
        }
        let no_reason = match &active.standing {
            Standing::NotInForce { by, text } => Some((by.clone(), text.clone())),
            Standing::InForce => never_diverted(policy, kind.effect, patient),
        };
        if let Some((by, text)) = no_reason {
            not_counted.push(NotCounted {
                facility: state.facility,
                lane: active.lane.clone(),
                status,
                event: active.episode.event(),
                by,
                text: format!("{}; {text}", describe(active, state, registry)),
            });
            continue;
        }
        let consult =
            kind.effect == Effect::Diverting && kind.consult.as_ref().is_some_and(|ask| patient.is_in(ask));
        let (code, hard, rule) = match kind.effect {
            Effect::Closed => (ReasonCode::Closed, true, None),
            Effect::Advisory | Effect::Diverting if consult => {
                (ReasonCode::Consult, false, Some(format!("status.{}.consult", kind.key)))
            }
            Effect::Advisory | Effect::Diverting => {
                let hard = kind.mandatory && !patient.extremis;
                (
                    ReasonCode::Diverting,
                    hard,
                    kind.mandatory.then(|| format!("status.{}.mandatory", kind.key)),
                )
            }
        };
        reasons.push(Reason { rule, ..of_episode(code, hard, active, state, registry) });
    }
    for active in state.in_force() {
        let taken = required.iter().copied().filter(|service| state.takes_away(active, *service));
        let services: BTreeSet<ServiceId> = taken.collect();
        if !services.is_empty() {
            let reason = of_episode(ReasonCode::ServiceDown, true, active, state, registry);
            reasons.push(Reason { services, ..reason });
        }
    }
    (reasons, not_counted)
}

/// What holds or held at a facility and is no reason for this patient, in words.
fn aside(state: &FacilityState<'_>, registry: &Registry, patient: &Patient) -> Vec<String> {
    let not_meant = state.in_force().filter(|active| {
        active.status.is_some_and(|(_, kind, scope)| kind.effect != Effect::Advisory && !patient.is_in(scope))
    });
    let mut told: Vec<String> = not_meant
        .map(|active| format!("not about this patient: {}", describe(active, state, registry)))
        .collect();
    let zone = registry.zone_of(state.facility);
    for (episode, clause) in state.ended_by_force() {
        let event = episode.event();
        let until = episode.until().map_or_else(String::new, |until| phrase::clock(until, zone));
        let from = phrase::clock(episode.from(), zone);
        told.push(format!("ended by force at {until}: what event {event} declared from {from} [{clause}]"));
    }
    told
}

/// Whether the facility is closed to this patient, walk-ins aside.
pub(super) fn is_closed_to(state: &FacilityState<'_>, patient: &Patient) -> bool {
    closures(state, patient).next().is_some()
}

/// Whether the facility is closed to this patient even in extremis: a closure does not say that walk-ins are open.
pub(super) fn is_shut_to(state: &FacilityState<'_>, patient: &Patient) -> bool {
    closures(state, patient).any(|active| active.episode.walk_in(state.at) != Some(WalkIn::Open))
}

fn closures<'s, 'a>(
    state: &'s FacilityState<'a>,
    patient: &'s Patient,
) -> impl Iterator<Item = &'s Active<'a>> {
    state.closures().filter(|active| active.status.is_some_and(|(_, _, scope)| patient.is_in(scope)))
}

/// Whether an advisory speaks of this patient.
pub(super) fn is_advised(state: &FacilityState<'_>, patient: &Patient) -> bool {
    state.in_force().any(|active| {
        active.status.is_some_and(|(_, kind, scope)| kind.effect == Effect::Advisory && patient.is_in(scope))
    })
}

/// Whether minutes added for crowding or advisories may move this patient.
pub(super) fn may_be_moved(registry: &Registry, patient: &Patient) -> bool {
    patient.priority != Priority::One && !patient.needs.iter().any(|need| registry.needs[*need].time_critical)
}

fn never_diverted(policy: Option<&Policy>, effect: Effect, patient: &Patient) -> Option<(String, String)> {
    let policy = policy?;
    let never = policy.never_diverted.as_ref()?;
    (effect == Effect::Diverting && patient.is_in(never)).then(|| {
        (format!("policy.{}.never_diverted", policy.key), "such patients are never diverted here".to_owned())
    })
}

fn plain(code: ReasonCode, text: String) -> Reason {
    Reason {
        code,
        hard: true,
        lane: None,
        status: None,
        services: BTreeSet::new(),
        event: None,
        source: None,
        since: None,
        until: None,
        rule: None,
        text,
        order: None,
    }
}

fn of_episode(
    code: ReasonCode,
    hard: bool,
    active: &Active<'_>,
    state: &FacilityState<'_>,
    registry: &Registry,
) -> Reason {
    let episode = active.episode;
    Reason {
        lane: Some(active.lane.clone()),
        status: active.status.map(|(status, ..)| status),
        event: Some(episode.event()),
        source: Some(episode.declaration().source.clone()),
        since: Some(episode.from()),
        until: episode.until(),
        hard,
        order: episode.order(state.at).map(|said| (said.event, said.wording.route.clone())),
        ..plain(code, describe(active, state, registry))
    }
}

/// An active episode in words: what, for whom, since and until when, why, by whose word.
pub(super) fn describe(active: &Active<'_>, state: &FacilityState<'_>, registry: &Registry) -> String {
    use std::fmt::Write as _;
    let episode = active.episode;
    let zone = registry.zone_of(state.facility);
    let mut text = match active.status {
        None => {
            format!("{} down", active.service().map_or("", |service| registry.services[service].key.as_str()))
        }
        Some((_, kind, scope)) if scope.is_all() || (!kind.builtin && *scope == kind.diverts) => {
            kind.label.clone()
        }
        Some((_, kind, scope)) => format!("{} for {}", kind.label, phrase::scope(scope, registry)),
    };
    let _ = write!(text, " since {}", phrase::clock(episode.from(), zone));
    if let Some(until) = episode.until() {
        let _ = write!(text, " until {}", phrase::clock(until, zone));
    }
    if let Some(reason) = episode.reason_told(state.at) {
        let _ = write!(text, " because {reason}");
    }
    let said = episode.last_said(state.at);
    let _ = write!(
        text,
        " ({}, event {}, {} old)",
        said.source,
        said.event,
        phrase::length(state.at.since(said.from))
    );
    text
}
