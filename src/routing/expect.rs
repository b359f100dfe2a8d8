//! Expectations: the tests that a registry carries with it, and which of them do not hold.
//!
//! Floor 2: what was wanted and what came of it; how that is told is a report's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::model::{Event, Expect, FacilityId, FileId, Instant, Kind, Registry, Want};
use crate::sentence::{Reading, statement};
use crate::state::Timeline;

use super::decide::{Question, decide};
use super::decision::{Decision, Outcome};

/// What came of an expectation.
#[derive(Clone, Debug)]
pub enum Tested {
    /// It holds.
    Holds,
    /// Something else was decided.
    Got(Box<Decision>),
    /// A sentence that it gives cannot be read.
    Unreadable {
        /// The sentence.
        sentence: String,
        /// Why.
        diagnostic: Diagnostic,
    },
}

/// Tests one expectation. It stands on what it gives itself, and on what is `also` given, not on the log. `at` is the
/// instant of one that names none.
pub fn test(registry: &Registry, expect: &Expect, also: &[String], file: FileId, at: Instant) -> Tested {
    let at = expect.at.unwrap_or(at);
    let mut events = Vec::new();
    for sentence in expect.given.iter().chain(also) {
        match statement(sentence, file, registry, Reading { now: at, zone: None }) {
            Ok(declarations) => {
                for declaration in declarations {
                    events.push(Event {
                        number: events.len() as u64 + 1,
                        recorded_at: at,
                        source: Arc::from("given"),
                        text: None,
                        kind: Kind::Declare(Box::new(declaration)),
                    });
                }
            }
            Err(diagnostic) => return Tested::Unreadable { sentence: sentence.clone(), diagnostic },
        }
    }
    let timeline = Timeline::fold(registry, &events, None);
    let snapshot = timeline.at(registry, at);
    let (exclude, forced) = (BTreeSet::<FacilityId>::new(), BTreeMap::<FacilityId, u32>::new());
    let question = Question {
        patient: &expect.expectation.patient,
        origin: expect.expectation.origin,
        exclude: &exclude,
        forced: &forced,
    };
    let decision = decide(&snapshot, &question);
    if holds(&decision, expect.expectation.want) { Tested::Holds } else { Tested::Got(Box::new(decision)) }
}

fn holds(decision: &Decision, want: Want) -> bool {
    let destination = decision.destination.map(|stop| stop.facility);
    match want {
        Want::Goes(facility) => decision.outcome == Outcome::Routed && destination == Some(facility),
        Want::Forced(facility) => decision.outcome == Outcome::Forced && destination == Some(facility),
        Want::NoDestination => decision.outcome == Outcome::None,
        Want::Consults => decision.outcome == Outcome::Consult,
    }
}
