//! Comma- and tab-separated values: flat cells, exact values, nothing that a spreadsheet would run.
//!
//! Floor 5.

use std::borrow::Cow;
use std::io::{self, Write};

use crate::diagnostic::unguarded;
use crate::report::{Sheet, Value};

use super::select::chosen;
use super::{Format, Options, safe, text};

/// Writes the flat columns, under a row of their keys.
pub(super) fn write(
    sheet: &Sheet,
    format: Format,
    delimiter: u8,
    options: &Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let chosen = chosen(sheet, format, options);
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).flexible(true).from_writer(out);
    if options.headers {
        writer.write_record(chosen.iter().map(|at| sheet.columns[*at].key)).map_err(cause)?;
    }
    for row in &sheet.rows {
        for cell in chosen.iter().filter_map(|at| row.get(*at)) {
            writer.write_field(field(&cell.value, options.raw).as_bytes()).map_err(cause)?;
        }
        writer.write_record(None::<&[u8]>).map_err(cause)?;
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
fn field(value: &Value, raw: bool) -> Cow<'_, str> {
    match value {
        Value::Missing | Value::Record(_) => Cow::Borrowed(""),
        Value::Text(text) => flat(text, raw),
        Value::List(_) => flat(&data(value), raw).into_owned().into(),
        Value::Integer(_) | Value::Decimal(..) | Value::Minutes(_) | Value::Bool(_) | Value::Time(..) => {
            data(value).into()
        }
    }
}

/// A text on one line, and nothing that a spreadsheet would run.
pub(super) fn flat(text: &str, raw: bool) -> Cow<'_, str> {
    let flat = safe::flat(text);
    // A text that begins as if it were guarded is guarded, too: whoever reads it takes one guard off.
    let is_guarded = unguarded(&flat).len() < flat.len();
    if !raw && (is_guarded || safe::is_formula(&flat)) { format!("'{flat}").into() } else { flat }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fixture::{board, written};
    use super::*;

    #[test]
    fn a_row_is_a_line_whatever_the_reason_says() {
        assert_eq!(
            written(&board(), Format::Csv, &Options::default()),
            "facility,status,reason,since,minutes\n\
             manchester-memorial,closed,'=cmd|' /C calc'!A0 <U+001B>[31mred<U+202E>,2023-08-03T06:00:00-04:00,12.0\n\
             rockville-general,unknown,,,\n"
        );
    }

    proptest! {
        #[test]
        fn what_is_read_back_without_its_guard_is_what_was_written(text in "['=+＝－＠@\u{a0}\u{3000} \t\r\n0-9a-]{0,8}") {
            let written = flat(&text, false);
            prop_assert_eq!(unguarded(&written), safe::flat(&text));
            prop_assert!(!safe::is_formula(&written), "{}", written);
        }
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
