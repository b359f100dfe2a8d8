//! JSON Schema (2020-12) of a sheet, from the kinds of its columns and facts.
//!
//! Floor 5. It describes what `json` writes; tests hold every output to it.

use crate::report::{Column, Kind, Value};

/// The schema's name in an envelope: `divert.status/1`.
pub fn id(name: &str) -> String {
    format!("divert.{name}/1")
}

/// What the rows of an answer have.
#[derive(Clone, Debug)]
pub struct Rows {
    /// In every row.
    pub always: Vec<Column>,
    /// Only where it is asked for.
    pub asked: Vec<Column>,
    /// One of these in every row; none: no such choice.
    pub one_of: Vec<Column>,
}

impl Rows {
    /// The schema of a row.
    fn schema(&self) -> Value {
        let fields = |columns: &[Column]| -> Vec<(&'static str, Kind)> {
            let columns = columns.iter().filter(|column| column.view.in_json());
            columns.map(|column| (column.key, column.kind.clone())).collect()
        };
        let (always, one_of) = (fields(&self.always), fields(&self.one_of));
        let known = [fields(&self.asked), one_of.clone(), always.clone()].concat();
        let mut schema = object_of(&known, &always);
        if !one_of.is_empty() {
            let required = |(key, _): &(&'static str, Kind)| {
                Value::Record(vec![("required", Value::List(vec![Value::from(*key)]))])
            };
            schema.push(("oneOf", Value::List(one_of.iter().map(required).collect())));
        }
        Value::Record(schema)
    }
}

/// The schema of the envelope of a sheet. Its rows stand under `$defs/row`, for those who read jsonl.
pub fn schema(name: &str, facts: &[(&'static str, Kind)], rows: &Rows) -> Value {
    let row = rows.schema();
    let mut envelope = vec![
        ("schema", Value::Record(vec![("const", Value::from(id(name)))])),
        ("at", of(&Kind::Time)),
        ("known_at", of(&Kind::Time.or_null())),
        ("registry", object(&[("name", Kind::Text), ("sha256", Kind::Text)])),
        ("log", of(&Kind::Record(vec![("head", Kind::Integer), ("hash", Kind::Text.or_null())]).or_null())),
    ];
    envelope.extend(facts.iter().map(|(key, kind)| (*key, of(kind))));
    let rows = Value::Record(vec![
        ("type", "array".into()),
        ("items", Value::Record(vec![("$ref", "#/$defs/row".into())])),
    ]);
    envelope.push(("rows", rows));
    let required = envelope.iter().map(|(key, _)| Value::from(*key)).collect();
    Value::Record(vec![
        ("$schema", "https://json-schema.org/draft/2020-12/schema".into()),
        ("title", Value::from(id(name))),
        ("type", "object".into()),
        ("properties", Value::Record(envelope)),
        ("required", Value::List(required)),
        ("$defs", Value::Record(vec![("row", row)])),
    ])
}

/// The schema of one value.
fn of(kind: &Kind) -> Value {
    let typed = |name: &str| vec![("type", Value::from(name))];
    Value::Record(match kind {
        Kind::Text => typed("string"),
        Kind::OneOf(words) => {
            vec![("enum", Value::List(words.iter().map(|word| Value::from(*word)).collect()))]
        }
        Kind::Integer => typed("integer"),
        Kind::Number => typed("number"),
        Kind::Bool => typed("boolean"),
        Kind::Time => vec![("type", "string".into()), ("format", "date-time".into())],
        Kind::List(kind) => vec![("type", "array".into()), ("items", of(kind))],
        Kind::Record(fields) => return object(fields),
        Kind::Optional(kind) => {
            vec![("anyOf", Value::List(vec![of(kind), Value::Record(typed("null"))]))]
        }
    })
}

/// The schema of an object that has all of these.
fn object(fields: &[(&'static str, Kind)]) -> Value {
    Value::Record(object_of(fields, fields))
}

/// The schema of an object that may have some fields, and others always. Fields are only ever added, so further ones are
/// allowed.
fn object_of(
    known: &[(&'static str, Kind)],
    required: &[(&'static str, Kind)],
) -> Vec<(&'static str, Value)> {
    vec![
        ("type", "object".into()),
        ("properties", Value::Record(known.iter().map(|(key, kind)| (*key, of(kind))).collect())),
        ("required", Value::List(required.iter().map(|(key, _)| Value::from(*key)).collect())),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::fixture::board;
    use super::super::to_pretty;
    use super::*;

    #[test]
    fn the_schema_names_every_field_of_a_row() {
        let levels = Kind::Record(vec![("virginia", Kind::Text)]);
        let rows = Rows { always: board().columns, asked: Vec::new(), one_of: Vec::new() };
        let text = to_pretty(&schema("status", &[("levels", levels)], &rows)).unwrap();
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        let row = &read["$defs"]["row"];
        assert_eq!(
            row["required"],
            serde_json::json!(["facility", "status", "reason", "since", "minutes", "lanes"])
        );
        assert_eq!(row["properties"]["status"]["enum"], serde_json::json!(["closed", "unknown"]));
        assert_eq!(row["properties"]["reason"]["anyOf"][1]["type"], "null");
        assert_eq!(read["properties"]["schema"]["const"], "divert.status/1");
        assert_eq!(read["properties"]["levels"]["type"], "object");
    }
}
