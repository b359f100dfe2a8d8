//! One patient's decision as a sheet: the answer in one line, or every field and reason.

use crate::model::{FacilityId, Origin, Patient};
use crate::routing::{
    DecidedBy, Decision, Disposition, NotCounted, Outcome, Reason, ReasonCode, Rejected, StepKind, Stop,
    decided_text, nobody_text,
};
use crate::sentence::phrase;
use crate::sheet::{Basis, Cell, Column, Kind, Line, Sheet, Tone, Value, View};

use super::brief;

/// How the answer is told.
#[derive(Clone, Copy, Debug)]
pub struct Telling {
    /// Print the derivation below the answer.
    pub explain: bool,
    /// How many alternates csv and the text answer name.
    pub alternates: usize,
    /// Fill the columns that only JSON has and that are long among thousands of facilities.
    pub whole: bool,
}

/// The columns of a decision.
pub fn columns() -> Vec<Column> {
    let stop = Kind::Record(vec![
        ("facility", Kind::Text),
        ("minutes", Kind::Number),
        ("minutes_source", Kind::OneOf(&["matrix", "est"])),
    ]);
    let reason = Kind::Record(vec![
        ("code", Kind::OneOf(&ReasonCode::WORDS)),
        ("hard", Kind::Bool),
        ("lane", Kind::Text.or_null()),
        ("status", Kind::Text.or_null()),
        ("event", Kind::Integer.or_null()),
        ("source", Kind::Text.or_null()),
        ("since", Kind::Time.or_null()),
        ("until", Kind::Time.or_null()),
        ("rule", Kind::Text.or_null()),
        ("text", Kind::Text),
    ]);
    let rejected = Kind::Record(vec![
        ("facility", Kind::Text),
        ("minutes", Kind::Number),
        ("reasons", reason.clone().list()),
    ]);
    let not_counted = Kind::Record(vec![
        ("facility", Kind::Text),
        ("lane", Kind::Text),
        ("status", Kind::Text),
        ("event", Kind::Integer),
        ("by", Kind::Text),
        ("text", Kind::Text),
    ]);
    let step = Kind::Record(vec![
        ("id", Kind::Integer),
        ("parent", Kind::Integer.or_null()),
        ("kind", Kind::Text),
        ("facility", Kind::Text.or_null()),
        ("text", Kind::Text),
    ]);
    let from = Kind::Record(vec![
        ("zone", Kind::Text.or_null()),
        ("facility", Kind::Text.or_null()),
        ("lat", Kind::Number),
        ("lon", Kind::Number),
    ]);
    vec![
        Column::data("id", Kind::Text.or_null()),
        Column::json("at", Kind::Time),
        Column::json("known_at", Kind::Time.or_null()),
        Column::json("from", from),
        Column::json("needs", Kind::Text.list()),
        Column::json("priority", Kind::Integer),
        Column::json("care", Kind::OneOf(&["als", "bls"])),
        Column::json("age", Kind::OneOf(&["adult", "pediatric"])),
        Column::json("extremis", Kind::Bool),
        Column::json("transfer", Kind::Bool),
        Column::json("assumed", Kind::Text.list()),
        Column::new("outcome", "Outcome", Kind::OneOf(&Outcome::WORDS), View::All),
        Column::data("destination", Kind::Text.or_null()),
        Column::new("destination_name", "Destination", Kind::Text.or_null(), View::Text),
        Column::json("destination_name", Kind::Text.or_null()),
        Column::new("phone", "Phone", Kind::Text.or_null(), View::Text),
        Column::json("phone", Kind::Text.or_null()),
        Column::new("minutes", "Minutes", Kind::Number.or_null(), View::All),
        Column::json("minutes_source", Kind::OneOf(&["matrix", "est"]).or_null()),
        Column::new("decided_by", "Decided by", Kind::Text.or_null(), View::All),
        Column::new("home", "Home", Kind::Text.or_null(), View::All),
        Column::data("home_minutes", Kind::Number.or_null()),
        Column::data("nemsis", Kind::Text.or_null()),
        Column::json("ask", Kind::Text.or_null()),
        Column::json("proposed", Kind::Text.or_null()),
        Column::json("overridden", reason.list()),
        Column::new("alternates", "Alternates", Kind::Text.list(), View::Csv),
        Column::json("alternates", stop.list()),
        Column::new("flags", "Flags", Kind::Text.list(), View::All),
        Column::json("rejected", rejected.list()),
        Column::json("not_counted", not_counted.list()),
        Column::json("trace", step.list()),
        Column::data("note", Kind::Text.or_null()),
    ]
}

/// The columns of a row of many patients: those of a decision, which are null where a row could not be read.
pub fn batch_columns() -> Vec<Column> {
    const OUTCOMES: [&str; 5] = {
        let [routed, forced, consult, none] = Outcome::WORDS;
        [routed, forced, consult, none, brief::ERROR]
    };
    let or_null = |column: Column| match (column.key, column.kind) {
        ("outcome", _) => Column { kind: Kind::OneOf(&OUTCOMES), ..column },
        (_, kind @ (Kind::Optional(_) | Kind::List(_))) => Column { kind, ..column },
        (_, kind) => Column { kind: kind.or_null(), ..column },
    };
    columns().into_iter().map(or_null).collect()
}

/// The row of a patient who can't be read: which, and why; the cells stand in the order of [`columns`].
pub fn error_row(id: Option<&str>, note: &str) -> Vec<Cell> {
    let value = |column: &Column| match (column.key, &column.kind) {
        ("id", _) => Value::text(id),
        ("outcome", _) => brief::ERROR.into(),
        ("note", _) => note.into(),
        (_, Kind::List(_)) => Value::List(Vec::new()),
        _ => Value::Missing,
    };
    columns().iter().map(|column| Cell::from(value(column))).collect()
}

/// One decision as a sheet of one row.
pub fn sheet(
    basis: &Basis<'_>,
    patient: &Patient,
    origin: Origin,
    decision: &Decision,
    telling: Telling,
) -> Sheet {
    let mut sheet = basis.sheet("route", columns());
    sheet.rows.push(row(basis, None, patient, origin, decision, telling));
    sheet.answer = Some(answer(basis, decision, telling));
    sheet
}

/// The row of one decision; the cells stand in the order of [`columns`].
pub fn row(
    basis: &Basis<'_>,
    id: Option<&str>,
    patient: &Patient,
    origin: Origin,
    decision: &Decision,
    telling: Telling,
) -> Vec<Cell> {
    let registry = basis.registry;
    let key = |facility: FacilityId| Value::from(basis.facility_key(facility));
    let optional = |facility: Option<FacilityId>| facility.map_or(Value::Missing, key);
    let destination = decision.destination.map(|stop| stop.facility);
    let minutes = decision.destination.map(|stop| stop.minutes);
    let name = destination.map(|facility| registry.facilities[facility].name.as_str());
    let phone = destination.and_then(|facility| registry.facilities[facility].phone.as_deref());
    let reasons =
        |reasons: &[Reason]| Value::List(reasons.iter().map(|reason| reason_record(basis, reason)).collect());
    let all = if telling.whole { usize::MAX } else { 0 };
    let rejected = decision.rejected.iter().take(all).map(|rejected| {
        Value::Record(vec![
            ("facility", key(rejected.stop.facility)),
            ("minutes", Value::Minutes(rejected.stop.minutes)),
            ("reasons", reasons(&rejected.reasons)),
        ])
    });
    let flat_alternates = decision
        .alternates
        .iter()
        .take(telling.alternates)
        .map(|stop| Value::Text(format!("{}:{}", basis.facility_key(stop.facility), stop.minutes)));
    let steps = decision.trace.steps().iter().take(all).map(|step| {
        Value::Record(vec![
            ("id", Value::Integer(step.id.into())),
            ("parent", step.parent.map_or(Value::Missing, |parent| Value::Integer(parent.into()))),
            ("kind", step.kind.as_str().into()),
            ("facility", optional(step.facility)),
            ("text", step.text.as_str().into()),
        ])
    });
    let stops = decision.alternates.iter().take(all).map(|stop| stop_record(basis, *stop));
    let tone = outcome_tone(decision.outcome);
    let values: Vec<Value> = vec![
        Value::text(id),
        Value::Time(decision.at, basis.zone()),
        Value::time(basis.known_at, basis.zone()),
        from_record(basis, origin),
        Value::List(patient.needs.iter().map(|need| registry.needs[*need].key.as_str().into()).collect()),
        Value::Integer(patient.priority.number().into()),
        patient.care.as_str().into(),
        patient.age.as_str().into(),
        patient.extremis.into(),
        patient.transfer.into(),
        Value::List(patient.assumed.iter().map(|what| what.as_str().into()).collect()),
        decision.outcome.as_str().into(),
        optional(destination),
        Value::text(name),
        Value::text(name),
        Value::text(phone),
        Value::text(phone),
        Value::minutes(minutes),
        Value::text(decision.destination.map(|stop| stop.source.as_str())),
        Value::text(decision.decided_by.as_ref().map(ToString::to_string)),
        optional(decision.home.map(|stop| stop.facility)),
        Value::minutes(decision.home.map(|stop| stop.minutes)),
        Value::text(decision.disposition.map(Disposition::code)),
        Value::text(decision.ask.as_deref()),
        optional(decision.proposed),
        reasons(&decision.overridden),
        Value::List(flat_alternates.collect()),
        Value::List(stops.collect()),
        Value::List(decision.flags.iter().map(|flag| flag.to_string().into()).collect()),
        Value::List(rejected.collect()),
        Value::List(decision.not_counted.iter().map(|status| not_counted_record(basis, status)).collect()),
        Value::List(steps.collect()),
        Value::text((!decision.notes.is_empty()).then(|| decision.notes.join("; "))),
    ];
    let mut cells: Vec<Cell> = values.into_iter().map(Cell::from).collect();
    for cell in &mut cells[11..15] {
        cell.tone = tone;
    }
    cells
}

fn from_record(basis: &Basis<'_>, origin: Origin) -> Value {
    let registry = basis.registry;
    let (zone, facility, position) = match origin {
        Origin::Zone(zone) => (Some(registry.zones[zone].key.as_str()), None, registry.zones[zone].position),
        Origin::Facility(facility) => {
            (None, Some(basis.facility_key(facility)), registry.facilities[facility].position)
        }
        Origin::Point(position) => (None, None, position),
    };
    Value::Record(vec![
        ("zone", Value::text(zone)),
        ("facility", Value::text(facility)),
        ("lat", Value::Decimal(position.lat, 6)),
        ("lon", Value::Decimal(position.lon, 6)),
    ])
}

fn stop_record(basis: &Basis<'_>, stop: Stop) -> Value {
    Value::Record(vec![
        ("facility", basis.facility_key(stop.facility).into()),
        ("minutes", Value::Minutes(stop.minutes)),
        ("minutes_source", stop.source.as_str().into()),
    ])
}

fn reason_record(basis: &Basis<'_>, reason: &Reason) -> Value {
    let registry = basis.registry;
    Value::Record(vec![
        ("code", reason.code.as_str().into()),
        ("hard", reason.hard.into()),
        ("lane", Value::text(reason.lane.as_ref().map(|lane| phrase::lane(lane, registry)))),
        ("status", Value::text(reason.status.map(|status| registry.statuses[status].key.as_str()))),
        ("event", reason.event.map_or(Value::Missing, Value::count)),
        ("source", Value::text(reason.source.as_deref())),
        ("since", Value::time(reason.since, basis.zone())),
        ("until", Value::time(reason.until, basis.zone())),
        ("rule", Value::text(reason.rule.as_deref())),
        ("text", reason.text.as_str().into()),
    ])
}

fn not_counted_record(basis: &Basis<'_>, status: &NotCounted) -> Value {
    Value::Record(vec![
        ("facility", basis.facility_key(status.facility).into()),
        ("lane", phrase::lane(&status.lane, basis.registry).into()),
        ("status", basis.registry.statuses[status.status].key.as_str().into()),
        ("event", Value::count(status.event)),
        ("by", status.by.as_str().into()),
        ("text", status.text.as_str().into()),
    ])
}

/// How an outcome may be set off.
pub(super) fn outcome_tone(outcome: Outcome) -> Tone {
    match outcome {
        Outcome::Routed => Tone::Good,
        Outcome::Forced => Tone::Warning,
        Outcome::Consult => Tone::Caution,
        Outcome::None => Tone::Severe,
    }
}

/// The answer for people: one line fit for the radio, then why, then who else.
fn answer(basis: &Basis<'_>, decision: &Decision, telling: Telling) -> Vec<Line> {
    let registry = basis.registry;
    let name = |facility: FacilityId| registry.facilities[facility].name.as_str();
    let mut by = decision.decided_by.as_ref().map_or_else(String::new, decided_text);
    let passed = passed_over(decision);
    if !passed.is_empty() {
        by.push_str(", advisories and crowding reckoned in");
    }
    let first = match (decision.outcome, decision.destination) {
        (Outcome::Routed | Outcome::Forced, Some(stop)) => {
            let phone = registry.facilities[stop.facility].phone.as_ref();
            let phone = phone.map_or_else(String::new, |phone| format!(", {phone}"));
            let forced = if decision.outcome == Outcome::Forced { "FORCED to " } else { "" };
            format!("{forced}{}, {} min{phone}: {by}", name(stop.facility), stop.minutes)
        }
        (Outcome::Consult, _) => {
            let ask = decision.ask.as_deref().unwrap_or("medical direction");
            let proposed = decision
                .proposed
                .map_or_else(String::new, |facility| format!("; proposed {}", name(facility)));
            format!("CONSULT {ask}{proposed}")
        }
        (Outcome::Routed | Outcome::Forced | Outcome::None, _) => {
            let left_out = |rejected: &Rejected| {
                registry.facilities[rejected.stop.facility].receives(decision.at)
                    && rejected.reasons.iter().any(|reason| reason.code == ReasonCode::Excluded)
            };
            let why = nobody_text(decision.rejected.iter().any(left_out));
            format!("NO DESTINATION: {why}")
        }
    };
    let mut lines = vec![Line { text: first, tone: outcome_tone(decision.outcome) }];
    for reason in &decision.overridden {
        lines.push(Line { text: format!("  although {}", reason.text), tone: Tone::Caution });
    }
    if let Some(home) = decision.home
        && decision.rejected.iter().any(|rejected| rejected.stop.facility == home.facility)
    {
        lines.push(Line::plain(home_line(basis, home, decision)));
    }
    lines.extend(passed.iter().map(|text| Line::plain(format!("  not {text}"))));
    lines.extend(decision.notes.iter().map(|note| Line::plain(format!("  {note}"))));
    if !decision.flags.is_empty() {
        let flags: Vec<String> = decision.flags.iter().map(ToString::to_string).collect();
        lines.push(Line { text: format!("  flags: {}", flags.join(", ")), tone: Tone::Caution });
    }
    let alternates: Vec<String> = decision
        .alternates
        .iter()
        .take(telling.alternates)
        .map(|stop| format!("{} {} min", name(stop.facility), stop.minutes))
        .collect();
    if !alternates.is_empty() {
        lines.push(Line::plain(format!("  else {}", alternates.join(", "))));
    }
    if telling.explain {
        lines.push(Line::plain(""));
        lines.extend(explanation(decision));
    }
    lines
}

/// Who accepts and is nearer than the destination, and why it is passed over: what the policy adds to its rank.
fn passed_over(decision: &Decision) -> Vec<&str> {
    let Some(destination) = decision.destination.filter(|_| decision.decided_by == Some(DecidedBy::Nearest))
    else {
        return Vec::new();
    };
    let nearer: Vec<FacilityId> = decision
        .alternates
        .iter()
        .filter(|stop| stop.minutes < destination.minutes)
        .map(|stop| stop.facility)
        .collect();
    let ranked = decision.trace.steps().iter().filter(|step| step.kind == StepKind::Applied);
    ranked
        .filter(|step| step.facility.is_some_and(|facility| nearer.contains(&facility)))
        .map(|step| step.text.as_str())
        .collect()
}

/// Why the patient does not go home.
fn home_line(basis: &Basis<'_>, home: Stop, decision: &Decision) -> String {
    let name = &basis.registry.facilities[home.facility].name;
    let against = decision.rejected.iter().find(|rejected| rejected.stop.facility == home.facility);
    let reasons: Vec<&str> = against
        .into_iter()
        .flat_map(|rejected| rejected.reasons.iter())
        .map(|reason| reason.text.as_str())
        .collect();
    format!("  not {name}, {} min: {}", home.minutes, reasons.join("; "))
}

/// The derivation, a line a step, indented under what led to it.
fn explanation(decision: &Decision) -> Vec<Line> {
    let trace = &decision.trace;
    trace
        .steps()
        .iter()
        .map(|step| Line::plain(format!("{:indent$}{}", "", step.text, indent = 2 * trace.depth(step))))
        .collect()
}
