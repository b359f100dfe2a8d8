//! `divert`: deciding, explaining and recording where ambulances go.

pub mod diagnostic;
pub mod model;
pub mod render;
pub mod report;
pub mod sentence;
