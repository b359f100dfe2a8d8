//! A sheet whose rows are told one after the other: there may be millions of them.

use super::{Cell, Sheet};

/// Rows that come as they are asked for, and the sheet that they belong to. One may fail to come; then none follows.
pub struct Telling<'a, E> {
    /// The sheet, without rows.
    pub sheet: Sheet,
    /// Its rows.
    pub rows: Box<dyn Iterator<Item = Result<Vec<Cell>, E>> + 'a>,
    /// Says how many rows there are, in a line below them.
    pub counted: Option<fn(usize) -> String>,
}

impl<E> Telling<'_, E> {
    /// The sheet with all of its rows.
    pub fn whole(self) -> Result<Sheet, E> {
        let Self { mut sheet, rows, counted } = self;
        sheet.rows = rows.collect::<Result<_, _>>()?;
        sheet.footer.extend(counted.map(|counted| counted(sheet.rows.len())));
        Ok(sheet)
    }
}
