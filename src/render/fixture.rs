//! A small board that the writers' tests share: hostile text, every kind of value.

use chrono_tz::America::New_York;

use crate::model::{Instant, Minutes};
use crate::report::{Cell, Column, Kind, LogHead, Sheet, Tone, Value, View};

/// A moment on the east coast.
pub(super) fn at(clock: &str) -> Instant {
    let local = chrono::NaiveDateTime::parse_from_str(clock, "%Y-%m-%d %H:%M").unwrap();
    local.and_local_timezone(New_York).unwrap().into()
}

/// Two facilities: one closed with a hostile reason, one of which nothing is known.
pub(super) fn board() -> Sheet {
    let text = |text: &str| Cell::from(text);
    Sheet {
        name: "status",
        at: at("2023-08-04 10:00"),
        known_at: None,
        zone: New_York,
        registry: "Prospect and neighbours".to_owned(),
        registry_sha256: "ab12".to_owned(),
        log: Some(LogHead { head: 5, hash: None }),
        facts: vec![("levels", Value::Record(vec![("virginia", "RED".into())]))],
        header: vec!["Fri 2023-08-04 10:00 -04:00 · Prospect".to_owned()],
        columns: vec![
            Column::new("facility", "facility", Kind::Text, View::All),
            Column::new("status", "status", Kind::OneOf(&["closed", "unknown"]), View::All),
            Column::new("reason", "reason", Kind::Text.or_null(), View::All),
            Column::data("since", Kind::Time.or_null()),
            Column::new("minutes", "min", Kind::Number.or_null(), View::All),
            Column::json("lanes", Kind::Record(vec![("lane", Kind::Text)]).list()),
        ],
        rows: vec![
            vec![
                text("manchester-memorial"),
                Cell::toned("closed", Tone::Severe),
                text("=cmd|' /C calc'!A0\n\u{1b}[31mred\u{202e}"),
                Cell { value: Value::Time(at("2023-08-03 06:00"), New_York), tone: Tone::Plain },
                Cell { value: Value::Minutes(Minutes::from_tenths(120)), tone: Tone::Plain },
                Cell {
                    value: Value::List(vec![Value::Record(vec![("lane", "closed".into())])]),
                    tone: Tone::Plain,
                },
            ],
            vec![
                text("rockville-general"),
                Cell::toned("unknown", Tone::Faint),
                Cell { value: Value::Missing, tone: Tone::Plain },
                Cell { value: Value::Missing, tone: Tone::Plain },
                Cell { value: Value::Decimal(f64::NAN, 1), tone: Tone::Plain },
                Cell { value: Value::List(vec![]), tone: Tone::Plain },
            ],
        ],
        text_rows: None,
        footer: Vec::new(),
        drawing: None,
        pictures: Vec::new(),
        answer: None,
    }
}

/// What a writer makes of a sheet.
pub(super) fn written(sheet: &Sheet, format: super::Format, options: &super::Options) -> String {
    let mut out = Vec::new();
    super::write(sheet, format, options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}
