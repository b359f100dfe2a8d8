//! A worker: takes whole rows, reads each patient, has it decided and writes the answer, in order.
//!
//! Floor 6. Several may work at once, each with its own memory of what cells meant. Where the index answers, patients who
//! are alike and near each other are decided one after the other: what is looked at for one is at hand for the next, which
//! is half of the time. Their answers are then put in the order of the stream.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use crate::diagnostic::plural;
use crate::routing::{Asker, Index};

use super::answer::{Answers, Telling};
use super::columns::{COUNT, Column, Said};
use super::cut;
use super::decider::Decider;
use super::input::{Dialect, LONGEST, Rows};
use super::json::{self, Place};
use super::known::Facts;
use super::marks;
use super::patient::{LONGEST_NAME, Meant, Reader, Reading};
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
pub(super) struct Worker<'x> {
    reader: Reader,
    /// Who asks the index, where there is one.
    asker: Option<Asker<'x>>,
    /// Where the cells end that are being read.
    marks: Vec<u32>,
    pub(super) answers: Answers,
    /// Rows so far, and those of them that could not be read.
    pub(super) rows: u64,
    pub(super) bad: u64,
}

impl<'x> Worker<'x> {
    pub(super) fn new(answers: Answers) -> Self {
        Self { reader: Reader::default(), asker: None, marks: Vec::new(), answers, rows: 0, bad: 0 }
    }

    /// Lets it ask this index from now on, for so many alternates.
    pub(super) fn consult(&mut self, index: Option<&Arc<Index<'x>>>, alternates: usize) {
        let asks_it = |asker: &Asker<'x>| index.is_some_and(|index| asker.asks(index));
        if !self.asker.as_ref().is_some_and(asks_it) {
            self.asker = index.map(|index| Asker::new(index.clone(), alternates));
        }
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
        let asker = self.asker.as_mut();
        let decider = Decider::new(facts, asker, telling.exclude, telling.alternates, turns);
        let mut turn = Turn {
            job,
            reader: &mut self.reader,
            marks: &mut self.marks,
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

/// Patients who were read and are not decided yet.
#[derive(Default)]
struct Waiting<'t> {
    /// In the order of the stream.
    patients: Vec<Patient<'t>>,
    /// Who they are, where, and their place among those, in one number.
    order: Vec<u64>,
}

/// One of them.
struct Patient<'t> {
    id: &'t str,
    meant: Meant,
    /// Where the answer stands.
    row: Range<usize>,
}

impl<'t> Waiting<'t> {
    /// So many bits of a number in `order` are the place. No more wait at once than can be told apart: they, their rows
    /// and their answers are to stay in a processor's own cache.
    const PLACE: u32 = 12;

    /// Whether there are as many as are at hand at once.
    fn is_full(&self) -> bool {
        self.patients.len() >= 1 << Self::PLACE
    }

    fn add(&mut self, id: &'t str, meant: Meant, neighborhood: u32) {
        let alike = u64::from(meant.who) << u32::BITS | u64::from(neighborhood);
        self.order.push(alike << Self::PLACE | self.patients.len() as u64);
        self.patients.push(Patient { id, meant, row: 0..0 });
    }
}

/// A worker at work.
struct Turn<'w, 'x> {
    job: &'w Job<'w>,
    reader: &'w mut Reader,
    marks: &'w mut Vec<u32>,
    answers: &'w mut Answers,
    decider: Decider<'w, 'x>,
    rows: &'w mut u64,
    bad: &'w mut u64,
}

impl Turn<'_, '_> {
    /// Answers what was said of a patient.
    fn answer(&mut self, said: &Said<'_>, place: Option<&Place>) -> io::Result<()> {
        let id = said[Column::Id as usize];
        match self.reader.read(said, place, &self.job.reading) {
            Ok(meant) => {
                *self.rows += 1;
                let asked = self.reader.asked(meant);
                self.answers.answer(id, asked, &mut self.decider, &self.job.facts, &self.job.telling)
            }
            Err(note) => self.wrong(id, &note),
        }
    }

    /// Answers a row that can't be read.
    fn wrong(&mut self, id: &str, note: &str) -> io::Result<()> {
        *self.rows += 1;
        *self.bad += 1;
        // An id of that length is none: a row that is cut wrongly begins with anything.
        let id = if id.len() > LONGEST_NAME { &super::shortened(id) } else { id };
        self.answers.error(id, note, &self.job.telling)
    }

    /// Rows of csv in which nothing is quoted: every comma ends a cell, every line break a row.
    fn plain_rows(&mut self, text: &str) -> io::Result<()> {
        let columns = self.job.reading.columns;
        let mut ends = std::mem::take(self.marks);
        marks::mark(text.as_bytes(), &mut ends);
        let mut waiting = Waiting::default();
        let (mut begin, mut mark) = (0, 0);
        while begin < text.len() {
            // A row of as many cells as the header has; only the last may end the row.
            let row = ends.get(mark..mark + columns.len()).filter(|row| {
                row.iter().position(|mark| marks::ends_row(*mark)) == columns.len().checked_sub(1)
            });
            if let (Some(row), Some(last)) = (row, columns.last()) {
                let mut said: Said<'_> = [""; COUNT];
                let mut cell = begin;
                for (column, mark) in columns.iter().zip(row) {
                    let end = marks::end(*mark);
                    said[*column as usize] = &text[cell..end];
                    cell = end + 1;
                }
                let last = &mut said[*last as usize];
                *last = last.strip_suffix('\r').unwrap_or(last);
                let is_blank = columns.len() == 1 && last.is_empty();
                if cell - begin <= LONGEST {
                    (begin, mark) = (cell, mark + row.len());
                    if !is_blank {
                        self.wait(&said, &mut waiting)?;
                    }
                    continue;
                }
            }
            let line = ends[mark..].iter().position(|mark| marks::ends_row(*mark)).map(|line| mark + line);
            let end = line.map_or(text.len(), |line| marks::end(ends[line]) + 1);
            self.settle(&mut waiting)?;
            self.csv_row(&text.as_bytes()[begin..end], true)?;
            (begin, mark) = (end, line.map_or(ends.len(), |line| line + 1));
        }
        *self.marks = ends;
        self.settle(&mut waiting)
    }

    /// Answers what was said of a patient, now or when [`Self::settle`] is called.
    fn wait<'t>(&mut self, said: &Said<'t>, waiting: &mut Waiting<'t>) -> io::Result<()> {
        if !self.decider.asks_the_index() {
            return self.answer(said, None);
        }
        if self.reader.forgets() || waiting.is_full() {
            self.settle(waiting)?;
        }
        let id = said[Column::Id as usize];
        match self.reader.read(said, None, &self.job.reading) {
            Ok(meant) => {
                waiting.add(id, meant, self.decider.neighborhood(meant.origin));
                Ok(())
            }
            Err(note) => {
                self.settle(waiting)?;
                self.wrong(id, &note)
            }
        }
    }

    /// Answers everybody who waits, in the order of the stream.
    fn settle(&mut self, waiting: &mut Waiting<'_>) -> io::Result<()> {
        let Waiting { patients, order } = waiting;
        if patients.is_empty() {
            return Ok(());
        }
        *self.rows += patients.len() as u64;
        order.sort_unstable();
        let begin = self.answers.bytes().len();
        for number in order.iter() {
            let place = number & ((1 << Waiting::PLACE) - 1);
            let Some(Patient { id, meant, row }) =
                usize::try_from(place).ok().and_then(|at| patients.get_mut(at))
            else {
                continue;
            };
            let from = self.answers.bytes().len();
            let asked = self.reader.asked(*meant);
            self.answers.answer(id, asked, &mut self.decider, &self.job.facts, &self.job.telling)?;
            *row = from..self.answers.bytes().len();
        }
        self.answers.rearrange(begin, patients.iter().map(|patient| patient.row.clone()));
        patients.clear();
        order.clear();
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
