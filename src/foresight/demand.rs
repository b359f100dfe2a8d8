//! Patients a day: who comes to which facility, by the registry's zones.
//!
//! Floor 3. A registry knows of a zone how many patients come by ambulance in a day, and not what they need. No split is
//! made up: all of them are counted where the zone's `general` patients go.

use std::collections::BTreeMap;

use crate::model::FacilityId;

use super::seen::Seen;

/// What the registry says instead of a split, for whoever reads the sums.
pub(super) const COUNTED_AS_GENERAL: &str =
    "patients a day are counted where a zone's general patients go: the registry does not say what they need";

/// Patients a day by facility, and those for whom somebody is asked or nobody is left.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Demand {
    /// By destination.
    pub(super) at: BTreeMap<FacilityId, f64>,
    /// Without a destination.
    pub(super) nowhere: f64,
}

impl Demand {
    /// Counts the patients of one zone.
    pub(super) fn add(&mut self, seen: &Seen, arrivals: f64) {
        match seen.destination {
            Some(stop) => *self.at.entry(stop.facility).or_default() += arrivals,
            None => self.nowhere += arrivals,
        }
    }
    /// Patients a day who come to a facility.
    pub(super) fn of(&self, facility: FacilityId) -> f64 {
        self.at.get(&facility).copied().unwrap_or_default()
    }
}
