//! Decisions: where one patient goes, what decided it, and every reason against everything else.

use std::fmt;

use crate::model::{FacilityId, Instant, Minutes};

use super::examine::{NotCounted, Reason};
use super::trace::Trace;
use super::travel::MinutesSource;

/// What comes of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Outcome {
    /// A facility that accepts.
    Routed,
    /// A facility that asked to be bypassed, or that lacks what is needed.
    Forced,
    /// Somebody is asked.
    Consult,
    /// Every ED is closed.
    None,
}

impl Outcome {
    /// Every word.
    pub const WORDS: [&'static str; 4] = ["routed", "forced", "consult", "none"];
    /// The word for it in data.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Routed => "routed",
            Self::Forced => "forced",
            Self::Consult => "consult",
            Self::None => "none",
        }
    }
}

/// What decided.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum DecidedBy {
    /// The patient would not survive a longer transport.
    Extremis,
    /// The patient asked for it.
    Request,
    /// The policy wants somebody to be asked.
    Consult,
    /// An order, by the number of its event.
    Order(u64),
    /// A standing rule, by its id.
    Rule(String),
    /// The nearest that accepts.
    Nearest,
    /// The policy limits the detour.
    TravelLimit,
    /// Every candidate diverts.
    AllDiverting,
    /// A last resort.
    External,
    /// No facility that has what is needed can take the patient.
    NeedUnmet,
}

impl DecidedBy {
    /// Writes it as data has it.
    pub fn write(&self, out: &mut impl fmt::Write) -> fmt::Result {
        let word = match self {
            Self::Extremis => "extremis",
            Self::Request => "request",
            Self::Consult => "consult",
            Self::Order(event) => return write!(out, "order:{event}"),
            Self::Rule(rule) => {
                out.write_str("rule:")?;
                rule
            }
            Self::Nearest => "nearest",
            Self::TravelLimit => "travel-limit",
            Self::AllDiverting => "all-diverting",
            Self::External => "external",
            Self::NeedUnmet => "need-unmet",
        };
        out.write_str(word)
    }
}

impl fmt::Display for DecidedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f)
    }
}

/// What else must be known of a decision. The order of the variants is the order in output.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Flag {
    /// The minutes are estimated.
    Est,
    /// Of destination and alternates some minutes are known and some estimated.
    Mixed,
    /// The destination's newest report is too old.
    Stale,
    /// Nothing was ever reported of the destination.
    Unknown,
    /// Sources contradict each other about the destination.
    Conflict,
    /// Something at the destination ran out and was not confirmed.
    Expired,
    /// The destination warns.
    Advisory,
    /// The destination asked to be bypassed, and the patient asked for it: there may be a wait.
    Wait,
    /// Minutes beyond home.
    Detour(Minutes),
    /// Beyond the need's `max_minutes`.
    OverLimit,
    /// A nearer ED is closed.
    NearerClosed {
        /// Its table key.
        facility: String,
        /// Minutes to it.
        minutes: Minutes,
    },
    /// The destination lacks this service.
    NeedUnmet(String),
    /// What holds of the destination for this patient changes before the ambulance arrives.
    ChangesBeforeArrival,
}

impl Flag {
    /// Writes it as data has it.
    pub fn write(&self, out: &mut impl fmt::Write) -> fmt::Result {
        let word = match self {
            Self::Est => "est",
            Self::Mixed => "mixed",
            Self::Stale => "stale",
            Self::Unknown => "unknown",
            Self::Conflict => "conflict",
            Self::Expired => "expired",
            Self::Advisory => "advisory",
            Self::Wait => "wait",
            Self::Detour(minutes) => {
                out.write_str("detour:")?;
                return minutes.write(out);
            }
            Self::OverLimit => "over-limit",
            Self::NearerClosed { facility, minutes } => {
                write!(out, "nearer-closed:{facility}:")?;
                return minutes.write(out);
            }
            Self::NeedUnmet(service) => {
                out.write_str("need-unmet:")?;
                service
            }
            Self::ChangesBeforeArrival => "changes-before-arrival",
        };
        out.write_str(word)
    }
}

impl fmt::Display for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f)
    }
}

/// The reason for the choice of destination, as NEMSIS records it (v3.5 eDisposition.20).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Disposition {
    /// Closest facility.
    Closest,
    /// Diversion.
    Diversion,
    /// On-line or on-scene medical direction.
    MedicalDirection,
    /// Patient's choice.
    PatientsChoice,
    /// Regional specialty center.
    SpecialtyCenter,
}

impl Disposition {
    /// The NEMSIS code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Closest => "4220001",
            Self::Diversion => "4220003",
            Self::MedicalDirection => "4220011",
            Self::PatientsChoice => "4220015",
            Self::SpecialtyCenter => "4220021",
        }
    }
}

/// A facility and the way to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stop {
    /// Which.
    pub facility: FacilityId,
    /// How far.
    pub minutes: Minutes,
    /// By what reckoning.
    pub source: MinutesSource,
}

/// A facility with reasons against it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rejected {
    /// Which, and how far.
    pub stop: Stop,
    /// Every reason; never empty.
    pub reasons: Vec<Reason>,
}

/// Where one patient goes, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// The instant of the decision.
    pub at: Instant,
    /// What comes of it.
    pub outcome: Outcome,
    /// The destination; none for `consult` and `none`.
    pub destination: Option<Stop>,
    /// Where the patient would go if nothing were wrong.
    pub home: Option<Stop>,
    /// What decided; none where nothing could.
    pub decided_by: Option<DecidedBy>,
    /// For the patient care report.
    pub disposition: Option<Disposition>,
    /// Who is to be asked.
    pub ask: Option<String>,
    /// What would be done if nobody answered.
    pub proposed: Option<FacilityId>,
    /// The reasons against the destination, which was taken all the same.
    pub overridden: Vec<Reason>,
    /// What else must be known.
    pub flags: Vec<Flag>,
    /// Who else accepts: those that orders and rules named, then the nearest first.
    pub alternates: Vec<Stop>,
    /// Everybody else, nearest first.
    pub rejected: Vec<Rejected>,
    /// What was declared and is no reason.
    pub not_counted: Vec<NotCounted>,
    /// What did not go as asked or ordered, in words.
    pub notes: Vec<String>,
    /// How it came about.
    pub trace: Trace,
}

impl Decision {
    /// Minutes beyond home, where there are any; negative where a rank led past home.
    pub fn extra(&self) -> Option<Minutes> {
        Some(self.destination?.minutes - self.home?.minutes)
    }
}
