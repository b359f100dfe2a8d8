//! State: events folded into episodes, and episodes read at an instant.
//!
//! Floor 2: knows the meaning of declarations and the registry; no file, no clock. The same events and registry give
//! the same state, whenever and wherever it is asked for.

mod conflict;
mod course;
mod dispute;
mod episode;
mod fold;
mod limits;
mod nedocs;
mod present;
mod snapshot;
mod stance;
mod sweep;
mod timeline;
mod walk;

pub use conflict::{Claim, Conflict};
pub use course::{Course, Stage, Step, Surveyor};
pub use episode::{EndedBy, Episode, LaneState, Piece, Said, Track};
pub use fold::{Reach, reach};
pub use limits::{Refusal, Suspension};
pub use nedocs::nedocs;
pub use snapshot::{Active, FacilityState, Snapshot, Standing, Summary};
pub use stance::{StanceId, Stances};
pub use timeline::{History, Report, Timeline};
pub use walk::{Saying, StateAt, Walk, Witness};
