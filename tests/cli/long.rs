//! A log that is worth several threads: what they found out together is what was said.

use std::fmt::Write as _;

use serde_json::Value;

use crate::harness::{Divert, REGISTRY};

/// How many days each month of 2022 has.
const DAYS: [u32; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// So many events a year has: more than are read by one thread, or come at a time.
const EVENTS: usize = 1088;

/// Of every day of 2022 an hour in which Hartford is closed, and of every other two in which Rockville diverts.
fn year() -> String {
    let mut log = "event,recorded_at,kind,facility,status,from,source\n".to_owned();
    let mut number = 0;
    let days = (1..).zip(DAYS).flat_map(|(month, days)| (1..=days).map(move |day| (month, day)));
    for (month, day) in days {
        let said = [
            (10, "hartford", "closed"),
            (11, "hartford", "open"),
            (12, "rockville-general", "diverting"),
            (14, "rockville-general", "open"),
        ];
        for (hour, facility, status) in said.into_iter().take(if day % 2 == 0 { 4 } else { 2 }) {
            let at = format!("2022-{month:02}-{day:02}T{hour}:00:00Z");
            number += 1;
            writeln!(log, "{number},{at},declare,{facility},{status},{at},hospital").unwrap();
        }
    }
    assert_eq!(number, EVENTS);
    log
}

#[test]
fn a_year_of_closures_is_measured_and_shown_as_it_was_declared() {
    let divert = Divert::new().log(&year()).by_the_clock();
    let hours = divert.run(&["report", "hours", "--by", "month", "--period", "2022", "-F", "csv"]).stdout;
    for (month, days) in (1..).zip(DAYS) {
        let evens = days / 2;
        for row in [
            format!("2022-{month:02},hartford,closed,{days}.00,"),
            format!("2022-{month:02},hartford,any,{days}.00,"),
            format!("2022-{month:02},rockville-general,any,{}.00,", 2 * evens),
            format!("2022-{month:02},rockville-general,diverting,{}.00,", 2 * evens),
        ] {
            assert!(hours.lines().any(|line| line.starts_with(&row)), "{row} in\n{hours}");
        }
    }
    for (at, hartford, rockville) in [
        ("2022-07-16T10:30:00Z", "closed", "open"),
        ("2022-07-16T12:00:00Z", "open", "diverting"),
        ("2022-07-17T12:00:00Z", "open", "open"),
    ] {
        let board = divert.run(&["--at", at, "status", "--all", "-F", "csv", "--columns", "facility,status"]);
        board.answers(&format!(
            "facility,status\nhartford,{hartford}\nmanchester-memorial,unknown\nrockville-general,{rockville}\n"
        ));
    }
}

/// The rows of the whole answer, which are there at once, and of the one by line, which are not.
fn rows(divert: &Divert, args: &[&str]) -> [Vec<Value>; 2] {
    let whole = divert.run(&[args, &["-F", "json"]].concat()).stdout;
    let lines = divert.run(&[args, &["-F", "jsonl"]].concat()).stdout;
    let whole: Value = serde_json::from_str(&whole).unwrap();
    let line = |line| serde_json::from_str(line).unwrap();
    [whole["rows"].as_array().unwrap().clone(), lines.lines().map(line).collect()]
}

#[test]
fn rows_that_come_a_few_at_a_time_are_those_that_come_at_once() {
    let divert = Divert::new().log(&year()).by_the_clock();
    for args in [
        &["log"][..],
        &["log", "rockville-general", "--since", "2022-03-01"],
        &["log", "--changes"],
        &["report", "episodes", "--by", "month", "--period", "2022"],
    ] {
        let [whole, lines] = rows(&divert, args);
        assert!(whole.len() > 200, "{args:?}: {} rows are few", whole.len());
        assert!(lines == whole, "{args:?}");
        let csv = divert.run(&[args, &["-F", "csv"]].concat()).stdout;
        assert_eq!(csv.lines().count(), 1 + whole.len(), "{args:?}");
        let keys = csv.lines().next().unwrap();
        assert_eq!(csv.lines().filter(|line| *line == keys).count(), 1, "{args:?}");
    }
    let numbers = divert.run(&["log", "-q"]).stdout;
    assert!(numbers.lines().eq((1..=EVENTS).map(|number| number.to_string())));
}

#[test]
fn a_row_that_cannot_be_read_ends_the_answer_with_what_is_wrong() {
    let divert = Divert::bare().registry(REGISTRY).by_the_clock();
    let (csv, database) = (divert.path("year.csv"), divert.path("diversions.db"));
    std::fs::write(&csv, year()).unwrap();
    assert_eq!(divert.run(&["import", "csv", csv.to_str().unwrap()]).status, 0);
    let [whole, lines] = rows(&divert, &["log"]);
    assert!(lines == whole && whole.len() == EVENTS);
    assert!(lines.iter().all(|row| row["author"].is_string() && row["hash"].is_string()));
    // The name of who recorded a late event was overwritten by something that is no text.
    let open = rusqlite::Connection::open(&database).unwrap();
    open.execute_batch(
        "DROP TRIGGER event_is_kept; UPDATE event SET author = CAST(x'ff' AS TEXT) WHERE event = 1080",
    )
    .unwrap();
    drop(open);
    let output = divert.path("log.csv");
    let failed = divert.run(&["log", "-o", output.to_str().unwrap()]);
    assert_ne!(failed.status, 0, "{failed:#?}");
    assert!(failed.stderr.contains("1080") && failed.stderr.contains("author"), "{failed:#?}");
    assert!(!output.exists(), "half an answer was left in a file");
}
