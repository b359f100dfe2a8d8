//! `divert log`: what was recorded, what it came to, and whether it is still what was recorded.
//!
//! Floor 6.

use chrono_tz::Tz;

use crate::log::{Head, Verdict};
use crate::model::Instant;
use crate::report::journal::{self, Entry, Selection};
use crate::report::{Basis, Column, Kind, Line, LogHead, Sheet, Tone, transitions};
use crate::sheet::Telling;
use crate::state::Timeline;

use super::super::args::LogArgs;
use super::super::context::{Remark, Setting, clock};
use super::super::desk::by_pages;
use super::super::error::{Exit, Failure};
use super::super::log_place::LogPlace;
use super::super::watch::{PERIOD, Watch};
use super::{Session, named};

pub(super) fn run(args: &LogArgs, session: &mut Session<'_>) -> Result<Exit, Failure> {
    if args.names == ["verify"] {
        return verify(args, session);
    }
    if args.head.is_some() {
        return Err(Failure::OnlyFor { option: "--head", command: "log verify" });
    }
    let setting = Setting::read(session.common, session.environment, session.sources)?;
    let mut watch = Watch::open(&setting, session.environment, session.sources)?;
    for remark in &watch.remarks {
        session.ui.warn(&remark.to_string());
    }
    let in_words = session.reads_words()?;
    let mut time = |option: &'static str, text: &Option<String>| {
        text.as_deref().map(|text| setting.time(option, text, session.sources)).transpose()
    };
    let selection = Selection {
        in_words,
        since: time("--since", &args.since)?,
        until: time("--until", &args.until)?,
        facilities: named(&setting.registry, &args.names)?,
    };
    let journal = Journal { setting: &setting, selection, changes: args.changes };
    if args.follow {
        return journal.follow(session, &mut watch);
    }
    let head = watch.log().map(LogHead::from);
    journal.tell(&mut watch, head.as_ref(), setting.at, 0, |telling| session.tell(telling, "event"))?;
    Ok(Exit::Done)
}

/// What is shown of a log.
struct Journal<'a> {
    setting: &'a Setting,
    selection: Selection,
    /// Transitions instead of events.
    changes: bool,
}

impl Journal<'_> {
    /// Has it told what came after the first `after` events; of transitions, all.
    fn tell<T>(
        &self,
        watch: &mut Watch<'_>,
        head: Option<&LogHead>,
        at: Instant,
        after: usize,
        tell: impl FnOnce(Telling<'_, Failure>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let timeline = if self.changes {
            let events = watch.log().map(|log| log.events.clone()).unwrap_or_default();
            Timeline::owning(&self.setting.registry, events, self.setting.known_at)
        } else {
            Timeline::unknown(&self.setting.registry)
        };
        let basis = Basis {
            registry: &self.setting.registry,
            timeline: &timeline,
            at,
            known_at: self.setting.known_at,
            zone: self.setting.zone,
            log: head,
        };
        if self.changes {
            return tell(transitions::tell(&basis, &self.selection));
        }
        let is_known =
            |entry: &Entry| self.setting.known_at.is_none_or(|known_at| entry.event.recorded_at <= known_at);
        let events = watch.log().map(|log| log.events.known(self.setting.known_at)).unwrap_or_default();
        let recorded = watch.log().map_or(0, |log| log.events.len());
        let entries = by_pages(after..recorded, |page| watch.entries(page));
        let entries = entries.filter(|entry| entry.as_ref().map_or(true, is_known));
        tell(journal::tell(&basis, "log", entries, &events, &self.selection))
    }

    /// Shows what is there, then every event, or every transition, as it comes; until the reader goes away.
    fn follow(&self, session: &mut Session<'_>, watch: &mut Watch<'_>) -> Result<Exit, Failure> {
        let (mut first, mut shown, mut transitions) = (true, 0, Vec::new());
        let mut at = self.setting.at;
        loop {
            if session.common.at.is_none() {
                // A clock that is set back takes nothing back.
                at = at.max(clock());
            }
            let head = watch.log().map(LogHead::from);
            let mut counted = None;
            let mut sheet = self.tell(watch, head.as_ref(), at, shown, |mut telling| {
                counted = telling.counted.take();
                telling.whole()
            })?;
            if self.changes {
                let rows = transitions::news(&transitions, &sheet.rows);
                transitions = std::mem::replace(&mut sheet.rows, rows);
            }
            sheet.footer.extend(counted.map(|counted| counted(sheet.rows.len())));
            if (first || !sheet.rows.is_empty()) && !session.stream(&sheet, "event", first)? {
                return Ok(Exit::Done);
            }
            first = false;
            shown = watch.log().map_or(0, |log| log.events.len());
            // A transition may come by itself; an event does not.
            loop {
                std::thread::sleep(PERIOD);
                let has_grown = watch.refresh(session.sources)?;
                if let Some(remark) = watch.half_a_row() {
                    session.ui.warn(&remark.to_string());
                }
                if has_grown || self.changes {
                    break;
                }
            }
        }
    }
}

/// The columns of a verdict.
pub(super) fn verdict_columns() -> Vec<Column> {
    vec![Column::new("flaw", "Flaw", Kind::Text, crate::report::View::All)]
}

/// Walks the chain. What rows mean is not asked: a log that no command can read any more is the one to be verified.
fn verify(args: &LogArgs, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let kept: Option<Head> = match &args.head {
        Some(text) => Some(text.parse().map_err(|error| Failure::NoHead { text: text.clone(), error })?),
        None => None,
    };
    let (common, environment) = (session.common, session.environment);
    let mut sheet = Sheet::new("verify", verdict_columns(), environment.clock, Tz::UTC);
    match Setting::read(common, environment, session.sources) {
        Ok(Setting { registry, at, zone, .. }) => {
            (sheet.at, sheet.zone) = (at, zone.unwrap_or(registry.timezone));
            (sheet.registry, sheet.registry_sha256) = (registry.name, registry.sha256);
        }
        Err(Failure::Registry(_)) => {
            session.ui.warn("the registry cannot be read; the chain is verified without it");
        }
        Err(failure) => return Err(failure),
    }
    let place = LogPlace::asked_for(common, environment);
    if let LogPlace::Named(path) = &place
        && matches!(path.try_exists(), Ok(false))
    {
        return Err(Failure::NoLog(path.clone()));
    }
    if !place.has_store() {
        return Err(Failure::NoChain);
    }
    let verdict = place.to_read(environment)?.verify(kept).map_err(Failure::Store)?;
    // Of a broken chain no time is believed.
    let is_intact = verdict.flaws.is_empty();
    if common.at.is_none() && is_intact && verdict.recorded_at.is_some_and(|last| environment.clock < last) {
        session.ui.warn(&Remark::ClockBehind.to_string());
    }
    sheet.log = Some(LogHead { head: verdict.head.event, hash: Some(verdict.head.hash.to_string()) });
    sheet.rows = verdict.flaws.iter().map(|flaw| vec![flaw.to_string().into()]).collect();
    sheet.answer = Some(told(&verdict, kept));
    session.show(&sheet, "flaw")?;
    Ok(if is_intact { Exit::Done } else { Exit::No })
}

/// The verdict for people, with what it rests on.
fn told(verdict: &Verdict, kept: Option<Head>) -> Vec<Line> {
    let mut lines: Vec<Line> =
        verdict.flaws.iter().map(|flaw| Line { text: flaw.to_string(), tone: Tone::Severe }).collect();
    if verdict.more > 0 {
        lines.push(Line::plain(format!("and {} more", verdict.more)));
    }
    if verdict.flaws.is_empty() {
        let events =
            crate::diagnostic::plural(usize::try_from(verdict.head.event).unwrap_or_default(), "event");
        lines.push(Line { text: format!("{events}, and the chain holds"), tone: Tone::Good });
        lines.push(Line::plain(match kept {
            Some(kept) => format!("nothing up to event {} was changed since that head was kept", kept.event),
            None => "whoever makes all hashes anew is not found this way: keep the head, and compare it \
                     with --head"
                .to_owned(),
        }));
    }
    lines.push(Line::plain(format!("head {}", verdict.head)));
    lines
}
