//! The trace of a decision: flat steps with ids and parents, recorded once; every level of explanation is a filter.

use crate::model::FacilityId;

/// What a step tells.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum StepKind {
    /// What was asked, and what was assumed.
    Asked,
    /// Which facility would take the patient if nothing were wrong.
    Home,
    /// A facility has a reason against it.
    Rejected,
    /// A status that is no reason, and why not.
    NotCounted,
    /// An order or a rule was followed.
    Followed,
    /// A target was passed over, and why.
    Skipped,
    /// A clause of the policy was applied.
    Applied,
    /// What was decided, and by what.
    Decided,
}

impl StepKind {
    /// The word for it in data.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Home => "home",
            Self::Rejected => "rejected",
            Self::NotCounted => "not-counted",
            Self::Followed => "followed",
            Self::Skipped => "skipped",
            Self::Applied => "applied",
            Self::Decided => "decided",
        }
    }
}

/// One step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// From 1, in the order of recording.
    pub id: u32,
    /// The step that led to it; a smaller id.
    pub parent: Option<u32>,
    /// What it tells.
    pub kind: StepKind,
    /// Which facility it is about.
    pub facility: Option<FacilityId>,
    /// In words.
    pub text: String,
}

/// The steps of one decision.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Trace(Vec<Step>);

impl Trace {
    pub(super) fn step(
        &mut self,
        parent: Option<u32>,
        kind: StepKind,
        facility: Option<FacilityId>,
        text: impl Into<String>,
    ) -> u32 {
        let id = u32::try_from(self.0.len() + 1).unwrap_or(u32::MAX);
        self.0.push(Step { id, parent, kind, facility, text: text.into() });
        id
    }
    /// Its steps, in order.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }
    /// How many parents a step has above it.
    pub fn depth(&self, step: &Step) -> usize {
        let mut depth = 0;
        let mut above = step.parent;
        while let Some(parent) = above.and_then(|id| self.0.get(id as usize - 1)) {
            depth += 1;
            above = parent.parent;
        }
        depth
    }
}
