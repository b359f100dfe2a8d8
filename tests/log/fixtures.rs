//! Logs of every form that ever landed are read, verified and written on.

use std::fs;
use std::path::{Path, PathBuf};

use ambulance_diversion::log::{Access, Draft, EventLog, Head, SqliteLog};

use crate::stores::{REGISTRY, append, draft, elaborate};

fn fixture(form: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/log/fixtures/v{form}.db"))
}

fn write(path: &Path) {
    let mut log = SqliteLog::open(path, Access::Create).unwrap();
    let drafts = vec![
        draft().imported_as("book 7, row 1"),
        Draft::declare(elaborate(), "hospital"),
        Draft::retract(1, "dispatch").with_text("another hospital was meant"),
    ];
    append(&mut log, drafts);
}

/// Makes the fixture of the present form: `cargo test --test log make_the_fixture -- --ignored`, once, when a form lands.
#[test]
#[ignore = "writes into the repository"]
fn make_the_fixture() {
    write(&fixture(1));
    let mut log = SqliteLog::open(&fixture(1), Access::Read).unwrap();
    let log: &mut dyn EventLog = &mut log;
    fs::write(fixture(1).with_extension("head"), format!("{}\n", log.head().unwrap())).unwrap();
}

#[test]
fn form_1_is_read_verified_and_written_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("diversions.db");
    fs::copy(fixture(1), &path).unwrap();
    let kept: Head = fs::read_to_string(fixture(1).with_extension("head")).unwrap().trim().parse().unwrap();
    let mut log = SqliteLog::open(&path, Access::Write).unwrap();
    let log: &mut dyn EventLog = &mut log;
    assert_eq!(log.verify(Some(kept)).unwrap().flaws, []);
    let events = log.load(&REGISTRY).unwrap().events;
    assert_eq!(append(log, vec![draft(), draft().imported_as("book 7, row 1")]).skipped, 1);
    assert!(log.load(&REGISTRY).unwrap().events.iter().take(3).eq(events.iter()));

    let fresh = folder.path().join("fresh.db");
    write(&fresh);
    let mut fresh = SqliteLog::open(&fresh, Access::Read).unwrap();
    let fresh: &mut dyn EventLog = &mut fresh;
    assert_eq!(fresh.load(&REGISTRY).unwrap().events, events);
    assert_eq!(fresh.head().unwrap(), kept, "the same events have another hash than when form 1 landed");
}
