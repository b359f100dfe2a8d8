//! The desk: a log that is open for writing, who writes, and the echo of what was written.
//!
//! Floor 6. What is recorded is decided within the log's own transaction, so that nobody writes between.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::log::{Appended, Column, Draft, EventLog, Log, Row, Writer};
use crate::model::{Instant, Ledger, Registry};
use crate::report::journal::{self, Entry};
use crate::report::{Basis, LogHead, Sheet, echo};
use crate::state::Timeline;

use super::context::{Environment, Setting, clock};
use super::error::Failure;

/// So many events at a time are searched for one of the user's own.
const STRETCH: u64 = 1000;

/// A log that is open for writing.
pub struct Desk<'a> {
    setting: &'a Setting,
    environment: &'a Environment,
    store: Box<dyn EventLog>,
    log: Log,
}

/// What a write came to.
pub struct Recorded<'a> {
    /// The answer: the events, and the echo for people.
    pub sheet: Sheet,
    /// What the log did.
    pub appended: Appended,
    /// What is known now.
    pub timeline: Timeline<'a>,
}

impl<'a> Desk<'a> {
    /// Opens the log. One that nobody named is begun if it is not there and this can be its first event.
    pub fn open(setting: &'a Setting, environment: &'a Environment, begin: bool) -> Result<Self, Failure> {
        let store = setting.place.to_write(environment, begin)?;
        let log = Log { hash: Some(crate::log::Hash::default()), ..Log::default() };
        Ok(Self { setting, environment, store, log })
    }

    /// The newest event that this user recorded, that is no retraction and that stands; `None` where there is none.
    pub fn last_own(&mut self) -> Result<Option<u64>, Failure> {
        let head = self.store.head().map_err(Failure::NotRecorded)?.event;
        let user = self.environment.user.as_str();
        let mut gone: BTreeSet<u64> = BTreeSet::new();
        let mut end = head;
        while end > 0 {
            // What retracts an event comes after it, so that going backwards in stretches sees it first.
            let begin = end.saturating_sub(STRETCH);
            let mut stretch: Vec<(u64, bool, Option<u64>)> = Vec::new();
            self.store
                .rows(begin + 1..=end, &mut |number, row| {
                    let own = row.get(Column::Author) == Some(user);
                    let retracts = row.get(Column::Retracts).and_then(|cell| cell.parse().ok());
                    stretch.push((number, own, retracts));
                    Ok(())
                })
                .map_err(Failure::NotRecorded)?;
            for (number, own, retracts) in stretch.into_iter().rev() {
                match retracts {
                    _ if gone.contains(&number) => {}
                    Some(target) => {
                        gone.insert(target);
                    }
                    None if own => return Ok(Some(number)),
                    None => {}
                }
            }
            end = begin;
        }
        Ok(None)
    }

    /// Takes in the events of another log that are not here yet.
    pub fn import(&mut self, events: &Ledger) -> Result<Appended, Failure> {
        let writer = self.writer();
        self.store.import(writer, &mut self.log, events).map_err(Failure::NotRecorded)
    }

    /// What is recorded, as far as it was read.
    pub fn events(&self) -> &Ledger {
        &self.log.events
    }

    /// The events at these places with what the store keeps of each.
    pub fn entries(&mut self, places: Range<usize>) -> Result<Vec<Entry>, Failure> {
        stored(&mut *self.store, &self.log.events, places)
    }

    fn writer(&self) -> Writer<'a> {
        Writer { registry: &self.setting.registry, author: &self.environment.user, clock: &clock }
    }

    /// Records what `decide` drafts, all of it or nothing. It is told everything that was recorded before, and when its
    /// drafts will be.
    pub fn record(
        mut self,
        command: &'static str,
        decide: impl FnOnce(&Ledger, Instant) -> Result<Vec<Draft>, Failure>,
    ) -> Result<Recorded<'a>, Failure> {
        let registry: &'a Registry = &self.setting.registry;
        let writer = self.writer();
        let mut now = self.setting.at;
        let appended = self
            .store
            .append(writer, &mut self.log, |log, recorded_at| {
                now = recorded_at;
                decide(&log.events, recorded_at)
            })
            .map_err(Failure::NotRecorded)??;
        let head = LogHead::from(&self.log);
        let (events, places) = (self.log.events, appended.places.clone());
        let mut earlier = events.clone();
        earlier.truncate(places.start);
        let before = Timeline::of(registry, &earlier, None);
        let stored = stored(&mut *self.store, &events, places.clone())?;
        let timeline = Timeline::owning(registry, events, None);
        let events = timeline.ledger();
        let basis = Basis {
            registry,
            timeline: &timeline,
            at: now,
            known_at: None,
            zone: self.setting.zone,
            log: Some(&head),
        };
        let mut sheet = journal::sheet(&basis, command, stored, events);
        sheet.answer = Some(echo::lines(&basis, &before, events, places));
        // The echo has its own times, and says itself how much it is about.
        (sheet.header, sheet.footer) = (Vec::new(), Vec::new());
        Ok(Recorded { sheet, appended, timeline })
    }
}

/// The events at these places, with what the store keeps of each beside its meaning.
pub fn stored(
    store: &mut dyn EventLog,
    events: &Ledger,
    places: Range<usize>,
) -> Result<Vec<Entry>, Failure> {
    let first = places.start as u64 + 1;
    let mut entries: Vec<Entry> =
        events.stand_at(places.clone()).map(|event| Entry::new(event, None)).collect();
    let text = |row: &Row<'_>, column| row.get(column).map(str::to_owned);
    store
        .rows(first..=places.end as u64, &mut |number, row| {
            let index = number.checked_sub(first).and_then(|index| usize::try_from(index).ok());
            if let Some(entry) = index.and_then(|index| entries.get_mut(index)) {
                entry.author = text(row, Column::Author);
                entry.data = text(row, Column::Data);
                entry.hash = text(row, Column::Hash);
            }
            Ok(())
        })
        .map_err(Failure::Store)?;
    Ok(entries)
}

/// Entries that `read` gets from places, a page at a time.
pub fn by_pages(
    places: Range<usize>,
    mut read: impl FnMut(Range<usize>) -> Result<Vec<Entry>, Failure>,
) -> impl Iterator<Item = Result<Entry, Failure>> {
    /// So many events at a time are put together with what the log keeps of them.
    const PAGE: usize = 1000;
    let pages = places.clone().step_by(PAGE).map(move |begin| begin..places.end.min(begin + PAGE));
    pages.flat_map(move |page| match read(page) {
        Ok(entries) => entries.into_iter().map(Ok).collect(),
        Err(failure) => vec![Err(failure)],
    })
}
