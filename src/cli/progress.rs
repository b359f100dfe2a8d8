//! Progress: one line on standard error about work that takes more than a moment, while somebody looks.
//!
//! Floor 6. The rooms below know nothing of it: what is told of is the readers and the stores that they are given.

use std::fs::File;
use std::io::{self, Read};
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

use crate::log::{Column, EachRow, EventLog, Hash, Last, LogError, Reading, Row, Writing};

use super::context::Stopwatch;
use super::ui::to_stderr;

/// What is done sooner needs no line…
const PATIENCE: Duration = Duration::from_secs(1);
/// …and a line is drawn no more often than this.
const PAUSE: Duration = Duration::from_millis(250);
/// A store's rows are so quick that the watch is looked at only once for so many.
const ROWS: u64 = 1 << 12;

/// What is counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Unit {
    /// Bytes of a log, shown by the megabyte.
    Bytes,
    /// Events of a log that are read.
    Events,
    /// Events that are added to a log.
    New,
    /// Bytes of a stream of patients, shown as a share of the whole, beside how many were answered.
    Patients,
}

/// How far one piece of work is. The line is taken away when this is dropped.
#[derive(Debug)]
pub struct Progress {
    unit: Unit,
    /// The end, where it is known.
    whole: Option<u64>,
    done: u64,
    /// How wide a line may be.
    width: usize,
    stopwatch: Stopwatch,
    /// When a line was last drawn, by the stopwatch, and how wide it is.
    drawn: Option<(Duration, usize)>,
}

impl Progress {
    fn new(unit: Unit, whole: Option<u64>, width: usize) -> Self {
        Self { unit, whole, done: 0, width, stopwatch: Stopwatch::start(), drawn: None }
    }

    /// Of a stream of patients, with its length in bytes.
    pub fn of_patients(whole: Option<u64>, width: usize) -> Self {
        Self::new(Unit::Patients, whole, width)
    }

    /// So many bytes more were answered, and so many patients in all.
    pub fn answered(&mut self, bytes: usize, patients: u64) {
        self.done += bytes as u64;
        self.draw(patients);
    }

    /// Draws the line, if it is time for it.
    fn draw(&mut self, count: u64) {
        let now = self.stopwatch.elapsed();
        if self.is_due(now) {
            let line = self.line(count);
            let before = self.drawn.map_or(0, |(_, width)| width);
            to_stderr(&format!("\r{line:before$}"));
            self.drawn = Some((now, line.len()));
        }
    }

    fn is_due(&self, now: Duration) -> bool {
        now >= self.drawn.map_or(PATIENCE, |(then, _)| then + PAUSE)
    }

    /// The line, in ASCII: "reading the log: 412 of 1,041 MB".
    fn line(&self, count: u64) -> String {
        let megabytes = |bytes: u64| grouped(bytes.div_ceil(1_000_000));
        let mut line = match (self.unit, self.whole) {
            (Unit::Bytes, Some(whole)) => {
                format!("reading the log: {} of {} MB", megabytes(self.done), megabytes(whole))
            }
            (Unit::Bytes, None) => format!("reading the log: {} MB", megabytes(self.done)),
            (Unit::Events, whole) => {
                let of = whole.map_or_else(String::new, |whole| format!(" of {}", grouped(whole)));
                format!("reading the log: {}{of} events", grouped(count))
            }
            (Unit::New, _) => format!("recording: {} events", grouped(count)),
            (Unit::Patients, whole) => {
                let share = whole.filter(|whole| *whole > 0).map_or_else(String::new, |whole| {
                    format!(", {}% of the file", (self.done * 100 / whole).min(100))
                });
                format!("patients answered: {}{share}", grouped(count))
            }
        };
        // A line that reaches the edge would break into two, and only one of them could be drawn anew.
        line.truncate(self.width.saturating_sub(1));
        line
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((_, width)) = self.drawn {
            to_stderr(&format!("\r{:width$}\r", ""));
        }
    }
}

/// A number with a comma before every three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The length of a file; `None` for what is none, or is still being written.
pub fn length(file: &File) -> Option<u64> {
    file.metadata().ok().filter(std::fs::Metadata::is_file).map(|metadata| metadata.len())
}

/// A log that is read, of which it is told how far it is.
pub struct Watched<R> {
    reader: R,
    progress: Option<Progress>,
}

impl<R: Read> Watched<R> {
    /// Of a log whose length in bytes is `whole`; nothing is told where there is no `width`.
    pub fn new(reader: R, whole: Option<u64>, width: Option<usize>) -> Self {
        Self { reader, progress: width.map(|width| Progress::new(Unit::Bytes, whole, width)) }
    }
}

impl Watched<File> {
    /// Opens a log; nothing is told where there is no `width`.
    pub fn open(path: &Path, width: Option<usize>) -> io::Result<Self> {
        let file = File::open(path)?;
        let whole = length(&file);
        Ok(Self::new(file, whole, width))
    }
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(into)?;
        if let Some(progress) = &mut self.progress {
            progress.done += read as u64;
            progress.draw(0);
        }
        Ok(read)
    }
}

/// A store of which it is told how far its reading and writing are.
pub struct WatchedStore {
    store: Box<dyn EventLog>,
    width: usize,
}

impl WatchedStore {
    /// The store as it is; a line is as wide as `width` allows.
    pub fn new(store: Box<dyn EventLog>, width: usize) -> Self {
        Self { store, width }
    }
}

impl EventLog for WatchedStore {
    fn name(&self) -> &str {
        self.store.name()
    }
    fn read(
        &mut self,
        work: &mut dyn FnMut(&mut dyn Reading) -> Result<(), LogError>,
    ) -> Result<(), LogError> {
        let width = self.width;
        self.store.read(&mut |reading| work(&mut WatchedRows::new(reading, width)))
    }
    fn write(
        &mut self,
        work: &mut dyn FnMut(&mut dyn Writing) -> Result<(), LogError>,
    ) -> Result<(), LogError> {
        let width = self.width;
        self.store.write(&mut |writing| work(&mut WatchedRows::new(writing, width)))
    }
}

/// The rows of a store, while they are read or added.
struct WatchedRows<'r, R: ?Sized> {
    rows: &'r mut R,
    progress: Progress,
    /// How many were added.
    new: u64,
}

impl<'r, R: ?Sized> WatchedRows<'r, R> {
    fn new(rows: &'r mut R, width: usize) -> Self {
        Self { rows, progress: Progress::new(Unit::Events, None, width), new: 0 }
    }
}

impl<R: Reading + ?Sized> Reading for WatchedRows<'_, R> {
    fn last(&mut self) -> Result<Option<Last>, LogError> {
        self.rows.last()
    }
    fn rows(
        &mut self,
        numbers: RangeInclusive<u64>,
        columns: &[Column],
        each: &mut EachRow<'_>,
    ) -> Result<(), LogError> {
        let progress = &mut self.progress;
        if progress.whole.is_none() {
            // Where it can't be told, whoever reads the rows will say why.
            progress.whole = self.rows.last().ok().flatten().map(|last| last.head.event);
        }
        self.rows.rows(numbers, columns, &mut |number, row| {
            if number.is_multiple_of(ROWS) {
                progress.draw(number);
            }
            each(number, row)
        })
    }
    fn others(&self) -> Vec<Box<dyn EventLog + Send>> {
        // How far one of them is tells how far all are.
        self.rows.others()
    }
    fn imported(&mut self, key: &str) -> Result<Option<u64>, LogError> {
        self.rows.imported(key)
    }
    fn inspect(&mut self) -> Result<Vec<String>, LogError> {
        self.rows.inspect()
    }
}

impl<R: Writing + ?Sized> Writing for WatchedRows<'_, R> {
    fn insert(&mut self, number: u64, row: &Row<'_>, hash: Hash) -> Result<(), LogError> {
        self.new += 1;
        if self.new.is_multiple_of(ROWS) {
            self.progress.unit = Unit::New;
            self.progress.draw(self.new);
        }
        self.rows.insert(number, row, hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn nothing_is_said_of_what_takes_no_second_and_then_no_more_than_four_times_in_one() {
        let mut progress = Progress::new(Unit::Bytes, None, 80);
        assert!(!progress.is_due(after(999)));
        assert!(progress.is_due(after(1000)));
        progress.drawn = Some((after(1000), 20));
        assert!(!progress.is_due(after(1249)));
        assert!(progress.is_due(after(1250)));
        progress.drawn = None; // nothing was drawn: there is nothing to take away
    }

    #[test]
    fn a_line_says_how_much_is_read_of_how_much() {
        let mut progress = Progress::new(Unit::Bytes, Some(1_040_500_000), 80);
        progress.done = 412_000_000;
        assert_eq!(progress.line(0), "reading the log: 412 of 1,041 MB");
        progress.whole = None;
        assert_eq!(progress.line(0), "reading the log: 412 MB");
        let progress = Progress::new(Unit::Events, Some(10_000_000), 80);
        assert_eq!(progress.line(3_200_768), "reading the log: 3,200,768 of 10,000,000 events");
        assert_eq!(Progress::new(Unit::New, None, 80).line(4_096), "recording: 4,096 events");
        let mut progress = Progress::of_patients(Some(200), 80);
        progress.done = 82;
        assert_eq!(progress.line(999), "patients answered: 999, 41% of the file");
        progress.whole = None;
        assert_eq!(progress.line(1000), "patients answered: 1,000");
    }

    #[test]
    fn a_line_does_not_reach_the_edge_of_the_terminal() {
        let progress = Progress::new(Unit::Events, Some(10_000_000), 20);
        assert_eq!(progress.line(5), "reading the log: 5 ");
        assert_eq!(Progress::new(Unit::Events, None, 0).line(5), "");
    }
}
