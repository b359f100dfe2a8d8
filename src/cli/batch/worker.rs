//! A worker: takes whole rows, reads each patient, has it decided and writes the answer, in order.
//!
//! Floor 6. Several may work at once, each with its own memory of what cells meant.

use std::io;

use crate::diagnostic::plural;

use super::answer::{Answers, Telling};
use super::columns::{COUNT, Column, Said};
use super::cut;
use super::decider::Decider;
use super::input::{Dialect, LONGEST, Rows};
use super::json::{self, Place};
use super::known::Facts;
use super::patient::{Reader, Reading};
use super::turns::Turns;

/// What all workers are given.
#[derive(Clone, Copy)]
pub(super) struct Job<'a> {
    pub(super) dialect: Dialect,
    pub(super) reading: Reading<'a>,
    pub(super) facts: Facts<'a>,
    pub(super) telling: Telling<'a>,
}

/// Reads, decides and answers.
pub(super) struct Worker {
    reader: Reader,
    pub(super) answers: Answers,
    /// Rows so far, and those of them that could not be read.
    pub(super) rows: u64,
    pub(super) bad: u64,
}

impl Worker {
    pub(super) fn new(answers: Answers) -> Self {
        Self { reader: Reader::default(), answers, rows: 0, bad: 0 }
    }

    /// Answers rows; the answers stand in [`Self::answers`], without those before them.
    pub(super) fn work(
        &mut self,
        rows: Rows<'_>,
        job: &Job<'_>,
        turns: Option<&mut Turns>,
    ) -> io::Result<()> {
        self.answers.clear();
        let Job { facts, telling, .. } = *job;
        let decider = Decider::new(facts, telling.exclude, telling.alternates, turns);
        let mut turn = Turn {
            job,
            reader: &mut self.reader,
            answers: &mut self.answers,
            decider,
            rows: &mut self.rows,
            bad: &mut self.bad,
        };
        match (job.dialect, rows.plain, std::str::from_utf8(rows.bytes)) {
            (Dialect::Csv, true, Ok(text)) => turn.plain_rows(text),
            (Dialect::Csv, ..) => {
                let mut begin = 0;
                while begin < rows.bytes.len() {
                    let (len, whole) = rows.first(begin);
                    turn.csv_row(&rows.bytes[begin..begin + len], whole)?;
                    begin += len;
                }
                Ok(())
            }
            (Dialect::Jsonl, ..) => {
                rows.bytes.split(|byte| *byte == b'\n').try_for_each(|line| turn.json_row(line))
            }
        }
    }

    /// Answers a row that is too long to be kept, of which this is the beginning.
    pub(super) fn too_long(&mut self, beginning: &[u8], job: &Job<'_>) -> io::Result<()> {
        self.answers.clear();
        (self.rows, self.bad) = (self.rows + 1, self.bad + 1);
        let id = match job.dialect {
            Dialect::Csv => id_in(beginning, job.reading.columns),
            Dialect::Jsonl => String::new(),
        };
        self.answers.error(&id, &too_long(), &job.telling)
    }
}

fn too_long() -> String {
    format!("the row is longer than {} MiB", LONGEST >> 20)
}

/// The id in a row that can't be read otherwise, if it can be found.
fn id_in(row: &[u8], columns: &[Column]) -> String {
    let Some(at) = columns.iter().position(|column| *column == Column::Id) else { return String::new() };
    let line = row.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let text = String::from_utf8_lossy(cut::without_break(line));
    let cells = cut::cells(&text);
    // The last cell of a row that is cut off is cut off itself.
    cells.get(at).filter(|_| at + 1 < cells.len()).map_or_else(String::new, |id| super::shortened(id))
}

/// A worker at work.
struct Turn<'w> {
    job: &'w Job<'w>,
    reader: &'w mut Reader,
    answers: &'w mut Answers,
    decider: Decider<'w>,
    rows: &'w mut u64,
    bad: &'w mut u64,
}

impl Turn<'_> {
    /// Answers what was said of a patient.
    fn answer(&mut self, said: &Said<'_>, place: Option<&Place>) -> io::Result<()> {
        let id = said[Column::Id as usize];
        match self.reader.read(said, place, &self.job.reading) {
            Ok(asked) => {
                *self.rows += 1;
                self.answers.answer(id, asked, &mut self.decider, &self.job.facts, &self.job.telling)
            }
            Err(note) => self.wrong(id, &note),
        }
    }

    /// Answers a row that can't be read.
    fn wrong(&mut self, id: &str, note: &str) -> io::Result<()> {
        *self.rows += 1;
        *self.bad += 1;
        self.answers.error(id, note, &self.job.telling)
    }

    /// Rows of csv in which nothing is quoted: every comma ends a cell, every line break a row.
    fn plain_rows(&mut self, text: &str) -> io::Result<()> {
        let columns = self.job.reading.columns;
        let bytes = text.as_bytes();
        let mut begin = 0;
        while begin < bytes.len() {
            let mut said: Said<'_> = [""; COUNT];
            let (mut cell, mut count, mut at) = (begin, 0, begin);
            loop {
                let byte = bytes.get(at).copied().unwrap_or(b'\n');
                if byte == b',' || byte == b'\n' {
                    if let Some(column) = columns.get(count) {
                        said[*column as usize] = &text[cell..at];
                    }
                    count += 1;
                    if byte == b'\n' {
                        break;
                    }
                    cell = at + 1;
                }
                at += 1;
            }
            let row = &bytes[begin..at];
            begin = at + 1;
            if let (Some(row), Some(last)) = (row.strip_suffix(b"\r"), columns.get(count - 1)) {
                let last = &mut said[*last as usize];
                *last = last.strip_suffix('\r').unwrap_or(last);
                if row.is_empty() {
                    continue;
                }
            }
            if row.is_empty() {
                continue;
            }
            if row.len() > LONGEST {
                self.wrong(said[Column::Id as usize], &too_long())?;
            } else if count == columns.len() {
                self.answer(&said, None)?;
            } else {
                self.wrong(said[Column::Id as usize], &other_count(count, columns.len()))?;
            }
        }
        Ok(())
    }

    /// One row of csv, its line break included.
    fn csv_row(&mut self, row: &[u8], whole: bool) -> io::Result<()> {
        let columns = self.job.reading.columns;
        let row = cut::without_break(row);
        if row.is_empty() {
            return Ok(());
        }
        let complaint = match std::str::from_utf8(row) {
            _ if row.len() > LONGEST => too_long(),
            _ if !whole => "a quote is not closed, or stands in the middle of a quoted cell".to_owned(),
            Err(error) => not_utf8(error),
            Ok(text) => {
                let cells = cut::cells(text);
                let mut said: Said<'_> = [""; COUNT];
                for (column, cell) in columns.iter().zip(&cells) {
                    said[*column as usize] = cell;
                }
                if cells.len() == columns.len() {
                    return self.answer(&said, None);
                }
                return self.wrong(said[Column::Id as usize], &other_count(cells.len(), columns.len()));
            }
        };
        self.wrong(&id_in(row, columns), &complaint)
    }

    /// One JSON line.
    fn json_row(&mut self, line: &[u8]) -> io::Result<()> {
        let line = line.trim_ascii();
        if line.is_empty() {
            return Ok(());
        }
        if line.len() > LONGEST {
            return self.wrong("", &too_long());
        }
        let text = String::from_utf8_lossy(line);
        let (object, mut wrong) = json::read(&text);
        if let Err(error) = std::str::from_utf8(line) {
            wrong = vec![not_utf8(error)];
        }
        if wrong.is_empty() {
            let said: Said<'_> = std::array::from_fn(|at| object.cells[at].as_str());
            return self.answer(&said, object.place.as_ref());
        }
        self.wrong(&object.cells[Column::Id as usize], &wrong.join("; "))
    }
}

fn other_count(cells: usize, columns: usize) -> String {
    format!("the row has {}, and the header {columns}", plural(cells, "cell"))
}

fn not_utf8(error: std::str::Utf8Error) -> String {
    format!("not UTF-8: byte {} belongs to no character", error.valid_up_to() + 1)
}
