//! A month of 120 facilities as a board's csv: hours by facility and status, against DuckDB on the same file.
//!
//! `cargo bench --bench month`. The board is made anew with the same bytes each time. Without the `duckdb` shell, only
//! ours is timed, and said so. Whole processes in turn, medians of the runs.

#![allow(clippy::disallowed_macros, clippy::disallowed_methods)] // a measurement reads the clock and prints
#![allow(clippy::unwrap_used)] // and stops where it can't go on

use std::fmt::Write as _;
use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant as Clock};

const RUNS: usize = 15;
const STATUSES: [&str; 4] = ["Open", "Divert", "Advisory", "Closed"];

/// Writes the registry and the board: each facility in one status after the other, without a gap, for a month of UTC.
fn board(directory: &std::path::Path) {
    let mut registry = String::from("[registry]\nname = \"Board\"\ntimezone = \"UTC\"\n");
    let mut csv = String::from("resource,status,start_local,end_local,duration_hours_reported\n");
    let mut seed = 1_u64;
    for facility in 0..120 {
        let _ = writeln!(
            registry,
            "[facility.h{facility}]\nname = \"Hospital {facility}\"\nlat = {}\nlon = -105\ned = {{}}",
            39.0 + f64::from(facility) / 100.0
        );
        let mut minute = 0_u64;
        while minute < 31 * 24 * 60 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let end = (minute + 300 + (seed >> 33) % 2400).min(31 * 24 * 60);
            let status = STATUSES[usize::try_from((seed >> 20) % 4).unwrap()];
            let wall = |minute: u64| {
                let day = minute / 1440 + 1;
                let (month, day) = if day > 31 { (6, day - 31) } else { (5, day) };
                format!("2021-{month:02}-{day:02} {:02}:{:02}:00", minute / 60 % 24, minute % 60)
            };
            let hundredths = (end - minute) * 100 / 60;
            let _ = writeln!(
                csv,
                "Hospital {facility},{status},{},{},{}.{:02}",
                wall(minute),
                wall(end),
                hundredths / 100,
                hundredths % 100
            );
            minute = end;
        }
    }
    fs::write(directory.join("facilities.toml"), registry).unwrap();
    fs::write(directory.join("board.csv"), csv).unwrap();
}

fn timed(command: &mut Command) -> Duration {
    let start = Clock::now();
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert!(status.success(), "{command:?} ended with {status}");
    start.elapsed()
}

fn main() {
    let directory = tempfile::tempdir().unwrap();
    board(directory.path());
    let ours = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_divert"));
        let arguments = [
            "--log",
            "board.csv",
            "--at",
            "2021-06-01 00:00",
            "report",
            "hours",
            "--period",
            "2021-05",
            "-F",
            "csv",
        ];
        command.args(arguments).current_dir(directory.path());
        command
    };
    let theirs = || {
        let sql = "select resource, status, round(sum(epoch(end_local - start_local)) / 3600, 2) as hours \
                   from 'board.csv' group by all order by all";
        let mut command = Command::new("duckdb");
        command.args(["-csv", "-c", sql]).current_dir(directory.path());
        command
    };
    let peer =
        theirs().stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    let (mut own, mut peers) = (Vec::new(), Vec::new());
    timed(&mut ours());
    for _ in 0..RUNS {
        own.push(timed(&mut ours()));
        if peer {
            peers.push(timed(&mut theirs()));
        }
    }
    own.sort_unstable();
    peers.sort_unstable();
    println!("divert: median {:?} of {RUNS}, {:?} to {:?}", own[RUNS / 2], own[0], own[RUNS - 1]);
    if peer {
        println!("DuckDB: median {:?}, {:?} to {:?}", peers[RUNS / 2], peers[0], peers[RUNS - 1]);
        println!("divert / DuckDB: {:.2}", own[RUNS / 2].as_secs_f64() / peers[RUNS / 2].as_secs_f64());
    } else {
        println!("skipped: no duckdb shell here");
    }
}
