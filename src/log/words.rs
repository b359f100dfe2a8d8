//! Words: the texts of cells as numbers, so that to compare two is to compare numbers.
//!
//! Floor 4; reads no file.

use rustc_hash::FxHashMap;

use crate::model::Span;

/// A text as two numbers: two are equal where their texts are, among the same [`Words`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Word(u64, u64);

/// Up to so many bytes are the numbers themselves; the last byte is their count.
const SHORT: usize = 15;
/// In the place of the count: a longer text, by its number among all that were learnt.
const LONG: u64 = 0xff << 56;
/// A long text that was not learnt: no table has it. Not an `Option`, which would not be told in registers; waiting for
/// memory six times a row was a third of the time of reading.
const UNKNOWN: Word = Word(u64::MAX, LONG);
/// More long texts than this are not learnt.
const LONG_TEXTS: usize = 1 << 16;

impl Word {
    /// Its bits, for hashing.
    #[inline]
    pub(super) fn mixed(self) -> u64 {
        self.0 ^ self.1.rotate_left(31)
    }
    #[inline]
    fn short(bytes: [u8; 16], len: usize) -> Self {
        let [low, high] = [0, 8].map(|at| {
            let mut half = [0; 8];
            half.copy_from_slice(&bytes[at..at + 8]);
            u64::from_le_bytes(half)
        });
        let count = (len as u64) << 56;
        if len < 8 {
            Self(low & ((1 << (8 * len)) - 1), count)
        } else {
            Self(low, high & ((1 << (8 * (len - 8))) - 1) | count)
        }
    }
    #[inline(never)]
    fn near_the_end(text: &[u8]) -> Self {
        let mut bytes = [0; 16];
        bytes[..text.len()].copy_from_slice(text);
        Self::short(bytes, text.len())
    }
}

/// The long texts that were learnt.
#[derive(Debug, Default)]
pub(super) struct Words(FxHashMap<Box<[u8]>, Word>);

impl Words {
    /// The word of a part of a text; one that nothing was learnt of, if it is long and was not learnt.
    #[inline]
    pub(super) fn known(&self, text: &[u8], part: Span) -> Word {
        let len = part.end - part.start;
        if len > SHORT {
            return self.long(&text[part]);
        }
        match text[part.start..].split_first_chunk() {
            Some((bytes, _)) => Word::short(*bytes, len),
            None => Word::near_the_end(&text[part]),
        }
    }
    #[inline(never)]
    fn long(&self, text: &[u8]) -> Word {
        self.0.get(text).copied().unwrap_or(UNKNOWN)
    }
    /// The word of a text, which is learnt; `None`: too many were.
    pub(super) fn learn(&mut self, text: &[u8]) -> Option<Word> {
        let known = self.known(text, 0..text.len());
        if known != UNKNOWN {
            return Some(known);
        }
        let word = Word(self.0.len() as u64, LONG);
        (self.0.len() < LONG_TEXTS).then(|| *self.0.entry(text.into()).or_insert(word))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn words_are_equal_where_texts_are(
            texts in prop::collection::vec("[ab\0]{0,18}", 2..40),
            after in "[a-c]{0,20}",
        ) {
            let mut words = Words::default();
            for text in &texts {
                prop_assert!(words.learn(text.as_bytes()).is_some());
            }
            for one in &texts {
                for other in &texts {
                    let word = |text: &String, after: &str| {
                        let whole = format!("x{text}{after}");
                        words.known(whole.as_bytes(), 1..1 + text.len())
                    };
                    prop_assert_eq!(word(one, &after) == word(other, ""), one == other);
                }
            }
        }
    }
}
