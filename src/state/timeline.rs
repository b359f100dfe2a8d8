//! The timeline: everything that is known of every subject, as known at one instant.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::{Declaration, Event, FacilityId, Instant, Kind, Lane, RegionId, Registry, Subject};

use super::episode::{Episode, Track};
use super::fold::Lanes;
use super::limits::{self, Refusal, Rulings, Suspension};
use super::snapshot::{FacilityState, Snapshot};

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
    /// What each source claims by itself, where several speak of the subject or one of them does not act.
    pub(super) claims: BTreeMap<Arc<str>, Lanes>,
    pub(super) exercises: Vec<Exercise>,
    /// What was declared and is not in force, by a limit or for want of an approver.
    pub(super) refused: Vec<Refused>,
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
        self.lanes.tracks.values()
    }
    /// The lanes of each source that does not act, which are shown only.
    pub fn shown_only<'a>(
        &'a self,
        registry: &'a Registry,
    ) -> impl Iterator<Item = (&'a Arc<str>, &'a Track)> {
        self.claims
            .iter()
            .filter(|(source, _)| !registry.acts(source))
            .flat_map(|(source, lanes)| lanes.tracks.values().map(move |track| (source, track)))
    }
    /// What each source claims by itself, where several speak of the subject or one of them does not act.
    pub fn claims(&self) -> impl Iterator<Item = (&Arc<str>, &Track)> {
        self.claims.iter().flat_map(|(source, lanes)| lanes.tracks.values().map(move |track| (source, track)))
    }
    /// The lanes of exercises, each with the event that declared it.
    pub fn exercises(&self) -> impl Iterator<Item = (u64, &Track)> {
        self.exercises.iter().flat_map(|drill| drill.lanes.tracks.values().map(|track| (drill.event, track)))
    }
    /// The lanes of what was refused, each with the event that declared it and why it is not in force.
    pub fn refused(&self) -> impl Iterator<Item = (u64, &Refusal, &Track)> {
        self.refused.iter().flat_map(|refused| {
            refused.lanes.tracks.values().map(|track| (refused.event, &refused.refusal, track))
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
    /// The newest report at `at` that is routed on.
    pub fn last_report(&self, at: Instant) -> Option<&Report> {
        self.reports
            .iter()
            .filter(|report| report.acts && report.at <= at)
            .max_by_key(|report| (report.at, report.event))
    }
}

/// Everything that is known of every subject.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    facilities: BTreeMap<FacilityId, History>,
    regions: BTreeMap<RegionId, History>,
    /// The stretches in which a policy lets nothing begin, in the order of their beginning.
    suspensions: Vec<Suspension>,
}

impl Timeline {
    /// Folds events, which must be in the order of their numbers. With `known_at`, what was recorded after it is
    /// dropped: also retractions, so that what was believed then is what is seen.
    pub fn fold<'a>(
        registry: &Registry,
        events: impl IntoIterator<Item = &'a Event>,
        known_at: Option<Instant>,
    ) -> Self {
        let known: Vec<&Event> = events
            .into_iter()
            .filter(|event| known_at.is_none_or(|known_at| event.recorded_at <= known_at))
            .collect();
        let retracted = retracted(&known);
        let mut by_subject: BTreeMap<Subject, Vec<(&Event, Option<&Declaration>)>> = BTreeMap::new();
        for event in known {
            if retracted.contains(&event.number) {
                continue;
            }
            let declaration = match &event.kind {
                Kind::Declare(declaration) => Some(&**declaration),
                Kind::Retract(_) | Kind::Note(_) => None,
            };
            if let Some(subject) = event.subject() {
                by_subject.entry(subject).or_default().push((event, declaration));
            }
        }
        let mut timeline = Self::default();
        for (subject, events) in &by_subject {
            let history = history(registry, events, &Rulings::default());
            match subject {
                Subject::Facility(facility) => timeline.facilities.insert(*facility, history),
                Subject::Region(region) => timeline.regions.insert(*region, history),
            };
        }
        limits::apply(registry, &mut timeline, |facility, rulings| {
            by_subject.get(&Subject::Facility(facility)).map(|events| history(registry, events, rulings))
        });
        timeline
    }
    pub(super) fn replace(&mut self, facility: FacilityId, history: History) {
        self.facilities.insert(facility, history);
    }
    pub(super) fn suspend(&mut self, suspension: Suspension) {
        self.suspensions.push(suspension);
    }

    /// The stretches in which a policy lets nothing begin, in the order in which limits tripped.
    pub fn suspensions(&self) -> &[Suspension] {
        &self.suspensions
    }
    /// Why an event is recorded and not in force; `None`: it is in force, or is no declaration of a status.
    pub fn refusal(&self, event: u64) -> Option<&Refusal> {
        let histories = self.facilities.values().chain(self.regions.values());
        histories
            .flat_map(|history| &history.refused)
            .find(|refused| refused.event == event)
            .map(|r| &r.refusal)
    }

    /// What is known of a facility; `None`: nothing was ever reported.
    pub fn facility(&self, facility: FacilityId) -> Option<&History> {
        self.facilities.get(&facility)
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
    pub fn facility_at<'a>(
        &'a self,
        registry: &'a Registry,
        facility: FacilityId,
        at: Instant,
    ) -> FacilityState<'a> {
        FacilityState::read(self, registry, facility, at)
    }
    /// The state of every facility at an instant.
    pub fn at<'a>(&'a self, registry: &'a Registry, at: Instant) -> Snapshot<'a> {
        Snapshot::read(self, registry, at)
    }
}

/// The events that are as if they had not been. A retraction that is itself retracted retracts nothing.
fn retracted(known: &[&Event]) -> BTreeSet<u64> {
    let mut gone = BTreeSet::new();
    for event in known.iter().rev() {
        if let Kind::Retract(target) = event.kind
            && target < event.number
            && !gone.contains(&event.number)
        {
            gone.insert(target);
        }
    }
    gone
}

fn history(registry: &Registry, events: &[(&Event, Option<&Declaration>)], rulings: &Rulings) -> History {
    let mut history = History { known: true, ..History::default() };
    let spoken: BTreeSet<&Arc<str>> = events
        .iter()
        .filter(|(_, declaration)| declaration.is_some_and(|declaration| !declaration.exercise))
        .map(|(event, _)| &event.source)
        .collect();
    let compare = spoken.len() > 1 || spoken.iter().any(|source| !registry.acts(source));
    for (event, declaration) in events {
        let Some(declaration) = declaration else { continue };
        let acts = registry.acts(&event.source) && !declaration.exercise;
        history.reports.push(Report {
            at: declaration.from.min(event.recorded_at),
            from: declaration.from,
            event: event.number,
            source: event.source.clone(),
            acts,
        });
        if declaration.exercise {
            history
                .exercises
                .push(Exercise { event: event.number, lanes: alone(registry, event, declaration) });
            continue;
        }
        if acts {
            let refusal = history.lanes.fold(registry, event, declaration, Some(rulings)).err();
            if let Some(refusal) = refusal.or_else(|| rulings.tripped.get(&event.number).cloned()) {
                let lanes = alone(registry, event, declaration);
                history.refused.push(Refused { event: event.number, refusal, lanes });
            }
        }
        if compare {
            // Without rulings nothing is refused.
            let _ = history.claims.entry(event.source.clone()).or_default().fold(
                registry,
                event,
                declaration,
                None,
            );
        }
    }
    for cut in &rulings.cuts {
        history.lanes.force(cut);
    }
    history
}

/// The lanes that one event by itself would make.
fn alone(registry: &Registry, event: &Event, declaration: &Declaration) -> Lanes {
    let mut lanes = Lanes::default();
    let _ = lanes.fold(registry, event, declaration, None);
    lanes
}
