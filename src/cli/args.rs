//! What was typed, as typed: nothing is read, resolved or done here.
//!
//! Floor 6. The options that every command has may stand before and after the command's name; [`Common::over`] brings both
//! together, so that a `--given` before the name is not lost to one after it.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, Parser, Subcommand, ValueEnum};

use crate::foresight::cascade::Habit;
use crate::model::{Age, Care, Priority};
use crate::render::Format;
use crate::report::period::Said;

use super::later::Later;

/// Decide, explain and record where ambulances go when emergency departments cannot take them.
///
/// Reads a registry of facilities and a log of what was declared, and answers from both. `divert` alone shows the board.
#[derive(Parser, Clone, Debug)]
#[command(
    name = "divert",
    version,
    disable_help_subcommand = true,
    infer_subcommands = false,
    max_term_width = 110,
    after_help = "\
Examples:
  divert                                     the board: what is not open
  divert route vernon stroke p1              where one patient goes, and the phone number
  divert route vernon stroke --explain       why
  divert --given 'Manchester Memorial closed, route to ECHN' table --changed
                                             what a closure would change, before anyone declares it

Exit status:
  0 done  1 the answer is no  2 the command or a file is wrong  3 refused by policy
  4 the log cannot be read or written  5 consult"
)]
pub struct Args {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Option<Command>,
}

impl Args {
    /// Reads what was typed. `from -1h` is made one word first: clap takes `-1h` for options. It could be told to take
    /// such words for parts of a sentence, but then it takes the options that stand after a sentence for parts of it too.
    pub fn typed(words: impl Iterator<Item = OsString>) -> Result<Self, clap::Error> {
        let mut joined: Vec<OsString> = Vec::new();
        for word in words {
            match joined.last_mut().filter(|before| goes_back(before, &word)) {
                Some(before) => {
                    before.push(" ");
                    before.push(word);
                }
                None => joined.push(word),
            }
        }
        Self::try_parse_from(joined)
    }

    /// The command, `status` where none was named, and the options of both places.
    pub fn split(self) -> (Command, Common) {
        let command = self.command.unwrap_or_default();
        let common = command.common().clone().over(self.common);
        (command, common)
    }
}

/// Whether a sentence that comes to `from` or `until` goes on with a time like `-1h`.
fn goes_back(before: &OsString, word: &OsString) -> bool {
    let last = before.to_str().and_then(|before| before.split_whitespace().next_back());
    last.is_some_and(|last| ["from", "until"].iter().any(|word| last.eq_ignore_ascii_case(word)))
        && word
            .to_str()
            .and_then(|word| word.strip_prefix('-'))
            .is_some_and(|back| back.starts_with(|c: char| c.is_ascii_digit()))
}

/// What to do.
#[derive(Subcommand, Clone, Debug)]
pub enum Command {
    /// Show the board: every facility that is not open
    Status(Later<StatusArgs>),
    /// Show the routing table: each zone and need with its destination
    Table(Later<TableArgs>),
    /// Decide where one patient goes
    Route(Later<RouteArgs>),
    /// Draw lanes over time
    Timeline(Later<TimelineArgs>),
    /// Show what was recorded, or what it came to; verify that it is still what was recorded
    Log(Later<LogArgs>),
    /// Say something about a facility, and record it
    Declare(Later<DeclareArgs>),
    /// Say that what is so of a facility is still so
    Confirm(Later<ConfirmArgs>),
    /// Record how full an emergency department is
    Census(Later<CensusArgs>),
    /// Decide where one patient goes, and record it
    Assign(Later<AssignArgs>),
    /// Say that an event was an error
    Retract(Later<RetractArgs>),
    /// Report hours, episodes and more over a period
    Report(Later<ReportArgs>),
    /// Bring in what other programs wrote
    Import(Later<ImportArgs>),
    /// Show what would change before anyone declares it
    Plan(Later<PlanArgs>),
    /// Say what is to be read on the air or paged
    Announce(Later<AnnounceArgs>),
    /// Write a map or a calendar for other programs
    Export(Later<ExportArgs>),
    /// Check the registry, its rules and expectations, and the log; say nothing when all is well
    Check(Later<CheckArgs>),
    /// Explain a command, or print the catalogue, a JSON Schema, the manual or completions
    Help(Later<HelpArgs>),
}

impl Default for Command {
    fn default() -> Self {
        Self::Status(Later::default())
    }
}

impl Command {
    fn common(&self) -> &Common {
        match self {
            Self::Status(args) => &args.common,
            Self::Table(args) => &args.common,
            Self::Route(args) => &args.common,
            Self::Timeline(args) => &args.common,
            Self::Declare(args) => &args.common,
            Self::Confirm(args) => &args.common,
            Self::Census(args) => &args.common,
            Self::Assign(args) => &args.route.common,
            Self::Retract(args) => &args.common,
            Self::Log(args) => &args.common,
            Self::Report(args) => &args.common,
            Self::Import(args) => &args.common,
            Self::Plan(args) => &args.common,
            Self::Announce(args) => &args.common,
            Self::Export(args) => &args.common,
            Self::Check(args) => &args.common,
            Self::Help(args) => &args.common,
        }
    }
}

/// When to paint.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum When {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The options of every command.
#[derive(clap::Args, Clone, Debug, Default)]
#[command(next_help_heading = "Options of every command")]
#[allow(clippy::struct_excessive_bools)] // each is a switch of its own
#[allow(clippy::doc_markdown)] // these lines are read on a terminal, where backticks stay
pub struct Common {
    /// Read facilities from this file or directory [env: DIVERT_REGISTRY] [default: facilities.toml]
    #[arg(long, value_name = "PATH")]
    pub registry: Option<PathBuf>,
    /// Use the log in this file: a database, or .csv, .jsonl or `-` to read [env: DIVERT_LOG] [default: diversions.db beside the registry]
    #[arg(long, value_name = "PATH|-|URL")]
    pub log: Option<PathBuf>,
    /// Suppose that this was also declared; may be repeated; nothing is recorded
    #[arg(long, value_name = "SENTENCE")]
    pub given: Vec<String>,
    /// Answer for this time instead of now: `2023-08-04 10:00`, `10:00`, `friday 10:00`, `-2h`
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub at: Option<String>,
    /// Leave out what was recorded after this time
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub known_at: Option<String>,
    /// Read and show times in this zone, such as `America/New_York`
    #[arg(long, value_name = "ZONE")]
    pub tz: Option<String>,
    /// Write a table, csv, tsv, json, jsonl, md or html
    #[arg(short = 'F', long, value_name = "FORMAT", value_parser = format)]
    pub format: Option<Format>,
    /// Write to this file, in the format of its ending; a regular file is written whole or not at all
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Show only these columns, in this order
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub columns: Vec<String>,
    /// Leave out headings and the lines above and below
    #[arg(long)]
    pub no_headers: bool,
    /// Paint on a terminal, always or never; NO_COLOR in the environment means never
    #[arg(long, value_name = "WHEN")]
    pub color: Option<When>,
    /// Draw with ASCII characters only
    #[arg(long)]
    pub ascii: bool,
    /// Let a forced destination, and a check with warnings, end with status 1
    #[arg(long)]
    pub strict: bool,
    /// Print ids only
    #[arg(short, long, action = ArgAction::SetTrue, conflicts_with_all = ["format", "columns"])]
    pub quiet: bool,
    /// Print warnings about the registry and the log too
    #[arg(short, long)]
    pub verbose: bool,
    /// Let paths in the registry lead outside its directory
    #[arg(long)]
    pub allow_outside: bool,
    /// In csv and tsv, leave out the ' before what a spreadsheet would run
    #[arg(long)]
    pub raw: bool,
}

impl Common {
    /// These options, and where they are silent those that stood before the command's name.
    #[must_use]
    pub fn over(self, before: Self) -> Self {
        let both = |mut first: Vec<String>, then: Vec<String>| {
            first.extend(then);
            first
        };
        Self {
            registry: self.registry.or(before.registry),
            log: self.log.or(before.log),
            given: both(before.given, self.given),
            at: self.at.or(before.at),
            known_at: self.known_at.or(before.known_at),
            tz: self.tz.or(before.tz),
            format: self.format.or(before.format),
            output: self.output.or(before.output),
            columns: if self.columns.is_empty() { before.columns } else { self.columns },
            no_headers: self.no_headers || before.no_headers,
            color: self.color.or(before.color),
            ascii: self.ascii || before.ascii,
            strict: self.strict || before.strict,
            quiet: self.quiet || before.quiet,
            verbose: self.verbose || before.verbose,
            allow_outside: self.allow_outside || before.allow_outside,
            raw: self.raw || before.raw,
        }
    }
}

fn format(word: &str) -> Result<Format, String> {
    Format::of(word).ok_or_else(|| {
        let words: Vec<&str> = Format::ALL.iter().map(|(_, word)| *word).collect();
        format!("expected {}", crate::diagnostic::list_or(words))
    })
}

/// `divert status`
#[derive(clap::Args, Clone, Debug, Default)]
#[command(after_help = "\
Examples:
  divert status                          what is not open
  divert status --all                    every facility
  divert status manch echn               a facility and a network, by name or the beginning of an id
  divert status --at '2023-08-04 09:00'  the board as it stood then
  divert status --ending 30m             what ends within half an hour; for cron
  divert status --follow                 the board, kept up to date")]
pub struct StatusArgs {
    /// Show only these facilities, and those of these networks
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// Show open facilities too, and those without an ED
    #[arg(long)]
    pub all: bool,
    /// Show only the facilities of this region
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// Show only the facilities of this network
    #[arg(long, value_name = "NETWORK")]
    pub network: Option<String>,
    /// Show only where something ends within this time, with status 1; say nothing, with status 0, where nothing does
    #[arg(long, value_name = "DURATION", conflicts_with = "follow")]
    pub ending: Option<String>,
    /// Go on showing it: the whole board on a terminal until q is pressed, else a line for every change
    #[arg(long)]
    pub follow: bool,
    #[command(flatten)]
    common: Common,
}

/// `divert table`
#[derive(clap::Args, Clone, Debug, Default)]
#[command(after_help = "\
Examples:
  divert table --need stroke,trauma       two needs, every zone
  divert table --zone vernon --changed    where a patient from Vernon does not go home
  divert table -F csv -o table.csv        for a spreadsheet")]
pub struct TableArgs {
    /// Show only these needs
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub need: Vec<String>,
    /// Show only these zones
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub zone: Vec<String>,
    /// Show only where the destination is not home
    #[arg(long)]
    pub changed: bool,
    #[command(flatten)]
    common: Common,
}

/// `divert route`
#[derive(clap::Args, Clone, Debug, Default)]
#[command(after_help = "\
Examples:
  divert route vernon stroke p1                  a stroke, priority 1, from Vernon
  divert route 41.8187,-72.4795 trauma+pediatric an injured child at a point
  divert route --from vernon --extremis          the nearest ED that is not closed
  divert route vernon stroke --explain           every step of the decision
  divert route --batch patients.csv              many patients, a row each: id,time,from,need
  tail -f calls.csv | divert route --batch -     as they come; each is answered at once

A stream is csv with a header, or JSON lines, with any of id, time, from (or lat and lon), need (several joined by +),
priority, care, age, extremis, transfer and request, in any order. Its answers are csv (id, outcome, destination,
minutes, decided_by, home, home_minutes, nemsis, alternates, flags, note), tsv or, whole, jsonl. Each row is decided at
its own `time`, with everything that is recorded, as it was known at `--known-at`, or with `--known-at row` as it was
known at the row's own time. A row that cannot be read is answered in its place with the outcome `error` and a note; the
stream goes on, and ends with status 2. The log is read again when it has grown.")]
pub struct RouteArgs {
    /// Where the patient is: a zone, a facility or LAT,LON
    #[arg(
        value_name = "PLACE",
        required_unless_present_any = ["from", "batch"],
        conflicts_with = "from",
        allow_hyphen_values = true
    )]
    pub place: Option<String>,
    /// What the patient needs, also in words: trauma+pediatric, "stroke and trauma, bls" [default: general]
    #[arg(value_name = "NEED", conflicts_with = "need")]
    pub needs: Option<String>,
    /// How urgent: p1, p2 or p3 [default: p2]
    #[arg(value_name = "PRIORITY", conflicts_with = "priority", value_parser = priority)]
    pub urgency: Option<Priority>,
    /// Where the patient is
    #[arg(long, value_name = "PLACE", allow_hyphen_values = true)]
    pub from: Option<String>,
    /// What the patient needs; may be repeated
    #[arg(long, value_name = "NEED")]
    pub need: Vec<String>,
    /// How urgent: 1, 2 or 3
    #[arg(long, value_name = "1|2|3", value_parser = priority)]
    pub priority: Option<Priority>,
    /// The crew's level of care: als or bls
    #[arg(long, value_name = "CARE", value_parser = care)]
    pub care: Option<Care>,
    /// The patient's age: adult or pediatric
    #[arg(long, value_name = "AGE", value_parser = age)]
    pub age: Option<Age>,
    /// The patient would not survive a longer transport
    #[arg(long)]
    pub extremis: bool,
    /// The patient comes from another facility
    #[arg(long)]
    pub transfer: bool,
    /// The facility that the patient asks for
    #[arg(long, value_name = "FACILITY")]
    pub request: Option<String>,
    /// Leave out these facilities
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub exclude: Vec<String>,
    /// Print every step of the decision
    #[arg(long)]
    pub explain: bool,
    /// Show this many alternates
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub alternates: usize,
    /// Decide about many patients: the rows of this file, or of standard input
    #[arg(
        long,
        value_name = "FILE|-",
        conflicts_with_all = [
            "place", "needs", "urgency", "from", "need", "priority", "care", "age", "extremis", "transfer", "request",
            "explain"
        ]
    )]
    pub batch: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

impl RouteArgs {
    /// Where the patient is, whichever way it was said. clap sees to it that it was.
    pub fn origin(&self) -> &str {
        self.from.as_deref().or(self.place.as_deref()).unwrap_or_default()
    }
    /// The needs, whichever way they were said, one by one.
    pub fn each_need(&self) -> impl Iterator<Item = &str> {
        self.needs.iter().chain(&self.need).flat_map(|needs| needs.split('+')).map(str::trim)
    }
    /// The priority, whichever way it was said.
    pub fn said_priority(&self) -> Option<Priority> {
        self.priority.or(self.urgency)
    }
}

/// `divert timeline`
#[derive(clap::Args, Clone, Debug, Default)]
#[command(after_help = "\
Examples:
  divert timeline                                    the last day
  divert timeline manchester --since '2023-08-03'    one facility since then
  divert timeline --conflicts                        where sources contradict each other")]
pub struct TimelineArgs {
    /// Draw only these facilities, and those of these networks
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// Begin here
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub since: Option<String>,
    /// End here
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub until: Option<String>,
    /// Draw only lanes about which sources contradict each other
    #[arg(long)]
    pub conflicts: bool,
    #[command(flatten)]
    common: Common,
}

/// `divert log`
#[derive(clap::Args, Clone, Debug, Default)]
#[command(after_help = "\
Examples:
  divert log                                     every event, the newest last
  divert log manchester --since '2023-08-03'     what was recorded about one facility since then
  divert log --changes                           what changed when, also what ran out
  divert log --follow                            every event as it comes
  divert log -F csv > log.csv                    a copy that `divert import csv` reads
  divert log verify --head 4012:9f2c…            whether anything up to a head that was kept was changed")]
pub struct LogArgs {
    /// Show only what is about these facilities, and those of these networks; or `verify`
    #[arg(value_name = "NAME|verify")]
    pub names: Vec<String>,
    /// Begin with what was recorded, or changed, at this time
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub since: Option<String>,
    /// End before what was recorded, or changed, at this time
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub until: Option<String>,
    /// Show transitions instead of events: what began, ended and was confirmed, also what ran out
    #[arg(long)]
    pub changes: bool,
    /// Go on showing what comes; with --changes also what was shown and never was, as withdrawn
    #[arg(long)]
    pub follow: bool,
    /// With `verify`: a head that was kept, as reports and json print it
    #[arg(long, value_name = "N:HASH")]
    pub head: Option<String>,
    #[command(flatten)]
    common: Common,
}

/// `divert report`
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  divert report hours --period last-month               who was in what for how long, and how often
  divert report hours --by month,region --since 2023-01-01
  divert report hours --period 2023-08-03..2023-08-05 -F csv -o hours.csv
  divert report concurrency --period yesterday          how many diverted at once
  divert report targets --period this-month             against what the policy aims at
  divert report freshness                               who has not reported, and since when
  divert report packet -o packet.html --paper a4        for when every screen is dark

Periods are named `2023-08`, `2023-W31`, `2023-08-04` or `2023`, two of them joined by `..` (up to the end of the
second), or today, yesterday, this-week, last-week, this-month, last-month. Without one, everything up to now.")]
pub struct ReportArgs {
    /// Which report
    #[arg(value_name = "REPORT")]
    pub report: Report,
    /// Report only on these facilities, and those of these networks
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// Cut the period by day, week or month; group by network, region or reason
    #[arg(long, value_name = "BY", value_delimiter = ',')]
    pub by: Vec<By>,
    /// Count only these statuses (concurrency)
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub status: Vec<String>,
    /// Print the packet on this paper [default: letter]
    #[arg(long, value_name = "PAPER")]
    pub paper: Option<Paper>,
    /// Report on this period
    #[arg(long, value_name = "PERIOD", conflicts_with_all = ["since", "until"], value_parser = Said::read)]
    pub period: Option<Said>,
    /// Begin here
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub since: Option<String>,
    /// End here
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub until: Option<String>,
    #[command(flatten)]
    common: Common,
}

/// `divert plan`
#[derive(clap::Args, Clone, Debug, Default)]
#[command(after_help = "\
Examples:
  divert plan Manchester Memorial closed           which towns go elsewhere, and how much farther
  divert plan ECHN closed --need stroke,trauma     a whole network, two needs
  divert plan --without 12                         as if event 12 had never been recorded
  divert plan --against next-year.toml             another registry
  divert plan Manchester Memorial closed --cascade  and who fills up then, round by round
  divert plan --each facility                      what fails if any one of them closes, the worst first
  divert plan --each service:ct --network ECHN     if any one scanner of a network goes down
  divert plan --each network --moves               every town and need that a network's loss would move

All words are one sentence; --given adds what is to hold before and after. Nothing is recorded.
With --exit-code, 1 means that something changes.")]
pub struct PlanArgs {
    /// What would be declared, as for `divert declare`
    #[arg(value_name = "SENTENCE", required_unless_present_any = ["without", "against", "each", "network"])]
    pub sentence: Vec<String>,
    /// Leave out this event, as if it had been retracted; may be repeated
    #[arg(long, value_name = "EVENT")]
    pub without: Vec<u64>,
    /// Compare with this registry: as if it were in use instead
    #[arg(long, value_name = "PATH")]
    pub against: Option<PathBuf>,
    /// Suppose every loss by itself, the worst first: `facility`, `network` or a service, such as `service:ct`
    #[arg(long, value_name = "WHAT", conflicts_with_all = ["sentence", "without", "against"])]
    pub each: Option<String>,
    /// Follow the knock-on: who is full begins to divert, and opens again as soon as its own arrivals allow (`quick`), or
    /// only when it could take what would then come (`hold`)
    #[arg(long, value_name = "HABIT", num_args = 0..=1, require_equals = true, default_missing_value = "quick",
          value_parser = habit, conflicts_with_all = ["each", "against", "need", "zone"])]
    pub cascade: Option<Habit>,
    /// With --each, suppose every two losses at once, and show the 20 worst
    #[arg(long, requires = "each")]
    pub pairs: bool,
    /// With --each, only what is part of this network; alone, suppose that all of it closes
    #[arg(long, value_name = "NETWORK", conflicts_with = "sentence")]
    pub network: Option<String>,
    /// With --each, show every zone and need that moves
    #[arg(long, requires = "each")]
    pub moves: bool,
    /// With --each, show this many losses
    #[arg(long, value_name = "N", requires = "each")]
    pub worst: Option<usize>,
    /// Compare only these needs
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub need: Vec<String>,
    /// Compare only these zones
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub zone: Vec<String>,
    /// End with status 1 when anything changes
    #[arg(long)]
    pub exit_code: bool,
    #[command(flatten)]
    common: Common,
}

/// What is reported.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Report {
    /// How long each facility was in what, how often, and how it ended
    Hours,
    /// Every episode that touches the period
    Episodes,
    /// How long how many facilities of a region turned ambulances away at once
    Concurrency,
    /// Each month's share of time on diversion against the policy's target
    Targets,
    /// The transports that missed home, as they were assigned
    Diverted,
    /// Who has not reported, and since when
    Freshness,
    /// What dispatch needs on paper when every screen is dark; html
    Packet,
}

/// What a packet is printed on.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Paper {
    /// US Letter
    Letter,
    /// ISO A4
    A4,
}

/// How a report is cut and grouped.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum By {
    /// By local day
    Day,
    /// By ISO week
    Week,
    /// By month
    Month,
    /// By network
    Network,
    /// By region
    Region,
    /// By reason
    Reason,
}

impl By {
    /// As it is typed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Network => "network",
            Self::Region => "region",
            Self::Reason => "reason",
        }
    }
}

/// `divert import`
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  divert import emresource board.csv --dry-run          what it would bring in, and which names are unknown
  divert import emresource board.csv --map Critical=diverting
  divert import emresource board.csv --add-missing missing.toml
                                                        tables to complete for the unknown names
  divert --log board.csv report hours --period 2021-03  no import is needed to report on a file

  divert import csv old-log.csv                         another log: all or none, and a second time nothing
  divert import jsonl - --dry-run < log.jsonl           how many of its events are new

An imported event is recorded now; when it was recorded there stands in `data`.")]
pub struct ImportArgs {
    /// Who wrote it
    #[arg(value_name = "FROM")]
    pub from: ImportFrom,
    /// The file, or `-`
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Let a word of theirs stand for `open`, `none` or a status; may be repeated
    #[arg(long, value_name = "WORD=STATUS", value_parser = map)]
    pub map: Vec<(String, String)>,
    /// Say what would be brought in, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Write tables to complete for the names that no facility has to this new file
    #[arg(long, value_name = "FILE")]
    pub add_missing: Option<PathBuf>,
    /// Leave out rows whose name no facility has
    #[arg(long)]
    pub skip_unmatched: bool,
    /// Keep the text of comments, which may name people
    #[arg(long)]
    pub comments: bool,
    #[command(flatten)]
    common: Common,
}

/// `divert declare`
#[derive(clap::Args, Clone, Debug, Default)]
#[command(after_help = "\
Examples:
  divert declare Manchester Memorial closed until 10:00, route to ECHN
  divert declare Rockville General diverting for stroke for 2h --source hospital
  divert declare ECHN advisory --yes               every facility of a network
  divert declare Rockville General CT down from -1h
  divert declare Manchester Memorial open
  divert declare < sentences.txt                   one a line, all or none

All words are one sentence: quotes are needed only where the shell wants them. The echo says how to undo it.")]
pub struct DeclareArgs {
    /// What is so: facilities, a condition, and when, where to, why [default: one sentence a line on standard input]
    #[arg(value_name = "SENTENCE")]
    pub sentence: Vec<String>,
    /// Who reported it: hospital, dispatch, state, news… [default: dispatch]
    #[arg(long, value_name = "SOURCE", value_parser = words)]
    pub source: Option<String>,
    /// Who approved it
    #[arg(long, value_name = "NAME", value_parser = words)]
    pub approver: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT", value_parser = words)]
    pub reason: Option<String>,
    /// A drill: shown, marked, and routed on by nobody
    #[arg(long)]
    pub exercise: bool,
    /// Record it without asking, also for more than one facility
    #[arg(long)]
    pub yes: bool,
    #[command(flatten)]
    common: Common,
}

/// `divert confirm`
#[derive(clap::Args, Clone, Debug, Default)]
#[command(after_help = "\
Examples:
  divert confirm Manchester Memorial                 everything that is in force there is still so
  divert confirm Manchester Memorial until 12:00     and goes on until then
  divert confirm ECHN --yes                          every facility of a network")]
pub struct ConfirmArgs {
    /// Whose status is still so, and until when
    #[arg(value_name = "NAME [until T]", required = true)]
    pub said: Vec<String>,
    /// Who reported it: hospital, dispatch, state, news… [default: dispatch]
    #[arg(long, value_name = "SOURCE", value_parser = words)]
    pub source: Option<String>,
    /// Record it without asking, also for more than one facility
    #[arg(long)]
    pub yes: bool,
    #[command(flatten)]
    common: Common,
}

/// `divert census`
#[derive(clap::Args, Clone, Debug, Default)]
#[command(after_help = "\
Examples:
  divert census Manchester Memorial --occupied 28 --waiting 12
  divert census Manchester Memorial --occupied 28 --boarding 6 --waiting 12 --ventilated 2 \\
                --longest-boarding 9 --last-wait 1.5            all that NEDOCS needs")]
#[command(group(clap::ArgGroup::new("figures").required(true).multiple(true)))]
pub struct CensusArgs {
    /// Which facility
    #[arg(value_name = "NAME", required = true)]
    pub name: Vec<String>,
    /// Patients in the ED's treatment spaces, boarding ones among them
    #[arg(long, value_name = "N", group = "figures")]
    pub occupied: Option<u32>,
    /// Admitted patients in the ED who wait for an inpatient bed
    #[arg(long, value_name = "N", group = "figures")]
    pub boarding: Option<u32>,
    /// Patients in the waiting room
    #[arg(long, value_name = "N", group = "figures")]
    pub waiting: Option<u32>,
    /// Patients on a ventilator
    #[arg(long, value_name = "N", group = "figures")]
    pub ventilated: Option<u32>,
    /// How long the admitted patient who waits longest has waited, in hours
    #[arg(long, value_name = "HOURS", group = "figures")]
    pub longest_boarding: Option<String>,
    /// How long the patient who was put in a bed last had waited, in hours
    #[arg(long, value_name = "HOURS", group = "figures")]
    pub last_wait: Option<String>,
    /// Who reported it [default: hospital]
    #[arg(long, value_name = "SOURCE", value_parser = words)]
    pub source: Option<String>,
    #[command(flatten)]
    common: Common,
}

/// `divert assign`
#[derive(clap::Args, Clone, Debug, Default)]
pub struct AssignArgs {
    /// The id of the patient or the run, as dispatch has it
    #[arg(long, value_name = "ID")]
    pub id: Option<String>,
    /// Who decided [default: dispatch]
    #[arg(long, value_name = "SOURCE", value_parser = words)]
    pub source: Option<String>,
    /// Who the patient is.
    #[command(flatten)]
    pub route: RouteArgs,
}

/// `divert retract`
#[derive(clap::Args, Clone, Debug, Default)]
#[command(after_help = "\
Examples:
  divert retract 12                             event 12 was an error
  divert retract 12 13 --reason 'wrong hospital'
  divert retract --last                         the newest event that you recorded and that stands

Nothing is taken out of the log: a retraction is an event too, and can be retracted.")]
pub struct RetractArgs {
    /// The numbers of the events
    #[arg(value_name = "EVENT", required_unless_present = "last", conflicts_with = "last")]
    pub events: Vec<u64>,
    /// The newest event that this user of the operating system recorded and that stands
    #[arg(long)]
    pub last: bool,
    /// Why
    #[arg(long, value_name = "TEXT", value_parser = words)]
    pub reason: Option<String>,
    /// Who says so [default: dispatch]
    #[arg(long, value_name = "SOURCE", value_parser = words)]
    pub source: Option<String>,
    #[command(flatten)]
    common: Common,
}

/// Who wrote what is imported.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum ImportFrom {
    /// EMResource "Status Detail" csv
    Emresource,
    /// DataSF hospital diversions csv
    Sf,
    /// Another log, as `divert log -F csv` writes it
    Csv,
    /// Another log, as `divert log -F jsonl` writes it
    Jsonl,
}

/// `divert announce`
#[derive(clap::Args, Clone, Debug, Default)]
#[command(after_help = "\
Examples:
  divert announce Manchester Memorial           a reminder of what holds, or that nothing does
  divert announce --event 12                    what was declared, ended or corrected
  divert announce --event 12 --short            one line for a pager
  divert announce --plan ECHN diverting         before anyone declares it
  divert announce --event 12 --template us.txt  in your agency's own words

A template is plain text with {{ facility }}, {{ what }}, {{ from }}, {{ until }}, {{ route }}, {{ walk_in }}, {{ reason }},
{{ source }}, {{ approver }}, {{ phone }}, {{ also }}, {{ not_in_force }}, {{ event }}, {{ corrects }}, {{ exercise }},
{{ planned }}, {{ now }}, {{ head }}, {{ alias }}, {{ id }} and {{ call }}: declare, remind, clear or correct.")]
pub struct AnnounceArgs {
    /// A facility or a network; with --plan, what would be declared
    #[arg(value_name = "NAME", required_unless_present = "event", conflicts_with = "event")]
    pub words: Vec<String>,
    /// Announce this event
    #[arg(long, value_name = "EVENT")]
    pub event: Option<u64>,
    /// The words are a sentence that nobody has declared
    #[arg(long, conflicts_with = "event")]
    pub plan: bool,
    /// One line, for a pager
    #[arg(long, conflicts_with = "template")]
    pub short: bool,
    /// Say it in the words of this file
    #[arg(long, value_name = "FILE")]
    pub template: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

/// `divert export`
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  divert export geojson -o map.geojson     facilities, zones and where their patients go
  divert export geojson --need stroke      the same for strokes
  divert export ical -o closures.ics       what is planned, and when what holds runs out
  divert export ical -F csv                the same as a table")]
pub struct ExportArgs {
    /// What to write: geojson or ical
    #[arg(value_name = "WHAT")]
    pub what: ExportWhat,
    /// With geojson, lead to the destination of patients with this need
    #[arg(long, value_name = "NEED", default_value = "general")]
    pub need: String,
    #[command(flatten)]
    common: Common,
}

/// What `divert export` writes.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExportWhat {
    /// Facilities with their state, zones with their destination, lines between.
    Geojson,
    /// Planned closures, and when what holds runs out.
    Ical,
}

/// `divert check`
#[derive(clap::Args, Clone, Debug, Default)]
#[command(after_help = "\
Examples:
  divert check             silent, and status 0, when all is well
  divert check --strict    status 1 for warnings too")]
pub struct CheckArgs {
    #[command(flatten)]
    common: Common,
}

/// `divert help`
#[derive(clap::Args, Clone, Debug, Default)]
#[command(after_help = "\
Examples:
  divert help route           a command
  divert help catalogue       the built-in services, needs and status types
  divert help policies        the ready-made policies; with an id, the file to include or copy
  divert help schema status   the JSON Schema of `divert status -F json`
  divert help man route | man -l -
                              the manual of a command, or without one of `divert`
  divert help completions bash > /etc/bash_completion.d/divert
                              what a shell reads to complete a line; without a shell, the shells")]
pub struct HelpArgs {
    /// A command, `catalogue`, `policies` and the id of one, `schema` and the name of one, `man` and a command, or
    /// `completions` and a shell
    #[arg(value_name = "TOPIC", num_args = 0..=2)]
    pub topic: Vec<String>,
    #[command(flatten)]
    common: Common,
}

fn map(text: &str) -> Result<(String, String), String> {
    let (word, meaning) = text.split_once('=').ok_or("expected WORD=STATUS, such as `Critical=diverting`")?;
    Ok((word.trim().to_owned(), meaning.trim().to_owned()))
}

/// Words that say something: nothing but blanks and signs could not be told in a log from nothing said.
fn words(text: &str) -> Result<String, String> {
    let says_something = text.chars().any(char::is_alphanumeric);
    says_something.then(|| text.to_owned()).ok_or_else(|| "expected words".to_owned())
}

fn habit(word: &str) -> Result<Habit, String> {
    one_of(word, Habit::ALL.map(|(habit, _)| habit), Habit::as_str)
}

pub(super) fn priority(word: &str) -> Result<Priority, String> {
    let digits = word.strip_prefix(['p', 'P']).unwrap_or(word);
    let number = digits.parse().ok().and_then(Priority::from_number);
    number.ok_or_else(|| "expected p1, p2 or p3".to_owned())
}

pub(super) fn care(word: &str) -> Result<Care, String> {
    one_of(word, [Care::Als, Care::Bls], Care::as_str)
}

pub(super) fn age(word: &str) -> Result<Age, String> {
    one_of(word, [Age::Adult, Age::Pediatric], Age::as_str)
}

fn one_of<T: Copy>(word: &str, all: [T; 2], name: fn(T) -> &'static str) -> Result<T, String> {
    let found = all.into_iter().find(|one| name(*one).eq_ignore_ascii_case(word));
    found.ok_or_else(|| format!("expected {}", crate::diagnostic::list_or(all.map(name))))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn common(line: &str) -> Common {
        Args::try_parse_from(line.split(' ')).unwrap().split().1
    }

    #[test]
    fn the_definition_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn no_given_is_lost_wherever_it_stands() {
        assert_eq!(common("divert --given a --given b status --given c").given, ["a", "b", "c"]);
        assert_eq!(common("divert --given a").given, ["a"]);
    }

    #[test]
    fn options_stand_before_or_after_the_command_and_the_later_counts() {
        assert_eq!(common("divert --at 10:00 status").at.as_deref(), Some("10:00"));
        assert_eq!(common("divert status --at -2h").at.as_deref(), Some("-2h"));
        assert_eq!(common("divert --at 10:00 status --at 11:00").at.as_deref(), Some("11:00"));
        assert!(common("divert -v status").verbose);
    }

    #[test]
    fn a_time_that_goes_back_needs_no_quotes_and_takes_no_option() {
        let declared = |line: &str| {
            let (command, common) = Args::typed(line.split(' ').map(OsString::from)).unwrap().split();
            let Command::Declare(args) = command else { panic!("{command:?}") };
            (args.sentence.join(" "), args.yes, common.at)
        };
        for (line, sentence, yes, at) in [
            ("divert declare alpha closed from -1h", "alpha closed from -1h", false, None),
            ("divert declare alpha closed From -2 hours --yes", "alpha closed From -2 hours", true, None),
            ("divert declare alpha closed --yes from -1h", "alpha closed from -1h", true, None),
            (
                "divert declare alpha closed from -3h until -1h30m, because fire",
                "alpha closed from -3h until -1h30m, because fire",
                false,
                None,
            ),
            ("divert declare alpha closed --yes --at -2h", "alpha closed", true, Some("-2h")),
            ("divert declare alpha closed from -1h --at=-2h", "alpha closed from -1h", false, Some("-2h")),
        ] {
            let at = at.map(str::to_owned);
            assert_eq!(declared(line), (sentence.to_owned(), yes, at), "{line}");
        }
        for line in ["divert declare alpha closed from -q1", "divert declare alpha -1h"] {
            assert!(Args::typed(line.split(' ').map(OsString::from)).is_err(), "{line}");
        }
    }

    #[test]
    fn a_patient_may_be_said_either_way() {
        let route = |line: &str| match Args::try_parse_from(line.split(' ')).unwrap().split().0 {
            Command::Route(args) => args.0,
            other => panic!("{other:?}"),
        };
        let short = route("divert route vernon stroke+trauma p1");
        assert_eq!(short.origin(), "vernon");
        assert_eq!(short.each_need().collect::<Vec<_>>(), ["stroke", "trauma"]);
        assert_eq!(short.said_priority(), Some(Priority::One));
        let long = route("divert route --from -41.5,7 --need stroke --need trauma --priority 3 --care BLS");
        assert_eq!(long.origin(), "-41.5,7");
        assert_eq!(long.each_need().count(), 2);
        assert_eq!((long.said_priority(), long.care), (Some(Priority::Three), Some(Care::Bls)));
    }

    #[test]
    fn a_place_said_twice_or_not_at_all_is_a_wrong_command() {
        for line in ["divert route", "divert route vernon --from vernon", "divert route vernon stroke p4"] {
            assert_eq!(Args::try_parse_from(line.split(' ')).unwrap_err().exit_code(), 2, "{line}");
        }
    }
}
