//! A patient as a JSON object: its members as the cells that a row of csv would have.
//!
//! Floor 6.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::columns::{self, COUNT, Column};
use super::shortened;

/// Where a patient is, said as an object.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Place {
    /// `zone`.
    Zone(String),
    /// `facility`.
    Facility(String),
    /// `lat` and `lon`, as they are written.
    Point(String, String),
}

/// What an object says.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Object {
    /// A text a column; an empty one says nothing.
    pub(super) cells: [String; COUNT],
    /// `from`, where it is an object.
    pub(super) place: Option<Place>,
}

/// Reads a line: what it says, and what is wrong with it.
pub(super) fn read(line: &str) -> (Object, Vec<String>) {
    let mut object = Object::default();
    let members = match serde_json::from_str::<Members>(line) {
        Ok(Members(members)) => members,
        Err(error) => {
            let said = error.to_string();
            let said = said.split(" at line ").next().unwrap_or_default();
            return (object, vec![format!("no JSON object: {}", shortened(said))]);
        }
    };
    let mut wrong = Vec::new();
    let mut told = [false; COUNT];
    for (name, value) in members {
        let Some(column) = Column::named(&name) else {
            let (message, help) = columns::unknown(&shortened(&name));
            wrong.push(format!("{message}; {help}"));
            continue;
        };
        if std::mem::replace(&mut told[column as usize], true) {
            wrong.push(format!("`{name}` stands twice"));
            continue;
        }
        match (column, value) {
            (_, Told::Other(Value::Null)) => {}
            (Column::From, Told::Other(Value::Object(members))) => match place(members) {
                Ok(place) => object.place = place,
                Err(message) => wrong.push(message),
            },
            (Column::Need, Told::Other(Value::Array(needs))) => match joined(&needs) {
                Some(needs) => object.cells[column as usize] = needs,
                None => wrong.push("`need` takes texts".to_owned()),
            },
            (_, value) => match text(column, value) {
                Some(text) => object.cells[column as usize] = text,
                None => wrong.push(format!("`{name}` takes {}", takes(column))),
            },
        }
    }
    (object, wrong)
}

/// The text of a member; `None` where its kind can't stand there.
fn text(column: Column, value: Told) -> Option<String> {
    match (column, value) {
        (_, Told::Other(Value::String(text)))
        | (Column::Id | Column::Lat | Column::Lon | Column::Priority, Told::Number(text)) => Some(text),
        (Column::Extremis | Column::Transfer, Told::Other(Value::Bool(yes))) => Some(yes.to_string()),
        _ => None,
    }
}

fn takes(column: Column) -> &'static str {
    match column {
        Column::Id | Column::Lat | Column::Lon | Column::Priority => "a text or a number",
        Column::Extremis | Column::Transfer => "true or false",
        Column::From => "a text or an object",
        Column::Need => "a text or texts",
        Column::Time | Column::Care | Column::Age | Column::Request => "a text",
    }
}

fn joined(needs: &[Value]) -> Option<String> {
    let texts: Option<Vec<&str>> = needs.iter().map(Value::as_str).collect();
    texts.map(|texts| texts.join("+"))
}

/// `{"zone":…}`, `{"facility":…}` or `{"lat":…,"lon":…}`; a zone and a facility may have their coordinates beside them,
/// as in what a decision says.
fn place(members: serde_json::Map<String, Value>) -> Result<Option<Place>, String> {
    let (mut zone, mut facility, mut lat, mut lon) = (None, None, None, None);
    for (name, value) in members {
        let (at, is_number) = match name.as_str() {
            "zone" => (&mut zone, false),
            "facility" => (&mut facility, false),
            "lat" => (&mut lat, true),
            "lon" => (&mut lon, true),
            other => return Err(format!("`from` has no `{}`", shortened(other))),
        };
        *at = match value {
            Value::Null => None,
            Value::String(text) if !text.is_empty() => Some(text),
            Value::Number(number) if is_number => Some(number.to_string()),
            _ => {
                let what = if is_number { "a number" } else { "a text" };
                return Err(format!("`from.{name}` takes {what}"));
            }
        };
    }
    match (zone, facility, lat, lon) {
        (Some(_), Some(_), _, _) => Err("`from` is a zone and a facility".to_owned()),
        (Some(zone), None, _, _) => Ok(Some(Place::Zone(zone))),
        (None, Some(facility), _, _) => Ok(Some(Place::Facility(facility))),
        (None, None, Some(lat), Some(lon)) => Ok(Some(Place::Point(lat, lon))),
        (None, None, None, None) => Ok(None),
        (None, None, _, _) => Err("`from` lacks one of `lat` and `lon`".to_owned()),
    }
}

/// What a member says. A number is told as it is written: an id has more digits than a float can keep apart.
enum Told {
    Number(String),
    Other(Value),
}

/// The members of an object in their order, also those that stand twice.
struct Members(Vec<(String, Told)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Members;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry::<Cow<'_, str>, &RawValue>()? {
                    let text = value.get();
                    let is_number = text.starts_with(|c: char| c == '-' || c.is_ascii_digit());
                    members.push((
                        name.into_owned(),
                        if is_number {
                            Told::Number(text.to_owned())
                        } else {
                            Told::Other(serde_json::from_str(text).map_err(A::Error::custom)?)
                        },
                    ));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(All)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(line: &str) -> Vec<String> {
        read(line).1
    }

    #[test]
    fn numbers_and_texts_say_the_same() {
        let numbers = r#"{"id":7,"lat":41.8,"lon":-72,"priority":1,"extremis":true,"need":["stroke","pediatric"],"age":null}"#;
        let texts = r#"{"id":"7","lat":"41.8","lon":"-72","priority":"1","extremis":"true","need":"stroke+pediatric"}"#;
        assert_eq!(read(numbers), read(texts));
        assert_eq!(read(numbers).1, Vec::<String>::new());
    }

    #[test]
    fn an_id_keeps_its_digits() {
        for id in ["20230804091512345678", "20230804091512345679", "1.10", "1e2", "-7"] {
            assert_eq!(read(&format!("{{\"id\":{id}}}")).0.cells[Column::Id as usize], id);
        }
    }

    #[test]
    fn a_place_may_be_what_a_decision_says_of_it() {
        let place = |from: &str| read(&format!("{{\"from\":{from}}}")).0.place;
        let vernon = Some(Place::Zone("vernon".to_owned()));
        assert_eq!(place(r#"{"zone":"vernon","facility":null,"lat":41.8187,"lon":-72.4795}"#), vernon);
        let point = Some(Place::Point("41.8".to_owned(), "-72.5".to_owned()));
        assert_eq!(place(r#"{"zone":null,"facility":null,"lat":41.8,"lon":-72.5}"#), point);
        assert_eq!(wrong(r#"{"from":{"lat":41.8}}"#), ["`from` lacks one of `lat` and `lon`"]);
        assert_eq!(wrong(r#"{"from":{"town":"x"}}"#), ["`from` has no `town`"]);
    }

    #[test]
    fn a_wrong_object_still_says_who_it_is() {
        let (object, wrong) = read(r#"{"ned":"x","id":3,"need":1,"id":4,"care":true}"#);
        assert_eq!(object.cells[Column::Id as usize], "3");
        let messages = [
            "patients have no `ned`; did you mean `need`?",
            "`need` takes a text or texts",
            "`id` stands twice",
        ];
        assert_eq!(wrong[..3], messages);
        assert_eq!(wrong[3], "`care` takes a text");
    }

    #[test]
    fn what_is_no_object_is_told_shortly() {
        for line in ["", "[1]", "{\"lat\":NaN}", "{\"id\":1} x", "{\"id\":\"\u{0}\"}"] {
            assert!(wrong(line)[0].starts_with("no JSON object: "), "{line}");
        }
        assert!(wrong(&format!("\"{}\"", "x".repeat(100_000)))[0].len() < 300);
        assert!(wrong(&"[".repeat(100_000))[0].len() < 300);
    }
}
