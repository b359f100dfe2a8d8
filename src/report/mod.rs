//! Reports: pure functions from registry, timeline and period to a [`Sheet`].
//!
//! Floor 3: knows routing, state and model; no file, no terminal.

pub mod check;
mod lanes;
pub mod route;
pub mod status;
pub mod table;
pub mod timeline;

pub use crate::sheet::{
    Bar, BarState, Basis, Cell, Column, Drawing, Kind, Line, LogHead, Sheet, Tone, Track, Value, View,
};
