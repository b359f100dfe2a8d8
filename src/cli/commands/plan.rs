//! `divert plan`: what would change before anyone declares it.
//!
//! Floor 6. Reads two worlds and lets them be compared; records nothing.

use crate::foresight::plan::{self, World};
use crate::model::{Event, Kind};
use crate::state::Timeline;

use super::super::args::PlanArgs;
use super::super::context::Context;
use super::super::error::{Exit, Failure};
use super::Session;

pub(super) fn run(args: &PlanArgs, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let before = session.context()?;
    let rows = super::rows(&before.registry, &args.zone, &args.need)?;
    let mut supposed = session.common.given.clone();
    let after = match &args.against {
        Some(path) => before.against(path, session.common, session.environment, session.sources)?,
        None => before.clone(),
    };
    let mut events = after.events.clone();
    if !args.sentence.is_empty() {
        let sentence = args.sentence.join(" ");
        events = after.suppose("the plan", std::slice::from_ref(&sentence), session.sources)?;
        supposed.push(sentence);
    }
    retract(&args.without, &after, &mut events)?;
    let file = session.sources.add("the plan", "");
    let timelines = [before.timeline(), Timeline::fold(&after.registry, &events, after.known_at)];
    let worlds = [
        World { basis: before.basis(&timelines[0]), supposed: &session.common.given, file },
        World { basis: after.basis(&timelines[1]), supposed: &supposed, file },
    ];
    let plan = plan::plan(&worlds[0], &worlds[1], &rows);
    session.show(&plan::sheet(&worlds[0].basis, &plan), "to")?;
    Ok(if args.exit_code && plan.changes() { Exit::No } else { Exit::Done })
}

/// Supposes that these events are retracted.
fn retract(without: &[u64], context: &Context, events: &mut Vec<Event>) -> Result<(), Failure> {
    for number in without {
        let recorded = &context.events[..context.recorded];
        if !recorded.iter().any(|event| event.number == *number) {
            let last = recorded.last().map_or(0, |event| event.number);
            return Err(Failure::NoEvent { number: *number, last });
        }
        events.push(Event {
            number: events.last().map_or(0, |event| event.number) + 1,
            recorded_at: context.known_at.map_or(context.at, |known_at| known_at.min(context.at)),
            source: "given".into(),
            kind: Kind::Retract(*number),
        });
    }
    Ok(())
}
