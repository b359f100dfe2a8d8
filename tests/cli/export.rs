//! `divert export`, read by readers that know nothing of it.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::harness::Divert;

const LATER: &str = "Hartford Hospital closed from 2023-08-05 07:00 until 2023-08-05 19:00 because water, fire; and a \
                     very long story that no calendar shows in one line of seventy-five octets";

#[test]
fn a_map_has_every_facility_zone_and_line() {
    let map: Value = serde_json::from_str(&Divert::new().run(&["export", "geojson"]).stdout).unwrap();
    assert_eq!(map["type"], "FeatureCollection");
    let features = map["features"].as_array().unwrap();
    let of = |kind: &str| features.iter().filter(|feature| feature["properties"]["kind"] == kind).count();
    assert_eq!((of("facility"), of("zone"), of("line")), (3, 2, 2));
    for feature in features {
        let line = feature["properties"]["kind"] == "line";
        assert_eq!(feature["geometry"]["type"], if line { "LineString" } else { "Point" });
        let coordinates = &feature["geometry"]["coordinates"];
        let position = if line { &coordinates[1] } else { coordinates };
        // Longitude first.
        assert!(position[0].as_f64().unwrap() < 0.0 && position[1].as_f64().unwrap() > 0.0, "{feature}");
    }
    let manchester = features.iter().find(|feature| feature["properties"]["id"] == "manchester-memorial");
    assert_eq!(manchester.unwrap()["properties"]["status"], "closed");
}

#[test]
fn a_calendar_has_what_is_planned_and_what_runs_out() {
    let calendar = Divert::new().run(&["export", "ical", "--given", LATER]);
    assert!(calendar.stdout.split("\r\n").all(|line| line.len() <= 75), "{calendar:#?}");
    assert_eq!(calendar.stdout.matches('\n').count(), calendar.stdout.matches("\r\n").count());
    let unfolded = calendar.stdout.replace("\r\n ", "");
    for wanted in [
        "SUMMARY:Rockville General Hospital: ct down ends\\, unless it is confirmed\r\n",
        "SUMMARY:Hartford Hospital: closed (planned)\r\nDESCRIPTION:because water\\, fire\\; and",
        "DTSTART:20230805T110000Z\r\nDTEND:20230805T230000Z\r\n",
    ] {
        assert!(unfolded.contains(wanted), "{wanted} in {unfolded}");
    }
    let uids: Vec<&str> = unfolded.lines().filter(|line| line.starts_with("UID:")).collect();
    let different: std::collections::BTreeSet<&str> = uids.iter().copied().collect();
    assert_eq!((uids.len(), different.len()), (3, 3), "{uids:?}");
}

#[test]
fn a_file_gets_what_its_ending_says() {
    let divert = Divert::new();
    for (file, begins) in [("a.geojson", "{\"type\""), ("a.csv", "kind,id,name"), ("a.json", "{\"type\"")] {
        divert.run(&["export", "geojson", "-o", file]).answers("");
        let written = std::fs::read_to_string(divert.path(file)).unwrap();
        assert!(written.starts_with(begins), "{file}: {written}");
    }
    divert.run(&["export", "ical", "-o", "a.ics"]).answers("");
    assert!(std::fs::read_to_string(divert.path("a.ics")).unwrap().starts_with("BEGIN:VCALENDAR\r\n"));
}

#[test]
fn quiet_names_every_place_of_a_map_once() {
    let ids = Divert::new().run(&["export", "geojson", "-q"]).stdout;
    let ids: Vec<&str> = ids.lines().collect();
    for id in [
        "hartford",
        "manchester-memorial",
        "rockville-general",
        "vernon",
        "manchester",
        "vernon:rockville-general",
    ] {
        assert_eq!(ids.iter().filter(|told| **told == id).count(), 1, "{id} of {ids:?}");
    }
}

/// Runs a Python program over an input; `None` where there is no Python, or not that library.
fn python(program: &str, input: &str) -> Option<String> {
    let mut child = Command::new("python3")
        .args(["-c", program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    child.stdin.take()?.write_all(input.as_bytes()).ok()?;
    let output = child.wait_with_output().ok()?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    if stderr.contains("ModuleNotFoundError") {
        return None;
    }
    assert!(output.status.success(), "{stderr}");
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[test]
fn python_reads_the_map() {
    let map = Divert::new().run(&["export", "geojson", "--need", "stroke"]).stdout;
    let program = "import sys, geojson; m = geojson.load(sys.stdin); print(m.is_valid, len(m['features']))";
    match python(program, &map) {
        Some(said) => assert_eq!(said, "True 7"),
        None => eprintln!("skipped: no python3 with the package geojson"),
    }
    match python("import sys, json; print(len(json.load(sys.stdin)['features']))", &map) {
        Some(said) => assert_eq!(said, "7"),
        None => eprintln!("skipped: no python3"),
    }
}

#[test]
fn python_reads_the_calendar() {
    let calendar = Divert::new().run(&["export", "ical", "--given", LATER]).stdout;
    let program = "import sys, icalendar\nc = icalendar.Calendar.from_ical(sys.stdin.buffer.read())\n\
                   print(len(c.walk('VEVENT')), c.walk('VEVENT')[1]['SUMMARY'])";
    match python(program, &calendar) {
        Some(said) => assert_eq!(said, "3 Hartford Hospital: closed (planned)"),
        None => eprintln!("skipped: no python3 with the package icalendar"),
    }
}
