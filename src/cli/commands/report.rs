//! `divert report`: figures over a period.
//!
//! Floor 6.

use std::collections::BTreeSet;

use crate::diagnostic::closest;
use crate::model::{Registry, StatusId};
use crate::render::{self, Format};
use crate::report::hours::{self, Grouping};
use crate::report::hours_told::Hours;
use crate::report::period::{Calendar, Period};
use crate::report::{concurrency, diverted, episodes, freshness, packet, targets};

use super::super::args::{By, Paper, Report, ReportArgs};
use super::super::context::{self, Context};
use super::super::error::{Exit, Failure};
use super::{Session, hours as by_rows, named};

pub(super) fn run(args: &ReportArgs, session: &mut Session<'_>) -> Result<Exit, Failure> {
    check(args)?;
    let (calendar, grouping) = (calendar(args)?, grouping(args)?);
    let context = session.context()?;
    let facilities = named(&context.registry, &args.names)?;
    let period = period(args, &context, session)?;
    let pictures = session.format()? == Format::Html;
    let timeline = context.timeline();
    context.group(&timeline, session.environment);
    let basis = context.basis(&timeline);
    let sheet = match args.report {
        Report::Hours => {
            let selection = hours::Selection { facilities, period, calendar, grouping, pictures };
            let (format, options) = context::output(session.common, session.environment, "facility")?;
            if by_rows::fits(format, &options)
                && let Some(hours) = Hours::new(&basis, &selection)
            {
                let processors = *session.environment.processors;
                session.ui.answer(|out| by_rows::write(&hours, format, &options, processors, out))?;
                return Ok(Exit::Done);
            }
            hours::sheet(&basis, &selection)
        }
        Report::Episodes => {
            let selection = episodes::Selection { facilities, period, calendar };
            session.tell(episodes::tell(&basis, &selection), "facility")?;
            return Ok(Exit::Done);
        }
        Report::Concurrency => {
            let statuses = statuses(&context.registry, &args.status)?;
            concurrency::sheet(&basis, &concurrency::Selection { period, calendar, statuses })
        }
        Report::Targets => targets::sheet(&basis, &targets::Selection { facilities, period }),
        Report::Diverted => diverted::sheet(&basis, &diverted::Selection { facilities, period, calendar }),
        Report::Freshness => freshness::sheet(&basis, facilities.as_ref()),
        Report::Packet => {
            return print_packet(&packet::packet(&basis), args.paper, session);
        }
    };
    session.show(&sheet, if args.report == Report::Concurrency { "region" } else { "facility" })?;
    Ok(Exit::Done)
}

/// A packet is a page and nothing else.
fn print_packet(
    packet: &packet::Packet,
    paper: Option<Paper>,
    session: &Session<'_>,
) -> Result<Exit, Failure> {
    if !matches!(session.format()?, Format::Html | Format::Table) {
        let option = "format but html".to_owned();
        return Err(Failure::NotThere { report: "packet", option });
    }
    let paper = match paper {
        None | Some(Paper::Letter) => render::Paper::Letter,
        Some(Paper::A4) => render::Paper::A4,
    };
    session.ui.answer(|out| render::write_packet(packet, paper, out))?;
    Ok(Exit::Done)
}

/// Refuses what a report has no use for: nothing that was typed is passed over in silence.
fn check(args: &ReportArgs) -> Result<(), Failure> {
    let (report, by, timed, named) = match args.report {
        Report::Hours => ("hours", &ALL[..], true, true),
        Report::Episodes => ("episodes", &[By::Day, By::Week, By::Month][..], true, true),
        Report::Concurrency => ("concurrency", &[By::Day, By::Week, By::Month, By::Region][..], true, false),
        Report::Targets => ("targets", &[By::Month][..], true, true),
        Report::Diverted => ("diverted", &[By::Day, By::Week, By::Month][..], true, true),
        Report::Freshness => ("freshness", &[][..], false, true),
        Report::Packet => ("packet", &[][..], false, false),
    };
    let refused = |option: &str| Err(Failure::NotThere { report, option: option.to_owned() });
    if let Some(other) = args.by.iter().find(|wanted| !by.contains(wanted)) {
        return refused(&format!("--by {}", other.as_str()));
    }
    if !timed && (args.period.is_some() || args.since.is_some() || args.until.is_some()) {
        return refused("period: it speaks of one instant, --at");
    }
    if args.report != Report::Concurrency && !args.status.is_empty() {
        return refused("--status");
    }
    if args.report != Report::Packet && args.paper.is_some() {
        return refused("--paper");
    }
    if !named && !args.names.is_empty() {
        return refused("facilities: it is about all of them");
    }
    Ok(())
}

/// The status types of these words; `None` where there is no word.
fn statuses(registry: &Registry, words: &[String]) -> Result<Option<BTreeSet<StatusId>>, Failure> {
    let find = |word: &String| {
        registry.statuses.id(word).ok_or_else(|| Failure::UnknownName {
            kind: "status",
            name: word.clone(),
            closest: closest(word, registry.statuses.iter().map(|(_, status)| status.key.as_str()))
                .map(str::to_owned),
        })
    };
    let found: BTreeSet<StatusId> = words.iter().map(find).collect::<Result<_, _>>()?;
    Ok((!words.is_empty()).then_some(found))
}

const ALL: [By; 6] = [By::Day, By::Week, By::Month, By::Network, By::Region, By::Reason];

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
