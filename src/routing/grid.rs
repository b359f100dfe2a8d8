//! The routing table as data: one decision for every zone and need.
//!
//! Floor 2: what is asked and decided; how it is shown is a report's.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{FacilityId, NeedId, Origin, Patient, PatientSaid, Registry, ZoneId};
use crate::state::Snapshot;

use super::decide::{Question, decide};
use super::decision::Decision;

/// Which rows of the routing table are wanted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Rows {
    /// Only these zones; `None`: all.
    pub zones: Option<BTreeSet<ZoneId>>,
    /// Only these needs; `None`: all that some facility of the registry meets.
    pub needs: Option<BTreeSet<NeedId>>,
}

impl Rows {
    /// The zones, by id.
    pub fn zones(&self, registry: &Registry) -> Vec<ZoneId> {
        registry
            .zones
            .ids()
            .filter(|zone| self.zones.as_ref().is_none_or(|some| some.contains(zone)))
            .collect()
    }
    /// The needs, by id.
    pub fn needs(&self, registry: &Registry) -> Vec<NeedId> {
        let met = needs_met(registry);
        registry.needs.ids().filter(|need| self.needs.as_ref().unwrap_or(&met).contains(need)).collect()
    }
}

/// The patient of whom a row speaks: that need, and everything else assumed.
pub fn patient_with(registry: &Registry, need: NeedId) -> Patient {
    registry.patient(PatientSaid { needs: BTreeSet::from([need]), ..PatientSaid::default() })
}

/// Where the patients of a zone with this need go.
pub fn decide_row(snapshot: &Snapshot<'_>, zone: ZoneId, patient: &Patient) -> Decision {
    let (exclude, forced) = (BTreeSet::<FacilityId>::new(), BTreeMap::<FacilityId, u32>::new());
    decide(snapshot, &Question { patient, origin: Origin::Zone(zone), exclude: &exclude, forced: &forced })
}

/// The needs that some facility with an ED is listed with.
pub fn needs_met(registry: &Registry) -> BTreeSet<NeedId> {
    let mut met = BTreeSet::new();
    for (_, facility) in registry.facilities.iter().filter(|(_, facility)| facility.ed.is_some()) {
        if met.len() == registry.needs.len() {
            break;
        }
        met.extend(
            registry
                .needs
                .iter()
                .filter(|(_, need)| need.requires.is_subset(&facility.services))
                .map(|(need, _)| need),
        );
    }
    met
}
