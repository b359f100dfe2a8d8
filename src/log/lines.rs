//! JSON lines, a stretch at a time: each becomes the row of csv that says the same, for whoever reads those quickly.
//!
//! Floor 4; reads no file.

use std::borrow::Cow;
use std::fmt;

use memchr::{memchr, memmem};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::row::{Column, Row};
use super::usual::{Header, Part, Tools, Usual};
use crate::diagnostic::unguarded;

/// The columns of the rows: first those of a usual one in the order in which they are read quickest. Nothing follows from
/// an author or a hash.
pub(super) const COLUMNS: [Column; 19] = [
    Column::Event,
    Column::RecordedAt,
    Column::Kind,
    Column::Facility,
    Column::Lane,
    Column::Status,
    Column::Scope,
    Column::From,
    Column::Until,
    Column::Reason,
    Column::Source,
    Column::Route,
    Column::WalkIn,
    Column::Text,
    Column::Approver,
    Column::Exercise,
    Column::Retracts,
    Column::Data,
    Column::Region,
];

/// The columns of the rows that are made of a log which begins so: whether its events have numbers, the first tells.
pub(super) fn header(text: &[u8]) -> Header {
    let line = text.split(|byte| *byte == b'\n').find(|line| !line.trim_ascii().is_empty());
    let numbered = line.is_some_and(|line| memmem::find(line, b"\"event\"").is_some());
    let columns = COLUMNS.iter().filter(|column| numbered || **column != Column::Event);
    Header::new(columns.copied().map(Some).collect())
}

/// Reads JSON lines.
pub(super) struct Lines<'g> {
    usual: Usual<'g>,
    tools: &'g Tools<'g>,
    csv: Vec<u8>,
    /// The members of the last line, in their order: whoever writes many keeps it.
    order: Vec<Column>,
}

impl<'g> Lines<'g> {
    /// Before the first row.
    pub(super) fn new(tools: &'g Tools<'g>) -> Self {
        Self { usual: Usual::new(tools), tools, csv: Vec::new(), order: Vec::new() }
    }

    /// Reads the events of a stretch of whole rows; `None` where something is wrong with one of them, or can only be told
    /// by whoever knows the rows before.
    pub(super) fn read(&mut self, text: &[u8], part: &mut Part) -> Option<()> {
        let text = std::str::from_utf8(text).ok()?;
        self.csv.clear();
        let (mut begin, mut lines) = (0, 0);
        while begin < text.len() {
            let end = memchr(b'\n', &text.as_bytes()[begin..]).map(|len| begin + len);
            lines += usize::from(end.is_some());
            let line = &text[begin..end.unwrap_or(text.len())];
            begin = end.map_or(text.len(), |end| end + 1);
            let json = line.trim_start_matches('\u{feff}').trim();
            if json.is_empty() {
                continue;
            }
            let row = self.row(json).ok()?;
            if !self.tools.header.columns().contains(&Some(Column::Event)) && row.get(Column::Event).is_some()
            {
                return None;
            }
            for column in self.tools.header.columns().iter().flatten() {
                self.put(*column, row.get(*column).unwrap_or_default())?;
            }
            self.csv.pop(); // the comma after the last cell
            self.csv.push(b'\n');
        }
        self.usual.read(&self.csv, part)?;
        part.lines = lines;
        Some(())
    }

    /// A JSON object as the row that it is.
    fn row<'r>(&mut self, json: &'r str) -> serde_json::Result<Row<'r>> {
        let mut from = serde_json::Deserializer::from_str(json);
        let row = from.deserialize_map(Members(&mut self.order))?;
        from.end().map(|()| row)
    }

    /// Writes a cell; `None` where csv would make something else of it.
    fn put(&mut self, column: Column, cell: &str) -> Option<()> {
        let is_usual = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_alphanumeric);
        if !(is_usual(cell.as_bytes().first()) && is_usual(cell.as_bytes().last()))
            && unguarded(cell.trim()).len() != cell.len()
        {
            return None;
        }
        if cell.bytes().any(|byte| matches!(byte, b',' | b'"' | b'\r' | b'\n')) {
            self.csv.push(b'"');
            self.csv.extend_from_slice(cell.replace('"', "\"\"").as_bytes());
            self.csv.push(b'"');
        } else if !(column == Column::Exercise && cell == "false") {
            self.csv.extend_from_slice(cell.as_bytes());
        }
        self.csv.push(b',');
        Some(())
    }
}

/// The members of an object, which probably stand in this order.
struct Members<'o>(&'o mut Vec<Column>);

impl<'de> Visitor<'de> for Members<'_> {
    type Value = Row<'de>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Row<'de>, A::Error> {
        let Self(order) = self;
        let mut row = Row::default();
        let mut place = 0;
        while let Some(column) = map.next_key_seed(Name { probably: order.get(place).copied() })? {
            if order.get(place) != Some(&column) {
                order.truncate(place);
                order.push(column);
            }
            place += 1;
            let cell = if column == Column::Data { data(map.next_value()?) } else { map.next_value()? };
            // Of a member that stands twice the last counts.
            match cell {
                Cell(Some(text)) => row.set(column, text),
                Cell(None) => row.clear(column),
            }
        }
        Ok(row)
    }
}

/// The name of a member.
struct Name {
    /// What it probably is.
    probably: Option<Column>,
}

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Column;
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Column, D::Error> {
        from.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Column;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a column")
    }
    fn visit_str<E: Error>(self, name: &str) -> Result<Column, E> {
        let probably = self.probably.filter(|column| is_same(name.as_bytes(), column.as_str().as_bytes()));
        probably.or_else(|| Column::named(name)).ok_or_else(|| E::custom("no column"))
    }
}

/// Whether two short words are the same. To have them compared as others are took a third of the time.
#[inline]
fn is_same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |odd, (one, other)| odd | (one ^ other)) == 0
}

/// What a member says, which is copied only where it has to be. A fraction or a negative number is left to whoever is
/// patient.
struct Cell<'r>(Option<Cow<'r, str>>);

impl<'de> Deserialize<'de> for Cell<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Value;
        impl<'de> Visitor<'de> for Value {
            type Value = Cell<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, a number, true, false or null")
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Cell<'de>, E> {
                Ok(Cell(Some(Cow::Borrowed(text))))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Cell<'de>, E> {
                Ok(Cell(Some(Cow::Owned(text.to_owned()))))
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<Cell<'de>, E> {
                Ok(Cell(Some(Cow::Owned(number.to_string()))))
            }
            fn visit_bool<E: Error>(self, is_so: bool) -> Result<Cell<'de>, E> {
                Ok(Cell(Some(Cow::Borrowed(if is_so { "true" } else { "false" }))))
            }
            fn visit_unit<E: Error>(self) -> Result<Cell<'de>, E> {
                Ok(Cell(None))
            }
        }
        from.deserialize_any(Value)
    }
}

/// What the member `data` says: a text or null like others, or else JSON, which is its own text.
fn data(value: &RawValue) -> Cell<'_> {
    let json = value.get();
    serde_json::from_str(json).unwrap_or(Cell(Some(Cow::Borrowed(json))))
}
