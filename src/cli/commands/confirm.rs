//! `divert confirm`: what is so of a facility is still so.
//!
//! Floor 6.

use crate::diagnostic::list_or;
use crate::log::Draft;
use crate::model::{Declared, Instant, Ledger, Registry, Subject};
use crate::sentence::{self, Reading, Still, phrase};
use crate::state::{History, Timeline, Track};

use super::super::args::ConfirmArgs;
use super::super::desk::Desk;
use super::super::error::{Exit, Failure};
use super::{Session, acting};

pub(super) fn run(args: &ConfirmArgs, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let setting = acting::setting(session)?;
    acting::check_answer(session, &setting, "confirm")?;
    let text = args.said.join(" ");
    let file = session.sources.add("the command line", text.as_str());
    let reading = Reading { now: setting.at, zone: setting.zone };
    let still = sentence::still(&text, file, &setting.registry, reading)
        .map_err(|diagnostic| Failure::Said(vec![diagnostic]))?;
    if still.len() > 1 && !args.yes {
        let names = still.iter().map(|one| phrase::subject(one.subject, &setting.registry));
        acting::agreed(session, names.map(|name| format!("{name}: still so")).collect(), false)?;
    }
    let source = args.source.as_deref().unwrap_or("dispatch");
    let desk = Desk::open(&setting, session.environment, false)?;
    acting::record(desk, session, "confirm", |events, _| drafts(&setting.registry, &still, events, source))
}

/// Says again what is in each lane of each subject; where nothing is, that it is open.
fn drafts(
    registry: &Registry,
    still: &[Still],
    events: &Ledger,
    source: &str,
) -> Result<Vec<Draft>, Failure> {
    let timeline = Timeline::of(registry, events, None);
    let mut drafts = Vec::new();
    for one in still {
        let history = match one.subject {
            Subject::Facility(facility) => timeline.facility(facility),
            Subject::Region(region) => timeline.region(region),
        };
        let active = history
            .into_iter()
            .flat_map(History::tracks)
            .filter_map(|track: &Track| track.at(one.from)?.state.declared(&track.lane, registry));
        let mut active: Vec<Declared> = active.collect();
        if active.is_empty() {
            let state = match one.subject {
                Subject::Facility(facility) => timeline.facility_at(registry, facility, one.from),
                Subject::Region(_) => return Err(nothing(registry, one, None)),
            };
            let expired = state.expired_at();
            if state.is_unknown() || expired.is_some() || one.until.is_some() {
                return Err(nothing(registry, one, expired));
            }
            active.push(Declared::Open { scope: None });
        }
        for declared in active {
            let declaration = acting::bounded(&timeline, one.declare(declared));
            drafts.push(Draft::declare(declaration, source));
        }
    }
    Ok(drafts)
}

/// Nothing is there to confirm. What ran out may go on or be over: that is for the dispatcher to say.
fn nothing(registry: &Registry, still: &Still, expired: Option<Instant>) -> Failure {
    let subject = phrase::subject(still.subject, registry);
    let expired = expired.map(|at| phrase::clock(at, phrase::zone(still.subject, registry)));
    let say = list_or(
        [format!("divert declare {subject} open"), format!("divert declare {subject} diverting")]
            .iter()
            .map(String::as_str),
    );
    Failure::NothingToConfirm { subject, expired, say }
}
