//! Folding: what events do to the lanes of one subject, in the order of their numbers.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use crate::model::{
    Declaration, Declared, Effect, Event, Instant, Lane, Registry, Renewal, Scope, StatusId, Until,
};

use super::episode::{Bound, Cut, EndedBy, Episode, LaneState, Said, Track};
use super::limits::{ForcedEnd, Refusal, Rulings};

/// Which lanes an ending reaches.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Reach {
    /// `closed`, `traffic` and the region-defined lanes.
    Open,
    /// Everything.
    All,
    /// These.
    Lanes(Vec<Lane>),
}

impl Reach {
    pub(super) fn covers(&self, lane: &Lane) -> bool {
        match self {
            Self::All => true,
            Self::Open => match lane {
                Lane::Closed | Lane::Traffic | Lane::Type(_) => true,
                Lane::TrafficFor(_) | Lane::Service(_) => false,
            },
            Self::Lanes(lanes) => lanes.contains(lane),
        }
    }
}

/// An ending as it was said: it claims that what it reaches is over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Ending {
    pub(super) from: Instant,
    pub(super) event: u64,
    pub(super) recorded_at: Instant,
    pub(super) reach: Reach,
}

/// The lanes of one subject, as some events leave them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Lanes {
    pub(super) tracks: BTreeMap<Lane, Track>,
    pub(super) endings: Vec<Ending>,
}

/// What declaring a status again does, or declaring it anew.
enum Step {
    Confirm,
    Renew(StatusId),
    Begin,
}

impl Lanes {
    /// Takes in the next event of the subject, unless the rulings refuse it: then nothing changes. Without rulings
    /// nothing is refused: what a source claims is a claim whatever the policy.
    pub(super) fn fold(
        &mut self,
        registry: &Registry,
        event: &Event,
        declaration: &Declaration,
        rulings: Option<&Rulings>,
    ) -> Result<(), Refusal> {
        if let Declared::Status { status, scope } = &declaration.declared {
            let lanes = lanes_of(registry, *status, scope.as_ref());
            for cut in
                rulings.into_iter().flat_map(|rulings| &rulings.cuts).filter(|cut| cut.at <= declaration.from)
            {
                self.force(cut);
            }
            for ((lane, state), rulings) in lanes.iter().zip(std::iter::repeat(rulings)) {
                let Some(rulings) = rulings else { continue };
                let begins = match self.step(registry, lane, state, event, declaration) {
                    Step::Confirm => continue,
                    Step::Renew(next) => next,
                    Step::Begin => match state {
                        LaneState::Status { status, .. } => *status,
                        LaneState::Down => continue,
                    },
                };
                rulings.permit(registry, begins, event, declaration)?;
            }
            for (lane, state) in lanes {
                self.declare(registry, lane, state, event, declaration);
            }
            return Ok(());
        }
        self.fold_other(registry, event, declaration);
        Ok(())
    }

    /// Ends by force what a limit ends.
    pub(super) fn force(&mut self, forced: &ForcedEnd) {
        let cut = Cut { at: forced.at, by: EndedBy::Forced, event: forced.event };
        for episode in self.tracks.values_mut().flat_map(|track| track.episodes.iter_mut()) {
            let counted = match &episode.state {
                LaneState::Status { status, .. } => forced.statuses.contains(status),
                LaneState::Down => false,
            };
            if counted && episode.contains(forced.at) {
                episode.force(cut, &forced.clause);
            }
        }
    }

    /// Takes in an event that begins no status: endings, and services that go down.
    fn fold_other(&mut self, registry: &Registry, event: &Event, declaration: &Declaration) {
        let reach = match &declaration.declared {
            Declared::Status { .. } => return,
            Declared::Down(service) => {
                self.declare(registry, Lane::Service(*service), LaneState::Down, event, declaration);
                return;
            }
            Declared::Up(service) => Reach::Lanes(vec![Lane::Service(*service)]),
            Declared::Open { scope } => match scope {
                Some(scope) if scope.named().len() > 0 => {
                    Reach::Lanes(scope.named().cloned().map(Lane::TrafficFor).collect())
                }
                Some(_) | None => Reach::Open,
            },
            Declared::FullyOpen => Reach::All,
            Declared::OffDivert => Reach::Lanes(vec![Lane::Traffic]),
            Declared::Off(status) => {
                Reach::Lanes(lanes_of(registry, *status, None).into_iter().map(|(lane, _)| lane).collect())
            }
        };
        let cut = Cut { at: declaration.from, by: EndedBy::Manual, event: event.number };
        for track in self.tracks.values_mut().filter(|track| reach.covers(&track.lane)) {
            end_all(track, cut);
        }
        self.endings.push(Ending {
            from: declaration.from,
            event: event.number,
            recorded_at: event.recorded_at,
            reach,
        });
    }

    /// What declaring this state does as the lanes stand.
    fn step(
        &self,
        registry: &Registry,
        lane: &Lane,
        state: &LaneState,
        event: &Event,
        declaration: &Declaration,
    ) -> Step {
        let from = declaration.from;
        let Some(track) = self.tracks.get(lane).filter(|_| !is_late(event, declaration)) else {
            return Step::Begin;
        };
        if let (Renewal::Becomes(next), _) = terms(registry, state)
            && is_said_again(track, from)
        {
            return Step::Renew(next);
        }
        let same = track.at(from).is_some_and(|episode| episode.state == *state);
        if from <= event.recorded_at && same { Step::Confirm } else { Step::Begin }
    }

    fn declare(
        &mut self,
        registry: &Registry,
        lane: Lane,
        state: LaneState,
        event: &Event,
        declaration: &Declaration,
    ) {
        let from = declaration.from;
        let (renewal, max) = terms(registry, &state);
        match self.step(registry, &lane, &state, event, declaration) {
            Step::Begin => self.begin(lane, state, max, event, declaration),
            Step::Renew(next) => {
                if let Some(track) = self.tracks.get_mut(&lane) {
                    end_all(track, Cut { at: from, by: EndedBy::Superseded, event: event.number });
                }
                for (lane, state) in lanes_of(registry, next, None) {
                    self.begin(lane, state, registry.statuses[next].max, event, declaration);
                }
            }
            Step::Confirm => {
                let track = self.tracks.get_mut(&lane);
                let Some(episode) = track.and_then(|track| track.at_mut(from)) else { return };
                let renews = renewal != Renewal::Refused;
                let cap = max.map(|max| if renews { from + max } else { episode.from() + max });
                let until = declaration.until.map(|until| bound(until, cap, event));
                episode.confirm(said(event, declaration), until, cap, renews);
            }
        }
    }

    /// Begins an episode: neither a confirmation nor a renewal.
    fn begin(
        &mut self,
        lane: Lane,
        state: LaneState,
        max: Option<TimeDelta>,
        event: &Event,
        declaration: &Declaration,
    ) {
        let from = declaration.from;
        let cap = max.map(|max| from + max);
        let until = declaration.until.map(|until| bound(until, cap, event));
        let own_end = until.or(cap.map(|at| Bound { at, stated: false, after_the_fact: false }));
        let mut episode = Episode::begin(state, said(event, declaration), own_end);
        let track = self.tracks.entry(lane.clone()).or_insert_with(|| Track::new(lane));
        if until.is_none_or(|until| !until.stated) {
            // Without a stated end it makes room for what was planned before it was recorded.
            let planned = track.episodes.iter().filter(|planned| planned.from() > from);
            let next =
                planned.filter(|planned| !planned.interval().is_empty()).min_by_key(|planned| planned.from());
            if let Some(next) = next {
                episode.end(Cut { at: next.from(), by: EndedBy::Superseded, event: next.event() });
            }
        }
        if !is_late(event, declaration) {
            end_all(track, Cut { at: from, by: EndedBy::Superseded, event: event.number });
        }
        track.episodes.push(episode);
    }
}

/// How a state may be renewed, and how long it may last.
fn terms(registry: &Registry, state: &LaneState) -> (Renewal, Option<TimeDelta>) {
    match state {
        LaneState::Status { status, .. } => {
            let kind = &registry.statuses[*status];
            (kind.renewal, kind.max)
        }
        LaneState::Down => (Renewal::Allowed, None),
    }
}

/// Whether a declaration speaks of what was over when it was recorded: it adds its episode, and ends and confirms
/// nothing.
fn is_late(event: &Event, declaration: &Declaration) -> bool {
    declaration.until.is_some_and(|until| until.stated && until.at <= event.recorded_at)
}

/// Whether something in the track holds at `from` or ends exactly there.
fn is_said_again(track: &Track, from: Instant) -> bool {
    track.episodes.iter().any(|episode| {
        episode.contains(from) || (episode.until() == Some(from) && !episode.interval().is_empty())
    })
}

fn end_all(track: &mut Track, cut: Cut) {
    for episode in track.episodes.iter_mut().filter(|episode| episode.contains(cut.at)) {
        episode.end(cut);
    }
}

/// A stated `until`, cut to what the status type allows.
fn bound(until: Until, cap: Option<Instant>, event: &Event) -> Bound {
    let at = cap.map_or(until.at, |cap| cap.min(until.at));
    Bound { at, stated: until.stated, after_the_fact: at <= event.recorded_at }
}

fn said(event: &Event, declaration: &Declaration) -> Said {
    Said {
        from: declaration.from,
        event: event.number,
        recorded_at: event.recorded_at,
        source: event.source.clone(),
        reason: declaration.reason.clone(),
        text: declaration.text.clone(),
        route: declaration.route.clone(),
        walk_in: declaration.walk_in,
        approver: declaration.approver.clone(),
    }
}

/// The lanes that a status stands in, and what each of them is then in. A built-in status for some cohorts stands in a
/// lane for each; `closed` for some is read as diverting.
pub(super) fn lanes_of(
    registry: &Registry,
    status: StatusId,
    scope: Option<&Scope>,
) -> Vec<(Lane, LaneState)> {
    let kind = &registry.statuses[status];
    let scope = scope.unwrap_or(&kind.diverts);
    if !kind.builtin {
        return vec![(Lane::Type(status), LaneState::Status { status, scope: scope.clone() })];
    }
    let status = match kind.effect {
        Effect::Closed if scope.is_all() => {
            return vec![(Lane::Closed, LaneState::Status { status, scope: scope.clone() })];
        }
        Effect::Closed => registry.builtin(Effect::Diverting),
        Effect::Advisory | Effect::Diverting => status,
    };
    if scope.named().len() == 0 {
        return vec![(Lane::Traffic, LaneState::Status { status, scope: scope.clone() })];
    }
    let lane = |cohort: &crate::model::Cohort| {
        (Lane::TrafficFor(cohort.clone()), LaneState::Status { status, scope: scope.only(cohort) })
    };
    scope.named().map(lane).collect()
}
