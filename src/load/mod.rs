//! Loading: the registry's files in, a checked and linked [`Registry`] out, or everything that is wrong with them.
//!
//! Floor 4: reads files, knows the model, sentences and diagnostics; no clock, environment or terminal, and neither the
//! log nor routing.

mod catalogue;
mod date;
mod entries;
mod facility;
mod far;
mod files;
mod names;
mod network;
mod plain;
mod policy;
mod ready_made;
mod registry;
mod rules;
mod status;
mod syntax;
mod table;
mod travel;
mod tree;
mod warnings;

use std::path::Path;

use crate::diagnostic::Diagnostic;
use crate::model::{Instant, Registry, Rule, Sources};

pub use ready_made::ReadyMade;

/// How files are read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// Whether `include` and `travel.matrix` may lead outside the registry's directory.
    pub allow_outside: bool,
}

/// A registry without errors, and what is likely not to be meant so.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The registry.
    pub registry: Registry,
    /// Warnings, sorted by place.
    pub warnings: Vec<Diagnostic>,
}

/// The built-in catalogue of services, needs and status types, as TOML.
pub fn catalogue_text() -> &'static str {
    include_str!("catalogue.toml")
}

/// The ready-made policies, by id. A registry takes one with `include = ["builtin:ID"]`.
pub fn ready_made() -> &'static [ReadyMade] {
    ready_made::ALL
}

/// Rules that can do nothing any more at `at`, because facilities are closed for good, each with why.
pub fn outlived_rules(registry: &Registry, at: Instant) -> impl Iterator<Item = (&Rule, String)> {
    warnings::outlived_rules(registry, at)
}

/// Reads a registry from a file, or from the `*.toml` files of a directory in name order. Every error is found in one
/// pass and comes sorted by place; every text that was read is kept in `sources` for diagnostics to quote.
pub fn registry(path: &Path, options: &Options, sources: &mut Sources) -> Result<Loaded, Vec<Diagnostic>> {
    registry::registry(path, *options, sources)
}
