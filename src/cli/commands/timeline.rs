//! `divert timeline`: lanes over time.
//!
//! Floor 6.

use chrono::TimeDelta;

use crate::model::Instant;
use crate::report::timeline::{self, Selection};

use super::super::args::TimelineArgs;
use super::super::context::Context;
use super::super::error::{Exit, Failure};
use super::{Session, named};

/// What is drawn where nobody says: a day back, and a watch's end ahead.
const BACK: TimeDelta = TimeDelta::hours(24);
const AHEAD: TimeDelta = TimeDelta::hours(4);

pub(super) fn run(args: &TimelineArgs, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let context = session.context()?;
    let (since, until) = span(args, &context, session)?;
    let facilities = named(&context.registry, &args.names)?;
    let selection = Selection { facilities, since, until, conflicts: args.conflicts };
    let timeline = context.timeline();
    session.show(&timeline::sheet(&context.basis(&timeline), &selection), "facility")?;
    Ok(Exit::Done)
}

fn span(
    args: &TimelineArgs,
    context: &Context,
    session: &mut Session<'_>,
) -> Result<(Instant, Instant), Failure> {
    let mut said = |option: &'static str, text: &Option<String>| {
        text.as_deref().map(|text| context.time(option, text, session.sources)).transpose()
    };
    let (since, until) = (said("--since", &args.since)?, said("--until", &args.until)?);
    let since = since.unwrap_or_else(|| until.unwrap_or(context.at) - BACK);
    let until = until.unwrap_or(context.at + AHEAD);
    if since < until { Ok((since, until)) } else { Err(Failure::EmptySpan) }
}
