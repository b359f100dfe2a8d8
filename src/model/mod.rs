//! The things that dispatch speaks of: their types and invariants, and no behaviour that needs two of them.
//!
//! Floor 0: knows the standard library, chrono and text folding; no other room, file, clock or terminal.

mod census;
mod event;
mod groups;
mod id;
mod interval;
mod ledger;
mod names;
mod patient;
mod place;
mod policy;
mod position;
mod registry;
mod scope;
mod shared;
mod status;
mod time;

pub use census::{Assignment, Census};
pub use event::{Declaration, Declared, Event, Kind, Subject, Target, Until, WalkIn};
pub use groups::Task;
pub use id::{
    Directory, FacilityId, Keyed, NeedId, NetworkId, PolicyId, RegionId, ServiceId, StatusId, ZoneId,
};
pub use interval::Interval;
pub use ledger::{Entry, Heard, Ledger, Line, SayingId, Sayings, Short, Spot, Worded, Wording};
pub use names::{Name, NameKind, Names, fold};
pub use patient::{Age, Assumed, Care, Origin, Patient, PatientSaid, Priority};
pub use place::{FileId, Place, SourceFile, Sources, Span};
pub use policy::{AllDiverting, Crowding, Level, Limit, LimitAction, Policy, TargetShare};
pub use position::{EARTH_RADIUS_KM, Position};
pub use registry::{
    Ed, Expect, Expectation, Facility, FacilityKind, Need, Network, Region, Registry, Rule, RuleCondition,
    Service, SourceSettings, TravelSettings, Want, Zone,
};
pub use scope::{Class, Cohort, Scope};
pub use shared::Shared;
pub use status::{Approvers, Effect, Lane, Renewal, StatusOf, StatusType};
pub use time::{Instant, Minutes};
