//! Reports: pure functions from registry, timeline and period to a [`Sheet`].
//!
//! Floor 3: knows routing, state and model; no file, no terminal.

mod basis;
mod change;
pub mod check;
pub mod echo;
pub mod journal;
mod lanes;
pub mod route;
mod sheet;
pub mod status;
pub mod table;
pub mod timeline;
pub mod transitions;

pub use basis::Basis;
pub use sheet::{Bar, BarState, Cell, Column, Drawing, Kind, Line, LogHead, Sheet, Tone, Track, Value, View};
