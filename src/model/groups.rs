//! Groups: which events of a ledger are about whom.

use std::iter;
use std::ops::Range;

use super::{FacilityId, RegionId};

/// Something to be done.
pub type Task<'t> = Box<dyn FnOnce() + Send + 't>;

fn task<'t>(work: impl FnOnce() + Send + 't) -> Task<'t> {
    Box::new(work)
}

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

/// The places of events, group after group, each in order: of facilities, then of regions, then of patients.
#[derive(Clone, Debug, Default)]
pub(super) struct Groups {
    /// How many facilities have a group.
    facilities: usize,
    /// Where each group begins in `places`, and the end of the last.
    begins: Vec<u32>,
    places: Vec<u32>,
}

/// How many events are in each group.
#[derive(Clone, Debug, Default)]
struct Counts {
    facilities: Vec<u32>,
    regions: Vec<u32>,
    patients: u32,
}

impl Counts {
    fn take(&mut self, group: Group) {
        match group {
            Group::Facility(facility) => add(&mut self.facilities, facility as usize, 1),
            Group::Region(region) => add(&mut self.regions, region as usize, 1),
            Group::Patients => self.patients += 1,
            Group::None => {}
        }
    }
    fn take_in(&mut self, other: &Self) {
        for (at, more) in other.facilities.iter().enumerate() {
            add(&mut self.facilities, at, *more);
        }
        for (at, more) in other.regions.iter().enumerate() {
            add(&mut self.regions, at, *more);
        }
        self.patients += other.patients;
    }
}

fn add(counts: &mut Vec<u32>, at: usize, more: u32) {
    if at >= counts.len() {
        counts.resize(at + 1, 0);
    }
    counts[at] += more;
}

/// A stretch of the events, sorted by itself.
#[derive(Clone, Debug, Default)]
struct Part {
    stretch: Range<u32>,
    counts: Counts,
    /// Where each group ends in `places`.
    ends: Vec<u32>,
    places: Vec<u32>,
}

impl Part {
    fn count(&mut self, group: impl Fn(u32) -> Group) {
        for place in self.stretch.clone() {
            self.counts.take(group(place));
        }
    }
    /// Puts every event to its group, where there are so many facilities and regions.
    fn fill(&mut self, facilities: usize, regions: usize, group: impl Fn(u32) -> Group) {
        let begins = begins(&self.counts, facilities, regions);
        self.places = vec![0; begins.last().copied().unwrap_or_default() as usize];
        self.ends = begins;
        for place in self.stretch.clone() {
            let group = match group(place) {
                Group::Facility(facility) => facility as usize,
                Group::Region(region) => facilities + region as usize,
                Group::Patients => facilities + regions,
                Group::None => continue,
            };
            let next = &mut self.ends[group];
            self.places[*next as usize] = place;
            *next += 1;
        }
    }
    fn row(&self, at: usize) -> &[u32] {
        let begin = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.places[begin as usize..self.ends[at] as usize]
    }
}

/// Where each group begins if so many events are in each, and the end of the last: facilities, regions, patients.
fn begins(counts: &Counts, facilities: usize, regions: usize) -> Vec<u32> {
    let filled = |counts: &[u32], length| {
        counts.iter().copied().chain(iter::repeat(0)).take(length).collect::<Vec<_>>()
    };
    let sizes =
        [filled(&counts.facilities, facilities), filled(&counts.regions, regions), vec![counts.patients]];
    let mut sum = 0;
    let ends = sizes.concat().into_iter().map(|size| {
        sum += size;
        sum
    });
    iter::once(0).chain(ends).collect()
}

impl Groups {
    /// Sorts so many events by the group of each, in their order. `at_once` does all that it is given, in whatever order;
    /// there are `parts` of it at a time.
    pub(super) fn of(
        events: u32,
        group: impl Fn(u32) -> Group + Sync,
        parts: usize,
        at_once: impl Fn(Vec<Task<'_>>),
    ) -> Self {
        let group = &group;
        #[allow(clippy::cast_possible_truncation)] // no place is larger than the number of events
        let place = |part: usize| (part as u64 * u64::from(events) / parts as u64) as u32;
        let stretches =
            (0..parts).map(|part| Part { stretch: place(part)..place(part + 1), ..Part::default() });
        let mut parts: Vec<Part> = stretches.collect();
        at_once(parts.iter_mut().map(|part| task(|| part.count(group))).collect());
        let mut all = Counts::default();
        for part in &parts {
            all.take_in(&part.counts);
        }
        let (facilities, regions) = (all.facilities.len(), all.regions.len());
        at_once(parts.iter_mut().map(|part| task(move || part.fill(facilities, regions, group))).collect());
        let begins = begins(&all, facilities, regions);
        let mut places = Vec::with_capacity(begins.last().copied().unwrap_or_default() as usize);
        for row in 0..=facilities + regions {
            for part in &parts {
                places.extend_from_slice(part.row(row));
            }
        }
        Self { facilities, begins, places }
    }

    fn row(&self, at: usize) -> &[u32] {
        match (self.begins.get(at), self.begins.get(at + 1)) {
            (Some(begin), Some(end)) => &self.places[*begin as usize..*end as usize],
            _ => &[],
        }
    }
    /// The number of the group of patients: the last.
    fn patients(&self) -> usize {
        self.begins.len().saturating_sub(2)
    }
    pub(super) fn of_facility(&self, facility: FacilityId) -> &[u32] {
        let at = facility.index();
        if at < self.facilities { self.row(at) } else { &[] }
    }
    pub(super) fn of_region(&self, region: RegionId) -> &[u32] {
        let at = self.facilities + region.index();
        if at < self.patients() { self.row(at) } else { &[] }
    }
    /// The events about patients.
    pub(super) fn of_patients(&self) -> &[u32] {
        self.row(self.patients())
    }
    /// The facilities that events are about, in order.
    pub(super) fn facilities(&self) -> impl Iterator<Item = FacilityId> + '_ {
        self.filled(0..self.facilities).map(FacilityId::from)
    }
    /// The regions that events are about, in order.
    pub(super) fn regions(&self) -> impl Iterator<Item = RegionId> + '_ {
        self.filled(self.facilities..self.patients()).map(RegionId::from)
    }
    /// Which of some groups hold anything, counted from the first of them.
    fn filled(&self, groups: Range<usize>) -> impl Iterator<Item = u32> + '_ {
        (0..).zip(groups).filter(|(_, group)| !self.row(*group).is_empty()).map(|(at, _)| at)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn group() -> impl Strategy<Value = Group> {
        prop_oneof![
            8 => (0..9_u32).prop_map(Group::Facility),
            2 => (0..3_u32).prop_map(Group::Region),
            1 => Just(Group::Patients),
            1 => Just(Group::None),
        ]
    }

    proptest! {
        #[test]
        fn each_group_has_its_events_in_order_however_many_sort_them(
            told in prop::collection::vec(group(), 0..60),
            parts in 1..5_usize,
        ) {
            let events = u32::try_from(told.len()).unwrap();
            let groups = Groups::of(events, |place| told[place as usize], parts, |tasks| {
                tasks.into_iter().rev().for_each(|task| task());
            });
            let of = |wanted: Group| -> Vec<u32> {
                (0..events).filter(|place| told[*place as usize] == wanted).collect()
            };
            for at in 0..10 {
                prop_assert_eq!(groups.of_facility(FacilityId::from(at)), of(Group::Facility(at)));
                prop_assert_eq!(groups.of_region(RegionId::from(at)), of(Group::Region(at)));
            }
            prop_assert_eq!(groups.of_patients(), of(Group::Patients));
            let facilities: Vec<FacilityId> =
                (0..9).filter(|at| !of(Group::Facility(*at)).is_empty()).map(FacilityId::from).collect();
            prop_assert_eq!(groups.facilities().collect::<Vec<_>>(), facilities);
            let regions: Vec<RegionId> =
                (0..3).filter(|at| !of(Group::Region(*at)).is_empty()).map(RegionId::from).collect();
            prop_assert_eq!(groups.regions().collect::<Vec<_>>(), regions);
        }
    }
}
