//! The grammar of statements and rules: subjects, conditions, and the parts that may follow them.
//!
//! Floor 1: one function for each rule of the grammar; what is found here is given its meaning in `resolve`.

use super::ast::{Claim, Condition, End, Parts, Spanned, Statement};
use super::lexer::Token;
use super::parser::{Parser, Said};
use super::words::{AFTER_NAMES, CONDITION_WORDS};
use super::{phrase, resolve, when};
use crate::diagnostic::{Code, Diagnostic, closest, list_or};
use crate::model::{Effect, Name, NameKind, ServiceId, StatusId, Target, WalkIn};

const CONDITIONS: &str = "a condition is `open`, `fully open`, `off divert`, `advisory`, `diverting` (or \
     `on divert`), `closed`, `closed to ambulances`, `internal disaster`, a status of the registry, or a service \
     `down` or `up`";

const FACILITIES: &[NameKind] = &[NameKind::Facility, NameKind::Network];
const TARGETS: &[NameKind] = &[NameKind::Facility, NameKind::Network, NameKind::Region];

impl Parser<'_> {
    /// `subjects condition`, or `SERVICE down at subjects`.
    fn claim(&mut self) -> Said<Claim> {
        if let Some(claim) = self.service_first()? {
            return Ok(claim);
        }
        let subjects = match self.region()? {
            Some(region) => vec![region],
            None => self.facilities(Self::subject)?,
        };
        self.fillers();
        let start = self.at;
        let value = self.condition()?;
        Ok(Claim { subjects, condition: Spanned { value, span: self.since(start) } })
    }
    /// `region NAME`, which sets the region itself.
    fn region(&mut self) -> Said<Option<Spanned<Name>>> {
        let whole = self.run(self.at, &[NameKind::Region]);
        if self.run(self.at, FACILITIES).is_some() || !self.accept("region") {
            return Ok(None);
        }
        self.name(&[NameKind::Region]).map(Some).map_err(|unknown| match whole {
            // "region one" may be all of the name "Region One".
            Some((_, regions)) => {
                let names: Vec<String> =
                    regions.iter().map(|name| phrase::name(*name, self.registry)).collect();
                let meant = list_or(names.iter().map(String::as_str));
                Diagnostic { help: vec![format!("did you mean {meant}?")], ..unknown }
            }
            None => unknown,
        })
    }
    /// `CT down at MMH and Rockville`.
    fn service_first(&mut self) -> Said<Option<Claim>> {
        let start = self.at;
        let Some((count, meanings)) = self.run(start, &[NameKind::Service]) else { return Ok(None) };
        if self.run(start, FACILITIES).is_some_and(|(longer, _)| longer >= count) {
            return Ok(None);
        }
        let after = self.after_fillers(start + count);
        if self.is_comma(after) || self.key(after) == "and" {
            return Err(self.one_service(after));
        }
        if !matches!(self.key(after), "down" | "up") {
            return Ok(None);
        }
        let service = self.service(count, &meanings)?;
        let value = self.down_or_up(service)?;
        let condition = Spanned { value, span: self.since(start) };
        self.expect("at")?;
        Ok(Some(Claim { condition, subjects: self.facilities(Self::facility)? }))
    }
    fn one_service(&self, at: usize) -> Diagnostic {
        self.error(Code::UnexpectedWord, self.span(at..at + 1), "a sentence speaks of one service")
            .help("declare each service in a sentence of its own: `CT down at NAME`")
    }
    fn service(&mut self, count: usize, meanings: &[Name]) -> Said<ServiceId> {
        let span = self.span(self.at..self.at + count);
        match self.take(count, meanings)?.value {
            Name::Service(service) => Ok(service),
            other => Err(self.error(
                Code::WrongKind,
                span,
                format!("expected a service, found a {}", other.kind().as_str()),
            )),
        }
    }
    fn down_or_up(&mut self, service: ServiceId) -> Said<Condition> {
        self.fillers();
        Ok(match self.expect_any(&["down", "up"])? {
            "up" => Condition::Up(service),
            _ => Condition::Down(service),
        })
    }
    /// `is`, `are now`, `is still`, `is back`: they make a sentence of it, and mean nothing.
    fn fillers(&mut self) {
        self.skip(&["is", "are"]);
        self.skip(&["now", "still"]);
        self.skip(&["back"]);
    }
    /// Where the words that [`Parser::fillers`] takes would end.
    fn after_fillers(&self, mut at: usize) -> usize {
        while matches!(self.key(at), "is" | "are" | "now" | "still" | "back") {
            at += 1;
        }
        at
    }
    /// Names joined by commas and `and`.
    fn facilities(&mut self, one: impl Fn(&mut Self) -> Said<Spanned<Name>>) -> Said<Vec<Spanned<Name>>> {
        let one = |parser: &mut Self| parser.one_or_two(FACILITIES).and_then(|()| one(parser));
        let mut names = vec![one(self)?];
        loop {
            let comma = usize::from(self.is_comma(self.at));
            let joined = comma + usize::from(self.key(self.at + comma) == "and");
            if joined == 0 || joined == comma && self.begins_part(self.at + comma) {
                return Ok(names);
            }
            self.advance(joined);
            names.push(one(self)?);
        }
    }
    fn facility(&mut self) -> Said<Spanned<Name>> {
        self.name(FACILITIES)
    }
    /// A facility or network in front of a condition.
    fn subject(&mut self) -> Said<Spanned<Name>> {
        let end = self.end_of_name(FACILITIES);
        let conditioned = CONDITION_WORDS.contains(&self.key(end))
            || self.run(end, &[NameKind::Service, NameKind::Status]).is_some();
        match self.run(self.at, FACILITIES) {
            // "Manchester Memorial Hosptal closed" is no odd condition of "Manchester Memorial"; "MMH red" is.
            Some((count, meanings)) if self.at + count == end || !conditioned => self.take(count, &meanings),
            // "CTA down at MMH": it is the service that is not known.
            None if matches!(self.key(self.after_fillers(end)), "down" | "up") => {
                Err(self.unknown_name(&[NameKind::Service]))
            }
            _ => self.facility(),
        }
    }
    /// What is said of the subjects.
    fn condition(&mut self) -> Said<Condition> {
        if let Some((count, meanings)) = self.run(self.at, &[NameKind::Status, NameKind::Service]) {
            return self.named_condition(count, &meanings);
        }
        if self.skip(&["open"]).is_some() {
            return Ok(Condition::Open);
        }
        if self.skip(&["fully"]).is_some() {
            self.expect("open")?;
            return Ok(Condition::FullyOpen);
        }
        if self.skip(&["internal"]).is_some() {
            self.expect("disaster")?;
            return Ok(Condition::InternalDisaster);
        }
        if self.skip(&["no"]).is_some() {
            return match self.run(self.at, &[NameKind::Service]) {
                Some((count, meanings)) => {
                    let service = self.service(count, &meanings)?;
                    if self.key(self.at) == "and" {
                        Err(self.one_service(self.at))
                    } else {
                        Ok(Condition::Down(service))
                    }
                }
                None => Err(self.unknown_name(&[NameKind::Service])),
            };
        }
        if self.skip(&["off"]).is_some() {
            return self.off();
        }
        if self.skip(&["on"]).is_some() {
            // Where a region calls a status of its own `bypass`, that is what is meant.
            if let Some((count, meanings)) = self.run(self.at, &[NameKind::Status]) {
                self.advance(count);
                return Ok(Condition::Is(statuses(&meanings)));
            }
            if self.accept_any(&["divert", "diversion", "bypass"]).is_some() {
                return Ok(Condition::Is(vec![self.registry.builtin(Effect::Diverting)]));
            }
        }
        Err(self.unknown_status())
    }
    fn named_condition(&mut self, count: usize, meanings: &[Name]) -> Said<Condition> {
        let after = self.after_fillers(self.at + count);
        let services: Vec<Name> =
            meanings.iter().copied().filter(|name| name.kind() == NameKind::Service).collect();
        let types = statuses(meanings);
        if !services.is_empty() && (types.is_empty() || matches!(self.key(after), "down" | "up")) {
            if self.key(after) == "and" || self.is_comma(after) {
                return Err(self.one_service(after));
            }
            let service = self.service(count, &services)?;
            return self.down_or_up(service);
        }
        self.advance(count);
        let closed = self.registry.builtin(Effect::Closed);
        if types == [closed]
            && matches!(self.key(self.at), "to" | "for")
            && self.key(self.at + 1) == "ambulances"
        {
            self.advance(2);
            return Ok(Condition::ClosedToAmbulances);
        }
        Ok(Condition::Is(types))
    }
    /// What follows `off`.
    fn off(&mut self) -> Said<Condition> {
        let own = self
            .run(self.at, &[NameKind::Status])
            .filter(|(_, meanings)| statuses(meanings).iter().any(|id| !self.registry.statuses[*id].builtin));
        if own.is_none() && self.accept_any(&["divert", "diversion", "bypass", "diverting"]).is_some() {
            return Ok(Condition::OffDivert);
        }
        let Some((count, meanings)) = self.run(self.at, &[NameKind::Status]) else {
            return Err(self.unknown_status());
        };
        let closed = self.registry.builtin(Effect::Closed);
        let types: Vec<StatusId> = statuses(&meanings)
            .into_iter()
            .filter(|id| *id == closed || !self.registry.statuses[*id].builtin)
            .collect();
        if types.is_empty() {
            let message = format!("`{}` does not end that way", self.words(self.at..self.at + count));
            return Err(self
                .error(Code::UnexpectedWord, self.span(self.at..self.at + count), message)
                .help("write `open`, or `off divert` for what is in the lane `traffic`"));
        }
        self.advance(count);
        Ok(Condition::Off(types))
    }
    /// What stands here is no condition.
    fn unknown_status(&mut self) -> Diagnostic {
        let first = self.key(self.at);
        if first.is_empty() || AFTER_NAMES.contains(&first) || self.tokens[self.at].is_number() {
            self.wants("a condition");
            return self.unexpected().help(CONDITIONS);
        }
        let end = self.end_of_name(&[]);
        let (span, said) = (self.span(self.at..end), self.words(self.at..end));
        if matches!(self.key(end), "down" | "up") {
            return self.unknown_name(&[NameKind::Service]);
        }
        let mut own: Vec<_> =
            self.registry.statuses.iter().map(|(_, status)| status).filter(|s| !s.builtin).collect();
        own.sort_by(|a, b| (&a.place, &a.key).cmp(&(&b.place, &b.key)));
        let keys: Vec<&str> = own.iter().map(|status| status.key.as_str()).collect();
        let has = if keys.is_empty() { String::new() } else { format!("; it has {}", keys.join(", ")) };
        let unknown =
            self.error(Code::UnknownStatus, span, format!("this registry has no status `{said}`{has}"));
        let words = [
            "open",
            "fully open",
            "off divert",
            "internal disaster",
            "on divert",
            "on diversion",
            "on bypass",
        ];
        if let Some((_, needs)) = self.run(self.at, &[NameKind::Need])
            && let Some(Name::Need(need)) = needs.first()
        {
            let class = phrase::class(self.class_of(*need), self.registry);
            return unknown.help(format!("for patients of one kind write `diverting for {class}`"));
        }
        match self
            .like(&said, &[NameKind::Status])
            .or_else(|| closest(&said, words).map(|like| list_or([like])))
        {
            Some(like) => unknown.help(format!("did you mean {like}?")),
            None => unknown.help(CONDITIONS),
        }
    }

    /// Whether one of the parts that may follow a condition begins at `at`.
    pub(super) fn begins_part(&self, at: usize) -> bool {
        match self.key(at) {
            "from" | "until" | "for" | "to" | "because" | "walkin" | "walkins" => true,
            "route" | "send" | "go" => self.key(at + 1) == "to",
            "approved" => self.key(at + 1) == "by",
            _ => self.tokens.get(at..).is_some_and(|rest| when::starts_with_length(rest, self.file)),
        }
    }
    fn parts(&mut self) -> Said<Parts> {
        let mut parts = Parts::default();
        loop {
            let comma = self.accept_comma();
            if self.is_done() && !comma {
                return Ok(parts);
            }
            let start = self.at;
            let for_length =
                self.key(start) == "for" && self.tokens.get(start + 1).is_some_and(Token::is_number);
            if for_length || when::starts_with_length(self.rest(), self.file) {
                self.advance(usize::from(for_length));
                let (length, used) = when::length(self.rest(), self.file)?;
                self.advance(used);
                self.once(&mut parts.until, start, End::After(length), "an end")?;
                continue;
            }
            self.wants("a duration");
            if self.accept_as(&["for", "to"], "`for`") {
                let scope = self.scope()?;
                self.once(&mut parts.scope, start, scope, "a scope")?;
            } else if self.accept("from") {
                let from = self.moment()?;
                self.once(&mut parts.from, start, from, "a beginning")?;
            } else if self.accept("until") {
                let end = if self.accept("further") {
                    self.expect("notice")?;
                    End::FurtherNotice
                } else {
                    End::At(self.moment()?)
                };
                self.once(&mut parts.until, start, end, "an end")?;
            } else if self.accept_as(&["route", "send", "go"], "`route to`") {
                self.expect("to")?;
                let route = self.route()?;
                self.once(&mut parts.route, start, route, "a route")?;
            } else if self.accept_as(&["walkins", "walkin"], "`walk-ins`") {
                let walk_in = match self.expect_any(&["open", "closed"])? {
                    "open" => WalkIn::Open,
                    _ => WalkIn::Closed,
                };
                self.once(&mut parts.walk_in, start, walk_in, "what holds for walk-ins")?;
            } else if self.accept_as(&["approved"], "`approved by`") {
                self.expect("by")?;
                let approver = self.approver()?;
                self.once(&mut parts.approver, start, approver, "an approver")?;
            } else if self.accept("because") {
                let because = self.because()?;
                self.once(&mut parts.because, start, because, "a reason")?;
            } else {
                return Err(self.no_part(comma));
            }
        }
    }
    /// What stands here begins no part of a sentence.
    fn no_part(&mut self, after_comma: bool) -> Diagnostic {
        if !after_comma {
            self.wants("the end of the sentence");
        }
        let unexpected = self.unexpected();
        match self.tokens.get(self.at) {
            Some(token) if token.is_number() => {
                unexpected.help("a time is written `from 10:00` or `until 10:00`, a duration `for 2h`")
            }
            _ => unexpected,
        }
    }
    fn once<T>(&self, slot: &mut Option<Spanned<T>>, start: usize, value: T, what: &str) -> Said<()> {
        let span = self.since(start);
        match slot.replace(Spanned { value, span: span.clone() }) {
            None => Ok(()),
            Some(before) => Err(self
                .error(Code::TwiceSaid, span, format!("the sentence has {what} already"))
                .label("said again here")
                .and_at(self.file, before.span, "said first here")
                .help("leave one of the two out")),
        }
    }
    /// A time; a date alone is refused, because half of all people mean its end.
    fn moment(&mut self) -> Said<when::Moment> {
        if self.is_done() {
            self.wants("a time");
            return Err(self.unexpected());
        }
        let (moment, used) = when::moment(self.rest(), self.file)?;
        if let when::Moment::StartOf(date) = moment {
            return Err(self
                .error(Code::BadTime, self.here(), format!("`{date}` needs a time of day"))
                .help(format!("write `{date} 07:00`; the day begins at `{date} 00:00`")));
        }
        self.advance(used);
        Ok(moment)
    }
    /// `target then target`.
    pub(super) fn route(&mut self) -> Said<Vec<Target>> {
        let mut targets = vec![self.target()?];
        while self.accept("then") {
            targets.push(self.target()?);
        }
        Ok(targets)
    }
    fn target(&mut self) -> Said<Target> {
        if self.run(self.at, TARGETS).is_none() {
            if self.accept("nearest") {
                if self.run(self.at, &[NameKind::Service]).is_none() && self.may_follow_name(self.at) {
                    return Ok(Target::Nearest(None));
                }
                let service = self.name(&[NameKind::Service]);
                let service = service.map_err(|error| {
                    error.help("`nearest` alone is the nearest that can take the patient")
                })?;
                return Ok(Target::Nearest(if let Name::Service(id) = service.value {
                    Some(id)
                } else {
                    None
                }));
            }
            if self.skip(&["region"]).is_some() {
                let region = self.name(&[NameKind::Region])?;
                return self.as_target(&region);
            }
        }
        let name = self.name(TARGETS)?;
        self.as_target(&name)
    }
    fn as_target(&self, name: &Spanned<Name>) -> Said<Target> {
        match name.value {
            Name::Facility(id) => Ok(Target::Facility(id)),
            Name::Network(id) => Ok(Target::Network(id)),
            Name::Region(id) => Ok(Target::Region(id)),
            Name::Zone(_) | Name::Service(_) | Name::Need(_) | Name::Status(_) => {
                let message = format!("nobody can be sent to a {}", name.value.kind().as_str());
                Err(self.error(Code::WrongKind, name.span.clone(), message))
            }
        }
    }
    /// The words up to the next part.
    fn approver(&mut self) -> Said<String> {
        let start = self.at;
        while !self.is_done() && !self.is_comma(self.at) && !self.begins_part(self.at) {
            self.advance(1);
        }
        let name = free_text(&self.words(start..self.at.max(start + 1)));
        if self.at == start || name.is_empty() {
            self.at = start;
            self.wants("a name");
            return Err(self.unexpected());
        }
        Ok(name)
    }
    /// The words up to the end.
    fn because(&mut self) -> Said<String> {
        let start = self.at;
        let begins_at = self.here().start;
        let parted = parted(self.text);
        if let Some(swallowed) = Parser::new(&parted, self.file, self.registry).swallowed(begins_at) {
            return Err(swallowed);
        }
        let text = free_text(&self.words(start..self.tokens.len().max(start + 1)));
        if self.is_done() || resolve::reason_code(&text).is_empty() {
            self.wants("a reason");
            return Err(self.unexpected());
        }
        self.advance(self.tokens.len() - start);
        Ok(text)
    }
    /// What would be lost in a reason that begins at that byte.
    fn swallowed(&self, begins_at: usize) -> Option<Diagnostic> {
        let start = self.tokens.iter().position(|token| token.span.start >= begins_at)?;
        let told = |at: usize| self.is_comma(at.wrapping_sub(1)) && at > start;
        // "had to go to court" sends nobody anywhere.
        let sends = |at: usize| {
            told(at)
                || matches!(self.key(at + 2), "nearest" | "region")
                || self.run(at + 2, TARGETS).is_some()
        };
        for at in start..self.tokens.len() {
            let followed_by = |words: &[&str]| words.contains(&self.key(at + 1));
            let rest = self.tokens.get(at + 1..).unwrap_or_default();
            let (count, what) = match self.key(at) {
                "route" if followed_by(&["to"]) => (2, "a route"),
                "send" | "go" if followed_by(&["to"]) && sends(at) => (2, "a route"),
                "until" => (1, "a time"),
                // "water from the roof" began at no time.
                "from" if when::moment(rest, self.file).is_ok() => (2, "a time"),
                "for" if when::starts_with_length(rest, self.file) => (2, "a duration"),
                "walkin" | "walkins" if told(at) && followed_by(&["open", "closed"]) => {
                    (2, "a word about walk-ins")
                }
                "approved" if told(at) && followed_by(&["by"]) => (2, "an approver"),
                _ => continue,
            };
            let message = format!("everything after `because` is the reason, and this one holds {what}");
            return Some(
                self.error(Code::BecauseSwallows, self.span(at..at + count), message)
                    .help("put it before because"),
            );
        }
        None
    }

    pub(super) fn statement(&mut self) -> Said<Statement> {
        if self.key(self.at) == "when" && self.run(self.at, FACILITIES).is_none() {
            return Err(self
                .error(Code::UnexpectedWord, self.here(), "a sentence with `when` is a rule, not a declaration")
                .help("leave out `when` to declare it, or write the rule in the registry: `[[rule]] say = \"when …\"`"));
        }
        let claim = self.claim()?;
        Ok(Statement { claim, parts: self.parts()? })
    }
    /// `subjects {window | route | walk-in | approval} [because …]`: what goes on as it is, and what is new about it.
    pub(super) fn still(&mut self) -> Said<(Claim, Parts)> {
        let subjects = match self.region()? {
            Some(region) => vec![region],
            None => self.facilities(Self::facility)?,
        };
        // It stands for whatever is so; nothing is read from it.
        let condition = Spanned { value: Condition::Open, span: self.since(0) };
        let parts = self.parts()?;
        if let Some(scope) = &parts.scope {
            let name =
                subjects.first().map_or_else(String::new, |name| phrase::name(name.value, self.registry));
            return Err(self
                .error(
                    Code::UnexpectedWord,
                    scope.span.clone(),
                    "what is confirmed goes on for the same patients",
                )
                .help(format!("declare what is so now: `{name} diverting for stroke`")));
        }
        Ok((Claim { subjects, condition }, parts))
    }
    /// `when subjects condition [scope] [,] route`.
    pub(super) fn rule(&mut self) -> Said<Statement> {
        self.expect("when")?;
        let claim = self.claim()?;
        let mut parts = Parts::default();
        loop {
            let start = self.at;
            let at = start + usize::from(self.is_comma(start));
            let number = self.tokens.get(at + 1).is_some_and(Token::is_number);
            match self.key(at) {
                "route" | "send" | "go" => {
                    self.advance(at + 1 - start);
                    self.expect("to")?;
                    let value = self.route()?;
                    parts.route = Some(Spanned { value, span: self.since(at) });
                    self.end()?;
                    return Ok(Statement { claim, parts });
                }
                "for" | "to" if !number && parts.scope.is_none() => {
                    self.advance(at + 1 - start);
                    let value = self.scope()?;
                    parts.scope = Some(Spanned { value, span: self.since(at) });
                }
                _ if at < self.tokens.len() && self.begins_part(at) => {
                    return Err(self
                        .error(Code::UnexpectedWord, self.span(at..at + 1), "a rule has no times, reasons or approvers")
                        .help("a rule holds whenever its condition holds; declare what has an end as a sentence"));
                }
                _ => {
                    self.advance(at - start);
                    self.wants("`route to`");
                    return Err(self
                        .unexpected()
                        .help("a rule ends in where patients go: `, route to ECHN then nearest`"));
                }
            }
        }
    }
}

fn statuses(meanings: &[Name]) -> Vec<StatusId> {
    meanings.iter().filter_map(|name| if let Name::Status(id) = name { Some(*id) } else { None }).collect()
}

/// A text with commas for brackets and whatever else parts words, each byte at its place: `fire(until 10:00)` has an end.
fn parted(text: &str) -> String {
    let parts = |c: &char| matches!(c, '(' | ')' | '[' | ']' | '{' | '}' | ';' | '"' | '“' | '”' | '–' | '—');
    let mut parted = String::with_capacity(text.len());
    for c in text.chars() {
        if parts(&c) {
            parted.push(',');
            parted.extend(std::iter::repeat_n(' ', c.len_utf8() - 1));
        } else {
            parted.push(c);
        }
    }
    parted
}

/// Free text without the punctuation around it.
fn free_text(text: &str) -> String {
    text.trim_matches(|c: char| c == ',' || c.is_whitespace()).trim_end_matches(['.', ',', ' ']).to_owned()
}
