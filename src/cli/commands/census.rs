//! `divert census`: how full an emergency department is.
//!
//! Floor 6.

use chrono::TimeDelta;

use crate::diagnostic::{Code, Diagnostic};
use crate::log::{Draft, Entry};
use crate::model::{Census, FacilityId, Subject};
use crate::report::Line;
use crate::sentence::{self, Reading};
use crate::state;

use super::super::args::CensusArgs;
use super::super::context::Setting;
use super::super::desk::Desk;
use super::super::error::{Exit, Failure};
use super::{Session, acting};

pub(super) fn run(args: &CensusArgs, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let setting = acting::setting(session)?;
    acting::check_answer(session, &setting, "census")?;
    let census = Census {
        facility: facility(args, &setting, session)?,
        at: setting.at,
        occupied: args.occupied,
        boarding: args.boarding,
        waiting: args.waiting,
        ventilated: args.ventilated,
        longest_boarding: wait("--longest-boarding", args.longest_boarding.as_deref(), session)?,
        last_wait: wait("--last-wait", args.last_wait.as_deref(), session)?,
    };
    let source = args.source.as_deref().unwrap_or("hospital");
    let mut recorded = Desk::open(&setting, session.environment, true)?
        .record("census", |_, _| Ok(vec![Draft::new(Entry::Census(Box::new(census.clone())), source)]))?;
    let score = state::nedocs(&setting.registry.facilities[census.facility], &census);
    let told = score.map_or_else(
        || "  NEDOCS: not computed, a figure or the registry's bed counts are missing".to_owned(),
        |score| format!("  NEDOCS {score:.1}"),
    );
    if let Some(lines) = &mut recorded.sheet.answer {
        lines.insert(lines.len().min(1), Line::plain(told));
    }
    Ok(acting::answer(session, &recorded))
}

/// One facility, by its full name.
fn facility(args: &CensusArgs, setting: &Setting, session: &mut Session<'_>) -> Result<FacilityId, Failure> {
    let text = args.name.join(" ");
    let file = session.sources.add("the command line", text.as_str());
    let reading = Reading { now: setting.at, zone: setting.zone };
    let wrong = |diagnostic| Failure::Said(vec![diagnostic]);
    let named = sentence::still(&text, file, &setting.registry, reading).map_err(wrong)?;
    match named.as_slice() {
        [one] => match one.subject {
            Subject::Facility(facility) => Ok(facility),
            Subject::Region(_) => Err(wrong(Diagnostic::at(
                Code::WrongKind,
                file,
                0..text.len(),
                "a census is of a facility, not of a region",
            ))),
        },
        _ => Err(wrong(
            Diagnostic::at(Code::WrongKind, file, 0..text.len(), "a census is of one facility")
                .help("record one for each"),
        )),
    }
}

/// Hours, `1.5`, or a length of time, `1h30m`.
fn wait(
    option: &'static str,
    text: Option<&str>,
    session: &mut Session<'_>,
) -> Result<Option<TimeDelta>, Failure> {
    let Some(text) = text else { return Ok(None) };
    if let Some(hours) = text.parse::<f64>().ok().filter(|hours| (0.0..10_000.0).contains(hours)) {
        #[allow(clippy::cast_possible_truncation)] // within the range
        return Ok(Some(TimeDelta::seconds((hours * 3600.0).round() as i64)));
    }
    let file = session.sources.add(option, text);
    sentence::duration(text, file).map(Some).map_err(|diagnostic| Failure::Said(vec![diagnostic]))
}
