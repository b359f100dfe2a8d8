//! Hours told one facility after the other: for rows that are too many to make a sheet of.
//!
//! Floor 3. The rows are those of [`hours::sheet`]; whoever takes them puts them in its order.

use crate::model::FacilityId;
use crate::sheet::{Basis, Cells, Column};

use super::extent::Extent;
use super::figures;
use super::force::Clauses;
use super::hours::{self, Grouping, Selection};
use super::measure::Gauge;
use super::row::Rows;

/// The hours of facilities, before they are told.
#[derive(Debug)]
pub struct Hours<'a> {
    basis: &'a Basis<'a>,
    selection: &'a Selection,
    extent: Extent,
    clauses: Clauses<'a>,
    rows: Rows,
}

impl<'a> Hours<'a> {
    /// `None` where facilities are put together, for then no row is done before all are; and where a slice lies in a year
    /// whose name is no word: before the first, or beyond 9999.
    pub fn new(basis: &'a Basis<'a>, selection: &'a Selection) -> Option<Self> {
        let extent = Extent::new(basis, &selection.period, selection.calendar);
        let is_word = |label: &String| label.is_empty() || label.starts_with(|c: char| c.is_ascii_digit());
        let fits = selection.grouping == Grouping::Facility && extent.labels.iter().all(is_word);
        fits.then(|| Self {
            extent,
            clauses: Clauses::read(basis.registry, basis.timeline),
            rows: Rows::new(basis.registry),
            basis,
            selection,
        })
    }
    /// The columns of the rows.
    pub fn columns(&self) -> Vec<Column> {
        hours::columns(self.selection.calendar, self.selection.grouping)
    }
    /// Whose hours they are, in the order of the report.
    pub fn facilities(&self) -> Vec<FacilityId> {
        hours::with_ed(self.basis.registry, self.selection.facilities.as_ref()).collect()
    }
    /// How many slices the report has, over all clocks. Its rows are in the order of slices, then of facilities.
    pub fn slices(&self) -> usize {
        self.extent.labels.len()
    }
    /// Whoever tells them; any number of them may do so side by side.
    pub fn teller(&self) -> Teller<'_> {
        Teller { hours: self, gauge: Gauge::new(self.basis, &self.clauses, &self.rows) }
    }
}

/// Tells the hours of one facility after the other.
#[derive(Clone, Debug)]
pub struct Teller<'a> {
    hours: &'a Hours<'a>,
    gauge: Gauge<'a>,
}

impl Teller<'_> {
    /// Writes the rows of a facility, and says so after those of each slice.
    pub fn tell<C: Cells>(
        &mut self,
        facility: FacilityId,
        cells: &mut C,
        mut told: impl FnMut(&mut C, usize),
    ) {
        let Hours { basis, selection, extent, rows, .. } = self.hours;
        let clocked = extent.of(basis, facility);
        let Some(past) = clocked.past else { return };
        let key = &basis.registry.facilities[facility].key;
        let existence = self.gauge.measure(facility, clocked, past);
        for (at, (label, slice)) in clocked.slices.iter().enumerate() {
            let whole = existence.within(slice.span);
            self.gauge.each(at, |row, tally, lengths| {
                if whole.0 == 0 && tally.is_empty() {
                    return;
                }
                if selection.calendar.is_some() {
                    cells.word(&extent.labels[*label]);
                }
                cells.word(key);
                cells.word(rows.name(row));
                figures::tell(tally, lengths, whole, |figure| figure.write(cells));
                cells.end();
            });
            told(cells, *label);
        }
    }
}
