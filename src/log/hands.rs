//! Hands: several read the stretches of a log at once, and what they read is put together in its order.
//!
//! Floor 4; threads, and nothing that depends on which of them is quicker.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::Format;
use super::row::{Column, Row, Rows};
use super::stretches::Stretches;
use super::usual::{Header, Usual};
use crate::model::{Registry, Sayings};

pub(super) use super::usual::Part;

/// A log of so few stretches is not worth a second hand. In tests fewer, so that short logs are read by several.
const FEW: usize = if cfg!(test) { 2 } else { 6 };
/// So many stretches of each hand may wait for being put in order.
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
    /// Reads the events of a stretch into `part`; false where something is wrong with it, or where only who knows what
    /// comes before can tell.
    pub(super) fn read(&mut self, text: &[u8], part: &mut Part) -> bool {
        part.clear();
        let read = match self {
            Self::Csv(usual) => usual.read(text, part),
            Self::Jsonl(lines) => lines.read(text, part),
            #[cfg(test)]
            Self::Idle => None,
        };
        read.is_some()
    }
}

/// Why reading ended early.
pub(super) enum Stop<E> {
    /// The file could not be read on.
    Lost(io::Error),
    /// Whoever puts the parts in order wants no more.
    Refused(E),
}

/// Has every stretch read, the first of which is at hand in `text`, and gives each with what was read of it to `take`, in
/// order.
pub(super) fn read<'g, E>(
    mut text: Vec<u8>,
    mut stretches: Stretches<'_>,
    hand: impl Fn() -> Hand<'g>,
    mut take: impl FnMut(&mut Vec<u8>, Option<&mut Part>) -> Result<(), E>,
) -> Result<(), Stop<E>> {
    let (mut first, mut part) = (hand(), Part::default());
    for _ in 0..FEW {
        if text.is_empty() {
            return Ok(());
        }
        let is_read = first.read(&text, &mut part);
        take(&mut text, is_read.then_some(&mut part)).map_err(Stop::Refused)?;
        stretches.fill(&mut text).map_err(Stop::Lost)?;
    }
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    let (turn, turns) = channel();
    let pile = Mutex::new(Pile { next: text, stretches, turns: Some(turn) });
    // What was read and taken, to be read into again: memory is asked for once.
    let spare: Mutex<Vec<(Vec<u8>, Part)>> = Mutex::default();
    std::thread::scope(|scope| {
        let mut done: Vec<Receiver<(Vec<u8>, Part, bool)>> = Vec::new();
        let hands = std::iter::once(first).chain(std::iter::repeat_with(hand));
        for (at, mut hand) in hands.take(count).enumerate() {
            let (put, get) = sync_channel(WAITING);
            done.push(get);
            let (pile, spare) = (&pile, &spare);
            scope.spawn(move || {
                loop {
                    let (mut text, mut part) = lock(spare).pop().unwrap_or_default();
                    if !lock(pile).take(at, &mut text) {
                        break;
                    }
                    let is_read = hand.read(&text, &mut part);
                    if put.send((text, part, is_read)).is_err() {
                        break;
                    }
                }
            });
        }
        for at in turns {
            let Ok((mut text, mut part, is_read)) = done[at.map_err(Stop::Lost)?].recv() else { break };
            take(&mut text, is_read.then_some(&mut part)).map_err(Stop::Refused)?;
            lock(&spare).push((text, part));
        }
        Ok(())
    })
}

/// The stretches that nobody has taken yet.
struct Pile<'r> {
    /// The next one, which is at hand; empty after the last.
    next: Vec<u8>,
    stretches: Stretches<'r>,
    /// Is told who took the next one; `None` after the last.
    turns: Option<Sender<io::Result<usize>>>,
}

impl Pile<'_> {
    /// Puts the next stretch into `text` for the hand of that number; false where there is none.
    fn take(&mut self, hand: usize, text: &mut Vec<u8>) -> bool {
        let Some(turns) = &self.turns else { return false };
        std::mem::swap(&mut self.next, text);
        // Nobody is told where nobody wants to know any more.
        if text.is_empty() || turns.send(Ok(hand)).is_err() {
            self.turns = None;
            return false;
        }
        if let Err(error) = self.stretches.fill(&mut self.next) {
            let _ = turns.send(Err(error));
            self.turns = None;
        }
        true
    }
}

/// What a panic left is looked at no more: the panic goes on.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads JSON lines.
pub(super) struct Lines<'g> {
    rows: Rows<'g>,
    said: &'g Mutex<Sayings>,
}

impl Lines<'_> {
    fn read(&mut self, text: &[u8], part: &mut Part) -> Option<()> {
        let text = std::str::from_utf8(text).ok()?;
        part.lines = memchr::memchr_iter(b'\n', text.as_bytes()).count();
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
        Some(())
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
