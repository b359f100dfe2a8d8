//! Folding: what events do to the lanes of one subject, in the order of their numbers.

use chrono::TimeDelta;

use crate::model::{
    Declaration, Declared, Effect, Heard, Instant, Lane, Registry, Renewal, Scope, StatusId, Until,
};

use super::episode::{Bound, Cut, EndedBy, Episode, LaneState, Said, Track, Tracks};
use super::limits::{self, ForcedEnd, Refusal, Rulings};

/// Which lanes an ending reaches.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reach {
    /// `closed`, `traffic` and the region-defined lanes.
    Open,
    /// Everything.
    All,
    /// These.
    Lanes(Vec<Lane>),
}

impl Reach {
    /// Whether it ends what this lane is in.
    pub fn covers(&self, lane: &Lane) -> bool {
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
    pub(super) tracks: Tracks,
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
    /// nothing is refused: what a source claims is a claim whatever the policy. `lanes` are those of what is declared,
    /// as [`lanes`] tells them.
    pub(super) fn fold(
        &mut self,
        registry: &Registry,
        heard: &Heard<'_>,
        lanes: &[(Lane, LaneState)],
        rulings: Option<&Rulings>,
    ) -> Result<(), Refusal> {
        if let Declared::Status { .. } = heard.declared {
            for cut in
                rulings.into_iter().flat_map(|rulings| &rulings.cuts).filter(|cut| cut.at <= heard.from)
            {
                self.force(cut);
            }
            let rules = |rulings: &&Rulings| {
                rulings.may_refuse() || lanes.iter().any(|(_, state)| wants_leave(registry, state))
            };
            for ((lane, state), rulings) in lanes.iter().zip(std::iter::repeat(rulings.filter(rules))) {
                let Some(rulings) = rulings else { continue };
                let begins = match self.step(registry, lane, state, heard) {
                    Step::Confirm => continue,
                    Step::Renew(next) => next,
                    Step::Begin => match state {
                        LaneState::Status { status, .. } => *status,
                        LaneState::Down => continue,
                    },
                };
                rulings.permit(registry, begins, heard)?;
            }
            for (lane, state) in lanes {
                let approved = rulings.is_none() || limits::is_approved(registry, state, heard);
                self.declare(registry, lane, state, heard, approved);
            }
            return Ok(());
        }
        self.fold_other(registry, heard);
        Ok(())
    }

    /// Leaves only what matters at `at`: of endings that reach the same, the one that said last by then that it is over.
    pub(super) fn cut_down(&mut self, at: Instant) {
        self.tracks.iter_mut().for_each(|track| track.cut_down(at));
        let mut last: Vec<Ending> = Vec::new();
        for ending in self.endings.drain(..).filter(|ending| ending.from <= at) {
            match last.iter_mut().find(|other| other.reach == ending.reach) {
                Some(other) if (other.from, other.event) < (ending.from, ending.event) => *other = ending,
                Some(_) => {}
                None => last.push(ending),
            }
        }
        self.endings = last;
    }

    /// Ends by force what a limit ends.
    pub(super) fn force(&mut self, forced: &ForcedEnd) {
        let cut = Cut { at: forced.at, by: EndedBy::Forced, event: forced.event };
        for track in self.tracks.iter_mut() {
            for index in track.holding(forced.at) {
                if forced.counted.contains(&track.episodes()[index].event()) {
                    track.change(index, |episode| episode.force(cut, &forced.clause));
                }
            }
        }
    }

    /// Takes in an event that begins no status: endings, and services that go down.
    fn fold_other(&mut self, registry: &Registry, heard: &Heard<'_>) {
        if let Declared::Down(service) = heard.declared {
            self.declare(registry, &Lane::Service(*service), &LaneState::Down, heard, true);
            return;
        }
        let Some(reach) = reach(registry, heard.declared) else { return };
        let cut = Cut { at: heard.from, by: EndedBy::Manual, event: heard.number };
        for track in self.tracks.iter_mut().filter(|track| reach.covers(&track.lane)) {
            end_all(track, cut);
        }
        self.endings.push(Ending {
            from: heard.from,
            event: heard.number,
            recorded_at: heard.recorded_at,
            reach,
        });
    }

    /// What declaring this state does as the lanes stand.
    fn step(&self, registry: &Registry, lane: &Lane, state: &LaneState, heard: &Heard<'_>) -> Step {
        let from = heard.from;
        let Some(track) = self.tracks.get(lane).filter(|_| !is_late(heard)) else {
            return Step::Begin;
        };
        if let (Renewal::Becomes(next), _) = terms(registry, state)
            && track.reaches(from)
        {
            return Step::Renew(next);
        }
        let same = track.at(from).is_some_and(|episode| episode.state == *state);
        if from <= heard.recorded_at && same { Step::Confirm } else { Step::Begin }
    }

    /// A confirmation that nobody `approved` who must does not extend.
    fn declare(
        &mut self,
        registry: &Registry,
        lane: &Lane,
        state: &LaneState,
        heard: &Heard<'_>,
        approved: bool,
    ) {
        let from = heard.from;
        let (renewal, max) = terms(registry, state);
        match self.step(registry, lane, state, heard) {
            Step::Begin => self.begin(lane, state, max, heard),
            Step::Renew(next) => {
                if let Some(track) = self.tracks.get_mut(lane) {
                    end_all(track, Cut { at: from, by: EndedBy::Superseded, event: heard.number });
                }
                for (lane, state) in lanes_of(registry, next, None) {
                    self.begin(&lane, &state, registry.statuses[next].max, heard);
                }
            }
            Step::Confirm => {
                let Some(track) = self.tracks.get_mut(lane) else { return };
                let Some(index) = track.holding(from).first().copied() else { return };
                let renews = approved && renewal != Renewal::Refused;
                track.change(index, |episode| {
                    let cap = if approved {
                        max.map(|max| if renews { from + max } else { episode.from() + max })
                    } else {
                        episode.until()
                    };
                    let until = heard.until.map(|until| bound(until, cap, heard));
                    episode.confirm(said(heard), until, cap, renews);
                });
            }
        }
    }

    /// Begins an episode: neither a confirmation nor a renewal.
    fn begin(&mut self, lane: &Lane, state: &LaneState, max: Option<TimeDelta>, heard: &Heard<'_>) {
        let from = heard.from;
        let cap = max.map(|max| from + max);
        let until = heard.until.map(|until| bound(until, cap, heard));
        let own_end = until.or(cap.map(|at| Bound { at, stated: false, after_the_fact: false }));
        let mut episode = Episode::begin(state.clone(), said(heard), own_end);
        let track = self.tracks.of(lane);
        if until.is_none_or(|until| !until.stated) {
            // Without a stated end it makes room for what was planned before it was recorded.
            if let Some(next) = track.next_after(from) {
                episode.end(Cut { at: next.from(), by: EndedBy::Superseded, event: next.event() });
            }
        }
        if !is_late(heard) {
            end_all(track, Cut { at: from, by: EndedBy::Superseded, event: heard.number });
        }
        track.push(episode);
    }
}

/// The `max` of the type that a declaration's episode is of: its own, or the one that a renewal becomes.
pub(super) fn max_of(
    registry: &Registry,
    lanes: Option<&Lanes>,
    declaration: &Declaration,
) -> Option<TimeDelta> {
    let Declared::Status { status, scope } = &declaration.declared else { return None };
    let lanes_of = lanes_of(registry, *status, scope.as_ref());
    let (lane, state) = lanes_of.first()?;
    let again = lanes.and_then(|lanes| lanes.tracks.get(lane));
    match terms(registry, state) {
        (Renewal::Becomes(next), _) if again.is_some_and(|track| track.reaches(declaration.from)) => {
            registry.statuses[next].max
        }
        (Renewal::Allowed | Renewal::Refused | Renewal::Becomes(_), max) => max,
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

/// Whether a state, or what a renewal makes of it, wants somebody's leave.
fn wants_leave(registry: &Registry, state: &LaneState) -> bool {
    let LaneState::Status { status, .. } = state else { return false };
    let kind = &registry.statuses[*status];
    let becomes = match kind.renewal {
        Renewal::Becomes(next) => !registry.statuses[next].approver.is_empty(),
        Renewal::Allowed | Renewal::Refused => false,
    };
    becomes || !kind.approver.is_empty()
}

/// Whether a declaration speaks of what was over when it was recorded: it adds its episode, and ends and confirms
/// nothing.
fn is_late(heard: &Heard<'_>) -> bool {
    heard.until.is_some_and(|until| until.stated && until.at <= heard.recorded_at)
}

fn end_all(track: &mut Track, cut: Cut) {
    for index in track.holding(cut.at) {
        track.change(index, |episode| episode.end(cut));
    }
}

/// A stated `until`, cut to what the status type allows.
fn bound(until: Until, cap: Option<Instant>, heard: &Heard<'_>) -> Bound {
    let at = cap.map_or(until.at, |cap| cap.min(until.at));
    Bound { at, stated: until.stated, after_the_fact: at <= heard.recorded_at }
}

fn said(heard: &Heard<'_>) -> Said {
    Said {
        from: heard.from,
        event: heard.number,
        recorded_at: heard.recorded_at,
        source: heard.source.clone(),
        wording: heard.wording.clone(),
    }
}

/// Which lanes an ending reaches; `None`: it is none.
pub fn reach(registry: &Registry, declared: &Declared) -> Option<Reach> {
    Some(match declared {
        Declared::Status { .. } | Declared::Down(_) => return None,
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
    })
}

/// The lanes in which a declaration of a status stands, and what each of them is then in; for any other none.
pub(super) fn lanes(registry: &Registry, declared: &Declared) -> Vec<(Lane, LaneState)> {
    match declared {
        Declared::Status { status, scope } => lanes_of(registry, *status, scope.as_ref()),
        Declared::Down(_)
        | Declared::Up(_)
        | Declared::Open { .. }
        | Declared::FullyOpen
        | Declared::OffDivert
        | Declared::Off(_) => Vec::new(),
    }
}

/// The lanes that a status stands in, and what each of them is then in. A built-in status for some cohorts stands in a
/// lane for each; `closed` for some is read as diverting.
fn lanes_of(registry: &Registry, status: StatusId, scope: Option<&Scope>) -> Vec<(Lane, LaneState)> {
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
