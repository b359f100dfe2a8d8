//! A decision in brief: what a row of a table of many patients says of it, without the reasons.

use super::decision::{DecidedBy, Decision, Disposition, Flag, Outcome, Stop};

/// What becomes of one of many patients. Reasons and derivation are in the [`Decision`]; this is what may be found
/// without writing them down.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Brief {
    /// What comes of it.
    pub outcome: Outcome,
    /// The destination; none for `consult` and `none`.
    pub destination: Option<Stop>,
    /// What decided; none where nothing could.
    pub decided_by: Option<DecidedBy>,
    /// Where the patient would go if nothing were wrong.
    pub home: Option<Stop>,
    /// For the patient care report.
    pub disposition: Option<Disposition>,
    /// The first of those who also accept, as many as were asked for.
    pub alternates: Vec<Stop>,
    /// What else must be known.
    pub flags: Vec<Flag>,
    /// What did not go as asked or ordered, in words.
    pub notes: Vec<String>,
}

impl Brief {
    /// A whole decision, cut down; `alternates` of those who also accept are kept.
    pub fn of(decision: Decision, alternates: usize) -> Self {
        let Decision { outcome, destination, decided_by, home, disposition, flags, notes, .. } = decision;
        let mut also = decision.alternates;
        also.truncate(alternates);
        Self { outcome, destination, decided_by, home, disposition, alternates: also, flags, notes }
    }
}
