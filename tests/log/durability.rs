//! What an SQLite log promises beside the suite: about its file, its rights, its room and its neighbours.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use ambulance_diversion::log::{Access, EventLog, LogError, SqliteLog};
use rusqlite::Connection;

use crate::processes::{command, said};
use crate::stores::{NOON, Place, REGISTRY, append, append_at, draft, fill, open};

fn filled(count: usize) -> Place {
    let place = Place::sqlite();
    fill(&mut *place.open(), count);
    place
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn nobody_rewrites_rows() {
    let place = Place::sqlite();
    append(&mut *place.open(), vec![draft().imported_as("key"), draft()]);
    let raw = Connection::open(place.path()).unwrap();
    let row = |event: i64, hash: &str, data: &str| {
        format!(
            "event (event, recorded_at, kind, source, data, hash) \
             VALUES ({event}, '2023-08-04T12:00:00Z', 'note', 'x', {data}, '{hash}')"
        )
    };
    let hash = "0".repeat(64);
    for sql in [
        "UPDATE event SET reason = 'x' WHERE event = 1".to_owned(),
        "UPDATE OR REPLACE event SET event = 1 WHERE event = 2".to_owned(),
        "DELETE FROM event".to_owned(),
        format!("INSERT OR REPLACE INTO {}", row(1, &hash, "NULL")),
        format!("REPLACE INTO {}", row(2, &hash, "NULL")),
        format!("INSERT OR REPLACE INTO {}", row(3, &hash, "'{\"import\":\"key\"}'")),
        format!("INSERT INTO {} ON CONFLICT DO UPDATE SET reason = 'x'", row(1, &hash, "NULL")),
        format!("INSERT INTO {}", row(4, &hash, "NULL")),
        format!("INSERT INTO {}", row(0, &hash, "NULL")),
        format!("INSERT INTO {}", row(3, "short", "NULL")),
        "INSERT INTO event (recorded_at, kind, source, hash) VALUES ('2020', 'note', 'x', '')".to_owned(),
    ] {
        assert!(raw.execute(&sql, []).is_err(), "{sql}");
    }
    let kept: i64 =
        raw.query_row("SELECT count(*) FROM event WHERE reason = 'flood'", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, 2);
}

#[test]
fn a_guard_that_was_taken_off_is_noticed() {
    let place = filled(1);
    let raw = Connection::open(place.path()).unwrap();
    raw.execute_batch(
        "DROP TRIGGER event_stays; CREATE TRIGGER mine AFTER INSERT ON event BEGIN SELECT 1; END",
    )
    .unwrap();
    let flaws = place.open().verify(None).unwrap().flaws;
    let told: Vec<String> = flaws.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["`event_stays`, which guards the log, was taken off", "the trigger `mine` was added"]);
}

#[cfg(unix)]
#[test]
fn the_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::sqlite();
    let mut log = place.open();
    fill(&mut *log, 1);
    let folder = place.path().parent().unwrap().to_owned();
    assert_eq!(names(&folder), ["diversions.db", "diversions.db-shm", "diversions.db-wal"]);
    for name in names(&folder) {
        let mode = fs::metadata(folder.join(&name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    drop(log);
    assert_eq!(names(&folder), ["diversions.db"]);
}

#[test]
fn reading_leaves_nothing_behind() {
    let place = filled(2);
    let folder = place.path().parent().unwrap().to_owned();
    let mut log = open(&place.address(), Access::Read).unwrap();
    assert_eq!(log.load(&REGISTRY).unwrap().head(), 2);
    let error = append_at(&mut *log, NOON, vec![draft()]).unwrap_err();
    assert!(matches!(error, LogError::ReadOnly { .. }), "{error}");
    drop(log);
    assert_eq!(names(&folder), ["diversions.db"]);
}

/// What a user sees who may read the file and its directory and write to neither.
#[cfg(unix)]
fn as_a_stranger(place: &Place) -> Vec<String> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    let folder = place.path().parent().unwrap().to_owned();
    let rights = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    for name in names(&folder) {
        rights(&folder.join(name), 0o444);
    }
    rights(&folder, 0o555);
    let mut child = command("read", &place.address(), 1, 1);
    if fs::metadata(&folder).unwrap().uid() == 0 {
        child.uid(65534).gid(65534);
    }
    let output = child.output();
    rights(&folder, 0o755);
    let Ok(output) = output else {
        // The test program lies where only root may go.
        return Vec::new();
    };
    said(&String::from_utf8(output.stdout).unwrap()).into_iter().map(str::to_owned).collect()
}

#[cfg(unix)]
#[test]
fn a_read_only_file_in_a_read_only_directory_is_read_and_nothing_is_created() {
    let place = filled(3);
    let folder = place.path().parent().unwrap().to_owned();
    match as_a_stranger(&place).as_slice() {
        [] => {}
        [head, write] => {
            assert_eq!(head, "3");
            assert!(write.starts_with("Err(ReadOnly"), "{write}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(names(&folder), ["diversions.db"]);
}

#[cfg(unix)]
#[test]
fn a_stranger_reads_what_a_writer_at_work_has_written() {
    use std::os::unix::fs::PermissionsExt;
    let place = filled(3);
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o644)).unwrap();
    let mut log = place.open();
    fill(&mut *log, 2);
    let seen = as_a_stranger(&place);
    assert!(seen.is_empty() || seen[0] == "5", "{seen:?}");
}

/// Appends until there is no room, and then is still a log.
fn fill_up(path: &Path, mut run: impl FnMut(&str) -> String) {
    let told = run(path.to_str().unwrap());
    let said = said(&told);
    let (last, acknowledged) = said.split_last().expect("something was said");
    assert!(last.starts_with("Full") || last.starts_with("Storage"), "{last}");
    let acknowledged: u64 = acknowledged.last().expect("some events found room").parse().unwrap();
    let copy = path.parent().unwrap().join("copy");
    let mut log = SqliteLog::open(path, Access::Read).unwrap();
    let log: &mut dyn EventLog = &mut log;
    let head = log.head().unwrap();
    assert_eq!(head.event, acknowledged);
    assert_eq!(log.verify(Some(head)).unwrap().flaws, []);
    assert!(!copy.exists());
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_grow_is_not_written_to_and_stays_whole() {
    let folder = tempfile::tempdir().unwrap();
    fill_up(&folder.path().join("diversions.db"), |address| {
        let child = command("append", address, 10_000, 20);
        // The signal that a file may not grow is ignored, as a shell's `trap` can: the write fails instead.
        let mut shell = Command::new("sh");
        shell.args(["-c", "trap '' XFSZ; ulimit -f 200; exec \"$@\"", "sh"]).arg(child.get_program());
        shell.args(child.get_args());
        shell.envs(child.get_envs().filter_map(|(name, value)| Some((name, value?))));
        String::from_utf8(shell.output().unwrap().stdout).unwrap()
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_and_the_log_stays_whole() {
    let folder = tempfile::tempdir().unwrap();
    let mount =
        Command::new("mount").args(["-t", "tmpfs", "-o", "size=600k", "none"]).arg(folder.path()).output();
    if !mount.is_ok_and(|done| done.status.success()) {
        return;
    }
    let told = std::panic::catch_unwind(|| {
        fill_up(&folder.path().join("diversions.db"), |address| {
            let output = command("append", address, 10_000, 20).output().unwrap();
            String::from_utf8(output.stdout).unwrap()
        });
    });
    Command::new("umount").arg(folder.path()).status().unwrap();
    told.unwrap();
}

#[test]
fn a_busy_log_is_waited_for_and_then_told() {
    let place = filled(1);
    let raw = Connection::open(place.path()).unwrap();
    let mut log = SqliteLog::open_waiting(&place.path(), Access::Write, Duration::from_millis(300)).unwrap();
    raw.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = append_at(&mut log, NOON, vec![draft()]).unwrap_err();
    assert!(matches!(error, LogError::Busy { .. }), "{error}");
    let released = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(60));
        raw.execute_batch("COMMIT").unwrap();
    });
    assert_eq!(append(&mut log, vec![draft()]).head.event, 2);
    released.join().unwrap();
}

#[test]
fn only_a_writer_who_may_creates_a_log() {
    let place = Place::sqlite();
    for access in [Access::Read, Access::Write] {
        let error = SqliteLog::open(&place.path(), access).unwrap_err();
        assert!(matches!(error, LogError::Absent { .. }), "{error}");
    }
    assert!(!place.path().exists());
}

#[test]
fn a_file_that_holds_nothing_yet_is_an_empty_log() {
    let place = Place::sqlite();
    fs::write(place.path(), "").unwrap();
    let mut log = open(&place.address(), Access::Read).unwrap();
    assert_eq!(log.load(&REGISTRY).unwrap().head(), 0);
    assert_eq!(log.verify(None).unwrap().flaws, []);
}

#[test]
fn what_is_no_log_is_refused() {
    let place = Place::sqlite();
    let refused = |what: &str| {
        for access in [Access::Read, Access::Write, Access::Create] {
            let error = SqliteLog::open(&place.path(), access).unwrap_err();
            assert!(matches!(error, LogError::Foreign { .. }), "{what}: {error:?}");
            assert!(error.to_string().contains("diversions.db"), "{error}");
        }
    };
    fs::create_dir(place.path()).unwrap();
    refused("a directory");
    fs::remove_dir(place.path()).unwrap();
    fs::write(place.path(), "facility,status,from\n").unwrap();
    refused("a text");
    fs::write(place.path(), vec![b'x'; 9000]).unwrap();
    refused("noise");
    fs::remove_file(place.path()).unwrap();
    let raw = Connection::open(place.path()).unwrap();
    raw.execute_batch("CREATE TABLE event (x)").unwrap();
    refused("another program's database");
}

#[test]
fn a_later_form_is_refused() {
    let place = filled(1);
    Connection::open(place.path()).unwrap().pragma_update(None, "user_version", 99).unwrap();
    for access in [Access::Read, Access::Write] {
        let error = SqliteLog::open(&place.path(), access).unwrap_err();
        assert!(matches!(error, LogError::Newer { found: 99, .. }), "{error:?}");
    }
}

#[test]
fn a_log_that_was_replaced_is_not_written_to() {
    let place = filled(1);
    let mut log = open(&place.address(), Access::Write).unwrap();
    fs::rename(place.path(), place.path().with_extension("old")).unwrap();
    let error = append_at(&mut *log, NOON, vec![draft()]).unwrap_err();
    assert!(matches!(error, LogError::Replaced { .. }), "{error:?}");
}
