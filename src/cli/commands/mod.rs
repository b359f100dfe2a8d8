//! The commands: each parses its names, asks a report, and shows the sheet.
//!
//! Floor 6. A command holds no rule about patients or facilities: those are in the rooms below.

mod acting;
mod announce;
mod assign;
mod batch;
mod census;
mod check;
mod confirm;
mod declare;
mod export;
mod follow;
mod help;
mod hours;
mod import;
mod log;
mod plan;
mod report;
mod retract;
mod route;
mod status;
mod table;
mod timeline;

use std::collections::BTreeSet;
use std::io::{self, Write};

use crate::model::{Event, FacilityId, Registry, Sources};
use crate::render::{self, Export, Format};
use crate::report::journal;
use crate::routing::grid::Rows;
use crate::sheet::{Sheet, Telling};
use crate::state::Timeline;

use super::args::{Command, Common};
use super::context::{self, Context, Environment};
use super::error::{Exit, Failure};
use super::lookup;
use super::ui::Ui;

/// What a command works with.
pub(super) struct Session<'a> {
    /// The options of every command.
    pub(super) common: &'a Common,
    /// What the program was called in.
    pub(super) environment: &'a Environment,
    /// Every text that was read.
    pub(super) sources: &'a mut Sources,
    /// Where answers and remarks go.
    pub(super) ui: &'a Ui,
}

impl Session<'_> {
    /// Reads the registry, the log and the times, and remarks on what is odd about them.
    fn context(&mut self) -> Result<Context, Failure> {
        let context = self.bare_context()?;
        for remark in &context.remarks {
            self.ui.warn(&remark.to_string());
        }
        if self.common.verbose {
            self.ui.diagnostics(&context.warnings, self.sources);
        }
        if context.events.len() > context.recorded {
            let supposed: Vec<Event> =
                context.events.stand_at(context.recorded..context.events.len()).collect();
            self.tell_refused(&context.registry, &supposed, &context.timeline());
        }
        Ok(context)
    }

    /// Says which suppositions a policy refuses: what is answered does not rest on them.
    fn tell_refused(&self, registry: &Registry, supposed: &[Event], timeline: &Timeline<'_>) {
        for event in supposed {
            if let Some(refusal) = timeline.refusal(event.number) {
                let said = journal::sentence(event, registry);
                self.ui.warn(&format!("not in force: {said}: {} ({})", refusal.text, refusal.by));
            }
        }
    }

    /// The same without a remark, for a command whose answer they are.
    fn bare_context(&mut self) -> Result<Context, Failure> {
        Context::load(self.common, self.environment, self.sources)
    }

    /// Whether the answer is for people, and so in words.
    fn reads_words(&self) -> Result<bool, Failure> {
        Ok(context::output(self.common, self.environment, "")?.0.is_for_people())
    }

    /// Shows a sheet; `ids` is the column that `-q` prints.
    fn show(&self, sheet: &Sheet, ids: &'static str) -> Result<(), Failure> {
        let (format, options) = context::output(self.common, self.environment, ids)?;
        if let Some(columns) = &options.columns {
            render::check_columns(sheet, format, columns).map_err(Failure::UnknownColumn)?;
        }
        self.ui.answer(|out| render::write(sheet, format, &options, out))
    }

    /// Shows a sheet's rows as they are told.
    fn tell(&self, telling: Telling<'_, Failure>, ids: &'static str) -> Result<(), Failure> {
        let (format, options) = context::output(self.common, self.environment, ids)?;
        if let Some(columns) = &options.columns {
            render::check_columns(&telling.sheet, format, columns).map_err(Failure::UnknownColumn)?;
        }
        let mut failed = None;
        let telling = telling.map_err(|error| {
            failed = Some(error);
            io::Error::other("a row is missing")
        });
        let written = self.ui.answer(|out| render::tell(telling, format, &options, out));
        failed.map_or(written, Err)
    }

    /// Shows a sheet that others follow, its headings only the first time. Says whether anybody still reads.
    fn stream(&self, sheet: &Sheet, ids: &'static str, first: bool) -> Result<bool, Failure> {
        let (format, options) = self.by_line(ids)?;
        if let Some(columns) = &options.columns {
            render::check_columns(sheet, format, columns).map_err(Failure::UnknownColumn)?;
        }
        let options = render::Options { headers: options.headers && first, ..options };
        self.ui.pass_on(|out| render::write(sheet, format, &options, out))
    }

    /// Format and options of what is written as it comes.
    fn by_line(&self, ids: &'static str) -> Result<(Format, render::Options), Failure> {
        let (format, options) = context::output(self.common, self.environment, ids)?;
        match format {
            Format::Json | Format::Md | Format::Html => Err(Failure::NotByLine),
            Format::Table | Format::Csv | Format::Tsv | Format::Jsonl if self.common.output.is_some() => {
                Err(Failure::NotByLine)
            }
            Format::Table | Format::Csv | Format::Tsv | Format::Jsonl => Ok((format, options)),
        }
    }

    /// The format of the answer.
    fn format(&self) -> Result<render::Format, Failure> {
        Ok(context::output(self.common, self.environment, "facility")?.0)
    }

    /// Writes a sheet for another program.
    fn export(&self, sheet: &Sheet, format: Export) -> Result<(), Failure> {
        let options = render::Options { ascii: self.common.ascii, ..render::Options::default() };
        self.ui.answer(|out| render::export(sheet, format, &options, out))
    }

    /// Shows a text of ours as it is.
    fn print(&self, text: &str) -> Result<(), Failure> {
        self.ui.answer(|out: &mut dyn Write| out.write_all(text.as_bytes()))
    }
}

/// Does what was asked for.
pub(super) fn run(command: &Command, session: &mut Session<'_>) -> Result<Exit, Failure> {
    match command {
        Command::Status(args) => status::run(args, session),
        Command::Table(args) => table::run(args, session),
        Command::Route(args) => route::run(args, session),
        Command::Timeline(args) => timeline::run(args, session),
        Command::Declare(args) => declare::run(args, session),
        Command::Confirm(args) => confirm::run(args, session),
        Command::Census(args) => census::run(args, session),
        Command::Assign(args) => assign::run(args, session),
        Command::Retract(args) => retract::run(args, session),
        Command::Log(args) => log::run(args, session),
        Command::Import(args) => import::run(args, session),
        Command::Report(args) => report::run(args, session),
        Command::Announce(args) => announce::run(args, session),
        Command::Export(args) => export::run(args, session),
        Command::Plan(args) => plan::run(args, session),
        Command::Check(args) => check::run(args, session),
        Command::Help(args) => help::run(args, session),
    }
}

/// The facilities that these names mean together; `None` where there is no name.
fn named(registry: &Registry, names: &[String]) -> Result<Option<BTreeSet<FacilityId>>, Failure> {
    let mut facilities = BTreeSet::new();
    for name in names {
        facilities.extend(lookup::facilities(registry, name)?);
    }
    Ok((!names.is_empty()).then_some(facilities))
}

/// The rows of the routing table that these zones and needs mean; all where none is named.
fn rows(registry: &Registry, zones: &[String], needs: &[String]) -> Result<Rows, Failure> {
    Ok(Rows { zones: each(registry, zones, lookup::zone)?, needs: each(registry, needs, lookup::need)? })
}

/// What each of these words means; `None` where there is no word.
fn each<T: Ord>(
    registry: &Registry,
    words: &[String],
    find: fn(&Registry, &str) -> Result<T, Failure>,
) -> Result<Option<BTreeSet<T>>, Failure> {
    let found: BTreeSet<T> = words.iter().map(|word| find(registry, word)).collect::<Result<_, _>>()?;
    Ok((!words.is_empty()).then_some(found))
}
