//! `divert help`: a command, the catalogue, the ready-made policies, the schema of an answer, the manual, completions.
//!
//! Floor 6. Reads no registry and no log: help is there when nothing else is.

use std::fmt::Write as _;

use clap::{CommandFactory, ValueEnum};
use clap_complete::Shell;
use clap_mangen::Man;

use crate::foresight::{announce, cascade, each, plan};
use crate::load;
use crate::render::{schema, to_pretty};
use crate::report::period::Calendar;
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
    /// What they have where it is asked for.
    asked: fn() -> Vec<Column>,
    /// Of what they have one.
    one_of: fn() -> Vec<Column>,
}

const fn answer(
    name: &'static str,
    facts: fn() -> Vec<(&'static str, Kind)>,
    columns: fn() -> Vec<Column>,
) -> Answer {
    Answer { name, facts, columns, asked: Vec::new, one_of: Vec::new }
}

impl Answer {
    const fn asked(self, asked: fn() -> Vec<Column>) -> Self {
        Self { asked, ..self }
    }
    const fn one_of(self, one_of: fn() -> Vec<Column>) -> Self {
        Self { one_of, ..self }
    }
    fn rows(&self) -> schema::Rows {
        schema::Rows { always: (self.columns)(), asked: (self.asked)(), one_of: (self.one_of)() }
    }
}

/// What `--by day` puts first in the rows of a report.
fn by_period() -> Vec<Column> {
    hours::period(Some(Calendar::Day)).into_iter().collect()
}

/// Whose hours rows are, as `--by` says.
fn groups() -> Vec<Column> {
    hours::Grouping::ALL.map(hours::Grouping::column).into()
}

/// Every answer, in the order in which the commands are listed.
const ANSWERS: &[Answer] = &[
    answer("status", status::facts, status::columns),
    answer("table", Vec::new, table::columns),
    answer("route", Vec::new, route::columns),
    answer("batch", Vec::new, route::batch_columns),
    answer("timeline", strain::facts, timeline::columns),
    answer("log", Vec::new, journal::columns),
    answer("changes", Vec::new, transitions::columns),
    answer("verify", Vec::new, super::log::verdict_columns),
    answer("import", Vec::new, journal::columns),
    answer("declare", Vec::new, journal::columns),
    answer("confirm", Vec::new, journal::columns),
    answer("census", Vec::new, journal::columns),
    answer("assign", || vec![("event", Kind::Integer.or_null())], route::columns),
    answer("retract", Vec::new, journal::columns),
    answer("report-hours", hours::facts, hours::measured).asked(by_period).one_of(groups),
    answer("report-episodes", hours::facts, || episodes::columns(None)).asked(by_period),
    answer("report-concurrency", concurrency::facts, || concurrency::columns(None)).asked(by_period),
    answer("report-targets", hours::facts, targets::columns),
    answer("report-diverted", diverted::facts, || diverted::columns(None)).asked(by_period),
    answer("report-freshness", Vec::new, freshness::columns),
    answer("plan", plan::facts, plan::columns),
    answer("each", each::facts, each::columns),
    answer("cascade", cascade::facts, cascade::columns),
    answer("moves", Vec::new, each::move_columns),
    answer("announce", Vec::new, announce::columns),
    answer("geojson", Vec::new, places::columns),
    answer("ical", Vec::new, calendar::columns),
    answer("check", Vec::new, check::columns),
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
        ["man"] => man(Args::command()),
        ["man", name] => man(subcommand(name)?),
        ["completions"] => {
            Ok(Shell::value_variants().iter().fold(String::new(), |names, shell| format!("{names}{shell}\n")))
        }
        ["completions", shell] => completions(shell),
        [topic] => Ok(of_command(&mut subcommand(topic)?)),
        [_, topic, ..] => Err(unknown(topic, &Args::command())),
    }
}

fn subcommand(name: &str) -> Result<clap::Command, Failure> {
    let mut command = Args::command();
    command.build();
    command.find_subcommand(name).cloned().ok_or_else(|| unknown(name, &command))
}

/// The page of `man`, as roff.
fn man(command: clap::Command) -> Result<String, Failure> {
    let mut page = Vec::new();
    Man::new(command)
        .source(Args::command().render_version().trim())
        .render(&mut page)
        .map_err(|error| Failure::Output { name: "the manual".to_owned(), error: error.into() })?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

/// What a shell reads to complete a line.
fn completions(shell: &str) -> Result<String, Failure> {
    let shell = Shell::from_str(shell, true).map_err(|_| Failure::UnknownTopic {
        topic: shell.to_owned(),
        topics: Shell::value_variants().iter().map(Shell::to_string).collect(),
    })?;
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "divert", &mut script);
    Ok(String::from_utf8_lossy(&script).into_owned())
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
    to_pretty(&schema::schema(answer.name, &(answer.facts)(), &answer.rows()))
        .map_err(|error| Failure::Output { name: format!("the schema of `{name}`"), error: error.into() })
}

fn unknown(topic: &str, command: &clap::Command) -> Failure {
    let commands = command.get_subcommands().map(clap::Command::get_name).filter(|name| *name != "help");
    let topics = commands
        .chain(["catalogue", "policies", "schema", "man", "completions"])
        .map(str::to_owned)
        .collect();
    Failure::UnknownTopic { topic: topic.to_owned(), topics }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheet::View;

    const BOARD: &[Answer] =
        &[answer("board", Vec::new, || vec![Column::new("facility", "facility", Kind::Text, View::All)])];

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
    fn the_manual_and_the_completions_know_every_command_and_its_options() {
        let manual = text(&["man"], &[]).unwrap();
        for command in Args::command().get_subcommands() {
            let name = command.get_name();
            assert!(manual.contains(&format!("divert\\-{name}(1)")), "{name}: {manual}");
            let page = text(&["man", name], &[]).unwrap();
            assert!(
                page.contains(&format!(".TH divert-{name} 1  \"divert ")) && page.contains("Examples:"),
                "{page}"
            );
        }
        assert!(text(&["man", "route"], &[]).unwrap().contains("\\-\\-explain"));
        for shell in text(&["completions"], &[]).unwrap().lines() {
            let script = text(&["completions", shell], &[]).unwrap();
            assert!(script.contains("retract") && script.contains("known-at"), "{shell}: {script}");
        }
        assert!(matches!(text(&["completions", "cmd"], &[]), Err(Failure::UnknownTopic { .. })));
    }

    #[test]
    fn an_unknown_topic_names_the_known_ones() {
        let failure = text(&["rout"], &[]).unwrap_err();
        assert_eq!(failure.hints()[0], "did you mean `route`?");
        assert!(failure.hints()[1].ends_with("catalogue, policies, schema, man, completions"));
    }
}
