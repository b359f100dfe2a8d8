//! Reading a log of a million events, against the `sqlite3` program that reads the same rows.
//!
//! `cargo bench --bench log`. The log is made once, in `bench-data/`, of the shipped registry's facilities: statuses with
//! and without scope, route, end and reason, services, endings and retractions. `DIVERT_BENCH_EVENTS` gives another size.

#![allow(clippy::disallowed_macros, clippy::disallowed_methods)] // a measurement reads the clock and prints
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::cast_possible_wrap)] // and stops where it can't go on

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant as Clock};

use ambulance_diversion::load::{self, Options};
use ambulance_diversion::log::{Access, Draft, EventLog, Log, SqliteLog, Writer};
use ambulance_diversion::model::{FacilityId, FileId, Instant, Registry, Sources};
use ambulance_diversion::sentence::{self, Reading};
use ambulance_diversion::state::Timeline;
use chrono::TimeDelta;

const RUNS: usize = 5;
const ENOUGH: Duration = Duration::from_secs(8);
const BEGIN: i64 = 1_262_304_000;

/// What is said of one facility after the other.
const SAYINGS: &[&str] = &[
    "diverting because saturation",
    "diverting for stroke until +2h",
    "open",
    "closed, route to Hartford Hospital then nearest ct because flood",
    "still diverting",
    "off divert",
    "diverting for all except trauma until +90m",
    "ct down",
    "advisory because staffing",
    "ct up",
];

fn file() -> FileId {
    Sources::default().add("bench", "")
}

/// The drafts of one batch; the clock goes on by half a minute with each event.
fn drafts(registry: &Registry, first: usize, count: usize) -> Vec<Draft> {
    let facilities: Vec<FacilityId> =
        registry.facilities.ids().filter(|id| registry.facilities[*id].ed.is_some()).collect();
    (first..first + count)
        .map(|index| {
            if index % 97 == 96 {
                return Draft::retract(index as u64 - 40, "dispatch");
            }
            let facility = &registry.facilities[facilities[index * 7 % facilities.len()]];
            let said = format!("{} {}", facility.key, SAYINGS[index / 5 % SAYINGS.len()]);
            let now = Instant::from_seconds(BEGIN + index as i64 * 30);
            let reading = Reading { now, zone: Some(chrono_tz::UTC) };
            let declarations = sentence::statement(&said, file(), registry, reading).expect(&said);
            Draft::declare(declarations.into_iter().next().expect("one subject"), "hospital")
        })
        .collect()
}

fn make(path: &Path, registry: &Registry, events: usize) {
    const BATCH: usize = 10_000;
    let mut log = SqliteLog::open(path, Access::Create).expect("a log");
    let log: &mut dyn EventLog = &mut log;
    let begun = Clock::now();
    let mut known = Log::default();
    for first in (0..events).step_by(BATCH) {
        let clock = || Instant::from_seconds(BEGIN) + TimeDelta::seconds((first + BATCH) as i64 * 30);
        let writer = Writer { registry, author: "bench", clock: &clock };
        let count = BATCH.min(events - first);
        log.append(writer, &mut known, |_, _| Ok::<_, ()>(drafts(registry, first, count)))
            .expect("room")
            .expect("drafts");
    }
    println!("written           {:>8.0} ms   {events} events in batches of {BATCH}", millis(begun.elapsed()));
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// The shortest of several runs; of slow ones, fewer.
fn best<T>(mut run: impl FnMut() -> T) -> Duration {
    let mut shortest = Duration::MAX;
    let mut spent = Duration::ZERO;
    for _ in 0..RUNS {
        let begun = Clock::now();
        let kept = run();
        let time = begun.elapsed();
        drop(kept);
        shortest = shortest.min(time);
        spent += time;
        if spent > ENOUGH {
            break;
        }
    }
    shortest
}

fn sqlite3(path: &Path, query: &str) -> Option<Duration> {
    let run = || Command::new("sqlite3").arg(path).arg(query).stdout(Stdio::null()).status();
    run().ok()?;
    Some(best(run))
}

fn main() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let events =
        std::env::var("DIVERT_BENCH_EVENTS").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
    let mut sources = Sources::default();
    let loaded = load::registry(&root.join("facilities.toml"), &Options::default(), &mut sources);
    let registry = loaded.map(|loaded| loaded.registry).expect("the shipped registry");
    let folder = root.join("bench-data");
    std::fs::create_dir_all(&folder).expect("bench-data");
    let path = folder.join(format!("log-{events}.db"));
    let is_whole = SqliteLog::open(&path, Access::Read).is_ok_and(|mut log| {
        let log: &mut dyn EventLog = &mut log;
        log.head().is_ok_and(|head| head.event == events as u64)
    });
    if !is_whole {
        let _ = std::fs::remove_file(&path);
        make(&path, &registry, events);
    }
    let size = std::fs::metadata(&path).map_or(0, |found| found.len() / 1_000_000);
    println!("log               {size:>8} MB   {events} events, best of up to {RUNS} runs");

    let read = || {
        let mut log = SqliteLog::open(&path, Access::Read).expect("the log");
        let log: &mut dyn EventLog = &mut log;
        log.load(&registry).expect("its events")
    };
    let reading = best(read);
    println!("read              {:>8.0} ms", millis(reading));
    let folding = best(|| {
        let log = read();
        let timeline = Timeline::of(&registry, &log.events, None);
        // Each is folded when it is asked for.
        registry.facilities.ids().filter(|facility| timeline.facility(*facility).is_some()).count()
    });
    println!("read and fold     {:>8.0} ms", millis(folding));
    let verifying = best(|| {
        let mut log = SqliteLog::open(&path, Access::Read).expect("the log");
        let log: &mut dyn EventLog = &mut log;
        let verdict = log.verify(None).expect("its chain");
        assert!(verdict.flaws.is_empty(), "{verdict:?}");
    });
    println!("verify            {:>8.0} ms", millis(verifying));
    match sqlite3(&path, "SELECT * FROM event") {
        Some(theirs) => {
            println!("sqlite3 reads     {:>8.0} ms", millis(theirs));
            println!("read : sqlite3            {:.2}", reading.as_secs_f64() / theirs.as_secs_f64());
            println!("read and fold : sqlite3   {:.2}", folding.as_secs_f64() / theirs.as_secs_f64());
        }
        None => println!("sqlite3 is not here: nothing to compare with"),
    }
    let status = || {
        let mut divert = Command::new(env!("CARGO_BIN_EXE_divert"));
        divert.arg("--registry").arg(root.join("facilities.toml")).arg("--log").arg(&path);
        divert.args(["--at", "2031-01-01", "status"]).stdout(Stdio::null()).stderr(Stdio::null()).status()
    };
    let theirs =
        || Command::new("sqlite3").arg(&path).arg("SELECT * FROM event").stdout(Stdio::null()).status();
    if theirs().is_ok() {
        whole_processes(status, theirs);
    }
}

/// The board as a whole process and the program that only reads the rows, in turn.
fn whole_processes<T, U>(ours: impl Fn() -> T, theirs: impl Fn() -> U) {
    let mut times: [Vec<f64>; 2] = [Vec::new(), Vec::new()];
    for _ in 0..RUNS {
        let begin = Clock::now();
        ours();
        let between = Clock::now();
        theirs();
        times[0].push((between - begin).as_secs_f64());
        times[1].push(between.elapsed().as_secs_f64());
    }
    for times in &mut times {
        times.sort_by(f64::total_cmp);
    }
    let [ours, theirs] = times.map(|times| times[times.len() / 2]);
    println!(
        "status : sqlite3, whole processes in turn, medians   {ours:.2} s : {theirs:.2} s = {:.2}",
        ours / theirs
    );
}
