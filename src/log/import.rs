//! Importing: the events of another log as drafts, each taken once however often it is imported.
//!
//! Floor 4; touches no file. An imported event is recorded now; when it was recorded there stands in `data`.

use std::borrow::Cow;
use std::collections::HashMap;

use chrono_tz::Tz;
use serde_json::Value;

use super::chain::{Hash, seal};
use super::row::{Column, Row};
use super::store::EventLog;
use super::{Draft, Entry, Head, LogError};
use crate::model::{Event, Kind, Registry};

/// What of other logs is in a log: the numbers of events by their import keys.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Imports {
    /// By key.
    pub events: HashMap<String, u64>,
    /// The last event when that was so.
    pub head: Head,
}

impl dyn EventLog + '_ {
    /// What of other logs is in this one.
    pub fn imports(&mut self) -> Result<Imports, LogError> {
        let mut imports = Imports::default();
        self.read(&mut |reading| {
            imports.head = reading.last()?.map_or(Head::default(), |last| last.head);
            reading.rows(1..=u64::MAX, &[Column::Data], &mut |number, row| {
                let data = row.get(Column::Data).filter(|data| data.contains("\"import\""));
                let data = data.and_then(|data| serde_json::from_str::<Value>(data).ok());
                if let Some(key) = data.as_ref().and_then(|data| data.get("import")).and_then(Value::as_str) {
                    imports.events.insert(key.to_owned(), number);
                }
                Ok(())
            })
        })?;
        Ok(imports)
    }
}

impl Imports {
    /// The drafts of those events that are not in the log yet, and how many are. A retraction retracts what its target
    /// has become here.
    pub fn drafts(&self, events: &[Event], registry: &Registry) -> (Vec<Draft>, usize) {
        let mut drafts = Vec::new();
        let mut known = 0;
        let mut times: HashMap<Hash, u32> = HashMap::new();
        // What each event of the other log is here, and by which fingerprint.
        let mut here: HashMap<u64, (u64, Hash)> = HashMap::with_capacity(events.len());
        for event in events {
            let target = match event.kind {
                Kind::Retract(target) => here.get(&target).copied(),
                Kind::Declare(_) | Kind::Census(_) | Kind::Assign(_) | Kind::Note(_) => None,
            };
            let print = fingerprint(event, target.map(|(_, print)| print), registry);
            // Who says the same thing twice in one log said it twice.
            let time = times.entry(print).and_modify(|time| *time += 1).or_insert(1);
            let key = format!("{print}.{time}");
            let number = if let Some(number) = self.events.get(&key) {
                known += 1;
                *number
            } else {
                drafts.push(draft(event, target.map(|(number, _)| number), key));
                self.head.event + drafts.len() as u64
            };
            here.insert(event.number, (number, print));
        }
        (drafts, known)
    }
}

fn draft(event: &Event, target: Option<u64>, key: String) -> Draft {
    let entry = match &event.kind {
        Kind::Declare(declaration) => Entry::Declare(declaration.clone()),
        Kind::Retract(there) => Entry::Retract(target.unwrap_or(*there)),
        Kind::Census(census) => Entry::Census(census.clone()),
        Kind::Assign(assignment) => Entry::Assign(assignment.clone()),
        Kind::Note(subject) => Entry::Note(*subject),
    };
    Draft::new(entry, event.source.clone())
        .imported_as(key)
        .with("recorded_at", event.recorded_at.rfc3339(Tz::UTC))
}

/// What tells an event from every other, whatever its number is.
fn fingerprint(event: &Event, target: Option<Hash>, registry: &Registry) -> Hash {
    let mut row = Row::of(event, registry);
    row.set(Column::Retracts, Cow::Borrowed(""));
    seal(target.unwrap_or_default(), 0, &row)
}
