//! Hours told a few facilities at a time: for rows that are too many to make a sheet of.
//!
//! Floor 3. The rows are those of [`hours::sheet`]; whoever writes them goes through its slices, and through all facilities
//! in each.

use std::ops::Range;

use crate::model::FacilityId;
use crate::sheet::{Basis, Cells, Column};

use super::extent::Extent;
use super::figures::{self, Figures};
use super::force::Clauses;
use super::gist::Gist;
use super::hours::{self, Grouping, Selection};
use super::keys::Keys;
use super::measure::Gauge;
use super::row::Rows;

/// So many neighbours are told together: their rows of one slice lie side by side.
const NEIGHBOURS: usize = 32;

/// The hours of facilities, before they are told.
#[derive(Debug)]
pub struct Hours<'a> {
    basis: &'a Basis<'a>,
    selection: &'a Selection,
    extent: Extent,
    clauses: Clauses<'a>,
    rows: Rows,
    keys: Keys,
    /// Whose hours they are, in the order of the report.
    facilities: Vec<FacilityId>,
}

impl<'a> Hours<'a> {
    /// `None` where facilities are put together, for then no row is done before all are; where a slice lies in a year
    /// whose name is no word: before the first, or beyond 9999; and where there are more statuses than numbers for them.
    pub fn new(basis: &'a Basis<'a>, selection: &'a Selection) -> Option<Self> {
        let extent = Extent::new(basis, &selection.period, selection.calendar);
        let is_word = |label: &String| label.is_empty() || label.starts_with(|c: char| c.is_ascii_digit());
        let rows = Rows::new(basis.registry);
        let is_few = u16::try_from(rows.len()).is_ok();
        let fits = selection.grouping == Grouping::Facility && extent.labels.iter().all(is_word) && is_few;
        fits.then(|| Self {
            extent,
            clauses: Clauses::read(basis.registry, basis.timeline),
            rows,
            keys: Keys::of(basis.registry),
            facilities: hours::with_ed(basis.registry, selection.facilities.as_ref()).collect(),
            basis,
            selection,
        })
    }
    /// The columns of the rows.
    pub fn columns(&self) -> Vec<Column> {
        hours::columns(self.selection.calendar, self.selection.grouping)
    }
    /// Whose hours they are, in the order of the report: neighbours, who are told together.
    pub fn shares(&self) -> Vec<&[FacilityId]> {
        self.facilities.chunks(NEIGHBOURS).collect()
    }
    /// How many slices the report has, over all clocks. Its rows are in the order of slices, then of facilities.
    pub fn slices(&self) -> usize {
        self.extent.labels.len()
    }
    /// Whoever tells them; any number of them may do so side by side.
    pub fn teller(&self) -> Teller<'_> {
        Teller {
            hours: self,
            gauge: Gauge::new(self.basis, &self.clauses, &self.rows),
            kept: Vec::new(),
            pieces: Vec::new(),
        }
    }
    /// Writes the rows that were told of a share in a slice.
    pub fn write(&self, told: &Told<'_>, slice: usize, cells: &mut impl Cells) {
        let Self { selection, extent, rows, keys, .. } = self;
        for kept in told.of(slice) {
            let (Kept::Usual { neighbour, row, .. } | Kept::Apart { neighbour, row, .. }) = *kept;
            if selection.calendar.is_some() {
                cells.word(&extent.labels[slice]);
            }
            cells.word(keys.key(told.share[usize::from(neighbour)]));
            cells.word(rows.name(row.into()));
            match kept {
                Kept::Usual { gist, .. } => gist.write(cells),
                Kept::Apart { at, .. } => told.apart[*at].iter().for_each(|figure| figure.write(cells)),
            }
            cells.end();
        }
    }
}

/// A row that waits to be written: whose it is among neighbours, of what, and its figures. 48 bytes.
#[derive(Clone, Copy, Debug)]
enum Kept {
    /// A usual one.
    Usual { neighbour: u8, row: u16, gist: Gist },
    /// One that has no gist, by the place of its figures.
    Apart { neighbour: u8, row: u16, at: usize },
}

/// The rows of a share, slice after slice.
#[derive(Debug)]
pub struct Told<'a> {
    share: &'a [FacilityId],
    rows: Vec<Kept>,
    /// Where those of each slice end.
    ends: Vec<usize>,
    /// The figures of rows that have no gist.
    apart: Vec<Figures>,
}

impl Told<'_> {
    fn of(&self, slice: usize) -> &[Kept] {
        let begin = slice.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.rows[begin..self.ends[slice]]
    }
}

/// Tells the hours of one share after the other.
#[derive(Clone, Debug)]
pub struct Teller<'a> {
    hours: &'a Hours<'a>,
    gauge: Gauge<'a>,
    /// The rows of a share, in the order in which they are measured.
    kept: Vec<Kept>,
    /// Where those of each slice lie, neighbour after neighbour.
    pieces: Vec<Range<usize>>,
}

impl<'a> Teller<'a> {
    /// The rows of a share.
    pub fn tell(&mut self, share: &'a [FacilityId]) -> Told<'a> {
        let (slices, mut apart) = (self.hours.slices(), Vec::new());
        self.kept.clear();
        self.pieces.clear();
        self.pieces.resize(share.len() * slices, 0..0);
        for ((neighbour, facility), begin) in (0..).zip(share).zip((0..).step_by(slices.max(1))) {
            self.measure(neighbour, *facility, begin, &mut apart);
        }
        let mut rows = Vec::with_capacity(self.kept.len());
        let ends = (0..slices).map(|slice| {
            for piece in self.pieces.iter().skip(slice).step_by(slices) {
                rows.extend_from_slice(&self.kept[piece.clone()]);
            }
            rows.len()
        });
        Told { share, ends: ends.collect(), rows, apart }
    }

    /// Measures a facility. Where its rows lie stands among the pieces from `begin` on, by slice.
    fn measure(&mut self, neighbour: u8, facility: FacilityId, begin: usize, apart: &mut Vec<Figures>) {
        let clocked = self.hours.extent.of(self.hours.basis, facility);
        let Some(past) = clocked.past else { return };
        let existence = self.gauge.measure(facility, clocked, past);
        for (at, (label, slice)) in clocked.slices.iter().enumerate() {
            let whole = existence.within(slice.span);
            let (first, kept) = (self.kept.len(), &mut self.kept);
            self.gauge.each(at, |row, tally, lengths| {
                if whole.0 == 0 && tally.is_empty() {
                    return;
                }
                let figures = figures::of(tally, lengths, whole);
                #[allow(clippy::cast_possible_truncation)] // there are no more rows than numbers
                let row = row as u16;
                kept.push(if let Some(gist) = Gist::of(&figures) {
                    Kept::Usual { neighbour, row, gist }
                } else {
                    apart.push(figures);
                    Kept::Apart { neighbour, row, at: apart.len() - 1 }
                });
            });
            self.pieces[begin + label] = first..self.kept.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_waits_takes_48_bytes() {
        assert_eq!(size_of::<Kept>(), 48);
    }
}
