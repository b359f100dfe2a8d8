//! Cutting: bytes into rows, and rows of csv into cells.
//!
//! Floor 6. Quoting is RFC 4180's: a cell that begins with `"` goes on to the next single `"`, over commas and line
//! breaks. A quote that is never closed must not swallow the patients after it: a row whose quoting is wrong, or that
//! would have more lines than anybody writes, ends with its first line, and what follows is read as rows again.

use std::borrow::Cow;

/// No quoted row has more lines: somebody forgot a quote. So many rows a stray quote can hold back.
const MOST_LINES: u32 = 16;

/// Where a row of csv ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End {
    /// After so many bytes, its line break among them.
    Whole(usize),
    /// So too, and its quoting is wrong.
    Broken(usize),
    /// Not in these bytes.
    Open,
}

/// Finds the end of a row whose bytes come bit by bit: each is looked at once.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Scan {
    /// So many bytes of the row were looked at.
    pub(super) at: usize,
    state: State,
    /// The line breaks within quotes.
    lines: u32,
    /// Where the first of them ends.
    pub(super) first_line: Option<usize>,
}

#[derive(Clone, Copy, Default, Debug)]
enum State {
    /// A cell begins.
    #[default]
    Begin,
    /// In a cell without quotes.
    Bare,
    /// In a quoted cell.
    Quoted,
    /// After a quote in a quoted cell: its end, or the first of two.
    Quote,
    /// After a carriage return that follows a quoted cell.
    Return,
    /// In the first line of a row whose quoting is wrong.
    Lost,
}

impl Scan {
    /// Goes on through `row`, whose first bytes may have been looked at already. `is_all`: nothing comes after it.
    pub(super) fn end(&mut self, row: &[u8], is_all: bool) -> End {
        while let Some(byte) = row.get(self.at) {
            self.at += 1;
            self.state = match (self.state, byte) {
                (State::Begin | State::Bare | State::Quote | State::Return, b'\n') => {
                    return End::Whole(self.at);
                }
                (State::Begin | State::Quote, b'"') => State::Quoted,
                (State::Begin | State::Bare | State::Quote, b',') => State::Begin,
                (State::Begin | State::Bare, _) => State::Bare,
                (State::Quoted, b'"') => State::Quote,
                (State::Quoted, b'\n') => {
                    self.lines += 1;
                    let first = *self.first_line.get_or_insert(self.at);
                    if self.lines == MOST_LINES {
                        return End::Broken(first);
                    }
                    State::Quoted
                }
                (State::Quoted, _) => State::Quoted,
                (State::Quote, b'\r') => State::Return,
                (State::Lost, b'\n') => return End::Broken(self.at),
                (State::Quote | State::Return | State::Lost, _) => match self.first_line {
                    Some(first) => return End::Broken(first),
                    None => State::Lost,
                },
            };
        }
        match self.state {
            _ if !is_all || row.is_empty() => End::Open,
            State::Begin | State::Bare | State::Quote | State::Return => End::Whole(row.len()),
            State::Quoted | State::Lost => End::Broken(self.first_line.unwrap_or(row.len())),
        }
    }
}

/// A row without its line break.
pub(super) fn without_break(row: &[u8]) -> &[u8] {
    let row = row.strip_suffix(b"\n").unwrap_or(row);
    row.strip_suffix(b"\r").unwrap_or(row)
}

/// The cells of a row of csv, which stands there without its line break.
pub(super) fn cells(row: &str) -> Vec<Cow<'_, str>> {
    let mut cells = Vec::new();
    let mut rest = Some(row);
    while let Some(text) = rest {
        let (cell, after) = match text.strip_prefix('"') {
            Some(quoted) => unquoted(quoted),
            None => match text.split_once(',') {
                Some((cell, after)) => (Cow::Borrowed(cell), Some(after)),
                None => (Cow::Borrowed(text), None),
            },
        };
        cells.push(cell);
        rest = after;
    }
    cells
}

/// A quoted cell from after its first quote on, and what follows its comma.
fn unquoted(text: &str) -> (Cow<'_, str>, Option<&str>) {
    let mut cell = Cow::Borrowed("");
    let mut rest = text;
    loop {
        let (piece, after) = rest.split_once('"').unwrap_or((rest, ""));
        cell += piece;
        rest = match after.strip_prefix('"') {
            Some(more) => {
                cell += "\"";
                more
            }
            None => return (cell, after.split_once(',').map(|(_, after)| after)),
        };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rows(text: &str) -> Vec<(String, bool)> {
        let mut rows = Vec::new();
        let mut rest = text;
        loop {
            let (len, whole) = match Scan::default().end(rest.as_bytes(), true) {
                End::Whole(len) => (len, true),
                End::Broken(len) => (len, false),
                End::Open => return rows,
            };
            rows.push((rest[..len].to_owned(), whole));
            rest = &rest[len..];
        }
    }

    proptest! {
        #[test]
        fn what_is_quoted_as_it_should_be_is_read_as_any_csv(
            table in prop::collection::vec(prop::collection::vec("[a,\"\n\r é]{0,5}", 2..4), 1..5),
        ) {
            let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
            for row in &table {
                writer.write_record(row).unwrap();
            }
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let read: Vec<Vec<String>> = rows(&text)
                .into_iter()
                .map(|(row, whole)| {
                    assert!(whole);
                    let row = std::str::from_utf8(without_break(row.as_bytes())).unwrap();
                    cells(row).into_iter().map(Cow::into_owned).collect()
                })
                .collect();
            prop_assert_eq!(read, table);
        }

        #[test]
        fn bytes_that_come_one_by_one_are_cut_as_those_that_come_at_once(text in "[a,\"\n\r]{0,40}") {
            let whole = Scan::default().end(text.as_bytes(), true);
            let mut scan = Scan::default();
            let found = (1..=text.len()).map(|len| scan.end(&text.as_bytes()[..len], len == text.len()));
            prop_assert_eq!(found.into_iter().find(|end| *end != End::Open).unwrap_or(End::Open), whole);
        }

        #[test]
        fn no_byte_is_lost_and_no_row_is_empty(text in "[a,\"\n\r]{0,60}") {
            let rows = rows(&text);
            prop_assert!(rows.iter().all(|(row, _)| !row.is_empty()));
            prop_assert_eq!(rows.into_iter().map(|(row, _)| row).collect::<String>(), text);
        }
    }

    #[test]
    fn a_stray_quote_costs_its_own_line_and_no_other() {
        let stray = "1,\"Vernon,stroke\n2,Vernon,stroke\n3,\"41.8,-72.5\",stroke\n";
        let found = rows(stray);
        assert_eq!(found.len(), 3, "{found:?}");
        assert_eq!(found.iter().map(|(_, whole)| *whole).collect::<Vec<_>>(), [false, true, true]);
        assert_eq!(rows("1,\"a\"b,c\n2,d,e\n").len(), 2);
        assert_eq!(rows("1,\"never closed").len(), 1);
        let many = format!("1,\"never closed\n{}", "2,a,b\n".repeat(40));
        assert_eq!(rows(&many).len(), 41);
    }

    #[test]
    fn a_line_break_in_quotes_ends_no_row() {
        assert_eq!(
            rows("\"a\nb\",c\r\nd,e"),
            [("\"a\nb\",c\r\n".to_owned(), true), ("d,e".to_owned(), true)]
        );
        assert_eq!(cells("\"a\nb\",\"say \"\"x\"\"\",,d"), ["a\nb", "say \"x\"", "", "d"]);
        assert_eq!(without_break(b"d,e\r\n"), b"d,e");
    }
}
