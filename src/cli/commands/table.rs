//! `divert table`: the routing table.
//!
//! Floor 6.

use std::collections::BTreeSet;

use crate::model::Registry;
use crate::report::table::{self, Selection};

use super::super::args::TableArgs;
use super::super::error::{Exit, Failure};
use super::super::lookup;
use super::Session;

pub(super) fn run(args: &TableArgs, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let context = session.context()?;
    let selection = Selection {
        zones: each(&context.registry, &args.zone, lookup::zone)?,
        needs: each(&context.registry, &args.need, lookup::need)?,
        changed: args.changed,
    };
    let timeline = context.timeline();
    session.show(&table::sheet(&context.basis(&timeline), &selection), "destination")?;
    Ok(Exit::Done)
}

/// What each of these words means; `None` where there is no word.
fn each<T: Ord>(
    registry: &Registry,
    words: &[String],
    find: fn(&Registry, &str) -> Result<T, Failure>,
) -> Result<Option<BTreeSet<T>>, Failure> {
    let found: BTreeSet<T> = words.iter().map(|word| find(registry, word)).collect::<Result<_, _>>()?;
    Ok((!words.is_empty()).then_some(found))
}
