//! A sweep: what matters at one instant of every facility, found by going through a ledger as it lies.
//!
//! Floor 2. Whoever asks for a board asks for little of what is known of each of thousands of facilities, and to gather
//! for each what is about it takes longer than to read the ledger twice. The first time it is told which facilities are
//! plain (as `walk` has it), and of those since when they matter: since the newest of their sayings before which nothing
//! was open. The second time what was said since then is kept, as far as it may bear on the instant; folded by itself, it
//! comes to what all of it comes to then. Of a facility that is not plain everything is kept.
//!
//! Either time the work is in parts that need nothing of each other: stretches of the ledger, then shares of the
//! facilities. Whoever has threads can have them done at once.

use std::cell::Cell;
use std::collections::HashMap;
use std::ops::{ControlFlow, Range};

use crate::model::{FacilityId, Instant, Line, Spot, Task};

use super::limits::Rulings;
use super::timeline::{History, Timeline, history};
use super::walk::{Moves, NEVER, Walk, is_news};

const START: Instant = Instant::from_seconds(i64::MIN);

/// Of each facility what is known, as far as it matters at an instant; `None`: nothing is. `at_once` does all that it is
/// given, in whatever order; there are `parts` of it at a time.
pub(super) fn board(
    timeline: &Timeline<'_>,
    at: Instant,
    parts: usize,
    at_once: impl Fn(Vec<Task<'_>>),
) -> Vec<Option<Box<History>>> {
    let sweep = Sweep::new(timeline, at);
    let events = timeline.ledger.len();
    let stretches = (0..parts).map(|part| part * events / parts..(part + 1) * events / parts);
    let mut traces: Vec<Vec<Trace>> = vec![Vec::new(); parts];
    let task = |(traces, stretch): (_, Range<usize>)| -> Task<'_> {
        let (sweep, traces): (&Sweep<'_>, &mut Vec<Trace>) = (&sweep, traces);
        Box::new(move || *traces = sweep.trace(stretch))
    };
    at_once(traces.iter_mut().zip(stretches).map(task).collect());
    let traces = put_together(traces);
    let mut shares: Vec<Vec<(FacilityId, Option<History>)>> = vec![Vec::new(); parts];
    let task = |(part, share)| -> Task<'_> {
        let (sweep, traces): (&Sweep<'_>, &[Trace]) = (&sweep, &traces);
        let share: &mut Vec<_> = share;
        Box::new(move || *share = sweep.fold(traces, |facility| facility.index() % parts == part))
    };
    at_once(shares.iter_mut().enumerate().map(|(part, share)| task((part, share))).collect());
    let mut board = vec![None; traces.len()];
    for (facility, history) in shares.into_iter().flatten() {
        board[facility.index()] = history.map(Box::new);
    }
    board
}

/// Which lanes stay open, and which open, a bit each.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Turn {
    keep: u64,
    open: u64,
}

impl Turn {
    /// Nothing happens.
    const NONE: Self = Self { keep: u64::MAX, open: 0 };

    fn then(self, next: Self) -> Self {
        Self { keep: self.keep & next.keep, open: self.open & next.keep | next.open }
    }
}

/// What a saying does, whoever it is about and whenever.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Does {
    turn: Turn,
    /// Whether a walk can take it.
    is_plain: bool,
    /// Whether the `until` is stated, where there is one.
    is_stated: bool,
}

/// What all sayings do. Thousands of them do few different things, which so lie close together.
struct Deeds {
    different: Vec<Does>,
    /// By saying.
    places: Vec<u16>,
}

impl Deeds {
    fn read(does: impl Iterator<Item = Does>) -> Self {
        // It takes more than a walk to tell what this does.
        let odd = Does { turn: Turn::NONE, is_plain: false, is_stated: false };
        let mut different = vec![odd];
        let mut found = HashMap::from([(odd, 0)]);
        let places = does.map(|does| {
            *found.entry(does).or_insert_with(|| {
                let next = u16::try_from(different.len()).unwrap_or(0);
                if next > 0 {
                    different.push(does);
                }
                next
            })
        });
        Self { places: places.collect(), different }
    }
    #[inline]
    fn of(&self, said_at: usize) -> &Does {
        &self.different[usize::from(self.places[said_at])]
    }
}

/// No place.
const NOWHERE: usize = usize::MAX;

/// What a stretch of the ledger says of one facility. It lies in one line of the processor's cache.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Trace {
    /// From when on the first of its sayings holds, and the last.
    first: Instant,
    last: Instant,
    /// What its sayings until the instant come to.
    turn: Turn,
    /// The place of the newest of those before which nothing is open, if that which `spared` has was not open before the
    /// stretch.
    clear: usize,
    spared: u64,
    /// The place of the first event that speaks of a later time than the instant.
    later: usize,
    /// Whether it takes more than a walk.
    is_odd: bool,
}

impl Trace {
    const NONE: Self = Self {
        first: NEVER,
        last: START,
        turn: Turn::NONE,
        clear: NOWHERE,
        spared: 0,
        later: NOWHERE,
        is_odd: false,
    };

    #[inline]
    fn take(&mut self, spot: Spot<'_>, does: &Deeds, at: Instant) {
        let Some(said) = spot.short() else {
            self.is_odd = true;
            return;
        };
        let does = does.of(said.said_at);
        self.is_odd |= !(does.is_plain && is_news(&said, does.is_stated, self.last));
        self.first = self.first.min(said.from);
        self.last = said.from;
        if at < said.from {
            self.later = self.later.min(spot.place);
            return;
        }
        if self.turn.open == 0 {
            (self.clear, self.spared) = (spot.place, self.turn.keep);
        }
        self.turn = self.turn.then(does.turn);
    }

    /// What the two come to together, of which the other comes after this one.
    fn then(self, next: Self) -> Self {
        // What is spared grows less from one saying to the next: if the newest is not clear, none is.
        let is_clear = next.clear != NOWHERE && self.turn.open & next.spared == 0;
        let (clear, spared) =
            if is_clear { (next.clear, self.turn.keep & next.spared) } else { (self.clear, self.spared) };
        Self {
            first: self.first.min(next.first),
            last: self.last.max(next.last),
            turn: self.turn.then(next.turn),
            clear,
            spared,
            later: self.later.min(next.later),
            is_odd: self.is_odd || next.is_odd || next.first <= self.last,
        }
    }

    /// The place from which on something matters; [`NOWHERE`]: nothing is known.
    fn begin(&self) -> usize {
        if self.is_odd {
            0
        } else if self.clear != NOWHERE {
            self.clear
        } else {
            self.later
        }
    }
}

fn put_together(traces: Vec<Vec<Trace>>) -> Vec<Trace> {
    let mut stretches = traces.into_iter();
    let mut all = stretches.next().unwrap_or_default();
    for next in stretches {
        for (trace, next) in all.iter_mut().zip(next) {
            *trace = trace.then(next);
        }
    }
    all
}

struct Sweep<'t> {
    timeline: &'t Timeline<'t>,
    at: Instant,
    /// The places of the events that are as if they had not been.
    gone: Vec<usize>,
    does: Deeds,
}

impl<'t> Sweep<'t> {
    fn new(timeline: &'t Timeline<'t>, at: Instant) -> Self {
        let moves = timeline.moves.get_or_init(|| Moves::read(timeline));
        let does = moves.found.iter().map(|found| Does {
            turn: moves.bits(found.declared_at).map_or(Turn::NONE, |(keep, open)| Turn { keep, open }),
            is_plain: found.is_plain,
            is_stated: found.is_stated,
        });
        Self { timeline, at, gone: timeline.ledger.gone(timeline.known_at), does: Deeds::read(does) }
    }

    /// What a stretch of the ledger says of each facility.
    fn trace(&self, stretch: Range<usize>) -> Vec<Trace> {
        let Timeline { ledger, known_at, facilities, .. } = self.timeline;
        let mut traces = vec![Trace::NONE; facilities.len()];
        let (does, at) = (&self.does, self.at);
        ledger.stretch(stretch, *known_at, &self.gone, |_, _| true).for_each(|spot| {
            if let Some(trace) = traces.get_mut(spot.facility().index()) {
                trace.take(spot, does, at);
            }
        });
        traces
    }

    /// The events that matter of some facilities, each by itself.
    fn gather(&self, traces: &[Trace], is_wanted: impl Fn(&FacilityId) -> bool) -> Vec<Window> {
        let Timeline { registry, ledger, known_at, .. } = self.timeline;
        // By facility: the place from which on its events are kept.
        let begins = vec![Cell::new(NOWHERE); traces.len()];
        for facility in registry.facilities.ids().filter(is_wanted) {
            begins[facility.index()].set(traces[facility.index()].begin());
        }
        let mut waiting = begins.iter().filter(|begin| begin.get() != NOWHERE).count();
        let first = begins.iter().map(Cell::get).min().unwrap_or(NOWHERE).min(ledger.len());
        let mut windows = vec![Window::default(); traces.len()];
        let matters = |facility: FacilityId, place: usize| {
            begins.get(facility.index()).is_some_and(|begin| begin.get() <= place)
        };
        let mut spots = ledger.stretch(first..ledger.len(), *known_at, &self.gone, matters);
        let _ = spots.try_for_each(|spot| {
            let facility = spot.facility().index();
            if windows[facility].take(&traces[facility], spot, &self.does, self.at) {
                return ControlFlow::Continue(());
            }
            begins[facility].set(NOWHERE);
            waiting -= 1;
            if waiting == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        drop(spots);
        windows
    }

    /// What is known of some facilities, as far as it matters at the instant. A facility of which policies rule is left
    /// out.
    fn fold(
        &self,
        traces: &[Trace],
        is_wanted: impl Fn(&FacilityId) -> bool,
    ) -> Vec<(FacilityId, Option<History>)> {
        let Timeline { registry, ledger, rulings, lanes, .. } = self.timeline;
        let is_wanted = |facility: &FacilityId| is_wanted(facility) && !rulings.contains_key(facility);
        let windows = self.gather(traces, is_wanted);
        let (mut walk, none) = (Walk::new(self.timeline), Rulings::default());
        let fold = |facility: FacilityId| {
            let spots = || windows[facility.index()].places.iter().filter_map(|place| ledger.spot(*place));
            let is_plain =
                !traces[facility.index()].is_odd && walk.read_those(spots().map(|spot| spot.short()));
            // Something may have run out that a sweep took for open.
            let matters = if is_plain { walk.around(self.at) } else { None };
            let matters = matters.unwrap_or(0..=u64::MAX);
            let lines = spots().map(|spot| spot.line()).filter(|line| match line {
                Line::Declared(heard) => matters.contains(&heard.number),
                Line::Other(_) => true,
            });
            // Of a facility that is not plain everything was folded.
            (facility, history(registry, lines, lanes, &none).map(|history| history.cut_down(self.at)))
        };
        registry.facilities.ids().filter(is_wanted).map(fold).collect()
    }
}

/// The events of a facility that matter.
#[derive(Clone, Debug, Default)]
struct Window {
    places: Vec<usize>,
    /// When what was said until now has run out at the latest, if nothing is said any more.
    over: Option<Instant>,
    /// What of that which was open at the instant still is.
    open: Option<u64>,
}

impl Window {
    /// Takes in the next event. Says whether it and those after it may matter: else nothing is taken in.
    fn take(&mut self, trace: &Trace, spot: Spot<'_>, does: &Deeds, at: Instant) -> bool {
        if let Some(said) = spot.short().filter(|_| !trace.is_odd) {
            let turn = does.of(said.said_at).turn;
            if at < said.from {
                let open = self.open.unwrap_or(trace.turn.open);
                // Of a facility in which nothing is open yet it is only known that it is known of.
                let is_first = trace.clear == NOWHERE && self.places.is_empty();
                if !is_first && (open == 0 || self.over.is_none_or(|over| over <= said.from)) {
                    return false;
                }
                self.open = Some(open & turn.keep);
            }
            if turn.open != 0 {
                self.over = self.over.max(Some(said.until.unwrap_or(NEVER)));
            }
        }
        self.places.push(spot.place);
        true
    }
}
