//! Rows of hours: what the time of an episode counts as, and the order of what it counts as.
//!
//! Floor 3.

use std::collections::BTreeMap;

use crate::model::{Effect, Lane, Registry, ServiceId, StatusId};
use crate::state::LaneState;

/// What a row of a report is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Row {
    /// The union over the lanes in which some ambulance patient was asked elsewhere.
    Any,
    /// Advisory, in any of its lanes.
    Advisory,
    /// Diverting, in any of its lanes.
    Diverting,
    /// Closed.
    Closed,
    /// A status type that a region defines.
    Type(StatusId),
    /// A service that is down.
    Service(ServiceId),
}

impl Row {
    /// What an episode's time counts as.
    pub(super) fn of(lane: &Lane, state: &LaneState, registry: &Registry) -> Self {
        match (lane, state) {
            (Lane::Service(service), _) => Self::Service(*service),
            (Lane::Type(status), _) => Self::Type(*status),
            (_, LaneState::Status { status, .. }) => match registry.statuses[*status].effect {
                Effect::Advisory => Self::Advisory,
                Effect::Diverting => Self::Diverting,
                Effect::Closed => Self::Closed,
            },
            (Lane::Closed | Lane::Traffic | Lane::TrafficFor(_), LaneState::Down) => Self::Closed,
        }
    }
    /// Whether its time is part of `any`: whether it asks any ambulance patient elsewhere.
    fn is_in_any(self, registry: &Registry) -> bool {
        match self {
            Self::Any | Self::Diverting | Self::Closed | Self::Service(_) => true,
            Self::Advisory => false,
            Self::Type(status) => registry.statuses[status].effect != Effect::Advisory,
        }
    }
    /// Its name in a report.
    fn name(self, registry: &Registry) -> String {
        match self {
            Self::Any => "any".to_owned(),
            Self::Advisory => "advisory".to_owned(),
            Self::Diverting => "diverting".to_owned(),
            Self::Closed => "closed".to_owned(),
            Self::Type(status) => registry.statuses[status].key.clone(),
            Self::Service(service) => format!("service:{}", registry.services[service].key),
        }
    }
    /// The effect that it has on ambulances, where it is a status.
    pub(super) fn effect(self, registry: &Registry) -> Option<Effect> {
        match self {
            Self::Advisory => Some(Effect::Advisory),
            Self::Diverting => Some(Effect::Diverting),
            Self::Closed => Some(Effect::Closed),
            Self::Type(status) => Some(registry.statuses[status].effect),
            Self::Any | Self::Service(_) => None,
        }
    }
}

/// All rows that there may be, in the order of their names: they go by their place in it.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    names: Vec<String>,
    places: BTreeMap<Row, usize>,
    /// By place: whether its time is part of `any`.
    in_any: Vec<bool>,
}

impl Rows {
    pub(super) fn new(registry: &Registry) -> Self {
        let types = registry.statuses.iter().filter(|(_, status)| !status.builtin);
        let mut rows: Vec<(String, Row)> = [Row::Any, Row::Advisory, Row::Diverting, Row::Closed]
            .into_iter()
            .chain(types.map(|(id, _)| Row::Type(id)))
            .chain(registry.services.ids().map(Row::Service))
            .map(|row| (row.name(registry), row))
            .collect();
        rows.sort();
        let (names, rows): (Vec<String>, Vec<Row>) = rows.into_iter().unzip();
        Self {
            places: rows.iter().enumerate().map(|(at, row)| (*row, at)).collect(),
            in_any: rows.iter().map(|row| *row != Row::Any && row.is_in_any(registry)).collect(),
            names,
        }
    }
    /// How many there may be.
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }
    /// The place of a row.
    pub(super) fn at(&self, row: Row) -> usize {
        self.places.get(&row).copied().unwrap_or_default()
    }
    /// The place of `any`.
    pub(super) fn any(&self) -> usize {
        self.at(Row::Any)
    }
    /// The name of the row at a place.
    pub(super) fn name(&self, at: usize) -> &str {
        &self.names[at]
    }
    /// Whether the time of the row at a place is part of `any`.
    pub(super) fn is_in_any(&self, at: usize) -> bool {
        self.in_any[at]
    }
}
