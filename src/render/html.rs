//! HTML: one page that holds everything it needs, for a screen, a phone and paper.
//!
//! Floor 5. No script, nothing fetched; every text of a file or a log is neutralised and then escaped by the templates.
//! States differ by pattern and by word, so that colour is never the only sign.

use std::collections::BTreeSet;
use std::io::{self, Write};

use chrono::{Datelike, Days, NaiveTime, TimeZone};
use chrono_tz::Tz;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment};
use serde::Serialize;

use crate::model::{Instant, Position};
use crate::report::{Bar, BarState, Drawing, Map, Picture, Sheet, Tone};

use super::select::{is_numeric, select};
use super::{Format, Options, safe, text};

const TEMPLATES: [(&str, &str); 8] = [
    ("page.html", include_str!("templates/page.html")),
    ("page.css", include_str!("templates/page.css")),
    ("patterns.svg", include_str!("templates/patterns.svg")),
    ("table.html", include_str!("templates/table.html")),
    ("lanes.html", include_str!("templates/lanes.html")),
    ("map.html", include_str!("templates/map.html")),
    ("packet.html", include_str!("templates/packet.html")),
    ("packet.css", include_str!("templates/packet.css")),
];

/// The templates, every one of which escapes what it is given.
pub(super) fn environment() -> io::Result<Environment<'static>> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    for (name, source) in TEMPLATES {
        environment.add_template(name, source).map_err(io::Error::other)?;
    }
    Ok(environment)
}

/// Writes a sheet as a page.
pub(super) fn write(sheet: &Sheet, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let heading = heading(sheet);
    let lines = |lines: &[String]| -> Vec<String> {
        lines.iter().filter(|_| options.headers).map(|line| shown(line)).collect()
    };
    let mut pictures: Vec<Shown> = sheet.pictures.iter().map(picture).collect();
    if let Some(Shown::Map(map)) = pictures.iter_mut().find(|picture| matches!(picture, Shown::Map(_))) {
        map.first = true;
    }
    let page = Page {
        title: format!("{heading} · {}", shown(&sheet.registry)),
        heading,
        header: lines(&sheet.header),
        footer: lines(&sheet.footer),
        pictures,
        answer: sheet.answer.iter().flatten().map(|line| shown(&line.text)).collect(),
        drawing: sheet.drawing.as_ref().map(lanes),
        table: table(sheet, options),
    };
    let environment = environment()?;
    let template = environment.get_template("page.html").map_err(io::Error::other)?;
    out.write_all(template.render(Serde(page)).map_err(io::Error::other)?.as_bytes())
}

/// A text of anywhere, without what could turn or hide other text.
pub(super) fn shown(text: &str) -> String {
    safe::terminal(text, false)
}

/// "Report: hours" for `report-hours`.
fn heading(sheet: &Sheet) -> String {
    let words = match sheet.name.split_once('-') {
        Some((first, rest)) => format!("{first}: {}", rest.replace('-', " ")),
        None => sheet.name.to_owned(),
    };
    let mut letters = words.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + letters.as_str())
}

#[derive(Serialize)]
struct Page {
    title: String,
    heading: String,
    header: Vec<String>,
    footer: Vec<String>,
    pictures: Vec<Shown>,
    answer: Vec<String>,
    drawing: Option<Lanes>,
    table: Table,
}

#[derive(Serialize)]
pub(super) struct Table {
    pub(super) columns: Vec<Heading>,
    pub(super) rows: Vec<Vec<Cell>>,
}

#[derive(Serialize)]
pub(super) struct Heading {
    heading: String,
    numeric: bool,
}

#[derive(Serialize)]
pub(super) struct Cell {
    text: String,
    class: String,
}

/// A sheet's rows as people read them.
pub(super) fn table(sheet: &Sheet, options: &Options) -> Table {
    let selection = select(sheet, Format::Html, options);
    let numeric: Vec<bool> = (0..selection.columns.len()).map(|at| is_numeric(&selection, at)).collect();
    let columns = selection.columns.iter().zip(&numeric);
    Table {
        columns: columns
            .map(|(column, numeric)| Heading { heading: shown(column.heading), numeric: *numeric })
            .collect(),
        rows: selection
            .rows
            .iter()
            .map(|row| {
                let cells = row.iter().zip(&numeric);
                cells
                    .map(|(cell, numeric)| Cell {
                        text: shown(&text::shown(&cell.value, sheet)),
                        class: [if *numeric { "n" } else { "" }, tone(cell.tone)].join(" ").trim().to_owned(),
                    })
                    .collect()
            })
            .collect(),
    }
}

fn tone(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain | Tone::Good => "",
        Tone::Caution => "caution",
        Tone::Warning => "warning",
        Tone::Severe => "severe",
        Tone::Faint => "faint",
    }
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Shown {
    Figures { figures: Vec<Figure> },
    Lanes(Lanes),
    Shares { title: String, shares: Vec<Share> },
    Map(MapShown),
}

#[derive(Serialize)]
struct Figure {
    what: String,
    value: String,
}

#[derive(Serialize)]
struct Share {
    label: String,
    text: String,
    width: String,
}

fn picture(picture: &Picture) -> Shown {
    match picture {
        Picture::Figures(figures) => Shown::Figures {
            figures: figures
                .iter()
                .map(|(what, value)| Figure { what: shown(what), value: shown(value) })
                .collect(),
        },
        Picture::Lanes(drawing) => Shown::Lanes(lanes(drawing)),
        Picture::Shares { title, shares } => Shown::Shares {
            title: shown(title),
            shares: shares
                .iter()
                .map(|share| Share {
                    label: shown(&share.label),
                    text: shown(&share.text),
                    width: percent(share.percent.clamp(0.0, 100.0)),
                })
                .collect(),
        },
        Picture::Map(map) => Shown::Map(map_shown(map)),
    }
}

/// A number of percent for an attribute.
fn percent(number: f64) -> String {
    format!("{number:.3}")
}

/// How a state is drawn and called.
fn pattern(state: BarState) -> (&'static str, &'static str) {
    match state {
        BarState::Closed => ("closed", "closed"),
        BarState::Diverting => ("diverting", "diverting"),
        BarState::Partial => ("partial", "diverting for some"),
        BarState::Advisory => ("advisory", "advisory"),
        BarState::Down => ("down", "service down"),
        BarState::NotInForce => ("not-in-force", "not in force"),
    }
}

#[derive(Serialize)]
#[allow(clippy::struct_field_names)] // the template's word
struct Lanes {
    legend: Vec<Legend>,
    ticks: Vec<Tick>,
    now: Option<String>,
    lanes: Vec<Lane>,
}

#[derive(Serialize)]
struct Legend {
    pattern: &'static str,
    word: &'static str,
}

#[derive(Serialize)]
struct Tick {
    x: String,
    text: String,
}

#[derive(Serialize)]
#[allow(clippy::struct_field_names)] // the template's word
struct Lane {
    facility: Option<String>,
    lane: String,
    told: String,
    bars: Vec<BarShown>,
}

#[derive(Serialize)]
struct BarShown {
    x: String,
    width: String,
    pattern: &'static str,
    told: String,
}

/// Where an instant lies between the edges of a drawing, in percent.
#[allow(clippy::cast_precision_loss)] // seconds of a drawing
fn place(drawing: &Drawing, at: Instant) -> f64 {
    let whole = (drawing.until.seconds() - drawing.since.seconds()).max(1);
    let at = at.seconds().clamp(drawing.since.seconds(), drawing.until.seconds());
    (at - drawing.since.seconds()) as f64 * 100.0 / whole as f64
}

fn lanes(drawing: &Drawing) -> Lanes {
    let used: BTreeSet<BarState> =
        drawing.tracks.iter().flat_map(|track| &track.bars).map(|bar| bar.state).collect();
    let legend = used.into_iter().map(pattern).map(|(pattern, word)| Legend { pattern, word });
    let mut before: Option<&str> = None;
    let lanes = drawing.tracks.iter().map(|track| {
        let is_new = before.replace(&track.facility) != Some(&track.facility);
        Lane {
            facility: is_new.then(|| shown(&track.facility)),
            lane: shown(&track.lane),
            told: shown(&told(drawing, &track.lane, &track.bars)),
            bars: track.bars.iter().map(|bar| bar_shown(drawing, bar)).collect(),
        }
    });
    Lanes {
        lanes: lanes.collect(),
        legend: legend.collect(),
        ticks: ticks(drawing),
        now: (drawing.since < drawing.now && drawing.now < drawing.until)
            .then(|| percent(place(drawing, drawing.now))),
    }
}

fn bar_shown(drawing: &Drawing, bar: &Bar) -> BarShown {
    /// However short, a bar shows.
    const LEAST: f64 = 0.15;
    let from = place(drawing, bar.from);
    let until = place(drawing, bar.until.unwrap_or(drawing.until));
    let width = (until - from).max(LEAST);
    let (pattern, _) = pattern(bar.state);
    BarShown {
        x: percent(from.min(100.0 - width)),
        width: percent(width),
        pattern,
        told: bar_told(drawing, bar),
    }
}

/// "diverting, 03-07 15:21 to 03-07 18:00".
fn bar_told(drawing: &Drawing, bar: &Bar) -> String {
    let clock = |at: Instant| at.on_clock_of(drawing.zone).format("%m-%d %H:%M").to_string();
    let until = bar.until.map_or_else(|| "open".to_owned(), clock);
    format!("{}, {} to {until}", pattern(bar.state).1, clock(bar.from))
}

/// What a lane shows, for whoever can't see it.
fn told(drawing: &Drawing, lane: &str, bars: &[Bar]) -> String {
    const TOLD: usize = 6;
    let mut told: Vec<String> = bars.iter().take(TOLD).map(|bar| bar_told(drawing, bar)).collect();
    if bars.len() > TOLD {
        told.push(format!("and {} more", bars.len() - TOLD));
    }
    format!("{lane}: {}", told.join("; "))
}

/// At most six marks on the ruler: local midnights, or hours where the drawing is short.
fn ticks(drawing: &Drawing) -> Vec<Tick> {
    const MOST: i64 = 6;
    const DAY: i64 = 86_400;
    let length = drawing.until.seconds() - drawing.since.seconds();
    if length <= 0 {
        return Vec::new();
    }
    let fits = |step: &&i64| length / **step < MOST;
    if let Some(step) = [3600, 2 * 3600, 3 * 3600, 6 * 3600, 12 * 3600].iter().find(fits) {
        let first = drawing.since.seconds().div_euclid(3600) * 3600;
        let all = (0..=length / step).map(|mark| Instant::from_seconds(first + mark * step));
        return all
            .filter(|at| *at >= drawing.since && *at <= drawing.until)
            .map(|at| Tick {
                x: percent(place(drawing, at)),
                text: at.on_clock_of(drawing.zone).format("%H:%M").to_string(),
            })
            .collect();
    }
    let days = [1, 2, 7, 14, 30, 61, 91, 183, 365, 1827];
    let step = days.into_iter().find(|days| length / (days * DAY) < MOST).unwrap_or(3650);
    let with_year = step >= 183;
    let mut date = drawing.since.on_clock_of(drawing.zone).date_naive();
    let mut ticks = Vec::new();
    while let Some(at) = midnight(date, drawing.zone).filter(|at| *at <= drawing.until) {
        if at >= drawing.since {
            let text = if with_year { date.format("%Y-%m") } else { date.format("%b %-d") }.to_string();
            ticks.push(Tick { x: percent(place(drawing, at)), text });
        }
        let next = date.checked_add_days(Days::new(u64::try_from(step).unwrap_or(1)));
        match next {
            Some(next) if next.year() < 10_000 => date = next,
            Some(_) | None => break,
        }
    }
    ticks
}

/// The midnight of a local day; where the clocks jump over it, the hour after.
fn midnight(date: chrono::NaiveDate, zone: Tz) -> Option<Instant> {
    let midnight = date.and_time(NaiveTime::MIN);
    let hour_later = midnight + chrono::TimeDelta::hours(1);
    let found = zone.from_local_datetime(&midnight).earliest();
    found.or_else(|| zone.from_local_datetime(&hour_later).earliest()).map(Instant::from)
}

#[derive(Serialize)]
struct MapShown {
    /// Whether it is the first of its page: what the marks mean is said once.
    first: bool,
    title: String,
    told: String,
    width: i64,
    height: i64,
    sites: Vec<SiteShown>,
    zones: Vec<ZoneShown>,
}

#[derive(Serialize)]
struct Point {
    x: String,
    y: String,
}

#[derive(Serialize)]
struct SiteShown {
    number: usize,
    x: String,
    y: String,
    shape: &'static str,
    told: String,
}

#[derive(Serialize)]
struct ZoneShown {
    x: String,
    y: String,
    told: String,
    changed: bool,
    line: Option<Point>,
}

/// Draws places on a plane: degrees of longitude shrink with the cosine of the middle latitude.
struct Plane {
    west: f64,
    north: f64,
    /// Of a degree of longitude.
    shrink: f64,
    scale: f64,
    height: f64,
    left: f64,
}

impl Plane {
    const WIDTH: f64 = 440.0;
    const MARGIN: f64 = 22.0;
    const HIGHEST: f64 = 400.0;

    fn of(places: &(impl Iterator<Item = Position> + Clone)) -> Self {
        let fold = |pick: fn(Position) -> f64, better: fn(f64, f64) -> f64, from: f64| {
            places.clone().map(pick).fold(from, better)
        };
        let (south, north) =
            (fold(|p| p.lat, f64::min, f64::INFINITY), fold(|p| p.lat, f64::max, f64::NEG_INFINITY));
        let (west, east) =
            (fold(|p| p.lon, f64::min, f64::INFINITY), fold(|p| p.lon, f64::max, f64::NEG_INFINITY));
        let shrink = f64::midpoint(south, north).to_radians().cos().max(0.05);
        let (across, down) = (((east - west) * shrink).max(0.02), (north - south).max(0.02));
        let inside = |size: f64| size - 2.0 * Self::MARGIN;
        let scale = (inside(Self::WIDTH) / across).min(inside(Self::HIGHEST) / down);
        let left = (Self::WIDTH - across * scale) / 2.0;
        Self { west, north, shrink, scale, height: down * scale + 2.0 * Self::MARGIN, left }
    }
    fn point(&self, place: Position) -> Point {
        let x = self.left + (place.lon - self.west) * self.shrink * self.scale;
        let y = Self::MARGIN + (self.north - place.lat) * self.scale;
        Point { x: format!("{x:.1}"), y: format!("{y:.1}") }
    }
}

#[allow(clippy::cast_possible_truncation)] // sizes of a picture
fn map_shown(map: &Map) -> MapShown {
    let places = map.sites.iter().map(|site| site.position).chain(map.zones.iter().map(|zone| zone.position));
    let plane = Plane::of(&places);
    let sites = map.sites.iter().zip(1..).map(|(site, number)| {
        let Point { x, y } = plane.point(site.position);
        let shape = match (site.shown, site.state) {
            (Some(state), _) => pattern(state).0,
            (None, state) => state,
        };
        let told = shown(&format!("{} · {}", site.name, site.state));
        SiteShown { number, x, y, shape, told }
    });
    let zones = map.zones.iter().map(|zone| {
        let Point { x, y } = plane.point(zone.position);
        let to = zone.to.and_then(|to| map.sites.get(to));
        let goes = to.map_or_else(String::new, |to| format!(" goes to {}", to.name));
        let told = shown(&format!("{}{goes}", zone.name));
        ZoneShown { x, y, told, changed: zone.changed, line: to.map(|to| plane.point(to.position)) }
    });
    MapShown {
        first: false,
        title: shown(&map.title),
        told: format!("{} facilities and {} zones on a map", map.sites.len(), map.zones.len()),
        width: Plane::WIDTH as i64,
        height: plane.height.ceil() as i64,
        sites: sites.collect(),
        zones: zones.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{board, written};
    use super::*;

    #[test]
    fn a_reason_runs_nothing_and_turns_nothing() {
        let mut sheet = board();
        sheet.rows[0][2] = "<script>alert(1)</script>\u{202e}\" onload='x".into();
        sheet.header.push("<img src=x>".to_owned());
        let html = written(&sheet, Format::Html, &Options::default());
        assert!(!html.contains("<script") && !html.contains("<img"), "{html}");
        assert!(html.contains("&lt;script&gt;") && html.contains("&lt;U+202E&gt;"), "{html}");
    }

    #[test]
    fn a_page_fetches_nothing() {
        let html = written(&board(), Format::Html, &Options::default());
        for fetching in ["http:", "https:", "src=", "@import", "<link", "<script"] {
            assert!(!html.contains(fetching), "{fetching}");
        }
        assert!(html.contains("default-src &#x27;none&#x27;") || html.contains("default-src 'none'"));
    }
}
