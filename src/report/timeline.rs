//! Lanes over time: which lane of which facility was in what, drawn over an hour ruler.

use std::collections::BTreeSet;

use crate::model::{FacilityId, Instant, Interval, Lane};
use crate::sentence::phrase;
use crate::sheet::{Bar, BarState, Basis, Cell, Column, Drawing, Kind, Sheet, Track, Value, View};
use crate::state::{EndedBy, History, Piece, Track as LaneTrack};

use super::force::{Clauses, Force};
use super::{lanes, strain};

/// What the timeline shows.
#[derive(Clone, Debug)]
pub struct Selection {
    /// Only these; `None`: every facility of which there is something to show.
    pub facilities: Option<BTreeSet<FacilityId>>,
    /// The first instant shown.
    pub since: Instant,
    /// The first instant not shown.
    pub until: Instant,
    /// Only lanes in which sources contradict each other, each source's claims by themselves.
    pub conflicts: bool,
}

/// The columns of a timeline.
pub fn columns() -> Vec<Column> {
    vec![
        Column::new("facility", "Facility", Kind::Text, View::All),
        Column::new("lane", "Lane", Kind::Text, View::All),
        Column::new("status", "Status", Kind::Text, View::All),
        Column::data("effect", Kind::Text),
        Column::new("scope", "For", Kind::Text.or_null(), View::All),
        Column::new("from", "From", Kind::Time, View::All),
        Column::new("until", "Until", Kind::Time.or_null(), View::All),
        Column::data("minutes", Kind::Number.or_null()),
        Column::new("reason", "Why", Kind::Text.or_null(), View::All),
        Column::new("source", "Source", Kind::Text, View::All),
        Column::data("event", Kind::Integer),
        Column::new(
            "ended_by",
            "Ended by",
            Kind::OneOf(&["manual", "expired", "superseded", "forced"]).or_null(),
            View::All,
        ),
        Column::data("by", Kind::Integer.or_null()),
        Column::data("renewals", Kind::Integer),
        Column::data("open", Kind::Bool),
        Column::data("in_force", Kind::Bool),
        Column::data("conflict", Kind::Bool),
    ]
}

/// A lane to be shown: whose, what it is called, and whether it is routed on.
struct Shown<'a> {
    track: &'a LaneTrack,
    label: String,
    in_force: bool,
    /// Refused: it lasted no time at all.
    refused: bool,
}

/// A stretch of a lane that is in force as a whole or not at all.
struct Part<'a> {
    piece: Piece<'a>,
    in_force: bool,
    /// Whether it ends as its episode does, and not because its force changes.
    is_last: bool,
}

/// The timeline between two instants. `until` of a row is the stretch's own end, also beyond the period shown. What a
/// region suspends, or its policy does not honour for a while, is a stretch of its own.
pub fn sheet(basis: &Basis<'_>, selection: &Selection) -> Sheet {
    let registry = basis.registry;
    let period = Interval::new(selection.since, Some(selection.until));
    let mut sheet = basis.sheet("timeline", columns());
    let clauses = Clauses::read(registry, basis.timeline);
    let mut tracks = Vec::new();
    for (facility, entry) in registry.facilities.iter() {
        if selection.facilities.as_ref().is_some_and(|wanted| !wanted.contains(&facility)) {
            continue;
        }
        let Some(history) = basis.timeline.folded(facility) else { continue };
        for shown in lanes_of(basis, &history, selection) {
            let conflicts = history.conflict_stretches(&shown.track.lane, selection.since, selection.until);
            let parts = shown.track.pieces().into_iter().flat_map(|piece| {
                let split = clauses.split(entry.region.filter(|_| shown.in_force), &piece);
                let last = split.last().map(|(span, _)| *span);
                split.into_iter().map(move |(span, force)| Part {
                    piece: Piece { interval: Interval::new(span.from(), span.end()), ..piece },
                    in_force: shown.in_force && force == Force::Counts,
                    is_last: Some(span) == last,
                })
            });
            let parts: Vec<Part<'_>> =
                parts.filter(|part| part.piece.interval.intersection(period).is_some()).collect();
            if parts.is_empty() && conflicts.is_empty() {
                continue;
            }
            for part in &parts {
                sheet.rows.push(row(basis, facility, &shown, part, &conflicts));
            }
            tracks.push(Track {
                facility: entry.name.clone(),
                lane: shown.label.clone(),
                bars: parts.iter().map(|part| bar(basis, part)).collect(),
                conflicts,
            });
        }
    }
    if tracks.is_empty() {
        let what = if selection.conflicts { "no conflict" } else { "nothing" };
        sheet.footer.push(format!(
            "{what} between {} and {}",
            phrase::clock(selection.since, basis.zone()),
            phrase::clock(selection.until, basis.zone())
        ));
    }
    strain::tell(&mut sheet, basis, selection.since, selection.until);
    sheet.drawing = (!tracks.is_empty()).then(|| Drawing {
        since: selection.since,
        until: selection.until,
        now: basis.at,
        zone: basis.zone(),
        tracks,
    });
    sheet
}

/// The lanes of one facility that are to be shown, in order.
fn lanes_of<'a>(basis: &Basis<'a>, history: &'a History, selection: &Selection) -> Vec<Shown<'a>> {
    let registry = basis.registry;
    let name = |lane: &Lane| phrase::lane(lane, registry);
    if selection.conflicts {
        let disputed =
            |lane: &Lane| !history.conflict_stretches(lane, selection.since, selection.until).is_empty();
        return history
            .claims()
            .filter(|(_, track)| disputed(&track.lane))
            .map(|(source, track)| Shown {
                track,
                label: format!("{} · {source}", name(&track.lane)),
                in_force: registry.acts(source),
                refused: false,
            })
            .collect();
    }
    let routed = history.tracks().map(|track| Shown {
        track,
        label: name(&track.lane),
        in_force: true,
        refused: false,
    });
    let shown = history.shown_only(registry).map(|(source, track)| Shown {
        track,
        label: format!("{} · {source}", name(&track.lane)),
        in_force: false,
        refused: false,
    });
    let drills = history.exercises().map(|(event, track)| Shown {
        track,
        label: format!("{} · exercise {event}", name(&track.lane)),
        in_force: false,
        refused: false,
    });
    let refused = history.refused().map(|(event, _, track)| Shown {
        track,
        label: format!("{} · refused {event}", name(&track.lane)),
        in_force: false,
        refused: true,
    });
    routed.chain(refused).chain(shown).chain(drills).collect()
}

fn row(
    basis: &Basis<'_>,
    facility: FacilityId,
    shown: &Shown<'_>,
    part: &Part<'_>,
    conflicts: &[(Instant, Instant)],
) -> Vec<Cell> {
    let registry = basis.registry;
    let zone = basis.zone_of(facility);
    let Piece { episode, interval } = part.piece;
    let begun = interval.from().max(episode.from());
    let in_conflict = conflicts
        .iter()
        .any(|(from, until)| interval.intersection(Interval::new(*from, Some(*until))).is_some());
    // What was refused was over as it began: the limit took its place.
    let interval =
        if shown.refused { Interval::new(interval.from(), Some(interval.from())) } else { interval };
    let ended = if shown.refused {
        Some((EndedBy::Forced, None))
    } else {
        episode.ended_by().filter(|_| part.is_last)
    };
    let open = interval.until().is_none();
    #[allow(clippy::cast_precision_loss)] // seconds of a log stay far below 2^52
    let minutes = interval.length().map(|length| length.num_seconds() as f64 / 60.0);
    let values: Vec<Value> = vec![
        basis.facility_key(facility).into(),
        phrase::lane(&shown.track.lane, registry).into(),
        lanes::status_key(&episode.state, registry).into(),
        lanes::effect_key(&episode.state, registry).into(),
        lanes::scope_text(&episode.state, registry),
        Value::Time(interval.from(), zone),
        Value::time(interval.until(), zone),
        minutes.map_or(Value::Missing, |minutes| Value::Decimal(minutes, 1)),
        Value::text(episode.reason(begun).map(AsRef::as_ref)),
        episode.declaration().source.as_ref().into(),
        Value::count(episode.event()),
        Value::text(ended.map(|(by, _)| by.as_str())),
        ended.and_then(|(_, event)| event).map_or(Value::Missing, Value::count),
        Value::count(episode.renewals()),
        open.into(),
        part.in_force.into(),
        in_conflict.into(),
    ];
    values.into_iter().map(Cell::from).collect()
}

fn bar(basis: &Basis<'_>, Part { piece, in_force, .. }: &Part<'_>) -> Bar {
    let state = lanes::bar_state(&piece.episode.state, basis.registry);
    Bar {
        from: piece.interval.from(),
        until: piece.interval.until(),
        state: if *in_force { state } else { BarState::NotInForce },
        expires: matches!(piece.episode.ended_by(), Some((EndedBy::Expired, _)))
            && piece.episode.until() == piece.interval.until(),
        confirmed: piece.episode.confirmations().iter().map(|said| said.from).collect(),
    }
}
