//! The echo of a write: what was understood, what it replaces and leaves, what changes for whom, how to undo it.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::model::{
    Cohort, Declaration, Declared, Effect, Event, Instant, Kind as Says, Lane, Ledger, Renewal, Scope,
    Subject,
};
use crate::sentence::phrase;
use crate::state::{self, Active, EndedBy, Episode, History, LaneState, Reach, Standing, Timeline, Track};

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

    /// The instant at which its effect is seen: now, and that of a plan when it begins.
    fn seen_at(&self) -> Instant {
        self.declaration.from.max(self.event.recorded_at)
    }

    /// The same; none where nothing that is routed on can change any more.
    fn moment(&self) -> Option<Instant> {
        let acts = self.basis.registry.acts(&self.event.source) && !self.declaration.exercise;
        (acts && !self.is_late()).then(|| self.seen_at())
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
        let stated = self.declaration.until.filter(|until| until.stated).map(|until| until.at);
        let mut lines = Vec::new();
        for (lane, episode) in self.episodes(basis.timeline) {
            if self.confirms(episode) {
                let what = self.told(lane, episode);
                lines.push(Line::plain(format!("  still so: {what}")));
                let begun = episode.event();
                let was = self.episodes(before).find(|(other, was)| *other == lane && was.event() == begun);
                let was = was.and_then(|(_, was)| was.until());
                let has_max = match &episode.state {
                    LaneState::Status { status, .. } => basis.registry.statuses[*status].max.is_some(),
                    LaneState::Down => false,
                };
                // What was stated and is not its end is beyond what is allowed.
                let falls_short = stated.map_or(has_max, |stated| Some(stated) != episode.until());
                if was == episode.until() && falls_short {
                    lines.push(caution(format!("  confirmed, not extended: ends {}", self.end(was))));
                } else if was != episode.until() {
                    let why = if stated.is_some() && falls_short { why(episode) } else { String::new() };
                    lines.push(Line::plain(format!(
                        "  ends {}{why}, not {}",
                        self.end(episode.until()),
                        self.end(was)
                    )));
                }
            } else if episode.event() == number {
                if self.renews_into(&episode.state) {
                    let what = lanes::what(lane, &episode.state, basis.registry);
                    lines.push(caution(format!("  a renewal: becomes {what}")));
                }
                if episode.until() != stated {
                    lines.push(Line::plain(format!("  ends {}{}", self.end(episode.until()), why(episode))));
                }
            } else {
                continue;
            }
            lines.extend(self.beneath(lane, episode));
        }
        for active in self.active(self.seen_at()) {
            if let Standing::NotInForce { text, .. } = &active.standing
                && active.episode.said().iter().any(|said| said.event == number)
            {
                lines.push(caution(format!("  not in force: {text}")));
            }
        }
        lines
    }

    /// Whether this is what a renewal makes of the type that was said.
    fn renews_into(&self, state: &LaneState) -> bool {
        match (&self.declaration.declared, state) {
            (Declared::Status { status: said, .. }, LaneState::Status { status, .. }) => {
                said != status && self.basis.registry.statuses[*said].renewal == Renewal::Becomes(*status)
            }
            _ => false,
        }
    }

    /// What lies beneath an episode in its lane and counts again when that ends: it began later, and was recorded earlier.
    fn beneath(&self, lane: &Lane, episode: &Episode) -> Option<Line> {
        let end = episode.until().filter(|end| *end > self.event.recorded_at)?;
        let track = self.history(self.basis.timeline)?.tracks().find(|track| track.lane == *lane)?;
        let goes_on = track.at(end).filter(|other| other.from() < end)?;
        let counts = self.active(end).iter().all(|active| active.lane != lane || active.in_force());
        counts.then(|| caution(format!("  goes on after that end: {}", self.told(lane, goes_on))))
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
        if lines.is_empty() && self.reach().is_some() {
            let history = self.history(self.basis.timeline);
            let newest = history.and_then(|history| history.last_report(self.event.recorded_at));
            lines.push(Line::plain(if newest.is_some_and(|report| report.event == number) {
                "  nothing was there to end; the report is fresh".to_owned()
            } else {
                format!("  nothing was there to end at {}", self.clock(self.declaration.from))
            }));
        }
        lines
    }

    /// The lanes that it ends; `None`: it begins some.
    fn reach(&self) -> Option<Reach> {
        state::reach(self.basis.registry, &self.declaration.declared)
    }

    /// What else is in force when its effect is seen, and how that can be ended or narrowed; for an ending, what is planned.
    fn left(&self) -> Vec<Line> {
        let (number, at, registry) = (self.event.number, self.seen_at(), self.basis.registry);
        let (declared, reach, active) = (&self.declaration.declared, self.reach(), self.active(at));
        let mut lines = Vec::new();
        let mut planned = Vec::new();
        let mut end_with = None;
        for track in self.history(self.basis.timeline).into_iter().flat_map(History::tracks) {
            let to_come = track
                .episodes()
                .iter()
                .filter(|episode| reach.is_some() && episode.from() > at && !episode.interval().is_empty());
            planned.extend(
                to_come.map(|episode| {
                    Line::plain(format!("  stays planned: {}", self.told(&track.lane, episode)))
                }),
            );
            let Some(episode) = track.at(at) else { continue };
            if episode.said().iter().any(|said| said.event == number) {
                continue;
            }
            let is_planned = episode.from() > self.event.recorded_at;
            let told = self.told(&track.lane, episode);
            let is_it = |active: &&Active<'_>| *active.lane == track.lane && active.episode == episode;
            let line = match (active.iter().find(is_it).map(|active| &active.standing), &episode.state) {
                (Some(Standing::NotInForce { text, .. }), _) => format!("  not in force: {told}: {text}"),
                _ if is_planned => format!("  stays planned: {told}"),
                (_, LaneState::Down) => format!("  stays down: {told}"),
                (_, LaneState::Status { .. }) => format!("  stays in force: {told}"),
            };
            lines.push(caution(line));
            if track.lane == Lane::Traffic && self.is_for_some() && diverts_all(&active) {
                let subject = phrase::subject(self.declaration.subject, registry);
                let all = self.never_diverted().map_or_else(
                    || "all".to_owned(),
                    |never| format!("all but {}", phrase::scope(never, registry)),
                );
                lines.push(caution(format!(
                    "    so {all} are diverted; to narrow it: divert declare {subject} off divert"
                )));
            }
            if is_planned {
                continue;
            }
            let is_apart = matches!(track.lane, Lane::TrafficFor(_) | Lane::Service(_));
            if is_apart && *declared == (Declared::Open { scope: None }) {
                end_with = Some(Declared::FullyOpen);
            } else if reach.as_ref().is_some_and(|reach| reach.covers(&track.lane)) {
                // It began after what was said of an earlier time.
                end_with.get_or_insert_with(|| declared.clone());
            }
        }
        lines.extend(end_with.map(|ending| {
            let subject = phrase::subject(self.declaration.subject, registry);
            let ending = phrase::declared(&ending, registry);
            Line::plain(format!("    to end that too: divert declare {subject} {ending}"))
        }));
        lines.extend(planned);
        lines
    }

    /// What is active at its facility.
    fn active(&self, at: Instant) -> Vec<Active<'_>> {
        match self.declaration.subject {
            Subject::Facility(facility) => {
                self.basis.timeline.facility_at(self.basis.registry, facility, at).active
            }
            // What is declared of a region counts.
            Subject::Region(_) => Vec::new(),
        }
    }

    /// Whether it says of some patients that they are diverted.
    fn is_for_some(&self) -> bool {
        match &self.declaration.declared {
            Declared::Status { status, scope: Some(scope) } => {
                *status == self.basis.registry.builtin(Effect::Diverting) && !scope.is_all()
            }
            _ => false,
        }
    }

    /// Whom the policy of the place lets nobody divert.
    fn never_diverted(&self) -> Option<&Scope> {
        let Subject::Facility(facility) = self.declaration.subject else { return None };
        let region = self.basis.registry.facilities[facility].region?;
        self.basis.registry.policy(region, self.seen_at())?.never_diverted.as_ref()
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

/// Whether what counts in the lanes of `traffic` diverts every patient: whom a diversion for all leaves out, another
/// names.
fn diverts_all(active: &[Active<'_>]) -> bool {
    let counts = active.iter().filter(|active| {
        active.in_force()
            && active.effect() == Some(Effect::Diverting)
            && matches!(active.lane, Lane::Traffic | Lane::TrafficFor(_))
    });
    let scopes: Vec<&Scope> = counts.filter_map(|active| Some(active.status?.2)).collect();
    let names = |scope: &Scope, left_out: &Cohort| {
        let takes_in =
            |cohort: &Cohort| cohort.classes().all(|class| left_out.classes().any(|its| its == class));
        scope.except().len() == 0 && scope.named().any(takes_in)
    };
    scopes.iter().any(|wide| {
        wide.named().len() == 0
            && wide.except().all(|left_out| scopes.iter().any(|scope| names(scope, left_out)))
    })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{self, Options};
    use crate::model::{Registry, Sources};
    use crate::sentence::{self, Reading};

    const WORLD: &str = "[registry]\nname = \"World\"\ntimezone = \"UTC\"\n\
                         [facility.alder]\nname = \"Alder\"\nlat = 0\nlon = 0\ned = {}\nservices = [\"ct\"]\n";

    fn registry(text: &str) -> Registry {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("facilities.toml");
        std::fs::write(&path, text).unwrap();
        load::registry(&path, &Options::default(), &mut Sources::default()).unwrap().registry
    }

    /// What is told of the last of these sentences, each recorded at its time of one day, and how to undo it left out.
    fn echo(registry: &Registry, said: &[(&str, &str)]) -> String {
        let mut events = Ledger::default();
        for (at, sentence) in said {
            let recorded_at =
                format!("2023-08-04T{at}:00Z").parse::<chrono::DateTime<chrono::Utc>>().unwrap();
            let recorded_at = Instant::from_seconds(recorded_at.timestamp());
            let mut sources = Sources::default();
            let file = sources.add("test", *sentence);
            let reading = Reading { now: recorded_at, zone: None };
            let declaration = sentence::statement(sentence, file, registry, reading).unwrap().remove(0);
            events.push(&Event {
                number: events.head() + 1,
                recorded_at,
                source: "dispatch".into(),
                text: None,
                kind: Says::Declare(Box::new(declaration)),
            });
        }
        let mut earlier = events.clone();
        earlier.truncate(said.len() - 1);
        let before = Timeline::of(registry, &earlier, None);
        let timeline = Timeline::of(registry, &events, None);
        let at = events.iter().last().unwrap().recorded_at;
        let basis = Basis { registry, timeline: &timeline, at, known_at: None, zone: None, log: None };
        let lines = lines(&basis, &before, &events, said.len() - 1..said.len());
        let told = lines.iter().filter(|line| !line.text.starts_with("  to undo: "));
        told.map(|line| line.text.replace("2023-08-04 ", "").replace("+00:00", "") + "\n").collect()
    }

    #[test]
    fn what_is_over_neither_stays_in_force_nor_stays_planned() {
        let registry = registry(WORLD);
        let said = [
            ("12:00", "Alder closed from 09:00"),
            ("12:00", "Alder open from 11:00"),
            ("12:00", "Alder diverting from 09:00"),
            ("12:00", "Alder off divert from 08:00"),
        ];
        assert_eq!(echo(&registry, &said[..3]), "event 3: Alder diverting from 09:00\n");
        assert_eq!(
            echo(&registry, &said),
            "event 4: Alder off divert from 08:00\n  nothing was there to end at 08:00\n  \
             stays in force: diverting since 09:00 (event 3)\n    \
             to end that too: divert declare Alder off divert\n"
        );
    }

    #[test]
    fn a_closure_that_began_after_a_backdated_reopening_stays_in_force() {
        let said = [("12:00", "Alder closed"), ("12:01", "Alder open from 10:00")];
        assert_eq!(
            echo(&registry(WORLD), &said),
            "event 2: Alder open from 10:00\n  nothing was there to end at 10:00\n  \
             stays in force: closed since 12:00 (event 1)\n    to end that too: divert declare Alder open\n"
        );
    }

    #[test]
    fn what_begins_in_the_future_stays_planned() {
        let said = [
            ("12:00", "Alder CT down from 13:00"),
            ("12:00", "Alder closed from 14:00 until 15:00"),
            ("12:00", "Alder open"),
            ("12:00", "Alder diverting from 13:30"),
        ];
        assert_eq!(
            echo(&registry(WORLD), &said[..3]),
            "event 3: Alder open from 12:00\n  nothing was there to end; the report is fresh\n  \
             stays planned: closed from 14:00 (event 2)\n  stays planned: ct down from 13:00 (event 1)\n"
        );
        assert_eq!(
            echo(&registry(WORLD), &said),
            "event 4: Alder diverting from 13:30\n  planned: begins in 1h30m\n  \
             stays planned: ct down from 13:00 (event 1)\n"
        );
    }

    #[test]
    fn all_are_diverted_only_where_all_that_counts_comes_to_all() {
        let narrow = "to narrow it: divert declare Alder off divert";
        let registry = registry(WORLD);
        let second = |first, second| echo(&registry, &[("12:00", first), ("12:01", second)]);
        let told = second("Alder diverting for all except stroke", "Alder diverting for trauma");
        assert!(!told.contains("all are diverted"), "{told}");
        assert!(told.contains("  stays in force: diverting for all except stroke since 12:00"), "{told}");
        for (first, then) in [
            ("Alder diverting", "Alder diverting for trauma"),
            ("Alder diverting for all except stroke", "Alder diverting for stroke"),
            ("Alder diverting for all except adult als", "Alder diverting for adult"),
        ] {
            let told = second(first, then);
            assert!(told.contains(&format!("\n    so all are diverted; {narrow}\n")), "{told}");
        }
        let told = second("Alder diverting for all except adult", "Alder diverting for adult als");
        assert!(!told.contains("all are diverted"), "{told}");
        let told = second("Alder advisory", "Alder diverting for adult als");
        assert!(!told.contains("all are diverted"), "{told}");
    }

    #[test]
    fn a_diversion_that_the_policy_does_not_honour_diverts_nobody() {
        let region = "[region.west]\nname = \"West\"\n[policy.west]\nregions = [\"west\"]\nhonoured_reasons = [\"ct-down\"]\n";
        let registry = registry(&format!("{WORLD}region = \"west\"\n{region}"));
        let said = [
            ("12:00", "Alder diverting because saturation"),
            ("12:01", "Alder diverting for stroke because CT down"),
        ];
        assert_eq!(
            echo(&registry, &said),
            "event 2: Alder diverting for stroke from 12:01 because CT down\n  not in force: diverting since 12:00 \
             (event 1): a diversion for `saturation` is not honoured here\n"
        );
    }

    #[test]
    fn what_a_status_of_the_region_suspends_does_not_stay_in_force() {
        let region = "[region.west]\nname = \"West\"\n[status.yellow]\nlabel = \"Yellow\"\neffect = \"diverting\"\n\
                      [status.blue]\nlabel = \"Blue\"\nof = \"region\"\nsuspends = [\"yellow\"]\n";
        let registry = registry(&format!("{WORLD}region = \"west\"\n{region}"));
        let said = [
            ("12:00", "Alder yellow"),
            ("12:01", "region West blue"),
            ("12:02", "Alder diverting for stroke"),
            ("12:03", "Alder yellow"),
        ];
        assert_eq!(
            echo(&registry, &said[..3]),
            "event 3: Alder diverting for stroke from 12:02\n  \
             not in force: Yellow since 12:00 (event 1): suspended by Blue in West\n"
        );
        let told = echo(&registry, &said);
        assert!(told.contains("\n  not in force: suspended by Blue in West\n"), "{told}");
        assert!(told.contains("\n  stays in force: diverting for stroke since 12:02 (event 3)\n"), "{told}");
    }

    #[test]
    fn whom_the_policy_never_lets_divert_is_not_among_all() {
        let region = "[region.west]\nname = \"West\"\n[policy.west]\nregions = [\"west\"]\nnever_diverted = \"obstetric\"\n";
        let registry = registry(&format!("{WORLD}region = \"west\"\n{region}"));
        let told = echo(&registry, &[("12:00", "Alder diverting"), ("12:01", "Alder diverting for trauma")]);
        assert!(!told.contains("so all are diverted"), "{told}");
        assert!(told.contains("so all but obstetric are diverted; to narrow it: "), "{told}");
    }

    #[test]
    fn a_confirmation_beyond_what_is_allowed_tells_the_real_end() {
        let registry = registry(&format!(
            "{WORLD}[status.red]\neffect = \"closed\"\nmax = \"1h\"\nrenewal = \"refused\"\n\
             [status.yellow]\neffect = \"diverting\"\nmax = \"2h\"\n"
        ));
        let second = |first, at, again| echo(&registry, &[("12:00", first), (at, again)]);
        assert_eq!(
            second("Alder red", "12:10", "Alder red until 17:00"),
            "event 2, confirmed: Alder red from 12:10 until 17:00\n  still so: red since 12:00 (event 1)\n  \
             confirmed, not extended: ends 13:00\n"
        );
        let told = second("Alder yellow", "12:00", "Alder yellow until 21:00");
        assert!(told.ends_with("\n  confirmed, not extended: ends 14:00\n"), "{told}");
        let told = second("Alder yellow", "12:10", "Alder yellow until 21:00");
        assert!(told.ends_with("\n  ends 14:10, the longest that is allowed, not 14:00\n"), "{told}");
        let told = second("Alder yellow", "12:10", "Alder yellow until 13:00");
        assert!(told.ends_with("\n  ends 13:00, not 14:00\n"), "{told}");
        let told = second("Alder yellow until 13:00", "12:10", "Alder yellow until 13:00");
        assert!(told.ends_with("\n  still so: yellow since 12:00 (event 1)\n"), "{told}");
    }

    #[test]
    fn what_has_no_end_goes_on_beneath_what_has_one() {
        let registry = registry(WORLD);
        let said = [("12:00", "Alder closed"), ("12:01", "Alder closed from 11:00 until 14:00")];
        assert_eq!(
            echo(&registry, &said),
            "event 2: Alder closed from 11:00 until 14:00\n  goes on after that end: closed since 12:00 (event 1)\n"
        );
        let said = [("12:00", "Alder closed from 13:00"), ("12:01", "Alder closed until 14:00")];
        let told = echo(&registry, &said);
        assert!(told.contains("\n  goes on after that end: closed from 13:00 (event 1)\n"), "{told}");
        // Two that follow each other, and one that is over.
        for said in [
            [("12:00", "Alder closed from 13:00"), ("12:01", "Alder closed until 13:00")],
            [("12:00", "Alder closed"), ("12:01", "Alder closed until 14:00")],
            [("12:00", "Alder closed"), ("12:01", "Alder closed from 10:00 until 11:00")],
        ] {
            let told = echo(&registry, &said);
            assert!(!told.contains("goes on"), "{told}");
        }
    }

    #[test]
    fn a_renewal_into_another_type_names_it() {
        let registry = registry(&format!(
            "{WORLD}[status.first]\neffect = \"diverting\"\nmax = \"1h\"\nrenewal = \"second\"\n\
             [status.second]\nlabel = \"Second hour\"\neffect = \"diverting\"\nmax = \"1h\"\nrenewal = \"refused\"\n"
        ));
        assert_eq!(
            echo(&registry, &[("12:00", "Alder first"), ("12:30", "Alder first")]),
            "event 2: Alder first from 12:30\n  a renewal: becomes Second hour\n  \
             ends 13:30, the longest that is allowed\n  replaces: first since 12:00 (event 1)\n"
        );
        let told = echo(&registry, &[("12:00", "Alder first"), ("13:10", "Alder first")]);
        assert!(!told.contains("renewal"), "{told}");
    }
}
