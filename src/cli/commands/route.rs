//! `divert route`: where one patient goes.
//!
//! Floor 6.

use std::collections::BTreeSet;
use std::mem::ManuallyDrop;

use crate::model::{FacilityId, PatientSaid, Registry, Sources};
use crate::render::Format;
use crate::report::period;
use crate::report::route::{self, Telling};
use crate::routing::{Decision, Outcome, Question, decide};
use crate::sentence;

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
    let words = words(registry, args, session.sources)?;
    let request = args.request.as_deref().map(|name| lookup::facility(registry, name)).transpose()?;
    let patient = registry.patient(said(args, words, request));
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

/// What was said of the patient in words: as in an expectation; or needs, each by the beginning of its id.
fn words(registry: &Registry, args: &RouteArgs, sources: &mut Sources) -> Result<PatientSaid, Failure> {
    let needs: Vec<&str> = args.each_need().collect();
    if needs.is_empty() {
        return Ok(PatientSaid::default());
    }
    let text = needs.join(" + ");
    let file = sources.add("the command line", text.as_str());
    sentence::patient_words(&text, file, registry).or_else(|diagnostic| {
        let found: Result<_, _> = needs.iter().map(|need| lookup::need(registry, need)).collect();
        match found {
            Ok(needs) => Ok(PatientSaid { needs, ..PatientSaid::default() }),
            // Of several words it matters which of them is meant.
            Err(_) if needs.iter().any(|need| need.contains([' ', ','])) => {
                Err(Failure::Said(vec![diagnostic]))
            }
            Err(failure) => Err(failure),
        }
    })
}

/// What was said of the patient, in words and by options; the registry completes it.
pub(super) fn said(args: &RouteArgs, words: PatientSaid, request: Option<FacilityId>) -> PatientSaid {
    PatientSaid {
        needs: words.needs,
        priority: args.said_priority().or(words.priority),
        care: args.care.or(words.care),
        age: args.age.or(words.age),
        extremis: args.extremis || words.extremis,
        transfer: args.transfer || words.transfer,
        request: request.or(words.request),
    }
}
