//! Where an answer goes, and in which form.

use std::fs;
use std::process::Stdio;

use crate::harness::{Divert, LOG, REGISTRY};

#[test]
fn a_file_gets_the_format_of_its_ending_and_the_terminal_nothing() {
    let divert = Divert::new();
    for ending in ["csv", "tsv", "json", "jsonl", "md", "txt"] {
        let name = format!("board.{ending}");
        divert.run(&["status", "-o", &name]).answers("");
        let format = if ending == "txt" { "table" } else { ending };
        let printed = divert.run(&["status", "-F", format]).stdout;
        assert_eq!(fs::read_to_string(divert.path(&name)).unwrap(), printed, "{ending}");
    }
    let output = divert.run(&["status", "-o", "board.xlsx"]);
    assert_eq!(output.status, 2);
    assert!(!divert.path("board.xlsx").exists());
}

#[test]
fn a_wrong_command_leaves_the_file_as_it_was() {
    let divert = Divert::new();
    fs::write(divert.path("board.csv"), "yesterday").unwrap();
    assert_eq!(divert.run(&["status", "nowhere", "-o", "board.csv"]).status, 2);
    assert_eq!(divert.run(&["status", "--columns", "nothing", "-o", "board.csv"]).status, 2);
    assert_eq!(fs::read_to_string(divert.path("board.csv")).unwrap(), "yesterday");
}

#[cfg(unix)]
#[test]
fn a_device_is_written_as_it_is() {
    let divert = Divert::new();
    let output = divert.run(&["status", "-q", "-o", "/dev/stdout"]);
    output.answers("manchester-memorial\nrockville-general\n");
}

#[test]
fn a_closed_pipe_ends_quietly_with_the_status_that_was_due() {
    let mut registry = REGISTRY.to_owned();
    for town in 0..400 {
        registry.push_str(&format!("[zone.town-{town}]\nname = \"Town {town}\"\nlat = 41.8\nlon = -72.5\n"));
    }
    let divert = Divert::bare().registry(&registry).log(LOG);
    for format in ["table", "csv", "json", "jsonl", "md"] {
        let mut child = divert
            .command(divert.path("").as_path())
            .args(["table", "-F", format])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{format}");
        assert_eq!(output.status.code(), Some(0), "{format}");
    }
}

#[test]
fn nothing_in_a_log_reaches_the_terminal_or_forges_a_row() {
    let log = format!(
        "{}4,2023-08-04T08:00:00-04:00,declare,hartford,,diverting,2023-08-04T08:00:00-04:00,,\"=1+1\n\u{1b}[2J\u{202e}x\",hospital\n",
        LOG.replace("reason", "text").replace("\n2,", "\n3,").replacen("\n3,", "\n2,", 1)
    )
    .replace("\n4,", "\n3,");
    let divert = Divert::bare().registry(REGISTRY).log(&log);
    for format in ["table", "csv", "tsv", "json", "jsonl", "md"] {
        let output = divert.run(&["status", "-F", format]);
        assert_eq!(output.status, 0, "{output:#?}");
        assert!(!output.stdout.contains(['\u{1b}', '\u{202e}']), "{format}: {}", output.stdout);
    }
    let rows = divert.run(&["status", "-F", "csv", "--no-headers"]).stdout;
    assert_eq!(rows.lines().count(), 3, "{rows}");
}

#[test]
fn colour_and_ascii_are_as_asked_for() {
    let divert = Divert::new();
    assert!(!divert.run(&["status"]).stdout.contains('\u{1b}'));
    assert!(divert.run(&["status", "--color", "always"]).stdout.contains("\u{1b}[1;31m"));
    for command in ["status", "timeline", "table"] {
        let output = divert.run(&[command, "--ascii"]);
        assert!(output.stdout.is_ascii(), "{}", output.stdout);
    }
}

#[test]
fn columns_come_in_the_order_asked_for() {
    let divert = Divert::new();
    divert
        .run(&["status", "-F", "csv", "--columns", "status,facility"])
        .answers("status,facility\nclosed,manchester-memorial\npartial,rockville-general\n");
    divert
        .run(&["status", "--no-headers", "--columns", "facility,status"])
        .answers("manchester-memorial  closed\nrockville-general    partial\n");
}
