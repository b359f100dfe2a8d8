//! Episodes, and the tracks in which they lie: one lane of one subject over all time.

use std::collections::BTreeSet;
use std::sync::Arc;

use smallvec::{SmallVec, smallvec};

use crate::model::{Declared, Instant, Interval, Lane, Registry, Scope, StatusId, WalkIn, Wording};
use crate::sentence::reason_code;

/// What a lane can be in.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum LaneState {
    /// A status, for these patients.
    Status {
        /// Which.
        status: StatusId,
        /// For whom.
        scope: Scope,
    },
    /// A service is down.
    Down,
}

impl LaneState {
    /// What is to be declared for this lane to be in this state.
    pub fn declared(&self, lane: &Lane, registry: &Registry) -> Option<Declared> {
        match (self, lane) {
            (Self::Status { status, scope }, _) => {
                let own = *scope == registry.statuses[*status].diverts;
                Some(Declared::Status { status: *status, scope: (!own).then(|| scope.clone()) })
            }
            (Self::Down, Lane::Service(service)) => Some(Declared::Down(*service)),
            (Self::Down, Lane::Closed | Lane::Traffic | Lane::TrafficFor(_) | Lane::Type(_)) => None,
        }
    }
}

/// How an episode ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum EndedBy {
    /// Somebody ended it.
    Manual,
    /// Its time was up.
    Expired,
    /// Another episode of the lane took its place.
    Superseded,
    /// A policy's limit ended it.
    Forced,
}

impl EndedBy {
    /// The word for it in data.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
            Self::Forced => "forced",
        }
    }
}

/// One saying of an episode: the declaration that began it, or a confirmation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Said {
    /// From when it holds.
    pub from: Instant,
    /// Which event said it.
    pub event: u64,
    /// When that was recorded.
    pub recorded_at: Instant,
    /// Who said it.
    pub source: Arc<str>,
    /// Where patients go, why, and by whose leave, where that was said.
    pub wording: Arc<Wording>,
}

/// An end before the episode's own: by hand, by force, or because another took its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Cut {
    pub(super) at: Instant,
    pub(super) by: EndedBy,
    pub(super) event: u64,
}

/// The end that an episode has of itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Bound {
    pub(super) at: Instant,
    /// Whether an `until` was stated, by the declaration or by a confirmation.
    pub(super) stated: bool,
    /// Whether the saying that set it was recorded when it was over already.
    pub(super) after_the_fact: bool,
}

/// A stretch in which a lane is in one state.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Episode {
    /// What the lane is in.
    pub state: LaneState,
    /// The declaration, then every confirmation, as recorded. Never empty.
    said: SmallVec<[Said; 1]>,
    bound: Option<Bound>,
    cut: Option<Cut>,
    /// The clause of a policy that ended it by force.
    forced_by: Option<Arc<str>>,
}

impl Episode {
    pub(super) fn begin(state: LaneState, said: Said, bound: Option<Bound>) -> Self {
        Self { state, said: smallvec![said], bound, cut: None, forced_by: None }
    }

    /// The declaration that began it.
    pub fn declaration(&self) -> &Said {
        &self.said[0]
    }
    /// From when it holds; part of it.
    pub fn from(&self) -> Instant {
        self.declaration().from
    }
    /// The number of the event that declared it.
    pub fn event(&self) -> u64 {
        self.declaration().event
    }
    /// The first instant after it; `None`: it has no end.
    pub fn until(&self) -> Option<Instant> {
        let bound = self.bound.map(|bound| bound.at);
        let cut = self.cut.map(|cut| cut.at);
        match (bound, cut) {
            (Some(bound), Some(cut)) => Some(bound.min(cut)),
            (bound, cut) => bound.or(cut),
        }
    }
    /// When it holds.
    pub fn interval(&self) -> Interval {
        Interval::new(self.from(), self.until())
    }
    /// Whether it holds at `at`.
    pub fn contains(&self, at: Instant) -> bool {
        self.interval().contains(at)
    }
    /// How it ends or ended, and by which event if by one; `None` without an end.
    pub fn ended_by(&self) -> Option<(EndedBy, Option<u64>)> {
        match (self.bound, self.cut) {
            (Some(bound), Some(cut)) if bound.at < cut.at => Some((EndedBy::Expired, None)),
            (_, Some(cut)) => Some((cut.by, Some(cut.event))),
            (Some(_), None) => Some((EndedBy::Expired, None)),
            (None, None) => None,
        }
    }
    /// The clause of a policy that ended it, where one did: `policy.san-francisco.limit[0]`.
    pub fn forced_by(&self) -> Option<&Arc<str>> {
        self.forced_by.as_ref().filter(|_| matches!(self.ended_by(), Some((EndedBy::Forced, _))))
    }
    /// Whether it ran out and nobody had said beforehand that it was over: its end wants a confirmation.
    pub fn expires_unconfirmed(&self) -> bool {
        matches!(self.ended_by(), Some((EndedBy::Expired, _)))
            && self.bound.is_some_and(|bound| !bound.after_the_fact)
    }
    /// How often it was confirmed.
    pub fn renewals(&self) -> usize {
        self.said.len() - 1
    }
    /// Its confirmations, as recorded.
    pub fn confirmations(&self) -> &[Said] {
        &self.said[1..]
    }
    /// Every saying of it, the declaration first, as recorded.
    pub fn said(&self) -> &[Said] {
        &self.said
    }
    /// The last saying that holds at `at`: what a source's claim rests on.
    pub fn last_said(&self, at: Instant) -> &Said {
        self.said_by(at).last().unwrap_or(self.declaration())
    }
    fn said_by(&self, at: Instant) -> impl DoubleEndedIterator<Item = &Said> {
        self.said.iter().filter(move |said| said.from <= at)
    }
    /// The code of the reason in force at `at`.
    pub fn reason(&self, at: Instant) -> Option<&Arc<str>> {
        self.said_by(at).rev().find_map(|said| said.wording.reason.as_ref())
    }
    /// The reason in force at `at` as people read it: in the speaker's words where the code is made of them, or where
    /// there is no code; else the code. A longer note beside a code stays in the log.
    pub fn reason_told(&self, at: Instant) -> Option<&Arc<str>> {
        let said = self
            .said_by(at)
            .rev()
            .find(|said| said.wording.reason.is_some() || said.wording.text.is_some())?;
        match (&said.wording.reason, &said.wording.text) {
            (Some(code), Some(words)) if reason_code(words) == **code => Some(words),
            (Some(code), _) => Some(code),
            (None, words) => words.as_ref(),
        }
    }
    /// The order in force at `at`, and the saying that gave it.
    pub fn order(&self, at: Instant) -> Option<&Said> {
        self.said_by(at).rev().find(|said| !said.wording.route.is_empty())
    }
    /// Whether walk-ins are seen, as last said by `at`.
    pub fn walk_in(&self, at: Instant) -> Option<WalkIn> {
        self.said_by(at).rev().find_map(|said| said.wording.walk_in)
    }
    /// Who approved it.
    pub fn approver(&self) -> Option<&Arc<str>> {
        self.said.iter().rev().find_map(|said| said.wording.approver.as_ref())
    }

    pub(super) fn end(&mut self, cut: Cut) {
        // The earlier of two ends counts; of two at one instant the one that was recorded first.
        if self.until().is_none_or(|until| cut.at < until) {
            self.cut = Some(cut);
        }
    }

    /// Ends it by force. No later word moves that end.
    pub(super) fn force(&mut self, cut: Cut, clause: &Arc<str>) {
        self.end(cut);
        self.forced_by = Some(clause.clone());
    }

    /// Takes in a confirmation. `cap` is the longest `until` that the status type allows from the confirmation, and
    /// `renews` whether a confirmation may move the end that a `max` gave.
    pub(super) fn confirm(&mut self, said: Said, until: Option<Bound>, cap: Option<Instant>, renews: bool) {
        if let Some(until) = until.filter(|until| until.stated) {
            self.bound = Some(until);
            // A stated `until` moves an end by hand, and an end at a plan that was recorded before this episode.
            // What was recorded later and took its place stays.
            let begun_by = self.event();
            self.cut = self.cut.filter(|cut| match cut.by {
                EndedBy::Forced => true,
                EndedBy::Superseded => cut.event > begun_by,
                EndedBy::Manual | EndedBy::Expired => false,
            });
        } else if let Some(bound) = self.bound.filter(|bound| !bound.stated && renews) {
            let moved = until.map(|until| until.at).or(cap).map_or(bound.at, |at| at.max(bound.at));
            self.bound = Some(Bound { at: moved, ..bound });
        }
        self.said.push(said);
    }
}

/// A stretch of a track in which one episode counts.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Piece<'a> {
    /// When.
    pub interval: Interval,
    /// Which.
    pub episode: &'a Episode,
}

/// The episodes of one lane of one subject, as recorded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Track {
    /// Which lane.
    pub lane: Lane,
    episodes: Vec<Episode>,
    /// For each episode, how far it and those recorded before it reach: a search from the newest can stop where
    /// nothing earlier can matter, so that a lane with a long history folds in the time of its recent part.
    reach: Vec<Reach>,
}

/// The tracks of one subject, by lane. They are few, so that looking at each is quicker than a search.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Tracks(Vec<Track>);

impl Tracks {
    pub(super) fn iter(&self) -> std::slice::Iter<'_, Track> {
        self.0.iter()
    }
    pub(super) fn iter_mut(&mut self) -> std::slice::IterMut<'_, Track> {
        self.0.iter_mut()
    }
    pub(super) fn get(&self, lane: &Lane) -> Option<&Track> {
        self.0.iter().find(|track| track.lane == *lane)
    }
    pub(super) fn get_mut(&mut self, lane: &Lane) -> Option<&mut Track> {
        self.0.iter_mut().find(|track| track.lane == *lane)
    }
    /// The track of a lane, which is begun if there is none.
    pub(super) fn of(&mut self, lane: &Lane) -> &mut Track {
        let at = self.0.iter().position(|track| track.lane == *lane).unwrap_or_else(|| {
            let at = self.0.partition_point(|track| track.lane < *lane);
            self.0.insert(at, Track::new(lane.clone()));
            at
        });
        &mut self.0[at]
    }
}

/// How far the episodes up to one of them reach.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Reach {
    /// The latest beginning.
    from: Instant,
    /// The latest end; `None`: one of them has no end.
    until: Option<Instant>,
}

impl Track {
    fn new(lane: Lane) -> Self {
        Self { lane, episodes: Vec::new(), reach: Vec::new() }
    }
    /// Its episodes, as recorded.
    pub fn episodes(&self) -> &[Episode] {
        &self.episodes
    }
    /// The episode that counts at `at`: of those that hold, the one recorded last.
    pub fn at(&self, at: Instant) -> Option<&Episode> {
        self.back_while(move |reach| reach.until.is_none_or(|until| at < until))
            .map(|index| &self.episodes[index])
            .find(|episode| episode.contains(at))
    }
    /// The positions of those that hold at `at`, the newest first.
    pub(super) fn holding(&self, at: Instant) -> SmallVec<[usize; 4]> {
        self.back_while(move |reach| reach.until.is_none_or(|until| at < until))
            .filter(|index| self.episodes[*index].contains(at))
            .collect()
    }
    /// Whether one holds at `at`, or ends exactly there.
    pub(super) fn reaches(&self, at: Instant) -> bool {
        self.back_while(move |reach| reach.until.is_none_or(|until| at <= until)).any(|index| {
            let episode = &self.episodes[index];
            episode.contains(at) || (episode.until() == Some(at) && !episode.interval().is_empty())
        })
    }
    /// The first one that begins after `at`, empty ones aside.
    pub(super) fn next_after(&self, at: Instant) -> Option<&Episode> {
        self.back_while(move |reach| at < reach.from)
            .map(|index| &self.episodes[index])
            .filter(|episode| at < episode.from() && !episode.interval().is_empty())
            .min_by_key(|episode| (episode.from(), episode.event()))
    }
    /// Adds the episode that was recorded last.
    pub(super) fn push(&mut self, episode: Episode) {
        self.episodes.push(episode);
        self.reach_from(self.episodes.len() - 1);
    }
    /// Changes one of the episodes.
    pub(super) fn change(&mut self, index: usize, change: impl FnOnce(&mut Episode)) {
        if let Some(episode) = self.episodes.get_mut(index) {
            change(episode);
            self.reach_from(index);
        }
    }
    /// Positions from the newest back to where `matters` no longer holds of all that is earlier.
    fn back_while(&self, matters: impl Fn(Reach) -> bool) -> impl Iterator<Item = usize> {
        let end = self.reach.iter().rposition(|reach| !matters(*reach)).map_or(0, |index| index + 1);
        (end..self.episodes.len()).rev()
    }
    /// Leaves only what holds at `at`, and what ended last before it.
    pub(super) fn cut_down(&mut self, at: Instant) {
        let ended = [self.ended_before(at), self.ended_last(at)].map(|ended| ended.map(Episode::event));
        self.episodes.retain(|episode| episode.contains(at) || ended.contains(&Some(episode.event())));
        self.episodes.shrink_to_fit();
        self.reach = Vec::new();
        self.reach_from(0);
    }
    /// Brings the reach up to date from one position on.
    fn reach_from(&mut self, index: usize) {
        let mut before = index.checked_sub(1).and_then(|index| self.reach.get(index)).copied();
        for (at, episode) in self.episodes.iter().enumerate().skip(index) {
            let (from, until) = (episode.from(), episode.until());
            let reach = before.map_or(Reach { from, until }, |before| Reach {
                from: before.from.max(from),
                until: before.until.zip(until).map(|(before, until)| before.max(until)),
            });
            if at > index && self.reach.get(at) == Some(&reach) {
                return;
            }
            match self.reach.get_mut(at) {
                Some(known) => *known = reach,
                None => self.reach.push(reach),
            }
            before = Some(reach);
        }
    }
    /// The episode that ended last by `at`, empty ones aside.
    pub fn ended_before(&self, at: Instant) -> Option<&Episode> {
        self.episodes
            .iter()
            .filter(|episode| {
                !episode.interval().is_empty() && episode.until().is_some_and(|until| until <= at)
            })
            .max_by_key(|episode| (episode.until(), episode.event()))
    }
    /// The episode that ended last by `at`, also one that was over as it began.
    pub fn ended_last(&self, at: Instant) -> Option<&Episode> {
        self.episodes
            .iter()
            .filter(|episode| episode.until().is_some_and(|until| until <= at))
            .max_by_key(|episode| (episode.until(), episode.event()))
    }
    /// Who counts when: stretches in order of time that do not overlap. Where episodes do, the later-recorded counts.
    pub fn pieces(&self) -> Vec<Piece<'_>> {
        let holding = || self.episodes.iter().filter(|episode| !episode.interval().is_empty());
        let follows =
            |(one, next): (&Episode, &Episode)| one.until().is_some_and(|until| until <= next.from());
        if holding().zip(holding().skip(1)).all(follows) {
            return holding().map(|episode| Piece { interval: episode.interval(), episode }).collect();
        }
        let mut bounds: Vec<(Instant, bool, usize)> = Vec::with_capacity(2 * self.episodes.len());
        for (index, episode) in self.episodes.iter().enumerate() {
            if episode.interval().is_empty() {
                continue;
            }
            bounds.push((episode.from(), true, index));
            bounds.extend(episode.until().map(|until| (until, false, index)));
        }
        bounds.sort_unstable();
        let mut pieces: Vec<Piece<'_>> = Vec::with_capacity(self.episodes.len());
        let mut holding: BTreeSet<usize> = BTreeSet::new();
        let mut counts: Option<(usize, Instant)> = None;
        let mut bounds = bounds.into_iter().peekable();
        while let Some((at, begins, index)) = bounds.next() {
            if begins {
                holding.insert(index);
            } else {
                holding.remove(&index);
            }
            if bounds.peek().is_some_and(|(next, ..)| *next == at) {
                continue;
            }
            let now = holding.last().copied();
            if now == counts.map(|(index, _)| index) {
                continue;
            }
            if let Some((index, from)) = counts {
                pieces
                    .push(Piece { interval: Interval::new(from, Some(at)), episode: &self.episodes[index] });
            }
            counts = now.map(|index| (index, at));
        }
        if let Some((index, from)) = counts {
            pieces.push(Piece { interval: Interval::new(from, None), episode: &self.episodes[index] });
        }
        pieces
    }
}
