//! The usual row of a csv log: a declaration whose times are RFC 3339, about a facility, in words that
//! stood in a row before, and no quotes. Nearly all of ten million rows are such, and are read at the speed of
//! finding their cells; a row that is any different is left to `row`, from which the words are learnt.
//!
//! Floor 4; reads no file.

use std::borrow::Cow;
use std::sync::Mutex;

use memchr::{memchr, memchr2};
use rustc_hash::FxHashMap;

use super::marks::{LONGEST, end, ends_row, mark};
use super::row::{Column, Row, Rows};
use super::stretches::csv_row;
use crate::diagnostic::unguarded;
use crate::model::{Declared, Entry, Event, FacilityId, Instant, Kind, Registry, Sayings, StatusOf, Subject};
use crate::sentence::rfc3339;

/// The events of a stretch of rows.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) entries: Vec<Entry>,
    /// The number that the first row gives itself; `None`: rows are not numbered.
    pub(super) first: Option<u64>,
    /// The first and the last time of recording that is given.
    pub(super) recorded: Option<(Instant, Instant)>,
    /// How many lines it has.
    pub(super) lines: usize,
}

impl Part {
    /// The event of a row that comes after those of the part; `None` where something is wrong with it, or where only who
    /// knows the rows before can tell. `number` is the one that the row has to have, if rows are numbered.
    pub(super) fn event(
        &mut self,
        rows: &mut Rows<'_>,
        row: &Row<'_>,
        number: &mut Option<u64>,
    ) -> Option<Event> {
        let own = row.get(Column::Event).map(str::parse).transpose().ok()?;
        if self.entries.is_empty() {
            (self.first, *number) = (own, own);
        }
        // What is retracted is known by its number, and here nobody knows the number of this row.
        if own != *number || (own.is_none() && row.get(Column::Retracts).is_some()) {
            return None;
        }
        rows.go_on_after(number.unwrap_or(self.entries.len() as u64 + 1).checked_sub(1)?, None);
        let event = rows.event(row).ok()?;
        let given = row.get(Column::RecordedAt).map(|_| event.recorded_at);
        *number = number.map(|number| number + 1);
        recorded(&mut self.recorded, given).then_some(event)
    }
}

/// Which cell of a row holds which column.
#[derive(Clone, Debug)]
pub(super) struct Header {
    columns: Vec<Option<Column>>,
}

impl Header {
    /// In the order of the cells; what has no meaning is `None`.
    pub(super) fn new(columns: Vec<Option<Column>>) -> Self {
        Self { columns }
    }
    /// How many cells a row has.
    pub(super) fn len(&self) -> usize {
        self.columns.len()
    }
    /// The place of a column's cell.
    pub(super) fn place(&self, column: Column) -> Option<usize> {
        self.columns.iter().position(|at| *at == Some(column))
    }
    /// The row of these cells.
    pub(super) fn row<'r>(&self, cells: impl IntoIterator<Item = &'r str>) -> Row<'r> {
        let mut row = Row::default();
        for (column, cell) in self.columns.iter().zip(cells) {
            if let Some(column) = column {
                row.set(*column, Cow::Borrowed(unguarded(cell.trim())));
            }
        }
        row
    }
}

/// What cells stand for, as rows before have shown.
#[derive(Debug)]
struct Learnt<T>(FxHashMap<Box<[u8]>, T>);

impl<T> Default for Learnt<T> {
    fn default() -> Self {
        Self(FxHashMap::default())
    }
}

/// More different words than this are not usual, and no longer learnt.
const WORDS: usize = 1 << 16;

impl<T: Copy> Learnt<T> {
    fn get(&self, cell: &[u8]) -> Option<T> {
        self.0.get(cell).copied()
    }
    fn learn(&mut self, cell: &[u8], meaning: T) {
        if self.0.len() < WORDS {
            self.0.insert(cell.into(), meaning);
        }
    }
}

/// Reads stretches of usual rows, one after the other.
pub(super) struct Usual<'g> {
    registry: &'g Registry,
    header: &'g Header,
    said: &'g Mutex<Sayings>,
    /// Reads every other row.
    rows: Rows<'g>,
    places: Places,
    facilities: Learnt<FacilityId>,
    statuses: Learnt<usize>,
    scopes: Learnt<usize>,
    lanes: Learnt<usize>,
    /// By status, scope and lane: a declaration of it.
    declared: FxHashMap<(usize, usize, usize), Entry>,
    /// Declarations with that reason and nothing else, from that source.
    reasons: Learnt<Entry>,
    sources: Learnt<Entry>,
    /// Where cells end in the stretch at hand.
    ends: Vec<u32>,
}

/// Where the cells of the usual columns are.
struct Places {
    event: Option<usize>,
    recorded_at: Option<usize>,
    kind: Option<usize>,
    facility: Option<usize>,
    status: Option<usize>,
    scope: Option<usize>,
    lane: Option<usize>,
    from: Option<usize>,
    until: Option<usize>,
    exercise: Option<usize>,
    reason: Option<usize>,
    source: Option<usize>,
    /// Those that are empty in a usual row.
    empty: Vec<usize>,
}

impl Places {
    fn of(header: &Header) -> Self {
        const EMPTY: [Column; 7] = [
            Column::Region,
            Column::Route,
            Column::WalkIn,
            Column::Text,
            Column::Approver,
            Column::Retracts,
            Column::Data,
        ];
        Self {
            event: header.place(Column::Event),
            recorded_at: header.place(Column::RecordedAt),
            kind: header.place(Column::Kind),
            facility: header.place(Column::Facility),
            status: header.place(Column::Status),
            scope: header.place(Column::Scope),
            lane: header.place(Column::Lane),
            exercise: header.place(Column::Exercise),
            from: header.place(Column::From),
            until: header.place(Column::Until),
            reason: header.place(Column::Reason),
            source: header.place(Column::Source),
            empty: EMPTY.iter().filter_map(|column| header.place(*column)).collect(),
        }
    }
}

/// The cells of one row.
#[derive(Clone, Copy)]
struct Cells<'t> {
    text: &'t [u8],
    begin: usize,
    ends: &'t [u32],
}

impl<'t> Cells<'t> {
    fn get(&self, place: Option<usize>) -> &'t [u8] {
        let Some(place) = place else { return &[] };
        let begin = if place == 0 { self.begin } else { end(self.ends[place - 1]) + 1 };
        &self.text[begin..end(self.ends[place])]
    }
}

impl<'g> Usual<'g> {
    /// Before the first row.
    pub(super) fn new(registry: &'g Registry, header: &'g Header, said: &'g Mutex<Sayings>) -> Self {
        Self {
            registry,
            header,
            said,
            rows: Rows::after(registry, super::store::unnamed(), 0, None),
            places: Places::of(header),
            facilities: Learnt::default(),
            statuses: Learnt::default(),
            scopes: Learnt::default(),
            lanes: Learnt::default(),
            declared: FxHashMap::default(),
            reasons: Learnt::default(),
            sources: Learnt::default(),
            ends: Vec::new(),
        }
    }

    /// The events of a stretch of whole rows; `None` where something is wrong with one of them, or can only be told by
    /// whoever knows the rows before.
    pub(super) fn part(&mut self, text: &[u8]) -> Option<Part> {
        if text.len() > LONGEST {
            return None;
        }
        if !text.is_ascii() {
            std::str::from_utf8(text).ok()?;
        }
        let odd = memchr2(b'"', b'\r', text).is_some();
        let mut ends = std::mem::take(&mut self.ends);
        mark(text, &mut ends);
        let part = self.rows_of(text, &ends, odd);
        self.ends = ends;
        part
    }

    fn rows_of(&mut self, text: &[u8], ends: &[u32], odd: bool) -> Option<Part> {
        let width = self.header.len();
        let mut part = Part { entries: Vec::with_capacity(text.len() / 64), ..Part::default() };
        let (mut at, mut mark) = (0, 0);
        let mut number = None;
        while at < text.len() {
            let row = ends.get(mark..mark + width).filter(|ends| {
                let (last, others) = (ends[width - 1], &ends[..width - 1]);
                ends_row(last) && !others.iter().any(|end| ends_row(*end))
            });
            let usual = row.and_then(|ends| {
                let end = end(ends[width - 1]);
                if odd && memchr2(b'"', b'\r', &text[at..end]).is_some() {
                    return None;
                }
                let cells = Cells { text, begin: at, ends };
                let own = match self.places.event {
                    Some(_) => Some(digits(cells.get(self.places.event))?),
                    None => None,
                };
                let (entry, given) = self.entry(cells)?;
                Some((entry, given, own, end))
            });
            if let Some((entry, given, own, end)) = usual {
                if part.entries.is_empty() {
                    (part.first, number) = (own, own);
                }
                if own != number || !recorded(&mut part.recorded, given.then(|| entry.recorded_at())) {
                    return None;
                }
                number = number.map(|number| number + 1);
                part.entries.push(entry);
                part.lines += 1;
                (at, mark) = (end + 1, mark + width);
                continue;
            }
            let length = if odd { csv_row(&text[at..]) } else { memchr(b'\n', &text[at..]).map(|at| at + 1) };
            let end = at + length.unwrap_or(text.len() - at);
            self.other(&text[at..end], &mut part, &mut number)?;
            part.lines += memchr::memchr_iter(b'\n', &text[at..end]).count();
            at = end;
            mark += ends[mark..].partition_point(|mark| self::end(*mark) < at);
        }
        Some(part)
    }

    /// A usual row as an entry, and whether it says when it was recorded; `None` where it is not usual.
    fn entry(&self, cells: Cells<'_>) -> Option<(Entry, bool)> {
        let places = &self.places;
        if places.empty.iter().any(|place| !cells.get(Some(*place)).is_empty())
            || !matches!(cells.get(places.kind), b"" | b"declare")
            || !matches!(cells.get(places.exercise), b"" | b"false")
        {
            return None;
        }
        let facility = self.facilities.get(cells.get(places.facility))?;
        let status = self.statuses.get(cells.get(places.status))?;
        let scope = self.scopes.get(cells.get(places.scope))?;
        let lane = self.lanes.get(cells.get(places.lane))?;
        let declared = *self.declared.get(&(status, scope, lane))?;
        let reason = self.reasons.get(cells.get(places.reason))?;
        let source = self.sources.get(cells.get(places.source))?;
        let (from, until, given) =
            (cells.get(places.from), cells.get(places.until), cells.get(places.recorded_at));
        let from = rfc3339(from)?;
        let recorded_at = if given.is_empty() { from } else { rfc3339(given)? };
        let until = if until.is_empty() { None } else { Some(rfc3339(until)?) };
        let entry = declared.elsewhere(facility, recorded_at, from, until).worded_as(reason).said_by(source);
        let entry = match until {
            Some(until) if until <= from => return None,
            Some(_) => entry.stated(),
            None => entry,
        };
        Some((entry, !given.is_empty()))
    }

    /// Reads a row that is not usual, and learns from it.
    fn other(&mut self, text: &[u8], part: &mut Part, number: &mut Option<u64>) -> Option<()> {
        let plain = text.strip_suffix(b"\n").unwrap_or(text);
        let plain = plain.strip_suffix(b"\r").unwrap_or(plain);
        if plain.is_empty() {
            return Some(());
        }
        if memchr2(b'"', b'\r', plain).is_none() {
            let cells: Vec<&str> = std::str::from_utf8(plain).ok()?.split(',').collect();
            if cells.len() > self.header.len() {
                return None;
            }
            let event = part.event(&mut self.rows, &self.header.row(cells.iter().copied()), number)?;
            part.entries.push(self.learn(&event, &cells)?);
            return Some(());
        }
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .has_headers(false)
            .buffer_capacity(text.len())
            .from_reader(text);
        let mut record = csv::StringRecord::new();
        while reader.read_record(&mut record).ok()? {
            if record.len() > self.header.len() {
                return None;
            }
            let event = part.event(&mut self.rows, &self.header.row(&record), number)?;
            let cells: Vec<&str> = record.iter().collect();
            part.entries.push(self.learn(&event, &cells)?);
        }
        Some(())
    }

    /// The entry of an event, and what the cells that made it stand for.
    fn learn(&mut self, event: &Event, cells: &[&str]) -> Option<Entry> {
        let mut said = self.said.lock().ok()?;
        let entry = said.entry(event);
        let cell = |place: Option<usize>| {
            place.and_then(|place| cells.get(place)).map_or(&[][..], |cell| cell.as_bytes())
        };
        let Kind::Declare(declaration) = &event.kind else { return Some(entry) };
        let Subject::Facility(facility) = declaration.subject else { return Some(entry) };
        let statuses = &self.registry.statuses;
        let anywhere = match &declaration.declared {
            Declared::Status { status, .. } | Declared::Off(status) => {
                statuses[*status].of == StatusOf::Facility && statuses[*status].regions.is_empty()
            }
            Declared::Open { .. }
            | Declared::FullyOpen
            | Declared::OffDivert
            | Declared::Down(_)
            | Declared::Up(_) => true,
        };
        self.facilities.learn(cell(self.places.facility), facility);
        let mut plain = (**declaration).clone();
        plain.until = None;
        plain.exercise = false;
        plain.route.clear();
        (plain.walk_in, plain.text, plain.approver) = (None, None, None);
        let plain = said.entry(&Event { kind: Kind::Declare(Box::new(plain)), ..event.clone() });
        // A reason in words is stored as its code, so that only its cell tells what it was.
        if declaration.text.is_none() {
            self.reasons.learn(cell(self.places.reason), plain);
        }
        self.sources.learn(cell(self.places.source), plain);
        if anywhere {
            let status = place(&mut self.statuses, cell(self.places.status))?;
            let scope = place(&mut self.scopes, cell(self.places.scope))?;
            let lane = place(&mut self.lanes, cell(self.places.lane))?;
            self.declared.insert((status, scope, lane), plain);
        }
        Some(entry)
    }
}

/// The place of a word, a new one for a new word; `None`: no more are learnt.
fn place(learnt: &mut Learnt<usize>, word: &[u8]) -> Option<usize> {
    let next = learnt.0.len();
    if let Some(place) = learnt.get(word) {
        return Some(place);
    }
    learnt.learn(word, next);
    learnt.get(word)
}

/// Takes in a time of recording that is given; false where it lies before the one before it.
fn recorded(between: &mut Option<(Instant, Instant)>, given: Option<Instant>) -> bool {
    match (between, given) {
        (_, None) => true,
        (between @ None, Some(given)) => {
            *between = Some((given, given));
            true
        }
        (Some((_, last)), Some(given)) => std::mem::replace(last, given) <= given,
    }
}

/// A whole number without a sign, at most 18 digits long.
fn digits(cell: &[u8]) -> Option<u64> {
    if cell.is_empty() || cell.len() > 18 {
        return None;
    }
    cell.iter().try_fold(0, |sum, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit < 10).then_some(sum * 10 + u64::from(digit))
    })
}
