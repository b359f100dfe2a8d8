//! The parser: words in, what was said out. By hand: accept what may stand here, expect what must, and remember what
//! was asked for, so that an error can say what could stand at its caret.
//!
//! Floor 1: of the registry it asks only what a run of words stands for, because a name may hold any word, `and` and
//! `at` and commas among them: only the registry knows where one ends. What a name *means* in a sentence (members,
//! regions, zones) is `resolve`'s business.

use std::ops::Range;

use super::ast::Spanned;
use super::lexer::{Token, tokens};
use super::phrase;
use super::words::AFTER_NAMES;
use crate::diagnostic::{Code, Diagnostic, closest, list_or};
use crate::model::{FileId, Name, NameKind, Registry, Span, fold};

/// Words quoted as an unknown name at most.
pub(super) const LONGEST_UNKNOWN: usize = 12;

pub(super) type Said<T> = Result<T, Diagnostic>;

/// A text, how far it has been read, and what was asked for at that place.
pub(super) struct Parser<'a> {
    pub(super) text: &'a str,
    pub(super) tokens: Vec<Token<'a>>,
    pub(super) at: usize,
    pub(super) file: FileId,
    pub(super) registry: &'a Registry,
    /// What could stand at `at`. Cleared whenever `at` moves, so that it is never stale.
    expected: Vec<String>,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str, file: FileId, registry: &'a Registry) -> Self {
        Self { text, tokens: tokens(text), at: 0, file, registry, expected: Vec::new() }
    }

    // Words.

    pub(super) fn key(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| token.key.as_str())
    }
    pub(super) fn rest(&self) -> &[Token<'a>] {
        self.tokens.get(self.at..).unwrap_or_default()
    }
    pub(super) fn is_done(&self) -> bool {
        self.at >= self.tokens.len()
    }
    pub(super) fn advance(&mut self, count: usize) {
        self.at += count;
        self.expected.clear();
    }
    /// Notes that `what` could stand here.
    pub(super) fn wants(&mut self, what: &str) {
        if !self.expected.iter().any(|have| have == what) {
            self.expected.push(what.to_owned());
        }
    }
    pub(super) fn span(&self, words: Range<usize>) -> Span {
        let end = self.text.len();
        let start = self.tokens.get(words.start).map_or(end, |token| token.span.start);
        let last = words.end.checked_sub(1).filter(|last| *last >= words.start);
        start..last.and_then(|last| self.tokens.get(last)).map_or(start.max(end), |token| token.span.end)
    }
    pub(super) fn here(&self) -> Span {
        self.span(self.at..self.at + 1)
    }
    pub(super) fn since(&self, start: usize) -> Span {
        self.span(start..self.at)
    }
    /// The words as they were typed, white space made one space.
    pub(super) fn words(&self, words: Range<usize>) -> String {
        let slice = self.text.get(self.span(words)).unwrap_or_default();
        slice.split_whitespace().collect::<Vec<_>>().join(" ")
    }
    pub(super) fn is_comma(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(Token::is_comma)
    }
    pub(super) fn accept_comma(&mut self) -> bool {
        let is = self.is_comma(self.at);
        if is {
            self.advance(1);
        }
        is
    }
    /// Takes this word if it stands here.
    pub(super) fn accept(&mut self, word: &'static str) -> bool {
        self.accept_any(&[word]).is_some()
    }
    /// Takes one of these (folded) words if it stands here, and notes each otherwise.
    pub(super) fn accept_any(&mut self, words: &[&'static str]) -> Option<&'static str> {
        let found = self.skip(words);
        if found.is_none() {
            for word in words {
                self.wants(&format!("`{word}`"));
            }
        }
        found
    }
    /// Takes one of these words if it stands here, and notes them as `what` otherwise.
    pub(super) fn accept_as(&mut self, words: &[&'static str], what: &str) -> bool {
        let found = self.skip(words).is_some();
        if !found {
            self.wants(what);
        }
        found
    }
    /// Takes one of these words if it stands here. They change nothing, so nobody needs to be told of them.
    pub(super) fn skip(&mut self, words: &[&'static str]) -> Option<&'static str> {
        let found = words.iter().find(|word| **word == self.key(self.at)).copied();
        if found.is_some() {
            self.advance(1);
        }
        found
    }
    /// Takes this word, which must stand here.
    pub(super) fn expect(&mut self, word: &'static str) -> Said<()> {
        if self.accept(word) { Ok(()) } else { Err(self.unexpected()) }
    }
    pub(super) fn expect_any(&mut self, words: &[&'static str]) -> Said<&'static str> {
        self.accept_any(words).ok_or_else(|| self.unexpected())
    }
    pub(super) fn error(&self, code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::at(code, self.file, span, message)
    }
    /// What was found is none of what was asked for.
    pub(super) fn unexpected(&self) -> Diagnostic {
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
    pub(super) fn run(&self, at: usize, kinds: &[NameKind]) -> Option<(usize, Vec<Name>)> {
        self.run_before(self.tokens.len(), at, kinds)
    }
    /// The same of words before `end`.
    pub(super) fn run_before(&self, end: usize, at: usize, kinds: &[NameKind]) -> Option<(usize, Vec<Name>)> {
        let (mut key, mut silent, mut best) = (String::new(), 0, None);
        for (count, token) in self.tokens.get(at..end)?.iter().enumerate() {
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
    pub(super) fn may_follow_name(&self, at: usize) -> bool {
        let Some(token) = self.tokens.get(at) else { return true };
        token.is_comma()
            || token.is_number()
            || AFTER_NAMES.contains(&token.key.as_str())
            || self.run(at, &[NameKind::Service, NameKind::Status]).is_some()
    }
    /// Where a name that begins here ends, whether or not it is known: before the next word that may follow one.
    pub(super) fn end_of_name(&self, kinds: &[NameKind]) -> usize {
        let known = self.run(self.at, kinds).map_or(1, |(count, _)| count);
        let ends = |end: &usize| self.may_follow_name(*end);
        let end = self.at + known;
        (end..end + LONGEST_UNKNOWN).find(ends).unwrap_or(end + LONGEST_UNKNOWN).min(self.tokens.len())
    }
    /// Takes the name of something of one of these kinds.
    pub(super) fn name(&mut self, kinds: &[NameKind]) -> Said<Spanned<Name>> {
        match self.run(self.at, kinds) {
            Some((count, meanings)) if self.may_follow_name(self.at + count) => self.take(count, &meanings),
            _ => Err(self.unknown_name(kinds)),
        }
    }
    /// Takes so many words as a name with these meanings.
    pub(super) fn take(&mut self, count: usize, meanings: &[Name]) -> Said<Spanned<Name>> {
        let (words, span) = (self.at..self.at + count, self.span(self.at..self.at + count));
        if let [name] = meanings {
            self.advance(count);
            return Ok(Spanned { value: *name, span });
        }
        let (things, names) = self.candidates(meanings);
        let message = format!("`{}` can mean {}", self.words(words), things.join(" or "));
        Err(self
            .error(Code::AmbiguousName, span, message)
            .help(format!("write {}", list_or(names.iter().map(String::as_str)))))
    }
    /// What names stand for, and how each is written so that it stands for nothing else.
    fn candidates(&self, meanings: &[Name]) -> (Vec<String>, Vec<String>) {
        let of = |name: &Name| {
            let thing = format!("the {} `{}`", name.kind().as_str(), phrase::key(*name, self.registry));
            (thing, phrase::name(*name, self.registry))
        };
        meanings.iter().map(of).unzip()
    }
    /// Refuses words of a list that are one name, and with the comma in them two: "Saint Francis, Hartford and Rockville" has
    /// two names or three, and one of them would be lost. What the registry writes with that comma is one.
    pub(super) fn one_or_two(&self, kinds: &[NameKind]) -> Said<()> {
        let Some((count, meanings)) = self.run(self.at, kinds) else { return Ok(()) };
        let end = self.at + count;
        for comma in (self.at..end).filter(|at| self.is_comma(*at)) {
            let is_whole = |from: usize, to: usize| {
                self.run_before(to, from, kinds).is_some_and(|(count, _)| from + count == to)
            };
            let (before, after) = (self.words(self.at..comma), self.words(comma + 1..end));
            let is_written =
                |text: &&str| text.split_once(',').is_some_and(|(own, _)| fold(own) == fold(&before));
            let mut texts = meanings.iter().flat_map(|name| phrase::texts_of(*name, self.registry));
            if !is_whole(self.at, comma) || !is_whole(comma + 1, end) || texts.any(|text| is_written(&text)) {
                continue;
            }
            let (things, names) = self.candidates(&meanings);
            let message = format!(
                "`{}` can mean {}, or `{before}` and `{after}`",
                self.words(self.at..end),
                things.join(" or ")
            );
            let both = format!("{before} and {after}");
            let ways = names.iter().map(String::as_str).chain([both.as_str()]);
            return Err(self
                .error(Code::AmbiguousName, self.span(self.at..end), message)
                .help(format!("write {}", list_or(ways))));
        }
        Ok(())
    }
    /// What stands here is the name of nothing that can stand here.
    pub(super) fn unknown_name(&mut self, kinds: &[NameKind]) -> Diagnostic {
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
    pub(super) fn like(&self, said: &str, kinds: &[NameKind]) -> Option<String> {
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
}

/// "a", "a or b", "a, b or c".
fn either(things: &[String]) -> String {
    match things {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}
