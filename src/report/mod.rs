//! Reports: pure functions from registry, timeline and period to a [`Sheet`].
//!
//! Floor 3: knows routing, state and model; no file, no terminal.

pub mod calendar;
pub mod check;
pub mod concurrency;
pub mod episodes;
mod extent;
mod figure;
mod force;
pub mod freshness;
pub mod hours;
mod lanes;
mod measure;
pub mod period;
pub mod places;
pub mod route;
pub mod span;
pub mod status;
pub mod table;
pub mod targets;
pub mod timeline;

pub use crate::sheet::{
    Bar, BarState, Basis, Cell, Column, Drawing, Kind, Line, LogHead, Sheet, Tone, Track, Value, View,
};
