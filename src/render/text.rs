//! Values and lines as people read them.
//!
//! Floor 5. Data has its own, exact forms: see `delimited` and `json`.

use chrono::Datelike;
use chrono_tz::Tz;
use unicode_width::UnicodeWidthStr;

use crate::model::Instant;
use crate::report::{Sheet, Value};

/// A moment as a dispatcher reads it: `10:00` on the sheet's local day, `08-04 10:00` on another, with the year where
/// it is another. The date and the offset of the day stand above the table; a clock that goes otherwise than that of the
/// sheet's zone is shown with its offset.
pub(super) fn text_time(at: Instant, zone: Tz, sheet_at: Instant, sheet_zone: Tz) -> String {
    let (clock, today) = (at.on_clock_of(zone), sheet_at.on_clock_of(zone));
    let pattern = if clock.date_naive() == today.date_naive() {
        "%H:%M"
    } else if clock.year() == today.year() {
        "%m-%d %H:%M"
    } else {
        "%Y-%m-%d %H:%M"
    };
    let offset = if clock.naive_local() == at.on_clock_of(sheet_zone).naive_local() { "" } else { "%:z" };
    clock.format(&format!("{pattern}{offset}")).to_string()
}

/// A value in a table. Not yet safe for a terminal.
pub(super) fn shown(value: &Value, sheet: &Sheet) -> String {
    match value {
        Value::Missing | Value::Record(_) => String::new(),
        Value::Text(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Decimal(number, decimals) => decimal(*number, *decimals),
        Value::Minutes(minutes) => minutes.to_string(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::Time(at, zone) => text_time(*at, *zone, sheet.at, sheet.zone),
        Value::List(values) => {
            let shown: Vec<String> =
                values.iter().map(|value| shown(value, sheet)).filter(|text| !text.is_empty()).collect();
            shown.join(", ")
        }
    }
}

/// A number with its decimals; empty where it is none. Never `-0.00`.
pub(super) fn decimal(number: f64, decimals: usize) -> String {
    if !number.is_finite() {
        return String::new();
    }
    let text = format!("{number:.decimals$}");
    match text.strip_prefix('-') {
        Some(size) if !size.contains(|c: char| ('1'..='9').contains(&c)) => size.to_owned(),
        _ => text,
    }
}

/// Lines of at most `width` columns, broken between words and indented alike; a longer word stays whole.
pub(super) fn wrap(text: &str, width: Option<usize>) -> Vec<String> {
    let Some(width) = width else { return vec![text.to_owned()] };
    if text.width() <= width {
        return vec![text.to_owned()];
    }
    let indent = text.len() - text.trim_start_matches(' ').len();
    fill(text.split_whitespace(), " ", indent, width)
}

/// Pieces with `glue` between them, in lines of at most `width` columns, each indented by `indent`.
pub(super) fn fill<'a>(
    pieces: impl IntoIterator<Item = &'a str>,
    glue: &str,
    indent: usize,
    width: usize,
) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = " ".repeat(indent);
    let mut empty = true;
    for piece in pieces {
        if !empty && line.width() + glue.width() + piece.width() > width {
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
            empty = true;
        }
        if !empty {
            line.push_str(glue);
        }
        line.push_str(piece);
        empty = false;
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use chrono_tz::America::{Chicago, Detroit, New_York};

    use super::*;

    fn at(rfc3339: &str) -> Instant {
        chrono::DateTime::parse_from_rfc3339(rfc3339).unwrap().into()
    }

    #[test]
    fn a_time_says_no_more_than_it_must() {
        let now = at("2023-08-04T10:00:00-04:00");
        let told = |time: &str, zone| text_time(at(time), zone, now, New_York);
        assert_eq!(told("2023-08-04T00:00:00-04:00", New_York), "00:00");
        assert_eq!(told("2023-08-03T23:59:00-04:00", New_York), "08-03 23:59");
        assert_eq!(told("2022-11-07T00:00:00-05:00", New_York), "2022-11-07 00:00");
    }

    #[test]
    fn another_clock_than_the_one_above_the_table_says_its_offset() {
        let now = at("2023-08-04T10:00:00-04:00");
        let told = |time: &str, zone| text_time(at(time), zone, now, New_York);
        assert_eq!(told("2023-08-04T10:00:00-04:00", Chicago), "09:00-05:00");
        assert_eq!(told("2023-08-03T23:59:00-05:00", Chicago), "08-03 23:59-05:00");
        assert_eq!(told("2023-08-04T10:00:00-04:00", Detroit), "10:00");
    }

    #[test]
    fn no_number_is_minus_nought() {
        assert_eq!((decimal(-0.001, 2), decimal(-0.01, 2)), ("0.00".to_owned(), "-0.01".to_owned()));
        assert_eq!(decimal(f64::NAN, 2), "");
    }

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrap("  one two three", Some(10)), ["  one two", "  three"]);
        assert_eq!(wrap("one two three", None), ["one two three"]);
        assert_eq!(wrap("unbreakable", Some(4)), ["unbreakable"]);
    }
}
