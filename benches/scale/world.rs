//! A world to measure with: facilities in metros, years of diversions, and patients. The same size and seed give the same
//! bytes.
//!
//! Beside the program's own files, `facilities.csv` says the same of the facilities for the peers. The log is one in
//! which "the latest event, until its end" is all there is to folding, so that a peer need not know more: a facility is in
//! one lane at a time, each of its events begins later than the one before, is recorded after it begins and before it ends,
//! and nothing is confirmed, planned, retracted or late.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Datelike, Months, NaiveDate};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::tasks::Form;

/// What is generated changes with this number: an older world is not taken for this one.
const FORM: u32 = 1;

/// The log begins with the year 2003, so that ten million events lie in nobody's future.
const BEGIN: i64 = 1_041_379_200;
const MINUTE: i64 = 60;
const DAY: i64 = 86_400;

/// How much of everything.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Size {
    pub(crate) facilities: u64,
    pub(crate) events: u64,
    pub(crate) patients: u64,
}

/// Files, and what is asked about them.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) size: Size,
    pub(crate) folder: PathBuf,
    /// When the log begins.
    pub(crate) first: String,
    /// The first of the month after everything in it.
    pub(crate) horizon: String,
    /// When the board is asked for: three quarters through.
    pub(crate) instant: String,
    /// When the one patient comes: nine tenths through.
    pub(crate) patient_at: String,
    /// Where the patient is: latitude and longitude.
    pub(crate) patient: [String; 2],
}

/// A need, the service that it takes, and how many patients of a hundred have it.
const NEEDS: [(&str, &str, u64); 7] = [
    ("general", "", 70),
    ("trauma", "bench-trauma", 8),
    ("stroke", "bench-stroke", 6),
    ("stemi", "bench-cath", 5),
    ("pediatric", "bench-pediatric", 6),
    ("obstetric", "bench-obstetric", 4),
    ("burn", "bench-burn", 1),
];
/// What the one patient needs.
pub(crate) const NEED: &str = "stroke";

const REASONS: [&str; 6] = ["saturation", "staffing", "ct-down", "power", "water", "flood"];
const SOURCES: [&str; 3] = ["hospital", "dispatch", "state"];

impl World {
    /// The world of that size; made if it is not there yet.
    pub(crate) fn find_or_make(parent: &Path, size: Size, seed: u64) -> io::Result<Self> {
        let Size { facilities, events, patients } = size;
        let folder = parent.join(format!("world{FORM}-f{facilities}-e{events}-p{patients}-s{seed}"));
        let facts = folder.join("facts.txt");
        if !facts.exists() {
            fs::create_dir_all(&folder)?;
            // Written last: a world without its facts was not finished.
            fs::write(&facts, make(&folder, size, seed)?)?;
        }
        let text = fs::read_to_string(&facts)?;
        let mut lines = text.lines().map(str::to_owned);
        let mut next = || lines.next().ok_or_else(|| io::Error::other("facts.txt is cut off"));
        Ok(Self {
            size,
            first: next()?,
            horizon: next()?,
            instant: next()?,
            patient_at: next()?,
            patient: [next()?, next()?],
            folder,
        })
    }

    /// A file of it.
    pub(crate) fn file(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    /// Writes its log in another form, unless that is there.
    pub(crate) fn write_log(&self, form: Form) -> io::Result<()> {
        let path = self.folder.join(form.file());
        if path.exists() {
            return Ok(());
        }
        let mut csv = BufReader::new(File::open(self.file("events.csv"))?);
        // Named last: what has the name is whole.
        let half = path.with_extension("half");
        let mut out = BufWriter::new(File::create(&half)?);
        if form == Form::Packed {
            let mut packing = GzEncoder::new(out, Compression::fast());
            io::copy(&mut csv, &mut packing)?;
            out = packing.finish()?;
        } else {
            // No cell has a comma or quotes.
            let mut lines = csv.lines();
            let keys = lines.next().transpose()?.unwrap_or_default();
            for line in lines {
                let line = line?;
                let members = keys.split(',').zip(line.split(',')).map(|(key, cell)| match (key, cell) {
                    (_, "") => format!("\"{key}\":null"),
                    ("event", number) => format!("\"{key}\":{number}"),
                    (_, text) => format!("\"{key}\":\"{text}\""),
                });
                writeln!(out, "{{{}}}", members.collect::<Vec<_>>().join(","))?;
            }
        }
        out.flush()?;
        fs::rename(half, path)
    }

    /// The same with no more than `count` patients, in a file of their own.
    pub(crate) fn few_patients(&self, count: usize) -> io::Result<String> {
        let few = self.file(&format!("incidents-{count}.csv"));
        let text = fs::read_to_string(self.file("incidents.csv"))?;
        let end = text.match_indices('\n').nth(count).map_or(text.len(), |(at, _)| at + 1);
        fs::write(&few, &text[..end])?;
        Ok(few)
    }
}

/// A fixed sequence of numbers (`SplitMix64`), one for each seed and purpose.
struct Chance(u64);

impl Chance {
    fn new(seed: u64, purpose: u64) -> Self {
        let mut chance =
            Self(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ purpose.wrapping_mul(0xd6e8_feb8_6659_fd93));
        chance.next();
        chance
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to before `end`.
    fn below(&mut self, end: u64) -> u64 {
        u64::try_from((u128::from(self.next()) * u128::from(end)) >> 64).unwrap_or(0)
    }

    /// Minutes from the first to before the second, in seconds.
    fn minutes(&mut self, from: u64, to: u64) -> i64 {
        MINUTE * i64::try_from(from + self.below(to - from)).unwrap_or(0)
    }

    fn percent(&mut self, share: u64) -> bool {
        self.below(100) < share
    }

    fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[usize::try_from(self.below(list.len() as u64)).unwrap_or(0)]
    }

    /// From 0 to before 1.
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Near 0, seldom beyond 2, never beyond 6: sums are the same on every machine, logarithms need not be.
    fn spread(&mut self) -> f64 {
        (0..12).map(|_| self.share()).sum::<f64>() - 6.0
    }
}

/// Where people live: centres with latitude, longitude, reach in degrees, and their weights summed up.
struct Metros {
    centres: Vec<(f64, f64, f64)>,
    sums: Vec<f64>,
}

impl Metros {
    fn new(facilities: u64, seed: u64) -> Self {
        let mut chance = Chance::new(seed, 1);
        let count: u32 = if facilities < 1000 { 4 } else { 240 };
        let mut metros = Self { centres: Vec::new(), sums: Vec::new() };
        let mut sum = 0.0;
        for rank in 0..count {
            // The largest are few and wide, as cities are.
            let weight = 1.0 / (f64::from(rank) + 3.0);
            sum += weight;
            let (lat, lon) = (27.0 + 20.0 * chance.share(), -122.0 + 50.0 * chance.share());
            metros.centres.push((lat, lon, 0.06 + 0.9 * weight));
            metros.sums.push(sum);
        }
        metros
    }

    /// A place in or around one of them, and which.
    fn place(&self, chance: &mut Chance, rural: u64) -> (f64, f64, usize) {
        let drawn = chance.share() * self.sums.last().copied().unwrap_or(0.0);
        let metro = self.sums.partition_point(|sum| *sum <= drawn).min(self.centres.len() - 1);
        let (lat, lon, reach) = self.centres[metro];
        let reach = if chance.percent(rural) { 1.0 } else { reach };
        (lat + reach * chance.spread(), lon + reach * chance.spread(), metro)
    }
}

/// A facility: an ED has a need or more.
struct Facility {
    id: String,
    lat: f64,
    lon: f64,
    metro: usize,
    needs: Vec<usize>,
}

fn facilities(count: u64, metros: &Metros, seed: u64) -> Vec<Facility> {
    let mut chance = Chance::new(seed, 2);
    // A region's registry lists its clinics, a nation's hardly.
    let eds = count - if count < 1000 { count * 2 / 3 } else { count / 12 };
    let facility = |index: u64| {
        let (lat, lon, metro) = metros.place(&mut chance, 18);
        let is_ed = index < eds;
        let mut needs = Vec::new();
        if is_ed {
            // The first has everything, so that no need is nobody's.
            let level = if index == 0 { 0 } else { chance.below(100) };
            let has = |need: usize, chance: &mut Chance| match need {
                0 => true,
                6 => level < 4,
                _ => level < 25 || chance.percent(25),
            };
            needs.extend((0..NEEDS.len()).filter(|need| has(*need, &mut chance)));
        }
        let id = if is_ed { format!("h{:06}", index + 1) } else { format!("c{:06}", index - eds + 1) };
        Facility { id, lat, lon, metro, needs }
    };
    (0..count).map(facility).collect()
}

/// What is said of a facility, in seconds after the beginning.
#[derive(Clone, Copy)]
struct Event {
    recorded: i64,
    from: i64,
    until: Option<i64>,
    status: &'static str,
    /// Which needs, by bits; 0 where it is all.
    scope: u8,
    reason: &'static str,
    source: &'static str,
}

/// A facility's story, an episode at a time.
struct Story {
    chance: Chance,
    /// When its last episode ended.
    free: i64,
    /// When its last event was recorded.
    recorded: i64,
    events: VecDeque<Event>,
}

impl Story {
    fn new(seed: u64, facility: u64) -> Self {
        let mut chance = Chance::new(seed, 1000 + facility);
        let free = chance.minutes(0, 10 * 1440);
        Self { chance, free, recorded: 0, events: VecDeque::new() }
    }

    fn say(&mut self, from: i64, until: Option<i64>, status: &'static str, scope: u8) {
        let chance = &mut self.chance;
        let within = if chance.percent(80) { 300 } else { 1800 };
        // In the order of what it says, and, half an hour at the most, before anything of it ends.
        self.recorded = self.recorded.max(from + i64::try_from(chance.below(within)).unwrap_or(0));
        let reason = if status == "open" { "" } else { chance.of(&REASONS) };
        let source = chance.of(&SOURCES);
        self.events.push_back(Event { recorded: self.recorded, from, until, status, scope, reason, source });
    }

    /// One more episode.
    fn go_on(&mut self, needs: &[usize]) {
        let chance = &mut self.chance;
        let begin = self.free + chance.minutes(30, 9 * 1440);
        let long = chance.percent(10);
        let length = if long { chance.minutes(720, 4320) } else { chance.minutes(60, 480) };
        let kind = chance.below(100);
        let lead = if kind < 45 && chance.percent(30) { chance.minutes(20, 50) } else { 0 };
        let mut end = begin + lead + length;
        // About a third end by themselves, the others when somebody says so.
        let until = chance.percent(35).then_some(end);
        let mut scope = 0;
        let mut ends_early = false;
        match kind {
            0..45 => {
                if lead > 0 {
                    let until = chance.percent(30).then_some(begin + chance.minutes(40, 90));
                    self.say(begin, until, "advisory", 0);
                }
                self.say(begin + lead, until, "diverting", 0);
            }
            45..55 => {
                let ease = begin + length / 2 / MINUTE * MINUTE;
                self.say(begin, None, "diverting", 0);
                // What is said shortly before an end is recorded before it, too.
                end = end.max(ease + 40 * MINUTE);
                self.say(ease, until.map(|_| end), "advisory", 0);
            }
            55..88 => {
                for _ in 0..=chance.below(3) {
                    scope |= 1 << chance.of(needs);
                }
                self.say(begin, until, "diverting", scope);
            }
            _ => {
                ends_early = chance.percent(20);
                self.say(begin, until, if kind < 94 { "closed" } else { "advisory" }, 0);
            }
        }
        let chance = &mut self.chance;
        self.free = end;
        if until.is_none() {
            self.say(end, None, "open", scope);
        } else if ends_early {
            let earlier = end - chance.minutes(1, 20);
            self.say(earlier, None, "open", scope);
        } else if chance.percent(5) {
            // Said after it had run out.
            self.free = end + chance.minutes(1, 20);
            self.say(self.free, None, "open", scope);
        }
    }

    fn next(&mut self, needs: &[usize]) -> Event {
        loop {
            if let Some(event) = self.events.pop_front() {
                return event;
            }
            self.go_on(needs);
        }
    }
}

/// Instants as text, without asking the calendar for each.
struct Stamps(Vec<String>);

impl Stamps {
    fn write(&mut self, seconds: i64, out: &mut Vec<u8>) {
        let (day, second) = (usize::try_from(seconds / DAY).unwrap_or(0), seconds % DAY);
        while self.0.len() <= day {
            let date = date(BEGIN + self.0.len() as i64 * DAY);
            self.0.push(date.format("%Y-%m-%dT").to_string());
        }
        out.extend_from_slice(self.0[day].as_bytes());
        for (number, after) in [(second / 3600, b':'), (second / 60 % 60, b':'), (second % 60, b'Z')] {
            let number = u8::try_from(number).unwrap_or(0);
            out.extend_from_slice(&[b'0' + number / 10, b'0' + number % 10, after]);
        }
    }

    fn text(&mut self, seconds: i64) -> String {
        let mut out = Vec::new();
        self.write(seconds, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }
}

fn date(seconds: i64) -> NaiveDate {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default().date_naive()
}

fn create(folder: &Path, name: &str) -> io::Result<BufWriter<File>> {
    Ok(BufWriter::with_capacity(1 << 20, File::create(folder.join(name))?))
}

/// Writes the files. Gives the facts: what stands in `World`, a line each.
fn make(folder: &Path, size: Size, seed: u64) -> io::Result<String> {
    let metros = Metros::new(size.facilities, seed);
    let facilities = facilities(size.facilities, &metros, seed);
    write_registry(folder, &facilities, &metros)?;
    write_facilities(folder, &facilities)?;
    let mut stamps = Stamps(Vec::new());
    let last = write_events(folder, &facilities, size.events, seed, &mut stamps)?;
    let mut chance = Chance::new(seed, 3);
    let mut incidents = create(folder, "incidents.csv")?;
    writeln!(incidents, "id,time,lat,lon,need")?;
    for number in 0..size.patients {
        // Evenly through the years and ten minutes to and fro: only roughly in order.
        let even =
            i64::try_from(u128::from(number) * u128::from(last.unsigned_abs()) / u128::from(size.patients));
        let time = even.unwrap_or(0) + i64::try_from(chance.below(600)).unwrap_or(0);
        let (lat, lon, _) = metros.place(&mut chance, 15);
        let mut drawn = chance.below(100);
        let need = NEEDS.iter().find(|(_, _, share)| {
            let is_it = drawn < *share;
            drawn = drawn.saturating_sub(*share);
            is_it
        });
        let need = need.map_or("general", |(need, _, _)| need);
        writeln!(incidents, "{},{},{lat:.5},{lon:.5},{need}", number + 1, stamps.text(time))?;
    }
    incidents.flush()?;
    let (lat, lon, _) = metros.place(&mut chance, 0);
    let month = date(BEGIN + last).with_day(1).and_then(|first| first.checked_add_months(Months::new(1)));
    let horizon = month.unwrap_or_default().format("%Y-%m-%dT00:00:00Z");
    let mut through = |percent: i64| stamps.text(last * percent / 100 / MINUTE * MINUTE);
    Ok(format!("{}\n{horizon}\n{}\n{}\n{lat:.5}\n{lon:.5}\n", through(0), through(75), through(90)))
}

/// The registry. Travel is slow, so that a tenth of a minute is a few metres, and two facilities are seldom as near.
fn write_registry(folder: &Path, facilities: &[Facility], metros: &Metros) -> io::Result<()> {
    let mut out = create(folder, "facilities.toml")?;
    writeln!(out, "[registry]\nname = \"Measured: {} facilities\"\ntimezone = \"UTC\"\n", facilities.len())?;
    writeln!(out, "[travel]\nspeed_kmh = 5\ncircuity = 1.3\n")?;
    for (need, service, _) in NEEDS {
        if service.is_empty() {
            writeln!(out, "[need.{need}]\nrequires = []\n")?;
        } else {
            writeln!(
                out,
                "[service.{service}]\nincludes = []\n\n[need.{need}]\nrequires = [\"{service}\"]\n"
            )?;
        }
    }
    for metro in 0..metros.centres.len() {
        writeln!(out, "[region.m{metro:03}]\nname = \"Metro {metro}\"\n")?;
    }
    for (number, Facility { id, lat, lon, metro, needs }) in (1..).zip(facilities) {
        let kind = if needs.is_empty() { "clinic" } else { "hospital" };
        writeln!(out, "[facility.{id}]\nname = \"Metro {metro} {kind} {number}\"\nkind = \"{kind}\"")?;
        writeln!(out, "region = \"m{metro:03}\"\nlat = {lat:.5}\nlon = {lon:.5}")?;
        if !needs.is_empty() {
            let services: Vec<String> =
                needs.iter().skip(1).map(|need| format!("\"{}\"", NEEDS[*need].1)).collect();
            writeln!(out, "services = [{}]\ned = {{ beds = {} }}", services.join(", "), 8 + number % 60)?;
        }
        writeln!(out)?;
    }
    out.flush()
}

/// The same for the peers: an ED has needs, joined by `|`.
fn write_facilities(folder: &Path, facilities: &[Facility]) -> io::Result<()> {
    let mut out = create(folder, "facilities.csv")?;
    writeln!(out, "facility,name,kind,lat,lon,needs,region")?;
    for (number, Facility { id, lat, lon, metro, needs }) in (1..).zip(facilities) {
        let kind = if needs.is_empty() { "clinic" } else { "hospital" };
        let needs: Vec<&str> = needs.iter().map(|need| NEEDS[*need].0).collect();
        let needs = needs.join("|");
        writeln!(out, "{id},Metro {metro} {kind} {number},{kind},{lat:.5},{lon:.5},{needs},m{metro:03}")?;
    }
    out.flush()
}

/// The log, in the order in which it was recorded. Gives the latest recording, in seconds after the beginning.
fn write_events(
    folder: &Path,
    facilities: &[Facility],
    count: u64,
    seed: u64,
    stamps: &mut Stamps,
) -> io::Result<i64> {
    let mut out = create(folder, "events.csv")?;
    writeln!(out, "event,recorded_at,kind,facility,lane,status,scope,from,until,reason,source")?;
    let eds: Vec<&Facility> = facilities.iter().filter(|facility| !facility.needs.is_empty()).collect();
    let mut stories: Vec<Story> = (0..eds.len() as u64).map(|index| Story::new(seed, index)).collect();
    // Of each facility its next event; the first recorded of them is the log's next.
    let mut next: Vec<Event> =
        stories.iter_mut().zip(&eds).map(|(story, ed)| story.next(&ed.needs)).collect();
    let mut queue: BinaryHeap<Reverse<(i64, usize)>> =
        next.iter().enumerate().map(|(ed, event)| Reverse((event.recorded, ed))).collect();
    let mut last = 0;
    let mut row = Vec::new();
    for number in 1..=count {
        let Some(Reverse((recorded, ed))) = queue.pop() else { break };
        let event = std::mem::replace(&mut next[ed], stories[ed].next(&eds[ed].needs));
        queue.push(Reverse((next[ed].recorded, ed)));
        last = recorded;
        row.clear();
        write!(row, "{number},")?;
        stamps.write(event.recorded, &mut row);
        write!(row, ",declare,{},,{},", eds[ed].id, event.status)?;
        let scope = (0..NEEDS.len()).filter(|need| event.scope >> need & 1 == 1);
        for (nth, need) in scope.enumerate() {
            row.extend_from_slice(if nth > 0 { b" and " } else { b"" });
            row.extend_from_slice(NEEDS[need].0.as_bytes());
        }
        row.push(b',');
        stamps.write(event.from, &mut row);
        row.push(b',');
        if let Some(until) = event.until {
            stamps.write(until, &mut row);
        }
        writeln!(row, ",{},{}", event.reason, event.source)?;
        out.write_all(&row)?;
    }
    out.flush()?;
    Ok(last)
}
