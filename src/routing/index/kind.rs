//! Kinds of patients: what a decision asks of a patient, and what each stance of a facility means for such a one.
//!
//! Floor 2. Patients are many, kinds are few, and so are stances: the reasons against a facility are found once for each
//! kind and stance, by the reference's own functions.

use std::collections::{BTreeSet, HashMap};
use std::hash::{Hash, Hasher};

use rustc_hash::{FxHashMap, FxHasher};

use crate::model::{Minutes, NeedId, Patient, ServiceId};
use crate::state::{FacilityState, StanceId};

use super::super::decision::Stop;
use super::super::examine::{self, Examined, Reason};
use super::Index;

/// What a facility's stance means for a kind of patient.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Verdict(u8);

impl Verdict {
    const FOUND: u8 = 1;
    const ELIGIBLE: u8 = 2;
    const SOFT_ONLY: u8 = 4;
    const CONSULT_ONLY: u8 = 8;
    const ORDERS: u8 = 16;
    const ADVISED: u8 = 32;

    /// Nobody has looked yet.
    const NONE: Self = Self(0);

    fn has(self, mark: u8) -> bool {
        self.0 & mark != 0
    }
    /// No reason against it.
    pub(super) fn is_eligible(self) -> bool {
        self.has(Self::ELIGIBLE)
    }
    /// Reasons, and only such as can be overridden.
    pub(super) fn has_soft_reasons_only(self) -> bool {
        self.has(Self::SOFT_ONLY)
    }
    /// Reasons, and each wants somebody to be asked.
    pub(super) fn is_only_consult(self) -> bool {
        self.has(Self::CONSULT_ONLY)
    }
    /// An order goes with one of the reasons.
    pub(super) fn orders(self) -> bool {
        self.has(Self::ORDERS)
    }
    /// An advisory speaks of the patient.
    pub(super) fn is_advised(self) -> bool {
        self.has(Self::ADVISED)
    }
}

/// A kind of patient.
#[derive(Debug)]
pub(super) struct Kind {
    /// One of them, of whom nothing was assumed.
    pub(super) patient: Patient,
    pub(super) required: BTreeSet<ServiceId>,
    /// Which ground has the facilities that meet the requirement.
    pub(super) ground: usize,
    /// The farthest that is not flagged.
    pub(super) max_minutes: Option<Minutes>,
    /// Whether minutes added for crowding or advisories may move them.
    pub(super) may_be_moved: bool,
    /// By stance.
    verdicts: Vec<Verdict>,
    /// Of the stances with reasons, what they are; texts and events are those of one facility at one instant.
    against: HashMap<StanceId, Vec<Reason>>,
}

impl Kind {
    pub(super) fn new(index: &Index<'_>, patient: &Patient, ground: usize) -> Self {
        let registry = index.registry;
        Self {
            required: registry.requires(&patient.needs),
            ground,
            max_minutes: patient.needs.iter().filter_map(|need| registry.needs[*need].max_minutes).min(),
            may_be_moved: examine::may_be_moved(registry, patient),
            patient: Patient { assumed: BTreeSet::new(), ..patient.clone() },
            verdicts: Vec::new(),
            against: HashMap::new(),
        }
    }

    /// Whether a patient is of this kind. What was assumed of one makes no difference.
    pub(super) fn is_of(&self, patient: &Patient) -> bool {
        let Patient {
            needs,
            counts_as,
            pediatric_need,
            priority,
            care,
            age,
            extremis,
            transfer,
            request,
            assumed: _,
        } = patient;
        let own = &self.patient;
        (own.priority, own.care, own.age) == (*priority, *care, *age)
            && (own.extremis, own.transfer, own.pediatric_need) == (*extremis, *transfer, *pediatric_need)
            && own.request == *request
            && is_same(&own.needs, needs)
            && is_same(&own.counts_as, counts_as)
    }

    /// What a stance means, if that was asked before.
    #[inline]
    pub(super) fn known(&self, stance: StanceId) -> Option<Verdict> {
        self.verdicts.get(stance.index()).copied().filter(|verdict| *verdict != Verdict::NONE)
    }

    /// What a stance means, by the example of a facility that is in it.
    pub(super) fn judge(
        &mut self,
        index: &Index<'_>,
        stance: StanceId,
        stop: Stop,
        state: &FacilityState<'_>,
    ) -> Verdict {
        let (reasons, _) = examine::standing_reasons(state, index.registry, &self.patient, &self.required);
        let there = Examined::candidate(stop, reasons);
        let mut verdict = Verdict::FOUND;
        for (holds, mark) in [
            (there.is_eligible(), Verdict::ELIGIBLE),
            (there.has_soft_reasons_only(), Verdict::SOFT_ONLY),
            (there.is_only_consult(), Verdict::CONSULT_ONLY),
            (there.reasons.iter().any(|reason| reason.order.is_some()), Verdict::ORDERS),
            (examine::is_advised(state, &self.patient), Verdict::ADVISED),
        ] {
            verdict |= if holds { mark } else { 0 };
        }
        if self.verdicts.len() <= stance.index() {
            self.verdicts.resize(stance.index() + 1, Verdict::NONE);
        }
        self.verdicts[stance.index()] = Verdict(verdict);
        if !there.reasons.is_empty() {
            self.against.insert(stance, there.reasons);
        }
        Verdict(verdict)
    }

    /// The reasons that a stance gives, once it was judged.
    pub(super) fn reasons(&self, stance: StanceId) -> &[Reason] {
        self.against.get(&stance).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Whether two sets are one. Of sets of two the ends are all there is, and going through sets takes long.
fn is_same(one: &BTreeSet<NeedId>, other: &BTreeSet<NeedId>) -> bool {
    one.len() == other.len()
        && one.first() == other.first()
        && one.last() == other.last()
        && (one.len() <= 2 || one == other)
}

/// The kinds met so far.
#[derive(Debug, Default)]
pub(super) struct Kinds {
    met: Vec<Kind>,
    /// By what is hashed of a patient, the kinds that it may be.
    places: FxHashMap<u64, Vec<usize>>,
    /// The place of the kind that was found last: the next patient is likely to be of it, too.
    last: usize,
}

impl Kinds {
    /// So many are kept.
    const KEPT: usize = 4096;

    /// Whether no more should be kept.
    pub(super) fn is_full(&self) -> bool {
        self.met.len() >= Self::KEPT
    }
    /// The place of a patient's kind, if it was met.
    pub(super) fn find(&mut self, patient: &Patient) -> Option<usize> {
        if self.met.get(self.last).is_none_or(|last| !last.is_of(patient)) {
            let places = self.places.get(&hash(patient))?;
            self.last = places.iter().copied().find(|place| self.met[*place].is_of(patient))?;
        }
        Some(self.last)
    }
    /// Keeps a kind; its place.
    pub(super) fn add(&mut self, kind: Kind) -> usize {
        self.places.entry(hash(&kind.patient)).or_default().push(self.met.len());
        self.met.push(kind);
        self.met.len() - 1
    }
    pub(super) fn get_mut(&mut self, place: usize) -> Option<&mut Kind> {
        self.met.get_mut(place)
    }
}

/// Most of what makes a kind.
fn hash(patient: &Patient) -> u64 {
    let mut hasher = FxHasher::default();
    patient.needs.hash(&mut hasher);
    (patient.priority, patient.care, patient.age).hash(&mut hasher);
    (patient.extremis, patient.transfer, patient.request).hash(&mut hasher);
    hasher.finish()
}
