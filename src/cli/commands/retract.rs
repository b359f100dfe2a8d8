//! `divert retract`: an event was an error.
//!
//! Floor 6.

use std::collections::BTreeSet;

use crate::log::Draft;
use crate::model::Ledger;
use crate::report::journal;

use super::super::args::RetractArgs;
use super::super::desk::Desk;
use super::super::error::{Exit, Failure};
use super::{Session, acting};

pub(super) fn run(args: &RetractArgs, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let setting = acting::setting(session)?;
    acting::check_answer(session, &setting, "retract")?;
    let mut desk = Desk::open(&setting, session.environment, false)?;
    let events: Vec<u64> = if args.last {
        vec![desk.last_own()?.ok_or_else(|| Failure::NoOwnEvent { user: session.environment.user.clone() })?]
    } else {
        args.events.clone()
    };
    let source = args.source.as_deref().unwrap_or("dispatch");
    acting::record(desk, session, "retract", |recorded, _| {
        check(&events, recorded)?;
        Ok(events.iter().map(|event| draft(*event, source, args.reason.as_deref())).collect())
    })
}

fn draft(event: u64, source: &str, reason: Option<&str>) -> Draft {
    let draft = Draft::retract(event, source);
    match reason {
        Some(reason) => draft.with_text(reason),
        None => draft,
    }
}

/// Refuses to retract what is not there, and what is retracted already.
fn check(events: &[u64], recorded: &Ledger) -> Result<(), Failure> {
    let retracted = journal::retractions(recorded);
    let mut seen = BTreeSet::new();
    for event in events {
        if *event == 0 || *event > recorded.len() as u64 {
            return Err(Failure::NoEvent { number: *event, last: recorded.len() as u64 });
        }
        if let Some(by) = retracted.get(event) {
            return Err(Failure::Retracted { event: *event, by: *by });
        }
        if !seen.insert(event) {
            return Err(Failure::NamedTwice { event: *event });
        }
    }
    Ok(())
}
