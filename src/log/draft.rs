//! Drafts: what is about to become an event, and how an event is written as a row.
//!
//! Floor 4; touches no file. The inverse of `row`: what this writes, that reads back as the same.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::TimeDelta;
use chrono_tz::Tz;
use serde_json::{Map, Value};

use super::row::{self, Column, Row};
use crate::model::{Assignment, Census, Declaration, Event, Instant, Kind, Registry, Subject};
use crate::sentence::phrase;

/// What a draft says.
#[derive(Clone, PartialEq, Debug)]
pub enum Entry {
    /// Begins, confirms or ends episodes.
    Declare(Box<Declaration>),
    /// Says that an earlier event was an error.
    Retract(u64),
    /// How full a facility is.
    Census(Box<Census>),
    /// Where a patient was sent.
    Assign(Box<Assignment>),
    /// Says nothing about any lane.
    Note(Option<Subject>),
}

/// Everything of a row but its number, its time, its author and its hash, which the log gives.
#[derive(Clone, PartialEq, Debug)]
pub struct Draft {
    /// What it says.
    pub entry: Entry,
    /// Who reported it: `hospital`, `dispatch`, `state`, `news`, `import`…
    pub source: Arc<str>,
    /// Words of an entry that is no declaration: why it is retracted, what the note says. A declaration has its own.
    pub text: Option<Arc<str>>,
    /// What else is to be kept: an import's key, what an assignment rested on. What the entry says goes before it.
    pub data: Map<String, Value>,
}

/// The key of `data` under which an import says which of its entries this is: a log takes each once.
const IMPORT: &str = "import";

impl Draft {
    /// A draft of this entry, with nothing more to it.
    pub fn new(entry: Entry, source: impl Into<Arc<str>>) -> Self {
        Self { entry, source: source.into(), text: None, data: Map::new() }
    }
    /// A declaration.
    pub fn declare(declaration: Declaration, source: impl Into<Arc<str>>) -> Self {
        Self::new(Entry::Declare(Box::new(declaration)), source)
    }
    /// A retraction of the event of this number.
    pub fn retract(event: u64, source: impl Into<Arc<str>>) -> Self {
        Self::new(Entry::Retract(event), source)
    }
    /// With words of its own; a declaration's words are part of the declaration.
    #[must_use]
    pub fn with_text(mut self, text: impl Into<Arc<str>>) -> Self {
        self.text = Some(text.into());
        self
    }
    /// With a figure or a fact in `data`.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.data.insert(key.to_owned(), value.into());
        self
    }
    /// With the key that makes importing it twice the same as once.
    #[must_use]
    pub fn imported_as(self, key: impl Into<String>) -> Self {
        self.with(IMPORT, key.into())
    }
    /// The import's key, if it has one.
    pub fn import_key(&self) -> Option<&str> {
        self.data.get(IMPORT).and_then(Value::as_str)
    }

    /// The row that stands for it; number and hash are not cells of it.
    pub(super) fn row(&self, recorded_at: Instant, author: &str, registry: &Registry) -> Row<'static> {
        let mut row = written(recorded_at, &self.entry, &self.source, registry);
        if !author.is_empty() {
            row.set(Column::Author, Cow::Owned(author.to_owned()));
        }
        if let Some(text) = &self.text
            && !matches!(self.entry, Entry::Declare(_))
        {
            row.set(Column::Text, Cow::Owned(text.to_string()));
        }
        let mut data = match &self.entry {
            Entry::Assign(assignment) => rested_on(assignment),
            Entry::Declare(_) | Entry::Retract(_) | Entry::Census(_) | Entry::Note(_) => Map::new(),
        };
        data.extend(self.data.clone());
        data.remove(row::UNTIL);
        match &self.entry {
            Entry::Declare(declaration) => {
                if declaration.until.is_some_and(|until| !until.stated) {
                    data.insert(row::UNTIL.to_owned(), Value::from(row::MAX));
                }
            }
            Entry::Census(census) => data.extend(figures(census)),
            Entry::Assign(assignment) => data.extend(facts(assignment, registry)),
            Entry::Retract(_) | Entry::Note(_) => {}
        }
        if !data.is_empty() {
            row.set(Column::Data, Cow::Owned(Value::Object(data).to_string()));
        }
        row
    }
}

/// What stands in `data` of an event as far as the event says it: a mark at an `until` that nobody stated, figures, an
/// assignment. What a row holds there beside its meaning, such as an import's key, no event knows.
pub fn data(event: &Event, registry: &Registry) -> Option<String> {
    let data = match &event.kind {
        Kind::Declare(declaration) => {
            let is_marked = declaration.until.is_some_and(|until| !until.stated);
            return is_marked.then(|| row::ONLY_MAX.to_owned());
        }
        Kind::Census(census) => figures(census),
        Kind::Assign(assignment) => {
            let mut data = rested_on(assignment);
            data.extend(facts(assignment, registry));
            data
        }
        Kind::Retract(_) | Kind::Note(_) => return None,
    };
    (!data.is_empty()).then(|| Value::Object(data).to_string())
}

impl Row<'static> {
    /// The row that stands for an event, as the exchange format has it: with its number, without author and hash.
    pub fn of(event: &Event, registry: &Registry) -> Self {
        let entry = match &event.kind {
            Kind::Declare(declaration) => Entry::Declare(declaration.clone()),
            Kind::Retract(event) => Entry::Retract(*event),
            Kind::Census(census) => Entry::Census(census.clone()),
            Kind::Assign(assignment) => Entry::Assign(assignment.clone()),
            Kind::Note(subject) => Entry::Note(*subject),
        };
        let draft = Draft { text: event.text.clone(), ..Draft::new(entry, event.source.clone()) };
        let mut row = draft.row(event.recorded_at, "", registry);
        row.set(Column::Event, Cow::Owned(event.number.to_string()));
        row
    }
}

/// What `Row` says of any entry: things by their ids, times in UTC, so that neither a new name nor a new time zone in the
/// registry changes what an old row means.
fn written(recorded_at: Instant, entry: &Entry, source: &str, registry: &Registry) -> Row<'static> {
    let mut row = Row::default();
    let mut set = |column, text: String| row.set(column, Cow::Owned(text));
    set(Column::RecordedAt, recorded_at.rfc3339(Tz::UTC));
    set(Column::Source, source.to_owned());
    let (kind, subject) = match entry {
        Entry::Declare(declaration) => ("declare", Some(declaration.subject)),
        Entry::Retract(_) => ("retract", None),
        Entry::Census(census) => ("census", Some(Subject::Facility(census.facility))),
        Entry::Assign(assignment) => ("assign", Some(Subject::Facility(assignment.facility))),
        Entry::Note(subject) => ("note", *subject),
    };
    set(Column::Kind, kind.to_owned());
    match subject {
        Some(Subject::Facility(id)) => set(Column::Facility, registry.facilities[id].key.clone()),
        Some(Subject::Region(id)) => set(Column::Region, registry.regions[id].key.clone()),
        None => {}
    }
    match entry {
        Entry::Declare(declaration) => declared(declaration, registry, set),
        Entry::Retract(event) => set(Column::Retracts, event.to_string()),
        Entry::Census(census) => set(Column::From, census.at.rfc3339(Tz::UTC)),
        Entry::Assign(assignment) => set(Column::From, assignment.at.rfc3339(Tz::UTC)),
        Entry::Note(_) => {}
    }
    row
}

/// A census as `data` has it. What was not said is left out.
fn figures(census: &Census) -> Map<String, Value> {
    let count = |key: &str, figure: Option<u32>| Some((key.to_owned(), Value::from(figure?)));
    #[allow(clippy::cast_precision_loss)] // no wait is longer than 2^52 seconds
    let hours = |key: &str, wait: Option<TimeDelta>| {
        Some((key.to_owned(), Value::from(wait?.num_seconds() as f64 / 3600.0)))
    };
    [
        count(row::OCCUPIED, census.occupied),
        count(row::BOARDING, census.boarding),
        count(row::WAITING, census.waiting),
        count(row::VENTILATED, census.ventilated),
        hours(row::LONGEST_BOARDING, census.longest_boarding),
        hours(row::LAST_WAIT, census.last_wait),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What an assignment rested on.
fn rested_on(assignment: &Assignment) -> Map<String, Value> {
    assignment.rested_on.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// An assignment as `data` has it, apart from what it rested on.
fn facts(assignment: &Assignment, registry: &Registry) -> Map<String, Value> {
    let id = assignment.id.as_deref().map(|id| (row::ID.to_owned(), Value::from(id)));
    let home = assignment.home.map(|home| registry.facilities[home].key.as_str());
    let home = home.map(|home| (row::HOME.to_owned(), Value::from(home)));
    let forced = assignment.forced.then(|| (row::FORCED.to_owned(), Value::from(true)));
    [id, home, forced].into_iter().flatten().collect()
}

fn declared(declaration: &Declaration, registry: &Registry, mut set: impl FnMut(Column, String)) {
    use crate::model::Declared;
    let Declaration { subject: _, declared, from, until, route, walk_in, reason, text, approver, exercise } =
        declaration;
    let lanes: Vec<String> =
        row::lanes(registry, declared).iter().map(|lane| phrase::lane(lane, registry)).collect();
    if !lanes.is_empty() {
        set(Column::Lane, lanes.join(";"));
    }
    set(Column::Status, phrase::status(declared, registry));
    if let Declared::Status { scope: Some(scope), .. } | Declared::Open { scope: Some(scope) } = declared {
        set(Column::Scope, phrase::scope(scope, registry));
    }
    set(Column::From, from.rfc3339(Tz::UTC));
    if let Some(until) = until {
        set(Column::Until, until.at.rfc3339(Tz::UTC));
    }
    if !route.is_empty() {
        set(Column::Route, phrase::route_by_ids(route, registry));
    }
    if let Some(walk_in) = walk_in {
        set(Column::WalkIn, walk_in.as_str().to_owned());
    }
    for (column, words) in [(Column::Reason, reason), (Column::Text, text), (Column::Approver, approver)] {
        if let Some(words) = words {
            set(column, words.to_string());
        }
    }
    if *exercise {
        set(Column::Exercise, "true".to_owned());
    }
}
