//! A row in brief: what csv says of each of many patients, in the columns that a single decision has in csv.

use crate::model::FacilityId;
use crate::routing::{Brief, Disposition, Stop};
use crate::sheet::Cells;

use super::keys::Keys;

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
                Some(by) => {
                    let _ = by.write(cells); // writing to memory does not fail
                    cells.missing();
                }
            },
            Field::Home => word_or_missing(brief.home.map(|stop| key(stop.facility)), cells),
            Field::HomeMinutes => minutes_or_missing(brief.home, cells),
            Field::Nemsis => word_or_missing(brief.disposition.map(Disposition::code), cells),
            Field::Alternates if brief.alternates.is_empty() => cells.missing(),
            Field::Alternates => {
                for (at, stop) in brief.alternates.iter().enumerate() {
                    if at > 0 {
                        cells.goes_on(b';');
                    }
                    cells.part(key(stop.facility));
                    cells.part(":");
                    cells.minutes(stop.minutes);
                }
            }
            Field::Flags => {
                joined(&brief.flags, ";", cells, |flag, cells| {
                    let _ = flag.write(cells);
                });
                cells.missing();
            }
            Field::Note if brief.notes.is_empty() => cells.missing(),
            Field::Note => {
                cells.text(|cells| joined(&brief.notes, "; ", cells, |note, cells| cells.part(note)));
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
    if text.is_empty() { cells.missing() } else { cells.text(|cells| cells.part(text)) }
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

fn joined<T, C: Cells>(all: &[T], between: &str, cells: &mut C, write: impl Fn(&T, &mut C)) {
    for (at, one) in all.iter().enumerate() {
        if at > 0 {
            cells.part(between);
        }
        write(one, cells);
    }
}

#[cfg(test)]
mod tests {
    use super::super::route;
    use super::*;

    #[test]
    fn a_row_in_brief_has_the_columns_that_a_single_decision_has_in_csv() {
        let columns = route::columns();
        let in_csv: Vec<&str> =
            columns.iter().filter(|column| column.view.in_csv()).map(|column| column.key).collect();
        assert_eq!(in_csv, Field::ALL.map(Field::key));
        assert!(Field::ALL.into_iter().all(|field| Field::of(field.key()) == Some(field)));
    }
}
