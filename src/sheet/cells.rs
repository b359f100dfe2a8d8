//! The cells of a row, given one after the other: for rows that are too many to make a sheet of.

use std::fmt;

use crate::model::Minutes;

/// Whoever takes the cells of rows. What a row says is a report's business, how it looks a writer's. What is formatted is
/// part of a cell.
pub trait Cells: fmt::Write {
    /// Part of a cell, which goes on: words of ours and table keys, that is letters, digits, hyphens and colons. In
    /// [`Self::text`] anything.
    fn part(&mut self, part: &str);
    /// The cell is complete: without parts, an empty one.
    fn missing(&mut self);
    /// The cell that was completed last goes on, after this.
    fn goes_on(&mut self, after: u8);
    /// A cell of one part.
    #[inline]
    fn word(&mut self, word: &str) {
        self.part(word);
        self.missing();
    }
    /// Minutes, one decimal.
    fn minutes(&mut self, minutes: Minutes);
    /// How many.
    fn count(&mut self, count: u64);
    /// How many, cell after cell.
    fn counts<const N: usize>(&mut self, counts: [u16; N]) {
        for count in counts {
            self.count(count.into());
        }
    }
    /// A number with two decimals, in hundredths.
    fn hundredths(&mut self, hundredths: i64);
    /// Text from anywhere, as `write` gives its parts; the writer neutralises what could forge a row or run in a
    /// spreadsheet.
    fn text(&mut self, write: impl FnOnce(&mut Self));
    /// The row is complete.
    fn end(&mut self);
}
