//! The board: every facility's state at one instant.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::TimeDelta;

use crate::model::{FacilityId, Instant, Lane, RegionId, WalkIn};
use crate::sentence::phrase;
use crate::sheet::{Basis, Cell, Column, Kind, Sheet, Tone, Value, View};
use crate::state::{Claim, Conflict, Episode, FacilityState, History, Snapshot, Standing, Summary, Track};

use super::lanes;

/// Which facilities the board shows.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Only these; `None`: all.
    pub facilities: Option<BTreeSet<FacilityId>>,
    /// Also those that are open, unknown or have no ED.
    pub all: bool,
    /// Whether its rows are told in words: nobody else needs them.
    pub in_words: bool,
}

/// The columns of the board.
pub fn columns() -> Vec<Column> {
    let lane = Kind::Record(vec![
        ("lane", Kind::Text),
        ("status", Kind::Text),
        ("effect", Kind::Text),
        ("scope", Kind::Text.or_null()),
        ("since", Kind::Time),
        ("until", Kind::Time.or_null()),
        ("reason", Kind::Text.or_null()),
        ("source", Kind::Text),
        ("event", Kind::Integer),
        ("in_force", Kind::Bool),
        ("by", Kind::Text.or_null()),
        ("route", Kind::Text.or_null()),
        ("exercise", Kind::Bool),
    ]);
    let conflict = Kind::Record(vec![
        ("lane", Kind::Text),
        ("source", Kind::Text),
        ("event", Kind::Integer),
        ("says", Kind::Text),
        ("against_source", Kind::Text),
        ("against_event", Kind::Integer),
        ("against_says", Kind::Text),
    ]);
    vec![
        Column::text("facility_name", "Facility"),
        Column::text("state", "Status"),
        Column::text("what", "What"),
        Column::text("from", "Since"),
        Column::text("to", "Until"),
        Column::text("why", "Why"),
        Column::data("facility", Kind::Text),
        Column::data("name", Kind::Text),
        Column::data("network", Kind::Text.or_null()),
        Column::data("region", Kind::Text.or_null()),
        Column::data("status", Kind::OneOf(&Summary::WORDS)),
        Column::data("since", Kind::Time.or_null()),
        Column::data("until", Kind::Time.or_null()),
        Column::data("reason", Kind::Text.or_null()),
        Column::json("lanes", lane.list()),
        Column::new("lanes", "lanes", Kind::Text.list(), View::Csv),
        Column::data("services_down", Kind::Text.list()),
        Column::data("reported_at", Kind::Time.or_null()),
        Column::data("age_minutes", Kind::Integer.or_null()),
        Column::data("stale", Kind::Bool),
        Column::data("expired_at", Kind::Time.or_null()),
        Column::json("conflicts", conflict.list()),
        Column::new("conflicts", "conflicts", Kind::Text.list(), View::Csv),
        Column::data("walk_in", Kind::OneOf(&["open", "closed"]).or_null()),
        Column::data("phone", Kind::Text.or_null()),
        Column::data("census", Kind::Integer.or_null()),
        Column::data("nedocs", Kind::Number.or_null()),
    ]
}

/// What the board says of the whole, beside its rows.
pub fn facts() -> Vec<(&'static str, Kind)> {
    let level = vec![("region", Kind::Text), ("level", Kind::Text), ("count", Kind::Integer)];
    let status = vec![
        ("region", Kind::Text),
        ("status", Kind::Text),
        ("since", Kind::Time),
        ("until", Kind::Time.or_null()),
        ("reason", Kind::Text.or_null()),
        ("source", Kind::Text),
        ("event", Kind::Integer),
    ];
    let suspension = vec![("region", Kind::Text), ("until", Kind::Time.or_null()), ("by", Kind::Text)];
    vec![
        ("levels", Kind::Record(level).list()),
        ("suspensions", Kind::Record(suspension).list()),
        ("region_statuses", Kind::Record(status).list()),
    ]
}

/// The board at the basis' instant.
pub fn sheet(basis: &Basis<'_>, selection: &Selection) -> Sheet {
    let snapshot = basis.timeline.at(basis.registry, basis.at);
    let mut sheet = basis.sheet("status", columns());
    let mut text_rows = Vec::new();
    let mut counts = [0_usize; Summary::WORDS.len()];
    tell_regions(&mut sheet, basis, &snapshot, selection);
    for state in snapshot.facilities() {
        if selection.facilities.as_ref().is_some_and(|wanted| !wanted.contains(&state.facility)) {
            continue;
        }
        let summary = state.summary();
        counts[summary as usize] += 1;
        let conflicts = state.conflicts();
        let expired = state.expired_at();
        let calls_for_notice = match summary {
            Summary::Closed | Summary::Diverting | Summary::Partial | Summary::Advisory => true,
            Summary::Unknown | Summary::Open => {
                !conflicts.is_empty()
                    || expired.is_some()
                    || !state.active.is_empty()
                    || is_shown_only(basis, state)
            }
            Summary::NoEd | Summary::PermanentlyClosed => false,
        };
        if !(selection.all || calls_for_notice) {
            continue;
        }
        sheet.rows.push(data_row(basis, state, summary, &conflicts, expired));
        if selection.in_words {
            text_rows.extend(text_rows_of(basis, state, summary, &conflicts, expired));
        }
    }
    sheet.text_rows = selection.in_words.then_some(text_rows);
    sheet.footer.push(tally(counts));
    sheet
}

/// Tells what holds in regions as such, of those that have a facility on the board: levels, suspensions, statuses.
fn tell_regions(sheet: &mut Sheet, basis: &Basis<'_>, snapshot: &Snapshot<'_>, selection: &Selection) {
    let (registry, zone) = (basis.registry, basis.zone());
    let until = |until: Option<Instant>| {
        until.map_or_else(String::new, |until| format!(" until {}", phrase::clock(until, zone)))
    };
    let of_board: Option<BTreeSet<RegionId>> = selection.facilities.as_ref().map(|facilities| {
        facilities.iter().filter_map(|facility| registry.facilities[*facility].region).collect()
    });
    let (mut levels, mut suspensions, mut statuses) = (Vec::new(), Vec::new(), Vec::new());
    for (region, entry) in registry.regions.iter() {
        if of_board.as_ref().is_some_and(|wanted| !wanted.contains(&region)) {
            continue;
        }
        let (name, key) = (&entry.name, || Value::from(entry.key.as_str()));
        if let Some(policy) = registry.policy(region, basis.at)
            && let Some((level, _, count)) = snapshot.level(region, policy)
        {
            sheet.header.push(format!("{name}: {level} ({count} facilities divert)"));
            levels.push(Value::Record(vec![
                ("region", key()),
                ("level", level.into()),
                ("count", Value::count(count)),
            ]));
        }
        for suspension in snapshot.suspensions(region) {
            let (end, by) = (suspension.interval.until(), suspension.clause.as_ref());
            sheet.header.push(format!("{name}: diversion suspended{} [{by}]", until(end)));
            suspensions.push(Value::Record(vec![
                ("region", key()),
                ("until", Value::time(end, zone)),
                ("by", by.into()),
            ]));
        }
        for (lane, episode) in snapshot.region(region) {
            let what = lanes::what(lane, &episode.state, registry);
            let since = phrase::clock(episode.from(), zone);
            let source = episode.last_said(basis.at).source.as_ref();
            let why: Vec<&str> =
                episode.reason_told(basis.at).map(AsRef::as_ref).into_iter().chain([source]).collect();
            sheet.header.push(format!(
                "{name}: {what} since {since}{} ({})",
                until(episode.until()),
                why.join(" · ")
            ));
            statuses.push(Value::Record(vec![
                ("region", key()),
                ("status", lanes::status_key(&episode.state, registry).into()),
                ("since", Value::Time(episode.from(), zone)),
                ("until", Value::time(episode.until(), zone)),
                ("reason", Value::text(episode.reason(basis.at).map(AsRef::as_ref))),
                ("source", source.into()),
                ("event", Value::count(episode.event())),
            ]));
        }
    }
    sheet.facts.extend([
        ("levels", Value::List(levels)),
        ("suspensions", Value::List(suspensions)),
        ("region_statuses", Value::List(statuses)),
    ]);
}

/// The facilities at which something that is active ends by itself within this time.
pub fn ending(basis: &Basis<'_>, within: TimeDelta) -> BTreeSet<FacilityId> {
    let snapshot = basis.timeline.at(basis.registry, basis.at);
    let ends = |state: &&FacilityState<'_>| {
        let ends = state.active.iter().filter_map(|active| active.episode.until());
        ends.into_iter().any(|until| until <= basis.at + within)
    };
    snapshot.facilities().filter(ends).map(|state| state.facility).collect()
}

/// A facility in one line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InShort {
    /// "Manchester Memorial Hospital closed: closed since … (it-outage · hospital)".
    pub text: String,
    /// Whether it is anything but open, or unknown.
    pub calls_for_notice: bool,
}

/// Each facility in one line. Nothing in it changes by the mere passing of time.
pub fn lines(basis: &Basis<'_>, selection: &Selection) -> BTreeMap<FacilityId, InShort> {
    let snapshot = basis.timeline.at(basis.registry, basis.at);
    let wanted = |state: &&FacilityState<'_>| {
        selection.facilities.as_ref().is_none_or(|wanted| wanted.contains(&state.facility))
    };
    snapshot.facilities().filter(wanted).map(|state| (state.facility, in_short(basis, state))).collect()
}

fn in_short(basis: &Basis<'_>, state: &FacilityState<'_>) -> InShort {
    let (registry, zone) = (basis.registry, basis.zone_of(state.facility));
    let summary = state.summary();
    let mut parts = Vec::new();
    for active in &state.active {
        let what = lanes::what(active.lane, &active.episode.state, registry);
        let mut part = format!("{what} since {}", phrase::clock(active.episode.from(), zone));
        if let Some(until) = active.episode.until() {
            part.push_str(&format!(" until {}", phrase::clock(until, zone)));
        }
        if !active.in_force() {
            part.push_str(", not in force");
        }
        let mut why = lanes::particulars(active, basis.at, registry);
        why.push(active.episode.last_said(basis.at).source.to_string());
        parts.push(format!("{part} ({})", why.join(" · ")));
    }
    if let Some(at) = state.expired_at() {
        parts.push(format!("expired {}, not confirmed", phrase::clock(at, zone)));
    }
    if state.is_stale() {
        parts.push("stale".to_owned());
    }
    let name = &registry.facilities[state.facility].name;
    let told = if parts.is_empty() { String::new() } else { format!(": {}", parts.join("; ")) };
    let calls_for_notice = match summary {
        Summary::Closed | Summary::Diverting | Summary::Partial | Summary::Advisory => true,
        Summary::Unknown | Summary::Open => !parts.is_empty(),
        Summary::NoEd | Summary::PermanentlyClosed => false,
    };
    InShort { text: format!("{name} {}{told}", summary.as_str()), calls_for_notice }
}

/// "1 closed · 2 diverting · 38 open".
fn tally(counts: [usize; 8]) -> String {
    let parts: Vec<String> = Summary::WORDS
        .iter()
        .zip(counts)
        .filter(|(_, count)| *count > 0)
        .map(|(word, count)| format!("{count} {word}"))
        .collect();
    if parts.is_empty() { "no facility".to_owned() } else { parts.join(" · ") }
}

fn data_row(
    basis: &Basis<'_>,
    state: &FacilityState<'_>,
    summary: Summary,
    conflicts: &[Conflict],
    expired: Option<Instant>,
) -> Vec<Cell> {
    let registry = basis.registry;
    let facility = &registry.facilities[state.facility];
    let zone = basis.zone_of(state.facility);
    let lead = state.in_force().min_by_key(|active| (FacilityState::severity(active), active.episode.from()));
    // Where they stand as bare names, nothing marks those that are not in force.
    let names = state.in_force().map(|active| phrase::lane(active.lane, basis.registry).into()).collect();
    let report = state.last_report();
    let down =
        state.services_down().into_iter().map(|service| registry.services[service].key.as_str().into());
    let values = [
        // The text view reads other rows.
        Value::Missing,
        Value::Missing,
        Value::Missing,
        Value::Missing,
        Value::Missing,
        Value::Missing,
        facility.key.as_str().into(),
        facility.name.as_str().into(),
        basis.network_key(facility.network),
        basis.region_key(facility.region),
        summary.as_str().into(),
        Value::time(lead.map(|active| active.episode.from()), zone),
        Value::time(lead.and_then(|active| active.episode.until()), zone),
        Value::text(lead.and_then(|active| active.episode.reason(basis.at)).map(AsRef::as_ref)),
        Value::List(lane_records(basis, state)),
        Value::List(names),
        Value::List(down.collect()),
        Value::time(report.map(|report| report.at), zone),
        report.map_or(Value::Missing, |report| Value::Integer(basis.at.since(report.at).num_minutes())),
        state.is_stale().into(),
        Value::time(expired, zone),
        Value::List(conflicts.iter().map(|conflict| conflict_record(basis, conflict)).collect()),
        Value::List(conflicts.iter().map(|conflict| conflict_text(basis, conflict).into()).collect()),
        Value::text(state.walk_in().map(WalkIn::as_str)),
        Value::text(facility.phone.as_deref()),
        state.census().and_then(|census| census.occupied).map_or(Value::Missing, Value::count),
        state.nedocs().map_or(Value::Missing, |score| Value::Decimal(score, 1)),
    ];
    values.into_iter().map(Cell::from).collect()
}

/// Every active lane: those that are routed on, then those of sources that do not act, then exercises.
fn lane_records(basis: &Basis<'_>, state: &FacilityState<'_>) -> Vec<Value> {
    let mut records = Vec::new();
    for active in &state.active {
        let by = match &active.standing {
            Standing::InForce => None,
            Standing::NotInForce { by, .. } => Some(by.clone()),
        };
        records.push(lane_record(basis, state, active.lane, active.episode, active.in_force(), by, false));
    }
    for (source, track) in shown_only(basis, state) {
        if let Some(episode) = track.at(basis.at) {
            let by = Some(format!("source.{source}.acts"));
            records.push(lane_record(basis, state, &track.lane, episode, false, by, false));
        }
    }
    for (_, track) in state.history().into_iter().flat_map(History::exercises) {
        if let Some(episode) = track.at(basis.at) {
            records.push(lane_record(
                basis,
                state,
                &track.lane,
                episode,
                false,
                Some("exercise".to_owned()),
                true,
            ));
        }
    }
    records
}

/// Whether anything is declared there that nobody is routed by: a drill, or the claim of a source that does not act.
fn is_shown_only(basis: &Basis<'_>, state: &FacilityState<'_>) -> bool {
    let drills = state.history().into_iter().flat_map(History::exercises).map(|(_, track)| track);
    let claims = shown_only(basis, state).into_iter().map(|(_, track)| track);
    drills.chain(claims).any(|track| track.at(basis.at).is_some())
}

fn shown_only<'a>(basis: &Basis<'a>, state: &FacilityState<'a>) -> Vec<(&'a Arc<str>, &'a Track)> {
    state.history().into_iter().flat_map(|history| history.shown_only(basis.registry)).collect()
}

fn lane_record(
    basis: &Basis<'_>,
    state: &FacilityState<'_>,
    lane: &Lane,
    episode: &Episode,
    in_force: bool,
    by: Option<String>,
    exercise: bool,
) -> Value {
    let registry = basis.registry;
    let zone = basis.zone_of(state.facility);
    Value::Record(vec![
        ("lane", phrase::lane(lane, registry).into()),
        ("status", lanes::status_key(&episode.state, registry).into()),
        ("effect", lanes::effect_key(&episode.state, registry).into()),
        ("scope", lanes::scope_text(&episode.state, registry)),
        ("since", Value::Time(episode.from(), zone)),
        ("until", Value::time(episode.until(), zone)),
        ("reason", Value::text(episode.reason(basis.at).map(AsRef::as_ref))),
        ("source", episode.declaration().source.as_ref().into()),
        ("event", Value::count(episode.event())),
        ("in_force", in_force.into()),
        ("by", Value::text(by)),
        (
            "route",
            Value::text(episode.order(basis.at).map(|said| phrase::route(&said.wording.route, registry))),
        ),
        ("exercise", exercise.into()),
    ])
}

fn says(basis: &Basis<'_>, lane: &Lane, claim: &Claim) -> String {
    match &claim.state {
        Some(state) => lanes::what(lane, state, basis.registry),
        None => "open".to_owned(),
    }
}

fn conflict_record(basis: &Basis<'_>, conflict: &Conflict) -> Value {
    Value::Record(vec![
        ("lane", phrase::lane(&conflict.lane, basis.registry).into()),
        ("source", conflict.earlier.source.as_ref().into()),
        ("event", Value::count(conflict.earlier.event)),
        ("says", says(basis, &conflict.lane, &conflict.earlier).into()),
        ("against_source", conflict.later.source.as_ref().into()),
        ("against_event", Value::count(conflict.later.event)),
        ("against_says", says(basis, &conflict.lane, &conflict.later).into()),
    ])
}

/// "news says closed (event 1), company says open (event 9)".
pub(super) fn conflict_text(basis: &Basis<'_>, conflict: &Conflict) -> String {
    let side = |claim: &Claim| {
        format!("{} says {} (event {})", claim.source, says(basis, &conflict.lane, claim), claim.event)
    };
    format!("{}, {}", side(&conflict.earlier), side(&conflict.later))
}

/// The rows for people: one for each thing that is active, the facility named once.
fn text_rows_of(
    basis: &Basis<'_>,
    state: &FacilityState<'_>,
    summary: Summary,
    conflicts: &[Conflict],
    expired: Option<Instant>,
) -> Vec<Vec<Cell>> {
    let registry = basis.registry;
    let zone = basis.zone_of(state.facility);
    let mut lines: Vec<(Tone, String, String, Value, Value, String)> = Vec::new();
    let mut active: Vec<_> = state.active.iter().collect();
    active.sort_by_key(|active| (!active.in_force(), FacilityState::severity(active)));
    let receives = registry.facilities[state.facility].receives(basis.at);
    for active in active {
        let severity = FacilityState::severity(active);
        let mut why = lanes::particulars(active, basis.at, registry);
        let (tone, word) = match &active.standing {
            // Where no ambulance goes anyway, what was said makes no difference.
            Standing::InForce if !receives => (Tone::Faint, "not in force".to_owned()),
            Standing::InForce => (lanes::tone(severity), severity.as_str().to_owned()),
            Standing::NotInForce { text, .. } => {
                why.push(text.clone());
                (Tone::Faint, "not in force".to_owned())
            }
        };
        why.push(active.episode.last_said(basis.at).source.to_string());
        lines.push((
            tone,
            word,
            lanes::what(active.lane, &active.episode.state, registry),
            Value::Time(active.episode.from(), zone),
            Value::time(active.episode.until(), zone),
            why.join(" · "),
        ));
    }
    if !lines.iter().any(|(tone, ..)| *tone != Tone::Faint) {
        let what = expired
            .map_or_else(String::new, |at| format!("expired {}, not confirmed", phrase::clock(at, zone)));
        let line = (
            lanes::tone(summary),
            summary.as_str().to_owned(),
            what,
            Value::Missing,
            Value::Missing,
            String::new(),
        );
        lines.insert(0, line);
    }
    for (source, track) in shown_only(basis, state) {
        if let Some(episode) = track.at(basis.at) {
            lines.push((
                Tone::Faint,
                "not in force".to_owned(),
                lanes::what(&track.lane, &episode.state, registry),
                Value::Time(episode.from(), zone),
                Value::time(episode.until(), zone),
                format!("{source} is shown, not routed on"),
            ));
        }
    }
    for (event, track) in state.history().into_iter().flat_map(History::exercises) {
        if let Some(episode) = track.at(basis.at) {
            lines.push((
                Tone::Faint,
                "exercise".to_owned(),
                lanes::what(&track.lane, &episode.state, registry),
                Value::Time(episode.from(), zone),
                Value::time(episode.until(), zone),
                format!("event {event}: a drill, routed on by nobody"),
            ));
        }
    }
    for conflict in conflicts {
        lines.push((
            Tone::Caution,
            "conflict".to_owned(),
            phrase::lane(&conflict.lane, registry),
            Value::Missing,
            Value::Missing,
            conflict_text(basis, conflict),
        ));
    }
    if state.is_stale()
        && let Some(report) = state.last_report()
    {
        let age = phrase::length(basis.at.since(report.at));
        let what = format!("last report {age} ago");
        lines.push((Tone::Caution, "stale".to_owned(), what, Value::Missing, Value::Missing, String::new()));
    }
    let name = &registry.facilities[state.facility].name;
    lines
        .into_iter()
        .enumerate()
        .map(|(index, (tone, word, what, since, until, why))| {
            let named: Value = if index == 0 { name.as_str().into() } else { Value::Missing };
            vec![named.into(), Cell::toned(word, tone), what.into(), since.into(), until.into(), why.into()]
        })
        .collect()
}
