//! A log in an SQLite file: the default. Several programs write to it at once, and a power cut loses nothing that was
//! acknowledged.
//!
//! Floor 4; no clock and no environment. One immediate transaction a write, write-ahead log, full synchronous; readers
//! see whole transactions and hold nobody up.

use std::borrow::Cow;
use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension, Statement, Transaction, TransactionBehavior,
    params_from_iter,
};

use super::chain::Hash;
use super::migrations::{APPLICATION_ID, SQLITE};
use super::row::{Column, Row};
use super::store::{EachRow, EventLog, Last, Reading, Writing, last};
use super::{Access, LogError, filesystem};

/// How long a writer waits for the others.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whoever adds so many events at once imports them. Their keys are in no order: to look for each in the file would take
/// half of the time.
const MANY: u64 = 1000;

/// So much of the file is kept in memory then, in KiB, if it touches that much.
const CACHE: i64 = 256 << 10;

/// The version that this program reads and writes.
#[allow(clippy::cast_possible_wrap)] // a handful of steps
const VERSION: i64 = SQLITE.len() as i64;

/// A log in an SQLite file.
#[derive(Debug)]
pub struct SqliteLog {
    name: String,
    path: PathBuf,
    patience: Duration,
    access: Access,
    /// Open while it may be kept open: a file that can't be written to is opened anew for each reading.
    connection: Option<Connection>,
    /// Which file the connection is to.
    identity: (u64, u64),
}

impl SqliteLog {
    /// Opens the log at this path. For [`Access::Read`], it may lie in a file or a directory that can't be written to;
    /// nothing is created there.
    pub fn open(path: &Path, access: Access) -> Result<Self, LogError> {
        Self::open_waiting(path, access, PATIENCE)
    }

    /// The same, for whoever is willing to wait for other writers no longer than this.
    pub fn open_waiting(path: &Path, access: Access, patience: Duration) -> Result<Self, LogError> {
        let name = path.display().to_string();
        let mut log =
            Self { name, path: path.to_owned(), patience, access, connection: None, identity: (0, 0) };
        log.find()?;
        log.connection = match access {
            Access::Read => log.to_read()?,
            Access::Write | Access::Create => Some(log.to_write()?),
        };
        Ok(log)
    }

    /// Looks for the file, and creates an empty one where that was asked for.
    fn find(&mut self) -> Result<(), LogError> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        for place in [self.path.as_path(), folder.unwrap_or(Path::new("."))] {
            if let Some(system) = filesystem::network(place) {
                return Err(LogError::Network { log: self.name.clone(), system });
            }
        }
        let metadata = match fs::metadata(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound && self.access == Access::Create => {
                self.create()?;
                fs::metadata(&self.path)
            }
            found => found,
        };
        let metadata = metadata.map_err(|error| match error.kind() {
            ErrorKind::NotFound => LogError::Absent { log: self.name.clone() },
            _ => self.storage("open", &error),
        })?;
        if !metadata.is_file() {
            return Err(LogError::Foreign { log: self.name.clone(), found: "it is no file".to_owned() });
        }
        self.identity = filesystem::identity(&metadata);
        Ok(())
    }

    /// Creates the file, for its owner only; SQLite gives the files beside it the same rights.
    fn create(&self) -> Result<(), LogError> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&self.path) {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            Err(error) if error.kind() == ErrorKind::StorageFull => {
                Err(LogError::Full { log: self.name.clone() })
            }
            Err(error) => Err(self.storage("create", &error)),
        }
    }

    fn connect(&self, path: &Path, flags: OpenFlags) -> Result<Connection, LogError> {
        let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX);
        let connection = connection.map_err(|error| self.failed("open", &error))?;
        let settings = || -> rusqlite::Result<()> {
            connection.busy_timeout(self.patience)?;
            // What a damaged or malicious file says is data, never something to run.
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
            connection.pragma_update(None, "cell_size_check", true)
        };
        settings().map_err(|error| self.failed("open", &error))?;
        Ok(connection)
    }

    /// A connection that can write, to a log in the form of this version.
    fn to_write(&self) -> Result<Connection, LogError> {
        let mut connection = self.connect(&self.path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let failed = |error: rusqlite::Error| self.failed("open", &error);
        if connection.is_readonly("main").map_err(failed)? {
            return Err(LogError::ReadOnly { log: self.name.clone() });
        }
        if self.form(&connection)? < VERSION {
            self.migrate(&mut connection)?;
        }
        let durable = || -> rusqlite::Result<()> {
            connection.pragma_update(None, "synchronous", "FULL")?;
            // On a Mac, `fsync` alone does not reach the disk.
            connection.pragma_update(None, "fullfsync", true)?;
            connection.pragma_update(None, "checkpoint_fullfsync", true)
        };
        durable().map_err(failed)?;
        // The form of the journal is kept in the file. While others use it, it can't be changed, and the old one is
        // as safe: the next writer will change it.
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(error) if is_busy(&error) => {}
            changed => changed.map_err(failed)?,
        }
        Ok(connection)
    }

    /// A connection that can read; `None` where each reading needs one of its own.
    fn to_read(&self) -> Result<Option<Connection>, LogError> {
        // One that can write clears away, when it ends, the files that readers and writers share while they are there.
        let connection = self.connect(&self.path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        if !connection.is_readonly("main").map_err(|error| self.failed("open", &error))? {
            connection
                .pragma_update(None, "query_only", true)
                .map_err(|error| self.failed("open", &error))?;
            match connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())) {
                Ok(()) => {
                    self.readable(&connection)?;
                    return Ok(Some(connection));
                }
                // The directory can't be written to.
                Err(error) if is_barred(&error) => {}
                Err(error) => return Err(self.failed("read", &error)),
            }
        }
        drop(connection);
        self.readable(&self.to_read_once()?)?;
        Ok(None)
    }

    /// A connection to a file of which nothing may change. Where nobody is writing, the file alone is the log; else the
    /// files beside it hold the latest events, and are there to be read.
    fn to_read_once(&self) -> Result<Connection, LogError> {
        if self.has_journal() {
            return self.connect(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        self.connect(Path::new(&immutable(&self.path)), flags)
    }

    fn has_journal(&self) -> bool {
        ["-wal", "-journal"].iter().any(|ending| {
            let mut beside = self.path.clone().into_os_string();
            beside.push(ending);
            fs::metadata(beside).is_ok_and(|found| found.len() > 0)
        })
    }

    /// Refuses what is no log, and one of a form that this version does not know.
    fn readable(&self, connection: &Connection) -> Result<(), LogError> {
        let form = self.form(connection)?;
        if 0 < form && form < VERSION {
            return Err(LogError::Older { log: self.name.clone(), found: form, known: VERSION });
        }
        Ok(())
    }

    /// The version of the schema; 0 for a file that holds nothing yet.
    fn form(&self, connection: &Connection) -> Result<i64, LogError> {
        // Within one transaction, for somebody may be making the tables just now.
        let transaction = connection.unchecked_transaction().map_err(|error| self.failed("open", &error))?;
        self.form_within(&transaction)
    }

    fn form_within(&self, transaction: &Transaction<'_>) -> Result<i64, LogError> {
        let number = |query: &str| {
            transaction
                .query_row(query, [], |row| row.get::<_, i64>(0))
                .map_err(|error| self.failed("open", &error))
        };
        let (application, version) = (number("PRAGMA application_id")?, number("PRAGMA user_version")?);
        let tables = number("SELECT count(*) FROM sqlite_schema")?;
        if application == i64::from(APPLICATION_ID) {
            return match version {
                1..=VERSION => Ok(version),
                _ => Err(LogError::Newer { log: self.name.clone(), found: version, known: VERSION }),
            };
        }
        if (application, version, tables) == (0, 0, 0) {
            return Ok(0);
        }
        let found = "it is the database of another program".to_owned();
        Err(LogError::Foreign { log: self.name.clone(), found })
    }

    /// Takes the steps that are missing, all or none.
    fn migrate(&self, connection: &mut Connection) -> Result<(), LogError> {
        let failed = |error: rusqlite::Error| self.failed("create", &error);
        let transaction = Transaction::new(connection, TransactionBehavior::Immediate).map_err(failed)?;
        // Somebody else may have been faster.
        let form = self.form_within(&transaction)?;
        for step in SQLITE.iter().skip(usize::try_from(form).unwrap_or_default()) {
            transaction.execute_batch(step).map_err(failed)?;
        }
        transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
        transaction.pragma_update(None, "user_version", VERSION).map_err(failed)?;
        transaction.commit().map_err(failed)
    }

    /// Whether the path still leads to the file that was opened: what is written to a removed file is lost.
    fn check_identity(&self) -> Result<(), LogError> {
        let here = fs::metadata(&self.path).is_ok_and(|found| filesystem::identity(&found) == self.identity);
        if here { Ok(()) } else { Err(LogError::Replaced { log: self.name.clone() }) }
    }

    /// What a file that is read as if it could not change looked like: if it looks otherwise afterwards, it changed.
    fn looks(&self) -> Option<(u64, Option<std::time::SystemTime>, bool)> {
        let metadata = fs::metadata(&self.path).ok()?;
        Some((metadata.len(), metadata.modified().ok(), self.has_journal()))
    }

    fn storage(&self, doing: &'static str, found: &dyn std::fmt::Display) -> LogError {
        LogError::Storage { log: self.name.clone(), doing, found: found.to_string() }
    }

    fn failed(&self, doing: &'static str, error: &rusqlite::Error) -> LogError {
        failed(&self.name, self.patience, doing, error)
    }
}

impl EventLog for SqliteLog {
    fn name(&self) -> &str {
        &self.name
    }

    fn read(
        &mut self,
        work: &mut dyn FnMut(&mut dyn Reading) -> Result<(), LogError>,
    ) -> Result<(), LogError> {
        self.check_identity()?;
        let looked = self.looks();
        let once;
        let connection = if let Some(connection) = &self.connection {
            connection
        } else {
            once = self.to_read_once()?;
            &once
        };
        let transaction = connection.unchecked_transaction().map_err(|error| self.failed("read", &error))?;
        work(&mut Open { log: self, connection: &transaction, added: 0 })?;
        drop(transaction);
        if self.connection.is_none() && self.looks() != looked {
            return Err(self.storage("read", &"it was written to meanwhile; try again"));
        }
        Ok(())
    }

    fn write(
        &mut self,
        work: &mut dyn FnMut(&mut dyn Writing) -> Result<(), LogError>,
    ) -> Result<(), LogError> {
        self.check_identity()?;
        let connection = match &self.connection {
            Some(connection) if self.access != Access::Read => connection,
            Some(_) | None => return Err(LogError::ReadOnly { log: self.name.clone() }),
        };
        let failed = |error: rusqlite::Error| self.failed("write", &error);
        let transaction =
            Transaction::new_unchecked(connection, TransactionBehavior::Immediate).map_err(failed)?;
        work(&mut Open { log: self, connection: &transaction, added: 0 })?;
        self.check_identity()?;
        transaction.commit().map_err(failed)
    }
}

/// A log within a transaction.
struct Open<'a> {
    log: &'a SqliteLog,
    connection: &'a Connection,
    /// How many events were added.
    added: u64,
}

impl Open<'_> {
    fn failed(&self, error: &rusqlite::Error) -> LogError {
        self.log.failed("read", error)
    }

    /// A file to which nothing has been written yet has no table.
    fn is_blank(&self) -> Result<bool, LogError> {
        let tables: rusqlite::Result<i64> = self
            .connection
            .prepare_cached("SELECT count(*) FROM sqlite_schema WHERE name = 'event'")
            .and_then(|mut statement| statement.query_row([], |row| row.get(0)));
        Ok(tables.map_err(|error| self.failed(&error))? == 0)
    }
}

impl Reading for Open<'_> {
    fn last(&mut self) -> Result<Option<Last>, LogError> {
        const LAST: &str =
            r#"SELECT "event", "recorded_at", "hash" FROM event ORDER BY "event" DESC LIMIT 1"#;
        if self.is_blank()? {
            return Ok(None);
        }
        let found = self.connection.prepare_cached(LAST).and_then(|mut statement| {
            let mut rows = statement.query([])?;
            let Some(row) = rows.next()? else { return Ok(None) };
            Ok(Some((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?)))
        });
        match found.map_err(|error| self.failed(&error))? {
            None => Ok(None),
            Some((event, recorded_at, hash)) => {
                let event = u64::try_from(event).unwrap_or_default();
                last(&self.log.name, event, &recorded_at, &hash).map(Some)
            }
        }
    }

    fn rows(
        &mut self,
        numbers: RangeInclusive<u64>,
        columns: &[Column],
        each: &mut EachRow<'_>,
    ) -> Result<(), LogError> {
        if self.is_blank()? {
            return Ok(());
        }
        let columns: Vec<Column> =
            columns.iter().copied().filter(|column| *column != Column::Event).collect();
        let names: Vec<String> = columns.iter().map(|column| format!("\"{}\"", column.as_str())).collect();
        let names = names.join(", ");
        let select = format!(
            "SELECT \"event\", {names} FROM event WHERE \"event\" BETWEEN ?1 AND ?2 ORDER BY \"event\""
        );
        let mut statement = self.connection.prepare(&select).map_err(|error| self.failed(&error))?;
        let mut rows = statement
            .query([numbers.start(), numbers.end()].map(|number| i64::try_from(*number).unwrap_or(i64::MAX)))
            .map_err(|error| self.failed(&error))?;
        let mut at = numbers.start().saturating_sub(1);
        loop {
            let stored = match rows.next() {
                Ok(Some(stored)) => stored,
                Ok(None) => return Ok(()),
                Err(error) => return Err(after_event(self.failed(&error), at)),
            };
            let number: i64 = stored.get(0).map_err(|error| self.failed(&error))?;
            at = u64::try_from(number).unwrap_or_default();
            let mut row = Row::default();
            for (index, column) in (1..).zip(&columns) {
                match stored.get_ref(index).map_err(|error| self.failed(&error))? {
                    ValueRef::Null => {}
                    ValueRef::Text(text) => match std::str::from_utf8(text) {
                        Ok(text) => row.set(*column, Cow::Borrowed(text)),
                        Err(_) => return Err(self.no_text(at, *column)),
                    },
                    ValueRef::Integer(_) | ValueRef::Real(_) | ValueRef::Blob(_) => {
                        return Err(self.no_text(at, *column));
                    }
                }
            }
            each(at, &row)?;
        }
    }

    fn others(&self) -> Vec<Box<dyn EventLog + Send>> {
        let count = std::thread::available_parallelism().map_or(1, usize::from) - 1;
        let other = || {
            let other = SqliteLog::open_waiting(&self.log.path, Access::Read, self.log.patience).ok()?;
            (other.identity == self.log.identity).then(|| Box::new(other) as Box<dyn EventLog + Send>)
        };
        (0..count).filter_map(|_| other()).collect()
    }

    fn imported(&mut self, key: &str) -> Result<Option<u64>, LogError> {
        const IMPORTED: &str = "SELECT \"event\" FROM event WHERE json_extract(\"data\", '$.import') = ?1";
        if self.is_blank()? {
            return Ok(None);
        }
        let found = self
            .connection
            .prepare_cached(IMPORTED)
            .and_then(|mut known| known.query_row([key], |row| row.get::<_, i64>(0)).optional());
        let found = found.map_err(|error| self.failed(&error))?;
        Ok(found.and_then(|number| u64::try_from(number).ok()))
    }
    fn inspect(&mut self) -> Result<Vec<String>, LogError> {
        let mut odd = Vec::new();
        let failed = |error: rusqlite::Error| self.log.failed("read", &error);
        // Not whether there is a table: that may be what was taken off.
        let form: i64 =
            self.connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(failed)?;
        if form > 0 {
            let found = schema(self.connection).map_err(failed)?;
            let intact = Connection::open_in_memory().map_err(failed)?;
            intact.execute_batch(&SQLITE.concat()).map_err(failed)?;
            let intact = schema(&intact).map_err(failed)?;
            for (name, sql) in &intact {
                match found.iter().find(|(other, _)| other == name) {
                    None => odd.push(format!("`{name}`, which guards the log, was taken off")),
                    Some((_, other)) if other != sql => odd.push(format!("`{name}` was changed")),
                    Some(_) => {}
                }
            }
            let added = found.iter().filter(|(name, sql)| {
                sql.starts_with("CREATE TRIGGER") && !intact.iter().any(|(other, _)| other == name)
            });
            odd.extend(added.map(|(name, _)| format!("the trigger `{name}` was added")));
        }
        let mut check = self.connection.prepare("PRAGMA integrity_check(20)").map_err(failed)?;
        let mut lines = check.query([]).map_err(failed)?;
        while let Some(line) = lines.next().map_err(failed)? {
            let line: String = line.get(0).map_err(failed)?;
            odd.extend((line != "ok").then_some(line));
        }
        Ok(odd)
    }
}

impl Open<'_> {
    fn no_text(&self, event: u64, column: Column) -> LogError {
        LogError::NoText { log: self.log.name.clone(), event, column: column.as_str() }
    }
}

/// Adds a row of all columns.
static INSERT: LazyLock<String> = LazyLock::new(|| {
    let names: Vec<String> = Column::ALL.iter().map(|column| format!("\"{}\"", column.as_str())).collect();
    let marks = vec!["?"; names.len()];
    format!("INSERT INTO event ({}) VALUES ({})", names.join(", "), marks.join(", "))
});

impl Writing for Open<'_> {
    fn insert(&mut self, number: u64, row: &Row<'_>, hash: Hash) -> Result<(), LogError> {
        let hash = hash.to_string();
        let cells = Column::ALL.iter().map(|column| match column {
            Column::Event => ToSqlOutput::Owned(i64::try_from(number).unwrap_or(i64::MAX).into()),
            Column::Hash => ToSqlOutput::Borrowed(hash.as_str().into()),
            _ => ToSqlOutput::Borrowed(row.cell(*column).map_or(ValueRef::Null, ValueRef::from)),
        });
        self.added += 1;
        let room = if self.added == MANY {
            self.connection.pragma_update(None, "cache_size", -CACHE)
        } else {
            Ok(())
        };
        room.and_then(|()| self.connection.prepare_cached(&INSERT))
            .and_then(|mut insert| insert.execute(params_from_iter(cells)))
            .map_err(|error| self.log.failed("write", &error))?;
        Ok(())
    }
}

/// The tables, indexes and triggers of a file with the text that made each.
fn schema(connection: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    let mut statement: Statement<'_> =
        connection.prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// The URI of a file that nobody writes to while it is read.
fn immutable(path: &Path) -> String {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                uri.push(char::from(*byte));
            }
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri + "?immutable=1"
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// Whether the rights of a file or a directory are in the way.
fn is_barred(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied)
    )
}

/// What SQLite reports, in our kinds.
fn failed(log: &str, patience: Duration, doing: &'static str, error: &rusqlite::Error) -> LogError {
    let log = log.to_owned();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            LogError::Busy { log, seconds: patience.as_secs() }
        }
        Some(ErrorCode::ReadOnly) => LogError::ReadOnly { log },
        Some(ErrorCode::DiskFull) => LogError::Full { log },
        Some(ErrorCode::DatabaseCorrupt) => LogError::Damaged { log, found: error.to_string() },
        Some(ErrorCode::NotADatabase) => {
            LogError::Foreign { log, found: "it is no SQLite database".to_owned() }
        }
        _ => LogError::Storage { log, doing, found: error.to_string() },
    }
}

/// Says after which event it was.
fn after_event(error: LogError, event: u64) -> LogError {
    match error {
        LogError::Damaged { log, found } => {
            LogError::Damaged { log, found: format!("{found}, after event {event}") }
        }
        other => other,
    }
}
