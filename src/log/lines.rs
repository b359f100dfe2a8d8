//! JSON lines, a stretch at a time.
//!
//! Floor 4; reads no file.

use std::borrow::Cow;
use std::fmt;
use std::sync::Mutex;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::row::{Column, Row, Rows};
use super::usual::{Part, Tools};
use crate::model::Sayings;

/// Reads JSON lines.
pub(super) struct Lines<'g> {
    rows: Rows<'g>,
    said: &'g Mutex<Sayings>,
}

impl<'g> Lines<'g> {
    /// Before the first row.
    pub(super) fn new(tools: &'g Tools<'g>) -> Self {
        Self { rows: Rows::new(tools.registry, super::store::unnamed()), said: tools.said }
    }

    /// Reads the events of a stretch of whole rows; `None` where something is wrong with one of them, or can only be told
    /// by whoever knows the rows before.
    pub(super) fn read(&mut self, text: &[u8], part: &mut Part) -> Option<()> {
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
