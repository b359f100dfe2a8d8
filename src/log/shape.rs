//! The shape of a usual row: what stands in it from left to right, and what it says in numbers.
//!
//! Floor 4; reads no file. Nothing is looked for that the header does not promise: a number is compared with the one that
//! comes next, a time has its length, words are compared with those that stood there before.

use wide::u8x16;

use super::row::Column;
use super::usual::Header;
use super::words::{self, REACH, Words, sixteen};
use crate::model::{FacilityId, Instant, Registry};
use crate::sentence::Moments;

/// The columns whose cells tell what is said: status, scope, lane, reason, source.
pub(super) const SAID: [Column; 5] =
    [Column::Status, Column::Scope, Column::Lane, Column::Reason, Column::Source];

/// A row of more runs than this is not usual.
const RUNS: usize = 4;

/// Different words beyond so many are not usual, nor different things said, and no longer learnt.
pub(super) const LEARNT: usize = 1 << 16;

/// What a usual row holds, each up to a comma and the last up to the end of the line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Field {
    Number,
    RecordedAt,
    From,
    Until,
    Facility,
    /// Cells next to each other that tell by their words what is said, with so many commas among them: the run of that
    /// number.
    Words {
        run: usize,
        commas: usize,
    },
    /// A cell from which nothing follows.
    Passed,
}

/// Cells that stand next to each other.
struct Run {
    columns: Vec<Column>,
    words: Words<2>,
    /// The only words that there were so far, and what closes them.
    only: Option<Standing>,
    /// By the number of words: those of the cells that tell what is said.
    cells: Vec<Vec<(Column, Box<[u8]>)>>,
}

/// What a usual row says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Told {
    pub(super) recorded_at: Option<Instant>,
    pub(super) from: Option<Instant>,
    pub(super) until: Option<Instant>,
    pub(super) facility: Option<FacilityId>,
    /// What is said, by its [`Shape::words`].
    pub(super) spoken: u64,
    /// Its length, with the end of its line.
    pub(super) len: usize,
}

/// The shape of the rows of one log.
pub(super) struct Shape<'g> {
    /// Facilities by their ids.
    ids: &'g Words<1>,
    fields: Vec<Field>,
    /// Of a row in the order that nearly every log has, the commas in its second run of words.
    usual: Option<usize>,
    runs: Vec<Run>,
    /// Facilities by what else they were called.
    names: Words<1>,
    moments: Moments,
}

impl<'g> Shape<'g> {
    /// That which a header promises; `None`: no row will be usual.
    pub(super) fn of(header: &Header, ids: &'g Words<1>) -> Option<Self> {
        let (mut fields, mut runs): (Vec<Field>, Vec<Run>) = (Vec::new(), Vec::new());
        for column in header.columns() {
            let field = match column {
                Some(Column::Event) => Field::Number,
                Some(Column::RecordedAt) => Field::RecordedAt,
                Some(Column::From) => Field::From,
                Some(Column::Until) => Field::Until,
                Some(Column::Facility) => Field::Facility,
                Some(Column::Author | Column::Hash) | None => Field::Passed,
                Some(word) => {
                    if let (Some(Field::Words { commas, .. }), Some(run)) =
                        (fields.last_mut(), runs.last_mut())
                    {
                        *commas += 1;
                        run.columns.push(*word);
                        continue;
                    }
                    runs.push(Run::new(*word));
                    Field::Words { run: runs.len() - 1, commas: 0 }
                }
            };
            fields.push(field);
        }
        let usual = match *fields.as_slice() {
            [
                Field::Number,
                Field::RecordedAt,
                Field::Words { .. },
                Field::Facility,
                Field::Words { commas, .. },
                Field::From,
                Field::Until,
                Field::Words { .. },
            ] => Some(commas),
            _ => None,
        };
        let (names, moments) = (Words::default(), Moments::default());
        (runs.len() <= RUNS).then_some(Self { ids, fields, usual, runs, names, moments })
    }

    /// What the row says that a text begins with, if it is in the order that nearly every log has and says nothing new: its
    /// times are in UTC and on days that were met lately, its words were learnt, and the facility has a short id. Nothing is
    /// asked of it that is known beforehand. `count`: the number that it has to have.
    #[inline(always)]
    #[allow(clippy::inline_always)] // once, ten million times
    pub(super) fn at_once(&self, text: &[u8; REACH], count: Option<&Count>) -> Option<Told> {
        let commas = self.usual?;
        let [kind, said, why] = self.runs.as_slice() else { return None };
        let mut at = count?.written.stands(text, 0)?;
        let recorded_at = self.moments.cell(twenty_two(text, at)?)?;
        at += 22;
        at += kind.only.as_ref()?.stands(text, at)?;
        let first = sixteen(text, at)?;
        let len = first.simd_eq(u8x16::splat(b',')).to_bitmask().trailing_zeros() as usize;
        let facility = self.ids.find_short(first, len)?;
        at += len + 1;
        // Mostly two, and then nothing is counted.
        let end = if commas == 2 { nth::<b','>(text, at, 2)? } else { nth::<b','>(text, at, commas)? };
        let spoken = said.words.find(text, at, end)?;
        let from = self.moments.cell(twenty_two(text, end)?)?;
        at = end + 22;
        let mut until = None;
        if text[at % REACH] == b',' {
            at += 1;
        } else {
            until = Some(self.moments.cell(twenty_two(text, at - 1)?)?);
            at += 21;
        }
        let end = nth::<b'\n'>(text, at, 0)?;
        let why = why.words.find(text, at, word_end::<b'\n'>(text, at, end))?;
        Some(Told {
            recorded_at: Some(recorded_at),
            from: Some(from),
            until,
            facility: Some(FacilityId::from(facility)),
            spoken: u64::from(spoken) << 16 | u64::from(why),
            len: end + 1,
        })
    }

    /// What the row says that a text begins with; `None` where it is not usual. `count`: the number that it has to have,
    /// where rows are numbered.
    #[inline(never)]
    pub(super) fn by_field(&mut self, text: &[u8; REACH], count: Option<&Count>) -> Option<Told> {
        let mut told = Told { recorded_at: None, from: None, until: None, facility: None, spoken: 0, len: 0 };
        let Self { ids, fields, runs, names, moments, .. } = self;
        let (last, others) = fields.split_last()?;
        let mut cells = Cells { text, count, ids, runs, names, moments, told: &mut told };
        let mut at = 0;
        for field in others {
            at = cells.field::<b','>(*field, at)? + 1;
        }
        told.len = cells.field::<b'\n'>(*last, at)? + 1;
        Some(told)
    }

    /// The number that a row says it has; `None` where that is not usual.
    pub(super) fn count(&self, text: &[u8; REACH]) -> Option<Count> {
        let mut at = 0;
        for field in &self.fields {
            let commas = if let Field::Words { commas, .. } = field { *commas } else { 0 };
            let end = nth::<b','>(text, at, commas).or_else(|| nth::<b'\n'>(text, at, 0))?;
            if *field == Field::Number {
                return Count::said(&text[at..end]);
            }
            at = end + 1;
        }
        None
    }

    /// The words of a cell among what is spoken: nothing where there is no such cell.
    pub(super) fn words(&self, mut spoken: u64, column: Column) -> &[u8] {
        for run in self.runs.iter().rev() {
            let cells = run.cells.get((spoken & 0xffff) as usize);
            if let Some((_, cell)) = cells.and_then(|cells| cells.iter().find(|(told, _)| *told == column)) {
                return cell;
            }
            spoken >>= 16;
        }
        &[]
    }

    /// Learns that a cell names a facility, if it stands in a usual row.
    pub(super) fn learn(&mut self, cell: &[u8], facility: FacilityId) {
        if self.names.len() < LEARNT && is_plain(cell) {
            self.names.learn(cell, u32::from(facility));
        }
    }
}

/// The facilities of a registry by their ids.
pub(super) fn ids(registry: &Registry) -> Words<1> {
    let mut ids = Words::default();
    for (id, facility) in registry.facilities.iter() {
        ids.learn(facility.key.as_bytes(), u32::from(id));
    }
    ids
}

/// A row while it is looked at.
struct Cells<'c, 'g> {
    text: &'c [u8; REACH],
    count: Option<&'c Count>,
    ids: &'g Words<1>,
    runs: &'c mut [Run],
    names: &'c Words<1>,
    moments: &'c mut Moments,
    told: &'c mut Told,
}

impl Cells<'_, '_> {
    /// Takes in the field that begins there; tells where the byte stands that closes it, or of a line's end the last one.
    #[inline(always)]
    #[allow(clippy::inline_always)] // twice, and each of its few lines ten million times
    fn field<const CLOSING: u8>(&mut self, field: Field, at: usize) -> Option<usize> {
        let text = self.text;
        let end = match field {
            Field::Number => at + self.count?.written.stands(text, at)?,
            Field::From => moment::<CLOSING>(self.moments, text, at, &mut self.told.from)?,
            Field::RecordedAt => moment::<CLOSING>(self.moments, text, at, &mut self.told.recorded_at)?,
            Field::Until => moment::<CLOSING>(self.moments, text, at, &mut self.told.until)?,
            Field::Facility => {
                let first = sixteen(text, at)?;
                let closing = first.simd_eq(u8x16::splat(CLOSING)).to_bitmask();
                let (end, word, found) = if CLOSING == b',' && closing != 0 {
                    let len = closing.trailing_zeros() as usize;
                    (at + len, at + len, self.ids.find_short(first, len))
                } else {
                    let end = nth::<CLOSING>(text, at, 0)?;
                    let word = word_end::<CLOSING>(text, at, end);
                    (end, word, self.ids.find(text, at, word))
                };
                let found = found.or_else(|| self.named(at, word));
                self.told.facility = found.map(FacilityId::from);
                return Some(end);
            }
            Field::Words { run, commas } => {
                let run = &mut self.runs[run];
                if let Some(only) = &run.only
                    && let Some(len) = only.stands(text, at)
                {
                    self.told.spoken <<= 16;
                    return Some(at + len - 1);
                }
                let end = nth::<CLOSING>(text, at, if CLOSING == b',' { commas } else { 0 })?;
                let word = word_end::<CLOSING>(text, at, end);
                let number = match run.words.find(text, at, word) {
                    Some(number) => number,
                    None => run.learn(&text[at..word], CLOSING)?,
                };
                self.told.spoken = self.told.spoken << 16 | u64::from(number);
                return Some(end);
            }
            Field::Passed => {
                let end = nth::<CLOSING>(text, at, 0)?;
                let is_passed = |byte: &u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b',');
                let word = &text[at..word_end::<CLOSING>(text, at, end)];
                return word.iter().all(is_passed).then_some(end);
            }
        };
        let closing = *text.get(end)?;
        if closing == CLOSING {
            return Some(end);
        }
        (CLOSING == b'\n' && closing == b'\r' && *text.get(end + 1)? == b'\n').then_some(end + 1)
    }

    /// The facility that a cell calls by something else than its id.
    #[cold]
    #[inline(never)]
    fn named(&self, begin: usize, end: usize) -> Option<u32> {
        self.names.find(self.text, begin, end)
    }
}

impl Run {
    /// One cell of that column, of which no words are known.
    fn new(column: Column) -> Self {
        Self { columns: vec![column], words: Words::default(), only: None, cells: Vec::new() }
    }
    /// Learns words, and what closes them; `None` where they are not usual.
    #[cold]
    fn learn(&mut self, text: &[u8], closing: u8) -> Option<u32> {
        let number = u32::try_from(self.cells.len()).ok()?;
        if self.cells.len() >= LEARNT || !is_plain(text) {
            return None;
        }
        let cells: Vec<&[u8]> = text.split(|byte| *byte == b',').collect();
        if cells.len() != self.columns.len() {
            return None;
        }
        let is_usual = |(column, cell): (&Column, &&[u8])| match column {
            Column::Kind => matches!(*cell, b"" | b"declare"),
            Column::Exercise => matches!(*cell, b"" | b"false"),
            column => SAID.contains(column) || cell.is_empty(),
        };
        if !self.columns.iter().zip(&cells).all(is_usual) {
            return None;
        }
        let told = self.columns.iter().copied().zip(cells).filter(|(column, _)| SAID.contains(column));
        self.cells.push(told.map(|(column, cell)| (column, cell.into())).collect());
        self.words.learn(text, number);
        self.only = if number == 0 { Standing::of(&[text, &[closing]].concat()) } else { None };
        Some(number)
    }
}

/// A text that may stand somewhere: one byte at least, and at most sixteen.
#[derive(Clone, Copy, Debug)]
struct Standing {
    /// In halves: what is written to them one by one can't be read as a whole right away.
    text: [u64; 2],
    /// As many bytes with all bits.
    within: [u64; 2],
    len: usize,
}

impl Standing {
    fn of(text: &[u8]) -> Option<Self> {
        let len = text.len();
        let mut bytes = [0; 16];
        bytes.get_mut(..len).filter(|_| len > 0)?.copy_from_slice(text);
        Some(Self { text: words::halves(bytes), within: words::halves(words::WITHIN[len]), len })
    }
    /// How long it is, where it stands there.
    #[inline]
    fn stands(&self, text: &[u8; REACH], at: usize) -> Option<usize> {
        let there = words::halves(*text.get(at..at + 16)?.first_chunk()?);
        let odd = |half: usize| (there[half] ^ self.text[half]) & self.within[half];
        (odd(0) | odd(1) == 0).then_some(self.len)
    }
}

/// The number that a row has to have, as it is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Count {
    pub(super) number: u64,
    written: Standing,
    /// One in the last digit.
    one: [u64; 2],
    /// How many numbers follow that differ in the last digit only.
    more: u64,
}

impl Count {
    /// The one that a cell says, without a sign or leading zeros and at most sixteen digits long.
    fn said(cell: &[u8]) -> Option<Self> {
        let is_number = cell.iter().all(u8::is_ascii_digit) && *cell.first()? != b'0';
        let number: u64 = std::str::from_utf8(cell).ok()?.parse().ok()?;
        let written = Standing::of(cell).filter(|_| is_number)?;
        let mut one = [0; 16];
        one[written.len - 1] = 1;
        Some(Self { number, written, one: words::halves(one), more: 9 - number % 10 })
    }
    /// That of a number; `None` where it is longer than sixteen digits.
    pub(super) fn of(number: u64) -> Option<Self> {
        Self::said(number.to_string().as_bytes())
    }
    /// Goes on to the next number; `None` where that is longer than sixteen digits.
    #[inline]
    pub(super) fn go_on(&mut self) -> Option<()> {
        if self.more == 0 {
            return self.carry();
        }
        self.number += 1;
        self.more -= 1;
        self.written.text[0] += self.one[0];
        self.written.text[1] += self.one[1];
        Some(())
    }
    /// The same where the last digit is a nine.
    #[inline(never)]
    fn carry(&mut self) -> Option<()> {
        let mut digits = words::whole(self.written.text);
        let Some(last) = digits[..self.written.len].iter().rposition(|digit| *digit != b'9') else {
            *self = Self::of(self.number + 1)?;
            return Some(());
        };
        digits[last] += 1;
        digits[last + 1..self.written.len].fill(b'0');
        self.written.text = words::halves(digits);
        self.number += 1;
        self.more = 9;
        Some(())
    }
}

/// Whether a text is one that needs no quotes and stands in one line.
fn is_plain(text: &[u8]) -> bool {
    !text.iter().any(|byte| matches!(byte, b'"' | b'\r' | b'\n')) && std::str::from_utf8(text).is_ok()
}

/// Where the word ends that is closed there: a carriage return before a line's end is none of it.
#[inline]
fn word_end<const CLOSING: u8>(text: &[u8; REACH], begin: usize, end: usize) -> usize {
    end - usize::from(CLOSING == b'\n' && end > begin && text[end - 1] == b'\r')
}

/// Reads the moment that stands there, or nothing; tells where its cell ends.
#[inline(always)]
#[allow(clippy::inline_always)] // three times, and each of its few lines ten million times
fn moment<const CLOSING: u8>(
    moments: &mut Moments,
    text: &[u8; REACH],
    at: usize,
    moment: &mut Option<Instant>,
) -> Option<usize> {
    let usual: &[u8; 20] = text.get(at..at + 20)?.first_chunk()?;
    if matches!(usual[0], b',' | b'\n' | b'\r') {
        return Some(at);
    }
    if let Some(read) = moments.utc(usual) {
        *moment = Some(read);
        return Some(at + 20);
    }
    let end = word_end::<CLOSING>(text, at, nth::<CLOSING>(text, at, 0)?);
    *moment = Some(moments.read(&text[at..end])?);
    Some(end)
}

/// Where a byte stands from there on for the first time but so many; `None` also where that is far away. Mostly it stands
/// among the next 32.
#[inline(always)]
#[allow(clippy::inline_always)] // twice a row, ten million times
fn nth<const BYTE: u8>(text: &[u8; REACH], at: usize, but: usize) -> Option<usize> {
    let mut found = stand::<BYTE>(text, at)?;
    for _ in 0..but {
        found &= found.wrapping_sub(1);
    }
    if found == 0 { farther::<BYTE>(text, at, but) } else { Some(at + found.trailing_zeros() as usize) }
}

/// The same where it may be farther away.
#[inline(never)]
fn farther<const BYTE: u8>(text: &[u8; REACH], mut at: usize, mut but: usize) -> Option<usize> {
    const FAR: usize = 8;
    for _ in 0..FAR {
        let mut found = stand::<BYTE>(text, at)?;
        while found != 0 && but > 0 {
            found &= found - 1;
            but -= 1;
        }
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize);
        }
        at += 32;
    }
    None
}

/// Where a byte stands among the next 32: a bit each.
#[inline(always)]
#[allow(clippy::inline_always)] // as the others
fn stand<const BYTE: u8>(text: &[u8; REACH], at: usize) -> Option<u32> {
    let (halves, _) = text.get(at..at + 32)?.as_chunks::<16>();
    let stand = |half: [u8; 16]| u8x16::new(half).simd_eq(u8x16::splat(BYTE)).to_bitmask();
    Some(stand(halves[0]) | stand(halves[1]) << 16)
}

/// As many bytes as a moment has between two commas.
#[inline]
fn twenty_two(text: &[u8; REACH], at: usize) -> Option<&[u8; 22]> {
    text.get(at..)?.first_chunk()
}

#[cfg(test)]
mod tests {
    use super::super::lines::COLUMNS;
    use super::*;

    #[test]
    fn a_closing_is_found_however_long_the_words_before_it_are() {
        for len in 0..200 {
            for begin in [0, 1, 100] {
                let mut row = [b'x'; REACH];
                row[begin + len / 2] = b',';
                row[begin + len + 1] = b',';
                assert_eq!(nth::<b','>(&row, begin, 0), Some(begin + len / 2));
                assert_eq!(nth::<b','>(&row, begin, 1), Some(begin + len + 1));
                assert_eq!(nth::<b','>(&row, begin, 2), None);
            }
        }
    }

    #[test]
    fn the_next_number_is_the_one_that_a_row_has_to_have() {
        for first in [1, 8, 9, 98, 99, 9_999_999, 99_999_998, 999_999_999_999_999] {
            let mut count = Count::of(first).unwrap();
            for number in first..first + 12 {
                let mut row = [b','; REACH];
                let digits = number.to_string();
                row[..digits.len()].copy_from_slice(digits.as_bytes());
                assert_eq!(count.number, number);
                assert_eq!(count.written.stands(&row, 0), Some(digits.len()), "{number}");
                assert_eq!(Count::of(number + 1).unwrap().written.stands(&row, 0), None, "{number}");
                count.go_on().unwrap();
            }
        }
    }

    #[test]
    fn a_row_that_says_nothing_new_is_read_at_once_and_as_field_by_field() {
        let mut ids = Words::default();
        ids.learn(b"harbor", 3);
        let header = Header::new(COLUMNS[..11].iter().copied().map(Some).collect());
        let mut shape = Shape::of(&header, &ids).unwrap();
        for (number, rest) in (1..).zip([
            "2023-08-03T06:00:00Z,declare,harbor,,closed,,2023-08-03T05:58:00Z,,fire,hospital\n",
            "2023-08-03T23:59:59Z,declare,harbor,,open,,2023-08-02T23:58:00Z,2023-08-04T01:00:00Z,,dispatch\r\n",
            "2023-08-04T00:00:00Z,declare,harbor,,diverting,all except stroke and trauma and burn,2023-08-04T00:00:00Z,,fire,x\n",
        ]) {
            let mut row = [b'\n'; REACH];
            let text = format!("{number},{rest}");
            row[..text.len()].copy_from_slice(text.as_bytes());
            let count = Count::of(number);
            assert_eq!(shape.at_once(&row, count.as_ref()), None, "{text}");
            let told = shape.by_field(&row, count.as_ref());
            assert_eq!(told.map(|told| told.len), Some(text.len()));
            assert_eq!(shape.at_once(&row, count.as_ref()), told, "{text}");
            assert_eq!(shape.at_once(&row, Count::of(number + 1).as_ref()), None, "{text}");
            for odd in [text.len() - 1, text.find("Z,").unwrap(), text.find("declare").unwrap() + 7] {
                let mut row = row;
                row[odd] = b'x';
                assert_eq!(shape.at_once(&row, count.as_ref()), None, "{text} at {odd}");
            }
        }
    }
}
