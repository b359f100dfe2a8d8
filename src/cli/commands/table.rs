//! `divert table`: the routing table.
//!
//! Floor 6.

use crate::report::table::{self, Selection};

use super::super::args::TableArgs;
use super::super::error::{Exit, Failure};
use super::Session;

pub(super) fn run(args: &TableArgs, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let context = session.context()?;
    let selection =
        Selection { rows: super::rows(&context.registry, &args.zone, &args.need)?, changed: args.changed };
    let timeline = context.timeline();
    session.show(&table::sheet(&context.basis(&timeline), &selection), "destination")?;
    Ok(Exit::Done)
}
