//! Lanes over time, drawn in characters over a ruler of local hours.
//!
//! Floor 5. States differ by pattern, so that a drawing reads without colour; every stretch shows, however short.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use chrono::TimeDelta;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::model::Instant;
use crate::report::{Bar, BarState, Drawing, Tone, Track};

use super::paint::paint;
use super::ruler::{offsets, ruler};
use super::{Options, safe, text};

/// The columns of a drawing that goes to no terminal.
const DEFAULT_WIDTH: usize = 80;

/// The fewest columns left for time, and the most for the names of lanes.
const LEAST_FOR_TIME: usize = 24;
const MOST_FOR_LANES: usize = 32;

/// Draws it, a string a line.
pub(super) fn draw(drawing: &Drawing, options: &Options) -> Vec<String> {
    if drawing.until <= drawing.since {
        return Vec::new();
    }
    let signs = if options.ascii { &ASCII } else { &UNICODE };
    let width = options.width.unwrap_or(DEFAULT_WIDTH);
    let scale = Scale::new(drawing, width, options);
    let mut used = Used::default();
    let mut lines = ruler(drawing, &scale, signs, options);
    if scale.now.is_some() {
        used.marks.insert(Mark::Now);
    }
    let mut facility: Option<&str> = None;
    for track in &drawing.tracks {
        if facility != Some(&track.facility) {
            facility = Some(&track.facility);
            lines.push(safe::terminal(&track.facility, options.ascii));
        }
        lines.push(lane(track, &scale, signs, options, &mut used));
        if !track.conflicts.is_empty() {
            lines.push(conflicts(track, &scale, signs, options));
            used.marks.insert(Mark::Conflict);
        }
    }
    if !drawing.tracks.is_empty() {
        lines.push(String::new());
        lines.extend(used.legend(signs, width));
    }
    lines
}

/// The characters of a drawing.
pub(super) struct Signs {
    closed: char,
    diverting: char,
    partial: char,
    advisory: char,
    down: char,
    not_in_force: char,
    open_end: char,
    expires: char,
    confirmed: char,
    conflict: char,
    pub(super) now: char,
    now_line: char,
    pub(super) rule: char,
    pub(super) tick: char,
    cut: &'static str,
}

const UNICODE: Signs = Signs {
    closed: '█',
    diverting: '▓',
    partial: '▒',
    advisory: '░',
    down: '─',
    not_in_force: '╌',
    open_end: '▶',
    expires: '┤',
    confirmed: '◆',
    conflict: '!',
    now: '▼',
    now_line: '┊',
    rule: '─',
    tick: '┬',
    cut: "…",
};

const ASCII: Signs = Signs {
    closed: '#',
    diverting: '=',
    partial: '+',
    advisory: '.',
    down: '-',
    not_in_force: '~',
    open_end: '>',
    expires: '|',
    confirmed: '*',
    conflict: '!',
    now: 'v',
    now_line: ':',
    rule: '-',
    tick: '+',
    cut: "~",
};

impl Signs {
    fn of(&self, state: BarState) -> char {
        match state {
            BarState::Closed => self.closed,
            BarState::Diverting => self.diverting,
            BarState::Partial => self.partial,
            BarState::Advisory => self.advisory,
            BarState::Down => self.down,
            BarState::NotInForce => self.not_in_force,
        }
    }
}

fn tone(state: BarState) -> Tone {
    match state {
        BarState::Closed => Tone::Severe,
        BarState::Diverting | BarState::Down => Tone::Warning,
        BarState::Partial | BarState::Advisory => Tone::Caution,
        BarState::NotInForce => Tone::Faint,
    }
}

/// A sign that is no state.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Mark {
    OpenEnd,
    Expires,
    Confirmed,
    Conflict,
    Now,
}

/// What occurred, for the legend.
#[derive(Default)]
struct Used {
    states: BTreeSet<BarState>,
    marks: BTreeSet<Mark>,
}

impl Used {
    fn legend(&self, signs: &Signs, width: usize) -> Vec<String> {
        let state = |state: &BarState| {
            let words = match state {
                BarState::Closed => "closed",
                BarState::Diverting => "diverting",
                BarState::Partial => "diverting for some",
                BarState::Advisory => "advisory",
                BarState::Down => "service down",
                BarState::NotInForce => "declared, not in force",
            };
            format!("{} {words}", signs.of(*state))
        };
        let mark = |mark: &Mark| {
            let (sign, words) = match mark {
                Mark::OpenEnd => (signs.open_end, "no end stated"),
                Mark::Expires => (signs.expires, "expires"),
                Mark::Confirmed => (signs.confirmed, "confirmed"),
                Mark::Conflict => (signs.conflict, "sources disagree"),
                Mark::Now => (signs.now, "now"),
            };
            format!("{sign} {words}")
        };
        let parts: Vec<String> = self.states.iter().map(state).chain(self.marks.iter().map(mark)).collect();
        text::fill(parts.iter().map(String::as_str), "  ", 0, width)
    }
}

/// From instants to columns.
pub(super) struct Scale {
    /// Columns for the names of lanes, with what parts them from the time.
    names: usize,
    /// Columns of time.
    pub(super) columns: usize,
    since: Instant,
    /// Seconds drawn.
    pub(super) span: i64,
    /// The column of now, where it is inside.
    pub(super) now: Option<usize>,
}

impl Scale {
    fn new(drawing: &Drawing, width: usize, options: &Options) -> Self {
        let longest = drawing
            .tracks
            .iter()
            .map(|track| 2 + safe::terminal(&track.lane, options.ascii).width())
            .fold("  conflict".len().max(offsets(drawing).len()), usize::max);
        let most = MOST_FOR_LANES.min(width.saturating_sub(LEAST_FOR_TIME)).max("-04:00, -05:00".len() + 1);
        let names = (longest + 2).min(most);
        let mut scale = Self {
            names,
            columns: width.saturating_sub(names).max(LEAST_FOR_TIME),
            since: drawing.since,
            span: drawing.until.seconds() - drawing.since.seconds(),
            now: None,
        };
        scale.now =
            (drawing.since <= drawing.now && drawing.now < drawing.until).then(|| scale.floor(drawing.now));
        scale
    }
    /// The column in which an instant lies; the first or the last where it lies outside.
    pub(super) fn floor(&self, at: Instant) -> usize {
        self.column(at, 0).min(self.columns - 1)
    }
    /// The first column that begins at or after an instant.
    fn ceil(&self, at: Instant) -> usize {
        self.column(at, i128::from(self.span) - 1).min(self.columns)
    }
    fn column(&self, at: Instant, more: i128) -> usize {
        let passed = i128::from(at.seconds()) - i128::from(self.since.seconds());
        let columns = i128::try_from(self.columns).unwrap_or(i128::MAX);
        let column = (passed.max(0) * columns + more) / i128::from(self.span);
        usize::try_from(column).unwrap_or(usize::MAX)
    }
    /// The columns of a stretch; at least one where any of it is inside.
    fn cells(&self, from: Instant, until: Option<Instant>) -> Option<(usize, usize)> {
        let end = self.since + TimeDelta::seconds(self.span);
        if from >= end || until.is_some_and(|until| until <= self.since || until < from) {
            return None;
        }
        let start = self.floor(from);
        let stop = until.map_or(self.columns, |until| self.ceil(until));
        Some((start, stop.max(start + 1)))
    }
    /// A name in its columns, cut where it is too long.
    pub(super) fn name(&self, name: &str, signs: &Signs) -> String {
        let room = self.names - 1;
        let mut out = String::new();
        if name.width() <= room {
            out.push_str(name);
        } else {
            for c in name.chars() {
                if out.width() + c.width().unwrap_or(0) + signs.cut.width() > room {
                    break;
                }
                out.push(c);
            }
            out.push_str(signs.cut);
        }
        let missing = self.names.saturating_sub(out.width());
        out.extend(std::iter::repeat_n(' ', missing));
        out
    }
    /// Columns of time with nothing in them but the line of now.
    fn blank(&self, signs: &Signs) -> Vec<(char, Tone)> {
        let mut cells = vec![(' ', Tone::Plain); self.columns];
        if let Some(now) = self.now {
            cells[now] = (signs.now_line, Tone::Faint);
        }
        cells
    }
}

/// One lane. Longer stretches are drawn first, so that short ones stay on top.
fn lane(track: &Track, scale: &Scale, signs: &Signs, options: &Options, used: &mut Used) -> String {
    let mut cells = scale.blank(signs);
    let mut taken = vec![false; scale.columns];
    let mut bars: Vec<(&Bar, (usize, usize))> = track
        .bars
        .iter()
        .filter_map(|bar| scale.cells(bar.from, bar.until).map(|span| (bar, span)))
        .collect();
    bars.sort_by_key(|(bar, (start, stop))| (Reverse(stop - start), Reverse(bar.state)));
    for (bar, (start, stop)) in &bars {
        used.states.insert(bar.state);
        for at in *start..*stop {
            cells[at] = (signs.of(bar.state), tone(bar.state));
            taken[at] = true;
        }
    }
    for (bar, (start, stop)) in &bars {
        mark(bar, (*start, *stop), &mut cells, &mut taken, scale, signs, used);
    }
    let name = scale.name(&format!("  {}", safe::terminal(&track.lane, options.ascii)), signs);
    format!("{name}{}", painted(&cells, options)).trim_end().to_owned()
}

/// How a stretch ends, and its confirmations where there is room for them beside its pattern.
fn mark(
    bar: &Bar,
    (start, stop): (usize, usize),
    cells: &mut [(char, Tone)],
    taken: &mut [bool],
    scale: &Scale,
    signs: &Signs,
    used: &mut Used,
) {
    let own = |cells: &[(char, Tone)], at: usize| cells[at].0 == signs.of(bar.state);
    let confirmed: BTreeSet<usize> = bar
        .confirmed
        .iter()
        .map(|at| scale.floor(*at))
        .filter(|at| start < *at && *at + 1 < stop && own(cells, *at))
        .collect();
    if confirmed.len() * 2 < stop - start {
        for at in confirmed {
            cells[at].0 = signs.confirmed;
            used.marks.insert(Mark::Confirmed);
        }
    }
    match bar.until {
        None => {
            let last = scale.columns - 1;
            if stop == scale.columns && (start < last || own(cells, last)) {
                cells[last] = (signs.open_end, tone(bar.state));
                used.marks.insert(Mark::OpenEnd);
            }
        }
        Some(_) if bar.expires => {
            // In the next column where that is free, so that a short stretch keeps its pattern.
            let at = if stop < scale.columns && !taken[stop] {
                Some(stop)
            } else {
                (stop - start > 1).then(|| stop - 1)
            };
            let ends_inside =
                bar.until.is_some_and(|until| until <= scale.since + TimeDelta::seconds(scale.span));
            if let Some(at) = at.filter(|_| ends_inside) {
                cells[at] = (signs.expires, tone(bar.state));
                taken[at] = true;
                used.marks.insert(Mark::Expires);
            }
        }
        Some(_) => {}
    }
}

/// The row under a lane that shows where its sources contradict each other.
fn conflicts(track: &Track, scale: &Scale, signs: &Signs, options: &Options) -> String {
    let mut cells = scale.blank(signs);
    for (from, until) in &track.conflicts {
        if let Some((start, stop)) = scale.cells(*from, Some(*until)) {
            for cell in &mut cells[start..stop] {
                *cell = (signs.conflict, Tone::Warning);
            }
        }
    }
    format!("{}{}", scale.name("  conflict", signs), painted(&cells, options)).trim_end().to_owned()
}

/// The cells as text, each run of one tone painted once.
pub(super) fn painted(cells: &[(char, Tone)], options: &Options) -> String {
    cells
        .chunk_by(|a, b| a.1 == b.1)
        .map(|run| {
            let text: String = run.iter().map(|(c, _)| *c).collect();
            paint(&text, run[0].1, options.color)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use chrono_tz::America::New_York;

    use super::super::fixture::at;
    use super::*;

    fn bar(from: &str, until: Option<&str>, state: BarState) -> Bar {
        Bar { from: at(from), until: until.map(at), state, expires: false, confirmed: Vec::new() }
    }

    fn drawing() -> Drawing {
        let closed = bar("2023-08-03 06:00", Some("2023-08-04 10:00"), BarState::Closed);
        let mut diverting = bar("2023-08-03 12:00", Some("2023-08-03 20:00"), BarState::Diverting);
        diverting.expires = true;
        diverting.confirmed = vec![at("2023-08-03 16:00")];
        let short = bar("2023-08-04 06:00", Some("2023-08-04 06:01"), BarState::Partial);
        let down = bar("2023-08-04 03:00", None, BarState::Down);
        let track = |facility: &str, lane: &str, bars: Vec<Bar>| Track {
            facility: facility.to_owned(),
            lane: lane.to_owned(),
            bars,
            conflicts: Vec::new(),
        };
        let mut closed = track("Manchester Memorial Hospital", "closed", vec![closed]);
        closed.conflicts = vec![(at("2023-08-03 09:00"), at("2023-08-03 15:00"))];
        Drawing {
            since: at("2023-08-03 00:00"),
            until: at("2023-08-04 12:00"),
            now: at("2023-08-04 10:00"),
            zone: New_York,
            tracks: vec![
                closed,
                track("Manchester Memorial Hospital", "traffic", vec![diverting, short]),
                track("Rockville General", "service:ct", vec![down]),
            ],
        }
    }

    #[test]
    fn lanes_stand_over_a_ruler_of_local_hours() {
        let lines = draw(&drawing(), &Options { width: Some(60), ..Options::default() });
        assert_eq!(
            lines,
            [
                "-04:00        Thu 08-03                     Fri 08-04",
                "              00:00  06:00   12:00   18:00  00:00   06:00",
                "              ┬──────┬───────┬───────┬──────┬───────┬────▼──",
                "Manchester Memorial Hospital",
                "  closed             █████████████████████████████████████",
                "  conflict               !!!!!!!!!                       ┊",
                "  traffic                    ▓▓▓▓▓◆▓▓▓▓▓┤           ▒    ┊",
                "Rockville General",
                "  service:ct                                    ───────────▶",
                "",
                "█ closed  ▓ diverting  ▒ diverting for some  ─ service down",
                "▶ no end stated  ┤ expires  ◆ confirmed  ! sources disagree",
                "▼ now",
            ]
        );
    }

    #[test]
    fn it_fits_the_width_and_says_a_facility_once() {
        for width in [60, 80] {
            let lines = draw(&drawing(), &Options { width: Some(width), ..Options::default() });
            assert!(lines.iter().all(|line| line.width() <= width), "{lines:#?}");
            assert_eq!(lines.iter().filter(|line| line.contains("Manchester")).count(), 1);
        }
    }

    #[test]
    fn a_minute_on_diversion_shows() {
        let lines = draw(&drawing(), &Options::default());
        let traffic = lines.iter().find(|line| line.starts_with("  traffic")).unwrap();
        assert!(traffic.contains('▒') && traffic.contains('┤') && traffic.contains('◆'), "{traffic}");
    }

    #[test]
    fn the_legend_has_only_what_occurs() {
        let lines = draw(&drawing(), &Options { ascii: true, width: Some(200), ..Options::default() });
        assert_eq!(
            lines.last().unwrap(),
            "# closed  = diverting  + diverting for some  - service down  > no end stated  | expires  * confirmed  \
             ! sources disagree  v now"
        );
        assert!(lines.iter().all(|line| line.is_ascii()), "{lines:#?}");
    }

    #[test]
    fn an_open_end_runs_to_the_edge() {
        let lines = draw(&drawing(), &Options::default());
        let ct = lines.iter().find(|line| line.starts_with("  service:ct")).unwrap();
        assert!(ct.ends_with("─▶") && ct.width() == 80, "{ct}");
    }

    #[test]
    fn nothing_to_draw_is_no_panic() {
        let mut empty = drawing();
        empty.until = empty.since;
        assert!(draw(&empty, &Options::default()).is_empty());
        let mut year = drawing();
        year.until = year.since + TimeDelta::days(400);
        assert!(!draw(&year, &Options { width: Some(10), ..Options::default() }).is_empty());
    }
}
