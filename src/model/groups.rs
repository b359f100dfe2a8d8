//! Groups: which events of a ledger are about whom.

use super::{FacilityId, RegionId};

/// Whom an event is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Group {
    /// The facility of that number.
    Facility(u32),
    /// The region of that number.
    Region(u32),
    /// Patients.
    Patients,
    /// Nobody.
    None,
}

/// The places of events, group after group, each in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Groups {
    facilities: Rows,
    regions: Rows,
    patients: Vec<u32>,
}

/// Places of events, row after row.
#[derive(Clone, Debug, Default)]
struct Rows {
    /// Where each row begins in `places`, and the end of the last.
    begins: Vec<u32>,
    places: Vec<u32>,
}

impl Rows {
    /// Rows that will hold so many places each.
    fn with(counts: &[u32]) -> Self {
        let mut sum = 0;
        let mut begins = Vec::with_capacity(counts.len() + 1);
        begins.push(0);
        for count in counts {
            sum += count;
            begins.push(sum);
        }
        Self { places: vec![0; sum as usize], begins }
    }
    fn row(&self, at: usize) -> &[u32] {
        match (self.begins.get(at), self.begins.get(at + 1)) {
            (Some(begin), Some(end)) => &self.places[*begin as usize..*end as usize],
            _ => &[],
        }
    }
    /// The numbers of the rows that hold anything, in order.
    fn filled(&self) -> impl Iterator<Item = u32> + '_ {
        (0..).zip(self.begins.windows(2)).filter(|(_, ends)| ends[0] < ends[1]).map(|(row, _)| row)
    }
}

fn count(counts: &mut Vec<u32>, row: u32) {
    let row = row as usize;
    if row >= counts.len() {
        counts.resize(row + 1, 0);
    }
    counts[row] += 1;
}

fn put(rows: &mut Rows, next: &mut [u32], row: u32, place: u32) {
    let next = &mut next[row as usize];
    rows.places[*next as usize] = place;
    *next += 1;
}

impl Groups {
    /// Sorts events by the group of each, in their order.
    pub(super) fn of(groups: impl Iterator<Item = Group> + Clone) -> Self {
        let (mut facilities, mut regions) = (Vec::new(), Vec::new());
        for group in groups.clone() {
            match group {
                Group::Facility(row) => count(&mut facilities, row),
                Group::Region(row) => count(&mut regions, row),
                Group::Patients | Group::None => {}
            }
        }
        let mut all =
            Self { facilities: Rows::with(&facilities), regions: Rows::with(&regions), patients: Vec::new() };
        let (mut facilities, mut regions) = (all.facilities.begins.clone(), all.regions.begins.clone());
        for (place, group) in (0..).zip(groups) {
            match group {
                Group::Facility(row) => put(&mut all.facilities, &mut facilities, row, place),
                Group::Region(row) => put(&mut all.regions, &mut regions, row, place),
                Group::Patients => all.patients.push(place),
                Group::None => {}
            }
        }
        all
    }
    pub(super) fn of_facility(&self, facility: FacilityId) -> &[u32] {
        self.facilities.row(facility.index())
    }
    pub(super) fn of_region(&self, region: RegionId) -> &[u32] {
        self.regions.row(region.index())
    }
    /// The events about patients.
    pub(super) fn of_patients(&self) -> &[u32] {
        &self.patients
    }
    /// The facilities that events are about, in order.
    pub(super) fn facilities(&self) -> impl Iterator<Item = FacilityId> + '_ {
        self.facilities.filled().map(FacilityId::from)
    }
    /// The regions that events are about, in order.
    pub(super) fn regions(&self) -> impl Iterator<Item = RegionId> + '_ {
        self.regions.filled().map(RegionId::from)
    }
}
