//! The cells of a row, given one after the other: for rows that are too many to make a sheet of.

use crate::model::Minutes;

/// Whoever takes the cells of rows. What a row says is a report's business, how it looks a writer's.
pub trait Cells {
    /// An empty cell.
    fn missing(&mut self);
    /// A word of ours, or a table key: letters, digits, hyphens, colons.
    fn word(&mut self, word: &str);
    /// Several of them, and numbers, as `write` appends them.
    fn words(&mut self, write: impl FnOnce(&mut String));
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
    /// Text from anywhere, as `write` appends it; the writer neutralises what could forge a row or run in a spreadsheet.
    fn text(&mut self, write: impl FnOnce(&mut String));
    /// The row is complete.
    fn end(&mut self);
}
