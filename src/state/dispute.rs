//! Disputes: when two sources contradict each other about a facility, found in one pass over what they said.
//!
//! Floor 2. [`History::conflicts`] tells of one instant which claims stand against each other; here is only whether any
//! do, for every instant.

use std::collections::BTreeSet;

use crate::model::{Instant, Interval, Lane};

use super::conflict::is_news;
use super::episode::{Episode, LaneState, Piece};
use super::fold::Lanes;
use super::timeline::History;

/// What a source claims of a lane from an instant on, until its next word.
struct Word<'h> {
    at: Instant,
    source: usize,
    claim: Option<Claimed<'h>>,
}

/// A claim, as far as others can contradict it.
#[derive(Clone, Copy)]
struct Claimed<'h> {
    /// `None`: it is over.
    state: Option<&'h LaneState>,
    event: u64,
    from: Instant,
    recorded_at: Instant,
}

impl History {
    /// The stretches in which a lane is in conflict: lane after lane, each in order of time.
    pub(super) fn disputes(&self) -> Vec<Interval> {
        let mut disputes = Vec::new();
        if self.claims.len() < 2 {
            return disputes;
        }
        let lanes: BTreeSet<&Lane> =
            self.claims.values().flat_map(|lanes| lanes.tracks.iter()).map(|track| &track.lane).collect();
        let (mut words, mut claims) = (Vec::new(), Vec::new());
        for lane in lanes {
            words.clear();
            for (source, lanes) in self.claims.values().enumerate() {
                speak(source, lanes, lane, &mut words);
            }
            // Each source's words are in order already; a stable sort finds such runs.
            words.sort_by_key(|word| word.at);
            claims.clear();
            claims.resize(self.claims.len(), None);
            let mut since = None;
            let mut words = words.iter().peekable();
            while let Some(word) = words.next() {
                claims[word.source] = word.claim;
                if words.peek().is_some_and(|next| next.at == word.at) {
                    continue;
                }
                match (since, is_disputed(&claims)) {
                    (None, true) => since = Some(word.at),
                    (Some(from), false) => {
                        disputes.push(Interval::new(from, Some(word.at)));
                        since = None;
                    }
                    (None, false) | (Some(_), true) => {}
                }
            }
            disputes.extend(since.map(|from| Interval::new(from, None)));
        }
        disputes
    }
}

/// Whether any two claims contradict each other.
fn is_disputed(claims: &[Option<Claimed<'_>>]) -> bool {
    let mut claims = claims.iter().flatten();
    while let Some(one) = claims.next() {
        let contradicts = |other: &Claimed<'_>| {
            let (earlier, later) = if one.event <= other.event { (one, other) } else { (other, one) };
            one.state != other.state && !is_news(earlier.from, later.from, later.recorded_at)
        };
        if claims.clone().any(contradicts) {
            return true;
        }
    }
    false
}

/// What one source claims of a lane over all time, in order of time.
fn speak<'h>(source: usize, lanes: &'h Lanes, lane: &Lane, words: &mut Vec<Word<'h>>) {
    let mut endings: Vec<Claimed<'h>> = lanes
        .endings
        .iter()
        .filter(|ending| ending.reach.covers(lane))
        .map(|ending| Claimed {
            state: None,
            event: ending.event,
            from: ending.from,
            recorded_at: ending.recorded_at,
        })
        .collect();
    endings.sort_by_key(|ending| (ending.from, ending.event));
    let mut endings = endings.into_iter().peekable();
    let pieces = lanes.tracks.get(lane).map(super::Track::pieces).unwrap_or_default();
    for piece in &pieces {
        let (from, until) = (piece.interval.from(), piece.interval.until());
        while let Some(ending) = endings.next_if(|ending| ending.from < from) {
            words.push(Word { at: ending.from, source, claim: Some(ending) });
        }
        say_it_holds(source, piece, words);
        let Some(until) = until else { return };
        // While a lane is in a state it is not over, whatever was said; and nobody says that it is over where it ran out.
        while endings.next_if(|ending| ending.from < until).is_some() {}
        words.push(Word { at: until, source, claim: None });
    }
    words.extend(endings.map(|ending| Word { at: ending.from, source, claim: Some(ending) }));
}

/// The claims that an episode makes while it counts: one for each saying that comes into force.
fn say_it_holds<'h>(source: usize, piece: &Piece<'h>, words: &mut Vec<Word<'h>>) {
    let episode: &'h Episode = piece.episode;
    let mut say = |at: Instant, said: usize| {
        let said = &episode.said()[said];
        let claim = Claimed {
            state: Some(&episode.state),
            event: said.event,
            from: said.from,
            recorded_at: said.recorded_at,
        };
        words.push(Word { at, source, claim: Some(claim) });
    };
    let begins = piece.interval.from();
    let mut newest = 0;
    let mut later: Vec<(Instant, usize)> = Vec::new();
    for (at, said) in episode.said().iter().enumerate().skip(1) {
        if said.from <= begins {
            newest = at;
        } else if piece.interval.contains(said.from) {
            later.push((said.from, at));
        }
    }
    say(begins, newest);
    later.sort_unstable();
    for (from, at) in later {
        // Of those that hold, the one recorded last counts.
        if at > newest {
            newest = at;
            say(from, at);
        }
    }
}
