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
    /// How episodes (of `any`: stretches) ended: expired, by hand, superseded, by force.
    pub(super) ended: [u32; 4],
    /// Episodes (of `any`: stretches) that run on past the end.
    pub(super) open: u32,
    /// Episodes (of `any`: stretches) that touch the slice. How much of each lies inside stands beside the tally.
    pub(super) touching: u32,
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

/// The tallies of one row over the slices of a period. Quickest where everything is told in order of time.
#[derive(Clone, Debug, Default)]
pub(super) struct Tallies {
    by_slice: Vec<Tally>,
    /// Of what touches a slice, the part that lies inside: slice and seconds, in the order in which it was told.
    told: Vec<(usize, i64)>,
    /// The same by slice, once all is told: the end of each slice's in `lengths`.
    ends: Vec<usize>,
    lengths: Vec<i64>,
    /// What no gap has ended yet, and how its last part ends.
    stretch: Option<(Span, Option<EndedBy>)>,
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
        self.stretch = None;
        (self.near, self.day, self.filled) = (0, 0, 0);
    }

    /// The next time in force, in the order of beginnings. Where a gap lies before it, what went before is told: a
    /// stretch, and how it ended.
    pub(super) fn join(
        &mut self,
        clocked: &Clocked,
        span: Span,
        end: Option<EndedBy>,
    ) -> Option<(Span, Option<EndedBy>)> {
        match &mut self.stretch {
            Some((stretch, ends)) if span.from() <= stretch.until() => {
                // Of parts that end together, the later in order counts.
                if span.until() >= stretch.until() {
                    (*stretch, *ends) = (stretch.reaching(span.until()), end);
                }
                None
            }
            Some(_) | None => {
                let over = self.over(clocked);
                self.stretch = Some((span, end));
                over
            }
        }
    }

    /// No time in force follows: the last stretch, and how it ended.
    pub(super) fn over(&mut self, clocked: &Clocked) -> Option<(Span, Option<EndedBy>)> {
        let over = self.stretch.take();
        if let Some((stretch, _)) = over {
            self.touch(clocked, stretch, |tally, seconds| {
                tally.seconds += seconds;
                tally.longest_stretch = tally.longest_stretch.max(seconds);
            });
            self.days(clocked, stretch);
        }
        over
    }

    /// Something that begins and ends: an episode, or a stretch of `any`. `spans` is its time in force, in order.
    pub(super) fn one(&mut self, clocked: &Clocked, begun: Instant, spans: &[Span], end: Option<EndedBy>) {
        let Some(last) = spans.last() else { return };
        if let [span] = spans
            && let Some((slice, tally)) = self.slice_around(clocked, *span)
        {
            // Most lie in one slice.
            tally.touching += 1;
            tally.end(end);
            tally.activations += u32::from(begun == span.from());
            self.told.push((slice, span.seconds()));
            if begun != span.from()
                && let Some(tally) = self.at(clocked, begun)
            {
                tally.activations += 1;
            }
            return;
        }
        let first = self.told.len();
        for span in spans {
            let from = self.slice_from(clocked, span.from());
            for (slice, whole) in clocked.spans.iter().enumerate().skip(from) {
                let Some(shared) = whole.clip(*span) else { break };
                match self.told[first..].last_mut() {
                    Some((at, length)) if *at == slice => *length += shared.seconds(),
                    Some(_) | None => self.told.push((slice, shared.seconds())),
                }
                if span.until() <= whole.until() {
                    break;
                }
            }
        }
        for (slice, _) in &self.told[first..] {
            let tally = &mut self.by_slice[*slice];
            tally.touching += 1;
            // An end exactly at the end of a slice belongs to it.
            if last.until() > clocked.spans[*slice].until() {
                tally.open += 1;
            } else {
                tally.end(end);
            }
        }
        if let Some(tally) = self.at(clocked, begun) {
            tally.activations += 1;
        }
    }

    /// A confirmation.
    pub(super) fn confirmed(&mut self, clocked: &Clocked, at: Instant) {
        if let Some(tally) = self.at(clocked, at) {
            tally.renewals += 1;
        }
    }

    /// Adds what `add` makes of the seconds that each slice has of a span.
    pub(super) fn touch(&mut self, clocked: &Clocked, span: Span, add: impl Fn(&mut Tally, i64)) {
        if let Some((_, tally)) = self.slice_around(clocked, span) {
            add(tally, span.seconds());
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

    /// All is told: puts lengths to their slices.
    pub(super) fn finish(&mut self) {
        self.ends.clear();
        let mut begin = 0;
        self.ends.extend(self.by_slice.iter().map(|tally| {
            let first = begin;
            begin += tally.touching as usize;
            first
        }));
        self.lengths.clear();
        self.lengths.resize(begin, 0);
        for (slice, length) in &self.told {
            let at = &mut self.ends[*slice];
            self.lengths[*at] = *length;
            *at += 1;
        }
    }

    /// The tally of a slice, once all is told, and of what touches the slice the part that lies inside.
    pub(super) fn of(&mut self, slice: usize) -> (&Tally, &mut [i64]) {
        let (tally, end) = (&self.by_slice[slice], self.ends[slice]);
        (tally, &mut self.lengths[end - tally.touching as usize..end])
    }

    /// The first slice that is not over by `at`.
    #[inline]
    fn slice_from(&mut self, clocked: &Clocked, at: Instant) -> usize {
        if !clocked.spans.get(self.near).is_some_and(|slice| slice.contains(at)) {
            self.near = first_after(&clocked.spans, self.near, at);
        }
        self.near
    }

    /// The slice in which all of a span lies, and its tally.
    #[inline]
    fn slice_around(&mut self, clocked: &Clocked, span: Span) -> Option<(usize, &mut Tally)> {
        let at = self.slice_from(clocked, span.from());
        let slice = clocked.spans.get(at)?;
        let lies_in_it = slice.from() <= span.from() && span.until() <= slice.until();
        Some((at, self.by_slice.get_mut(at).filter(|_| lies_in_it)?))
    }

    /// The tally of the slice in which an instant lies.
    fn at(&mut self, clocked: &Clocked, at: Instant) -> Option<&mut Tally> {
        let slice = self.slice_from(clocked, at);
        clocked.spans.get(slice).filter(|slice| slice.contains(at))?;
        self.by_slice.get_mut(slice)
    }

    /// The days that a stretch fills. Stretches come in order.
    fn days(&mut self, clocked: &Clocked, stretch: Span) {
        let days = &clocked.days;
        let first = day_after(days, stretch.from());
        if first != self.day {
            (self.day, self.filled) = (first, 0);
        }
        while let Some((day, shared)) = days.get(self.day).and_then(|day| Some((*day, day.clip(stretch)?))) {
            let before = self.filled;
            self.filled += shared.seconds();
            if before < HALF_A_DAY
                && self.filled >= HALF_A_DAY
                && let Some(tally) = self.at(clocked, day.from())
            {
                tally.long_days += 1;
            }
            if stretch.until() < day.until() {
                break;
            }
            (self.day, self.filled) = (self.day + 1, 0);
        }
    }
}

/// The first day that is not over by `at`. Of days one after the other, each has about its 24 hours.
fn day_after(days: &[Span], at: Instant) -> usize {
    const DAY: i64 = 24 * 3600;
    let since = days.first().map_or(0, |first| at.seconds().saturating_sub(first.from().seconds()));
    let near = usize::try_from(since / DAY).unwrap_or_default();
    if days.get(near).is_some_and(|day| day.contains(at)) {
        return near;
    }
    // The first day may be part of one, and a clock may have been turned: it lies a little later, hardly ever earlier.
    first_after(days, near.saturating_sub(1).min(days.len()), at)
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
