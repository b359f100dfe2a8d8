//! Transitions: what changed when, also by itself. A journal tells what was said; this tells what it came to.

use std::num::NonZeroU64;
use std::sync::Arc;

use crate::diagnostic::plural;
use crate::model::{FacilityId, Instant, Lane, Shared};
use crate::sentence::phrase;
use crate::state::{EndedBy, LaneState, Piece, Track};

use super::journal::Selection;
use super::lanes;
use crate::sheet::{Basis, Cell, Column, Kind, Telling, Value, View};

const CHANGES: [&str; 3] = ["ends", "begins", "confirmed"];

/// The columns of transitions.
pub fn columns() -> Vec<Column> {
    vec![
        Column::new("at", "When", Kind::Time, View::All),
        Column::text("facility_name", "Facility"),
        Column::data("facility", Kind::Text),
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
    facility: FacilityId,
    /// A place among the states, and one among the sources.
    state: u32,
    source: u32,
    change: Change,
    ended_by: Option<EndedBy>,
}

/// What ends at an instant comes before what begins there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    Ends,
    Begins,
    Confirmed,
}

/// Every change up to the basis' instant, in the order of time.
pub fn tell<'a, E: 'a>(basis: &'a Basis<'_>, selection: &Selection) -> Telling<'a, E> {
    let mut told = Told::default();
    for facility in basis.registry.facilities.ids() {
        if selection.facilities.as_ref().is_none_or(|wanted| wanted.contains(&facility))
            && let Some(history) = basis.timeline.folded(facility)
        {
            let first = told.transitions.len();
            for track in history.tracks() {
                told.take(facility, track);
            }
            told.keep(first, |at| {
                at <= basis.at
                    && selection.since.is_none_or(|since| since <= at)
                    && selection.until.is_none_or(|until| at < until)
            });
        }
    }
    told.transitions.sort_by_key(|one| (one.at, one.facility, one.change, one.event));
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
    fn take(&mut self, facility: FacilityId, track: &Track) {
        for Piece { interval, episode } in track.pieces() {
            let said = (track.lane.clone(), episode.state.clone());
            let state = self.states.place(&said, || said.clone());
            let declared = episode.declaration();
            let mut tell = |at, change, ended_by, event: Option<u64>, source: &Arc<str>| {
                let source = self.sources.place(source, || source.clone());
                let event = event.and_then(NonZeroU64::new);
                self.transitions.push(Transition { at, event, facility, state, source, change, ended_by });
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

fn row(
    basis: &Basis<'_>,
    transition: &Transition,
    lane: &Lane,
    state: &LaneState,
    source: &str,
    in_words: bool,
) -> Vec<Cell> {
    let registry = basis.registry;
    let Transition { at, facility, change, ended_by, event, .. } = *transition;
    let values: [Value; 11] = [
        Value::Time(at, basis.zone_of(facility)),
        Value::text(in_words.then_some(registry.facilities[facility].name.as_str())),
        basis.facility_key(facility).into(),
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

    #[test]
    fn a_transition_takes_32_bytes() {
        assert_eq!(size_of::<Transition>(), 32);
    }
}
