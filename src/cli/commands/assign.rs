//! `divert assign`: decides where one patient goes, and records it.
//!
//! Floor 6. Of where the patient is, nothing but the zone is recorded: a log holds no coordinates of patients.

use std::collections::BTreeSet;

use crate::log::{Draft, Entry};
use crate::model::{Assignment, FacilityId, FileId, Origin, Patient, PatientSaid, Registry, Target};
use crate::report::period;
use crate::report::route::{self, Telling};
use crate::report::{Basis, Line, Value};
use crate::routing::{Decision, Disposition, Outcome, Question, decide};
use crate::sentence;
use crate::state::Timeline;

use super::super::args::{AssignArgs, RouteArgs};
use super::super::desk::Desk;
use super::super::error::{Exit, Failure};
use super::{Session, acting, route as reading};

pub(super) fn run(args: &AssignArgs, session: &mut Session<'_>) -> Result<Exit, Failure> {
    if args.route.batch.is_some() {
        return Err(Failure::OnlyFor { option: "--batch", command: "route" });
    }
    let setting = acting::setting(session)?;
    let registry = &setting.registry;
    let asked = Asked::read(&args.route, registry, session)?;
    let zone = setting.zone.unwrap_or(registry.timezone);
    let clocked = session.common.at.is_none();
    let mut decision = None;
    let desk = Desk::open(&setting, session.environment, true)?;
    let recorded = desk.record("assign", |events, recorded_at| {
        let timeline = Timeline::of(registry, events, None);
        let at = if clocked { recorded_at } else { setting.at };
        let forced = timeline.forced_between(period::day_of(at, zone).0, at);
        let snapshot = timeline.at(registry, at);
        let question = Question {
            patient: &asked.patient,
            origin: asked.origin,
            exclude: &asked.exclude,
            forced: &forced,
        };
        let decided = decide(&snapshot, &question);
        let draft = asked.draft(&decided, registry, args);
        decision = Some(decided);
        Ok(draft.into_iter().collect())
    })?;
    let Some(decision) = decision else { return Ok(Exit::Done) };
    let basis = Basis {
        registry,
        timeline: &recorded.timeline,
        at: decision.at,
        known_at: None,
        zone: setting.zone,
        log: recorded.sheet.log.as_ref(),
    };
    let telling = Telling { explain: args.route.explain, alternates: args.route.alternates, whole: true };
    let mut sheet = route::sheet(&basis, &asked.patient, asked.origin, &decision, telling);
    let event = recorded.appended.numbers().map(|(number, _)| number);
    sheet.name = "assign";
    sheet.facts.push(("event", event.map_or(Value::Missing, Value::count)));
    if let (Some(cell), Some(id)) = (sheet.rows.first_mut().and_then(|row| row.first_mut()), &args.id) {
        *cell = id.as_str().into();
    }
    if let Some(lines) = &mut sheet.answer {
        lines.push(Line::plain(match event {
            Some(event) => format!("  event {event}; to undo: divert retract {event}"),
            None => "  nothing was recorded: there is no destination".to_owned(),
        }));
    }
    acting::told(session, &recorded.appended, session.show(&sheet, "destination"));
    Ok(reading::exit(&decision, session.common.strict))
}

/// Who, from where, and not to whom.
struct Asked {
    patient: Patient,
    origin: Origin,
    exclude: BTreeSet<FacilityId>,
}

impl Asked {
    /// Full names only: what is recorded must not hang on what ids there happen to be.
    fn read(args: &RouteArgs, registry: &Registry, session: &mut Session<'_>) -> Result<Self, Failure> {
        let mut add = |option: &str, text: &str| session.sources.add(option, text);
        let said = |diagnostic| Failure::Said(vec![diagnostic]);
        let file = add("the command line", args.origin());
        let origin = sentence::place(args.origin(), file, registry).map_err(said)?;
        let needs = args.each_need().collect::<Vec<_>>().join(" + ");
        let words = if needs.is_empty() {
            PatientSaid::default()
        } else {
            let file = add("the command line", &needs);
            sentence::patient_words(&needs, file, registry).map_err(said)?
        };
        let mut one = |option: &str, text: &str| {
            let file = add(option, text);
            facility(text, file, registry)
        };
        let request = args.request.as_deref().map(|name| one("--request", name)).transpose()?;
        let exclude = args.exclude.iter().map(|name| one("--exclude", name)).collect::<Result<_, _>>()?;
        let patient = registry.patient(reading::said(args, words, request));
        Ok(Self { patient, origin, exclude })
    }

    /// What is recorded; nothing where nobody takes the patient.
    fn draft(&self, decision: &Decision, registry: &Registry, args: &AssignArgs) -> Option<Draft> {
        let stop = decision.destination?;
        let assignment = Assignment {
            facility: stop.facility,
            at: decision.at,
            id: args.id.as_deref().map(Into::into),
            home: decision.home.map(|home| home.facility),
            forced: decision.outcome == Outcome::Forced,
            rested_on: None,
        };
        let source = args.source.as_deref().unwrap_or("dispatch");
        let needs: Vec<&str> =
            self.patient.needs.iter().map(|need| registry.needs[*need].key.as_str()).collect();
        let mut draft = Draft::new(Entry::Assign(Box::new(assignment)), source)
            .with("needs", needs)
            .with("priority", self.patient.priority.number())
            .with("care", self.patient.care.as_str())
            .with("age", self.patient.age.as_str())
            .with("outcome", decision.outcome.as_str())
            .with("minutes", stop.minutes.as_f64());
        if let Some(by) = &decision.decided_by {
            draft = draft.with("decided_by", by.to_string());
        }
        if let Some(code) = decision.disposition.map(Disposition::code) {
            draft = draft.with("nemsis", code);
        }
        match self.origin {
            Origin::Zone(zone) => Some(draft.with("zone", registry.zones[zone].key.as_str())),
            Origin::Facility(from) => Some(draft.with("from", registry.facilities[from].key.as_str())),
            Origin::Point(_) => Some(draft),
        }
    }
}

/// One facility by its full name.
fn facility(text: &str, file: FileId, registry: &Registry) -> Result<FacilityId, Failure> {
    let targets = sentence::route(text, file, registry).map_err(|wrong| Failure::Said(vec![wrong]))?;
    match targets.as_slice() {
        [Target::Facility(facility)] => Ok(*facility),
        _ => Err(Failure::UnknownName { kind: "facility", name: text.to_owned(), closest: None }),
    }
}
