//! The sheet: what every command and report answers with, and what every writer prints.
//!
//! A sheet knows values and their kinds, never a format. Columns say in which views they stand: people read the `text`
//! view (table, md, html), programs the `data` view (csv and tsv take its flat cells, json and jsonl all of them).
//!
//! Below floor 3, whose rooms all answer with sheets: knows what is known ([`Basis`]), and nothing of decisions, files or
//! the terminal.

mod basis;
mod cells;
mod telling;

pub use basis::Basis;
pub use cells::Cells;
pub use telling::Telling;

use chrono_tz::Tz;

use crate::model::{Instant, Minutes, Position};

/// A value in a cell.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// Not known or not applicable: empty in tables, null in json. Never 0.
    Missing,
    /// Text from anywhere; writers neutralise what could forge a row or run in a spreadsheet.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number with a fixed count of decimals.
    Decimal(f64, usize),
    /// Minutes, one decimal.
    Minutes(Minutes),
    /// Yes or no.
    Bool(bool),
    /// A moment, shown in that zone: RFC 3339 in data, a local clock time in text.
    Time(Instant, Tz),
    /// Several values. In csv: those that are flat, joined by `;`.
    List(Vec<Value>),
    /// Named fields; only json shows it.
    Record(Vec<(&'static str, Value)>),
}

impl Value {
    /// Text, or missing.
    pub fn text(text: Option<impl Into<String>>) -> Self {
        text.map_or(Self::Missing, |text| Self::Text(text.into()))
    }
    /// A moment, or missing.
    pub fn time(at: Option<Instant>, zone: Tz) -> Self {
        at.map_or(Self::Missing, |at| Self::Time(at, zone))
    }
    /// Minutes, or missing.
    pub fn minutes(minutes: Option<Minutes>) -> Self {
        minutes.map_or(Self::Missing, Self::Minutes)
    }
    /// A count that fits a file; saturates.
    pub fn count(count: impl TryInto<i64>) -> Self {
        Self::Integer(count.try_into().unwrap_or(i64::MAX))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Value {
    fn from(yes: bool) -> Self {
        Self::Bool(yes)
    }
}

/// What a value is, for the JSON Schema of a sheet.
#[derive(Clone, PartialEq, Debug)]
pub enum Kind {
    /// A string.
    Text,
    /// One of these strings.
    OneOf(&'static [&'static str]),
    /// An integer.
    Integer,
    /// A number.
    Number,
    /// A boolean.
    Bool,
    /// An RFC 3339 date and time.
    Time,
    /// An array.
    List(Box<Kind>),
    /// An object with these fields.
    Record(Vec<(&'static str, Kind)>),
    /// That, or null.
    Optional(Box<Kind>),
}

impl Kind {
    /// That, or null.
    #[must_use]
    pub fn or_null(self) -> Self {
        Self::Optional(Box::new(self))
    }
    /// An array of it.
    #[must_use]
    pub fn list(self) -> Self {
        Self::List(Box::new(self))
    }
}

/// In which views a column stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum View {
    /// For people only: table, md, html.
    Text,
    /// For programs only: csv, tsv, json, jsonl.
    Data,
    /// Only json and jsonl (lists and records).
    Json,
    /// Only csv and tsv (what json has in a list or a record, made flat).
    Csv,
    /// Everywhere.
    All,
    /// Only where it is asked for by its key.
    Asked,
}

impl View {
    /// Whether people see it.
    pub fn in_text(self) -> bool {
        matches!(self, Self::Text | Self::All)
    }
    /// Whether csv and tsv have it.
    pub fn in_csv(self) -> bool {
        matches!(self, Self::Data | Self::Csv | Self::All)
    }
    /// Whether json and jsonl have it.
    pub fn in_json(self) -> bool {
        matches!(self, Self::Data | Self::Json | Self::All)
    }
}

/// A column of a sheet.
#[derive(Clone, PartialEq, Debug)]
pub struct Column {
    /// Its name in data and for `--columns`.
    pub key: &'static str,
    /// Its heading for people.
    pub heading: &'static str,
    /// What its values are.
    pub kind: Kind,
    /// Where it stands.
    pub view: View,
}

impl Column {
    /// A column in that view.
    pub fn new(key: &'static str, heading: &'static str, kind: Kind, view: View) -> Self {
        Self { key, heading, kind, view }
    }
    /// A column for programs, under its key.
    pub fn data(key: &'static str, kind: Kind) -> Self {
        Self::new(key, key, kind, View::Data)
    }
    /// A column for json only, under its key.
    pub fn json(key: &'static str, kind: Kind) -> Self {
        Self::new(key, key, kind, View::Json)
    }
    /// A column for people.
    pub fn text(key: &'static str, heading: &'static str) -> Self {
        Self::new(key, heading, Kind::Text.or_null(), View::Text)
    }
}

/// How a cell of the text view may be set off. Colour is never the only sign: the words differ too.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Tone {
    /// As it is.
    #[default]
    Plain,
    /// Open, as expected.
    Good,
    /// Advisory, partial, stale: look twice.
    Caution,
    /// Diverting, forced.
    Warning,
    /// Closed, none.
    Severe,
    /// Less important.
    Faint,
}

/// A cell: a value, and how it may be set off.
#[derive(Clone, PartialEq, Debug)]
pub struct Cell {
    /// What it holds.
    pub value: Value,
    /// How it may be set off.
    pub tone: Tone,
}

impl<V: Into<Value>> From<V> for Cell {
    fn from(value: V) -> Self {
        Self { value: value.into(), tone: Tone::Plain }
    }
}

impl Cell {
    /// A cell that may be set off.
    pub fn toned(value: impl Into<Value>, tone: Tone) -> Self {
        Self { value: value.into(), tone }
    }
}

/// Which log an answer rests on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogHead {
    /// The number of its last event; 0 for an empty log.
    pub head: u64,
    /// The hash of its last event, where the log has one.
    pub hash: Option<String>,
}

/// An answer: rows under columns, with what they rest on.
#[derive(Clone, PartialEq, Debug)]
pub struct Sheet {
    /// `status`, `route`…: names the schema (`divert.status/1`).
    pub name: &'static str,
    /// The instant it speaks of.
    pub at: Instant,
    /// What was known by then; `None`: everything recorded.
    pub known_at: Option<Instant>,
    /// The zone in which its own times are shown.
    pub zone: Tz,
    /// The registry's name.
    pub registry: String,
    /// The registry's sha-256.
    pub registry_sha256: String,
    /// The log it rests on; `None`: nothing is known.
    pub log: Option<LogHead>,
    /// Further named facts of the whole sheet, for json's envelope.
    pub facts: Vec<(&'static str, Value)>,
    /// Lines above the table, for people.
    pub header: Vec<String>,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, a cell a column.
    pub rows: Vec<Vec<Cell>>,
    /// Rows for people, where they read other rows than programs do (grouped, say); cells only for the columns of the
    /// text view, in their order. `None`: the same rows.
    pub text_rows: Option<Vec<Vec<Cell>>>,
    /// Lines below the table, for people.
    pub footer: Vec<String>,
    /// A drawing instead of the table, where the format is `table`.
    pub drawing: Option<Drawing>,
    /// What a page shows above the table, in order.
    pub pictures: Vec<Picture>,
    /// The text answer instead of the table, where the format is `table` (one-answer commands). Each line whole.
    pub answer: Option<Vec<Line>>,
}

impl Sheet {
    /// One without rows, that rests on nothing yet.
    pub fn new(name: &'static str, columns: Vec<Column>, at: Instant, zone: Tz) -> Self {
        Self {
            name,
            at,
            known_at: None,
            zone,
            registry: String::new(),
            registry_sha256: String::new(),
            log: None,
            facts: Vec::new(),
            header: Vec::new(),
            columns,
            rows: Vec::new(),
            text_rows: None,
            footer: Vec::new(),
            drawing: None,
            pictures: Vec::new(),
            answer: None,
        }
    }
}

/// A line of a text answer, and how it may be set off.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// What it says.
    pub text: String,
    /// How it may be set off.
    pub tone: Tone,
}

impl Line {
    /// A plain line.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), tone: Tone::Plain }
    }
}

/// Lanes over time, to be drawn over an hour ruler.
#[derive(Clone, PartialEq, Debug)]
pub struct Drawing {
    /// The first instant drawn.
    pub since: Instant,
    /// The first instant not drawn.
    pub until: Instant,
    /// Marked, where it is inside.
    pub now: Instant,
    /// For the ruler.
    pub zone: Tz,
    /// From top to bottom.
    pub tracks: Vec<Track>,
}

/// One lane of a drawing.
#[derive(Clone, PartialEq, Debug)]
pub struct Track {
    /// The facility it belongs to; said once for neighbouring tracks of one facility.
    pub facility: String,
    /// The lane.
    pub lane: String,
    /// Its stretches, in order of time, not overlapping.
    pub bars: Vec<Bar>,
    /// Instants at which sources contradict each other, as stretches.
    pub conflicts: Vec<(Instant, Instant)>,
}

/// One stretch of a track.
#[derive(Clone, PartialEq, Debug)]
pub struct Bar {
    /// Where it begins.
    pub from: Instant,
    /// Where it ends; `None`: open, it runs on past the right edge.
    pub until: Option<Instant>,
    /// Closed, diverting, partly diverting, advisory, service down, not in force.
    pub state: BarState,
    /// Whether it ended (or will end) by expiry rather than by hand.
    pub expires: bool,
    /// Moments of confirmation.
    pub confirmed: Vec<Instant>,
}

/// What a page shows above a table.
#[derive(Clone, PartialEq, Debug)]
pub enum Picture {
    /// A few figures that say the most, each with what it is.
    Figures(Vec<(String, String)>),
    /// Lanes over time.
    Lanes(Drawing),
    /// Shares of a whole, the largest first.
    Shares {
        /// What is shared out.
        title: String,
        /// In order.
        shares: Vec<Share>,
    },
    /// Facilities and zones where they are.
    Map(Map),
}

/// A share of a whole, as a bar.
#[derive(Clone, PartialEq, Debug)]
pub struct Share {
    /// Whose.
    pub label: String,
    /// Of a hundred.
    pub percent: f64,
    /// What stands beside the bar.
    pub text: String,
}

/// Facilities with their state and zones with their destination, from coordinates alone.
#[derive(Clone, PartialEq, Debug)]
pub struct Map {
    /// Of what: a region's name.
    pub title: String,
    /// The facilities, in the order of their numbers on the map.
    pub sites: Vec<Site>,
    /// The zones.
    pub zones: Vec<ZoneMark>,
}

/// A facility on a map.
#[derive(Clone, PartialEq, Debug)]
pub struct Site {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub position: Position,
    /// Its state in one word.
    pub state: &'static str,
    /// What it is in, as a bar would show it; `None`: nothing.
    pub shown: Option<BarState>,
}

/// A zone on a map.
#[derive(Clone, PartialEq, Debug)]
pub struct ZoneMark {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub position: Position,
    /// The facility that its patients go to, by its place among the map's.
    pub to: Option<usize>,
    /// Whether that is not where they usually go.
    pub changed: bool,
}

/// What a bar shows; each has a pattern of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum BarState {
    /// Closed.
    Closed,
    /// Diverting for all.
    Diverting,
    /// Diverting for some patients.
    Partial,
    /// Advisory.
    Advisory,
    /// A service is down.
    Down,
    /// Declared, and not in force (refused, suspended, an exercise, a source that does not act).
    NotInForce,
}
