//! Periods and calendars: what `2023-08`, `last-week` and `2023-08-03..2023-08-05` mean, and the local days, weeks and
//! months of a stretch of time.
//!
//! Floor 3; "today" and the zone are arguments. A local day, week or month has its real length: 23 or 25 hours where the
//! clocks change.

use std::fmt;

use chrono::{Datelike, Days, Months, NaiveDate, NaiveTime, TimeDelta, TimeZone, Weekday};
use chrono_tz::Tz;

use crate::model::Instant;

use super::span::Span;

/// The pieces into which a report cuts its period.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Calendar {
    /// Local days: `2023-08-04`.
    Day,
    /// ISO weeks, from Monday: `2023-W31`.
    Week,
    /// Months: `2023-08`.
    Month,
}

impl Calendar {
    /// Every calendar with its word.
    pub const ALL: [(Self, &'static str); 3] =
        [(Self::Day, "day"), (Self::Week, "week"), (Self::Month, "month")];

    /// The piece in which a local date lies.
    fn around(self, date: NaiveDate) -> Named {
        match self {
            Self::Day => Named::Day(date),
            Self::Week => Named::Week(date.week(Weekday::Mon).first_day()),
            Self::Month => Named::Month(date.with_day(1).unwrap_or(date)),
        }
    }
}

/// A piece of the calendar that has a name, by its first date.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Named {
    Day(NaiveDate),
    Week(NaiveDate),
    Month(NaiveDate),
    Year(NaiveDate),
}

impl Named {
    /// `2023`, `2023-08`, `2023-W31` or `2023-08-04`.
    fn read(text: &str) -> Option<Self> {
        if let Ok(date) = text.parse::<NaiveDate>() {
            return Some(Self::Day(date));
        }
        let (year, rest) = match text.split_once('-') {
            Some((year, rest)) => (year, Some(rest)),
            None => (text, None),
        };
        let year = number(year, 4)?.try_into().ok()?;
        match rest {
            None => NaiveDate::from_ymd_opt(year, 1, 1).map(Self::Year),
            Some(rest) => match rest.strip_prefix(['W', 'w']) {
                Some(week) => {
                    NaiveDate::from_isoywd_opt(year, number(week, 2)?, Weekday::Mon).map(Self::Week)
                }
                None => NaiveDate::from_ymd_opt(year, number(rest, 2)?, 1).map(Self::Month),
            },
        }
    }
    fn first(self) -> NaiveDate {
        match self {
            Self::Day(date) | Self::Week(date) | Self::Month(date) | Self::Year(date) => date,
        }
    }
    /// The one after it. At the end of chrono's calendar it stays where it is.
    fn next(self) -> Self {
        let after = |next: Option<NaiveDate>| next.unwrap_or(NaiveDate::MAX);
        match self {
            Self::Day(date) => Self::Day(after(date.succ_opt())),
            Self::Week(date) => Self::Week(after(date.checked_add_days(Days::new(7)))),
            Self::Month(date) => Self::Month(after(date.checked_add_months(Months::new(1)))),
            Self::Year(date) => Self::Year(after(date.checked_add_months(Months::new(12)))),
        }
    }
    /// The one before it.
    fn before(self) -> Self {
        let before = |date: Option<NaiveDate>| date.unwrap_or(NaiveDate::MIN);
        match self {
            Self::Day(date) => Self::Day(before(date.pred_opt())),
            Self::Week(date) => Self::Week(before(date.checked_sub_days(Days::new(7)))),
            Self::Month(date) => Self::Month(before(date.checked_sub_months(Months::new(1)))),
            Self::Year(date) => Self::Year(before(date.checked_sub_months(Months::new(12)))),
        }
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(date) => write!(f, "{}", date.format("%Y-%m-%d")),
            Self::Week(date) => write!(f, "{}", date.format("%G-W%V")),
            Self::Month(date) => write!(f, "{}", date.format("%Y-%m")),
            Self::Year(date) => write!(f, "{}", date.format("%Y")),
        }
    }
}

/// So many digits as a number.
fn number(text: &str, digits: usize) -> Option<u32> {
    (text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

/// A period as it was said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Period {
    /// In words or by the calendar: on the clocks of whoever it is measured for.
    Said(Said),
    /// Between two instants; `None`: from the first report on, up to the instant of the question.
    Between(Option<Instant>, Option<Instant>),
}

/// A period of the calendar, before anybody says on whose clocks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Said {
    text: String,
    meaning: Meaning,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Meaning {
    /// From the beginning of the first to the end of the last.
    Range(Named, Named),
    /// So many of that calendar's pieces before the one that it is now.
    Ago(Calendar, u32),
}

/// The words for periods that depend on the day.
const WORDS: [(&str, Calendar, u32); 6] = [
    ("today", Calendar::Day, 0),
    ("yesterday", Calendar::Day, 1),
    ("this-week", Calendar::Week, 0),
    ("last-week", Calendar::Week, 1),
    ("this-month", Calendar::Month, 0),
    ("last-month", Calendar::Month, 1),
];

impl Said {
    /// Reads a period; the error says what could stand there.
    pub fn read(text: &str) -> Result<Self, String> {
        let word = text.trim().to_ascii_lowercase().replace([' ', '_'], "-");
        let meaning = if let Some((_, calendar, ago)) = WORDS.iter().find(|(name, ..)| *name == word) {
            Meaning::Ago(*calendar, *ago)
        } else {
            let (first, last) = word.split_once("..").unwrap_or((&word, &word));
            let (Some(first), Some(last)) = (Named::read(first), Named::read(last)) else {
                return Err(
                    "expected a month (2023-08), a week (2023-W31), a day (2023-08-04), a year, two of them \
                            joined by `..`, or today, yesterday, this-week, last-week, this-month, last-month"
                        .to_owned(),
                );
            };
            if last.next().first() <= first.first() {
                return Err("the period ends before it begins".to_owned());
            }
            Meaning::Range(first, last)
        };
        Ok(Self { text: text.trim().to_owned(), meaning })
    }

    /// When it is on the clocks of `zone`, where it is `now`. Empty only where a zone skipped the whole day.
    pub fn on_clock_of(&self, zone: Tz, now: Instant) -> (Instant, Instant) {
        let (first, last) = match self.meaning {
            Meaning::Range(first, last) => (first, last),
            Meaning::Ago(calendar, ago) => {
                let today = calendar.around(now.on_clock_of(zone).date_naive());
                let then = (0..ago).fold(today, |then, _| then.before());
                (then, then)
            }
        };
        (first_moment(first.first(), zone), first_moment(last.next().first(), zone))
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The first moment of a local day: midnight, or the end of the hour that the clocks jump over.
pub fn first_moment(date: NaiveDate, zone: Tz) -> Instant {
    let midnight = date.and_time(NaiveTime::MIN);
    // No zone has ever skipped more than a day.
    (0..=26 * 60)
        .find_map(|minutes| zone.from_local_datetime(&(midnight + TimeDelta::minutes(minutes))).earliest())
        .map_or_else(|| Instant::from(midnight.and_utc()), Instant::from)
}

/// The local day that an instant lies in: its first moment, and the next day's.
pub fn day_of(at: Instant, zone: Tz) -> (Instant, Instant) {
    let date = at.on_clock_of(zone).date_naive();
    let next = date.succ_opt().unwrap_or(date);
    (first_moment(date, zone), first_moment(next, zone))
}

/// A piece of a period.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Slice {
    /// `2023-08-04`, `2023-W31` or `2023-08`.
    pub label: String,
    /// When it is, cut to the period.
    pub span: Span,
    /// Whether all of the calendar's piece lies in the period.
    pub whole: bool,
}

/// Cuts a period into the local days, weeks or months of `zone`, in order.
pub fn slices(period: Span, calendar: Calendar, zone: Tz) -> Vec<Slice> {
    let mut piece = calendar.around(period.from().on_clock_of(zone).date_naive());
    let mut from = first_moment(piece.first(), zone);
    let mut slices = Vec::new();
    while from < period.until() {
        let next = piece.next();
        let until = first_moment(next.first(), zone);
        if let Some(whole) = Span::new(from, until)
            && let Some(span) = whole.clip(period)
        {
            slices.push(Slice { label: piece.to_string(), span, whole: span == whole });
        }
        if next == piece {
            break; // the end of the calendar
        }
        (piece, from) = (next, until);
    }
    slices
}

#[cfg(test)]
mod tests {
    use chrono_tz::America::{Denver, Havana, New_York, Sao_Paulo};
    use chrono_tz::Asia::{Beirut, Kolkata};
    use chrono_tz::Australia::Lord_Howe;
    use chrono_tz::Pacific::Apia;

    use super::*;

    fn at(rfc3339: &str) -> Instant {
        chrono::DateTime::parse_from_rfc3339(rfc3339).unwrap().into()
    }
    fn hours(text: &str, zone: Tz) -> f64 {
        let (from, until) = Said::read(text).unwrap().on_clock_of(zone, at("2023-08-04T12:00:00Z"));
        until.since(from).as_seconds_f64() / 3600.0
    }

    #[test]
    fn an_instant_lies_in_its_local_day_whatever_its_midnight_is() {
        let day = |text: &str, zone| {
            let (from, until) = day_of(at(text), zone);
            (from.rfc3339(zone), until.rfc3339(zone))
        };
        let summer = ("2023-08-04T00:00:00-04:00".to_owned(), "2023-08-05T00:00:00-04:00".to_owned());
        assert_eq!(day("2023-08-05T03:59:59Z", New_York), summer);
        assert_eq!(day("2023-08-04T04:00:00Z", New_York), summer);
        // In Havana the clocks go from 00:00 to 01:00 in spring, and from 01:00 back to 00:00 in autumn.
        assert_eq!(day("2023-03-12T16:00:00Z", Havana).0, "2023-03-12T01:00:00-04:00");
        assert_eq!(day("2023-11-05T16:00:00Z", Havana).0, "2023-11-05T00:00:00-04:00");
    }

    #[test]
    fn a_local_month_has_its_real_length() {
        assert!((hours("2021-11", Denver) - 721.0).abs() < 1e-9);
        assert!((hours("2021-03", Denver) - 743.0).abs() < 1e-9);
        assert!((hours("2021-03-14", New_York) - 23.0).abs() < 1e-9);
        assert!((hours("2021-11-07", New_York) - 25.0).abs() < 1e-9);
        assert!((hours("2021", Kolkata) - 8760.0).abs() < 1e-9);
        assert!((hours("2023-04-02", Lord_Howe) - 24.5).abs() < 1e-9);
    }

    #[test]
    fn a_day_without_a_midnight_begins_when_the_clocks_have_jumped() {
        // Brazil and Lebanon changed at midnight; Samoa skipped a day.
        assert_eq!(first_moment("2018-11-04".parse().unwrap(), Sao_Paulo), at("2018-11-04T01:00:00-02:00"));
        assert_eq!(first_moment("2022-03-27".parse().unwrap(), Beirut), at("2022-03-27T01:00:00+03:00"));
        assert_eq!(first_moment("2022-11-06".parse().unwrap(), Havana), at("2022-11-06T00:00:00-04:00"));
        assert!(hours("2011-12-30", Apia).abs() < 1e-9);
    }

    #[test]
    fn words_are_of_the_day_on_the_clock_asked_for() {
        let now = at("2023-08-01T02:00:00Z"); // still July in New York
        let of = |text: &str| Said::read(text).unwrap().on_clock_of(New_York, now);
        assert_eq!(of("yesterday"), (at("2023-07-30T00:00:00-04:00"), at("2023-07-31T00:00:00-04:00")));
        assert_eq!(of("last-month"), (at("2023-06-01T00:00:00-04:00"), at("2023-07-01T00:00:00-04:00")));
        assert_eq!(of("last week"), (at("2023-07-24T00:00:00-04:00"), at("2023-07-31T00:00:00-04:00")));
        assert_eq!(of("this-month").0, at("2023-07-01T00:00:00-04:00"));
    }

    #[test]
    fn a_range_goes_to_the_end_of_its_last_piece() {
        assert!((hours("2023-08-03..2023-08-05", New_York) - 72.0).abs() < 1e-9);
        assert!((hours("2023-07..2023-08-01", Kolkata) - 768.0).abs() < 1e-9);
        assert!((hours("2023-W31", Denver) - 168.0).abs() < 1e-9);
    }

    #[test]
    fn what_is_no_period_is_told_what_could_stand_there() {
        for wrong in ["", "2023-8", "2023-13", "2023-W54", "20230804", "august", "2023-08-05..2023-08-03"] {
            assert!(Said::read(wrong).is_err(), "{wrong}");
        }
        assert!(Said::read("2022-W53").is_err() && Said::read("2020-W53").is_ok());
    }

    #[test]
    fn slices_cover_the_period_and_are_named_as_iso_has_it() {
        let period = Span::new(at("2022-12-31T22:00:00Z"), at("2023-01-09T12:00:00Z")).unwrap();
        let weeks = slices(period, Calendar::Week, Tz::UTC);
        let labels: Vec<&str> = weeks.iter().map(|slice| slice.label.as_str()).collect();
        assert_eq!(labels, ["2022-W52", "2023-W01", "2023-W02"]);
        assert_eq!(weeks.iter().map(|slice| slice.whole).collect::<Vec<_>>(), [false, true, false]);
        assert_eq!(slices(period, Calendar::Month, Tz::UTC)[0].label, "2022-12");
        assert_eq!(slices(period, Calendar::Day, Tz::UTC).len(), 10);
    }

    #[test]
    fn the_slices_of_a_period_add_up_to_it_across_both_changes_of_the_clock() {
        let period = Span::new(at("2021-02-27T05:00:00Z"), at("2021-12-03T05:00:00Z")).unwrap();
        for zone in [Denver, New_York, Lord_Howe, Beirut, Tz::UTC] {
            for (calendar, word) in Calendar::ALL {
                let slices = slices(period, calendar, zone);
                let sum: i64 = slices.iter().map(|slice| slice.span.seconds()).sum();
                assert_eq!(sum, period.seconds(), "{zone} {word}");
                assert!(slices.windows(2).all(|pair| pair[0].span.until() == pair[1].span.from()));
            }
        }
    }
}
