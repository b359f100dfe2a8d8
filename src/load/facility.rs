//! Facilities and zones: where patients go, and where they come from.
//!
//! Floor 4. A facility with an error is built all the same, so that the sentences that name it are not wrong a second
//! time; a registry with an error is never handed out.

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;

use super::entries::{Entry, Tables};
use super::table::Table;
use crate::diagnostic::{Code, Sink, closest};
use crate::model::{Directory, Ed, Facility, FacilityKind, Position, Service, ServiceId, Zone};

/// More beds than any hospital has.
const MOST_BEDS: u32 = 20_000;

/// Reads every facility. `timezone` is the registry's.
pub(super) fn facilities(
    tables: &Tables<'_>,
    services: &Directory<Service>,
    timezone: Tz,
    sink: &mut Sink,
) -> Directory<Facility> {
    Directory::new(
        tables.facilities.iter().map(|entry| facility(entry, tables, services, timezone, sink)).collect(),
    )
}

fn facility(
    entry: &Entry<'_>,
    tables: &Tables<'_>,
    services: &Directory<Service>,
    timezone: Tz,
    sink: &mut Sink,
) -> Facility {
    let mut table = entry.table();
    table.must_have(&["name", "lat", "lon"]);
    let own_timezone = table.timezone("timezone");
    let facility = Facility {
        key: entry.key.to_owned(),
        name: table.name("name", entry.key),
        aliases: table.aliases(),
        kind: table.choice("kind", &FacilityKind::ALL).unwrap_or(FacilityKind::Hospital),
        network: tables.networks.one("network", &mut table),
        region: tables.regions.one("region", &mut table),
        city: table.string("city").map(|city| city.text.to_owned()),
        county: table.string("county").map(|county| county.text.to_owned()),
        state: table.string("state").map(|state| state.text.to_owned()),
        position: position(&mut table),
        phone: table.string("phone").map(|phone| phone.text.to_owned()),
        services: with_included(tables.services.several("services", &mut table), services),
        beds: table.whole("beds", 0..=MOST_BEDS),
        ed: table.table("ed").map(|ed| emergency_department(ed, sink)),
        surge: table.number("surge", 0.0..=1_000_000.0),
        timezone: own_timezone,
        closed_on: table.instant("closed_on", own_timezone.unwrap_or(timezone)),
        external: table.boolean("external").unwrap_or(false),
        stale_after: table.duration("stale_after"),
        ids: table.table("ids").map(|ids| ids_elsewhere(ids, sink)).unwrap_or_default(),
        unverified: table.own_keys("unverified"),
    };
    table.finish(sink);
    facility
}

fn position(table: &mut Table<'_>) -> Position {
    Position {
        lat: table.number("lat", -90.0..=90.0).unwrap_or_default(),
        lon: table.number("lon", -180.0..=180.0).unwrap_or_default(),
    }
}

/// What was named, and everything that it includes.
fn with_included(named: Vec<ServiceId>, services: &Directory<Service>) -> BTreeSet<ServiceId> {
    let mut all: BTreeSet<ServiceId> = named.iter().copied().collect();
    for service in named {
        all.extend(&services[service].includes);
    }
    all
}

fn emergency_department(mut table: Table<'_>, sink: &mut Sink) -> Ed {
    let ed = Ed { beds: table.whole("beds", 0..=MOST_BEDS), staffed: table.whole("staffed", 0..=MOST_BEDS) };
    table.finish(sink);
    ed
}

/// The systems that the manual names. Only what is nearly a long one is asked about: `hcn` is no misspelt `ccn`.
const SYSTEMS: [&str; 4] = ["npi", "ccn", "have", "emresource"];

/// Other systems name themselves: any key will do, so that one misspelt is warned of and no more.
fn ids_elsewhere(mut table: Table<'_>, sink: &mut Sink) -> BTreeMap<String, String> {
    let mut ids = BTreeMap::new();
    for (key, span, value) in table.every() {
        let near = closest(key, SYSTEMS.into_iter().filter(|system| key.len() > 3 && system.len() > 3));
        if let Some(near) = near.filter(|near| *near != key) {
            let message = format!("`ids` has a key `{key}`, which is nearly `{near}`");
            let help = format!("nothing that looks for `{near}` finds it; any other key will do");
            sink.push(table.page.complain(Code::NearKey, &span, message).help(help));
        }
        match value.as_str() {
            Some(id) => {
                ids.insert(key.to_owned(), id.to_owned());
            }
            None => table.wrong_type(key, "a string", value),
        }
    }
    table.finish(sink);
    ids
}

/// Reads every zone.
pub(super) fn zones(tables: &Tables<'_>, sink: &mut Sink) -> Directory<Zone> {
    let read = |entry: &Entry<'_>| {
        let mut table = entry.table();
        table.must_have(&["lat", "lon"]);
        let zone = Zone {
            key: entry.key.to_owned(),
            name: table.name("name", entry.key),
            aliases: table.aliases(),
            region: tables.regions.one("region", &mut table),
            position: position(&mut table),
            arrivals_per_day: table.number("arrivals_per_day", 0.0..=1_000_000.0),
        };
        table.finish(sink);
        zone
    };
    Directory::new(tables.zones.iter().map(read).collect())
}
