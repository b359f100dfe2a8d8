//! `retract`, `confirm`, `census` and `assign`: what becomes of what was said.

use crate::harness::{Divert, REGISTRY};

fn fresh() -> Divert {
    Divert::bare().registry(REGISTRY).by_the_clock()
}

#[test]
fn a_retraction_undoes_exactly_that() {
    let divert = fresh();
    divert.run(&["declare", "Hartford", "diverting", "for", "2h"]);
    let board =
        || divert.run(&["status", "--all", "-F", "csv", "--columns", "facility,status,until,lanes"]).stdout;
    let before = board();
    divert.run(&["declare", "Hartford", "closed,", "route", "to", "ECHN"]);
    assert_ne!(board(), before);
    let echo = divert.run(&["retract", "2", "--reason", "wrong hospital"]).stdout;
    assert!(
        echo.starts_with(
            "event 3: event 2 retracted: wrong hospital\n  as if never said: Hartford Hospital closed "
        ),
        "{echo}"
    );
    assert!(echo.ends_with("  to undo: divert retract 3\n"), "{echo}");
    assert_eq!(board(), before);
    divert.run(&["retract", "3", "-q"]).answers("4\n");
    assert_ne!(board(), before);
}

#[test]
fn nothing_is_retracted_twice_or_before_it_was_said() {
    let divert = fresh();
    divert.run(&["declare", "Hartford", "closed"]);
    divert.run(&["retract", "1"]);
    divert.run(&["retract", "1"]).fails(
        "error: event 1 is retracted already, by event 2\nhelp: to let it count again: divert retract 2\n",
        2,
    );
    assert_eq!(divert.run(&["retract", "9"]).status, 2);
    assert_eq!(divert.run(&["retract", "2", "2"]).status, 2);
    divert.run(&["log", "-q"]).answers("1\n2\n");
}

#[test]
fn the_last_is_the_newest_of_ones_own_that_stands() {
    let divert = fresh();
    divert.run(&["declare", "Hartford", "closed"]);
    divert.run(&["declare", "Rockville", "General", "closed"]);
    for (last, event) in [(2, 3), (1, 4)] {
        let echo = divert.run(&["retract", "--last"]).stdout;
        assert!(echo.starts_with(&format!("event {event}: event {last} retracted\n")), "{echo}");
    }
    let none = divert.run(&["retract", "--last"]);
    assert_eq!(none.status, 2, "{none:#?}");
    assert!(none.stderr.contains("recorded stands"), "{none:#?}");
}

#[test]
fn a_retraction_begins_no_log() {
    let divert = fresh();
    assert_eq!(divert.run(&["retract", "1"]).status, 4);
    assert_eq!(divert.run(&["confirm", "Hartford"]).status, 4);
    assert!(!divert.path("diversions.db").exists());
}

#[test]
fn a_confirmation_renews_everything_that_is_so() {
    let divert = fresh();
    divert.run(&["declare", "Hartford", "diverting", "for", "trauma", "for", "2h"]);
    divert.run(&["declare", "Hartford", "ct", "down"]);
    let echo = divert.run(&["confirm", "Hartford", "Hospital"]).stdout;
    assert!(echo.contains("event 3, confirmed: Hartford Hospital diverting for trauma "), "{echo}");
    assert!(echo.contains("event 4, confirmed: Hartford Hospital ct down "), "{echo}");
    let before = divert.run(&["timeline", "-F", "csv", "--columns", "lane,until,renewals"]).stdout;
    assert!(before.contains("service:ct,,1"), "{before}");
    let echo = divert.run(&["confirm", "Hartford", "until", "23:59"]).stdout;
    assert!(echo.contains("  ends 20") && echo.contains(", not 20"), "{echo}");
}

#[test]
fn what_is_open_is_confirmed_open_and_what_is_not_known_is_not_guessed() {
    let divert = fresh();
    divert.run(&["declare", "Hartford", "open"]);
    let echo = divert.run(&["confirm", "Hartford"]).stdout;
    assert!(echo.starts_with("event 2: Hartford Hospital open "), "{echo}");
    let unknown = divert.run(&["confirm", "Rockville", "General"]);
    assert_eq!((unknown.stdout.as_str(), unknown.status), ("", 2), "{unknown:#?}");
    assert!(unknown.stderr.contains("nothing is in force at Rockville General Hospital"), "{unknown:#?}");
    assert_eq!(divert.run(&["confirm", "ECHN"]).status, 2);
    assert_eq!(divert.run(&["confirm", "Hartford", "for", "stroke"]).status, 2);
}

#[test]
fn a_census_makes_nedocs_where_the_beds_are_known() {
    let toml = REGISTRY.replace("ed = { beds = 31 }", "beds = 249\ned = { beds = 31, staffed = 28 }");
    let divert = Divert::bare().registry(&toml).by_the_clock();
    let figures = ["--boarding", "6", "--waiting", "12", "--ventilated", "2", "--longest-boarding", "9"];
    let said =
        [&["census", "Manchester", "Memorial", "--occupied", "28", "--last-wait", "1.5"][..], &figures];
    let echo = divert.run(&said.concat()).stdout;
    assert!(
        echo.contains(
            "28 occupied, 6 boarding, 12 waiting, 2 ventilated, longest boarding 9h, last wait 1h30m"
        )
    );
    assert!(echo.contains("\n  NEDOCS 160.7\n"), "{echo}");
    let row = ["status", "manchester", "-F", "jsonl", "--columns", "census,nedocs"];
    divert.run(&row).answers("{\"census\":28,\"nedocs\":160.7}\n");
    divert.run(&["census", "Hartford", "--occupied", "3"]);
    divert
        .run(&["status", "hartford", "-F", "jsonl", "--columns", "census,nedocs"])
        .answers("{\"census\":3,\"nedocs\":null}\n");
    assert_eq!(divert.run(&["census", "Hartford"]).status, 2, "no figure is no census");
    assert_eq!(divert.run(&["census", "ECHN", "--occupied", "3"]).status, 2);
    let log = divert.run(&["log", "-F", "jsonl", "--columns", "kind,data"]).stdout;
    assert!(log.contains(r#""kind":"census","data":"{\"occupied\":3}""#), "{log}");
}

#[test]
fn an_assignment_is_recorded_without_coordinates() {
    let divert = fresh();
    divert.run(&["declare", "Manchester", "Memorial", "closed"]);
    let sent = divert.run(&["assign", "41.8012,-72.5034", "stroke", "p1", "--id", "run-44"]);
    assert_eq!(sent.status, 0, "{sent:#?}");
    assert!(sent.stdout.starts_with("Hartford Hospital, "), "{sent:#?}");
    assert!(sent.stdout.contains("event 2; to undo: divert retract 2"), "{sent:#?}");
    let log = divert.run(&["log", "-F", "jsonl"]).stdout;
    assert!(log.contains(r#"\"id\":\"run-44\""#) && log.contains(r#""facility":"hartford""#), "{log}");
    assert!(!log.contains("41.8") && !log.contains("72.5"), "{log}");
    divert
        .run(&["status", "hartford", "-F", "jsonl", "--columns", "status"])
        .answers("{\"status\":\"unknown\"}\n");
    let json = divert.run(&["assign", "vernon", "--id", "7", "-F", "json"]).stdout;
    assert!(json.contains("\"schema\":\"divert.assign/1\"") && json.contains("\"event\":3"), "{json}");
}

#[test]
fn without_a_destination_nothing_is_assigned() {
    let divert = fresh();
    for name in ["Manchester Memorial", "Rockville General", "Hartford"] {
        divert.run(&["declare", name, "closed"]);
    }
    let none = divert.run(&["assign", "vernon", "stroke"]);
    assert_eq!(none.status, 1, "{none:#?}");
    assert!(none.stdout.contains("nothing was recorded"), "{none:#?}");
    divert.run(&["log", "-q"]).answers("1\n2\n3\n");
}
