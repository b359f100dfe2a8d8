//! The log: what was said about facilities, one event after the other, by whom and when; and never lost.
//!
//! Floor 4: reads and writes files and databases, knows the model, sentences and diagnostics; no clock, environment or
//! terminal, and neither the registry's loading nor routing.
//!
//! A log is a `.csv` or `.jsonl` file that somebody keeps by hand ([`open()`], [`read()`]), or an [`EventLog`] that is
//! written one transaction at a time: [`SqliteLog`], `PostgresLog` or [`MemoryLog`].

mod chain;
#[cfg(feature = "postgres")]
mod credentials;
mod draft;
mod error;
mod file;
mod filesystem;
mod hands;
mod import;
mod lines;
mod memory;
mod migrations;
#[cfg(feature = "postgres")]
mod postgres;
mod row;
mod shape;
mod shares;
mod sqlite;
mod store;
mod stretches;
mod usual;
mod words;

pub use chain::{Flaw, Hash, Head, NotAHead, Verdict};
#[cfg(feature = "postgres")]
pub use credentials::Credentials;
pub use draft::{Draft, Entry, data};
pub use error::LogError;
pub use file::{Format, cannot_read, open, read};
pub use memory::MemoryLog;
#[cfg(feature = "postgres")]
pub use postgres::PostgresLog;
pub use row::{Column, Row};
pub use sqlite::SqliteLog;
pub use store::{Appended, EachRow, EventLog, Last, Reading, Writer, Writing};
pub use stretches::unpacked;

use crate::diagnostic::Diagnostic;
use crate::model::Ledger;

/// The events of a log, in the order of their numbers, and what is odd about them.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// The events; the n-th has the number n.
    pub events: Ledger,
    /// The hash of the last event, where the log keeps hashes; zeros before the first event.
    pub hash: Option<Hash>,
    /// Warnings, sorted by place.
    pub warnings: Vec<Diagnostic>,
}

impl Log {
    /// The number of the last event; 0 where there is none.
    pub fn head(&self) -> u64 {
        self.events.head()
    }
}

/// What a log is opened for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// Reading: nothing is created, and no row can be written.
    Read,
    /// Writing to a log that is there.
    Write,
    /// Writing; a log that is not there is created.
    Create,
}
