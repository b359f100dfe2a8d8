//! Half-open stretches of time, `[from, until)`, that can't run backwards.

use chrono::TimeDelta;

use super::Instant;

/// A stretch `[from, until)`; without `until` it has no end. An empty one (`from == until`) contains no instant.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Interval {
    from: Instant,
    until: Option<Instant>,
}

impl Interval {
    /// An `until` before `from` is taken as `from`: the stretch is empty, never reversed.
    pub fn new(from: Instant, until: Option<Instant>) -> Self {
        Self { from, until: until.map(|until| until.max(from)) }
    }
    /// Where it begins; part of it.
    pub fn from(self) -> Instant {
        self.from
    }
    /// Where it ends; not part of it. `None`: never.
    pub fn until(self) -> Option<Instant> {
        self.until
    }
    /// Whether `at` lies in it.
    pub fn contains(self, at: Instant) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }
    /// Whether it contains no instant.
    pub fn is_empty(self) -> bool {
        self.until == Some(self.from)
    }
    /// The part that both have; `None` where they share no instant.
    pub fn intersection(self, other: Self) -> Option<Self> {
        let from = self.from.max(other.from);
        let until = match (self.until, other.until) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        if until.is_some_and(|until| until <= from) { None } else { Some(Self { from, until }) }
    }
    /// How long it is; `None` without an end.
    pub fn length(self) -> Option<TimeDelta> {
        self.until.map(|until| until.since(self.from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: i64) -> Instant {
        Instant::from_seconds(s)
    }

    #[test]
    fn the_end_is_not_part_of_it() {
        let hour = Interval::new(at(0), Some(at(3600)));
        assert!(hour.contains(at(0)) && hour.contains(at(3599)) && !hour.contains(at(3600)));
    }

    #[test]
    fn a_reversed_stretch_is_empty() {
        assert!(Interval::new(at(10), Some(at(5))).is_empty());
    }

    #[test]
    fn adjacent_stretches_share_no_instant() {
        let night = Interval::new(at(0), Some(at(10)));
        let day = Interval::new(at(10), None);
        assert_eq!(night.intersection(day), None);
        assert_eq!(night.intersection(Interval::new(at(4), None)), Some(Interval::new(at(4), Some(at(10)))));
    }
}
