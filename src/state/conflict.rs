//! Conflicts: two sources whose latest claims about one lane differ at one instant.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::{Instant, Lane};

use super::episode::{Episode, LaneState, Track};
use super::fold::Lanes;
use super::timeline::History;

/// What one source says of one lane at one instant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claim {
    /// Who says it.
    pub source: Arc<str>,
    /// What the lane is in; `None`: it is over.
    pub state: Option<LaneState>,
    /// Which event said so last.
    pub event: u64,
    /// Since when, by that event.
    pub from: Instant,
    /// When that was recorded.
    pub recorded_at: Instant,
}

/// Two claims that contradict each other.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Conflict {
    /// About which lane.
    pub lane: Lane,
    /// The claim recorded first.
    pub earlier: Claim,
    /// The claim recorded after it.
    pub later: Claim,
}

impl History {
    /// The conflicts at an instant, by lane, then by event.
    pub fn conflicts(&self, at: Instant) -> Vec<Conflict> {
        let mut conflicts = Vec::new();
        if self.claims.len() < 2 {
            return conflicts;
        }
        let lanes: BTreeSet<&Lane> =
            self.claims.values().flat_map(|lanes| lanes.tracks.iter()).map(|track| &track.lane).collect();
        for lane in lanes {
            let mut claims: Vec<Claim> =
                self.claims.iter().filter_map(|(source, lanes)| claim(source, lanes, lane, at)).collect();
            claims.sort_by_key(|claim| claim.event);
            for (index, later) in claims.iter().enumerate() {
                for earlier in &claims[..index] {
                    if earlier.state != later.state && !is_news(earlier.from, later.from, later.recorded_at) {
                        conflicts.push(Conflict {
                            lane: lane.clone(),
                            earlier: earlier.clone(),
                            later: later.clone(),
                        });
                    }
                }
            }
        }
        conflicts
    }

    /// The stretches within `[since, until)` in which a lane is in conflict, in order of time.
    pub fn conflict_stretches(&self, lane: &Lane, since: Instant, until: Instant) -> Vec<(Instant, Instant)> {
        if self.claims.len() < 2 {
            return Vec::new();
        }
        let mut bounds = BTreeSet::from([since]);
        for lanes in self.claims.values() {
            for episode in lanes.tracks.get(lane).into_iter().flat_map(Track::episodes) {
                bounds.extend(episode.said().iter().map(|said| said.from));
                bounds.extend(episode.until());
            }
            bounds.extend(lanes.endings.iter().map(|ending| ending.from));
        }
        let bounds: Vec<Instant> = bounds.into_iter().filter(|at| (since..until).contains(at)).collect();
        let mut stretches: Vec<(Instant, Instant)> = Vec::new();
        for (index, at) in bounds.iter().enumerate() {
            if !self.conflicts(*at).iter().any(|conflict| conflict.lane == *lane) {
                continue;
            }
            let end = bounds.get(index + 1).copied().unwrap_or(until);
            match stretches.last_mut() {
                Some(last) if last.1 == *at => last.1 = end,
                Some(_) | None => stretches.push((*at, end)),
            }
        }
        stretches
    }
}

/// What a source claims of a lane at `at`: what its own events alone leave there. Nothing, where it never spoke of the
/// lane, or what it said has run out.
fn claim(source: &Arc<str>, lanes: &Lanes, lane: &Lane, at: Instant) -> Option<Claim> {
    let track = lanes.tracks.get(lane);
    if let Some(episode) = track.and_then(|track| track.at(at)) {
        let said = episode.last_said(at);
        return Some(Claim {
            source: source.clone(),
            state: Some(episode.state.clone()),
            event: said.event,
            from: said.from,
            recorded_at: said.recorded_at,
        });
    }
    let ending = lanes
        .endings
        .iter()
        .filter(|ending| ending.from <= at && ending.reach.covers(lane))
        .max_by_key(|ending| (ending.from, ending.event))?;
    let ran_out = track.and_then(|track| track.ended_before(at)).and_then(Episode::until);
    if ran_out.is_some_and(|ran_out| ran_out > ending.from) {
        return None;
    }
    Some(Claim {
        source: source.clone(),
        state: None,
        event: ending.event,
        from: ending.from,
        recorded_at: ending.recorded_at,
    })
}

/// Whether the later of two claims was recorded when the earlier one had been in force since `earlier`, and simply ends or
/// changes it. One that reaches back over the other's time is no news but a contradiction.
pub(super) fn is_news(earlier: Instant, later: Instant, recorded_at: Instant) -> bool {
    recorded_at >= earlier && later > earlier
}
