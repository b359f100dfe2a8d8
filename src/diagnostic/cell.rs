//! Cells of a csv text: where one stands (csv readers tell where a row begins, a caret wants the cell), and what it says.

use crate::model::Span;

/// The bytes of the `column`-th cell (from 0) of the row that begins at or after `row`, quotes included, without white
/// space around it. A row that is too short gives the empty place at its end.
pub fn csv_cell(text: &str, row: usize, column: usize) -> Span {
    let bytes = text.as_bytes();
    let mut begin = row.min(bytes.len());
    while bytes.get(begin).is_some_and(|byte| matches!(byte, b'\r' | b'\n')) {
        begin += 1;
    }
    let mut quoted = false;
    let mut left = column;
    let mut at = begin;
    loop {
        match bytes.get(at) {
            Some(b'"') => quoted = !quoted,
            Some(b',') if !quoted && left > 0 => {
                left -= 1;
                begin = at + 1;
            }
            Some(b',' | b'\r' | b'\n') if !quoted => break,
            None => break,
            Some(_) => {}
        }
        at += 1;
    }
    if left > 0 {
        return at..at;
    }
    let cell = text.get(begin..at).unwrap_or_default();
    let begin = begin + (cell.len() - cell.trim_start().len());
    begin..(begin + cell.trim().len())
}

/// With which signs a spreadsheet begins what it runs: also with their full-width forms.
pub const SIGNS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// A cell without the `'` that keeps a spreadsheet from running it as a formula. Whoever writes a cell from which this
/// would take a `'` of its own puts one more before it.
pub fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest)
            if rest.trim_start_matches(|c: char| c == '\'' || c.is_whitespace()).starts_with(SIGNS) =>
        {
            rest
        }
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_guard_of_a_formula_is_taken_off() {
        assert_eq!(unguarded("'-41.8,72.4"), "-41.8,72.4");
        assert_eq!(unguarded("'s Heeren"), "'s Heeren");
        assert_eq!(unguarded("'＝1"), "＝1");
        assert_eq!(unguarded("'' =1"), "' =1");
    }

    #[test]
    fn a_comma_in_quotes_ends_no_cell() {
        let text = "a,b\n1,\"x, y\", 3\n";
        let row = text.find('1').unwrap();
        assert_eq!(&text[csv_cell(text, row, 1)], "\"x, y\"");
        assert_eq!(&text[csv_cell(text, row, 2)], "3");
        assert_eq!(csv_cell(text, row, 5), text.len() - 1..text.len() - 1);
    }
}
