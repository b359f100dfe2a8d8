//! Patients as they come: what is there is read at once, and cut into stretches of whole rows.
//!
//! Floor 6. Keeps no more than a stretch and the beginning of one row.

use std::io::{self, Read};

use super::cut::{End, Scan};

/// At most so much is read at once.
const STRETCH: usize = 1 << 20;
/// No row is longer; what is longer is answered as an error, and not kept.
pub(super) const LONGEST: usize = 1 << 20;

/// No header is longer: what is longer names no columns.
const LONGEST_HEADER: usize = 1 << 16;

/// What some programs put before UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// How patients are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Dialect {
    /// A header, then a row a patient.
    Csv,
    /// A JSON object a line.
    Jsonl,
}

/// Whole rows, one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rows<'b> {
    /// Their bytes; the last row of all may lack its line break.
    pub(super) bytes: &'b [u8],
    /// Whether every line is a row: nothing is quoted.
    pub(super) plain: bool,
}

impl Rows<'_> {
    /// The rows in the first `wanted` bytes, and the one that begins there and goes beyond; then those after them.
    pub(super) fn split(self, wanted: usize) -> (Self, Self) {
        let mut end = 0;
        if self.plain {
            let from = wanted.saturating_sub(1).min(self.bytes.len());
            let line = self.bytes[from..].iter().position(|byte| *byte == b'\n');
            end = line.map_or(self.bytes.len(), |line| from + line + 1);
        } else {
            while end < wanted.min(self.bytes.len()) {
                end += self.first(end).0;
            }
        }
        let (first, rest) = self.bytes.split_at(end);
        (Self { bytes: first, ..self }, Self { bytes: rest, ..self })
    }

    /// The length of the row that begins at `from`, and whether its quoting is right.
    pub(super) fn first(self, from: usize) -> (usize, bool) {
        let rest = &self.bytes[from..];
        if self.plain {
            let line = rest.iter().position(|byte| *byte == b'\n');
            return (line.map_or(rest.len(), |line| line + 1), true);
        }
        match Scan::default().end(rest, true) {
            End::Whole(len) => (len, true),
            End::Broken(len) => (len, false),
            End::Open => (rest.len(), true),
        }
    }
}

/// What comes next.
#[derive(Clone, Copy, Debug)]
pub(super) enum Piece<'b> {
    /// Rows.
    Rows(Rows<'b>),
    /// The beginning of a row that is too long; the rest of its line is passed over.
    TooLong(&'b [u8]),
}

/// A stream of patients.
pub(super) struct Input {
    source: Box<dyn Read>,
    dialect: Dialect,
    buffer: Vec<u8>,
    /// What was read and not given out: `buffer[begin..end]`.
    begin: usize,
    end: usize,
    /// Nothing more comes.
    pub(super) ended: bool,
    /// So many of those bytes hold no line break and no quote.
    seen: usize,
    /// The row that they begin with, where quotes are in it.
    scan: Scan,
    /// In a row that is too long.
    skips: bool,
}

impl Input {
    /// Reads so far that the dialect is known: `dialect`, else JSON lines begin with a brace.
    pub(super) fn open(source: Box<dyn Read>, dialect: Option<Dialect>) -> io::Result<Self> {
        let mut input = Self {
            source,
            dialect: dialect.unwrap_or(Dialect::Csv),
            buffer: vec![0; LONGEST + STRETCH],
            begin: 0,
            end: 0,
            ended: false,
            seen: 0,
            scan: Scan::default(),
            skips: false,
        };
        while MARK.starts_with(input.pending()) && input.pending() != MARK && input.fill()? {}
        if input.pending().starts_with(MARK) {
            input.begin += MARK.len();
        }
        if dialect.is_none() {
            let first = |bytes: &[u8]| bytes.iter().copied().find(|byte| !byte.is_ascii_whitespace());
            while first(input.pending()).is_none() && input.pending().len() < LONGEST && input.fill()? {}
            if first(input.pending()) == Some(b'{') {
                input.dialect = Dialect::Jsonl;
            }
        }
        Ok(input)
    }

    /// How the patients are written.
    pub(super) fn dialect(&self) -> Dialect {
        self.dialect
    }

    fn pending(&self) -> &[u8] {
        &self.buffer[self.begin..self.end]
    }

    /// Waits until something comes, and reads what is there. `false`: nothing more comes.
    pub(super) fn fill(&mut self) -> io::Result<bool> {
        if self.begin > 0 {
            self.buffer.copy_within(self.begin..self.end, 0);
            (self.begin, self.end) = (0, self.end - self.begin);
        }
        while !self.ended {
            let room = self.end..(self.end + STRETCH).min(self.buffer.len());
            match self.source.read(&mut self.buffer[room]) {
                Ok(0) => self.ended = true,
                Ok(read) => {
                    self.end += read;
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    /// The first row that is not blank, without what follows it; `None` where there is none, or none that fits.
    pub(super) fn header(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            match Scan::default().end(self.pending(), self.ended) {
                End::Whole(len) | End::Broken(len) => {
                    let row = self.pending()[..len].to_vec();
                    self.begin += len;
                    if !row.trim_ascii().is_empty() {
                        return Ok(Some(row));
                    }
                }
                End::Open if self.pending().len() > LONGEST_HEADER => {
                    return Ok(Some(self.pending().to_vec()));
                }
                End::Open if self.ended => return Ok(None),
                End::Open => {
                    self.fill()?;
                }
            }
        }
    }

    /// What can be answered of what was read; `None`: more has to come first.
    pub(super) fn next(&mut self) -> Option<Piece<'_>> {
        if self.skips {
            let line = self.pending().iter().position(|byte| *byte == b'\n');
            self.begin = line.map_or(self.end, |line| self.begin + line + 1);
            self.skips = line.is_none();
        }
        let begin = self.begin;
        let (len, plain) = self.whole();
        if len > 0 {
            self.begin += len;
            return Some(Piece::Rows(Rows { bytes: &self.buffer[begin..begin + len], plain }));
        }
        if self.pending().len() <= LONGEST {
            return None;
        }
        self.skips = true;
        (self.begin, self.seen, self.scan) = (self.end, 0, Scan::default());
        Some(Piece::TooLong(&self.buffer[begin..self.end]))
    }

    /// How many of the bytes are whole rows, and whether every line of them is one.
    fn whole(&mut self) -> (usize, bool) {
        let pending = &self.buffer[self.begin..self.end];
        let new = &pending[self.seen..];
        let quotes = self.dialect == Dialect::Csv && (self.scan.at > 0 || new.contains(&b'"'));
        if self.ended {
            self.seen = 0;
            return (pending.len(), !quotes);
        }
        let mut len = 0;
        if quotes {
            while let End::Whole(row) | End::Broken(row) = self.scan.end(&pending[len..], false) {
                len += row;
                self.scan = Scan::default();
            }
        } else if let Some(line) = new.iter().rposition(|byte| *byte == b'\n') {
            len = self.seen + line + 1;
        }
        self.seen = pending.len() - len;
        (len, !quotes)
    }
}
