//! Groups: which events of a ledger are about whom.

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

/// Groups in a row that are filled by themselves.
struct Share<'g> {
    /// The number of the first of them.
    first: usize,
    /// Where the next event of each stands in `places`.
    next: Vec<u32>,
    places: &'g mut [u32],
}

impl Share<'_> {
    fn fill(mut self, events: u32, number: impl Fn(u32) -> Option<usize>) {
        for place in 0..events {
            let Some(number) = number(place) else { continue };
            if let Some(next) = self.next.get_mut(number.wrapping_sub(self.first)) {
                self.places[*next as usize] = place;
                *next += 1;
            }
        }
    }
}

impl Groups {
    /// Sorts so many events by the group of each, in their order. `at_once` does all that it is given, in whatever order;
    /// there are `parts` of it at a time.
    #[allow(clippy::cast_possible_truncation)] // a part of the events is no longer than all of them
    pub(super) fn of(
        events: u32,
        group: impl Fn(u32) -> Group + Sync,
        parts: usize,
        at_once: impl Fn(Vec<Task<'_>>),
    ) -> Self {
        let group = &group;
        let mut counts = vec![Counts::default(); parts];
        let length = (events as usize).div_ceil(parts).max(1);
        let stretches = (0..events).step_by(length).map(|first| first..events.min(first + length as u32));
        let counted = counts
            .iter_mut()
            .zip(stretches)
            .map(|(counts, stretch)| task(move || stretch.for_each(|place| counts.take(group(place)))));
        at_once(counted.collect());
        let mut all = Counts::default();
        for counts in &counts {
            all.take_in(counts);
        }

        let (facilities, regions) = (all.facilities.len(), all.regions.len());
        let mut begins = vec![0];
        let mut sum = 0;
        for count in all.facilities.iter().chain(&all.regions).chain([&all.patients]) {
            sum += count;
            begins.push(sum);
        }
        let number = move |place| match group(place) {
            Group::Facility(facility) => Some(facility as usize),
            Group::Region(region) => Some(facilities + region as usize),
            Group::Patients => Some(facilities + regions),
            Group::None => None,
        };
        let mut groups = Self { facilities, begins, places: vec![0; sum as usize] };
        let filled = groups.shares(parts).into_iter().map(|share| task(move || share.fill(events, number)));
        at_once(filled.collect());
        groups
    }

    /// The groups in so many shares, of about as many events each.
    fn shares(&mut self, parts: usize) -> Vec<Share<'_>> {
        let (mut first, mut rest) = (0, self.places.as_mut_slice());
        let (begins, all) = (&self.begins, rest.len());
        let share = |part: usize| {
            let end = begins.partition_point(|begin| (*begin as usize) < all * part / parts);
            let end = if part == parts { begins.len() - 1 } else { end.max(first) };
            let begin = begins[first];
            let (places, others) = std::mem::take(&mut rest).split_at_mut((begins[end] - begin) as usize);
            let next = begins[first..end].iter().map(|at| at - begin).collect();
            let share = Share { first, next, places };
            (first, rest) = (end, others);
            share
        };
        (1..=parts).map(share).collect()
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
