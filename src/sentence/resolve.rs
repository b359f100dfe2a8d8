//! What was said becomes what is meant: networks their members, a word the status type of its region, times instants.
//!
//! Floor 1: knows the registry, and neither a file nor a clock.

use std::sync::Arc;

use chrono_tz::Tz;

use super::ast::{Claim, Condition, End, Parts, Spanned, Statement};
use super::when::Aim;
use super::{Reading, RuleSaid, Still, phrase, when};
use crate::diagnostic::{Code, Diagnostic, list_or};
use crate::model::{
    Declaration, Declared, Effect, FacilityId, FileId, Instant, Name, Registry, RuleCondition, Scope, Span,
    StatusId, StatusOf, Subject, Until, WalkIn,
};

/// The reason that `internal disaster` gives by itself.
pub(super) const INTERNAL_DISASTER: &str = "internal-disaster";

/// A reason as a code: lower case, everything that is neither letter nor digit one hyphen.
pub(super) fn reason_code(text: &str) -> String {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

type Said<T> = Result<T, Diagnostic>;

/// What both kinds of sentences need to be understood.
struct Resolver<'a> {
    file: FileId,
    registry: &'a Registry,
}

/// One declaration for each subject, each subject once.
pub(super) fn declarations(
    statement: &Statement,
    file: FileId,
    registry: &Registry,
    reading: Reading,
) -> Said<Vec<Declaration>> {
    let Statement { claim, parts } = statement;
    let resolver = Resolver { file, registry };
    let subjects = resolver.subjects(claim)?;
    let (from, until) = resolver.common_window(&subjects, parts, reading)?;
    let walk_in = resolver.walk_in(&claim.condition, parts)?;
    let (reason, text) = reason(&claim.condition.value, parts);
    let mut declarations = Vec::with_capacity(subjects.len());
    for (subject, span) in subjects {
        let declared = resolver.declared(subject, &span, &claim.condition, parts.scope.as_ref())?;
        resolver.endings_have_no_parts(subject, &declared, until, parts)?;
        declarations.push(Declaration {
            subject,
            declared,
            from,
            until: until.map(|at| Until { at, stated: true }),
            route: parts.route.as_ref().map(|route| route.value.clone()).unwrap_or_default(),
            walk_in,
            reason: reason.clone(),
            text: text.clone(),
            approver: parts.approver.as_ref().map(|approver| Arc::from(approver.value.as_str())),
            exercise: false,
        });
    }
    Ok(declarations)
}

/// What goes on as it is: one for each subject, each subject once.
pub(super) fn still(
    (claim, parts): &(Claim, Parts),
    file: FileId,
    registry: &Registry,
    reading: Reading,
) -> Said<Vec<Still>> {
    let resolver = Resolver { file, registry };
    let subjects = resolver.subjects(claim)?;
    let (from, until) = resolver.common_window(&subjects, parts, reading)?;
    let (reason, text) = reason(&claim.condition.value, parts);
    let still = subjects.into_iter().map(|(subject, _)| Still {
        subject,
        from,
        until,
        route: parts.route.as_ref().map(|route| route.value.clone()).unwrap_or_default(),
        walk_in: parts.walk_in.as_ref().map(|walk_in| walk_in.value),
        reason: reason.clone(),
        text: text.clone(),
        approver: parts.approver.as_ref().map(|approver| Arc::from(approver.value.as_str())),
    });
    Ok(still.collect())
}

/// What a rule's sentence says.
pub(super) fn rule(statement: &Statement, file: FileId, registry: &Registry) -> Said<RuleSaid> {
    let Statement { claim, parts } = statement;
    let resolver = Resolver { file, registry };
    let mut facilities: Vec<FacilityId> = Vec::new();
    let mut condition: Option<(RuleCondition, Option<Scope>)> = None;
    for (subject, span) in resolver.subjects(claim)? {
        let Subject::Facility(facility) = subject else {
            let message = "a rule is about facilities: a region sends nobody anywhere";
            return Err(Diagnostic::at(Code::WrongKind, file, span, message)
                .help("name the facilities, or the network that they belong to"));
        };
        let declared = resolver.declared(subject, &span, &claim.condition, parts.scope.as_ref())?;
        let holds = resolver.rule_condition(declared, &claim.condition.span)?;
        if condition.as_ref().is_some_and(|before| *before != holds) {
            let message = "the status means different things for the facilities of this rule";
            return Err(Diagnostic::at(Code::AmbiguousName, file, claim.condition.span.clone(), message)
                .help("write a rule for each region"));
        }
        condition = Some(holds);
        facilities.push(facility);
    }
    match (condition, &parts.route) {
        (Some((condition, scope)), Some(route)) => {
            Ok(RuleSaid { subjects: facilities, condition, scope, route: route.value.clone() })
        }
        _ => Err(Diagnostic::at(
            Code::IncompleteSentence,
            file,
            claim.condition.span.clone(),
            "a rule needs a route",
        )),
    }
}

/// The code of the reason, and the words where they say more. What `internal disaster` says stays its code.
fn reason(condition: &Condition, parts: &Parts) -> (Option<Arc<str>>, Option<Arc<str>>) {
    let said = parts.because.as_ref().map(|because| because.value.as_str());
    let code = match condition {
        Condition::InternalDisaster => Some(INTERNAL_DISASTER.to_owned()),
        Condition::Open
        | Condition::FullyOpen
        | Condition::OffDivert
        | Condition::Off(_)
        | Condition::Is(_)
        | Condition::ClosedToAmbulances
        | Condition::Down(_)
        | Condition::Up(_) => said.map(reason_code),
    };
    let text = said.filter(|text| code.as_deref() != Some(*text)).map(Arc::from);
    (code.map(Arc::from), text)
}

impl Resolver<'_> {
    fn error(&self, code: Code, span: &Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::at(code, self.file, span.clone(), message)
    }

    /// Every facility (or the region) that the sentence is about, with the words that named it.
    fn subjects(&self, claim: &Claim) -> Said<Vec<(Subject, Span)>> {
        let mut subjects: Vec<(Subject, Span)> = Vec::new();
        for Spanned { value, span } in &claim.subjects {
            let named: Vec<Subject> = match value {
                Name::Facility(id) => vec![Subject::Facility(*id)],
                Name::Network(id) => self.registry.members(*id).map(Subject::Facility).collect(),
                Name::Region(id) => vec![Subject::Region(*id)],
                Name::Zone(_) | Name::Service(_) | Name::Need(_) | Name::Status(_) => {
                    let message = format!("nothing can be declared of a {}", value.kind().as_str());
                    return Err(self.error(Code::WrongKind, span, message));
                }
            };
            if named.is_empty() {
                let message = format!("no member of `{}` has an ED", phrase::key(*value, self.registry));
                return Err(self
                    .error(Code::NoMembers, span, message)
                    .help("name the facility itself, or give it an `ed` in the registry"));
            }
            for subject in named {
                if subjects.iter().all(|(before, _)| *before != subject) {
                    subjects.push((subject, span.clone()));
                }
            }
        }
        Ok(subjects)
    }

    /// What is declared of one subject.
    fn declared(
        &self,
        subject: Subject,
        named: &Span,
        condition: &Spanned<Condition>,
        scope: Option<&Spanned<Scope>>,
    ) -> Said<Declared> {
        let Spanned { value, span } = condition;
        if let (Subject::Region(_), false) = (subject, matches!(value, Condition::Is(_) | Condition::Off(_)))
        {
            return Err(self
                .error(Code::WrongKind, span, "only a status of its own can be declared of a region")
                .help("name the facilities; for all of a network's, name the network"));
        }
        match value {
            Condition::Open => match scope {
                // "open to all" is open.
                Some(scope) if scope.value.is_all() => Ok(Declared::Open { scope: None }),
                Some(scope) if scope.value.except().len() > 0 => Err(self
                    .error(Code::NoScopeHere, &scope.span, "`open` cannot leave anybody out")
                    .help("declare `open`, and then `diverting for` those who are left out")),
                _ => Ok(Declared::Open { scope: scope.map(|scope| scope.value.clone()) }),
            },
            Condition::FullyOpen => self.without_scope(scope, "`fully open`", Declared::FullyOpen),
            Condition::OffDivert => self.without_scope(scope, "`off divert`", Declared::OffDivert),
            Condition::Off(types) => {
                let status = self.status_type(subject, named, types, span)?;
                self.without_scope(scope, "`off`", Declared::Off(status))
            }
            Condition::Is(types) => {
                let status = self.status_type(subject, named, types, span)?;
                if let (Subject::Region(_), Some(scope)) = (subject, scope) {
                    return Err(self.error(
                        Code::NoScopeHere,
                        &scope.span,
                        "the status of a region speaks of no patients",
                    ));
                }
                let scope = scope.map(|scope| scope.value.clone());
                if status != self.registry.builtin(Effect::Closed) {
                    return Ok(Declared::Status { status, scope });
                }
                // "closed to stroke" takes everybody else: that is diverting. "closed to all" is closed.
                Ok(match scope.filter(|scope| !scope.is_all()) {
                    Some(scope) => Declared::Status {
                        status: self.registry.builtin(Effect::Diverting),
                        scope: Some(scope),
                    },
                    None => Declared::Status { status, scope: None },
                })
            }
            Condition::ClosedToAmbulances => {
                self.without_scope(scope, "`closed to ambulances`", self.closed())
            }
            Condition::InternalDisaster => self.without_scope(scope, "`internal disaster`", self.closed()),
            Condition::Down(service) => self.without_scope(scope, "a service", Declared::Down(*service)),
            Condition::Up(service) => self.without_scope(scope, "a service", Declared::Up(*service)),
        }
    }
    fn closed(&self) -> Declared {
        Declared::Status { status: self.registry.builtin(Effect::Closed), scope: None }
    }
    fn without_scope(
        &self,
        scope: Option<&Spanned<Scope>>,
        after: &str,
        declared: Declared,
    ) -> Said<Declared> {
        match scope {
            None => Ok(declared),
            Some(scope) => Err(self
                .error(Code::NoScopeHere, &scope.span, format!("{after} holds for all patients: no scope can follow it"))
                .help("leave the scope out; `diverting`, `open`, `closed` and statuses of the registry take one")),
        }
    }
    /// Of the status types that a word can mean, the one that holds where the subject is.
    fn status_type(&self, subject: Subject, named: &Span, types: &[StatusId], span: &Span) -> Said<StatusId> {
        let statuses = &self.registry.statuses;
        let (of, region) = match subject {
            Subject::Facility(id) => (StatusOf::Facility, self.registry.facilities[id].region),
            Subject::Region(id) => (StatusOf::Region, Some(id)),
        };
        let right_kind: Vec<StatusId> = types.iter().copied().filter(|id| statuses[*id].of == of).collect();
        let holds = |id: &StatusId| {
            let regions = &statuses[*id].regions;
            regions.is_empty() || region.is_some_and(|region| regions.contains(&region))
        };
        let here: Vec<StatusId> = right_kind.iter().copied().filter(holds).collect();
        let key = |id: &StatusId| statuses[*id].key.as_str();
        match (here.as_slice(), right_kind.first(), types.first()) {
            ([one], _, _) => Ok(*one),
            ([], Some(other), _) => {
                let regions = list_or(
                    statuses[*other].regions.iter().map(|id| self.registry.regions[*id].name.as_str()),
                );
                let message = format!("`{}` holds in {regions} only", key(other));
                let home = match region {
                    Some(region) => format!("is in {}", self.registry.regions[region].name),
                    None => "is in no region".to_owned(),
                };
                Err(self.error(Code::UnknownStatus, span, message).and_at(self.file, named.clone(), home))
            }
            ([], None, Some(other)) => {
                let (message, help) = match of {
                    StatusOf::Facility => {
                        ("of a region, not of a facility", "name the region: `region NAME`")
                    }
                    StatusOf::Region => ("of a facility, not of a region", "name the facilities"),
                };
                Err(self
                    .error(Code::WrongKind, span, format!("`{}` is declared {message}", key(other)))
                    .help(help))
            }
            ([], None, None) => {
                Err(self.error(Code::UnknownStatus, span, "this registry has no such status"))
            }
            (several, _, _) => {
                let keys: Vec<&str> = several.iter().map(key).collect();
                Err(self
                    .error(Code::AmbiguousName, span, format!("the status can be {}", list_or(keys)))
                    .help("write the id of the one that is meant"))
            }
        }
    }

    /// Whether walk-ins are seen, from the condition or said by itself.
    fn walk_in(&self, condition: &Spanned<Condition>, parts: &Parts) -> Said<Option<WalkIn>> {
        let implied = match condition.value {
            Condition::ClosedToAmbulances => Some(WalkIn::Open),
            Condition::InternalDisaster => Some(WalkIn::Closed),
            Condition::Open
            | Condition::FullyOpen
            | Condition::OffDivert
            | Condition::Off(_)
            | Condition::Is(_)
            | Condition::Down(_)
            | Condition::Up(_) => None,
        };
        match (implied, &parts.walk_in) {
            (Some(implied), Some(said)) if said.value != implied => Err(self
                .error(Code::TwiceSaid, &said.span, "the sentence says two things about walk-ins")
                .and_at(
                    self.file,
                    condition.span.clone(),
                    format!("this says that they are {}", implied.as_str()),
                )
                .help("write `closed` and what holds for walk-ins")),
            (_, said) => Ok(implied.or(said.as_ref().map(|said| said.value))),
        }
    }

    /// What ends a status has itself no end, routes nobody and says nothing of walk-ins.
    fn endings_have_no_parts(
        &self,
        subject: Subject,
        declared: &Declared,
        until: Option<Instant>,
        parts: &Parts,
    ) -> Said<()> {
        let opposite = match declared {
            Declared::Status { .. } | Declared::Down(_) => return Ok(()),
            Declared::Up(service) => Declared::Down(*service),
            Declared::Off(status) => Declared::Status { status: *status, scope: None },
            Declared::Open { scope } => {
                Declared::Status { status: self.registry.builtin(Effect::Diverting), scope: scope.clone() }
            }
            Declared::FullyOpen | Declared::OffDivert => {
                Declared::Status { status: self.registry.builtin(Effect::Diverting), scope: None }
            }
        };
        let ending = phrase::declared(declared, self.registry);
        let refused = |span: &Span, why: &str, help: String| {
            Err(self.error(Code::UnexpectedWord, span, format!("`{ending}` {why}")).help(help))
        };
        if let (Some(said), Some(at)) = (&parts.until, until) {
            let help = format!(
                "declare what begins then: `{} {} from {}`",
                phrase::subject(subject, self.registry),
                phrase::declared(&opposite, self.registry),
                phrase::clock(at, phrase::zone(subject, self.registry))
            );
            return refused(&said.span, "ends a status and has no end of its own", help);
        }
        if let Some(route) = &parts.route {
            return refused(
                &route.span,
                "routes nobody: an order lives as long as its status",
                "leave the route out".to_owned(),
            );
        }
        if let Some(walk_in) = &parts.walk_in {
            return refused(&walk_in.span, "says nothing of walk-ins", "leave the walk-ins out".to_owned());
        }
        Ok(())
    }

    /// The window, which must be the same in every subject's zone.
    fn common_window(
        &self,
        subjects: &[(Subject, Span)],
        parts: &Parts,
        reading: Reading,
    ) -> Said<(Instant, Option<Instant>)> {
        let mut zones: Vec<Tz> = Vec::new();
        for (subject, _) in subjects {
            let zone = reading.zone.unwrap_or_else(|| phrase::zone(*subject, self.registry));
            if !zones.contains(&zone) {
                zones.push(zone);
            }
        }
        let mut common: Option<(Instant, Option<Instant>)> = None;
        for zone in &zones {
            let window = self.window(parts, *zone, reading.now)?;
            let Some(before) = common.replace(window) else { continue };
            if before != window {
                let from = parts.from.as_ref().map(|from| &from.span).filter(|_| before.0 != window.0);
                let until = parts.until.as_ref().map(|until| &until.span);
                let zones: Vec<&str> = zones.iter().map(|zone| zone.name()).collect();
                let message = format!("the subjects are in several time zones: {}", zones.join(" and "));
                let differs =
                    if before.0 == window.0 { before.1 } else { Some(before.0) }.unwrap_or(before.0);
                let zone = phrase::zone(subjects[0].0, self.registry);
                return Err(self
                    .error(Code::SeveralTimezones, from.or(until).unwrap_or(&(0..0)), message)
                    .help(format!("give the time with its offset: `{}`", phrase::clock(differs, zone)))
                    .help("or declare each in a sentence of its own"));
            }
        }
        Ok(common.unwrap_or((reading.now, None)))
    }
    fn window(&self, parts: &Parts, zone: Tz, now: Instant) -> Said<(Instant, Option<Instant>)> {
        let from = match &parts.from {
            Some(from) => from.value.resolve(zone, now, Aim::Nearest, self.file, &from.span)?,
            None => now,
        };
        let Some(end) = &parts.until else { return Ok((from, None)) };
        let until = match end.value {
            End::FurtherNotice => return Ok((from, None)),
            End::After(length) => when::in_years(from + length, self.file, &end.span)?,
            End::At(moment) => moment.resolve(zone, now, Aim::After(from), self.file, &end.span)?,
        };
        if until > from {
            return Ok((from, Some(until)));
        }
        let message = format!("it would end at {}, not after it begins", phrase::clock(until, zone));
        let empty = self.error(Code::EmptyWindow, &end.span, message);
        let begins = format!("it begins at {}", phrase::clock(from, zone));
        Err(match &parts.from {
            Some(said) => empty.and_at(self.file, said.span.clone(), begins),
            None => empty.help(format!("{begins}; say `from` if it began earlier")),
        })
    }

    /// When a rule holds. Only what can move patients can be a rule's condition.
    fn rule_condition(&self, declared: Declared, span: &Span) -> Said<(RuleCondition, Option<Scope>)> {
        match declared {
            Declared::Status { status, scope } => {
                let effects = [Effect::Advisory, Effect::Diverting, Effect::Closed];
                let effect = effects.into_iter().find(|effect| self.registry.builtin(*effect) == status);
                Ok((effect.map_or(RuleCondition::Type(status), RuleCondition::Effect), scope))
            }
            Declared::Down(service) => Ok((RuleCondition::Down(service), None)),
            Declared::Up(_)
            | Declared::Open { .. }
            | Declared::FullyOpen
            | Declared::OffDivert
            | Declared::Off(_) => {
                let found = phrase::declared(&declared, self.registry);
                Err(self
                    .error(
                        Code::UnexpectedWord,
                        span,
                        format!("a rule needs a condition that can divert, found `{found}`"),
                    )
                    .help("write `closed`, `diverting`, a status of the registry, or a service `down`"))
            }
        }
    }
}
