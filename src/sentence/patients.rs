//! The grammar of patients: classes, scopes, the words about one patient, and where one is.
//!
//! Floor 1: one function for each rule of the grammar.

use super::lexer::Token;
use super::parser::{LONGEST_UNKNOWN, Parser, Said};
use super::phrase;
use super::words::AFTER_NAMES;
use crate::diagnostic::{Code, Diagnostic, closest, list_or};
use crate::model::{
    Age, Care, Class, Cohort, FacilityId, Name, NameKind, NeedId, Origin, PatientSaid, Position, Priority,
    Scope, Want,
};

impl Parser<'_> {
    /// `all`, `all except classes`, `classes`, `classes except classes`.
    pub(super) fn scope(&mut self) -> Said<Scope> {
        let named = if self.accept("all") {
            self.skip(&["patients"]);
            Vec::new()
        } else {
            self.cohorts()?
        };
        let except = if self.accept_any(&["except", "but"]).is_some() { self.cohorts()? } else { Vec::new() };
        Ok(Scope::new(named, except))
    }
    fn cohorts(&mut self) -> Said<Vec<Cohort>> {
        let mut cohorts = vec![self.cohort()?];
        loop {
            let comma = usize::from(self.is_comma(self.at));
            let joined = comma + usize::from(self.key(self.at + comma) == "and");
            if joined == 0 || joined == comma && self.begins_part(self.at + comma) {
                return Ok(cohorts);
            }
            self.advance(joined);
            cohorts.push(self.cohort()?);
        }
    }
    /// Classes side by side.
    pub(super) fn cohort(&mut self) -> Said<Cohort> {
        let mut classes = Vec::new();
        while let Some(class) = self.class()? {
            classes.push(class);
        }
        if !classes.is_empty() {
            self.skip(&["patients"]);
        }
        let ends = self.is_done() || self.is_comma(self.at) || self.begins_part(self.at);
        let complete = ends || matches!(self.key(self.at), "and" | "except" | "but");
        Cohort::new(classes).filter(|_| complete).ok_or_else(|| self.unknown_class())
    }
    /// The need that stands here. Of `pediatric, trauma` a comma parts two classes, whatever else they may name together.
    fn need(&self) -> Option<(usize, Vec<Name>)> {
        const KINDS: &[NameKind] = &[NameKind::Need];
        let whole = self.run(self.at, KINDS)?;
        let Some(comma) = (self.at..self.at + whole.0).find(|at| self.is_comma(*at)) else {
            return Some(whole);
        };
        let first = self.run_before(comma, self.at, KINDS).filter(|(count, _)| self.at + count == comma);
        let is_age = comma == self.at + 1
            && matches!(self.key(self.at), "adult" | "adults" | "pediatric" | "pediatrics");
        if is_age { first } else { first.or(Some(whole)) }
    }
    /// One class, if one stands here.
    fn class(&mut self) -> Said<Option<Class>> {
        if let Some((count, meanings)) = self.need() {
            let Name::Need(need) = self.take(count, &meanings)?.value else { return Ok(None) };
            return Ok(Some(self.class_of(need)));
        }
        let (class, count) = match self.key(self.at) {
            "adult" | "adults" => (Class::Adult, 1),
            "pediatric" | "pediatrics" => (Class::Pediatric, 1),
            "als" => (Class::Als, 1),
            "bls" => (Class::Bls, 1),
            "extremis" => (Class::Extremis, 1),
            "in" if self.key(self.at + 1) == "extremis" => (Class::Extremis, 2),
            "transfer" | "transfers" => (Class::Transfer, 1),
            "p1" | "priority1" => (Class::Priority(Priority::One), 1),
            "p2" | "priority2" => (Class::Priority(Priority::Two), 1),
            "p3" | "priority3" => (Class::Priority(Priority::Three), 1),
            "priority" => {
                let number = self.key(self.at + 1).parse().ok();
                let priority = number.and_then(Priority::from_number).ok_or_else(|| {
                    self.error(
                        Code::UnknownClass,
                        self.span(self.at + 1..self.at + 2),
                        "expected 1, 2 or 3 after `priority`",
                    )
                    .help("write `priority 1`; of several: `priority 2 and priority 3`")
                })?;
                (Class::Priority(priority), 2)
            }
            _ => return Ok(None),
        };
        self.advance(count);
        Ok(Some(class))
    }
    /// The class of a need; the one called `pediatric` is the class of that name.
    pub(super) fn class_of(&self, need: NeedId) -> Class {
        if self.registry.needs.id("pediatric") == Some(need) { Class::Pediatric } else { Class::Need(need) }
    }
    fn unknown_class(&mut self) -> Diagnostic {
        const OTHERS: [&str; 9] = [
            "adult",
            "pediatric",
            "als",
            "bls",
            "priority 1",
            "priority 2",
            "priority 3",
            "extremis",
            "transfer",
        ];
        let first = self.key(self.at);
        let number = self.tokens.get(self.at).is_some_and(Token::is_number);
        if first.is_empty()
            || number
            || AFTER_NAMES.contains(&first)
            || matches!(first, "all" | "except" | "but")
        {
            self.wants("a class of patients");
            let unexpected = self.unexpected();
            return if number && self.key(self.at.wrapping_sub(1)) == "to" {
                unexpected.help("the end of a window is written `until 11:00`")
            } else if number {
                unexpected.help("of several priorities write each: `priority 2 and priority 3`")
            } else {
                unexpected.help(
                    "a class is a need, or one of adult, pediatric, als, bls, priority 1, extremis, transfer",
                )
            };
        }
        if let Some((count, _)) = self.run(self.at, &[NameKind::Service]) {
            let said = self.words(self.at..self.at + count);
            return self
                .error(
                    Code::WrongKind,
                    self.span(self.at..self.at + count),
                    format!("expected a class of patients, but `{said}` is a service"),
                )
                .help(format!("a service that is missing is declared `{said} down`"));
        }
        let ends = |end: &usize| self.may_follow_name(*end) || matches!(self.key(*end), "except" | "but");
        let end = self.at + 1;
        let end =
            (end..end + LONGEST_UNKNOWN).find(ends).unwrap_or(end + LONGEST_UNKNOWN).min(self.tokens.len());
        let said = self.words(self.at..end);
        let unknown = self.error(
            Code::UnknownClass,
            self.span(self.at..end),
            format!("`{said}` is no class of patients"),
        );
        let texts = phrase::texts(NameKind::Need, self.registry).into_iter().flatten().chain(OTHERS);
        match closest(&said, texts).filter(|_| said.len() < 100) {
            Some(like) => unknown.help(format!("did you mean `{like}`?")),
            None => unknown.help(format!("a class is a need of the registry, or {}", list_or(OTHERS))),
        }
    }

    /// Words about a patient, up to `from` or the end.
    pub(super) fn patient(&mut self) -> Said<PatientSaid> {
        let mut said = PatientSaid::default();
        let (mut any, mut adult) = (false, None);
        self.skip(&["a", "an"]);
        loop {
            let start = self.at;
            if let Some(class) = self.class()? {
                self.skip(&["patient"]);
                any = true;
                let twice = match class {
                    Class::Need(need) => {
                        said.needs.insert(need);
                        false
                    }
                    Class::Priority(priority) => {
                        said.priority.replace(priority).is_some_and(|before| before != priority)
                    }
                    Class::Als => said.care.replace(Care::Als) == Some(Care::Bls),
                    Class::Bls => said.care.replace(Care::Bls) == Some(Care::Als),
                    Class::Adult => adult.replace(Age::Adult) == Some(Age::Pediatric),
                    Class::Pediatric => {
                        said.needs.extend(self.registry.needs.id("pediatric"));
                        adult.replace(Age::Pediatric) == Some(Age::Adult)
                    }
                    Class::Extremis => {
                        said.extremis = true;
                        false
                    }
                    Class::Transfer => {
                        said.transfer = true;
                        false
                    }
                };
                if twice {
                    let message = format!(
                        "`{}` contradicts what was said of the patient before",
                        self.words(start..self.at)
                    );
                    return Err(self
                        .error(Code::TwiceSaid, self.since(start), message)
                        .help("a patient has one priority, one level of care and one age"));
                }
                continue;
            }
            if any {
                let comma = self.accept_comma();
                if self.skip(&["+", "and"]).is_some() || comma {
                    any = false;
                    continue;
                }
            }
            if !any || !(self.is_done() || self.key(self.at) == "from") {
                return Err(self.unknown_class());
            }
            // The need called `pediatric` implies the age; without it the age is what was said.
            said.age =
                adult.filter(|age| *age == Age::Adult || self.registry.needs.id("pediatric").is_none());
            return Ok(said);
        }
    }
    /// A zone, else a facility, else `LAT,LON`.
    pub(super) fn place(&mut self) -> Said<Origin> {
        const KINDS: &[NameKind] = &[NameKind::Zone, NameKind::Facility];
        let decimal = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.".contains(&byte));
        let number = |at: usize| {
            self.tokens.get(at).map(|token| token.text).filter(|text| decimal(text))?.parse::<f64>().ok()
        };
        if let Some((count, mut meanings)) = self.run(self.at, KINDS)
            && self.may_follow_name(self.at + count)
        {
            if meanings.iter().any(|name| name.kind() == NameKind::Zone) {
                meanings.retain(|name| name.kind() == NameKind::Zone);
            }
            let name = self.take(count, &meanings)?;
            return match name.value {
                Name::Zone(zone) => Ok(Origin::Zone(zone)),
                Name::Facility(facility) => Ok(Origin::Facility(facility)),
                other => Err(self.error(
                    Code::WrongKind,
                    name.span,
                    format!("nobody is picked up at a {}", other.kind().as_str()),
                )),
            };
        }
        let Some(lat) = number(self.at) else {
            self.wants("`LAT,LON`");
            return Err(self.unknown_name(KINDS));
        };
        let comma = usize::from(self.is_comma(self.at + 1));
        let Some(lon) = number(self.at + 1 + comma) else {
            self.advance(1 + comma);
            self.wants("a longitude");
            return Err(self
                .unexpected()
                .help("a point is written `41.8187,-72.4795`: north and east are positive"));
        };
        let words = self.at..self.at + 2 + comma;
        if !(-90.0..=90.0).contains(&lat) || !(-180.0..=180.0).contains(&lon) {
            return Err(self
                .error(Code::OutOfRange, self.span(words), "a latitude is -90 to 90, a longitude -180 to 180")
                .help("write the latitude first"));
        }
        self.advance(words.len());
        Ok(Origin::Point(Position { lat, lon }))
    }
    /// `patient from place what`.
    pub(super) fn expectation(&mut self) -> Said<(PatientSaid, Origin, Want)> {
        let patient = self.patient()?;
        self.expect("from")?;
        let origin = self.place()?;
        let want = match self.expect_any(&["goes", "is", "has", "consults"])? {
            "goes" => {
                self.expect("to")?;
                Want::Goes(self.destination()?)
            }
            "is" => {
                self.expect("forced")?;
                self.expect("to")?;
                Want::Forced(self.destination()?)
            }
            "has" => {
                self.expect("no")?;
                self.expect("destination")?;
                Want::NoDestination
            }
            _ => Want::Consults,
        };
        self.end()?;
        Ok((patient, origin, want))
    }
    fn destination(&mut self) -> Said<FacilityId> {
        let name = self.name(&[NameKind::Facility])?;
        match name.value {
            Name::Facility(facility) => Ok(facility),
            other => Err(self.error(
                Code::WrongKind,
                name.span,
                format!("expected a facility, found a {}", other.kind().as_str()),
            )),
        }
    }
}
