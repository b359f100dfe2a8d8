//! Exit statuses, and what is said when there is no answer. Standard output stays empty.

use crate::harness::{Divert, LOG, REGISTRY};

#[test]
fn without_a_registry_the_command_is_wrong() {
    let output = Divert::bare().run(&["status"]);
    assert_eq!((output.stdout.as_str(), output.status), ("", 2));
    assert!(output.stderr.starts_with("error[cannot-read]: "), "{}", output.stderr);
    assert!(output.stderr.contains("DIVERT_REGISTRY"), "{}", output.stderr);
}

#[test]
fn every_error_of_a_registry_is_told_at_once() {
    let toml = REGISTRY.replace("lat = 41.7538", "lat = 141.7538").replace("ed = { beds = 31 }", "eds = {}");
    let output = Divert::bare().registry(&toml).run(&["status"]);
    assert_eq!((output.stdout.as_str(), output.status), ("", 2));
    assert!(output.stderr.contains("error[out-of-range]"), "{}", output.stderr);
    assert!(output.stderr.contains("error[unknown-key]"), "{}", output.stderr);
}

#[test]
fn a_named_log_that_is_not_there_is_no_empty_log() {
    let divert = Divert::bare().registry(REGISTRY);
    divert.run(&["--log", "gone.csv", "status"]).fails(
        "error: there is no log `gone.csv`\nhelp: check the path, or leave --log and DIVERT_LOG out to answer without a log\n",
        4,
    );
    assert_eq!(divert.env("DIVERT_LOG", "gone.csv").run(&[]).status, 4);
}

#[test]
fn a_log_of_another_kind_is_refused_in_words_and_without_its_password() {
    let divert = Divert::bare().registry(REGISTRY);
    std::fs::write(divert.path("diversions.db"), "SQLite format 3").unwrap();
    divert.run(&["status"]).fails(
        "error: `diversions.db` is not a log of `divert`: it is no SQLite database\n\
         help: name a file of its own for the log with --log\n",
        4,
    );
    let shared = divert.run(&["--log", "postgres://me:secret@db.invalid/log", "status"]);
    assert_eq!((shared.stdout.as_str(), shared.status), ("", 4), "{shared:#?}");
    assert!(!shared.stderr.contains("secret"), "{shared:#?}");
}

#[test]
fn a_log_with_a_bad_row_is_not_half_used() {
    let log =
        format!("{LOG}3,2023-08-04T08:00:00-04:00,declare,nowhere,,closed,2023-08-04T08:00:00-04:00,,,\n");
    let output = Divert::bare().registry(REGISTRY).log(&log).run(&["status"]);
    assert_eq!((output.stdout.as_str(), output.status), ("", 4));
    assert!(output.stderr.contains("log.csv:4"), "{}", output.stderr);
}

#[test]
fn the_default_log_may_be_absent_and_every_table_says_so() {
    let divert = Divert::bare().registry(REGISTRY);
    for command in ["status", "table", "timeline"] {
        let output = divert.run(&[command]);
        assert_eq!(output.status, 0, "{output:#?}");
        assert!(output.stdout.contains("no log: nothing is known"), "{output:#?}");
        assert_eq!(output.stderr, "warning: there is no log `diversions.db`: nothing is known\n");
    }
    let json = divert.run(&["status", "-F", "json"]);
    assert!(json.stdout.contains("\"log\":null"), "{json:#?}");
    let route = divert.run(&["route", "vernon", "stroke"]);
    assert!(route.stdout.contains("no log: nothing is known"), "{route:#?}");
}

#[test]
fn a_wrong_word_gets_the_nearest_right_one() {
    let divert = Divert::new();
    divert.run(&["route", "vernon", "strok"]).answers(&divert.run(&["route", "vernon", "stroke"]).stdout);
    divert
        .run(&["route", "vernom", "stroke"])
        .fails("error: the registry has no zone or facility `vernom`\nhelp: did you mean `vernon`?\n", 2);
    // As it is said on the radio, and not quite as it is written.
    divert.run(&["status", "Manchestr"]).fails(
        "error: the registry has no facility or network `Manchestr`\nhelp: did you mean `manchester-memorial`?\n",
        2,
    );
    divert
        .run(&["status", "--tz", "America/NewYork"])
        .fails("error: there is no time zone `America/NewYork`\nhelp: did you mean `America/New_York`?\n", 2);
    let output = divert.run(&["status", "--columns", "facilty", "-F", "csv"]);
    assert!(output.stderr.contains("help: did you mean `facility`?\n"), "{output:#?}");
    assert_eq!((output.stdout.as_str(), output.status), ("", 2));
}

#[test]
fn what_is_said_on_the_command_line_is_quoted_with_a_caret() {
    let output =
        Divert::new().run(&["--given", "Hartford Hospital red", "--given", "nowhere closed", "status"]);
    assert_eq!((output.stdout.as_str(), output.status), ("", 2));
    assert!(output.stderr.contains(" --> --given:1:19\n"), "{output:#?}");
    assert!(output.stderr.contains("error[unknown-name]"), "{output:#?}");
}

#[test]
fn a_usage_error_is_2_and_help_is_an_answer() {
    let divert = Divert::bare();
    for args in [&["status", "--frob"], &["route", "-q"], &["-F", "xlsx"]] {
        let output = divert.run(args);
        assert_eq!((output.stdout.as_str(), output.status), ("", 2), "{output:#?}");
    }
    for args in [&["route", "--help"], &["help", "route"], &["help", "catalogue"], &["help", "schema"]] {
        let output = divert.run(args);
        assert_eq!((output.stderr.as_str(), output.status), ("", 0), "{output:#?}");
        assert!(!output.stdout.is_empty());
    }
    divert.run(&["--version"]).answers(&format!("divert {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn the_beginning_of_several_ids_is_refused_with_all_of_them() {
    let toml = REGISTRY.replace("[facility.hartford]", "[facility.rockingham]");
    let toml = toml.replace("Hartford Hospital", "Rockingham");
    Divert::bare().registry(&toml).log(LOG).run(&["status", "rock"]).fails(
        "error: `rock` stands for several: `rockingham` or `rockville-general`\nhelp: type more of the id\n",
        2,
    );
}

#[test]
fn a_point_must_be_on_the_map() {
    let divert = Divert::new();
    divert
        .run(&["route", "95,10"])
        .fails("error: `95,10` is no point: latitudes go from -90 to 90, longitudes from -180 to 180\n", 2);
    assert_eq!(divert.run(&["route", "41.8187,-72.4795", "stroke"]).status, 0);
    assert_eq!(divert.run(&["route", "--from", "-41.8,72.4"]).status, 0);
}

#[test]
fn a_clock_behind_the_log_is_remarked_on() {
    let log = LOG.replace("2023-08-04", "2199-08-04");
    let divert = Divert::bare().registry(REGISTRY).log(&log).by_the_clock();
    for reading in [&["status"][..], &["log"], &["log", "--changes"], &["route", "--batch", "-"]] {
        let output = divert.run(reading);
        let warning = "warning: the clock is earlier than the last event of the log\n";
        assert!(output.stderr.starts_with(warning), "{reading:?}: {output:#?}");
        // Whoever asks about another instant does not ask by the clock.
        let then = divert.run(&[&["--at", "2023-08-03 09:00"], reading].concat());
        assert!(!then.stderr.contains("clock"), "{reading:?}: {then:#?}");
    }
}

#[test]
fn a_clock_behind_the_log_is_remarked_on_and_does_not_hinder_verifying() {
    use ambulance_diversion::log::{Access, Draft, EventLog, Log, SqliteLog, Writer};
    use ambulance_diversion::{load, model};
    let divert = Divert::bare().registry(REGISTRY).by_the_clock();
    let mut sources = model::Sources::default();
    let registry = load::registry(&divert.path("facilities.toml"), &load::Options::default(), &mut sources)
        .unwrap()
        .registry;
    let mut store = SqliteLog::open(&divert.path("diversions.db"), Access::Create).unwrap();
    let store: &mut dyn EventLog = &mut store;
    let clock = || model::Instant::from_seconds(7_000_000_000);
    let writer = Writer { registry: &registry, author: "tester", clock: &clock };
    let note = Draft::new(ambulance_diversion::log::Entry::Note(None), "dispatch");
    store.append(writer, &mut Log::default(), |_, _| Ok::<_, ()>(vec![note])).unwrap().unwrap();
    let verdict = divert.run(&["log", "verify"]);
    assert_eq!(verdict.stderr, "warning: the clock is earlier than the last event of the log\n");
    assert!(
        verdict.stdout.starts_with("1 event, and the chain holds\n") && verdict.status == 0,
        "{verdict:#?}"
    );
}
