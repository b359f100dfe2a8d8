//! The calendar: what is planned to begin, and when what holds runs out.
//!
//! Floor 3: data only; which file format a calendar reads is a writer's.

use crate::model::{FacilityId, Instant};
use crate::sentence::phrase;
use crate::sheet::{Basis, Cell, Column, Kind, Sheet, Value, View};
use crate::state::{Episode, History, LaneState, Track};

/// The kinds of entries.
pub const KINDS: [&str; 3] = ["planned", "ends", "permanently-closed"];

/// The columns of a calendar.
pub fn columns() -> Vec<Column> {
    vec![
        Column::data("uid", Kind::Text),
        Column::data("kind", Kind::OneOf(&KINDS)),
        Column::data("facility", Kind::Text),
        Column::new("from", "From", Kind::Time, View::All),
        Column::new("until", "Until", Kind::Time.or_null(), View::All),
        Column::new("summary", "What", Kind::Text, View::All),
        Column::new("description", "Why", Kind::Text.or_null(), View::All),
        Column::data("event", Kind::Integer.or_null()),
    ]
}

/// What begins or ends after the basis' instant, by time, then facility.
pub fn sheet(basis: &Basis<'_>) -> Sheet {
    let registry = basis.registry;
    let mut entries: Vec<(Instant, FacilityId, Vec<Cell>)> = Vec::new();
    for (id, facility) in registry.facilities.iter() {
        let history = basis.timeline.folded(id);
        for track in history.as_deref().into_iter().flat_map(History::tracks) {
            for episode in track.episodes() {
                entries.extend(of_episode(basis, id, track, episode));
            }
        }
        if let Some(at) = facility.closed_on.filter(|at| *at > basis.at) {
            let summary = format!("{}: closed for good", facility.name);
            let entry = Entry {
                kind: "permanently-closed",
                from: at,
                until: None,
                summary,
                description: None,
                event: None,
            };
            entries.push((at, id, entry.row(basis, id, "closed-for-good")));
        }
    }
    entries.sort_by_key(|(at, facility, _)| (*at, *facility));
    let mut sheet = basis.sheet("ical", columns());
    sheet.rows = entries.into_iter().map(|(_, _, row)| row).collect();
    sheet
}

/// An episode that is planned, and its end.
fn of_episode(
    basis: &Basis<'_>,
    facility: FacilityId,
    track: &Track,
    episode: &Episode,
) -> Vec<(Instant, FacilityId, Vec<Cell>)> {
    let registry = basis.registry;
    let name = &registry.facilities[facility].name;
    let lane = phrase::lane(&track.lane, registry);
    let what = match &episode.state {
        LaneState::Status { status, scope } if scope.is_all() => {
            registry.statuses[*status].label.to_lowercase()
        }
        LaneState::Status { status, scope } => {
            format!(
                "{} for {}",
                registry.statuses[*status].label.to_lowercase(),
                phrase::scope(scope, registry)
            )
        }
        LaneState::Down => format!("{} down", lane.trim_start_matches("service:")),
    };
    // Of what is planned, nothing is said before it begins.
    let told_at = basis.at.max(episode.from());
    let said = episode.last_said(told_at);
    let reason =
        episode.reason_told(told_at).map_or_else(String::new, |reason| format!("because {reason}, "));
    let description = Some(format!("{reason}said by {}, event {}", said.source, said.event));
    let entry = |kind, from, until, summary| Entry {
        kind,
        from,
        until,
        summary,
        description: description.clone(),
        event: Some(episode.event()),
    };
    let mut entries = Vec::new();
    if episode.from() > basis.at && episode.until() != Some(episode.from()) {
        let planned = entry("planned", episode.from(), episode.until(), format!("{name}: {what} (planned)"));
        entries.push((episode.from(), facility, planned.row(basis, facility, &lane)));
    }
    if let Some(until) = episode.until().filter(|until| *until > basis.at && *until > episode.from()) {
        let ends = entry("ends", until, None, format!("{name}: {what} ends, unless it is confirmed"));
        entries.push((until, facility, ends.row(basis, facility, &lane)));
    }
    entries
}

struct Entry {
    kind: &'static str,
    from: Instant,
    until: Option<Instant>,
    summary: String,
    description: Option<String>,
    event: Option<u64>,
}

impl Entry {
    fn row(self, basis: &Basis<'_>, facility: FacilityId, lane: &str) -> Vec<Cell> {
        let zone = basis.zone_of(facility);
        let key = basis.facility_key(facility);
        let event = self.event.map_or_else(String::new, |event| format!("-{event}"));
        let lane: String = lane
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
            .collect();
        let values: Vec<Value> = vec![
            format!("{key}-{lane}-{}{event}@divert", self.kind).into(),
            self.kind.into(),
            key.into(),
            Value::Time(self.from, zone),
            Value::time(self.until, zone),
            self.summary.into(),
            Value::text(self.description),
            self.event.map_or(Value::Missing, Value::count),
        ];
        values.into_iter().map(Cell::from).collect()
    }
}
