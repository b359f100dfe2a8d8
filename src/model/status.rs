//! Status types, what they do, and the lanes in which they stand.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::{Cohort, Keyed, Place, RegionId, Scope, ServiceId, StatusId};

/// What a status does. A later one is worse.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Effect {
    /// Accepts; a warning.
    Advisory,
    /// Asks to be bypassed; can be overridden.
    Diverting,
    /// Nobody, but in extremis where walk-ins are open.
    Closed,
}

impl Effect {
    /// `advisory`, `diverting` or `closed`: also the keys of the built-in status types.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Advisory => "advisory",
            Self::Diverting => "diverting",
            Self::Closed => "closed",
        }
    }
}

/// What becomes of a status that is declared again while it is in force.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Renewal {
    /// It may run on, for another `max`.
    #[default]
    Allowed,
    /// It ends when it would have ended.
    Refused,
    /// It becomes an episode of this type.
    Becomes(StatusId),
}

/// What a status is declared for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum StatusOf {
    /// One facility.
    #[default]
    Facility,
    /// A whole region; it has no effect of its own.
    Region,
}

/// A named kind of status.
#[derive(Clone, Debug)]
pub struct StatusType {
    /// The table key, such as `diverting` or `yellow`.
    pub key: String,
    /// How it is shown.
    pub label: String,
    /// What it does.
    pub effect: Effect,
    /// Whom it speaks of where a declaration does not say.
    pub diverts: Scope,
    /// Of the patients that it diverts, those who are asked about instead.
    pub consult: Option<Scope>,
    /// The regions in which it holds; empty means everywhere.
    pub regions: BTreeSet<RegionId>,
    /// No episode is longer.
    pub max: Option<TimeDelta>,
    /// What declaring it again does.
    pub renewal: Renewal,
    /// Who must approve it.
    pub approver: Approvers,
    /// Overridden by extremis only.
    pub mandatory: bool,
    /// What it is declared for.
    pub of: StatusOf,
    /// The status types that it suspends in its region.
    pub suspends: BTreeSet<StatusId>,
    /// Whether it is one of the three built-in types.
    pub builtin: bool,
    /// Where the registry defines it; `None` for a built-in that no file touches.
    pub place: Option<Place>,
}

/// Who must approve a status: one of these names, compared as [`super::fold`] does. None means nobody needs to.
pub type Approvers = Vec<String>;

impl Keyed for StatusType {
    type Id = StatusId;
    fn key(&self) -> &str {
        &self.key
    }
}

/// One thing about one facility (or region) that is in at most one state at a time.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Lane {
    /// `closed`.
    Closed,
    /// `traffic`: advisory or diverting, for all or for all except some.
    Traffic,
    /// `traffic:stroke`: advisory or diverting for one cohort.
    TrafficFor(Cohort),
    /// A region-defined status type, under its own key.
    Type(StatusId),
    /// `service:ct`.
    Service(ServiceId),
}
