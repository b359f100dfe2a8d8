//! Writers: one for each format over a [`Sheet`], and one for diagnostics.
//!
//! Floor 5: knows sheets, diagnostics and the model; no log, no registry file, no terminal. A writer writes into what it
//! is given and decides nothing about the answer. What is text of a file or a log passes through [`safe`] on its way.

mod delimited;
pub mod diagnostics;
mod geojson;
mod html;
mod ical;
mod json;
mod lanes;
mod layout;
mod lines;
mod md;
mod packet;
mod paint;
mod ruler;
pub mod safe;
pub mod schema;
mod select;
mod table;
mod text;
pub mod words;

use std::io::{self, Write};

pub use json::to_pretty;
pub use lines::Lines;
pub use packet::{Paper, write_packet};
pub use select::{UnknownColumn, check_columns};

use crate::report::Sheet;
use crate::sheet::Telling;

/// A format that a sheet can be written in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Format {
    /// For people at a terminal.
    #[default]
    Table,
    /// Comma-separated values.
    Csv,
    /// Tab-separated values.
    Tsv,
    /// One object: what the answer rests on, and the rows.
    Json,
    /// A row a line, each an object.
    Jsonl,
    /// A GitHub table.
    Md,
    /// A page.
    Html,
}

impl Format {
    /// Every format with its word for `--format`, which is also how such a file's name ends.
    pub const ALL: [(Self, &'static str); 7] = [
        (Self::Table, "table"),
        (Self::Csv, "csv"),
        (Self::Tsv, "tsv"),
        (Self::Json, "json"),
        (Self::Jsonl, "jsonl"),
        (Self::Md, "md"),
        (Self::Html, "html"),
    ];

    /// Whether people read it, and so columns of words: programs get fields.
    pub fn is_for_people(self) -> bool {
        match self {
            Self::Table | Self::Md | Self::Html => true,
            Self::Csv | Self::Tsv | Self::Json | Self::Jsonl => false,
        }
    }

    /// The format of that word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, name)| name.eq_ignore_ascii_case(word)).map(|(format, _)| format)
    }
}

/// A file format for one kind of sheet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Export {
    /// Places, for a map.
    GeoJson,
    /// A calendar.
    Ical,
}

/// Writes a sheet for another program.
pub fn export(sheet: &Sheet, format: Export, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Export::GeoJson => geojson::write(sheet, options, out),
        Export::Ical => ical::write(sheet, out),
    }
}

/// How to write.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(clippy::struct_excessive_bools)] // each is a switch of its own on the command line
pub struct Options {
    /// In how many columns of a terminal it must fit; `None`: uncut.
    pub width: Option<usize>,
    /// Whether tones are painted.
    pub color: bool,
    /// Whether tables, drawings and Markdown keep to ASCII.
    pub ascii: bool,
    /// Whether anything stands above and below the rows (csv and tsv: the row of keys).
    pub headers: bool,
    /// The columns wanted, by key and in this order; `None`: those of the format's view.
    pub columns: Option<Vec<String>>,
    /// Whether csv and tsv leave out the `'` before what a spreadsheet would run.
    pub raw: bool,
    /// Only the values of this column, each once, a line each (`-q`).
    pub ids_only: Option<&'static str>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            width: None,
            color: false,
            ascii: false,
            headers: true,
            columns: None,
            raw: false,
            ids_only: None,
        }
    }
}

/// Writes a sheet. Columns that it does not have are left out; ask [`check_columns`] beforehand.
pub fn write(sheet: &Sheet, format: Format, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    if let Some(key) = options.ids_only {
        return table::write_ids(sheet, key, options, out);
    }
    match format {
        Format::Table => table::write(sheet, options, out),
        Format::Csv => delimited::write(sheet, format, b',', options, out),
        Format::Tsv => delimited::write(sheet, format, b'\t', options, out),
        Format::Json => json::write(sheet, options, out),
        Format::Jsonl => json::write_lines(sheet, options, out),
        Format::Md => md::write(sheet, options, out),
        Format::Html => html::write(sheet, options, out),
    }
}

/// Writes a sheet whose rows are told one after the other. Where each of them stands by itself, few are in memory at a time;
/// else no more of them than is shown.
pub fn tell(
    telling: Telling<'_, io::Error>,
    format: Format,
    options: &Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    /// So many rows are there at a time.
    const TOGETHER: usize = 1000;
    if let Some(key) = options.ids_only {
        return table::write_ids_told(&telling.sheet, telling.rows, key, options, out);
    }
    match format {
        // An answer in words needs no rows.
        Format::Table if telling.sheet.answer.is_some() => write(&telling.sheet, format, options, out),
        Format::Table | Format::Md | Format::Html => {
            let chosen = select::chosen(&telling.sheet, format, options);
            write(&telling.narrow(|at| chosen.contains(&at))?, format, options, out)
        }
        Format::Json => json::write_told(&telling.sheet, telling.rows, options, out),
        Format::Csv | Format::Tsv | Format::Jsonl => {
            let Telling { mut sheet, mut rows, .. } = telling;
            let mut options = options.clone();
            loop {
                sheet.rows = rows.by_ref().take(TOGETHER).collect::<io::Result<_>>()?;
                write(&sheet, format, &options, out)?;
                if sheet.rows.len() < TOGETHER {
                    return Ok(());
                }
                options.headers = false;
            }
        }
    }
}

#[cfg(test)]
mod fixture;
