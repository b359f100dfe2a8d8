//! The arithmetic of stretches of time that have an end: union, intersection, difference, merging into stretches.
//!
//! Floor 3; knows instants and nothing else. Everything here is one pass over what is sorted already.

use crate::model::{Instant, Interval};

/// An end that is never reached: what is open has it until it is clipped.
const NEVER: Instant = Instant::from_seconds(i64::MAX);

/// A stretch `[from, until)` that is not empty. Without an end, `until` lies beyond every clock.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Span {
    from: Instant,
    until: Instant,
}

impl Span {
    /// `None` where no instant lies in it.
    pub fn new(from: Instant, until: Instant) -> Option<Self> {
        (from < until).then_some(Self { from, until })
    }
    /// `None` where no instant lies in it.
    pub fn of(interval: Interval) -> Option<Self> {
        Self::new(interval.from(), interval.until().unwrap_or(NEVER))
    }
    /// The first instant in it.
    pub fn from(self) -> Instant {
        self.from
    }
    /// The first instant after it.
    pub fn until(self) -> Instant {
        self.until
    }
    /// The same, reaching at least to `until`.
    #[must_use]
    pub fn reaching(self, until: Instant) -> Self {
        Self { until: self.until.max(until), ..self }
    }
    /// The end, where it has one.
    pub fn end(self) -> Option<Instant> {
        Some(self.until).filter(|until| *until < NEVER)
    }
    /// Whether `at` lies in it.
    pub fn contains(self, at: Instant) -> bool {
        self.from <= at && at < self.until
    }
    /// Whether all of another lies in it.
    pub fn covers(self, other: Self) -> bool {
        self.from <= other.from && other.until <= self.until
    }
    /// What both have; `None` where they share no instant.
    pub fn clip(self, to: Self) -> Option<Self> {
        Self::new(self.from.max(to.from), self.until.min(to.until))
    }
    /// Whether both share an instant, or one begins as the other ends.
    pub fn meets(self, other: Self) -> bool {
        self.from <= other.until && other.from <= self.until
    }
    /// How long it is, in seconds. Clip what is open before you ask.
    pub fn seconds(self) -> i64 {
        self.until.seconds().saturating_sub(self.from.seconds())
    }
    /// How long both have the same time, in seconds.
    pub fn shared(self, other: Self) -> i64 {
        self.clip(other).map_or(0, Self::seconds)
    }
}

/// Puts what overlaps or touches together, in order of time. Each stretch carries what its last part carried: of parts
/// that end together, the later in order.
pub fn merge<T>(mut parts: Vec<(Span, T)>) -> Vec<(Span, T)> {
    if !parts.is_sorted_by_key(|(span, _)| *span) {
        parts.sort_by_key(|(span, _)| *span);
    }
    let mut stretches: Vec<(Span, T)> = Vec::with_capacity(parts.len());
    for (span, carried) in parts {
        match stretches.last_mut() {
            Some((last, last_carried)) if span.from <= last.until => {
                if span.until >= last.until {
                    last.until = span.until;
                    *last_carried = carried;
                }
            }
            Some(_) | None => stretches.push((span, carried)),
        }
    }
    stretches
}

/// Stretches in order of time that neither overlap nor touch.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Spans(Vec<Span>);

impl Spans {
    /// The union of these.
    pub fn union(spans: impl IntoIterator<Item = Span>) -> Self {
        let parts = spans.into_iter().map(|span| (span, ())).collect();
        Self(merge(parts).into_iter().map(|(span, ())| span).collect())
    }
    /// In order of time.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Span> + '_ {
        self.0.iter().copied()
    }
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// Those that share an instant with `span`, cut to it.
    pub fn within(&self, span: Span) -> impl Iterator<Item = Span> + '_ {
        let first = self.0.partition_point(|mine| mine.until <= span.from);
        self.0[first..]
            .iter()
            .take_while(move |mine| mine.from < span.until)
            .filter_map(move |mine| mine.clip(span))
    }
    /// What of `span` lies in none of them.
    pub fn gaps(&self, span: Span) -> Vec<Span> {
        let mut gaps = Vec::new();
        let mut from = span.from;
        for covered in self.within(span) {
            gaps.extend(Span::new(from, covered.from));
            from = covered.until;
        }
        gaps.extend(Span::new(from, span.until));
        gaps
    }
    /// How long they are together, in seconds. Clip what is open before you ask.
    pub fn seconds(&self) -> i64 {
        self.iter().map(Span::seconds).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: i64, until: i64) -> Span {
        Span::new(Instant::from_seconds(from), Instant::from_seconds(until)).unwrap()
    }

    #[test]
    fn a_union_counts_no_second_twice() {
        let union = Spans::union([span(1, 3), span(0, 2)]);
        assert_eq!(union, Spans::union([span(0, 3)]));
        assert_eq!(union.seconds(), 3);
    }

    #[test]
    fn what_touches_is_one_stretch_and_ends_as_its_last_part() {
        let stretches =
            merge(vec![(span(2, 4), "b"), (span(0, 2), "a"), (span(6, 7), "c"), (span(3, 4), "d")]);
        assert_eq!(stretches, [(span(0, 4), "d"), (span(6, 7), "c")]);
    }

    #[test]
    fn a_part_inside_another_does_not_end_it() {
        assert_eq!(merge(vec![(span(0, 9), "long"), (span(2, 4), "short")]), [(span(0, 9), "long")]);
    }

    #[test]
    fn gaps_and_what_is_within_make_the_whole() {
        let busy = Spans::union([span(2, 4), span(6, 12)]);
        let within: Vec<Span> = busy.within(span(3, 8)).collect();
        assert_eq!(within, [span(3, 4), span(6, 8)]);
        assert_eq!(busy.gaps(span(3, 8)), [span(4, 6)]);
        assert_eq!(Spans::default().gaps(span(3, 8)), [span(3, 8)]);
        assert!(busy.gaps(span(7, 8)).is_empty());
    }

    #[test]
    fn an_empty_stretch_is_none() {
        assert_eq!(Span::new(Instant::from_seconds(5), Instant::from_seconds(5)), None);
        assert_eq!(Span::of(Interval::new(Instant::from_seconds(5), None)).unwrap().end(), None);
        assert_eq!(span(0, 5).clip(span(5, 6)), None);
    }
}
