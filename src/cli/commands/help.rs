//! `divert help`: a command, the catalogue, the ready-made policies, the schema of an answer.
//!
//! Floor 6. Reads no registry and no log: help is there when nothing else is.

use std::fmt::Write as _;

use clap::CommandFactory;

use crate::foresight::{announce, cascade, each, plan};
use crate::load;
use crate::render::{schema, to_pretty};
use crate::report::{
    calendar, check, concurrency, diverted, episodes, freshness, hours, journal, places, route, status,
    strain, table, targets, timeline, transitions,
};
use crate::sheet::{Column, Kind};

use super::super::args::{Args, HelpArgs};
use super::super::error::{Exit, Failure};
use super::Session;

/// An answer whose schema can be printed.
struct Answer {
    /// The command that gives it.
    name: &'static str,
    /// What its envelope has beside its rows.
    facts: fn() -> Vec<(&'static str, Kind)>,
    /// What its rows have.
    columns: fn() -> Vec<Column>,
}

/// Every answer, in the order in which the commands are listed.
const ANSWERS: &[Answer] = &[
    Answer { name: "status", facts: status::facts, columns: status::columns },
    Answer { name: "table", facts: Vec::new, columns: table::columns },
    Answer { name: "route", facts: Vec::new, columns: route::columns },
    Answer { name: "batch", facts: Vec::new, columns: route::batch_columns },
    Answer { name: "timeline", facts: strain::facts, columns: timeline::columns },
    Answer { name: "log", facts: Vec::new, columns: journal::columns },
    Answer { name: "changes", facts: Vec::new, columns: transitions::columns },
    Answer { name: "verify", facts: Vec::new, columns: super::log::verdict_columns },
    Answer { name: "import", facts: Vec::new, columns: journal::columns },
    Answer { name: "declare", facts: Vec::new, columns: journal::columns },
    Answer { name: "confirm", facts: Vec::new, columns: journal::columns },
    Answer { name: "census", facts: Vec::new, columns: journal::columns },
    Answer { name: "assign", facts: || vec![("event", Kind::Integer.or_null())], columns: route::columns },
    Answer { name: "retract", facts: Vec::new, columns: journal::columns },
    Answer {
        name: "report-hours",
        facts: hours::facts,
        columns: || hours::columns(None, hours::Grouping::Facility),
    },
    Answer { name: "report-episodes", facts: hours::facts, columns: || episodes::columns(None) },
    Answer { name: "report-concurrency", facts: concurrency::facts, columns: || concurrency::columns(None) },
    Answer { name: "report-targets", facts: hours::facts, columns: targets::columns },
    Answer { name: "report-diverted", facts: diverted::facts, columns: || diverted::columns(None) },
    Answer { name: "report-freshness", facts: Vec::new, columns: freshness::columns },
    Answer { name: "plan", facts: plan::facts, columns: plan::columns },
    Answer { name: "each", facts: each::facts, columns: each::columns },
    Answer { name: "cascade", facts: cascade::facts, columns: cascade::columns },
    Answer { name: "moves", facts: Vec::new, columns: each::move_columns },
    Answer { name: "announce", facts: Vec::new, columns: announce::columns },
    Answer { name: "geojson", facts: Vec::new, columns: places::columns },
    Answer { name: "ical", facts: Vec::new, columns: calendar::columns },
    Answer { name: "check", facts: Vec::new, columns: check::columns },
];

pub(super) fn run(args: &HelpArgs, session: &Session<'_>) -> Result<Exit, Failure> {
    let words: Vec<&str> = args.topic.iter().map(String::as_str).collect();
    session.print(&text(&words, ANSWERS)?)?;
    Ok(Exit::Done)
}

fn text(words: &[&str], answers: &[Answer]) -> Result<String, Failure> {
    match words {
        [] => Ok(of_command(&mut Args::command())),
        ["catalogue"] => Ok(load::catalogue_text().to_owned()),
        ["policies"] => Ok(policies()),
        ["policies", id] => of_policy(id),
        ["schema"] => Ok(answers.iter().fold(String::new(), |names, answer| names + answer.name + "\n")),
        ["schema", name] => of_schema(name, answers),
        [topic] => {
            let mut command = Args::command();
            command.build();
            match command.find_subcommand_mut(topic) {
                Some(found) => Ok(of_command(found)),
                None => Err(unknown(topic, &command)),
            }
        }
        [_, topic, ..] => Err(unknown(topic, &Args::command())),
    }
}

fn of_command(command: &mut clap::Command) -> String {
    command.render_long_help().to_string()
}

/// Each ready-made policy: its id, whose it is, and where that is published.
fn policies() -> String {
    let width = load::ready_made().iter().map(|policy| policy.id.len()).max().unwrap_or_default();
    let mut text = String::new();
    for policy in load::ready_made() {
        let _ = writeln!(text, "{:width$}  {}", policy.id, policy.title());
        for source in policy.sources() {
            let _ = writeln!(text, "{:width$}  {source}", "");
        }
    }
    text + "\n`divert help policies ID` prints one; `include = [\"builtin:ID\"]` in a registry takes it\n"
}

fn of_policy(id: &str) -> Result<String, Failure> {
    let found = load::ready_made().iter().find(|policy| policy.id == id);
    found.map(|policy| policy.text.to_owned()).ok_or_else(|| Failure::UnknownTopic {
        topic: id.to_owned(),
        topics: load::ready_made().iter().map(|policy| policy.id.to_owned()).collect(),
    })
}

fn of_schema(name: &str, answers: &[Answer]) -> Result<String, Failure> {
    let names = || answers.iter().map(|answer| answer.name.to_owned()).collect();
    let answer = answers
        .iter()
        .find(|answer| answer.name == name)
        .ok_or_else(|| Failure::UnknownTopic { topic: name.to_owned(), topics: names() })?;
    to_pretty(&schema::schema(answer.name, &(answer.facts)(), &(answer.columns)()))
        .map_err(|error| Failure::Output { name: format!("the schema of `{name}`"), error: error.into() })
}

fn unknown(topic: &str, command: &clap::Command) -> Failure {
    let commands = command.get_subcommands().map(clap::Command::get_name).filter(|name| *name != "help");
    let topics = commands.chain(["catalogue", "policies", "schema"]).map(str::to_owned).collect();
    Failure::UnknownTopic { topic: topic.to_owned(), topics }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheet::View;

    const BOARD: &[Answer] = &[Answer {
        name: "board",
        facts: Vec::new,
        columns: || vec![Column::new("facility", "facility", Kind::Text, View::All)],
    }];

    #[test]
    fn a_schema_is_printed_by_the_name_of_its_answer() {
        assert_eq!(text(&["schema"], BOARD).unwrap(), "board\n");
        assert!(text(&["schema", "board"], BOARD).unwrap().contains("divert.board/1"));
        assert!(matches!(text(&["schema", "bord"], BOARD), Err(Failure::UnknownTopic { .. })));
    }

    #[test]
    fn every_command_has_help_with_an_example() {
        for command in Args::command().get_subcommands() {
            let text = text(&[command.get_name()], &[]).unwrap();
            assert!(text.contains("Examples:"), "{text}");
            assert!(text.contains("Usage: divert"), "{text}");
        }
    }

    #[test]
    fn an_unknown_topic_names_the_known_ones() {
        let failure = text(&["rout"], &[]).unwrap_err();
        assert_eq!(failure.hints()[0], "did you mean `route`?");
        assert!(failure.hints()[1].ends_with("catalogue, policies, schema"));
    }
}
