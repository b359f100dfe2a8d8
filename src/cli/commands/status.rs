//! `divert status`: the board.
//!
//! Floor 6.

use std::collections::BTreeSet;
use std::mem::ManuallyDrop;

use crate::model::{FacilityId, Registry};
use crate::render::Format;
use crate::report::status::{self, Selection};
use crate::sentence;

use super::super::args::StatusArgs;
use super::super::context::{self, Context};
use super::super::error::{Exit, Failure};
use super::super::lookup;
use super::{Session, follow, named};

pub(super) fn run(args: &StatusArgs, session: &mut Session<'_>) -> Result<Exit, Failure> {
    if args.follow {
        return follow::run(args, session);
    }
    // The program ends with the answer: the memory of millions of events is not given back before that.
    let context = ManuallyDrop::new(session.context()?);
    if let Some(within) = &args.ending {
        return ending(args, within, &context, session);
    }
    let selection = Selection {
        facilities: wanted(&context.registry, args)?,
        // Who names a facility wants to see it, whatever it is.
        all: args.all || !args.names.is_empty(),
        in_words: session.reads_words()?,
    };
    let timeline = ManuallyDrop::new(context.timeline());
    context.look_ahead(&timeline, session.environment);
    let sheet = ManuallyDrop::new(status::sheet(&context.basis(&timeline), &selection));
    session.show(&sheet, "facility")?;
    Ok(Exit::Done)
}

/// What ends soon: nothing at all where nothing does, so that cron stays silent.
fn ending(
    args: &StatusArgs,
    within: &str,
    context: &Context,
    session: &mut Session<'_>,
) -> Result<Exit, Failure> {
    let file = session.sources.add("--ending", within);
    let within = sentence::duration(within, file).map_err(|diagnostic| Failure::Said(vec![diagnostic]))?;
    let wanted = wanted(&context.registry, args)?;
    let timeline = ManuallyDrop::new(context.timeline());
    context.look_ahead(&timeline, session.environment);
    let basis = context.basis(&timeline);
    let mut facilities = status::ending(&basis, within);
    facilities.retain(|facility| wanted.as_ref().is_none_or(|wanted| wanted.contains(facility)));
    let ends = !facilities.is_empty();
    let (format, _) = context::output(session.common, session.environment, "facility")?;
    if ends || !matches!(format, Format::Table | Format::Md) {
        let in_words = format.is_for_people();
        let selection = Selection { facilities: Some(facilities), all: true, in_words };
        session.show(&status::sheet(&basis, &selection), "facility")?;
    }
    Ok(if ends { Exit::No } else { Exit::Done })
}

/// The facilities that are named and lie in the region and in the network; `None` where nothing narrows them.
pub(super) fn wanted(
    registry: &Registry,
    args: &StatusArgs,
) -> Result<Option<BTreeSet<FacilityId>>, Failure> {
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
