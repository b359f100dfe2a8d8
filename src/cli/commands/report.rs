//! `divert report`: figures over a period.
//!
//! Floor 6.

use crate::report::hours::{self, Grouping};
use crate::report::period::{Calendar, Period};

use super::super::args::{By, Report, ReportArgs};
use super::super::context::Context;
use super::super::error::{Exit, Failure};
use super::{Session, named};

pub(super) fn run(args: &ReportArgs, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let context = session.context()?;
    let facilities = named(&context.registry, &args.names)?;
    let period = period(args, &context, session)?;
    let calendar = calendar(args)?;
    let grouping = grouping(args)?;
    let timeline = context.timeline();
    let basis = context.basis(&timeline);
    let sheet = match args.report {
        Report::Hours => hours::sheet(&basis, &hours::Selection { facilities, period, calendar, grouping }),
    };
    session.show(&sheet, "facility")?;
    Ok(Exit::Done)
}

fn period(args: &ReportArgs, context: &Context, session: &mut Session<'_>) -> Result<Period, Failure> {
    if let Some(said) = &args.period {
        return Ok(Period::Said(said.clone()));
    }
    let mut said = |option: &'static str, text: &Option<String>| {
        text.as_deref().map(|text| context.time(option, text, session.sources)).transpose()
    };
    let (since, until) = (said("--since", &args.since)?, said("--until", &args.until)?);
    if since.is_some_and(|since| until.unwrap_or(context.at) <= since) {
        return Err(Failure::EmptySpan);
    }
    Ok(Period::Between(since, until))
}

fn calendar(args: &ReportArgs) -> Result<Option<Calendar>, Failure> {
    one(args.by.iter().filter_map(|by| match by {
        By::Day => Some(Calendar::Day),
        By::Week => Some(Calendar::Week),
        By::Month => Some(Calendar::Month),
        By::Network | By::Region | By::Reason => None,
    }))
}

fn grouping(args: &ReportArgs) -> Result<Grouping, Failure> {
    let said = args.by.iter().filter_map(|by| match by {
        By::Network => Some(Grouping::Network),
        By::Region => Some(Grouping::Region),
        By::Reason => Some(Grouping::Reason),
        By::Day | By::Week | By::Month => None,
    });
    Ok(one(said)?.unwrap_or_default())
}

fn one<T>(mut said: impl Iterator<Item = T>) -> Result<Option<T>, Failure> {
    let first = said.next();
    if said.next().is_some() { Err(Failure::TwiceBy) } else { Ok(first) }
}
