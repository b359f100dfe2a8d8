//! A decision as far as two of them are compared: where the patient goes, how far, and against what.
//!
//! Floor 3: compares; decides nothing, and knows no cell.

use crate::model::{FacilityId, NeedId, Registry};
use crate::routing::{Decision, Flag, Outcome, Stop, destination_text, in_short};

/// What of a decision makes a difference to a patient. It is a small part of one: of every row of a large region these
/// are kept, and the decisions are not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seen {
    /// What comes of it.
    pub outcome: Outcome,
    /// Where the patient goes; none for `consult` and `none`.
    pub destination: Option<Stop>,
    /// Where the patient would go if nothing were wrong.
    pub home: Option<FacilityId>,
    /// What would be done if nobody answered.
    pub proposed: Option<FacilityId>,
    /// Who is asked.
    pub ask: Option<String>,
    /// The services that the destination lacks.
    pub unmet: Vec<String>,
    /// Whether the destination is beyond the need's `max_minutes`.
    pub over_limit: bool,
    /// What decided, as data has it.
    pub decided_by: Option<String>,
    /// The destination in words.
    pub text: String,
    /// Why it is not home, in a few words; empty where it is.
    pub why: String,
    /// Whether orders or rules away from home were followed, or would be: what they lead to may hang on any facility.
    pub searches: bool,
}

impl Seen {
    /// What is kept of a decision.
    pub fn of(registry: &Registry, decision: &Decision) -> Self {
        let home = decision.home.map(|home| home.facility);
        let destination = decision.destination.map(|stop| stop.facility);
        let usual = decision.outcome == Outcome::Routed && destination == home;
        let unmet = decision.flags.iter().filter_map(|flag| {
            if let Flag::NeedUnmet(service) = flag { Some(service.clone()) } else { None }
        });
        let overridden = decision.overridden.iter().filter(|_| destination == home);
        let rejected = decision.rejected.iter().filter(|rejected| Some(rejected.stop.facility) == home);
        let mut against_home = overridden.chain(rejected.flat_map(|rejected| &rejected.reasons)).peekable();
        let has_rule = |home: FacilityId| registry.rules.iter().any(|rule| rule.subjects.contains(&home));
        let searches = against_home.peek().is_some()
            && (home.is_some_and(has_rule) || against_home.any(|reason| reason.order.is_some()));
        Self {
            outcome: decision.outcome,
            destination: decision.destination,
            home,
            proposed: decision.proposed,
            ask: decision.ask.clone(),
            unmet: unmet.collect(),
            over_limit: decision.flags.contains(&Flag::OverLimit),
            decided_by: decision.decided_by.as_ref().map(ToString::to_string),
            text: destination_text(registry, decision),
            why: if usual { String::new() } else { in_short(registry, decision) },
            searches,
        }
    }
}

/// What a row becomes that it was not before.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Turn {
    /// No ED at all takes the patient.
    None,
    /// The destination lacks what is needed.
    Unmet,
    /// Beyond the need's `max_minutes`.
    OverLimit,
    /// Somebody is asked.
    Consult,
    /// Taken to a facility that asked to be bypassed, or that lacks what is needed.
    Forced,
    /// Accepted again, where before it was forced, asked or refused.
    Routed,
    /// The need is met again.
    Met,
    /// Within the need's `max_minutes` again.
    WithinLimit,
}

impl Turn {
    /// Every word.
    pub const WORDS: [&'static str; 8] =
        ["none", "unmet", "over-limit", "consult", "forced", "routed", "met", "within-limit"];
    /// The word for it in data.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Unmet => "unmet",
            Self::OverLimit => "over-limit",
            Self::Consult => "consult",
            Self::Forced => "forced",
            Self::Routed => "routed",
            Self::Met => "met",
            Self::WithinLimit => "within-limit",
        }
    }
    /// Whether the patient is stranded: the need goes unmet, or is met too far away.
    pub fn strands(self) -> bool {
        match self {
            Self::None | Self::Unmet | Self::OverLimit => true,
            Self::Consult | Self::Forced | Self::Routed | Self::Met | Self::WithinLimit => false,
        }
    }

    /// What a row becomes that it was not before; a row that was not there before becomes what it is.
    pub fn all(before: Option<&Seen>, after: &Seen) -> Vec<Self> {
        let was = |outcome: Outcome| before.is_some_and(|before| before.outcome == outcome);
        let mut turns = Vec::new();
        if !was(after.outcome) {
            match after.outcome {
                Outcome::None => turns.push(Self::None),
                Outcome::Consult => turns.push(Self::Consult),
                Outcome::Forced => turns.push(Self::Forced),
                Outcome::Routed if before.is_some() => turns.push(Self::Routed),
                Outcome::Routed => {}
            }
        }
        let unmet = |seen: &Seen| !seen.unmet.is_empty();
        match (before.is_some_and(unmet), unmet(after)) {
            (false, true) => turns.push(Self::Unmet),
            (true, false) if after.outcome != Outcome::None => turns.push(Self::Met),
            (true, false | true) | (false, false) => {}
        }
        match (before.is_some_and(|before| before.over_limit), after.over_limit) {
            (false, true) => turns.push(Self::OverLimit),
            (true, false) if after.destination.is_some() => turns.push(Self::WithinLimit),
            (true, false | true) | (false, false) => {}
        }
        turns.sort_unstable();
        turns
    }
}

/// The need whose patients are counted where only all arrivals of a zone are known.
pub(super) fn counted_need(registry: &Registry) -> Option<NeedId> {
    registry.needs.id("general")
}
