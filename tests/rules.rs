//! The literate cases: every fenced block of `tests/rules/*.md` and of `docs/sentences.md` that says what kind of sentence it holds is read, and
//! what comes of it is compared with what the block says.
//!
//! A block is opened by ```` ```declare ````, ```` ```rule ````, ```` ```expect ````, ```` ```time ```` or
//! ```` ```patient ````. Its first lines, up to one that begins with `=` or `error`, are the sentence; `now:` lines
//! before it set the clock. `BLESS=1 cargo test --test rules` writes what came of it into the files, to be read with care.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that can't go on is to stop

mod support;

use std::fmt::Write as _;
use std::path::PathBuf;

use ambulance_diversion::diagnostic::Diagnostic;
use ambulance_diversion::model::{
    Declaration, Expectation, FileId, Origin, PatientSaid, Registry, RuleCondition, Sources, Want,
};
use ambulance_diversion::sentence::{self, Reading, RuleSaid, phrase};

/// Friday, 4 August 2023, 09:00 in Manchester, Connecticut.
const NOW: &str = "2023-08-04 09:00-04:00";

/// The kinds of blocks that are cases.
const KINDS: [&str; 5] = ["declare", "rule", "expect", "patient", "time"];

fn file() -> FileId {
    Sources::default().add("sentence", "")
}

fn shown(error: &Diagnostic, sentence: &str) -> String {
    let mut text = format!("error[{}]: {}\n", error.code.as_str(), error.message);
    for label in &error.labels {
        let before = sentence.get(..label.span.start).unwrap_or(sentence).chars().count();
        let marked = sentence.get(label.span.clone()).unwrap_or("").chars().count().max(1);
        let _ = writeln!(text, "  {sentence}");
        let line = format!("  {}{} {}", " ".repeat(before), "^".repeat(marked), label.text);
        let _ = writeln!(text, "{}", line.trim_end());
    }
    for help in &error.help {
        let _ = writeln!(text, "  help: {help}");
    }
    text
}

fn declarations(all: &[Declaration], registry: &Registry) -> String {
    all.iter().fold(String::new(), |mut text, one| {
        let _ = writeln!(text, "= {}", phrase::declaration(one, registry));
        let same = |text: &str| one.reason.as_deref() == Some(text);
        if let (Some(reason), Some(said)) = (&one.reason, &one.text)
            && !same(said)
        {
            let _ = writeln!(text, "  reason: {reason}");
        }
        text
    })
}

fn rule(said: &RuleSaid, registry: &Registry) -> String {
    let names: Vec<&str> = said.subjects.iter().map(|id| registry.facilities[*id].key.as_str()).collect();
    let condition = match said.condition {
        RuleCondition::Effect(effect) => format!("{} or worse", effect.as_str()),
        RuleCondition::Type(status) => registry.statuses[status].key.clone(),
        RuleCondition::Down(service) => format!("{} down", registry.services[service].key),
    };
    let scope = said
        .scope
        .as_ref()
        .map(|scope| format!(" for {}", phrase::scope(scope, registry)))
        .unwrap_or_default();
    format!(
        "= each of {}: {condition}{scope}: to {}\n",
        names.join(", "),
        phrase::route(&said.route, registry)
    )
}

fn patient(said: &PatientSaid, registry: &Registry) -> String {
    let mut words: Vec<String> = said.needs.iter().map(|need| registry.needs[*need].key.clone()).collect();
    words.extend(said.priority.map(|priority| format!("priority {}", priority.number())));
    words.extend(said.care.map(|care| care.as_str().to_owned()));
    words.extend(said.age.map(|age| age.as_str().to_owned()));
    words.extend(said.extremis.then(|| "extremis".to_owned()));
    words.extend(said.transfer.then(|| "transfer".to_owned()));
    format!("= {}\n", words.join(" · "))
}

fn expectation(said: &Expectation, registry: &Registry) -> String {
    let needs: Vec<&str> = said.patient.needs.iter().map(|need| registry.needs[*need].key.as_str()).collect();
    let origin = match said.origin {
        Origin::Zone(zone) => format!("zone {}", registry.zones[zone].key),
        Origin::Facility(facility) => format!("facility {}", registry.facilities[facility].key),
        Origin::Point(point) => format!("{}, {}", point.lat, point.lon),
    };
    let want = match said.want {
        Want::Goes(facility) => format!("routed to {}", registry.facilities[facility].key),
        Want::Forced(facility) => format!("forced to {}", registry.facilities[facility].key),
        Want::NoDestination => "none".to_owned(),
        Want::Consults => "consult".to_owned(),
    };
    format!(
        "= {}, priority {}, {}, {} from {origin}: {want}\n",
        needs.join(" and "),
        said.patient.priority.number(),
        said.patient.care.as_str(),
        said.patient.age.as_str()
    )
}

/// What comes of a sentence of this kind.
fn outcome(kind: &str, sentence: &str, now: &str, registry: &Registry) -> String {
    let file = file();
    let zone = registry.timezone;
    let epoch = ambulance_diversion::model::Instant::from_seconds(0);
    let now = sentence::time(now, file, epoch, zone)
        .unwrap_or_else(|error| panic!("the clock of a case: {error:?}"));
    let came = match kind {
        "declare" => sentence::statement(sentence, file, registry, Reading { now, zone: None }).map(|all| {
            for one in &all {
                let text = phrase::declaration(one, registry);
                let again = sentence::statement(&text, file, registry, Reading { now: epoch, zone: None });
                assert_eq!(
                    again.as_deref(),
                    Ok(std::slice::from_ref(one)),
                    "the canonical form of {sentence}: {text}"
                );
            }
            declarations(&all, registry)
        }),
        "rule" => sentence::rule(sentence, file, registry).map(|said| rule(&said, registry)),
        "expect" => sentence::expectation(sentence, file, registry).map(|said| expectation(&said, registry)),
        "patient" => sentence::patient_words(sentence, file, registry).map(|said| patient(&said, registry)),
        "time" => {
            sentence::time(sentence, file, now, zone).map(|at| format!("= {}\n", phrase::clock(at, zone)))
        }
        other => panic!("no kind of sentence is called {other}"),
    };
    came.unwrap_or_else(|error| shown(&error, sentence))
}

/// The whole file with every block's outcome as it is, and how many cases it has, and how many of them are refused.
fn replayed(text: &str, registry: &Registry, count: &mut (usize, usize)) -> String {
    let mut out = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let _ = writeln!(out, "{line}");
        let Some(kind) = line.strip_prefix("```").filter(|kind| KINDS.contains(kind)) else { continue };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let mut now = NOW;
        for line in block {
            if let Some(clock) = line.strip_prefix("now: ") {
                now = clock;
                let _ = writeln!(out, "{line}");
            } else if !line.is_empty() && !line.starts_with(['=', ' ']) && !line.starts_with("error[") {
                let came = outcome(kind, line, now, registry);
                count.0 += 1;
                count.1 += usize::from(came.starts_with("error"));
                let _ = write!(out, "{line}\n{came}");
            } else if line.is_empty() {
                out.push('\n');
            }
        }
        out.push_str("```\n");
    }
    out
}

#[test]
fn sentences_mean_what_the_cases_say() {
    let registry = support::prospect();
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/rules");
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.push(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/sentences.md"));
    paths.sort();
    let mut count = (0, 0);
    let mut differing = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let is = replayed(&text, &registry, &mut count);
        if is != text {
            let first = text.lines().zip(is.lines()).find(|(was, is)| was != is);
            differing.push(format!("{}: {first:?}", path.display()));
            #[allow(clippy::disallowed_methods)] // a test may ask its environment
            if std::env::var_os("BLESS").is_some() {
                std::fs::write(&path, is).unwrap();
            }
        }
    }
    assert!(differing.is_empty(), "expected and found:\n{}", differing.join("\n"));
    assert!(count.0 >= 60 && count.1 * 3 >= count.0, "{} cases, {} of them wrong: too few", count.0, count.1);
}
