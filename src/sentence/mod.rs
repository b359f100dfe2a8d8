//! Sentences: the one language of the registry, the command line, standard input and `--given`.
//!
//! Floor 1: text and a registry's names in, declarations, rules and scopes out; no file, no clock.

use chrono_tz::Tz;

use crate::diagnostic::{Code, Diagnostic};
use crate::model::{
    Declaration, Expectation, FacilityId, FileId, Instant, Registry, RuleCondition, Scope, Target,
};

/// When and where a sentence is read: what its bare clock times refer to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reading {
    /// What `now` means, and the `from` of a sentence that has none.
    pub now: Instant,
    /// The zone of times where it was given by hand (`--tz`); it beats the subjects' own.
    pub zone: Option<Tz>,
}

/// Reads a statement. One declaration for each subject: a network's name means its members that have an ED.
pub fn statement(
    text: &str,
    file: FileId,
    registry: &Registry,
    reading: Reading,
) -> Result<Vec<Declaration>, Diagnostic> {
    let _ = (registry, reading);
    Err(Diagnostic::at(Code::UnexpectedWord, file, 0..text.len(), ""))
}

/// What a rule's sentence says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RuleSaid {
    /// The facilities it is about, each by itself.
    pub subjects: Vec<FacilityId>,
    /// When it holds.
    pub condition: RuleCondition,
    /// For which patients; `None`: all for whom the condition holds.
    pub scope: Option<Scope>,
    /// Where they go.
    pub route: Vec<Target>,
}

/// Reads `when … , route to …`.
pub fn rule(text: &str, file: FileId, registry: &Registry) -> Result<RuleSaid, Diagnostic> {
    let _ = registry;
    Err(Diagnostic::at(Code::UnexpectedWord, file, 0..text.len(), ""))
}

/// Reads `stroke from Vernon goes to Hartford Hospital`.
pub fn expectation(text: &str, file: FileId, registry: &Registry) -> Result<Expectation, Diagnostic> {
    let _ = registry;
    Err(Diagnostic::at(Code::UnexpectedWord, file, 0..text.len(), ""))
}

/// Reads a scope as a key holds it: `all`, `stroke and trauma`, `priority 2, priority 3`, `all except trauma`.
pub fn scope(text: &str, file: FileId, registry: &Registry) -> Result<Scope, Diagnostic> {
    let _ = registry;
    Err(Diagnostic::at(Code::UnexpectedWord, file, 0..text.len(), ""))
}

/// Reads a route as a log's column holds it: `ECHN then Hartford Hospital`.
pub fn route(text: &str, file: FileId, registry: &Registry) -> Result<Vec<Target>, Diagnostic> {
    let _ = registry;
    Err(Diagnostic::at(Code::UnexpectedWord, file, 0..text.len(), ""))
}

/// Reads a time outside a sentence (`--at`, `--since`, an expectation's `at`): a bare clock time is the latest not
/// after `now`.
pub fn time(text: &str, file: FileId, now: Instant, zone: Tz) -> Result<Instant, Diagnostic> {
    let _ = (now, zone);
    Err(Diagnostic::at(Code::BadTime, file, 0..text.len(), ""))
}

/// Reads a duration: `90m`, `2h`, `1h30m`, `3d`, `2 hours`, `90 min`.
pub fn duration(text: &str, file: FileId) -> Result<chrono::TimeDelta, Diagnostic> {
    Err(Diagnostic::at(Code::BadDuration, file, 0..text.len(), ""))
}
