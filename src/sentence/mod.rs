//! Sentences: the one language of the registry, the command line, standard input and `--given`.
//!
//! Floor 1: text and a registry's names in, declarations, rules and scopes out; no file, no clock.

mod ast;
mod grammar;
mod lexer;
mod parser;
mod patients;
pub mod phrase;
mod resolve;
mod rfc3339;
mod when;
mod words;

use std::sync::Arc;

use chrono_tz::Tz;

use crate::diagnostic::{Code, Diagnostic};
use crate::model::{
    Cohort, Declaration, Declared, Effect, Expectation, FacilityId, FileId, Instant, Lane, Origin,
    PatientSaid, Registry, RuleCondition, Scope, StatusId, Subject, Target, Until, WalkIn, fold,
};

use parser::Parser;

pub use rfc3339::{Moments, rfc3339};

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
    let statement = Parser::new(text, file, registry).statement()?;
    resolve::declarations(&statement, file, registry, reading)
}

/// What is confirmed of one subject: whatever holds of it goes on, and this is new about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Still {
    /// Of whom.
    pub subject: Subject,
    /// From when the confirmation holds.
    pub from: Instant,
    /// Until when it goes on, where that was said.
    pub until: Option<Instant>,
    /// Where the patients go now; empty where nothing was said.
    pub route: Vec<Target>,
    /// Whether walk-ins are seen, where that was said.
    pub walk_in: Option<WalkIn>,
    /// The reason's code, where one was given.
    pub reason: Option<Arc<str>>,
    /// The reason in the speaker's words, where they say more than the code.
    pub text: Option<Arc<str>>,
    /// Who approved it.
    pub approver: Option<Arc<str>>,
}

impl Still {
    /// The declaration that says again what is so.
    pub fn declare(&self, declared: Declared) -> Declaration {
        Declaration {
            subject: self.subject,
            declared,
            from: self.from,
            until: self.until.map(|at| Until { at, stated: true }),
            route: self.route.clone(),
            walk_in: self.walk_in,
            reason: self.reason.clone(),
            text: self.text.clone(),
            approver: self.approver.clone(),
            exercise: false,
        }
    }
}

/// Reads what is confirmed: `Manchester Memorial until 10:00`. One for each subject.
pub fn still(
    text: &str,
    file: FileId,
    registry: &Registry,
    reading: Reading,
) -> Result<Vec<Still>, Diagnostic> {
    let said = Parser::new(text, file, registry).still()?;
    resolve::still(&said, file, registry, reading)
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
    let statement = Parser::new(text, file, registry).rule()?;
    resolve::rule(&statement, file, registry)
}

/// Reads `stroke from Vernon goes to Hartford Hospital`.
pub fn expectation(text: &str, file: FileId, registry: &Registry) -> Result<Expectation, Diagnostic> {
    let (said, origin, want) = Parser::new(text, file, registry).expectation()?;
    Ok(Expectation { patient: registry.patient(said), origin, want })
}

/// Reads a scope as a key holds it: `all`, `stroke and trauma`, `priority 2, priority 3`, `all except trauma`.
pub fn scope(text: &str, file: FileId, registry: &Registry) -> Result<Scope, Diagnostic> {
    whole(text, file, registry, Parser::scope)
}

/// Reads a route as a log's column holds it: `ECHN then Hartford Hospital`.
pub fn route(text: &str, file: FileId, registry: &Registry) -> Result<Vec<Target>, Diagnostic> {
    whole(text, file, registry, Parser::route)
}

/// Reads the words about a patient: needs joined by `+`, `and`, a comma or nothing, and `p1`, `priority 1`, `als`,
/// `adult`, `extremis`, `transfer`… An empty text is an error: whoever may leave them out doesn't ask.
pub fn patient_words(text: &str, file: FileId, registry: &Registry) -> Result<PatientSaid, Diagnostic> {
    whole(text, file, registry, Parser::patient)
}

/// Reads where a patient is: a zone, else a facility, else `LAT,LON`.
pub fn place(text: &str, file: FileId, registry: &Registry) -> Result<Origin, Diagnostic> {
    whole(text, file, registry, Parser::place)
}

/// Reads a lane as a log's column holds it: what [`phrase::lane`] writes.
pub fn lane(text: &str, file: FileId, registry: &Registry) -> Result<Lane, Diagnostic> {
    let unknown = |code, message: String| Diagnostic::at(code, file, 0..text.len(), message);
    let said = text.trim();
    if let Some(cohort) = said.strip_prefix("traffic:") {
        let cohort: Cohort = whole(cohort, file, registry, Parser::cohort)
            .map_err(|error| error.within(file, text.len() - text.trim_start().len() + "traffic:".len()))?;
        return Ok(Lane::TrafficFor(cohort));
    }
    if let Some(service) = said.strip_prefix("service:") {
        let id = registry.services.id(service.trim());
        return id.map(Lane::Service).ok_or_else(|| {
            unknown(Code::UnknownId, format!("this registry has no service `{}`", service.trim()))
        });
    }
    match said {
        "closed" => Ok(Lane::Closed),
        "traffic" => Ok(Lane::Traffic),
        key => match registry.statuses.id(key) {
            Some(id) if !registry.statuses[id].builtin => Ok(Lane::Type(id)),
            _ => Err(unknown(Code::BadValue, format!("`{key}` is no lane"))
                .help("a lane is `closed`, `traffic`, `traffic:stroke`, `service:ct` or the id of a status")),
        },
    }
}

/// What a log's column `status` can hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StatusWord {
    /// `open`.
    Open,
    /// `fully-open`.
    FullyOpen,
    /// `off-divert`.
    OffDivert,
    /// `off-yellow`.
    Off(StatusId),
    /// `advisory`, `diverting`, `closed` or a status type of the registry.
    Status(StatusId),
    /// `down`, of the service that the lane names.
    Down,
    /// `up`, of the service that the lane names.
    Up,
}

/// The word of a log's column `status`: what [`phrase::status`] writes, in any case and with spaces for hyphens.
pub fn status_word(text: &str, registry: &Registry) -> Option<StatusWord> {
    let key = text.trim().to_lowercase().split_whitespace().collect::<Vec<_>>().join("-");
    if let Some(id) = registry.statuses.id(&key) {
        return Some(StatusWord::Status(id));
    }
    match key.as_str() {
        "open" => Some(StatusWord::Open),
        "fully-open" => Some(StatusWord::FullyOpen),
        "off-divert" => Some(StatusWord::OffDivert),
        "down" => Some(StatusWord::Down),
        "up" => Some(StatusWord::Up),
        _ => {
            let id = registry.statuses.id(key.strip_prefix("off-")?)?;
            let is = |effect| id == registry.builtin(effect);
            if is(Effect::Diverting) {
                Some(StatusWord::OffDivert)
            } else {
                (is(Effect::Closed) || !registry.statuses[id].builtin).then_some(StatusWord::Off(id))
            }
        }
    }
}

/// Reads a time outside a sentence (`--at`, `--since`, an expectation's `at`): a bare clock time is the latest not
/// after `now`, a date alone is its local midnight.
pub fn time(text: &str, file: FileId, now: Instant, zone: Tz) -> Result<Instant, Diagnostic> {
    let tokens = lexer::tokens(text);
    let (moment, used) = when::moment(&tokens, file)?;
    nothing_after(&tokens, used, file, Code::BadTime)?;
    moment.resolve(zone, now, when::Aim::Past, file, &(0..text.len()))
}

/// Reads a duration: `90m`, `2h`, `1h30m`, `3d`, `2 hours`, `90 min`.
pub fn duration(text: &str, file: FileId) -> Result<chrono::TimeDelta, Diagnostic> {
    let tokens = lexer::tokens(text);
    let (length, used) = when::length(&tokens, file)?;
    nothing_after(&tokens, used, file, Code::BadDuration)?;
    Ok(length)
}

/// The code of a reason given in words: lower case, everything that is neither letter nor digit one hyphen.
pub fn reason_code(text: &str) -> String {
    resolve::reason_code(text)
}

/// Whether a text is a word of sentences, so that nothing in a registry may have it as its name.
pub fn is_keyword(text: &str) -> bool {
    let key = fold(text);
    words::KEYWORDS.iter().any(|word| fold(word) == key)
}

/// Every word of sentences, for whoever checks many names at once.
pub fn keywords() -> impl Iterator<Item = &'static str> {
    words::KEYWORDS.iter().copied()
}

/// Reads a whole text with one of the parser's rules.
fn whole<'a, T>(
    text: &'a str,
    file: FileId,
    registry: &'a Registry,
    read: impl FnOnce(&mut Parser<'a>) -> Result<T, Diagnostic>,
) -> Result<T, Diagnostic> {
    let mut parser = Parser::new(text, file, registry);
    let value = read(&mut parser)?;
    parser.end()?;
    Ok(value)
}

fn nothing_after(
    tokens: &[lexer::Token<'_>],
    used: usize,
    file: FileId,
    code: Code,
) -> Result<(), Diagnostic> {
    match tokens.get(used) {
        None => Ok(()),
        Some(token) => {
            let message = format!("expected nothing more, found `{}`", token.text);
            Err(Diagnostic::at(code, file, token.span.clone(), message).help("leave it out"))
        }
    }
}
