//! Logs that are stored: one suite for every store, then what each promises beside it.
//!
//! PostgreSQL is tested where `DIVERT_TEST_POSTGRES` holds the URL of a server on which databases may be created
//! (`tests/postgres.sh` starts one); its tests say that they are skipped otherwise.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a test stops where it can't go on

mod conformance;
mod damage;
mod durability;
mod fixtures;
mod long;
mod processes;
#[cfg(feature = "postgres")]
mod shared;
mod stores;
mod writing;

#[path = "../support/mod.rs"]
#[allow(dead_code)] // other tests need more of it
mod support;
