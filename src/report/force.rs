//! When a declared stretch is in force: what a status of the region suspends, and what the region's policy does not
//! honour, over time.
//!
//! Floor 3. A snapshot says the same of one instant; here it is said of whole stretches, in one pass over each.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{Effect, Instant, Interval, Lane, Policy, RegionId, Registry, StatusId};
use crate::state::{Episode, History, LaneState, Piece, Timeline};

use super::span::{Span, Spans};

/// Whether a stretch counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Force {
    /// It counts.
    Counts,
    /// A region's status or limit suspends it.
    Suspended,
    /// The region's policy does not honour it for its reason.
    NotHonoured,
}

/// What keeps declared stretches from counting, by region.
#[derive(Debug)]
pub(super) struct Clauses<'a> {
    registry: &'a Registry,
    suspended: BTreeMap<(RegionId, StatusId), Spans>,
    /// When a limit lets no episode of a type begin, by the limit's clause.
    refusing: BTreeMap<(RegionId, &'a str, StatusId), Spans>,
    /// When a policy that honours some reasons only is in force; these do not overlap.
    choosy: BTreeMap<RegionId, Vec<(Span, &'a Policy)>>,
}

impl<'a> Clauses<'a> {
    /// Gathers them once for all facilities.
    pub(super) fn read(registry: &'a Registry, timeline: &'a Timeline<'a>) -> Self {
        let mut suspended: BTreeMap<(RegionId, StatusId), Vec<Span>> = BTreeMap::new();
        for (region, history) in timeline.regions() {
            for track in history.tracks() {
                let Lane::Type(by) = track.lane else { continue };
                let spans: Vec<Span> =
                    track.pieces().iter().filter_map(|piece| Span::of(piece.interval)).collect();
                for status in &registry.statuses[by].suspends {
                    suspended.entry((region, *status)).or_default().extend(&spans);
                }
            }
        }
        let mut choosy: BTreeMap<RegionId, Vec<(Span, &Policy)>> = BTreeMap::new();
        for (_, policy) in registry.policies.iter().filter(|(_, policy)| policy.honoured_reasons.is_some()) {
            let from = policy.from.unwrap_or(Instant::from_seconds(i64::MIN));
            let Some(span) = Span::of(Interval::new(from, policy.until)) else { continue };
            for region in &policy.regions {
                choosy.entry(*region).or_default().push((span, policy));
            }
        }
        for policies in choosy.values_mut() {
            policies.sort_by_key(|(span, _)| *span);
        }
        let mut refusing: BTreeMap<(RegionId, &str, StatusId), Vec<Span>> = BTreeMap::new();
        for suspension in timeline.suspensions() {
            for status in &suspension.statuses {
                let key = (suspension.region, suspension.clause.as_ref(), *status);
                refusing.entry(key).or_default().extend(Span::of(suspension.interval));
            }
        }
        Self { registry, suspended: unions(suspended), refusing: unions(refusing), choosy }
    }

    /// Whether nothing ever keeps what is declared in a region from counting.
    pub(super) fn let_all_count(&self, region: Option<RegionId>) -> bool {
        let Some(region) = region else { return true };
        !self.choosy.contains_key(&region) && !self.suspended.keys().any(|(of, _)| *of == region)
    }

    /// Cuts a piece where its force changes, in order of time.
    pub(super) fn split(&self, region: Option<RegionId>, piece: &Piece<'_>) -> Vec<(Span, Force)> {
        let Some(span) = Span::of(piece.interval) else { return Vec::new() };
        let (Some(region), LaneState::Status { status, .. }) = (region, &piece.episode.state) else {
            return vec![(span, Force::Counts)];
        };
        let policies = match self.registry.statuses[*status].effect {
            Effect::Diverting => self.choosy.get(&region).map_or(&[][..], Vec::as_slice),
            Effect::Advisory | Effect::Closed => &[],
        };
        let suspended = self.suspended.get(&(region, *status));
        if policies.is_empty() && suspended.is_none() {
            return vec![(span, Force::Counts)];
        }
        let mut parts = Vec::new();
        let mut open = vec![span];
        if let Some(suspended) = suspended {
            parts.extend(suspended.within(span).map(|span| (span, Force::Suspended)));
            open = suspended.gaps(span);
        }
        let mut unhonoured = Vec::new();
        for (when, policy) in policies {
            let Some(honoured) = &policy.honoured_reasons else { continue };
            for (span, reason) in reasons(piece.episode, span) {
                if reason.is_none_or(|reason| !honoured.contains(reason.as_ref())) {
                    unhonoured.extend(span.clip(*when));
                }
            }
        }
        let unhonoured = Spans::union(unhonoured);
        for span in open {
            parts.extend(unhonoured.within(span).map(|span| (span, Force::NotHonoured)));
            parts.extend(unhonoured.gaps(span).into_iter().map(|span| (span, Force::Counts)));
        }
        parts.sort_unstable();
        parts
    }
}

fn unions<K: Ord>(spans: BTreeMap<K, Vec<Span>>) -> BTreeMap<K, Spans> {
    spans.into_iter().map(|(key, spans)| (key, Spans::union(spans))).collect()
}

/// Which reason of an episode is in force when, within `span`: stretches in order of time that make up the whole.
pub(super) fn reasons(episode: &Episode, span: Span) -> Vec<(Span, Option<&Arc<str>>)> {
    let mut said: Vec<(Instant, usize, &Arc<str>)> = episode
        .said()
        .iter()
        .enumerate()
        .filter_map(|(index, said)| Some((said.from, index, said.wording.reason.as_ref()?)))
        .collect();
    if let [(from, _, reason)] = said[..]
        && from <= span.from()
    {
        return vec![(span, Some(reason))];
    }
    said.sort_unstable_by_key(|(from, index, _)| (*from, *index));
    let mut stretches = Vec::new();
    let mut begun = span.from();
    let mut now: Option<(usize, &Arc<str>)> = None;
    for (from, index, reason) in said {
        // Of those that hold, the one that was recorded last counts.
        if now.is_some_and(|(recorded, _)| index < recorded) {
            continue;
        }
        let changes = now.map(|(_, before)| before) != Some(reason);
        if changes && from > begun {
            let until = from.min(span.until());
            stretches.extend(Span::new(begun, until).map(|stretch| (stretch, now.map(|(_, reason)| reason))));
            begun = until;
        }
        now = Some((index, reason));
    }
    stretches.extend(Span::new(begun, span.until()).map(|stretch| (stretch, now.map(|(_, reason)| reason))));
    stretches
}

/// The pieces of a facility's lanes, each cut where its force changes; then what a limit refused, as long as the limit
/// suspended it and nobody said anything else.
pub(super) fn pieces<'t>(
    clauses: &Clauses<'_>,
    region: Option<RegionId>,
    history: &'t History,
    mut each: impl FnMut(&'t Lane, &Piece<'t>, Span, Force),
) {
    for track in history.tracks() {
        for piece in track.pieces() {
            for (span, force) in clauses.split(region, &piece) {
                each(&track.lane, &piece, span, force);
            }
        }
    }
    for (event, refusal, track) in history.refused() {
        let overtaken = history.overtaken_at(&track.lane, event);
        for piece in track.pieces() {
            let (Some(region), LaneState::Status { status, .. }) = (region, &piece.episode.state) else {
                continue;
            };
            let refusing = clauses.refusing.get(&(region, refusal.by.as_ref(), *status));
            let span = Span::of(piece.interval).and_then(|span| {
                let until = overtaken.map_or(span.until(), |overtaken| span.until().min(overtaken));
                Span::new(span.from(), until)
            });
            if let (Some(refusing), Some(span)) = (refusing, span) {
                for span in refusing.within(span) {
                    each(&track.lane, &piece, span, Force::Suspended);
                }
            }
        }
    }
}
