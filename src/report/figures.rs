//! The figures of a row of hours: their columns, and what a tally says in each.
//!
//! Floor 3. One list for every way in which rows are written.

use crate::sheet::{Column, Kind, View};
use crate::state::EndedBy;

use super::figure::{self, Figure};
use super::tally::Tally;

/// Their columns, in order.
pub(super) fn columns() -> [Column; 17] {
    let number = |key, heading| Column::new(key, heading, Kind::Number.or_null(), View::All);
    let count = |key, heading| Column::new(key, heading, Kind::Integer, View::All);
    [
        Column::new("hours", "Hours", Kind::Number, View::All),
        number("percent", "%"),
        count("activations", "Activations"),
        count("renewals", "Renewals"),
        number("mean_min", "Mean min"),
        number("median_min", "Median min"),
        number("longest_min", "Longest min"),
        number("longest_stretch_min", "Stretch min"),
        count("days_ge_12h", "Days ≥ 12 h"),
        Column::data("ended_expired", Kind::Integer),
        Column::data("ended_manual", Kind::Integer),
        Column::data("ended_superseded", Kind::Integer),
        Column::data("ended_forced", Kind::Integer),
        count("open", "Open"),
        Column::new("unknown_hours", "Unknown h", Kind::Number, View::All),
        Column::new("suspended_hours", "Suspended h", Kind::Number, View::All),
        Column::new("not_honoured_hours", "Not honoured h", Kind::Number, View::All),
    ]
}

/// The figures of a row, column after column.
pub(super) type Figures = [Figure; 17];

/// What a tally says. `lengths` are those of what it says that it touches its slice; of the whole, `exists` is how long
/// its facilities existed, and `unknown` the part of that in which nothing was known: seconds.
#[allow(clippy::inline_always)] // a gist is made of figures as they come: of millions, none is put into memory
#[inline(always)]
pub(super) fn of(tally: &Tally, lengths: &mut [i64], (exists, unknown): (i64, i64)) -> Figures {
    let (mean, median, longest) = lengths_of(lengths);
    let count = |count: u32| Figure::Count(count.into());
    let ended = |by: EndedBy| count(tally.ended[by as usize]);
    [
        figure::hours(tally.seconds),
        figure::percent(tally.seconds, exists),
        count(tally.activations),
        count(tally.renewals),
        mean,
        median,
        longest,
        if tally.longest_stretch > 0 { figure::minutes(tally.longest_stretch) } else { Figure::Missing },
        count(tally.long_days),
        ended(EndedBy::Expired),
        ended(EndedBy::Manual),
        ended(EndedBy::Superseded),
        ended(EndedBy::Forced),
        count(tally.open),
        figure::hours(unknown),
        figure::hours(tally.suspended),
        figure::hours(tally.not_honoured),
    ]
}

/// Mean, median and the longest of lengths in seconds. Of one or two there is nothing to sort and no
/// division by their number.
#[inline]
fn lengths_of(lengths: &mut [i64]) -> (Figure, Figure, Figure) {
    match *lengths {
        [] => (Figure::Missing, Figure::Missing, Figure::Missing),
        [one] => {
            let one = figure::minutes(one);
            (one, one, one)
        }
        [one, other] => {
            let mean = figure::median(&[one, other]);
            (mean, mean, figure::minutes(one.max(other)))
        }
        _ => {
            sort(lengths);
            let longest = lengths.last().map_or(Figure::Missing, |longest| figure::minutes(*longest));
            (figure::mean(lengths), figure::median(lengths), longest)
        }
    }
}

/// Sorts lengths. Mostly they are few; then nothing is left to be guessed by the processor, which it mostly would wrongly.
fn sort(lengths: &mut [i64]) {
    const FEW: usize = 8;
    if lengths.len() > FEW {
        lengths.sort_unstable();
        return;
    }
    for end in (1..lengths.len()).rev() {
        let mut longest = lengths[0];
        for at in 0..end {
            let next = lengths[at + 1];
            lengths[at] = longest.min(next);
            longest = longest.max(next);
        }
        lengths[end] = longest;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn mean_median_and_longest_are_told_of_lengths_in_any_order(
            lengths in prop::collection::vec(1..200_i64, 0..20),
        ) {
            let mut sorted = lengths.clone();
            sorted.sort_unstable();
            let longest = sorted.last().map_or(Figure::Missing, |longest| figure::minutes(*longest));
            let told = (figure::mean(&sorted), figure::median(&sorted), longest);
            prop_assert_eq!(lengths_of(&mut lengths.clone()), told);
        }
    }
}
