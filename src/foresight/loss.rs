//! Losses: a facility, a network or a service that is gone, and what is declared of it.
//!
//! Floor 3: data in, events out; decides nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::{
    Declaration, Declared, Effect, Event, FacilityId, Instant, Keyed, Kind, NetworkId, Registry, ServiceId,
    Subject,
};

/// What is lost, one at a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Each {
    /// A facility closes.
    Facility,
    /// Every ED of a network and its sub-networks closes.
    Network,
    /// A service goes down at one facility.
    Service(ServiceId),
}

/// One loss.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Loss {
    /// The ids of what is lost, joined by `+`; for a service with the facility before it: `hartford:ct`.
    pub key: String,
    /// In words.
    pub name: String,
    /// Where something is lost.
    pub facilities: BTreeSet<FacilityId>,
    /// Which service is down; `None`: they are closed.
    pub service: Option<ServiceId>,
}

impl Loss {
    /// Both losses at once.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self {
            key: format!("{}+{}", self.key, other.key),
            name: format!("{} and {}", self.name, other.name),
            facilities: self.facilities.union(&other.facilities).copied().collect(),
            service: self.service,
        }
    }

    /// What is recorded of it at `at`, numbered from `first` on.
    pub fn events(&self, registry: &Registry, first: u64, recorded_at: Instant, at: Instant) -> Vec<Event> {
        let closed = registry.builtin(Effect::Closed);
        let declaration = |facility: FacilityId| Declaration {
            subject: Subject::Facility(facility),
            declared: match self.service {
                Some(service) => Declared::Down(service),
                None => Declared::Status { status: closed, scope: None },
            },
            from: at,
            until: None,
            route: Vec::new(),
            walk_in: None,
            reason: None,
            text: None,
            // What is lost is lost, whoever would have to approve a closure.
            approver: registry.statuses[closed].approver.first().map(|name| Arc::from(name.as_str())),
            exercise: false,
        };
        let numbered = self.facilities.iter().zip(first..);
        numbered
            .map(|(facility, number)| Event {
                number,
                recorded_at,
                source: Arc::from("given"),
                text: None,
                kind: Kind::Declare(Box::new(declaration(*facility))),
            })
            .collect()
    }
}

/// Every single loss, by id; `within` leaves those out that are no part of that network.
pub fn losses(registry: &Registry, each: Each, within: Option<NetworkId>, at: Instant) -> Vec<Loss> {
    let is_within = |network: Option<NetworkId>| {
        within.is_none_or(|all| network.is_some_and(|one| registry.is_part_of(one, all)))
    };
    let receives = |facility: FacilityId| registry.facilities[facility].receives(at);
    let facilities =
        registry.facilities.iter().filter(|(id, facility)| receives(*id) && is_within(facility.network));
    match each {
        Each::Facility => facilities
            .map(|(id, facility)| Loss {
                key: facility.key.clone(),
                name: facility.name.clone(),
                facilities: BTreeSet::from([id]),
                service: None,
            })
            .collect(),
        Each::Service(service) => facilities
            .filter(|(_, facility)| facility.services.contains(&service))
            .map(|(id, facility)| Loss {
                key: format!("{}:{}", facility.key, registry.services[service].key()),
                name: format!("{}: {}", facility.name, registry.services[service].key()),
                facilities: BTreeSet::from([id]),
                service: Some(service),
            })
            .collect(),
        Each::Network => registry
            .networks
            .iter()
            .filter(|(id, _)| is_within(Some(*id)))
            .map(|(id, network)| Loss {
                key: network.key.clone(),
                name: network.name.clone(),
                facilities: registry.members(id).filter(|member| receives(*member)).collect(),
                service: None,
            })
            .filter(|loss| !loss.facilities.is_empty())
            .collect(),
    }
}

/// Every two losses at once that do not overlap.
pub fn pairs(losses: &[Loss]) -> Vec<Loss> {
    let mut pairs = Vec::new();
    for (index, first) in losses.iter().enumerate() {
        for second in &losses[index + 1..] {
            if first.facilities.is_disjoint(&second.facilities) {
                pairs.push(first.and(second));
            }
        }
    }
    pairs
}
