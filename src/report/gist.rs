//! The gist of a row of hours: its figures, kept small while it waits to be written.
//!
//! Floor 3. Rows are measured facility by facility and written slice by slice: there may be millions of them in between.

use crate::model::Minutes;
use crate::sheet::Cells;

use super::figure::Figure;
use super::figures::Figures;

/// The figures of a usual row in 48 bytes. A row has none where numbers are too large, or where time is suspended or not
/// honoured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Gist {
    /// Hundredths; [`MISSING`] for none.
    hours: u32,
    percent: u32,
    unknown: u32,
    /// Tenths of minutes; [`MISSING`] for none.
    mean: u32,
    median: u32,
    longest: u32,
    longest_stretch: u32,
    activations: u16,
    renewals: u16,
    long_days: u16,
    expired: u16,
    manual: u16,
    superseded: u16,
    forced: u16,
    open: u16,
}

const MISSING: u32 = u32::MAX;

impl Gist {
    /// `None` where there is more to tell.
    #[inline]
    pub(super) fn of(figures: &Figures) -> Option<Self> {
        let [
            hours,
            percent,
            activations,
            renewals,
            mean,
            median,
            longest,
            longest_stretch,
            long_days,
            expired,
            manual,
            superseded,
            forced,
            open,
            unknown,
            Figure::Hundredths(0),
            Figure::Hundredths(0),
        ] = *figures
        else {
            return None;
        };
        Some(Self {
            hours: number(hours)?,
            percent: number(percent)?,
            unknown: number(unknown)?,
            mean: number(mean)?,
            median: number(median)?,
            longest: number(longest)?,
            longest_stretch: number(longest_stretch)?,
            activations: count(activations)?,
            renewals: count(renewals)?,
            long_days: count(long_days)?,
            expired: count(expired)?,
            manual: count(manual)?,
            superseded: count(superseded)?,
            forced: count(forced)?,
            open: count(open)?,
        })
    }

    /// Writes the figures, cell after cell.
    #[inline]
    pub(super) fn write(&self, cells: &mut impl Cells) {
        hundredths(self.hours, cells);
        hundredths(self.percent, cells);
        cells.counts([self.activations, self.renewals]);
        tenths(self.mean, cells);
        tenths(self.median, cells);
        tenths(self.longest, cells);
        tenths(self.longest_stretch, cells);
        cells.counts([self.long_days, self.expired, self.manual, self.superseded, self.forced, self.open]);
        hundredths(self.unknown, cells);
        hundredths(0, cells);
        hundredths(0, cells);
    }
}

#[inline]
fn number(figure: Figure) -> Option<u32> {
    let number = match figure {
        Figure::Missing => return Some(MISSING),
        Figure::Hundredths(number) => number,
        Figure::Minutes(minutes) => minutes.tenths(),
        Figure::Count(_) => return None,
    };
    u32::try_from(number).ok().filter(|number| *number < MISSING)
}

#[inline]
fn count(figure: Figure) -> Option<u16> {
    match figure {
        Figure::Count(count) => u16::try_from(count).ok(),
        Figure::Missing | Figure::Hundredths(_) | Figure::Minutes(_) => None,
    }
}

#[inline]
fn hundredths(number: u32, cells: &mut impl Cells) {
    if number == MISSING { cells.missing() } else { cells.hundredths(number.into()) }
}

#[inline]
fn tenths(number: u32, cells: &mut impl Cells) {
    if number == MISSING { cells.missing() } else { cells.minutes(Minutes::from_tenths(number.into())) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::figures;
    use super::super::tally::Tally;
    use super::*;

    const DAY: i64 = 24 * 3600;

    /// The figures of a row, as they were written.
    #[derive(Default)]
    struct Written(Vec<Figure>);

    impl std::fmt::Write for Written {
        fn write_str(&mut self, _: &str) -> std::fmt::Result {
            Ok(())
        }
    }

    impl Cells for Written {
        fn part(&mut self, _: &str) {}
        fn goes_on(&mut self, _: u8) {}
        fn missing(&mut self) {
            self.0.push(Figure::Missing);
        }
        fn minutes(&mut self, minutes: Minutes) {
            self.0.push(Figure::Minutes(minutes));
        }
        fn count(&mut self, count: u64) {
            self.0.push(Figure::Count(count));
        }
        fn hundredths(&mut self, hundredths: i64) {
            self.0.push(Figure::Hundredths(hundredths));
        }
        fn text(&mut self, _: impl FnOnce(&mut Self)) {}
        fn end(&mut self) {}
    }

    proptest! {
        #[test]
        fn a_gist_tells_what_the_figures_tell(
            (seconds, longest_stretch) in (0..40 * DAY, 0..40 * DAY),
            counts in prop::array::uniform8(prop_oneof![0..3_u32, 0..100_000_u32]),
            mut lengths in prop::collection::vec(1..40 * DAY, 0..5),
            whole in prop_oneof![Just((0, 0)), (1..40 * DAY, 0..40 * DAY), (1..1_i64 << 40, 0..1_i64 << 40)],
            suspended in prop_oneof![3 => Just(0), 1 => 0..DAY],
        ) {
            let [activations, renewals, long_days, expired, manual, superseded, forced, open] = counts;
            let ended = [manual, expired, superseded, forced];
            let tally = Tally {
                seconds, longest_stretch, suspended, activations, renewals, long_days, ended, open,
                ..Tally::default()
            };
            let figures = figures::of(&tally, &mut lengths, whole);
            let is_usual = figures.iter().all(|figure| match figure {
                Figure::Missing => true,
                Figure::Count(count) => *count <= 0xffff,
                Figure::Hundredths(number) => *number < 0xffff_ffff,
                Figure::Minutes(minutes) => minutes.tenths() < 0xffff_ffff,
            });
            let gist = Gist::of(&figures);
            prop_assert_eq!(gist.is_some(), is_usual && figures[15] == Figure::Hundredths(0));
            if let Some(gist) = gist {
                let mut written = Written::default();
                gist.write(&mut written);
                prop_assert_eq!(&written.0[..], &figures[..]);
            }
        }
    }

    #[test]
    fn a_gist_takes_48_bytes_less_those_that_say_whose_it_is() {
        assert_eq!(size_of::<Gist>(), 44);
    }
}
