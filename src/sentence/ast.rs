//! What was said, before it is known what it means: names are found, times and statuses are still words.
//!
//! Floor 1: data only.

use chrono::TimeDelta;

use super::when::Moment;
use crate::model::{Name, Scope, ServiceId, Span, StatusId, Target, WalkIn};

/// A thing and where it was said.
#[derive(Clone, Debug)]
pub(super) struct Spanned<T> {
    pub(super) value: T,
    pub(super) span: Span,
}

/// Subjects and what is said of them: the common core of statements and rules.
#[derive(Debug)]
pub(super) struct Claim {
    /// Facilities and networks, or one region.
    pub(super) subjects: Vec<Spanned<Name>>,
    pub(super) condition: Spanned<Condition>,
}

/// What is said of the subjects.
#[derive(Clone, Debug)]
pub(super) enum Condition {
    Open,
    FullyOpen,
    OffDivert,
    /// `off TYPE`; every status type that the word can mean, of which the subject's region picks one.
    Off(Vec<StatusId>),
    /// A status; every type that the word can mean.
    Is(Vec<StatusId>),
    /// Closed, and walk-ins are seen.
    ClosedToAmbulances,
    /// Closed, and walk-ins are not seen.
    InternalDisaster,
    Down(ServiceId),
    Up(ServiceId),
}

/// The end of a window.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    At(Moment),
    After(TimeDelta),
    FurtherNotice,
}

/// What may follow the condition, each at most once.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) scope: Option<Spanned<Scope>>,
    pub(super) from: Option<Spanned<Moment>>,
    pub(super) until: Option<Spanned<End>>,
    pub(super) route: Option<Spanned<Vec<Target>>>,
    pub(super) walk_in: Option<Spanned<WalkIn>>,
    pub(super) approver: Option<Spanned<String>>,
    pub(super) because: Option<Spanned<String>>,
}

/// A whole statement.
#[derive(Debug)]
pub(super) struct Statement {
    pub(super) claim: Claim,
    pub(super) parts: Parts,
}
