//! Importing: the events of another log, each taken once however often it is imported.
//!
//! Floor 4; touches no file. An imported event is recorded now; when it was recorded there stands in `data`.

use std::borrow::Cow;

use chrono_tz::Tz;
use rustc_hash::{FxHashMap, FxHashSet};

use super::chain::{Hash, seal};
use super::row::{Column, Row};
use super::store::{Appended, EventLog, Writer};
use super::{Draft, Entry, Log, LogError};
use crate::model::{Assignment, Event, Kind, Ledger, Registry};

impl dyn EventLog + '_ {
    /// Takes in those events of another log that are not here yet; a retraction retracts what its target has become
    /// here. `log`, which was read from here, is brought up to date. All of them are recorded or none is.
    pub fn import(
        &mut self,
        writer: Writer<'_>,
        log: &mut Log,
        events: &Ledger,
    ) -> Result<Appended, LogError> {
        let imported =
            self.add(writer, log, |adding| each(events, writer.registry, |_, draft| adding.add(&draft())));
        imported.map(|((), appended)| appended)
    }

    /// How many of those events are not here yet.
    pub fn missing(&mut self, events: &Ledger, registry: &Registry) -> Result<usize, LogError> {
        let mut missing = 0;
        self.read(&mut |reading| {
            let head = reading.last()?.map_or(0, |last| last.head.event);
            missing = 0;
            each(events, registry, |key, _| {
                Ok(reading.imported(key)?.unwrap_or_else(|| {
                    missing += 1;
                    head + missing as u64
                }))
            })
        })?;
        Ok(missing)
    }
}

/// Gives each event of another log with its import key to `take`, which tells its number here. Of all events there is in
/// memory only what later ones need to know.
fn each(
    events: &Ledger,
    registry: &Registry,
    mut take: impl FnMut(&str, &dyn Fn() -> Draft) -> Result<u64, LogError>,
) -> Result<(), LogError> {
    let targets: FxHashSet<u64> = events.retractions().map(|(_, target)| target).collect();
    // What each of them is here, and by which fingerprint.
    let mut here: FxHashMap<u64, (u64, Hash)> = FxHashMap::default();
    // How often each thing was said. Where the clock of recording does not go back, what was recorded earlier is not
    // said again.
    let mut times: FxHashMap<Hash, u32> = FxHashMap::default();
    let forgets = events.recordings().is_sorted();
    let mut last = None;
    for event in events.iter() {
        if last.replace(event.recorded_at).is_some_and(|last| forgets && last < event.recorded_at) {
            times = FxHashMap::default();
        }
        let target = match event.kind {
            Kind::Retract(target) => here.get(&target).copied(),
            Kind::Declare(_) | Kind::Census(_) | Kind::Assign(_) | Kind::Note(_) => None,
        };
        let print = fingerprint(&event, target.map(|(_, print)| print), registry);
        // Who says the same thing twice in one log said it twice.
        let time = times.entry(print).and_modify(|time| *time += 1).or_insert(1);
        let key = format!("{print}.{time}");
        let number = take(&key, &|| draft(&event, target.map(|(number, _)| number), &key))?;
        if targets.contains(&event.number) {
            here.insert(event.number, (number, print));
        }
    }
    Ok(())
}

fn draft(event: &Event, target: Option<u64>, key: &str) -> Draft {
    let entry = match &event.kind {
        Kind::Declare(declaration) => Entry::Declare(declaration.clone()),
        Kind::Retract(there) => Entry::Retract(target.unwrap_or(*there)),
        Kind::Census(census) => Entry::Census(census.clone()),
        Kind::Assign(assignment) => Entry::Assign(assignment.clone()),
        Kind::Note(subject) => Entry::Note(*subject),
    };
    Draft { text: event.text.clone(), ..Draft::new(entry, event.source.clone()) }
        .imported_as(key)
        .with("recorded_at", event.recorded_at.rfc3339(Tz::UTC))
}

/// What tells an event from every other, whatever its number is. What an assignment rested on is no part of it: logs have
/// taken in assignments without it, and are to take in none of them twice.
fn fingerprint(event: &Event, target: Option<Hash>, registry: &Registry) -> Hash {
    let mut row = match &event.kind {
        Kind::Assign(assignment) => {
            let bare = Assignment { rested_on: None, ..(**assignment).clone() };
            Row::of(&Event { kind: Kind::Assign(Box::new(bare)), ..event.clone() }, registry)
        }
        Kind::Declare(_) | Kind::Retract(_) | Kind::Census(_) | Kind::Note(_) => Row::of(event, registry),
    };
    row.set(Column::Retracts, Cow::Borrowed(""));
    seal(target.unwrap_or_default(), 0, &row)
}
