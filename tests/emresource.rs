//! A month of a status board against hours that were computed without this program.
//!
//! A small board of our own always runs: November 2021 in Denver, with the hour that the clocks went back over. With
//! `DIVERT_TEST_DATA` naming a directory that holds `emresource/month_2021-03_anon.csv` and
//! `emresource/expected_2021-03_anon.csv`, a whole month of a real board runs too.
#![allow(clippy::unwrap_used)] // a test that cannot go on stops

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use ambulance_diversion::exchange::{self, Dialect, Mapping, Options};
use ambulance_diversion::load;
use ambulance_diversion::model::{Instant, Registry, Sources};
use ambulance_diversion::report::hours::{self, Grouping};
use ambulance_diversion::report::period::{Period, Said};
use ambulance_diversion::report::{Basis, Sheet, Value, concurrency};
use ambulance_diversion::state::Timeline;

type Expected = BTreeMap<String, BTreeMap<String, f64>>;

fn expected(path: &Path) -> Expected {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let header = reader.headers().unwrap().clone();
    let rows = reader.records().map(|record| {
        let record = record.unwrap();
        let figures = header.iter().zip(&record).skip(1);
        (record[0].to_owned(), figures.map(|(key, cell)| (key.to_owned(), cell.parse().unwrap())).collect())
    });
    rows.collect()
}

/// A registry with a hospital for every name of a board.
fn registry(names: impl Iterator<Item = String>) -> Registry {
    let mut text = String::from("[registry]\nname = \"Board\"\ntimezone = \"America/Denver\"\n");
    for (index, name) in names.enumerate() {
        let _ = writeln!(
            text,
            "[facility.h{index}]\nname = \"Hospital {index}\"\nlat = 39.{index:03}\nlon = -105\ned = {{}}\nids = {{ emresource = \"{name}\" }}"
        );
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("facilities.toml");
    fs::write(&path, text).unwrap();
    load::registry(&path, &load::Options::default(), &mut Sources::default()).unwrap().registry
}

fn timeline<'r>(board: &Path, registry: &'r Registry) -> Timeline<'r> {
    let text = fs::read_to_string(board).unwrap();
    let mut sources = Sources::default();
    let file = sources.add(board.display().to_string(), text.as_str());
    let mapping = Mapping::default();
    let options = Options { mapping: &mapping, comments: false };
    assert_eq!(Dialect::of_header(text.lines().next().unwrap()), Some(Dialect::EmResource));
    let board = exchange::read(&text, file, Dialect::EmResource, registry, options).unwrap();
    assert!(board.warnings.is_empty(), "{:?}", board.warnings);
    assert!(board.unmatched.is_empty(), "{:?}", board.unmatched);
    let events: Vec<_> = board.told.into_iter().map(|told| told.event).collect();
    Timeline::fold(registry, &events, None)
}

fn cell<'s>(sheet: &'s Sheet, row: usize, key: &str) -> &'s Value {
    let at = sheet.columns.iter().position(|column| column.key == key).unwrap();
    &sheet.rows[row][at].value
}

fn number(value: &Value) -> f64 {
    match value {
        Value::Decimal(number, _) => *number,
        Value::Minutes(minutes) => minutes.as_f64(),
        Value::Integer(number) => f64::from(i32::try_from(*number).unwrap()),
        Value::Missing => 0.0,
        other => panic!("{other:?}"),
    }
}

/// What a month comes to: hours and stretches of Divert in all, how many at once at most, and since when.
struct Month {
    divert_hours: f64,
    divert_stretches: f64,
    most_diverting: f64,
    most_since: Instant,
}

fn compare(board: &Path, answers: &Path, month: &str) -> Month {
    let expected = expected(answers);
    let registry = registry(expected.keys().cloned());
    let timeline = timeline(board, &registry);
    let after = Instant::from(chrono::DateTime::parse_from_rfc3339("2022-01-01T00:00:00Z").unwrap());
    let basis =
        Basis { registry: &registry, timeline: &timeline, at: after, known_at: None, zone: None, log: None };
    let period = Period::Said(Said::read(month).unwrap());
    let grouping = Grouping::Facility;
    let selection = hours::Selection {
        facilities: None,
        period: period.clone(),
        calendar: None,
        grouping,
        pictures: false,
    };
    let sheet = hours::sheet(&basis, &selection);
    let mut told: BTreeMap<(String, String), usize> = BTreeMap::new();
    for row in 0..sheet.rows.len() {
        let text = |key| match cell(&sheet, row, key) {
            Value::Text(text) => text.clone(),
            other => panic!("{other:?}"),
        };
        told.insert((text("facility"), text("status")), row);
    }
    let (mut divert_hours, mut divert_stretches) = (0.0, 0.0);
    for (index, (name, answers)) in expected.iter().enumerate() {
        let figure = |status: &str, key: &str| {
            let row = told.get(&(format!("h{index}"), status.to_owned()));
            row.map_or(0.0, |row| number(cell(&sheet, *row, key)))
        };
        let near = |what: &str, ours: f64, theirs: f64| {
            assert!((ours - theirs).abs() <= 0.02, "{name}, {what}: {ours} h here, {theirs} h there");
        };
        let (advisory, divert, closed) =
            (figure("advisory", "hours"), figure("diverting", "hours"), figure("closed", "hours"));
        near("advisory", advisory, answers["h_advisory"] + answers["h_critical"]);
        near("divert", divert, answers["h_divert"]);
        near("closed", closed, answers["h_closed"]);
        let window = answers["window_h"];
        near("open", window - advisory - divert - closed, answers["h_open"] + answers["h_no_er"]);
        near("longest", figure("diverting", "longest_stretch_min") / 60.0, answers["longest_divert_h"]);
        let stretches = figure("diverting", "activations");
        assert!((stretches - answers["divert_episodes"]).abs() < 0.5, "{name}: {stretches} stretches");
        divert_hours += divert;
        divert_stretches += stretches;
    }
    let statuses = Some([registry.statuses.id("diverting").unwrap()].into());
    let at_once = concurrency::Selection { period, calendar: None, statuses };
    let sheet = concurrency::sheet(&basis, &at_once);
    let fact = |key| &sheet.facts.iter().find(|(name, _)| *name == key).unwrap().1;
    let Value::Time(most_since, _) = fact("max_first_at") else { panic!("no time") };
    Month { divert_hours, divert_stretches, most_diverting: number(fact("max")), most_since: *most_since }
}

fn at(rfc3339: &str) -> Instant {
    chrono::DateTime::parse_from_rfc3339(rfc3339).unwrap().into()
}

#[test]
fn a_board_with_the_autumn_hour_has_its_real_hours() {
    let here = Path::new("tests/data");
    let month = compare(&here.join("board_2021-11.csv"), &here.join("expected_2021-11.csv"), "2021-11");
    assert!((month.divert_hours - 11.33).abs() < 0.02 && (month.divert_stretches - 4.0).abs() < 0.5);
    assert!((month.most_diverting - 2.0).abs() < 0.5);
    assert_eq!(month.most_since, at("2021-11-07T00:30:00-06:00"));
}

#[test]
#[allow(clippy::disallowed_methods, clippy::disallowed_macros)] // a test may read the environment and say what it skips
fn a_month_of_a_real_board_has_the_hours_that_others_computed() {
    let Some(data) = std::env::var_os("DIVERT_TEST_DATA") else {
        eprintln!("skipped: DIVERT_TEST_DATA names no directory with the month of a real board");
        return;
    };
    let folder = PathBuf::from(data).join("emresource");
    let files = [folder.join("month_2021-03_anon.csv"), folder.join("expected_2021-03_anon.csv")];
    if let Some(absent) = files.iter().find(|path| !path.is_file()) {
        eprintln!("skipped: {} is not there", absent.display());
        return;
    }
    let month = compare(&files[0], &files[1], "2021-03");
    assert!((month.divert_hours - 141.72).abs() < 0.02, "{} h", month.divert_hours);
    assert!((month.divert_stretches - 33.0).abs() < 0.5, "{} stretches", month.divert_stretches);
    assert!((month.most_diverting - 2.0).abs() < 0.5, "{} at once", month.most_diverting);
    assert_eq!(month.most_since, at("2021-03-07T22:21:00Z"));
}
