//! `divert plan`: what would change before anyone declares it.
//!
//! Floor 6. Reads two worlds and lets them be compared; records nothing.

use crate::foresight::cascade;
use crate::foresight::each::{self, Contingency, Known};
use crate::foresight::loss::{self, Each};
use crate::foresight::plan::{self, World};
use crate::model::{Event, Kind, Ledger, NetworkId};
use crate::routing::grid::Rows;
use crate::state::Timeline;

use super::super::args::PlanArgs;
use super::super::context::Context;
use super::super::error::{Exit, Failure};
use super::super::lookup;
use super::Session;

/// How many pairs of losses are shown where nobody says: there are many, and few are worth a look.
const WORST_PAIRS: usize = 20;

pub(super) fn run(args: &PlanArgs, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let before = session.context()?;
    let rows = super::rows(&before.registry, &args.zone, &args.need)?;
    let network = args.network.as_deref().map(|name| lookup::network(&before.registry, name)).transpose()?;
    if let Some(each) = &args.each {
        return losses(args, each, network, &before, &rows, session);
    }
    let sentence = match network {
        Some(network) => Some(format!("{} closed", before.registry.networks[network].key)),
        None => (!args.sentence.is_empty()).then(|| args.sentence.join(" ")),
    };
    let mut supposed = session.common.given.clone();
    let after = match &args.against {
        Some(path) => before.against(path, session.common, session.environment, session.sources)?,
        None => before.clone(),
    };
    let mut events = after.events.clone();
    if let Some(sentence) = &sentence {
        events = after.suppose("the plan", std::slice::from_ref(sentence), session.sources)?;
        supposed.push(sentence.clone());
    }
    retract(&args.without, &after, &mut events)?;
    if let Some(habit) = args.cascade {
        let known =
            Known { registry: &after.registry, events: &events, at: after.at, known_at: after.known_at };
        let cascade = cascade::cascade(&known, habit);
        let timeline = after.timeline();
        let what = sentence.unwrap_or_else(|| "what is left out".to_owned());
        session.show(&cascade::sheet(&after.basis(&timeline), &cascade, &what), "facility")?;
        let moves = cascade.rounds.len() > 1;
        return Ok(if args.exit_code && moves { Exit::No } else { Exit::Done });
    }
    let file = session.sources.add("the plan", "");
    let timelines = [before.timeline(), Timeline::of(&after.registry, &events, after.known_at)];
    let worlds = [
        World { basis: before.basis(&timelines[0]), supposed: &session.common.given, file },
        World { basis: after.basis(&timelines[1]), supposed: &supposed, file },
    ];
    let plan = plan::plan(&worlds[0], &worlds[1], &rows);
    session.show(&plan::sheet(&worlds[0].basis, &plan), "to")?;
    Ok(if args.exit_code && plan.changes() { Exit::No } else { Exit::Done })
}

/// `--each`: every loss by itself, the worst first.
fn losses(
    args: &PlanArgs,
    each: &str,
    network: Option<NetworkId>,
    context: &Context,
    rows: &Rows,
    session: &Session<'_>,
) -> Result<Exit, Failure> {
    let registry = &context.registry;
    let each = match each {
        "facility" => Each::Facility,
        "network" => Each::Network,
        other => match other.strip_prefix("service:") {
            Some(service) => Each::Service(lookup::service(registry, service)?),
            None => return Err(Failure::UnknownLoss(other.to_owned())),
        },
    };
    let single = loss::losses(registry, each, network, context.at);
    let losses = if args.pairs { loss::pairs(&single) } else { single };
    let known = Known { registry, events: &context.events, at: context.at, known_at: context.known_at };
    let contingency = Contingency::new(known, rows);
    let ranked = contingency.rank(losses);
    let worst = args.worst.or(args.pairs.then_some(WORST_PAIRS));
    let timeline = context.timeline();
    let basis = context.basis(&timeline);
    let sheet = if args.moves {
        each::moves_sheet(&basis, &ranked, worst)
    } else {
        each::sheet(&basis, &ranked, contingency.rows(), worst)
    };
    session.show(&sheet, "loss")?;
    let moves = ranked.iter().any(|suffered| !suffered.moves.is_empty());
    Ok(if args.exit_code && moves { Exit::No } else { Exit::Done })
}

/// Supposes that these events are retracted.
fn retract(without: &[u64], context: &Context, events: &mut Ledger) -> Result<(), Failure> {
    for number in without {
        context.recorded(*number)?;
        events.push(&Event {
            number: events.head() + 1,
            recorded_at: context.known_at.map_or(context.at, |known_at| known_at.min(context.at)),
            source: "given".into(),
            text: None,
            kind: Kind::Retract(*number),
        });
    }
    Ok(())
}
