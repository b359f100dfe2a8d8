//! Places for a map: facilities with their state, zones with their destination, and a line from each zone there.
//!
//! Floor 3: data only; which file format a map is drawn from is a writer's.

use crate::model::{NeedId, Position, WalkIn, ZoneId};
use crate::routing::grid::{decide_row, patient_with};
use crate::routing::{Outcome, in_short};
use crate::sentence::phrase;
use crate::sheet::{Basis, Cell, Column, Kind, Sheet, Value};
use crate::state::{Snapshot, Summary};

/// The kinds of places, in the order of output.
pub const KINDS: [&str; 3] = ["facility", "zone", "line"];

/// The columns of places. `lat` and `lon` are where it is, `to_lat` and `to_lon` where a line ends.
pub fn columns() -> Vec<Column> {
    vec![
        Column::data("kind", Kind::OneOf(&KINDS)),
        Column::data("id", Kind::Text),
        Column::data("name", Kind::Text),
        Column::data("lat", Kind::Number),
        Column::data("lon", Kind::Number),
        Column::data("to_lat", Kind::Number.or_null()),
        Column::data("to_lon", Kind::Number.or_null()),
        Column::data("status", Kind::OneOf(&Summary::WORDS).or_null()),
        Column::data("services_down", Kind::Text.list()),
        Column::data("walk_in", Kind::OneOf(&["open", "closed"]).or_null()),
        Column::data("network", Kind::Text.or_null()),
        Column::data("region", Kind::Text.or_null()),
        Column::data("phone", Kind::Text.or_null()),
        Column::data("need", Kind::Text.or_null()),
        Column::data("outcome", Kind::OneOf(&Outcome::WORDS).or_null()),
        Column::data("destination", Kind::Text.or_null()),
        Column::data("minutes", Kind::Number.or_null()),
        Column::data("home", Kind::Text.or_null()),
        Column::data("changed", Kind::Bool.or_null()),
        Column::data("why", Kind::Text.or_null()),
    ]
}

/// Every place at the basis' instant. A zone's destination is that of its patients with this need.
pub fn sheet(basis: &Basis<'_>, need: NeedId) -> Sheet {
    let registry = basis.registry;
    let snapshot = basis.timeline.at(registry, basis.at);
    let mut sheet = basis.sheet("geojson", columns());
    for state in snapshot.facilities() {
        let facility = &registry.facilities[state.facility];
        let down = state.services_down().into_iter();
        let mut place = Place::at("facility", &facility.key, &facility.name, facility.position);
        place.status = state.summary().as_str().into();
        place.services_down = down.map(|service| registry.services[service].key.as_str().into()).collect();
        place.walk_in = Value::text(state.walk_in().map(WalkIn::as_str));
        place.network = basis.network_key(facility.network);
        place.region = basis.region_key(facility.region);
        place.phone = Value::text(facility.phone.as_deref());
        let why = state.in_force().map(|active| match active.status {
            Some((_, kind, scope)) if scope.is_all() => kind.label.clone(),
            Some((_, kind, scope)) => format!("{} for {}", kind.label, phrase::scope(scope, registry)),
            None => format!("{} down", phrase::lane(active.lane, registry).trim_start_matches("service:")),
        });
        let why: Vec<String> = why.collect();
        place.why = Value::text((!why.is_empty()).then(|| why.join("; ")));
        sheet.rows.push(place.row());
    }
    let zones: Vec<(Place, Option<Place>)> =
        registry.zones.ids().map(|zone| of_zone(basis, &snapshot, zone, need)).collect();
    sheet.rows.extend(zones.iter().map(|(zone, _)| zone.row()));
    sheet.rows.extend(zones.iter().filter_map(|(_, line)| line.as_ref().map(Place::row)));
    sheet
}

/// A zone and, where its patients have a destination, the line that leads there.
fn of_zone(basis: &Basis<'_>, snapshot: &Snapshot<'_>, zone: ZoneId, need: NeedId) -> (Place, Option<Place>) {
    let registry = basis.registry;
    let entry = &registry.zones[zone];
    let decision = decide_row(snapshot, zone, &patient_with(registry, need));
    let destination = decision.destination.map(|stop| stop.facility);
    let home = decision.home.map(|stop| stop.facility);
    let changed = decision.outcome != Outcome::Routed || destination != home;
    let mut place = Place::at("zone", &entry.key, &entry.name, entry.position);
    place.region = basis.region_key(entry.region);
    place.need = registry.needs[need].key.as_str().into();
    place.outcome = decision.outcome.as_str().into();
    place.destination = Value::text(destination.map(|facility| basis.facility_key(facility)));
    place.minutes = Value::minutes(decision.destination.map(|stop| stop.minutes));
    place.home = Value::text(home.map(|facility| basis.facility_key(facility)));
    place.changed = changed.into();
    place.why = Value::text(changed.then(|| in_short(registry, &decision)));
    let line = destination.map(|facility| {
        let there = &registry.facilities[facility];
        Place {
            kind: "line",
            id: format!("{}:{}", entry.key, there.key),
            name: format!("{} to {}", entry.name, there.name),
            to: Some(there.position),
            ..place.clone()
        }
    });
    (place, line)
}

/// One row, what does not apply missing.
#[derive(Clone)]
struct Place {
    kind: &'static str,
    id: String,
    name: String,
    position: Position,
    to: Option<Position>,
    status: Value,
    services_down: Vec<Value>,
    walk_in: Value,
    network: Value,
    region: Value,
    phone: Value,
    need: Value,
    outcome: Value,
    destination: Value,
    minutes: Value,
    home: Value,
    changed: Value,
    why: Value,
}

impl Place {
    fn at(kind: &'static str, id: &str, name: &str, position: Position) -> Self {
        Self {
            kind,
            id: id.to_owned(),
            name: name.to_owned(),
            position,
            to: None,
            status: Value::Missing,
            services_down: Vec::new(),
            walk_in: Value::Missing,
            network: Value::Missing,
            region: Value::Missing,
            phone: Value::Missing,
            need: Value::Missing,
            outcome: Value::Missing,
            destination: Value::Missing,
            minutes: Value::Missing,
            home: Value::Missing,
            changed: Value::Missing,
            why: Value::Missing,
        }
    }

    fn row(&self) -> Vec<Cell> {
        /// A degree has this many decimals: a tenth of a metre.
        const DECIMALS: usize = 6;
        let degrees = |degrees: f64| Value::Decimal(degrees, DECIMALS);
        let values: Vec<Value> = vec![
            self.kind.into(),
            self.id.as_str().into(),
            self.name.as_str().into(),
            degrees(self.position.lat),
            degrees(self.position.lon),
            self.to.map_or(Value::Missing, |to| degrees(to.lat)),
            self.to.map_or(Value::Missing, |to| degrees(to.lon)),
            self.status.clone(),
            Value::List(self.services_down.clone()),
            self.walk_in.clone(),
            self.network.clone(),
            self.region.clone(),
            self.phone.clone(),
            self.need.clone(),
            self.outcome.clone(),
            self.destination.clone(),
            self.minutes.clone(),
            self.home.clone(),
            self.changed.clone(),
            self.why.clone(),
        ];
        values.into_iter().map(Cell::from).collect()
    }
}
