//! What is measured of one facility: hours, activations, lengths and ends, by status and slice.
//!
//! Floor 3. The definitions of the reports live here and nowhere else; one pass over what the facility's lanes hold.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{Effect, FacilityId, Instant, Lane, Registry, ServiceId, StatusId};
use crate::state::{EndedBy, Episode, History, LaneState};

use super::extent::{Clocked, first_acting};
use super::force::{Clauses, Force, pieces, reasons};
use super::span::{Span, Spans, merge};
use crate::sheet::Basis;

/// What a row of a report is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Row {
    /// The union over the lanes in which some ambulance patient was asked elsewhere.
    Any,
    /// Advisory, in any of its lanes.
    Advisory,
    /// Diverting, in any of its lanes.
    Diverting,
    /// Closed.
    Closed,
    /// A status type that a region defines.
    Type(StatusId),
    /// A service that is down.
    Service(ServiceId),
}

impl Row {
    /// What an episode's time counts as.
    fn of(lane: &Lane, state: &LaneState, registry: &Registry) -> Self {
        match (lane, state) {
            (Lane::Service(service), _) => Self::Service(*service),
            (Lane::Type(status), _) => Self::Type(*status),
            (_, LaneState::Status { status, .. }) => match registry.statuses[*status].effect {
                Effect::Advisory => Self::Advisory,
                Effect::Diverting => Self::Diverting,
                Effect::Closed => Self::Closed,
            },
            (Lane::Closed | Lane::Traffic | Lane::TrafficFor(_), LaneState::Down) => Self::Closed,
        }
    }
    /// Whether its time is part of `any`: whether it asks any ambulance patient elsewhere.
    fn is_in_any(self, registry: &Registry) -> bool {
        match self {
            Self::Any | Self::Diverting | Self::Closed | Self::Service(_) => true,
            Self::Advisory => false,
            Self::Type(status) => registry.statuses[status].effect != Effect::Advisory,
        }
    }
    /// Its name in a report.
    pub(super) fn name(self, registry: &Registry) -> String {
        match self {
            Self::Any => "any".to_owned(),
            Self::Advisory => "advisory".to_owned(),
            Self::Diverting => "diverting".to_owned(),
            Self::Closed => "closed".to_owned(),
            Self::Type(status) => registry.statuses[status].key.clone(),
            Self::Service(service) => format!("service:{}", registry.services[service].key),
        }
    }
    /// The effect that it has on ambulances, where it is a status.
    pub(super) fn effect(self, registry: &Registry) -> Option<Effect> {
        match self {
            Self::Advisory => Some(Effect::Advisory),
            Self::Diverting => Some(Effect::Diverting),
            Self::Closed => Some(Effect::Closed),
            Self::Type(status) => Some(registry.statuses[status].effect),
            Self::Any | Self::Service(_) => None,
        }
    }
}

/// A stretch of an episode that has one force and one reason.
#[derive(Clone, Debug)]
pub(super) struct Part<'t> {
    /// What it counts as.
    pub(super) row: Row,
    /// When; without an end where nothing ends it yet.
    pub(super) span: Span,
    /// How it ends, where it ends as its episode does or because another took its place.
    pub(super) end: Option<EndedBy>,
    /// Whether it counts.
    pub(super) force: Force,
    /// Its lane.
    pub(super) lane: &'t Lane,
    /// Its episode.
    pub(super) episode: &'t Episode,
    /// The reason in force; only where reports are made by reason.
    pub(super) reason: Option<&'t Arc<str>>,
}

/// What a facility's lanes hold that touches `within`, in the order of lanes. `history` is what is known of it.
pub(super) fn parts<'t>(
    basis: &Basis<'_>,
    clauses: &Clauses<'_>,
    facility: FacilityId,
    history: Option<&'t History>,
    within: Span,
    by_reason: bool,
) -> Vec<Part<'t>> {
    let registry = basis.registry;
    let entry = &registry.facilities[facility];
    let mut parts = Vec::new();
    let Some(history) = history else { return parts };
    // What is closed for good has no time of its own any more.
    let exists = Span::new(Instant::from_seconds(i64::MIN), entry.closed_on.unwrap_or(FAR));
    pieces(clauses, entry.region, history, |lane, piece, span, force| {
        if span.clip(within).is_none() {
            return;
        }
        let Some(span) = exists.and_then(|exists| span.clip(exists)) else { return };
        let end = (span.end() == piece.interval.until())
            .then(|| {
                let own = piece.episode.until() == piece.interval.until();
                if own { piece.episode.ended_by().map(|(by, _)| by) } else { Some(EndedBy::Superseded) }
            })
            .flatten();
        let episode = piece.episode;
        let part = Part {
            row: Row::of(lane, &episode.state, registry),
            span,
            end,
            force,
            lane,
            episode,
            reason: None,
        };
        if by_reason {
            for (span, reason) in reasons(episode, span) {
                let end = part.end.filter(|_| span.until() == part.span.until());
                parts.push(Part { span, end, reason, ..part.clone() });
            }
        } else {
            parts.push(part);
        }
    });
    parts
}

const FAR: Instant = Instant::from_seconds(i64::MAX);

/// The figures of one row in one slice. Times are in seconds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Tally {
    /// Time in force, no second twice.
    pub(super) seconds: i64,
    /// Episodes (of `any`: stretches) that began.
    pub(super) activations: u64,
    /// Confirmations.
    pub(super) renewals: u64,
    /// Of each episode (of `any`: stretch) that touches the slice, the part of it that lies inside.
    pub(super) lengths: Vec<i64>,
    /// The longest time without a gap, clipped to the slice.
    pub(super) longest_stretch: i64,
    /// Local days with twelve hours or more.
    pub(super) long_days: u64,
    /// How episodes (of `any`: stretches) ended: expired, by hand, superseded, by force.
    pub(super) ended: [u64; 4],
    /// Episodes (of `any`: stretches) that run on past the end.
    pub(super) open: u64,
    /// Time that a region's status or limit suspends.
    pub(super) suspended: i64,
    /// Time that the policy does not honour.
    pub(super) not_honoured: i64,
}

impl Tally {
    /// Whether nothing but zeros stands in it.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
    /// Puts the figures of another facility beside these.
    pub(super) fn add(&mut self, other: Self) {
        self.seconds += other.seconds;
        self.activations += other.activations;
        self.renewals += other.renewals;
        self.lengths.extend(other.lengths);
        self.longest_stretch = self.longest_stretch.max(other.longest_stretch);
        self.long_days += other.long_days;
        for (mine, theirs) in self.ended.iter_mut().zip(other.ended) {
            *mine += theirs;
        }
        self.open += other.open;
        self.suspended += other.suspended;
        self.not_honoured += other.not_honoured;
    }
    fn end(&mut self, by: Option<EndedBy>) {
        let at = match by {
            Some(EndedBy::Expired) => 0,
            Some(EndedBy::Manual) => 1,
            Some(EndedBy::Superseded) => 2,
            Some(EndedBy::Forced) => 3,
            None => return, // its suspension began, or its facility closed for good: nobody ended it
        };
        self.ended[at] += 1;
    }
}

/// The tallies of one row over the slices of a period: only those that hold something, by slice.
struct Tallies<'c> {
    clocked: &'c Clocked,
    by_slice: BTreeMap<usize, Tally>,
}

impl Tallies<'_> {
    /// The slices that share an instant with `span`, each with what they share.
    fn touched(&self, span: Span) -> impl Iterator<Item = (usize, Span, Span)> + use<'_> {
        let slices = &self.clocked.slices;
        let first = slices.partition_point(|(_, slice)| slice.span.until() <= span.from());
        slices[first..]
            .iter()
            .enumerate()
            .map_while(move |(at, (_, slice))| Some((first + at, slice.span, slice.span.clip(span)?)))
    }
    fn slice_of(&self, at: Instant) -> Option<usize> {
        let slices = &self.clocked.slices;
        let found = slices.partition_point(|(_, slice)| slice.span.until() <= at);
        slices.get(found).is_some_and(|(_, slice)| slice.span.contains(at)).then_some(found)
    }
    fn at(&mut self, slice: usize) -> &mut Tally {
        self.by_slice.entry(slice).or_default()
    }
    /// Time in force, the longest of it, and the days that it fills.
    fn stretches(&mut self, stretches: &[(Span, Option<EndedBy>)]) {
        for (stretch, _) in stretches {
            let touched: Vec<_> = self.touched(*stretch).collect();
            for (slice, _, shared) in touched {
                let tally = self.at(slice);
                tally.seconds += shared.seconds();
                tally.longest_stretch = tally.longest_stretch.max(shared.seconds());
            }
        }
        self.days(stretches);
    }
    fn days(&mut self, stretches: &[(Span, Option<EndedBy>)]) {
        const HALF: i64 = 12 * 3600;
        let days = &self.clocked.days;
        let mut full: Vec<Instant> = Vec::new();
        let mut day = 0;
        let mut filled = 0;
        for (stretch, _) in stretches {
            let first = day + days[day..].partition_point(|day| day.span.until() <= stretch.from());
            if first != day {
                (day, filled) = (first, 0);
            }
            while let Some(shared) = days.get(day).and_then(|day| day.span.clip(*stretch)) {
                let before = filled;
                filled += shared.seconds();
                if before < HALF && filled >= HALF {
                    full.push(days[day].span.from());
                }
                if stretch.until() < days[day].span.until() {
                    break;
                }
                (day, filled) = (day + 1, 0);
            }
        }
        for from in full {
            if let Some(slice) = self.slice_of(from) {
                self.at(slice).long_days += 1;
            }
        }
    }
    /// Something that begins and ends: an episode, or a stretch of `any`. `spans` is its time in force, in order.
    fn one(&mut self, begun: Instant, spans: &[Span], end: Option<EndedBy>) {
        let Some(last) = spans.last() else { return };
        let mut lengths: Vec<(usize, Span, i64)> = Vec::new();
        for span in spans {
            for (slice, whole, shared) in self.touched(*span) {
                match lengths.last_mut() {
                    Some((at, _, length)) if *at == slice => *length += shared.seconds(),
                    Some(_) | None => lengths.push((slice, whole, shared.seconds())),
                }
            }
        }
        for (slice, whole, length) in lengths {
            let tally = self.at(slice);
            tally.lengths.push(length);
            // An end exactly at the end of a slice belongs to it.
            if last.until() > whole.until() {
                tally.open += 1;
            } else {
                tally.end(end);
            }
        }
        if let Some(slice) = self.slice_of(begun) {
            self.at(slice).activations += 1;
        }
    }
}

/// The figures of a row in a slice.
#[derive(Clone, Debug)]
pub(super) struct Measured<'t> {
    /// Which slice of the facility's clock.
    pub(super) slice: usize,
    /// Which row.
    pub(super) row: Row,
    /// For which reason; only where reports are made by reason.
    pub(super) reason: Option<&'t Arc<str>>,
    /// What it comes to.
    pub(super) tally: Tally,
}

/// Measures a facility: every row and slice that holds anything, by reason, then row, then slice; `any` is last.
pub(super) fn measure<'t>(
    registry: &Registry,
    clocked: &Clocked,
    mut parts: Vec<Part<'t>>,
    by_reason: bool,
) -> Vec<Measured<'t>> {
    // Episodes one after the other within their row: lanes hold them in order of time, so this mostly finds them so.
    parts.sort_by(|a, b| {
        let key = |part: &Part<'t>| (part.reason, part.row, part.lane, part.episode.event(), part.span);
        key(a).cmp(&key(b))
    });
    let mut measured = Vec::new();
    for same_reason in parts.chunk_by(|a, b| a.reason == b.reason) {
        let reason = same_reason[0].reason;
        let told = |episode: &Episode, at: Instant| !by_reason || episode.reason(at) == reason;
        let mut renewals: BTreeMap<usize, u64> = BTreeMap::new();
        for rows in same_reason.chunk_by(|a, b| a.row == b.row) {
            let row = rows[0].row;
            let tallies = of_row(clocked, rows, told);
            for (slice, tally) in tallies {
                if row.is_in_any(registry) {
                    *renewals.entry(slice).or_default() += tally.renewals;
                }
                measured.push(Measured { slice, row, reason, tally });
            }
        }
        let any: Vec<&Part<'_>> = same_reason.iter().filter(|part| part.row.is_in_any(registry)).collect();
        let mut tallies = of_any(clocked, &any);
        for (slice, renewals) in renewals {
            tallies.entry(slice).or_default().renewals = renewals;
        }
        for (slice, tally) in tallies {
            measured.push(Measured { slice, row: Row::Any, reason, tally });
        }
    }
    measured.retain(|measured| !measured.tally.is_empty());
    measured
}

fn of_row(
    clocked: &Clocked,
    parts: &[Part<'_>],
    told: impl Fn(&Episode, Instant) -> bool,
) -> BTreeMap<usize, Tally> {
    let mut tallies = Tallies { clocked, by_slice: BTreeMap::new() };
    let in_force = parts.iter().filter(|part| part.force == Force::Counts);
    tallies.stretches(&merge(in_force.map(|part| (part.span, part.end)).collect()));
    for parts in parts.chunk_by(|a, b| std::ptr::eq(a.episode, b.episode)) {
        let episode = parts[0].episode;
        let in_force = || parts.iter().filter(|part| part.force == Force::Counts);
        let Some(last) = in_force().next_back() else { continue };
        let spans: Vec<Span> = in_force().map(|part| part.span).collect();
        let begun = if told(episode, episode.from()) { episode.from() } else { FAR };
        tallies.one(begun, &spans, last.end);
        let over = parts[parts.len() - 1].span.until();
        let confirmed = episode.confirmations().iter().filter(|said| said.from < over);
        for said in confirmed.filter(|said| told(episode, said.from)) {
            if let Some(slice) = tallies.slice_of(said.from) {
                tallies.at(slice).renewals += 1;
            }
        }
    }
    aside(&mut tallies, || parts.iter());
    tallies.by_slice
}

fn of_any(clocked: &Clocked, parts: &[&Part<'_>]) -> BTreeMap<usize, Tally> {
    let mut tallies = Tallies { clocked, by_slice: BTreeMap::new() };
    let in_force = parts.iter().filter(|part| part.force == Force::Counts);
    let stretches = merge(in_force.map(|part| (part.span, part.end)).collect());
    tallies.stretches(&stretches);
    for (stretch, end) in stretches {
        tallies.one(stretch.from(), &[stretch], end);
    }
    aside(&mut tallies, || parts.iter().copied());
    tallies.by_slice
}

/// Time that is in no row's hours: suspended, and not honoured.
fn aside<'p, 't: 'p, P: Iterator<Item = &'p Part<'t>>>(tallies: &mut Tallies<'_>, parts: impl Fn() -> P) {
    for force in [Force::Suspended, Force::NotHonoured] {
        let mut spans = parts().filter(|part| part.force == force).peekable();
        if spans.peek().is_none() {
            continue;
        }
        for span in Spans::union(spans.map(|part| part.span)).iter() {
            let touched: Vec<_> = tallies.touched(span).collect();
            for (slice, _, shared) in touched {
                let tally = tallies.at(slice);
                match force {
                    Force::Suspended => tally.suspended += shared.seconds(),
                    Force::NotHonoured => tally.not_honoured += shared.seconds(),
                    Force::Counts => {}
                }
            }
        }
    }
}

/// Of each slice, the time in which a facility existed with an ED, and the part of that before its first report.
pub(super) fn existence(
    basis: &Basis<'_>,
    clocked: &Clocked,
    facility: FacilityId,
    history: Option<&History>,
) -> Vec<(i64, i64)> {
    let entry = &basis.registry.facilities[facility];
    let gone = entry.closed_on.unwrap_or(FAR);
    let first = history.and_then(first_acting).unwrap_or(FAR);
    clocked
        .slices
        .iter()
        .map(|(_, slice)| {
            let here = Span::new(slice.span.from(), slice.span.until().min(gone));
            let unknown = here.and_then(|here| Span::new(here.from(), here.until().min(first)));
            (here.map_or(0, Span::seconds), unknown.map_or(0, Span::seconds))
        })
        .collect()
}
