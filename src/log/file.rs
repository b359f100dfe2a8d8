//! Logs in `.csv` and `.jsonl` files: the exchange format, and the log of whoever keeps it by hand.
//!
//! Floor 4: reads files; no clock, no terminal. What a row means is the business of `row`.

use std::borrow::Cow;
use std::io::Read;
use std::path::Path;

use serde_json::Value;

use super::Log;
use super::row::{Column, Row, Rows, Wrong};
use crate::diagnostic::{Code, Diagnostic, closest, csv_cell, list_or, plural};
use crate::model::{FileId, Ledger, Registry, Sources, Span};

/// So many errors of a log are told one by one.
const TOLD: usize = 20;

/// How a log is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// A header, then a row per event.
    Csv,
    /// A JSON object per line.
    Jsonl,
}

impl Format {
    /// The format that a path's ending names.
    pub fn of(path: &Path) -> Option<Self> {
        let ending = path.extension()?;
        if ending.eq_ignore_ascii_case("csv") {
            Some(Self::Csv)
        } else if ending.eq_ignore_ascii_case("jsonl") {
            Some(Self::Jsonl)
        } else {
            None
        }
    }
}

/// Reads a log file.
pub fn open(
    path: &Path,
    format: Format,
    registry: &Registry,
    sources: &mut Sources,
) -> Result<Log, Vec<Diagnostic>> {
    let name = path.display().to_string();
    match std::fs::File::open(path) {
        Ok(file) => read(file, &name, format, registry, sources),
        Err(error) => Err(vec![cannot_read(&name, &error)]),
    }
}

/// Reads a log from any reader; `name` is what diagnostics call it. Every error is found in one run; the first
/// twenty are told.
pub fn read(
    mut reader: impl Read,
    name: &str,
    format: Format,
    registry: &Registry,
    sources: &mut Sources,
) -> Result<Log, Vec<Diagnostic>> {
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).map_err(|error| vec![cannot_read(name, &error)])?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..valid].split(|byte| *byte == b'\n').count();
        let message = format!("`{name}` is not UTF-8: line {line} has a byte that belongs to no character");
        vec![Diagnostic::nowhere(Code::CannotRead, message).help("save the file as UTF-8")]
    })?;
    let file = sources.add(name, text);
    let text = sources.get(file).text.clone();
    let mut reading = Reading {
        text: &text,
        file,
        rows: Rows::new(registry, file),
        events: Ledger::default(),
        errors: Vec::new(),
        more: None,
    };
    match format {
        Format::Csv => reading.csv(),
        Format::Jsonl => reading.jsonl(),
    }
    reading.finish()
}

fn cannot_read(name: &str, error: &std::io::Error) -> Diagnostic {
    Diagnostic::nowhere(Code::CannotRead, format!("cannot read the log `{name}`: {error}"))
}

/// A log while it is read.
struct Reading<'t> {
    text: &'t str,
    file: FileId,
    rows: Rows<'t>,
    events: Ledger,
    errors: Vec<Diagnostic>,
    /// The errors that are not told: where the first of them is, and how many.
    more: Option<(Span, usize)>,
}

impl Reading<'_> {
    fn finish(mut self) -> Result<Log, Vec<Diagnostic>> {
        self.errors.sort_by_key(|error| error.labels.first().map(|label| label.span.start));
        if let Some((span, more)) = self.more.take() {
            let message = format!("and {}", plural(more, "more error"));
            self.errors.push(Diagnostic::at(Code::BadRow, self.file, span, message));
        }
        if self.errors.is_empty() {
            return Ok(Log { events: self.events, ..Log::default() });
        }
        Err(self.errors)
    }

    fn error(&mut self, span: Span, message: String, help: Vec<String>) {
        match &mut self.more {
            Some((_, more)) => *more += 1,
            None if self.errors.len() == TOLD => self.more = Some((span, 1)),
            None => {
                let diagnostic = Diagnostic::at(Code::BadRow, self.file, span, message);
                self.errors.push(Diagnostic { help, ..diagnostic });
            }
        }
    }

    /// Turns a row into an event; `place` finds a cell in the text.
    fn row(&mut self, row: &Row<'_>, place: impl Fn(Column) -> Span) {
        match self.rows.event(row) {
            Ok(event) => self.events.push(&event),
            Err(wrong) => {
                for Wrong { column, within, message, help } in wrong {
                    let cell = place(column);
                    // A quoted cell may hold doubled quotes, which no place inside it can be told past.
                    let plain = !self.text.get(cell.clone()).is_some_and(|cell| cell.starts_with('"'));
                    let span = match within {
                        Some(within) if plain && cell.start + within.end <= cell.end => {
                            cell.start + within.start..cell.start + within.end
                        }
                        _ => cell,
                    };
                    let message = format!("row {}, `{}`: {message}", self.rows.number(), column.as_str());
                    self.error(span, message, help);
                }
            }
        }
    }

    fn csv(&mut self) {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(self.text.as_bytes());
        let header = reader.headers().cloned().unwrap_or_default();
        let Some(columns) = self.header(&header) else { return };
        let text = self.text;
        let place_of = |column: Column| columns.iter().position(|at| *at == Some(column));
        let mut record = csv::StringRecord::new();
        loop {
            match reader.read_record(&mut record) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    let at = self.text.len();
                    self.error(at..at, format!("cannot read the row: {error}"), Vec::new());
                    break;
                }
            }
            let begin = record.position().map_or(0, |position| usize::try_from(position.byte()).unwrap_or(0));
            if record.len() > columns.len() {
                let span = csv_cell(self.text, begin, columns.len());
                let message = format!(
                    "row {} has {}, and the header {}",
                    self.rows.number() + 1,
                    plural(record.len(), "cell"),
                    columns.len()
                );
                self.error(span, message, vec!["put quotes round a cell that holds a comma".to_owned()]);
            }
            let mut row = Row::default();
            for (column, cell) in columns.iter().zip(&record) {
                if let Some(column) = column {
                    row.set(*column, Cow::Borrowed(without_guard(cell.trim())));
                }
            }
            self.row(&row, |column| match place_of(column) {
                Some(at) => csv_cell(text, begin, at),
                // The whole row lacks what a column that is not there would say.
                None => csv_cell(text, begin, 0).start..csv_cell(text, begin, columns.len() - 1).end,
            });
        }
    }

    /// Which column each cell of a row belongs to.
    fn header(&mut self, header: &csv::StringRecord) -> Option<Vec<Option<Column>>> {
        const NEEDED: [Column; 3] = [Column::Facility, Column::Status, Column::From];
        let mut columns = Vec::with_capacity(header.len());
        for (at, name) in header.iter().map(str::trim).enumerate() {
            let column = Column::named(name);
            if column.is_none() {
                let (message, help) = unknown(name, "a log has no column");
                self.error(csv_cell(self.text, 0, at), message, vec![help]);
            } else if columns.contains(&column) {
                let message = format!("the column `{name}` stands twice");
                self.error(csv_cell(self.text, 0, at), message, Vec::new());
            }
            columns.push(column);
        }
        let missing: Vec<&str> = NEEDED
            .into_iter()
            .filter(|needed| !columns.contains(&Some(*needed)))
            .map(Column::as_str)
            .collect();
        if !missing.is_empty() {
            let first_line = self.text.lines().next().unwrap_or_default().len();
            let message = format!("the header lacks {}", list_or(missing));
            let help =
                "the first line of a log names its columns: `facility,status,from` at least".to_owned();
            self.error(0..first_line, message, vec![help]);
        }
        self.errors.is_empty().then_some(columns)
    }

    fn jsonl(&mut self) {
        let mut begin = 0;
        for line in self.text.split_inclusive('\n') {
            let whole = begin..begin + line.trim_end().len();
            begin += line.len();
            let json = line.trim_start_matches('\u{feff}').trim();
            if json.is_empty() {
                continue;
            }
            match serde_json::from_str::<serde_json::Map<String, Value>>(json) {
                Ok(object) => self.object(object, &whole),
                Err(error) => {
                    let number = self.rows.number() + 1;
                    let said = error.to_string();
                    let said = said.split(" at line ").next().unwrap_or_default();
                    let at = (whole.start + error.column().saturating_sub(1)).min(whole.end);
                    self.error(at..whole.end, format!("row {number} is no JSON object: {said}"), Vec::new());
                    // The row counts, so that those after it keep their numbers.
                    self.rows.skip();
                }
            }
        }
    }

    fn object(&mut self, object: serde_json::Map<String, Value>, line: &Span) {
        let text = self.text;
        // Where a member begins: its name in quotes.
        let place = |name: &str| {
            let quoted = format!("\"{name}\"");
            let found = text.get(line.clone()).and_then(|line| line.find(&quoted));
            found.map_or_else(|| line.clone(), |at| line.start + at..line.start + at + quoted.len())
        };
        let mut row = Row::default();
        for (name, value) in object {
            let Some(column) = Column::named(&name) else {
                let (message, help) = unknown(&name, "an event has no");
                self.error(place(&name), message, vec![help]);
                continue;
            };
            match value {
                Value::Null => {}
                Value::String(text) => row.set(column, Cow::Owned(text)),
                Value::Bool(_) | Value::Number(_) => row.set(column, Cow::Owned(value.to_string())),
                Value::Array(_) | Value::Object(_) if column == Column::Data => {
                    row.set(column, Cow::Owned(value.to_string()));
                }
                Value::Array(_) | Value::Object(_) => {
                    self.error(place(&name), format!("`{name}` takes a text, found {value}"), Vec::new());
                }
            }
        }
        self.row(&row, |column| place(column.as_str()));
    }
}

/// Says that a name is no column, and which was meant.
fn unknown(name: &str, what: &str) -> (String, String) {
    let names = || Column::ALL.iter().map(|column| column.as_str());
    let help = closest(name, names())
        .map_or_else(|| format!("there are {}", list_or(names())), |near| format!("did you mean `{near}`?"));
    (format!("{what} `{name}`"), help)
}

/// Takes away the `'` that keeps a spreadsheet from running a cell as a formula.
fn without_guard(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@']) => rest,
        _ => cell,
    }
}
