//! Minutes of driving: known ones from the matrix, else estimated from coordinates.

use crate::model::{FacilityId, Minutes, Origin, Position, Registry};

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
    let km = position(registry, origin).great_circle_km(registry.facilities[to].position);
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
