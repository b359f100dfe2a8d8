//! Stores: what every log can do, whatever keeps its rows; and reading, appending and verifying, written once for all.
//!
//! Floor 4; the clock, the author and the registry are arguments.

use std::ops::{Range, RangeInclusive};

use chrono::TimeDelta;

use super::chain::{self, Hash, Head, Verdict};
use super::draft::{Draft, Entry};
use super::row::{Column, Row, Rows, Wrong};
use super::{Log, LogError, shares};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Event, FileId, Instant, Kind, Registry, Sources};

/// A clock that lies behind the last event by no more than this is forgiven: hosts are not set alike to the second.
const FORGIVEN: TimeDelta = TimeDelta::minutes(5);

/// So many rows that can't be read are told one by one.
const TOLD: usize = 20;

/// The columns from which an event is read. The rest is for people and for the chain.
pub(super) const MEANING: &[Column] = &[
    Column::RecordedAt,
    Column::Kind,
    Column::Facility,
    Column::Region,
    Column::Lane,
    Column::Status,
    Column::Scope,
    Column::From,
    Column::Until,
    Column::Route,
    Column::WalkIn,
    Column::Reason,
    Column::Text,
    Column::Source,
    Column::Approver,
    Column::Exercise,
    Column::Retracts,
    Column::Data,
];

/// Takes a row with the number of its event.
pub type EachRow<'a> = dyn FnMut(u64, &Row<'_>) -> Result<(), LogError> + 'a;

/// The last row of a log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Last {
    /// Its number and hash.
    pub head: Head,
    /// When it was recorded.
    pub recorded_at: Instant,
}

/// A log as it is at one moment: what others write meanwhile is not in it.
pub trait Reading {
    /// Its last row; `None` where there is none.
    fn last(&mut self) -> Result<Option<Last>, LogError>;
    /// The rows of the events of these numbers, in order, with at least these columns filled.
    fn rows(
        &mut self,
        numbers: RangeInclusive<u64>,
        columns: &[Column],
        each: &mut EachRow<'_>,
    ) -> Result<(), LogError>;
    /// Others that read the same log, at least up to where this reading does: one for each processor that would have
    /// nothing to do otherwise. None where it is not known that they are quicker together.
    fn others(&self) -> Vec<Box<dyn EventLog + Send>> {
        Vec::new()
    }
    /// The number of the event with this import key, if it is in it.
    fn imported(&mut self, key: &str) -> Result<Option<u64>, LogError>;
    /// What is wrong with the storage itself, beside the rows: damaged pages, guards that were taken off.
    fn inspect(&mut self) -> Result<Vec<String>, LogError>;
}

/// A log while nobody else can write to it.
pub trait Writing: Reading {
    /// Adds a row; it counts once the work that adds it has ended well.
    fn insert(&mut self, number: u64, row: &Row<'_>, hash: Hash) -> Result<(), LogError>;
}

/// Something that keeps the rows of a log.
///
/// What a user of a log calls stands in `impl dyn EventLog`, and is the same for every store.
pub trait EventLog {
    /// How messages call it: a path, or a URL without user and password.
    fn name(&self) -> &str;
    /// Does something with the log as it is at one moment.
    fn read(
        &mut self,
        work: &mut dyn FnMut(&mut dyn Reading) -> Result<(), LogError>,
    ) -> Result<(), LogError>;
    /// Does something while nobody else can write. Everything inserted is in the log, safely, when this returns `Ok`,
    /// and nothing of it otherwise.
    fn write(
        &mut self,
        work: &mut dyn FnMut(&mut dyn Writing) -> Result<(), LogError>,
    ) -> Result<(), LogError>;
}

/// Who writes, by which clock, about which facilities.
#[derive(Clone, Copy)]
pub struct Writer<'a> {
    /// What the drafts name.
    pub registry: &'a Registry,
    /// The user of the operating system; it is not for the user to set.
    pub author: &'a str,
    /// The host's clock, read when it is this writer's turn.
    pub clock: &'a dyn Fn() -> Instant,
}

/// What a write did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Appended {
    /// Where the new events stand in the log that was brought up to date: at its end, in the order of the drafts.
    pub places: Range<usize>,
    /// How many drafts were in the log already, by their import keys.
    pub skipped: usize,
    /// The last event of the log now.
    pub head: Head,
    /// How far the clock lay behind the last event, where it did: that event's time was used instead.
    pub behind: Option<TimeDelta>,
}

impl Appended {
    /// The numbers of the first and of the last new event; `None` where there is none.
    pub fn numbers(&self) -> Option<(u64, u64)> {
        (!self.places.is_empty()).then_some((self.places.start as u64 + 1, self.places.end as u64))
    }
}

impl dyn EventLog + '_ {
    /// The last event and its hash. Cheap enough to ask every second: a log that only grows has changed exactly when
    /// its head has.
    pub fn head(&mut self) -> Result<Head, LogError> {
        let mut head = Head::default();
        self.read(&mut |reading| {
            head = reading.last()?.map_or(Head::default(), |last| last.head);
            Ok(())
        })?;
        Ok(head)
    }

    /// Every event.
    pub fn load(&mut self, registry: &Registry) -> Result<Log, LogError> {
        let mut log = Log { hash: Some(Hash::default()), ..Log::default() };
        self.catch_up(&mut log, registry)?;
        Ok(log)
    }

    /// Adds to `log`, which was read from here, what was recorded since. Returns how many events that were.
    pub fn catch_up(&mut self, log: &mut Log, registry: &Registry) -> Result<usize, LogError> {
        let name = self.name().to_owned();
        let before = log.events.len();
        self.read(&mut |reading| catch_up(reading, &name, log, registry).map(|_| ()))?;
        Ok(log.events.len() - before)
    }

    /// The rows of the events of these numbers as they are stored, with author, data and hash.
    pub fn rows(&mut self, numbers: RangeInclusive<u64>, each: &mut EachRow<'_>) -> Result<(), LogError> {
        self.read(&mut |reading| reading.rows(numbers.clone(), Column::ALL, each))
    }

    /// Walks the whole chain, and compares it with a head that somebody kept.
    pub fn verify(&mut self, kept: Option<Head>) -> Result<Verdict, LogError> {
        let mut verdict = Verdict::default();
        self.read(&mut |reading| {
            verdict = chain::verify(reading, kept)?;
            Ok(())
        })?;
        Ok(verdict)
    }

    /// Decides and writes with nobody between. `log`, which was read from here, is brought up to date; `decide` sees
    /// it, with the instant at which its drafts will be recorded, and gives the drafts or a refusal. All of the drafts
    /// are recorded or none is, and those that are stand at the end of `log`, too. No drafts: nothing is written.
    ///
    /// The outer error is the log's, the inner one is what `decide` refused with.
    pub fn append<E>(
        &mut self,
        writer: Writer<'_>,
        log: &mut Log,
        decide: impl FnOnce(&Log, Instant) -> Result<Vec<Draft>, E>,
    ) -> Result<Result<Appended, E>, LogError> {
        let (decided, appended) = self.add(writer, log, |adding| {
            let drafts = match decide(adding.log, adding.recorded_at) {
                Ok(drafts) => drafts,
                Err(refusal) => return Ok(Err(refusal)),
            };
            for draft in &drafts {
                adding.add(draft)?;
            }
            Ok(Ok(()))
        })?;
        Ok(decided.map(|()| appended))
    }

    /// Has `work` add events with nobody between, after `log` was brought up to date; all of them are recorded or none.
    pub(super) fn add<T>(
        &mut self,
        writer: Writer<'_>,
        log: &mut Log,
        work: impl FnOnce(&mut Adding<'_>) -> Result<T, LogError>,
    ) -> Result<(T, Appended), LogError> {
        let name = self.name().to_owned();
        let mut work = Some(work);
        let mut outcome = None;
        let mut before = log.events.len();
        let written = self.write(&mut |writing| {
            let last = catch_up(writing, &name, log, writer.registry)?;
            before = log.events.len();
            let now = (writer.clock)();
            let (recorded_at, behind) = recording_time(&name, now, last)?;
            let Some(work) = work.take() else { return Ok(()) };
            let mut adding = Adding::new(writing, &mut *log, &name, writer, recorded_at, last);
            let done = work(&mut adding)?;
            let Adding { head, skipped, .. } = adding;
            outcome = Some((done, Appended { places: before..log.events.len(), skipped, head, behind }));
            Ok(())
        });
        let outcome = written.and_then(|()| {
            outcome.ok_or_else(|| LogError::Storage {
                log: name,
                doing: "write",
                found: "the store ended without doing its work".to_owned(),
            })
        });
        match &outcome {
            Ok((_, appended)) => log.hash = Some(appended.head.hash),
            Err(_) => log.events.truncate(before),
        }
        outcome
    }
}

/// When an event is recorded: now, but never before the last one.
fn recording_time(
    log: &str,
    now: Instant,
    last: Option<Last>,
) -> Result<(Instant, Option<TimeDelta>), LogError> {
    match last.map(|last| last.recorded_at).filter(|last| now < *last) {
        None => Ok((now, None)),
        Some(last) if last.since(now) <= FORGIVEN => Ok((last, Some(last.since(now)))),
        Some(last) => Err(LogError::Clock { log: log.to_owned(), now, last }),
    }
}

/// Reads what comes after the last event of `log`. Returns the last row that is there.
fn catch_up(
    reading: &mut (impl Reading + ?Sized),
    name: &str,
    log: &mut Log,
    registry: &Registry,
) -> Result<Option<Last>, LogError> {
    let last = reading.last()?;
    let head = last.map_or(Head::default(), |last| last.head);
    let known = log.head();
    if head.event < known {
        return Err(LogError::Replaced { log: name.to_owned() });
    }
    if known == 0 && head.event >= shares::FEW {
        let others = reading.others();
        if !others.is_empty()
            && let Some(events) = shares::read(reading, others, registry, 1..=head.event)
        {
            (log.events, log.hash) = (events, Some(head.hash));
            return Ok(last);
        }
    }
    if head.event > known {
        let mut rows = Rows::after(registry, unnamed(), known, log.events.last_recorded_at());
        let mut wrong = Vec::new();
        let mut next = known;
        log.events.reserve(usize::try_from(head.event - known).unwrap_or_default());
        let read = reading.rows(known + 1..=u64::MAX, MEANING, &mut |number, row| {
            next += 1;
            if number != next {
                let found = format!("event {next} is missing");
                return Err(LogError::Damaged { log: name.to_owned(), found });
            }
            match rows.event(row) {
                Ok(event) => log.events.push(&event),
                Err(found) if wrong.len() < TOLD => wrong.push(told(number, found)),
                Err(_) => {}
            }
            Ok(())
        });
        let read = match read {
            Ok(()) if wrong.is_empty() => Ok(()),
            Ok(()) => Err(LogError::Rows { log: name.to_owned(), rows: wrong }),
            Err(error) => Err(error),
        };
        if let Err(error) = read {
            log.events.truncate(usize::try_from(known).unwrap_or(usize::MAX));
            return Err(error);
        }
    }
    log.hash = Some(head.hash);
    Ok(last)
}

/// What is wrong with a stored row, in one diagnostic.
fn told(number: u64, wrong: Vec<Wrong>) -> Diagnostic {
    let mut help = Vec::new();
    let mut messages = Vec::new();
    for one in wrong {
        messages.push(format!("`{}`: {}", one.column.as_str(), one.message));
        help.extend(one.help);
    }
    let message = format!("event {number}, {}", messages.join("; "));
    Diagnostic { help, ..Diagnostic::nowhere(Code::BadRow, message) }
}

/// A text for places that nobody points at: a stored row has no file.
pub(super) fn unnamed() -> FileId {
    Sources::default().add("", "")
}

/// Events while they are added.
pub(super) struct Adding<'a> {
    writing: &'a mut dyn Writing,
    /// Where the new ones are taken in.
    log: &'a mut Log,
    name: &'a str,
    writer: Writer<'a>,
    recorded_at: Instant,
    /// Reads every row back before it is stored.
    rows: Rows<'a>,
    head: Head,
    skipped: usize,
}

impl<'a> Adding<'a> {
    fn new(
        writing: &'a mut dyn Writing,
        log: &'a mut Log,
        name: &'a str,
        writer: Writer<'a>,
        recorded_at: Instant,
        last: Option<Last>,
    ) -> Self {
        let head = last.map_or(Head::default(), |last| last.head);
        let before = last.map(|last| last.recorded_at);
        let rows = Rows::after(writer.registry, unnamed(), head.event, before);
        Self { writing, log, name, writer, recorded_at, rows, head, skipped: 0 }
    }

    /// Adds the event of a draft; tells its number, also where it was there before.
    pub(super) fn add(&mut self, draft: &Draft) -> Result<u64, LogError> {
        if let Some(key) = draft.import_key()
            && let Some(number) = self.writing.imported(key)?
        {
            self.skipped += 1;
            return Ok(number);
        }
        let row = draft.row(self.recorded_at, self.writer.author, self.writer.registry);
        let number = self.head.event + 1;
        let event = self.read_back(number, &row, draft)?;
        let hash = chain::seal(self.head.hash, number, &row);
        self.writing.insert(number, &row, hash)?;
        self.head = Head { event: number, hash };
        self.log.events.push(&event);
        Ok(number)
    }

    /// The event that the row will be read as; it must be what was drafted, for what can't be read can't be taken back.
    fn read_back(&mut self, number: u64, row: &Row<'_>, draft: &Draft) -> Result<Event, LogError> {
        let unfaithful = |found: String| LogError::Unfaithful { event: number, found };
        if Column::ALL.iter().any(|column| row.cell(*column).is_some_and(|cell| cell.contains('\0'))) {
            return Err(unfaithful("a text holds a NUL character".to_owned()));
        }
        let event = self.rows.event(row).map_err(|wrong| unfaithful(told(number, wrong).message))?;
        let same = match (&draft.entry, &event.kind) {
            (Entry::Declare(said), Kind::Declare(read)) => said == read,
            (Entry::Retract(said), Kind::Retract(read)) => said == read,
            (Entry::Census(said), Kind::Census(read)) => said == read,
            (Entry::Assign(said), Kind::Assign(read)) => said.is_as(read),
            (Entry::Note(_), Kind::Note(_)) => true,
            (
                Entry::Declare(_) | Entry::Retract(_) | Entry::Census(_) | Entry::Assign(_) | Entry::Note(_),
                Kind::Declare(_) | Kind::Retract(_) | Kind::Census(_) | Kind::Assign(_) | Kind::Note(_),
            ) => false,
        };
        let words = draft.text.as_deref().filter(|words| !words.is_empty());
        let is_told = matches!(draft.entry, Entry::Declare(_)) || event.text.as_deref() == words;
        if same && is_told && event.source == draft.source {
            return Ok(event);
        }
        Err(unfaithful(format!("`{}` would read it differently", self.name)))
    }
}

/// The last row from what a store keeps of it.
pub(super) fn last(log: &str, event: u64, recorded_at: &str, hash: &str) -> Result<Last, LogError> {
    let damaged =
        |what: &str| LogError::Damaged { log: log.to_owned(), found: format!("event {event} has {what}") };
    let moment = chrono::DateTime::parse_from_rfc3339(recorded_at)
        .map_err(|_| damaged(&format!("no time in `recorded_at`: `{recorded_at}`")))?;
    let hash = hash.parse().map_err(|_| damaged("no hash"))?;
    Ok(Last { head: Head { event, hash }, recorded_at: Instant::from(moment) })
}
