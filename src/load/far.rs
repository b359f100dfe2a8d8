//! Facilities that cannot lie where the file says: a lost minus sign, a swapped pair.
//!
//! Floor 4. No gazetteer is asked, only the registry: what is said of a facility is that it lies with others of its state
//! and region, and with the zones that patients come from.

use rustc_hash::{FxHashMap, FxHashSet};

use super::entries::{Entries, Entry};
use crate::diagnostic::{Code, Diagnostic, Sink};
use crate::model::{EARTH_RADIUS_KM, Facility, FacilityId, Name, Position, RegionId, Registry};

/// Farther apart than this, two facilities of one state are hardly both where the file says. (Alaska's and Hawaii's
/// have nearer neighbours too.)
const FAR_KM: f64 = 400.0;
/// Whoever loses one minus sign may lose them all: so many are told of.
const MOST_TOLD: usize = 20;

/// Warns of facilities that lie far from all that should be near them.
pub(super) fn coordinates(registry: &Registry, entries: &Entries<'_, FacilityId>, sink: &mut Sink) {
    let known = Known::new(registry);
    let far = registry.facilities.iter().filter_map(|(id, facility)| {
        let entry = entries.get(id);
        if nowhere(facility.position) {
            return Some(at_lat(entry, format!("`{}` lies at 0, 0: in the sea off Africa", entry.key)));
        }
        known.far_from(id, facility).map(|(from, mended)| known.tell(entry, facility, &from, mended))
    });
    sink.extend(far.take(MOST_TOLD));
}

fn at_lat(entry: &Entry<'_>, message: String) -> Diagnostic {
    entry.page.complain(Code::FarCoordinates, &entry.table().span_of("lat"), message)
}

fn nowhere(position: Position) -> bool {
    position.lat.abs() + position.lon.abs() == 0.0
}

/// What a facility should lie near to.
#[derive(Clone, Copy)]
enum Near<'a> {
    /// Another facility of its state or region.
    Own(FacilityId, &'a Facility),
    /// Any other facility.
    Other(FacilityId),
    /// A zone, of that region where it has any.
    Zone(Option<RegionId>),
}

/// Where everything lies.
struct Known<'a> {
    registry: &'a Registry,
    facilities: Map<FacilityId>,
    zones: Map<Option<RegionId>>,
    /// Regions that have zones.
    zoned: FxHashSet<RegionId>,
    /// How many facilities each state and region has.
    of_state: FxHashMap<&'a str, usize>,
    of_region: FxHashMap<RegionId, usize>,
}

impl<'a> Known<'a> {
    fn new(registry: &'a Registry) -> Self {
        let (mut of_state, mut of_region) = (FxHashMap::default(), FxHashMap::default());
        let somewhere = registry.facilities.iter().filter(|(_, facility)| !nowhere(facility.position));
        let facilities = Map::new(somewhere.map(|(id, facility)| {
            if let Some(state) = &facility.state {
                *of_state.entry(state.as_str()).or_default() += 1;
            }
            if let Some(region) = facility.region {
                *of_region.entry(region).or_default() += 1;
            }
            (facility.position, id)
        }));
        Self {
            registry,
            facilities,
            zones: Map::new(registry.zones.iter().map(|(_, zone)| (zone.position, zone.region))),
            zoned: registry.zones.iter().filter_map(|(_, zone)| zone.region).collect(),
            of_state,
            of_region,
        }
    }

    /// What a facility lies too far from, if anything, and where it would lie near it. Where little is known of what
    /// should be near, only a place that a mistake of signs explains is one.
    fn far_from(&self, id: FacilityId, facility: &'a Facility) -> Option<(Near<'a>, Option<Position>)> {
        let region = facility.region.filter(|region| self.zoned.contains(region));
        let (own, zone) = (Near::Own(id, facility), Near::Zone(region));
        let at = facility.position;
        let state = facility.state.as_ref().and_then(|state| self.of_state.get(state.as_str()));
        let in_region = facility.region.and_then(|region| self.of_region.get(&region));
        let others = state.max(in_region).map_or(0, |count| count - 1);
        let by_own = others > 0 && self.is_near(at, own);
        let by_zone = self.is_near(at, zone);
        if by_zone && (by_own || region.is_some()) || by_own && self.registry.zones.is_empty() {
            return None;
        }
        if !by_own && others >= 2 {
            return Some((own, self.mended(at, own)));
        }
        if by_zone {
            return None;
        }
        let alone = !self.is_near(at, Near::Other(id));
        if !self.registry.zones.is_empty() {
            let mended = self.mended(at, zone);
            // A region from which no patients come here may lie anywhere.
            let elsewhere = facility.region.is_some() && region.is_none();
            return (mended.is_some() || alone && !elsewhere).then_some((zone, mended));
        }
        let from = if others > 0 { own } else { Near::Other(id) };
        self.mended(at, from).filter(|_| alone).map(|mended| (from, Some(mended)))
    }

    fn is_near(&self, at: Position, what: Near<'_>) -> bool {
        match what {
            Near::Own(..) | Near::Other(_) => self.facilities.has_near(at, |id| self.is_meant(*id, what)),
            Near::Zone(region) => self.zones.has_near(at, |of| region.is_none() || *of == region),
        }
    }
    /// Whether a facility is one of those that are meant.
    fn is_meant(&self, id: FacilityId, what: Near<'_>) -> bool {
        match what {
            Near::Own(own, facility) => {
                let other = &self.registry.facilities[id];
                let same_state = facility.state.is_some() && other.state == facility.state;
                own != id && (same_state || facility.region.is_some() && other.region == facility.region)
            }
            Near::Other(own) => own != id,
            Near::Zone(_) => false,
        }
    }

    /// The place with another sign, or with its pair swapped, that is near.
    fn mended(&self, at: Position, what: Near<'_>) -> Option<Position> {
        let signs = |lat: f64, lon: f64| [(lat, -lon), (-lat, lon), (-lat, -lon), (lat, lon)];
        let all = signs(at.lat, at.lon).into_iter().chain(signs(at.lon, at.lat));
        all.map(|(lat, lon)| Position { lat, lon })
            .find(|mended| mended.lat.abs() <= 90.0 && *mended != at && self.is_near(*mended, what))
    }

    fn tell(
        &self,
        entry: &Entry<'_>,
        facility: &Facility,
        from: &Near<'_>,
        mended: Option<Position>,
    ) -> Diagnostic {
        let registry = self.registry;
        let zones = registry.zones.iter().filter_map(|(id, zone)| match from {
            Near::Zone(region) => {
                (region.is_none() || zone.region == *region).then_some((Name::Zone(id), zone.position))
            }
            Near::Own(..) | Near::Other(_) => None,
        });
        let facilities = registry.facilities.iter().filter(|(_, other)| !nowhere(other.position));
        let facilities = facilities
            .filter(|(id, _)| self.is_meant(*id, *from))
            .map(|(id, other)| (Name::Facility(id), other.position));
        let all =
            zones.chain(facilities).map(|(name, there)| (facility.position.great_circle_km(there), name));
        let (km, nearest) = match all.min_by(|(a, _), (b, _)| a.total_cmp(b)) {
            Some((km, Name::Zone(id))) => (km, format!("the zone `{}`", registry.zones[id].key)),
            Some((km, Name::Facility(id))) => (km, format!("`{}`", registry.facilities[id].key)),
            _ => (FAR_KM, "all others".to_owned()),
        };
        let of = match from {
            Near::Own(..) => "the nearest other of its state or region",
            Near::Other(_) => "the nearest other facility",
            Near::Zone(Some(_)) => "the nearest of its region",
            Near::Zone(None) => "the nearest zone",
        };
        let far = at_lat(entry, format!("`{}` lies {km:.0} km from {nearest}, {of}", entry.key));
        match mended {
            Some(Position { lat, lon }) => far.help(format!(
                "`lat = {lat}` and `lon = {lon}` would lie near: look for a lost minus sign, and for a swapped pair"
            )),
            None => far.help("look for a lost minus sign, and for `lat` and `lon` swapped"),
        }
    }
}

/// Things by where they lie, in cubes whose edge is [`FAR_KM`]: what is no farther lies in the same cube or a
/// neighbouring one, also at the poles and where longitudes begin again.
struct Map<T>(FxHashMap<[i8; 3], Vec<(Point, T)>>);

impl<T> Map<T> {
    fn new(all: impl Iterator<Item = (Position, T)>) -> Self {
        let mut cubes: FxHashMap<_, Vec<_>> = FxHashMap::default();
        for (position, thing) in all {
            let point = Point::of(position);
            cubes.entry(point.cube()).or_default().push((point, thing));
        }
        Self(cubes)
    }
    /// Whether something that is meant lies within [`FAR_KM`].
    fn has_near(&self, at: Position, is_meant: impl Fn(&T) -> bool) -> bool {
        let at = Point::of(at);
        let [x, y, z] = at.cube();
        let is_near = |(there, thing): &(Point, T)| at.chord_km(there) <= FAR_KM && is_meant(thing);
        let has_one = |cube| self.0.get(&cube).is_some_and(|things| things.iter().any(is_near));
        let steps = [-1, 0, 1];
        let around = || {
            steps.iter().flat_map(|i| steps.iter().flat_map(move |j| steps.map(|k| [x + i, y + j, z + k])))
        };
        // Most have a neighbour in their own cube.
        has_one([x, y, z]) || !self.0.is_empty() && around().any(has_one)
    }
}

/// A place on the ball that the Earth is, in km from its middle: thousands are compared without an angle.
struct Point([f64; 3]);

impl Point {
    fn of(Position { lat, lon }: Position) -> Self {
        let (lat, lon) = (lat.to_radians(), lon.to_radians());
        Self([lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()].map(|along| along * EARTH_RADIUS_KM))
    }
    #[allow(clippy::cast_possible_truncation)] // the Earth is 32 such cubes across
    fn cube(&self) -> [i8; 3] {
        self.0.map(|along| (along / FAR_KM).floor() as i8)
    }
    /// How far it is straight through the ground: of 400 km on it, 65 m less.
    fn chord_km(&self, other: &Self) -> f64 {
        let squares = self.0.iter().zip(other.0).map(|(here, there)| (here - there) * (here - there));
        squares.sum::<f64>().sqrt()
    }
}
