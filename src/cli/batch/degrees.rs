//! Degrees in their usual form, read quickly. What is written otherwise is left to who knows every form of a number.
//!
//! Floor 6. Whatever is read here is read there as the same: a test holds both together.

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

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

        #[test]
        fn degrees_are_read_as_any_number(text in "-?[0-9]{0,9}\\.?[0-9]{0,9}") {
            if let Some(number) = decimal(&text) {
                prop_assert_eq!(number.to_bits(), text.parse::<f64>().unwrap().to_bits());
            }
        }
    }

    #[test]
    fn the_usual_form_is_read_here() {
        assert_eq!(decimal("-72.4795"), Some(-72.4795));
        assert_eq!(decimal("41"), Some(41.0));
        for odd in ["", "-", ".", "1e3", "+1", " 1", "NaN", "1.2.3", "1234567890123456"] {
            assert_eq!(decimal(odd), None, "{odd}");
        }
    }
}
