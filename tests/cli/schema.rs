//! Every output is held to the schema that `divert help schema` prints.

use serde_json::Value;

use crate::harness::Divert;

#[test]
fn every_json_answer_holds_to_its_schema() {
    let divert = Divert::new();
    let given = "Hartford Hospital diverting for trauma";
    for (name, args) in [
        ("status", &["status", "--all"][..]),
        ("table", &["table"]),
        ("route", &["route", "vernon", "stroke"]),
        ("timeline", &["timeline"]),
        ("plan", &["plan", "Rockville General closed"]),
        ("announce", &["announce", "manchester"]),
        ("geojson", &["export", "geojson"]),
        ("ical", &["export", "ical"]),
        ("cascade", &["plan", "Hartford Hospital closed", "--cascade"]),
        ("each", &["plan", "--each", "facility"]),
        ("moves", &["plan", "--each", "service:ct", "--moves"]),
        ("check", &["check"]),
        ("report-hours", &["report", "hours", "--period", "2023-08"]),
        ("report-hours", &["report", "hours", "--period", "2023-08", "--by", "network"]),
        ("report-hours", &["report", "hours", "--period", "2023-08", "--by", "region,week"]),
        ("report-hours", &["report", "hours", "--period", "2023-08", "--by", "reason,day"]),
        ("report-episodes", &["report", "episodes", "--period", "2023-08"]),
        ("report-episodes", &["report", "episodes", "--period", "2023-08", "--by", "day"]),
        ("report-concurrency", &["report", "concurrency", "--period", "2023-08", "--by", "day"]),
        ("report-freshness", &["report", "freshness"]),
    ] {
        let schema: Value = serde_json::from_str(&divert.run(&["help", "schema", name]).stdout).unwrap();
        let json = [args, &["--given", given, "-F", "json"]].concat();
        let answer: Value = serde_json::from_str(&divert.run(&json).stdout).unwrap();
        let mut wrong = Vec::new();
        check(&answer, &schema, &schema, name, &mut wrong);
        assert!(wrong.is_empty(), "{wrong:#?}");
        if name != "check" {
            assert!(!answer["rows"].as_array().unwrap().is_empty(), "{name} has no rows to check");
        }
    }
}

#[test]
fn every_row_of_a_stream_holds_to_its_schema_whether_it_could_be_read_or_not() {
    let divert = Divert::new()
        .input("id,from,need\n1,vernon,stroke\n2,nowhere,stroke\n3,manchester,strok\n,vernon,trauma\n");
    let schema: Value = serde_json::from_str(&divert.run(&["help", "schema", "batch"]).stdout).unwrap();
    let rows = divert.run(&["route", "--batch", "-", "-F", "jsonl"]).stdout;
    assert_eq!(rows.lines().count(), 4);
    for line in rows.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let mut wrong = Vec::new();
        check(&row, &schema["$defs"]["row"], &schema, "batch", &mut wrong);
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}

#[test]
fn every_schema_that_is_listed_is_printed() {
    let divert = Divert::bare();
    for name in divert.run(&["help", "schema"]).stdout.lines() {
        assert_eq!(divert.run(&["help", "schema", name]).status, 0, "{name}");
    }
}

/// The part of JSON Schema that our schemas use.
fn check(value: &Value, schema: &Value, root: &Value, at: &str, wrong: &mut Vec<String>) {
    let schema = match schema["$ref"].as_str() {
        Some(place) => root.pointer(place.trim_start_matches('#')).expect("a reference leads somewhere"),
        None => schema,
    };
    if let Some(choices) = schema["anyOf"].as_array() {
        let fits = |choice: &&Value| {
            let mut wrong = Vec::new();
            check(value, choice, root, at, &mut wrong);
            wrong.is_empty()
        };
        if !choices.iter().any(|choice| fits(&choice)) {
            wrong.push(format!("{at}: {value} is none of {choices:?}"));
        }
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let required = |choice: &&Value| {
            choice["required"]
                .as_array()
                .into_iter()
                .flatten()
                .all(|key| value.get(key.as_str().expect("a key is a text")).is_some())
        };
        if choices.iter().filter(required).count() != 1 {
            wrong.push(format!("{at}: {value} has not one of {choices:?}"));
        }
    }
    let is_type = |name: &str| match name {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        other => panic!("no such type: {other}"),
    };
    if schema["type"].as_str().is_some_and(|name| !is_type(name)) {
        wrong.push(format!("{at}: {value} is no {}", schema["type"]));
    }
    if schema.get("const").is_some_and(|only| only != value) {
        wrong.push(format!("{at}: {value} is not {}", schema["const"]));
    }
    if schema["enum"].as_array().is_some_and(|words| !words.contains(value)) {
        wrong.push(format!("{at}: {value} is none of {}", schema["enum"]));
    }
    let is_time = |text: &str| chrono::DateTime::parse_from_rfc3339(text).is_ok();
    if schema["format"] == "date-time" && !value.as_str().is_some_and(is_time) {
        wrong.push(format!("{at}: {value} is no RFC 3339 time"));
    }
    for key in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.get(key).is_none() {
            wrong.push(format!("{at}: no {key}"));
        }
    }
    if let (Some(fields), Some(properties)) = (value.as_object(), schema["properties"].as_object()) {
        for (key, value) in fields {
            match properties.get(key) {
                Some(schema) => check(value, schema, root, &format!("{at}.{key}"), wrong),
                None => wrong.push(format!("{at}: the schema does not know {key}")),
            }
        }
    }
    if let (Some(items), Some(schema)) = (value.as_array(), schema.get("items")) {
        for (index, item) in items.iter().enumerate() {
            check(item, schema, root, &format!("{at}[{index}]"), wrong);
        }
    }
}
