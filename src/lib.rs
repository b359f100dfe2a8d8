//! `divert`: deciding, explaining and recording where ambulances go.

pub mod diagnostic;
pub mod model;
pub mod report;
pub mod routing;
pub mod sentence;
pub mod state;
