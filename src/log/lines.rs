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
            if let Some(cells) = plain(&self.order, json) {
                self.put_row(|column| cells[column as usize])?;
            } else {
                let row = self.row(json).ok()?;
                self.put_row(|column| row.get(column).unwrap_or_default())?;
            }
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

    /// Writes a row; `None` where csv would make something else of it, or where it has a number and others have none.
    fn put_row<'r>(&mut self, cell: impl Fn(Column) -> &'r str) -> Option<()> {
        let columns = self.tools.header.columns();
        if columns.first() != Some(&Some(Column::Event)) && !cell(Column::Event).is_empty() {
            return None;
        }
        for column in columns.iter().flatten() {
            self.put(*column, cell(*column))?;
        }
        self.csv.pop(); // the comma after the last cell
        self.csv.push(b'\n');
        Some(())
    }

    /// Writes a cell; `None` where csv would make something else of it.
    #[inline]
    fn put(&mut self, column: Column, cell: &str) -> Option<()> {
        if cell.is_empty() {
            self.csv.push(b',');
            return Some(());
        }
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

/// The cells of an object, by column, whose members stand in this order and say nothing that takes a reader of JSON: no
/// escapes, no fractions, nothing within. `None`: it is for such a reader.
fn plain<'r>(order: &[Column], json: &'r str) -> Option<[&'r str; Column::ALL.len()]> {
    fn spaced(text: &str) -> &str {
        text.strip_prefix(' ').unwrap_or(text)
    }
    let mut cells = [""; Column::ALL.len()];
    let mut rest = json.strip_prefix('{')?;
    for (place, column) in order.iter().enumerate() {
        if place > 0 {
            rest = spaced(rest.strip_prefix(',')?);
        }
        rest = spaced(rest.strip_prefix('"')?.strip_prefix(column.as_str())?.strip_prefix("\":")?);
        (cells[*column as usize], rest) = plain_value(rest)?;
    }
    (rest == "}" && !order.is_empty()).then_some(cells)
}

/// What a text begins with, as [`plain`] has it, and what comes after it.
#[inline]
fn plain_value(text: &str) -> Option<(&str, &str)> {
    match text.as_bytes().first()? {
        b'"' => {
            let text = &text[1..];
            let end = text.bytes().position(|byte| matches!(byte, b'"' | b'\\' | ..b' '))?;
            let after = text[end..].strip_prefix('"')?;
            Some((&text[..end], after))
        }
        b'n' => text.strip_prefix("null").map(|after| ("", after)),
        b'f' => text.strip_prefix("false").map(|after| ("false", after)),
        b't' => text.strip_prefix("true").map(|after| ("true", after)),
        b'1'..=b'9' => {
            let end = text.bytes().position(|byte| !byte.is_ascii_digit())?;
            // Every number so long is one of 64 bits.
            (end < 20).then(|| text.split_at(end))
        }
        _ => None,
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As programs write values, well and badly.
    fn value() -> impl Strategy<Value = String> {
        prop_oneof![
            5 => "\"[a-z0-9:, -]{0,12}\"",
            1 => "\"[é\t\\\\\"a]{0,4}\"",
            2 => prop::sample::select(vec!["null", "true", "false"]).prop_map(str::to_owned),
            2 => "[0-9]{1,21}",
            1 => prop::sample::select(vec!["-1", "1.5", "1e3", "nul", "{}", "[1]", "", "\"\\u00e9\""])
                .prop_map(str::to_owned),
        ]
    }

    proptest! {
        #[test]
        fn what_is_plain_is_what_a_reader_of_json_makes_of_it(
            order in prop::sample::subsequence(Column::ALL, 1..6).prop_shuffle(),
            values in prop::collection::vec(value(), 6),
            gap in prop::sample::select(vec!["", " ", "  "]),
            end in prop::sample::select(vec!["}", "}", "}", "", "} ", ",}", "}x"]),
        ) {
            let members = order.iter().zip(&values);
            let members: Vec<String> =
                members.map(|(column, value)| format!("\"{}\":{gap}{value}", column.as_str())).collect();
            let json = format!("{{{}{end}", members.join(&format!(",{gap}")));
            let Some(cells) = plain(&order, &json) else { return Ok(()) };
            let mut read = serde_json::Deserializer::from_str(&json);
            let row = read.deserialize_map(Members(&mut order.clone()));
            let row = row.and_then(|row| read.end().map(|()| row));
            prop_assert!(row.is_ok(), "{json}: {:?}", row.err());
            let row = row.unwrap();
            for column in Column::ALL {
                prop_assert_eq!(cells[*column as usize], row.get(*column).unwrap_or_default(), "{}", json);
            }
        }
    }

    #[test]
    fn what_is_exported_is_plain() {
        let order = [Column::Event, Column::Facility, Column::Exercise, Column::Until];
        let plain = |json| plain(&order, json).map(|cells| order.map(|column| cells[column as usize]));
        let told = Some(["7", "grace", "false", ""]);
        assert_eq!(plain(r#"{"event":7,"facility":"grace","exercise":false,"until":null}"#), told);
        assert_eq!(plain(r#"{"event": 7, "facility": "grace", "exercise": false, "until": null}"#), told);
        assert_eq!(plain(r#"{"event":7,"facility":"gr\u00e1ce","exercise":false,"until":null}"#), None);
        assert_eq!(plain(r#"{"facility":"grace","event":7,"exercise":false,"until":null}"#), None);
    }
}
