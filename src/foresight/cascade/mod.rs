//! Knock-on: moved patients fill the neighbors, who begin to divert, and so on until nothing changes or it goes in circles.
//!
//! Floor 3: the same decisions asked again with more diversions; no randomness, no clock. That one hospital's diversion
//! sets off its neighbors', and that avoiding it calms both, was measured in San Diego (G. M. Vilke and others, Prehospital
//! Emergency Care 8:246, 2004).

mod told;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::{Declaration, Declared, Effect, Event, FacilityId, Kind, Subject};
use crate::routing::grid::{decide_row, patient_with};
use crate::state::{Snapshot, Timeline};

use super::demand::Demand;
use super::each::Known;
use super::seen::{Seen, counted_need};

pub use told::{columns, facts, sheet};

/// When a facility that began to divert opens again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Habit {
    /// As soon as those who still come are no more than it can take: it looks at its own door only.
    #[default]
    Quick,
    /// When those who would come if it opened, the others as they stand, are no more than it can take.
    Hold,
}

impl Habit {
    /// Every habit with its word.
    pub const ALL: [(Self, &'static str); 2] = [(Self::Quick, "quick"), (Self::Hold, "hold")];
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Hold => "hold",
        }
    }
}

/// What a facility does at the end of a round.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Then {
    /// More come than it can take: it begins to divert.
    Diverts,
    /// It goes on diverting.
    Holds,
    /// It opens again.
    Reopens,
    /// More come than it can take, and it can't turn them away: that is declared of it already.
    Flooded,
}

impl Then {
    /// Every word.
    pub const WORDS: [&'static str; 4] = ["diverts", "holds", "reopens", "flooded"];
    /// The word for it in data.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Diverts => "diverts",
            Self::Holds => "holds",
            Self::Reopens => "reopens",
            Self::Flooded => "flooded",
        }
    }
}

/// One facility in one round: only those that divert by knock-on, and those to which more come than they can take.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Strain {
    /// Which.
    pub facility: FacilityId,
    /// Whether it diverts by knock-on in this round.
    pub diverting: bool,
    /// Patients a day who come.
    pub arrivals: f64,
    /// Patients a day whom it can take.
    pub surge: f64,
    /// What it does at the end of the round.
    pub then: Then,
}

/// One round: who diverts, what comes of it, and what each does then.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Round {
    /// The facilities that divert by knock-on.
    pub diverting: BTreeSet<FacilityId>,
    /// By id.
    pub strains: Vec<Strain>,
}

/// How it ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ending {
    /// Nobody changes any more.
    Settles,
    /// The last round leads back to an earlier one.
    Swings {
        /// That round, counted from 0.
        back_to: usize,
        /// Who diverts in some of the rounds that repeat and not in others.
        who: BTreeSet<FacilityId>,
    },
    /// It was not followed any further.
    Unsettled,
}

/// A knock-on, round by round.
#[derive(Clone, PartialEq, Debug)]
pub struct Cascade {
    /// When a facility opens again.
    pub habit: Habit,
    /// From the declaration on.
    pub rounds: Vec<Round>,
    /// How it ends.
    pub ending: Ending,
    /// Whether any facility says what it can take.
    pub any_surge: bool,
}

/// No knock-on is followed further than this: a year of days.
const MOST_ROUNDS: usize = 365;

/// Follows what `known` leads to.
pub fn cascade(known: &Known<'_>, habit: Habit) -> Cascade {
    let registry = known.registry;
    let surge: BTreeMap<FacilityId, f64> = registry
        .facilities
        .iter()
        .filter(|(_, facility)| facility.receives(known.at))
        .filter_map(|(id, facility)| Some((id, facility.surge?)))
        .collect();
    let declared = already_diverting(known, &surge);
    let mut rounds: Vec<Round> = Vec::new();
    let mut diverting = BTreeSet::new();
    let ending = loop {
        let demand = demand(known, &diverting);
        let strains: Vec<Strain> = surge
            .iter()
            .filter_map(|(facility, surge)| {
                let arrivals = demand.of(*facility);
                let (is_diverting, is_over) = (diverting.contains(facility), arrivals > *surge);
                let then = match (is_diverting, is_over) {
                    (false, false) => return None,
                    (false, true) if declared.contains(facility) => Then::Flooded,
                    (false, true) => Then::Diverts,
                    (true, true) => Then::Holds,
                    (true, false) if habit == Habit::Quick => Then::Reopens,
                    (true, false) => {
                        let open = diverting.iter().copied().filter(|other| other != facility).collect();
                        if self::demand(known, &open).of(*facility) > *surge {
                            Then::Holds
                        } else {
                            Then::Reopens
                        }
                    }
                };
                Some(Strain { facility: *facility, diverting: is_diverting, arrivals, surge: *surge, then })
            })
            .collect();
        let next: BTreeSet<FacilityId> = strains
            .iter()
            .filter(|strain| matches!(strain.then, Then::Diverts | Then::Holds))
            .map(|strain| strain.facility)
            .collect();
        rounds.push(Round { diverting: diverting.clone(), strains });
        if next == diverting {
            break Ending::Settles;
        }
        if let Some(back_to) = rounds.iter().position(|round| round.diverting == next) {
            break Ending::Swings { back_to, who: who_swings(&rounds[back_to..]) };
        }
        if rounds.len() == MOST_ROUNDS {
            break Ending::Unsettled;
        }
        diverting = next;
    };
    Cascade { habit, rounds, ending, any_surge: !surge.is_empty() }
}

/// Those who divert in some of these rounds and not in others.
fn who_swings(rounds: &[Round]) -> BTreeSet<FacilityId> {
    let some: BTreeSet<FacilityId> =
        rounds.iter().flat_map(|round| round.diverting.iter().copied()).collect();
    some.into_iter()
        .filter(|facility| rounds.iter().any(|round| !round.diverting.contains(facility)))
        .collect()
}

/// Those who turn the counted patients away before any knock-on.
fn already_diverting(known: &Known<'_>, surge: &BTreeMap<FacilityId, f64>) -> BTreeSet<FacilityId> {
    let registry = known.registry;
    let Some(patient) = counted_need(registry).map(|need| patient_with(registry, need)) else {
        return BTreeSet::new();
    };
    let timeline = Timeline::of(registry, known.events, known.known_at);
    let snapshot = timeline.at(registry, known.at);
    let turns_away = |facility: &FacilityId| {
        snapshot.facility(*facility).in_force().any(|active| {
            active
                .status
                .is_some_and(|(_, kind, scope)| kind.effect >= Effect::Diverting && patient.is_in(scope))
        })
    };
    surge.keys().copied().filter(turns_away).collect()
}

/// Patients a day by facility while these divert by knock-on.
fn demand(known: &Known<'_>, diverting: &BTreeSet<FacilityId>) -> Demand {
    let Known { registry, events, at, known_at } = *known;
    let first = events.head() + 1;
    let status = registry.builtin(Effect::Diverting);
    let declared = diverting.iter().zip(first..).map(|(facility, number)| Event {
        number,
        recorded_at: known_at.map_or(at, |known_at| known_at.min(at)),
        source: Arc::from("given"),
        text: None,
        kind: Kind::Declare(Box::new(Declaration {
            subject: Subject::Facility(*facility),
            declared: Declared::Status { status, scope: None },
            from: at,
            until: None,
            route: Vec::new(),
            walk_in: None,
            reason: None,
            text: None,
            approver: registry.statuses[status].approver.first().map(|name| Arc::from(name.as_str())),
            exercise: false,
        })),
    });
    let mut supposed = events.clone();
    for event in declared {
        supposed.push(&event);
    }
    let timeline = Timeline::owning(registry, supposed, known_at);
    let snapshot: Snapshot<'_> = timeline.at(registry, at);
    let mut demand = Demand::default();
    let Some(need) = counted_need(registry) else { return demand };
    let patient = patient_with(registry, need);
    for (zone, entry) in registry.zones.iter() {
        if let Some(arrivals) = entry.arrivals_per_day {
            demand.add(&Seen::of(registry, &decide_row(&snapshot, zone, &patient)), arrivals);
        }
    }
    demand
}
