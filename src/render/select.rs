//! Which columns of a sheet a writer prints.
//!
//! Floor 5.

use crate::diagnostic::closest;
use crate::report::{Cell, Column, Kind, Sheet, Value, View};

use super::{Format, Options};

/// A column was asked for that the sheet does not have in this format.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnknownColumn {
    /// What was asked for.
    pub key: String,
    /// What there is, in the sheet's order.
    pub available: Vec<&'static str>,
    /// The one that was probably meant.
    pub closest: Option<&'static str>,
}

/// Whether the sheet has all of these columns in that format.
pub fn check_columns(sheet: &Sheet, format: Format, keys: &[String]) -> Result<(), UnknownColumn> {
    let offer = Offer::of(sheet, format, keys);
    for key in keys {
        if offer.position(key).is_none() {
            let mut available: Vec<&'static str> = Vec::new();
            for column in sheet.columns.iter().filter(|column| offer.has(column)) {
                if !available.contains(&column.key) {
                    available.push(column.key);
                }
            }
            let closest = closest(key, available.iter().copied());
            return Err(UnknownColumn { key: key.clone(), closest, available });
        }
    }
    Ok(())
}

/// The columns that a writer prints, and the rows cut down to them.
pub(super) struct Selection<'a> {
    pub(super) columns: Vec<&'a Column>,
    pub(super) rows: Vec<Vec<&'a Cell>>,
}

/// The places of the columns that are printed: those asked for, else those of the format's view.
pub(super) fn chosen(sheet: &Sheet, format: Format, options: &Options) -> Vec<usize> {
    match &options.columns {
        Some(keys) => {
            let offer = Offer::of(sheet, format, keys);
            keys.iter().filter_map(|key| offer.position(key)).collect()
        }
        None => (0..sheet.columns.len()).filter(|at| is_in_view(sheet.columns[*at].view, format)).collect(),
    }
}

/// Picks columns.
pub(super) fn select<'a>(sheet: &'a Sheet, format: Format, options: &Options) -> Selection<'a> {
    let chosen = chosen(sheet, format, options);
    let columns = chosen.iter().map(|at| &sheet.columns[*at]).collect();
    let all_in_text = chosen.iter().all(|at| sheet.columns[*at].view.in_text());
    let (rows, chosen) = match &sheet.text_rows {
        Some(rows) if format.is_for_people() && all_in_text => {
            let before =
                |at: usize| sheet.columns[..at].iter().filter(|column| column.view.in_text()).count();
            (rows, chosen.into_iter().map(before).collect())
        }
        _ => (&sheet.rows, chosen),
    };
    let rows = rows.iter().map(|row| chosen.iter().filter_map(|at| row.get(*at)).collect()).collect();
    Selection { columns, rows }
}

/// What may be asked for. Where people read rows of their own, those hold the columns of the text view and no other, and
/// the data rows hold nothing in columns for people: so a choice is made of either.
struct Offer<'a> {
    sheet: &'a Sheet,
    format: Format,
    /// Whether columns that are only for people can be had.
    for_people: bool,
}

impl<'a> Offer<'a> {
    fn of(sheet: &'a Sheet, format: Format, keys: &[String]) -> Self {
        let in_text = |key: &String| {
            sheet.columns.iter().any(|column| column.view.in_text() && column.key == key.as_str())
        };
        let for_people = format.is_for_people() && (sheet.text_rows.is_none() || keys.iter().all(in_text));
        Self { sheet, format, for_people }
    }
    /// The column of a key: the one of the format's view, else any that it can show.
    fn position(&self, key: &str) -> Option<usize> {
        let find = |wanted: &dyn Fn(&Column) -> bool| {
            self.sheet
                .columns
                .iter()
                .position(|column| column.key == key && self.has(column) && wanted(column))
        };
        find(&|column| is_in_view(column.view, self.format)).or_else(|| find(&|_| true))
    }
    fn has(&self, column: &Column) -> bool {
        (column.view != View::Text || self.for_people)
            && (is_in_view(column.view, self.format) || is_flat(&column.kind))
    }
}

/// Whether a column holds numbers, which line up at their right. A column for people may say so by its values only.
pub(super) fn is_numeric(selection: &Selection<'_>, at: usize) -> bool {
    fn is_number(kind: &Kind) -> bool {
        match kind {
            Kind::Integer | Kind::Number => true,
            Kind::Optional(kind) => is_number(kind),
            Kind::Text | Kind::OneOf(_) | Kind::Bool | Kind::Time | Kind::List(_) | Kind::Record(_) => false,
        }
    }
    let values = || selection.rows.iter().filter_map(|row| row.get(at)).map(|cell| &cell.value);
    is_number(&selection.columns[at].kind)
        || values().any(|value| matches!(value, Value::Integer(_) | Value::Decimal(..) | Value::Minutes(_)))
}

fn is_in_view(view: View, format: Format) -> bool {
    match format {
        Format::Table | Format::Md | Format::Html => view.in_text(),
        Format::Csv | Format::Tsv => view.in_csv(),
        Format::Json | Format::Jsonl => view.in_json(),
    }
}

/// Whether one cell of a table can hold it.
fn is_flat(kind: &Kind) -> bool {
    match kind {
        Kind::Text | Kind::OneOf(_) | Kind::Integer | Kind::Number | Kind::Bool | Kind::Time => true,
        Kind::List(kind) | Kind::Optional(kind) => is_flat(kind),
        Kind::Record(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::board;
    use super::*;

    #[test]
    fn an_unknown_column_names_what_there_is() {
        let unknown = check_columns(&board(), Format::Csv, &["facilty".to_owned()]).unwrap_err();
        assert_eq!(unknown.closest, Some("facility"));
        assert!(unknown.available.contains(&"minutes") && !unknown.available.contains(&"lanes"));
    }

    #[test]
    fn a_table_can_show_a_column_of_the_data() {
        let options = Options {
            columns: Some(vec!["minutes".to_owned(), "facility".to_owned()]),
            ..Options::default()
        };
        let sheet = board();
        let selection = select(&sheet, Format::Table, &options);
        assert_eq!(
            selection.columns.iter().map(|column| column.key).collect::<Vec<_>>(),
            ["minutes", "facility"]
        );
        assert_eq!(selection.rows[0].len(), 2);
    }

    #[test]
    fn where_people_read_other_rows_columns_of_both_cannot_be_mixed() {
        let mut sheet = board();
        sheet.columns[2].view = View::Text;
        let mixed = ["reason".to_owned(), "since".to_owned()];
        assert_eq!(check_columns(&sheet, Format::Table, &mixed), Ok(()));
        sheet.text_rows = Some(Vec::new());
        assert_eq!(check_columns(&sheet, Format::Table, &mixed).unwrap_err().key, "reason");
        assert_eq!(check_columns(&sheet, Format::Table, &mixed[..1]), Ok(()));
        assert_eq!(check_columns(&sheet, Format::Csv, &mixed).unwrap_err().key, "reason");
    }

    #[test]
    fn rows_for_people_hold_only_their_columns() {
        let mut sheet = board();
        sheet.text_rows = Some(vec![vec!["A".into(), "closed".into(), "why".into(), "4".into()]]);
        let selection = select(&sheet, Format::Table, &Options::default());
        assert_eq!(selection.rows.len(), 1);
        assert_eq!(selection.rows[0].len(), selection.columns.len());
    }
}
