//! Rows of comma- or tab-separated values that are written as they come, without a sheet: the same cells as
//! [`super::write`] gives a sheet's.
//!
//! Floor 5. There may be millions of rows: a number is not looked at twice.

use std::fmt;
use std::io::Write as _;
use std::ops::Range;

use crate::model::Minutes;
use crate::sheet::Cells;

use super::delimited::flat;

/// Rows, written one after the other.
#[derive(Clone, Debug)]
pub struct Lines {
    /// The rows so far.
    text: Vec<u8>,
    delimiter: u8,
    raw: bool,
    /// Where the row begins that is being written.
    row: usize,
    /// Room for rows that are put in another order.
    spare: Vec<u8>,
    /// The cells of small numbers with one decimal, then of those with two, as far as they were written before: seven
    /// bytes and how many of them it takes.
    cells: Vec<u64>,
}

/// Numbers below this are small: three digits and a decimal.
const SMALL: usize = 10_000;

impl Lines {
    /// Rows of csv or, by tabs, of tsv.
    pub fn new(by_tabs: bool, raw: bool) -> Self {
        Self {
            text: Vec::new(),
            delimiter: if by_tabs { b'\t' } else { b',' },
            raw,
            row: 0,
            spare: Vec::new(),
            cells: vec![0; 2 * SMALL],
        }
    }

    /// The rows so far.
    pub fn bytes(&self) -> &[u8] {
        &self.text
    }

    /// Begins anew; what was written is forgotten.
    pub fn clear(&mut self) {
        self.text.clear();
        self.row = 0;
    }

    /// Gives away what was written so far, and begins anew in other memory.
    pub fn hand_over(&mut self, memory: Vec<u8>) -> Vec<u8> {
        let text = std::mem::replace(&mut self.text, memory);
        self.clear();
        text
    }

    /// Puts the rows from `begin` on in another order.
    pub fn rearrange(&mut self, begin: usize, rows: impl Iterator<Item = Range<usize>>) {
        self.spare.clear();
        self.spare.extend_from_slice(&self.text[..begin]);
        for row in rows {
            self.spare.extend_from_slice(&self.text[row]);
        }
        std::mem::swap(&mut self.text, &mut self.spare);
        self.row = self.text.len();
    }

    /// Whether a cell may stand as it is: printable ASCII that opens no cell, no formula and is not guarded.
    fn is_plain(&self, cell: &[u8]) -> bool {
        let odd = |byte: u8| !(b' '..=b'~').contains(&byte) || byte == b'"' || byte == self.delimiter;
        let runs = cell.first().is_some_and(|first| b"=+-@' ".contains(first));
        !runs && !cell.iter().fold(false, |found, byte| found | odd(*byte))
    }

    /// Makes what was written from `begin` on a cell that may stand there.
    fn tame(&mut self, begin: usize) {
        let cell = self.text.split_off(begin);
        let cell = String::from_utf8_lossy(&cell);
        let shown = flat(&cell, self.raw);
        if shown.contains([char::from(self.delimiter), '"', '\r', '\n']) {
            self.part("\"");
            self.part(&shown.replace('"', "\"\""));
            self.part("\"");
        } else {
            self.part(&shown);
        }
    }

    /// A number with so many decimals, given without the point.
    #[inline]
    #[allow(clippy::cast_possible_truncation)] // small numbers, and a length
    fn number(&mut self, number: u64, decimals: u32) {
        if number >= SMALL as u64 || decimals == 0 {
            self.middling(number, decimals);
            return;
        }
        let known = self.cells[(decimals as usize - 1) * SMALL + number as usize];
        if known == 0 {
            self.small(number as u32, decimals);
            return;
        }
        self.cell(known.to_le_bytes(), (known >> 56) as usize);
    }
    /// A small number that was not written before.
    #[cold]
    #[inline(never)]
    fn small(&mut self, number: u32, decimals: u32) {
        let (cell, length) = cell(number, decimals, self.delimiter);
        let known = u64::from_le_bytes(cell) | (length as u64) << 56;
        self.cells[(decimals as usize - 1) * SMALL + number as usize] = known;
        self.cell(cell, length);
    }
    #[inline]
    fn cell(&mut self, cell: [u8; 8], length: usize) {
        let begin = self.text.len();
        self.text.extend_from_slice(&cell);
        self.text.truncate(begin + length);
    }

    #[inline(never)]
    fn middling(&mut self, number: u64, decimals: u32) {
        match u32::try_from(number) {
            Ok(number) if number < 1_000_000 => {
                let (cell, length) = cell(number, decimals, self.delimiter);
                self.cell(cell, length);
            }
            Ok(_) | Err(_) => self.long(number, decimals),
        }
    }

    #[cold]
    fn long(&mut self, number: u64, decimals: u32) {
        let unit = 10_u64.pow(decimals);
        let _ = write!(self.text, "{}", number / unit); // writing to memory does not fail
        if decimals > 0 {
            let _ = write!(self.text, ".{:0width$}", number % unit, width = decimals as usize);
        }
        self.missing();
    }
}

/// A number of at most six digits with one decimal or two or none, the delimiter after it, and how many bytes that are.
#[inline]
fn cell(number: u32, decimals: u32, delimiter: u8) -> ([u8; 8], usize) {
    let (digits, length) = digits(number, decimals + 1);
    let end = u64::from(delimiter) << (8 * length);
    if decimals == 0 {
        return ((digits | end).to_le_bytes(), length as usize + 1);
    }
    let point = 8 * (length - decimals);
    let whole = digits & ((1 << point) - 1);
    let cell = whole | u64::from(b'.') << point | (digits >> point) << (point + 8) | end << 8;
    (cell.to_le_bytes(), length as usize + 2)
}

/// The digits of a number of at most eight, the first in the lowest byte, and how many there are: at least so many, zeros
/// before them. All are found at once, as halves, quarters and eighths of one word.
#[inline]
fn digits(number: u32, least: u32) -> (u64, u32) {
    let number = u64::from(number);
    let fours = (number / 10_000) | (number % 10_000) << 32;
    let hundreds = ((fours * 10_486) >> 20) & 0x7f_0000_007f;
    let twos = hundreds | (fours - 100 * hundreds) << 16;
    let tens = ((twos * 103) >> 10) & 0x000f_000f_000f_000f;
    let ones = tens | (twos - 10 * tens) << 8;
    let zeros = (ones | 1 << (8 * (8 - least))).trailing_zeros() / 8;
    let digits = (ones | 0x3030_3030_3030_3030) >> (8 * zeros);
    (digits, 8 - zeros)
}

impl fmt::Write for Lines {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        self.part(part);
        Ok(())
    }
}

impl Cells for Lines {
    #[inline]
    fn part(&mut self, part: &str) {
        self.text.extend_from_slice(part.as_bytes());
    }
    #[inline]
    fn missing(&mut self) {
        self.text.push(self.delimiter);
    }
    #[inline]
    fn goes_on(&mut self, after: u8) {
        if let Some(last) = self.text.last_mut() {
            *last = after;
        }
    }
    #[inline]
    fn minutes(&mut self, minutes: Minutes) {
        if minutes.tenths() < 0 {
            self.text.push(b'-');
        }
        self.number(minutes.tenths().unsigned_abs(), 1);
    }
    #[inline]
    #[allow(clippy::cast_possible_truncation)] // one digit
    fn count(&mut self, count: u64) {
        if count < 10 {
            self.text.extend_from_slice(&[b'0' | count as u8, self.delimiter]);
            return;
        }
        self.number(count, 0);
    }
    #[inline]
    #[allow(clippy::cast_possible_truncation)] // one digit
    fn counts<const N: usize>(&mut self, counts: [u16; N]) {
        // Most are small, and are written at once.
        if counts.iter().fold(0, |all, count| all.max(*count)) < 10 {
            let cells = counts.map(|count| [b'0' | count as u8, self.delimiter]);
            self.text.extend_from_slice(cells.as_flattened());
        } else {
            for count in counts {
                self.count(count.into());
            }
        }
    }
    #[inline]
    fn hundredths(&mut self, hundredths: i64) {
        if hundredths == 0 {
            self.text.extend_from_slice(&[b'0', b'.', b'0', b'0', self.delimiter]);
            return;
        }
        if hundredths < 0 {
            self.text.push(b'-');
        }
        self.number(hundredths.unsigned_abs(), 2);
    }
    fn text(&mut self, write: impl FnOnce(&mut Self)) {
        let begin = self.text.len();
        write(self);
        if !self.is_plain(&self.text[begin..]) {
            self.tame(begin);
        }
        self.missing();
    }
    fn end(&mut self) {
        self.text.pop(); // the delimiter after the last cell
        if self.text.len() == self.row {
            self.part("\"\""); // a row with nothing in it would be no row
        }
        self.text.push(b'\n');
        self.row = self.text.len();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::report::Value;

    use super::super::fixture::{board, written};
    use super::super::{Format, Options};
    use super::*;

    /// What was written.
    fn told(lines: &Lines) -> &str {
        std::str::from_utf8(lines.bytes()).unwrap()
    }

    proptest! {
        #[test]
        fn rows_that_are_written_as_they_come_are_those_of_a_sheet(
            texts in prop::collection::vec("[a-c,;\"'=＝+@ \t\r\n\u{1b}\u{202e}é-]{0,6}", 1..4),
            raw in any::<bool>(),
            by_tabs in any::<bool>(),
        ) {
            let mut sheet = board();
            sheet.columns.truncate(texts.len());
            for column in &mut sheet.columns {
                column.view = crate::report::View::All;
            }
            sheet.rows = vec![texts.iter().map(|text| text.as_str().into()).collect()];
            let format = if by_tabs { Format::Tsv } else { Format::Csv };
            let options = Options { raw, headers: false, ..Options::default() };
            let mut lines = Lines::new(by_tabs, raw);
            for text in &texts {
                lines.text(|out| out.part(text));
            }
            lines.end();
            prop_assert_eq!(told(&lines), written(&sheet, format, &options));
        }
    }

    fn write(cells: &mut impl Cells, (count, hundredths, minutes): (u64, i64, Minutes), text: &str) {
        cells.count(count);
        cells.hundredths(hundredths);
        cells.minutes(minutes);
        cells.missing();
        cells.text(|out| out.part(text));
        cells.end();
    }

    proptest! {
        #[test]
        fn digits_are_those_of_the_number(number in prop_oneof![0..1_000_000_u32, 0..2_000_u32]) {
            let written = |decimals| {
                let (cell, length) = cell(number, decimals, b';');
                cell[..length].iter().copied().map(char::from).collect::<String>()
            };
            prop_assert_eq!(written(0), format!("{number};"));
            prop_assert_eq!(written(1), format!("{}.{};", number / 10, number % 10));
            prop_assert_eq!(written(2), format!("{}.{:02};", number / 100, number % 100));
        }

        #[test]
        fn rows_of_many_numbers_are_those_of_a_sheet(
            (count, hundredths, tenths) in (0..=i64::MAX as u64, -1_000_000_000_000..1_000_000_000_000_i64, any::<i64>()),
            small in any::<bool>(),
            text in "[a-c,\"'=\n-]{0,6}",
            by_tabs in any::<bool>(),
        ) {
            let (count, hundredths, tenths) =
                if small { (count % 200, hundredths % 2000, tenths % 200) } else { (count, hundredths, tenths) };
            let mut sheet = board();
            for column in &mut sheet.columns {
                column.view = crate::report::View::All;
            }
            sheet.columns.truncate(5);
            let minutes = Minutes::from_tenths(tenths);
            #[allow(clippy::cast_precision_loss)] // far below 2^52
            let values = [
                Value::count(count),
                Value::Decimal(hundredths as f64 / 100.0, 2),
                Value::Minutes(minutes),
                Value::Missing,
                text.as_str().into(),
            ];
            sheet.rows = vec![values.map(crate::sheet::Cell::from).into()];
            let format = if by_tabs { Format::Tsv } else { Format::Csv };
            let expected = written(&sheet, format, &Options { headers: false, ..Options::default() });
            let mut lines = Lines::new(by_tabs, false);
            write(&mut lines, (count, hundredths, minutes), &text);
            prop_assert_eq!(told(&lines), expected);
        }
    }

    #[test]
    fn minutes_and_words_are_written_as_in_a_sheet() {
        let mut lines = Lines::new(false, false);
        lines.word("hartford");
        lines.minutes(Minutes::from_tenths(-12));
        lines.missing();
        lines.end();
        lines.missing();
        lines.end();
        assert_eq!(told(&lines), "hartford,-1.2,\n\"\"\n");
    }

    #[test]
    fn rows_can_be_put_in_another_order() {
        let mut lines = Lines::new(false, false);
        let mut ends = vec![0];
        for word in ["first", "third", "second"] {
            lines.word(word);
            lines.end();
            ends.push(lines.bytes().len());
        }
        lines.rearrange(ends[1], [ends[2]..ends[3], ends[1]..ends[2]].into_iter());
        lines.missing();
        lines.end();
        assert_eq!(told(&lines), "first\nsecond\nthird\n\"\"\n");
    }
}
