//! Marks: where the cells of a text without quotes end, found sixteen bytes at a time.
//!
//! Floor 6.

use wide::u8x16;

/// Where a cell ends that has this mark: the mark is the place times two, and one more where the row ends, too.
pub(super) fn end(mark: u32) -> usize {
    (mark >> 1) as usize
}

/// Whether a row ends there.
pub(super) fn ends_row(mark: u32) -> bool {
    mark & 1 == 1
}

/// Finds the commas and newlines of a text. Places in it are told in 31 bits; a piece of a stream is far shorter.
#[allow(clippy::cast_possible_truncation)] // as said above
pub(super) fn mark(text: &[u8], marks: &mut Vec<u32>) {
    marks.clear();
    let (comma, newline) = (u8x16::splat(b','), u8x16::splat(b'\n'));
    let (blocks, rest) = text.as_chunks::<64>();
    for (index, block) in blocks.iter().enumerate() {
        let (quarters, _) = block.as_chunks::<16>();
        let (mut found, mut ends) = (0u64, 0u64);
        for (at, quarter) in quarters.iter().enumerate() {
            let quarter = u8x16::new(*quarter);
            let end = quarter.simd_eq(newline);
            found |= u64::from((quarter.simd_eq(comma) | end).to_bitmask()) << (16 * at);
            ends |= u64::from(end.to_bitmask()) << (16 * at);
        }
        let base = (64 * index) as u32;
        while found != 0 {
            let at = found.trailing_zeros();
            marks.push((base + at) << 1 | u32::from(ends >> at & 1 == 1));
            found &= found - 1;
        }
    }
    let base = 64 * blocks.len();
    for (at, byte) in rest.iter().enumerate() {
        if matches!(byte, b',' | b'\n') {
            marks.push(((base + at) as u32) << 1 | u32::from(*byte == b'\n'));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_comma_and_newline_is_marked_once_and_in_order(text in "[a,\n]{0,200}") {
            let mut marks = Vec::new();
            mark(text.as_bytes(), &mut marks);
            let found: Vec<(usize, bool)> = marks.iter().map(|mark| (end(*mark), ends_row(*mark))).collect();
            let there: Vec<(usize, bool)> =
                text.match_indices([',', '\n']).map(|(at, found)| (at, found == "\n")).collect();
            prop_assert_eq!(found, there);
        }
    }
}
