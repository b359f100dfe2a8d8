//! Reports: pure functions from registry, timeline and period to a [`Sheet`].
//!
//! Floor 3: knows routing, state and model; no file, no terminal.

pub mod brief;
pub mod calendar;
mod change;
pub mod check;
pub mod concurrency;
pub mod diverted;
pub mod echo;
pub mod episodes;
mod extent;
mod figure;
mod figures;
mod force;
pub mod freshness;
mod gist;
pub mod hours;
pub mod hours_told;
pub mod journal;
pub mod keys;
mod lanes;
mod measure;
pub mod packet;
pub mod period;
mod pictures;
pub mod places;
pub mod route;
mod row;
pub mod span;
pub mod status;
pub mod strain;
pub mod table;
mod tally;
pub mod targets;
pub mod timeline;
pub mod transitions;

pub use crate::sheet::{
    Bar, BarState, Basis, Cell, Column, Drawing, Kind, Line, LogHead, Map, Picture, Share, Sheet, Site, Tone,
    Track, Value, View, ZoneMark,
};
