//! Instants and minutes: whole seconds of UTC, and tenths of a minute of driving.

use std::fmt;
use std::ops::{Add, Sub};

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// A moment in UTC, in whole seconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

impl Instant {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds)
    }
    /// Seconds since 1970-01-01T00:00:00Z.
    pub const fn seconds(self) -> i64 {
        self.0
    }
    /// The same moment on the wall clock of `zone`. Moments beyond chrono's range (year ±262,000) show as the epoch;
    /// reading never lets one in.
    pub fn on_clock_of(self, zone: Tz) -> DateTime<Tz> {
        DateTime::<Utc>::from_timestamp(self.0, 0).unwrap_or_default().with_timezone(&zone)
    }
    /// RFC 3339 with the offset of `zone`, as data has it.
    pub fn rfc3339(self, zone: Tz) -> String {
        self.on_clock_of(zone).to_rfc3339_opts(chrono::SecondsFormat::Secs, zone == Tz::UTC)
    }
    /// The whole seconds from `earlier` to this moment; negative if this one is before.
    pub fn since(self, earlier: Self) -> TimeDelta {
        TimeDelta::seconds(self.0 - earlier.0)
    }
}

impl<Z: TimeZone> From<DateTime<Z>> for Instant {
    /// Drops what is finer than a second.
    fn from(moment: DateTime<Z>) -> Self {
        Self(moment.timestamp())
    }
}

impl Add<TimeDelta> for Instant {
    type Output = Self;
    fn add(self, length: TimeDelta) -> Self {
        Self(self.0.saturating_add(length.num_seconds()))
    }
}

impl Sub<TimeDelta> for Instant {
    type Output = Self;
    fn sub(self, length: TimeDelta) -> Self {
        Self(self.0.saturating_sub(length.num_seconds()))
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339(Tz::UTC))
    }
}

/// Minutes of driving, in tenths, rounded half up before any comparison.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Minutes(i64);

impl Minutes {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// Rounds half up to a tenth. Not-a-number becomes zero; reading never lets one in.
    #[allow(clippy::cast_possible_truncation)] // a float-to-integer cast saturates
    pub fn round(minutes: f64) -> Self {
        Self((minutes * 10.0 + 0.5).floor() as i64)
    }
    /// From tenths of a minute.
    pub const fn from_tenths(tenths: i64) -> Self {
        Self(tenths)
    }
    /// In tenths of a minute.
    pub const fn tenths(self) -> i64 {
        self.0
    }
    /// As a number with one decimal.
    #[allow(clippy::cast_precision_loss)] // tenths of a minute stay far below 2^52
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / 10.0
    }
    /// The time that passes, in whole seconds.
    pub fn length(self) -> TimeDelta {
        TimeDelta::seconds(self.0 * 6)
    }
}

impl Add for Minutes {
    type Output = Self;
    fn add(self, more: Self) -> Self {
        Self(self.0 + more.0)
    }
}

impl Sub for Minutes {
    type Output = Self;
    fn sub(self, less: Self) -> Self {
        Self(self.0 - less.0)
    }
}

impl Minutes {
    /// Writes them with one decimal, always; most without the machinery of formatting, for rows by the million.
    pub fn write(self, out: &mut impl fmt::Write) -> fmt::Result {
        let (whole, tenth) = (self.0.unsigned_abs() / 10, self.0.unsigned_abs() % 10);
        let digit = |number: u64| char::from(b'0' + (number % 10) as u8);
        if self.0 < 0 {
            out.write_char('-')?;
        }
        if whole >= 100_000 {
            return write!(out, "{whole}.{tenth}");
        }
        for unit in [10_000, 1000, 100, 10] {
            if whole >= unit {
                out.write_char(digit(whole / unit))?;
            }
        }
        out.write_char(digit(whole))?;
        out.write_char('.')?;
        out.write_char(digit(tenth))
    }
}

impl fmt::Display for Minutes {
    /// One decimal, always.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f)
    }
}

impl fmt::Debug for Minutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} min")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_round_half_up_to_a_tenth() {
        assert_eq!(Minutes::round(7.25).to_string(), "7.3");
        assert_eq!(Minutes::round(7.249).to_string(), "7.2");
        assert_eq!(Minutes::round(0.04).to_string(), "0.0");
        assert_eq!(Minutes::from_tenths(-12).to_string(), "-1.2");
        assert_eq!(Minutes::from_tenths(-3).to_string(), "-0.3");
        assert_eq!(Minutes::from_tenths(1204).to_string(), "120.4");
        assert_eq!(Minutes::from_tenths(100_305).to_string(), "10030.5");
        assert_eq!(Minutes::from_tenths(1_234_567).to_string(), "123456.7");
        assert_eq!(Minutes::from_tenths(i64::MIN).to_string(), "-922337203685477580.8");
    }

    #[test]
    fn an_instant_shows_the_offset_of_its_zone() {
        let noon = Instant::from_seconds(1_691_150_400);
        assert_eq!(noon.rfc3339(chrono_tz::America::New_York), "2023-08-04T08:00:00-04:00");
        assert_eq!(noon.rfc3339(Tz::UTC), "2023-08-04T12:00:00Z");
    }
}
