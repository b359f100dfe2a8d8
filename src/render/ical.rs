//! iCalendar (RFC 5545): each row of a sheet with `uid`, `from` and `summary` an event.
//!
//! Floor 5: knows sheets; decides nothing about them. Lines end in CR LF and are folded at 75 octets; text is escaped, and
//! control characters in it are dropped.

use std::io::{self, Write};

use chrono_tz::Tz;

use crate::model::Instant;
use crate::sheet::{Cell, Sheet, Value};

/// No line is longer, in octets, without its line break (RFC 5545, 3.1).
const WIDTH: usize = 75;

/// Writes a calendar.
pub(super) fn write(sheet: &Sheet, out: &mut dyn Write) -> io::Result<()> {
    line(out, "BEGIN", "VCALENDAR")?;
    line(out, "VERSION", "2.0")?;
    line(out, "PRODID", concat!("-//divert//", env!("CARGO_PKG_VERSION"), "//EN"))?;
    line(out, "X-WR-CALNAME", &escaped(&sheet.registry))?;
    for row in &sheet.rows {
        let cell = |key: &str| value(sheet, row, key);
        let (Some(Value::Text(uid)), Some(Value::Time(from, _)), Some(Value::Text(summary))) =
            (cell("uid"), cell("from"), cell("summary"))
        else {
            continue;
        };
        line(out, "BEGIN", "VEVENT")?;
        line(out, "UID", &escaped(uid))?;
        line(out, "DTSTAMP", &utc(sheet.at))?;
        line(out, "DTSTART", &utc(*from))?;
        if let Some(Value::Time(until, _)) = cell("until") {
            line(out, "DTEND", &utc(*until))?;
        }
        line(out, "SUMMARY", &escaped(summary))?;
        if let Some(Value::Text(description)) = cell("description") {
            line(out, "DESCRIPTION", &escaped(description))?;
        }
        // Nobody is busy because a hospital is closed.
        line(out, "TRANSP", "TRANSPARENT")?;
        line(out, "END", "VEVENT")?;
    }
    line(out, "END", "VCALENDAR")
}

fn value<'a>(sheet: &Sheet, row: &'a [Cell], key: &str) -> Option<&'a Value> {
    let at = sheet.columns.iter().position(|column| column.key == key)?;
    row.get(at).map(|cell| &cell.value)
}

fn utc(at: Instant) -> String {
    at.on_clock_of(Tz::UTC).format("%Y%m%dT%H%M%SZ").to_string()
}

/// TEXT as RFC 5545, 3.3.11 has it.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => escaped.extend(['\\', c]),
            '\n' => escaped.push_str("\\n"),
            _ if c.is_control() => {}
            _ => escaped.push(c),
        }
    }
    escaped
}

/// One content line, folded where it is too long, never within a character.
fn line(out: &mut dyn Write, name: &str, value: &str) -> io::Result<()> {
    let mut octets = 0;
    for c in name.chars().chain(std::iter::once(':')).chain(value.chars()) {
        if octets + c.len_utf8() > WIDTH {
            out.write_all(b"\r\n ")?;
            octets = 1;
        }
        let mut buffer = [0; 4];
        out.write_all(c.encode_utf8(&mut buffer).as_bytes())?;
        octets += c.len_utf8();
    }
    out.write_all(b"\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(name: &str, value: &str) -> String {
        let mut out = Vec::new();
        line(&mut out, name, value).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_long_line_is_folded_at_75_octets_and_never_within_a_character() {
        let folded = written("SUMMARY", &"é".repeat(100));
        assert!(folded.split("\r\n").all(|line| line.len() <= WIDTH), "{folded}");
        assert_eq!(folded.replace("\r\n ", ""), format!("SUMMARY:{}\r\n", "é".repeat(100)));
    }

    #[test]
    fn what_would_end_a_value_is_escaped() {
        assert_eq!(escaped("a, b; c\\d\ne\r\u{7}"), "a\\, b\\; c\\\\d\\ne");
    }
}
