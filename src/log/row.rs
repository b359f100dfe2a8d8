//! What a row of a log means, whichever format it was written in.
//!
//! Floor 4; reads no file. A row is a set of named cells here; where they stand is the business of `file`.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, MappedLocalTime, NaiveDateTime, TimeDelta, TimeZone};
use chrono_tz::Tz;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use crate::diagnostic::{Diagnostic, closest, list_or};
use crate::model::{
    Assignment, Census, Declaration, Declared, Effect, Event, FacilityId, FileId, Instant, Kind, Lane, Name,
    RegionId, Registry, Scope, ServiceId, Span, StatusId, StatusOf, Subject, Target, Until, WalkIn,
};
use crate::sentence::{self, StatusWord};

macro_rules! columns {
    ($($name:ident $text:literal)*) => {
        /// The columns of a log, in the order of the exchange format.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[allow(missing_docs)] // each holds what section "log" of the documentation says of its name
        pub enum Column { $($name,)* }

        impl Column {
            /// Every column.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
            /// Its name in a header and in an object.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
            /// The column of a name.
            pub fn named(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$name),)* _ => None }
            }
        }
    };
}
columns! {
    Event "event"
    RecordedAt "recorded_at"
    Kind "kind"
    Facility "facility"
    Region "region"
    Lane "lane"
    Status "status"
    Scope "scope"
    From "from"
    Until "until"
    Route "route"
    WalkIn "walk_in"
    Reason "reason"
    Text "text"
    Source "source"
    Author "author"
    Approver "approver"
    Exercise "exercise"
    Retracts "retracts"
    Data "data"
    Hash "hash"
}

/// The cells of one row. An absent cell and an empty one say the same: nothing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Row<'r>([Option<Cow<'r, str>>; Column::ALL.len()]);

impl<'r> Row<'r> {
    /// Fills a cell.
    pub(super) fn set(&mut self, column: Column, cell: Cow<'r, str>) {
        self.0[column as usize] = Some(cell);
    }
    /// Empties a cell.
    pub(super) fn clear(&mut self, column: Column) {
        self.0[column as usize] = None;
    }
    /// The cell's text, if it has any.
    pub fn get(&self, column: Column) -> Option<&str> {
        self.cell(column).filter(|cell| !cell.is_empty())
    }
    /// The cell as it is stored: what the hash covers tells an absent cell from an empty one.
    pub(super) fn cell(&self, column: Column) -> Option<&str> {
        self.0[column as usize].as_deref()
    }
    /// The same row, of which nothing is borrowed.
    pub fn into_owned(self) -> Row<'static> {
        Row(self.0.map(|cell| cell.map(|cell| Cow::Owned(cell.into_owned()))))
    }
}

/// What is wrong with a cell.
#[derive(Debug)]
pub(super) struct Wrong {
    /// Which cell.
    pub(super) column: Column,
    /// Where in its text; `None`: all of it.
    pub(super) within: Option<Span>,
    /// What was expected and what was found.
    pub(super) message: String,
    /// How to mend it.
    pub(super) help: Vec<String>,
}

impl Wrong {
    fn new(column: Column, message: impl Into<String>) -> Self {
        Self { column, within: None, message: message.into(), help: Vec::new() }
    }
    fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }
    fn did_you_mean<'a>(self, word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Self {
        match closest(word, candidates) {
            Some(near) => self.help(format!("did you mean `{near}`?")),
            None => self,
        }
    }
    /// What a sentence's reader says of the text in a cell.
    fn from_sentence(column: Column, diagnostic: Diagnostic) -> Self {
        let within = diagnostic.labels.into_iter().next().map(|label| label.span);
        Self { column, within, message: diagnostic.message, help: diagnostic.help }
    }
}

/// Turns rows into events, one after the other: numbers rise, and the clock of recording does not go back.
pub(super) struct Rows<'g> {
    registry: &'g Registry,
    file: FileId,
    /// How many rows came before.
    read: u64,
    recorded: Option<Instant>,
    /// Sources, reasons, approvers: few words that many rows share.
    words: FxHashSet<Arc<str>>,
    /// Facilities by the ids and names that rows gave them: a search through the registry for every row would be
    /// most of the work.
    named: FxHashMap<String, FacilityId>,
    /// What the cells in the column `scope` stand for.
    scopes: FxHashMap<String, Scope>,
    /// What the words in the column `status` stand for.
    statuses: FxHashMap<String, StatusWord>,
    /// What the cells in the column `route` stand for.
    routes: FxHashMap<String, Vec<Target>>,
    /// What the cells in the column `lane` stand for.
    lanes: FxHashMap<String, BTreeSet<Lane>>,
}

impl<'g> Rows<'g> {
    /// Before the first row.
    pub(super) fn new(registry: &'g Registry, file: FileId) -> Self {
        Self::after(registry, file, 0, None)
    }

    /// After the row of this number, which was recorded then.
    pub(super) fn after(
        registry: &'g Registry,
        file: FileId,
        number: u64,
        recorded: Option<Instant>,
    ) -> Self {
        Self {
            registry,
            file,
            read: number,
            recorded,
            words: FxHashSet::default(),
            named: FxHashMap::default(),
            scopes: FxHashMap::default(),
            statuses: FxHashMap::default(),
            routes: FxHashMap::default(),
            lanes: FxHashMap::default(),
        }
    }

    /// The number of the row that was read last, counted from 1.
    pub(super) fn number(&self) -> u64 {
        self.read
    }

    /// The next row comes after that of this number, which was recorded then.
    pub(super) fn go_on_after(&mut self, number: u64, recorded: Option<Instant>) {
        (self.read, self.recorded) = (number, recorded);
    }

    /// When the row was recorded that said so last.
    pub(super) fn recorded(&self) -> Option<Instant> {
        self.recorded
    }

    /// Passes over a row that has no cells.
    pub(super) fn skip(&mut self) {
        self.read += 1;
    }

    /// The event that a row stands for, or everything that is wrong with the row.
    pub(super) fn event(&mut self, row: &Row<'_>) -> Result<Event, Vec<Wrong>> {
        self.read += 1;
        let mut wrong = Vec::new();
        let number = self.event_number(row, &mut wrong);
        let subject = self.subject(row, &mut wrong);
        let zone = match subject {
            Some(Subject::Facility(facility)) => self.registry.zone_of(facility),
            Some(Subject::Region(_)) | None => self.registry.timezone,
        };
        let from = self.instant(row, Column::From, zone, &mut wrong);
        let recorded_at = self.recorded_at(row, from, zone, &mut wrong);
        let kind = match row.get(Column::Kind).unwrap_or("declare") {
            "declare" => self.declaration(row, subject, from, zone, &mut wrong).map(Kind::Declare),
            "retract" => self.retraction(row, &mut wrong),
            "census" => census(row, subject, from.or(recorded_at), &mut wrong),
            "assign" => self.assignment(row, subject, from.or(recorded_at), &mut wrong),
            "note" => Some(Kind::Note(subject)),
            other => {
                const KINDS: [&str; 5] = ["declare", "retract", "census", "assign", "note"];
                let message = format!("expected {}, found `{other}`", list_or(KINDS));
                wrong.push(Wrong::new(Column::Kind, message).did_you_mean(other, KINDS));
                None
            }
        };
        let source = self.word(row.get(Column::Source).unwrap_or("import"));
        match (recorded_at, kind) {
            (Some(recorded_at), Some(kind)) if wrong.is_empty() => {
                let words = row.get(Column::Text).filter(|_| !matches!(kind, Kind::Declare(_)));
                let text = words.map(|text| self.word(text));
                Ok(Event { number, recorded_at, source, text, kind })
            }
            _ => Err(wrong),
        }
    }

    /// Numbers are given to all rows or follow from their order: either way they rise by one.
    fn event_number(&self, row: &Row<'_>, wrong: &mut Vec<Wrong>) -> u64 {
        if let Some(cell) = row.get(Column::Event)
            && cell.parse() != Ok(self.read)
        {
            wrong.push(
                Wrong::new(Column::Event, format!("expected event {}, found `{cell}`", self.read))
                    .help("events are numbered 1, 2, 3… without gaps; nothing is ever taken out of a log"),
            );
        }
        self.read
    }

    fn recorded_at(
        &mut self,
        row: &Row<'_>,
        from: Option<Instant>,
        zone: Tz,
        wrong: &mut Vec<Wrong>,
    ) -> Option<Instant> {
        let given = row.get(Column::RecordedAt).is_some();
        if !given
            && row.get(Column::From).is_none()
            && row.get(Column::Kind).is_some_and(|kind| kind != "declare")
        {
            wrong.push(Wrong::new(
                Column::RecordedAt,
                "when was it recorded? neither this nor `from` is given",
            ));
        }
        let recorded_at = if given { self.instant(row, Column::RecordedAt, zone, wrong) } else { from }?;
        // Where nobody wrote down when a row was recorded, its place in the file says in which order.
        if given
            && let Some(before) = self.recorded.replace(recorded_at).filter(|before| recorded_at < *before)
        {
            wrong.push(
                Wrong::new(
                    Column::RecordedAt,
                    format!(
                        "recorded at {}, before the row above it: {}",
                        recorded_at.rfc3339(zone),
                        before.rfc3339(zone)
                    ),
                )
                .help("a log is written in the order in which things became known"),
            );
        }
        Some(recorded_at)
    }

    fn subject(&mut self, row: &Row<'_>, wrong: &mut Vec<Wrong>) -> Option<Subject> {
        let facility = row.get(Column::Facility);
        let region = row.get(Column::Region);
        match (facility, region) {
            (Some(_), Some(region)) => {
                let message = format!("a row is about a facility or a region, found both (`{region}`)");
                wrong.push(Wrong::new(Column::Region, message));
                None
            }
            (Some(facility), None) => self.facility(facility, wrong).map(Subject::Facility),
            (None, Some(region)) => self.region(region, wrong).map(Subject::Region),
            (None, None) => None,
        }
    }

    /// An id, else a name or an alias.
    fn facility(&mut self, cell: &str, wrong: &mut Vec<Wrong>) -> Option<FacilityId> {
        let registry = self.registry;
        if let Some(facility) = self.named.get(cell) {
            return Some(*facility);
        }
        if let Some(facility) = registry.facilities.id(cell) {
            self.named.insert(cell.to_owned(), facility);
            return Some(facility);
        }
        let meanings = registry.names.meanings(cell);
        let facility = meanings.iter().find_map(|name| match name {
            Name::Facility(facility) => Some(*facility),
            _ => None,
        });
        match (facility, meanings.first()) {
            (Some(facility), _) => {
                self.named.insert(cell.to_owned(), facility);
            }
            (None, Some(other)) => {
                let message = format!("expected a facility, and `{cell}` is a {}", other.kind().as_str());
                wrong.push(Wrong::new(Column::Facility, message));
            }
            (None, None) => {
                let names = registry.facilities.iter().flat_map(|(_, facility)| {
                    [&facility.key, &facility.name].into_iter().chain(&facility.aliases).map(String::as_str)
                });
                let message = format!("the registry has no facility `{cell}`");
                wrong.push(Wrong::new(Column::Facility, message).did_you_mean(cell, names));
            }
        }
        facility
    }

    fn region(&self, cell: &str, wrong: &mut Vec<Wrong>) -> Option<RegionId> {
        let registry = self.registry;
        let region = registry.regions.id(cell).or_else(|| {
            registry.names.meanings(cell).iter().find_map(|name| match name {
                Name::Region(region) => Some(*region),
                _ => None,
            })
        });
        if region.is_none() {
            let names = registry.regions.iter().map(|(_, region)| region.key.as_str());
            let message = format!("the registry has no region `{cell}`");
            wrong.push(Wrong::new(Column::Region, message).did_you_mean(cell, names));
        }
        region
    }

    fn declaration(
        &mut self,
        row: &Row<'_>,
        subject: Option<Subject>,
        from: Option<Instant>,
        zone: Tz,
        wrong: &mut Vec<Wrong>,
    ) -> Option<Box<Declaration>> {
        if row.get(Column::Facility).is_none() && row.get(Column::Region).is_none() {
            wrong.push(Wrong::new(Column::Facility, "a declaration needs a facility"));
        }
        if row.get(Column::From).is_none() {
            wrong.push(Wrong::new(Column::From, "a declaration needs the time from which it holds"));
        }
        let declared = self.declared(row, subject, wrong);
        let until = self.until(row, from, zone, wrong);
        let route = self.route(row, wrong);
        let walk_in = walk_in(row, wrong);
        let exercise = exercise(row, wrong);
        let mut word = |column| row.get(column).map(|cell| self.word(cell));
        let (reason, text, approver) = (word(Column::Reason), word(Column::Text), word(Column::Approver));
        Some(Box::new(Declaration {
            subject: subject?,
            declared: declared?,
            from: from?,
            until,
            route,
            walk_in,
            reason,
            text,
            approver,
            exercise,
        }))
    }

    fn assignment(
        &mut self,
        row: &Row<'_>,
        subject: Option<Subject>,
        at: Option<Instant>,
        wrong: &mut Vec<Wrong>,
    ) -> Option<Kind> {
        let facility = the_facility(row, subject, "an assignment", wrong);
        let mut data = data(row, wrong);
        let id = figure(&data, ID, wrong, |value| value.as_str().map(Arc::from));
        let home = figure(&data, HOME, wrong, |value| self.registry.facilities.id(value.as_str()?));
        let forced = figure(&data, FORCED, wrong, Value::as_bool).unwrap_or_default();
        data.retain(|key, value| RESTED_ON.contains(&key.as_str()) && !value.is_null());
        let rested_on = (!data.is_empty()).then(|| self.word(&Value::Object(data).to_string()));
        Some(Kind::Assign(Box::new(Assignment { facility: facility?, at: at?, id, home, forced, rested_on })))
    }

    fn retraction(&self, row: &Row<'_>, wrong: &mut Vec<Wrong>) -> Option<Kind> {
        let cell = row.get(Column::Retracts);
        let event = cell.and_then(|cell| cell.parse().ok()).filter(|event| (1..self.read).contains(event));
        if event.is_none() {
            let found = cell.map_or_else(|| "nothing".to_owned(), |cell| format!("`{cell}`"));
            let message = format!("expected the number of an event before this one, found {found}");
            wrong.push(Wrong::new(Column::Retracts, message));
        }
        event.map(Kind::Retract)
    }

    /// What status, scope and lane say together.
    fn declared(
        &mut self,
        row: &Row<'_>,
        subject: Option<Subject>,
        wrong: &mut Vec<Wrong>,
    ) -> Option<Declared> {
        let Some(cell) = row.get(Column::Status) else {
            wrong.push(Wrong::new(Column::Status, "a declaration needs a status"));
            return None;
        };
        let scope = match row.get(Column::Scope) {
            Some(cell) => Some(self.scope(cell, wrong)?),
            None => None,
        };
        let declared = self.status(cell, scope, row, wrong)?;
        if let Declared::Status { status, .. } | Declared::Off(status) = &declared {
            self.check_subject(cell, *status, subject, wrong);
        }
        self.check_lane(row, &declared, wrong);
        Some(declared)
    }

    fn scope(&mut self, cell: &str, wrong: &mut Vec<Wrong>) -> Option<Scope> {
        if let Some(scope) = self.scopes.get(cell) {
            return Some(scope.clone());
        }
        match sentence::scope(cell, self.file, self.registry) {
            Ok(scope) => {
                self.scopes.insert(cell.to_owned(), scope.clone());
                Some(scope)
            }
            Err(diagnostic) => {
                wrong.push(Wrong::from_sentence(Column::Scope, diagnostic));
                None
            }
        }
    }

    fn status(
        &mut self,
        cell: &str,
        scope: Option<Scope>,
        row: &Row<'_>,
        wrong: &mut Vec<Wrong>,
    ) -> Option<Declared> {
        let registry = self.registry;
        let word = self.status_word(cell, wrong)?;
        let scoped = scope.is_some();
        let declared = match word {
            StatusWord::Open => return Some(Declared::Open { scope }),
            StatusWord::Status(status) => {
                // Closed to some is open to the others.
                let to_some = scoped && status == registry.builtin(Effect::Closed);
                let status = if to_some { registry.builtin(Effect::Diverting) } else { status };
                return Some(Declared::Status { status, scope });
            }
            StatusWord::FullyOpen => Declared::FullyOpen,
            StatusWord::OffDivert => Declared::OffDivert,
            StatusWord::Off(status) => Declared::Off(status),
            StatusWord::Down => Declared::Down(self.service_of_lane(cell, row, wrong)?),
            StatusWord::Up => Declared::Up(self.service_of_lane(cell, row, wrong)?),
        };
        if scoped {
            wrong.push(Wrong::new(Column::Scope, format!("`{cell}` takes no scope")));
        }
        Some(declared)
    }

    fn status_word(&mut self, cell: &str, wrong: &mut Vec<Wrong>) -> Option<StatusWord> {
        if let Some(word) = self.statuses.get(cell) {
            return Some(*word);
        }
        let registry = self.registry;
        if let Some(word) = sentence::status_word(cell, registry) {
            self.statuses.insert(cell.to_owned(), word);
            return Some(word);
        }
        let types = || registry.statuses.iter().map(|(_, status)| status);
        let endings: Vec<String> =
            // An advisory or a diversion ends by `open` or `off-divert`.
            types()
                .filter(|status| !status.builtin || status.effect == Effect::Closed)
                .map(|status| format!("off-{}", status.key))
                .collect();
        let words: Vec<&str> = ["open", "off-divert", "fully-open", "down", "up"]
            .into_iter()
            .chain(types().map(|status| status.key.as_str()))
            .chain(endings.iter().map(String::as_str))
            .collect();
        let message = format!("expected {}, found `{cell}`", list_or(words.iter().copied()));
        wrong.push(Wrong::new(Column::Status, message).did_you_mean(cell, words));
        None
    }

    /// The service that `lane = service:ct` names, for `down` and `up`.
    fn service_of_lane(&self, status: &str, row: &Row<'_>, wrong: &mut Vec<Wrong>) -> Option<ServiceId> {
        let name = row.get(Column::Lane).and_then(|lane| lane.strip_prefix("service:"));
        let Some(name) = name else {
            wrong.push(
                Wrong::new(Column::Lane, format!("`{status}` needs the lane of a service"))
                    .help("write it as `service:ct`"),
            );
            return None;
        };
        let service = self.registry.services.id(name);
        if service.is_none() {
            let keys = self.registry.services.iter().map(|(_, service)| service.key.as_str());
            let message = format!("there is no service `{name}`");
            wrong.push(Wrong::new(Column::Lane, message).did_you_mean(name, keys));
        }
        service
    }

    /// A status of a region is no facility's, and one that other regions use has no meaning here.
    fn check_subject(&self, cell: &str, status: StatusId, subject: Option<Subject>, wrong: &mut Vec<Wrong>) {
        let registry = self.registry;
        let status = &registry.statuses[status];
        let (is_of, region) = match subject {
            None => return,
            Some(Subject::Facility(facility)) => (StatusOf::Facility, registry.facilities[facility].region),
            Some(Subject::Region(region)) => (StatusOf::Region, Some(region)),
        };
        if status.of != is_of {
            let needed = match status.of {
                StatusOf::Facility => "a facility",
                StatusOf::Region => "a region",
            };
            wrong.push(Wrong::new(Column::Status, format!("`{cell}` is the status of {needed}")));
        } else if !status.regions.is_empty() && region.is_none_or(|region| !status.regions.contains(&region))
        {
            let region = region.map_or("no region", |region| registry.regions[region].key.as_str());
            wrong.push(Wrong::new(Column::Status, format!("`{cell}` has no meaning in `{region}`")));
        }
    }

    /// A lane follows from status and scope; one that is given all the same must be that.
    fn check_lane(&mut self, row: &Row<'_>, declared: &Declared, wrong: &mut Vec<Wrong>) {
        let Some(cell) = row.get(Column::Lane) else { return };
        let follows = lanes(self.registry, declared);
        if self.lanes.get(cell) == Some(&follows) {
            return;
        }
        let lane = |text| sentence::lane(text, self.file, self.registry).ok();
        let given: Option<BTreeSet<Lane>> = cell.split(';').map(lane).collect();
        if given.as_ref() == Some(&follows) {
            self.lanes.insert(cell.to_owned(), follows);
        } else {
            wrong.push(
                Wrong::new(
                    Column::Lane,
                    format!("the lane `{cell}` does not follow from this status and scope"),
                )
                .help("leave it empty: only `down` and `up` need a lane"),
            );
        }
    }

    fn until(&self, row: &Row<'_>, from: Option<Instant>, zone: Tz, wrong: &mut Vec<Wrong>) -> Option<Until> {
        let stated = until_was_stated(row, wrong);
        let at = self.instant(row, Column::Until, zone, wrong)?;
        if from.is_some_and(|from| at <= from) {
            wrong.push(Wrong::new(Column::Until, "`until` is not after `from`"));
        }
        Some(Until { at, stated })
    }

    fn route(&mut self, row: &Row<'_>, wrong: &mut Vec<Wrong>) -> Vec<Target> {
        let Some(cell) = row.get(Column::Route) else { return Vec::new() };
        if let Some(route) = self.routes.get(cell) {
            return route.clone();
        }
        match sentence::route(cell, self.file, self.registry) {
            Ok(route) => {
                self.routes.insert(cell.to_owned(), route.clone());
                route
            }
            Err(diagnostic) => {
                wrong.push(Wrong::from_sentence(Column::Route, diagnostic));
                Vec::new()
            }
        }
    }

    /// RFC 3339, or a wall time of `zone`.
    fn instant(&self, row: &Row<'_>, column: Column, zone: Tz, wrong: &mut Vec<Wrong>) -> Option<Instant> {
        const WALL: [&str; 4] =
            ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"];
        let cell = row.get(column)?;
        if let Some(at) = sentence::rfc3339(cell.as_bytes()) {
            return Some(at);
        }
        if let Ok(moment) = DateTime::parse_from_rfc3339(cell) {
            return Some(Instant::from(moment));
        }
        let Some(wall) = WALL.iter().find_map(|format| NaiveDateTime::parse_from_str(cell, format).ok())
        else {
            wrong.push(Wrong::new(column, format!("expected a time, found `{cell}`")).help(
                "write it as `2023-08-04T10:00:00-04:00`, or `2023-08-04 10:00` on the facility's clocks",
            ));
            return None;
        };
        if let MappedLocalTime::Single(moment) = zone.from_local_datetime(&wall) {
            return Some(Instant::from(moment));
        }
        // Sentences know how to say which two moments a wall time may mean.
        let text = wall.format("%Y-%m-%d %H:%M").to_string();
        match sentence::time(&text, self.file, Instant::from_seconds(0), zone) {
            Ok(at) => Some(at),
            Err(diagnostic) => {
                wrong.push(Wrong { within: None, ..Wrong::from_sentence(column, diagnostic) });
                None
            }
        }
    }

    /// The one copy of a word that rows share.
    fn word(&mut self, word: &str) -> Arc<str> {
        if let Some(known) = self.words.get(word) {
            return known.clone();
        }
        let word: Arc<str> = Arc::from(word);
        self.words.insert(word.clone());
        word
    }
}

/// The lanes in which a declaration stands or whose state it ends. `open` and `fully open` end more than one kind of
/// lane, so none is theirs.
pub(super) fn lanes(registry: &Registry, declared: &Declared) -> BTreeSet<Lane> {
    let cohorts = |scope: Option<&Scope>| -> BTreeSet<Lane> {
        scope.into_iter().flat_map(Scope::named).cloned().map(Lane::TrafficFor).collect()
    };
    let one = |lane| BTreeSet::from([lane]);
    let of_status = |status: StatusId, scope: Option<&Scope>| {
        let kind = &registry.statuses[status];
        match (kind.builtin, kind.effect) {
            (false, _) => one(Lane::Type(status)),
            (true, Effect::Closed) => one(Lane::Closed),
            (true, Effect::Advisory | Effect::Diverting) => {
                let lanes = cohorts(scope);
                if lanes.is_empty() { one(Lane::Traffic) } else { lanes }
            }
        }
    };
    match declared {
        Declared::Status { status, scope } => of_status(*status, scope.as_ref()),
        Declared::Down(service) | Declared::Up(service) => one(Lane::Service(*service)),
        Declared::Open { scope } => cohorts(scope.as_ref()),
        Declared::FullyOpen => BTreeSet::new(),
        Declared::OffDivert => one(Lane::Traffic),
        Declared::Off(status) => of_status(*status, None),
    }
}

/// The key of `data` that says where an `until` comes from, and what it says of one that nobody stated.
pub(super) const UNTIL: &str = "until";
pub(super) const MAX: &str = "max";
pub(super) const ONLY_MAX: &str = r#"{"until":"max"}"#;

/// The figures of a census in `data`; waits are in hours.
pub(super) const OCCUPIED: &str = "occupied";
pub(super) const BOARDING: &str = "boarding";
pub(super) const WAITING: &str = "waiting";
pub(super) const VENTILATED: &str = "ventilated";
pub(super) const LONGEST_BOARDING: &str = "longest_boarding";
pub(super) const LAST_WAIT: &str = "last_wait";

/// The facts of an assignment in `data`.
pub(super) const ID: &str = "id";
pub(super) const HOME: &str = "home";
pub(super) const FORCED: &str = "forced";

/// What an assignment rested on, in `data`. Anything else is not kept: it might be what no log is to hold, such as where
/// a patient was.
const RESTED_ON: [&str; 10] =
    ["age", "care", "decided_by", "from", "minutes", "needs", "nemsis", "outcome", "priority", "zone"];

fn census(
    row: &Row<'_>,
    subject: Option<Subject>,
    at: Option<Instant>,
    wrong: &mut Vec<Wrong>,
) -> Option<Kind> {
    let facility = the_facility(row, subject, "a census", wrong);
    let data = data(row, wrong);
    let mut count = |key| figure(&data, key, wrong, |value| value.as_u64()?.try_into().ok());
    let (occupied, boarding) = (count(OCCUPIED), count(BOARDING));
    let (waiting, ventilated) = (count(WAITING), count(VENTILATED));
    let mut wait = |key| figure(&data, key, wrong, |value| hours(value.as_f64()?));
    let (longest_boarding, last_wait) = (wait(LONGEST_BOARDING), wait(LAST_WAIT));
    Some(Kind::Census(Box::new(Census {
        facility: facility?,
        at: at?,
        occupied,
        boarding,
        waiting,
        ventilated,
        longest_boarding,
        last_wait,
    })))
}

/// The facility of a row that must have one.
fn the_facility(
    row: &Row<'_>,
    subject: Option<Subject>,
    what: &str,
    wrong: &mut Vec<Wrong>,
) -> Option<FacilityId> {
    match subject {
        Some(Subject::Facility(facility)) => Some(facility),
        Some(Subject::Region(_)) | None => {
            // A facility that is named and not known has been complained of.
            if row.get(Column::Facility).is_none() {
                wrong.push(Wrong::new(Column::Facility, format!("{what} needs a facility")));
            }
            None
        }
    }
}

/// What stands in `data`; nothing where that is no JSON object.
fn data(row: &Row<'_>, wrong: &mut Vec<Wrong>) -> Map<String, Value> {
    let Some(cell) = row.get(Column::Data) else { return Map::new() };
    serde_json::from_str(cell).unwrap_or_else(|error| {
        wrong.push(Wrong::new(Column::Data, format!("expected a JSON object: {error}")));
        Map::new()
    })
}

/// One fact of `data`, where it is there.
fn figure<T>(
    data: &Map<String, Value>,
    key: &str,
    wrong: &mut Vec<Wrong>,
    read: impl FnOnce(&Value) -> Option<T>,
) -> Option<T> {
    let value = data.get(key).filter(|value| !value.is_null())?;
    let found = read(value);
    if found.is_none() {
        wrong.push(Wrong::new(Column::Data, format!("`{key}` can't be {value}")));
    }
    found
}

/// A wait in hours; whole seconds are kept.
#[allow(clippy::cast_possible_truncation)] // a float-to-integer cast saturates, and what is too long is refused
fn hours(hours: f64) -> Option<TimeDelta> {
    (0.0..1e6).contains(&hours).then(|| TimeDelta::seconds((hours * 3600.0).round() as i64))
}

/// An `until` that followed from a type's `max` is marked so in `data`: nobody stated it.
fn until_was_stated(row: &Row<'_>, wrong: &mut Vec<Wrong>) -> bool {
    let Some(cell) = row.get(Column::Data) else { return true };
    // Most of what is marked holds nothing else.
    if cell == ONLY_MAX {
        return false;
    }
    // Nor is the key of what says it written otherwise, unless with an escape.
    let may_say = cell.contains(UNTIL) || cell.contains('\\');
    let until = if may_say {
        serde_json::from_str::<Value>(cell).map(|data| data.get(UNTIL).cloned())
    } else {
        serde_json::from_str::<IgnoredAny>(cell).map(|_| None)
    };
    match until {
        Ok(until) => until.as_ref().and_then(Value::as_str) != Some(MAX),
        Err(error) => {
            wrong.push(Wrong::new(Column::Data, format!("expected JSON: {error}")));
            true
        }
    }
}

fn walk_in(row: &Row<'_>, wrong: &mut Vec<Wrong>) -> Option<WalkIn> {
    match row.get(Column::WalkIn)? {
        "open" => Some(WalkIn::Open),
        "closed" => Some(WalkIn::Closed),
        other => {
            wrong.push(Wrong::new(Column::WalkIn, format!("expected `open` or `closed`, found `{other}`")));
            None
        }
    }
}

fn exercise(row: &Row<'_>, wrong: &mut Vec<Wrong>) -> bool {
    match row.get(Column::Exercise) {
        None | Some("false" | "0" | "no" | "False" | "FALSE") => false,
        Some("true" | "1" | "yes" | "True" | "TRUE") => true,
        Some(other) => {
            wrong.push(Wrong::new(Column::Exercise, format!("expected `true` or `false`, found `{other}`")));
            false
        }
    }
}
