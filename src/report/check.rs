//! The check: whether the registry's expectations hold, and where the log contradicts itself.

use std::collections::BTreeSet;

use crate::diagnostic::Severity;
use crate::model::{Expect, FileId, Instant, Ledger, Origin, Registry};
use crate::routing::expect::{self, Tested};
use crate::routing::{Decision, Outcome, decided_text};
use crate::sentence::phrase;
use crate::sheet::{Basis, Cell, Column, Kind, Sheet, Tone, Value, View};

use super::status;

/// One thing that the check found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// Whether the answer is no, or only worth a look.
    pub severity: Severity,
    /// Which kind of thing.
    pub code: &'static str,
    /// `file:line`, where it stands in one.
    pub place: Option<String>,
    /// In words.
    pub text: String,
    /// Further lines: a derivation, a mend.
    pub details: Vec<String>,
}

/// The columns of a check.
pub fn columns() -> Vec<Column> {
    vec![
        Column::new("severity", "Severity", Kind::OneOf(&["error", "warning"]), View::All),
        Column::new("code", "Code", Kind::Text, View::All),
        Column::new("place", "Place", Kind::Text.or_null(), View::All),
        Column::new("text", "Finding", Kind::Text, View::All),
        Column::data("details", Kind::Text.list()),
    ]
}

/// Findings as a sheet; no row when all is well.
pub fn sheet(basis: &Basis<'_>, findings: &[Finding]) -> Sheet {
    let mut sheet = basis.sheet("check", columns());
    for finding in findings {
        let (word, tone) = match finding.severity {
            Severity::Error => ("error", Tone::Severe),
            Severity::Warning => ("warning", Tone::Caution),
        };
        if !finding.details.is_empty() {
            sheet.footer.push(finding.text.clone());
            sheet.footer.extend(finding.details.iter().map(|line| format!("  {line}")));
        }
        sheet.rows.push(vec![
            Cell::toned(word, tone),
            finding.code.into(),
            Value::text(finding.place.as_deref()).into(),
            finding.text.as_str().into(),
            Value::List(finding.details.iter().map(|line| line.as_str().into()).collect()).into(),
        ]);
    }
    sheet
}

/// The expectations of the registry that do not hold, each with the derivation of what holds instead. They stand on
/// what they give themselves, not on the log. `at` is the instant of those that name none.
pub fn expectations(registry: &Registry, file: FileId, at: Instant) -> Vec<Finding> {
    registry.expects.iter().filter_map(|expect| failure(registry, expect, file, at)).collect()
}

fn failure(registry: &Registry, expect: &Expect, file: FileId, at: Instant) -> Option<Finding> {
    match expect::test(registry, expect, &[], file, at) {
        Tested::Holds => None,
        Tested::Unreadable { sentence, diagnostic } => {
            let text = format!("cannot read `{sentence}`: {}", diagnostic.message);
            Some(finding(expect, text, Vec::new()))
        }
        Tested::Got(decision) => {
            let got = instead(registry, &decision, expect.expectation.origin);
            let trace = &decision.trace;
            let details = trace
                .steps()
                .iter()
                .map(|step| format!("{:indent$}{}", "", step.text, indent = 2 * trace.depth(step)))
                .collect();
            Some(finding(expect, format!("expected `{}`, got {got}", expect.say), details))
        }
    }
}

fn finding(expect: &Expect, text: String, details: Vec<String>) -> Finding {
    Finding {
        severity: Severity::Error,
        code: "expectation-failed",
        place: Some(expect.place.to_string()),
        text,
        details,
    }
}

fn instead(registry: &Registry, decision: &Decision, origin: Origin) -> String {
    let from = match origin {
        Origin::Zone(zone) => registry.zones[zone].name.clone(),
        Origin::Facility(facility) => registry.facilities[facility].name.clone(),
        Origin::Point(position) => format!("{},{}", position.lat, position.lon),
    };
    let by = decision.decided_by.as_ref().map_or_else(String::new, |by| format!(" ({})", decided_text(by)));
    match (decision.outcome, decision.destination) {
        (Outcome::Routed, Some(stop)) => {
            format!("{} from {from}{by}", registry.facilities[stop.facility].name)
        }
        (Outcome::Forced, Some(stop)) => {
            format!("forced to {} from {from}{by}", registry.facilities[stop.facility].name)
        }
        (Outcome::Consult, _) => {
            format!("consult {}", decision.ask.as_deref().unwrap_or("medical direction"))
        }
        (Outcome::Routed | Outcome::Forced | Outcome::None, _) => "no destination".to_owned(),
    }
}

/// Stretches in which two sources contradict each other about a lane, up to the basis' instant.
pub fn conflicts(basis: &Basis<'_>, events: &Ledger) -> Vec<Finding> {
    let registry = basis.registry;
    let Some(since) = events.first_from().filter(|since| *since <= basis.at) else { return Vec::new() };
    let until = basis.at + chrono::TimeDelta::seconds(1);
    let mut findings = Vec::new();
    for facility in events.facilities() {
        let Some(history) = basis.timeline.folded(facility) else { continue };
        let zone = basis.zone_of(facility);
        let lanes: BTreeSet<_> = history.claims().map(|(_, track)| track.lane.clone()).collect();
        for lane in lanes {
            for (from, to) in history.conflict_stretches(&lane, since, until) {
                let sides = history.conflicts(from);
                let Some(conflict) = sides.iter().find(|conflict| conflict.lane == lane) else { continue };
                let until = if to >= until { "now".to_owned() } else { phrase::clock(to, zone) };
                findings.push(Finding {
                    severity: Severity::Warning,
                    code: "conflict",
                    place: None,
                    text: format!(
                        "{}, {}, {} to {until}: {}",
                        registry.facilities[facility].name,
                        phrase::lane(&lane, registry),
                        phrase::clock(from, zone),
                        status::conflict_text(basis, conflict)
                    ),
                    details: Vec::new(),
                });
            }
        }
    }
    findings
}
