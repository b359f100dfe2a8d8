//! The usual row of a csv log: a declaration whose times are RFC 3339, about a facility, in words that
//! stood in a row before, and no quotes. Nearly all of ten million rows are such, and are read at the speed of
//! finding their cells; a row that is any different is left to `row`, from which the words are learnt.
//!
//! Floor 4; reads no file.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Mutex;

use memchr::memchr2;
use rustc_hash::FxHashMap;

use super::row::{Column, Row, Rows};
use super::shape::{self, Count, LEARNT, SAID, Shape, Told};
use super::stretches::csv_row;
use super::words::{REACH, Words};
use crate::diagnostic::unguarded;
use crate::model::{
    Declared, Entry, Event, FacilityId, Instant, Kind, Registry, SayingId, Sayings, StatusOf, Subject,
};

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
    /// Makes room for another stretch.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
        (self.first, self.recorded, self.lines) = (None, None, 0);
    }
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
    /// In the order of the cells.
    pub(super) fn columns(&self) -> &[Option<Column>] {
        &self.columns
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

/// What all who read a log work with.
pub(super) struct Tools<'g> {
    pub(super) registry: &'g Registry,
    pub(super) header: Header,
    pub(super) said: &'g Mutex<Sayings>,
    /// Facilities by their ids.
    ids: Words<1>,
}

impl<'g> Tools<'g> {
    pub(super) fn new(registry: &'g Registry, header: Header, said: &'g Mutex<Sayings>) -> Self {
        let names_facilities = header.place(Column::Facility).is_some();
        let ids = if names_facilities { shape::ids(registry) } else { Words::default() };
        Self { registry, header, said, ids }
    }
}

/// Reads stretches of usual rows, one after the other.
pub(super) struct Usual<'g> {
    tools: &'g Tools<'g>,
    /// Reads every other row.
    rows: Rows<'g>,
    /// `None`: no row is usual.
    shape: Option<Shape<'g>>,
    /// What is said without an `until`, and with one, by what a row speaks.
    sayings: FxHashMap<u64, (SayingId, SayingId)>,
    /// Most of them, each in the place that [`near`] tells: found sooner.
    near: Vec<Option<(SayingId, SayingId)>>,
    /// What rows before have shown: sayings that declare what the cells of a status, a scope and a lane do,
    declared: FxHashMap<Box<[u8]>, SayingId>,
    /// that are for that reason and nothing else,
    reasons: FxHashMap<Box<[u8]>, SayingId>,
    /// and that are from that source.
    sources: FxHashMap<Box<[u8]>, SayingId>,
    /// What the stretch says that stands apart in a ledger. All of it is put there at once: to others, it is locked
    /// meanwhile.
    apart: Vec<Apart>,
    /// The last rows of a stretch, and line ends after them.
    last: Vec<u8>,
    /// Cuts a row that has quotes: into its cells, which end there.
    quoted: Option<Box<csv_core::Reader>>,
    cells: Vec<u8>,
    ends: Vec<usize>,
}

impl<'g> Usual<'g> {
    /// Before the first row.
    pub(super) fn new(tools: &'g Tools<'g>) -> Self {
        Self {
            tools,
            rows: Rows::after(tools.registry, super::store::unnamed(), 0, None),
            shape: Shape::of(&tools.header, &tools.ids),
            sayings: FxHashMap::default(),
            near: Vec::new(),
            declared: FxHashMap::default(),
            reasons: FxHashMap::default(),
            sources: FxHashMap::default(),
            apart: Vec::new(),
            last: Vec::new(),
            quoted: None,
            cells: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// Reads the events of a stretch of whole rows; `None` where something is wrong with one of them, or can only be told
    /// by whoever knows the rows before.
    pub(super) fn read(&mut self, text: &[u8], part: &mut Part) -> Option<()> {
        let mut count = None;
        self.apart.clear();
        let begin = self.rows_of(text, text.len().saturating_sub(REACH), part, &mut count)?;
        let mut last = std::mem::take(&mut self.last);
        last.clear();
        last.extend_from_slice(&text[begin..]);
        let end = last.len();
        last.resize(end + REACH, b'\n');
        let read = self.rows_of(&last, end, part, &mut count);
        self.last = last;
        if !self.apart.is_empty() {
            let mut said = self.tools.said.lock().ok()?;
            for Apart { place, saying, facility, recorded_at, from, until } in self.apart.drain(..) {
                part.entries[place] = said.declaration(saying, facility, recorded_at, from, until);
            }
        }
        read.map(|_| ())
    }

    /// Reads the rows that begin before `end`, after which the text goes on for [`REACH`] bytes. `count`: the number that
    /// the next one has to have, where they are numbered. Tells where the next begins.
    fn rows_of(
        &mut self,
        text: &[u8],
        end: usize,
        part: &mut Part,
        count: &mut Option<Count>,
    ) -> Option<usize> {
        let mut at = 0;
        while at < end {
            if part.entries.is_empty() {
                let row = text[at..].first_chunk()?;
                *count = self.shape.as_ref().and_then(|shape| shape.count(row));
            }
            at = self.usual_rows(text, at..end, part, count)?;
            if at >= end {
                break;
            }
            let row = &text[at..at + csv_row(&text[at..])?];
            let mut number = count.map(|count| count.number);
            self.other(row, part, &mut number)?;
            *count = match number {
                Some(number) => Some(Count::of(number)?),
                None => None,
            };
            part.lines += memchr::memchr_iter(b'\n', row).count();
            at += row.len();
        }
        Some(at)
    }

    /// Reads usual rows as far as they follow upon each other; tells where they end.
    fn usual_rows(
        &mut self,
        text: &[u8],
        rows: Range<usize>,
        part: &mut Part,
        count: &mut Option<Count>,
    ) -> Option<usize> {
        let mut at = rows.start;
        while at < rows.end {
            let row = text[at..].first_chunk()?;
            let Some(shape) = &self.shape else { break };
            let len = match shape.at_once(row, count.as_ref()) {
                Some(told) => self.take(&told, part, count),
                None => self.by_field(row, part, count),
            };
            let Some(len) = len else { break };
            at += len;
        }
        Some(at)
    }

    /// Takes in the event of the usual row that a text begins with, and tells the row's length; `None` where it is not usual.
    #[inline(never)]
    fn by_field(&mut self, text: &[u8; REACH], part: &mut Part, count: &mut Option<Count>) -> Option<usize> {
        let told = self.shape.as_mut()?.by_field(text, count.as_ref())?;
        self.take(&told, part, count)
    }

    /// The same of what a row says. What is put together is put where it belongs at once: to hand it on from here to there
    /// took a tenth of the time.
    #[inline(always)]
    #[allow(clippy::inline_always)] // twice, and once of that ten million times
    fn take(&mut self, told: &Told, part: &mut Part, count: &mut Option<Count>) -> Option<usize> {
        let (without, with) = match near(told.spoken).and_then(|at| self.near.get(at)) {
            Some(Some(saying)) => *saying,
            Some(None) | None => self.put_together(told.spoken)?,
        };
        let (from, facility) = (told.from?, told.facility?);
        if told.until.is_some_and(|until| until <= from) || !recorded(&mut part.recorded, told.recorded_at) {
            return None;
        }
        if part.entries.is_empty() {
            part.first = count.map(|count| count.number);
        }
        if let Some(count) = count {
            count.go_on()?;
        }
        let (until, recorded_at) = (told.until, told.recorded_at.unwrap_or(from));
        let saying = if until.is_some() { with } else { without };
        if let Some(entry) = Entry::new(saying, facility, recorded_at, from, until) {
            part.entries.push(entry);
        } else {
            let place = part.entries.len();
            self.apart.push(Apart { place, saying, facility, recorded_at, from, until });
            part.entries.push(Entry::NONE);
        }
        part.lines += 1;
        Some(told.len)
    }

    /// What words say together, all parts of which rows before have shown.
    #[cold]
    fn put_together(&mut self, spoken: u64) -> Option<(SayingId, SayingId)> {
        if let Some(saying) = self.sayings.get(&spoken) {
            return Some(*saying);
        }
        let shape = self.shape.as_ref()?;
        let [status, scope, lane, reason, source] = SAID.map(|column| shape.words(spoken, column));
        let declared = *self.declared.get([status, scope, lane].join(&b'\n').as_slice())?;
        let (reason, source) = (*self.reasons.get(reason)?, *self.sources.get(source)?);
        let mut said = self.tools.said.lock().ok()?;
        let mut saying = |stated| said.put_together(declared, reason, source, stated);
        let saying = (saying(false), saying(true));
        if let Some(at) = near(spoken) {
            if self.near.len() <= at {
                self.near.resize(at + 1, None);
            }
            self.near[at] = Some(saying);
        } else if self.sayings.len() < LEARNT {
            self.sayings.insert(spoken, saying);
        }
        Some(saying)
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
            if cells.len() > self.tools.header.len() {
                return None;
            }
            let event = part.event(&mut self.rows, &self.tools.header.row(cells.iter().copied()), number)?;
            part.entries.push(self.learn(&event, &cells)?);
            return Some(());
        }
        self.cells.resize(text.len(), 0);
        self.ends.resize(self.tools.header.len(), 0);
        let mut quoted = self.quoted.take().unwrap_or_else(|| Box::new(csv_core::Reader::new()));
        quoted.reset();
        let mut at = 0;
        // A lone carriage return ends a row, too.
        while at < text.len() {
            let (read, taken, out, ends) = quoted.read_record(&text[at..], &mut self.cells, &mut self.ends);
            at += taken;
            if read != csv_core::ReadRecordResult::Record {
                self.quoted = Some(quoted);
                return (at == text.len() && out == 0 && ends == 0).then_some(());
            }
            let cells = std::mem::take(&mut self.cells);
            let begins = std::iter::once(0).chain(self.ends.iter().copied());
            let cells_of_row = begins.zip(&self.ends[..ends]).map(|(begin, end)| &cells[begin..*end]);
            let row: Vec<&str> = cells_of_row.map(std::str::from_utf8).collect::<Result<_, _>>().ok()?;
            let event = part.event(&mut self.rows, &self.tools.header.row(row.iter().copied()), number)?;
            part.entries.push(self.learn(&event, &row)?);
            self.cells = cells;
        }
        self.quoted = Some(quoted);
        Some(())
    }

    /// The entry of an event, and what the cells that made it stand for.
    fn learn(&mut self, event: &Event, cells: &[&str]) -> Option<Entry> {
        let mut said = self.tools.said.lock().ok()?;
        let entry = said.entry(event);
        let Kind::Declare(declaration) = &event.kind else { return Some(entry) };
        let Subject::Facility(facility) = declaration.subject else { return Some(entry) };
        let statuses = &self.tools.registry.statuses;
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
        let cell = |column: Column| -> Box<[u8]> {
            let cell = self.tools.header.place(column).and_then(|place| cells.get(place));
            cell.map_or(Box::default(), |cell| cell.as_bytes().into())
        };
        let [status, scope, lane, reason, source] = SAID.map(cell);
        if let Some(shape) = &mut self.shape {
            shape.learn(&cell(Column::Facility), facility);
        }
        let full = [self.declared.len(), self.reasons.len(), self.sources.len()];
        if full.iter().any(|learnt| *learnt >= LEARNT) {
            return Some(entry);
        }
        let mut plain = (**declaration).clone();
        (plain.until, plain.exercise, plain.walk_in) = (None, false, None);
        (plain.text, plain.approver) = (None, None);
        plain.route.clear();
        let plain = said.entry(&Event { kind: Kind::Declare(Box::new(plain)), ..event.clone() });
        let plain = said.saying(&plain)?;
        // A reason in words is stored as its code, so that only its cell tells what it was.
        if declaration.text.is_none() {
            self.reasons.insert(reason, plain);
        }
        self.sources.insert(source, plain);
        if anywhere {
            // No cell of a usual row holds the end of a line.
            self.declared.insert([status, scope, lane].join(&b'\n').into(), plain);
        }
        Some(entry)
    }
}

/// The place of what is said with some of the first words that were met, in the last two runs of a row.
#[inline]
#[allow(clippy::cast_possible_truncation)] // of each number few bits
fn near(spoken: u64) -> Option<usize> {
    (spoken & !0x00ff_007f == 0).then_some((spoken >> 9 | spoken & 0x7f) as usize)
}

/// A declaration that stands apart, and its place in the part.
struct Apart {
    place: usize,
    saying: SayingId,
    facility: FacilityId,
    recorded_at: Instant,
    from: Instant,
    until: Option<Instant>,
}

/// Takes in a time of recording that is given; false where it lies before the one before it.
fn recorded(between: &mut Option<(Instant, Instant)>, given: Option<Instant>) -> bool {
    match (between, given) {
        (_, None) => true,
        (between @ None, Some(given)) => {
            *between = Some((given, given));
            true
        }
        (Some((_, last)), Some(given)) if *last <= given => {
            *last = given;
            true
        }
        (Some(_), Some(_)) => false,
    }
}
