//! Minutes of driving: known ones from the matrix, else estimated from coordinates.

use crate::model::{FacilityId, Minutes, Origin, Position, Registry};

/// Mean radius of the Earth in kilometres (IUGG).
const EARTH_RADIUS_KM: f64 = 6371.0088;

/// Where minutes come from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum MinutesSource {
    /// The registry's travel matrix.
    Matrix,
    /// Great-circle distance, circuity and speed.
    Est,
}

impl MinutesSource {
    /// `matrix` or `est`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Matrix => "matrix",
            Self::Est => "est",
        }
    }
}

/// Minutes from a pick-up to a facility, rounded half up to a tenth.
pub fn minutes(registry: &Registry, origin: Origin, to: FacilityId) -> (Minutes, MinutesSource) {
    let travel = &registry.travel;
    let known = match origin {
        Origin::Zone(zone) => travel.from_zone.get(&(zone, to)),
        Origin::Facility(facility) => travel.from_facility.get(&(facility, to)),
        Origin::Point(_) => None,
    };
    if let Some(known) = known {
        return (*known, MinutesSource::Matrix);
    }
    let km = great_circle_km(position(registry, origin), registry.facilities[to].position);
    (Minutes::round(km * travel.circuity / travel.speed_kmh * 60.0), MinutesSource::Est)
}

/// Where a patient is picked up.
fn position(registry: &Registry, origin: Origin) -> Position {
    match origin {
        Origin::Zone(zone) => registry.zones[zone].position,
        Origin::Facility(facility) => registry.facilities[facility].position,
        Origin::Point(position) => position,
    }
}

/// Great-circle distance in kilometres by the haversine formula (R. W. Sinnott, Sky and Telescope 68:159, 1984).
fn great_circle_km(a: Position, b: Position) -> f64 {
    let half_lat = ((b.lat - a.lat).to_radians() / 2.0).sin();
    let half_lon = ((b.lon - a.lon).to_radians() / 2.0).sin();
    let h = half_lat * half_lat + a.lat.to_radians().cos() * b.lat.to_radians().cos() * half_lon * half_lon;
    2.0 * EARTH_RADIUS_KM * h.min(1.0).sqrt().asin()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_degree_of_latitude_is_111_km() {
        let km = great_circle_km(Position { lat: 41.0, lon: -72.0 }, Position { lat: 42.0, lon: -72.0 });
        assert!((km - 111.195).abs() < 0.001, "{km}");
    }

    #[test]
    fn opposite_points_are_half_a_great_circle_apart() {
        let km = great_circle_km(Position { lat: 0.0, lon: 0.0 }, Position { lat: 0.0, lon: 180.0 });
        assert!((km - std::f64::consts::PI * EARTH_RADIUS_KM).abs() < 1e-6, "{km}");
    }
}
