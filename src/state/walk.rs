//! A walk over what is said of a facility that keeps nothing of it: for whoever goes through millions of events.
//!
//! Most facilities are *plain*: each of their events speaks of a later instant than all before it, of none that was to
//! come when it was recorded, and nobody need approve, renew or suspend anything. Such an event meets in each lane at
//! most one episode, which is open and which no later word will move but the next; nothing is planned, late or in
//! conflict. So what a lane is in is one number, and episodes are told as they begin and end. A facility that is not
//! plain is left to [`Timeline::folded`], which says the same of every facility that is.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use crate::model::{Declared, FacilityId, Instant, Lane, Line, Registry, Renewal, Short, Subject};

use super::episode::{EndedBy, LaneState};
use super::fold;
use super::timeline::Timeline;

/// Something was declared of a plain facility.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Saying {
    /// From when it holds.
    pub from: Instant,
    /// The end of time where none was stated.
    until: Instant,
    /// The number of the event.
    pub event: u64,
    declared_at: usize,
}

/// The end of time.
pub(super) const NEVER: Instant = Instant::from_seconds(i64::MAX);

impl Saying {
    /// The `until` that was stated.
    pub fn until(&self) -> Option<Instant> {
        Some(self.until).filter(|until| *until < NEVER)
    }
}

/// A lane and what it is in, by its place among [`Walk::states`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct StateAt(u16);

impl StateAt {
    /// As a place in a list.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// Whoever is told what happens on a walk. Episodes are numbered 0, 1, 2… as they begin: in order of `from`, and those
/// that begin together in order of their lanes.
pub trait Witness {
    /// The next episode begins, until what is said there.
    fn begins(&mut self, state: StateAt, saying: &Saying);
    /// An episode is confirmed; an `until` that is said there is its end from now on.
    fn confirmed(&mut self, episode: usize, saying: &Saying);
    /// An episode is over: how, and by which event if by one. One that nothing ends is never told of here; one that ran
    /// out, when the lane is spoken of again or at the end of the walk.
    fn ends(&mut self, episode: usize, until: Instant, by: EndedBy, event: Option<u64>);
}

/// What all that is declared does to lanes, in numbers.
#[derive(Clone, Debug)]
pub(super) struct Moves {
    /// How many lanes anything is ever in. They are numbered in their order.
    lanes: usize,
    /// The lanes and their states.
    states: Vec<(Lane, LaneState)>,
    /// By the place of what is declared; `None`: it takes more than a walk.
    by_declared: Vec<Option<Move>>,
    /// What moves begin, each in the order of lanes: the number of the lane, and the state.
    begun: Vec<(u8, StateAt)>,
    /// By the place of what is said: what it is apart from its times.
    pub(super) found: Vec<Found>,
}

/// Lanes by their numbers, a bit each. What begins in any beyond so many takes more than a walk.
type Lanes = u128;

/// What becomes of lanes.
#[derive(Clone, Debug)]
struct Move {
    /// What these are in ends.
    ends: Lanes,
    /// Then these begin or are confirmed.
    begins: Range<usize>,
}

impl Moves {
    pub(super) fn read(timeline: &Timeline<'_>) -> Self {
        let registry = timeline.registry;
        let declared = timeline.ledger.declared();
        let begun: Vec<Vec<(Lane, LaneState)>> = declared
            .iter()
            .zip(&timeline.lanes)
            .map(|(declared, lanes)| match declared {
                Declared::Down(service) => vec![(Lane::Service(*service), LaneState::Down)],
                Declared::Status { .. }
                | Declared::Up(_)
                | Declared::Open { .. }
                | Declared::FullyOpen
                | Declared::OffDivert
                | Declared::Off(_) => lanes.clone(),
            })
            .collect();
        let lanes: BTreeSet<&Lane> = begun.iter().flatten().map(|(lane, _)| lane).collect();
        let lanes: Vec<&Lane> = lanes.into_iter().take(Lanes::BITS as usize).collect();
        let mut moves = Self {
            lanes: lanes.len(),
            states: Vec::new(),
            by_declared: Vec::with_capacity(declared.len()),
            begun: Vec::new(),
            found: Vec::new(),
        };
        let mut places: HashMap<&(Lane, LaneState), u16> = HashMap::new();
        for (declared, states) in declared.iter().zip(&begun) {
            let made = match fold::reach(registry, declared) {
                // A lane that nothing is ever in has no number, and nothing in it can end.
                Some(reach) => {
                    let spared = (0..).zip(&lanes).filter(|(_, lane)| !reach.covers(lane));
                    let ends = spared.fold(Lanes::MAX, |ends, (lane, _)| ends & !(1 << lane));
                    Some(Move { ends, begins: 0..0 })
                }
                None => moves.begin(registry, &lanes, states, &mut places),
            };
            moves.by_declared.push(made);
        }
        let found = timeline.ledger.worded().map(|said| Found {
            is_plain: moves.by_declared[said.declared_at].is_some()
                && !said.exercise
                && registry.acts(said.source),
            is_stated: said.stated,
            orders: said.orders,
            declared_at: said.declared_at,
        });
        moves.found = found.collect();
        moves
    }

    /// Which lanes stay open when that is declared, and which open, a bit each. Of many lanes the last share a bit: it is
    /// set while any of them may be open. `None`: it takes more than a walk.
    #[allow(clippy::cast_possible_truncation)] // the others share the last bit
    pub(super) fn bits(&self, declared_at: usize) -> Option<(u64, u64)> {
        const SHARED: u64 = 1 << 63;
        let Move { ends, begins } = self.by_declared.get(declared_at)?.as_ref()?;
        let begun = self.begun[begins.clone()].iter().fold(0, |begun: Lanes, (lane, _)| begun | 1 << lane);
        let any = |lanes: Lanes| lanes as u64 & !SHARED | if lanes >> 63 == 0 { 0 } else { SHARED };
        Some((any(!ends), any(begun)))
    }

    /// `None` where what begins may be refused, cut or renewed, or where there are more lanes than numbers.
    fn begin<'s>(
        &mut self,
        registry: &Registry,
        lanes: &[&Lane],
        states: &'s [(Lane, LaneState)],
        places: &mut HashMap<&'s (Lane, LaneState), u16>,
    ) -> Option<Move> {
        let first = self.begun.len();
        for state in states {
            if !is_simple(registry, &state.1) {
                return None;
            }
            let lane = u8::try_from(lanes.binary_search(&&state.0).ok()?).ok()?;
            let next = u16::try_from(self.states.len()).ok()?;
            let at = *places.entry(state).or_insert_with(|| {
                self.states.push(state.clone());
                next
            });
            self.begun.push((lane, StateAt(at)));
        }
        self.begun[first..].sort_unstable();
        Some(Move { ends: 0, begins: first..self.begun.len() })
    }
}

/// Whether a state lasts until it is ended, whoever says so and however often.
fn is_simple(registry: &Registry, state: &LaneState) -> bool {
    let LaneState::Status { status, .. } = state else { return true };
    let kind = &registry.statuses[*status];
    kind.max.is_none() && kind.renewal == Renewal::Allowed && kind.approver.is_empty()
}

/// What a lane is in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    state: StateAt,
    pub(super) until: Instant,
    pub(super) episode: usize,
}

impl Open {
    /// Nothing.
    const NONE: Self = Self { state: StateAt(0), until: NEVER, episode: 0 };
}

/// What a saying is apart from its times.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    /// Whether a walk can take it: it acts, and does no more than begin, confirm or end.
    pub(super) is_plain: bool,
    /// Whether the `until` is stated, where there is one.
    pub(super) is_stated: bool,
    /// Whether it says where patients go.
    orders: bool,
    pub(super) declared_at: usize,
}

/// A way through the facilities of a timeline, one after the other.
#[derive(Clone, Debug)]
pub struct Walk<'t> {
    timeline: &'t Timeline<'t>,
    moves: &'t Moves,
    /// Of the facility that was read last.
    pub(super) sayings: Vec<Saying>,
    /// Whether any of them says where its patients go.
    orders: bool,
    /// The lanes that are in something, and what.
    open: Lanes,
    by_lane: Vec<Open>,
    /// How many episodes have begun on this walk.
    pub(super) begun: usize,
    /// Whether more is known of the facility than was declared.
    pub(super) passed_over: bool,
}

impl<'t> Walk<'t> {
    /// Sets out.
    pub fn new(timeline: &'t Timeline<'t>) -> Self {
        let moves = timeline.moves.get_or_init(|| Moves::read(timeline));
        Self {
            timeline,
            moves,
            sayings: Vec::new(),
            open: 0,
            by_lane: vec![Open::NONE; moves.lanes],
            begun: 0,
            passed_over: false,
            orders: false,
        }
    }

    /// Every lane and state that a walk may meet.
    pub fn states(&self) -> &'t [(Lane, LaneState)] {
        &self.moves.states
    }

    /// Reads what is known of a facility. Says whether it is plain: only then is there anything to walk over.
    pub fn read(&mut self, facility: FacilityId) -> bool {
        self.sayings.clear();
        (self.passed_over, self.orders) = (false, false);
        let is_plain = !self.timeline.rulings.contains_key(&facility) && self.gather(facility).is_some();
        if !is_plain {
            self.sayings.clear();
        }
        is_plain
    }

    /// Reads no more than some events of a facility, in their order, each in short if it declares anything.
    pub(super) fn read_those(&mut self, events: impl Iterator<Item = Option<Short>>) -> bool {
        self.sayings.clear();
        (self.passed_over, self.orders) = (false, false);
        self.take_all(events).is_some()
    }

    /// `None` as soon as something is not plain.
    fn gather(&mut self, facility: FacilityId) -> Option<()> {
        let (ledger, known_at) = (&*self.timeline.ledger, self.timeline.known_at);
        self.sayings.reserve(ledger.events_of(facility));
        if let Some(lines) = ledger.in_short(facility, known_at) {
            return self.take_all(lines);
        }
        self.take_all(ledger.of(Subject::Facility(facility), known_at).map(|line| match line {
            Line::Declared(heard) => Some(heard.short()),
            Line::Other(_) => None,
        }))
    }

    fn take_all(&mut self, mut events: impl Iterator<Item = Option<Short>>) -> Option<()> {
        let before = Instant::from_seconds(i64::MIN);
        events.try_fold(before, |before, said| self.take(said, before)).map(|_| ())
    }

    /// Takes in the next event, if it declares anything; `before` is from when on what holds that was said before it.
    #[inline]
    fn take(&mut self, declared: Option<Short>, before: Instant) -> Option<Instant> {
        let Some(said) = declared else {
            self.passed_over = true;
            return Some(before);
        };
        let found = &self.moves.found[said.said_at];
        if !found.is_plain || !is_news(&said, found.is_stated, before) {
            return None;
        }
        self.orders |= found.orders;
        self.sayings.push(Saying {
            from: said.from,
            until: said.until.unwrap_or(NEVER),
            event: said.number,
            declared_at: found.declared_at,
        });
        Some(said.from)
    }

    /// What is said of the facility that was read, in the order of recording and of `from`. Empty where it is not plain.
    pub fn sayings(&self) -> &[Saying] {
        &self.sayings
    }

    /// Whether any event is about the facility that was read, if it is plain.
    pub fn is_known(&self) -> bool {
        self.passed_over || !self.sayings.is_empty()
    }

    /// Whether anything that is said of the facility that was read, if it is plain, orders where its patients go.
    pub fn orders(&self) -> bool {
        self.orders
    }

    /// Tells what the first so many of the sayings come to; with all of them, what [`Timeline::folded`] has.
    pub fn go(&mut self, sayings: usize, witness: &mut impl Witness) {
        self.set_out();
        for at in 0..self.sayings.len().min(sayings) {
            self.step(at, witness);
        }
        for open in self.open().filter(|open| open.until < NEVER) {
            witness.ends(open.episode, open.until, EndedBy::Expired, None);
        }
    }

    /// Begins at the first saying.
    pub(super) fn set_out(&mut self) {
        (self.open, self.begun) = (0, 0);
    }

    /// What lanes are in, in their order.
    pub(super) fn open(&self) -> impl Iterator<Item = &Open> {
        lanes(self.open).map(|lane| &self.by_lane[lane])
    }

    /// Takes the next saying, which is the one at that place. Nearly all end something or begin something, and nobody can
    /// foresee which: so there is one way for both.
    #[inline]
    pub(super) fn step(&mut self, at: usize, witness: &mut impl Witness) {
        let Self { open, by_lane, moves, begun, sayings, .. } = self;
        let saying = &sayings[at];
        let Some(Move { ends, begins }) = &moves.by_declared[saying.declared_at] else { return };
        for lane in lanes(*open & ends) {
            end(&by_lane[lane], saying, EndedBy::Manual, witness);
        }
        *open &= !ends;
        for (lane, state) in &moves.begun[begins.clone()] {
            let (is_open, there) = (*open & 1 << lane != 0, &mut by_lane[usize::from(*lane)]);
            if is_open && there.state == *state && saying.from < there.until {
                if saying.until < NEVER {
                    there.until = saying.until;
                }
                witness.confirmed(there.episode, saying);
                continue;
            }
            if is_open {
                end(there, saying, EndedBy::Superseded, witness);
            }
            *there = Open { state: *state, until: saying.until, episode: *begun };
            *open |= 1 << lane;
            witness.begins(*state, saying);
            *begun += 1;
        }
    }
}

/// The numbers of lanes, in order.
fn lanes(mut lanes: Lanes) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let lane = lanes.trailing_zeros();
        (lane < Lanes::BITS).then(|| {
            lanes &= lanes - 1;
            lane as usize
        })
    })
}

/// Whether something was said when it began or later, and before it was over; and begins after `before`, from when on that
/// holds which was said before it. `is_stated`: whether its `until` is, where there is one.
#[inline]
pub(super) fn is_news(said: &Short, is_stated: bool, before: Instant) -> bool {
    said.from <= said.recorded_at
        && said.until.is_none_or(|until| is_stated && said.recorded_at < until)
        && before < said.from
}

/// An episode is over by a saying, or ran out before it.
#[inline]
fn end(open: &Open, saying: &Saying, by: EndedBy, witness: &mut impl Witness) {
    let is_said = saying.from < open.until;
    let by = if is_said { by } else { EndedBy::Expired };
    witness.ends(open.episode, saying.from.min(open.until), by, is_said.then_some(saying.event));
}
