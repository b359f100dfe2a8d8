//! Stances: what is in force at a facility, all of it at once.
//!
//! Floor 2: knows no patient. A stance goes by a number, and facilities in the same stance share it, so that what it
//! means for a kind of patient is found once and not for every facility at every instant.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::{Lane, PolicyId, Scope, StatusId};

/// One thing in force at a facility, as far as a patient's reasons hang on it. Not on when it began or who said so.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Element {
    /// A status.
    Status {
        lane: Lane,
        status: StatusId,
        scope: Scope,
        /// Whether an order goes with it.
        orders: bool,
    },
    /// A service is down.
    Down {
        lane: Lane,
        /// Whether an order goes with it.
        orders: bool,
    },
    /// A policy that names patients who are never diverted.
    Policy(PolicyId),
}

/// The number of an [`Element`].
pub(super) type ElementId = u32;

/// The number of a stance.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct StanceId(pub(super) u32);

impl StanceId {
    /// Nothing is in force.
    pub const NOTHING: Self = Self(0);
    /// Its place among all stances met, for tables that run parallel to them. Later ones may be added at any time.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Every stance met so far. Shared by those who survey facilities at the same time.
#[derive(Debug, Default)]
pub struct Stances(Mutex<Met>);

#[derive(Debug)]
struct Met {
    elements: HashMap<Element, ElementId>,
    /// The elements of each stance, sorted.
    stances: Vec<Box<[ElementId]>>,
    numbers: HashMap<Box<[ElementId]>, StanceId>,
}

impl Default for Met {
    fn default() -> Self {
        let nothing: Box<[ElementId]> = Box::default();
        Self {
            elements: HashMap::new(),
            stances: vec![nothing.clone()],
            numbers: HashMap::from([(nothing, StanceId::NOTHING)]),
        }
    }
}

impl Stances {
    fn met(&self) -> MutexGuard<'_, Met> {
        // Everything is added in one step, so whoever panicked left it whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
    /// The number of an element.
    #[allow(clippy::cast_possible_truncation)] // four thousand million elements do not fit in memory
    pub(super) fn element(&self, element: &Element) -> ElementId {
        let mut met = self.met();
        if let Some(number) = met.elements.get(element) {
            return *number;
        }
        let number = met.elements.len() as ElementId;
        met.elements.insert(element.clone(), number);
        number
    }
    /// The stance that one becomes as an element comes into force or goes out of it.
    #[allow(clippy::cast_possible_truncation)] // nor do as many stances
    pub(super) fn after(&self, stance: StanceId, element: ElementId, begins: bool) -> StanceId {
        let mut met = self.met();
        let mut elements = met.stances[stance.index()].to_vec();
        match (elements.binary_search(&element), begins) {
            (Err(at), true) => elements.insert(at, element),
            (Ok(at), false) => {
                elements.remove(at);
            }
            (Ok(_), true) | (Err(_), false) => return stance,
        }
        if let Some(number) = met.numbers.get(&*elements) {
            return *number;
        }
        let (elements, number) = (elements.into_boxed_slice(), StanceId(met.stances.len() as u32));
        met.stances.push(elements.clone());
        met.numbers.insert(elements, number);
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ServiceId;

    #[test]
    fn a_stance_is_what_is_in_force_whatever_came_first() {
        let stances = Stances::default();
        let [ct, mri] = [1, 2].map(|service| {
            stances.element(&Element::Down { lane: Lane::Service(ServiceId::from(service)), orders: false })
        });
        let one_way = stances.after(stances.after(StanceId::NOTHING, ct, true), mri, true);
        let other_way = stances.after(stances.after(StanceId::NOTHING, mri, true), ct, true);
        assert_eq!(one_way, other_way);
        assert_ne!(stances.after(one_way, mri, false), one_way);
        assert_eq!(stances.after(stances.after(one_way, mri, false), ct, false), StanceId::NOTHING);
    }

    #[test]
    fn an_order_makes_it_another_stance() {
        let stances = Stances::default();
        let lane = Lane::Service(ServiceId::from(0));
        let down = |orders| stances.element(&Element::Down { lane: lane.clone(), orders });
        assert_ne!(down(false), down(true));
        assert_eq!(down(true), down(true));
    }
}
