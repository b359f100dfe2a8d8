//! Every code of `diagnostic` has a reproducer under `tests/errors/<code>/`: an input, and in `expected.txt` what is said
//! of it. `BLESS=1 cargo test --test errors` writes what is said now; read it before you commit it.
#![allow(clippy::unwrap_used)] // a test that cannot go on stops

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use ambulance_diversion::diagnostic::{Code, Diagnostic};
use ambulance_diversion::exchange::{self, Dialect, Mapping};
use ambulance_diversion::load::{self, Options};
use ambulance_diversion::log::{self, Format};
use ambulance_diversion::model::{Instant, Registry, Sources};
use ambulance_diversion::sentence::{self, Reading};

/// The registry of the cases that are about something else.
const COMMON: &str = "tests/errors/facilities.toml";

/// What is wrong with a case. A directory `registry/` or a file `facilities.toml` is loaded; with a `sentence.txt` or a
/// `log.csv` beside it, that is read; a `board.csv` is the export of a status board.
fn said_of(case: &Path) -> String {
    let mut sources = Sources::default();
    let diagnostics = read(case, &mut sources);
    let mut said = String::new();
    for diagnostic in &diagnostics {
        tell(diagnostic, &sources, &mut said);
    }
    said
}

fn read(case: &Path, sources: &mut Sources) -> Vec<Diagnostic> {
    let own = [case.join("registry"), case.join("facilities.toml")].into_iter().find(|path| path.exists());
    let asides = ["sentence.txt", "log.csv", "log.jsonl", "board.csv"].map(|name| case.join(name));
    let aside = asides.iter().find(|path| path.exists());
    // The case of a registry that is not there has nothing in it.
    let path = match (own, aside) {
        (Some(own), _) => own,
        (None, Some(_)) => PathBuf::from(COMMON),
        (None, None) => case.join("facilities.toml"),
    };
    let loaded = match load::registry(&path, &Options::default(), sources) {
        Ok(loaded) => loaded,
        Err(diagnostics) => return diagnostics,
    };
    let Some(aside) = aside else { return loaded.warnings };
    if aside.ends_with("board.csv") {
        return board(aside, &loaded.registry, sources);
    }
    match Format::of(aside) {
        Some(format) => log::open(aside, format, &loaded.registry, sources).err().unwrap_or_default(),
        None => sentences(aside, &loaded.registry, sources),
    }
}

/// Reads the export of a status board.
fn board(path: &Path, registry: &Registry, sources: &mut Sources) -> Vec<Diagnostic> {
    let text = fs::read_to_string(path).unwrap();
    let file = sources.add(path.display().to_string(), text.as_str());
    let dialect = Dialect::of_header(text.lines().next().unwrap()).unwrap();
    let mapping = Mapping::default();
    let options = exchange::Options { mapping: &mapping, comments: false };
    match exchange::read(&text, file, dialect, registry, options) {
        Ok(board) => board.warnings,
        Err(diagnostics) => diagnostics,
    }
}

/// Reads each line as a statement, on Friday 4 August 2023, 12:00 UTC.
fn sentences(path: &Path, registry: &Registry, sources: &mut Sources) -> Vec<Diagnostic> {
    let text = fs::read_to_string(path).unwrap();
    let file = sources.add(path.display().to_string(), text.as_str());
    let reading = Reading { now: Instant::from_seconds(1_691_150_400), zone: None };
    let mut diagnostics = Vec::new();
    let mut offset = 0;
    for line in text.lines() {
        let read = match line.strip_prefix("? ") {
            Some(expectation) => sentence::expectation(expectation, file, registry).err(),
            None if line.starts_with("when ") => sentence::rule(line, file, registry).err(),
            None => sentence::statement(line, file, registry, reading).err(),
        };
        let begin = offset + if line.starts_with("? ") { 2 } else { 0 };
        diagnostics.extend(read.map(|diagnostic| diagnostic.within(file, begin)));
        offset += line.len() + 1;
    }
    diagnostics
}

/// `code file:line:column: message`, then the other places and the help, a line each.
fn tell(diagnostic: &Diagnostic, sources: &Sources, said: &mut String) {
    let mut places = diagnostic.labels.iter().map(|label| {
        let place = sources.place(label.file, &label.span);
        let place = format!("{}:{}:{}", place.file, place.line, place.column);
        let marked = sources.get(label.file).text.get(label.span.clone()).unwrap_or_default();
        (place, marked.to_owned(), label.text.as_str())
    });
    match places.next() {
        Some((place, marked, text)) => {
            writeln!(said, "{} {place}: {}", diagnostic.code.as_str(), diagnostic.message).unwrap();
            writeln!(said, "  ^ {}", [marked.as_str(), text].join(" ").trim()).unwrap();
        }
        None => writeln!(said, "{}: {}", diagnostic.code.as_str(), diagnostic.message).unwrap(),
    }
    for (place, marked, text) in places {
        writeln!(said, "  {place}: {text}: {marked}").unwrap();
    }
    for help in &diagnostic.help {
        writeln!(said, "  help: {help}").unwrap();
    }
}

fn cases() -> Vec<PathBuf> {
    let entries = fs::read_dir("tests/errors").unwrap();
    let mut cases: Vec<PathBuf> =
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    cases.sort();
    cases
}

#[test]
#[allow(clippy::disallowed_methods)] // a test may read the environment; the program may not
fn every_case_says_what_is_expected() {
    let bless = std::env::var_os("BLESS").is_some();
    let mut differing = Vec::new();
    for case in cases() {
        let said = said_of(&case).replace('\\', "/");
        let expected = case.join("expected.txt");
        if bless {
            fs::write(&expected, &said).unwrap();
        } else if fs::read_to_string(&expected).unwrap_or_default() != said {
            differing.push(format!("{}\n{said}", case.display()));
        }
    }
    assert!(differing.is_empty(), "these cases say something else now:\n\n{}", differing.join("\n"));
}

#[test]
fn every_code_has_a_reproducer() {
    for code in Code::ALL {
        let case = Path::new("tests/errors").join(code.as_str());
        assert!(case.is_dir(), "{} is missing", case.display());
        let said = said_of(&case);
        let first = said.split([' ', ':']).next();
        assert_eq!(first, Some(code.as_str()), "what {} says first", case.display());
    }
}

#[test]
fn ten_mistakes_are_ten_diagnostics() {
    let said = said_of(Path::new("tests/errors/ten-mistakes"));
    assert_eq!(said.lines().filter(|line| !line.starts_with(' ')).count(), 10, "{said}");
}

#[test]
fn the_common_registry_is_clean() {
    let mut sources = Sources::default();
    let loaded = load::registry(Path::new(COMMON), &Options::default(), &mut sources);
    assert_eq!(loaded.map(|loaded| loaded.warnings), Ok(Vec::new()));
}
