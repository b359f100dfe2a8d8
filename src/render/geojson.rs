//! `GeoJSON` (RFC 7946): each row of a sheet with `lat` and `lon` a feature, the rest of it the feature's properties.
//!
//! Floor 5: knows sheets; decides nothing about them. A row with `to_lat` and `to_lon` is a line.

use std::io::{self, Write};

use crate::sheet::{Sheet, Value};

use super::Options;
use super::json;

/// The columns that make the geometry.
const GEOMETRY: [&str; 4] = ["lat", "lon", "to_lat", "to_lon"];

/// Writes a collection, a feature a line.
pub(super) fn write(sheet: &Sheet, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let head = Value::Record(vec![
        ("at", Value::Time(sheet.at, sheet.zone)),
        ("registry", sheet.registry.as_str().into()),
        ("sha256", sheet.registry_sha256.as_str().into()),
        ("log", sheet.log.as_ref().map_or(Value::Missing, |log| Value::count(log.head))),
    ]);
    out.write_all(b"{\"type\":\"FeatureCollection\",\"divert\":")?;
    json::write_value(&head, options, out)?;
    out.write_all(b",\"features\":[")?;
    for (index, row) in sheet.rows.iter().enumerate() {
        out.write_all(if index == 0 { b"\n" } else { b",\n" })?;
        let cell = |key: &str| {
            let at = sheet.columns.iter().position(|column| column.key == key)?;
            row.get(at).map(|cell| cell.value.clone()).filter(|value| *value != Value::Missing)
        };
        let point = |lon: &str, lat: &str| Some(Value::List(vec![cell(lon)?, cell(lat)?]));
        let geometry = match (point("lon", "lat"), point("to_lon", "to_lat")) {
            (Some(from), Some(to)) => Value::Record(vec![
                ("type", "LineString".into()),
                ("coordinates", Value::List(vec![from, to])),
            ]),
            (Some(at), None) => Value::Record(vec![("type", "Point".into()), ("coordinates", at)]),
            (None, _) => Value::Missing,
        };
        let named = sheet.columns.iter().zip(row).filter(|(column, _)| !GEOMETRY.contains(&column.key));
        let properties = named
            .filter(|(_, cell)| cell.value != Value::Missing)
            .map(|(column, cell)| (column.key, cell.value.clone()));
        let feature = Value::Record(vec![
            ("type", "Feature".into()),
            ("geometry", geometry),
            ("properties", Value::Record(properties.collect())),
        ]);
        json::write_value(&feature, options, out)?;
    }
    out.write_all(b"\n]}\n")
}
