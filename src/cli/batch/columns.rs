//! The columns of patients, and the header that says in which order they come.
//!
//! Floor 6.

use crate::diagnostic::{Code, Diagnostic, csv_cell, which_was_meant};
use crate::model::Sources;

use super::super::error::Failure;
use super::cut;

macro_rules! columns {
    ($($name:ident $text:literal)*) => {
        /// What can be said of a patient.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(super) enum Column { $($name,)* }

        impl Column {
            /// Every column, in the order of the contract.
            pub(super) const ALL: &'static [Self] = &[$(Self::$name),*];
            /// Its name in a header and in an object.
            pub(super) fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
            /// The column of a name.
            pub(super) fn named(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$name),)* _ => None }
            }
        }
    };
}
columns! {
    Id "id"
    Time "time"
    From "from"
    Lat "lat"
    Lon "lon"
    Need "need"
    Priority "priority"
    Care "care"
    Age "age"
    Extremis "extremis"
    Transfer "transfer"
    Request "request"
}

/// So many columns there are.
pub(super) const COUNT: usize = Column::ALL.len();

impl Column {
    /// Whether it says who the patient is, rather than which, when or where.
    pub(super) fn is_of_patient(self) -> bool {
        match self {
            Self::Id | Self::Time | Self::From | Self::Lat | Self::Lon => false,
            Self::Need
            | Self::Priority
            | Self::Care
            | Self::Age
            | Self::Extremis
            | Self::Transfer
            | Self::Request => true,
        }
    }
}

/// What is said of one patient, a text a column; an empty one says nothing.
pub(super) type Said<'t> = [&'t str; COUNT];

/// The name of no column, and which was meant.
pub(super) fn unknown(name: &str) -> (String, String) {
    let columns = Column::ALL.iter().map(|column| column.as_str());
    (format!("patients have no `{name}`"), which_was_meant(name, columns))
}

/// Reads a header. Every mistake in it is told at once, and then no patient is answered.
pub(super) fn header(row: &[u8], name: &str, sources: &mut Sources) -> Result<Vec<Column>, Failure> {
    let text = String::from_utf8_lossy(row).into_owned();
    let file = sources.add(name, text.as_str());
    let mut wrong = Vec::new();
    let mut complain = |span, message, help: Option<String>| {
        let diagnostic = Diagnostic::at(Code::BadRow, file, span, message);
        wrong.push(Diagnostic { help: help.into_iter().collect(), ..diagnostic });
    };
    let mut columns = Vec::new();
    for (at, cell) in cut::cells(&text).iter().map(|cell| cell.trim()).enumerate() {
        match Column::named(cell) {
            None => {
                let (message, help) = unknown(&super::shortened(cell));
                complain(csv_cell(&text, 0, at), message, Some(help));
            }
            Some(column) if columns.contains(&column) => {
                complain(csv_cell(&text, 0, at), format!("the column `{cell}` stands twice"), None);
            }
            Some(column) => columns.push(column),
        }
    }
    let has = |column| columns.contains(&column);
    if !(has(Column::From) || has(Column::Lat) && has(Column::Lon)) {
        let help =
            "the first line names the columns: `id,time,from,need`, or `lat,lon` for `from`".to_owned();
        complain(0..text.len(), "the header names no place".to_owned(), Some(help));
    } else if has(Column::Lat) != has(Column::Lon) {
        let message = "a latitude and a longitude go together: `lat,lon`".to_owned();
        complain(0..text.len(), message, None);
    }
    if wrong.is_empty() { Ok(columns) } else { Err(Failure::Patients(wrong)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(row: &str) -> Vec<String> {
        match header(row.as_bytes(), "patients", &mut Sources::default()) {
            Ok(columns) => columns.into_iter().map(|column| column.as_str().to_owned()).collect(),
            Err(Failure::Patients(wrong)) => wrong.into_iter().map(|wrong| wrong.message).collect(),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn a_header_may_stand_in_any_order() {
        assert_eq!(told("need, lon ,lat,\"id\""), ["need", "lon", "lat", "id"]);
    }

    #[test]
    fn every_mistake_of_a_header_is_told_at_once() {
        assert_eq!(
            told("id,id,ned,lat"),
            ["the column `id` stands twice", "patients have no `ned`", "the header names no place"]
        );
        assert_eq!(told("from,lat"), ["a latitude and a longitude go together: `lat,lon`"]);
        assert_eq!(told("1,2023-08-04T09:00:00Z,vernon,stroke").len(), 5, "a header that is none");
    }
}
