//! `divert plan`: held against `route` and `table`, which know nothing of it.

use serde_json::Value;

use crate::harness::{Divert, LOG, REGISTRY};

fn rows(output: &str) -> Vec<Value> {
    output.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The registry of the tests, with Vernon nearer to Rockville and its patients known, and a limit on strokes.
fn world() -> Divert {
    let arrivals = REGISTRY
        .replace("lat = 41.8187\nlon = -72.4795\n", "lat = 41.84\nlon = -72.46\narrivals_per_day = 12.5\n");
    let need = "[need.stroke]\nrequires = [\"ct\", \"stroke-ready\"]\nmax_minutes = 25\n";
    let expect = "[[expect]]\nsay = \"stroke from Manchester goes to Manchester Memorial\"\n";
    Divert::bare().registry(&format!("{arrivals}\n{need}\n{expect}"))
}

const SENTENCES: [&str; 5] = [
    "Manchester Memorial closed",
    "ECHN diverting",
    "Hartford Hospital ct down",
    "Rockville General closed, route to Hartford Hospital",
    "Manchester Memorial, Rockville General and Hartford Hospital closed",
];

#[test]
fn every_row_of_a_plan_is_what_two_routes_say() {
    let divert = world();
    for sentence in SENTENCES {
        let plan = rows(&divert.run(&["plan", sentence, "-F", "jsonl"]).stdout);
        assert!(!plan.is_empty(), "{sentence}");
        for row in plan {
            let (zone, need) = (row["zone"].as_str().unwrap(), row["need"].as_str().unwrap());
            for (side, given) in [("from", &[][..]), ("to", &["--given", sentence])] {
                let asked = [&["route", zone, need, "-F", "jsonl"], given].concat();
                let route = &rows(&divert.run(&asked).stdout)[0];
                let told = |name: &str| &row[format!("{side}{name}")];
                assert_eq!(told(""), &route["destination"], "{sentence}: {row}");
                assert_eq!(told("_minutes"), &route["minutes"], "{sentence}: {row}");
                assert_eq!(told("_outcome"), &route["outcome"], "{sentence}: {row}");
            }
        }
    }
}

#[test]
fn a_plan_is_the_difference_of_two_tables() {
    let divert = world();
    for sentence in SENTENCES {
        let table = |given: &[&str]| rows(&divert.run(&[&["table", "-F", "jsonl"], given].concat()).stdout);
        let (before, after) = (table(&[]), table(&["--given", sentence]));
        let told = |row: &Value| (row["destination"].clone(), row["minutes"].clone(), row["outcome"].clone());
        let moved: Vec<(Value, Value)> = before
            .iter()
            .zip(&after)
            .filter(|(before, after)| told(before) != told(after))
            .map(|(row, _)| (row["zone"].clone(), row["need"].clone()))
            .collect();
        let plan = rows(&divert.run(&["plan", sentence, "-F", "jsonl"]).stdout);
        let planned: Vec<_> = plan.iter().map(|row| (row["zone"].clone(), row["need"].clone())).collect();
        assert_eq!(planned, moved, "{sentence}");
    }
}

#[test]
fn a_plan_that_came_true_changes_nothing_more() {
    let divert = world();
    for sentence in SENTENCES {
        let output = divert.run(&["plan", sentence, "--given", sentence, "--exit-code", "-F", "jsonl"]);
        assert_eq!((output.stdout.as_str(), output.status), ("", 0), "{sentence}");
    }
}

#[test]
fn the_summary_counts_patients_and_broken_expectations() {
    let divert = world();
    let plan: Value =
        serde_json::from_str(&divert.run(&["plan", "Manchester", "Memorial", "closed", "-F", "json"]).stdout)
            .unwrap();
    assert_eq!(plan["summary"], "plan: 1 closes, 4 of 12 rows move, 1 over-limit, 1 expectation breaks");
    assert_eq!(plan["expectations"][0]["breaks"], true);
    let plan: Value =
        serde_json::from_str(&divert.run(&["plan", "Rockville General closed", "-F", "json"]).stdout)
            .unwrap();
    let facilities = plan["facilities"].as_array().unwrap();
    let net: Vec<f64> = facilities.iter().map(|facility| facility["net_per_day"].as_f64().unwrap()).collect();
    assert_eq!(net, [12.5, -12.5]);
    let row = plan["rows"].as_array().unwrap().iter().find(|row| row["need"] == "general").unwrap();
    let minutes = 12.5 * row["more_minutes"].as_f64().unwrap();
    assert!((plan["minutes_per_day"].as_f64().unwrap() - minutes).abs() < 0.06, "{plan}");
}

#[test]
fn nothing_is_recorded_and_the_exit_status_tells_only_when_asked() {
    let divert = Divert::new();
    let before = std::fs::read(divert.path("log.csv")).unwrap();
    assert_eq!(divert.run(&["plan", "Hartford Hospital closed"]).status, 0);
    assert_eq!(divert.run(&["plan", "Hartford Hospital closed", "--exit-code"]).status, 1);
    assert_eq!(divert.run(&["plan", "Manchester Memorial closed", "--exit-code"]).status, 0);
    assert_eq!(std::fs::read(divert.path("log.csv")).unwrap(), before);
}

#[test]
fn an_event_left_out_is_as_if_it_were_retracted() {
    let divert = Divert::new();
    let plan = divert.run(&["plan", "--without", "1", "--need", "general", "--zone", "manchester"]);
    assert!(plan.stdout.contains("Manchester Memorial Hospital: unknown (was closed)"), "{plan:#?}");
    assert!(plan.stdout.ends_with("plan: 1 opens, 1 of 1 row moves\n"), "{plan:#?}");
    divert
        .run(&["plan", "--without", "3"])
        .fails("error: the log has no event 3\nhelp: its events go from 1 to 2\n", 2);
}

#[test]
fn another_registry_is_compared_name_by_name() {
    let divert = Divert::new();
    let without = REGISTRY.replace("\"stroke-primary\"", "\"obstetrics\"").replace("Vernon", "Vernon town");
    std::fs::write(divert.path("other.toml"), without).unwrap();
    let plan = divert.run(&["plan", "--against", "other.toml", "--without", "1", "--need", "stroke"]);
    assert!(plan.stdout.contains("plan: 1 opens, "), "{plan:#?}");
    let same = divert.run(&["plan", "--against", "facilities.toml", "--exit-code"]);
    assert_eq!(same.status, 0, "{same:#?}");
    let twice =
        Divert::bare().registry(REGISTRY).input(LOG).run(&["--log", "-", "plan", "--against", "x.toml"]);
    assert_eq!(twice.status, 2);
    assert!(twice.stderr.contains("two registries are to read the log"), "{twice:#?}");
}

#[test]
fn a_plan_without_a_sentence_says_what_is_missing() {
    let output = Divert::new().run(&["plan"]);
    assert_eq!(output.status, 2);
    assert!(output.stderr.contains("<SENTENCE>"), "{output:#?}");
}
