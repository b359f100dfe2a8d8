//! `divert route`: where one patient goes.
//!
//! Floor 6.

use std::collections::BTreeSet;
use std::mem::ManuallyDrop;

use crate::model::{FacilityId, PatientSaid, Registry};
use crate::render::Format;
use crate::report::period;
use crate::report::route::{self, Telling};
use crate::routing::{Decision, Outcome, Question, decide};

use super::super::args::RouteArgs;
use super::super::error::{Exit, Failure};
use super::super::lookup;
use super::{Session, batch};

pub(super) fn run(args: &RouteArgs, session: &mut Session<'_>) -> Result<Exit, Failure> {
    if let Some(patients) = &args.batch {
        return batch::run(patients, args, session);
    }
    // The program ends with the answer. To give the memory of thousands of facilities back piece by piece before that
    // took a seventh of its time.
    let context = ManuallyDrop::new(session.context()?);
    let registry = &context.registry;
    let origin = lookup::place(registry, args.origin())?;
    let patient = registry.patient(said(registry, args)?);
    let exclude: BTreeSet<FacilityId> =
        args.exclude.iter().map(|name| lookup::facility(registry, name)).collect::<Result<_, _>>()?;
    let (midnight, _) = period::day_of(context.at, context.zone());
    let timeline = ManuallyDrop::new(context.timeline());
    context.look_ahead(&timeline, session.environment);
    let forced = timeline.forced_between(midnight, context.at);
    let snapshot = ManuallyDrop::new(timeline.at(registry, context.at));
    let question = Question { patient: &patient, origin, exclude: &exclude, forced: &forced };
    let decision = ManuallyDrop::new(decide(&snapshot, &question));
    let whole = matches!(session.format()?, Format::Json | Format::Jsonl);
    let telling = Telling { explain: args.explain, alternates: args.alternates, whole };
    let sheet =
        ManuallyDrop::new(route::sheet(&context.basis(&timeline), &patient, origin, &decision, telling));
    session.show(&sheet, "destination")?;
    Ok(exit(&decision, session.common.strict))
}

/// The status that an outcome ends with.
pub(super) fn exit(decision: &Decision, strict: bool) -> Exit {
    match decision.outcome {
        Outcome::Forced if strict => Exit::No,
        Outcome::Routed | Outcome::Forced => Exit::Done,
        Outcome::Consult => Exit::Consult,
        Outcome::None => Exit::No,
    }
}

/// What was said of the patient; the registry completes it.
fn said(registry: &Registry, args: &RouteArgs) -> Result<PatientSaid, Failure> {
    Ok(PatientSaid {
        needs: args.each_need().map(|need| lookup::need(registry, need)).collect::<Result<_, _>>()?,
        priority: args.said_priority(),
        care: args.care,
        age: args.age,
        extremis: args.extremis,
        transfer: args.transfer,
        request: args.request.as_deref().map(|name| lookup::facility(registry, name)).transpose()?,
    })
}
