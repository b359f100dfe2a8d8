//! `divert status --follow`: the board, kept up to date.
//!
//! Floor 6. On a terminal the whole board until `q` is pressed; else a line, or a row, for every facility that changes.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Event, FacilityId, Instant};
use crate::render::{self, Format};
use crate::report::status::{self, Selection};
use crate::report::{Basis, LogHead, Sheet};
use crate::state::Timeline;

use super::super::args::StatusArgs;
use super::super::context::{self, Setting, clock, terminal};
use super::super::error::{Exit, Failure};
use super::super::screen::Screen;
use super::super::watch::{PERIOD, Watch};
use super::Session;
use super::status::wanted;

pub(super) fn run(args: &StatusArgs, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let setting = Setting::read(session.common, session.environment, session.sources)?;
    let selection = Selection {
        facilities: wanted(&setting.registry, args)?,
        all: args.all || !args.names.is_empty(),
        in_words: session.reads_words()?,
    };
    let (format, _) = session.by_line("facility")?;
    let watch = Watch::open(&setting, session.environment, session.sources)?;
    for remark in &watch.remarks {
        session.ui.warn(&remark.to_string());
    }
    let given = setting.given(session.common, session.sources)?;
    let timeline = Timeline::fold(&setting.registry, &[], setting.known_at);
    let mut board = Board { setting: &setting, selection, given, watch, timeline };
    board.fold();
    let sits_there = session.environment.asks && session.environment.stdout.is_some();
    if format == Format::Table && sits_there {
        board.on_screen(session)
    } else {
        board.by_line(format, session)
    }
}

/// The board and the log that it is drawn from.
struct Board<'a> {
    setting: &'a Setting,
    selection: Selection,
    /// What `--given` supposes, numbered from 1.
    given: Vec<Event>,
    watch: Watch<'a>,
    timeline: Timeline<'a>,
}

impl Board<'_> {
    /// Folds what was recorded and what is supposed.
    fn fold(&mut self) {
        let mut events = self.watch.log().map(|log| log.events.clone()).unwrap_or_default();
        let last = events.head();
        for event in &self.given {
            events.push(&Event { number: last + event.number, ..event.clone() });
        }
        self.timeline = Timeline::owning(&self.setting.registry, events, self.setting.known_at);
    }

    fn refresh(&mut self, session: &mut Session<'_>) -> Result<(), Failure> {
        if self.watch.refresh(session.sources)? {
            self.fold();
        }
        if let Some(remark) = self.watch.half_a_row() {
            session.ui.warn(&remark.to_string());
        }
        Ok(())
    }

    fn now(&self, session: &Session<'_>) -> Instant {
        if session.common.at.is_some() { self.setting.at } else { clock() }
    }

    /// Asks the board as it is at an instant.
    fn ask<T>(&self, at: Instant, ask: impl FnOnce(&Basis<'_>, &Selection) -> T) -> T {
        let head = self.watch.log().map(LogHead::from);
        let basis = Basis {
            registry: &self.setting.registry,
            timeline: &self.timeline,
            at,
            known_at: self.setting.known_at,
            zone: self.setting.zone,
            log: head.as_ref(),
        };
        ask(&basis, &self.selection)
    }

    /// The whole board, drawn again each second.
    fn on_screen(&mut self, session: &mut Session<'_>) -> Result<Exit, Failure> {
        let lost =
            |error: std::io::Error| Failure::Output { name: "the terminal".to_owned(), error: error.into() };
        let (_, options) = context::output(session.common, session.environment, "facility")?;
        let screen = Screen::open().map_err(lost)?;
        loop {
            let (width, height) = terminal().unwrap_or((80, 24));
            let sheet = self.ask(self.now(session), status::sheet);
            let options = render::Options { width: Some(width), ..options.clone() };
            let mut text = Vec::new();
            render::write(&sheet, Format::Table, &options, &mut text).map_err(lost)?;
            screen.draw(&String::from_utf8_lossy(&text), height).map_err(lost)?;
            if screen.quits_within(PERIOD).map_err(lost)? {
                return Ok(Exit::Done);
            }
            self.refresh(session)?;
        }
    }

    /// First what is not open, then whatever changes, also by itself; until the reader goes away.
    fn by_line(&mut self, format: Format, session: &mut Session<'_>) -> Result<Exit, Failure> {
        let mut shown: BTreeMap<FacilityId, String> = BTreeMap::new();
        let mut first = true;
        loop {
            let at = self.now(session);
            let lines = self.ask(at, status::lines);
            let quiet =
                |facility: &FacilityId| first && !self.selection.all && !lines[facility].calls_for_notice;
            let changed: BTreeSet<FacilityId> = lines
                .iter()
                .filter(|(facility, line)| shown.get(facility) != Some(&line.text) && !quiet(facility))
                .map(|(facility, _)| *facility)
                .collect();
            let read_on = if format == Format::Table {
                let text = changed.iter().fold(String::new(), |text, facility| {
                    text + &render::safe::terminal(&lines[facility].text, session.common.ascii) + "\n"
                });
                session.ui.pass_on(|out| out.write_all(text.as_bytes()))?
            } else {
                let sheet = self.ask(at, |basis, _| rows_of(basis, changed.clone(), format));
                (sheet.rows.is_empty() && !first) || session.stream(&sheet, "facility", first)?
            };
            if !read_on {
                return Ok(Exit::Done);
            }
            shown = lines.into_iter().map(|(facility, line)| (facility, line.text)).collect();
            first = false;
            std::thread::sleep(PERIOD);
            self.refresh(session)?;
        }
    }
}

fn rows_of(basis: &Basis<'_>, facilities: BTreeSet<FacilityId>, format: Format) -> Sheet {
    let in_words = format.is_for_people();
    status::sheet(basis, &Selection { facilities: Some(facilities), all: true, in_words })
}
