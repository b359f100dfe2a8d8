//! How lanes, episodes and claims are worded, the same in every report.

use crate::model::{Effect, Instant, Lane, Registry, Scope};
use crate::sentence::phrase;
use crate::state::{Active, LaneState, Summary};

use crate::sheet::{BarState, Tone, Value};

/// The status of an episode as data has it: the type's key, or `down`.
pub(super) fn status_key<'a>(state: &LaneState, registry: &'a Registry) -> &'a str {
    match state {
        LaneState::Status { status, .. } => &registry.statuses[*status].key,
        LaneState::Down => "down",
    }
}

/// The effect as data has it: `advisory`, `diverting`, `closed`, or `service-down`.
pub(super) fn effect_key(state: &LaneState, registry: &Registry) -> &'static str {
    match state {
        LaneState::Status { status, .. } => registry.statuses[*status].effect.as_str(),
        LaneState::Down => "service-down",
    }
}

/// The scope in words; `all` where there is no other, missing for a service.
pub(super) fn scope_text(state: &LaneState, registry: &Registry) -> Value {
    match state {
        LaneState::Status { scope, .. } => Value::Text(phrase::scope(scope, registry)),
        LaneState::Down => Value::Missing,
    }
}

/// What a lane is in, for people: "Yellow alert", "diverting for stroke", "CT scanner down".
pub(super) fn what(lane: &Lane, state: &LaneState, registry: &Registry) -> String {
    match state {
        LaneState::Status { status, scope } => {
            let kind = &registry.statuses[*status];
            let own = if kind.builtin { Scope::all() } else { kind.diverts.clone() };
            if *scope == own {
                kind.label.clone()
            } else {
                format!("{} for {}", kind.label, phrase::scope(scope, registry))
            }
        }
        LaneState::Down => match lane {
            Lane::Service(service) => format!("{} down", registry.services[*service].key),
            Lane::Closed | Lane::Traffic | Lane::TrafficFor(_) | Lane::Type(_) => "down".to_owned(),
        },
    }
}

/// What an episode makes of its facility, as a bar.
pub(super) fn bar_state(state: &LaneState, registry: &Registry) -> BarState {
    match state {
        LaneState::Down => BarState::Down,
        LaneState::Status { status, scope } => match registry.statuses[*status].effect {
            Effect::Advisory => BarState::Advisory,
            Effect::Diverting | Effect::Closed if !scope.is_all() => BarState::Partial,
            Effect::Diverting => BarState::Diverting,
            Effect::Closed => BarState::Closed,
        },
    }
}

/// How a state may be set off.
pub(super) fn tone(summary: Summary) -> Tone {
    match summary {
        Summary::Closed => Tone::Severe,
        Summary::Diverting => Tone::Warning,
        Summary::Partial | Summary::Advisory => Tone::Caution,
        Summary::Open => Tone::Good,
        Summary::Unknown | Summary::NoEd | Summary::PermanentlyClosed => Tone::Faint,
    }
}

/// An active episode's walk-ins, order and the like, for people: "walk-ins open · route to ECHN".
pub(super) fn particulars(active: &Active<'_>, at: Instant, registry: &Registry) -> Vec<String> {
    let mut parts = Vec::new();
    parts.extend(active.episode.reason_told(at).map(ToString::to_string));
    parts.extend(active.episode.walk_in(at).map(|walk_in| format!("walk-ins {}", walk_in.as_str())));
    parts.extend(
        active
            .episode
            .order(at)
            .map(|said| format!("route to {}", phrase::route(&said.wording.route, registry))),
    );
    parts
}
