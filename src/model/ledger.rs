//! The ledger: the events of a log, kept small.
//!
//! Ten million events say few different things: what they declare, whom they route where and why, and who said it are
//! kept once each, and an event is a row of numbers that point there (16 bytes). Once it is asked which of them are about
//! whom, which is the business of `groups`, they stand there once more: a facility's side by side. A whole [`Event`] is put
//! together when it is asked for.

use std::collections::BTreeSet;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::ops::{Range, RangeInclusive};
use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashMap;

use super::groups::{Group, Groups, Item, Row, Task};
use super::shared::Shared;
use super::{
    Declaration, Declared, Event, FacilityId, Instant, Kind, RegionId, Subject, Target, Until, WalkIn,
};

/// What a declaration says beside its state: where patients go, why, and by whose leave.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Wording {
    /// Where its patients go, in order of preference; empty for none.
    pub route: Vec<Target>,
    /// Whether walk-ins are seen, where that was said.
    pub walk_in: Option<WalkIn>,
    /// The reason's code: lower case, hyphens.
    pub reason: Option<Arc<str>>,
    /// The reason in the speaker's words, where they say more than the code.
    pub text: Option<Arc<str>>,
    /// Who approved it.
    pub approver: Option<Arc<str>>,
}

/// A declaration as it stands in a ledger: its times, and references to what it shares with others.
#[derive(Clone, Copy, Debug)]
pub struct Heard<'l> {
    /// The event's number.
    pub number: u64,
    /// When it was recorded.
    pub recorded_at: Instant,
    /// Who said it.
    pub source: &'l Arc<str>,
    /// What is declared.
    pub declared: &'l Declared,
    /// The place of what is declared among all that the ledger's events declare.
    pub declared_at: usize,
    /// The place of all but the times among what its events say: two that have the same differ in their times only.
    pub said_at: usize,
    /// From when it holds.
    pub from: Instant,
    /// Until when, where that is known.
    pub until: Option<Until>,
    /// What else it says.
    pub wording: &'l Arc<Wording>,
    /// A drill: shown, marked, touches no lane.
    pub exercise: bool,
}

/// A declaration in numbers, for whoever goes through millions of them.
#[derive(Clone, Copy, Debug)]
pub struct Short {
    /// The event's number.
    pub number: u64,
    /// When it was recorded.
    pub recorded_at: Instant,
    /// From when it holds.
    pub from: Instant,
    /// Until when, where that is known.
    pub until: Option<Instant>,
    /// As [`Heard`] has it.
    pub said_at: usize,
}

impl Heard<'_> {
    /// The same in numbers.
    pub fn short(&self) -> Short {
        Short {
            number: self.number,
            recorded_at: self.recorded_at,
            from: self.from,
            until: self.until.map(|until| until.at),
            said_at: self.said_at,
        }
    }
}

/// A declaration apart from whom it is about and when.
#[derive(Clone, Copy, Debug)]
pub struct Worded<'l> {
    /// As [`Heard`] has it.
    pub declared_at: usize,
    /// Who said it.
    pub source: &'l Arc<str>,
    /// Whether there is an `until` and it is stated.
    pub stated: bool,
    /// Whether it says where patients go.
    pub orders: bool,
    /// A drill.
    pub exercise: bool,
}

/// An event about a facility, where it lies in a ledger: what is asked of it is looked up then.
#[derive(Clone, Copy, Debug)]
pub struct Spot<'l> {
    ledger: &'l Ledger,
    /// The event's place, counted from 0.
    pub place: usize,
    entry: &'l Entry,
}

impl<'l> Spot<'l> {
    /// Which facility it is about.
    #[inline]
    pub fn facility(&self) -> FacilityId {
        FacilityId::from(self.entry.subject)
    }
    /// What it declares, in numbers; `None`: it declares nothing.
    #[inline]
    pub fn short(&self) -> Option<Short> {
        self.ledger.short(self.place, self.entry.compact)
    }
    /// The whole of it.
    pub fn line(&self) -> Line<'l> {
        self.ledger.line(self.place, self.entry.compact)
    }
}

/// One event of a ledger, of which nothing is copied.
#[derive(Clone, Copy, Debug)]
pub enum Line<'l> {
    /// A declaration.
    Declared(Heard<'l>),
    /// Anything else.
    Other(&'l Kind),
}

/// Events, in the order of their numbers.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// Shared by those who have the same ledger, as long as nothing is added.
    entries: Arc<Vec<Entry>>,
    /// The events' numbers, where they are not 1, 2, 3….
    numbers: Vec<u64>,
    said: Sayings,
    groups: OnceLock<Groups>,
}

/// What events say, each thing once.
#[derive(Clone, Debug, Default)]
pub struct Sayings {
    whole: Shared<Saying>,
    declared: Shared<Declared>,
    wordings: Shared<Arc<Wording>>,
    sources: Shared<Arc<str>>,
    /// When much was recorded at once: what is imported is recorded long after it held.
    recordings: Shared<Instant>,
    /// What an [`Entry`] has no room for.
    apart: Vec<Told>,
    others: Vec<Other>,
    /// Whether any of those retracts another event, and whether any says where a patient was sent.
    retracts: bool,
    assigns: bool,
    /// Whether anything is about a region.
    regional: bool,
}

/// A declaration apart from whom it is about and when, by places among the [`Sayings`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Saying {
    declared: u32,
    wording: u32,
    source: u32,
    /// Whether there is an `until` and it is stated.
    stated: bool,
    exercise: bool,
}

/// What is no declaration.
#[derive(Clone, Debug)]
struct Other {
    kind: Kind,
    /// A place among the sources.
    source: u32,
    text: Option<Arc<str>>,
}

/// What the [`Sayings`] that made it know a declaration by, whoever it is about and whenever.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SayingId(NonZeroU32);

impl SayingId {
    /// That of a place among the sayings.
    fn at(place: u32) -> Self {
        Self(NonZeroU32::MIN.saturating_add(place))
    }
    fn place(self) -> u32 {
        self.0.get() - 1
    }
}

/// An event in numbers, some of which are known to the [`Sayings`] that made it.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// A facility, or a region with [`REGION`] set; [`NOBODY`] for none.
    subject: u32,
    compact: Compact,
}

/// What an entry says in 12 bytes: one of 65,535 declarations, in the years from 1970 to 2106, recorded not before it
/// holds and less than 17 hours after, or at one of 4,096 instants. Any other stands apart, and this tells its place there.
#[derive(Clone, Copy, Debug)]
struct Compact {
    /// From when it holds, in seconds since 1970; of one apart its place there.
    from: u32,
    /// Until when; [`NEVER`] where that is not known.
    until: u32,
    /// How many seconds after it holds it was recorded; from [`KNOWN`] on the place of that instant among the
    /// recordings.
    lag: u16,
    /// A place among the sayings; [`APART`] of one apart.
    said: u16,
}

impl Compact {
    /// With the place of its event, as it stands in a group.
    #[inline]
    fn placed(self, place: u32) -> Item {
        [place, self.from, self.until, u32::from(self.lag) << 16 | u32::from(self.said)]
    }
    /// The place of an event, and what it says.
    #[inline]
    #[allow(clippy::cast_possible_truncation)] // the halves of a number
    fn of([place, from, until, rest]: Item) -> (u32, Self) {
        (place, Self { from, until, lag: (rest >> 16) as u16, said: rest as u16 })
    }
}

/// What an entry says, whoever it is about.
#[derive(Clone, Copy, Debug)]
struct Told {
    recorded_at: Instant,
    /// Of a declaration.
    from: Instant,
    /// Of a declaration.
    until: Option<Instant>,
    /// A place among the sayings, or with [`OTHER`] among the others.
    said: u32,
}

impl Told {
    /// How many seconds after it holds it was recorded, if they are few.
    #[inline]
    fn lag(&self) -> Option<u16> {
        let lag = self.recorded_at.seconds().wrapping_sub(self.from.seconds());
        u16::try_from(lag).ok().filter(|lag| *lag < KNOWN)
    }
    /// What it declares, apart from whom it is about and when; `None`: it is no declaration.
    #[inline]
    fn saying(&self) -> Option<SayingId> {
        (self.said & OTHER == 0).then(|| SayingId::at(self.said))
    }
}

const NEVER: u32 = u32::MAX;
const KNOWN: u16 = 0xf000;
const APART: u16 = u16::MAX;
const NOBODY: u32 = u32::MAX;
const REGION: u32 = 1 << 31;

/// The mark in what an entry says.
const OTHER: u32 = 1 << 31;

fn code(subject: Option<Subject>) -> u32 {
    match subject {
        Some(Subject::Facility(facility)) => u32::from(facility),
        Some(Subject::Region(region)) => u32::from(region) | REGION,
        None => NOBODY,
    }
}

fn subject(code: u32) -> Option<Subject> {
    match code {
        NOBODY => None,
        region if region & REGION != 0 => Some(Subject::Region(RegionId::from(region & !REGION))),
        facility => Some(Subject::Facility(FacilityId::from(facility))),
    }
}

/// The group in which an event stands that is about that subject.
fn group(code: u32) -> Group {
    match code {
        NOBODY => Group::None,
        region if region & REGION != 0 => Group::Region(region & !REGION),
        facility => Group::Facility(facility),
    }
}

impl Entry {
    /// None yet: it keeps the place of one.
    pub const NONE: Self =
        Self { subject: NOBODY, compact: Compact { from: 0, until: NEVER, lag: 0, said: 0 } };

    /// The declaration that a facility is what was said, in a ledger of the same [`Sayings`]. There is an `until` exactly
    /// where one was stated in what was said. `None`: it stands apart, and takes [`Sayings::declaration`].
    #[inline]
    pub fn new(
        said: SayingId,
        facility: FacilityId,
        recorded_at: Instant,
        from: Instant,
        until: Option<Instant>,
    ) -> Option<Self> {
        let told = Told { recorded_at, from, until, said: said.place() };
        Some(Self { subject: u32::from(facility), compact: Compact::told(&told, told.lag()?)? })
    }
}

impl Compact {
    /// `lag` as a compact entry has it.
    #[inline]
    fn told(told: &Told, lag: u16) -> Option<Self> {
        let until = match told.until {
            Some(until) => u32::try_from(until.seconds()).ok().filter(|until| *until < NEVER)?,
            None => NEVER,
        };
        Some(Self {
            from: u32::try_from(told.from.seconds()).ok()?,
            until,
            lag,
            said: u16::try_from(told.said).ok().filter(|said| *said < APART)?,
        })
    }
}

impl Sayings {
    /// An event in numbers.
    #[allow(clippy::cast_possible_truncation)] // four thousand million events do not fit in memory
    pub fn entry(&mut self, event: &Event) -> Entry {
        let source = self.sources.place(&event.source, || event.source.clone());
        self.retracts |= matches!(event.kind, Kind::Retract(_));
        self.assigns |= matches!(event.kind, Kind::Assign(_));
        self.regional |= matches!(event.subject(), Some(Subject::Region(_)));
        let said = match &event.kind {
            Kind::Declare(said) => said,
            other @ (Kind::Retract(_) | Kind::Census(_) | Kind::Assign(_) | Kind::Note(_)) => {
                self.others.push(Other { kind: other.clone(), source, text: event.text.clone() });
                let said = (self.others.len() as u32 - 1) | OTHER;
                let at = event.recorded_at;
                return self
                    .put(code(event.subject()), Told { recorded_at: at, from: at, until: None, said });
            }
        };
        let wording = Wording {
            route: said.route.clone(),
            walk_in: said.walk_in,
            reason: said.reason.clone(),
            text: said.text.clone(),
            approver: said.approver.clone(),
        };
        let saying = Saying {
            declared: self.declared.place(&said.declared, || said.declared.clone()),
            wording: self.wordings.place(&wording, || Arc::new(wording.clone())),
            source,
            stated: said.until.is_some_and(|until| until.stated),
            exercise: said.exercise,
        };
        let told = Told {
            recorded_at: event.recorded_at,
            from: said.from,
            until: said.until.map(|until| until.at),
            said: self.whole.place(&saying, || saying),
        };
        self.put(code(Some(said.subject)), told)
    }
    /// The same as [`Entry::new`], also of one that stands apart.
    pub fn declaration(
        &mut self,
        said: SayingId,
        facility: FacilityId,
        recorded_at: Instant,
        from: Instant,
        until: Option<Instant>,
    ) -> Entry {
        self.put(u32::from(facility), Told { recorded_at, from, until, said: said.place() })
    }
    /// What is said by declaring as one saying does, for the reason and in the words of another, from the source of a
    /// third; no exercise. `stated`: whether there is an `until` and it is stated.
    pub fn put_together(
        &mut self,
        declared: SayingId,
        worded: SayingId,
        source: SayingId,
        stated: bool,
    ) -> SayingId {
        let saying = |id: SayingId| self.whole.kept()[id.place() as usize];
        let saying = Saying {
            declared: saying(declared).declared,
            wording: saying(worded).wording,
            source: saying(source).source,
            stated,
            exercise: false,
        };
        SayingId::at(self.whole.place(&saying, || saying))
    }
    #[allow(clippy::cast_possible_truncation)] // four thousand million events do not fit in memory
    fn put(&mut self, subject: u32, told: Told) -> Entry {
        let lag = told.lag().or_else(|| self.known(told.recorded_at));
        let compact = lag.and_then(|lag| Compact::told(&told, lag)).unwrap_or_else(|| {
            self.apart.push(told);
            Compact { from: self.apart.len() as u32 - 1, until: NEVER, lag: 0, said: APART }
        });
        Entry { subject, compact }
    }
    /// The lag that stands for an instant of recording; `None` where there are too many of them.
    fn known(&mut self, recorded_at: Instant) -> Option<u16> {
        let is_full = self.recordings.kept().len() > usize::from(u16::MAX - KNOWN);
        if is_full && !self.recordings.holds(&recorded_at) {
            return None;
        }
        let place = self.recordings.place(&recorded_at, || recorded_at);
        u16::try_from(place).ok()?.checked_add(KNOWN)
    }
    #[inline]
    fn told(&self, compact: Compact) -> Told {
        if compact.said == APART {
            return self.apart[compact.from as usize];
        }
        let from = i64::from(compact.from);
        let recorded_at = match compact.lag.checked_sub(KNOWN) {
            Some(place) => self.recordings.kept()[usize::from(place)],
            None => Instant::from_seconds(from + i64::from(compact.lag)),
        };
        Told {
            recorded_at,
            from: Instant::from_seconds(from),
            until: (compact.until != NEVER).then(|| Instant::from_seconds(i64::from(compact.until))),
            said: u32::from(compact.said),
        }
    }
    /// What an entry declares, apart from whom it is about and when; `None`: it is no declaration.
    pub fn saying(&self, entry: &Entry) -> Option<SayingId> {
        self.told(entry.compact).saying()
    }
    #[inline]
    fn is_known(&self, compact: Compact, known_at: Option<Instant>) -> bool {
        known_at.is_none_or(|known_at| self.told(compact).recorded_at <= known_at)
    }
    /// What an entry says that is no declaration.
    #[inline]
    fn other(&self, compact: Compact) -> Option<&Other> {
        // What stands with the others declares something.
        if compact.said != APART {
            return None;
        }
        let Told { said, .. } = self.told(compact);
        (said & OTHER != 0).then(|| &self.others[(said & !OTHER) as usize])
    }
    fn source(&self, compact: Compact) -> &Arc<str> {
        let Told { said, .. } = self.told(compact);
        let place = if said & OTHER == 0 {
            self.whole.kept()[said as usize].source
        } else {
            self.others[(said & !OTHER) as usize].source
        };
        &self.sources.kept()[place as usize]
    }
}

impl Ledger {
    /// The events of these entries, numbered 1, 2, 3…, all of which `said` made.
    pub fn of_entries(entries: Vec<Entry>, said: Sayings) -> Self {
        Self { entries: Arc::new(entries), numbers: Vec::new(), said, groups: OnceLock::new() }
    }
    /// How many events there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }
    /// Whether there is no event.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
    /// The number of the last event; 0 where there is none.
    pub fn head(&self) -> u64 {
        self.entries.len().checked_sub(1).map_or(0, |last| self.number(last))
    }
    /// When the last event was recorded.
    pub fn last_recorded_at(&self) -> Option<Instant> {
        self.entries.last().map(|last| self.said.told(last.compact).recorded_at)
    }
    /// When each event was recorded, in the order of their numbers.
    pub fn recordings(&self) -> impl Iterator<Item = Instant> + '_ {
        self.entries.iter().map(|entry| self.said.told(entry.compact).recorded_at)
    }
    /// Makes room for so many more events.
    pub fn reserve(&mut self, more: usize) {
        Arc::make_mut(&mut self.entries).reserve(more);
    }
    /// Takes in the event that comes after all others.
    pub fn push(&mut self, event: &Event) {
        let entry = self.said.entry(event);
        let next = self.entries.len() as u64 + 1;
        if !self.numbers.is_empty() || event.number != next {
            let missing = self.numbers.len() as u64 + 1..next;
            self.numbers.extend(missing);
            self.numbers.push(event.number);
        }
        Arc::make_mut(&mut self.entries).push(entry);
        self.groups.take();
    }
    /// Leaves only the first `len` events.
    pub fn truncate(&mut self, len: usize) {
        Arc::make_mut(&mut self.entries).truncate(len);
        self.numbers.truncate(len);
        self.groups.take();
    }
    /// The number of the event at a place, counted from 0.
    fn number(&self, at: usize) -> u64 {
        self.numbers.get(at).copied().unwrap_or(at as u64 + 1)
    }
    /// The place of the event of that number.
    fn place(&self, number: u64) -> Option<usize> {
        if self.numbers.is_empty() {
            let at = usize::try_from(number.checked_sub(1)?).ok()?;
            return (at < self.entries.len()).then_some(at);
        }
        self.numbers.binary_search(&number).ok()
    }
    /// The event of that number.
    pub fn event(&self, number: u64) -> Option<Event> {
        self.place(number).map(|at| self.at(at))
    }
    /// What the event of that number is about; a retraction is about none.
    pub fn subject(&self, number: u64) -> Option<Subject> {
        subject(self.entries[self.place(number)?].subject)
    }
    /// Every event, put together one after the other.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Event> + ExactSizeIterator + '_ {
        self.stand_at(0..self.entries.len())
    }
    /// The events that stand at these places, counted from 0; those before them are not put together.
    pub fn stand_at(
        &self,
        places: Range<usize>,
    ) -> impl DoubleEndedIterator<Item = Event> + ExactSizeIterator + '_ {
        places.map(|at| self.at(at))
    }
    fn at(&self, at: usize) -> Event {
        let entry = &self.entries[at];
        let kind = match self.line(at, entry.compact) {
            Line::Other(kind) => kind.clone(),
            Line::Declared(heard) => {
                let Wording { route, walk_in, reason, text, approver } = (**heard.wording).clone();
                Kind::Declare(Box::new(Declaration {
                    // Every declaration is about somebody.
                    subject: subject(entry.subject).unwrap_or(Subject::Facility(FacilityId::from(0))),
                    declared: heard.declared.clone(),
                    from: heard.from,
                    until: heard.until,
                    route,
                    walk_in,
                    reason,
                    text,
                    approver,
                    exercise: heard.exercise,
                }))
            }
        };
        Event {
            number: self.number(at),
            recorded_at: self.said.told(entry.compact).recorded_at,
            source: self.said.source(entry.compact).clone(),
            text: self.said.other(entry.compact).and_then(|other| other.text.clone()),
            kind,
        }
    }
    fn line(&self, at: usize, compact: Compact) -> Line<'_> {
        if let Some(other) = self.said.other(compact) {
            return Line::Other(&other.kind);
        }
        let told = self.said.told(compact);
        let said = &self.said.whole.kept()[told.said as usize];
        Line::Declared(Heard {
            number: self.number(at),
            recorded_at: told.recorded_at,
            source: &self.said.sources.kept()[said.source as usize],
            declared: &self.said.declared.kept()[said.declared as usize],
            declared_at: said.declared as usize,
            said_at: told.said as usize,
            from: told.from,
            until: told.until.map(|at| Until { at, stated: said.stated }),
            wording: &self.said.wordings.kept()[said.wording as usize],
            exercise: said.exercise,
        })
    }

    /// Which events retract which, in order: numbers.
    pub fn retractions(&self) -> impl DoubleEndedIterator<Item = (u64, u64)> + '_ {
        self.entries.iter().enumerate().filter_map(|(at, entry)| {
            let Kind::Retract(target) = self.said.other(entry.compact)?.kind else { return None };
            Some((self.number(at), target))
        })
    }
    /// The first instant at which anything that is declared holds.
    pub fn first_from(&self) -> Option<Instant> {
        let told = self.entries.iter().map(|entry| self.said.told(entry.compact));
        told.filter(|told| told.saying().is_some()).map(|told| told.from).min()
    }
    /// The events that were known at `known_at`, under their numbers. Times of recording may run backwards where a log
    /// does not say them.
    #[must_use]
    pub fn known(&self, known_at: Option<Instant>) -> Self {
        let mut known = self.clone();
        if self.entries.iter().all(|entry| self.said.is_known(entry.compact, known_at)) {
            return known;
        }
        let is_known = |at: &usize| self.said.is_known(self.entries[*at].compact, known_at);
        let places: Vec<usize> = (0..self.entries.len()).filter(is_known).collect();
        known.entries = Arc::new(places.iter().map(|at| self.entries[*at]).collect());
        known.numbers = places.iter().map(|at| self.number(*at)).collect();
        known.groups.take();
        known
    }
    /// What the events declare, each once, in the order of its first saying.
    pub fn declared(&self) -> &[Declared] {
        self.said.declared.kept()
    }
    /// Whether any event is about this facility.
    pub fn speaks_of(&self, facility: FacilityId) -> bool {
        self.events_of(facility) > 0
    }
    /// The facilities that events are about, in order.
    pub fn facilities(&self) -> impl Iterator<Item = FacilityId> + '_ {
        self.groups().facilities()
    }
    /// The regions that events are about, in order.
    pub fn regions(&self) -> impl Iterator<Item = RegionId> + '_ {
        self.said.regional.then(|| self.groups().regions()).into_iter().flatten()
    }
    /// What the events say that declare something, each once, in the order of [`Heard::said_at`].
    pub fn worded(&self) -> impl Iterator<Item = Worded<'_>> + '_ {
        self.said.whole.kept().iter().map(|said| Worded {
            declared_at: said.declared as usize,
            source: &self.said.sources.kept()[said.source as usize],
            stated: said.stated,
            orders: !self.said.wordings.kept()[said.wording as usize].route.is_empty(),
            exercise: said.exercise,
        })
    }
    /// The events about facilities in a stretch of the ledger, in order, which is given by places counted from 0: those that
    /// are `wanted`, by whom they are about and where they lie, were known at `known_at` and are not `gone`. Those about
    /// patients are left out.
    pub fn stretch<'l>(
        &'l self,
        places: Range<usize>,
        known_at: Option<Instant>,
        gone: &'l [usize],
        mut wanted: impl FnMut(FacilityId, usize) -> bool + 'l,
    ) -> impl Iterator<Item = Spot<'l>> + 'l {
        let mut gone = gone[gone.partition_point(|place| *place < places.start)..].iter().copied();
        let mut next_gone = gone.next();
        let entries = self.entries.get(places.clone()).unwrap_or_default();
        (places.start..).zip(entries).filter_map(move |(place, entry)| {
            if next_gone == Some(place) {
                next_gone = gone.next();
                return None;
            }
            if entry.subject & REGION != 0 || !wanted(FacilityId::from(entry.subject), place) {
                return None;
            }
            self.is_heard(entry.compact, known_at).then_some(Spot { ledger: self, place, entry })
        })
    }
    /// Whether what an entry says was known at `known_at` and is not about a patient.
    #[inline]
    fn is_heard(&self, compact: Compact, known_at: Option<Instant>) -> bool {
        let of_a_patient = matches!(self.said.other(compact), Some(Other { kind: Kind::Assign(_), .. }));
        self.said.is_known(compact, known_at) && !of_a_patient
    }
    /// The event about a facility that lies at a place; `None`: that one is about something else, or there is none.
    pub fn spot(&self, place: usize) -> Option<Spot<'_>> {
        let entry = self.entries.get(place).filter(|entry| entry.subject & REGION == 0)?;
        Some(Spot { ledger: self, place, entry })
    }
    /// The places of the events that are as if they had not been, as known at `known_at`, in order.
    pub fn gone(&self, known_at: Option<Instant>) -> Vec<usize> {
        if !self.said.retracts {
            return Vec::new();
        }
        let others =
            (0..).zip(self.entries.iter()).filter(|(_, entry)| self.said.other(entry.compact).is_some());
        let places: Vec<u32> = others.map(|(at, _)| at).collect();
        let is_known = |at: u32| self.said.is_known(self.entries[at as usize].compact, known_at);
        self.retracted(places.into_iter(), is_known).into_iter().map(|at| at as usize).collect()
    }
    /// What was said of a subject and known at `known_at`, in order, less what was retracted by then. Without `known_at`
    /// everything is known. What was said of patients is not said of facilities.
    pub fn of(&self, subject: Subject, known_at: Option<Instant>) -> impl Iterator<Item = Line<'_>> + '_ {
        let row = self.row(subject);
        self.told(row.pieces().flatten(), row, known_at)
    }
    /// What was said of a facility and known at `known_at`, in order and in numbers; an event that declares nothing as
    /// `None`. Only of a ledger in which nothing is retracted.
    pub fn in_short(
        &self,
        facility: FacilityId,
        known_at: Option<Instant>,
    ) -> Option<impl Iterator<Item = Option<Short>> + '_> {
        if self.said.retracts {
            return None;
        }
        let events = self.groups().of_facility(facility).pieces().flatten().map(|item| Compact::of(*item));
        let known = events.filter(move |(_, compact)| self.said.is_known(*compact, known_at));
        Some(known.map(|(at, compact)| self.short(at as usize, compact)))
    }
    #[inline]
    fn short(&self, at: usize, compact: Compact) -> Option<Short> {
        let Told { recorded_at, from, until, said } = self.said.told(compact);
        (said & OTHER == 0).then(|| Short {
            number: self.number(at),
            recorded_at,
            from,
            until,
            said_at: said as usize,
        })
    }
    /// The declaration of that number.
    pub fn heard(&self, number: u64) -> Option<Heard<'_>> {
        let at = self.place(number)?;
        match self.line(at, self.entries[at].compact) {
            Line::Declared(heard) => Some(heard),
            Line::Other(_) => None,
        }
    }
    /// The same as [`Ledger::of`], of those events only.
    pub fn between(
        &self,
        subject: Subject,
        known_at: Option<Instant>,
        events: RangeInclusive<u64>,
    ) -> impl Iterator<Item = Line<'_>> + '_ {
        let row = self.row(subject);
        let between = move |piece: &'_ [Item]| {
            let before = |number: u64| piece.partition_point(|[at, ..]| self.number(*at as usize) < number);
            before(*events.start())..before(events.end().saturating_add(1))
        };
        self.told(row.pieces().flat_map(move |piece| &piece[between(piece)]), row, known_at)
    }
    /// How many events are about a facility; retractions count.
    pub fn events_of(&self, facility: FacilityId) -> usize {
        self.groups().of_facility(facility).len()
    }

    fn row(&self, subject: Subject) -> Row<'_> {
        match subject {
            Subject::Facility(facility) => self.groups().of_facility(facility),
            Subject::Region(region) => self.groups().of_region(region),
        }
    }
    /// Where patients were sent, as known at `known_at`.
    pub fn assignments(&self, known_at: Option<Instant>) -> impl Iterator<Item = &super::Assignment> + '_ {
        let patients = if self.said.assigns { self.groups().of_patients() } else { Row::NONE };
        self.told(patients.pieces().flatten(), patients, known_at).filter_map(|line| match line {
            Line::Other(Kind::Assign(assignment)) => Some(&**assignment),
            Line::Other(Kind::Declare(_) | Kind::Retract(_) | Kind::Census(_) | Kind::Note(_))
            | Line::Declared(_) => None,
        })
    }

    /// What these events of a row say, less what is retracted anywhere in it.
    fn told<'l>(
        &'l self,
        events: impl Iterator<Item = &'l Item> + 'l,
        row: Row<'l>,
        known_at: Option<Instant>,
    ) -> impl Iterator<Item = Line<'l>> + 'l {
        let places = row.pieces().flatten().map(|[at, ..]| *at);
        let is_known = |at: u32| self.said.is_known(self.entries[at as usize].compact, known_at);
        let retracted = self.retracted(places, is_known);
        events
            .map(|item| Compact::of(*item))
            .filter(move |(at, compact)| self.said.is_known(*compact, known_at) && !retracted.contains(at))
            .map(|(at, compact)| self.line(at as usize, compact))
            .filter(|line| !matches!(line, Line::Other(Kind::Retract(_))))
    }

    /// The places of what is as if it had not been. A retraction that is itself retracted retracts nothing.
    fn retracted(
        &self,
        places: impl DoubleEndedIterator<Item = u32>,
        is_known: impl Fn(u32) -> bool,
    ) -> BTreeSet<u32> {
        let mut gone = BTreeSet::new();
        if !self.said.retracts {
            return gone;
        }
        for at in places.rev().filter(|at| is_known(*at)) {
            if let Some(Other { kind: Kind::Retract(target), .. }) =
                self.said.other(self.entries[at as usize].compact)
                && !gone.contains(&at)
                && let Some(target) = self.place(*target).and_then(|target| u32::try_from(target).ok())
                && target < at
            {
                gone.insert(target);
            }
        }
        gone
    }

    fn groups(&self) -> &Groups {
        self.grouped(1, |tasks| tasks.into_iter().for_each(|task| task()))
    }
    /// Finds out which events are about whom, unless that is known. `at_once` does all that it is given, in whatever order;
    /// there are `parts` of it at a time.
    pub fn group(&self, parts: usize, at_once: impl Fn(Vec<Task<'_>>)) {
        self.grouped(parts, at_once);
    }
    fn grouped(&self, parts: usize, at_once: impl Fn(Vec<Task<'_>>)) -> &Groups {
        self.groups.get_or_init(|| {
            let (entries, elsewhere) = (self.entries.as_slice(), self.elsewhere());
            let item = |at: u32, entry: &Entry| entry.compact.placed(at);
            if elsewhere.is_empty() {
                return Groups::of(entries, |_, entry: &Entry| group(entry.subject), item, parts, at_once);
            }
            let told = |at: u32, entry: &Entry| {
                let told = if entry.compact.said == APART { elsewhere.get(&at).copied() } else { None };
                told.unwrap_or(group(entry.subject))
            };
            Groups::of(entries, told, item, parts, at_once)
        })
    }
    /// The events that stand in another group than that of their subject. A retraction stands with what it retracts.
    #[allow(clippy::cast_possible_truncation)] // four thousand million events do not fit in memory
    fn elsewhere(&self) -> FxHashMap<u32, Group> {
        let mut elsewhere: FxHashMap<u32, Group> = FxHashMap::default();
        if self.said.others.is_empty() {
            return elsewhere;
        }
        for (at, entry) in self.entries.iter().enumerate() {
            let Some(other) = self.said.other(entry.compact) else { continue };
            let group = match &other.kind {
                Kind::Assign(_) => Group::Patients,
                Kind::Retract(target) => match self.place(*target) {
                    Some(target) if target < at => {
                        let told = elsewhere.get(&(target as u32)).copied();
                        told.unwrap_or(group(self.entries[target].subject))
                    }
                    Some(_) | None => Group::None,
                },
                Kind::Declare(_) | Kind::Census(_) | Kind::Note(_) => continue,
            };
            elsewhere.insert(at as u32, group);
        }
        elsewhere
    }
}

impl PartialEq for Ledger {
    /// Whether both hold the same events.
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl<'e> Extend<&'e Event> for Ledger {
    fn extend<I: IntoIterator<Item = &'e Event>>(&mut self, events: I) {
        for event in events {
            self.push(event);
        }
    }
}

impl<'e> FromIterator<&'e Event> for Ledger {
    fn from_iter<I: IntoIterator<Item = &'e Event>>(events: I) -> Self {
        let mut ledger = Self::default();
        ledger.extend(events);
        ledger
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Assignment, Census, Scope, StatusId};

    fn at(seconds: i64) -> Instant {
        Instant::from_seconds(seconds)
    }

    fn declares(number: u64, facility: u32, reason: &str) -> Event {
        let declared = Declared::Status { status: StatusId::from(2), scope: Some(Scope::all()) };
        Event {
            number,
            recorded_at: at(60 * i64::try_from(number).unwrap()),
            source: "hospital".into(),
            text: None,
            kind: Kind::Declare(Box::new(Declaration {
                subject: Subject::Facility(FacilityId::from(facility)),
                declared,
                from: at(30),
                until: Some(Until { at: at(7200), stated: number.is_multiple_of(2) }),
                route: vec![Target::Nearest(None)],
                walk_in: Some(WalkIn::Open),
                reason: Some(reason.into()),
                text: None,
                approver: None,
                exercise: number == 3,
            })),
        }
    }

    fn other(number: u64, kind: Kind) -> Event {
        Event {
            number,
            recorded_at: at(60 * i64::try_from(number).unwrap()),
            source: "dispatch".into(),
            text: Some("said so".into()),
            kind,
        }
    }

    fn assigns(number: u64) -> Event {
        let facility = FacilityId::from(1);
        other(
            number,
            Kind::Assign(Box::new(Assignment {
                facility,
                at: at(0),
                id: None,
                home: None,
                forced: true,
                rested_on: None,
            })),
        )
    }

    fn events() -> Vec<Event> {
        let census = Census {
            facility: FacilityId::from(1),
            at: at(5),
            occupied: Some(3),
            boarding: None,
            waiting: None,
            ventilated: None,
            longest_boarding: None,
            last_wait: None,
        };
        vec![
            declares(1, 1, "fire"),
            declares(2, 0, "fire"),
            declares(3, 1, "drill"),
            other(4, Kind::Retract(1)),
            other(5, Kind::Census(Box::new(census))),
            other(6, Kind::Retract(4)),
            assigns(7),
            other(8, Kind::Retract(7)),
            other(9, Kind::Note(Some(Subject::Region(RegionId::from(2))))),
            declares(10, 1, "fire"),
        ]
    }

    /// The declarations that count, by their numbers; anything else as 0.
    fn numbers(ledger: &Ledger, subject: Subject, known_at: Option<i64>) -> Vec<u64> {
        let number = |line| match line {
            Line::Declared(heard) => heard.number,
            Line::Other(_) => 0,
        };
        ledger.of(subject, known_at.map(at)).map(number).collect()
    }

    #[test]
    fn an_instant_of_any_age_comes_back_as_it_was() {
        let ages =
            [i64::MIN, -62_135_596_800, -1, 0, 1, 4_294_967_294, 4_294_967_295, 253_402_300_799, i64::MAX];
        let said: Vec<Event> = ages
            .into_iter()
            .zip(1..)
            .map(|(age, number)| {
                let Event { source, kind, .. } = declares(number, 1, "fire");
                let Kind::Declare(mut declaration) = kind else { panic!("it declares") };
                (declaration.from, declaration.until) = (at(age), Some(Until { at: at(age), stated: true }));
                Event { number, recorded_at: at(age), source, text: None, kind: Kind::Declare(declaration) }
            })
            .collect();
        let ledger: Ledger = said.iter().collect();
        assert_eq!(ledger.iter().collect::<Vec<_>>(), said);
        assert_eq!(ledger.recordings().collect::<Vec<_>>(), ages.map(at));
        let one = Subject::Facility(FacilityId::from(1));
        assert_eq!(numbers(&ledger, one, Some(0)), [1, 2, 3, 4]);
        assert_eq!(ledger.first_from(), Some(at(i64::MIN)));
        assert_eq!(
            ledger.in_short(FacilityId::from(1), None).unwrap().last().unwrap().unwrap().until,
            Some(at(i64::MAX))
        );
    }

    #[test]
    fn an_entry_that_stands_with_the_others_is_made_without_its_sayings() {
        let mut said = Sayings::default();
        let id = said.entry(&declares(1, 1, "fire"));
        let id = said.saying(&id).unwrap();
        let new = |said: SayingId, times: [i64; 3]| {
            Entry::new(said, FacilityId::from(1), at(times[0]), at(times[1]), Some(at(times[2])))
        };
        let usual = [[5, 5, 4_294_967_294], [61_439, 0, 1], [9, 5, 0], [9, 5, 9]];
        assert!(usual.into_iter().all(|times| new(id, times).is_some()));
        let apart =
            [[4, 5, 6], [61_440, 0, 6], [5, -1, 6], [9, 5, -1], [9, 5, 4_294_967_295], [9, 5, i64::MAX]];
        for times in apart {
            assert!(new(id, times).is_none(), "{times:?}");
        }
        assert!(
            new(SayingId::at(65_534), usual[0]).is_some() && new(SayingId::at(65_535), usual[0]).is_none()
        );
        let mut entries: Vec<Entry> = usual.into_iter().filter_map(|times| new(id, times)).collect();
        entries.push(Entry::new(id, FacilityId::from(1), at(0), at(0), None).unwrap());
        entries.extend(apart.map(|times| {
            said.declaration(id, FacilityId::from(1), at(times[0]), at(times[1]), Some(at(times[2])))
        }));
        let ledger = Ledger::of_entries(entries, said);
        let told: Vec<[i64; 3]> = ledger
            .in_short(FacilityId::from(1), None)
            .unwrap()
            .flatten()
            .map(|said| [said.recorded_at, said.from, said.until.unwrap_or(at(-7))].map(Instant::seconds))
            .collect();
        assert_eq!(told, [&usual[..], &[[0, 0, -7]], &apart[..]].concat());
        assert_eq!((std::mem::size_of::<Entry>(), std::mem::size_of::<Told>()), (16, 40));
    }

    #[test]
    fn what_is_recorded_long_after_it_held_comes_back_however_many_instants_there_are() {
        let mut said = Sayings::default();
        let id = said.entry(&declares(1, 1, "fire"));
        let id = said.saying(&id).unwrap();
        let day = |place: i64| at(86_400 * (1 + place / 2));
        let entries =
            (0..10_000).map(|place| said.declaration(id, FacilityId::from(1), day(place), at(place), None));
        let entries: Vec<Entry> = entries.collect();
        assert_eq!((said.recordings.kept().len(), said.apart.len()), (4096, 10_000 - 2 * 4096));
        let ledger = Ledger::of_entries(entries, said);
        assert!(ledger.recordings().eq((0..10_000).map(day)));
        let told = ledger.in_short(FacilityId::from(1), Some(day(9000))).unwrap().flatten();
        assert!(told.map(|said| said.from).eq((0..9002).map(at)));
    }

    #[test]
    fn every_event_comes_back_as_it_was() {
        let ledger: Ledger = events().iter().collect();
        assert_eq!(ledger.iter().collect::<Vec<_>>(), events());
        assert_eq!(ledger.event(10), events().pop());
        assert_eq!((ledger.event(0), ledger.event(11)), (None, None));
        assert_eq!(ledger.declared().len(), 1);
    }

    #[test]
    fn a_retraction_stands_with_what_it_retracts() {
        let ledger: Ledger = events().iter().collect();
        let one = Subject::Facility(FacilityId::from(1));
        assert_eq!(numbers(&ledger, one, Some(180)), [1, 3]);
        assert_eq!(numbers(&ledger, one, Some(240)), [3]);
        assert_eq!(numbers(&ledger, one, None), [1, 3, 0, 10], "a retraction was retracted");
        assert_eq!(numbers(&ledger, Subject::Facility(FacilityId::from(0)), None), [2]);
        assert_eq!(numbers(&ledger, Subject::Region(RegionId::from(2)), None), [0]);
        assert_eq!(ledger.assignments(None).count(), 0);
        assert_eq!(ledger.assignments(Some(at(420))).count(), 1);
    }

    #[test]
    fn what_is_known_keeps_its_number_also_where_the_clock_of_recording_runs_backwards() {
        let mut said = events();
        said[9].recorded_at = at(60);
        let ledger: Ledger = said.iter().collect();
        let known = ledger.known(Some(at(180)));
        assert_eq!(known.iter().map(|event| event.number).collect::<Vec<_>>(), [1, 2, 3, 10]);
        assert_eq!(known.event(10), said.pop());
        assert!(ledger.known(None) == ledger);
    }

    #[test]
    fn numbers_may_have_gaps() {
        let kept: Vec<Event> = events().into_iter().filter(|event| event.number != 2).collect();
        let mut ledger: Ledger = kept.iter().collect();
        assert_eq!(ledger.iter().collect::<Vec<_>>(), kept);
        assert_eq!(ledger.event(2), None);
        assert_eq!(numbers(&ledger, Subject::Facility(FacilityId::from(1)), Some(240)), [3]);
        ledger.truncate(4);
        assert_eq!(ledger.iter().collect::<Vec<_>>(), kept[..4]);
    }
}
