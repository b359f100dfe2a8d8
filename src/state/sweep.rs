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

use std::ops::{ControlFlow, Range};

use crate::model::{FacilityId, Instant, Short};

use super::limits::Rulings;
use super::timeline::{History, Timeline, history};
use super::walk::Moves;

/// Something to be done.
pub type Task<'t> = Box<dyn FnOnce() + Send + 't>;

const START: Instant = Instant::from_seconds(i64::MIN);
const NEVER: Instant = Instant::from_seconds(i64::MAX);

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
#[derive(Clone, Copy, Debug)]
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
#[derive(Clone, Copy, Debug)]
struct Does {
    turn: Turn,
    /// Whether a walk can take it.
    is_plain: bool,
    /// Whether the `until` is stated, where there is one.
    is_stated: bool,
}

/// What a stretch of the ledger says of one facility.
#[derive(Clone, Copy, Debug)]
struct Trace {
    /// From when on the first of its sayings holds, and the last.
    first: Instant,
    last: Instant,
    /// Whether it takes more than a walk.
    is_odd: bool,
    /// What its sayings until the instant come to.
    turn: Turn,
    /// The newest event of those before which nothing is open, if that which `spared` has was not open before the stretch;
    /// 0 for none.
    clear: u64,
    spared: u64,
    /// The first event that speaks of a later time than the instant; 0 for none.
    later: u64,
}

impl Trace {
    const NONE: Self =
        Self { first: NEVER, last: START, is_odd: false, turn: Turn::NONE, clear: 0, spared: 0, later: 0 };

    #[inline]
    fn take(&mut self, number: u64, said: Option<&Short>, does: &[Does], at: Instant) {
        let (Some(said), Some(does)) = (said, said.and_then(|said| does.get(said.said_at))) else {
            self.is_odd = true;
            return;
        };
        // It was said when it began or later, and before it was over.
        let is_news = said.from <= said.recorded_at
            && said.until.is_none_or(|until| does.is_stated && said.recorded_at < until);
        self.is_odd |= !does.is_plain || !is_news || said.from <= self.last;
        self.first = self.first.min(said.from);
        self.last = said.from;
        if at < said.from {
            if self.later == 0 {
                self.later = number;
            }
            return;
        }
        if self.turn.open == 0 {
            (self.clear, self.spared) = (number, self.turn.keep);
        }
        self.turn = self.turn.then(does.turn);
    }

    /// What the two come to together, of which the other comes after this one.
    fn then(self, next: Self) -> Self {
        // What is spared grows less from one saying to the next: if the newest is not clear, none is.
        let is_clear = next.clear > 0 && self.turn.open & next.spared == 0;
        let (clear, spared) =
            if is_clear { (next.clear, self.turn.keep & next.spared) } else { (self.clear, self.spared) };
        Self {
            first: self.first.min(next.first),
            last: self.last.max(next.last),
            is_odd: self.is_odd || next.is_odd || next.first <= self.last,
            turn: self.turn.then(next.turn),
            clear,
            spared,
            later: if self.later > 0 { self.later } else { next.later },
        }
    }

    /// The event from which on something matters; `None`: nothing is known.
    fn begin(&self) -> Option<u64> {
        let begin = if self.is_odd {
            1
        } else if self.clear > 0 {
            self.clear
        } else {
            self.later
        };
        (begin > 0).then_some(begin)
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
    /// The events that are as if they had not been.
    gone: Vec<u64>,
    does: Vec<Does>,
}

impl<'t> Sweep<'t> {
    fn new(timeline: &'t Timeline<'t>, at: Instant) -> Self {
        let moves = timeline.moves.get_or_init(|| Moves::read(timeline));
        let does = timeline.ledger.worded().map(|said| {
            let bits = moves.bits(said.declared_at);
            Does {
                turn: bits.map_or(Turn::NONE, |(keep, open)| Turn { keep, open }),
                is_plain: bits.is_some() && !said.exercise && timeline.registry.acts(said.source),
                is_stated: said.stated,
            }
        });
        Self { timeline, at, gone: timeline.ledger.gone(timeline.known_at), does: does.collect() }
    }

    /// What a stretch of the ledger says of each facility.
    fn trace(&self, stretch: Range<usize>) -> Vec<Trace> {
        let mut traces = vec![Trace::NONE; self.timeline.facilities.len()];
        let told = self.timeline.ledger.stretch(stretch, self.timeline.known_at, &self.gone);
        told.for_each(|(facility, number, said)| {
            if let Some(trace) = traces.get_mut(facility.index()) {
                trace.take(number, said.as_ref(), &self.does, self.at);
            }
        });
        traces
    }

    /// What is known of some facilities, as far as it matters at the instant. A facility of which policies rule is left
    /// out.
    fn fold(
        &self,
        traces: &[Trace],
        is_wanted: impl Fn(FacilityId) -> bool,
    ) -> Vec<(FacilityId, Option<History>)> {
        let Timeline { registry, ledger, known_at, rulings, lanes, .. } = self.timeline;
        let is_wanted = |facility: &FacilityId| is_wanted(*facility) && !rulings.contains_key(facility);
        // By facility: the number from which on its events are kept.
        let mut begins = vec![u64::MAX; traces.len()];
        let mut waiting = 0;
        for facility in registry.facilities.ids().filter(is_wanted) {
            if let Some(begin) = traces[facility.index()].begin() {
                begins[facility.index()] = begin;
                waiting += 1;
            }
        }
        let mut windows = vec![Window::default(); traces.len()];
        let first = begins.iter().min().and_then(|first| ledger.place(*first)).unwrap_or(0);
        let mut told = ledger.stretch(first..ledger.len(), *known_at, &self.gone);
        let _ = told.try_for_each(|(facility, number, said)| {
            let Some(begin) = begins.get_mut(facility.index()).filter(|begin| **begin <= number) else {
                return ControlFlow::Continue(());
            };
            let (trace, window) = (&traces[facility.index()], &mut windows[facility.index()]);
            if window.is_over(trace, said.as_ref(), self.at) {
                *begin = u64::MAX;
                waiting -= 1;
            } else {
                window.take(trace, number, said.as_ref(), &self.does, self.at);
            }
            if waiting == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        let none = Rulings::default();
        let fold = |facility: FacilityId| {
            let lines = windows[facility.index()].events.iter().filter_map(|event| ledger.line_of(*event));
            (facility, history(registry, lines, lanes, &none))
        };
        registry.facilities.ids().filter(is_wanted).map(fold).collect()
    }
}

/// The events of a facility that matter.
#[derive(Clone, Debug, Default)]
struct Window {
    events: Vec<u64>,
    /// When what was said until now has run out at the latest, if nothing is said any more.
    over: Option<Instant>,
    /// What of that which was open at the instant still is.
    open: Option<u64>,
}

impl Window {
    /// Whether the next of the facility's events does not matter any more, nor any that follows.
    fn is_over(&self, trace: &Trace, said: Option<&Short>, at: Instant) -> bool {
        let Some(said) = said.filter(|said| !trace.is_odd && at < said.from) else { return false };
        if trace.clear == 0 {
            // Nothing holds yet, but it is known of.
            return !self.events.is_empty();
        }
        self.open.unwrap_or(trace.turn.open) == 0 || self.over.is_none_or(|over| over <= said.from)
    }

    fn take(&mut self, trace: &Trace, number: u64, said: Option<&Short>, does: &[Does], at: Instant) {
        self.events.push(number);
        let Some((said, does)) = said.and_then(|said| Some((said, does.get(said.said_at)?))) else { return };
        if does.turn.open != 0 {
            self.over = self.over.max(Some(said.until.unwrap_or(NEVER)));
        }
        if at < said.from {
            self.open = Some(self.open.unwrap_or(trace.turn.open) & does.turn.keep);
        }
    }
}
