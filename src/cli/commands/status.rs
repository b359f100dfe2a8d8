//! `divert status`: the board.
//!
//! Floor 6.

use std::collections::BTreeSet;

use crate::model::{FacilityId, Registry};
use crate::report::status::{self, Selection};

use super::super::args::StatusArgs;
use super::super::error::{Exit, Failure};
use super::super::lookup;
use super::{Session, named};

pub(super) fn run(args: &StatusArgs, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let context = session.context()?;
    let selection = Selection {
        facilities: wanted(&context.registry, args)?,
        // Who names a facility wants to see it, whatever it is.
        all: args.all || !args.names.is_empty(),
    };
    let timeline = context.timeline();
    session.show(&status::sheet(&context.basis(&timeline), &selection), "facility")?;
    Ok(Exit::Done)
}

/// The facilities that are named and lie in the region and in the network; `None` where nothing narrows them.
fn wanted(registry: &Registry, args: &StatusArgs) -> Result<Option<BTreeSet<FacilityId>>, Failure> {
    let names = named(registry, &args.names)?;
    let network = args.network.as_deref().map(|name| lookup::network(registry, name)).transpose()?;
    let region = args.region.as_deref().map(|name| lookup::region(registry, name)).transpose()?;
    if names.is_none() && network.is_none() && region.is_none() {
        return Ok(None);
    }
    let is_wanted = |id: &FacilityId| {
        let facility = &registry.facilities[*id];
        names.as_ref().is_none_or(|names| names.contains(id))
            && region.is_none_or(|region| facility.region == Some(region))
            && network.is_none_or(|network| {
                facility.network.is_some_and(|owner| registry.is_part_of(owner, network))
            })
    };
    Ok(Some(registry.facilities.ids().filter(is_wanted).collect()))
}
