//! Tallies: the figures of one row, a tally for each slice of a period, as what happened is told one after the other.
//!
//! Floor 3. What counts is the business of `measure`; here it is added up, without asking memory for anything once the
//! first facility is done: there may be millions of tallies.

use std::mem;

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
    /// How episodes (of `any`: stretches) ended: expired, by hand, superseded, by force.
    pub(super) ended: [u32; 4],
    /// Episodes (of `any`: stretches) that run on past the end.
    pub(super) open: u32,
    /// Episodes (of `any`: stretches) that touch the slice. How much of each lies inside stands beside the tally.
    pub(super) touching: u32,
    /// Where the last of those stands there, counted from 1.
    pub(super) last: u32,
}

impl Tally {
    /// Whether nothing but zeros stands in it.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
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

/// The tallies of one row over the slices of a period. Quickest where everything is told in order of time.
#[derive(Clone, Debug, Default)]
pub(super) struct Tallies {
    by_slice: Vec<Tally>,
    /// Of what touches a slice, the part that lies inside, and where the one before it of the same slice stands, counted
    /// from 1.
    told: Vec<(i64, u32)>,
    /// Those of one slice.
    lengths: Vec<i64>,
    /// The slice and the day where something was found last.
    near: usize,
    day: usize,
    /// The seconds that are filled of that day.
    filled: i64,
}

/// From how many seconds on a day is a long one.
const HALF_A_DAY: i64 = 12 * 3600;

impl Tallies {
    /// Begins anew, for a facility that goes by this clock.
    pub(super) fn clear(&mut self, clocked: &Clocked) {
        self.by_slice.clear();
        self.by_slice.resize(clocked.spans.len(), Tally::default());
        self.told.clear();
        (self.near, self.day, self.filled) = (0, 0, 0);
    }

    /// All time in force, in the order of beginnings, and how each part of it ends: the hours. What overlaps or touches is
    /// one stretch.
    pub(super) fn stretches(
        &mut self,
        clocked: &Clocked,
        parts: impl IntoIterator<Item = (Span, Option<EndedBy>)>,
        ones: Ones,
    ) {
        let mut parts = parts.into_iter();
        let Some((mut stretch, mut end)) = parts.next() else { return };
        let mut is_one = ones != Ones::None;
        for (span, ends) in parts {
            if stretch.until() < span.from() {
                self.stretch(clocked, stretch, end, is_one);
                (stretch, end, is_one) = (span, ends, ones != Ones::None);
                continue;
            }
            if ones == Ones::Parts {
                if mem::take(&mut is_one) {
                    self.one(clocked, stretch.from(), &[stretch], end);
                }
                self.one(clocked, span.from(), &[span], ends);
            }
            // Of parts that end together, the later in order counts.
            if stretch.until() <= span.until() {
                (stretch, end) = (stretch.reaching(span.until()), ends);
            }
        }
        self.stretch(clocked, stretch, end, is_one);
    }

    /// A stretch, which may also be [`Self::one`].
    #[inline]
    fn stretch(&mut self, clocked: &Clocked, stretch: Span, end: Option<EndedBy>, is_one: bool) {
        let add = |tally: &mut Tally, seconds: i64| {
            tally.seconds += seconds;
            tally.longest_stretch = tally.longest_stretch.max(seconds);
        };
        // Most lie in one slice.
        if let Some(slice) = self.slice_around(clocked, stretch) {
            let seconds = stretch.seconds();
            add(&mut self.by_slice[slice], seconds);
            if is_one {
                self.whole(slice, seconds, end);
            }
        } else {
            self.touch(clocked, stretch, add);
            if is_one {
                self.one(clocked, stretch.from(), &[stretch], end);
            }
        }
        self.days(clocked, stretch);
    }

    /// One that lies in one slice.
    #[inline]
    fn whole(&mut self, slice: usize, seconds: i64, end: Option<EndedBy>) {
        let tally = self.tell(slice, seconds);
        tally.end(end);
        tally.activations += 1;
    }

    /// Something that begins and ends: an episode, or a stretch of `any`. `spans` is its time in force, in order.
    pub(super) fn one(&mut self, clocked: &Clocked, begun: Instant, spans: &[Span], end: Option<EndedBy>) {
        let Some(last) = spans.last() else { return };
        if let [span] = spans
            && begun == span.from()
            && let Some(slice) = self.slice_around(clocked, *span)
        {
            self.whole(slice, span.seconds(), end);
            return;
        }
        let over = |tallies: &mut Self, (slice, seconds): (usize, i64)| {
            let tally = tallies.tell(slice, seconds);
            // An end exactly at the end of a slice belongs to it.
            if last.until() > clocked.spans[slice].until() {
                tally.open += 1;
            } else {
                tally.end(end);
            }
        };
        let mut touched: Option<(usize, i64)> = None;
        for span in spans {
            let from = self.slice_from(clocked, span.from());
            for (slice, whole) in clocked.spans.iter().enumerate().skip(from) {
                let Some(shared) = whole.clip(*span) else { break };
                match &mut touched {
                    Some((at, seconds)) if *at == slice => *seconds += shared.seconds(),
                    before => {
                        if let Some(before) = before.replace((slice, shared.seconds())) {
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
        self.told.push((seconds, tally.last));
        tally.last = self.told.len() as u32;
        tally.touching += 1;
        tally
    }

    /// A confirmation.
    pub(super) fn confirmed(&mut self, clocked: &Clocked, at: Instant) {
        if let Some(tally) = self.at(clocked, at) {
            tally.renewals += 1;
        }
    }

    /// Adds what `add` makes of the seconds that each slice has of a span.
    pub(super) fn touch(&mut self, clocked: &Clocked, span: Span, add: impl Fn(&mut Tally, i64)) {
        if let Some(slice) = self.slice_around(clocked, span) {
            add(&mut self.by_slice[slice], span.seconds());
            return;
        }
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
        let tally = &self.by_slice[slice];
        self.lengths.clear();
        let mut next = tally.last as usize;
        while let Some((seconds, before)) = next.checked_sub(1).and_then(|at| self.told.get(at)) {
            self.lengths.push(*seconds);
            next = *before as usize;
        }
        (tally, &mut self.lengths)
    }

    /// The first slice that is not over by `at`.
    #[inline]
    fn slice_from(&mut self, clocked: &Clocked, at: Instant) -> usize {
        if !clocked.spans.get(self.near).is_some_and(|slice| slice.contains(at)) {
            self.near = first_after(&clocked.spans, self.near, at);
        }
        self.near
    }

    /// The slice in which all of a span lies.
    #[inline]
    fn slice_around(&mut self, clocked: &Clocked, span: Span) -> Option<usize> {
        if !clocked.spans.get(self.near).is_some_and(|slice| slice.covers(span)) {
            let at = self.slice_from(clocked, span.from());
            clocked.spans.get(at).filter(|slice| slice.covers(span))?;
        }
        Some(self.near)
    }

    /// The tally of the slice in which an instant lies.
    fn at(&mut self, clocked: &Clocked, at: Instant) -> Option<&mut Tally> {
        let slice = self.slice_from(clocked, at);
        clocked.spans.get(slice).filter(|slice| slice.contains(at))?;
        self.by_slice.get_mut(slice)
    }

    /// The days that a stretch fills. Stretches come in order.
    #[inline]
    fn days(&mut self, clocked: &Clocked, stretch: Span) {
        let near = day_near(&clocked.days, stretch.from());
        match clocked.days.get(near) {
            Some(day) if day.covers(stretch) => self.fill(clocked, near, stretch.seconds()),
            Some(_) | None => {
                let first = first_after(&clocked.days, near.min(clocked.days.len()), stretch.from());
                for (at, day) in clocked.days.iter().enumerate().skip(first) {
                    let Some(shared) = day.clip(stretch) else { break };
                    self.fill(clocked, at, shared.seconds());
                }
            }
        }
    }

    /// So many more seconds of a day are filled.
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

/// The first of some spans in order that is not over by `at`: looked for near the last one found, then everywhere.
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
