//! Reports: pure functions from registry, timeline and period to a [`Sheet`].
//!
//! Floor 3: knows routing, state and model; no file, no terminal.

mod sheet;

pub use sheet::{Bar, BarState, Cell, Column, Drawing, Kind, Line, LogHead, Sheet, Tone, Track, Value, View};
