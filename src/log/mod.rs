//! The log: what was said about facilities, one event after the other.
//!
//! Floor 4: reads files, knows the model, sentences and diagnostics; no clock, environment or terminal, and neither the
//! registry's loading nor routing.

mod file;
mod row;

pub use file::{Format, open, read};

use crate::diagnostic::Diagnostic;
use crate::model::Event;

/// The events of a log, in the order of their numbers, and what is odd about them.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// The events; the n-th has the number n.
    pub events: Vec<Event>,
    /// Warnings, sorted by place.
    pub warnings: Vec<Diagnostic>,
}

impl Log {
    /// The number of the last event; 0 where there is none.
    pub fn head(&self) -> u64 {
        self.events.last().map_or(0, |event| event.number)
    }
}
