//! Facilities that cannot lie where the file says: a lost minus sign, a swapped pair.
//!
//! Floor 4. No gazetteer is asked, only the registry: what is said of a facility is that it lies with others of its state
//! and region, and with the zones that patients come from.

use std::cell::OnceCell;

use rustc_hash::FxHashMap;

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
        known.far_from(id, facility).map(|(from, mended)| known.tell(entry, facility, from, mended))
    });
    sink.extend(far.take(MOST_TOLD));
}

fn at_lat(entry: &Entry<'_>, message: String) -> Diagnostic {
    entry.page.complain(Code::FarCoordinates, &entry.table().span_of("lat"), message)
}

fn nowhere(position: Position) -> bool {
    position.lat.abs() + position.lon.abs() == 0.0
}

/// With whom a facility should lie: what is looked at again and again, side by side.
#[derive(Clone, Copy)]
struct Own {
    id: FacilityId,
    /// The number of its state among those that are named.
    state: Option<usize>,
    region: Option<RegionId>,
}

impl Own {
    fn is_with(self, other: Self) -> bool {
        let same_state = self.state.is_some() && self.state == other.state;
        self.id != other.id && (same_state || self.region.is_some() && self.region == other.region)
    }
}

/// What a facility should lie near to.
#[derive(Clone, Copy)]
enum Near {
    /// Another facility of its state or region.
    Own(Own),
    /// Any other facility.
    Other(FacilityId),
    /// A zone, of that region where it has any.
    Zone(Option<RegionId>),
}

impl Near {
    /// Whether a facility is one of those that are meant.
    fn means(self, facility: Own) -> bool {
        match self {
            Self::Own(own) => own.is_with(facility),
            Self::Other(own) => own != facility.id,
            Self::Zone(_) => false,
        }
    }
}

/// The facilities of a state or region: how many, and two of them. Nearly all lie near one of these, and then nobody
/// needs to search.
#[derive(Clone, Default)]
struct Group {
    count: usize,
    some: Vec<(FacilityId, Position)>,
}

impl Group {
    fn add(&mut self, id: FacilityId, at: Position) {
        self.count += 1;
        if self.some.len() < 2 {
            self.some.push((id, at));
        }
    }
    fn has_near(&self, id: FacilityId, at: Position) -> bool {
        let other = self.some.iter().find(|(other, _)| *other != id);
        other.is_some_and(|(_, there)| at.great_circle_km(*there) <= FAR_KM)
    }
}

/// Where everything lies.
struct Known<'a> {
    registry: &'a Registry,
    owns: Vec<Own>,
    states: Vec<Group>,
    regions: Vec<Group>,
    /// A zone of each region, where it has one.
    zone_of: Vec<Option<Position>>,
    facilities: OnceCell<Map<Own>>,
    zones: OnceCell<Map<Option<RegionId>>>,
}

impl<'a> Known<'a> {
    fn new(registry: &'a Registry) -> Self {
        let (mut numbers, mut states) = (FxHashMap::default(), Vec::new());
        let mut regions = vec![Group::default(); registry.regions.len()];
        let mut owns = Vec::with_capacity(registry.facilities.len());
        for (id, facility) in registry.facilities.iter() {
            let state = facility.state.as_ref().map(|state| {
                *numbers.entry(state.as_str()).or_insert_with(|| {
                    states.push(Group::default());
                    states.len() - 1
                })
            });
            owns.push(Own { id, state, region: facility.region });
            if !nowhere(facility.position) {
                let state = state.map(|state| &mut states[state]);
                let region = facility.region.map(|region| &mut regions[region.index()]);
                state.into_iter().chain(region).for_each(|group| group.add(id, facility.position));
            }
        }
        let mut zone_of = vec![None; registry.regions.len()];
        for (region, at) in registry.zones.iter().filter_map(|(_, zone)| Some((zone.region?, zone.position)))
        {
            zone_of[region.index()] = Some(at);
        }
        let (facilities, zones) = (OnceCell::new(), OnceCell::new());
        Self { registry, owns, states, regions, zone_of, facilities, zones }
    }

    /// What a facility lies too far from, if anything, and where it would lie near it. Where little is known of what
    /// should be near, only a place that a mistake of signs explains is one.
    fn far_from(&self, id: FacilityId, facility: &Facility) -> Option<(Near, Option<Position>)> {
        let of = self.owns[id.index()];
        let zone_of_region = of.region.and_then(|region| self.zone_of[region.index()]);
        let region = of.region.filter(|_| zone_of_region.is_some());
        let (own, zone) = (Near::Own(of), Near::Zone(region));
        let at = facility.position;
        let state = of.state.map(|state| &self.states[state]);
        let groups = [state, of.region.map(|region| &self.regions[region.index()])];
        let groups = || groups.into_iter().flatten();
        let others = groups().map(|group| group.count - 1).max().unwrap_or_default();
        let by_own = others > 0 && (groups().any(|group| group.has_near(id, at)) || self.is_near(at, own));
        if by_own && self.registry.zones.is_empty() {
            return None;
        }
        let by_zone =
            zone_of_region.is_some_and(|there| at.great_circle_km(there) <= FAR_KM) || self.is_near(at, zone);
        if by_zone && (by_own || region.is_some()) {
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

    fn is_near(&self, at: Position, what: Near) -> bool {
        match what {
            Near::Own(_) | Near::Other(_) => {
                let somewhere = |(_, facility): &(_, &Facility)| !nowhere(facility.position);
                let all = || self.registry.facilities.iter().filter(somewhere);
                let place =
                    |(id, facility): (FacilityId, &Facility)| (facility.position, self.owns[id.index()]);
                let facilities = self.facilities.get_or_init(|| Map::new(all().map(place)));
                facilities.has_near(at, |own| what.means(*own))
            }
            Near::Zone(region) => {
                let all = || self.registry.zones.iter().map(|(_, zone)| (zone.position, zone.region));
                let zones = self.zones.get_or_init(|| Map::new(all()));
                zones.has_near(at, |of| region.is_none() || *of == region)
            }
        }
    }

    /// The place with another sign, or with its pair swapped, that is near.
    fn mended(&self, at: Position, what: Near) -> Option<Position> {
        let signs = |lat: f64, lon: f64| [(lat, -lon), (-lat, lon), (-lat, -lon), (lat, lon)];
        let all = signs(at.lat, at.lon).into_iter().chain(signs(at.lon, at.lat));
        all.map(|(lat, lon)| Position { lat, lon })
            .find(|mended| mended.lat.abs() <= 90.0 && *mended != at && self.is_near(*mended, what))
    }

    fn tell(
        &self,
        entry: &Entry<'_>,
        facility: &Facility,
        from: Near,
        mended: Option<Position>,
    ) -> Diagnostic {
        let registry = self.registry;
        let zones = registry.zones.iter().filter_map(|(id, zone)| match from {
            Near::Zone(region) => {
                (region.is_none() || zone.region == region).then_some((Name::Zone(id), zone.position))
            }
            Near::Own(_) | Near::Other(_) => None,
        });
        let facilities = registry.facilities.iter().filter(|(_, other)| !nowhere(other.position));
        let facilities = facilities
            .filter(|(id, _)| from.means(self.owns[id.index()]))
            .map(|(id, other)| (Name::Facility(id), other.position));
        let all =
            zones.chain(facilities).map(|(name, there)| (facility.position.great_circle_km(there), name));
        let (km, nearest) = match all.min_by(|(a, _), (b, _)| a.total_cmp(b)) {
            Some((km, Name::Zone(id))) => (km, format!("the zone `{}`", registry.zones[id].key)),
            Some((km, Name::Facility(id))) => (km, format!("`{}`", registry.facilities[id].key)),
            _ => (FAR_KM, "all others".to_owned()),
        };
        let of = match from {
            Near::Own(_) => "the nearest other of its state or region",
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
struct Map<T>(FxHashMap<[i8; 3], Vec<(Position, T)>>);

impl<T> Map<T> {
    fn new(all: impl Iterator<Item = (Position, T)>) -> Self {
        let mut cubes: FxHashMap<_, Vec<_>> = FxHashMap::default();
        for (position, thing) in all {
            cubes.entry(cube(position)).or_default().push((position, thing));
        }
        Self(cubes)
    }
    /// Whether something that is meant lies within [`FAR_KM`].
    fn has_near(&self, at: Position, is_meant: impl Fn(&T) -> bool) -> bool {
        let [x, y, z] = cube(at);
        // Most have a neighbour in their own cube.
        let steps = [0, -1, 1];
        let around =
            steps.iter().flat_map(|i| steps.iter().flat_map(move |j| steps.map(|k| [x + i, y + j, z + k])));
        let mut things = around.filter_map(|cube| self.0.get(&cube)).flatten();
        things.any(|(there, thing)| is_meant(thing) && at.great_circle_km(*there) <= FAR_KM)
    }
}

fn cube(at: Position) -> [i8; 3] {
    let (lat, lon) = (at.lat.to_radians(), at.lon.to_radians());
    let point = [lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()];
    #[allow(clippy::cast_possible_truncation)] // the Earth is 32 such cubes across
    point.map(|along| (along * EARTH_RADIUS_KM / FAR_KM).floor() as i8)
}
