//! Space: the facilities that have what a kind of patient requires, found from any point of the globe nearest first.
//!
//! Floor 2. The globe is cut into cells of equal degrees, each into sixteen, as far as patients come to them. A cell lists
//! every facility within some reach of its middle, far enough for the nearest few of any of its points to be among them.
//! What is nearer to a patient than the reach less the patient's own way to the middle is therefore in the list; where
//! the answer is not, the cell's parent has a longer list, and the globe's own has them all. So what is found is exact
//! whatever the shape of a cell, at the poles and on both sides of the 180th meridian: only how soon it is found hangs
//! on that.

use crate::model::Position;

use super::reckon::Point;

/// A facility in a cell's list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listed {
    /// Its place in the registry.
    pub(super) facility: u32,
    /// No more than its chord to the cell's middle, by which lists are sorted; in the globe's list 0.
    from_middle: f32,
}

/// A part of the globe and the list of what is near it. Two fit into a line of the processor's cache.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
struct Cell {
    middle: [f32; 3],
    /// Every facility whose chord to the middle is no longer is listed.
    reach: f32,
    /// Where its list stands; [`UNLISTED`] until a patient comes.
    begin: u32,
    end: u32,
    parent: u32,
    /// How many patients came since it was listed.
    visits: u16,
    /// How often the globe was cut to get it.
    level: u8,
}

/// In the place of a cell's parts: it was not cut yet.
const UNCUT: u32 = 0;
/// In the place of a cell's parts: it is not worth cutting.
const WHOLE: u32 = u32::MAX;

const UNLISTED: u32 = u32::MAX;
/// The number of the cell that is the whole globe.
const GLOBE: u32 = 0;

/// The facilities that meet one requirement, and the cells in which patients looked for them.
#[derive(Debug)]
pub(super) struct Space {
    cells: Vec<Cell>,
    /// By cell, the first of its sixteen parts. On the way to a patient's cell nothing else is read, and this is small.
    parts: Vec<u32>,
    lists: Vec<Listed>,
    /// How many of the nearest to any of its points a cell's list is to hold.
    nearest: usize,
    /// The most that `lists` may hold before no cell is cut any more.
    room: usize,
    near: Vec<(f64, u32)>,
}

/// A list to look through, and how far it can be trusted.
#[derive(Clone, Copy, Debug)]
pub(super) struct List {
    cell: u32,
    begin: u32,
    end: u32,
    /// The patient's chord to the cell's middle.
    off: f64,
    /// Within this chord of the patient everything is in the list.
    pub(super) reach: f64,
}

impl Space {
    /// The globe is cut so often at most: a cell is then 300 m high.
    const LEVELS: u8 = 8;
    /// A list of this length is short enough.
    const SHORT: usize = 80;
    /// A cell is cut when so much of its list was looked through, if every patient looked through all of it: about what
    /// it takes to make the lists of its parts.
    const WORTH: usize = 1 << 13;

    /// `nearest` facilities, at least, will usually be asked for.
    #[allow(clippy::cast_possible_truncation)] // as many facilities as ids
    pub(super) fn new(facilities: &[u32], nearest: usize) -> Self {
        let globe = Cell {
            middle: [0.0; 3],
            reach: f32::INFINITY,
            begin: 0,
            end: facilities.len() as u32,
            parent: GLOBE,
            visits: 0,
            level: 0,
        };
        Self {
            cells: vec![globe],
            parts: vec![UNCUT],
            lists: facilities
                .iter()
                .map(|facility| Listed { facility: *facility, from_middle: 0.0 })
                .collect(),
            nearest,
            room: (facilities.len() * 64 + (1 << 20)).min(u32::MAX as usize / 2),
            near: Vec::new(),
        }
    }

    /// The shortest list that is at hand for a patient. `points` are those of all facilities.
    pub(super) fn list(&mut self, position: Position, point: Point, points: &[Point]) -> List {
        let (row, column) = (grid(position.lat, 180.0), grid(position.lon, 360.0));
        let (mut cell, mut shift) = (GLOBE, 2 * u32::from(Self::LEVELS));
        loop {
            let mut parts = self.parts[cell as usize];
            if parts == UNCUT {
                parts = self.cut(cell);
            }
            if parts == UNCUT || parts == WHOLE {
                return self.list_of(cell, point);
            }
            shift -= 2;
            let part = parts + ((row >> shift & 3) << 2 | (column >> shift & 3));
            if self.parts[part as usize] == UNCUT && self.cells[part as usize].begin == UNLISTED {
                self.fill(part, cell, (row >> shift, column >> shift), points);
            }
            cell = part;
        }
    }

    /// The next longer list.
    pub(super) fn longer(&self, list: List, point: Point) -> Option<List> {
        (list.cell != GLOBE).then(|| self.list_of(self.cells[list.cell as usize].parent, point))
    }

    /// The facilities of a list, as far as they can be within a chord that may shrink while they are looked through.
    pub(super) fn listed(&self, list: List) -> &[Listed] {
        self.lists.get(list.begin as usize..list.end as usize).unwrap_or_default()
    }

    fn list_of(&self, cell: u32, point: Point) -> List {
        let Cell { middle, reach, begin, end, .. } = self.cells[cell as usize];
        let off = Point::at(middle).chord(point);
        List { cell, begin, end, off, reach: f64::from(reach) - off }
    }

    /// Cuts a cell that was not cut yet, if it is time. The first of its parts, or why there are none.
    #[allow(clippy::cast_possible_truncation)] // `room` is far below 2^32 cells
    fn cut(&mut self, number: u32) -> u32 {
        let cells = self.cells.len();
        let cell = &mut self.cells[number as usize];
        let length = (cell.end - cell.begin) as usize;
        let parts = if length <= Self::SHORT || cell.level == Self::LEVELS {
            WHOLE
        } else {
            cell.visits = cell.visits.saturating_add(1);
            if length * usize::from(cell.visits) < Self::WORTH || self.lists.len() > self.room {
                return UNCUT;
            }
            let part = Cell { begin: UNLISTED, parent: number, level: cell.level + 1, visits: 0, ..*cell };
            self.cells.resize(cells + 16, part);
            self.parts.resize(cells + 16, UNCUT);
            cells as u32
        };
        self.parts[number as usize] = parts;
        parts
    }

    /// Lists what is near a cell, out of its parent's list.
    #[allow(clippy::cast_possible_truncation)] // see `room`
    fn fill(&mut self, number: u32, parent: u32, (row, column): (u32, u32), points: &[Point]) {
        let level = self.cells[number as usize].level;
        let rows = f64::from(1_u32 << (2 * level));
        let (height, width) = (180.0 / rows, 360.0 / rows);
        let south = f64::from(row) * height - 90.0;
        let lat = south + height / 2.0;
        let about = Point::of(Position { lat, lon: (f64::from(column) + 0.5) * width - 180.0 }).short();
        let middle = Point::at(about);
        // About the way from the middle to a corner.
        let widest = if south < 0.0 && south + height > 0.0 {
            1.0
        } else {
            south.to_radians().cos().max((south + height).to_radians().cos())
        };
        let corner = (height / 2.0).to_radians().hypot((width / 2.0).to_radians() * widest);
        let Cell { begin, end, reach: known, middle: outer, .. } = self.cells[parent as usize];
        let mut near = std::mem::take(&mut self.near);
        near.clear();
        let off = middle.chord(Point::at(outer));
        let known = f64::from(known) - off;
        let mut reach = known;
        let mut least = Least::new(self.nearest);
        for listed in &self.lists[begin as usize..end as usize] {
            // This one and all that follow are beyond reach.
            if f64::from(listed.from_middle) - off > reach {
                break;
            }
            let chord2 = middle.chord2(points[listed.facility as usize]);
            near.push((chord2, listed.facility));
            if let Some(last) = least.add(chord2) {
                reach = known.min(last.sqrt() + 2.0 * corner);
            }
        }
        if self.nearest > Least::FEW && near.len() >= self.nearest {
            let (_, (last, _), _) = near.select_nth_unstable_by(self.nearest - 1, |a, b| a.0.total_cmp(&b.0));
            reach = known.min(last.sqrt() + 2.0 * corner);
        }
        let reach = down(reach);
        near.retain(|(chord2, _)| chord2.sqrt() <= f64::from(reach));
        near.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let begin = self.lists.len() as u32;
        self.lists.extend(
            near.iter()
                .map(|(chord2, facility)| Listed { facility: *facility, from_middle: down(chord2.sqrt()) }),
        );
        let end = self.lists.len() as u32;
        self.near = near;
        let cell = &mut self.cells[number as usize];
        *cell = Cell { middle: about, reach, begin, end, ..*cell };
    }
}

impl List {
    /// Whether this facility of the list and all that follow are farther from the patient than a chord.
    pub(super) fn is_past(&self, listed: Listed, chord: f64) -> bool {
        f64::from(listed.from_middle) - self.off > chord
    }
}

/// The least of numbers that come one by one, as many as are wanted, in order.
struct Least {
    count: usize,
    numbers: Vec<f64>,
}

impl Least {
    /// Of more than so many none are kept: it would take longer than looking through all in the end.
    const FEW: usize = 256;

    fn new(count: usize) -> Self {
        Self { count, numbers: Vec::with_capacity(count.min(Self::FEW) + 1) }
    }

    /// Takes in a number. The last of as many as are wanted, where that is another one now.
    fn add(&mut self, number: f64) -> Option<f64> {
        let last = self.numbers.last().filter(|_| self.numbers.len() >= self.count);
        if self.count > Self::FEW || last.is_some_and(|last| *last <= number) {
            return None;
        }
        let at = self.numbers.partition_point(|other| *other <= number);
        self.numbers.insert(at, number);
        self.numbers.truncate(self.count);
        self.numbers.last().copied().filter(|_| self.numbers.len() >= self.count)
    }
}

/// A little less, in fewer bits.
#[allow(clippy::cast_possible_truncation)] // that is what it is for
fn down(chord: f64) -> f32 {
    (chord * if chord > 0.0 { 1.0 - 1e-6 } else { 1.0 + 1e-6 }) as f32
}

/// The place of a point on a curve through the finest cells that comes to all of a cell's before it leaves the cell.
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
    let cells = f64::from(1_u32 << (2 * Space::LEVELS));
    (((degrees / whole + 0.5) * cells) as u32).min((1 << (2 * Space::LEVELS)) - 1)
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

    /// The nearest few as a search finds them, and how long the list was in which they stood.
    fn nearest(space: &mut Space, points: &[Point], from: Position, count: usize) -> (Vec<f64>, usize) {
        let point = Point::of(from);
        let mut list = space.list(from, point, points);
        loop {
            let listed = space.listed(list).iter();
            let mut found: Vec<f64> =
                listed.map(|listed| point.chord(points[listed.facility as usize])).collect();
            found.sort_unstable_by(f64::total_cmp);
            found.truncate(count);
            let enough = found.len() == count && found.last().is_none_or(|last| *last <= list.reach);
            match space.longer(list, point).filter(|_| !enough) {
                Some(longer) => list = longer,
                None => return (found, space.listed(list).len()),
            }
        }
    }

    /// Looks for the nearest few from many places, and how long the lists became in the end.
    fn look(about: (f64, f64), degrees: f64, facilities: u32, count: usize, usual: usize) -> usize {
        let mut chance = Chance(u64::from(facilities));
        let points: Vec<Point> = (0..facilities).map(|_| Point::of(chance.near(about, degrees))).collect();
        let all: Vec<u32> = (0..facilities).collect();
        let mut space = Space::new(&all, usual);
        let mut longest = 0;
        for patient in 0..4000 {
            let from = chance.near(about, degrees * 1.2);
            let point = Point::of(from);
            let mut plainly: Vec<f64> = points.iter().map(|there| point.chord(*there)).collect();
            plainly.sort_unstable_by(f64::total_cmp);
            plainly.truncate(count);
            let (found, length) = nearest(&mut space, &points, from, count);
            assert_eq!(found.len(), plainly.len());
            // Of two at one point, the pole, the last bits may tell otherwise; a search does not go by them.
            let same = found.iter().zip(&plainly).all(|(found, plainly)| (found - plainly).abs() < 1e-12);
            assert!(same, "from {from:?}: {found:?}, {plainly:?}");
            if patient > 3900 {
                longest = longest.max(length);
            }
        }
        longest
    }

    #[test]
    fn the_curve_comes_to_all_of_a_cell_before_it_leaves_it() {
        let mut chance = Chance(7);
        for _ in 0..2000 {
            let one = chance.near((10.0, 179.9), 5.0);
            let other = chance.near((one.lat, one.lon), 0.5);
            for level in 0..=u32::from(Space::LEVELS) {
                let shift = 2 * (u32::from(Space::LEVELS) - level);
                let cell = |at: Position| (grid(at.lat, 180.0) >> shift, grid(at.lon, 360.0) >> shift);
                // At level 0 there is one cell, and all of the number is about places in it.
                let part = |at: Position| u64::from(neighborhood(at)) >> (2 * shift);
                assert_eq!(cell(one) == cell(other), part(one) == part(other), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn the_nearest_are_found_and_lists_become_short() {
        for about in [(41.0, -72.0), (0.0, 0.0), (-89.0, 120.0), (90.0, 0.0), (10.0, 180.0)] {
            let longest = look(about, 2.0, 600, 3, 7);
            assert!(longest <= 4 * Space::SHORT, "{longest} about {about:?}");
        }
        assert!(look((0.0, 0.0), 180.0, 600, 3, 7) <= 4 * Space::SHORT, "all round the globe");
    }

    #[test]
    fn more_can_be_asked_for_than_lists_hold_and_than_there_are() {
        look((41.0, -72.0), 1.0, 300, 40, 7);
        look((41.0, -72.0), 1.0, 5, 3, 7);
        look((41.0, -72.0), 1.0, 2, 3, 7);
        look((41.0, -72.0), 1.0, 0, 3, 7);
    }

    #[test]
    fn very_many_can_be_wanted() {
        let nearest = Least::FEW + 40;
        assert!(look((41.0, -72.0), 2.0, 900, 3, nearest) < 900, "lists are shorter than all");
    }

    #[test]
    fn facilities_at_one_point_are_all_found_there() {
        let here = Position { lat: 41.0, lon: -72.0 };
        let points = vec![Point::of(here); 500];
        let mut space = Space::new(&(0..500).collect::<Vec<u32>>(), 7);
        for step in 0..2000 {
            let from = Position { lat: 41.0 + f64::from(step % 40) / 1000.0, ..here };
            assert_eq!(nearest(&mut space, &points, from, 500).0.len(), 500);
        }
        assert!(space.lists.len() <= space.room + 500 * 16, "{}", space.lists.len());
    }
}
