//! Transitions: what changed when, also by itself. A journal tells what was said; this tells what it came to.

use std::num::NonZeroU64;
use std::sync::Arc;

use crate::diagnostic::plural;
use crate::model::{FacilityId, Instant, Lane, RegionId, Shared, Subject};
use crate::sentence::phrase;
use crate::state::{EndedBy, History, LaneState, Piece, Track};

use super::journal::Selection;
use super::lanes;
use crate::sheet::{Basis, Cell, Column, Kind, Telling, Value, View};

const CHANGES: [&str; 4] = ["ends", "begins", "confirmed", WITHDRAWN];
/// What is said of a transition that was told and that, by what was recorded since, never was.
const WITHDRAWN: &str = "withdrawn";

/// The columns of transitions.
pub fn columns() -> Vec<Column> {
    vec![
        Column::new("at", "When", Kind::Time, View::All),
        Column::text("facility_name", "Facility"),
        Column::data("facility", Kind::Text.or_null()),
        Column::data("region", Kind::Text.or_null()),
        Column::new("change", "Change", Kind::OneOf(&CHANGES), View::All),
        Column::text("what", "What"),
        Column::data("lane", Kind::Text),
        Column::data("status", Kind::Text),
        Column::data("scope", Kind::Text.or_null()),
        Column::new(
            "ended_by",
            "How",
            Kind::OneOf(&["manual", "expired", "superseded", "forced"]).or_null(),
            View::All,
        ),
        Column::new("event", "Event", Kind::Integer.or_null(), View::All),
        Column::new("source", "Source", Kind::Text, View::All),
    ]
}

/// One change of one lane. Of a nation's decade there are millions, so it is small: 32 bytes.
#[derive(Clone, Copy)]
struct Transition {
    at: Instant,
    event: Option<NonZeroU64>,
    /// The number of a facility, or of a region.
    about: u32,
    of_region: bool,
    /// A place among the states, and one among the sources.
    state: u32,
    source: u32,
    change: Change,
    ended_by: Option<EndedBy>,
}

impl Transition {
    fn subject(&self) -> Subject {
        if self.of_region {
            Subject::Region(RegionId::from(self.about))
        } else {
            Subject::Facility(FacilityId::from(self.about))
        }
    }
}

/// What ends at an instant comes before what begins there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    Ends,
    Begins,
    Confirmed,
}

/// Every change up to the basis' instant, in the order of time; of regions too, unless it is asked for facilities.
pub fn tell<'a, E: 'a>(basis: &'a Basis<'_>, selection: &Selection) -> Telling<'a, E> {
    let mut told = Told::default();
    let mut take = |subject, history: &History| {
        let first = told.transitions.len();
        for track in history.tracks() {
            told.take(subject, track);
        }
        told.keep(first, |at| {
            at <= basis.at
                && selection.since.is_none_or(|since| since <= at)
                && selection.until.is_none_or(|until| at < until)
        });
    };
    for facility in basis.registry.facilities.ids() {
        if selection.facilities.as_ref().is_none_or(|wanted| wanted.contains(&facility))
            && let Some(history) = basis.timeline.folded(facility)
        {
            take(Subject::Facility(facility), &history);
        }
    }
    for (region, history) in basis.timeline.regions().filter(|_| selection.facilities.is_none()) {
        take(Subject::Region(region), history);
    }
    told.transitions.sort_by_key(|one| (one.at, !one.of_region, one.about, one.change, one.event));
    let Told { transitions, states, sources } = told;
    let in_words = selection.in_words;
    let rows = transitions.into_iter().map(move |one| {
        let (lane, state) = &states.kept()[one.state as usize];
        Ok(row(basis, &one, lane, state, &sources.kept()[one.source as usize], in_words))
    });
    Telling {
        sheet: basis.sheet("changes", columns()),
        rows: Box::new(rows),
        counted: Some(|rows| plural(rows, "change")),
    }
}

/// Transitions, and what they say, each thing once.
#[derive(Default)]
struct Told {
    transitions: Vec<Transition>,
    states: Shared<(Lane, LaneState)>,
    sources: Shared<Arc<str>>,
}

impl Told {
    /// Takes in what changed in a lane.
    fn take(&mut self, subject: Subject, track: &Track) {
        let (about, of_region) = match subject {
            Subject::Facility(facility) => (u32::from(facility), false),
            Subject::Region(region) => (u32::from(region), true),
        };
        for Piece { interval, episode } in track.pieces() {
            let said = (track.lane.clone(), episode.state.clone());
            let state = self.states.place(&said, || said.clone());
            let declared = episode.declaration();
            let mut tell = |at, change, ended_by, event: Option<u64>, source: &Arc<str>| {
                let source = self.sources.place(source, || source.clone());
                let event = event.and_then(NonZeroU64::new);
                self.transitions.push(Transition {
                    at,
                    event,
                    about,
                    of_region,
                    state,
                    source,
                    change,
                    ended_by,
                });
            };
            tell(interval.from(), Change::Begins, None, Some(declared.event), &declared.source);
            for said in episode.confirmations().iter().filter(|said| interval.contains(said.from)) {
                tell(said.from, Change::Confirmed, None, Some(said.event), &said.source);
            }
            if let Some(until) = interval.until() {
                // A later-recorded episode that lies over this one ends the stretch, not the episode.
                let ended = episode.ended_by().filter(|_| episode.until() == Some(until));
                let (by, event) = ended.unwrap_or((EndedBy::Superseded, None));
                tell(until, Change::Ends, Some(by), event, &declared.source);
            }
        }
    }
    /// Of the transitions from a place on, leaves only those of instants that are wanted.
    fn keep(&mut self, first: usize, is_wanted: impl Fn(Instant) -> bool) {
        let mut end = first;
        for at in first..self.transitions.len() {
            if is_wanted(self.transitions[at].at) {
                self.transitions.swap(end, at);
                end += 1;
            }
        }
        self.transitions.truncate(end);
    }
}

/// What is to be told to whoever was told what `before` holds: what there is no more, as withdrawn, then what there is now.
/// Both are in the order of time. An event that is recorded late changes the past, a retraction takes from it.
pub fn news(before: &[Vec<Cell>], now: &[Vec<Cell>]) -> Vec<Vec<Cell>> {
    let same = before.iter().zip(now).take_while(|(old, new)| old == new).count();
    let (mut old, mut new) = (&before[same..], &now[same..]);
    let (mut gone, mut came) = (Vec::new(), Vec::new());
    while let Some(at) =
        old.first().map(|row| at(row)).into_iter().chain(new.first().map(|row| at(row))).min()
    {
        let (was, later) = old.split_at(old.partition_point(|row| self::at(row) <= at));
        let (is, later_now) = new.split_at(new.partition_point(|row| self::at(row) <= at));
        gone.extend(beyond(was, is).cloned());
        came.extend(beyond(is, was).cloned());
        (old, new) = (later, later_now);
    }
    let change = columns().iter().position(|column| column.key == "change");
    for row in &mut gone {
        if let Some(cell) = change.and_then(|at| row.get_mut(at)) {
            *cell = WITHDRAWN.into();
        }
    }
    gone.extend(came);
    gone
}

/// Those of some rows that are not among others, or not as often.
fn beyond<'r>(rows: &'r [Vec<Cell>], others: &'r [Vec<Cell>]) -> impl Iterator<Item = &'r Vec<Cell>> {
    let mut left: Vec<_> = others.iter().collect();
    rows.iter().filter(move |row| match left.iter().position(|other| other == row) {
        Some(at) => {
            left.swap_remove(at);
            false
        }
        None => true,
    })
}

/// When the transition of a row was.
fn at(row: &[Cell]) -> Option<Instant> {
    match row.first()?.value {
        Value::Time(at, _) => Some(at),
        _ => None,
    }
}

fn row(
    basis: &Basis<'_>,
    transition: &Transition,
    lane: &Lane,
    state: &LaneState,
    source: &str,
    in_words: bool,
) -> Vec<Cell> {
    let registry = basis.registry;
    let Transition { at, change, ended_by, event, .. } = *transition;
    let (zone, name, facility, region) = match transition.subject() {
        Subject::Facility(facility) => (
            basis.zone_of(facility),
            &registry.facilities[facility].name,
            Value::from(basis.facility_key(facility)),
            Value::Missing,
        ),
        Subject::Region(region) => {
            (basis.zone(), &registry.regions[region].name, Value::Missing, basis.region_key(Some(region)))
        }
    };
    let values: [Value; 12] = [
        Value::Time(at, zone),
        Value::text(in_words.then_some(name.as_str())),
        facility,
        region,
        CHANGES[change as usize].into(),
        Value::text(in_words.then(|| lanes::what(lane, state, registry))),
        phrase::lane(lane, registry).into(),
        lanes::status_key(state, registry).into(),
        lanes::scope_text(state, registry),
        Value::text(ended_by.map(EndedBy::as_str)),
        event.map_or(Value::Missing, |event| Value::count(event.get())),
        source.into(),
    ];
    values.into_iter().map(Cell::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A transition as its row has it, as far as it matters here.
    fn told(minute: i64, facility: &str, change: &str) -> Vec<Cell> {
        let at = Value::Time(Instant::from_seconds(60 * minute), chrono_tz::UTC);
        vec![at.into(), Value::Missing.into(), facility.into(), Value::Missing.into(), change.into()]
    }

    #[test]
    fn whoever_was_told_what_was_is_told_what_came_and_what_never_was() {
        let before = [told(1, "a", "begins"), told(1, "b", "begins"), told(5, "a", "ends")];
        // Recorded later: `c` in the minute that was told, and that `a` ended before it did.
        let now = [
            told(1, "a", "begins"),
            told(1, "b", "begins"),
            told(1, "c", "begins"),
            told(3, "a", "ends"),
            told(6, "b", "ends"),
        ];
        let news = super::news(&before, &now);
        assert_eq!(
            news,
            [told(5, "a", "withdrawn"), told(1, "c", "begins"), told(3, "a", "ends"), told(6, "b", "ends")]
        );
        assert_eq!(super::news(&now, &now), [] as [Vec<Cell>; 0]);
        // What is retracted is withdrawn, and told once more if it is so after all.
        assert_eq!(super::news(&before, &[]).len(), 3);
        assert_eq!(super::news(&[], &before), before);
    }

    #[test]
    fn what_comes_twice_is_told_twice() {
        let [one, once, twice] = [(); 3].map(|()| told(1, "a", "begins"));
        assert_eq!(super::news(&[one], &[once, twice]), [told(1, "a", "begins")]);
    }

    #[test]
    fn a_transition_takes_32_bytes() {
        assert_eq!(size_of::<Transition>(), 32);
    }
}
