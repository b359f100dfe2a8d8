//! What is measured of one facility: hours, activations, lengths and ends, by status and slice.
//!
//! Floor 3. The definitions of the reports live here and nowhere else. What a facility's lanes hold comes from a walk,
//! where it is plain and no clause of its region keeps anything from counting, else from its folded history; the figures
//! are the same.

use std::mem;
use std::sync::Arc;

use crate::model::{FacilityId, Instant, Lane};
use crate::sheet::Basis;
use crate::state::{EndedBy, Episode, History, Saying, StateAt, Walk, Witness};

use super::extent::{Clocked, first_acting};
use super::force::{Clauses, Force, pieces, reasons};
use super::row::{Row, Rows};
use super::span::{Span, Spans};
use super::tally::{Ones, Place, Tallies, Tally};

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
    /// What holds of all of its episode.
    life: Life,
    /// The reason in force; only where reports are made by reason.
    pub(super) reason: Option<&'t Arc<str>>,
}

/// An episode from its beginning to its end, whatever period is asked for.
#[derive(Clone, Copy, Debug)]
struct Life {
    /// Whether any of it counts.
    counts: bool,
    /// Where the last of it ends.
    until: Instant,
}

/// All of each episode of a facility that meets `within`: how it began, whether it counts and how it ends is the same for
/// every period. In the order of lanes, episodes and time. `history` is what is known of the facility.
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
        let episode = piece.episode;
        if !Span::of(episode.interval()).is_some_and(|whole| whole.meets(within)) {
            return;
        }
        let Some(span) = exists.and_then(|exists| span.clip(exists)) else { return };
        let end = (span.end() == piece.interval.until())
            .then(|| {
                let own = episode.until() == piece.interval.until();
                if own { episode.ended_by().map(|(by, _)| by) } else { Some(EndedBy::Superseded) }
            })
            .flatten();
        let row = Row::of(lane, &episode.state, registry);
        let life = Life { counts: force == Force::Counts, until: span.until() };
        parts.push(Part { row, span, end, force, lane, episode, life, reason: None });
    });
    parts.sort_by(|a, b| {
        let key = |part: &Part<'t>| (part.lane, part.episode.event(), part.span);
        key(a).cmp(&key(b))
    });
    for own in parts.chunk_by_mut(|a, b| std::ptr::eq(a.episode, b.episode)) {
        let counts = own.iter().any(|part| part.life.counts);
        let until = own.last().map_or(FAR, |last| last.span.until());
        for part in own {
            part.life = Life { counts, until };
        }
    }
    if by_reason { parts.iter().flat_map(reasoned).collect() } else { parts }
}

/// A part, cut where its reason changes.
fn reasoned<'t>(part: &Part<'t>) -> impl Iterator<Item = Part<'t>> {
    let part = part.clone();
    reasons(part.episode, part.span).into_iter().map(move |(span, reason)| {
        let end = part.end.filter(|_| span.until() == part.span.until());
        Part { span, end, reason, ..part.clone() }
    })
}

const FAR: Instant = Instant::from_seconds(i64::MAX);

/// The tallies of one facility, of every row that holds something.
#[derive(Clone, Debug)]
struct Meter {
    by_row: Vec<Tallies>,
    /// The places of the rows that hold something, and of `any`.
    used: Vec<usize>,
    is_used: Vec<bool>,
    any: usize,
}

impl Meter {
    fn new(rows: &Rows) -> Self {
        Self {
            by_row: vec![Tallies::default(); rows.len()],
            used: Vec::new(),
            is_used: vec![false; rows.len()],
            any: rows.any(),
        }
    }
    /// Begins anew.
    fn clear(&mut self, clocked: &Clocked) {
        for row in self.used.drain(..) {
            self.is_used[row] = false;
        }
        self.row(clocked, self.any);
    }
    #[inline]
    fn row(&mut self, clocked: &Clocked, row: usize) -> &mut Tallies {
        if !self.is_used[row] {
            self.begin(clocked, row);
        }
        &mut self.by_row[row]
    }
    #[cold]
    fn begin(&mut self, clocked: &Clocked, row: usize) {
        self.is_used[row] = true;
        self.used.push(row);
        self.by_row[row].clear(clocked);
    }
    /// All is told.
    fn finish(&mut self, rows: &Rows) {
        self.used.sort_unstable();
        let mut any = mem::take(&mut self.by_row[self.any]);
        for row in self.used.iter().filter(|row| rows.is_in_any(**row)) {
            any.take_in_renewals(&self.by_row[*row]);
        }
        self.by_row[self.any] = any;
    }
}

/// Measures one facility after the other.
#[derive(Clone, Debug)]
pub(super) struct Gauge<'a> {
    basis: &'a Basis<'a>,
    clauses: &'a Clauses<'a>,
    rows: &'a Rows,
    walk: Walk<'a>,
    /// The rows of the lanes and states that a walk meets.
    states: Vec<usize>,
    episodes: Episodes,
    meter: Meter,
}

impl<'a> Gauge<'a> {
    pub(super) fn new(basis: &'a Basis<'a>, clauses: &'a Clauses<'a>, rows: &'a Rows) -> Self {
        let walk = Walk::new(basis.timeline);
        let row = |(lane, state)| rows.at(Row::of(lane, state, basis.registry));
        Self {
            basis,
            clauses,
            rows,
            states: walk.states().iter().map(|(lane, state)| row((lane, state))).collect(),
            walk,
            episodes: Episodes::default(),
            meter: Meter::new(rows),
        }
    }

    /// Measures a facility in what `within` has of its past; then [`Self::each`] tells what it comes to.
    pub(super) fn measure(&mut self, facility: FacilityId, clocked: &Clocked, within: Span) -> Existence {
        let entry = &self.basis.registry.facilities[facility];
        self.meter.clear(clocked);
        let gone = entry.closed_on.unwrap_or(FAR);
        let is_plain = self.clauses.let_all_count(entry.region) && self.walk.read(facility);
        let first = if is_plain {
            self.walked(clocked, within, gone);
            self.walk.sayings().first().map(|first| first.from)
        } else {
            // Not kept: of ten million events no more than one facility's episodes are in memory.
            let history = self.basis.timeline.folded(facility);
            let mut parts = parts(self.basis, self.clauses, facility, history.as_deref(), within, false);
            in_order(&mut parts);
            self.folded(clocked, &parts, |_, _| true);
            history.as_deref().and_then(first_acting)
        };
        self.meter.finish(self.rows);
        Existence { gone, first: first.unwrap_or(FAR) }
    }

    /// The same for each reason by itself; `each` is told what each comes to, a row and a slice at a time.
    pub(super) fn by_reason(
        &mut self,
        facility: FacilityId,
        clocked: &Clocked,
        within: Span,
        mut each: impl FnMut(Option<&Arc<str>>, usize, usize, &Tally, &mut [i64]),
    ) -> Existence {
        let history = self.basis.timeline.folded(facility);
        let mut parts = parts(self.basis, self.clauses, facility, history.as_deref(), within, true);
        in_order(&mut parts);
        for parts in parts.chunk_by(|a, b| a.reason == b.reason) {
            let reason = parts[0].reason;
            self.meter.clear(clocked);
            self.folded(clocked, parts, |episode, at| episode.reason(at) == reason);
            self.meter.finish(self.rows);
            for slice in 0..clocked.slices.len() {
                self.each(slice, |row, tally, lengths| each(reason, slice, row, tally, lengths));
            }
        }
        let gone = self.basis.registry.facilities[facility].closed_on.unwrap_or(FAR);
        Existence { gone, first: history.as_deref().and_then(first_acting).unwrap_or(FAR) }
    }

    /// What was measured in a slice, row after row in the order of their places: the tally, and of what touches the slice
    /// the part that lies inside. Tallies that hold nothing are left out but for `any`.
    pub(super) fn each(&mut self, slice: usize, mut each: impl FnMut(usize, &Tally, &mut [i64])) {
        for row in &self.meter.used {
            let (tally, lengths) = self.meter.by_row[*row].of(slice);
            if !tally.is_empty() || *row == self.meter.any {
                each(*row, tally, lengths);
            }
        }
    }

    /// Takes in what a plain facility's lanes hold.
    fn walked(&mut self, clocked: &Clocked, within: Span, gone: Instant) {
        let Self { walk, episodes, meter, states, rows, .. } = self;
        episodes.clear();
        walk.go(usize::MAX, episodes);
        let mut begins = Place::default();
        for episode in &episodes.all {
            let Some(span) = episode.span(gone).filter(|span| span.meets(within)) else { continue };
            let (row, end) = (states[episode.state.index()], episode.end.filter(|_| episode.until <= gone));
            begins = begins.to(clocked, span.from());
            meter.row(clocked, row).take(clocked, begins, span, end, Ones::Parts);
            if rows.is_in_any(row) {
                meter.by_row[meter.any].take(clocked, begins, span, end, Ones::Stretches);
            }
        }
        for row in &meter.used {
            let ones = if *row == meter.any { Ones::Stretches } else { Ones::Parts };
            meter.by_row[*row].finish(clocked, ones);
        }
        for (episode, at) in &episodes.confirmed {
            let episode = &episodes.all[*episode];
            let span = episode.span(gone).filter(|span| span.meets(within));
            if span.is_some_and(|span| *at < span.until()) {
                meter.row(clocked, states[episode.state.index()]).confirmed(clocked, *at);
            }
        }
    }

    /// Takes in parts, as [`in_order`] has them, all of them for one reason or none; `told` says whether what an episode
    /// says at an instant is said for that reason.
    fn folded(&mut self, clocked: &Clocked, parts: &[Part<'_>], told: impl Fn(&Episode, Instant) -> bool) {
        let counts = |part: &&Part<'_>| part.force == Force::Counts;
        let mut any: Vec<&Part<'_>> = Vec::new();
        let mut in_force: Vec<&Part<'_>> = Vec::new();
        for parts in parts.chunk_by(|a, b| a.row == b.row) {
            let row = self.rows.at(parts[0].row);
            let tallies = self.meter.row(clocked, row);
            for parts in parts.chunk_by(|a, b| std::ptr::eq(a.episode, b.episode)) {
                let (episode, life) = (parts[0].episode, parts[0].life);
                if !life.counts {
                    continue;
                }
                let spans: Vec<(Span, bool)> = parts.iter().map(|part| (part.span, counts(&part))).collect();
                let begun = if told(episode, episode.from()) { episode.from() } else { FAR };
                // An episode ends once, whether or not the last of it counts.
                let end = parts.iter().find(|part| part.span.until() == life.until).and_then(|last| last.end);
                tallies.one(clocked, begun, &spans, end);
                let confirmed = episode.confirmations().iter().filter(|said| said.from < life.until);
                for said in confirmed.filter(|said| told(episode, said.from)) {
                    tallies.confirmed(clocked, said.from);
                }
            }
            in_force.clear();
            in_force.extend(parts.iter().filter(counts));
            in_force.sort_by_key(|part| part.span);
            tallies.stretches(clocked, in_force.iter().map(|part| (part.span, part.end)), Ones::None);
            aside(tallies, clocked, || parts.iter());
            if self.rows.is_in_any(row) {
                any.extend(parts);
            }
        }
        let tallies = &mut self.meter.by_row[self.meter.any];
        aside(tallies, clocked, || any.iter().copied());
        any.retain(|part| part.force == Force::Counts);
        any.sort_by_key(|part| part.span);
        tallies.stretches(clocked, any.into_iter().map(|part| (part.span, part.end)), Ones::Stretches);
    }
}

/// Sorts parts by reason and row, then lane and episode.
fn in_order(parts: &mut [Part<'_>]) {
    parts.sort_by(|a, b| {
        let when = |part: &Part<'_>| (part.episode.event(), part.span);
        let what = (a.reason, a.row, a.lane).cmp(&(b.reason, b.row, b.lane));
        what.then_with(|| when(a).cmp(&when(b)))
    });
}

/// Time that is in no row's hours: suspended, and not honoured.
fn aside<'p, 't: 'p, P: Iterator<Item = &'p Part<'t>>>(
    tallies: &mut Tallies,
    clocked: &Clocked,
    parts: impl Fn() -> P,
) {
    for force in [Force::Suspended, Force::NotHonoured] {
        let mut spans = parts().filter(|part| part.force == force).peekable();
        if spans.peek().is_none() {
            continue;
        }
        for span in Spans::union(spans.map(|part| part.span)).iter() {
            tallies.touch(clocked, span, |tally, seconds| match force {
                Force::Suspended => tally.suspended += seconds,
                Force::NotHonoured => tally.not_honoured += seconds,
                Force::Counts => {}
            });
        }
    }
}

/// The episodes of a plain facility, in the order in which they begin.
#[derive(Clone, Debug, Default)]
struct Episodes {
    all: Vec<Walked>,
    /// Confirmations, each with the episode.
    confirmed: Vec<(usize, Instant)>,
}

#[derive(Clone, Copy, Debug)]
struct Walked {
    state: StateAt,
    from: Instant,
    /// The end of time where nothing ends it.
    until: Instant,
    end: Option<EndedBy>,
}

impl Walked {
    /// When it is, if its facility is gone from an instant on.
    fn span(&self, gone: Instant) -> Option<Span> {
        Span::new(self.from, self.until.min(gone))
    }
}

impl Episodes {
    fn clear(&mut self) {
        self.all.clear();
        self.confirmed.clear();
    }
}

impl Witness for Episodes {
    fn begins(&mut self, state: StateAt, saying: &Saying) {
        self.all.push(Walked { state, from: saying.from, until: FAR, end: None });
    }
    fn confirmed(&mut self, episode: usize, saying: &Saying) {
        self.confirmed.push((episode, saying.from));
    }
    fn ends(&mut self, episode: usize, until: Instant, by: EndedBy, _: Option<u64>) {
        let episode = &mut self.all[episode];
        (episode.until, episode.end) = (until, Some(by));
    }
}

/// Since when and until when a facility is there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Existence {
    /// When it closes for good.
    gone: Instant,
    /// From when on anything is known of it.
    first: Instant,
}

impl Existence {
    /// The time in which the facility existed with an ED, and the part of that before its first report: seconds.
    pub(super) fn within(self, slice: Span) -> (i64, i64) {
        let here = Span::new(slice.from(), slice.until().min(self.gone));
        let unknown = here.and_then(|here| Span::new(here.from(), here.until().min(self.first)));
        (here.map_or(0, Span::seconds), unknown.map_or(0, Span::seconds))
    }
}
