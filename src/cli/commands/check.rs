//! `divert check`: whether registry, expectations and log are in order.
//!
//! Floor 6. Says nothing when all is well; what is wrong so that nothing can be read is a failure, not a finding.

use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::load;
use crate::model::Sources;
use crate::render::Format;
use crate::report::check::{self, Finding};

use super::super::args::CheckArgs;
use super::super::context::{self, Remark};
use super::super::error::{Exit, Failure};
use super::Session;

pub(super) fn run(_: &CheckArgs, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let context = session.bare_context()?;
    // A registry is checked without a log as well; only a clock that can't be right is remarked on.
    if context.remarks.contains(&Remark::ClockBehind) {
        session.ui.warn(&Remark::ClockBehind.to_string());
    }
    let timeline = context.timeline();
    let basis = context.basis(&timeline);
    let given = session.sources.add("an expectation", "");
    let mut findings: Vec<Finding> =
        context.warnings.iter().map(|warning| finding(warning, session.sources)).collect();
    findings.extend(load::outlived_rules(&context.registry, context.at).map(|(rule, text)| Finding {
        severity: Code::IdleRule.severity(),
        code: Code::IdleRule.as_str(),
        place: Some(rule.place.to_string()),
        text,
        details: Vec::new(),
    }));
    findings.extend(check::expectations(&context.registry, given, context.at));
    findings.extend(check::conflicts(&basis, &context.events));
    let (format, _) = context::output(session.common, session.environment, "code")?;
    if !(findings.is_empty() && matches!(format, Format::Table | Format::Md)) {
        session.show(&check::sheet(&basis, &findings), "code")?;
    }
    let is_no = |finding: &Finding| finding.severity == Severity::Error || session.common.strict;
    Ok(if findings.iter().any(is_no) { Exit::No } else { Exit::Done })
}

/// A diagnostic of a file as a finding.
fn finding(diagnostic: &Diagnostic, sources: &Sources) -> Finding {
    Finding {
        severity: diagnostic.code.severity(),
        code: diagnostic.code.as_str(),
        place: diagnostic.labels.first().map(|label| sources.place(label.file, &label.span).to_string()),
        text: diagnostic.message.clone(),
        details: diagnostic.help.clone(),
    }
}
