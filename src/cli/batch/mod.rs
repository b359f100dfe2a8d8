//! Many patients, one after the other: a stream in, a stream of answers out, in the same order.
//!
//! Floor 6, with threads. What has come is read at once (`input`), cut into whole rows (`cut`) and shared out to
//! `worker`s, which read each patient (`patient`, `json`, `degrees`), have it decided (`decider`) from what is
//! known by then (`known`) and write the answer (`answer`). Whatever is answered is written before more is waited for,
//! and nothing is kept of it: memory does not grow with the stream.

mod answer;
mod columns;
mod cut;
mod decider;
mod degrees;
mod input;
mod json;
mod known;
mod marks;
mod patient;
mod turns;
mod worker;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use chrono_tz::Tz;

use crate::log::unpacked;
use crate::model::{AllDiverting, Event, FacilityId, Instant, Registry, Sources};
use crate::render::{self, Format};
use crate::report::keys::Keys;
use crate::sheet::Sheet;

use super::context::{Stopwatch, clock};
use super::error::Failure;
use super::progress::{self, Progress};
use super::watch::Watch;
use answer::{Answers, Form, Telling};
use columns::Column;
use input::{Dialect, Input, Piece, Rows};
pub use known::Known;
use patient::Reading;
use turns::Turns;
use worker::{Job, Worker};

/// A worker's first share, in bytes of input: a few rows, so that the first answers are out at once.
const FIRST_SHARE: usize = 1 << 10;
/// Less than this is not worth a thread.
const SMALLEST_SHARE: usize = 1 << 12;
/// Its largest.
const LARGEST_SHARE: usize = 1 << 19;
/// Shares grow while they are done within this time…
const SHORT: Duration = Duration::from_millis(50);
/// …and shrink when they take longer than that,
const LONG: Duration = Duration::from_millis(200);
/// or when their answers are larger than this.
const MUCH: usize = 1 << 23;
/// No text of a row is quoted at greater length in what is said of it.
const QUOTED: usize = 60;

/// What is asked of every row.
pub struct Plan<'a> {
    /// The registry.
    pub registry: &'a Registry,
    /// The log.
    pub watch: Watch<'a>,
    /// What `--given` supposes, numbered from 1.
    pub given: Vec<Event>,
    /// `--known-at`; `None`: everything recorded.
    pub known_at: Option<Instant>,
    /// Each row as known at its own time.
    pub by_row: bool,
    /// `--at`: the time of rows that say none; `None`: the clock.
    pub at: Option<Instant>,
    /// The zone given by hand; it beats every other.
    pub zone: Option<Tz>,
    /// Left out for every row.
    pub exclude: BTreeSet<FacilityId>,
    /// How many alternates csv names.
    pub alternates: usize,
    /// The format of the answers.
    pub format: Format,
    /// How they are written.
    pub options: render::Options,
    /// An empty sheet of decisions.
    pub sheet: Sheet,
    /// How many threads may decide at once.
    pub processors: usize,
    /// The width of a line that says how far the stream is; `None`: none is wanted.
    pub progress: Option<usize>,
}

/// Why a stream ends before its end.
pub enum Stop {
    /// The answers can't be written; a reader that went away is one such reason.
    Output(io::Error),
    /// Something else.
    Failed(Failure),
}

/// A stream of patients that is about to be answered.
pub struct Stream<'a> {
    known: Known<'a>,
    registry: &'a Registry,
    at: Option<Instant>,
    zone: Option<Tz>,
    exclude: BTreeSet<FacilityId>,
    alternates: usize,
    format: Format,
    options: render::Options,
    sheet: Sheet,
    form: Form,
    keys: Keys,
    /// The first shares its work with the others where there is enough of it.
    workers: Vec<Worker<'a>>,
    /// Where a policy takes turns, rows are decided one by one.
    turns: Option<Turns>,
    /// In bytes of input.
    share: usize,
    /// The width of a line that says how far the stream is.
    progress: Option<usize>,
    /// What was printed where every id is printed once.
    printed: BTreeSet<String>,
}

impl<'a> Stream<'a> {
    /// Folds what is known.
    pub fn new(plan: Plan<'a>) -> Self {
        let Plan { registry, format, options, sheet, .. } = plan;
        let form = Form::of(format, &options);
        let takes_turns = |policy: &crate::model::Policy| policy.all_diverting == AllDiverting::Rotate;
        let turns = registry.policies.iter().any(|(_, policy)| takes_turns(policy));
        let count = if turns { 1 } else { plan.processors.max(1) };
        let in_brief = match form {
            Form::Brief { .. } | Form::Ids => true,
            Form::Whole { .. } => false,
        };
        // Whose turn it is hangs on every row before.
        let indexed = (in_brief && !turns).then(|| plan.exclude.clone());
        Self {
            known: Known::new(plan.watch, registry, plan.given, plan.known_at, plan.by_row, indexed),
            registry,
            at: plan.at,
            zone: plan.zone,
            exclude: plan.exclude,
            alternates: plan.alternates,
            workers: (0..count).map(|_| Worker::new(Answers::new(&form, sheet.clone()))).collect(),
            format,
            options,
            sheet,
            form,
            keys: Keys::of(registry),
            turns: turns.then(|| Turns::new(plan.zone.unwrap_or(registry.timezone))),
            share: FIRST_SHARE,
            progress: plan.progress,
            printed: BTreeSet::new(),
        }
    }

    /// What is known by now.
    pub fn known(&self) -> &Known<'a> {
        &self.known
    }

    /// How many rows were answered, and how many of them could not be read.
    pub fn count(&self) -> (u64, u64) {
        self.workers.iter().fold((0, 0), |(rows, bad), worker| (rows + worker.rows, bad + worker.bad))
    }

    /// Answers every patient of a file, or of standard input where it is called `-`; unpacked, where it was compressed with
    /// gzip. What is odd meanwhile is told to `warn`.
    pub fn run(
        &mut self,
        path: &Path,
        sources: &mut Sources,
        warn: &dyn Fn(&str),
        out: &mut dyn Write,
    ) -> Result<(), Stop> {
        let is_input = path == Path::new("-");
        let name = if is_input { "standard input".to_owned() } else { format!("`{}`", path.display()) };
        let unreadable = |error| Stop::Failed(Failure::Input { name: name.clone(), error });
        let is_packed = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("gz"));
        let (source, length) = if is_input {
            (unpacked(io::stdin()), None)
        } else {
            let file = File::open(path).map_err(unreadable)?;
            // Nobody knows how long it is when it is unpacked.
            let length = progress::length(&file).filter(|_| !is_packed);
            (unpacked(file), length)
        };
        let source = source.map_err(unreadable)?;
        let written = if is_packed { Path::new(path.file_stem().unwrap_or_default()) } else { path };
        let dialect = match written.extension().filter(|_| !is_input) {
            Some(ending) if ending.eq_ignore_ascii_case("csv") => Some(Dialect::Csv),
            Some(ending) if ending.eq_ignore_ascii_case("jsonl") => Some(Dialect::Jsonl),
            Some(_) | None => None,
        };
        let mut input = Input::open(source, dialect).map_err(unreadable)?;
        let dialect = input.dialect();
        let columns = match dialect {
            Dialect::Jsonl => Column::ALL.to_vec(),
            Dialect::Csv => match input.header().map_err(unreadable)? {
                Some(row) => {
                    let name = if is_input { name.clone() } else { path.display().to_string() };
                    columns::header(cut::without_break(&row), &name, sources).map_err(Stop::Failed)?
                }
                None => Vec::new(),
            },
        };
        let no_rows = Sheet { rows: Vec::new(), ..self.sheet.clone() };
        render::write(&no_rows, self.format, &self.options, out)
            .and_then(|()| out.flush())
            .map_err(Stop::Output)?;
        let mut progress = self.progress.map(|width| Progress::of_patients(length, width));
        loop {
            self.known.refresh(sources).map_err(Stop::Failed)?;
            if let Some(remark) = self.known.remark() {
                warn(&remark.to_string());
            }
            let now = self.at.unwrap_or_else(clock);
            while let Some(piece) = input.next() {
                self.answer(piece, (dialect, &columns), now, out, progress.as_mut()).map_err(Stop::Output)?;
            }
            if input.ended {
                return Ok(());
            }
            input.fill().map_err(unreadable)?;
        }
    }

    /// Answers a piece of the stream, share after share; each share is written as soon as it is decided.
    fn answer(
        &mut self,
        piece: Piece<'_>,
        (dialect, columns): (Dialect, &[Column]),
        now: Instant,
        out: &mut dyn Write,
        mut progress: Option<&mut Progress>,
    ) -> io::Result<()> {
        let job = Job {
            dialect,
            reading: Reading {
                registry: self.registry,
                now,
                zone: self.zone.unwrap_or(self.registry.timezone),
                columns,
            },
            facts: self.known.facts(),
            telling: Telling {
                form: &self.form,
                keys: &self.keys,
                zone: self.zone,
                alternates: self.alternates,
                exclude: &self.exclude,
            },
        };
        for worker in &mut self.workers {
            worker.consult(self.known.index(), self.alternates);
        }
        let mut rest = match piece {
            Piece::Rows(rows) => rows,
            Piece::TooLong(beginning) => {
                let Some(worker) = self.workers.first_mut() else { return Ok(()) };
                worker.too_long(beginning, &job)?;
                write(worker, &self.form, &mut self.printed, out)?;
                return out.flush();
            }
        };
        while !rest.bytes.is_empty() {
            let stopwatch = Stopwatch::start();
            let before = rest.bytes.len();
            let mut shares = Vec::new();
            // What comes through a pipe is little at a time, and all are to have some of it.
            let even = rest.bytes.len().div_ceil(self.workers.len()).max(SMALLEST_SHARE);
            while shares.len() < self.workers.len() && !rest.bytes.is_empty() {
                let share;
                (share, rest) = rest.split(self.share.min(even));
                shares.push(share);
            }
            let mut size = 0;
            let (form, printed) = (&self.form, &mut self.printed);
            work(&mut self.workers, shares, &job, self.turns.as_mut(), |worker| {
                size = size.max(worker.answers.bytes().len());
                write(worker, form, printed, out)
            })?;
            out.flush()?;
            if let Some(progress) = &mut progress {
                let patients = self.workers.iter().map(|worker| worker.rows).sum();
                progress.answered(before - rest.bytes.len(), patients);
            }
            let took = stopwatch.elapsed();
            if took > LONG || size > MUCH {
                self.share = (self.share / 2).max(1);
            } else if took < SHORT && size < MUCH / 4 {
                self.share = (self.share * 2).min(LARGEST_SHARE);
            }
        }
        Ok(())
    }
}

/// Lets each worker do its share; the first works on this thread. Those who are done are `told` of in order, while others
/// may still be at it.
fn work(
    workers: &mut [Worker<'_>],
    shares: Vec<Rows<'_>>,
    job: &Job<'_>,
    turns: Option<&mut Turns>,
    mut told: impl FnMut(&Worker<'_>) -> io::Result<()>,
) -> io::Result<()> {
    let mut pairs = workers.iter_mut().zip(shares);
    let Some((first, share)) = pairs.next() else { return Ok(()) };
    std::thread::scope(|scope| {
        let work = |(worker, share): (_, Rows<'_>)| {
            let worker: &mut Worker<'_> = worker;
            worker.work(share, job, None).map(|()| &*worker)
        };
        let others: Vec<_> = pairs.map(|pair| scope.spawn(move || work(pair))).collect();
        let mut done = first.work(share, job, turns).and_then(|()| told(first));
        for other in others {
            let worker = match other.join() {
                Ok(worker) => worker,
                Err(panic) => std::panic::resume_unwind(panic),
            };
            done = done.and_then(|()| told(worker?));
        }
        done
    })
}

/// Writes what a worker answered.
fn write(
    worker: &Worker<'_>,
    form: &Form,
    printed: &mut BTreeSet<String>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let answers = worker.answers.bytes();
    match form {
        Form::Brief { .. } | Form::Whole { .. } => out.write_all(answers),
        Form::Ids => {
            for line in answers.split_inclusive(|byte| *byte == b'\n') {
                let id = String::from_utf8_lossy(line);
                if !printed.contains(&*id) {
                    out.write_all(line)?;
                    printed.insert(id.into_owned());
                }
            }
            Ok(())
        }
    }
}

/// A text as it is quoted in what is said of it.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(QUOTED) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}
