//! What must hold of every report, whatever the log: parts and wholes, slices and periods, and what a snapshot says of
//! the same instant.
//!
//! All times are whole tenths of an hour, so that hours with two decimals are exact.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that can't go on is to stop
#![allow(clippy::cast_possible_truncation)] // hundredths of an hour are small

#[path = "support/loaded.rs"]
mod loaded;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use ambulance_diversion::log::{self, Format};
use ambulance_diversion::model::{
    Declaration, Effect, Event, FacilityId, Instant, Kind, Registry, Sources, Subject,
};
use ambulance_diversion::render;
use ambulance_diversion::report::hours::Grouping;
use ambulance_diversion::report::period::{self, Calendar, Period};
use ambulance_diversion::report::{Basis, Cell, Sheet, Value, concurrency, hours};
use ambulance_diversion::state::{LaneState, Timeline, Walk};
use chrono_tz::Tz;
use proptest::prelude::*;

/// Zones whose clocks change in spring and autumn: at 2, at 1 by UTC, by half an hour, at midnight.
const ZONES: [Tz; 5] = [
    chrono_tz::America::Denver,
    chrono_tz::America::New_York,
    chrono_tz::Europe::London,
    chrono_tz::Australia::Lord_Howe,
    chrono_tz::America::Santiago,
];
/// 2026-01-01T00:00:00Z.
const NEW_YEAR: i64 = 1_767_225_600;
const TENTH: i64 = 360;
/// Tenths of an hour in the year.
const YEAR: i64 = 365 * 240;

#[derive(Clone, Debug)]
struct Said {
    about: &'static str,
    lane: &'static str,
    status: &'static str,
    scope: &'static str,
    from: i64,
    length: Option<i64>,
    reason: &'static str,
}

/// Subject, lane, status and scope of a row.
const SAYINGS: &[(&str, &str, &str, &str)] = &[
    ("f0", "", "diverting", ""),
    ("f0", "", "diverting", "stroke"),
    ("f0", "", "yellow", ""),
    ("f0", "", "advisory", ""),
    ("f0", "", "closed", ""),
    ("f0", "service:ct", "down", ""),
    ("f0", "", "open", ""),
    ("f1", "", "diverting", ""),
    ("f1", "", "diverting", "all except trauma"),
    ("f1", "", "yellow", ""),
    ("f1", "", "off-divert", ""),
    ("f1", "", "fully-open", ""),
    ("f2", "", "closed", ""),
    ("f2", "", "diverting", ""),
    ("f2", "", "open", ""),
    ("f3", "", "diverting", ""),
    ("f3", "", "diverting", "stroke and trauma"),
    ("f3", "", "diverting", "all except trauma"),
    ("f3", "", "advisory", ""),
    ("f3", "", "advisory", "stroke"),
    ("f3", "", "closed", ""),
    ("f3", "", "open", ""),
    ("f3", "", "open", "stroke"),
    ("f3", "service:ct", "down", ""),
    ("f3", "service:ct", "up", ""),
    ("r", "", "blue", ""),
    ("r", "", "off-blue", ""),
];

fn said() -> impl Strategy<Value = Said> {
    (
        prop::sample::select(SAYINGS.to_vec()),
        0..YEAR,
        prop::option::of(1..2_000_i64),
        prop::sample::select(vec!["", "fire", "ed-saturation"]),
    )
        .prop_map(|((about, lane, status, scope), from, length, reason)| Said {
            about,
            lane,
            status,
            scope,
            from,
            length,
            reason,
        })
}

fn toml(zone: Tz) -> String {
    format!(
        "[registry]\nname = \"World\"\ntimezone = \"{zone}\"\n\
         [network.n]\nname = \"Network\"\n[region.r]\nname = \"Region\"\n\
         [status.yellow]\neffect = \"diverting\"\nmax = \"12h\"\n\
         [status.blue]\nof = \"region\"\nsuspends = [\"yellow\"]\n\
         [policy.p]\nregions = [\"r\"]\nfrom = 2026-03-01\nuntil = 2026-10-01\nhonoured_reasons = [\"fire\"]\n\
         [facility.f0]\nname = \"F 0\"\nregion = \"r\"\nnetwork = \"n\"\nlat = 0\nlon = 0\nservices = [\"ct\"]\ned = {{}}\n\
         [facility.f1]\nname = \"F 1\"\nregion = \"r\"\nlat = 0\nlon = 1\ned = {{}}\n\
         [facility.f2]\nname = \"F 2\"\nlat = 0\nlon = 2\nclosed_on = 2026-11-15\ned = {{}}\n\
         [facility.f3]\nname = \"F 3\"\nlat = 0\nlon = 3\nservices = [\"ct\"]\ned = {{}}\n"
    )
}

fn registry(zone: Tz) -> Registry {
    loaded::registry(&toml(zone))
}

fn at(tenths: i64) -> Instant {
    Instant::from_seconds(NEW_YEAR + TENTH * tenths)
}

fn csv(said: &[Said]) -> String {
    let mut said = said.to_vec();
    said.sort_by_key(|said| said.from);
    let mut csv = String::from("recorded_at,facility,region,lane,status,scope,from,until,reason\n");
    for Said { about, lane, status, scope, from, length, reason } in said {
        let begins = !matches!(status, "open" | "fully-open" | "up") && !status.starts_with("off");
        let until =
            length.filter(|_| begins).map_or_else(String::new, |length| at(from + length).rfc3339(Tz::UTC));
        let from = at(from).rfc3339(Tz::UTC);
        let (facility, region) = if about == "r" { ("", "r") } else { (about, "") };
        let reason = if begins { reason } else { "" };
        let _ = writeln!(csv, "{from},{facility},{region},{lane},{status},{scope},{from},{until},{reason}");
    }
    csv
}

fn events(said: &[Said], registry: &Registry) -> Vec<Event> {
    let csv = csv(said);
    match log::read(csv.as_bytes(), "log.csv", Format::Csv, registry, &mut Sources::default()) {
        Ok(log) => log.events.iter().collect(),
        Err(diagnostics) => panic!("{diagnostics:#?}\n{csv}"),
    }
}

/// The figures of which slices have their share.
const ADDED_UP: [&str; 9] = [
    "hours",
    "suspended_hours",
    "not_honoured_hours",
    "activations",
    "renewals",
    "ended_expired",
    "ended_manual",
    "ended_superseded",
    "ended_forced",
];

/// Whole hundredths of a number in a column, by the texts of some others.
fn figures(sheet: &Sheet, keys: &[&str], figure: &str) -> Vec<(Vec<String>, i64)> {
    let place = |key: &str| sheet.columns.iter().position(|column| column.key == key).unwrap();
    let text = |value: &Value| match value {
        Value::Text(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Missing => String::new(),
        other => panic!("{other:?}"),
    };
    let number = |value: &Value| match value {
        Value::Decimal(number, 2) => (number * 100.0).round() as i64,
        Value::Integer(number) => number * 100,
        Value::Missing => 0,
        other => panic!("{other:?}"),
    };
    let keys: Vec<usize> = keys.iter().map(|key| place(key)).collect();
    let figure = place(figure);
    sheet
        .rows
        .iter()
        .map(|row| (keys.iter().map(|at| text(&row[*at].value)).collect(), number(&row[figure].value)))
        .collect()
}

fn sums(figures: Vec<(Vec<String>, i64)>) -> BTreeMap<Vec<String>, i64> {
    let mut sums = BTreeMap::new();
    for (key, figure) in figures {
        *sums.entry(key).or_default() += figure;
    }
    sums.retain(|_, figure| *figure != 0);
    sums
}

/// The same events, and for each facility a drill that is recorded after them.
fn with_drills(mut events: Vec<Event>, registry: &Registry) -> Vec<Event> {
    for facility in registry.facilities.ids() {
        let about = |event: &&Event| event.subject() == Some(Subject::Facility(facility));
        let said = events.iter().filter(about).find_map(|event| match &event.kind {
            Kind::Declare(said) => Some((event.clone(), said.clone())),
            Kind::Retract(_) | Kind::Census(_) | Kind::Assign(_) | Kind::Note(_) => None,
        });
        let (Some((event, said)), Some(last)) = (said, events.last()) else { continue };
        let (number, recorded_at) = (last.number + 1, last.recorded_at);
        let kind = Kind::Declare(Box::new(Declaration { exercise: true, ..*said }));
        events.push(Event { number, recorded_at, kind, ..event });
    }
    events
}

struct World<'r> {
    registry: &'r Registry,
    timeline: Timeline<'r>,
    now: Instant,
}

impl<'r> World<'r> {
    fn new(said: &[Said], registry: &'r Registry, now: i64) -> Self {
        let timeline = Timeline::fold(registry, &events(said, registry), None);
        Self { registry, timeline, now: at(now) }
    }
    fn basis(&self) -> Basis<'_> {
        let (registry, timeline) = (self.registry, &self.timeline);
        Basis { registry, timeline, at: self.now, known_at: None, zone: None, log: None }
    }
    fn hours(&self, period: &Period, calendar: Option<Calendar>, grouping: Grouping) -> Sheet {
        let selection = hours::Selection {
            facilities: None,
            period: period.clone(),
            calendar,
            grouping,
            pictures: false,
        };
        hours::sheet(&self.basis(), &selection)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn the_slices_of_a_period_add_up_to_it(
        said in prop::collection::vec(said(), 0..40),
        zone in prop::sample::select(ZONES.to_vec()),
        (from, length, now) in (0..YEAR, 1..YEAR, 0..2 * YEAR),
    ) {
        let registry = registry(zone);
        let world = World::new(&said, &registry, now);
        let period = Period::Between(Some(at(from)), Some(at(from + length)));
        for grouping in [Grouping::Facility, Grouping::Network, Grouping::Region, Grouping::Reason] {
            let keys = [grouping.as_str(), "status"];
            let whole = world.hours(&period, None, grouping);
            for (calendar, word) in Calendar::ALL {
                let parts = world.hours(&period, Some(calendar), grouping);
                for figure in ADDED_UP {
                    prop_assert_eq!(
                        sums(figures(&parts, &keys, figure)),
                        sums(figures(&whole, &keys, figure)),
                        "{} of {} by {}", figure, grouping.as_str(), word
                    );
                }
            }
        }
        // Whoever is grouped, the sum of all is the same; but `any` is a union, of less where reasons stand apart.
        for figure in &ADDED_UP[3..] {
            let of = |grouping| sums(figures(&world.hours(&period, None, grouping), &["status"], figure));
            let mut each = of(Grouping::Facility);
            prop_assert_eq!(&each, &of(Grouping::Network));
            prop_assert_eq!(&each, &of(Grouping::Region));
            let mut by_reason = of(Grouping::Reason);
            for sums in [&mut each, &mut by_reason] {
                sums.remove(&vec!["any".to_owned()]);
            }
            prop_assert_eq!(each, by_reason, "{}", figure);
        }
    }

    #[test]
    fn a_slice_says_the_same_as_its_period_by_itself(
        said in prop::collection::vec(said(), 0..120),
        midnights in any::<bool>(),
        zone in prop::sample::select(ZONES.to_vec()),
        (calendar, _) in prop::sample::select(Calendar::ALL.to_vec()),
        now in YEAR / 2..2 * YEAR,
        grouping in prop::sample::select(
            vec![Grouping::Facility, Grouping::Network, Grouping::Region, Grouping::Reason],
        ),
    ) {
        // Where something may be suspended or not honoured; and times are often the edges of days.
        let mut said = said;
        said.retain(|said| ["f0", "f1", "r"].contains(&said.about));
        for said in said.iter_mut().filter(|_| midnights) {
            said.from -= said.from % 240;
            said.length = said.length.map(|length| length - length % 240).filter(|length| *length > 0);
        }
        let registry = registry(if midnights { Tz::UTC } else { zone });
        let world = World::new(&said, &registry, now);
        let said = |label: &str| Period::Said(period::Said::read(label).unwrap());
        let sliced = world.hours(&said("2026"), Some(calendar), grouping);
        let mut slices: BTreeMap<&str, Vec<&[Cell]>> = BTreeMap::new();
        for row in &sliced.rows {
            let Value::Text(label) = &row[0].value else { panic!("no period") };
            slices.entry(label).or_default().push(&row[1..]);
        }
        // Weeks at the edges of the year are cut by it; of days, some will do.
        let step = if calendar == Calendar::Day { 9 } else { 1 };
        slices.retain(|label, _| !["2026-W01", "2026-W53"].contains(label));
        for (label, rows) in slices.into_iter().step_by(step) {
            let by_itself = world.hours(&said(label), None, grouping);
            prop_assert_eq!(rows, by_itself.rows.iter().map(Vec::as_slice).collect::<Vec<_>>(), "{}", label);
        }
    }

    #[test]
    fn hours_fit_a_terminal_and_name_what_finds_no_room(
        said in prop::collection::vec(said(), 0..40),
        calendar in prop::option::of(Just(Calendar::Month)),
        width in 80..200_usize,
    ) {
        let registry = registry(Tz::UTC);
        let world = World::new(&said, &registry, 2 * YEAR);
        let period = Period::Between(Some(at(0)), Some(at(YEAR)));
        let sheet = world.hours(&period, calendar, Grouping::Facility);
        let mut table = Vec::new();
        let options = render::Options { width: Some(width), ..render::Options::default() };
        render::write(&sheet, render::Format::Table, &options, &mut table).unwrap();
        let table = String::from_utf8(table).unwrap();
        prop_assert!(table.lines().all(|line| line.chars().count() <= width), "{}", table);
        // The last heading stands there, or its column is named.
        let headings = table.split('─').next().unwrap();
        prop_assert!(headings.contains("honoured") || table.contains("`not_honoured_hours`"), "{}", table);
    }

    #[test]
    fn a_drill_changes_no_figure(
        said in prop::collection::vec(said(), 0..80),
        zone in prop::sample::select(ZONES.to_vec()),
        (from, length, now) in (0..YEAR, 1..YEAR, 0..2 * YEAR),
        since in any::<bool>(),
        calendar in prop::option::of(prop::sample::select(Calendar::ALL.map(|(calendar, _)| calendar).to_vec())),
    ) {
        // What is plain is measured on a walk, and is plain no more once there was a drill: so this holds the walk to
        // what is measured of a folded history.
        let mut said = said;
        said.sort_by_key(|said| said.from);
        said.dedup_by_key(|said| said.from);
        let registry = registry(zone);
        let world = World::new(&said, &registry, now);
        let drilled = with_drills(events(&said, &registry), &registry);
        let drilled = World { timeline: Timeline::fold(&registry, &drilled, None), ..World::new(&[], &registry, now) };
        let reads = |world: &World<'_>, facility| Walk::new(&world.timeline).read(FacilityId::from(facility));
        prop_assert!(reads(&world, 2) && reads(&world, 3));
        for (facility, about) in (0..).zip(["f0", "f1", "f2", "f3"]) {
            prop_assert!(!reads(&drilled, facility) || said.iter().all(|said| said.about != about));
        }
        let period = Period::Between(since.then(|| at(from)), Some(at(from + length)));
        for grouping in [Grouping::Facility, Grouping::Network, Grouping::Region, Grouping::Reason] {
            let (sheet, as_drilled) =
                (world.hours(&period, calendar, grouping), drilled.hours(&period, calendar, grouping));
            prop_assert_eq!(sheet.columns, as_drilled.columns);
            prop_assert_eq!(sheet.rows.len(), as_drilled.rows.len());
            for (row, as_drilled) in sheet.rows.iter().zip(&as_drilled.rows) {
                prop_assert_eq!(row, as_drilled);
            }
        }
    }

    #[test]
    fn any_is_no_more_than_the_sum_and_no_less_than_the_most_of_its_parts(
        said in prop::collection::vec(said(), 0..40),
        (from, length, now) in (0..YEAR, 1..YEAR, 0..2 * YEAR),
    ) {
        let registry = registry(Tz::UTC);
        let world = World::new(&said, &registry, now);
        let period = Period::Between(Some(at(from)), Some(at(from + length)));
        let sheet = world.hours(&period, Some(Calendar::Month), Grouping::Facility);
        let mut parts: BTreeMap<Vec<String>, Vec<i64>> = BTreeMap::new();
        let mut any: BTreeMap<Vec<String>, i64> = BTreeMap::new();
        for (key, hours) in figures(&sheet, &["period", "facility", "status"], "hours") {
            match key[2].as_str() {
                "any" => { any.insert(key[..2].to_vec(), hours); }
                "advisory" => {}
                _ => parts.entry(key[..2].to_vec()).or_default().push(hours),
            }
        }
        for (key, any) in any {
            let parts = parts.remove(&key).unwrap_or_default();
            prop_assert!(any <= parts.iter().sum(), "{key:?}: any {any}, parts {parts:?}");
            prop_assert!(any >= parts.iter().copied().max().unwrap_or(0), "{key:?}: any {any}, parts {parts:?}");
        }
        prop_assert!(parts.is_empty(), "no row `any` beside {:?}", parts);
        // No row is longer than the hours in which its facility was there.
        for (key, percent) in figures(&sheet, &["period", "facility", "status"], "percent") {
            prop_assert!((0..=10_000).contains(&percent), "{key:?}: {percent}");
        }
    }

    #[test]
    fn the_hours_of_concurrency_add_up_to_the_period(
        said in prop::collection::vec(said(), 0..40),
        zone in prop::sample::select(ZONES.to_vec()),
        (from, length) in (0..YEAR, 1..YEAR),
    ) {
        let registry = registry(zone);
        let world = World::new(&said, &registry, 3 * YEAR);
        let period = Period::Between(Some(at(from)), Some(at(from + length)));
        let sheet = |calendar| concurrency::sheet(&world.basis(), &concurrency::Selection { period: period.clone(), calendar, statuses: None });
        let whole = sums(figures(&sheet(None), &["region", "k"], "hours"));
        let of_all: i64 = whole.values().sum();
        prop_assert_eq!(of_all, 2 * 10 * length, "two groups: the region, and who belongs to none");
        for (calendar, word) in Calendar::ALL {
            prop_assert_eq!(sums(figures(&sheet(Some(calendar)), &["region", "k"], "hours")), whole.clone(), "by {}", word);
        }
    }

    #[test]
    fn a_tenth_of_an_hour_is_what_the_snapshot_says(
        said in prop::collection::vec(said(), 0..40),
        tenth in 0..YEAR,
    ) {
        let registry = registry(Tz::UTC);
        let world = World::new(&said, &registry, 3 * YEAR);
        let period = Period::Between(Some(at(tenth)), Some(at(tenth + 1)));
        let sheet = world.hours(&period, None, Grouping::Facility);
        let mut told = BTreeSet::new();
        for (key, hours) in figures(&sheet, &["facility", "status"], "hours") {
            prop_assert!(hours == 0 || hours == 10);
            if hours > 0 && key[1] != "any" {
                told.insert((key[0].clone(), key[1].clone()));
            }
        }
        let snapshot = world.timeline.at(world.registry, at(tenth));
        let mut seen = BTreeSet::new();
        let mut together = 0;
        for state in snapshot.facilities() {
            let facility = &world.registry.facilities[state.facility];
            if facility.is_permanently_closed(at(tenth)) {
                continue;
            }
            for active in state.in_force() {
                let status = match (&active.episode.state, active.service()) {
                    (LaneState::Status { status, .. }, _) => world.registry.statuses[*status].key.clone(),
                    (LaneState::Down, Some(service)) => format!("service:{}", world.registry.services[service].key),
                    (LaneState::Down, None) => unreachable!("only a service is down"),
                };
                seen.insert((facility.key.clone(), status));
            }
            let away = |effect| matches!(effect, Some(Effect::Diverting | Effect::Closed));
            together += i64::from(facility.region.is_some() && state.in_force().any(|active| away(active.effect())));
        }
        prop_assert_eq!(told, seen);
        let sheet = concurrency::sheet(&world.basis(), &concurrency::Selection { period, calendar: None, statuses: None });
        let counted: Vec<_> =
            figures(&sheet, &["region", "k"], "hours").into_iter().filter(|(key, hours)| key[0] == "r" && *hours > 0).collect();
        prop_assert_eq!(counted, vec![(vec!["r".to_owned(), together.to_string()], 10)]);
    }
}

/// What the program says in a directory.
fn divert(directory: &std::path::Path, options: &[&str]) -> Vec<u8> {
    let done = std::process::Command::new(env!("CARGO_BIN_EXE_divert"))
        .current_dir(directory)
        .args(["--registry", "facilities.toml", "--log", "log.csv"])
        .args(options)
        .env_clear()
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    done.stdout
}

proptest! {
    // Each starts the program twice.
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn hours_by_rows_are_those_of_the_sheet(
        said in prop::collection::vec(said(), 0..80),
        (zone, other) in (prop::sample::select(ZONES.to_vec()), prop::sample::select(ZONES.to_vec())),
        more in 0..80_usize,
        (from, length, now) in (0..YEAR, 1..YEAR, 0..2 * YEAR),
        by in prop::sample::select(vec!["", "day", "week", "month"]),
        since in any::<bool>(),
        format in prop::sample::select(vec!["csv", "tsv"]),
    ) {
        let directory = tempfile::tempdir().unwrap();
        let mut text = toml(zone);
        for index in 0..more {
            let ed = if index % 3 == 0 { "" } else { "ed = {}\n" };
            let zone = if index % 2 == 0 { zone } else { other };
            let _ = write!(
                text,
                "[facility.g{index}]\nname = \"G {index}\"\ntimezone = \"{zone}\"\nlat = 1\nlon = {index}\n{ed}"
            );
        }
        std::fs::write(directory.path().join("facilities.toml"), text).unwrap();
        std::fs::write(directory.path().join("log.csv"), csv(&said)).unwrap();
        let time = |tenths: i64| at(tenths).rfc3339(Tz::UTC);
        let (now, since, until) = (time(now), since.then(|| time(from)), time(from + length));
        prop_assume!(since.is_none() || now > time(from));
        let mut options = vec!["--at", &now, "report", "hours", "--until", &until, "-F", format];
        options.extend(since.iter().flat_map(|since| ["--since", since]));
        if !by.is_empty() {
            options.extend(["--by", by]);
        }
        let by_rows = divert(directory.path(), &options);
        // Columns are chosen from a sheet.
        let calendar = Calendar::ALL.into_iter().find(|(_, word)| *word == by).map(|(calendar, _)| calendar);
        let columns = hours::columns(calendar, Grouping::Facility);
        let keys: Vec<&str> = columns.iter().filter(|column| column.view.in_csv()).map(|column| column.key).collect();
        let keys = keys.join(",");
        options.extend(["--columns", &keys]);
        prop_assert_eq!(String::from_utf8(by_rows), String::from_utf8(divert(directory.path(), &options)));
    }
}
