//! A log that is worth several threads: what they found out together is what was said.

use std::fmt::Write as _;

use crate::harness::Divert;

/// How many days each month of 2022 has.
const DAYS: [u32; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

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
    assert!(number > 1000, "{number} events are no long log");
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
