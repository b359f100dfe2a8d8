//! Events: what was said about a facility or a region, when it was recorded, and by whom.

use std::sync::Arc;

use super::{Assignment, Census, FacilityId, Instant, NetworkId, RegionId, Scope, ServiceId, StatusId};

/// What an event is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Subject {
    /// A facility.
    Facility(FacilityId),
    /// A region as such (a status type with `of = "region"`).
    Region(RegionId),
}

/// Where an order or a rule sends patients.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Target {
    /// That facility.
    Facility(FacilityId),
    /// The eligible members of a network and its sub-networks, nearest to the patient first.
    Network(NetworkId),
    /// The eligible facilities of a region, nearest to the patient first.
    Region(RegionId),
    /// Whatever is eligible (and has this service up), nearest first.
    Nearest(Option<ServiceId>),
}

/// Whether people who come by themselves are seen.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum WalkIn {
    /// They are.
    Open,
    /// They are not.
    Closed,
}

impl WalkIn {
    /// `open` or `closed`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

/// The end of an episode as declared.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Until {
    /// The first instant after it.
    pub at: Instant,
    /// Whether somebody said so; `false` where the log stored what followed from the type's `max`.
    pub stated: bool,
}

/// What is declared of a subject.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Declared {
    /// A status begins or is confirmed, for its own patients or for those of `scope`.
    Status {
        /// Which status type.
        status: StatusId,
        /// The scope stated; `None` leaves it to the status type.
        scope: Option<Scope>,
    },
    /// A service went down, or is still down.
    Down(ServiceId),
    /// A service is up again.
    Up(ServiceId),
    /// `open`: ends what is in `closed`, `traffic` and the region-defined lanes. `open for stroke`: ends
    /// `traffic:stroke`.
    Open {
        /// The scope stated.
        scope: Option<Scope>,
    },
    /// `fully open`: ends everything.
    FullyOpen,
    /// `off divert`: ends `traffic`.
    OffDivert,
    /// `off yellow`: ends that type's lane.
    Off(StatusId),
}

/// A declaration about one subject.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Declaration {
    /// What it is about.
    pub subject: Subject,
    /// What is said of it.
    pub declared: Declared,
    /// From when it holds.
    pub from: Instant,
    /// Until when, where that is known.
    pub until: Option<Until>,
    /// Where its patients go, in order of preference; empty for none.
    pub route: Vec<Target>,
    /// Whether walk-ins are seen, where that was said.
    pub walk_in: Option<WalkIn>,
    /// The reason's code: lower case, hyphens.
    pub reason: Option<Arc<str>>,
    /// The reason in the speaker's words, where they say more than the code.
    pub text: Option<Arc<str>>,
    /// Who approved it.
    pub approver: Option<Arc<str>>,
    /// A drill: shown, marked, touches no lane.
    pub exercise: bool,
}

/// What kind of event it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Begins, confirms or ends episodes.
    Declare(Box<Declaration>),
    /// Says that an earlier event was an error.
    Retract(u64),
    /// How full a facility is.
    Census(Box<Census>),
    /// Where a patient was sent.
    Assign(Box<Assignment>),
    /// Says nothing about any lane.
    Note(Option<Subject>),
}

/// One row of the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// 1, 2, 3… without gaps.
    pub number: u64,
    /// When it was recorded.
    pub recorded_at: Instant,
    /// Who reported it: `hospital`, `dispatch`, `state`, `news`, `import`…
    pub source: Arc<str>,
    /// Words of what is no declaration: why something is retracted, what a note says. A declaration has its own.
    pub text: Option<Arc<str>>,
    /// What it says.
    pub kind: Kind,
}

impl Event {
    /// The facility or region it is about; a retraction is about none.
    pub fn subject(&self) -> Option<Subject> {
        match &self.kind {
            Kind::Declare(declaration) => Some(declaration.subject),
            Kind::Retract(_) => None,
            Kind::Census(census) => Some(Subject::Facility(census.facility)),
            Kind::Assign(assignment) => Some(Subject::Facility(assignment.facility)),
            Kind::Note(subject) => *subject,
        }
    }
}
