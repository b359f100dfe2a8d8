//! Transitions: what changed when, also by itself. A journal tells what was said; this tells what it came to.

use crate::diagnostic::plural;
use crate::model::{FacilityId, Instant};
use crate::sentence::phrase;
use crate::state::{Episode, History, Piece, Track};

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

/// One change of one lane.
struct Transition<'a> {
    at: Instant,
    facility: FacilityId,
    /// An index into [`CHANGES`]: what ends at an instant comes before what begins there.
    change: usize,
    track: &'a Track,
    episode: &'a Episode,
    ended_by: Option<&'static str>,
    event: Option<u64>,
    source: &'a str,
}

/// Every change up to the basis' instant, in the order of time.
pub fn tell<'a, E: 'a>(basis: &'a Basis<'_>, selection: &Selection) -> Telling<'a, E> {
    let registry = basis.registry;
    let mut transitions = Vec::new();
    for facility in registry.facilities.ids() {
        if selection.facilities.as_ref().is_some_and(|wanted| !wanted.contains(&facility)) {
            continue;
        }
        for track in basis.timeline.facility(facility).into_iter().flat_map(History::tracks) {
            for piece in track.pieces() {
                transitions.extend(of_piece(facility, track, piece));
            }
        }
    }
    transitions.retain(|transition| {
        transition.at <= basis.at
            && selection.since.is_none_or(|since| since <= transition.at)
            && selection.until.is_none_or(|until| transition.at < until)
    });
    transitions.sort_by_key(|one| (one.at, one.facility, one.change, one.event));
    let rows = transitions.into_iter().map(|transition| Ok(row(basis, &transition)));
    Telling {
        sheet: basis.sheet("changes", columns()),
        rows: Box::new(rows),
        counted: Some(|rows| plural(rows, "change")),
    }
}

fn of_piece<'a>(facility: FacilityId, track: &'a Track, piece: Piece<'a>) -> Vec<Transition<'a>> {
    let Piece { interval, episode } = piece;
    let declared = episode.declaration();
    let of = |at, change, ended_by, event, source| Transition {
        at,
        facility,
        change,
        track,
        episode,
        ended_by,
        event,
        source,
    };
    let mut transitions = vec![of(interval.from(), 1, None, Some(declared.event), declared.source.as_ref())];
    for said in episode.confirmations().iter().filter(|said| interval.contains(said.from)) {
        transitions.push(of(said.from, 2, None, Some(said.event), said.source.as_ref()));
    }
    if let Some(until) = interval.until() {
        // A later-recorded episode that lies over this one ends the stretch, not the episode.
        let ended = episode.ended_by().filter(|_| episode.until() == Some(until));
        let (by, event) = ended.map_or(("superseded", None), |(by, event)| (by.as_str(), event));
        transitions.push(of(until, 0, Some(by), event, declared.source.as_ref()));
    }
    transitions
}

fn row(basis: &Basis<'_>, transition: &Transition<'_>) -> Vec<Cell> {
    let registry = basis.registry;
    let Transition { at, facility, change, track, episode, ended_by, event, source } = transition;
    let values: [Value; 11] = [
        Value::Time(*at, basis.zone_of(*facility)),
        registry.facilities[*facility].name.as_str().into(),
        basis.facility_key(*facility).into(),
        CHANGES[*change].into(),
        lanes::what(&track.lane, &episode.state, registry).into(),
        phrase::lane(&track.lane, registry).into(),
        lanes::status_key(&episode.state, registry).into(),
        lanes::scope_text(&episode.state, registry),
        Value::text(*ended_by),
        event.map_or(Value::Missing, Value::count),
        (*source).into(),
    ];
    values.into_iter().map(Cell::from).collect()
}
