//! The rows of an export: cells by the names that columns go by, and errors that point at a cell.
//!
//! Floor 4; reads no file.

use crate::diagnostic::{Code, Diagnostic, csv_cell, list_or, plural, unguarded};
use crate::model::{FileId, Span};

/// So many errors are told one by one.
const TOLD: usize = 20;

/// A text as headers and words are compared: lower case, letters and digits only.
pub(super) fn folded(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// A column: what it is called in our words, and the folded names that it goes by.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) known_as: &'static [&'static str],
    pub(super) needed: bool,
}

/// The columns of a dialect, each at its own place. Others are passed over: some name people.
#[derive(Debug)]
pub(super) struct Columns(pub(super) &'static [Column]);

impl Columns {
    pub(super) fn all_needed_are_in(&self, header: &[String]) -> bool {
        let is_in = |column: &Column| header.iter().any(|name| column.known_as.contains(&name.as_str()));
        self.0.iter().filter(|column| column.needed).all(is_in)
    }
}

/// A row, with the place of each of its columns.
pub(super) struct Row<'r> {
    record: &'r csv::StringRecord,
    places: &'r [Option<usize>],
    /// Counted from 1, without the header.
    pub(super) number: usize,
    begin: usize,
}

impl<'r> Row<'r> {
    /// The text of a cell, if it has any.
    pub(super) fn get(&self, column: usize) -> Option<&'r str> {
        let cell = self.record.get(self.places[column]?)?;
        Some(unguarded(cell)).filter(|cell| !cell.is_empty())
    }
    /// Where a cell stands.
    pub(super) fn place(&self, text: &str, column: usize) -> Span {
        csv_cell(text, self.begin, self.places[column].unwrap_or_default())
    }
}

/// Collects what is wrong and what is odd.
pub(super) struct Findings {
    file: FileId,
    errors: Vec<Diagnostic>,
    more: Option<(Span, usize)>,
    warnings: Vec<Diagnostic>,
}

impl Findings {
    pub(super) fn new(file: FileId) -> Self {
        Self { file, errors: Vec::new(), more: None, warnings: Vec::new() }
    }
    pub(super) fn error(&mut self, span: Span, message: String, help: &[&str]) {
        match &mut self.more {
            Some((_, more)) => *more += 1,
            None if self.errors.len() == TOLD => self.more = Some((span, 1)),
            None => {
                let diagnostic = Diagnostic::at(Code::BadRow, self.file, span, message);
                let help = help.iter().map(|help| (*help).to_owned()).collect();
                self.errors.push(Diagnostic { help, ..diagnostic });
            }
        }
    }
    pub(super) fn warn(&mut self, code: Code, span: Span, message: String) {
        self.warnings.push(Diagnostic::at(code, self.file, span, message));
    }
    /// The warnings, by place; or, where there are any, the errors.
    pub(super) fn finish(mut self) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
        let begin = |diagnostic: &Diagnostic| diagnostic.labels.first().map(|label| label.span.start);
        self.errors.sort_by_key(begin);
        self.warnings.sort_by_key(begin);
        if let Some((span, more)) = self.more {
            let message = format!("and {} more", plural(more, "error"));
            self.errors.push(Diagnostic::at(Code::BadRow, self.file, span, message));
        }
        if self.errors.is_empty() { Ok(self.warnings) } else { Err(self.errors) }
    }
}

/// Reads the header and hands over each row.
pub(super) fn each_row(
    text: &str,
    columns: &Columns,
    findings: &mut Findings,
    mut each: impl FnMut(&Row<'_>, &mut Findings),
) {
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let header = reader.headers().cloned().unwrap_or_default();
    let names: Vec<String> = header.iter().map(|name| folded(name.trim_start_matches('\u{feff}'))).collect();
    let place = |column: &Column| names.iter().position(|name| column.known_as.contains(&name.as_str()));
    let places: Vec<Option<usize>> = columns.0.iter().map(place).collect();
    let missing: Vec<&str> = columns
        .0
        .iter()
        .zip(&places)
        .filter(|(column, place)| column.needed && place.is_none())
        .map(|(column, _)| column.name)
        .collect();
    if !missing.is_empty() {
        let first_line = text.lines().next().unwrap_or_default().len();
        findings.error(0..first_line, format!("the header lacks {}", list_or(missing)), &[]);
        return;
    }
    let mut record = csv::StringRecord::new();
    let mut number = 0;
    loop {
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                let at = text.len();
                findings.error(at..at, format!("cannot read the row: {error}"), &[]);
                return;
            }
        }
        number += 1;
        let begin = record.position().map_or(0, |position| usize::try_from(position.byte()).unwrap_or(0));
        if record.iter().all(str::is_empty) {
            continue;
        }
        each(&Row { record: &record, places: &places, number, begin }, findings);
    }
}
