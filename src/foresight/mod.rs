//! Foresight: what a declaration would do, before anyone makes it.
//!
//! Floor 3, beside report: knows routing, state and model; returns sheets; no file, no clock, no terminal. Nothing here
//! decides anything about a patient: two worlds are asked the same questions, and the answers are compared.

pub mod announce;
pub mod cascade;
mod demand;
pub mod each;
mod limits;
pub mod loss;
pub mod plan;
mod seen;

pub use seen::{Seen, Turn};
