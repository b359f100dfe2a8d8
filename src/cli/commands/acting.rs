//! What every command that records has in common: what it may not be asked, the question before, the echo after.
//!
//! Floor 6.

use crate::log::{Appended, Draft};
use crate::model::{Declaration, Declared, Instant, Ledger, Until};
use crate::render;
use crate::report::{Basis, journal};
use crate::state::Timeline;

use super::super::context::{self, Remark, Setting};
use super::super::desk::{Desk, Recorded};
use super::super::error::{Exit, Failure};
use super::Session;

/// The registry and the times for a command that records.
pub(super) fn setting(session: &mut Session<'_>) -> Result<Setting, Failure> {
    for (given, option) in
        [(!session.common.given.is_empty(), "--given"), (session.common.known_at.is_some(), "--known-at")]
    {
        if given {
            return Err(Failure::OnlyForReading { option });
        }
    }
    let setting = Setting::read(session.common, session.environment, session.sources)?;
    if session.common.verbose {
        session.ui.diagnostics(&setting.warnings, session.sources);
    }
    Ok(setting)
}

/// Finds what is wrong with the wanted form of the answer before anything is recorded.
pub(super) fn check_answer(
    session: &Session<'_>,
    setting: &Setting,
    command: &'static str,
) -> Result<(), Failure> {
    let (format, options) = context::output(session.common, session.environment, "event")?;
    let Setting { registry, at, known_at, zone, .. } = setting;
    let timeline = Timeline::unknown(registry);
    let basis = Basis { registry, timeline: &timeline, at: *at, known_at: *known_at, zone: *zone, log: None };
    let sheet = basis.sheet(command, journal::columns());
    options.columns.map_or(Ok(()), |columns| {
        render::check_columns(&sheet, format, &columns).map_err(Failure::UnknownColumn)
    })
}

/// Lists what is about to be declared and asks; where nobody can answer, `--yes` is wanted.
pub(super) fn agreed(session: &Session<'_>, declared: Vec<String>, piped: bool) -> Result<(), Failure> {
    if piped || !session.environment.asks {
        return Err(Failure::Several { declared });
    }
    if session.ui.ask(&declared)? { Ok(()) } else { Err(Failure::Declined) }
}

/// Records, and answers with what was recorded.
pub(super) fn record(
    desk: Desk<'_>,
    session: &Session<'_>,
    command: &'static str,
    decide: impl FnOnce(&Ledger, Instant) -> Result<Vec<Draft>, Failure>,
) -> Result<Exit, Failure> {
    Ok(answer(session, &desk.record(command, decide)?))
}

/// Answers with what was recorded; what policies refused is recorded and not in force.
pub(super) fn answer(session: &Session<'_>, recorded: &Recorded<'_>) -> Exit {
    told(session, &recorded.appended, session.show(&recorded.sheet, "event"));
    let refused = |number| recorded.timeline.refusal(number).is_some();
    let is_refused = recorded.appended.numbers().is_some_and(|(first, last)| (first..=last).any(refused));
    if is_refused { Exit::Refused } else { Exit::Done }
}

/// An answer was shown, or could not be. It is recorded whether that succeeded or not, and whoever said it must know.
pub(super) fn told(session: &Session<'_>, appended: &Appended, shown: Result<(), Failure>) {
    if appended.behind.is_some() {
        session.ui.warn(&Remark::ClockBehind.to_string());
    }
    if let Err(failure) = shown {
        let numbers = numbers(appended).map(|numbers| format!(" as event {numbers}"));
        session.ui.warn(&format!("recorded{}, and {failure}", numbers.unwrap_or_default()));
    }
}

/// The numbers of what was recorded; `None` where it was nothing.
pub(super) fn numbers(appended: &Appended) -> Option<String> {
    let (first, last) = appended.numbers()?;
    Some(if first < last { format!("{first} to {last}") } else { first.to_string() })
}

/// A declaration with the end that follows from its type's `max`, so that editing the registry does not rewrite what
/// was in force. A renewal that becomes another type has that type's.
pub(super) fn bounded(timeline: &Timeline<'_>, mut declaration: Declaration) -> Declaration {
    if declaration.until.is_none()
        && let Declared::Status { .. } = &declaration.declared
        && let Some(at) = timeline.due(&declaration)
    {
        declaration.until = Some(Until { at, stated: false });
    }
    declaration
}
