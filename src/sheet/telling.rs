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

impl<'a, E: 'a> Telling<'a, E> {
    /// The same, of which an error is what `map` makes of it.
    pub fn map_err<F>(self, mut map: impl FnMut(E) -> F + 'a) -> Telling<'a, F> {
        let Self { sheet, rows, counted } = self;
        Telling { sheet, rows: Box::new(rows.map(move |row| row.map_err(&mut map))), counted }
    }
    /// The sheet with all of its rows.
    pub fn whole(self) -> Result<Sheet, E> {
        self.narrow(|_| true)
    }
    /// The sheet with all of its rows, of which there is no more in memory than the columns at the places that are wanted.
    pub fn narrow(self, is_wanted: impl Fn(usize) -> bool) -> Result<Sheet, E> {
        fn keep<T>(all: Vec<T>, is_wanted: &impl Fn(usize) -> bool) -> Vec<T> {
            all.into_iter().enumerate().filter(|(at, _)| is_wanted(*at)).map(|(_, one)| one).collect()
        }
        let Self { mut sheet, rows, counted } = self;
        sheet.columns = keep(sheet.columns, &is_wanted);
        sheet.rows = rows.map(|row| row.map(|row| keep(row, &is_wanted))).collect::<Result<_, _>>()?;
        sheet.footer.extend(counted.map(|counted| counted(sheet.rows.len())));
        Ok(sheet)
    }
}
