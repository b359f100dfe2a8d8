//! Censuses and assignments: how full an emergency department is, and where a patient was sent.
//!
//! Floor 0: types only.

use std::sync::Arc;

use chrono::TimeDelta;

use super::{FacilityId, Instant};

/// How full an emergency department is. What was not said is not known; it is never 0.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Census {
    /// Which.
    pub facility: FacilityId,
    /// When it was counted.
    pub at: Instant,
    /// Patients in its treatment spaces, those who wait for an inpatient bed among them.
    pub occupied: Option<u32>,
    /// Of these, the admitted patients who wait for an inpatient bed.
    pub boarding: Option<u32>,
    /// Patients in the waiting room.
    pub waiting: Option<u32>,
    /// Patients on a ventilator.
    pub ventilated: Option<u32>,
    /// How long the admitted patient who waits longest has been waiting.
    pub longest_boarding: Option<TimeDelta>,
    /// How long the patient who was put in a bed last had waited for it.
    pub last_wait: Option<TimeDelta>,
}

/// Where a patient was sent. Where the patient was is no part of it: a log holds no coordinates of patients.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Assignment {
    /// The destination.
    pub facility: FacilityId,
    /// When it was decided.
    pub at: Instant,
    /// The patient's or the run's id, as the dispatcher has it.
    pub id: Option<Arc<str>>,
    /// Where the patient would have gone if nothing had been wrong.
    pub home: Option<FacilityId>,
    /// Whether the destination had asked to be bypassed, or lacked what was needed.
    pub forced: bool,
    /// What it rested on, as a JSON object: kept for the record, and asked by nobody.
    pub rested_on: Option<Arc<str>>,
}

impl Assignment {
    /// Whether another says the same, whatever either rested on.
    pub fn is_as(&self, other: &Self) -> bool {
        Self { rested_on: None, ..self.clone() } == Self { rested_on: None, ..other.clone() }
    }
}
