//! The house stands on its floors: an arrow between rooms may only point down.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that can't go on is to stop

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms from the ground up, and which rooms each may know.
const ROOMS: &[(&str, &[&str])] = &[
    // A diagnostic points at places; a place is part of the model.
    ("model", &[]),
    ("diagnostic", &["model"]),
    ("sentence", &["model", "diagnostic"]),
    ("state", &["model", "diagnostic", "sentence"]),
    ("routing", &["model", "diagnostic", "sentence", "state"]),
    // What every answer is: below the rooms that answer.
    ("sheet", &["model", "sentence", "state"]),
    ("report", &["model", "diagnostic", "sentence", "state", "routing", "sheet"]),
    ("foresight", &["model", "diagnostic", "sentence", "state", "routing", "sheet"]),
    ("load", &["model", "diagnostic", "sentence"]),
    ("log", &["model", "diagnostic", "sentence"]),
    ("exchange", &["model", "diagnostic", "sentence"]),
    ("render", &["model", "diagnostic", "sheet", "report", "foresight"]),
    (
        "cli",
        &[
            "model",
            "diagnostic",
            "sentence",
            "state",
            "routing",
            "report",
            "load",
            "log",
            "exchange",
            "sheet",
            "report",
            "foresight",
            "load",
            "log",
            "render",
        ],
    ),
];

fn rust_files(dir: &Path, into: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            rust_files(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

/// The words that follow `crate::` in a file, comments and tests aside.
fn rooms_named(text: &str) -> Vec<(usize, String)> {
    let mut named = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim_start() == "#[cfg(test)]" {
            break;
        }
        let code = line.split("//").next().unwrap_or_default();
        for part in code.split("crate::").skip(1) {
            let group: Vec<&str> = match part.strip_prefix('{') {
                Some(group) => group.split(',').collect(),
                None => vec![part],
            };
            for name in group {
                let name: String =
                    name.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                named.push((index + 1, name));
            }
        }
    }
    named
}

#[test]
fn every_arrow_points_down() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    let mut upward = Vec::new();
    let mut looked_at = 0;
    for file in files {
        let inside = file.strip_prefix(&src).unwrap();
        let room = inside.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs");
        if room == "lib" || room == "main" {
            continue;
        }
        let (_, below) = ROOMS.iter().find(|(name, _)| *name == room).unwrap_or_else(|| {
            panic!("`{room}` is no room of the house: add it to ROOMS with what it may know")
        });
        looked_at += 1;
        for (line, named) in rooms_named(&fs::read_to_string(&file).unwrap()) {
            let is_room = ROOMS.iter().any(|(name, _)| *name == named);
            if is_room && named != room && !below.contains(&named.as_str()) {
                upward.push(format!("{}:{line}: `{room}` may not know `{named}`", inside.display()));
            }
        }
    }
    assert!(looked_at > 20, "only {looked_at} files: is src where it was?");
    assert!(upward.is_empty(), "{}", upward.join("\n"));
}

#[test]
fn an_upward_arrow_would_be_found() {
    assert_eq!(rooms_named("use crate::cli::ui; // crate::load"), [(1, "cli".to_owned())]);
    assert_eq!(rooms_named("fn f() { crate::report::x() }\n#[cfg(test)]\nuse crate::load;").len(), 1);
}

#[test]
fn only_the_command_line_reads_clock_and_environment() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    for file in files {
        let inside = file.strip_prefix(&src).unwrap().to_str().unwrap().to_owned();
        if inside == "cli/context.rs" {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        for banned in ["Utc::now", "Local::now", "SystemTime::now", "env::var", "Instant::now"] {
            assert!(
                !text.contains(banned),
                "{inside} says `{banned}`: the clock and the environment are arguments"
            );
        }
    }
}
