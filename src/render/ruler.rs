//! The ruler over a drawing: dates, local hours and marks, with now among them.
//!
//! Floor 5. Hours are those of the wall clock, so a day on which the clocks change is shorter or longer.

use chrono::{Days, NaiveDate, TimeDelta, TimeZone};
use chrono_tz::Tz;

use crate::model::Instant;
use crate::report::{Drawing, Tone};

use super::Options;
use super::lanes::{Scale, Signs, painted};

/// Minutes between two marks of the ruler, of which the smallest that leaves room for its labels is taken.
const STEPS: [i64; 11] = [5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 10080];

/// Three lines: dates, with the offset at the left; hours; the rule with its marks and now.
pub(super) fn ruler(drawing: &Drawing, scale: &Scale, signs: &Signs, options: &Options) -> Vec<String> {
    let per_column = scale.span / i64::try_from(scale.columns).unwrap_or(1).max(1);
    let step = STEPS.into_iter().find(|step| step * 60 >= 6 * per_column.max(1)).unwrap_or(10080);
    let ticks = ticks(drawing, step);
    let mut rule = vec![(signs.rule, Tone::Faint); scale.columns];
    let mut dates = Labels::new(scale.columns);
    let mut hours = Labels::new(scale.columns);
    let day = |at: Instant| at.on_clock_of(drawing.zone).format("%m-%d").to_string();
    let midnight = |at: Instant| at.on_clock_of(drawing.zone).format("%H:%M").to_string() == "00:00";
    for at in &ticks {
        let column = scale.floor(*at);
        rule[column].0 = signs.tick;
        if step < 1440 {
            hours.put(column, &at.on_clock_of(drawing.zone).format("%H:%M").to_string());
        }
    }
    let midnights: Vec<Instant> = ticks.iter().copied().filter(|at| step >= 1440 || midnight(*at)).collect();
    // The first date stands at the left edge, unless a midnight's is about to stand there.
    if midnights.first().is_none_or(|first| scale.floor(*first) >= "Thu 08-03 ".len()) {
        let long = drawing.since.on_clock_of(drawing.zone).format("%a %Y-%m-%d").to_string();
        let room = midnights.first().map_or(scale.columns, |first| scale.floor(*first));
        dates.put(0, if long.len() < room { &long } else { "" });
        dates.put(0, &drawing.since.on_clock_of(drawing.zone).format("%a %m-%d").to_string());
    }
    for at in &midnights {
        let label = at.on_clock_of(drawing.zone).format("%a %m-%d").to_string();
        if !dates.put(scale.floor(*at), &label) {
            dates.put(scale.floor(*at), &day(*at));
        }
    }
    if let Some(now) = scale.now {
        rule[now] = (signs.now, Tone::Plain);
    }
    let mut lines = vec![format!("{}{}", scale.name(&offsets(drawing), signs), dates.0)];
    if step < 1440 {
        lines.push(format!("{}{}", scale.name("", signs), hours.0));
    }
    lines.push(format!("{}{}", scale.name("", signs), painted(&rule, options)));
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

/// The offset of the ruler's times: two where the clocks change in between.
pub(super) fn offsets(drawing: &Drawing) -> String {
    let offset = |at: Instant| at.on_clock_of(drawing.zone).format("%:z").to_string();
    let (first, last) = (offset(drawing.since), offset(drawing.until));
    if first == last { first } else { format!("{first}, {last}") }
}

/// The instants of the ruler's marks: whole local hours or days, as the step is. A local time that does not exist has
/// no mark; one that exists twice has one, at the first.
fn ticks(drawing: &Drawing, step: i64) -> Vec<Instant> {
    let first = drawing.since.on_clock_of(drawing.zone).date_naive();
    let last = drawing.until.on_clock_of(drawing.zone).date_naive();
    let every = Days::new(u64::try_from(step / 1440).unwrap_or(1).max(1));
    let mut ticks = Vec::new();
    let mut date = Some(first);
    while let Some(today) = date.filter(|date| *date <= last) {
        let mut minute = 0;
        while minute < 1440 {
            ticks.extend(local(today, minute, drawing.zone));
            minute += step;
        }
        date = today.checked_add_days(every);
    }
    ticks.retain(|at| drawing.since <= *at && *at < drawing.until);
    ticks
}

fn local(date: NaiveDate, minute: i64, zone: Tz) -> Option<Instant> {
    let wall = date.and_hms_opt(0, 0, 0)? + TimeDelta::minutes(minute);
    zone.from_local_datetime(&wall).earliest().map(Instant::from)
}

/// A line of labels that never touch each other.
struct Labels(String, usize);

impl Labels {
    fn new(columns: usize) -> Self {
        Self(String::new(), columns)
    }
    /// Puts a label at a column, if there is room for it there. An empty one is never put.
    fn put(&mut self, column: usize, label: &str) -> bool {
        let free = if self.0.is_empty() { 0 } else { self.0.len() + 1 };
        if label.is_empty() || column < free || column + label.len() > self.1 {
            return false;
        }
        let gap = column - self.0.len();
        self.0.extend(std::iter::repeat_n(' ', gap));
        self.0.push_str(label);
        true
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::America::Denver;

    use super::super::lanes::draw;
    use super::*;

    fn night(since: &str, until: &str) -> Drawing {
        let hour = |text: &str| Instant::from(chrono::DateTime::parse_from_rfc3339(text).unwrap());
        Drawing {
            since: hour(since),
            until: hour(until),
            now: hour("2030-01-01T00:00:00Z"),
            zone: Denver,
            tracks: Vec::new(),
        }
    }

    #[test]
    fn the_ruler_names_both_offsets_where_clocks_change() {
        let lines =
            draw(&night("2021-11-07T00:00:00-06:00", "2021-11-07T06:00:00-07:00"), &Options::default());
        assert!(lines[0].starts_with("-06:00, -07:00  Sun 11-07"), "{lines:#?}");
        assert!(!lines.iter().any(|line| line.contains('▼')), "{lines:#?}");
    }

    #[test]
    fn an_hour_that_does_not_exist_has_no_mark() {
        let lines =
            draw(&night("2021-03-14T00:00:00-07:00", "2021-03-14T06:00:00-06:00"), &Options::default());
        assert!(
            lines[1].contains("01:00") && lines[1].contains("03:00") && !lines[1].contains("02:00"),
            "{lines:#?}"
        );
    }

    #[test]
    fn a_month_is_marked_in_days() {
        let lines =
            draw(&night("2021-10-01T00:00:00-06:00", "2021-11-01T00:00:00-06:00"), &Options::default());
        assert_eq!(lines.len(), 2, "{lines:#?}");
        assert!(lines[0].contains("10-08"), "{lines:#?}");
    }
}
