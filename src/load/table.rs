//! A cursor over one table: it hands out keys with the type that is expected, remembers which were asked for, and at the
//! end reports every key that nobody asked for. So the list of allowed keys can't go stale: the reader is the list.
//!
//! Floor 4; what a key means is the business of whoever asks for it.

use std::fmt;
use std::ops::RangeInclusive;

use super::date;
use super::files::Page;
use super::tree::{Data, Keys, Value};
use crate::diagnostic::{Code, Diagnostic, Sink, closest, list_or};
use crate::model::{Instant, Place, Span, fold};
use crate::sentence;
use chrono::TimeDelta;
use chrono_tz::Tz;

/// As many keys as any table takes: a facility's.
const MOST_KEYS: usize = 24;

/// A string of the registry, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Said<'t> {
    /// What it says.
    pub(super) text: &'t str,
    /// The whole value, quotes included.
    pub(super) span: Span,
    /// On which page.
    pub(super) page: &'t Page,
}

impl Said<'_> {
    /// A diagnostic about the whole value.
    pub(super) fn complain(&self, code: Code, message: impl Into<String>) -> Diagnostic {
        self.page.complain(code, &self.span, message)
    }
    /// Moves a diagnostic about the string's text to where the text stands in the file.
    pub(super) fn place(&self, diagnostic: Diagnostic) -> Diagnostic {
        if let Some(offset) = self.offset() {
            return diagnostic.within(self.page.file, offset);
        }
        // An escape stands for fewer bytes than it takes: no place inside the string can be told.
        let mut diagnostic = diagnostic;
        for label in &mut diagnostic.labels {
            label.file = self.page.file;
            label.span = self.span.clone();
        }
        diagnostic
    }
    /// The byte of the file at which the text begins, if it stands there byte by byte.
    fn offset(&self) -> Option<usize> {
        let raw = self.page.source.text.get(self.span.clone())?;
        let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| raw.starts_with(quote))?;
        let mut skip = quote.len();
        if quote.len() == 3 {
            // A newline right after the opening quotes is not part of the string.
            skip += ["\r\n", "\n"].into_iter().find(|end| raw[skip..].starts_with(end)).map_or(0, str::len);
        }
        raw[skip..].starts_with(self.text).then_some(self.span.start + skip)
    }
}

/// What a table is called in a message.
#[derive(Clone, Copy, Debug)]
pub(super) enum Title<'t> {
    /// The file itself, outside of any table.
    File,
    /// `[registry]`
    Table(&'static str),
    /// `[facility.manchester-memorial]`
    Entry(&'static str, &'t str),
    /// `[[rule]]`
    Element(&'static str),
    /// A table that is a key's value: `ed`.
    Value(&'t str),
}

impl fmt::Display for Title<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => f.write_str("a registry file"),
            Self::Table(name) => write!(f, "`[{name}]`"),
            Self::Entry(kind, key) => write!(f, "`[{kind}.{key}]`"),
            Self::Element(name) => write!(f, "`[[{name}]]`"),
            Self::Value(name) => write!(f, "`{name}`"),
        }
    }
}

/// The cursor.
pub(super) struct Table<'t> {
    pub(super) page: &'t Page,
    title: Title<'t>,
    /// What to point at where the table as a whole is meant.
    span: Span,
    entries: &'t Keys<'t>,
    asked: Vec<&'static str>,
    /// How many of the keys asked for are there.
    found: usize,
    errors: Vec<Diagnostic>,
}

impl<'t> Table<'t> {
    /// A cursor at the table's start.
    pub(super) fn new(page: &'t Page, title: Title<'t>, span: Span, entries: &'t Keys<'t>) -> Self {
        let asked = Vec::with_capacity(MOST_KEYS);
        Self { page, title, span, entries, asked, found: 0, errors: Vec::new() }
    }

    /// Where the table stands.
    pub(super) fn place(&self) -> Place {
        self.page.place(&self.span)
    }
    /// A diagnostic about the table as a whole.
    pub(super) fn complain(&self, code: Code, message: impl Into<String>) -> Diagnostic {
        self.page.complain(code, &self.span, message)
    }
    /// Takes what is wrong with a value of this table.
    pub(super) fn error(&mut self, diagnostic: Diagnostic) {
        self.errors.push(diagnostic);
    }
    /// What a sentence of this table means; if it has no meaning, that is an error at the word that has none.
    pub(super) fn sentence<T>(&mut self, said: &Said<'_>, read: Result<T, Diagnostic>) -> Option<T> {
        read.map_err(|diagnostic| self.errors.push(said.place(diagnostic))).ok()
    }

    /// Reports keys that must be there and are not.
    pub(super) fn must_have(&mut self, keys: &[&'static str]) {
        let missing: Vec<&str> = keys.iter().copied().filter(|key| !self.entries.has(key)).collect();
        if !missing.is_empty() {
            let message = format!("{} lacks {}", self.title, list_and(&missing));
            self.errors.push(self.complain(Code::MissingKey, message));
        }
    }

    /// The value of a key, whatever its type.
    pub(super) fn value(&mut self, key: &'static str) -> Option<&'t Value<'t>> {
        self.asked.push(key);
        let value = self.entries.get(key);
        self.found += usize::from(value.is_some());
        value
    }
    /// Whether a key is there, without asking for it.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.has(key)
    }
    /// Whether a key is there and holds a string, without asking for it.
    pub(super) fn holds_a_string(&self, key: &str) -> bool {
        self.entries.get(key).is_some_and(|value| value.as_str().is_some())
    }
    /// Where a key's value stands; the table itself where the key is absent.
    pub(super) fn span_of(&self, key: &str) -> Span {
        self.entries.get(key).map_or_else(|| self.span.clone(), Value::span)
    }

    /// A string.
    pub(super) fn string(&mut self, key: &'static str) -> Option<Said<'t>> {
        let value = self.value(key)?;
        self.text(key, value)
    }
    /// An array of strings; empty where the key is absent.
    pub(super) fn strings(&mut self, key: &'static str) -> Vec<Said<'t>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Some(array) = value.as_array() else {
            self.wrong_type(key, "an array of strings", value);
            return Vec::new();
        };
        array.iter().filter_map(|value| self.text(key, value)).collect()
    }
    /// A name that sentences can say; `otherwise` where the key is absent.
    pub(super) fn name(&mut self, key: &'static str, otherwise: &str) -> String {
        let said = self.string(key);
        if let Some(said) = &said {
            self.can_be_said(key, said);
        }
        said.map_or(otherwise, |said| said.text).to_owned()
    }
    /// The other names, under `aliases`.
    pub(super) fn aliases(&mut self) -> Vec<String> {
        let said = self.strings("aliases");
        for alias in &said {
            self.can_be_said("aliases", alias);
        }
        said.iter().map(|alias| alias.text.to_owned()).collect()
    }
    /// Refuses a name of which nothing is left where names are compared: no sentence could mean it.
    fn can_be_said(&mut self, key: &str, said: &Said<'_>) {
        if said.text.bytes().any(|byte| byte.is_ascii_alphanumeric()) || !fold(said.text).is_empty() {
            return;
        }
        let found = if said.text.is_empty() { "nothing".to_owned() } else { format!("`{}`", said.text) };
        let message = format!("`{key}`: expected letters or digits, found {found}");
        self.errors.push(said.complain(Code::BadValue, message).help(
            "punctuation and spaces are passed over where names are compared, so nothing is left of this one",
        ));
    }
    /// A list of keys that the table takes, those asked for so far. One that is absent may be named: that it is absent
    /// can be in doubt too.
    pub(super) fn own_keys(&mut self, key: &'static str) -> Vec<String> {
        let said = self.strings(key);
        if said.is_empty() {
            return Vec::new();
        }
        let keys: Vec<&str> = self.asked.iter().copied().filter(|asked| *asked != key).collect();
        for said in said.iter().filter(|said| !keys.contains(&said.text)) {
            let diagnostic = said.complain(
                Code::UnknownKey,
                format!("`{key}` names keys of the table, and {} has no key `{}`", self.title, said.text),
            );
            self.errors.push(match closest(said.text, keys.iter().copied()) {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                None => diagnostic.help(format!("it takes {}", list_or(keys.iter().copied()))),
            });
        }
        said.iter().map(|said| said.text.to_owned()).collect()
    }
    fn text(&mut self, key: &str, value: &'t Value<'t>) -> Option<Said<'t>> {
        let Some(text) = value.as_str() else {
            self.wrong_type(key, "a string", value);
            return None;
        };
        Some(Said { text, span: value.span(), page: self.page })
    }

    /// True or false.
    pub(super) fn boolean(&mut self, key: &'static str) -> Option<bool> {
        let value = self.value(key)?;
        let Data::Boolean(read) = value.data else {
            self.wrong_type(key, "true or false", value);
            return None;
        };
        Some(read)
    }

    /// A number, with or without a fraction, in a range.
    pub(super) fn number(&mut self, key: &'static str, range: RangeInclusive<f64>) -> Option<f64> {
        let value = self.value(key)?;
        let number = match value.data {
            Data::Float(float) => float,
            // A hexadecimal number is not what anybody means here.
            #[allow(clippy::cast_precision_loss)] // no range goes so far that it could matter
            Data::Integer { value, decimal: true } => value as f64,
            _ => {
                self.wrong_type(key, "a number", value);
                return None;
            }
        };
        let number = Some(number).filter(|number| range.contains(number));
        if number.is_none() {
            self.out_of_range(key, range.start(), range.end(), value);
        }
        number
    }
    /// A whole number in a range.
    pub(super) fn whole(&mut self, key: &'static str, range: RangeInclusive<u32>) -> Option<u32> {
        let value = self.value(key)?;
        self.whole_of(key, value, range)
    }
    /// A value that must be a whole number in a range.
    pub(super) fn whole_of(
        &mut self,
        key: &str,
        value: &'t Value<'t>,
        range: RangeInclusive<u32>,
    ) -> Option<u32> {
        let Data::Integer { value: integer, .. } = value.data else {
            self.wrong_type(key, "a whole number", value);
            return None;
        };
        let number = u32::try_from(integer).ok().filter(|number| range.contains(number));
        if number.is_none() {
            self.out_of_range(key, range.start(), range.end(), value);
        }
        number
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(&mut self, key: &'static str, words: &[(T, &str)]) -> Option<T> {
        let said = self.string(key)?;
        self.choice_of(key, &said, words)
    }
    /// A string that must be one of a few words.
    pub(super) fn choice_of<T: Copy>(
        &mut self,
        key: &str,
        said: &Said<'_>,
        words: &[(T, &str)],
    ) -> Option<T> {
        if let Some((meaning, _)) = words.iter().find(|(_, word)| *word == said.text) {
            return Some(*meaning);
        }
        let expected = list_or(words.iter().map(|(_, word)| *word));
        let diagnostic =
            said.complain(Code::BadValue, format!("`{key}` takes {expected}, found `{}`", said.text));
        self.errors.push(did_you_mean(diagnostic, said.text, words.iter().map(|(_, word)| *word)));
        None
    }

    /// An IANA time zone.
    pub(super) fn timezone(&mut self, key: &'static str) -> Option<Tz> {
        let said = self.string(key)?;
        let zone = said.text.parse().ok();
        if zone.is_none() {
            let diagnostic =
                said.complain(Code::UnknownTimezone, format!("there is no time zone `{}`", said.text));
            let names = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
            let near = closest(said.text, names);
            let help = near.map_or_else(
                || "a time zone is written as in the IANA database: `America/New_York`".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            self.errors.push(diagnostic.help(help));
        }
        zone
    }
    /// A duration longer than nothing.
    pub(super) fn duration(&mut self, key: &'static str) -> Option<TimeDelta> {
        let said = self.string(key)?;
        let length = sentence::duration(said.text, said.page.file);
        let length = self.sentence(&said, length)?;
        if length <= TimeDelta::zero() {
            self.errors.push(said.complain(Code::OutOfRange, format!("`{key}` must be longer than nothing")));
            return None;
        }
        Some(length)
    }
    /// A date or time; without an offset it is read on the clocks of `zone`.
    pub(super) fn instant(&mut self, key: &'static str, zone: Tz) -> Option<Instant> {
        let value = self.value(key)?;
        let Data::Datetime(written) = &value.data else {
            self.wrong_type(key, "a date or a time, without quotes", value);
            return None;
        };
        match date::instant(written, zone, self.page.file) {
            Ok(at) => Some(at),
            Err(mut diagnostic) => {
                for label in &mut diagnostic.labels {
                    label.span = value.span();
                }
                self.errors.push(diagnostic);
                None
            }
        }
    }

    /// A table as a key's value.
    pub(super) fn table(&mut self, key: &'static str) -> Option<Table<'t>> {
        let value = self.value(key)?;
        self.table_of(key, Title::Value(key), value)
    }
    /// A value that must be a table.
    pub(super) fn table_of(
        &mut self,
        key: &str,
        title: Title<'t>,
        value: &'t Value<'t>,
    ) -> Option<Table<'t>> {
        if let Some(entries) = value.as_table() {
            return Some(Table::new(self.page, title, value.span(), entries));
        }
        self.wrong_type(key, "a table", value);
        None
    }
    /// Every table of an array, `[[key]]`.
    pub(super) fn tables(&mut self, key: &'static str) -> Vec<Table<'t>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Some(array) = value.as_array() else {
            self.wrong_type(key, "an array of tables, each under `[[…]]`", value);
            return Vec::new();
        };
        array.iter().filter_map(|value| self.table_of(key, Title::Element(key), value)).collect()
    }
    /// Every key with its place and value, where the file chooses the keys.
    pub(super) fn every(&mut self) -> impl Iterator<Item = (&'t str, Span, &'t Value<'t>)> + use<'t> {
        self.found = self.entries.len();
        self.entries.iter().map(|pair| (pair.key.as_ref(), pair.key_span(), &pair.value))
    }

    /// Reports that a value has another type than its key takes.
    pub(super) fn wrong_type(&mut self, key: &str, expected: &str, value: &Value<'_>) {
        let found = match value.data {
            Data::String(_) => "a string",
            Data::Integer { .. } => "an integer",
            Data::Float(_) => "a float",
            Data::Boolean(_) => "a boolean",
            Data::Datetime(_) => "a date or time",
            Data::Array(_) => "an array",
            Data::Table(_) => "a table",
        };
        let message = format!("`{key}`: expected {expected}, found {found}");
        self.errors.push(self.page.complain(Code::WrongType, &value.span(), message));
    }
    fn out_of_range(
        &mut self,
        key: &str,
        least: impl fmt::Display,
        most: impl fmt::Display,
        value: &Value<'_>,
    ) {
        let span = value.span();
        let found = self.page.source.text.get(span.clone()).unwrap_or_default();
        let message = format!("`{key}` goes from {least} to {most}, found {found}");
        self.errors.push(self.page.complain(Code::OutOfRange, &span, message));
    }

    /// Hands over what is wrong, unknown keys included.
    pub(super) fn finish(self, sink: &mut Sink) {
        if self.found < self.entries.len() {
            for pair in self.entries.iter() {
                let word = pair.key.as_ref();
                if self.asked.contains(&word) {
                    continue;
                }
                let message = format!("{} has no key `{word}`", self.title);
                let diagnostic = self.page.complain(Code::UnknownKey, &pair.key_span(), message);
                let help = match closest(word, self.asked.iter().copied()) {
                    _ if word == "include" => {
                        "`include` stands at the top of the file, before the first table".to_owned()
                    }
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("it takes {}", list_or(self.asked.iter().copied())),
                };
                sink.push(diagnostic.help(help));
            }
        }
        sink.extend(self.errors);
    }
}

/// Adds "did you mean", where a candidate is near enough.
pub(super) fn did_you_mean<'a>(
    diagnostic: Diagnostic,
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Diagnostic {
    match closest(word, candidates) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic,
    }
}

/// "`a`", "`a` and `b`", "`a`, `b` and `c`".
pub(super) fn list_and(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => format!("`{one}`"),
        [first @ .., last] => {
            let first: Vec<String> = first.iter().map(|word| format!("`{word}`")).collect();
            format!("{} and `{last}`", first.join(", "))
        }
    }
}
