//! Seconds as the figures of a report: hours and percent with two decimals, minutes with one, rounded half up from
//! whole seconds so that no binary fraction decides.
//!
//! Floor 3.

use crate::model::Minutes;
use crate::sheet::{Cells, Value};

/// A figure of a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Figure {
    /// There is none.
    Missing,
    /// So many.
    Count(u64),
    /// A number with two decimals, in hundredths.
    Hundredths(i64),
    /// Minutes, one decimal.
    Minutes(Minutes),
}

impl Figure {
    /// Writes it as a cell.
    #[inline]
    pub(super) fn write(self, cells: &mut impl Cells) {
        match self {
            Self::Missing => cells.missing(),
            Self::Count(count) => cells.count(count),
            Self::Hundredths(hundredths) => cells.hundredths(hundredths),
            Self::Minutes(minutes) => cells.minutes(minutes),
        }
    }
}

impl From<Figure> for Value {
    #[allow(clippy::cast_precision_loss)] // hundredths of hours and of a percent stay far below 2^52
    fn from(figure: Figure) -> Self {
        match figure {
            Figure::Missing => Self::Missing,
            Figure::Count(count) => Self::count(count),
            Figure::Hundredths(hundredths) => Self::Decimal(hundredths as f64 / 100.0, 2),
            Figure::Minutes(minutes) => Self::Minutes(minutes),
        }
    }
}

/// Hours, two decimals.
#[inline]
pub(super) fn hours(seconds: i64) -> Figure {
    if seconds == 0 {
        return Figure::Hundredths(0); // as most are: nothing is divided
    }
    Figure::Hundredths((seconds * 100 + 1800).div_euclid(3600))
}

/// The share of a whole in percent, two decimals; missing where there is no whole.
#[inline]
pub(super) fn percent(seconds: i64, whole: i64) -> Figure {
    hundredths(seconds, whole).map_or(Figure::Missing, Figure::Hundredths)
}

/// The share of a whole in hundredths of a percent.
#[allow(clippy::cast_possible_truncation)] // a share of a whole is small
#[inline]
pub(super) fn hundredths(seconds: i64, whole: i64) -> Option<i64> {
    const SMALL: std::ops::Range<i64> = 0..1 << 48;
    if whole <= 0 {
        return None;
    }
    if SMALL.contains(&seconds) && SMALL.contains(&whole) {
        return Some((seconds * 20_000 + whole) / (2 * whole));
    }
    let (part, whole) = (i128::from(seconds), i128::from(whole));
    Some((part * 20_000 + whole).div_euclid(2 * whole) as i64)
}

/// Minutes, one decimal.
#[inline]
pub(super) fn minutes(seconds: i64) -> Figure {
    Figure::Minutes(Minutes::from_tenths((seconds * 10 + 30).div_euclid(60)))
}

/// The mean of lengths in seconds, as minutes; missing where there is none.
pub(super) fn mean(lengths: &[i64]) -> Figure {
    let Ok(count) = i64::try_from(lengths.len()) else { return Figure::Missing };
    if count == 0 {
        return Figure::Missing;
    }
    let sum: i64 = lengths.iter().sum();
    Figure::Minutes(Minutes::from_tenths((sum * 10 + 30 * count).div_euclid(60 * count)))
}

/// The median of sorted lengths in seconds, as minutes; missing where there is none. Of an even count it is the mean of the
/// middle two, and of an odd one these are the same.
pub(super) fn median(sorted: &[i64]) -> Figure {
    let Some(last) = sorted.len().checked_sub(1) else { return Figure::Missing };
    let both = sorted[last / 2] + sorted[sorted.len() / 2];
    Figure::Minutes(Minutes::from_tenths((both * 10 + 60).div_euclid(120)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_round_half_up() {
        assert_eq!(Value::from(hours(54)), Value::Decimal(0.02, 2)); // 0.015 h
        assert_eq!(Value::from(hours(53)), Value::Decimal(0.01, 2));
        assert_eq!(Value::from(percent(3456 * 60, 23040 * 60)), Value::Decimal(15.0, 2));
        assert_eq!(percent(1, 0), Figure::Missing);
        assert_eq!(percent(1 << 50, 1 << 51), Figure::Hundredths(5000));
        assert_eq!(minutes(3), Figure::Minutes(Minutes::from_tenths(1)));
    }

    #[test]
    fn an_even_count_has_its_median_between_the_middle_two() {
        assert_eq!(median(&[60, 120, 240, 300]), Figure::Minutes(Minutes::from_tenths(30)));
        assert_eq!(median(&[60, 120, 300]), Figure::Minutes(Minutes::from_tenths(20)));
        assert_eq!((median(&[]), mean(&[])), (Figure::Missing, Figure::Missing));
        assert_eq!(mean(&[60, 120]), Figure::Minutes(Minutes::from_tenths(15)));
    }
}
