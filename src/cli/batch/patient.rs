//! Patients as they are asked about: cells in, a patient, a place and a time out, or what is wrong with them.
//!
//! Floor 6. What the same cells mean is looked up once and remembered, up to a bound: names by the million are few.

use std::collections::BTreeSet;

use chrono_tz::Tz;
use rustc_hash::FxHashMap;

use crate::diagnostic::{list_or, unguarded};
use crate::model::{FileId, Instant, Origin, Patient, PatientSaid, Position, Registry, Sources};
use crate::sentence;

use super::super::args;
use super::super::error::Failure;
use super::super::lookup;
use super::columns::{Column, Said};
use super::json::Place;
use super::{degrees, shortened};

/// So many different texts are remembered at once.
const REMEMBERED: usize = 4096;
/// No longer text is: names are short.
const LONGEST_REMEMBERED: usize = 128;
/// No name and no time is longer.
pub(super) const LONGEST_NAME: usize = 300;

/// What cells are read with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading<'a> {
    pub(super) registry: &'a Registry,
    /// What `now` means, and when a patient is asked about of whom no time is said.
    pub(super) now: Instant,
    /// The zone of times without an offset.
    pub(super) zone: Tz,
    /// The columns that there may be.
    pub(super) columns: &'a [Column],
}

/// What was read of one patient.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meant {
    /// Which of the patients that the reader remembers.
    pub(super) who: u32,
    pub(super) origin: Origin,
    pub(super) at: Instant,
}

/// A patient who is asked about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'p> {
    pub(super) patient: &'p Patient,
    pub(super) origin: Origin,
    pub(super) at: Instant,
}

/// Reads patients, and remembers what their cells meant.
pub(super) struct Reader {
    people: Memory<u32>,
    patients: Vec<Patient>,
    places: Memory<Origin>,
    /// For diagnostics that nobody points at.
    file: FileId,
    key: String,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            people: Memory::default(),
            patients: Vec::new(),
            places: Memory::default(),
            file: Sources::default().add("", ""),
            key: String::new(),
        }
    }
}

impl Reader {
    /// Reads one patient; else everything that is wrong, in words.
    pub(super) fn read(
        &mut self,
        said: &Said<'_>,
        place: Option<&Place>,
        reading: &Reading<'_>,
    ) -> Result<Meant, String> {
        let at = self.time(said[Column::Time as usize], reading);
        let origin = self.origin(said, place, reading.registry);
        match (at, origin, self.patient(said, reading)) {
            (Ok(at), Ok(origin), Ok(who)) => Ok(Meant { who, origin, at }),
            (at, origin, patient) => {
                let wrong = [at.err(), origin.err(), patient.err()];
                Err(wrong.into_iter().flatten().collect::<Vec<_>>().join("; "))
            }
        }
    }

    /// A patient who was read and not forgotten since.
    pub(super) fn asked(&self, meant: Meant) -> Asked<'_> {
        let Meant { who, origin, at } = meant;
        Asked { patient: &self.patients[who as usize], origin, at }
    }

    /// Whether those who were read are forgotten with the next.
    pub(super) fn forgets(&self) -> bool {
        self.people.is_full() || self.patients.len() >= 2 * REMEMBERED
    }

    fn time(&self, text: &str, reading: &Reading<'_>) -> Result<Instant, String> {
        if let Some(at) = sentence::rfc3339(text.as_bytes()) {
            return Ok(at);
        }
        let text = plain(text);
        if text.is_empty() {
            return Ok(reading.now);
        }
        if text.len() > LONGEST_NAME {
            return Err(format!("`time`: `{}` is no time", shortened(text)));
        }
        sentence::time(text, self.file, reading.now, reading.zone).map_err(|wrong| {
            let told = std::iter::once(wrong.message).chain(wrong.help).collect::<Vec<_>>();
            format!("`time`: {}", told.join("; "))
        })
    }

    fn origin(
        &mut self,
        said: &Said<'_>,
        place: Option<&Place>,
        registry: &Registry,
    ) -> Result<Origin, String> {
        let [from, lat, lon] = [Column::From, Column::Lat, Column::Lon].map(|column| said[column as usize]);
        if place.is_none() && plain(from).is_empty() {
            return point(lat, lon);
        }
        if !(plain(lat).is_empty() && plain(lon).is_empty()) {
            return Err("a place is said twice: `from`, and `lat` and `lon`".to_owned());
        }
        let found = match place {
            Some(Place::Point(lat, lon)) => return point(lat, lon),
            Some(Place::Zone(name)) => named(lookup::zone, registry, name).map(Origin::Zone),
            Some(Place::Facility(name)) => named(lookup::facility, registry, name).map(Origin::Facility),
            // Points are all different: there is nothing to remember.
            None if from.contains(',') => named(lookup::place, registry, plain(from)),
            None => self.places.recall(from, |from| named(lookup::place, registry, plain(from))),
        };
        found.map_err(|wrong| format!("`from`: {wrong}"))
    }

    /// Where the patient of these cells stands among [`Self::patients`].
    fn patient(&mut self, said: &Said<'_>, reading: &Reading<'_>) -> Result<u32, String> {
        let mut of_patient = reading.columns.iter().filter(|column| column.is_of_patient());
        let key = match (of_patient.next(), of_patient.next()) {
            (None, _) => "",
            (Some(only), None) => said[*only as usize],
            (Some(first), Some(second)) => {
                self.key.clear();
                for column in [first, second].into_iter().chain(of_patient) {
                    self.key.push_str(said[*column as usize]);
                    self.key.push('\u{1f}');
                }
                &self.key
            }
        };
        if self.forgets() {
            self.people.forget();
            self.patients.clear();
        }
        let patients = &mut self.patients;
        self.people.recall(key, |_| {
            patients.push(reading.registry.patient(person(said, reading.registry)?));
            Ok(u32::try_from(patients.len() - 1).unwrap_or(u32::MAX)) // far fewer are remembered
        })
    }
}

/// What these cells say of who the patient is.
fn person(said: &Said<'_>, registry: &Registry) -> Result<PatientSaid, String> {
    let mut wrong = Vec::new();
    let cell = |column: Column| Some(plain(said[column as usize])).filter(|cell| !cell.is_empty());
    let mut of = |column: Column, found: Result<(), String>| {
        if let Err(message) = found {
            wrong.push(format!("`{}`: {message}", column.as_str()));
        }
    };
    let mut needs = BTreeSet::new();
    if let Some(text) = cell(Column::Need) {
        let mut all = text.split('+').map(|need| {
            needs.insert(named(lookup::need, registry, need.trim())?);
            Ok(())
        });
        let found = all.find(Result::is_err).unwrap_or(Ok(()));
        of(Column::Need, found);
    }
    let mut word = PatientSaid::default();
    for column in
        [Column::Priority, Column::Care, Column::Age, Column::Extremis, Column::Transfer, Column::Request]
    {
        let Some(text) = cell(column) else { continue };
        let found = (|| {
            let no = |expected: String| format!("{expected}, found `{}`", shortened(text));
            match column {
                Column::Priority => word.priority = Some(args::priority(text).map_err(no)?),
                Column::Care => word.care = Some(args::care(text).map_err(no)?),
                Column::Age => word.age = Some(args::age(text).map_err(no)?),
                Column::Extremis => word.extremis = yes(text).map_err(no)?,
                Column::Transfer => word.transfer = yes(text).map_err(no)?,
                Column::Request => {
                    word.request = Some(named(lookup::facility, registry, text)?);
                }
                Column::Id | Column::Time | Column::From | Column::Lat | Column::Lon | Column::Need => {}
            }
            Ok(())
        })();
        of(column, found);
    }
    if wrong.is_empty() { Ok(PatientSaid { needs, ..word }) } else { Err(wrong.join("; ")) }
}

fn yes(word: &str) -> Result<bool, String> {
    let is_one_of = |words: [&str; 3]| words.iter().any(|one| word.eq_ignore_ascii_case(one));
    if is_one_of(["true", "yes", "1"]) {
        Ok(true)
    } else if is_one_of(["false", "no", "0"]) {
        Ok(false)
    } else {
        Err(format!("expected {}", list_or(["true", "false"])))
    }
}

/// Where a patient is by degrees.
fn point(lat: &str, lon: &str) -> Result<Origin, String> {
    let read = |text: &str| degrees::decimal(text).or_else(|| plain(text).parse::<f64>().ok());
    if let (Some(lat), Some(lon)) = (read(lat), read(lon)) {
        let position = Position { lat, lon };
        if lookup::is_on_earth(position) {
            return Ok(Origin::Point(position));
        }
    }
    match (plain(lat), plain(lon)) {
        ("", "") => Err("no place: neither `from`, nor `lat` and `lon`".to_owned()),
        ("", _) => Err("`lat` is missing".to_owned()),
        (_, "") => Err("`lon` is missing".to_owned()),
        (lat, lon) => {
            Err(Failure::NoPoint { name: format!("{},{}", shortened(lat), shortened(lon)) }.to_string())
        }
    }
}

/// A cell without the white space around it and without a spreadsheet's guard.
fn plain(cell: &str) -> &str {
    unguarded(cell.trim()).trim()
}

/// What a name stands for, else why it stands for nothing, in one line. What is longer than names are is not looked up.
fn named<T>(
    find: fn(&Registry, &str) -> Result<T, Failure>,
    registry: &Registry,
    name: &str,
) -> Result<T, String> {
    if name.len() > LONGEST_NAME {
        return Err(format!("`{}` is too long to be a name", shortened(name)));
    }
    find(registry, name).map_err(|failure| {
        let told: Vec<String> = std::iter::once(failure.to_string()).chain(failure.hints()).collect();
        told.join("; ")
    })
}

/// What texts were found to mean.
struct Memory<T>(FxHashMap<Box<str>, Result<T, Box<str>>>);

impl<T> Default for Memory<T> {
    fn default() -> Self {
        Self(FxHashMap::default())
    }
}

impl<T: Copy> Memory<T> {
    fn is_full(&self) -> bool {
        self.0.len() >= REMEMBERED
    }
    fn forget(&mut self) {
        self.0.clear();
    }
    /// What a text means: as it was found before, else as `find` finds it now.
    fn recall(&mut self, text: &str, find: impl FnOnce(&str) -> Result<T, String>) -> Result<T, String> {
        match self.0.get(text) {
            Some(Ok(found)) => return Ok(*found),
            Some(Err(wrong)) => return Err(wrong.to_string()),
            None => {}
        }
        let found = find(text);
        if text.len() <= LONGEST_REMEMBERED {
            if self.is_full() {
                self.forget();
            }
            let kept = found.as_ref().map(|found| *found).map_err(|wrong| wrong.as_str().into());
            self.0.insert(text.into(), kept);
        }
        found
    }
}
