//! Comma- and tab-separated values: flat cells, exact values, nothing that a spreadsheet would run.
//!
//! Floor 5.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::ops::Range;

use crate::model::Minutes;
use crate::report::{Sheet, Value};
use crate::sheet::Cells;

use super::select::select;
use super::{Format, Options, safe, text};

/// Writes the flat columns, under a row of their keys.
pub(super) fn write(
    sheet: &Sheet,
    format: Format,
    delimiter: u8,
    options: &Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let selection = select(sheet, format, options);
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).flexible(true).from_writer(out);
    if options.headers {
        writer.write_record(selection.columns.iter().map(|column| column.key)).map_err(cause)?;
    }
    for row in &selection.rows {
        writer.write_record(row.iter().map(|cell| field(&cell.value, options.raw))).map_err(cause)?;
    }
    writer.flush()
}

/// The error of the writer below, whose kind the caller looks at: a closed pipe is none.
fn cause(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

/// One cell. Only text can be a formula: a number that begins with a minus is a number.
fn field(value: &Value, raw: bool) -> String {
    let data = data(value);
    match value {
        Value::Text(_) | Value::List(_) => flat(&data, raw),
        Value::Missing
        | Value::Record(_)
        | Value::Integer(_)
        | Value::Decimal(..)
        | Value::Minutes(_)
        | Value::Bool(_)
        | Value::Time(..) => data,
    }
}

/// A text on one line, and nothing that a spreadsheet would run.
fn flat(text: &str, raw: bool) -> String {
    let guard = if !raw && safe::is_formula(text) { "'" } else { "" };
    format!("{guard}{}", safe::flat(text))
}

/// A value exactly; lists joined by `;`, what is not flat left out.
fn data(value: &Value) -> String {
    match value {
        Value::Missing | Value::Record(_) => String::new(),
        Value::Text(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Decimal(number, decimals) => text::decimal(*number, *decimals),
        Value::Minutes(minutes) => minutes.to_string(),
        Value::Bool(yes) => yes.to_string(),
        Value::Time(at, zone) => at.rfc3339(*zone),
        Value::List(values) => {
            let flat: Vec<String> = values.iter().map(data).filter(|text| !text.is_empty()).collect();
            flat.join(";")
        }
    }
}

/// Rows that are written as they come, without a sheet: the same cells as [`super::write`] gives a sheet's.
#[derive(Clone, Debug)]
pub struct Lines {
    /// The rows so far.
    pub text: String,
    delimiter: char,
    raw: bool,
    /// Where the row begins that is being written.
    row: usize,
    /// Room for rows that are put in another order.
    spare: String,
}

impl Lines {
    /// Rows of csv or, by tabs, of tsv.
    pub fn new(by_tabs: bool, raw: bool) -> Self {
        Self {
            text: String::new(),
            delimiter: if by_tabs { '\t' } else { ',' },
            raw,
            row: 0,
            spare: String::new(),
        }
    }

    /// Begins anew; what was written is forgotten.
    pub fn clear(&mut self) {
        self.text.clear();
        self.row = 0;
    }

    /// Puts the rows from `begin` on in another order.
    pub fn rearrange(&mut self, begin: usize, rows: impl Iterator<Item = Range<usize>>) {
        self.spare.clear();
        self.spare.push_str(&self.text[..begin]);
        for row in rows {
            self.spare.push_str(&self.text[row]);
        }
        std::mem::swap(&mut self.text, &mut self.spare);
        self.row = self.text.len();
    }

    /// Whether a cell may stand as it is: printable ASCII that opens no cell and no formula.
    fn is_plain(&self, cell: &str) -> bool {
        let delimiter = self.delimiter as u8; // one of two, both ASCII
        let odd = |byte: u8| !(b' '..=b'~').contains(&byte) || byte == b'"' || byte == delimiter;
        let runs = cell.as_bytes().first().is_some_and(|first| b"=+-@ ".contains(first));
        !runs && !cell.bytes().fold(false, |found, byte| found | odd(byte))
    }

    /// Makes what was written from `begin` on a cell that may stand there.
    fn tame(&mut self, begin: usize) {
        let cell = self.text.split_off(begin);
        let shown = flat(&cell, self.raw);
        if shown.contains([self.delimiter, '"', '\r', '\n']) {
            self.text.push('"');
            self.text.push_str(&shown.replace('"', "\"\""));
            self.text.push('"');
        } else {
            self.text.push_str(&shown);
        }
    }
}

impl Cells for Lines {
    fn missing(&mut self) {
        self.text.push(self.delimiter);
    }
    fn word(&mut self, word: &str) {
        self.text.push_str(word);
        self.text.push(self.delimiter);
    }
    fn words(&mut self, write: impl FnOnce(&mut String)) {
        write(&mut self.text);
        self.text.push(self.delimiter);
    }
    fn minutes(&mut self, minutes: Minutes) {
        let _ = minutes.write(&mut self.text); // writing to a string does not fail
        self.text.push(self.delimiter);
    }
    fn count(&mut self, count: u64) {
        let _ = write!(self.text, "{count}");
        self.text.push(self.delimiter);
    }
    fn hundredths(&mut self, hundredths: i64) {
        let size = hundredths.unsigned_abs();
        let sign = if hundredths < 0 { "-" } else { "" };
        let _ = write!(self.text, "{sign}{}.{:02}", size / 100, size % 100);
        self.text.push(self.delimiter);
    }
    fn text(&mut self, write: impl FnOnce(&mut String)) {
        let begin = self.text.len();
        write(&mut self.text);
        if !self.is_plain(&self.text[begin..]) {
            self.tame(begin);
        }
        self.text.push(self.delimiter);
    }
    fn end(&mut self) {
        self.text.pop(); // the delimiter after the last cell
        if self.text.len() == self.row {
            self.text.push_str("\"\""); // a row with nothing in it would be no row
        }
        self.text.push('\n');
        self.row = self.text.len();
    }
}

/// Rows of many numbers, written as they come: as [`Lines`], in bytes, so that no number is looked at twice.
#[derive(Clone, Debug)]
pub struct Numbers {
    /// The rows so far.
    pub text: Vec<u8>,
    delimiter: u8,
    raw: bool,
    row: usize,
    /// The cells of small numbers with one decimal, then of those with two, as far as they were written before: seven
    /// bytes and how many of them it takes.
    cells: Vec<u64>,
}

/// Numbers below this are small: three digits and a decimal.
const SMALL: usize = 10_000;

impl Numbers {
    /// Rows of csv or, by tabs, of tsv.
    pub fn new(by_tabs: bool, raw: bool) -> Self {
        let delimiter = if by_tabs { b'\t' } else { b',' };
        Self { text: Vec::new(), delimiter, raw, row: 0, cells: vec![0; 2 * SMALL] }
    }

    /// Begins anew; what was written is forgotten.
    pub fn clear(&mut self) {
        self.text.clear();
        self.row = 0;
    }

    /// A cell as [`Lines`] writes it.
    fn by_line(&mut self, write: impl FnOnce(&mut Lines)) {
        let mut line = Lines::new(self.delimiter == b'\t', self.raw);
        write(&mut line);
        self.text.extend_from_slice(line.text.as_bytes());
    }

    /// A number with so many decimals, given without the point.
    #[inline]
    #[allow(clippy::cast_possible_truncation)] // small numbers, and a length
    fn number(&mut self, number: u64, decimals: u32) {
        if number >= SMALL as u64 || decimals == 0 {
            self.middling(number, decimals);
            return;
        }
        let at = (decimals as usize - 1) * SMALL + number as usize;
        let mut known = self.cells[at];
        if known == 0 {
            let (cell, length) = cell(number as u32, decimals, self.delimiter);
            known = u64::from_le_bytes(cell) | (length as u64) << 56;
            self.cells[at] = known;
        }
        self.cell(known.to_le_bytes(), (known >> 56) as usize);
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
        self.text.push(self.delimiter);
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

impl Cells for Numbers {
    #[inline]
    fn missing(&mut self) {
        self.text.push(self.delimiter);
    }
    #[inline]
    fn word(&mut self, word: &str) {
        self.text.extend_from_slice(word.as_bytes());
        self.text.push(self.delimiter);
    }
    fn words(&mut self, write: impl FnOnce(&mut String)) {
        self.by_line(|line| line.words(write));
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
    fn text(&mut self, write: impl FnOnce(&mut String)) {
        self.by_line(|line| line.text(write));
    }
    fn end(&mut self) {
        self.text.pop(); // the delimiter after the last cell
        if self.text.len() == self.row {
            self.text.extend_from_slice(b"\"\""); // a row with nothing in it would be no row
        }
        self.text.push(b'\n');
        self.row = self.text.len();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fixture::{board, written};
    use super::*;

    proptest! {
        #[test]
        fn rows_that_are_written_as_they_come_are_those_of_a_sheet(
            texts in prop::collection::vec("[a-c,;\"'=+@ \t\r\n\u{1b}\u{202e}é-]{0,6}", 1..4),
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
                lines.text(|out| out.push_str(text));
            }
            lines.end();
            prop_assert_eq!(lines.text, written(&sheet, format, &options));
        }
    }

    fn write(cells: &mut impl Cells, (count, hundredths, minutes): (u64, i64, Minutes), text: &str) {
        cells.count(count);
        cells.hundredths(hundredths);
        cells.minutes(minutes);
        cells.missing();
        cells.text(|out| out.push_str(text));
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
            let (mut numbers, mut lines) = (Numbers::new(by_tabs, false), Lines::new(by_tabs, false));
            write(&mut numbers, (count, hundredths, minutes), &text);
            write(&mut lines, (count, hundredths, minutes), &text);
            prop_assert_eq!(String::from_utf8_lossy(&numbers.text), expected.as_str());
            prop_assert_eq!(lines.text, expected);
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
        assert_eq!(lines.text, "hartford,-1.2,\n\"\"\n");
    }

    #[test]
    fn rows_can_be_put_in_another_order() {
        let mut lines = Lines::new(false, false);
        let mut ends = vec![0];
        for word in ["first", "third", "second"] {
            lines.word(word);
            lines.end();
            ends.push(lines.text.len());
        }
        lines.rearrange(ends[1], [ends[2]..ends[3], ends[1]..ends[2]].into_iter());
        lines.missing();
        lines.end();
        assert_eq!(lines.text, "first\nsecond\nthird\n\"\"\n");
    }

    #[test]
    fn a_row_is_a_line_whatever_the_reason_says() {
        assert_eq!(
            written(&board(), Format::Csv, &Options::default()),
            "facility,status,reason,since,minutes\n\
             manchester-memorial,closed,'=cmd|' /C calc'!A0 <U+001B>[31mred<U+202E>,2023-08-03T06:00:00-04:00,12.0\n\
             rockville-general,unknown,,,\n"
        );
    }

    #[test]
    fn a_tab_in_a_text_opens_no_cell() {
        let mut sheet = board();
        sheet.rows[0][2] = "\t=1+1".into();
        let tsv = written(&sheet, Format::Tsv, &Options::default());
        let line = tsv.lines().nth(1).unwrap();
        assert_eq!(line.split('\t').count(), 5);
        assert!(line.contains("' =1+1"), "{line}");
    }

    #[test]
    fn raw_leaves_the_quote_out_and_nothing_else() {
        let options = Options { raw: true, headers: false, ..Options::default() };
        let csv = written(&board(), Format::Csv, &options);
        assert!(csv.starts_with("manchester-memorial,closed,=cmd|' /C calc'!A0 <U+001B>"), "{csv}");
    }

    #[test]
    fn a_closed_pipe_is_told_as_one() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
        }
        let mut sheet = board();
        sheet.rows = vec![sheet.rows[0].clone(); 1000];
        for (format, _) in Format::ALL {
            let error = super::super::write(&sheet, format, &Options::default(), &mut Closed).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::BrokenPipe, "{format:?}");
        }
    }

    #[test]
    fn numbers_and_phone_numbers_stay_as_they_are() {
        assert_eq!(field(&Value::Integer(-3), false), "-3");
        assert_eq!(field(&Value::from("+1-860-646-1222"), false), "+1-860-646-1222");
        assert_eq!(field(&Value::List(vec!["-a".into(), "b".into()]), false), "'-a;b");
    }
}
