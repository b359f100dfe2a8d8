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

/// What stands of an event in its group: its place, and three numbers more. All zeros ask memory for nothing.
pub(super) type Item = [u32; 4];

/// Events, group after group, each in order: of facilities, then of regions, then of patients.
#[derive(Clone, Debug, Default)]
pub(super) struct Groups {
    /// How many facilities have a group, and how many regions.
    facilities: usize,
    regions: usize,
    /// Each of the events of a stretch.
    parts: Vec<Part>,
}

/// The events of one group, as every part has them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'g> {
    parts: &'g [Part],
    at: usize,
}

impl<'g> Row<'g> {
    /// Of no event.
    pub(super) const NONE: Self = Self { parts: &[], at: 0 };

    /// In order, so many as lie together at a time.
    pub(super) fn pieces(self) -> impl DoubleEndedIterator<Item = &'g [Item]> {
        self.parts.iter().map(move |part| part.row(self.at))
    }
    pub(super) fn len(self) -> usize {
        self.pieces().map(<[Item]>::len).sum()
    }
}

/// How many events are in each group.
#[derive(Clone, Debug, Default)]
struct Counts {
    facilities: Vec<u32>,
    regions: Vec<u32>,
    patients: u32,
}

impl Counts {
    #[inline]
    fn take(&mut self, group: Group) {
        match group {
            Group::Facility(facility) => add(&mut self.facilities, facility as usize),
            Group::Region(region) => add(&mut self.regions, region as usize),
            Group::Patients => self.patients += 1,
            Group::None => {}
        }
    }
}

#[inline]
fn add(counts: &mut Vec<u32>, at: usize) {
    if let Some(count) = counts.get_mut(at) {
        *count += 1;
    } else {
        counts.resize(at + 1, 0);
        counts[at] = 1;
    }
}

/// A stretch of the events, sorted by itself.
#[derive(Clone, Debug, Default)]
struct Part {
    stretch: Range<u32>,
    counts: Counts,
    /// Where each group ends in `items`.
    ends: Vec<u32>,
    items: Vec<Item>,
}

impl Part {
    fn count<E>(&mut self, events: &[E], group: impl Fn(u32, &E) -> Group) {
        for (place, event) in self.of(events) {
            self.counts.take(group(place, event));
        }
    }
    /// Its events, each with its place.
    fn of<'e, E>(&self, events: &'e [E]) -> impl Iterator<Item = (u32, &'e E)> + use<'e, E> {
        let Range { start, end } = self.stretch;
        (start..).zip(&events[start as usize..end as usize])
    }
    /// Puts every event to its group, where there are so many facilities and regions.
    fn fill<E>(
        &mut self,
        (facilities, regions): (usize, usize),
        events: &[E],
        group: impl Fn(u32, &E) -> Group,
        item: impl Fn(u32, &E) -> Item,
    ) {
        let mut sum = 0;
        let Counts { facilities: of_facilities, regions: of_regions, patients } = &mut self.counts;
        of_facilities.resize(facilities, 0);
        of_regions.resize(regions, 0);
        let sizes = of_facilities.iter().chain(&*of_regions).chain([&*patients]);
        // Where each begins; once all is put there, where it ends.
        let begins = sizes.map(|size| {
            sum += size;
            sum - size
        });
        self.ends = begins.collect();
        self.items = vec![Item::default(); sum as usize];
        for (place, event) in self.of(events) {
            let group = match group(place, event) {
                Group::Facility(facility) => facility as usize,
                Group::Region(region) => facilities + region as usize,
                Group::Patients => facilities + regions,
                Group::None => continue,
            };
            let next = &mut self.ends[group];
            self.items[*next as usize] = item(place, event);
            *next += 1;
        }
    }
    fn row(&self, at: usize) -> &[Item] {
        let begin = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.items[begin as usize..self.ends[at] as usize]
    }
}

impl Groups {
    /// Sorts events by the group of each, in their order. `at_once` does all that it is given, in whatever order;
    /// there are `parts` of it at a time.
    pub(super) fn of<E: Sync>(
        events: &[E],
        group: impl Fn(u32, &E) -> Group + Sync,
        item: impl Fn(u32, &E) -> Item + Sync,
        parts: usize,
        at_once: impl Fn(Vec<Task<'_>>),
    ) -> Self {
        let (group, item) = (&group, &item);
        #[allow(clippy::cast_possible_truncation)] // four thousand million events do not fit in memory
        let place = |part: usize| (part as u64 * events.len() as u64 / parts as u64) as u32;
        let stretches =
            (0..parts).map(|part| Part { stretch: place(part)..place(part + 1), ..Part::default() });
        let mut parts: Vec<Part> = stretches.collect();
        at_once(parts.iter_mut().map(|part| task(|| part.count(events, group))).collect());
        let most = |length: fn(&Counts) -> usize| parts.iter().map(|part| length(&part.counts)).max();
        let facilities = most(|counts| counts.facilities.len()).unwrap_or_default();
        let regions = most(|counts| counts.regions.len()).unwrap_or_default();
        at_once(
            parts
                .iter_mut()
                .map(|part| task(move || part.fill((facilities, regions), events, group, item)))
                .collect(),
        );
        Self { facilities, regions, parts }
    }

    fn row(&self, at: usize) -> Row<'_> {
        Row { parts: &self.parts, at }
    }
    pub(super) fn of_facility(&self, facility: FacilityId) -> Row<'_> {
        let at = facility.index();
        if at < self.facilities { self.row(at) } else { Row::NONE }
    }
    pub(super) fn of_region(&self, region: RegionId) -> Row<'_> {
        let at = region.index();
        if at < self.regions { self.row(self.facilities + at) } else { Row::NONE }
    }
    /// The events about patients.
    pub(super) fn of_patients(&self) -> Row<'_> {
        self.row(self.facilities + self.regions)
    }
    /// The facilities that events are about, in order.
    pub(super) fn facilities(&self) -> impl Iterator<Item = FacilityId> + '_ {
        self.filled(0..self.facilities).map(FacilityId::from)
    }
    /// The regions that events are about, in order.
    pub(super) fn regions(&self) -> impl Iterator<Item = RegionId> + '_ {
        self.filled(self.facilities..self.facilities + self.regions).map(RegionId::from)
    }
    /// Which of some groups hold anything, counted from the first of them.
    fn filled(&self, groups: Range<usize>) -> impl Iterator<Item = u32> + '_ {
        (0..).zip(groups).filter(|(_, group)| self.row(*group).len() > 0).map(|(at, _)| at)
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
            let item = |place: u32, _: &Group| [place, 1, 2, 3];
            let groups = Groups::of(&told, |_, group| *group, item, parts, |tasks| {
                tasks.into_iter().rev().for_each(|task| task());
            });
            let of = |wanted: Group| -> Vec<Item> {
                (0..events).filter(|place| told[*place as usize] == wanted).map(|place| item(place, &wanted)).collect()
            };
            for (row, wanted) in (0..10)
                .flat_map(|at| {
                    let (facility, region) = (FacilityId::from(at), RegionId::from(at));
                    [(groups.of_facility(facility), Group::Facility(at)), (groups.of_region(region), Group::Region(at))]
                })
                .chain([(groups.of_patients(), Group::Patients)])
            {
                prop_assert_eq!(row.pieces().collect::<Vec<_>>().concat(), of(wanted));
                prop_assert_eq!(row.len(), of(wanted).len());
            }
            let facilities: Vec<FacilityId> =
                (0..9).filter(|at| !of(Group::Facility(*at)).is_empty()).map(FacilityId::from).collect();
            prop_assert_eq!(groups.facilities().collect::<Vec<_>>(), facilities);
            let regions: Vec<RegionId> =
                (0..3).filter(|at| !of(Group::Region(*at)).is_empty()).map(RegionId::from).collect();
            prop_assert_eq!(groups.regions().collect::<Vec<_>>(), regions);
        }
    }
}
