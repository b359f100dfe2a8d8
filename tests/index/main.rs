//! The index gives the reference's answers, on worlds by chance.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that can't go on is to stop

mod briefs;
mod courses;
mod worlds;
