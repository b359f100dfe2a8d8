//! Logs in `.csv` and `.jsonl` files: the exchange format, and the log of whoever keeps it by hand.
//!
//! Floor 4: reads files; no clock, no terminal. What a row means is the business of `row`; rows about which there is
//! nothing to say are read in `hands`.

use std::borrow::Cow;
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use super::Log;
use super::hands::{self, Hand};
use super::lines;
use super::row::{Column, Row, Rows, Wrong};
use super::stretches::{self, Stretches};
use super::usual::{Header, Part, Tools};
use crate::diagnostic::{Code, Diagnostic, csv_cell, list_or, plural, which_was_meant};
use crate::model::{Entry, FileId, Ledger, Registry, Sayings, Sources, Span};

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
    /// The format that a path's ending names; `.gz` after it says that it is compressed.
    pub fn of(path: &Path) -> Option<Self> {
        let ending = path.extension()?;
        if ending.eq_ignore_ascii_case("gz") {
            return Self::of(Path::new(path.file_stem()?));
        }
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

/// Reads a log from any reader, which may be compressed with gzip; `name` is what diagnostics call it. Every error is
/// found in one run; the first twenty are told. In memory are 16 bytes an event, 32 once it is asked which are about
/// whom, what the events say, each thing once, and a few stretches of the text. An event that is no declaration, was
/// recorded before it holds or 18 hours after, or says something that 65,535 others do not, takes 40 more.
pub fn read(
    reader: impl Read + Send,
    name: &str,
    format: Format,
    registry: &Registry,
    sources: &mut Sources,
) -> Result<Log, Vec<Diagnostic>> {
    read_by(|format, tools| Hand::of(format, tools), reader, name, format, registry, sources)
}

/// Reads a log by hands that `hand` makes; what they leave is read patiently.
fn read_by(
    hand: impl for<'g> Fn(Format, &'g Tools<'g>) -> Hand<'g>,
    reader: impl Read + Send,
    name: &str,
    format: Format,
    registry: &Registry,
    sources: &mut Sources,
) -> Result<Log, Vec<Diagnostic>> {
    let lost = |error| vec![cannot_read(name, &error)];
    let mut stretches = Stretches::new(reader, format).map_err(lost)?;
    let said = Mutex::new(Sayings::default());
    let mut first = Vec::new();
    stretches.fill(&mut first).map_err(lost)?;
    let mut reading = Reading {
        name,
        said: &said,
        sources,
        stretch: Stretch { text: Arc::from(""), line: 1, file: None },
        header: Header::new(Vec::new()),
        rows: Rows::new(registry, super::store::unnamed()),
        entries: Vec::new(),
        errors: Vec::new(),
        more: None,
    };
    let rows = match format {
        Format::Csv => match reading.header(&first) {
            Ok(begin) => &first[begin..],
            Err(errors) => return Err(errors),
        },
        Format::Jsonl => &first[..],
    };
    let first = rows.to_vec();
    let header = match format {
        Format::Csv => reading.header.clone(),
        Format::Jsonl => lines::header(&first),
    };
    let tools = Tools::new(registry, header, &said);
    let read = hands::read(
        first,
        stretches,
        || hand(format, &tools),
        |text, part| match part {
            Some(part) if reading.goes_on(part) => {
                reading.take(part);
                Ok(())
            }
            Some(_) | None => reading.patiently(std::mem::take(text), format),
        },
    );
    match read {
        Ok(()) => {}
        Err(hands::Stop::Lost(error)) => return Err(lost(error)),
        Err(hands::Stop::Refused(diagnostics)) => return Err(diagnostics),
    }
    let entries = reading.finish()?;
    let said = said.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(Log { events: Ledger::of_entries(entries, said), ..Log::default() })
}

/// Says why a log of that name can't be read.
pub fn cannot_read(name: &str, error: &std::io::Error) -> Diagnostic {
    Diagnostic::nowhere(Code::CannotRead, format!("cannot read the log `{name}`: {error}"))
}

/// A stretch of a log that is read patiently.
struct Stretch {
    text: Arc<str>,
    /// The line of the file with which it begins, counted from 1.
    line: usize,
    /// Where diagnostics find it, once there is one.
    file: Option<FileId>,
}

/// A log while it is read.
struct Reading<'r> {
    name: &'r str,
    said: &'r Mutex<Sayings>,
    sources: &'r mut Sources,
    stretch: Stretch,
    header: Header,
    rows: Rows<'r>,
    entries: Vec<Entry>,
    errors: Vec<Diagnostic>,
    /// The errors that are not told: where the first of them is, and how many.
    more: Option<(FileId, Span, usize)>,
}

impl Reading<'_> {
    fn finish(mut self) -> Result<Vec<Entry>, Vec<Diagnostic>> {
        if let Some((file, span, more)) = self.more.take() {
            let message = format!("and {}", plural(more, "more error"));
            self.errors.push(Diagnostic::at(Code::BadRow, file, span, message));
        }
        if self.errors.is_empty() { Ok(self.entries) } else { Err(self.errors) }
    }

    /// Whether a part that somebody read comes after the rows before it: by its numbers, and by the clock.
    fn goes_on(&self, part: &Part) -> bool {
        let next = self.rows.number() + 1;
        part.first.is_none_or(|first| first == next)
            && match (self.rows.recorded(), part.recorded) {
                (Some(before), Some((first, _))) => before <= first,
                (None, _) | (_, None) => true,
            }
    }

    fn take(&mut self, part: &mut Part) {
        let number = self.rows.number() + part.entries.len() as u64;
        let recorded = part.recorded.map(|(_, last)| last).or(self.rows.recorded());
        self.rows.go_on_after(number, recorded);
        self.entries.append(&mut part.entries);
        self.stretch.line += part.lines;
    }

    /// Reads a stretch that nobody else could read, and tells what is wrong with it. The inner diagnostics are those
    /// after which nothing more can be read.
    fn patiently(&mut self, text: Vec<u8>, format: Format) -> Result<(), Vec<Diagnostic>> {
        self.stretch.text = self.decode(text)?;
        self.stretch.file = None;
        let lines = self.stretch.text.matches('\n').count();
        let before = self.errors.len();
        match format {
            Format::Csv => self.csv(),
            Format::Jsonl => self.jsonl(),
        }
        // Those of a row may come in any order of its cells.
        self.errors[before..].sort_by_key(|error| error.labels.first().map(|label| label.span.start));
        self.stretch.line += lines;
        Ok(())
    }

    fn decode(&self, text: Vec<u8>) -> Result<Arc<str>, Vec<Diagnostic>> {
        String::from_utf8(text).map(Arc::from).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            let before = error.as_bytes()[..valid].iter().filter(|byte| **byte == b'\n').count();
            let (name, line) = (self.name, self.stretch.line + before);
            let message =
                format!("`{name}` is not UTF-8: line {line} has a byte that belongs to no character");
            vec![Diagnostic::nowhere(Code::CannotRead, message).help("save the file as UTF-8")]
        })
    }

    /// Where the stretch at hand is found by diagnostics.
    fn file(&mut self) -> FileId {
        let Stretch { text, line, file } = &mut self.stretch;
        *file.get_or_insert_with(|| self.sources.add_lines(self.name, text.clone(), *line))
    }

    fn error(&mut self, span: Span, message: String, help: Vec<String>) {
        if let Some((_, _, more)) = &mut self.more {
            *more += 1;
            return;
        }
        let file = self.file();
        if self.errors.len() == TOLD {
            self.more = Some((file, span, 1));
        } else {
            let diagnostic = Diagnostic::at(Code::BadRow, file, span, message);
            self.errors.push(Diagnostic { help, ..diagnostic });
        }
    }

    /// Turns a row into an event; `place` finds a cell in the text.
    fn row(&mut self, row: &Row<'_>, place: impl Fn(Column) -> Span) {
        match self.rows.event(row) {
            Ok(event) => {
                let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
                self.entries.push(said.entry(&event));
            }
            Err(wrong) => {
                for Wrong { column, within, message, help } in wrong {
                    let cell = place(column);
                    // A quoted cell may hold doubled quotes, which no place inside it can be told past.
                    let quoted =
                        self.stretch.text.get(cell.clone()).is_some_and(|cell| cell.starts_with('"'));
                    let plain = !quoted;
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
        let text = self.stretch.text.clone();
        let mut reader =
            csv::ReaderBuilder::new().flexible(true).has_headers(false).from_reader(text.as_bytes());
        let header = self.header.clone();
        let mut record = csv::StringRecord::new();
        loop {
            match reader.read_record(&mut record) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    let at = text.len();
                    self.error(at..at, format!("cannot read the row: {error}"), Vec::new());
                    break;
                }
            }
            let begin = record.position().map_or(0, |position| usize::try_from(position.byte()).unwrap_or(0));
            if record.len() > header.len() {
                let span = csv_cell(&text, begin, header.len());
                let message = format!(
                    "row {} has {}, and the header {}",
                    self.rows.number() + 1,
                    plural(record.len(), "cell"),
                    header.len()
                );
                self.error(span, message, vec!["put quotes round a cell that holds a comma".to_owned()]);
            }
            self.row(&header.row(&record), |column| match header.place(column) {
                Some(at) => csv_cell(&text, begin, at),
                // The whole row lacks what a column that is not there would say.
                None => {
                    csv_cell(&text, begin, 0).start
                        ..csv_cell(&text, begin, header.len().saturating_sub(1)).end
                }
            });
        }
    }

    /// Reads the header, with which a csv log begins: which column each cell of a row belongs to. Tells where the rows
    /// begin.
    fn header(&mut self, first: &[u8]) -> Result<usize, Vec<Diagnostic>> {
        const NEEDED: [Column; 3] = [Column::Facility, Column::Status, Column::From];
        // Nothing of the rows is looked at here, so that one of them may hold what is no text; lines before the header
        // are empty.
        let mut end = 0;
        while let Some(length) = stretches::csv_row(&first[end..]) {
            end += length;
            if !first[end - length..end].iter().all(|byte| matches!(byte, b'\r' | b'\n')) {
                break;
            }
        }
        if end == 0 {
            end = first.len();
        }
        self.stretch.text = self.decode(first[..end].to_vec())?;
        let text = self.stretch.text.clone();
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
        let header = reader.headers().cloned().unwrap_or_default();
        // A lone carriage return ends a row, too.
        let end = usize::try_from(reader.position().byte()).unwrap_or(end);
        let mut columns = Vec::with_capacity(header.len());
        for (at, name) in header.iter().map(str::trim).enumerate() {
            let column = Column::named(name);
            if column.is_none() {
                let (message, help) = unknown(name, "a log has no column");
                self.error(csv_cell(&text, 0, at), message, vec![help]);
            } else if columns.contains(&column) {
                let message = format!("the column `{name}` stands twice");
                self.error(csv_cell(&text, 0, at), message, Vec::new());
            }
            columns.push(column);
        }
        let missing: Vec<&str> = NEEDED
            .into_iter()
            .filter(|needed| !columns.contains(&Some(*needed)))
            .map(Column::as_str)
            .collect();
        if !missing.is_empty() {
            let first_line = text.lines().next().unwrap_or_default().len();
            let message = format!("the header lacks {}", list_or(missing));
            let help =
                "the first line of a log names its columns: `facility,status,from` at least".to_owned();
            self.error(0..first_line, message, vec![help]);
        }
        if !self.errors.is_empty() {
            let mut errors = std::mem::take(&mut self.errors);
            errors.sort_by_key(|error| error.labels.first().map(|label| label.span.start));
            return Err(errors);
        }
        self.header = Header::new(columns);
        self.stretch.line += text[..end].matches('\n').count();
        self.stretch.file = None;
        Ok(end)
    }

    fn jsonl(&mut self) {
        let mut begin = 0;
        let text = self.stretch.text.clone();
        for line in text.split_inclusive('\n') {
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
        let text = self.stretch.text.clone();
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
                Value::Null => row.clear(column),
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
    let columns = Column::ALL.iter().map(|column| column.as_str());
    (format!("{what} `{name}`"), which_was_meant(name, columns))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::load;
    use crate::model::Event;

    fn registry() -> Registry {
        let path = Path::new("tests/errors/facilities.toml");
        load::registry(path, &load::Options::default(), &mut Sources::default()).unwrap().registry
    }

    const COLUMNS: [&str; 14] = [
        "event",
        "recorded_at",
        "kind",
        "facility",
        "lane",
        "status",
        "scope",
        "from",
        "until",
        "route",
        "text",
        "reason",
        "source",
        "author",
    ];

    const NONE: &[&str] = &[""];
    const LONG: &str = "no bed that is staffed, nor one that will be before the evening";
    const TIMES: &[&str] = &["2023-08-03T06:00:00Z", "2023-08-03T06:00:59Z", "2023-08-04T00:30:00-04:00"];
    const ODD_TIMES: &[&str] = &[
        "2023-08-03 06:00",
        "2023-02-30T06:00:00Z",
        "2023-08-03T06:00:60Z",
        "1969-12-31T23:59:59Z",
        "9999-12-31T23:59:59Z",
        " ",
        "x",
    ];

    /// What a member of an object may be beside its text: mostly nothing.
    const MEMBERS: [&str; 12] =
        ["", "", "", "", "", "", "null", "1", "true", "\"\\u0066ire\"", "[1]", "{\"until\":\"max\"}"];

    /// A row whose cells are mostly those of a usual one.
    fn row() -> impl Strategy<Value = [&'static str; 14]> {
        let cell = |usual: &'static [&'static str], odd: &'static [&'static str]| {
            prop_oneof![
                60 => prop::sample::select(usual),
                1 => prop::sample::select(odd),
            ]
        };
        (
            (
                cell(&["#"], &["", "7", "x"]),
                cell(&["2023-08-03T06:00:00Z"], &["", "2023-08-01T06:00:00Z", "2023-08-04T06:00:00Z"]),
                cell(&["declare", ""], &["note", "retract", "Declare"]),
                cell(
                    &["harbor", "manchester-memorial", "Manchester Memorial"],
                    &["nobody", "\"harbor\"", " harbor "],
                ),
                cell(NONE, &["traffic", "service:ct"]),
                cell(
                    &["open", "closed", "diverting", "advisory", "fully-open"],
                    &["yellow", "down", "clsed", "off-yellow"],
                ),
                cell(&["", "", "stroke", "stroke and trauma"], &["traum", "all except \"stroke\""]),
            ),
            (
                cell(TIMES, ODD_TIMES),
                cell(&["", "", "", "2023-08-05T06:00:00Z", "2023-08-03T06:00:30Z"], ODD_TIMES),
                cell(NONE, &["ECHN", "nowhere"]),
                cell(NONE, &["\"a, \"\"b\"\"\"", "\"two\nlines\"", "5\" pipe", "\u{e9}", "'=x"]),
                cell(&["", "fire", LONG], &["\"Fire, in the ED\"", "power"]),
                cell(&["hospital", "dispatch"], &["", "\"hospital\""]),
                cell(&["", "someone"], &["\"x\n1,2\"", "a\rb", "a,b"]),
            ),
        )
            .prop_map(|((a, b, c, d, e, f, g), (h, i, j, k, l, m, n))| {
                [a, b, c, d, e, f, g, h, i, j, k, l, m, n]
            })
    }

    /// The events of a log or what is wrong with it, as hands read it and as patience does.
    fn read_twice(
        text: &str,
        format: Format,
        registry: &Registry,
    ) -> [Result<Vec<Event>, Vec<Diagnostic>>; 2] {
        let mut sources = [Sources::default(), Sources::default()];
        let [quick, slow] = &mut sources;
        let quick = read(text.as_bytes(), "log", format, registry, quick);
        let slow = read_by(|_, _| Hand::Idle, text.as_bytes(), "log", format, registry, slow);
        [quick, slow].map(|log| log.map(|log| log.events.iter().collect()))
    }

    #[test]
    fn rows_that_only_look_usual_are_left_to_patience() {
        let registry = registry();
        let row = "harbor,closed,hospital,2023-08-03T06:00:00Z,fire\n";
        for (what, odd) in [
            ("a cell too many", "harbor,closed,hospital,2023-08-03T06:00:00Z,fire,\n"),
            ("a cell too many, in words", "harbor,closed,hospital,2023-08-03T06:00:00Z,fire,fire\n"),
            ("a source in two lines", "harbor,closed,\"x\ny\",2023-08-03T06:00:00Z,fire\n"),
            (
                "one that should be in quotes",
                "harbor,closed,\"x\ny\",2023-08-03T06:00:00Z,fire\nharbor,closed,x\ny,2023-08-03T06:00:00Z,fire\n",
            ),
            ("no time", "harbor,closed,hospital,,fire\n"),
            ("another facility", "harbour,closed,hospital,2023-08-03T06:00:00Z,fire\n"),
        ] {
            let text = format!("facility,status,source,from,reason\n{row}{row}{odd}{row}");
            let [quick, slow] = read_twice(&text, Format::Csv, &registry);
            assert_eq!(quick, slow, "{what}");
            assert_eq!(quick.is_ok(), what == "a source in two lines", "{what}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

        #[test]
        fn what_hands_read_is_what_patience_reads(
            rows in prop::collection::vec(row(), 0..16),
            (numbered, authored) in (any::<bool>(), any::<bool>()),
            (crlf, ends) in (any::<bool>(), any::<bool>()),
            order in prop_oneof![Just((0..14).collect::<Vec<usize>>()), Just((0..14).collect()).prop_shuffle()],
        ) {
            let registry = registry();
            let is_there = |at: &usize| (numbered || *at > 0) && (authored || *at < 13);
            let places: Vec<usize> = order.into_iter().filter(is_there).collect();
            let mut text = places.iter().map(|at| COLUMNS[*at]).collect::<Vec<_>>().join(",");
            for (at, row) in rows.iter().enumerate() {
                let number = (at + 1).to_string();
                let cells = places.iter().map(|at| if row[*at] == "#" { number.as_str() } else { row[*at] });
                let cells: Vec<&str> = cells.collect();
                text += if crlf { "\r\n" } else { "\n" };
                text += &cells.join(",");
            }
            if ends {
                text += "\n";
            }
            let [quick, slow] = read_twice(&text, Format::Csv, &registry);
            prop_assert_eq!(quick, slow, "\n{}", text);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

        #[test]
        fn objects_that_hands_read_are_what_patience_reads(
            rows in prop::collection::vec((row(), 0..14_usize, prop::sample::select(MEMBERS.to_vec())), 0..16),
        ) {
            let registry = registry();
            let mut text = String::new();
            for (number, (row, column, member)) in (1..).zip(rows) {
                let number = number.to_string();
                let cells = COLUMNS.iter().zip(row).filter(|(_, cell)| !cell.is_empty());
                let mut members: Vec<String> = cells
                    .map(|(name, cell)| {
                        let cell = if cell == "#" { number.as_str() } else { cell.trim_matches('"') };
                        format!("\"{name}\":{}", Value::from(cell))
                    })
                    .collect();
                if !member.is_empty() {
                    members.push(format!("\"{}\":{member}", COLUMNS[column]));
                }
                // Another order from line to line.
                let turn = column % members.len().max(1);
                members.rotate_left(turn);
                text += &format!("{{{}}}\n", members.join(","));
            }
            let [quick, slow] = read_twice(&text, Format::Jsonl, &registry);
            prop_assert_eq!(quick, slow, "\n{}", text);
        }
    }

    #[test]
    fn usual_rows_are_left_to_hands() {
        let registry = registry();
        let header = Header::new(["facility", "status", "from"].map(Column::named).to_vec());
        let said = Mutex::new(Sayings::default());
        let tools = Tools::new(&registry, header, &said);
        let mut hand = Hand::of(Format::Csv, &tools);
        let rows = "harbor,closed,2023-08-03T06:00:00Z\nharbor,open,2023-08-03T07:00:00+02:00\n".repeat(9);
        let mut part = Part::default();
        assert!(hand.read(rows.as_bytes(), &mut part));
        assert_eq!((part.entries.len(), part.lines), (18, 18));
        assert!(!hand.read(b"harbour,closed,2023-08-03T06:00:00Z\n", &mut part));
    }

    #[test]
    fn rows_as_they_are_exported_are_left_to_hands() {
        let registry = registry();
        let line = |number: u32, scope: &str| {
            format!(
                "{{\"event\":{number},\"recorded_at\":\"2023-08-03T06:00:00Z\",\"kind\":\"declare\",\
                 \"facility\":\"harbor\",\"region\":null,\"lane\":null,\"status\":\"diverting\",\
                 \"scope\":\"{scope}\",\"from\":\"2023-08-03T06:00:00Z\",\"until\":null,\"route\":null,\
                 \"reason\":\"fire\",\"source\":\"hospital\",\"author\":null,\"exercise\":false,\"data\":null}}\n"
            )
        };
        let scopes = ["stroke", "stroke, trauma and burn", "stroke", "stroke, trauma and burn", "trauma"];
        let rows: String = (1..).zip(scopes).map(|(number, scope)| line(number, scope)).collect();
        let said = Mutex::new(Sayings::default());
        let tools = Tools::new(&registry, lines::header(rows.as_bytes()), &said);
        let mut part = Part::default();
        assert!(Hand::of(Format::Jsonl, &tools).read(rows.as_bytes(), &mut part));
        assert_eq!((part.entries.len(), part.lines, part.first), (5, 5, Some(1)));

        let rows = "harbor,\"diverting\",2023-08-03T06:00:00Z,\"stroke, trauma and burn\"\n".repeat(3);
        let header = Header::new(["facility", "status", "from", "scope"].map(Column::named).to_vec());
        let tools = Tools::new(&registry, header, &said);
        assert!(Hand::of(Format::Csv, &tools).read(rows.as_bytes(), &mut part));
        assert_eq!(part.entries.len(), 3);
    }

    #[test]
    fn a_long_log_is_read_by_several_hands_in_its_order() {
        let registry = registry();
        let row = |number: u32| {
            let status = if number.is_multiple_of(2) { "open" } else { "closed" };
            format!("{number},harbor,{status},2023-08-03T06:00:{:02}Z,r{}\n", number % 60, number % 7)
        };
        let rows = (1..=60_000).map(row).collect::<Vec<_>>().concat();
        let text = format!("event,facility,status,from,reason\n{rows}");
        let log = read(text.as_bytes(), "log", Format::Csv, &registry, &mut Sources::default()).unwrap();
        assert_eq!(log.events.len(), 60_000);
        let words = |event: &crate::model::Event| match &event.kind {
            crate::model::Kind::Declare(said) => (said.from.seconds() % 60, said.reason.clone()),
            other => panic!("{other:?}"),
        };
        for (number, event) in (1..).zip(log.events.iter()) {
            assert_eq!(words(&event), (number % 60, Some(format!("r{}", number % 7).into())));
        }
        let wrong =
            text.replacen("59999,harbor,closed", "59999,harbour,closed", 1) + "60002,harbor,open,now,\n";
        let mut sources = Sources::default();
        let errors = read(wrong.as_bytes(), "log", Format::Csv, &registry, &mut sources).unwrap_err();
        let told: Vec<String> = errors
            .iter()
            .map(|error| {
                sources.place(error.labels[0].file, &error.labels[0].span).to_string() + " " + &error.message
            })
            .collect();
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told[0].starts_with("log:60000 row 59999, `facility`"), "{told:?}");
        assert!(told[1].starts_with("log:60002 row 60001, `event`"), "{told:?}");
    }
}
