//! What went wrong, which exit status that is, and what to do about it.
//!
//! Floor 6. Kinds are data; their wording is `Display`, and hints are added here and nowhere else.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::diagnostic::{Diagnostic, list_or};
use crate::log::{Format, LogError, NotAHead};
use crate::render::UnknownColumn;

/// How the program ends. A contract: scripts depend on the numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// 0: done.
    Done,
    /// 1: the answer is no: no destination, a check with findings, forced under `--strict`.
    No,
    /// 2: the command or a file is wrong; nothing was written.
    Wrong,
    /// 3: refused by policy.
    Refused,
    /// 4: the log cannot be read or written.
    Log,
    /// 5: somebody is to be asked.
    Consult,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::No => 1,
            Exit::Wrong => 2,
            Exit::Refused => 3,
            Exit::Log => 4,
            Exit::Consult => 5,
        })
    }
}

/// Why there is no answer.
#[derive(thiserror::Error, Debug)]
pub enum Failure {
    /// The registry has errors, or is not there.
    #[error("the registry cannot be used")]
    Registry(Vec<Diagnostic>),
    /// A sentence or a time on the command line can't be read.
    #[error("the command cannot be read")]
    Said(Vec<Diagnostic>),
    /// A time zone that there is not.
    #[error("there is no time zone `{name}`")]
    UnknownZone {
        /// As typed.
        name: String,
        /// What was probably meant.
        closest: Option<&'static str>,
    },
    /// A name for which the registry has nothing.
    #[error("the registry has no {kind} `{name}`")]
    UnknownName {
        /// What was looked for: `facility`, `zone`…
        kind: &'static str,
        /// As typed.
        name: String,
        /// What was probably meant.
        closest: Option<String>,
    },
    /// A name, or the beginning of an id, that stands for several.
    #[error("`{name}` stands for several: {}", list_or(candidates.iter().map(String::as_str)))]
    AmbiguousName {
        /// As typed.
        name: String,
        /// Their ids, in order.
        candidates: Vec<String>,
    },
    /// Coordinates that are on no map.
    #[error("`{name}` is no point: latitudes go from -90 to 90, longitudes from -180 to 180")]
    NoPoint {
        /// As typed.
        name: String,
    },
    /// An event that the log does not have.
    #[error("the log has no event {number}")]
    NoEvent {
        /// As typed.
        number: u64,
        /// The number of the last event; 0 where there is none.
        last: u64,
    },
    /// What `--each` does not know.
    #[error("`{0}` is nothing that can be lost one at a time")]
    UnknownLoss(String),
    /// An event that says nothing of any facility or region.
    #[error("event {0} says nothing that could be announced")]
    NothingToSay(u64),
    /// A template that can't be read or filled in.
    #[error("the template `{}` cannot be used: {error}", path.display())]
    Template {
        /// The file.
        path: PathBuf,
        /// Why.
        error: String,
    },
    /// A time span that ends before it begins.
    #[error("`--until` is not after `--since`")]
    EmptySpan,
    /// A report that is cut or grouped in two ways at once.
    #[error("`--by` takes one of day, week and month, and one of network, region and reason")]
    TwiceBy,
    /// A report that is not cut, grouped or narrowed in that way.
    #[error("`report {report}` takes no {option}")]
    NotThere {
        /// Which report.
        report: &'static str,
        /// What was asked for.
        option: String,
    },
    /// A board has names that no facility has.
    #[error("no facility is called {}", .0.join(", "))]
    Unmatched(Vec<String>),
    /// A word of a board stands for something that there is not.
    #[error("--map {word}: {why}")]
    BadMap {
        /// The word.
        word: String,
        /// What could stand there.
        why: String,
    },
    /// An export can't be read, or has rows that can't.
    #[error("the export cannot be read")]
    Board(Vec<Diagnostic>),
    /// A file can't be read.
    #[error("cannot read {name}: {error}")]
    Input {
        /// The file, in backticks.
        name: String,
        /// Why.
        error: io::Error,
    },
    /// The answer has no such column.
    #[error("the answer has no column `{}`", .0.key)]
    UnknownColumn(UnknownColumn),
    /// Help on something that there is not.
    #[error("there is no help on `{topic}`")]
    UnknownTopic {
        /// As typed.
        topic: String,
        /// What there is help on.
        topics: Vec<String>,
    },
    /// The ending of the output file names no format.
    #[error("the ending of `{}` names no format that this version writes", .0.display())]
    UnknownEnding(PathBuf),
    /// The answer can't be written.
    #[error("cannot write {name}: {error:#}")]
    Output {
        /// The file, in backticks, or a word.
        name: String,
        /// Why.
        error: anyhow::Error,
    },
    /// A command that records was given an option that only means something to one that reads.
    #[error("`{option}` is for commands that only read")]
    OnlyForReading {
        /// The option.
        option: &'static str,
    },
    /// An option that only means something to another command.
    #[error("`{option}` is for `divert {command}`")]
    OnlyFor {
        /// The option.
        option: &'static str,
        /// The command.
        command: &'static str,
    },
    /// A head that is none.
    #[error("`{text}` is no head: {error}")]
    NoHead {
        /// As typed.
        text: String,
        /// What was expected.
        error: NotAHead,
    },
    /// A log without hashes.
    #[error(
        "a log in a .csv or .jsonl file has no chain of hashes, and one that is not there has none either"
    )]
    NoChain,
    /// What is followed can't be written in this format or to a file.
    #[error("what is followed is written line by line")]
    NotByLine,
    /// An option says what the sentence says too.
    #[error("the sentence says what `{option}` says")]
    SaidTwice {
        /// The option.
        option: &'static str,
    },
    /// Nothing is in force that could be confirmed.
    #[error("nothing is in force at {subject}{}", expired.as_ref().map_or_else(String::new, |at| format!(": what was expired {at}, not confirmed")))]
    NothingToConfirm {
        /// Of whom.
        subject: String,
        /// When what was in force ran out.
        expired: Option<String>,
        /// What can be said instead.
        say: String,
    },
    /// An event that is as if it had not been.
    #[error("event {event} is retracted already, by event {by}")]
    Retracted {
        /// Which.
        event: u64,
        /// By which.
        by: u64,
    },
    /// An event that is named more than once.
    #[error("event {event} is named twice")]
    NamedTwice {
        /// Which.
        event: u64,
    },
    /// Nothing that this user recorded stands.
    #[error("no event that `{user}` recorded stands")]
    NoOwnEvent {
        /// The user of the operating system.
        user: String,
    },
    /// Standard input holds no sentence.
    #[error("nothing was said")]
    NothingSaid,
    /// More than one facility, and nobody was asked.
    #[error("nothing was recorded: this is about {} facilities", declared.len())]
    Several {
        /// What would be declared, a sentence each.
        declared: Vec<String>,
    },
    /// Whoever was asked said no.
    #[error("nothing was recorded")]
    Declined,
    /// A log that was named is not there.
    #[error("there is no log `{}`", .0.display())]
    NoLog(PathBuf),
    /// The log's store can't be read.
    #[error("{0}")]
    Store(LogError),
    /// What was said is not in the log.
    #[error("not recorded: {0}")]
    NotRecorded(LogError),
    /// The header of many patients can't be read.
    #[error("the patients cannot be read")]
    Patients(Vec<Diagnostic>),
    /// Answers to many patients can't be written in this format.
    #[error("answers to a stream are written as they come, in csv, tsv or jsonl")]
    NotAsStream,
    /// Standard input was to be the log and the patients.
    #[error("standard input can be read once, and both the log and the patients are to come from it")]
    BothFromInput,
    /// Standard input was to be the log of two registries.
    #[error("standard input can be read once, and two registries are to read the log")]
    ReadTwice,
    /// The log can't be read, or has rows that can't.
    #[error("the log cannot be read")]
    Log(Vec<Diagnostic>),
}

impl Failure {
    /// The status with which the program ends.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Registry(_)
            | Self::Said(_)
            | Self::UnknownZone { .. }
            | Self::UnknownName { .. }
            | Self::AmbiguousName { .. }
            | Self::NoPoint { .. }
            | Self::NoEvent { .. }
            | Self::EmptySpan
            | Self::TwiceBy
            | Self::NotThere { .. }
            | Self::Unmatched(_)
            | Self::BadMap { .. }
            | Self::Input { .. }
            | Self::Board(_)
            | Self::Patients(_)
            | Self::NotAsStream
            | Self::BothFromInput
            | Self::ReadTwice
            | Self::NothingToSay(_)
            | Self::Template { .. }
            | Self::UnknownLoss(_)
            | Self::UnknownColumn(_)
            | Self::UnknownTopic { .. }
            | Self::UnknownEnding(_)
            | Self::OnlyForReading { .. }
            | Self::SaidTwice { .. }
            | Self::OnlyFor { .. }
            | Self::NoHead { .. }
            | Self::NotByLine
            | Self::NothingToConfirm { .. }
            | Self::Retracted { .. }
            | Self::NamedTwice { .. }
            | Self::NoOwnEvent { .. }
            | Self::NothingSaid
            | Self::Several { .. }
            | Self::Declined
            | Self::Output { .. } => Exit::Wrong,
            Self::NoChain | Self::NoLog(_) | Self::Store(_) | Self::NotRecorded(_) | Self::Log(_) => {
                Exit::Log
            }
        }
    }

    /// The places that it is about; where there are none, its own words say it all.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        match self {
            Self::Registry(diagnostics)
            | Self::Said(diagnostics)
            | Self::Log(diagnostics)
            | Self::Patients(diagnostics)
            | Self::Board(diagnostics) => diagnostics,
            Self::UnknownZone { .. }
            | Self::UnknownName { .. }
            | Self::AmbiguousName { .. }
            | Self::NoPoint { .. }
            | Self::NoEvent { .. }
            | Self::EmptySpan
            | Self::TwiceBy
            | Self::NotThere { .. }
            | Self::Unmatched(_)
            | Self::BadMap { .. }
            | Self::Input { .. }
            | Self::NotAsStream
            | Self::BothFromInput
            | Self::ReadTwice
            | Self::NothingToSay(_)
            | Self::Template { .. }
            | Self::UnknownLoss(_)
            | Self::UnknownColumn(_)
            | Self::UnknownTopic { .. }
            | Self::UnknownEnding(_)
            | Self::Output { .. }
            | Self::OnlyForReading { .. }
            | Self::SaidTwice { .. }
            | Self::OnlyFor { .. }
            | Self::NoHead { .. }
            | Self::NotByLine
            | Self::NothingToConfirm { .. }
            | Self::Retracted { .. }
            | Self::NamedTwice { .. }
            | Self::NoOwnEvent { .. }
            | Self::NothingSaid
            | Self::Several { .. }
            | Self::Declined
            | Self::NoChain
            | Self::NoLog(_)
            | Self::Store(_)
            | Self::NotRecorded(_) => &[],
        }
    }

    /// What to do about it, a line each.
    pub fn hints(&self) -> Vec<String> {
        let meant = |closest: Option<&str>| closest.map(|closest| format!("did you mean `{closest}`?"));
        match self {
            // Diagnostics bring their own help.
            Self::Registry(_)
            | Self::Said(_)
            | Self::Log(_)
            | Self::Patients(_)
            | Self::NoPoint { .. }
            | Self::NothingToSay(_)
            | Self::EmptySpan
            | Self::Declined
            | Self::NamedTwice { .. }
            | Self::OnlyFor { .. }
            | Self::NoHead { .. }
            | Self::NoChain
            | Self::TwiceBy
            | Self::NotThere { .. }
            | Self::BadMap { .. }
            | Self::Input { .. }
            | Self::Board(_)
            | Self::Output { .. } => Vec::new(),
            Self::NotByLine => vec!["leave --output out, and write the table, csv, tsv or jsonl".to_owned()],
            Self::NothingToConfirm { say, .. } => vec![format!("say what is so: {say}")],
            Self::NoOwnEvent { .. } => {
                vec!["`divert log` shows the numbers of events".to_owned()]
            }
            Self::Retracted { by, .. } => {
                vec![format!("to let it count again: divert retract {by}")]
            }
            Self::OnlyForReading { .. } => {
                vec!["what is recorded rests on what is recorded; leave it out".to_owned()]
            }
            Self::SaidTwice { option } => {
                vec![format!("leave `{option}` out, or take it out of the sentence")]
            }
            Self::NothingSaid => vec![
                "say a sentence: divert declare Manchester Memorial closed until 10:00".to_owned(),
                "or one a line on standard input".to_owned(),
            ],
            Self::Several { declared } => {
                let mut lines = declared.clone();
                lines.push("say it again with --yes if that is what is meant".to_owned());
                lines
            }
            Self::Unmatched(_) => vec![
                "give these names to facilities, under `ids` or `aliases`".to_owned(),
                "--add-missing FILE writes tables to complete; --skip-unmatched leaves their rows out"
                    .to_owned(),
            ],
            Self::UnknownZone { closest, .. } => meant(*closest)
                .or_else(|| Some("zones are named as in `America/New_York`".to_owned()))
                .into_iter()
                .collect(),
            Self::UnknownName { closest, .. } => meant(closest.as_deref()).into_iter().collect(),
            Self::NoEvent { last: 0, .. } => vec!["the log has no events".to_owned()],
            Self::NoEvent { last, .. } => vec![format!("its events go from 1 to {last}")],
            Self::UnknownLoss(_) => {
                vec!["name `facility`, `network` or a service, such as `service:ct`".to_owned()]
            }
            Self::Template { .. } => vec!["see `divert help announce` for what it may ask for".to_owned()],
            Self::NotAsStream => {
                vec!["leave --format out for csv, or end the output file in .csv, .tsv or .jsonl".to_owned()]
            }
            Self::BothFromInput => vec!["write one of them to a file, and name that".to_owned()],
            Self::ReadTwice => vec!["write the log to a .csv or .jsonl file, and name that".to_owned()],
            Self::AmbiguousName { .. } => vec!["type more of the id".to_owned()],
            Self::UnknownColumn(unknown) => {
                let mut hints: Vec<String> = meant(unknown.closest).into_iter().collect();
                hints.push(format!("it has {}", unknown.available.join(", ")));
                hints
            }
            Self::UnknownTopic { topic, topics } => {
                let closest = crate::diagnostic::closest(topic, topics.iter().map(String::as_str));
                let mut hints: Vec<String> = meant(closest).into_iter().collect();
                hints.push(format!("there is help on {}", topics.join(", ")));
                hints
            }
            Self::UnknownEnding(_) => {
                vec!["end it in .csv, .tsv, .json, .jsonl, .md, .html or .txt, or name a --format".to_owned()]
            }
            Self::NoLog(_) => {
                vec!["check the path, or leave --log and DIVERT_LOG out to answer without a log".to_owned()]
            }
            Self::NotRecorded(LogError::Absent { log }) if Format::of(Path::new(log)).is_some() => {
                vec!["check the path; .csv and .jsonl files are only read: to write, name a .db".to_owned()]
            }
            Self::NotRecorded(LogError::Absent { log }) => vec![format!(
                "check the path; to begin a log there, create an empty file for it: install -m 600 /dev/null {log}"
            )],
            Self::Store(error) | Self::NotRecorded(error) => {
                error.help().map(str::to_owned).into_iter().collect()
            }
        }
    }
}
