//! The usual row of a csv log: a declaration whose times are RFC 3339, about a facility, in words that
//! stood in a row before, and no quotes. Nearly all of ten million rows are such, and are read at the speed of
//! finding their cells; a row that is any different is left to `row`, from which the words are learnt.
//!
//! Floor 4; reads no file.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};
use std::sync::Mutex;

use memchr::{memchr, memchr2};
use rustc_hash::FxHashMap;

use super::marks::{LONGEST, end, ends_row, mark};
use super::row::{Column, Row, Rows};
use super::stretches::csv_row;
use super::words::{Word, Words};
use crate::diagnostic::unguarded;
use crate::model::{
    Declared, Entry, Event, FacilityId, Instant, Kind, Registry, SayingId, Sayings, Span, StatusOf, Subject,
};
use crate::sentence::Moments;

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

/// Reads stretches of usual rows, one after the other.
pub(super) struct Usual<'g> {
    registry: &'g Registry,
    header: &'g Header,
    said: &'g Mutex<Sayings>,
    /// Reads every other row.
    rows: Rows<'g>,
    places: Places,
    words: Words,
    facilities: FxHashMap<Word, FacilityId>,
    /// What is said without an `until`, and with one.
    sayings: FxHashMap<Phrase, (SayingId, SayingId)>,
    /// What rows before have shown: sayings that declare what a status, scope and lane do,
    declared: FxHashMap<[Word; 3], SayingId>,
    /// that are for that reason and nothing else,
    reasons: FxHashMap<Word, SayingId>,
    /// and that are from that source.
    sources: FxHashMap<Word, SayingId>,
    /// The last days that were read: of `recorded_at`, `from`, `until`.
    days: [Moments; 3],
    /// Where cells end in the stretch at hand.
    ends: Vec<u32>,
}

/// The cells of a row that together tell what is said: status, scope, lane, reason, source.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Phrase([Word; 5]);

impl Hash for Phrase {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Not one after the other: there are ten million rows.
        const ODD: [u64; 5] = [
            0x9e37_79b9_7f4a_7c15,
            0xbf58_476d_1ce4_e5b9,
            0x94d0_49bb_1331_11eb,
            0xd6e8_feb8_6659_fd93,
            0xa076_1d64_78bd_642f,
        ];
        let mixed = self.0.iter().zip(ODD).map(|(word, odd)| word.mixed().wrapping_mul(odd));
        state.write_u64(mixed.fold(0, |sum, next| sum ^ next.rotate_right(32)));
    }
}

/// Different phrases beyond so many, or parts of them, are not usual, and no longer learnt.
const PHRASES: usize = 1 << 16;

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
    /// Those that make a [`Phrase`].
    fn phrase(&self) -> [Option<usize>; 5] {
        [self.status, self.scope, self.lane, self.reason, self.source]
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
    #[inline]
    fn get(&self, place: Option<usize>) -> &'t [u8] {
        &self.text[self.span(place)]
    }
    /// Where a cell stands in the text; nowhere where there is no such column.
    #[inline]
    fn span(&self, place: Option<usize>) -> Span {
        let Some(place) = place else { return 0..0 };
        let begin = if place == 0 { self.begin } else { end(self.ends[place - 1]) + 1 };
        begin..end(self.ends[place])
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
            words: Words::default(),
            facilities: FxHashMap::default(),
            sayings: FxHashMap::default(),
            declared: FxHashMap::default(),
            reasons: FxHashMap::default(),
            sources: FxHashMap::default(),
            days: [Moments::default(); 3],
            ends: Vec::new(),
        }
    }

    /// Reads the events of a stretch of whole rows; `None` where something is wrong with one of them, or can only be told
    /// by whoever knows the rows before.
    pub(super) fn read(&mut self, text: &[u8], part: &mut Part) -> Option<()> {
        if text.len() > LONGEST {
            return None;
        }
        if !text.is_ascii() {
            std::str::from_utf8(text).ok()?;
        }
        let odd = memchr2(b'"', b'\r', text).is_some();
        let mut ends = std::mem::take(&mut self.ends);
        mark(text, &mut ends);
        let read = self.rows_of(text, &ends, odd, part);
        self.ends = ends;
        read
    }

    fn rows_of(&mut self, text: &[u8], ends: &[u32], odd: bool, part: &mut Part) -> Option<()> {
        let width = self.header.len();
        let (mut at, mut mark) = (0, 0);
        let mut number = None;
        while at < text.len() {
            let row = ends.get(mark..mark + width).and_then(|ends| {
                let (last, others) = ends.split_last()?;
                let is_row = ends_row(*last) && !ends_row(others.iter().fold(0, |all, end| all | end));
                let is_plain = !odd || memchr2(b'"', b'\r', &text[at..end(*last)]).is_none();
                (is_row && is_plain).then_some(Cells { text, begin: at, ends })
            });
            let usual = row.and_then(|cells| {
                let own = match self.places.event {
                    Some(_) => Some(digits(cells.get(self.places.event))?),
                    None => None,
                };
                Some((self.entry(cells)?, own, end(cells.ends[width - 1])))
            });
            if let Some(((entry, given), own, end)) = usual {
                if part.entries.is_empty() {
                    (part.first, number) = (own, own);
                }
                if own != number || !recorded(&mut part.recorded, given) {
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
            self.other(&text[at..end], part, &mut number)?;
            part.lines += memchr::memchr_iter(b'\n', &text[at..end]).count();
            at = end;
            mark += ends[mark..].partition_point(|mark| self::end(*mark) < at);
        }
        Some(())
    }

    /// A usual row as an entry, and when it says that it was recorded; `None` where it is not usual.
    #[inline]
    fn entry(&mut self, cells: Cells<'_>) -> Option<(Entry, Option<Instant>)> {
        let places = &self.places;
        if places.empty.iter().any(|place| !cells.get(Some(*place)).is_empty())
            || !matches!(cells.get(places.kind), b"" | b"declare")
            || !matches!(cells.get(places.exercise), b"" | b"false")
        {
            return None;
        }
        let name = self.words.known(cells.text, cells.span(places.facility));
        let facility = match self.facilities.get(&name) {
            Some(facility) => *facility,
            None => self.identified(cells.get(places.facility))?,
        };
        let places = &self.places;
        let word = |place| self.words.known(cells.text, cells.span(place));
        let [status, scope, lane, reason, source] = places.phrase();
        let phrase = Phrase([word(status), word(scope), word(lane), word(reason), word(source)]);
        let (without, with) = match self.sayings.get(&phrase) {
            Some(saying) => *saying,
            None => self.put_together(phrase)?,
        };
        let places = &self.places;
        let [recorded, begun, ended] = &mut self.days;
        let from = begun.read(cells.get(places.from))?;
        let given = match cells.get(places.recorded_at) {
            [] => None,
            given => Some(recorded.read(given)?),
        };
        let until = match cells.get(places.until) {
            [] => None,
            until => Some(ended.read(until)?),
        };
        if until.is_some_and(|until| until <= from) {
            return None;
        }
        let said = if until.is_some() { with } else { without };
        Some((Entry::new(said, facility, given.unwrap_or(from), from, until)?, given))
    }

    /// The facility that a cell names by its id; `None`: it does not, or the name is not to be learnt.
    #[cold]
    fn identified(&mut self, cell: &[u8]) -> Option<FacilityId> {
        let facility = self.registry.facilities.id(std::str::from_utf8(cell).ok()?)?;
        self.facilities.insert(self.words.learn(cell)?, facility);
        Some(facility)
    }

    /// What a phrase says of which all parts were met, in other phrases.
    #[cold]
    fn put_together(&mut self, phrase: Phrase) -> Option<(SayingId, SayingId)> {
        let Phrase([status, scope, lane, reason, source]) = phrase;
        let declared = *self.declared.get(&[status, scope, lane])?;
        let (reason, source) = (*self.reasons.get(&reason)?, *self.sources.get(&source)?);
        let mut said = self.said.lock().ok()?;
        let mut saying = |stated| said.put_together(declared, reason, source, stated);
        let saying = (saying(false), saying(true));
        if self.sayings.len() < PHRASES {
            self.sayings.insert(phrase, saying);
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
        let words = &mut self.words;
        let mut word = |place: Option<usize>| {
            words.learn(place.and_then(|place| cells.get(place)).map_or(&[], |cell| cell.as_bytes()))
        };
        if let Some(name) = word(self.places.facility) {
            self.facilities.insert(name, facility);
        }
        let [status, scope, lane, reason, source] = self.places.phrase().map(word);
        let full = [self.declared.len(), self.reasons.len(), self.sources.len()];
        if full.iter().any(|learnt| *learnt >= PHRASES) {
            return Some(entry);
        }
        let mut plain = (**declaration).clone();
        (plain.until, plain.exercise, plain.walk_in) = (None, false, None);
        (plain.text, plain.approver) = (None, None);
        plain.route.clear();
        let plain = said.entry(&Event { kind: Kind::Declare(Box::new(plain)), ..event.clone() }).saying()?;
        // A reason in words is stored as its code, so that only its cell tells what it was.
        if let Some(reason) = reason.filter(|_| declaration.text.is_none()) {
            self.reasons.insert(reason, plain);
        }
        if let Some(source) = source {
            self.sources.insert(source, plain);
        }
        if let (true, Some(status), Some(scope), Some(lane)) = (anywhere, status, scope, lane) {
            self.declared.insert([status, scope, lane], plain);
        }
        Some(entry)
    }
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
    let mut number = 0;
    for byte in cell {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + u64::from(digit);
    }
    Some(number)
}
