//! What can go wrong with a log: in every case nothing of the write in question was recorded.
//!
//! Floor 4: data and wording; the command line maps all of it to one exit status.

use chrono_tz::Tz;

use crate::diagnostic::Diagnostic;
use crate::model::Instant;

/// Why a log could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// There is nothing at the path, and it was not to be created.
    #[error("there is no log `{log}`")]
    Absent {
        /// The log.
        log: String,
    },
    /// Others wrote for as long as this one was willing to wait.
    #[error("the log `{log}` is busy: waited {seconds} s for another writer")]
    Busy {
        /// The log.
        log: String,
        /// How long it waited.
        seconds: u64,
    },
    /// It may be read, not written.
    #[error("the log `{log}` is read-only")]
    ReadOnly {
        /// The log.
        log: String,
    },
    /// It is in a format that is read and never written to.
    #[error("the log `{log}` is read-only, as every .csv or .jsonl file and standard input is")]
    OnlyRead {
        /// The log.
        log: String,
    },
    /// No room is left where it lies.
    #[error("no room is left for the log `{log}`")]
    Full {
        /// The log.
        log: String,
    },
    /// Locks do not hold there, so two writers would destroy it.
    #[error(
        "the log `{log}` lies on a network file system ({system}), where locks do not keep writers apart"
    )]
    Network {
        /// The log.
        log: String,
        /// Which file system.
        system: String,
    },
    /// Somebody else's database, or no database at all.
    #[error("`{log}` is not a log of `divert`: {found}")]
    Foreign {
        /// The log.
        log: String,
        /// What was found instead.
        found: String,
    },
    /// Written by a later version of this program.
    #[error("the log `{log}` has the form {found}, and this version knows forms up to {known}")]
    Newer {
        /// The log.
        log: String,
        /// Its schema version.
        found: i64,
        /// The latest that this program knows.
        known: i64,
    },
    /// Written by an earlier version of this program, and not to be written now.
    #[error("the log `{log}` has the form {found}, which must be brought to form {known} first")]
    Older {
        /// The log.
        log: String,
        /// Its schema version.
        found: i64,
        /// The one that this program reads.
        known: i64,
    },
    /// Damaged.
    #[error("the log `{log}` is damaged: {found}")]
    Damaged {
        /// The log.
        log: String,
        /// What is wrong with it.
        found: String,
    },
    /// A cell holds something that no event was ever recorded with.
    #[error("the log `{log}` is damaged: event {event} holds no text in `{column}`")]
    NoText {
        /// The log.
        log: String,
        /// Which event.
        event: u64,
        /// Which of its cells.
        column: &'static str,
    },
    /// Somebody put another file in its place.
    #[error("the log `{log}` was moved, removed or replaced while it was in use")]
    Replaced {
        /// The log.
        log: String,
    },
    /// The clock of this host went back by more than is forgiven.
    #[error(
        "this host's clock says {}, and the last event of `{log}` was recorded at {}",
        now.rfc3339(Tz::UTC), last.rfc3339(Tz::UTC)
    )]
    Clock {
        /// The log.
        log: String,
        /// What the clock says.
        now: Instant,
        /// When the last event was recorded.
        last: Instant,
    },
    /// Rows that mean nothing under this registry.
    #[error("{}", told(log, rows))]
    Rows {
        /// The log.
        log: String,
        /// What is wrong with which rows.
        rows: Vec<Diagnostic>,
    },
    /// What was to be written would not read back as the same.
    #[error("event {event} cannot be written down so that it reads back as what was said: {found}")]
    Unfaithful {
        /// The number that it would have had.
        event: u64,
        /// What is in the way.
        found: String,
    },
    /// The URL of a shared log can't be used.
    #[error("cannot use the URL of the log: {found}")]
    Url {
        /// What is wrong with it; never the URL itself, which may hold a password.
        found: String,
    },
    /// The server of a shared log can't be reached, or does not let us in.
    #[error("cannot connect to the log `{log}`: {found}")]
    Unreachable {
        /// The log, without user and password.
        log: String,
        /// What the server, the network or the certificate says.
        found: String,
    },
    /// Anything else that the storage reports.
    #[error("cannot {doing} the log `{log}`: {found}")]
    Storage {
        /// The log.
        log: String,
        /// What was being done: `open`, `read`, `write`.
        doing: &'static str,
        /// What the storage says.
        found: String,
    },
}

impl LogError {
    /// How to mend it.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::Absent { .. } => {
                Some("check the path; the first `declare` into the default log creates it")
            }
            Self::Busy { .. } => Some("try again; if it stays busy, look for a program that holds it open"),
            Self::ReadOnly { .. } => {
                Some("write as the user who owns the file, or name another log with --log")
            }
            Self::OnlyRead { .. } => Some(
                "take it into a .db with `divert import csv FILE` or `import jsonl FILE`, and write to that; \
                 without --log and DIVERT_LOG it is `diversions.db` beside the registry",
            ),
            Self::Full { .. } => Some("make room on the disk, or lift the quota, and say it again"),
            Self::Network { .. } => {
                Some("put it on a local disk, or share a PostgreSQL log: --log postgres://host/db")
            }
            Self::Foreign { .. } => Some("name a file of its own for the log with --log"),
            Self::Newer { .. } => Some("use the version of `divert` that wrote it, or a later one"),
            Self::Older { .. } => Some("any writing command does that; keep a copy of the file"),
            Self::Damaged { .. } | Self::NoText { .. } => {
                Some("keep the file as it is, and compare it with a copy; `divert log verify` says more")
            }
            Self::Replaced { .. } => Some("run the command again"),
            Self::Clock { .. } => Some("set the clock right: events are recorded in the order of time"),
            Self::Rows { .. } => {
                Some("give the registry back what these events name; a facility is closed with `closed_on`")
            }
            Self::Url { .. } => Some("write it as postgres://host/db; passwords belong in ~/.pgpass"),
            Self::Unreachable { .. } => {
                Some("passwords come from PGPASSWORD, ~/.pgpass or a service file; see docs/log.md")
            }
            Self::Unfaithful { .. } | Self::Storage { .. } => None,
        }
    }
}

/// The first of the rows, and how many more there are.
fn told(log: &str, rows: &[Diagnostic]) -> String {
    let first = rows.first().map_or("", |row| row.message.as_str());
    match rows.len() {
        0 | 1 => format!("the log `{log}` cannot be read: {first}"),
        more => format!("the log `{log}` cannot be read: {first}, and {} more", more - 1),
    }
}
