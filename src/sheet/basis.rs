//! What every answer rests on: a registry, what is known, an instant and a zone.
//!
//! Below floor 3: no decision, no file, no clock.

use chrono_tz::Tz;

use crate::model::{FacilityId, Instant, NetworkId, RegionId, Registry};
use crate::sentence::phrase;
use crate::state::Timeline;

use super::{Column, LogHead, Sheet, Value};

/// What an answer rests on.
#[derive(Clone, Copy, Debug)]
pub struct Basis<'a> {
    /// The registry.
    pub registry: &'a Registry,
    /// What is known.
    pub timeline: &'a Timeline<'a>,
    /// The instant of the question.
    pub at: Instant,
    /// As known when; `None`: everything recorded.
    pub known_at: Option<Instant>,
    /// The zone given by hand; it beats every other.
    pub zone: Option<Tz>,
    /// The log; `None`: there is none.
    pub log: Option<&'a LogHead>,
}

impl Basis<'_> {
    /// The zone of times that belong to no facility.
    pub fn zone(&self) -> Tz {
        self.zone.unwrap_or(self.registry.timezone)
    }
    /// The zone of a facility's times.
    pub fn zone_of(&self, facility: FacilityId) -> Tz {
        self.zone.unwrap_or_else(|| self.registry.zone_of(facility))
    }
    /// An empty sheet with these columns.
    pub fn sheet(&self, name: &'static str, columns: Vec<Column>) -> Sheet {
        let mut header = vec![format!("{} · {}", phrase::clock(self.at, self.zone()), self.registry.name)];
        if let Some(known_at) = self.known_at {
            header.push(format!("as known at {}", phrase::clock(known_at, self.zone())));
        }
        if self.log.is_none() {
            header.push("no log: nothing is known".to_owned());
        }
        Sheet {
            known_at: self.known_at,
            registry: self.registry.name.clone(),
            registry_sha256: self.registry.sha256.clone(),
            log: self.log.cloned(),
            header,
            ..Sheet::new(name, columns, self.at, self.zone())
        }
    }
    /// A network's id, or missing.
    pub fn network_key(&self, network: Option<NetworkId>) -> Value {
        Value::text(network.map(|network| self.registry.networks[network].key.as_str()))
    }
    /// A region's id, or missing.
    pub fn region_key(&self, region: Option<RegionId>) -> Value {
        Value::text(region.map(|region| self.registry.regions[region].key.as_str()))
    }
    /// A facility's id.
    pub fn facility_key(&self, facility: FacilityId) -> &str {
        &self.registry.facilities[facility].key
    }
}
