//! One patient, and where they are.

use std::collections::BTreeSet;

use super::{Class, FacilityId, NeedId, Position, Scope, ZoneId};

/// How urgent: 1 is the most urgent, 3 the least.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Priority {
    /// Critically ill or injured.
    One,
    /// Serious; taken where nothing else is said.
    Two,
    /// Not urgent.
    Three,
}

impl Priority {
    /// 1, 2 or 3; any other number is none.
    pub fn from_number(number: u64) -> Option<Self> {
        match number {
            1 => Some(Self::One),
            2 => Some(Self::Two),
            3 => Some(Self::Three),
            _ => None,
        }
    }
    /// 1, 2 or 3.
    pub fn number(self) -> u8 {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Three => 3,
        }
    }
}

/// The crew's level of care.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Care {
    /// Advanced life support.
    Als,
    /// Basic life support.
    Bls,
}

impl Care {
    /// `als` or `bls`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Als => "als",
            Self::Bls => "bls",
        }
    }
}

/// Grown up or not.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Age {
    /// An adult.
    Adult,
    /// A child.
    Pediatric,
}

impl Age {
    /// `adult` or `pediatric`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Adult => "adult",
            Self::Pediatric => "pediatric",
        }
    }
}

/// What was not said of a patient and so assumed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Assumed {
    /// The need: `general`.
    Needs,
    /// The priority: 2.
    Priority,
    /// The care: `als`.
    Care,
    /// The age: `adult`, or `pediatric` where a need is.
    Age,
}

impl Assumed {
    /// The name of the field that was filled in.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Needs => "needs",
            Self::Priority => "priority",
            Self::Care => "care",
            Self::Age => "age",
        }
    }
}

/// Where a patient is picked up.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Origin {
    /// In a zone.
    Zone(ZoneId),
    /// At a facility.
    Facility(FacilityId),
    /// At a point that is in no zone.
    Point(Position),
}

/// One patient who wants a destination.
#[derive(Clone, PartialEq, Debug)]
pub struct Patient {
    /// What they need; never empty.
    pub needs: BTreeSet<NeedId>,
    /// Their needs and what those are kinds of: the needs by which a scope can name them.
    pub counts_as: BTreeSet<NeedId>,
    /// Whether one of the needs is (a kind of) the one called `pediatric`: then they are pediatric whatever the age.
    pub pediatric_need: bool,
    /// How urgent.
    pub priority: Priority,
    /// The crew's level of care.
    pub care: Care,
    /// Adult or pediatric.
    pub age: Age,
    /// Would not survive a longer transport.
    pub extremis: bool,
    /// Comes from another facility.
    pub transfer: bool,
    /// The facility that the patient asked for.
    pub request: Option<FacilityId>,
    /// What was not said and so assumed.
    pub assumed: BTreeSet<Assumed>,
}

/// What was said of a patient; the rest is assumed, and listed as such.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PatientSaid {
    /// What they need; none: general.
    pub needs: BTreeSet<NeedId>,
    /// How urgent; not said: 2.
    pub priority: Option<Priority>,
    /// The crew's level of care; not said: als.
    pub care: Option<Care>,
    /// Adult or pediatric; not said: adult, pediatric where the need is.
    pub age: Option<Age>,
    /// Would not survive a longer transport.
    pub extremis: bool,
    /// Comes from another facility.
    pub transfer: bool,
    /// The facility that the patient asked for.
    pub request: Option<FacilityId>,
}

impl PatientSaid {
    /// The whole patient. `general` and `pediatric` are the needs of those keys, where the registry has them.
    /// `also` tells of which other needs a need is a kind.
    pub fn complete<'a>(
        self,
        general: Option<NeedId>,
        pediatric: Option<NeedId>,
        also: impl Fn(NeedId) -> &'a BTreeSet<NeedId>,
    ) -> Patient {
        let mut assumed = BTreeSet::new();
        let mut needs = self.needs;
        if needs.is_empty() {
            assumed.insert(Assumed::Needs);
            needs.extend(general);
        }
        let mut counts_as = needs.clone();
        counts_as.extend(needs.iter().flat_map(|need| also(*need)));
        let pediatric_need = pediatric.is_some_and(|need| counts_as.contains(&need));
        let mut or = |said: bool, what: Assumed| {
            if !said {
                assumed.insert(what);
            }
        };
        or(self.priority.is_some(), Assumed::Priority);
        or(self.care.is_some(), Assumed::Care);
        or(self.age.is_some(), Assumed::Age);
        Patient {
            needs,
            counts_as,
            pediatric_need,
            priority: self.priority.unwrap_or(Priority::Two),
            care: self.care.unwrap_or(Care::Als),
            age: self.age.unwrap_or(if pediatric_need { Age::Pediatric } else { Age::Adult }),
            extremis: self.extremis,
            transfer: self.transfer,
            request: self.request,
            assumed,
        }
    }
}

impl Patient {
    /// Whether the patient has this property.
    pub fn is(&self, class: Class) -> bool {
        match class {
            Class::Need(need) => self.counts_as.contains(&need),
            Class::Adult => self.age == Age::Adult,
            Class::Pediatric => self.age == Age::Pediatric || self.pediatric_need,
            Class::Als => self.care == Care::Als,
            Class::Bls => self.care == Care::Bls,
            Class::Priority(priority) => self.priority == priority,
            Class::Extremis => self.extremis,
            Class::Transfer => self.transfer,
        }
    }
    /// Whether a scope speaks of this patient.
    pub fn is_in(&self, scope: &Scope) -> bool {
        scope.covers(|class| self.is(class))
    }
}
