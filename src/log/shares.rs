//! Shares: several read the rows of a stored log at once, a stretch of numbers each, and what they read is put together in
//! its order.
//!
//! Floor 4; threads, and nothing that depends on which of them is quicker. Of what is wrong with a row nothing is told:
//! whoever reads the rows one after the other tells it.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::LogError;
use super::row::{Column, Rows};
use super::store::{EventLog, MEANING, Reading, unnamed};
use crate::model::{Entry, Event, Instant, Ledger, Registry, Sayings};

/// So many events are read at a time. In tests fewer, so that short logs are read by several.
const STRETCH: u64 = if cfg!(debug_assertions) { 100 } else { 1 << 16 };
/// A log of so few events is not worth a second reader.
pub(super) const FEW: u64 = if cfg!(debug_assertions) { 1000 } else { 1 << 17 };
/// So many events are put among the sayings at a time: to others, those are locked meanwhile.
const BATCH: usize = 256;

/// The events of these numbers, the first of which is 1; `None` where not all of them are there and well.
pub(super) fn read(
    reading: &mut (impl Reading + ?Sized),
    others: Vec<Box<dyn EventLog + Send>>,
    registry: &Registry,
    numbers: RangeInclusive<u64>,
) -> Option<Ledger> {
    let shares = Shares {
        registry,
        next: AtomicU64::new(*numbers.start()),
        last: *numbers.end(),
        has_failed: AtomicBool::new(false),
        said: Mutex::default(),
        read: Mutex::new(Read { next: *numbers.start(), ..Read::default() }),
    };
    std::thread::scope(|scope| {
        for mut other in others {
            let shares = &shares;
            scope.spawn(move || {
                let read = other.read(&mut |reading| {
                    shares.work(reading);
                    Ok(())
                });
                shares.has_failed.fetch_or(read.is_err(), Ordering::Relaxed);
            });
        }
        shares.work(reading);
    });
    let Shares { has_failed, said, read, .. } = shares;
    let read = read.into_inner().unwrap_or_else(PoisonError::into_inner);
    let said = said.into_inner().unwrap_or_else(PoisonError::into_inner);
    let is_whole = !has_failed.into_inner() && read.next == numbers.end() + 1;
    is_whole.then(|| Ledger::of_entries(read.entries, said))
}

/// The work that is shared.
struct Shares<'g> {
    registry: &'g Registry,
    /// The first number that nobody reads yet.
    next: AtomicU64,
    last: u64,
    has_failed: AtomicBool,
    said: Mutex<Sayings>,
    read: Mutex<Read>,
}

/// What was read.
#[derive(Default)]
struct Read {
    /// What is in order, up to before the event of the number `next`, and when the last of it was recorded.
    entries: Vec<Entry>,
    next: u64,
    recorded: Option<Instant>,
    /// Beyond it, by the first number of each.
    stretches: BTreeMap<u64, Stretch>,
}

/// Events of a stretch, and when its first and its last were recorded.
struct Stretch {
    entries: Vec<Entry>,
    recorded: [Instant; 2],
}

impl Shares<'_> {
    /// Reads stretches while there are any and nothing is wrong.
    fn work(&self, reading: &mut (impl Reading + ?Sized)) {
        let mut rows = Rows::after(self.registry, unnamed(), 0, None);
        while !self.has_failed.load(Ordering::Relaxed) {
            let first = self.next.fetch_add(STRETCH, Ordering::Relaxed);
            if first > self.last {
                return;
            }
            let numbers = first..=self.last.min(first + STRETCH - 1);
            let is_well = self.stretch(reading, &mut rows, numbers).is_some_and(|read| self.put(first, read));
            self.has_failed.fetch_or(!is_well, Ordering::Relaxed);
        }
    }

    fn stretch(
        &self,
        reading: &mut (impl Reading + ?Sized),
        rows: &mut Rows<'_>,
        numbers: RangeInclusive<u64>,
    ) -> Option<Stretch> {
        let (first, last) = numbers.clone().into_inner();
        rows.go_on_after(first - 1, None);
        let mut entries: Vec<Entry> = Vec::new();
        let mut events: Vec<Event> = Vec::with_capacity(BATCH);
        let mut between: Option<[Instant; 2]> = None;
        let take = |events: &mut Vec<Event>, entries: &mut Vec<Entry>| {
            let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
            entries.extend(events.drain(..).map(|event| said.entry(&event)));
        };
        let wrong = || LogError::Damaged { log: String::new(), found: String::new() };
        let read = reading.rows(numbers, MEANING, &mut |number, row| {
            let event = rows.event(row).map_err(|_| wrong())?;
            if event.number != number || row.get(Column::RecordedAt).is_none() {
                return Err(wrong());
            }
            between = Some([between.map_or(event.recorded_at, |[first, _]| first), event.recorded_at]);
            events.push(event);
            if events.len() == BATCH {
                take(&mut events, &mut entries);
            }
            Ok(())
        });
        take(&mut events, &mut entries);
        let is_whole = read.is_ok() && entries.len() as u64 == last + 1 - first;
        Some(Stretch { entries, recorded: between.filter(|_| is_whole)? })
    }

    /// Puts a stretch in its place; false where the clock of recording went back before it.
    fn put(&self, first: u64, stretch: Stretch) -> bool {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.stretches.insert(first, stretch);
        while let Some(next) = read.next_stretch() {
            if read.recorded.is_some_and(|before| next.recorded[0] < before) {
                return false;
            }
            read.recorded = Some(next.recorded[1]);
            read.next += next.entries.len() as u64;
            read.entries.extend(next.entries);
        }
        true
    }
}

impl Read {
    fn next_stretch(&mut self) -> Option<Stretch> {
        let next = self.next;
        self.stretches.remove(&next)
    }
}
