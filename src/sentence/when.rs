//! Times and durations: how they are written, and which instant a written time means.
//!
//! Floor 1: `now` and the zone are arguments; no clock, no environment, no registry.

use std::cmp::Reverse;

use chrono::{
    DateTime, Datelike, Days, FixedOffset, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, Offset,
    TimeDelta, TimeZone, Weekday,
};
use chrono_tz::Tz;

use super::lexer::Token;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{FileId, Instant, Span};

/// Years that a time may lie in: a typing error beyond them is caught, and no arithmetic can overflow.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2199;
/// No duration is longer: a hundred years.
const LONGEST: i64 = 36_500 * 86_400;
/// How far ahead a bare clock time after `from` may lie.
const HALF_DAY: i64 = 12 * 3600;
/// How far ahead a weekday after `from` may lie: three and a half days.
const HALF_WEEK: i64 = 84 * 3600;

const FORMS: &str = "times are written `10:00`, `0600`, `6am`, `noon`, `tomorrow 07:00`, `friday 10:00`, \
                     `2023-08-04 10:00`, `2023-08-04T10:00-04:00`, `now`, `-2h` or `+30m`";

/// A time as it was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Moment {
    /// `now`, `-2h`, `+30m`.
    FromNow(TimeDelta),
    /// A clock time, with or without a day and an offset.
    Local { day: Day, clock: NaiveTime, offset: Option<FixedOffset> },
    /// A date alone: its first instant.
    StartOf(NaiveDate),
}

/// The day of a clock time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Day {
    /// Not said.
    Any,
    /// That date.
    Date(NaiveDate),
    /// So many days after today.
    Away(i8),
    /// A day of that name.
    On(Weekday),
}

/// Which of the days that a time can mean is meant.
#[derive(Clone, Copy, Debug)]
pub(super) enum Aim {
    /// The nearest to now: `from` in a sentence.
    Nearest,
    /// The first after that instant: `until` in a sentence.
    After(Instant),
    /// The latest not after now: everywhere else.
    Past,
}

/// A local time as instants.
#[derive(Clone, Copy, Debug)]
enum Reading {
    Once(Instant),
    /// The clocks go back over it.
    Twice(Instant, Instant),
    /// The clocks go forward over it, at this instant.
    Never(Instant),
}

impl Reading {
    fn first(self) -> Instant {
        match self {
            Self::Once(at) | Self::Twice(at, _) | Self::Never(at) => at,
        }
    }
    fn last(self) -> Instant {
        match self {
            Self::Once(at) | Self::Twice(_, at) | Self::Never(at) => at,
        }
    }
}

impl Moment {
    /// The instant meant.
    pub(super) fn resolve(
        self,
        zone: Tz,
        now: Instant,
        aim: Aim,
        file: FileId,
        span: &Span,
    ) -> Result<Instant, Diagnostic> {
        let at = match self {
            Self::FromNow(length) => now + length,
            Self::StartOf(date) => read(&zone, date.and_time(NaiveTime::MIN)).first(),
            Self::Local { day, clock, offset: Some(offset) } => {
                choose(&offset, day, clock, now, aim).map_or(now, |(_, reading)| reading.first())
            }
            Self::Local { day, clock, offset: None } => match choose(&zone, day, clock, now, aim) {
                None => now,
                Some((_, Reading::Once(at))) => at,
                Some((local, Reading::Twice(a, b))) => {
                    return Err(Diagnostic::at(
                        Code::AmbiguousLocalTime,
                        file,
                        span.clone(),
                        format!("{} exists twice in {zone}: the clocks go back over it", shown(local)),
                    )
                    .help(format!(
                        "say which: `{}` or `{}`",
                        clock_text(a, zone),
                        clock_text(b, zone)
                    )));
                }
                Some((local, Reading::Never(gap))) => {
                    let offset =
                        |at: Instant| i64::from(at.on_clock_of(zone).offset().fix().local_minus_utc());
                    let as_if = |offset: i64| {
                        clock_text(Instant::from_seconds(local.and_utc().timestamp() - offset), zone)
                    };
                    let (before, after) = (offset(gap - TimeDelta::seconds(1)), offset(gap));
                    return Err(Diagnostic::at(
                        Code::NoSuchLocalTime,
                        file,
                        span.clone(),
                        format!("{} does not exist in {zone}: the clocks go forward over it", shown(local)),
                    )
                    .help(format!(
                        "say which: `{}` or `{}`",
                        as_if(after),
                        as_if(before)
                    )));
                }
            },
        };
        in_years(at, file, span)
    }
}

/// Refuses an instant that no sentence can print.
pub(super) fn in_years(at: Instant, file: FileId, span: &Span) -> Result<Instant, Diagnostic> {
    match DateTime::from_timestamp(at.seconds(), 0) {
        Some(moment) if YEARS.contains(&moment.year()) => Ok(at),
        _ => Err(out_of_years(file, span.clone())),
    }
}

fn out_of_years(file: FileId, span: Span) -> Diagnostic {
    let message = format!("the time lies outside the years {} to {}", YEARS.start(), YEARS.end());
    Diagnostic::at(Code::BadTime, file, span, message).help("check the year")
}

fn shown(local: NaiveDateTime) -> String {
    local.format("%Y-%m-%d %H:%M").to_string()
}

/// Of the days that a clock time can lie on, the one that is meant, and what the time is there. `None` only where
/// `now` itself is beyond chrono's range.
fn choose<Z: TimeZone>(
    zone: &Z,
    day: Day,
    clock: NaiveTime,
    now: Instant,
    aim: Aim,
) -> Option<(NaiveDateTime, Reading)> {
    let date_at = |at: Instant| {
        Some(DateTime::from_timestamp(at.seconds(), 0)?.with_timezone(zone).date_naive())
            .filter(|date| YEARS.contains(&date.year()))
    };
    let on = |date: NaiveDate| (date.and_time(clock), read(zone, date.and_time(clock)));
    let plus = |date: NaiveDate, days: i8| {
        let count = Days::new(u64::from(days.unsigned_abs()));
        if days < 0 { date.checked_sub_days(count) } else { date.checked_add_days(count) }
    };
    match day {
        Day::Date(date) => return Some(on(date)),
        Day::Away(days) => return Some(on(plus(date_at(now)?, days)?)),
        Day::Any | Day::On(_) => {}
    }
    let around = match aim {
        Aim::Nearest | Aim::Past => now,
        Aim::After(from) => from,
    };
    let today = date_at(around)?;
    let fits = |date: &NaiveDate| match day {
        Day::On(weekday) => date.weekday() == weekday,
        Day::Any | Day::Date(_) | Day::Away(_) => true,
    };
    let ahead = if let Day::On(_) = day { HALF_WEEK } else { HALF_DAY };
    // Nine days each way: a week, and a day more at either end for zones that skip or repeat one.
    let mut days = (-9..=9i8).filter_map(|days| plus(today, days)).filter(fits).map(on);
    match aim {
        Aim::After(from) => days.find(|(_, reading)| reading.last() > from),
        Aim::Past => days.filter(|(_, reading)| reading.first() <= now).last(),
        Aim::Nearest => days
            .filter(|(_, reading)| reading.first().seconds().saturating_sub(now.seconds()) <= ahead)
            // Of two equally near, the one ahead.
            .min_by_key(|(_, reading)| {
                (reading.first().seconds().abs_diff(now.seconds()), Reverse(reading.first()))
            }),
    }
}

/// What a local time is in a zone.
fn read<Z: TimeZone>(zone: &Z, local: NaiveDateTime) -> Reading {
    match zone.from_local_datetime(&local) {
        MappedLocalTime::Single(at) => Reading::Once(at.into()),
        MappedLocalTime::Ambiguous(a, b) => Reading::Twice(a.into(), b.into()),
        MappedLocalTime::None => {
            // The first instant at which a clock shows `local` or later. No offset exceeds a day.
            let target = local.and_utc().timestamp();
            let (mut before, mut after) = (target - 86_400, target + 86_400);
            while after - before > 1 {
                let middle = before + (after - before) / 2;
                let shows =
                    DateTime::from_timestamp(middle, 0).map(|at| at.with_timezone(zone).naive_local());
                if shows.is_some_and(|shown| shown >= local) { after = middle } else { before = middle }
            }
            Reading::Never(Instant::from_seconds(after))
        }
    }
}

/// `2023-08-04 09:00-04:00`, seconds only where they are not zero. An offset that is no whole minute (before standard
/// time) is shown as UTC, because no offset can be written for it.
pub(super) fn clock_text(at: Instant, zone: Tz) -> String {
    let local = at.on_clock_of(zone);
    let whole = local.offset().fix().local_minus_utc() % 60 == 0;
    let local = if whole { local } else { at.on_clock_of(Tz::UTC) };
    let format = if at.seconds() % 60 == 0 { "%Y-%m-%d %H:%M%:z" } else { "%Y-%m-%d %H:%M:%S%:z" };
    local.format(format).to_string()
}

/// `1h30m`, `3d`, `45s`; nothing that is zero, but `0m` for no time at all.
pub(super) fn length_text(length: TimeDelta) -> String {
    let mut rest = length.num_seconds().unsigned_abs();
    let mut text = if length < TimeDelta::zero() { "-".to_owned() } else { String::new() };
    if rest == 0 {
        text.push_str("0m");
    }
    for (unit, seconds) in [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)] {
        if rest >= seconds {
            text.push_str(&(rest / seconds).to_string());
            text.push_str(unit);
            rest %= seconds;
        }
    }
    text
}

/// Reads a duration at the beginning of `tokens`, and says how many it took.
pub(super) fn length(tokens: &[Token<'_>], file: FileId) -> Result<(TimeDelta, usize), Diagnostic> {
    match tokens.first() {
        Some(first) => length_from(first.text, tokens, file),
        None => {
            Err(Diagnostic::at(Code::BadDuration, file, 0..0, "expected a duration, found nothing")
                .help(LENGTHS))
        }
    }
}

/// Whether a duration stands at the beginning of `tokens`.
pub(super) fn starts_with_length(tokens: &[Token<'_>], file: FileId) -> bool {
    length(tokens, file).is_ok()
}

const LENGTHS: &str = "durations are written `90m`, `2h`, `1h30m`, `3d`, `2 hours` or `90 min`";

/// The same with the first token's text given, so that a sign can be taken off it.
fn length_from(first: &str, tokens: &[Token<'_>], file: FileId) -> Result<(TimeDelta, usize), Diagnostic> {
    let span = |used: usize| {
        let last = tokens.get(used).or(tokens.last());
        tokens.first().map_or(0, |token| token.span.start)..last.map_or(0, |token| token.span.end)
    };
    let bad = |used: usize, message: String| {
        Err(Diagnostic::at(Code::BadDuration, file, span(used), message).help(LENGTHS))
    };
    let (mut total, mut unit_before, mut used) = (0i64, i64::MAX, 0);
    while let Some(token) = tokens.get(used) {
        let mut rest = if used == 0 { first } else { token.text };
        if !rest.starts_with(|c: char| c.is_ascii_digit()) {
            break;
        }
        let begins_at = used;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let (number, after) = rest.split_at(digits);
            let letters = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
            let (mut unit, after) = after.split_at(letters);
            if unit.is_empty() && after.is_empty() {
                used += 1;
                unit = tokens.get(used).map_or("", |next| next.text).trim_end_matches('.');
            }
            rest = after.trim_end_matches('.');
            let Some(seconds) = unit_seconds(unit).filter(|_| !number.is_empty()) else {
                return match unit {
                    "" if rest.is_empty() => bad(begins_at, format!("`{number}` needs a unit")),
                    "" => bad(begins_at, format!("expected a duration, found `{}`", tokens[begins_at].text)),
                    _ => bad(used, format!("`{unit}` is no unit of time")),
                };
            };
            if seconds >= unit_before {
                return bad(used, "a duration goes from the largest unit to the smallest".to_owned());
            }
            unit_before = seconds;
            total = number
                .parse::<i64>()
                .ok()
                .and_then(|count| count.checked_mul(seconds))
                .and_then(|length| total.checked_add(length))
                .unwrap_or(i64::MAX);
        }
        used += 1;
    }
    if used == 0 {
        return bad(0, format!("expected a duration, found `{first}`"));
    }
    if total > LONGEST {
        return bad(used - 1, format!("a duration is at most {}", length_text(TimeDelta::seconds(LONGEST))));
    }
    Ok((TimeDelta::seconds(total), used))
}

fn unit_seconds(unit: &str) -> Option<i64> {
    match unit.to_ascii_lowercase().as_str() {
        "d" | "day" | "days" => Some(86_400),
        "h" | "hr" | "hrs" | "hour" | "hours" => Some(3600),
        "m" | "min" | "mins" | "minute" | "minutes" => Some(60),
        "s" | "sec" | "secs" | "second" | "seconds" => Some(1),
        _ => None,
    }
}

/// Reads a time at the beginning of `tokens`, and says how many it took.
pub(super) fn moment(tokens: &[Token<'_>], file: FileId) -> Result<(Moment, usize), Diagnostic> {
    let Some(first) = tokens.first() else {
        return Err(Diagnostic::at(Code::BadTime, file, 0..0, "expected a time, found nothing").help(FORMS));
    };
    let span = |used: usize| {
        first.span.start
            ..tokens.get(used.saturating_sub(1)).or(tokens.last()).map_or(0, |token| token.span.end)
    };
    if first.key == "now" {
        return Ok((Moment::FromNow(TimeDelta::zero()), 1));
    }
    for (sign, factor) in [('-', -1), ('+', 1)] {
        if let Some(unsigned) = first.text.strip_prefix(sign) {
            let (length, used) = length_from(unsigned, tokens, file)?;
            return Ok((Moment::FromNow(length * factor), used));
        }
    }
    if let Some(text) = first.text.get(..10).filter(|text| looks_like_date(text)) {
        let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") else {
            return Err(Diagnostic::at(Code::BadTime, file, span(1), format!("there is no date {text}"))
                .help("dates are written year-month-day: `2023-08-04`"));
        };
        if !YEARS.contains(&date.year()) {
            return Err(out_of_years(file, span(1)));
        }
        let after = first.text[10..].trim_end_matches('.');
        let day = Day::Date(date);
        if let Some(clock) = after.strip_prefix(['T', 't']) {
            let (clock, offset, used) = clock_from(clock, tokens, file)?;
            return Ok((Moment::Local { day, clock, offset }, used));
        }
        if !after.is_empty() {
            return Err(Diagnostic::at(
                Code::BadTime,
                file,
                span(1),
                format!("expected a time, found `{}`", first.text),
            )
            .help(FORMS));
        }
        return match tokens.get(1) {
            Some(next) if next.is_number() || next.key == "noon" || next.key == "midnight" => {
                let (clock, offset, used) = clock_on_day(&tokens[1..], file)?;
                Ok((Moment::Local { day, clock, offset }, used + 1))
            }
            _ => Ok((Moment::StartOf(date), 1)),
        };
    }
    if let Some(day) = day_named(&first.key) {
        let at = 1 + usize::from(tokens.get(1).is_some_and(|token| token.key == "at"));
        return match tokens.get(at) {
            Some(next) if next.is_number() || next.key == "noon" || next.key == "midnight" => {
                let (clock, offset, used) = clock_on_day(&tokens[at..], file)?;
                Ok((Moment::Local { day, clock, offset }, at + used))
            }
            _ => Err(Diagnostic::at(
                Code::BadTime,
                file,
                span(1),
                format!("`{}` needs a time of day", first.text),
            )
            .help(format!("write `{} 07:00`", first.text))),
        };
    }
    if first.key == "midnight" {
        return Ok((Moment::Local { day: Day::Any, clock: NaiveTime::MIN, offset: None }, 1));
    }
    let (clock, offset, used) = clock_from(first.text, tokens, file)?;
    match tokens.get(used).and_then(|token| day_named(&token.key)) {
        Some(day) => Ok((Moment::Local { day, clock, offset }, used + 1)),
        None => Ok((Moment::Local { day: Day::Any, clock, offset }, used)),
    }
}

fn looks_like_date(text: &str) -> bool {
    text.bytes()
        .enumerate()
        .all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() })
}

fn day_named(key: &str) -> Option<Day> {
    Some(match key {
        "yesterday" => Day::Away(-1),
        "today" => Day::Away(0),
        "tomorrow" => Day::Away(1),
        "monday" | "mon" => Day::On(Weekday::Mon),
        "tuesday" | "tue" | "tues" => Day::On(Weekday::Tue),
        "wednesday" | "wed" => Day::On(Weekday::Wed),
        "thursday" | "thu" | "thur" | "thurs" => Day::On(Weekday::Thu),
        "friday" | "fri" => Day::On(Weekday::Fri),
        "saturday" | "sat" => Day::On(Weekday::Sat),
        "sunday" | "sun" => Day::On(Weekday::Sun),
        _ => return None,
    })
}

type Clock = (NaiveTime, Option<FixedOffset>, usize);

/// A clock time after a day. `midnight` may not stand there: half of all people mean the night before, half the night
/// after.
fn clock_on_day(tokens: &[Token<'_>], file: FileId) -> Result<Clock, Diagnostic> {
    match tokens.first() {
        Some(first) if first.key == "midnight" => {
            let message = "`midnight` of a day can mean the night before it or the night after it";
            Err(Diagnostic::at(Code::BadTime, file, first.span.clone(), message)
                .help("write `00:00` for the moment at which the day begins"))
        }
        Some(first) => clock_from(first.text, tokens, file),
        None => Err(Diagnostic::at(Code::BadTime, file, 0..0, "expected a time of day").help(FORMS)),
    }
}

/// A clock time that begins with `first` (the first token, or what stands after its date), and an offset after it.
fn clock_from(first: &str, tokens: &[Token<'_>], file: FileId) -> Result<Clock, Diagnostic> {
    let span = tokens.first().map_or(0..0, |token| token.span.clone());
    let bad = |message: String, help: &str| {
        Err(Diagnostic::at(Code::BadTime, file, span.clone(), message).help(help))
    };
    let first = first.trim_end_matches('.');
    if first.eq_ignore_ascii_case("noon") {
        return Ok((NaiveTime::from_hms_opt(12, 0, 0).unwrap_or_default(), None, 1));
    }
    let digits = first.find(|c: char| !c.is_ascii_digit() && c != ':' && c != '.').unwrap_or(first.len());
    let (numbers, suffix) = first.split_at(digits);
    let mut used = 1;
    let mut suffix = suffix.to_ascii_lowercase().replace('.', "");
    let next = |used: usize| tokens.get(used).map_or("", |token| token.key.as_str());
    if suffix.is_empty() && matches!(next(used), "am" | "pm") {
        next(used).clone_into(&mut suffix);
        used += 1;
    }
    let half = match suffix.as_str() {
        "am" => Some(0),
        "pm" => Some(12),
        _ => None,
    };
    let Some((hour, minute, second)) = hours(numbers, half.is_some()) else {
        return bad(
            format!("expected a time, found `{first}`"),
            if numbers.len() == first.len() && digits < 3 && digits > 0 {
                "say which half of the day: `06:00`, `6am` or `6pm`"
            } else {
                FORMS
            },
        );
    };
    let hour = match half {
        Some(_) if !(1..=12).contains(&hour) => {
            return bad(
                format!("`{first}` is no time of day"),
                "before `am` and `pm` stands an hour from 1 to 12",
            );
        }
        Some(half) => hour % 12 + half,
        None => hour,
    };
    let Some(clock) = NaiveTime::from_hms_opt(hour, minute, second) else {
        return bad(
            format!("`{first}` is no time of day"),
            if hour == 24 {
                "write `00:00` with the next day, or `midnight`"
            } else {
                "hours are 0 to 23, minutes 0 to 59"
            },
        );
    };
    if half.is_none() && !suffix.is_empty() {
        return match offset(&suffix) {
            Some(offset) => Ok((clock, Some(offset), used)),
            None => bad(format!("expected a time, found `{first}`"), FORMS),
        };
    }
    match tokens.get(used).and_then(|token| offset(token.text)) {
        Some(offset) => Ok((clock, Some(offset), used + 1)),
        None => Ok((clock, None, used)),
    }
}

/// `10:00`, `10:00:30` (a fraction is dropped), `0600`; before `am` and `pm` also `6`.
fn hours(text: &str, bare_hour: bool) -> Option<(u32, u32, u32)> {
    let two = |text: &str| {
        let fits = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| text.parse::<u32>().ok()).flatten()
    };
    let parts: Vec<&str> = text.splitn(3, ':').collect();
    match parts.as_slice() {
        [hour] if bare_hour && hour.len() <= 2 => Some((two(hour)?, 0, 0)),
        [four] if four.len() == 4 => Some((two(four.get(..2)?)?, two(four.get(2..)?)?, 0)),
        [hour, minute] if minute.len() == 2 => Some((two(hour)?, two(minute)?, 0)),
        [hour, minute, second] if minute.len() == 2 => {
            let (second, fraction) = second.split_once('.').unwrap_or((second, ""));
            let digits = second.len() == 2 && fraction.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| Some((two(hour)?, two(minute)?, two(second)?))).flatten()
        }
        _ => None,
    }
}

/// `Z`, `-04:00`, `-0400`.
fn offset(text: &str) -> Option<FixedOffset> {
    if text.eq_ignore_ascii_case("z") || text.eq_ignore_ascii_case("utc") {
        return FixedOffset::east_opt(0);
    }
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let digits = rest.replacen(':', "", 1);
    if digits.len() != 4
        || !digits.bytes().all(|byte| byte.is_ascii_digit())
        || rest.find(':').is_some_and(|at| at != 2)
    {
        return None;
    }
    let (hours, minutes) = (digits[..2].parse::<i32>().ok()?, digits[2..].parse::<i32>().ok()?);
    if minutes > 59 { None } else { FixedOffset::east_opt(sign * (hours * 3600 + minutes * 60)) }
}
