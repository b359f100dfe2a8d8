//! The timeline: everything that is known of every subject, as known at one instant.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use crate::model::{
    Assignment, Census, Declaration, Event, FacilityId, Heard, Instant, Kind, Lane, Ledger, Line, RegionId,
    Registry, Subject, Task,
};

use super::episode::{Episode, LaneState, Track};
use super::fold::{self, Lanes};
use super::limits::{self, Refusal, Rulings, Suspension};
use super::present::Present;
use super::snapshot::{FacilityState, Snapshot};
use super::walk::Moves;

/// A report about a subject: that somebody said something, whatever it was.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// Since when what it says holds; for a plan, when it was recorded.
    pub at: Instant,
    /// Since when what it says holds.
    pub from: Instant,
    /// Which event.
    pub event: u64,
    /// Who said it.
    pub source: Arc<str>,
    /// Whether it is routed on: its source acts and it is no exercise.
    pub acts: bool,
}

/// What is known of one subject.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct History {
    pub(super) lanes: Lanes,
    /// What each source claims by itself, where several speak of the subject and may contradict each other, or one of
    /// them does not act.
    pub(super) claims: BTreeMap<Arc<str>, Lanes>,
    pub(super) exercises: Vec<Exercise>,
    /// What was declared and is not in force, by a limit or for want of an approver.
    pub(super) refused: Vec<Refused>,
    censuses: Vec<Census>,
    /// Every report, in the order of recording.
    pub reports: Vec<Report>,
    /// Whether any event is about it at all.
    pub known: bool,
}

/// A declaration that is recorded and not in force.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Refused {
    pub(super) event: u64,
    pub(super) refusal: Refusal,
    pub(super) lanes: Lanes,
}

/// A drill: shown, never routed on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Exercise {
    pub(super) event: u64,
    pub(super) lanes: Lanes,
}

impl History {
    /// The lanes that are routed on, in order.
    pub fn tracks(&self) -> impl Iterator<Item = &Track> {
        self.lanes.tracks.iter()
    }
    /// The lanes of each source that does not act, which are shown only.
    pub fn shown_only<'a>(
        &'a self,
        registry: &'a Registry,
    ) -> impl Iterator<Item = (&'a Arc<str>, &'a Track)> {
        self.claims
            .iter()
            .filter(|(source, _)| !registry.acts(source))
            .flat_map(|(source, lanes)| lanes.tracks.iter().map(move |track| (source, track)))
    }
    /// What each source claims by itself, where several speak of the subject and may contradict each other, or one of
    /// them does not act.
    pub fn claims(&self) -> impl Iterator<Item = (&Arc<str>, &Track)> {
        self.claims.iter().flat_map(|(source, lanes)| lanes.tracks.iter().map(move |track| (source, track)))
    }
    /// The lanes of exercises, each with the event that declared it.
    pub fn exercises(&self) -> impl Iterator<Item = (u64, &Track)> {
        self.exercises.iter().flat_map(|drill| drill.lanes.tracks.iter().map(|track| (drill.event, track)))
    }
    /// The lanes of what was refused, each with the event that declared it and why it is not in force.
    pub fn refused(&self) -> impl Iterator<Item = (u64, &Refusal, &Track)> {
        self.refused.iter().flat_map(|refused| {
            refused.lanes.tracks.iter().map(|track| (refused.event, &refused.refusal, track))
        })
    }
    /// Whether a later word about a lane has taken the place of what `event` said, by `at`.
    pub(super) fn is_overtaken(&self, lane: &Lane, event: u64, at: Instant) -> bool {
        let episodes = self.lanes.tracks.get(lane).into_iter().flat_map(Track::episodes);
        let said = episodes.flat_map(Episode::said).any(|said| said.event > event && said.from <= at);
        said || self
            .lanes
            .endings
            .iter()
            .any(|ending| ending.event > event && ending.from <= at && ending.reach.covers(lane))
    }
    /// From when on a later word about a lane takes the place of what `event` said; `None`: none does.
    pub fn overtaken_at(&self, lane: &Lane, event: u64) -> Option<Instant> {
        let episodes = self.lanes.tracks.get(lane).into_iter().flat_map(Track::episodes);
        let said = episodes.flat_map(Episode::said).filter(|said| said.event > event).map(|said| said.from);
        let endings = self.lanes.endings.iter();
        let ended = endings.filter(|ending| ending.event > event && ending.reach.covers(lane));
        said.chain(ended.map(|ending| ending.from)).min()
    }
    /// Leaves only what the state at `at` is told from. What was refused matters until it is overtaken, whenever that is:
    /// then all is left.
    #[must_use]
    pub(super) fn cut_down(mut self, at: Instant) -> Self {
        if self.refused.is_empty() {
            self.lanes.cut_down(at);
            self.claims.values_mut().for_each(|lanes| lanes.cut_down(at));
            self.reports = self.last_report(at).cloned().into_iter().collect();
            self.censuses = self.census(at).cloned().into_iter().collect();
        }
        self
    }
    /// The newest census that was taken by `at`; of two at one instant, the one recorded later.
    pub fn census(&self, at: Instant) -> Option<&Census> {
        self.censuses.iter().filter(|census| census.at <= at).max_by_key(|census| census.at)
    }
    /// The newest report at `at` that is routed on.
    pub fn last_report(&self, at: Instant) -> Option<&Report> {
        self.reports
            .iter()
            .filter(|report| report.acts && report.at <= at)
            .max_by_key(|report| (report.at, report.event))
    }
}

/// Everything that is known of every subject. What is known of a facility is folded when it is first asked for.
#[derive(Clone, Debug)]
pub struct Timeline<'a> {
    pub(super) registry: &'a Registry,
    pub(super) ledger: Cow<'a, Ledger>,
    pub(super) known_at: Option<Instant>,
    /// The lanes of everything that is declared, in the ledger's order.
    pub(super) lanes: Vec<Vec<(Lane, LaneState)>>,
    /// The same in numbers, for walks; made when the first is taken.
    pub(super) moves: OnceLock<Moves>,
    pub(super) facilities: Vec<OnceLock<Option<Box<History>>>>,
    /// What matters at the first instant of which a board was asked for.
    pub(super) present: OnceLock<Present>,
    regions: BTreeMap<RegionId, History>,
    pub(super) rulings: BTreeMap<FacilityId, Rulings>,
    /// The stretches in which a policy lets nothing begin, in the order of their beginning.
    suspensions: Vec<Suspension>,
}

impl<'a> Timeline<'a> {
    /// What events come to, which must be in the order of their numbers; as [`Timeline::of`] has it.
    pub fn fold<'e>(
        registry: &'a Registry,
        events: impl IntoIterator<Item = &'e Event>,
        known_at: Option<Instant>,
    ) -> Self {
        let ledger: Ledger = events.into_iter().collect();
        Self::read(registry, Cow::Owned(ledger), known_at)
    }
    /// What the events of a ledger come to. With `known_at`, what was recorded after it is dropped: also retractions, so
    /// that what was believed then is what is seen.
    pub fn of(registry: &'a Registry, ledger: &'a Ledger, known_at: Option<Instant>) -> Self {
        Self::read(registry, Cow::Borrowed(ledger), known_at)
    }
    /// The same, of a ledger that is needed for nothing else.
    pub fn owning(registry: &'a Registry, ledger: Ledger, known_at: Option<Instant>) -> Self {
        Self::read(registry, Cow::Owned(ledger), known_at)
    }
    /// The events that it is made of, also those that were not known.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }
    /// Of which nothing is known.
    pub fn unknown(registry: &'a Registry) -> Self {
        Self::read(registry, Cow::Owned(Ledger::default()), None)
    }
    /// Finds out which events are about whom, which whoever asks about many facilities needs. `at_once` does all that it is
    /// given, in whatever order; there are `parts` of it at a time.
    pub fn group(&self, parts: usize, at_once: impl Fn(Vec<Task<'_>>)) {
        self.ledger.group(parts, at_once);
    }
    fn read(registry: &'a Registry, ledger: Cow<'a, Ledger>, known_at: Option<Instant>) -> Self {
        let mut timeline = Self {
            registry,
            known_at,
            lanes: ledger.declared().iter().map(|declared| fold::lanes(registry, declared)).collect(),
            moves: OnceLock::new(),
            facilities: vec![OnceLock::new(); registry.facilities.len()],
            present: OnceLock::new(),
            regions: BTreeMap::new(),
            rulings: BTreeMap::new(),
            suspensions: Vec::new(),
            ledger,
        };
        let told: Vec<RegionId> = timeline.ledger.regions().collect();
        for region in told {
            if let Some(history) = timeline.history(Subject::Region(region), &Rulings::default()) {
                timeline.regions.insert(region, history);
            }
        }
        limits::apply(registry, &mut timeline);
        timeline
    }
    /// Lays down what policies rule about a facility.
    pub(super) fn rule(&mut self, facility: FacilityId, rulings: &Rulings) {
        self.rulings.insert(facility, rulings.clone());
        self.facilities[facility.index()] = OnceLock::new();
        self.present = OnceLock::new();
    }
    pub(super) fn suspend(&mut self, suspension: Suspension) {
        self.suspensions.push(suspension);
    }
    fn history(&self, subject: Subject, rulings: &Rulings) -> Option<History> {
        history(self.registry, self.ledger.of(subject, self.known_at), &self.lanes, rulings)
    }

    /// The stretches in which a policy lets nothing begin, in the order in which limits tripped.
    pub fn suspensions(&self) -> &[Suspension] {
        &self.suspensions
    }
    /// Why an event is recorded and not in force; `None`: it is in force, or is no declaration of a status.
    pub fn refusal(&self, event: u64) -> Option<&Refusal> {
        let history = match self.ledger.subject(event)? {
            Subject::Facility(facility) => self.facility(facility),
            Subject::Region(region) => self.region(region),
        };
        history?.refused.iter().find(|refused| refused.event == event).map(|r| &r.refusal)
    }

    /// Where patients were sent, as recorded.
    pub fn assignments(&self) -> impl Iterator<Item = &Assignment> {
        self.ledger.assignments(self.known_at)
    }
    /// How many patients each facility was forced to take in `[since, until]`.
    pub fn forced_between(&self, since: Instant, until: Instant) -> BTreeMap<FacilityId, u32> {
        let mut forced = BTreeMap::new();
        for assignment in self.assignments() {
            if assignment.forced && since <= assignment.at && assignment.at <= until {
                *forced.entry(assignment.facility).or_default() += 1;
            }
        }
        forced
    }
    /// When an episode that this declaration begins or confirms ends by its type's `max`, where it has one.
    pub fn due(&self, declaration: &Declaration) -> Option<Instant> {
        let history = match declaration.subject {
            Subject::Facility(facility) => self.facility(facility),
            Subject::Region(region) => self.region(region),
        };
        let max = fold::max_of(self.registry, history.map(|history| &history.lanes), declaration)?;
        Some(declaration.from + max)
    }
    /// What is known of a facility; `None`: nothing was ever reported.
    pub fn facility(&self, facility: FacilityId) -> Option<&History> {
        let cell = self.facilities.get(facility.index())?;
        cell.get_or_init(|| self.whole(facility).map(Box::new)).as_deref()
    }
    /// The same, and not kept: for whoever goes through more facilities than should be in memory at once.
    pub fn folded(&self, facility: FacilityId) -> Option<Cow<'_, History>> {
        match self.facilities.get(facility.index())?.get() {
            Some(kept) => kept.as_deref().map(Cow::Borrowed),
            None => self.whole(facility).map(Cow::Owned),
        }
    }
    fn whole(&self, facility: FacilityId) -> Option<History> {
        let (rulings, none) = (self.rulings.get(&facility), Rulings::default());
        self.history(Subject::Facility(facility), rulings.unwrap_or(&none))
    }
    /// What is known of a region as such.
    pub fn region(&self, region: RegionId) -> Option<&History> {
        self.regions.get(&region)
    }
    /// Every region of which something is known.
    pub fn regions(&self) -> impl Iterator<Item = (RegionId, &History)> {
        self.regions.iter().map(|(region, history)| (*region, history))
    }
    /// The state of one facility at an instant.
    pub fn facility_at(
        &'a self,
        registry: &'a Registry,
        facility: FacilityId,
        at: Instant,
    ) -> FacilityState<'a> {
        FacilityState::read(self, registry, facility, at)
    }
    /// The state of every facility at an instant.
    pub fn at(&'a self, registry: &'a Registry, at: Instant) -> Snapshot<'a> {
        Snapshot::read(self, registry, at)
    }
}

/// What events come to, under given rulings; `None` where there are none.
pub(super) fn history<'l>(
    registry: &Registry,
    lines: impl Iterator<Item = Line<'l>>,
    lanes: &[Vec<(Lane, LaneState)>],
    rulings: &Rulings,
) -> Option<History> {
    let mut history = History::default();
    let mut heard: Vec<Heard<'_>> = Vec::new();
    for line in lines {
        history.known = true;
        match line {
            Line::Declared(declared) => heard.push(declared),
            Line::Other(Kind::Census(census)) => history.censuses.push((**census).clone()),
            Line::Other(Kind::Declare(_) | Kind::Retract(_) | Kind::Assign(_) | Kind::Note(_)) => {}
        }
    }
    if !history.known {
        return None;
    }
    // Sources are kept once each, so that who speaks is told by the place of the name.
    let mut speakers: Vec<(&Arc<str>, bool, bool)> = Vec::new();
    for said in &heard {
        match speakers.iter_mut().find(|(source, ..)| Arc::ptr_eq(source, said.source)) {
            Some((_, _, spoke)) => *spoke |= !said.exercise,
            None => speakers.push((said.source, registry.acts(said.source), !said.exercise)),
        }
    }
    let spoken = || speakers.iter().filter(|(_, _, spoke)| *spoke);
    // What several sources say, each of what begins later than all before it, is news: they can't contradict each other.
    let compare = spoken().any(|(_, acts, _)| !acts) || (spoken().count() > 1 && !is_all_news(&heard));
    history.reports.reserve_exact(heard.len());
    for said in &heard {
        let lanes = lanes[said.declared_at].as_slice();
        let speaker = speakers.iter().find(|(source, ..)| Arc::ptr_eq(source, said.source));
        let acts = !said.exercise && speaker.is_some_and(|(_, acts, _)| *acts);
        history.reports.push(Report {
            at: said.from.min(said.recorded_at),
            from: said.from,
            event: said.number,
            source: said.source.clone(),
            acts,
        });
        if said.exercise {
            let lanes = alone(registry, said, lanes);
            history.exercises.push(Exercise { event: said.number, lanes });
            continue;
        }
        if acts {
            let refusal = history.lanes.fold(registry, said, lanes, Some(rulings)).err();
            if let Some(refusal) = refusal.or_else(|| rulings.tripped.get(&said.number).cloned()) {
                let lanes = alone(registry, said, lanes);
                history.refused.push(Refused { event: said.number, refusal, lanes });
            }
        }
    }
    if compare {
        history.claims = claims(registry, &heard, lanes);
    }
    for cut in &rulings.cuts {
        history.lanes.force(cut);
    }
    Some(history)
}

/// Whether each was recorded when it began or later, and begins later than all that were recorded before it. Then no two
/// sources contradict each other: of two claims the later ends or changes what had been in force.
fn is_all_news(heard: &[Heard<'_>]) -> bool {
    let claims = || heard.iter().filter(|said| !said.exercise);
    claims().all(|said| said.from <= said.recorded_at)
        && claims().zip(claims().skip(1)).all(|(before, said)| before.from < said.from)
}

/// What each source's own events come to.
fn claims(
    registry: &Registry,
    heard: &[Heard<'_>],
    lanes: &[Vec<(Lane, LaneState)>],
) -> BTreeMap<Arc<str>, Lanes> {
    let mut claims: Vec<(&Arc<str>, Lanes)> = Vec::new();
    for said in heard.iter().filter(|said| !said.exercise) {
        let at =
            claims.iter().position(|(source, _)| Arc::ptr_eq(source, said.source)).unwrap_or_else(|| {
                claims.push((said.source, Lanes::default()));
                claims.len() - 1
            });
        // Without rulings nothing is refused.
        let _ = claims[at].1.fold(registry, said, &lanes[said.declared_at], None);
    }
    claims.into_iter().map(|(source, lanes)| (source.clone(), lanes)).collect()
}

/// The lanes that one declaration by itself would make.
fn alone(registry: &Registry, said: &Heard<'_>, of: &[(Lane, LaneState)]) -> Lanes {
    let mut lanes = Lanes::default();
    let _ = lanes.fold(registry, said, of, None);
    lanes
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use proptest::prelude::*;

    use super::*;
    use crate::load::{self, Options};
    use crate::log::{self, Format};
    use crate::model::Sources;

    fn registry() -> Registry {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("facilities.toml");
        let text = "[registry]\nname = \"World\"\ntimezone = \"UTC\"\n[status.yellow]\neffect = \"diverting\"\nmax = \"1h\"\n\
                    [facility.f]\nname = \"F\"\nlat = 0\nlon = 0\ned = {}\n";
        std::fs::write(&path, text).unwrap();
        load::registry(&path, &Options::default(), &mut Sources::default()).unwrap().registry
    }

    proptest! {
        #[test]
        fn sources_that_bring_news_only_contradict_nobody(
            rows in prop::collection::vec(
                (
                    prop::sample::select(vec!["diverting", "advisory", "closed", "yellow", "open", "off-divert"]),
                    prop::sample::select(vec!["", "stroke", "stroke and trauma"]),
                    prop::sample::select(vec!["hospital", "dispatch", "state"]),
                    (1..60_i64, 0..60_i64, prop::option::of(1..200_i64)),
                ),
                0..24,
            ),
        ) {
            let registry = registry();
            let time = |minutes: i64| Instant::from_seconds(60 * minutes).rfc3339(chrono_tz::UTC);
            let mut csv = String::from("recorded_at,facility,status,scope,from,until,source\n");
            let (mut now, mut recorded, mut bounds) = (0, 0, vec![0]);
            for (status, scope, source, (gap, lag, length)) in rows {
                now += gap;
                recorded = recorded.max(now + lag);
                let scope = if status.starts_with("off") { "" } else { scope };
                let until = length.filter(|_| !status.starts_with('o')).map(|length| now + length);
                bounds.extend([Some(now), until, Some(now + 60)].into_iter().flatten());
                let until = until.map_or_else(String::new, time);
                let _ = writeln!(csv, "{},f,{status},{scope},{},{until},{source}", time(recorded), time(now));
            }
            let read = log::read(csv.as_bytes(), "log.csv", Format::Csv, &registry, &mut Sources::default());
            let timeline = Timeline::owning(&registry, read.unwrap().events, None);
            let facility = FacilityId::from(0);
            let Some(mut history) = timeline.whole(facility) else { return Ok(()) };
            prop_assert!(history.claims.is_empty(), "what nobody can contradict is not kept");
            let lines = timeline.ledger.of(Subject::Facility(facility), None);
            let heard: Vec<Heard<'_>> = lines
                .filter_map(|line| match line {
                    Line::Declared(heard) => Some(heard),
                    Line::Other(_) => None,
                })
                .collect();
            history.claims = claims(&registry, &heard, &timeline.lanes);
            for at in bounds {
                prop_assert_eq!(history.conflicts(Instant::from_seconds(60 * at)), []);
            }
        }
    }
}
