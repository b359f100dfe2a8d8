//! Decisions in a few words, as every table and answer says them.
//!
//! Floor 2: words only; no cell, no format, no terminal.

use crate::model::{FacilityId, Registry};
use crate::sentence::phrase;

use super::decision::{DecidedBy, Decision, Outcome};

/// What decided, in words.
pub fn decided_text(by: &DecidedBy) -> String {
    match by {
        DecidedBy::Extremis => "in extremis: the nearest ED that takes the patient".to_owned(),
        DecidedBy::Request => "the patient's choice".to_owned(),
        DecidedBy::Consult => "to be asked".to_owned(),
        DecidedBy::Order(event) => format!("by the order of event {event}"),
        DecidedBy::Rule(rule) => format!("by rule {rule}"),
        DecidedBy::Nearest => "the nearest that accepts".to_owned(),
        DecidedBy::TravelLimit => "the policy limits the detour".to_owned(),
        DecidedBy::AllDiverting => "every candidate is diverting".to_owned(),
        DecidedBy::External => "a last resort".to_owned(),
        DecidedBy::NeedUnmet => "nobody who has what is needed can take the patient".to_owned(),
    }
}

/// Why a decision differs from home, in a few words: the first reason against home, and what decided.
pub fn in_short(registry: &Registry, decision: &Decision) -> String {
    let home = decision.home.map(|home| home.facility);
    let chosen = decision.destination.map(|stop| stop.facility);
    let mut parts = Vec::new();
    let overridden = decision.overridden.iter();
    let against_home = decision.rejected.iter().filter(|rejected| Some(rejected.stop.facility) == home);
    let reasons = overridden.chain(against_home.flat_map(|rejected| rejected.reasons.iter()));
    if let (Some(reason), Some(home)) = (reasons.into_iter().next(), home) {
        let facility =
            if chosen == Some(home) { String::new() } else { format!("{} ", registry.facilities[home].name) };
        let what = match (&reason.lane, reason.status) {
            (Some(lane), None) => {
                format!("{} down", phrase::lane(lane, registry).trim_start_matches("service:"))
            }
            (_, Some(status)) => registry.statuses[status].label.clone(),
            (None, None) => reason.code.as_str().to_owned(),
        };
        parts.push(format!("{facility}{what}"));
    }
    match &decision.decided_by {
        Some(DecidedBy::Nearest) | None => {}
        Some(by) => parts.push(by.to_string()),
    }
    parts.join("; ")
}

/// Why nobody takes a patient. `left_out`: whether the caller left an ED out.
pub fn nobody_text(left_out: bool) -> &'static str {
    if left_out { "every ED is closed or was left out by the caller" } else { "every ED is closed" }
}

/// The words that set off an outcome in a table.
pub fn destination_text(registry: &Registry, decision: &Decision) -> String {
    let name = |facility: FacilityId| registry.facilities[facility].name.as_str();
    match (decision.outcome, decision.destination) {
        (Outcome::Forced, Some(stop)) => format!("{} (forced)", name(stop.facility)),
        (_, Some(stop)) => name(stop.facility).to_owned(),
        (Outcome::Consult, None) => format!("ask {}", decision.ask.as_deref().unwrap_or("medical direction")),
        (_, None) => "none".to_owned(),
    }
}
