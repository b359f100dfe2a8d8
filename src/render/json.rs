//! JSON: the envelope with its rows, or the rows alone, a line each.
//!
//! Floor 5. Fields keep the order of the columns, and text keeps every character: those that a terminal would obey are
//! written as escapes, which any reader of JSON undoes.

use std::io::{self, Write};

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::ser::{Formatter, PrettyFormatter};

use crate::report::{Cell, Column, Sheet, Value};

use super::select::{chosen, select};
use super::{Format, Options, safe};

/// Writes one object; each of its rows stands on a line of its own.
pub(super) fn write(sheet: &Sheet, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    write_told(sheet, sheet.rows.iter().map(Ok), options, out)
}

/// The same of rows that come one after the other.
pub(super) fn write_told<R: AsRef<[Cell]>>(
    sheet: &Sheet,
    rows: impl Iterator<Item = io::Result<R>>,
    options: &Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let chosen = chosen(sheet, Format::Json, options);
    let columns: Vec<&Column> = chosen.iter().map(|at| &sheet.columns[*at]).collect();
    out.write_all(b"{")?;
    for (key, value) in envelope(sheet) {
        write_compact(&Shown(&Value::from(key)), options, out)?;
        out.write_all(b":")?;
        write_compact(&Shown(&value), options, out)?;
        out.write_all(b",")?;
    }
    out.write_all(b"\"rows\":[")?;
    let mut is_first = true;
    for row in rows {
        let row = row?;
        let cells: Vec<&Cell> = chosen.iter().filter_map(|at| row.as_ref().get(*at)).collect();
        out.write_all(if is_first { b"\n" } else { b",\n" })?;
        write_compact(&Row { columns: &columns, cells: &cells }, options, out)?;
        is_first = false;
    }
    out.write_all(if is_first { b"]}\n" } else { b"\n]}\n" })
}

/// Writes the rows, an object a line.
pub(super) fn write_lines(sheet: &Sheet, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let selection = select(sheet, Format::Jsonl, options);
    for cells in &selection.rows {
        write_compact(&Row { columns: &selection.columns, cells }, options, out)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// A value as indented JSON, with a newline at its end.
pub fn to_pretty(value: &Value) -> io::Result<String> {
    let mut out = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, PrettyFormatter::new());
    Shown(value).serialize(&mut serializer)?;
    out.push(b'\n');
    String::from_utf8(out).map_err(io::Error::other)
}

/// What the rows rest on, in the order of the contract.
fn envelope(sheet: &Sheet) -> Vec<(&'static str, Value)> {
    let log = match &sheet.log {
        Some(log) => {
            Value::Record(vec![("head", Value::count(log.head)), ("hash", Value::text(log.hash.as_deref()))])
        }
        None => Value::Missing,
    };
    let registry = Value::Record(vec![
        ("name", Value::from(sheet.registry.as_str())),
        ("sha256", Value::from(sheet.registry_sha256.as_str())),
    ]);
    let mut fields = vec![
        ("schema", Value::from(super::schema::id(sheet.name))),
        ("at", Value::Time(sheet.at, sheet.zone)),
        ("known_at", Value::time(sheet.known_at, sheet.zone)),
        ("registry", registry),
        ("log", log),
    ];
    fields.extend(sheet.facts.iter().cloned());
    fields
}

fn write_compact(value: &impl Serialize, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(out, Escaping { ascii: options.ascii });
    value.serialize(&mut serializer).map_err(io::Error::from)
}

/// Writes unsafe characters (with `ascii`, all but ASCII) as `\u202e`.
struct Escaping {
    ascii: bool,
}

impl Formatter for Escaping {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        if safe::is_plain(fragment) {
            return out.write_all(fragment.as_bytes());
        }
        let mut plain = 0;
        for (at, c) in fragment.char_indices() {
            if safe::is_unsafe(c) || (self.ascii && !c.is_ascii()) {
                out.write_all(&fragment.as_bytes()[plain..at])?;
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(out, "\\u{unit:04x}")?;
                }
                plain = at + c.len_utf8();
            }
        }
        out.write_all(&fragment.as_bytes()[plain..])
    }
}

/// One value, as it stands in json.
pub(super) fn write_value(value: &Value, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    write_compact(&Shown(value), options, out)
}

/// One row as an object.
struct Row<'a> {
    columns: &'a [&'a Column],
    cells: &'a [&'a Cell],
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.columns.len()))?;
        for (column, cell) in self.columns.iter().zip(self.cells) {
            map.serialize_entry(column.key, &Shown(&cell.value))?;
        }
        map.end()
    }
}

/// One value.
struct Shown<'a>(&'a Value);

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Missing => serializer.serialize_unit(),
            Value::Text(text) => serializer.serialize_str(text),
            Value::Integer(number) => serializer.serialize_i64(*number),
            Value::Decimal(number, decimals) => match rounded(*number, *decimals) {
                Some(number) => serializer.serialize_f64(number),
                None => serializer.serialize_unit(),
            },
            Value::Minutes(minutes) => serializer.serialize_f64(minutes.as_f64()),
            Value::Bool(yes) => serializer.serialize_bool(*yes),
            Value::Time(at, zone) => serializer.serialize_str(&at.rfc3339(*zone)),
            Value::List(values) => {
                let mut list = serializer.serialize_seq(Some(values.len()))?;
                for value in values {
                    list.serialize_element(&Shown(value))?;
                }
                list.end()
            }
            Value::Record(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (key, value) in fields {
                    map.serialize_entry(key, &Shown(value))?;
                }
                map.end()
            }
        }
    }
}

/// The number with its decimals, as the table shows it; `None` where JSON has no such number.
fn rounded(number: f64, decimals: usize) -> Option<f64> {
    super::text::decimal(number, decimals).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{board, written};
    use super::*;

    #[test]
    fn the_envelope_says_what_the_rows_rest_on() {
        let json = written(&board(), Format::Json, &Options::default());
        assert_eq!(
            json,
            "{\"schema\":\"divert.status/1\",\"at\":\"2023-08-04T10:00:00-04:00\",\"known_at\":null,\
             \"registry\":{\"name\":\"Prospect and neighbours\",\"sha256\":\"ab12\"},\
             \"log\":{\"head\":5,\"hash\":null},\"levels\":{\"virginia\":\"RED\"},\"rows\":[\n\
             {\"facility\":\"manchester-memorial\",\"status\":\"closed\",\
             \"reason\":\"=cmd|' /C calc'!A0\\n\\u001b[31mred\\u202e\",\
             \"since\":\"2023-08-03T06:00:00-04:00\",\"minutes\":12.0,\"lanes\":[{\"lane\":\"closed\"}]},\n\
             {\"facility\":\"rockville-general\",\"status\":\"unknown\",\"reason\":null,\"since\":null,\
             \"minutes\":null,\"lanes\":[]}\n]}\n"
        );
    }

    #[test]
    fn text_comes_back_whole() {
        let json = written(&board(), Format::Json, &Options { ascii: true, ..Options::default() });
        assert!(json.is_ascii());
        let read: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(read["rows"][0]["reason"], "=cmd|' /C calc'!A0\n\u{1b}[31mred\u{202e}");
    }

    #[test]
    fn without_a_log_it_is_null_and_without_rows_an_empty_list() {
        let mut sheet = board();
        sheet.log = None;
        sheet.rows.clear();
        let read: serde_json::Value =
            serde_json::from_str(&written(&sheet, Format::Json, &Options::default())).unwrap();
        assert!(read["log"].is_null());
        assert_eq!(read["rows"], serde_json::json!([]));
    }

    #[test]
    fn jsonl_is_the_rows() {
        let lines = written(&board(), Format::Jsonl, &Options::default());
        let rows: Vec<serde_json::Value> =
            lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let whole: serde_json::Value =
            serde_json::from_str(&written(&board(), Format::Json, &Options::default())).unwrap();
        assert_eq!(whole["rows"].as_array().unwrap(), &rows);
    }

    #[test]
    fn numbers_have_their_decimals_and_no_more() {
        assert_eq!(rounded(0.1 + 0.2, 2), Some(0.3));
        assert_eq!(rounded(f64::INFINITY, 2), None);
    }
}
