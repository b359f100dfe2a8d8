//! The parser: words in, what was said out. By hand: accept what may stand here, expect what must, and remember what
//! was asked for, so that an error can say what could stand at its caret.
//!
//! Floor 1: of the registry it asks only what a run of words stands for, because a name may hold any word, `and` and
//! `at` and commas among them: only the registry knows where one ends. What a name *means* in a sentence (members,
//! regions, zones) is `resolve`'s business.

use std::ops::Range;

use super::ast::{Claim, Condition, End, Parts, Spanned, Statement};
use super::lexer::{Token, tokens};
use super::phrase;
use super::when;
use crate::diagnostic::{Code, Diagnostic, closest, list_or};
use crate::model::{
    Age, Care, Class, Cohort, Effect, FacilityId, FileId, Name, NameKind, NeedId, Origin, PatientSaid,
    Position, Priority, Registry, Scope, ServiceId, Span, StatusId, Target, WalkIn, Want, fold,
};

/// Words that mean something in a sentence: no name of a registry may equal one of them.
pub(super) const KEYWORDS: &[&str] = &[
    "a",
    "adult",
    "adults",
    "advisory",
    "all",
    "als",
    "ambulances",
    "and",
    "approved",
    "are",
    "at",
    "back",
    "because",
    "bls",
    "but",
    "closed",
    "consults",
    "disaster",
    "divert",
    "diverting",
    "diversion",
    "down",
    "except",
    "extremis",
    "for",
    "forced",
    "from",
    "fully",
    "fully open",
    "further",
    "go",
    "goes",
    "has",
    "in",
    "in extremis",
    "internal",
    "internal disaster",
    "is",
    "midnight",
    "nearest",
    "no",
    "noon",
    "notice",
    "now",
    "off",
    "off divert",
    "on",
    "on bypass",
    "on diversion",
    "on divert",
    "open",
    "p1",
    "p2",
    "p3",
    "patients",
    "pediatric",
    "pediatrics",
    "priority",
    "region",
    "route",
    "send",
    "still",
    "then",
    "to",
    "today",
    "tomorrow",
    "transfer",
    "transfers",
    "until",
    "up",
    "walk-in",
    "walk-ins",
    "when",
    "yesterday",
];

/// Words that can follow a name, folded: an unknown name is taken to end before them.
const AFTER_NAMES: &[&str] = &[
    "advisory",
    "and",
    "approved",
    "are",
    "at",
    "back",
    "because",
    "closed",
    "consults",
    "diverting",
    "down",
    "for",
    "from",
    "fully",
    "goes",
    "go",
    "has",
    "internal",
    "is",
    "no",
    "now",
    "off",
    "on",
    "open",
    "route",
    "send",
    "still",
    "then",
    "to",
    "until",
    "up",
    "walkin",
    "walkins",
];

/// Words that begin a condition, folded; `down` and `up` end one.
const CONDITION_WORDS: &[&str] = &[
    "advisory",
    "are",
    "back",
    "closed",
    "diverting",
    "fully",
    "internal",
    "is",
    "no",
    "now",
    "off",
    "on",
    "open",
    "still",
];

pub(super) const CONDITIONS: &str = "a condition is `open`, `fully open`, `off divert`, `advisory`, `diverting` (or \
     `on divert`), `closed`, `closed to ambulances`, `internal disaster`, a status of the registry, or a service \
     `down` or `up`";

const FACILITIES: &[NameKind] = &[NameKind::Facility, NameKind::Network];
const TARGETS: &[NameKind] = &[NameKind::Facility, NameKind::Network, NameKind::Region];

type Said<T> = Result<T, Diagnostic>;

/// A text, how far it has been read, and what was asked for at that place.
pub(super) struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token<'a>>,
    at: usize,
    file: FileId,
    registry: &'a Registry,
    /// What could stand at `at`. Cleared whenever `at` moves, so that it is never stale.
    expected: Vec<String>,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str, file: FileId, registry: &'a Registry) -> Self {
        Self { text, tokens: tokens(text), at: 0, file, registry, expected: Vec::new() }
    }

    // Words.

    fn key(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| token.key.as_str())
    }
    fn rest(&self) -> &[Token<'a>] {
        self.tokens.get(self.at..).unwrap_or_default()
    }
    fn is_done(&self) -> bool {
        self.at >= self.tokens.len()
    }
    fn advance(&mut self, count: usize) {
        self.at += count;
        self.expected.clear();
    }
    /// Notes that `what` could stand here.
    fn wants(&mut self, what: &str) {
        if !self.expected.iter().any(|have| have == what) {
            self.expected.push(what.to_owned());
        }
    }
    fn span(&self, words: Range<usize>) -> Span {
        let end = self.text.len();
        let start = self.tokens.get(words.start).map_or(end, |token| token.span.start);
        let last = words.end.checked_sub(1).filter(|last| *last >= words.start);
        start..last.and_then(|last| self.tokens.get(last)).map_or(start.max(end), |token| token.span.end)
    }
    fn here(&self) -> Span {
        self.span(self.at..self.at + 1)
    }
    fn since(&self, start: usize) -> Span {
        self.span(start..self.at)
    }
    /// The words as they were typed, white space made one space.
    fn words(&self, words: Range<usize>) -> String {
        let slice = self.text.get(self.span(words)).unwrap_or_default();
        slice.split_whitespace().collect::<Vec<_>>().join(" ")
    }
    fn is_comma(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(Token::is_comma)
    }
    fn accept_comma(&mut self) -> bool {
        let is = self.is_comma(self.at);
        if is {
            self.advance(1);
        }
        is
    }
    /// Takes this word if it stands here.
    fn accept(&mut self, word: &'static str) -> bool {
        self.accept_any(&[word]).is_some()
    }
    /// Takes one of these (folded) words if it stands here, and notes each otherwise.
    fn accept_any(&mut self, words: &[&'static str]) -> Option<&'static str> {
        let found = self.skip(words);
        if found.is_none() {
            for word in words {
                self.wants(&format!("`{word}`"));
            }
        }
        found
    }
    /// Takes one of these words if it stands here, and notes them as `what` otherwise.
    fn accept_as(&mut self, words: &[&'static str], what: &str) -> bool {
        let found = self.skip(words).is_some();
        if !found {
            self.wants(what);
        }
        found
    }
    /// Takes one of these words if it stands here. They change nothing, so nobody needs to be told of them.
    fn skip(&mut self, words: &[&'static str]) -> Option<&'static str> {
        let found = words.iter().find(|word| **word == self.key(self.at)).copied();
        if found.is_some() {
            self.advance(1);
        }
        found
    }
    /// Takes this word, which must stand here.
    fn expect(&mut self, word: &'static str) -> Said<()> {
        if self.accept(word) { Ok(()) } else { Err(self.unexpected()) }
    }
    fn expect_any(&mut self, words: &[&'static str]) -> Said<&'static str> {
        self.accept_any(words).ok_or_else(|| self.unexpected())
    }
    fn error(&self, code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::at(code, self.file, span, message)
    }
    /// What was found is none of what was asked for.
    fn unexpected(&self) -> Diagnostic {
        let expected = match self.expected.as_slice() {
            [] => "the end of the sentence".to_owned(),
            expected => either(expected),
        };
        match self.tokens.get(self.at) {
            None => self.error(
                Code::IncompleteSentence,
                self.here(),
                format!("expected {expected}, found the end of the sentence"),
            ),
            Some(token) => self.error(
                Code::UnexpectedWord,
                self.here(),
                format!("expected {expected}, found `{}`", token.text),
            ),
        }
    }
    /// Everything must have been read.
    pub(super) fn end(&mut self) -> Said<()> {
        if self.is_done() {
            return Ok(());
        }
        self.wants("the end of the sentence");
        Err(self.unexpected())
    }

    // Names.

    /// The longest run of words, from `at` on, that stands for something of one of these kinds: how many words, and
    /// what it can mean.
    fn run(&self, at: usize, kinds: &[NameKind]) -> Option<(usize, Vec<Name>)> {
        let (mut key, mut silent, mut best) = (String::new(), 0, None);
        for (count, token) in self.tokens.get(at..)?.iter().enumerate() {
            if token.key.is_empty() {
                // A comma or an `&` may stand inside a name, not at its ends; more than two of them in a row do not.
                silent += 1;
                if count == 0 || silent > 2 {
                    break;
                }
                continue;
            }
            silent = 0;
            key.push_str(&token.key);
            if key.len() > self.registry.names.longest() {
                break;
            }
            let meanings = self.registry.names.of_folded(&key).iter().copied();
            let fitting: Vec<Name> = meanings.filter(|name| kinds.contains(&name.kind())).collect();
            if !fitting.is_empty() {
                best = Some((count + 1, fitting));
            }
        }
        best
    }
    /// Whether a name can end before the word at `at`.
    fn may_follow_name(&self, at: usize) -> bool {
        let Some(token) = self.tokens.get(at) else { return true };
        token.is_comma()
            || token.is_number()
            || AFTER_NAMES.contains(&token.key.as_str())
            || self.run(at, &[NameKind::Service, NameKind::Status]).is_some()
    }
    /// Where a name that begins here ends, whether or not it is known: before the next word that may follow one.
    fn end_of_name(&self, kinds: &[NameKind]) -> usize {
        let known = self.run(self.at, kinds).map_or(1, |(count, _)| count);
        let mut end = self.at + known;
        while !self.may_follow_name(end) {
            end += 1;
        }
        end.min(self.tokens.len())
    }
    /// Takes the name of something of one of these kinds.
    fn name(&mut self, kinds: &[NameKind]) -> Said<Spanned<Name>> {
        match self.run(self.at, kinds) {
            Some((count, meanings)) if self.may_follow_name(self.at + count) => self.take(count, &meanings),
            _ => Err(self.unknown_name(kinds)),
        }
    }
    /// Takes so many words as a name with these meanings.
    fn take(&mut self, count: usize, meanings: &[Name]) -> Said<Spanned<Name>> {
        let (words, span) = (self.at..self.at + count, self.span(self.at..self.at + count));
        if let [name] = meanings {
            self.advance(count);
            return Ok(Spanned { value: *name, span });
        }
        let candidates: Vec<String> = meanings
            .iter()
            .map(|name| format!("the {} `{}`", name.kind().as_str(), phrase::key(*name, self.registry)))
            .collect();
        let message = format!("`{}` can mean {}", self.words(words), candidates.join(" or "));
        Err(self.error(Code::AmbiguousName, span, message).help("write the id of the one that is meant"))
    }
    /// What stands here is the name of nothing that can stand here.
    fn unknown_name(&mut self, kinds: &[NameKind]) -> Diagnostic {
        for kind in kinds {
            self.wants(&format!("a {}", kind.as_str()));
        }
        let first = self.key(self.at);
        if first.is_empty() || AFTER_NAMES.contains(&first) {
            return self.unexpected();
        }
        let words = self.at..self.end_of_name(kinds);
        let (span, said) = (self.span(words.clone()), self.words(words));
        let others = self.registry.names.meanings(&said);
        if let Some(other) = others.iter().find(|name| !kinds.contains(&name.kind())) {
            let message =
                format!("expected {}, but `{said}` is a {}", either(&self.expected), other.kind().as_str());
            return self.error(Code::WrongKind, span, message);
        }
        let kind_words: Vec<String> = kinds.iter().map(|kind| kind.as_str().to_owned()).collect();
        let unknown = self.error(
            Code::UnknownName,
            span,
            format!("this registry has no {} `{said}`", either(&kind_words)),
        );
        match self.like(&said, kinds) {
            Some(like) => unknown.help(format!("did you mean {like}?")),
            None => unknown.help("write an id, a name or an alias in full; nothing is guessed"),
        }
    }
    /// The name most like these words, or else up to three that begin with them.
    fn like(&self, said: &str, kinds: &[NameKind]) -> Option<String> {
        // No name is anything like a text that is far longer than all of them.
        if said.len() > 2 * self.registry.names.longest().max(8) {
            return None;
        }
        let things: Vec<Vec<&str>> =
            kinds.iter().flat_map(|kind| phrase::texts(*kind, self.registry)).collect();
        if let Some(text) = closest(said, things.iter().flatten().copied()) {
            return Some(list_or([text]));
        }
        let key = fold(said);
        let begins = |texts: &Vec<&'a str>| texts.iter().copied().find(|text| fold(text).starts_with(&key));
        let begin: Vec<&str> = things.iter().filter_map(begins).take(3).collect();
        (!begin.is_empty() && key.len() >= 3).then(|| list_or(begin))
    }

    // Subjects and conditions.

    /// `subjects condition`, or `SERVICE down at subjects`.
    fn claim(&mut self) -> Said<Claim> {
        if let Some(claim) = self.service_first()? {
            return Ok(claim);
        }
        let subjects = if self.run(self.at, FACILITIES).is_none() && self.accept("region") {
            vec![self.name(&[NameKind::Region])?]
        } else {
            self.facilities(Self::subject)?
        };
        self.fillers();
        let start = self.at;
        let value = self.condition()?;
        Ok(Claim { subjects, condition: Spanned { value, span: self.since(start) } })
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
            .help("declare each service in a sentence of its own: `CT down at MMH`")
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

    // Scopes.

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
    /// One class, if one stands here.
    fn class(&mut self) -> Said<Option<Class>> {
        if let Some((count, meanings)) = self.run(self.at, &[NameKind::Need]) {
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
    fn class_of(&self, need: NeedId) -> Class {
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
        let mut end = self.at + 1;
        while !self.may_follow_name(end) && self.key(end) != "except" && self.key(end) != "but" {
            end += 1;
        }
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

    // The parts after a condition.

    /// Whether one of the parts that may follow a condition begins at `at`.
    fn begins_part(&self, at: usize) -> bool {
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
        let told = |at: usize| self.is_comma(at.wrapping_sub(1)) && at > start;
        for at in start..self.tokens.len() {
            let followed_by = |words: &[&str]| words.contains(&self.key(at + 1));
            let length =
                self.tokens.get(at + 1..).is_some_and(|rest| when::starts_with_length(rest, self.file));
            let (count, what) = match self.key(at) {
                "route" if followed_by(&["to"]) => (2, "a route"),
                "send" | "go" if told(at) && followed_by(&["to"]) => (2, "a route"),
                "until" => (1, "a time"),
                "for" if length => (2, "a duration"),
                "walkin" | "walkins" if told(at) && followed_by(&["open", "closed"]) => {
                    (2, "a word about walk-ins")
                }
                "approved" if told(at) && followed_by(&["by"]) => (2, "an approver"),
                _ => continue,
            };
            return Err(self
                .error(
                    Code::BecauseSwallows,
                    self.span(at..at + count),
                    format!("everything after `because` is the reason, and this one holds {what}"),
                )
                .help("put it before because"));
        }
        let text = free_text(&self.words(start..self.tokens.len().max(start + 1)));
        if self.is_done() || super::resolve::reason_code(&text).is_empty() {
            self.wants("a reason");
            return Err(self.unexpected());
        }
        self.advance(self.tokens.len() - start);
        Ok(text)
    }

    // Whole sentences.

    pub(super) fn statement(&mut self) -> Said<Statement> {
        if self.key(self.at) == "when" && self.run(self.at, FACILITIES).is_none() {
            return Err(self
                .error(Code::UnexpectedWord, self.here(), "a sentence with `when` is a rule, not a declaration")
                .help("leave out `when` to declare it, or write the rule in the registry: `[[rule]] say = \"when …\"`"));
        }
        let claim = self.claim()?;
        Ok(Statement { claim, parts: self.parts()? })
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

/// "a", "a or b", "a, b or c".
fn either(things: &[String]) -> String {
    match things {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

fn statuses(meanings: &[Name]) -> Vec<StatusId> {
    meanings.iter().filter_map(|name| if let Name::Status(id) = name { Some(*id) } else { None }).collect()
}

/// Free text without the punctuation around it.
fn free_text(text: &str) -> String {
    text.trim_matches(|c: char| c == ',' || c.is_whitespace()).trim_end_matches(['.', ',', ' ']).to_owned()
}
