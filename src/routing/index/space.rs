//! Space: the facilities that have what a kind of patient requires, found from any point of the globe nearest first.
//!
//! Floor 2. Facilities stand eight by eight in leaves, those together that are neighbours; leaves in boxes, and boxes in
//! boxes, eight by eight, as far as one is left. Whatever is in a box is no nearer to a patient than the box is, and eight
//! are told apart at once. A space is made once for everybody who asks and never changed, holds every facility once, and
//! neighbours are neighbours in memory, too. Boxes are cut out of the room that the globe is in, not out of its surface:
//! the poles and the 180th meridian are places like any other. A leaf knows those beside it, and mostly the nearest are in
//! them; where they need not be, all boxes are gone through.
//!
//! Distances are told here in fewer bits than minutes need: what is found is nearest as far as those tell, and
//! [`There::least`] says by how much they may be wrong.

use std::sync::OnceLock;

use wide::f32x8;

use crate::model::Position;

use super::reckon::Point;

/// So many stand together.
const EIGHT: usize = 8;

/// Three coordinates of eight.
type Coordinates = [[f32; EIGHT]; 3];

/// The square of a chord that is longer than any on the globe.
const FARTHEST: f32 = 5.0;
/// A coordinate where nobody is, from everywhere farther than that.
const NOWHERE: f32 = 9.0;

/// What fewer bits make of a chord: so much of it, and so many radii more. Coordinates are out by 2^-25 of a radius each.
const RELATIVE: f64 = 1e-6;
const ABSOLUTE: f64 = 2e-7;

/// Eight facilities, in two lines of the processor's cache.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Leaf {
    at: Coordinates,
    /// Their ids.
    facilities: [u32; EIGHT],
}

/// Eight boxes that hold leaves or other boxes.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Boxes {
    low: Coordinates,
    high: Coordinates,
}

/// The leaves nearest to a leaf, once somebody came near.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Neighbors(OnceLock<Beside>);

/// The leaves nearest to a leaf.
#[derive(Clone, Copy, Debug)]
struct Beside {
    /// In order, chords that those from its box to theirs are no shorter than; beyond the last leaf of all infinite.
    least: [f32; Self::COUNT],
    leaves: [u32; Self::COUNT],
    /// Every other leaf is no nearer.
    reach: f32,
}

impl Beside {
    /// With what says whether they were found already, they fill two lines of the processor's cache.
    const COUNT: usize = 15;
}

/// The facilities that meet one requirement.
#[derive(Debug, Default)]
pub(super) struct Space {
    leaves: Vec<Leaf>,
    /// By leaf.
    beside: Vec<Neighbors>,
    /// Where the facilities of the leaves are.
    points: Vec<Point>,
    /// From the boxes of leaves to those that hold all the others.
    levels: Vec<Vec<Boxes>>,
}

/// Where a facility stands: its leaf, and its place in that.
type Slot = u32;

/// A facility that is near.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct There {
    /// Its place in the registry.
    pub(super) facility: u32,
    pub(super) point: Point,
    /// The chord is no shorter.
    pub(super) least: f64,
}

/// What was found near a point. Who looks from another point near by is served sooner.
#[derive(Debug, Default)]
pub(super) struct Near {
    /// In order, the square of the chord in fewer bits, which for positive numbers are in the order of the numbers, and
    /// the slot.
    found: Vec<u64>,
    /// Within this chord everybody was found.
    pub(super) reach: f64,
    /// The leaf that was nearest.
    leaf: usize,
    /// Boxes that were not opened yet, the nearest last.
    closed: Vec<Closed>,
}

/// Some boxes, and how near the nearest part of them is.
#[derive(Clone, Copy, Debug)]
struct Closed {
    chord2: f32,
    level: usize,
    number: usize,
}

impl Space {
    /// Those of all facilities whose ids are given; `points` are those of all.
    #[allow(clippy::cast_possible_truncation)] // as many facilities as ids
    pub(super) fn new(facilities: &[u32], points: &[Point]) -> Self {
        let mut all: Vec<([f32; 3], u32)> =
            facilities.iter().map(|facility| (points[*facility as usize].short(), *facility)).collect();
        arrange(&mut all);
        let mut space = Self::default();
        let mut within: Vec<[[f32; 3]; 2]> = Vec::new();
        for eight in all.chunks(EIGHT) {
            let mut leaf = Leaf { at: [[NOWHERE; EIGHT]; 3], facilities: [0; EIGHT] };
            for (place, (at, facility)) in eight.iter().enumerate() {
                for (coordinates, coordinate) in leaf.at.iter_mut().zip(at) {
                    coordinates[place] = *coordinate;
                }
                leaf.facilities[place] = *facility;
            }
            space.points.extend(leaf.facilities.iter().map(|facility| points[*facility as usize]));
            space.leaves.push(leaf);
            space.beside.push(Neighbors::default());
            within.push(bounds(eight.iter().map(|(at, _)| [*at, *at])));
        }
        while within.len() > 1 || (space.levels.is_empty() && !within.is_empty()) {
            let level = within.chunks(EIGHT).map(Boxes::of).collect();
            space.levels.push(level);
            within = within.chunks(EIGHT).map(|eight| bounds(eight.iter().copied())).collect();
        }
        space
    }

    /// Finds so many of the nearest, one at least, as far as there are so many within a chord.
    pub(super) fn nearest(&self, from: Point, count: usize, within: f64, near: &mut Near) {
        let limit = above(within);
        let from = from.short().map(f32x8::splat);
        let bound = self.look_beside(from, count, limit, near).unwrap_or_else(|bound| {
            near.found.clear();
            self.look_everywhere(from, count, bound, near)
        });
        near.reach = if near.found.len() < count && limit == FARTHEST { f64::INFINITY } else { least(bound) };
    }

    /// Finds the nearest in the nearest leaf and in those beside it. How near they are; `Err`: others may be in other
    /// leaves, no farther than that.
    fn look_beside(&self, from: [f32x8; 3], count: usize, limit: f32, near: &mut Near) -> Result<f32, f32> {
        /// Operations on few bits are out by less.
        const SLACK: f32 = 1e-6;
        let mut bound = limit;
        near.found.clear();
        let Some((leaf, off2)) = self.leaf(from, near.leaf) else { return Ok(bound) };
        near.leaf = leaf;
        self.look_into(leaf, from, count, &mut near.found, &mut bound);
        let Some(Neighbors(beside)) = self.beside.get(leaf) else { return Err(bound) };
        let beside = beside.get_or_init(|| self.beside(leaf));
        // Nobody is nearer than the leaf that holds them is to this one, less the way to this one.
        let off = off2.sqrt() * (1.0 + SLACK);
        let is_past = |least: f32, bound: f32| {
            let least = (least - off).max(0.0) * (1.0 - SLACK);
            least * least > bound
        };
        for (least, leaf) in beside.least.into_iter().zip(beside.leaves) {
            if is_past(least, bound) {
                return Ok(bound);
            }
            self.look_into(leaf as usize, from, count, &mut near.found, &mut bound);
        }
        if is_past(beside.reach, bound) { Ok(bound) } else { Err(bound) }
    }

    /// A leaf that a point is in or near, and the square of the chord to its box. `last` is one that may be so, too.
    #[inline]
    fn leaf(&self, from: [f32x8; 3], last: usize) -> Option<(usize, f32)> {
        let lowest = self.levels.first()?.get(last / EIGHT)?;
        let around = within_bound(lowest.chords2(from), 0.0);
        if around != 0 {
            return Some((last / EIGHT * EIGHT + around.trailing_zeros() as usize, 0.0));
        }
        let mut leaf = (0, 0.0);
        for level in self.levels.iter().rev() {
            let chords2 = level.get(leaf.0)?.chords2(from);
            let around = within_bound(chords2, 0.0);
            let (place, chord2) =
                if around == 0 { nearest_of(chords2) } else { (around.trailing_zeros() as usize, 0.0) };
            leaf = (leaf.0 * EIGHT + place, chord2);
        }
        Some(leaf)
    }

    /// The leaves beside one.
    #[cold]
    #[allow(clippy::cast_possible_truncation)] // as many leaves as ids, at most
    fn beside(&self, leaf: usize) -> Beside {
        let mut beside = Beside {
            least: [f32::INFINITY; Beside::COUNT],
            leaves: [leaf as u32; Beside::COUNT],
            reach: f32::INFINITY,
        };
        let Some(boxes) = self.levels.first().map(|lowest| &lowest[leaf / EIGHT]) else { return beside };
        let corner = |corners: &Coordinates| [0, 1, 2].map(|axis| f32x8::splat(corners[axis][leaf % EIGHT]));
        let (low, high) = (corner(&boxes.low), corner(&boxes.high));
        // One more, which is beyond reach.
        let mut found: Vec<(f32, usize)> = Vec::with_capacity(Beside::COUNT + 2);
        let mut closed = vec![(0.0_f32, self.levels.len() - 1, 0)];
        while let Some((chord2, level, number)) = closed.pop() {
            let is_near = |chord2: f32, found: &[(f32, usize)]| {
                found.get(Beside::COUNT).is_none_or(|last| chord2 < last.0)
            };
            if !is_near(chord2, &found) {
                continue;
            }
            let chords2 = self.levels[level][number].chords2_of_box(low, high).to_array();
            let mut inside: Vec<(f32, usize)> =
                (0..EIGHT).map(|place| (chords2[place], number * EIGHT + place)).collect();
            inside.retain(|(chord2, _)| *chord2 <= FARTHEST);
            if level > 0 {
                inside.sort_by(|a, b| b.0.total_cmp(&a.0));
                closed.extend(inside.into_iter().map(|(chord2, number)| (chord2, level - 1, number)));
                continue;
            }
            for (chord2, number) in inside {
                if number != leaf && is_near(chord2, &found) {
                    let at = found.partition_point(|other| other.0 <= chord2);
                    found.insert(at, (chord2, number));
                    found.truncate(Beside::COUNT + 1);
                }
            }
        }
        let chord = |chord2: f32| chord2.sqrt() * (1.0 - RELATIVE as f32);
        if let Some((chord2, _)) = found.get(Beside::COUNT) {
            beside.reach = chord(*chord2);
        }
        for (place, (chord2, leaf)) in found.into_iter().take(Beside::COUNT).enumerate() {
            (beside.least[place], beside.leaves[place]) = (chord(chord2), leaf as u32);
        }
        beside
    }

    /// Finds the nearest wherever they are, no farther than so far. How near they are.
    #[cold]
    fn look_everywhere(&self, from: [f32x8; 3], count: usize, mut bound: f32, near: &mut Near) -> f32 {
        near.closed.clear();
        if let Some(outermost) = self.levels.len().checked_sub(1) {
            near.closed.push(Closed { chord2: 0.0, level: outermost, number: 0 });
        }
        while let Some(Closed { chord2, level, number }) = near.closed.pop() {
            if chord2 > bound {
                continue;
            }
            let chords2 = self.levels[level][number].chords2(from);
            let mut inside = within_bound(chords2, bound);
            let chords2 = chords2.to_array();
            let first = near.closed.len();
            while inside != 0 {
                let place = inside.trailing_zeros() as usize;
                inside &= inside - 1;
                let chord2 = chords2[place];
                let closed = Closed { chord2, level: level.wrapping_sub(1), number: number * EIGHT + place };
                // The nearest is opened first: what is found in it may close the others for good.
                let mut at = near.closed.len();
                near.closed.push(closed);
                while at > first && near.closed[at - 1].chord2 < chord2 {
                    near.closed.swap(at - 1, at);
                    at -= 1;
                }
            }
            if level == 0 {
                while near.closed.len() > first {
                    let Some(Closed { chord2, number, .. }) = near.closed.pop() else { break };
                    if chord2 <= bound {
                        self.look_into(number, from, count, &mut near.found, &mut bound);
                    }
                }
            }
        }
        bound
    }

    /// Takes those of a leaf that are near enough among the nearest; `bound` is then how near others have to be.
    #[inline]
    fn look_into(
        &self,
        number: usize,
        from: [f32x8; 3],
        count: usize,
        found: &mut Vec<u64>,
        bound: &mut f32,
    ) {
        let chords2 = self.leaves[number].chords2(from);
        let mut inside = within_bound(chords2, *bound);
        let chords2 = chords2.to_array();
        while inside != 0 {
            let place = inside.trailing_zeros() as usize;
            inside &= inside - 1;
            let number = u64::from(chords2[place].to_bits()) << 32 | (number * EIGHT + place) as u64;
            if found.len() < count {
                found.push(number);
            } else if found.last().is_none_or(|last| *last <= number) {
                continue;
            }
            let found = found.as_mut_slice();
            let mut at = found.len() - 1;
            while at > 0 && found[at - 1] > number {
                found[at] = found[at - 1];
                at -= 1;
            }
            found[at] = number;
            if found.len() == count {
                *bound = chord2(found[count - 1]);
            }
        }
    }

    /// Those found, nearest first.
    pub(super) fn there<'s>(&'s self, near: &'s Near) -> impl Iterator<Item = There> + 's {
        near.found.iter().map(|found| {
            let slot = slot(*found) as usize;
            let facility = self.leaves[slot / EIGHT].facilities[slot % EIGHT];
            There { facility, point: self.points[slot], least: least(chord2(*found)) }
        })
    }
}

impl Leaf {
    /// The squares of the chords from a point.
    #[inline]
    fn chords2(&self, from: [f32x8; 3]) -> f32x8 {
        let [x, y, z] = [0, 1, 2].map(|axis| f32x8::new(self.at[axis]) - from[axis]);
        x * x + y * y + z * z
    }
}

impl Boxes {
    fn of(eight: &[[[f32; 3]; 2]]) -> Self {
        let mut boxes = Self { low: [[NOWHERE; EIGHT]; 3], high: [[NOWHERE; EIGHT]; 3] };
        for (place, [low, high]) in eight.iter().enumerate() {
            for axis in 0..3 {
                boxes.low[axis][place] = low[axis];
                boxes.high[axis][place] = high[axis];
            }
        }
        boxes
    }
    /// The squares of the chords from a point to the nearest corner, edge or face of each. Computed as those to what is
    /// inside, so that rounding makes none larger than those are.
    #[inline]
    fn chords2(&self, from: [f32x8; 3]) -> f32x8 {
        self.chords2_of_box(from, from)
    }
    /// The same from a box.
    #[inline]
    fn chords2_of_box(&self, low: [f32x8; 3], high: [f32x8; 3]) -> f32x8 {
        let [x, y, z] = [0, 1, 2].map(|axis| {
            let below = f32x8::new(self.low[axis]) - high[axis];
            let above = low[axis] - f32x8::new(self.high[axis]);
            below.fast_max(above).fast_max(f32x8::splat(0.0))
        });
        x * x + y * y + z * z
    }
}

/// Which of eight are no more, a bit each.
#[inline]
fn within_bound(chords2: f32x8, bound: f32) -> u32 {
    chords2.simd_le(f32x8::splat(bound)).to_bitmask()
}

/// About the least of eight, and which that is. Told by whole numbers, in pairs: the processor does not wait for one
/// comparison to make the next.
#[inline]
#[allow(clippy::cast_possible_truncation, clippy::many_single_char_names)] // three bits; eight that are alike
fn nearest_of(chords2: f32x8) -> (usize, f32) {
    let chords2 = chords2.to_array();
    // Positive numbers are in the order of their bits; the last of those say which it is instead.
    let [a, b, c, d, e, f, g, h] = std::array::from_fn(|place| chords2[place].to_bits() & !7 | place as u32);
    let least = a.min(b).min(c.min(d)).min(e.min(f).min(g.min(h)));
    let place = (least & 7) as usize;
    (place, chords2[place])
}

#[allow(clippy::cast_possible_truncation)] // the lower half
fn slot(found: u64) -> Slot {
    found as u32
}

#[allow(clippy::cast_possible_truncation)] // the upper half
fn chord2(found: u64) -> f32 {
    f32::from_bits((found >> 32) as u32)
}

/// A chord that none is shorter than whose square in fewer bits is this or more.
fn least(chord2: f32) -> f64 {
    f64::from(chord2).sqrt() * (1.0 - RELATIVE) - ABSOLUTE
}

/// The square in fewer bits of a chord of which [`least`] says that none within this one is left out.
#[allow(clippy::cast_possible_truncation)] // that is what it is for
fn above(chord: f64) -> f32 {
    let above = (chord + ABSOLUTE) * (1.0 + 2.0 * RELATIVE);
    ((above * above) as f32).min(FARTHEST)
}

/// The corners of the smallest box that holds all of these.
fn bounds(all: impl Iterator<Item = [[f32; 3]; 2]>) -> [[f32; 3]; 2] {
    all.fold([[f32::INFINITY; 3], [f32::NEG_INFINITY; 3]], |[low, high], [lower, higher]| {
        [[0, 1, 2].map(|axis| low[axis].min(lower[axis])), [0, 1, 2].map(|axis| high[axis].max(higher[axis]))]
    })
}

/// Puts neighbours together: cut across where they reach farthest, into one half that is a power of two of leaves, so that
/// a box never holds what was cut apart before, and the others.
fn arrange(all: &mut [([f32; 3], u32)]) {
    let leaves = all.len().div_ceil(EIGHT);
    if leaves <= 1 {
        return;
    }
    let [low, high] = bounds(all.iter().map(|(at, _)| [*at, *at]));
    let mut widest = 0;
    for axis in 1..3 {
        if high[axis] - low[axis] > high[widest] - low[widest] {
            widest = axis;
        }
    }
    let half = leaves.next_power_of_two() / 2 * EIGHT;
    all.select_nth_unstable_by(half, |(a, _), (b, _)| a[widest].total_cmp(&b[widest]));
    let (one, other) = all.split_at_mut(half);
    arrange(one);
    arrange(other);
}

/// So many bits of a latitude or longitude tell places apart: cells are then 300 m high.
const BITS: u32 = 16;

/// The place of a point on a curve through cells of equal degrees that comes to all of a cell's before it leaves the cell.
pub(super) fn neighborhood(position: Position) -> u32 {
    let spread = |bits: u32| {
        let bits = (bits | bits << 8) & 0x00ff_00ff;
        let bits = (bits | bits << 4) & 0x0f0f_0f0f;
        let bits = (bits | bits << 2) & 0x3333_3333;
        (bits | bits << 1) & 0x5555_5555
    };
    spread(grid(position.lat, 180.0)) << 1 | spread(grid(position.lon, 360.0))
}

/// Where in the finest grid a latitude or longitude lies.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a cast of what is out of range saturates
fn grid(degrees: f64, whole: f64) -> u32 {
    let cells = f64::from(1_u32 << BITS);
    (((degrees / whole + 0.5) * cells) as u32).min((1 << BITS) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A fixed sequence of numbers between 0 and 1 (Knuth's MMIX generator).
    struct Chance(u64);

    impl Chance {
        #[allow(clippy::cast_precision_loss)] // 32 bits
        fn next(&mut self) -> f64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 32) as f64 / 4_294_967_296.0
        }
        /// A place not farther from another than so many degrees.
        fn near(&mut self, (lat, lon): (f64, f64), degrees: f64) -> Position {
            let lat = lat + (self.next() * 2.0 - 1.0) * degrees;
            let lon = lon + (self.next() * 2.0 - 1.0) * degrees;
            // Beyond a pole one comes down on the other side.
            let (lat, lon) =
                if lat.abs() > 90.0 { (180.0_f64.copysign(lat) - lat, lon + 180.0) } else { (lat, lon) };
            Position { lat: lat.clamp(-90.0, 90.0), lon: (lon + 180.0).rem_euclid(360.0) - 180.0 }
        }
    }

    /// Looks for the nearest few from many places, beyond those that are within the reach as far as it takes.
    fn look(about: (f64, f64), degrees: f64, facilities: u32, count: usize) {
        let mut chance = Chance(u64::from(facilities));
        let points: Vec<Point> = (0..facilities).map(|_| Point::of(chance.near(about, degrees))).collect();
        // Every other one meets the requirement.
        let all: Vec<u32> = (0..facilities).filter(|facility| facility % 2 == 0).collect();
        let space = Space::new(&all, &points);
        let mut near = Near::default();
        for patient in 0..2000 {
            let from = Point::of(chance.near(about, degrees * 1.2));
            let mut plainly: Vec<(f64, u32)> =
                all.iter().map(|there| (from.chord(points[*there as usize]), *there)).collect();
            plainly.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
            let within = if patient % 2 == 0 { f64::INFINITY } else { chance.next() * degrees / 60.0 };
            space.nearest(from, count, within, &mut near);
            let found: Vec<There> = space.there(&near).collect();
            assert!(found.len() <= count);
            let mut ids: Vec<u32> = found.iter().map(|there| there.facility).collect();
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), found.len(), "nobody is found twice");
            for there in &found {
                assert_eq!(there.point, points[there.facility as usize]);
                assert!(there.least <= from.chord(there.point));
            }
            assert!(found.is_sorted_by(|one, next| one.least <= next.least));
            assert!(found.len() == count.min(all.len()) || near.reach >= within, "{found:?} {within}");
            for (chord, there) in &plainly {
                assert!(*chord > near.reach || ids.contains(there), "{there} is within {}", near.reach);
            }
            // Bits are few, but not so few that others are found.
            if let Some((chord, _)) = plainly.get(found.len()) {
                assert!(found.iter().all(|there| there.least <= *chord));
            }
            if found.len() == count && count > 0 {
                assert!((plainly[count - 1].0 - near.reach).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn the_curve_comes_to_all_of_a_cell_before_it_leaves_it() {
        let mut chance = Chance(7);
        for _ in 0..2000 {
            let one = chance.near((10.0, 179.9), 5.0);
            let other = chance.near((one.lat, one.lon), 0.5);
            for level in 0..=BITS {
                let shift = BITS - level;
                let cell = |at: Position| (grid(at.lat, 180.0) >> shift, grid(at.lon, 360.0) >> shift);
                // At level 0 there is one cell, and all of the number is about places in it.
                let part = |at: Position| u64::from(neighborhood(at)) >> (2 * shift);
                assert_eq!(cell(one) == cell(other), part(one) == part(other), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn the_nearest_are_found_everywhere() {
        for about in [(41.0, -72.0), (0.0, 0.0), (-89.0, 120.0), (90.0, 0.0), (10.0, 180.0)] {
            look(about, 2.0, 1200, 3);
        }
        look((0.0, 0.0), 180.0, 1200, 3); // all round the globe
    }

    #[test]
    fn more_can_be_asked_for_than_there_are() {
        for facilities in [600, 34, 33, 17, 15, 4, 2, 0] {
            for count in [40, 8, 1] {
                look((41.0, -72.0), 1.0, facilities, count);
            }
        }
    }

    #[test]
    fn facilities_at_one_point_are_all_found_there() {
        let here = Position { lat: 41.0, lon: -72.0 };
        let points = vec![Point::of(here); 500];
        let space = Space::new(&(0..500).collect::<Vec<u32>>(), &points);
        let mut near = Near::default();
        for step in 0..200 {
            let from = Point::of(Position { lat: 41.0 + f64::from(step % 40) / 1000.0, ..here });
            space.nearest(from, 500, f64::INFINITY, &mut near);
            assert_eq!(space.there(&near).count(), 500);
        }
    }

    #[test]
    fn the_leaves_beside_one_are_mostly_enough() {
        let mut chance = Chance(5);
        let points: Vec<Point> = (0..20_000).map(|_| Point::of(chance.near((41.0, -90.0), 15.0))).collect();
        let space = Space::new(&(0..20_000).collect::<Vec<u32>>(), &points);
        let mut near = Near::default();
        let enough = (0..1000).filter(|_| {
            let from = Point::of(chance.near((41.0, -90.0), 15.0)).short().map(f32x8::splat);
            space.look_beside(from, 6, FARTHEST, &mut near).is_ok()
        });
        let enough = enough.count();
        assert!(enough > 950, "{enough} of 1000");
    }

    #[test]
    fn few_boxes_are_opened() {
        let mut chance = Chance(3);
        let points: Vec<Point> = (0..100_000).map(|_| Point::of(chance.near((41.0, -90.0), 15.0))).collect();
        let space = Space::new(&(0..100_000).collect::<Vec<u32>>(), &points);
        let inside = |from: Point, within: f32| -> usize {
            let from = from.short().map(f32x8::splat);
            let opened = |level: &Vec<Boxes>| -> u32 {
                level.iter().map(|boxes| within_bound(boxes.chords2(from), within).count_ones()).sum()
            };
            space.levels.iter().map(opened).sum::<u32>() as usize
        };
        let mut near = Near::default();
        let mut opened = 0;
        for _ in 0..200 {
            let from = Point::of(chance.near((41.0, -90.0), 15.0));
            space.nearest(from, 6, f64::INFINITY, &mut near);
            opened += inside(from, near.found.last().copied().map_or(0.0, chord2));
        }
        assert!(opened < 200 * 20, "{opened}");
    }
}
