//! Several processes at one log, and processes that are killed.
//!
//! A child is this test program again, told by its environment to run [`child`] and nothing else.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use ambulance_diversion::log::{Access, Log, Writer};

use crate::stores::{NOON, Place, REGISTRY, draft, open};

/// A setting of the environment.
#[allow(clippy::disallowed_methods)] // the test program has no other arguments of its own
pub(crate) fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// A child that does this job at this log, so often, with so many events at a time.
pub(crate) fn command(job: &str, address: &str, times: usize, batch: usize) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "processes::child", "--nocapture", "--ignored"])
        .env("DIVERT_TEST_JOB", job)
        .env("DIVERT_TEST_ADDRESS", address)
        .env("DIVERT_TEST_TIMES", times.to_string())
        .env("DIVERT_TEST_BATCH", batch.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn start(job: &str, address: &str, times: usize, batch: usize) -> Child {
    command(job, address, times, batch).spawn().unwrap()
}

/// What a child says, without the words of the test program round it.
pub(crate) fn said(stdout: &str) -> Vec<&str> {
    stdout.lines().filter_map(|line| line.split_once("child: ")).map(|(_, said)| said).collect()
}

#[test]
#[ignore = "is run by other tests, in a process of its own"]
fn child() {
    let Some(job) = setting("DIVERT_TEST_JOB") else { return };
    let address = setting("DIVERT_TEST_ADDRESS").unwrap();
    let number = |name| setting(name).unwrap().parse::<usize>().unwrap();
    let say = |said: String| {
        let mut out = std::io::stdout().lock();
        writeln!(out, "child: {said}").unwrap();
        out.flush().unwrap();
    };
    match job.as_str() {
        "append" => match open(&address, Access::Create) {
            Err(error) => say(format!("{error:?}")),
            Ok(mut log) => {
                let writer = Writer { registry: &REGISTRY, author: "child", clock: &|| NOON };
                let mut known = Log::default();
                for _ in 0..number("DIVERT_TEST_TIMES") {
                    let drafts = vec![draft(); number("DIVERT_TEST_BATCH")];
                    match log.append(writer, &mut known, |_, _| Ok::<_, ()>(drafts)) {
                        Ok(done) => say(done.unwrap().head.event.to_string()),
                        Err(error) => {
                            say(format!("{error:?}"));
                            break;
                        }
                    }
                }
            }
        },
        "read" => {
            let loaded = open(&address, Access::Read).and_then(|mut log| log.load(&REGISTRY));
            say(loaded.map_or_else(|error| format!("{error:?}"), |log| log.head().to_string()));
            say(format!("{:?}", open(&address, Access::Write).map(|_| ())));
        }
        other => panic!("no job `{other}`"),
    }
}

/// Eight processes append 500 events each.
fn eight_at_once(place: &Place) {
    let children: Vec<Child> = (0..8).map(|_| start("append", &place.address(), 500, 1)).collect();
    let mut numbers: Vec<u64> = Vec::new();
    for child in children {
        let output = child.wait_with_output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        numbers.extend(said(&stdout).iter().map(|said| said.parse::<u64>().expect(said)));
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=4000).collect::<Vec<u64>>());
    let mut log = place.open();
    assert_eq!(log.load(&REGISTRY).unwrap().head(), 4000);
    assert_eq!(log.verify(None).unwrap().flaws, []);
}

#[test]
fn eight_processes_write_four_thousand_events_without_gap() {
    eight_at_once(&Place::sqlite());
}

#[cfg(feature = "postgres")]
#[test]
fn eight_processes_write_four_thousand_events_without_gap_to_postgres() {
    if let Some(place) = Place::postgres() {
        eight_at_once(&place);
    }
}

/// `DIVERT_TEST_KILLS=200` kills more often than the 20 times of every run.
#[test]
fn a_killed_writer_loses_nothing_that_was_acknowledged() {
    let kills: u64 = setting("DIVERT_TEST_KILLS").map_or(20, |kills| kills.parse().unwrap());
    let place = Place::sqlite();
    let mut acknowledged = 0;
    for round in 0..kills {
        let mut child = start("append", &place.address(), usize::MAX, 1);
        let out = child.stdout.take().unwrap();
        let heard = thread::spawn(move || {
            let mut heads = Vec::new();
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                heads.extend(said(&line).iter().map(|said| said.parse::<u64>().expect(said)));
            }
            heads.last().copied()
        });
        // Some die while the file is being made, some in the midst of many writes.
        thread::sleep(Duration::from_millis(round * 37 % 90));
        child.kill().unwrap();
        child.wait().unwrap();
        acknowledged = heard.join().unwrap().unwrap_or(acknowledged);
        let mut log = place.open();
        let head = log.head().unwrap();
        assert!(head.event >= acknowledged, "round {round}: {acknowledged} acknowledged, {head}");
        assert_eq!(log.verify(Some(head)).unwrap().flaws, [], "round {round}");
    }
    assert!(acknowledged > kills, "only {acknowledged} events in {kills} rounds");
}

/// A child writes ten events at a time; whoever reads meanwhile sees tens.
fn whole_transactions(place: &Place) {
    let mut log = place.open();
    let mut child = start("append", &place.address(), 200, 10);
    let mut seen = 0;
    let mut heads = 0;
    while seen < 2000 {
        let head = log.load(&REGISTRY).unwrap().head();
        assert!(head >= seen && head % 10 == 0, "{head} after {seen}");
        heads += usize::from(head > seen);
        if head == seen && child.try_wait().unwrap().is_some() && log.head().unwrap().event == seen {
            break;
        }
        seen = head;
    }
    child.wait().unwrap();
    assert_eq!(seen, 2000);
    assert!(heads > 1, "saw the log once only");
}

#[test]
fn readers_see_whole_transactions() {
    whole_transactions(&Place::sqlite());
}

#[cfg(feature = "postgres")]
#[test]
fn readers_see_whole_transactions_in_postgres() {
    if let Some(place) = Place::postgres() {
        whole_transactions(&place);
    }
}
