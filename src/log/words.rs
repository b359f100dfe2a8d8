//! Words: texts that were met before, found again sixteen bytes at a time.
//!
//! Floor 4; reads no file.

use rustc_hash::FxHashMap;
use wide::u8x16;

/// So far from its beginning a row is looked at in search of its words.
pub(super) const REACH: usize = 512;

/// Texts and the number of each. One that is no longer than `16 * N` bytes, `N` being 1 or 2, is compared as `N` times
/// sixteen of them: its first and its last; a longer one byte by byte.
#[derive(Debug)]
pub(super) struct Words<const N: usize> {
    /// A power of two, at most half of which are taken.
    slots: Vec<Slot<N>>,
    taken: usize,
    long: FxHashMap<Box<[u8]>, u32>,
}

#[derive(Clone, Copy, Debug)]
struct Slot<const N: usize> {
    /// Its first bytes and its last, which overlap or are the same where it is short; zero after its end.
    bytes: [[u8; 16]; N],
    len: u32,
    number: u32,
}

/// The length of what stands in no slot.
const NONE: u32 = u32::MAX;

/// By a length up to sixteen: so many bytes with all bits, of sixteen.
pub(super) const WITHIN: [[u8; 16]; 17] = {
    let mut all = [[0; 16]; 17];
    let mut len = 1;
    while len <= 16 {
        all[len] = all[len - 1];
        all[len][len - 1] = 0xff;
        len += 1;
    }
    all
};

impl<const N: usize> Default for Words<N> {
    fn default() -> Self {
        Self { slots: vec![Self::FREE; 16], taken: 0, long: FxHashMap::default() }
    }
}

impl<const N: usize> Words<N> {
    const FREE: Slot<N> = Slot { bytes: [[0; 16]; N], len: NONE, number: 0 };

    /// The number of the part of a text from `begin` to `end`, which does not lie before it; `None`: it was not learnt, or
    /// lies at the end of the text.
    #[inline(always)]
    #[allow(clippy::inline_always)] // twice a row, ten million times
    pub(super) fn find(&self, text: &[u8; REACH], begin: usize, end: usize) -> Option<u32> {
        let len = end - begin;
        if len > 16 * N {
            return self.long(text.get(begin..end)?);
        }
        let within = u8x16::new(WITHIN[len.min(16)]);
        let first = sixteen(text, begin)? & within;
        let mut word = [first; N];
        if N > 1 {
            word[1] = sixteen(text, begin + len.saturating_sub(16))? & within;
        }
        self.look(&word, short(len)).ok()
    }
    /// The number of a part of a text that is no longer than fifteen bytes and whose first sixteen are `first`.
    #[inline(always)]
    #[allow(clippy::inline_always)] // once a row, ten million times
    pub(super) fn find_short(&self, first: u8x16, len: usize) -> Option<u32> {
        self.look(&[first & u8x16::new(WITHIN[len.min(16)]); N], short(len)).ok()
    }
    #[inline(never)]
    fn long(&self, text: &[u8]) -> Option<u32> {
        self.long.get(text).copied()
    }
    /// The number of a word; `Err`: where it would stand.
    #[inline(always)]
    #[allow(clippy::inline_always, clippy::cast_possible_truncation)] // thrice a row; and few bits are enough
    fn look(&self, word: &[u8x16; N], len: u32) -> Result<u32, usize> {
        const ODD: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xd6e8_feb8_6659_fd93];
        let [low, high] = halves((word[0] + word[N - 1]).to_array());
        let product = u128::from(low ^ u64::from(len) ^ ODD[0]) * u128::from(high ^ ODD[1]);
        let last = self.slots.len() - 1;
        let mut at = ((product >> u64::BITS) as u64 ^ product as u64) as usize & last;
        loop {
            let slot = &self.slots[at];
            let mut same = u8x16::new(slot.bytes[0]).simd_eq(word[0]);
            if N > 1 {
                same &= u8x16::new(slot.bytes[1]).simd_eq(word[1]);
            }
            if slot.len == len && same.to_bitmask() == 0xffff {
                return Ok(slot.number);
            }
            if slot.len == NONE {
                return Err(at);
            }
            at = (at + 1) & last;
        }
    }
    /// Learns the number of a text.
    pub(super) fn learn(&mut self, text: &[u8], number: u32) {
        let len = text.len();
        if len > 16 * N {
            self.long.insert(text.into(), number);
            return;
        }
        if 2 * self.taken >= self.slots.len() {
            let larger = vec![Self::FREE; 4 * self.slots.len()];
            for slot in std::mem::replace(&mut self.slots, larger) {
                if slot.len != NONE {
                    self.put(slot);
                }
            }
        }
        let mut bytes = [[0; 16]; N];
        let half = len.min(16);
        bytes[0][..half].copy_from_slice(&text[..half]);
        bytes[N - 1][..half].copy_from_slice(&text[len - half..]);
        self.taken += usize::from(self.put(Slot { bytes, len: short(len), number }));
    }
    /// Puts a word in its slot, if it is new.
    fn put(&mut self, slot: Slot<N>) -> bool {
        let free = self.look(&slot.bytes.map(u8x16::new), slot.len);
        if let Err(at) = free {
            self.slots[at] = slot;
        }
        free.is_err()
    }
    /// How many were learnt.
    pub(super) fn len(&self) -> usize {
        self.taken + self.long.len()
    }
}

/// A length that is at most 32.
#[allow(clippy::cast_possible_truncation)]
fn short(len: usize) -> u32 {
    len as u32
}

#[inline]
pub(super) fn sixteen(text: &[u8; REACH], at: usize) -> Option<u8x16> {
    Some(u8x16::new(*text.get(at..at + 16)?.first_chunk()?))
}

/// Sixteen bytes as two numbers, the first byte in the lowest of the first.
#[inline]
pub(super) fn halves(bytes: [u8; 16]) -> [u64; 2] {
    let both = u128::from_le_bytes(bytes);
    #[allow(clippy::cast_possible_truncation)] // the lower half
    [both as u64, (both >> 64) as u64]
}

/// The bytes of which those are the halves.
pub(super) fn whole([low, high]: [u64; 2]) -> [u8; 16] {
    (u128::from(low) | u128::from(high) << 64).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn found_by_their_numbers<const N: usize>(texts: &BTreeSet<String>, after: &str) {
        let mut words = Words::<N>::default();
        for (learnt, (number, next)) in (0..).zip(texts).enumerate() {
            assert_eq!(words.len(), learnt);
            for (number, text) in (0..).zip(texts) {
                let mut row = [b'y'; REACH];
                for (at, byte) in format!("x{text}{after}").bytes().enumerate() {
                    row[at] = byte;
                }
                let known = (number as usize) < learnt;
                assert_eq!(words.find(&row, 1, 1 + text.len()), known.then_some(number), "{text:?}");
            }
            words.learn(next.as_bytes(), number);
        }
    }

    proptest! {
        #[test]
        fn a_text_that_was_learnt_is_found_by_its_number_and_no_other(
            texts in prop::collection::btree_set("[ab\0]{0,36}", 2..40),
            after in "[a-c]{0,20}",
        ) {
            found_by_their_numbers::<1>(&texts, &after);
            found_by_their_numbers::<2>(&texts, &after);
        }
    }
}
