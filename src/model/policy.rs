//! A region's diversion policy, as data: every number, scope and name in it comes from a file.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;

use super::{FacilityId, Instant, Keyed, Minutes, Place, PolicyId, RegionId, Scope, StatusId};

/// What is done when every candidate asks to be bypassed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum AllDiverting {
    /// The closest takes the patient.
    #[default]
    Closest,
    /// The one that was forced least since local midnight, then the closest.
    Rotate,
    /// Somebody is asked.
    Consult,
}

/// Minutes that a crowded ED adds to its rank.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Crowding {
    /// From this NEDOCS score on.
    pub nedocs: f64,
    /// What is added to the ranking, never to the minutes shown.
    pub minutes: Minutes,
}

/// The share of time on diversion that a region allows itself.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct TargetShare {
    /// Less than this percentage of the month…
    pub percent: f64,
    /// …for this many months in a row.
    pub months: u32,
}

/// What a limit does when it is exceeded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LimitAction {
    /// The episodes counted end, and new ones are refused for a while.
    Suspend,
    /// The episodes counted end.
    ReopenAll,
    /// The newest is refused.
    Reject,
}

/// How many facilities of a region may divert at once.
#[derive(Clone, PartialEq, Debug)]
pub struct Limit {
    /// The status types counted; facilities are counted, each once.
    pub counts: BTreeSet<StatusId>,
    /// Whether each type is counted by itself.
    pub same_type: bool,
    /// The number that is still allowed.
    pub more_than: u32,
    /// What happens beyond it.
    pub action: LimitAction,
    /// For how long new ones are refused after a suspension.
    pub lasts: Option<TimeDelta>,
    /// Status types that are neither counted nor ended.
    pub exempt: BTreeSet<StatusId>,
    /// The facilities it is about; empty means every facility of the region.
    pub facilities: BTreeSet<FacilityId>,
    /// Where it stands.
    pub place: Place,
}

/// A level of strain, by the number of facilities with a diverting or closed effect in force.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Level {
    /// From this number of facilities on.
    pub at: u32,
    /// Whether crews must ask before they choose a destination.
    pub consult: bool,
}

/// What holds in some regions between two instants.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The table key.
    pub key: String,
    /// Where it holds.
    pub regions: BTreeSet<RegionId>,
    /// In force from this instant on.
    pub from: Option<Instant>,
    /// In force before this instant.
    pub until: Option<Instant>,
    /// The reason codes for which a diversion is honoured; `None`: all.
    pub honoured_reasons: Option<BTreeSet<String>>,
    /// Patients whom no diversion moves.
    pub never_diverted: Option<Scope>,
    /// Whether a patient's choice beats a diversion.
    pub honour_request: bool,
    /// When every candidate diverts.
    pub all_diverting: AllDiverting,
    /// How many of the nearest other candidates may be tried before a diverting home takes the patient.
    pub alternatives: Option<u32>,
    /// Drive no further than this to avoid a diverting home.
    pub max_minutes: Option<Minutes>,
    /// Drive no more than this beyond the minutes to home to avoid a diverting home.
    pub max_extra_minutes: Option<Minutes>,
    /// An order's or a rule's target may lie this far beyond the nearest eligible facility.
    pub max_order_extra: Minutes,
    /// Who is asked.
    pub consult: Option<String>,
    /// Minutes that an advisory adds to the ranking.
    pub advisory_minutes: Minutes,
    /// Minutes that crowding adds to the ranking.
    pub crowding: Option<Crowding>,
    /// The share of time on diversion aimed at.
    pub target: Option<TargetShare>,
    /// Limits, in file order.
    pub limits: Vec<Limit>,
    /// Levels of strain by name.
    pub levels: BTreeMap<String, Level>,
    /// Where it stands.
    pub place: Place,
}

impl Policy {
    /// How far an order may lead beyond the nearest eligible facility where no policy says otherwise.
    pub const MAX_ORDER_EXTRA: Minutes = Minutes::from_tenths(300);

    /// Whether it is in force at `at`.
    pub fn is_in_force(&self, at: Instant) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }
}

impl Keyed for Policy {
    type Id = PolicyId;
    fn key(&self) -> &str {
        &self.key
    }
}
