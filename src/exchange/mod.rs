//! What other programs write, as events: the exports of status boards.
//!
//! Floor 4: knows the model, sentences and diagnostics; no clock, environment or terminal, and neither the registry's
//! loading nor the log nor routing. Texts come in, events go out; who reads the file and who keeps the events is not its
//! business.

mod cells;
pub mod emresource;
mod names;
pub mod sf;
mod wall;

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, closest, list_or};
use crate::model::{Event, FileId, Instant, Registry, StatusId};
use crate::sentence::{StatusWord, status_word};

pub use names::{Unmatched, stub};

/// Whose export it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dialect {
    /// EMResource "Status Detail": one exclusive status at a time.
    EmResource,
    /// DataSF hospital diversions: a row for each diversion.
    Sf,
}

impl Dialect {
    /// The dialect that a header is written in. A log's own header is in none.
    pub fn of_header(line: &str) -> Option<Self> {
        let header: Vec<String> = line.trim_start_matches('\u{feff}').split(',').map(cells::folded).collect();
        [Self::EmResource, Self::Sf].into_iter().find(|dialect| dialect.columns().all_needed_are_in(&header))
    }
    fn columns(self) -> &'static cells::Columns {
        match self {
            Self::EmResource => &emresource::COLUMNS,
            Self::Sf => &sf::COLUMNS,
        }
    }
    /// The source of its events.
    pub fn source(self) -> &'static str {
        match self {
            Self::EmResource => "emresource",
            Self::Sf => "datasf",
        }
    }
}

/// What a word of a board stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Meaning {
    /// Open: everything that the board tells of is over.
    Open,
    /// There is no ED, or nothing to say: what was is over, and nothing begins.
    Nothing,
    /// That status, for all of its patients.
    Status(StatusId),
}

/// What the words of a board stand for, by the folded word.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Mapping(BTreeMap<String, Meaning>);

impl Mapping {
    /// Lets a word stand for `open`, `none` or a status type of the registry. The error says what could stand there.
    pub fn set(&mut self, word: &str, meaning: &str, registry: &Registry) -> Result<(), String> {
        let found = match (meaning.trim().to_lowercase().as_str(), status_word(meaning, registry)) {
            ("none" | "no-ed", _) => Some(Meaning::Nothing),
            (_, Some(StatusWord::Open)) => Some(Meaning::Open),
            (_, Some(StatusWord::Status(status))) => Some(Meaning::Status(status)),
            (_, Some(_) | None) => None,
        };
        let Some(found) = found else {
            let statuses = registry.statuses.iter().map(|(_, status)| status.key.as_str());
            let words: Vec<&str> = ["open", "none"].into_iter().chain(statuses).collect();
            let near = closest(meaning, words.iter().copied());
            let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            return Err(format!("expected {}, found `{meaning}`{near}", list_or(words)));
        };
        self.0.insert(cells::folded(word), found);
        Ok(())
    }
    /// What a word stands for.
    fn of(&self, word: &str) -> Option<Meaning> {
        self.0.get(&cells::folded(word)).copied()
    }
    /// The words that stand for something.
    fn words(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// An event that a board tells of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Told {
    /// The event; numbered within the board, recorded when it began to hold.
    pub event: Event,
    /// What it is in the board, the same in every export that tells of it: who imports twice finds it again.
    pub key: String,
}

/// What an export tells.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Board {
    /// The events, in order of time.
    pub told: Vec<Told>,
    /// How many rows it has.
    pub rows: usize,
    /// The names that no facility has, in the order of the file. Their rows are left out.
    pub unmatched: Vec<Unmatched>,
    /// What is odd about it, by place.
    pub warnings: Vec<Diagnostic>,
}

impl Board {
    /// From when and up to when it tells anything.
    pub fn span(&self) -> Option<(Instant, Instant)> {
        Some((self.told.first()?.event.recorded_at, self.told.last()?.event.recorded_at))
    }
    /// Sorts events by time and numbers them.
    fn finish(mut self) -> Self {
        self.told.sort_by_key(|told| told.event.recorded_at);
        for (number, told) in (1..).zip(&mut self.told) {
            told.event.number = number;
        }
        self
    }
}

/// How an export is read.
#[derive(Clone, Copy, Debug)]
pub struct Options<'o> {
    /// What words stand for, beyond and before what the dialect says.
    pub mapping: &'o Mapping,
    /// Whether the text of comments is kept; it may name people.
    pub comments: bool,
}

/// Reads an export; `file` is what places in diagnostics carry. Every error is found in one run.
pub fn read(
    text: &str,
    file: FileId,
    dialect: Dialect,
    registry: &Registry,
    options: Options<'_>,
) -> Result<Board, Vec<Diagnostic>> {
    match dialect {
        Dialect::EmResource => emresource::read(text, file, registry, options),
        Dialect::Sf => sf::read(text, file, registry, options),
    }
}
