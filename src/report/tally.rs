//! Tallies: the figures of one row, a tally for each slice of a period, as what happened is told one after the other.
//!
//! Floor 3. What counts is the business of `measure`; here it is added up, without asking memory for anything once the
//! first facility is done: there may be millions of tallies.

use crate::model::Instant;
use crate::state::EndedBy;

use super::extent::Clocked;
use super::span::Span;

/// The figures of one row in one slice. Times are in seconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Tally {
    /// Time in force, no second twice.
    pub(super) seconds: i64,
    /// The longest time without a gap, clipped to the slice.
    pub(super) longest_stretch: i64,
    /// Time that a region's status or limit suspends.
    pub(super) suspended: i64,
    /// Time that the policy does not honour.
    pub(super) not_honoured: i64,
    /// Episodes (of `any`: stretches) that began.
    pub(super) activations: u32,
    /// Confirmations.
    pub(super) renewals: u32,
    /// Local days with twelve hours or more.
    pub(super) long_days: u32,
    /// How many episodes (of `any`: stretches) ended so, by [`EndedBy`].
    pub(super) ended: [u32; 4],
    /// Episodes (of `any`: stretches) that run on past the end.
    pub(super) open: u32,
    /// Episodes (of `any`: stretches) that touch the slice. How much of each lies inside stands beside the tally.
    pub(super) touching: u32,
    /// Where those end there.
    pub(super) ends_at: u32,
}

impl Tally {
    /// Whether nothing but zeros stands in it.
    pub(super) fn is_empty(&self) -> bool {
        self.touching == 0 && *self == Self::default()
    }
    /// Puts the figures of another facility beside these.
    pub(super) fn add(&mut self, other: &Self) {
        self.seconds += other.seconds;
        self.activations += other.activations;
        self.renewals += other.renewals;
        self.touching += other.touching;
        self.longest_stretch = self.longest_stretch.max(other.longest_stretch);
        self.long_days += other.long_days;
        for (mine, theirs) in self.ended.iter_mut().zip(other.ended) {
            *mine += theirs;
        }
        self.open += other.open;
        self.suspended += other.suspended;
        self.not_honoured += other.not_honoured;
    }
    #[inline]
    fn end(&mut self, by: Option<EndedBy>) {
        // Where there is none the stretch's suspension began, or its facility closed for good: nobody ended it.
        if let Some(by) = by {
            self.ended[by as usize] += 1;
        }
    }
}

/// What of the time in force begins and ends by itself, as [`Tallies::one`] has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ones {
    /// Nothing that is told here.
    None,
    /// Each part: an episode.
    Parts,
    /// Each stretch.
    Stretches,
}

/// Where in a period something begins: the first slice and the first day that are not over by then.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    slice: usize,
    day: usize,
}

impl Place {
    /// That of an instant. Quickest if it lies not before this place, and near.
    #[inline]
    pub(super) fn to(self, clocked: &Clocked, at: Instant) -> Self {
        let find = |spans: &[Span], near: usize| match spans.get(near) {
            Some(span) if span.contains(at) => near,
            Some(_) | None => first_after(spans, near.min(spans.len()), at),
        };
        Self {
            slice: find(&clocked.spans, self.slice),
            day: find(&clocked.days, day_near(&clocked.days, at)),
        }
    }
}

/// Time in force without a gap, as far as it is told.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    span: Span,
    begins: Place,
    /// How the last of its parts ends.
    end: Option<EndedBy>,
}

/// The tallies of one row over the slices of a period. Quickest where everything is told in order of time.
#[derive(Clone, Debug, Default)]
pub(super) struct Tallies {
    by_slice: Vec<Tally>,
    /// The stretch of which more may be told.
    stretch: Option<Stretch>,
    /// What touches slices: of each the part that lies inside, in the order of slices.
    lengths: Vec<i64>,
    /// Their slices.
    touched: Vec<u32>,
    /// Whether one was told after one of a later slice.
    is_mixed: bool,
    /// The place where something was looked for last.
    near: Place,
    /// The day that was filled last, and the seconds of it that are.
    day: usize,
    filled: i64,
}

/// From how many seconds on a day is a long one.
const HALF_A_DAY: i64 = 12 * 3600;

impl Tallies {
    /// Begins anew, for a facility that goes by this clock.
    pub(super) fn clear(&mut self, clocked: &Clocked) {
        self.by_slice.clear();
        self.by_slice.resize(clocked.spans.len(), Tally::default());
        self.lengths.clear();
        self.touched.clear();
        (self.is_mixed, self.stretch) = (false, None);
        (self.near, self.day, self.filled) = (Place::default(), 0, 0);
    }

    /// All time in force, in the order of beginnings, and how each part of it ends: the hours.
    pub(super) fn stretches(
        &mut self,
        clocked: &Clocked,
        parts: impl IntoIterator<Item = (Span, Option<EndedBy>)>,
        ones: Ones,
    ) {
        let mut begins = Place::default();
        for (span, end) in parts {
            begins = begins.to(clocked, span.from());
            self.take(clocked, begins, span, end, ones);
        }
        self.finish(clocked, ones);
    }

    /// The next time in force, which begins not before the one before it, and how it ends. What overlaps or touches is one
    /// stretch; the last is told by [`Self::finish`].
    #[inline(always)]
    #[allow(clippy::inline_always)] // of ten million stretches, none is handed on through memory
    pub(super) fn take(
        &mut self,
        clocked: &Clocked,
        begins: Place,
        span: Span,
        end: Option<EndedBy>,
        ones: Ones,
    ) {
        if ones == Ones::Parts {
            match inside(&clocked.spans, begins.slice, span) {
                Some(seconds) => self.whole(begins.slice, seconds, end),
                None => self.one(clocked, span.from(), &[(span, true)], end),
            }
        }
        let next = Stretch { span, begins, end };
        match &mut self.stretch {
            Some(stretch) if span.from() <= stretch.span.until() => {
                // Of parts that end together, the later in order counts.
                if stretch.span.until() <= span.until() {
                    (stretch.span, stretch.end) = (stretch.span.reaching(span.until()), end);
                }
            }
            Some(stretch) => {
                // One by one, as they were put there: together they could not be read right away.
                let Stretch { span, begins, end } = *stretch;
                *stretch = next;
                self.over(clocked, Stretch { span, begins, end }, ones);
            }
            None => self.stretch = Some(next),
        }
    }

    /// No more time in force is to come.
    pub(super) fn finish(&mut self, clocked: &Clocked, ones: Ones) {
        if let Some(over) = self.stretch.take() {
            self.over(clocked, over, ones);
        }
    }

    /// A stretch of which all is told.
    #[inline(always)]
    #[allow(clippy::inline_always)] // as above
    fn over(&mut self, clocked: &Clocked, Stretch { span, begins, end }: Stretch, ones: Ones) {
        let add = |tally: &mut Tally, seconds: i64| {
            tally.seconds += seconds;
            tally.longest_stretch = tally.longest_stretch.max(seconds);
        };
        // Most lie in one slice and on one day.
        if let Some(seconds) = inside(&clocked.spans, begins.slice, span) {
            add(&mut self.by_slice[begins.slice], seconds);
            if ones == Ones::Stretches {
                self.whole(begins.slice, seconds, end);
            }
        } else {
            self.touch(clocked, span, add);
            if ones == Ones::Stretches {
                self.one(clocked, span.from(), &[(span, true)], end);
            }
        }
        if let Some(seconds) = inside(&clocked.days, begins.day, span) {
            self.fill(clocked, begins.day, seconds);
        } else {
            for (at, day) in clocked.days.iter().enumerate().skip(begins.day) {
                let Some(shared) = day.clip(span) else { break };
                self.fill(clocked, at, shared.seconds());
            }
        }
    }

    /// One that lies in one slice.
    #[inline]
    fn whole(&mut self, slice: usize, seconds: i64, end: Option<EndedBy>) {
        let tally = self.tell(slice, seconds);
        tally.activations += 1;
        tally.end(end);
    }

    /// Something that begins and ends: an episode, or a stretch of `any`. `parts` are its time, in order, and whether it is
    /// in force then; what is not has no length, but is open or ends as what is.
    pub(super) fn one(
        &mut self,
        clocked: &Clocked,
        begun: Instant,
        parts: &[(Span, bool)],
        end: Option<EndedBy>,
    ) {
        let Some((last, _)) = parts.last() else { return };
        let over = |tallies: &mut Self, (slice, seconds): (usize, i64)| {
            let tally = if seconds > 0 { tallies.tell(slice, seconds) } else { &mut tallies.by_slice[slice] };
            // An end exactly at the end of a slice belongs to it.
            if last.until() > clocked.spans[slice].until() {
                tally.open += 1;
            } else {
                tally.end(end);
            }
        };
        let mut touched: Option<(usize, i64)> = None;
        for (span, counts) in parts {
            let from = self.slice_from(clocked, span.from());
            for (slice, whole) in clocked.spans.iter().enumerate().skip(from) {
                let Some(shared) = whole.clip(*span) else { break };
                let seconds = if *counts { shared.seconds() } else { 0 };
                match &mut touched {
                    Some((at, so_far)) if *at == slice => *so_far += seconds,
                    before => {
                        if let Some(before) = before.replace((slice, seconds)) {
                            over(self, before);
                        }
                    }
                }
                if span.until() <= whole.until() {
                    break;
                }
            }
        }
        if let Some(touched) = touched {
            over(self, touched);
        }
        if let Some(tally) = self.at(clocked, begun) {
            tally.activations += 1;
        }
    }

    /// Something touches a slice, with so many seconds.
    #[inline]
    #[allow(clippy::cast_possible_truncation)] // four thousand million events do not fit in memory
    fn tell(&mut self, slice: usize, seconds: i64) -> &mut Tally {
        let tally = &mut self.by_slice[slice];
        self.is_mixed |= self.touched.last().is_some_and(|last| slice < *last as usize);
        self.touched.push(slice as u32);
        self.lengths.push(seconds);
        tally.ends_at = self.lengths.len() as u32;
        tally.touching += 1;
        tally
    }

    /// Puts what was told in the order of slices.
    #[cold]
    #[allow(clippy::cast_possible_truncation)] // as above
    fn sort(&mut self) {
        let mut told: Vec<(u32, i64)> = self.touched.drain(..).zip(self.lengths.drain(..)).collect();
        told.sort_by_key(|(slice, _)| *slice);
        (self.touched, self.lengths) = told.into_iter().unzip();
        for (slice, end) in self.touched.iter().zip(1..) {
            self.by_slice[*slice as usize].ends_at = end;
        }
        self.is_mixed = false;
    }

    /// A confirmation.
    pub(super) fn confirmed(&mut self, clocked: &Clocked, at: Instant) {
        if let Some(tally) = self.at(clocked, at) {
            tally.renewals += 1;
        }
    }

    /// Adds what `add` makes of the seconds that each slice has of a span.
    pub(super) fn touch(&mut self, clocked: &Clocked, span: Span, add: impl Fn(&mut Tally, i64)) {
        let from = self.slice_from(clocked, span.from());
        for (slice, tally) in clocked.spans[from..].iter().zip(&mut self.by_slice[from..]) {
            let Some(shared) = slice.clip(span) else { break };
            add(tally, shared.seconds());
            if span.until() <= slice.until() {
                break;
            }
        }
    }

    /// The confirmations of another row are also this one's.
    pub(super) fn take_in_renewals(&mut self, other: &Self) {
        for (mine, theirs) in self.by_slice.iter_mut().zip(&other.by_slice) {
            mine.renewals += theirs.renewals;
        }
    }

    /// The tally of a slice, and of what touches the slice the part that lies inside.
    pub(super) fn of(&mut self, slice: usize) -> (&Tally, &mut [i64]) {
        if self.is_mixed {
            self.sort();
        }
        let tally = &self.by_slice[slice];
        let (end, count) = (tally.ends_at as usize, tally.touching as usize);
        (tally, &mut self.lengths[end - count..end])
    }

    /// The first slice that is not over by `at`.
    fn slice_from(&mut self, clocked: &Clocked, at: Instant) -> usize {
        self.near = self.near.to(clocked, at);
        self.near.slice
    }

    /// The tally of the slice in which an instant lies.
    fn at(&mut self, clocked: &Clocked, at: Instant) -> Option<&mut Tally> {
        let slice = self.slice_from(clocked, at);
        clocked.spans.get(slice).filter(|slice| slice.contains(at))?;
        self.by_slice.get_mut(slice)
    }

    /// So many more seconds of a day are filled. Stretches come in order.
    #[inline]
    fn fill(&mut self, clocked: &Clocked, day: usize, seconds: i64) {
        let before = if day == self.day { self.filled } else { 0 };
        (self.day, self.filled) = (day, before + seconds);
        if before < HALF_A_DAY
            && self.filled >= HALF_A_DAY
            && let Some(tally) = self.at(clocked, clocked.days[day].from())
        {
            tally.long_days += 1;
        }
    }
}

/// About where the day lies in which an instant does. Of days one after the other, each has about its 24 hours; the first
/// may be part of one, and a clock may have been turned: it lies there or a little later, hardly ever earlier.
#[inline]
fn day_near(days: &[Span], at: Instant) -> usize {
    const DAY: u64 = 24 * 3600;
    let begin = days.first().map_or(i64::MAX, |first| first.from().seconds());
    let since = at.seconds().saturating_sub(begin);
    usize::try_from(since.cast_unsigned() / DAY).unwrap_or(usize::MAX)
}

/// How long a span is, in seconds, that lies inside the one at a place.
#[inline]
fn inside(spans: &[Span], at: usize, span: Span) -> Option<i64> {
    // What lies inside something finite is no longer than a number can tell.
    let around = spans.get(at)?;
    around.covers(span).then(|| span.until().seconds().wrapping_sub(span.from().seconds()))
}

/// The first of some spans in order that is not over by `at`: looked for near the last one found, then everywhere.
#[inline(never)]
fn first_after(all: &[Span], near: usize, at: Instant) -> usize {
    const NEAR: usize = 4;
    let over = |one: &Span| one.until() <= at;
    if near > 0 && !all.get(near - 1).is_some_and(over) {
        return all.partition_point(over);
    }
    match all[near..].iter().take(NEAR).position(|one| !over(one)) {
        Some(found) => near + found,
        None => near + all[near..].partition_point(over),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn span(from: i64, until: i64) -> Span {
        Span::new(Instant::from_seconds(from), Instant::from_seconds(until)).unwrap()
    }

    #[test]
    fn what_is_told_of_a_slice_after_a_later_one_stands_with_its_own() {
        let spans = vec![span(0, 10), span(10, 20), span(20, 30)];
        let clocked = Clocked { said: None, past: None, slices: Vec::new(), days: spans.clone(), spans };
        let mut tallies = Tallies::default();
        tallies.clear(&clocked);
        // Two lanes at once: one is in force until the last slice, the other only now and then.
        let parts = [span(1, 25), span(2, 5), span(6, 12), span(22, 29)];
        tallies.stretches(&clocked, parts.map(|span| (span, None)), Ones::Parts);
        let told = [0, 1, 2].map(|slice| {
            let (tally, lengths) = tallies.of(slice);
            lengths.sort_unstable();
            (tally.seconds, tally.activations, tally.touching, lengths.to_vec())
        });
        assert_eq!(told, [(9, 3, 3, vec![3, 4, 9]), (10, 0, 2, vec![2, 10]), (9, 1, 2, vec![5, 7])]);
    }

    proptest! {
        #[test]
        fn a_place_is_found_wherever_it_is_looked_for_first(
            lengths in prop::collection::vec(1..20_i64, 0..40),
            near in 0..40_usize,
            at in -10..500_i64,
        ) {
            let mut from = 0;
            let spans: Vec<Span> = lengths
                .iter()
                .filter_map(|length| {
                    from += length;
                    Span::new(Instant::from_seconds(from - length), Instant::from_seconds(from))
                })
                .collect();
            let at = Instant::from_seconds(at);
            let found = first_after(&spans, near.min(spans.len()), at);
            prop_assert_eq!(found, spans.iter().filter(|span| span.until() <= at).count());
        }
    }
}
