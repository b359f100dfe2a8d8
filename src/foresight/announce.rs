//! Announcements: what is to be read on the air or paged, as named fields; a template makes words of them.
//!
//! Floor 3: knows what was said and what holds; knows no template, no file, no clock.

use chrono_tz::Tz;

use crate::model::{
    Declaration, Declared, Effect, Event, FacilityId, Instant, Kind as EventKind, Ledger, Registry, Scope,
    Subject, Target, WalkIn,
};
use crate::sentence::phrase;
use crate::sheet::{Basis, Column, Kind, Line, Sheet, Value, View};
use crate::state::{Active, Snapshot, Standing};

/// What an announcement does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Call {
    /// Something begins.
    Declare,
    /// Something goes on.
    Remind,
    /// Something ends, or nothing is wrong.
    Clear,
    /// Something that was said was an error.
    Correct,
}

impl Call {
    /// Every word.
    pub const WORDS: [&'static str; 4] = ["declare", "remind", "clear", "correct"];
    /// The word for it in data and templates.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Declare => "declare",
            Self::Remind => "remind",
            Self::Clear => "clear",
            Self::Correct => "correct",
        }
    }
}

/// One announcement. A template sees every field under its name; what is not known is none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Announcement {
    /// What it does.
    pub call: Call,
    /// Whom it is about: the full name.
    pub facility: String,
    /// The first of its aliases, for a pager.
    pub alias: String,
    /// Its id.
    pub id: String,
    /// What is said of it: `closed to ambulances`, `diverting for stroke`, `ct down`, `open`.
    pub what: String,
    /// Since when, as radio says it.
    pub from: String,
    /// Until when, as radio says it; none: until further notice.
    pub until: Option<String>,
    /// Where its patients go.
    pub route: Option<String>,
    /// `open` or `closed`.
    pub walk_in: Option<&'static str>,
    /// Why.
    pub reason: Option<String>,
    /// Who said so.
    pub source: Option<String>,
    /// Who approved it.
    pub approver: Option<String>,
    /// The facility's telephone number.
    pub phone: Option<String>,
    /// What else holds there at the time: what stays down after a clear.
    pub also: Vec<String>,
    /// Why it is declared and does not count.
    pub not_in_force: Option<String>,
    /// The event; none for a plan and for a facility of which nothing holds.
    pub event: Option<u64>,
    /// The event that was an error, for a correction.
    pub corrects: Option<u64>,
    /// Whether it is a drill.
    pub exercise: bool,
    /// Whether nobody has declared it.
    pub planned: bool,
    /// The time of the announcement, as radio says it.
    pub now: String,
    /// The head of the log: its last event, and that event's hash where there is one.
    pub head: Option<String>,
}

/// A time as radio says it: `0512 hours`, with the day where it is not the announcement's.
pub fn radio_time(at: Instant, now: Instant, zone: Tz) -> String {
    let (at, now) = (at.on_clock_of(zone), now.on_clock_of(zone));
    let hours = at.format("%H%M hours");
    if at.date_naive() == now.date_naive() {
        hours.to_string()
    } else {
        format!("{hours}, {}", at.format("%-d %B"))
    }
}

/// What is to be said of a facility now: a reminder of each thing that holds, or that nothing does.
pub fn of_facility(basis: &Basis<'_>, facility: FacilityId) -> Vec<Announcement> {
    let snapshot = basis.timeline.at(basis.registry, basis.at);
    let state = snapshot.facility(facility);
    let blank = blank(basis, Subject::Facility(facility), Call::Clear);
    let reminders: Vec<Announcement> = state
        .in_force()
        .map(|active| {
            let episode = active.episode;
            let said = episode.last_said(basis.at);
            let time = |at: Instant| radio_time(at, basis.at, basis.zone_of(facility));
            let order = episode.order(basis.at).map(|said| route(basis.registry, &said.wording.route));
            Announcement {
                call: Call::Remind,
                what: what(&declared(active), basis.registry),
                from: time(episode.from()),
                until: episode.until().map(time),
                route: order,
                walk_in: episode.walk_in(basis.at).map(WalkIn::as_str),
                reason: reason(
                    episode.reason_told(basis.at).map(AsRef::as_ref),
                    episode.reason(basis.at).map(AsRef::as_ref),
                ),
                source: Some(said.source.to_string()),
                approver: episode.approver().map(ToString::to_string),
                event: Some(said.event),
                ..blank.clone()
            }
        })
        .collect();
    if !reminders.is_empty() {
        return reminders;
    }
    // Nobody has heard of it: that is not the same as open.
    let unknown = state.is_unknown().then(|| "open as far as is known: nothing was ever reported".to_owned());
    vec![Announcement { what: unknown.unwrap_or_else(|| blank.what.clone()), ..blank }]
}

/// What is to be said of an event; `events` is the whole log, for a correction. None for an event that says nothing of
/// any facility.
pub fn of_event(basis: &Basis<'_>, event: &Event, events: &Ledger) -> Option<Announcement> {
    match &event.kind {
        EventKind::Declare(declaration) => {
            let mut announcement = of_declaration(basis, declaration, Some(event.number));
            announcement.source = Some(event.source.to_string());
            Some(announcement)
        }
        EventKind::Retract(target) => {
            let wrong = events.event(*target)?;
            let EventKind::Declare(declaration) = &wrong.kind else { return None };
            Some(Announcement {
                call: Call::Correct,
                source: Some(event.source.to_string()),
                event: Some(event.number),
                corrects: Some(*target),
                ..of_declaration(basis, declaration, None)
            })
        }
        EventKind::Note(_) | EventKind::Census(_) | EventKind::Assign(_) => None,
    }
}

/// What is to be said of a declaration; `event` is its number, none where nobody has declared it.
pub fn of_declaration(basis: &Basis<'_>, declaration: &Declaration, event: Option<u64>) -> Announcement {
    let registry = basis.registry;
    let begins = matches!(declaration.declared, Declared::Status { .. } | Declared::Down(_));
    let call = if begins { Call::Declare } else { Call::Clear };
    let blank = blank(basis, declaration.subject, call);
    let zone = zone(basis, declaration.subject);
    let time = |at: Instant| radio_time(at, basis.at, zone);
    let snapshot = basis.timeline.at(registry, basis.at.max(declaration.from));
    let not_in_force = event.and_then(|event| not_in_force(&snapshot, declaration.subject, event));
    Announcement {
        what: what(&declaration.declared, registry),
        from: time(declaration.from),
        until: declaration.until.map(|until| time(until.at)),
        route: (!declaration.route.is_empty()).then(|| route(registry, &declaration.route)),
        walk_in: declaration.walk_in.map(WalkIn::as_str),
        reason: reason(declaration.text.as_deref(), declaration.reason.as_deref()),
        approver: declaration.approver.as_ref().map(ToString::to_string),
        also: if begins { Vec::new() } else { still(&snapshot, declaration.subject) },
        not_in_force,
        event,
        exercise: declaration.exercise,
        ..blank
    }
}

/// An announcement that nothing is wrong.
fn blank(basis: &Basis<'_>, subject: Subject, call: Call) -> Announcement {
    let registry = basis.registry;
    let (facility, alias, id, phone) = match subject {
        Subject::Facility(facility) => {
            let there = &registry.facilities[facility];
            let alias = there.aliases.first().unwrap_or(&there.name);
            (there.name.clone(), alias.clone(), there.key.clone(), there.phone.clone())
        }
        Subject::Region(region) => {
            let there = &registry.regions[region];
            (there.name.clone(), there.name.clone(), there.key.clone(), None)
        }
    };
    let now = radio_time(basis.at, basis.at, zone(basis, subject));
    let head = basis.log.map(|log| match &log.hash {
        Some(hash) => format!("{}:{hash}", log.head),
        None => log.head.to_string(),
    });
    Announcement {
        call,
        facility,
        alias,
        id,
        what: "open to ambulances".to_owned(),
        from: now.clone(),
        until: None,
        route: None,
        walk_in: None,
        reason: None,
        source: None,
        approver: None,
        phone,
        also: Vec::new(),
        not_in_force: None,
        event: None,
        corrects: None,
        exercise: false,
        planned: false,
        now,
        head,
    }
}

fn zone(basis: &Basis<'_>, subject: Subject) -> Tz {
    match subject {
        Subject::Facility(facility) => basis.zone_of(facility),
        Subject::Region(_) => basis.zone(),
    }
}

fn route(registry: &Registry, targets: &[Target]) -> String {
    phrase::route(targets, registry)
}

/// What is declared, in words for the air: "closed" alone could be heard as closed for good.
fn what(declared: &Declared, registry: &Registry) -> String {
    match declared {
        Declared::Status { status, scope } if registry.statuses[*status].builtin => {
            let is_all = scope.as_ref().is_none_or(Scope::is_all);
            match registry.statuses[*status].effect {
                Effect::Closed if is_all => "closed to ambulances".to_owned(),
                Effect::Diverting if is_all => "on diversion".to_owned(),
                Effect::Advisory => format!("on {}", phrase::declared(declared, registry)),
                Effect::Closed | Effect::Diverting => phrase::declared(declared, registry),
            }
        }
        Declared::Open { scope: None } => "open to ambulances".to_owned(),
        Declared::Status { .. }
        | Declared::Down(_)
        | Declared::Up(_)
        | Declared::Open { scope: Some(_) }
        | Declared::FullyOpen
        | Declared::OffDivert
        | Declared::Off(_) => phrase::declared(declared, registry),
    }
}

/// A reason for the air: as it was said, or its code in words where that was more than can be read out.
fn reason(text: Option<&str>, code: Option<&str>) -> Option<String> {
    /// Longer than this is read out by nobody.
    const SPEAKABLE: usize = 80;
    let spoken =
        text.filter(|text| Some(*text) != code && text.chars().count() <= SPEAKABLE).map(str::to_owned);
    spoken.or_else(|| code.map(|code| code.replace('-', " ")))
}

/// What an active episode would be declared as.
fn declared(active: &Active<'_>) -> Declared {
    match (active.status, active.service()) {
        (Some((status, kind, scope)), _) => {
            let usual = scope.is_all() || (!kind.builtin && *scope == kind.diverts);
            Declared::Status { status, scope: (!usual).then(|| scope.clone()) }
        }
        (None, Some(service)) => Declared::Down(service),
        (None, None) => Declared::FullyOpen,
    }
}

/// What holds at a facility at the snapshot's instant.
fn still(snapshot: &Snapshot<'_>, subject: Subject) -> Vec<String> {
    let Subject::Facility(facility) = subject else { return Vec::new() };
    let state = snapshot.facility(facility);
    state.in_force().map(|active| what(&declared(active), snapshot.registry)).collect()
}

/// Why what an event declares does not count.
fn not_in_force(snapshot: &Snapshot<'_>, subject: Subject, event: u64) -> Option<String> {
    let Subject::Facility(facility) = subject else { return None };
    let active = &snapshot.facility(facility).active;
    active.iter().filter(|active| active.episode.event() == event).find_map(|active| match &active.standing {
        Standing::InForce => None,
        Standing::NotInForce { text, .. } => Some(text.clone()),
    })
}

/// The columns of announcements.
pub fn columns() -> Vec<Column> {
    vec![
        Column::new("words", "Words", Kind::Text, View::All),
        Column::data("call", Kind::OneOf(&Call::WORDS)),
        Column::data("facility", Kind::Text),
        Column::data("what", Kind::Text),
        Column::data("event", Kind::Integer.or_null()),
        Column::data("exercise", Kind::Bool),
        Column::data("planned", Kind::Bool),
    ]
}

/// Announcements with their words as a sheet.
pub fn sheet(basis: &Basis<'_>, announcements: &[(Announcement, String)]) -> Sheet {
    let mut sheet = basis.sheet("announce", columns());
    let mut lines = Vec::new();
    for (announcement, words) in announcements {
        let values: Vec<Value> = vec![
            words.as_str().into(),
            announcement.call.as_str().into(),
            announcement.id.as_str().into(),
            announcement.what.as_str().into(),
            announcement.event.map_or(Value::Missing, Value::count),
            announcement.exercise.into(),
            announcement.planned.into(),
        ];
        sheet.rows.push(values.into_iter().map(Into::into).collect());
        if words.lines().count() > 1 && !lines.is_empty() {
            lines.push(Line::plain(""));
        }
        lines.extend(words.lines().map(Line::plain));
    }
    sheet.header.clear();
    sheet.answer = Some(lines);
    sheet
}
