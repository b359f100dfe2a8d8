//! What `verify` finds: with a head that somebody kept, every change before it.

use std::fs;
use std::path::Path;

use ambulance_diversion::log::{Access, Column, EventLog, Flaw, Head, LogError, Row, SqliteLog};
use rusqlite::Connection;
use sha2::{Digest, Sha256};

use crate::processes::setting;
use crate::stores::{Place, append, draft, elaborate, fill};

fn filled() -> (Place, Head) {
    let place = Place::sqlite();
    let mut log = place.open();
    fill(&mut *log, 5);
    append(&mut *log, vec![ambulance_diversion::log::Draft::declare(elaborate(), "hospital"), draft()]);
    let head = log.head().unwrap();
    (place, head)
}

/// A forger's hands: the rows without their guards.
pub(crate) fn forge(place: &Place, sql: &str) {
    let raw = Connection::open(place.path()).unwrap();
    let guards: Vec<(String, String)> = {
        let mut triggers = raw.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").unwrap();
        let rows = triggers.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    };
    for (name, _) in &guards {
        raw.execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
    }
    raw.execute_batch(sql).unwrap();
    for (_, sql) in &guards {
        raw.execute_batch(sql).unwrap();
    }
}

fn flaws(place: &Place, kept: Option<Head>) -> Vec<Flaw> {
    place.open().verify(kept).unwrap().flaws
}

#[test]
fn a_changed_event_is_named_and_its_neighbours_are_not() {
    let (place, _) = filled();
    forge(&place, "UPDATE event SET reason = 'no beds' WHERE event = 3");
    assert_eq!(flaws(&place, None), [Flaw::Changed { event: 3 }]);
}

#[test]
fn a_cell_that_is_no_text_is_named_and_what_comes_after_it_is_judged() {
    let (place, _) = filled();
    forge(
        &place,
        "UPDATE event SET source = CAST(x'ff' AS TEXT) WHERE event = 2; \
         UPDATE event SET reason = 'no beds' WHERE event = 5",
    );
    assert_eq!(flaws(&place, None), [2, 5].map(|event| Flaw::Changed { event }));
}

#[test]
fn a_table_that_was_dropped_is_no_empty_log() {
    let (place, _) = filled();
    Connection::open(place.path()).unwrap().execute_batch("DROP TABLE event").unwrap();
    let told: Vec<String> = flaws(&place, None).iter().map(ToString::to_string).collect();
    assert!(told.contains(&"`event`, which guards the log, was taken off".to_owned()), "{told:?}");
}

#[test]
fn swapped_events_are_named() {
    let (place, _) = filled();
    forge(
        &place,
        "UPDATE event SET event = -1 WHERE event = 3; UPDATE event SET event = 3 WHERE event = 4; \
                   UPDATE event SET event = 4 WHERE event = -1",
    );
    let flaws = flaws(&place, None);
    assert_eq!(flaws, [3, 4, 5].map(|event| Flaw::Changed { event }));
}

#[test]
fn a_gap_is_named() {
    let (place, _) = filled();
    forge(&place, "DELETE FROM event WHERE event IN (3, 4)");
    assert_eq!(flaws(&place, None)[0], Flaw::Missing { first: 3, last: 4 });
}

#[test]
fn a_cut_tail_is_found_with_a_kept_head_only() {
    let (place, kept) = filled();
    forge(&place, "DELETE FROM event WHERE event > 4");
    assert_eq!(flaws(&place, None), []);
    assert_eq!(flaws(&place, Some(kept)), [Flaw::Cut { last: 4, kept }]);
}

#[test]
fn a_log_that_was_emptied_is_found() {
    let (place, kept) = filled();
    forge(&place, "DELETE FROM event");
    assert_eq!(flaws(&place, Some(kept)), [Flaw::Cut { last: 0, kept }]);
}

/// The hash of an event, computed from what the documentation says about it and nothing else.
fn documented_hash(before: &[u8], number: u64, row: &Row<'_>) -> Vec<u8> {
    let mut text = b"divert event 1\0".to_vec();
    text.extend(before);
    text.extend(number.to_be_bytes());
    for name in "recorded_at kind facility region lane status scope from until route walk_in reason text source author \
                 approver exercise retracts data"
        .split_whitespace()
    {
        match row.get(Column::named(name).unwrap()) {
            None => text.push(0),
            Some(cell) => {
                text.push(1);
                text.extend((cell.len() as u64).to_be_bytes());
                text.extend(cell.as_bytes());
            }
        }
    }
    Sha256::digest(text).to_vec()
}

#[test]
fn hashes_are_what_the_documentation_says_and_a_new_chain_is_found_with_a_kept_head_only() {
    let (place, kept) = filled();
    let mut before = vec![0; 32];
    place
        .open()
        .rows(1..=u64::MAX, &mut |number, row| {
            before = documented_hash(&before, number, row);
            let hash = hexadecimal(&before);
            assert_eq!(row.get(Column::Hash), Some(hash.as_str()));
            Ok(())
        })
        .unwrap();

    forge(&place, "UPDATE event SET reason = 'no beds' WHERE event = 2");
    let mut before = vec![0; 32];
    let mut hashes = String::new();
    place
        .open()
        .rows(1..=u64::MAX, &mut |number, row| {
            before = documented_hash(&before, number, row);
            let hash = hexadecimal(&before);
            hashes += &format!("UPDATE event SET hash = '{hash}' WHERE event = {number};");
            Ok(())
        })
        .unwrap();
    forge(&place, &hashes);
    assert_eq!(flaws(&place, None), []);
    let found = place.open().head().unwrap().hash;
    assert_eq!(flaws(&place, Some(kept)), [Flaw::Rewritten { kept, found }]);
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

fn rows(path: &Path) -> Result<Vec<Row<'static>>, LogError> {
    let mut rows = Vec::new();
    let mut log = SqliteLog::open(path, Access::Read)?;
    let log: &mut dyn EventLog = &mut log;
    log.rows(1..=u64::MAX, &mut |_, row| {
        rows.push(row.clone().into_owned());
        Ok(())
    })?;
    Ok(rows)
}

/// Whether the damage is found; where it isn't, nothing of what was recorded may have changed.
fn is_found(damaged: &[u8], path: &Path, kept: Head, recorded: &[Row<'static>], what: &str) -> bool {
    fs::write(path, damaged).unwrap();
    let verdict = SqliteLog::open(path, Access::Read).and_then(|mut log| {
        let log: &mut dyn EventLog = &mut log;
        log.verify(Some(kept))
    });
    if verdict.is_ok_and(|verdict| verdict.flaws.is_empty()) {
        assert_eq!(rows(path).unwrap(), recorded, "{what}");
        return false;
    }
    true
}

/// `DIVERT_TEST_FLIPS=all` takes every byte.
#[test]
fn a_changed_byte_is_found_or_changes_nothing() {
    let step = if setting("DIVERT_TEST_FLIPS").is_some() { 1 } else { 41 };
    let (place, kept) = filled();
    let intact = fs::read(place.path()).unwrap();
    let recorded = rows(&place.path()).unwrap();
    let mut found = 0;
    for at in (0..intact.len()).step_by(step) {
        for mask in [1, 0x80, 0xff] {
            let mut damaged = intact.clone();
            damaged[at] ^= mask;
            let what = format!("byte {at} ^ {mask}");
            found += usize::from(is_found(&damaged, &place.path(), kept, &recorded, &what));
        }
    }
    assert!(found > 20, "only {found} of the changes were found");
}

#[test]
fn a_file_that_was_cut_is_found_or_lost_nothing() {
    let (place, kept) = filled();
    let intact = fs::read(place.path()).unwrap();
    let recorded = rows(&place.path()).unwrap();
    let mut found = 0;
    for length in (0..intact.len()).step_by(intact.len() / 50) {
        let what = format!("{length} bytes");
        found += usize::from(is_found(&intact[..length], &place.path(), kept, &recorded, &what));
    }
    assert!(found > 20, "only {found} of the cuts were found");
}
