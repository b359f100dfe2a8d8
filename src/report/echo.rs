//! The echo of a write: what was understood, what it replaces and leaves, what changes for whom, how to undo it.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::model::{Declaration, Declared, Effect, Event, Instant, Kind as Says, Lane, Ledger, Subject};
use crate::sentence::phrase;
use crate::state::{EndedBy, Episode, History, LaneState, Standing, Timeline, Track};

use super::{change, journal, lanes};
use crate::sheet::{Basis, Line, Tone};

/// What is told of the events that were just recorded. The basis' timeline knows them, `before` does not; the basis'
/// instant is when they were recorded. `events` are all of the log, and the new ones stand at the places `added`.
pub fn lines(basis: &Basis<'_>, before: &Timeline<'_>, events: &Ledger, added: Range<usize>) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut moments = BTreeSet::new();
    let added: Vec<Event> = events.stand_at(added).collect();
    let named = |event: &Event| {
        Line::plain(format!("event {}: {}", event.number, journal::sentence(event, basis.registry)))
    };
    for event in &added {
        match &event.kind {
            Says::Declare(declaration) => {
                let echo = Echo { basis, event, declaration };
                lines.extend(echo.lines(before));
                moments.extend(echo.moment());
            }
            Says::Retract(target) => {
                lines.push(named(event));
                lines.extend(retraction(basis, events, *target));
                moments.extend(moment_of_retraction(event, events, *target));
            }
            Says::Census(_) | Says::Assign(_) | Says::Note(_) => {
                lines.push(named(event));
            }
        }
    }
    for at in moments {
        lines.extend(change::lines(basis, before, basis.timeline, at));
    }
    let numbers: Vec<String> = added.iter().map(|event| event.number.to_string()).collect();
    if !numbers.is_empty() {
        lines.push(Line::plain(format!("  to undo: divert retract {}", numbers.join(" "))));
    }
    lines
}

/// What the retracted event said, and whether that counts again.
fn retraction(basis: &Basis<'_>, events: &Ledger, target: u64) -> Option<Line> {
    let event = events.event(target)?;
    let said = journal::sentence(&event, basis.registry);
    Some(Line::plain(match event.kind {
        Says::Retract(again) => format!("  counts again: event {again}"),
        Says::Declare(_) | Says::Census(_) | Says::Assign(_) | Says::Note(_) => {
            format!("  as if never said: {said}")
        }
    }))
}

/// When the effect of a retraction is seen: now, or when what was retracted would have begun.
fn moment_of_retraction(event: &Event, events: &Ledger, target: u64) -> Option<Instant> {
    let retracted = events.event(target)?;
    Some(match &retracted.kind {
        Says::Declare(declaration) => declaration.from.max(event.recorded_at),
        Says::Retract(_) | Says::Census(_) | Says::Assign(_) | Says::Note(_) => event.recorded_at,
    })
}

/// One declaration that was just recorded.
struct Echo<'a> {
    basis: &'a Basis<'a>,
    event: &'a Event,
    declaration: &'a Declaration,
}

impl Echo<'_> {
    fn lines(&self, before: &Timeline<'_>) -> Vec<Line> {
        let Self { basis, event, declaration } = self;
        let number = event.number;
        let confirmed = self.episodes(basis.timeline).any(|(_, episode)| self.confirms(episode));
        let sentence = journal::sentence(event, basis.registry);
        let confirmed = if confirmed { ", confirmed" } else { "" };
        let mut lines = vec![Line::plain(format!("event {number}{confirmed}: {sentence}"))];
        if declaration.exercise {
            lines.push(caution("  an exercise: shown, marked, and routed on by nobody"));
            return lines;
        }
        if !basis.registry.acts(&event.source) {
            lines.push(caution(format!("  the source `{}` is shown, not routed on", event.source)));
            return lines;
        }
        if let Some(refusal) = basis.timeline.refusal(number) {
            lines.push(Line {
                text: format!("  REFUSED: recorded, not in force: {} ({})", refusal.text, refusal.by),
                tone: Tone::Severe,
            });
            lines.extend(self.forced());
            return lines;
        }
        if self.is_late() {
            lines.push(caution("  a late entry: it was over when it was recorded, and ends nothing"));
        } else if declaration.from > event.recorded_at {
            let ahead = phrase::length(declaration.from.since(event.recorded_at));
            lines.push(caution(format!("  planned: begins in {ahead}")));
        }
        lines.extend(self.own(before));
        lines.extend(self.ended());
        lines.extend(self.forced());
        lines.extend(self.left());
        lines
    }

    /// What a policy's limit ended because of it, anywhere.
    fn forced(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        for (facility, entry) in self.basis.registry.facilities.iter() {
            let history = self.basis.timeline.facility(facility);
            for track in history.into_iter().flat_map(History::tracks) {
                let ended = |episode: &&Episode| {
                    episode.ended_by() == Some((EndedBy::Forced, Some(self.event.number)))
                };
                lines.extend(track.episodes().iter().filter(ended).map(|episode| {
                    caution(format!("  ends by force: {}, {}", entry.name, self.told(&track.lane, episode)))
                }));
            }
        }
        lines
    }

    /// The instant at which its effect is seen; none where nothing that is routed on can change any more.
    fn moment(&self) -> Option<Instant> {
        let acts = self.basis.registry.acts(&self.event.source) && !self.declaration.exercise;
        (acts && !self.is_late()).then(|| self.declaration.from.max(self.event.recorded_at))
    }

    fn is_late(&self) -> bool {
        self.declaration.until.is_some_and(|until| until.stated && until.at <= self.event.recorded_at)
    }

    fn history<'t>(&self, timeline: &'t Timeline<'_>) -> Option<&'t History> {
        match self.declaration.subject {
            Subject::Facility(facility) => timeline.facility(facility),
            Subject::Region(region) => timeline.region(region),
        }
    }

    fn episodes<'t>(&self, timeline: &'t Timeline<'_>) -> impl Iterator<Item = (&'t Lane, &'t Episode)> {
        let tracks = self.history(timeline).into_iter().flat_map(History::tracks);
        tracks.flat_map(|track: &Track| track.episodes().iter().map(|episode| (&track.lane, episode)))
    }

    fn confirms(&self, episode: &Episode) -> bool {
        episode.confirmations().iter().any(|said| said.event == self.event.number)
    }

    /// The episodes that it began or confirmed: when they end, and whether they count.
    fn own(&self, before: &Timeline<'_>) -> Vec<Line> {
        let (basis, number) = (self.basis, self.event.number);
        let mut lines = Vec::new();
        for (lane, episode) in self.episodes(basis.timeline) {
            if self.confirms(episode) {
                let what = self.told(lane, episode);
                lines.push(Line::plain(format!("  still so: {what}")));
                let begun = episode.event();
                let was = self.episodes(before).find(|(other, was)| *other == lane && was.event() == begun);
                let was = was.and_then(|(_, was)| was.until());
                let stated = self.declaration.until.is_some_and(|until| until.stated);
                let has_max = match &episode.state {
                    LaneState::Status { status, .. } => basis.registry.statuses[*status].max.is_some(),
                    LaneState::Down => false,
                };
                if was == episode.until() && has_max && !stated {
                    lines.push(caution(format!("  confirmed, not extended: ends {}", self.end(was))));
                } else if was != episode.until() {
                    lines.push(Line::plain(format!(
                        "  ends {}, not {}",
                        self.end(episode.until()),
                        self.end(was)
                    )));
                }
            } else if episode.event() == number {
                let stated = self.declaration.until.filter(|until| until.stated).map(|until| until.at);
                if episode.until() != stated {
                    lines.push(Line::plain(format!("  ends {}{}", self.end(episode.until()), why(episode))));
                }
            }
        }
        if let Subject::Facility(facility) = self.declaration.subject {
            let at = self.declaration.from.max(self.event.recorded_at);
            for active in basis.timeline.facility_at(basis.registry, facility, at).active {
                if let Standing::NotInForce { text, .. } = &active.standing
                    && active.episode.said().iter().any(|said| said.event == number)
                {
                    lines.push(caution(format!("  not in force: {text}")));
                }
            }
        }
        lines
    }

    fn end(&self, until: Option<Instant>) -> String {
        until.map_or_else(|| "when somebody says so".to_owned(), |until| self.clock(until))
    }

    /// What it ended, or that there was nothing to end.
    fn ended(&self) -> Vec<Line> {
        let number = self.event.number;
        let mut lines: Vec<Line> = self
            .episodes(self.basis.timeline)
            .filter_map(|(lane, episode)| {
                let verb = match episode.ended_by()? {
                    (EndedBy::Superseded, Some(by)) if by == number => "replaces",
                    (EndedBy::Manual, Some(by)) if by == number => "ends",
                    _ => return None,
                };
                Some(Line::plain(format!("  {verb}: {}", self.told(lane, episode))))
            })
            .collect();
        if lines.is_empty() && self.is_ending() {
            lines.push(Line::plain("  nothing was there to end; the report is fresh"));
        }
        lines
    }

    /// Whether it ends lanes and begins none.
    fn is_ending(&self) -> bool {
        match self.declaration.declared {
            Declared::Status { .. } | Declared::Down(_) => false,
            Declared::Up(_)
            | Declared::Open { .. }
            | Declared::FullyOpen
            | Declared::OffDivert
            | Declared::Off(_) => true,
        }
    }

    /// What else is in force at its `from` and goes on, and how that can be ended or narrowed.
    fn left(&self) -> Vec<Line> {
        let (number, from) = (self.event.number, self.declaration.from);
        let mut lines = Vec::new();
        let mut reach_further = false;
        for track in self.history(self.basis.timeline).into_iter().flat_map(History::tracks) {
            let planned = track.episodes().iter().filter(|episode| {
                self.is_ending() && episode.from() > from && !episode.interval().is_empty()
            });
            lines.extend(
                planned.map(|episode| {
                    Line::plain(format!("  stays planned: {}", self.told(&track.lane, episode)))
                }),
            );
            let Some(episode) = track.at(from) else { continue };
            if episode.said().iter().any(|said| said.event == number) {
                continue;
            }
            let word = match episode.state {
                LaneState::Down => "stays down",
                LaneState::Status { .. } => "stays in force",
            };
            lines.push(caution(format!("  {word}: {}", self.told(&track.lane, episode))));
            reach_further |= matches!(track.lane, Lane::TrafficFor(_) | Lane::Service(_));
            if self.is_narrower_than(&track.lane, episode) {
                let subject = phrase::subject(self.declaration.subject, self.basis.registry);
                lines.push(caution(format!(
                    "    so all are diverted; to narrow it: divert declare {subject} off divert"
                )));
            }
        }
        if reach_further && matches!(self.declaration.declared, Declared::Open { scope: None }) {
            let subject = phrase::subject(self.declaration.subject, self.basis.registry);
            lines.push(Line::plain(format!("    to end that too: divert declare {subject} fully open")));
        }
        lines
    }

    /// Whether it diverts some patients while the lane diverts all of them.
    fn is_narrower_than(&self, lane: &Lane, episode: &Episode) -> bool {
        let registry = self.basis.registry;
        let diverts = |status| {
            matches!(registry.statuses[status].effect, Effect::Diverting) && registry.statuses[status].builtin
        };
        let own = match &self.declaration.declared {
            Declared::Status { status, scope: Some(scope) } => diverts(*status) && !scope.is_all(),
            _ => false,
        };
        let wider = match &episode.state {
            LaneState::Status { status, .. } => *lane == Lane::Traffic && diverts(*status),
            LaneState::Down => false,
        };
        own && wider
    }

    /// "closed since 2023-08-04 02:00-04:00 (event 1)".
    fn told(&self, lane: &Lane, episode: &Episode) -> String {
        let what = lanes::what(lane, &episode.state, self.basis.registry);
        let since = if episode.from() > self.event.recorded_at { "from" } else { "since" };
        format!("{what} {since} {} (event {})", self.clock(episode.from()), episode.event())
    }

    fn clock(&self, at: Instant) -> String {
        let own = phrase::zone(self.declaration.subject, self.basis.registry);
        phrase::clock(at, self.basis.zone.unwrap_or(own))
    }
}

/// Why an episode ends when nobody said so.
fn why(episode: &Episode) -> String {
    match episode.ended_by() {
        Some((EndedBy::Expired, _)) => ", the longest that is allowed".to_owned(),
        Some((EndedBy::Superseded, Some(by))) => format!(", where event {by} begins"),
        Some((EndedBy::Manual | EndedBy::Superseded | EndedBy::Forced, _)) | None => String::new(),
    }
}

fn caution(text: impl Into<String>) -> Line {
    Line { text: text.into(), tone: Tone::Caution }
}
