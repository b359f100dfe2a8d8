//! Times and degrees in their usual form, read quickly. What is written otherwise is left to those who know every form.
//!
//! Floor 6. Whatever is read here is read there as the same: tests hold both together.

use crate::model::Instant;

/// Years that are read here. The language of times has one more at either end.
const YEARS: std::ops::RangeInclusive<i64> = 1901..=2198;

/// `2023-08-04T09:00:00Z`, or with an offset such as `-04:00`.
pub(super) fn instant(text: &str) -> Option<Instant> {
    let (clock, offset) = text.as_bytes().split_at_checked(19)?;
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1, b'T', h0, h1, b':', n0, n1, b':', s0, s1] = *clock
    else {
        return None;
    };
    let (year, month, day) = (two(y0, y1)? * 100 + two(y2, y3)?, two(m0, m1)?, two(d0, d1)?);
    let (hour, minute, second) = (two(h0, h1)?, two(n0, n1)?, two(s0, s1)?);
    let offset = match *offset {
        [b'Z'] => 0,
        [sign @ (b'+' | b'-'), h0, h1, b':', m0, m1] => {
            let (hours, minutes) = (two(h0, h1)?, two(m0, m1)?);
            let length = hours * 3600 + minutes * 60;
            if hours > 23 || minutes > 59 {
                return None;
            }
            if sign == b'-' { -length } else { length }
        }
        _ => return None,
    };
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !YEARS.contains(&year) || !(1..=last).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    // Days since 1970 in the Gregorian calendar, with years that begin in March.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    Some(Instant::from_seconds(days * 86_400 + hour * 3600 + minute * 60 + second - offset))
}

fn two(tens: u8, ones: u8) -> Option<i64> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| i64::from(tens) * 10 + i64::from(ones))
}

/// `-72.4795`: at most fifteen digits, so that the division of two exact numbers rounds once, and rightly.
pub(super) fn decimal(text: &str) -> Option<f64> {
    const TENS: [f64; 16] =
        [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
    let bytes = text.as_bytes();
    let (negative, bytes) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, bytes),
    };
    if bytes.is_empty() || bytes.len() > 16 {
        return None;
    }
    let mut number = 0_i64;
    let mut point = None;
    for (at, byte) in bytes.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 {
            number = number * 10 + i64::from(digit);
        } else if *byte == b'.' && point.is_none() {
            point = Some(at);
        } else {
            return None;
        }
    }
    let (decimals, digits) = match point {
        Some(at) => (bytes.len() - 1 - at, bytes.len() - 1),
        None => (0, bytes.len()),
    };
    if digits == 0 || digits > 15 {
        return None;
    }
    #[allow(clippy::cast_precision_loss)] // fifteen digits stay below 2^53
    let number = number as f64 / TENS[decimals];
    Some(if negative { -number } else { number })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::Sources;

    fn patiently(text: &str) -> Option<Instant> {
        let file = Sources::default().add("", "");
        crate::sentence::time(text, file, Instant::from_seconds(0), chrono_tz::UTC).ok()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

        #[test]
        fn a_time_is_read_as_the_language_of_times_reads_it(
            (year, month, day) in (1890..2210_u32, 0..14_u32, 0..33_u32),
            (hour, minute, second) in (0..26_u32, 0..62_u32, 0..62_u32),
            offset in prop_oneof![3 => Just("Z"), 1 => Just("-04:00"), 1 => Just("+05:45"), 1 => Just("-23:59")],
        ) {
            let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{offset}");
            if let Some(at) = instant(&text) {
                prop_assert_eq!(Some(at), patiently(&text));
            } else if (1901..=2198).contains(&year) {
                prop_assert_eq!(None, patiently(&text));
            }
        }

        #[test]
        fn degrees_are_read_as_any_number(text in "-?[0-9]{0,9}\\.?[0-9]{0,9}") {
            if let Some(number) = decimal(&text) {
                prop_assert_eq!(number.to_bits(), text.parse::<f64>().unwrap().to_bits());
            }
        }
    }

    #[test]
    fn the_usual_forms_are_read_here() {
        assert_eq!(instant("2023-08-04T13:00:00Z"), Some(Instant::from_seconds(1_691_154_000)));
        assert_eq!(instant("2023-08-04T09:00:00-04:00"), instant("2023-08-04T13:00:00Z"));
        assert_eq!(decimal("-72.4795"), Some(-72.4795));
        assert_eq!(decimal("41"), Some(41.0));
        for odd in ["", "-", ".", "1e3", "+1", " 1", "NaN", "1.2.3", "1234567890123456"] {
            assert_eq!(decimal(odd), None, "{odd}");
        }
        for odd in ["", "2023-08-04", "2023-08-04 09:00", "2023-02-29T00:00:00Z", "2023-08-04T09:00:00.5Z"] {
            assert_eq!(instant(odd), None, "{odd}");
        }
    }
}
