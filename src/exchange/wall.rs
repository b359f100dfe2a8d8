//! Times as boards write them: on the wall, without an offset; and which of two autumn hours is meant.
//!
//! Floor 4; the zone is an argument.

use chrono::{DateTime, Datelike, NaiveDateTime, TimeZone};
use chrono_tz::Tz;

use crate::model::Instant;

/// The ways in which boards write times.
const FORMATS: [&str; 12] = [
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%dT%H:%M",
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y %I:%M %p",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%m/%d/%y %I:%M %p",
    "%m/%d/%y %H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
];

/// What a time on the wall can be: one instant, or two where the clocks went back over it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reading {
    One(Instant),
    Two(Instant, Instant),
}

impl Reading {
    pub(super) fn each(self) -> impl Iterator<Item = Instant> + Clone {
        let (first, second) = match self {
            Self::One(at) => (at, None),
            Self::Two(first, second) => (first, Some(second)),
        };
        std::iter::once(first).chain(second)
    }
}

/// Why a time can't be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Unread {
    /// It is written in no way that is known.
    NoTime,
    /// The clocks went forward over it.
    Skipped,
}

/// Reads a time on the clocks of `zone`, or with an offset of its own.
pub(super) fn read(text: &str, zone: Tz) -> Result<Reading, Unread> {
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Ok(Reading::One(moment.into()));
    }
    let wall = FORMATS
        .iter()
        .filter_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .find(|wall| wall.year() >= 1970) // "%Y" takes the year 21, too
        .ok_or(Unread::NoTime)?;
    match zone.from_local_datetime(&wall) {
        chrono::MappedLocalTime::Single(moment) => Ok(Reading::One(moment.into())),
        chrono::MappedLocalTime::Ambiguous(first, second) => Ok(Reading::Two(first.into(), second.into())),
        chrono::MappedLocalTime::None => Err(Unread::Skipped),
    }
}

/// How much a board's own duration may differ from its times: both drop what is finer than a minute.
pub(super) const LEEWAY: i64 = 120;

/// When a row holds, as far as its times and its duration tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum When {
    /// That is it. `off` is by how many seconds the duration differs, where it was given.
    Known { from: Instant, until: Option<Instant>, off: i64 },
    /// Either of these: both are equally long, or nothing says how long it is.
    Either { first: (Instant, Option<Instant>), second: (Instant, Option<Instant>) },
    /// It ends before it begins.
    Reversed,
}

/// Finds the reading that the duration in seconds fits best.
pub(super) fn decide(from: Reading, until: Option<Reading>, duration: Option<i64>) -> When {
    let Some(until) = until else {
        return match from {
            Reading::One(from) => When::Known { from, until: None, off: 0 },
            Reading::Two(first, second) => When::Either { first: (first, None), second: (second, None) },
        };
    };
    let mut pairs: Vec<(i64, Instant, Instant)> = from
        .each()
        .flat_map(|from| until.each().map(move |until| (from, until)))
        .filter(|(from, until)| from <= until)
        .map(|(from, until)| {
            let length = until.seconds() - from.seconds();
            (duration.map_or(0, |duration| (length - duration).abs()), from, until)
        })
        .collect();
    pairs.sort_unstable();
    match pairs[..] {
        [] => When::Reversed,
        [(off, from, until)] => When::Known { from, until: Some(until), off },
        [(best, ..), (next, ..), ..] if best < next => {
            let (off, from, until) = pairs[0];
            When::Known { from, until: Some(until), off }
        }
        [(_, a, b), (_, c, d), ..] => When::Either { first: (a, Some(b)), second: (c, Some(d)) },
    }
}

/// A duration in seconds: `42.57` hours, `42:34` or `42:34:12`.
#[allow(clippy::cast_possible_truncation)] // a float-to-integer cast saturates
pub(super) fn duration(text: &str, seconds_per_unit: f64) -> Option<i64> {
    if text.contains(':') {
        let parts: Vec<i64> = text.split(':').map(|part| part.trim().parse().ok()).collect::<Option<_>>()?;
        return match parts[..] {
            [hours, minutes] => Some(hours * 3600 + minutes * 60),
            [hours, minutes, seconds] => Some(hours * 3600 + minutes * 60 + seconds),
            _ => None,
        };
    }
    let number: f64 = text.replace(',', "").trim().parse().ok()?;
    (number.is_finite() && number >= 0.0).then(|| (number * seconds_per_unit).round() as i64)
}

#[cfg(test)]
mod tests {
    use chrono_tz::America::Denver;

    use super::*;

    fn at(rfc3339: &str) -> Instant {
        chrono::DateTime::parse_from_rfc3339(rfc3339).unwrap().into()
    }
    fn wall(text: &str) -> Reading {
        read(text, Denver).unwrap()
    }

    #[test]
    fn a_time_is_read_however_it_is_written() {
        let noon = Reading::One(at("2021-03-01T12:28:00-07:00"));
        for text in ["2021-03-01 12:28:00", "03/01/2021 12:28", "3/1/2021 12:28:00 PM", "3/1/21 12:28 pm"] {
            assert_eq!(read(text, Denver), Ok(noon), "{text}");
        }
        assert_eq!(read("2021-03-01T19:28:00Z", Denver), Ok(noon));
        assert_eq!(read("2021-03-14 02:30", Denver), Err(Unread::Skipped));
        assert_eq!(read("soon", Denver), Err(Unread::NoTime));
    }

    #[test]
    fn the_duration_says_which_autumn_hour_is_meant() {
        // The clocks of Denver went back from 02:00 to 01:00 on 7 November 2021.
        let (start, end) = (wall("2021-11-07 00:30:00"), wall("2021-11-07 01:30:00"));
        let until = |duration| match decide(start, Some(end), Some(duration)) {
            When::Known { until, off, .. } => (until.unwrap(), off),
            other => panic!("{other:?}"),
        };
        assert_eq!(until(3600), (at("2021-11-07T01:30:00-06:00"), 0));
        assert_eq!(until(7164), (at("2021-11-07T01:30:00-07:00"), 36));
        // From the first 01:50 to the second 01:10 are twenty minutes: no other reading goes forward.
        let over = decide(wall("2021-11-07 01:50:00"), Some(wall("2021-11-07 01:10:00")), None);
        assert!(matches!(over, When::Known { .. }), "{over:?}");
        // Both readings of 01:10 to 01:50 are forty minutes long.
        let both = decide(wall("2021-11-07 01:10:00"), Some(wall("2021-11-07 01:50:00")), Some(2400));
        assert!(matches!(both, When::Either { .. }), "{both:?}");
    }

    #[test]
    fn a_duration_is_hours_or_hours_and_minutes() {
        assert_eq!(duration("42.57", 3600.0), Some(153_252));
        assert_eq!(duration("42:34", 3600.0), Some(153_240));
        assert_eq!(duration("1,000", 60.0), Some(60_000));
        assert_eq!(duration("long", 3600.0), None);
        assert_eq!(duration("-1", 3600.0), None);
    }
}
