//! Seconds as the figures of a report: hours and percent with two decimals, minutes with one, rounded half up from
//! whole seconds so that no binary fraction decides.
//!
//! Floor 3.

use crate::model::Minutes;

use crate::sheet::Value;

/// Hours, two decimals.
#[allow(clippy::cast_precision_loss)] // hundredths of hours stay far below 2^52
pub(super) fn hours(seconds: i64) -> Value {
    Value::Decimal((seconds * 100 + 1800).div_euclid(3600) as f64 / 100.0, 2)
}

/// The share of a whole in percent, two decimals; missing where there is no whole.
pub(super) fn percent(seconds: i64, whole: i64) -> Value {
    hundredths(seconds, whole).map_or(Value::Missing, |share| {
        #[allow(clippy::cast_precision_loss)] // hundredths of a percent are small
        Value::Decimal(share as f64 / 100.0, 2)
    })
}

/// The share of a whole in hundredths of a percent.
#[allow(clippy::cast_possible_truncation)] // a share of a whole is small
pub(super) fn hundredths(seconds: i64, whole: i64) -> Option<i64> {
    let (part, whole) = (i128::from(seconds), i128::from(whole));
    (whole > 0).then(|| (part * 20_000 + whole).div_euclid(2 * whole) as i64)
}

/// Minutes, one decimal.
pub(super) fn minutes(seconds: i64) -> Value {
    Value::Minutes(Minutes::from_tenths((seconds * 10 + 30).div_euclid(60)))
}

/// The mean of lengths in seconds, as minutes; missing where there is none.
pub(super) fn mean(lengths: &[i64]) -> Value {
    let Ok(count) = i64::try_from(lengths.len()) else { return Value::Missing };
    if count == 0 {
        return Value::Missing;
    }
    let sum: i64 = lengths.iter().sum();
    Value::Minutes(Minutes::from_tenths((sum * 10 + 30 * count).div_euclid(60 * count)))
}

/// The median of sorted lengths in seconds, as minutes; missing where there is none.
pub(super) fn median(sorted: &[i64]) -> Value {
    let middle = sorted.len() / 2;
    match (sorted.get(middle), sorted.len() % 2) {
        (None, _) => Value::Missing,
        (Some(length), 1) => minutes(*length),
        (Some(length), _) => {
            let both = length + sorted[middle - 1];
            Value::Minutes(Minutes::from_tenths((both * 10 + 60).div_euclid(120)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_round_half_up() {
        assert_eq!(hours(54), Value::Decimal(0.02, 2)); // 0.015 h
        assert_eq!(hours(53), Value::Decimal(0.01, 2));
        assert_eq!(percent(3456 * 60, 23040 * 60), Value::Decimal(15.0, 2));
        assert_eq!(percent(1, 0), Value::Missing);
        assert_eq!(minutes(3), Value::Minutes(Minutes::from_tenths(1)));
    }

    #[test]
    fn an_even_count_has_its_median_between_the_middle_two() {
        assert_eq!(median(&[60, 120, 240, 300]), Value::Minutes(Minutes::from_tenths(30)));
        assert_eq!(median(&[60, 120, 300]), Value::Minutes(Minutes::from_tenths(20)));
        assert_eq!((median(&[]), mean(&[])), (Value::Missing, Value::Missing));
        assert_eq!(mean(&[60, 120]), Value::Minutes(Minutes::from_tenths(15)));
    }
}
