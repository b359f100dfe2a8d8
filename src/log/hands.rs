//! Hands: several read the stretches of a log at once, and what they read is put together in its order.
//!
//! Floor 4; threads, and nothing that depends on which of them is quicker.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::Format;
use super::row::{Column, Row, Rows};
use super::stretches::Stretches;
use super::usual::{Header, Usual};
use crate::model::{Registry, Sayings};

pub(super) use super::usual::Part;

/// A log of so few stretches is not worth a second hand.
const FEW: usize = 6;
/// So many stretches may wait for a hand, and so many for being put in order.
const WAITING: usize = 2;

/// Reads the rows of which there is nothing to tell.
pub(super) enum Hand<'g> {
    Csv(Box<Usual<'g>>),
    Jsonl(Box<Lines<'g>>),
    /// Leaves everything to whoever is patient.
    #[cfg(test)]
    Idle,
}

impl<'g> Hand<'g> {
    pub(super) fn of(
        format: Format,
        registry: &'g Registry,
        header: &'g Header,
        said: &'g Mutex<Sayings>,
    ) -> Self {
        match format {
            Format::Csv => Self::Csv(Box::new(Usual::new(registry, header, said))),
            Format::Jsonl => {
                Self::Jsonl(Box::new(Lines { rows: Rows::new(registry, super::store::unnamed()), said }))
            }
        }
    }
    /// The events of a stretch; `None` where something is wrong with it, or where only who knows what comes before can
    /// tell.
    pub(super) fn part(&mut self, text: &[u8]) -> Option<Part> {
        match self {
            Self::Csv(usual) => usual.part(text),
            Self::Jsonl(lines) => lines.part(text),
            #[cfg(test)]
            Self::Idle => None,
        }
    }
}

/// Why reading ended early.
pub(super) enum Stop<E> {
    /// The file could not be read on.
    Lost(io::Error),
    /// Whoever puts the parts in order wants no more.
    Refused(E),
}

/// Has every stretch read, the `first` of which is at hand, and gives each with what was read of it to `take`, in order.
pub(super) fn read<'g, E>(
    first: Vec<u8>,
    mut stretches: Stretches<'_>,
    hand: impl Fn() -> Hand<'g>,
    mut take: impl FnMut(Vec<u8>, Option<Part>) -> Result<(), E>,
) -> Result<(), Stop<E>> {
    let mut begun = vec![first];
    while begun.len() < FEW {
        if let Some(stretch) = stretches.next().map_err(Stop::Lost)? {
            begun.push(stretch);
            continue;
        }
        let mut hand = hand();
        for text in begun {
            let part = hand.part(&text);
            take(text, part).map_err(Stop::Refused)?;
        }
        return Ok(());
    }
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let mut work: Vec<SyncSender<Vec<u8>>> = Vec::new();
        let mut done: Vec<Receiver<(Vec<u8>, Option<Part>)>> = Vec::new();
        for mut hand in (0..count).map(|_| hand()) {
            let (give, get) = sync_channel::<Vec<u8>>(WAITING);
            let (put, take) = sync_channel(WAITING);
            work.push(give);
            done.push(take);
            scope.spawn(move || {
                for text in get {
                    let part = hand.part(&text);
                    if put.send((text, part)).is_err() {
                        break;
                    }
                }
            });
        }
        let reader = scope.spawn(move || {
            // In turn, so that they are put in order by asking in turn.
            let mut turn = work.iter().cycle();
            for text in begun {
                if turn.next().is_none_or(|hand| hand.send(text).is_err()) {
                    return Ok(());
                }
            }
            while let Some(text) = stretches.next()? {
                if turn.next().is_none_or(|hand| hand.send(text).is_err()) {
                    break;
                }
            }
            Ok(())
        });
        for hand in done.iter().cycle() {
            let Ok((text, part)) = hand.recv() else { break };
            take(text, part).map_err(Stop::Refused)?;
        }
        drop(done);
        match reader.join() {
            Ok(read) => read.map_err(Stop::Lost),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// Reads JSON lines.
pub(super) struct Lines<'g> {
    rows: Rows<'g>,
    said: &'g Mutex<Sayings>,
}

impl Lines<'_> {
    fn part(&mut self, text: &[u8]) -> Option<Part> {
        let text = std::str::from_utf8(text).ok()?;
        let mut part = Part { lines: memchr::memchr_iter(b'\n', text.as_bytes()).count(), ..Part::default() };
        let mut number = None;
        for line in text.lines() {
            let json = line.trim_start_matches('\u{feff}').trim();
            if json.is_empty() {
                continue;
            }
            let Object(row) = serde_json::from_str(json).ok()?;
            let event = part.event(&mut self.rows, &row, &mut number)?;
            part.entries.push(self.said.lock().ok()?.entry(&event));
        }
        Some(part)
    }
}

/// A JSON object as the row that it is.
struct Object<'r>(Row<'r>);

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Cells;
        impl<'de> Visitor<'de> for Cells {
            type Value = Object<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                let mut row = Row::default();
                while let Some(name) = map.next_key::<Cow<'de, str>>()? {
                    let column = Column::named(&name).ok_or_else(|| A::Error::custom("no column"))?;
                    let value: &RawValue = map.next_value()?;
                    let json = value.get();
                    match json.as_bytes().first() {
                        Some(b'"') => {
                            let inside = &json[1..json.len() - 1];
                            if inside.contains('\\') {
                                let text: String = serde_json::from_str(json).map_err(A::Error::custom)?;
                                row.set(column, Cow::Owned(text));
                            } else {
                                row.set(column, Cow::Borrowed(inside));
                            }
                        }
                        // Of a member that stands twice the last counts.
                        Some(b'n') => row.clear(column),
                        Some(b'{' | b'[') if column != Column::Data => {
                            return Err(A::Error::custom("no text"));
                        }
                        Some(_) | None => row.set(column, Cow::Borrowed(json)),
                    }
                }
                Ok(Object(row))
            }
        }
        from.deserialize_map(Cells)
    }
}
