//! The plan: what changes between two worlds, row by row of the routing table, and facility by facility.
//!
//! Floor 3: compares two worlds that somebody else read; records nothing, decides nothing.

mod around;
mod told;

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::plural;
use crate::model::{FacilityId, FileId, Minutes, Registry};
use crate::routing::grid::{Rows, decide_row, patient_with};
use crate::sheet::Basis;
use crate::state::{Snapshot, Summary};

use super::demand::Demand;
use super::seen::{Seen, Turn, counted_need};

pub(super) use told::{a_day, data_rows, signed, some_of, text_rows};
pub use told::{columns, facts, sheet};

/// One of the two worlds that a plan compares.
#[derive(Clone, Copy, Debug)]
pub struct World<'a> {
    /// The world.
    pub basis: Basis<'a>,
    /// What is supposed in it, for the registry's expectations: they stand on no log.
    pub supposed: &'a [String],
    /// Where those sentences are quoted from.
    pub file: FileId,
}

/// One row of the routing table that changes.
#[derive(Clone, PartialEq, Debug)]
pub struct Move {
    /// The zone's id.
    pub zone: String,
    /// The zone's name.
    pub zone_name: String,
    /// The need's id.
    pub need: String,
    /// What was decided before; `None`: that world has no such row.
    pub before: Option<Place>,
    /// What is decided after; `None`: that world has no such row.
    pub after: Option<Place>,
    /// What the row becomes that it was not before.
    pub becomes: Vec<Turn>,
    /// Patients a day whom the row stands for, where they are known and counted here.
    pub arrivals: Option<f64>,
}

impl Move {
    /// Minutes more than before; negative where the patient is nearer. `None`: one of the two has no destination.
    pub fn more(&self) -> Option<Minutes> {
        Some(self.after.as_ref()?.seen.destination?.minutes - self.before.as_ref()?.seen.destination?.minutes)
    }
    /// Minutes more in a day for all patients of the row.
    pub fn more_a_day(&self) -> Option<f64> {
        Some(self.arrivals? * self.more()?.as_f64())
    }
}

/// What was decided, with the ids of its own registry spelled out: two worlds may have two registries.
#[derive(Clone, PartialEq, Debug)]
pub struct Place {
    /// The decision.
    pub seen: Seen,
    /// The id of the destination.
    pub destination: Option<String>,
    /// The name of the destination.
    pub name: Option<String>,
    /// The id of what is proposed where somebody is asked.
    pub proposed: Option<String>,
}

impl Place {
    pub(super) fn of(registry: &Registry, seen: Seen) -> Self {
        let key = |facility: FacilityId| registry.facilities[facility].key.clone();
        let destination = seen.destination.map(|stop| stop.facility);
        Self {
            destination: destination.map(key),
            name: destination.map(|facility| registry.facilities[facility].name.clone()),
            proposed: seen.proposed.map(key),
            seen,
        }
    }
    /// Whether a patient would notice no difference.
    pub(super) fn is_as(&self, other: &Self) -> bool {
        let minutes = |place: &Self| place.seen.destination.map(|stop| stop.minutes);
        (&self.destination, &self.proposed, &self.seen.ask, &self.seen.unmet)
            == (&other.destination, &other.proposed, &other.seen.ask, &other.seen.unmet)
            && (self.seen.outcome, self.seen.over_limit, minutes(self))
                == (other.seen.outcome, other.seen.over_limit, minutes(other))
    }
}

/// One facility to which something happens: its state, or the patients who come.
#[derive(Clone, PartialEq, Debug)]
pub struct Affected {
    /// Its id.
    pub facility: String,
    /// Its name.
    pub name: String,
    /// Its state before; `None`: that world does not have it.
    pub before: Option<Summary>,
    /// Its state after; `None`: that world does not have it.
    pub after: Option<Summary>,
    /// Whether its state changes, even where the word for it stays.
    pub changes: bool,
    /// Patients a day who come that did not before.
    pub come: f64,
    /// Patients a day who came before and do not now.
    pub go: f64,
    /// Its ED beds, where known.
    pub ed_beds: Option<u32>,
    /// Its share of its region's ED beds, in percent; `None` where not every ED there says how many it has.
    pub ed_bed_share: Option<f64>,
    /// The region of that share.
    pub region: Option<String>,
    /// What is declared of it after and does not count.
    pub not_in_force: Vec<String>,
}

/// A limit of a policy that comes nearer, trips or is relieved.
#[derive(Clone, PartialEq, Debug)]
pub struct LimitTurn {
    /// The region's name.
    pub region: String,
    /// The clause.
    pub clause: String,
    /// Facilities counted before.
    pub before: usize,
    /// Facilities counted after.
    pub after: usize,
    /// Facilities that it allows.
    pub allowed: u32,
    /// Whether something declared is not in force by it after, that was before or was not declared.
    pub trips: bool,
}

/// An expectation of the registry that holds in one world only.
#[derive(Clone, PartialEq, Debug)]
pub struct ExpectationTurn {
    /// As written.
    pub say: String,
    /// `file:line`.
    pub place: String,
    /// Whether it no longer holds; else it holds again.
    pub breaks: bool,
}

/// Everything that changes between two worlds.
#[derive(Clone, PartialEq, Debug)]
pub struct Plan {
    /// How many rows were compared.
    pub rows: usize,
    /// Those that change, by zone and need.
    pub moves: Vec<Move>,
    /// The facilities to which something happens, by id.
    pub facilities: Vec<Affected>,
    /// Minutes more in a day for all patients counted; `None`: of no row that moves the patients are known.
    pub minutes_a_day: Option<f64>,
    /// Patients a day for whom somebody is asked or nobody is left, more than before.
    pub nowhere: f64,
    /// Zones whose patients move and are not known in number.
    pub uncounted: Vec<String>,
    /// Limits that come nearer, trip or are relieved.
    pub limits: Vec<LimitTurn>,
    /// Expectations that hold in one world only.
    pub expectations: Vec<ExpectationTurn>,
}

impl Plan {
    /// Whether anything changes at all.
    pub fn changes(&self) -> bool {
        !self.moves.is_empty()
            || self.facilities.iter().any(|facility| facility.changes)
            || !self.limits.is_empty()
            || !self.expectations.is_empty()
    }

    /// In one line: `plan: 1 closes, 9 of 41 rows move, +87 min a day in all`.
    pub fn summary(&self) -> String {
        let mut verbs: BTreeMap<Verb, usize> = BTreeMap::new();
        for facility in self.facilities.iter().filter(|facility| facility.changes) {
            *verbs.entry(Verb::of(facility.before, facility.after)).or_default() += 1;
        }
        let mut parts: Vec<String> = verbs
            .into_iter()
            .map(|(verb, count)| {
                let (one, several) = verb.words();
                format!("{count} {}", if count == 1 { one } else { several })
            })
            .collect();
        let move_ = if self.rows == 1 || self.moves.len() == 1 { "moves" } else { "move" };
        parts.push(format!("{} of {} {move_}", self.moves.len(), plural(self.rows, "row")));
        for turn in [Turn::None, Turn::Unmet, Turn::OverLimit, Turn::Consult, Turn::Forced] {
            let count = self.moves.iter().filter(|row| row.becomes.contains(&turn)).count();
            if count > 0 {
                parts.push(format!("{count} {}", turn.as_str()));
            }
        }
        if let Some(minutes) = self.minutes_a_day {
            parts.push(format!("{minutes:+.0} min a day in all"));
        }
        for limit in &self.limits {
            let trips = if limit.trips { " (trips)" } else { "" };
            parts.push(format!("{} {} of {}{trips}", limit.region, limit.after, limit.allowed));
        }
        let broken = self.expectations.iter().filter(|turn| turn.breaks).count();
        if broken > 0 {
            let breaks = if broken == 1 { "breaks" } else { "break" };
            parts.push(format!("{} {breaks}", plural(broken, "expectation")));
        }
        format!("plan: {}", parts.join(", "))
    }
}

/// What a facility does, the gravest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verb {
    Gone,
    Closes,
    Diverts,
    Restricts,
    Warns,
    Changes,
    Opens,
    New,
}

impl Verb {
    fn of(before: Option<Summary>, after: Option<Summary>) -> Self {
        match (before, after) {
            (None, _) => Self::New,
            (_, None) => Self::Gone,
            (Some(before), Some(after)) if before == after => Self::Changes,
            (_, Some(Summary::Closed | Summary::PermanentlyClosed | Summary::NoEd)) => Self::Closes,
            (_, Some(Summary::Diverting)) => Self::Diverts,
            (_, Some(Summary::Partial)) => Self::Restricts,
            (_, Some(Summary::Advisory)) => Self::Warns,
            (_, Some(Summary::Open | Summary::Unknown)) => Self::Opens,
        }
    }
    /// For one, and for several.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Gone => ("is gone", "are gone"),
            Self::Closes => ("closes", "close"),
            Self::Diverts => ("diverts", "divert"),
            Self::Restricts => ("turns some away", "turn some away"),
            Self::Warns => ("warns", "warn"),
            Self::Changes => ("changes", "change"),
            Self::Opens => ("opens", "open"),
            Self::New => ("is new", "are new"),
        }
    }
}

/// Compares two worlds over these rows, which are named by the first one's registry.
pub fn plan(before: &World<'_>, after: &World<'_>, rows: &Rows) -> Plan {
    let (here, there) = (before.basis.registry, after.basis.registry);
    let snapshots = [snapshot(&before.basis), snapshot(&after.basis)];
    let rows_after =
        Rows {
            zones: rows.zones.as_ref().map(|zones| {
                zones.iter().filter_map(|zone| there.zones.id(&here.zones[*zone].key)).collect()
            }),
            needs: rows.needs.as_ref().map(|needs| {
                needs.iter().filter_map(|need| there.needs.id(&here.needs[*need].key)).collect()
            }),
        };
    let grids = [grid(&snapshots[0], rows), grid(&snapshots[1], &rows_after)];
    let keys: BTreeSet<&(String, String)> = grids[0].keys().chain(grids[1].keys()).collect();
    let counted = counted_need(here).or_else(|| counted_need(there)).is_some();
    let mut plan = Plan {
        rows: keys.len(),
        moves: Vec::new(),
        facilities: Vec::new(),
        minutes_a_day: None,
        nowhere: 0.0,
        uncounted: Vec::new(),
        limits: around::limits(&snapshots[0], &snapshots[1]),
        expectations: around::expectations(before, after),
    };
    let mut demand = [Demand::default(), Demand::default()];
    let mut flows: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for key in keys {
        let (zone, need) = key;
        let sides = [grids[0].get(key), grids[1].get(key)];
        let entry = here.zones.id(zone).map(|id| &here.zones[id]);
        let entry = entry.or_else(|| there.zones.id(zone).map(|id| &there.zones[id]));
        let arrivals = entry.and_then(|zone| zone.arrivals_per_day).filter(|_| counted && need == "general");
        let zone_name = entry.map_or_else(|| zone.clone(), |zone| zone.name.clone());
        if let Some(arrivals) = arrivals {
            for (demand, side) in demand.iter_mut().zip(sides) {
                if let Some(place) = side {
                    demand.add(&place.seen, arrivals);
                }
            }
            let to = |side: Option<&Place>| side.and_then(|place| place.destination.clone());
            if to(sides[0]) != to(sides[1]) {
                if let Some(from) = to(sides[0]) {
                    flows.entry(from).or_default().1 += arrivals;
                }
                if let Some(to) = to(sides[1]) {
                    flows.entry(to).or_default().0 += arrivals;
                }
            }
        }
        if let [Some(before), Some(after)] = sides
            && before.is_as(after)
        {
            continue;
        }
        if need == "general" && counted && arrivals.is_none() {
            plan.uncounted.push(zone_name.clone());
        }
        let becomes =
            sides[1].map_or_else(Vec::new, |after| Turn::all(sides[0].map(|place| &place.seen), &after.seen));
        let row = Move {
            zone: zone.clone(),
            zone_name,
            need: need.clone(),
            before: sides[0].cloned(),
            after: sides[1].cloned(),
            becomes,
            arrivals,
        };
        if let Some(minutes) = row.more_a_day() {
            *plan.minutes_a_day.get_or_insert_default() += minutes;
        }
        plan.moves.push(row);
    }
    plan.nowhere = demand[1].nowhere - demand[0].nowhere;
    plan.facilities = around::facilities(&snapshots, &flows);
    plan
}

fn snapshot<'a>(basis: &Basis<'a>) -> Snapshot<'a> {
    basis.timeline.at(basis.registry, basis.at)
}

/// Every row of the routing table, by the ids of zone and need.
fn grid(snapshot: &Snapshot<'_>, rows: &Rows) -> BTreeMap<(String, String), Place> {
    let registry = snapshot.registry;
    let needs: Vec<_> =
        rows.needs(registry).into_iter().map(|need| (need, patient_with(registry, need))).collect();
    let mut grid = BTreeMap::new();
    for zone in rows.zones(registry) {
        for (need, patient) in &needs {
            let seen = Seen::of(registry, &decide_row(snapshot, zone, patient));
            let key = (registry.zones[zone].key.clone(), registry.needs[*need].key.clone());
            grid.insert(key, Place::of(registry, seen));
        }
    }
    grid
}
