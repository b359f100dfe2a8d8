//! Names on the command line of a command that only reads: a full id, name or alias, else the beginning of an id.
//!
//! Floor 6. Nothing is guessed: a beginning that fits several ids is refused with all of them. Commands that write take
//! full names only, through `sentence`.

use std::collections::BTreeSet;

use crate::diagnostic::closest;
use crate::model::{
    Directory, FacilityId, Keyed, Name, NameKind, NeedId, NetworkId, Origin, Position, RegionId, Registry,
    ServiceId, ZoneId,
};

use super::error::Failure;

/// A facility.
pub fn facility(registry: &Registry, text: &str) -> Result<FacilityId, Failure> {
    one(&Kind::facilities(registry), registry, text)
}

/// A network.
pub fn network(registry: &Registry, text: &str) -> Result<NetworkId, Failure> {
    one(&Kind::networks(registry), registry, text)
}

/// A region.
pub fn region(registry: &Registry, text: &str) -> Result<RegionId, Failure> {
    let pick = |name: Name| if let Name::Region(id) = name { Some(id) } else { None };
    one(&Kind { directory: &registry.regions, name: NameKind::Region, pick }, registry, text)
}

/// A zone.
pub fn zone(registry: &Registry, text: &str) -> Result<ZoneId, Failure> {
    one(&Kind::zones(registry), registry, text)
}

/// A need.
pub fn need(registry: &Registry, text: &str) -> Result<NeedId, Failure> {
    let pick = |name: Name| if let Name::Need(id) = name { Some(id) } else { None };
    one(&Kind { directory: &registry.needs, name: NameKind::Need, pick }, registry, text)
}

/// A service.
pub fn service(registry: &Registry, text: &str) -> Result<ServiceId, Failure> {
    let pick = |name: Name| if let Name::Service(id) = name { Some(id) } else { None };
    one(&Kind { directory: &registry.services, name: NameKind::Service, pick }, registry, text)
}

/// The facilities that a word means: one, or every facility of a network and its sub-networks, also those without an
/// ED: who looks for a network wants to see all of it.
pub fn facilities(registry: &Registry, text: &str) -> Result<BTreeSet<FacilityId>, Failure> {
    let facilities = Kind::facilities(registry);
    let networks = Kind::networks(registry);
    let of_network = |network: NetworkId| {
        registry
            .facilities
            .iter()
            .filter(|(_, facility)| facility.network.is_some_and(|owner| registry.is_part_of(owner, network)))
            .map(|(id, _)| id)
            .collect()
    };
    either(
        registry,
        text,
        &facilities,
        &networks,
        "facility or network",
        |id| BTreeSet::from([id]),
        of_network,
    )
}

/// Where a patient is: a zone, a facility or `LAT,LON`.
pub fn place(registry: &Registry, text: &str) -> Result<Origin, Failure> {
    if let Some(position) = position(text)? {
        return Ok(Origin::Point(position));
    }
    let (zones, facilities) = (Kind::zones(registry), Kind::facilities(registry));
    // A town and its hospital may share a name: the patient is in the town.
    either(registry, text, &zones, &facilities, "zone or facility", Origin::Zone, Origin::Facility)
}

/// `LAT,LON` in degrees; `None` where the text is no two numbers.
fn position(text: &str) -> Result<Option<Position>, Failure> {
    let Some((lat, lon)) = text.split_once(',') else { return Ok(None) };
    let (Ok(lat), Ok(lon)) = (lat.trim().parse::<f64>(), lon.trim().parse::<f64>()) else { return Ok(None) };
    let position = Position { lat, lon };
    if is_on_earth(position) { Ok(Some(position)) } else { Err(Failure::NoPoint { name: text.to_owned() }) }
}

/// Whether degrees are degrees of latitude and longitude.
pub fn is_on_earth(position: Position) -> bool {
    (-90.0..=90.0).contains(&position.lat) && (-180.0..=180.0).contains(&position.lon)
}

/// What is looked for: where its entries are, and which of a name's meanings are of that kind.
struct Kind<'a, T: Keyed> {
    directory: &'a Directory<T>,
    name: NameKind,
    pick: fn(Name) -> Option<T::Id>,
}

impl<'a> Kind<'a, crate::model::Facility> {
    fn facilities(registry: &'a Registry) -> Self {
        let pick = |name: Name| if let Name::Facility(id) = name { Some(id) } else { None };
        Self { directory: &registry.facilities, name: NameKind::Facility, pick }
    }
}

impl<'a> Kind<'a, crate::model::Network> {
    fn networks(registry: &'a Registry) -> Self {
        let pick = |name: Name| if let Name::Network(id) = name { Some(id) } else { None };
        Self { directory: &registry.networks, name: NameKind::Network, pick }
    }
}

impl<'a> Kind<'a, crate::model::Zone> {
    fn zones(registry: &'a Registry) -> Self {
        let pick = |name: Name| if let Name::Zone(id) = name { Some(id) } else { None };
        Self { directory: &registry.zones, name: NameKind::Zone, pick }
    }
}

impl<T: Keyed> Kind<'_, T> {
    /// What a full id, name or alias stands for. An id stands for itself, whatever else has it as a name.
    fn exact(&self, registry: &Registry, text: &str) -> Vec<T::Id> {
        match self.directory.id(text) {
            Some(id) => vec![id],
            None => registry.names.meanings(text).iter().filter_map(|name| (self.pick)(*name)).collect(),
        }
    }
    /// The ids that begin with a text. Nothing begins with nothing.
    fn beginning(&self, text: &str) -> Vec<T::Id> {
        let text = text.to_ascii_lowercase();
        self.directory
            .iter()
            .filter(|(_, entry)| !text.is_empty() && entry.key().starts_with(&text))
            .map(|(id, _)| id)
            .collect()
    }
    fn keys(&self, ids: &[T::Id]) -> Vec<String> {
        ids.iter().map(|id| self.directory.get(*id).key().to_owned()).collect()
    }
}

fn one<T: Keyed>(kind: &Kind<'_, T>, registry: &Registry, text: &str) -> Result<T::Id, Failure> {
    let mut found = kind.exact(registry, text);
    if found.is_empty() {
        found = kind.beginning(text);
    }
    match found.as_slice() {
        [] => Err(unknown(kind.name.as_str(), text, kind.directory.iter().map(|(_, entry)| entry.key()))),
        [one] => Ok(*one),
        several => Err(ambiguous(text, kind.keys(several))),
    }
}

/// The same over two kinds. A full name of the first kind goes before one of the second; the beginnings of both are
/// weighed together.
fn either<A: Keyed, B: Keyed, Found>(
    registry: &Registry,
    text: &str,
    first: &Kind<'_, A>,
    second: &Kind<'_, B>,
    kinds: &'static str,
    of_first: impl Fn(A::Id) -> Found,
    of_second: impl Fn(B::Id) -> Found,
) -> Result<Found, Failure> {
    match (first.exact(registry, text).as_slice(), second.exact(registry, text).as_slice()) {
        ([one], _) => return Ok(of_first(*one)),
        ([], [one]) => return Ok(of_second(*one)),
        ([], []) => {}
        ([], several) => return Err(ambiguous(text, second.keys(several))),
        (several, _) => return Err(ambiguous(text, first.keys(several))),
    }
    let (a, b) = (first.beginning(text), second.beginning(text));
    match (a.as_slice(), b.as_slice()) {
        ([one], []) => Ok(of_first(*one)),
        ([], [one]) => Ok(of_second(*one)),
        ([], []) => {
            let keys = first.directory.iter().map(|(_, entry)| entry.key());
            Err(unknown(kinds, text, keys.chain(second.directory.iter().map(|(_, entry)| entry.key()))))
        }
        (some, others) => {
            let mut keys = first.keys(some);
            keys.extend(second.keys(others));
            Err(ambiguous(text, keys))
        }
    }
}

fn unknown<'a>(kind: &'static str, text: &str, keys: impl Iterator<Item = &'a str>) -> Failure {
    let keys: Vec<&str> = keys.collect();
    let closest = closest(text, keys.iter().copied()).or_else(|| begun(text, &keys));
    Failure::UnknownName { kind, name: text.to_owned(), closest: closest.map(str::to_owned) }
}

/// The id that begins most like a text of fewer words, if it is the only one that begins so.
fn begun<'a>(text: &str, keys: &[&'a str]) -> Option<&'a str> {
    let words = text.split([' ', '-']).count();
    let beginning = |key: &'a str| key.match_indices('-').nth(words - 1).map(|(end, _)| &key[..end]);
    let best = closest(text, keys.iter().filter_map(|key| beginning(key)))?;
    let mut so = keys.iter().filter(|key| beginning(key) == Some(best));
    so.next().filter(|_| so.next().is_none()).copied()
}

fn ambiguous(text: &str, mut candidates: Vec<String>) -> Failure {
    candidates.dedup(); // a zone and a facility may have one id
    Failure::AmbiguousName { name: text.to_owned(), candidates }
}
