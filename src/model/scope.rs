//! Which patients a status speaks of: all, some cohorts, or all except some.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{NeedId, Priority};

/// One property of a patient that a scope can name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Class {
    /// Has this need. The need called `pediatric` is never stated this way but as [`Class::Pediatric`].
    Need(NeedId),
    /// Is an adult.
    Adult,
    /// Is a child, by age or by need.
    Pediatric,
    /// Is in the care of an advanced life support crew.
    Als,
    /// Is in the care of a basic life support crew.
    Bls,
    /// Has this priority.
    Priority(Priority),
    /// Would not survive a longer transport.
    Extremis,
    /// Comes from another facility.
    Transfer,
}

/// The patients who have all of these classes: "adult als" is one cohort, "stroke and trauma" are two.
///
/// Shared by whoever names it: a million episodes speak of a few cohorts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Cohort(Arc<BTreeSet<Class>>);

impl Cohort {
    /// `None` where no class is named: an empty cohort would be everybody.
    pub fn new(classes: impl IntoIterator<Item = Class>) -> Option<Self> {
        let classes: BTreeSet<Class> = classes.into_iter().collect();
        (!classes.is_empty()).then_some(Self(Arc::new(classes)))
    }
    /// The cohort of one class.
    pub fn of(class: Class) -> Self {
        Self(Arc::new(BTreeSet::from([class])))
    }
    /// Its classes, in order.
    pub fn classes(&self) -> impl Iterator<Item = Class> + '_ {
        self.0.iter().copied()
    }
}

/// Which patients a status speaks of. Shared by whoever names it, as cohorts are.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Scope(Arc<Classes>);

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
struct Classes {
    /// The cohorts named; empty means all patients.
    named: BTreeSet<Cohort>,
    /// The cohorts left out of it.
    except: BTreeSet<Cohort>,
}

impl Scope {
    /// All patients.
    pub fn all() -> Self {
        Self::default()
    }
    /// All patients except these.
    pub fn all_except(except: impl IntoIterator<Item = Cohort>) -> Self {
        Self::new([], except)
    }
    /// These cohorts, less the excepted ones. No cohort named means all patients.
    pub fn new(named: impl IntoIterator<Item = Cohort>, except: impl IntoIterator<Item = Cohort>) -> Self {
        Self(Arc::new(Classes { named: named.into_iter().collect(), except: except.into_iter().collect() }))
    }
    /// Whether it speaks of every patient without exception.
    pub fn is_all(&self) -> bool {
        self.0.named.is_empty() && self.0.except.is_empty()
    }
    /// The cohorts named, in order; none means all patients.
    pub fn named(&self) -> impl ExactSizeIterator<Item = &Cohort> {
        self.0.named.iter()
    }
    /// The cohorts left out, in order.
    pub fn except(&self) -> impl ExactSizeIterator<Item = &Cohort> {
        self.0.except.iter()
    }
    /// The part of it that one of its named cohorts makes, exceptions kept: what one `traffic:CLASS` lane holds.
    #[must_use]
    pub fn only(&self, cohort: &Cohort) -> Self {
        Self::new([cohort.clone()], self.except().cloned())
    }
    /// Whether it speaks of a patient of whom `has` says which classes hold: any cohort named, none excepted.
    pub fn covers(&self, has: impl Fn(Class) -> bool) -> bool {
        let holds = |cohort: &Cohort| cohort.classes().all(&has);
        (self.0.named.is_empty() || self.0.named.iter().any(holds)) && !self.0.except.iter().any(holds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn juxtaposed_classes_must_all_hold() {
        let adult_als = Cohort::new([Class::Adult, Class::Als]).unwrap();
        let scope = Scope::new([adult_als], []);
        assert!(scope.covers(|class| matches!(class, Class::Adult | Class::Als)));
        assert!(!scope.covers(|class| matches!(class, Class::Adult | Class::Bls)));
    }

    #[test]
    fn an_exception_beats_what_is_named() {
        let scope = Scope::new([Cohort::of(Class::Adult)], [Cohort::of(Class::Transfer)]);
        assert!(!scope.covers(|class| matches!(class, Class::Adult | Class::Transfer)));
    }

    #[test]
    fn no_cohort_named_means_all() {
        assert!(Scope::all().covers(|_| false));
        assert!(Scope::all().is_all() && !Scope::all_except([Cohort::of(Class::Bls)]).is_all());
    }
}
