//! Foresight: what a declaration would do, before anyone makes it.
//!
//! Floor 3, beside report: knows routing and state; returns sheets; no file, no terminal.
