//! Contingency analysis, as power grids know it (N-1 and N-2): what fails if any one is lost, or any two.
//!
//! Floor 3: compares; records nothing. Only the rows that a loss can change are decided again. Which those are rests on
//! two facts of the decision, and a property test holds the outcome against deciding everything again:
//!
//! - A loss only adds hard reasons at the facilities lost. So it takes eligible facilities away and brings none back;
//!   a choice of the nearest, by whatever rank, is moved only by the loss of what was chosen. Home is chosen whatever its
//!   state, and the policy by zone or home.
//! - Only where orders and rules are followed away from home can a facility matter that was not chosen: such rows are
//!   always decided again. So is every row where the loss changes something elsewhere, through a limit or a level.

mod told;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{FacilityId, Instant, Ledger, NeedId, Patient, Registry, ZoneId};
use crate::routing::grid::{Rows, decide_row, patient_with};
use crate::state::{FacilityState, Snapshot, Timeline};

use super::loss::Loss;
use super::plan::{Move, Place};
use super::seen::{Seen, Turn, counted_need};

pub use told::{columns, facts, move_columns, moves_sheet, sheet};

/// What is known before anything is lost.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The registry.
    pub registry: &'a Registry,
    /// Everything recorded, and what is supposed besides.
    pub events: &'a Ledger,
    /// The instant of the question.
    pub at: Instant,
    /// As known when; `None`: everything recorded.
    pub known_at: Option<Instant>,
}

/// What one loss does.
#[derive(Clone, PartialEq, Debug)]
pub struct Suffered {
    /// What is lost.
    pub loss: Loss,
    /// The rows that move, by zone and need.
    pub moves: Vec<Move>,
    /// Minutes more in a day for all patients counted; `None`: of no row that moves the patients are known.
    pub minutes_a_day: Option<f64>,
    /// The facility to which most patients a day come, where they are known, else most rows.
    pub hardest: Option<Hit>,
    /// How many facilities of the loss take patients all the same: what is declared of them is not in force.
    pub refused: usize,
}

/// A facility that takes what another has lost.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Hit {
    /// Which.
    pub facility: FacilityId,
    /// Patients a day who come, where they are known.
    pub patients: f64,
    /// Rows that move there.
    pub rows: usize,
}

impl Suffered {
    /// The rows whose need goes unmet and did not before.
    pub fn unmet(&self) -> usize {
        self.count(|turn| matches!(turn, Turn::Unmet | Turn::None))
    }
    /// The rows whose destination is beyond the need's `max_minutes` and was not before.
    pub fn over_limit(&self) -> usize {
        self.count(|turn| turn == Turn::OverLimit)
    }
    /// The rows that strand somebody: the need goes unmet, or is met too far away.
    pub fn stranded(&self) -> impl Iterator<Item = &Move> {
        self.moves.iter().filter(|row| row.becomes.iter().any(|turn| turn.strands()))
    }
    /// The row that has the most minutes more, the first of them by zone and need.
    pub fn farthest(&self) -> Option<&Move> {
        let more = |row: &&Move| row.more();
        self.moves.iter().rev().filter(|row| row.more().is_some()).max_by_key(more)
    }
    fn count(&self, is: impl Fn(Turn) -> bool) -> usize {
        self.moves.iter().filter(|row| row.becomes.iter().any(|turn| is(*turn))).count()
    }
    /// For the ranking, the worst first: who is stranded, then how much is driven, then how many move.
    fn rank(&self, other: &Self) -> std::cmp::Ordering {
        let minutes = |suffered: &Self| suffered.minutes_a_day.unwrap_or_default();
        (other.unmet(), other.over_limit())
            .cmp(&(self.unmet(), self.over_limit()))
            .then(minutes(other).total_cmp(&minutes(self)))
            .then(other.moves.len().cmp(&self.moves.len()))
            .then(self.loss.key.cmp(&other.loss.key))
    }
}

/// One row of the routing table before anything is lost.
struct Row {
    zone: ZoneId,
    need: NeedId,
    /// Position among the patients asked for.
    patient: usize,
    seen: Seen,
}

/// The routing table before anything is lost, ready to be asked about losses.
pub struct Contingency<'a> {
    known: Known<'a>,
    timeline: Timeline<'a>,
    patients: Vec<Patient>,
    rows: Vec<Row>,
    /// The rows that hang on a facility: it is their home or destination, or is proposed.
    by_facility: Vec<Vec<usize>>,
    /// The rows that may hang on any facility.
    always: Vec<usize>,
    /// Whether a policy asks for consultation by the number of facilities that divert: then any loss may move any row.
    levels: bool,
}

impl<'a> Contingency<'a> {
    /// Decides every row once.
    pub fn new(known: Known<'a>, rows: &Rows) -> Self {
        let registry = known.registry;
        let timeline = Timeline::of(registry, known.events, known.known_at);
        let snapshot = timeline.at(registry, known.at);
        let needs = rows.needs(registry);
        let patients: Vec<Patient> = needs.iter().map(|need| patient_with(registry, *need)).collect();
        let mut decided = Vec::new();
        for zone in rows.zones(registry) {
            for (patient, need) in needs.iter().enumerate() {
                let seen = Seen::of(registry, &decide_row(&snapshot, zone, &patients[patient]));
                decided.push(Row { zone, need: *need, patient, seen });
            }
        }
        let mut by_facility = vec![Vec::new(); registry.facilities.len()];
        let mut always = Vec::new();
        for (index, row) in decided.iter().enumerate() {
            if row.seen.searches {
                always.push(index);
                continue;
            }
            let destination = row.seen.destination.map(|stop| stop.facility);
            let hangs_on: BTreeSet<FacilityId> =
                [row.seen.home, destination, row.seen.proposed].into_iter().flatten().collect();
            for facility in hangs_on {
                by_facility[facility.index()].push(index);
            }
        }
        let levels =
            registry.policies.iter().any(|(_, policy)| policy.levels.values().any(|level| level.consult));
        drop(snapshot);
        Self { known, timeline, patients, rows: decided, by_facility, always, levels }
    }

    /// How many rows are compared.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// What each of these losses does, the worst first.
    pub fn rank(&self, losses: Vec<Loss>) -> Vec<Suffered> {
        let mut ranked: Vec<Suffered> = losses.into_iter().map(|loss| self.suffer(loss)).collect();
        ranked.sort_by(Suffered::rank);
        ranked
    }

    /// What one loss does; only what can change is decided again.
    pub fn suffer(&self, loss: Loss) -> Suffered {
        self.after(loss, |before, after, loss| self.may_move(before, after, loss))
    }

    /// The same, with every row decided again: what [`Contingency::suffer`] is held against.
    pub fn suffer_in_full(&self, loss: Loss) -> Suffered {
        self.after(loss, |_, _, _| (0..self.rows.len()).collect())
    }

    /// The rows that a loss may move, in order.
    fn may_move(&self, before: &Snapshot<'_>, after: &Snapshot<'_>, loss: &Loss) -> BTreeSet<usize> {
        let mut pairs = before.facilities().zip(after.facilities());
        let is_foreseen = |(before, after): (&FacilityState<'_>, &FacilityState<'_>)| {
            if loss.facilities.contains(&before.facility) {
                only_adds(before, after)
            } else {
                is_alike(before, after)
            }
        };
        if self.levels || !pairs.all(is_foreseen) {
            return (0..self.rows.len()).collect();
        }
        let lost = loss.facilities.iter().flat_map(|facility| &self.by_facility[facility.index()]);
        self.always.iter().chain(lost).copied().collect()
    }

    fn after(
        &self,
        loss: Loss,
        which: impl Fn(&Snapshot<'_>, &Snapshot<'_>, &Loss) -> BTreeSet<usize>,
    ) -> Suffered {
        let Known { registry, events, at, known_at } = self.known;
        let first = events.head() + 1;
        let recorded_at = known_at.map_or(at, |known_at| known_at.min(at));
        let lost = loss.events(registry, first, recorded_at, at);
        let mut supposed = events.clone();
        supposed.extend(&lost);
        let timeline = Timeline::of(registry, &supposed, known_at);
        let (before, after) = (self.timeline.at(registry, at), timeline.at(registry, at));
        let mut moves = Vec::new();
        for index in which(&before, &after, &loss) {
            let row = &self.rows[index];
            let seen = Seen::of(registry, &decide_row(&after, row.zone, &self.patients[row.patient]));
            moves.extend(self.moved(row, seen));
        }
        let refused = loss.facilities.iter().filter(|facility| !is_lost(after.facility(**facility), &loss));
        let refused = refused.count();
        let minutes = moves.iter().filter_map(Move::more_a_day);
        let minutes_a_day = minutes.fold(None, |sum: Option<f64>, more| Some(sum.unwrap_or_default() + more));
        let hardest = hardest(&moves);
        Suffered { loss, moves, minutes_a_day, hardest, refused }
    }

    fn moved(&self, row: &Row, seen: Seen) -> Option<Move> {
        let registry = self.known.registry;
        let zone = &registry.zones[row.zone];
        let becomes = Turn::all(Some(&row.seen), &seen);
        let (before, after) = (Place::of(registry, row.seen.clone()), Place::of(registry, seen));
        if before.is_as(&after) {
            return None;
        }
        let is_counted = counted_need(registry) == Some(row.need);
        Some(Move {
            zone: zone.key.clone(),
            zone_name: zone.name.clone(),
            need: registry.needs[row.need].key.clone(),
            before: Some(before),
            after: Some(after),
            becomes,
            arrivals: zone.arrivals_per_day.filter(|_| is_counted),
        })
    }
}

/// Whether a facility stands as before, as far as any decision can tell.
fn is_alike(before: &FacilityState<'_>, after: &FacilityState<'_>) -> bool {
    before.active.len() == after.active.len()
        && before.active.iter().zip(&after.active).all(|(before, after)| {
            before.lane == after.lane
                && before.standing == after.standing
                && (before.episode == after.episode || std::ptr::eq(before.episode, after.episode))
        })
}

/// Whether everything that was in force at a facility still is: nothing but reasons against it is added.
fn only_adds(before: &FacilityState<'_>, after: &FacilityState<'_>) -> bool {
    before
        .in_force()
        .all(|was| after.in_force().any(|is| is.lane == was.lane && is.episode.state == was.episode.state))
}

/// Whether what a loss declares of a facility is in force there.
fn is_lost(state: &FacilityState<'_>, loss: &Loss) -> bool {
    match loss.service {
        Some(service) => state.has_lost(service),
        None => state.closures().next().is_some(),
    }
}

/// The facility that takes most of what moves: patients a day where they are known, else rows; ties by id.
fn hardest(moves: &[Move]) -> Option<Hit> {
    let mut hits: BTreeMap<FacilityId, Hit> = BTreeMap::new();
    for row in moves {
        let to =
            |place: Option<&Place>| place.and_then(|place| place.seen.destination).map(|stop| stop.facility);
        let Some(facility) = to(row.after.as_ref()).filter(|to_| Some(*to_) != to(row.before.as_ref()))
        else {
            continue;
        };
        let hit = hits.entry(facility).or_insert(Hit { facility, patients: 0.0, rows: 0 });
        hit.patients += row.arrivals.unwrap_or_default();
        hit.rows += 1;
    }
    hits.into_values().reduce(|worst, hit| {
        let is_worse = hit.patients.total_cmp(&worst.patients).then(hit.rows.cmp(&worst.rows)).is_gt();
        if is_worse { hit } else { worst }
    })
}
