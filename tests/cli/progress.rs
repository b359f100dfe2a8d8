//! What a terminal is sent: on standard error while a long log or a long stream is read, and by a board on the whole screen.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::tcgetattr;

use super::harness::{Divert, LOG, REGISTRY};

/// A terminal: our end of it, and that of a program.
fn terminal() -> (File, File) {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let name = ptsname(&ours, Vec::new()).unwrap();
    let name = std::ffi::OsStr::from_bytes(name.to_bytes());
    (File::from(ours), OpenOptions::new().read(true).write(true).open(name).unwrap())
}

/// Runs it with a terminal as standard error and, a little over a second after the first half, the second half (if it is
/// to have one) on standard input. What was answered, and what the terminal was sent.
fn at_a_terminal(divert: &Divert, args: &[&str], halves: [&str; 2]) -> (String, String) {
    let (ours, theirs) = terminal();
    let mut command = divert.command(divert.path("facilities.toml").parent().unwrap());
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(theirs);
    let mut child = command.spawn().unwrap();
    drop(command); // and with it our end of their terminal, which ends when the program does
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(halves[0].as_bytes()).unwrap();
    if !halves[1].is_empty() {
        sleep(Duration::from_millis(1200));
        stdin.write_all(halves[1].as_bytes()).unwrap();
    }
    drop(stdin);
    let answer = child.wait_with_output().unwrap();
    assert!(answer.status.success(), "{answer:?}");
    let mut shown = Vec::new();
    let mut terminal = ours;
    let mut some = [0; 4096];
    // A terminal that nobody writes to any more gives an error rather than an end.
    while let Ok(read @ 1..) = terminal.read(&mut some) {
        shown.extend_from_slice(&some[..read]);
    }
    (String::from_utf8(answer.stdout).unwrap(), String::from_utf8(shown).unwrap())
}

fn log_in_halves() -> [&'static str; 2] {
    let middle = LOG.find("2,2023").unwrap();
    [&LOG[..middle], &LOG[middle..]]
}

#[test]
fn a_log_that_takes_over_a_second_says_how_far_it_is_and_takes_the_line_away() {
    let divert = Divert::bare().registry(REGISTRY);
    let (answer, shown) = at_a_terminal(&divert, &["--log", "-", "status", "-F", "csv"], log_in_halves());
    assert!(answer.contains("Manchester Memorial Hospital,echn,connecticut,closed"), "{answer}");
    let line = "reading the log: 1 MB";
    assert_eq!(shown, format!("\r{line}\r{}\r", " ".repeat(line.len())));
}

#[test]
fn whoever_wants_ids_only_is_told_nothing() {
    let divert = Divert::bare().registry(REGISTRY);
    let (answer, shown) = at_a_terminal(&divert, &["--log", "-", "status", "-q"], log_in_halves());
    assert!(answer.contains("manchester-memorial"), "{answer}");
    assert_eq!(shown, "");
}

#[test]
fn a_store_that_is_read_and_written_at_once_is_what_it_is_and_nothing_is_said() {
    let divert = Divert::bare().registry(REGISTRY);
    let (said, shown) = at_a_terminal(&divert, &["declare", "Hartford Hospital closed"], [""; 2]);
    assert!(said.contains("Hartford Hospital"), "{said}");
    assert_eq!(shown, "");
    let (answer, shown) = at_a_terminal(&divert, &["status", "-q"], [""; 2]);
    assert_eq!((answer.as_str(), shown.as_str()), ("hartford\n", ""));
    let (verdict, shown) = at_a_terminal(&divert, &["log", "verify"], [""; 2]);
    assert!(verdict.starts_with("1 event, and the chain holds"), "{verdict}");
    assert_eq!(shown, "");
}

#[test]
fn a_stream_of_patients_says_how_many_are_answered() {
    let divert = Divert::new();
    let halves = ["from,need\nvernon,general\n", "manchester,general\nvernon,stroke\n"];
    let (answer, shown) = at_a_terminal(&divert, &["route", "--batch", "-", "-F", "csv"], halves);
    assert_eq!(answer.lines().count(), 4, "{answer}");
    let line = "patients answered: 3";
    assert_eq!(shown, format!("\r{line}\r{}\r", " ".repeat(line.len())));
}

#[test]
fn a_board_on_the_whole_screen_gives_the_terminal_back_also_where_it_is_told_to_end() {
    for told in [Signal::TERM, Signal::INT] {
        let divert = Divert::bare().registry(REGISTRY);
        std::fs::write(divert.path("log.csv"), LOG).unwrap();
        let (mut ours, theirs) = terminal();
        let before = format!("{:?}", tcgetattr(&ours).unwrap());
        let mut command = divert.command(divert.path("facilities.toml").parent().unwrap());
        command.args(["--log", "log.csv", "status", "--follow"]);
        command.stdin(theirs.try_clone().unwrap()).stdout(theirs.try_clone().unwrap()).stderr(theirs);
        let mut child = command.spawn().unwrap();
        drop(command);
        let mut shown = String::new();
        let mut some = [0; 4096];
        while !shown.ends_with("q quits") {
            let read = ours.read(&mut some).unwrap();
            shown.push_str(&String::from_utf8_lossy(&some[..read]));
        }
        assert!(shown.starts_with("\u{1b}[?1049h"), "{shown:?}");
        assert_ne!(format!("{:?}", tcgetattr(&ours).unwrap()), before);
        kill_process(Pid::from_child(&child), told).unwrap();
        let ended = child.wait().unwrap();
        assert!(ended.success(), "{ended}");
        assert_eq!(format!("{:?}", tcgetattr(&ours).unwrap()), before);
        let read = ours.read(&mut some).unwrap();
        assert!(some[..read].ends_with(b"\x1b[?25h\x1b[?1049l"));
    }
}
