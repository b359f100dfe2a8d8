//! Answers: the same for the same files, whatever surrounds the program.

use std::io::Write as _;

use crate::harness::{Divert, LOG, REGISTRY};

#[test]
fn divert_alone_is_the_board() {
    let divert = Divert::new();
    let board = divert.run(&[]);
    assert_eq!(board.status, 0);
    assert!(board.stdout.contains("Manchester Memorial Hospital  closed"), "{}", board.stdout);
    board.answers(&divert.run(&["status"]).stdout);
}

#[test]
fn the_answer_comes_first_and_the_status_is_its_outcome() {
    let divert = Divert::new();
    let routed = divert.run(&["route", "vernon", "stroke", "p1"]);
    assert_eq!(routed.status, 0);
    assert!(routed.stdout.starts_with("Hartford Hospital, "), "{}", routed.stdout);
    let all = ["Hartford Hospital", "Rockville General", "Manchester Memorial"]
        .map(|name| format!("{name} closed"));
    let [a, b, c] = all.each_ref().map(String::as_str);
    let none = divert.run(&["--given", a, "--given", b, "route", "vernon", "--given", c]);
    assert_eq!(none.status, 1, "{none:#?}");
    let all = all.map(|closed| closed.replace("closed", "diverting"));
    let [a, b, c] = all.each_ref().map(String::as_str);
    let forced = &["--given", a, "--given", b, "--given", c, "route", "vernon", "general"];
    let log = "facility,status,from\n";
    assert_eq!(Divert::bare().registry(REGISTRY).log(log).run(forced).status, 0);
    let strict = [&["--strict"], forced.as_slice()].concat();
    assert_eq!(Divert::bare().registry(REGISTRY).log(log).run(&strict).status, 1);
}

#[test]
fn names_are_found_by_id_name_alias_and_beginning() {
    let divert = Divert::new();
    let by_id = divert.run(&["status", "manchester-memorial", "-q"]);
    by_id.answers("manchester-memorial\n");
    for name in ["Manchester Memorial Hospital", "manchester memorial", "manch"] {
        divert.run(&["status", name, "-q"]).answers(&by_id.stdout);
    }
    divert.run(&["status", "ECHN", "-q"]).answers("manchester-memorial\nrockville-general\n");
    divert
        .run(&["status", "--region", "conn", "--all", "-q"])
        .answers("hartford\nmanchester-memorial\nrockville-general\n");
}

#[test]
fn a_patient_is_told_in_the_same_words_to_route_as_to_assign() {
    let divert = Divert::new();
    let told = |need: &str| {
        let columns = "needs,priority,care,age,extremis,transfer";
        divert.run(&["route", "vernon", need, "--no-headers", "-F", "csv", "--columns", columns]).stdout
    };
    assert_eq!(told("stroke and trauma"), told("trauma+stroke"));
    assert_eq!(told("stroke, trauma p1 bls"), "stroke;trauma,1,bls,adult,false,false\n");
    assert_eq!(told("p3 pediatric transfer"), "pediatric,3,als,pediatric,false,true\n");
    // What only looks may be told the beginning of a need; of several words the wrong one is shown.
    assert_eq!(told("stro"), told("stroke"));
    let wrong = divert.run(&["route", "vernon", "stroke and traum"]);
    assert_eq!(wrong.status, 2);
    assert!(
        wrong.stderr.contains("the command line:1:12") && wrong.stderr.contains("`trauma`"),
        "{}",
        wrong.stderr
    );
}

#[test]
fn a_town_goes_before_a_hospital_of_its_name() {
    let toml = REGISTRY.replace("\"Manchester Memorial\"", "\"Manchester Memorial\", \"Manchester\"");
    let divert = Divert::bare().registry(&toml).log(LOG);
    let row = divert.run(&["route", "Manchester", "-F", "json"]).stdout;
    assert!(row.contains("\"from\":{\"zone\":\"manchester\","), "{row}");
    divert.run(&["status", "Manchester", "-q"]).answers("manchester-memorial\n");
}

#[test]
fn a_supposition_is_not_recorded_and_counts_from_the_time_asked_for() {
    let divert = Divert::new();
    let before = std::fs::read(divert.path("log.csv")).unwrap();
    let given = divert.run(&["status", "-q", "--given", "Hartford Hospital diverting"]);
    given.answers("hartford\nmanchester-memorial\nrockville-general\n");
    assert_eq!(std::fs::read(divert.path("log.csv")).unwrap(), before);
    divert.run(&["status", "-q"]).answers("manchester-memorial\nrockville-general\n");
}

#[test]
fn a_supposition_is_known_whatever_known_at_says() {
    let divert = Divert::new();
    divert
        .run(&["status", "-q", "--known-at", "01:00", "--given", "Hartford Hospital diverting"])
        .answers("hartford\n");
}

/// A text as gzip packs it.
pub(crate) fn packed(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_compressed_log_says_what_it_says_unpacked() {
    let status = ["--log", "-", "status", "-F", "csv"];
    let plain = Divert::bare().registry(REGISTRY).input(LOG).run(&status).stdout;
    assert!(plain.contains("manchester-memorial"), "{plain}");
    Divert::bare().registry(REGISTRY).input(packed(LOG)).run(&status).answers(&plain);
    let closed = r#"{"facility":"manchester-memorial","status":"closed","from":"2023-08-04T02:00:00-04:00"}"#;
    let said = Divert::bare().registry(REGISTRY).input(packed(closed)).run(&["--log", "-", "-q"]);
    said.answers("manchester-memorial\n");
    let divert = Divert::bare().registry(REGISTRY);
    std::fs::write(divert.path("log.csv.gz"), packed(LOG)).unwrap();
    divert.run(&["--log", "log.csv.gz", "status", "-F", "csv"]).answers(&plain);
}

#[test]
fn a_compressed_log_that_is_cut_off_is_no_shorter_log() {
    let divert = Divert::bare().registry(REGISTRY);
    let whole = packed(LOG);
    std::fs::write(divert.path("log.csv.gz"), &whole[..whole.len() - 9]).unwrap();
    let output = divert.run(&["--log", "log.csv.gz", "status"]);
    let told = "cannot read the log `log.csv.gz`: the compressed file is cut off or damaged";
    assert!(output.stderr.contains(told), "{output:#?}");
    assert_eq!((output.stdout.as_str(), output.status), ("", 4));
}

#[test]
fn the_log_may_come_from_standard_input_in_either_form() {
    let from_file = Divert::new().run(&["status", "-F", "jsonl"]);
    let csv = Divert::bare().registry(REGISTRY).input(LOG).run(&["--log", "-", "status", "-F", "jsonl"]);
    csv.answers(&from_file.stdout);
    let line = r#"{"facility":"hartford","status":"closed","from":"2023-08-04T08:00:00-04:00"}"#;
    let jsonl = Divert::bare().registry(REGISTRY).input(line).run(&["--log", "-", "-q"]);
    jsonl.answers("hartford\n");
}

#[test]
fn nothing_but_files_and_arguments_moves_an_answer() {
    let divert = Divert::new();
    let plain = divert.run(&["table", "-F", "csv"]);
    let moved = Divert::new()
        .env("TZ", "Asia/Tokyo")
        .env("LANG", "de_DE.UTF-8")
        .env("COLUMNS", "20")
        .env("HOME", "/nonexistent")
        .run(&["table", "-F", "csv"]);
    moved.answers(&plain.stdout);
    let (registry, log) = (divert.path("facilities.toml"), divert.path("log.csv"));
    let from_root = divert.run_in(
        std::path::Path::new("/"),
        &["--registry", registry.to_str().unwrap(), "--log", log.to_str().unwrap(), "table", "-F", "csv"],
    );
    from_root.answers(&plain.stdout);
}

#[test]
fn a_check_is_silent_when_all_is_well() {
    let toml = format!(
        "{REGISTRY}\n[[expect]]\nat = \"2023-08-04 09:00\"\ngiven = [\"Manchester Memorial closed\"]\n\
         say = \"stroke from Vernon goes to Hartford Hospital\"\n"
    );
    let fails = toml.replace("goes to Hartford Hospital", "goes to Rockville General");
    let well = Divert::bare().registry(&toml).log(LOG).run(&["check"]);
    assert_eq!(well.status, 0, "{well:#?}");
    assert!(!well.stdout.contains("expectation-failed"), "{well:#?}");
    let wrong = Divert::bare().registry(&fails).log(LOG).run(&["check"]);
    assert_eq!(wrong.status, 1, "{wrong:#?}");
    assert!(wrong.stdout.contains("expectation-failed"), "{wrong:#?}");
}

#[test]
fn a_rule_outlives_the_hospital_that_it_names() {
    let toml = format!(
        "{REGISTRY}\n{}",
        r#"
[facility.gone]
name = "Gone Hospital"
lat = 41.8
lon = -72.5
closed_on = 2023-07-01
ed = {}
[[rule]]
id = "from-it"
say = "when Gone Hospital closed, route to Hartford Hospital"
[[rule]]
id = "to-it"
say = "when Hartford Hospital closed, route to Gone Hospital"
[[rule]]
id = "to-it-and-on"
say = "when Hartford Hospital closed, route to Gone Hospital then Manchester Memorial"
"#
    );
    let divert = Divert::bare().registry(&toml).log(LOG);
    let idle = |at: &str| {
        let said = divert.run(&["check", "--at", at, "-F", "csv", "--columns", "code,text"]).stdout;
        said.lines().filter(|line| line.starts_with("idle-rule")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(idle("2023-06-30 23:59"), [""; 0]);
    let after = idle("2023-08-04 09:00");
    assert!(after[0].contains("the rule `from-it` never fires: `gone` is permanently closed"), "{after:#?}");
    assert!(after[1].contains("the rule `to-it` never routes anybody"), "{after:#?}");
    assert_eq!(after.len(), 2, "{after:#?}");
}

#[test]
fn a_timeline_that_ends_before_it_begins_is_a_wrong_command() {
    let divert = Divert::new();
    divert
        .run(&["timeline", "--since", "2023-08-04 06:00", "--until", "2023-08-04 05:00"])
        .fails("error: `--until` is not after `--since`\n", 2);
    assert_eq!(divert.run(&["timeline", "--since", "-2h"]).status, 0);
}
