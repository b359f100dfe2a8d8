//! `divert`: deciding, explaining and recording where ambulances go.

pub mod cli;
pub mod diagnostic;
pub mod exchange;
pub mod foresight;
pub mod load;
pub mod log;
pub mod model;
pub mod render;
pub mod report;
pub mod routing;
pub mod sentence;
pub mod sheet;
pub mod state;
