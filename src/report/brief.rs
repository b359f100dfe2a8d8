//! A row in brief: what csv says of each of many patients, in the columns that a single decision has in csv.

use std::collections::BTreeMap;

use crate::model::{FacilityId, Registry};
use crate::routing::{Brief, Disposition, Stop};
use crate::sheet::Cells;

/// A column of a row in brief. Its key is that of the same column of [`super::route::columns`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)] // each holds what the column of its name holds
pub enum Field {
    Id,
    Outcome,
    Destination,
    Minutes,
    DecidedBy,
    Home,
    HomeMinutes,
    Nemsis,
    Alternates,
    Flags,
    Note,
}

impl Field {
    /// Every column, in the order of the contract.
    pub const ALL: [Self; 11] = [
        Self::Id,
        Self::Outcome,
        Self::Destination,
        Self::Minutes,
        Self::DecidedBy,
        Self::Home,
        Self::HomeMinutes,
        Self::Nemsis,
        Self::Alternates,
        Self::Flags,
        Self::Note,
    ];

    /// Its name in the header and for `--columns`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Outcome => "outcome",
            Self::Destination => "destination",
            Self::Minutes => "minutes",
            Self::DecidedBy => "decided_by",
            Self::Home => "home",
            Self::HomeMinutes => "home_minutes",
            Self::Nemsis => "nemsis",
            Self::Alternates => "alternates",
            Self::Flags => "flags",
            Self::Note => "note",
        }
    }
    /// The column of a name.
    pub fn of(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.key() == key)
    }
}

/// The outcome of a row that can't be read.
pub const ERROR: &str = "error";

/// The ids of all facilities, each in a slot of the same width: rows by the million name any of them, and each is to be
/// fetched from memory at once.
#[derive(Clone, Debug)]
pub struct Keys {
    /// By facility, its id, spaces after it, and how long it is.
    slots: String,
    width: usize,
    /// Those that fit into no slot.
    long: BTreeMap<FacilityId, String>,
}

impl Keys {
    /// The widest slot: a line of a processor's cache.
    const WIDEST: usize = 64;

    /// Those of a registry.
    pub fn of(registry: &Registry) -> Self {
        let lengths = registry.facilities.iter().map(|(_, facility)| facility.key.len());
        let longest = lengths.filter(|length| *length < Self::WIDEST).max().unwrap_or(0);
        let width = (longest + 1).next_power_of_two();
        let mut keys = Self {
            slots: String::with_capacity(width * registry.facilities.len()),
            width,
            long: BTreeMap::new(),
        };
        for (id, facility) in registry.facilities.iter() {
            let fits = facility.key.len() < width;
            let key = if fits { facility.key.as_str() } else { "" };
            keys.slots.push_str(key);
            keys.slots.extend(std::iter::repeat_n(' ', width - 1 - key.len()));
            // Lengths as characters: none is longer than there are ASCII characters.
            keys.slots
                .push(char::from(u8::try_from(if fits { key.len() } else { Self::WIDEST }).unwrap_or(0)));
            if !fits {
                keys.long.insert(id, facility.key.clone());
            }
        }
        keys
    }
    /// That of a facility of the registry.
    #[inline]
    pub fn key(&self, facility: FacilityId) -> &str {
        let begin = facility.index() * self.width;
        let length = usize::from(self.slots.as_bytes()[begin + self.width - 1]);
        if length < self.width {
            return &self.slots[begin..begin + length];
        }
        self.long.get(&facility).map(String::as_str).unwrap_or_default()
    }
}

/// Writes what becomes of one patient.
pub fn write(fields: &[Field], keys: &Keys, id: &str, brief: &Brief, cells: &mut impl Cells) {
    let key = |facility: FacilityId| keys.key(facility);
    for field in fields {
        match field {
            Field::Id => text_or_missing(id, cells),
            Field::Outcome => cells.word(brief.outcome.as_str()),
            Field::Destination => word_or_missing(brief.destination.map(|stop| key(stop.facility)), cells),
            Field::Minutes => minutes_or_missing(brief.destination, cells),
            Field::DecidedBy => match &brief.decided_by {
                None => cells.missing(),
                Some(by) => cells.words(|out| {
                    let _ = by.write(out); // writing to a string does not fail
                }),
            },
            Field::Home => word_or_missing(brief.home.map(|stop| key(stop.facility)), cells),
            Field::HomeMinutes => minutes_or_missing(brief.home, cells),
            Field::Nemsis => word_or_missing(brief.disposition.map(Disposition::code), cells),
            Field::Alternates if brief.alternates.is_empty() => cells.missing(),
            Field::Alternates => cells.words(|out| {
                joined(&brief.alternates, ";", out, |stop, out| {
                    out.push_str(key(stop.facility));
                    out.push(':');
                    let _ = stop.minutes.write(out);
                });
            }),
            Field::Flags if brief.flags.is_empty() => cells.missing(),
            Field::Flags => cells.words(|out| {
                joined(&brief.flags, ";", out, |flag, out| {
                    let _ = flag.write(out);
                });
            }),
            Field::Note if brief.notes.is_empty() => cells.missing(),
            Field::Note => {
                cells.text(|out| joined(&brief.notes, "; ", out, |note, out| out.push_str(note)));
            }
        }
    }
    cells.end();
}

/// Writes that a row can't be read, and why.
pub fn write_error(fields: &[Field], id: &str, note: &str, cells: &mut impl Cells) {
    for field in fields {
        match field {
            Field::Id => text_or_missing(id, cells),
            Field::Outcome => cells.word(ERROR),
            Field::Note => text_or_missing(note, cells),
            Field::Destination
            | Field::Minutes
            | Field::DecidedBy
            | Field::Home
            | Field::HomeMinutes
            | Field::Nemsis
            | Field::Alternates
            | Field::Flags => cells.missing(),
        }
    }
    cells.end();
}

fn text_or_missing(text: &str, cells: &mut impl Cells) {
    if text.is_empty() { cells.missing() } else { cells.text(|out| out.push_str(text)) }
}

fn word_or_missing(word: Option<&str>, cells: &mut impl Cells) {
    match word {
        None => cells.missing(),
        Some(word) => cells.word(word),
    }
}

fn minutes_or_missing(stop: Option<Stop>, cells: &mut impl Cells) {
    match stop {
        None => cells.missing(),
        Some(stop) => cells.minutes(stop.minutes),
    }
}

fn joined<T>(all: &[T], between: &str, out: &mut String, write: impl Fn(&T, &mut String)) {
    for (at, one) in all.iter().enumerate() {
        if at > 0 {
            out.push_str(between);
        }
        write(one, out);
    }
}

#[cfg(test)]
mod tests {
    use super::super::route;
    use super::*;
    use crate::load::{self, Options};
    use crate::model::Sources;

    #[test]
    fn ids_in_slots_are_those_of_the_registry() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("facilities.toml");
        let mut text = "[registry]\nname = \"World\"\ntimezone = \"UTC\"\n".to_owned();
        let long = "x".repeat(64);
        for key in ["b", "manchester-memorial", &long, "a", &long[1..], "zz-top"] {
            text.push_str(&format!("[facility.{key}]\nname = \"{key}\"\nlat = 0\nlon = 0\ned = {{}}\n"));
        }
        std::fs::write(&path, text).unwrap();
        let registry = load::registry(&path, &Options::default(), &mut Sources::default()).unwrap().registry;
        let keys = Keys::of(&registry);
        assert_eq!(registry.facilities.len(), 6);
        for (id, facility) in registry.facilities.iter() {
            assert_eq!(keys.key(id), facility.key);
        }
    }

    #[test]
    fn a_row_in_brief_has_the_columns_that_a_single_decision_has_in_csv() {
        let columns = route::columns();
        let in_csv: Vec<&str> =
            columns.iter().filter(|column| column.view.in_csv()).map(|column| column.key).collect();
        assert_eq!(in_csv, Field::ALL.map(Field::key));
        assert!(Field::ALL.into_iter().all(|field| Field::of(field.key()) == Some(field)));
    }
}
