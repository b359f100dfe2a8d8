//! Moments in the form that programs write, read quickly. What is written otherwise is left to `when`, which knows every
//! form.
//!
//! Floor 1. Whatever is read here is read there as the same: a test holds both together.

use crate::model::Instant;

/// Years that are read here. The language of times has one more at either end.
const YEARS: std::ops::RangeInclusive<i64> = 1901..=2198;

/// `2023-08-04T09:00:00Z`, or with an offset such as `-04:00`: every time of a log and of a stream of patients is written
/// so, which makes it worth reading quickly. `None`: it is written otherwise, or is no time.
pub fn rfc3339(text: &[u8]) -> Option<Instant> {
    let (clock, offset) = text.split_at_checked(19)?;
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

/// Reads such moments one after the other: neighbours mostly lie on the same few days.
#[derive(Clone, Debug, Default)]
pub struct Moments {
    /// The last dates in UTC by their day's last digits.
    days: [Day; 32],
}

/// A date as it is written, with the `T` after it.
#[derive(Clone, Copy, Debug)]
struct Day {
    /// A comma and its first seven bytes, and its last eight.
    date: [u64; 2],
    /// Its first second.
    midnight: i64,
}

impl Default for Day {
    /// None: no date is written so.
    fn default() -> Self {
        Self { date: [u64::MAX; 2], midnight: 0 }
    }
}

impl Moments {
    /// What [`rfc3339`] makes of a text.
    #[inline]
    pub fn read(&mut self, text: &[u8]) -> Option<Instant> {
        match text.try_into() {
            Ok(text) => self.utc(text).or_else(|| self.learn(text)),
            Err(_) => rfc3339(text),
        }
    }
    /// The moment in UTC on a day that was read lately; `None`: it is none, or [`Moments::read`] has to read it.
    #[inline]
    pub fn utc(&self, text: &[u8; 20]) -> Option<Instant> {
        self.cell(&cell(text))
    }
    /// The same of a moment with the commas before and after it. Eight characters of the clock are looked at at once.
    #[inline(always)]
    #[allow(clippy::inline_always)] // thrice a row, ten million times
    pub fn cell(&self, cell: &[u8; 22]) -> Option<Instant> {
        /// `00:00:00`, in which digits are told from other characters by their upper bits.
        const CLOCK: u64 = u64::from_le_bytes(*b"00:00:00");
        /// What makes a byte of the clock overflow into its highest bit that is more than 2, 9, 0, 5, 9, 0, 5 or 9.
        const TOO_MUCH: u64 = u64::from_le_bytes([0x7d, 0x76, 0x7f, 0x7a, 0x76, 0x7f, 0x7a, 0x76]);
        const HIGHEST: u64 = u64::from_le_bytes([0x80; 8]);
        /// The bytes in which hours, minutes and seconds stand once they are put together of tens and ones; what makes more
        /// than 23 hours overflow; and what each of them is worth, so that one multiplication adds them 48 bits up.
        const PAIRS: u64 = 0x00ff_0000_ff00_00ff;
        const A_DAY: u64 = 0x80 - 24;
        const WORTH: u128 = 3600 << 48 | 60 << 24 | 1;
        let date = [eight(cell, 0), eight(cell, 4)];
        let day = &self.days[Self::place(date[1])];
        let clock = eight(cell, 12) ^ CLOCK;
        let pairs = clock.wrapping_mul(10).wrapping_add(clock >> 8) & PAIRS;
        let odd = (clock | clock.wrapping_add(TOO_MUCH) | pairs.wrapping_add(A_DAY) & 0x80) & HIGHEST;
        let end = u64::from(u16::from_le_bytes([cell[20], cell[21]]) ^ u16::from_le_bytes(*b"Z,"));
        let is_so = odd | end | (date[0] ^ day.date[0]) | (date[1] ^ day.date[1]) == 0;
        // No more than 24 bits.
        #[allow(clippy::cast_possible_truncation)]
        let seconds = ((u128::from(pairs) * WORTH) >> 48) as u32 & 0x00ff_ffff;
        is_so.then(|| Instant::from_seconds(day.midnight + i64::from(seconds)))
    }
    #[cold]
    fn learn(&mut self, text: &[u8; 20]) -> Option<Instant> {
        let at = rfc3339(text)?;
        let midnight = at.seconds() - at.seconds().rem_euclid(86_400);
        let cell = cell(text);
        let date = [eight(&cell, 0), eight(&cell, 4)];
        self.days[Self::place(date[1])] = Day { date, midnight };
        Some(at)
    }
    /// Where a day is kept whose last eight characters those are, with the `T`.
    #[inline]
    #[allow(clippy::cast_possible_truncation)] // five bits
    fn place(date: u64) -> usize {
        ((date >> 48) & 15 | (date >> 36) & 16) as usize
    }
}

/// A moment between two commas.
fn cell(text: &[u8; 20]) -> [u8; 22] {
    let mut cell = [b','; 22];
    cell[1..21].copy_from_slice(text);
    cell
}

/// Eight characters as a number.
#[inline]
fn eight(text: &[u8; 22], at: usize) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&text[at..at + 8]);
    u64::from_le_bytes(bytes)
}

fn two(tens: u8, ones: u8) -> Option<i64> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| i64::from(tens) * 10 + i64::from(ones))
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
            if let Some(at) = rfc3339(text.as_bytes()) {
                prop_assert_eq!(Some(at), patiently(&text));
            } else if (1901..=2198).contains(&year) {
                prop_assert_eq!(None, patiently(&text));
            }
        }
    }

    #[test]
    fn a_date_that_is_known_is_read_as_one_that_is_not() {
        let mut moments = Moments::default();
        for text in [
            "2023-08-04T13:00:00Z",
            "2023-08-04T23:59:59-04:00",
            "2023-08-04T23:59:59Z",
            "2023-08-04T24:00:00Z",
            "2023-08-04T23:60:00Z",
            "2023-08-05T00:00:00Z",
            "1969-12-31T23:59:59Z",
            "1969-12-31T00:00:01Z",
            "\0\0\0\0\0\0\0\0\0\0\0\x30\x30:00:00Z",
            "2023-08-04T1:00:00Z",
            "2023-08-04T13:00:00Z",
        ] {
            assert_eq!(moments.read(text.as_bytes()), rfc3339(text.as_bytes()), "{text}");
            assert_eq!(moments.read(text.replace('T', " ").as_bytes()), None);
        }
    }

    #[test]
    fn the_usual_forms_are_read_here() {
        let at = Some(Instant::from_seconds(1_691_154_000));
        assert_eq!([rfc3339(b"2023-08-04T13:00:00Z"), rfc3339(b"2023-08-04T09:00:00-04:00")], [at, at]);
        for odd in ["", "2023-08-04", "2023-08-04 09:00", "2023-02-29T00:00:00Z", "2023-08-04T09:00:00.5Z"] {
            assert_eq!(rfc3339(odd.as_bytes()), None, "{odd}");
        }
    }
}
