//! The figures of a row of hours: their columns, and what a tally says in each.
//!
//! Floor 3. One list for every way in which rows are written.

use crate::sheet::{Column, Kind, View};

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
    lengths.sort_unstable();
    let longest = |seconds: Option<i64>| seconds.map_or(Figure::Missing, figure::minutes);
    let count = |count: u32| Figure::Count(count.into());
    let [expired, manual, superseded, forced] = tally.ended;
    [
        figure::hours(tally.seconds),
        figure::percent(tally.seconds, exists),
        count(tally.activations),
        count(tally.renewals),
        figure::mean(lengths),
        figure::median(lengths),
        longest(lengths.last().copied()),
        longest((tally.longest_stretch > 0).then_some(tally.longest_stretch)),
        count(tally.long_days),
        count(expired),
        count(manual),
        count(superseded),
        count(forced),
        count(tally.open),
        figure::hours(unknown),
        figure::hours(tally.suspended),
        figure::hours(tally.not_honoured),
    ]
}
