//! `declare`: what is recorded, what is said of it, and what is not recorded.

use std::fs;

use crate::harness::{AT, Divert, REGISTRY};

/// Nothing but the registry; the clock is the host's, as for every event.
fn fresh() -> Divert {
    Divert::bare().registry(REGISTRY).by_the_clock()
}

#[test]
fn a_sentence_needs_no_quotes_and_is_echoed_with_what_it_does() {
    let divert = fresh();
    let said: Vec<&str> =
        "declare Manchester Memorial closed for 2h, route to ECHN because a flood".split(' ').collect();
    let echo = divert.run(&said);
    assert_eq!((echo.stderr.as_str(), echo.status), ("", 0), "{echo:#?}");
    let lines: Vec<&str> = echo.stdout.lines().collect();
    assert!(lines[0].starts_with("event 1: Manchester Memorial Hospital closed from 20"), "{echo:#?}");
    assert!(lines[0].contains(" until 20"), "{echo:#?}");
    assert!(lines[0].ends_with(", route to Eastern Connecticut Health Network because a flood"), "{echo:#?}");
    assert!(echo.stdout.contains("\n  changes:\n"), "{echo:#?}");
    assert!(
        echo.stdout
            .contains("stroke from Manchester, Vernon: Manchester Memorial Hospital → Hartford Hospital\n"),
        "{echo:#?}"
    );
    assert!(echo.stdout.contains("\n  to undo: divert retract 1\n"), "{echo:#?}");
    divert.run(&["status", "-q"]).answers("manchester-memorial\n");
}

#[test]
fn a_time_that_goes_back_needs_no_quotes_either() {
    let divert = fresh();
    let echo = divert.run(&["declare", "Hartford", "closed", "from", "-1h", "--source", "hospital"]);
    assert_eq!((echo.stderr.as_str(), echo.status), ("", 0), "{echo:#?}");
    let over = divert.run(&["declare", "Hartford", "closed", "from", "-3h", "until", "-2h", "--yes", "-q"]);
    over.answers("2\n");
    let confirmed = divert.run(&["confirm", "Hartford", "until", "-10m"]);
    assert!(confirmed.stderr.starts_with("error[empty-window]: "), "{confirmed:#?}");
    // A plan reads its sentence in the same way.
    let plan = Divert::bare().registry(REGISTRY).log("facility,status,from\n");
    let plan = plan.run(&["plan", "Hartford", "closed", "from", "-1h", "--exit-code"]);
    assert_eq!((plan.stderr.as_str(), plan.status), ("", 1), "{plan:#?}");
}

#[test]
fn nothing_beside_what_is_asked_for_comes_on_standard_output() {
    let divert = fresh();
    divert.run(&["declare", "Hartford", "Hospital", "diverting", "-q"]).answers("1\n");
    let row =
        divert.run(&["declare", "Hartford", "Hospital", "open", "-F", "jsonl", "--columns", "event,status"]);
    row.answers("{\"event\":2,\"status\":\"open\"}\n");
}

#[test]
fn what_is_replaced_and_what_stays_is_said() {
    let divert = fresh();
    divert.run(&["declare", "CT", "down", "at", "Rockville", "General"]);
    divert.run(&["declare", "Rockville", "General", "diverting"]);
    let closed = divert.run(&["declare", "Rockville", "General", "advisory"]).stdout;
    assert!(closed.contains("\n  replaces: diverting since "), "{closed}");
    assert!(closed.contains("\n  stays down: ct down since "), "{closed}");
    let open = divert.run(&["declare", "Rockville", "General", "open"]).stdout;
    assert!(open.contains("\n  ends: advisory since "), "{open}");
    assert!(open.contains("\n  stays down: ct down since "), "{open}");
    assert!(open.contains("to end that too: divert declare Rockville General Hospital fully open"), "{open}");
    let again = divert.run(&["declare", "Rockville", "General", "open"]).stdout;
    assert!(again.contains("\n  nothing was there to end; the report is fresh\n"), "{again}");
}

#[test]
fn diverting_for_some_while_diverting_for_all_says_how_to_narrow() {
    let divert = fresh();
    divert.run(&["declare", "Hartford", "diverting"]);
    let some = divert.run(&["declare", "Hartford", "diverting", "for", "stroke"]).stdout;
    assert!(some.contains("  stays in force: diverting since "), "{some}");
    assert!(some.contains("so all are diverted; to narrow it: divert declare Hartford Hospital off divert"));
}

#[test]
fn the_same_again_confirms() {
    let divert = fresh();
    divert.run(&["declare", "Hartford", "diverting", "for", "2h"]);
    let again = divert.run(&["declare", "Hartford", "diverting"]).stdout;
    assert!(again.starts_with("event 2, confirmed: Hartford Hospital diverting "), "{again}");
}

#[test]
fn the_end_that_a_max_gives_is_stored_and_marked() {
    let divert =
        Divert::bare().registry(&format!("{REGISTRY}\n[status.diverting]\nmax = \"2h\"\n")).by_the_clock();
    let echo = divert.run(&["declare", "Hartford", "diverting"]).stdout;
    assert!(echo.contains("\n  ends 20") && echo.contains(", the longest that is allowed\n"), "{echo}");
    let row = divert.run(&["log", "-F", "jsonl", "--columns", "until,data"]).stdout;
    assert!(row.contains(r#""data":"{\"until\":\"max\"}""#) && !row.contains("null"), "{row}");
}

#[test]
fn more_than_one_facility_wants_a_yes() {
    let divert = fresh();
    let asked = divert.run(&["declare", "ECHN", "diverting"]);
    assert_eq!((asked.stdout.as_str(), asked.status), ("", 2), "{asked:#?}");
    assert!(
        asked.stderr.starts_with("error: nothing was recorded: this is about 2 facilities\n"),
        "{asked:#?}"
    );
    assert!(asked.stderr.contains("Manchester Memorial Hospital diverting"), "{asked:#?}");
    assert!(asked.stderr.contains("--yes"), "{asked:#?}");
    assert!(!divert.path("diversions.db").exists());
    divert.run(&["declare", "ECHN", "diverting", "--yes", "-q"]).answers("1\n2\n");
}

#[test]
fn standard_input_is_recorded_whole_or_not_at_all() {
    let wrong = "# the night\nHartford closed\n\n  Hartfort open\nManchester Memorial ct dwn\n";
    let divert = fresh().input(wrong);
    let failed = divert.run(&["declare", "--yes"]);
    assert_eq!((failed.stdout.as_str(), failed.status), ("", 2), "{failed:#?}");
    assert!(failed.stderr.contains("standard input:4:3"), "{failed:#?}");
    assert!(failed.stderr.contains("standard input:5"), "{failed:#?}");
    assert!(!divert.path("diversions.db").exists());
    let right = "# the night\nHartford closed\n\n  Manchester Memorial ct down\n";
    divert.input(right).run(&["declare", "--yes", "-q"]).answers("1\n2\n");
}

#[test]
fn nothing_said_is_no_declaration() {
    let output = fresh().run(&["declare"]);
    assert_eq!((output.stdout.as_str(), output.status), ("", 2), "{output:#?}");
    assert!(output.stderr.starts_with("error: nothing was said\n"), "{output:#?}");
}

#[test]
fn at_sets_from_and_not_the_time_of_recording() {
    let divert = Divert::bare().registry(REGISTRY);
    let late = divert.run(&["declare", "Hartford", "closed", "until", "10:00"]).stdout;
    assert!(
        late.starts_with("event 1: Hartford Hospital closed from 2023-08-04 09:00-04:00 until"),
        "{late}"
    );
    assert!(late.contains("a late entry"), "{late}");
    divert.run(&["status", "-q"]).answers("hartford\n");
    divert.run(&["status", "-q", "--known-at", AT]).answers("");
}

#[test]
fn prefixes_suppositions_and_what_is_said_twice_are_refused() {
    let divert = fresh();
    for (args, says) in [
        (&["declare", "Hartf", "closed"][..], "error["),
        (
            &["--given", "Hartford closed", "declare", "Hartford", "open"],
            "`--given` is for commands that only read",
        ),
        (
            &["--known-at", "10:00", "declare", "Hartford", "open"],
            "`--known-at` is for commands that only read",
        ),
        (
            &["declare", "Hartford closed because fire", "--reason", "flood"],
            "the sentence says what `--reason` says",
        ),
        (&["declare", "Hartford closed", "--columns", "nonsense"], "the answer has no column `nonsense`"),
    ] {
        let refused = divert.run(args);
        assert_eq!((refused.stdout.as_str(), refused.status), ("", 2), "{refused:#?}");
        assert!(refused.stderr.contains(says), "{refused:#?}");
    }
    assert!(!divert.path("diversions.db").exists());
}

#[test]
fn an_exercise_is_shown_and_routed_on_by_nobody() {
    let divert = fresh();
    let echo =
        divert.run(&["declare", "Hartford", "closed", "--exercise", "--reason", "Spring drill"]).stdout;
    assert!(echo.starts_with("event 1: EXERCISE: Hartford Hospital closed "), "{echo}");
    assert!(echo.contains(" because Spring drill\n"), "{echo}");
    let board = divert.run(&["status", "hartford"]).stdout;
    assert!(board.contains("exercise"), "{board}");
}

#[test]
fn a_policy_refuses_with_3_and_the_event_is_recorded() {
    let toml = format!("{REGISTRY}\n[status.diverting]\napprover = [\"duty chief\"]\n");
    let divert = Divert::bare().registry(&toml).by_the_clock();
    let refused = divert.run(&["declare", "Hartford", "diverting"]);
    assert_eq!(refused.status, 3, "{refused:#?}");
    assert!(refused.stdout.contains("\n  REFUSED: recorded, not in force: "), "{refused:#?}");
    divert.run(&["log", "-q"]).answers("1\n");
    assert_eq!(divert.run(&["declare", "Hartford", "diverting", "--approver", "Duty Chief"]).status, 0);
}

#[test]
fn who_and_why_cannot_be_nothing() {
    let divert = fresh();
    for (option, command) in [
        ("--source", &["declare", "Hartford", "closed"][..]),
        ("--approver", &["declare", "Hartford", "closed"]),
        ("--reason", &["declare", "Hartford", "closed"]),
        ("--source", &["confirm", "Hartford"]),
        ("--source", &["census", "Hartford", "--occupied", "3"]),
        ("--source", &["assign", "vernon", "stroke"]),
        ("--source", &["retract", "1"]),
        ("--reason", &["retract", "1"]),
    ] {
        for nothing in ["", " ", "!!"] {
            let refused = divert.run(&[command, &[option, nothing]].concat());
            assert_eq!((refused.stdout.as_str(), refused.status), ("", 2), "{refused:#?}");
            assert!(refused.stderr.contains(&format!("for '{option} <")), "{refused:#?}");
            assert!(refused.stderr.contains("expected words"), "{refused:#?}");
        }
    }
    assert!(!divert.path("diversions.db").exists());
}

#[test]
fn a_mistyped_log_never_becomes_a_second_one() {
    let divert = fresh().env("DIVERT_LOG", "/tmp/no/such/diversoins.db");
    let registry = divert.path("facilities.toml");
    let registry = registry.to_str().unwrap();
    for command in [&["status"][..], &["declare", "Hartford", "closed"], &["retract", "--last"]] {
        let args = [&["--registry", registry][..], command].concat();
        let output = divert.run_in(std::path::Path::new("/"), &args);
        assert_eq!((output.stdout.as_str(), output.status), ("", 4), "{output:#?}");
        assert!(output.stderr.contains("there is no log `/tmp/no/such/diversoins.db`"), "{output:#?}");
    }
    let near = fresh().env("DIVERT_LOG", "typo.db");
    let output = near.run(&["declare", "Hartford", "closed"]);
    assert_eq!(output.status, 4);
    assert!(output.stderr.starts_with("error: not recorded: there is no log `typo.db`\n"), "{output:#?}");
    assert!(!near.path("typo.db").exists());
    fs::write(near.path("typo.db"), "").unwrap();
    near.run(&["declare", "Hartford", "closed", "-q"]).answers("1\n");
}

#[test]
fn a_log_that_is_kept_by_hand_is_not_written_to() {
    let divert = Divert::new().by_the_clock();
    let before = fs::read(divert.path("log.csv")).unwrap();
    let help = "help: take it into a .db with `divert import csv FILE` or `import jsonl FILE`, and write to that; \
                without --log and DIVERT_LOG it is `diversions.db` beside the registry\n";
    for (log, name) in [("log.csv", "log.csv"), ("-", "standard input")] {
        divert.run(&["--log", log, "declare", "Hartford", "closed"]).fails(
            &format!(
                "error: not recorded: the log `{name}` is read-only, as every .csv or .jsonl file and standard \
                 input is\n{help}"
            ),
            4,
        );
    }
    assert_eq!(fs::read(divert.path("log.csv")).unwrap(), before);
    // What the help says does it.
    let divert = divert.env("DIVERT_LOG", "");
    assert_eq!(divert.run(&["import", "csv", "log.csv"]).status, 0);
    assert_eq!(divert.run(&["declare", "Hartford", "closed"]).status, 0);
}

#[test]
fn a_log_that_is_only_read_and_is_not_there_is_said_not_to_be_there() {
    let divert = fresh();
    for log in ["none.csv", "none.jsonl", "none.csv.gz"] {
        divert.run(&["--log", log, "declare", "Hartford", "closed"]).fails(
            &format!(
                "error: not recorded: there is no log `{log}`\n\
                 help: check the path; .csv and .jsonl files are only read: to write, name a .db\n"
            ),
            4,
        );
        let verdict = divert.run(&["--log", log, "log", "verify"]);
        assert!(verdict.stderr.starts_with(&format!("error: there is no log `{log}`\n")), "{verdict:#?}");
    }
}

#[cfg(unix)]
#[test]
fn a_directory_that_may_not_be_written_to_gives_4_and_not_recorded() {
    use std::os::unix::fs::PermissionsExt;
    let divert = fresh();
    let directory = divert.path(".");
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o555)).unwrap();
    let may_all_the_same = fs::write(divert.path("probe"), "").is_ok();
    let output = divert.run(&["declare", "Hartford", "closed"]);
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o755)).unwrap();
    if may_all_the_same {
        return; // root may write everywhere
    }
    assert_eq!((output.stdout.as_str(), output.status), ("", 4), "{output:#?}");
    assert!(output.stderr.starts_with("error: not recorded: "), "{output:#?}");
}

#[test]
fn what_is_no_file_is_no_log() {
    let divert = fresh();
    fs::create_dir(divert.path("diversions.db")).unwrap();
    let output = divert.run(&["declare", "Hartford", "closed"]);
    assert_eq!((output.stdout.as_str(), output.status), ("", 4), "{output:#?}");
    assert!(output.stderr.starts_with("error: not recorded: "), "{output:#?}");
}

#[test]
fn a_supposition_that_a_policy_refuses_is_told_and_changes_no_status() {
    let toml = format!("{REGISTRY}\n[status.diverting]\napprover = [\"duty chief\"]\n");
    let divert = Divert::bare().registry(&toml).log("facility,status,from\n");
    let output = divert.run(&["--given", "Hartford diverting", "status", "-q"]);
    assert_eq!(output.status, 0, "{output:#?}");
    assert!(output.stderr.starts_with("warning: not in force: Hartford Hospital diverting "), "{output:#?}");
}

#[test]
fn who_recorded_it_is_not_for_the_user_to_say() {
    let divert = fresh().env("USER", "somebody").env("LOGNAME", "somebody");
    let row = divert.run(&["declare", "Hartford", "closed", "-F", "jsonl", "--columns", "author"]).stdout;
    assert!(!row.contains("somebody") && !row.contains("null"), "{row}");
}

#[test]
fn a_list_in_which_a_name_would_be_lost_is_refused() {
    let registry = |francis: &str| {
        format!(
            "[facility.saint-francis]\nname = \"{francis}\"\naliases = [\"Saint Francis\"]\nlat = 41.78\n\
             lon = -72.70\ned = {{}}\n[facility.hartford]\nname = \"Hartford\"\nlat = 41.75\nlon = -72.68\ned = {{}}\n\
             [facility.rockville]\nname = \"Rockville\"\nlat = 41.86\nlon = -72.44\ned = {{}}\n"
        )
    };
    let closed = |divert: &Divert, sentence: &str| divert.run(&["--given", sentence, "status", "-q"]);
    let divert = Divert::bare().registry(&registry("Saint Francis Hartford"));
    let refused = closed(&divert, "Saint Francis, Hartford and Rockville closed");
    assert_eq!(refused.status, 2, "{refused:#?}");
    assert!(refused.stderr.contains("or `Saint Francis` and `Hartford`"), "{refused:#?}");
    for (sentence, facilities) in [
        ("Saint Francis Hartford and Rockville closed", "rockville\nsaint-francis\n"),
        ("Saint Francis and Hartford and Rockville closed", "hartford\nrockville\nsaint-francis\n"),
        ("Hartford, Saint Francis, Rockville closed", "hartford\nrockville\nsaint-francis\n"),
    ] {
        assert_eq!(closed(&divert, sentence).stdout, facilities, "{sentence}");
    }
    // What the registry writes so is a name.
    let divert = Divert::bare().registry(&registry("Saint Francis, Hartford"));
    assert_eq!(
        closed(&divert, "Saint Francis, Hartford and Rockville closed").stdout,
        "rockville\nsaint-francis\n"
    );
}
