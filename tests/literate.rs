//! Documents that are tests: every `console` block of README, docs, examples and the cases under `tests/` is run, and
//! must print what the document says.
//!
//! A fenced block with a file name after its language (```` ```toml facilities.toml ````) writes that file; a block
//! ```` ```console ```` holds commands after `$ ` and what they print, standard error after standard output. `[exit N]`
//! stands where a command does not end with 0, and a line `...` for any number of lines. Documents with files run in a
//! directory of their own, the others at the top of the repository. With `BLESS=1` in the environment
//! the documents are brought up to date instead; read the difference before you commit it.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that can't go on is to stop
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)] // a test runner has a terminal and an environment

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const FOLDERS: &[&str] = &["", "docs", "examples", "tests/cases", "tests/policies"];

struct Block {
    /// Where its first line stands in the document, counted from 0.
    start: usize,
    /// The line of the closing fence.
    end: usize,
    language: String,
    file: Option<String>,
}

fn blocks(lines: &[&str]) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, String, Option<String>, usize)> = None;
    for (index, line) in lines.iter().enumerate() {
        let ticks = line.chars().take_while(|c| *c == '`').count();
        match &open {
            Some((start, language, file, fence)) if ticks >= *fence && line.trim_end().len() == ticks => {
                blocks.push(Block {
                    start: *start,
                    end: index,
                    language: language.clone(),
                    file: file.clone(),
                });
                open = None;
            }
            None if ticks >= 3 => {
                let mut words = line[ticks..].split_whitespace();
                let language = words.next().unwrap_or_default().to_owned();
                open = Some((index + 1, language, words.next().map(str::to_owned), ticks));
            }
            Some(_) | None => {}
        }
    }
    blocks
}

/// The commands of a console block, each with the lines it must print.
fn commands<'a>(lines: &[&'a str]) -> Vec<(Vec<&'a str>, Vec<&'a str>)> {
    let mut commands: Vec<(Vec<&str>, Vec<&str>)> = Vec::new();
    for line in lines {
        if let Some(command) = line.strip_prefix("$ ") {
            commands.push((vec![command], Vec::new()));
        } else if let Some((command, printed)) = commands.last_mut() {
            if let Some(more) = line.strip_prefix("> ").filter(|_| printed.is_empty()) {
                command.push(more);
            } else {
                printed.push(line);
            }
        }
    }
    commands
}

fn run(command: &str, directory: &Path) -> Vec<String> {
    let program = Path::new(env!("CARGO_BIN_EXE_divert"));
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", program.parent().unwrap().display());
    let command = command.replace("cargo run --release --", "divert");
    let output = Command::new("sh")
        .args(["-c", &command])
        .current_dir(directory)
        .env_clear()
        .env("PATH", path)
        .output()
        .expect("sh runs");
    let mut printed = String::from_utf8_lossy(&output.stdout).into_owned();
    printed.push_str(&String::from_utf8_lossy(&output.stderr));
    let mut lines: Vec<String> = printed.lines().map(|line| line.trim_end().to_owned()).collect();
    match output.status.code() {
        Some(0) => {}
        Some(code) => lines.push(format!("[exit {code}]")),
        None => lines.push("[killed]".to_owned()),
    }
    lines
}

/// Whether what was printed is what the document says, `...` standing for any lines.
fn matches(wanted: &[&str], printed: &[String]) -> bool {
    match wanted.split_first() {
        None => printed.is_empty(),
        Some((&"...", rest)) => (0..=printed.len()).any(|skipped| matches(rest, &printed[skipped..])),
        Some((first, rest)) => {
            printed.first().is_some_and(|line| line == first.trim_end()) && matches(rest, &printed[1..])
        }
    }
}

/// A command that needs a program which is not here is skipped, and says so.
fn absent_tool(command: &str) -> Option<&'static str> {
    ["jq", "duckdb", "mlr", "sqlite3"].into_iter().find(|tool| {
        command.split(|c: char| !c.is_alphanumeric()).any(|word| word == *tool)
            && !Command::new("sh")
                .args(["-c", &format!("command -v {tool}")])
                .output()
                .is_ok_and(|output| output.status.success())
    })
}

fn documents() -> Vec<PathBuf> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in FOLDERS {
        let Ok(entries) = fs::read_dir(top.join(folder)) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path);
            } else if *folder == "examples" && path.join("README.md").is_file() {
                found.push(path.join("README.md"));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn every_document_says_what_the_program_prints() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let rewrite = std::env::var_os("BLESS").is_some();
    let mut wrong = Vec::new();
    let mut ran = 0;
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let blocks = blocks(&lines);
        let own = blocks.iter().any(|block| block.file.is_some()).then(|| tempfile::tempdir().unwrap());
        let directory = own.as_ref().map_or(top, |own| own.path());
        let name = document.strip_prefix(top).unwrap().display().to_string();
        let mut rewritten: Vec<String> = Vec::new();
        let mut copied = 0;
        for block in &blocks {
            let body = &lines[block.start..block.end];
            if let Some(file) = &block.file {
                let path = directory.join(file);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, body.join("\n") + "\n").unwrap();
            }
            if block.language != "console" {
                continue;
            }
            rewritten.extend(lines[copied..block.start].iter().map(|line| (*line).to_owned()));
            copied = block.end;
            for (command, wanted) in commands(body) {
                rewritten.extend(
                    command
                        .iter()
                        .enumerate()
                        .map(|(index, line)| format!("{}{line}", if index == 0 { "$ " } else { "> " })),
                );
                let command = command.join("\n");
                if let Some(tool) = absent_tool(&command) {
                    eprintln!("skipped, no {tool} here: {name}: {command}");
                    rewritten.extend(wanted.iter().map(|line| (*line).to_owned()));
                    continue;
                }
                let printed = run(&command, directory);
                ran += 1;
                if matches(&wanted, &printed) {
                    rewritten.extend(wanted.iter().map(|line| (*line).to_owned()));
                } else {
                    wrong.push(format!(
                        "{name}: $ {command}\n  wanted:\n{}\n  printed:\n{}",
                        wanted.join("\n"),
                        printed.join("\n")
                    ));
                    rewritten.extend(printed);
                }
            }
        }
        rewritten.extend(lines[copied..].iter().map(|line| (*line).to_owned()));
        if rewrite {
            fs::write(&document, rewritten.join("\n") + "\n").unwrap();
        }
    }
    assert!(ran > 0, "no document has a command");
    assert!(wrong.is_empty() || rewrite, "{} of {ran} commands:\n\n{}", wrong.len(), wrong.join("\n\n"));
}

#[test]
fn dots_stand_for_any_lines() {
    let printed: Vec<String> = ["a", "b", "c"].map(str::to_owned).to_vec();
    assert!(matches(&["a", "...", "c"], &printed));
    assert!(matches(&["..."], &printed));
    assert!(!matches(&["a", "c"], &printed));
    assert!(!matches(&["a", "...", "d"], &printed));
}
