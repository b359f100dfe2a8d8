//! Routing: where one patient goes, and why.
//!
//! Floor 2, above state: registry, snapshot and patient in, decision out; deterministic and explained. No file, no
//! clock.

mod brief;
mod decide;
mod decision;
mod examine;
pub mod expect;
pub mod grid;
mod index;
mod redirect;
mod trace;
mod travel;
mod words;

pub use brief::Brief;
pub use decide::{Question, decide};
pub use decision::{DecidedBy, Decision, Disposition, Flag, Outcome, Rejected, Stop};
pub use examine::{NotCounted, Reason, ReasonCode};
pub use index::{Asker, Index, Tally};
pub use trace::{Step, StepKind, Trace};
pub use travel::{MinutesSource, minutes};
pub use words::{decided_text, destination_text, in_short, nobody_text};
