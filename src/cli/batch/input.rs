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
        if let Some(line) = self.scan.first_line {
            // A quote that is not closed: what follows its line may be patients.
            self.begin += line;
            (self.seen, self.scan) = (0, Scan::default());
            return Some(Piece::Rows(Rows { bytes: &self.buffer[begin..begin + line], plain: false }));
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Comes in pieces of these lengths, and then whole.
    struct Pieces(Vec<u8>, Vec<usize>);

    impl Read for Pieces {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let len = self.1.pop().unwrap_or(usize::MAX).min(self.0.len()).min(into.len());
            into[..len].copy_from_slice(&self.0[..len]);
            self.0.drain(..len);
            Ok(len)
        }
    }

    /// Every row with its line break, and whether its quoting is right.
    fn rows(text: &[u8], pieces: Vec<usize>, dialect: Dialect) -> Vec<(Vec<u8>, bool)> {
        let mut input = Input::open(Box::new(Pieces(text.to_vec(), pieces)), Some(dialect)).unwrap();
        let mut all = Vec::new();
        loop {
            while let Some(piece) = input.next() {
                match piece {
                    Piece::Rows(rows) => {
                        let mut begin = 0;
                        while begin < rows.bytes.len() {
                            let (len, whole) = rows.first(begin);
                            all.push((rows.bytes[begin..begin + len].to_vec(), whole));
                            begin += len;
                        }
                    }
                    Piece::TooLong(_) => all.push((b"too long".to_vec(), false)),
                }
            }
            if input.ended {
                return all;
            }
            input.fill().unwrap();
        }
    }

    proptest! {
        #[test]
        fn rows_are_the_same_however_they_come(
            text in "[a,\"\n\r]{0,80}",
            pieces in prop::collection::vec(1..9_usize, 0..40),
        ) {
            for dialect in [Dialect::Csv, Dialect::Jsonl] {
                let found = rows(text.as_bytes(), pieces.clone(), dialect);
                prop_assert_eq!(&found, &rows(text.as_bytes(), Vec::new(), dialect));
                prop_assert_eq!(found.into_iter().flat_map(|(row, _)| row).collect::<Vec<_>>(), text.as_bytes());
            }
        }

        #[test]
        fn shares_of_rows_are_the_rows(
            text in "[a,\"\n\r]{0,80}",
            wanted in 1..20_usize,
        ) {
            let bytes = text.as_bytes();
            let all = rows(bytes, Vec::new(), Dialect::Csv);
            let mut shared = Vec::new();
            let mut rest = Rows { bytes, plain: !text.contains('"') };
            while !rest.bytes.is_empty() {
                let share;
                (share, rest) = rest.split(wanted);
                prop_assert!(!share.bytes.is_empty());
                let mut begin = 0;
                while begin < share.bytes.len() {
                    let (len, whole) = share.first(begin);
                    shared.push((share.bytes[begin..begin + len].to_vec(), whole));
                    begin += len;
                }
            }
            prop_assert_eq!(shared, all);
        }
    }

    #[test]
    fn a_row_that_is_too_long_is_passed_over_and_not_kept() {
        let long = b"x".repeat(5 * LONGEST);
        let text = [b"a\n".as_slice(), &long, b"\nb\n", &long].concat();
        let found: Vec<Vec<u8>> =
            rows(&text, Vec::new(), Dialect::Csv).into_iter().map(|(row, _)| row).collect();
        assert_eq!(found, [b"a\n".as_slice(), b"too long", b"b\n", b"too long"]);
    }

    #[test]
    fn a_quote_that_is_not_closed_holds_back_no_long_rows() {
        let long = [b"y".repeat(LONGEST / 4), b"\n".to_vec()].concat();
        let text = [b"1,\"a\n".as_slice(), &long.repeat(9)].concat();
        let found = rows(&text, Vec::new(), Dialect::Csv);
        assert_eq!(found.len(), 10);
        assert!(!found[0].1 && found[1..].iter().all(|(row, whole)| *whole && *row == long));
    }
}
