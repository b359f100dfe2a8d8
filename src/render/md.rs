//! Markdown: a GitHub table, with everything in a cell escaped.
//!
//! Floor 5.

use std::io::{self, Write};

use crate::report::Sheet;

use super::select::{is_numeric, select};
use super::{Format, Options, safe, text};

/// Writes the lines above, the table, and the lines below as paragraphs.
pub(super) fn write(sheet: &Sheet, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let selection = select(sheet, Format::Md, options);
    let escaped = |text: &str| safe::markdown(text, options.ascii);
    if options.headers {
        for line in &sheet.header {
            writeln!(out, "{}\n", escaped(line))?;
        }
    }
    // A Markdown table without a heading row is no table, so it stays whatever the options say.
    for column in &selection.columns {
        write!(out, "| {} ", escaped(column.heading))?;
    }
    writeln!(out, "|")?;
    for at in 0..selection.columns.len() {
        write!(out, "| {} ", if is_numeric(&selection, at) { "---:" } else { "---" })?;
    }
    writeln!(out, "|")?;
    for row in &selection.rows {
        for cell in row {
            let cell = escaped(&text::shown(&cell.value, sheet));
            write!(out, "|{}{cell} ", if cell.is_empty() { "" } else { " " })?;
        }
        writeln!(out, "|")?;
    }
    if options.headers {
        for line in &sheet.footer {
            writeln!(out, "\n{}", escaped(line))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{board, written};
    use super::*;

    #[test]
    fn a_reason_forges_no_cell_and_no_row() {
        let mut sheet = board();
        sheet.footer = vec!["source: state | county".to_owned()];
        assert_eq!(
            written(&sheet, Format::Md, &Options::default()),
            "Fri 2023-08-04 10:00 -04:00 · Prospect\n\n\
             | facility | status | reason | min |\n\
             | --- | --- | --- | ---: |\n\
             | manchester-memorial | closed | =cmd\\|' /C calc'!A0␤&lt;U+001B&gt;\\[31mred&lt;U+202E&gt; | 12.0 |\n\
             | rockville-general | unknown | | |\n\n\
             source: state \\| county\n"
        );
    }
}
