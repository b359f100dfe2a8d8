//! `divert declare`: says something about facilities and records it.
//!
//! Floor 6. What sentences mean is the business of `sentence`, what they do that of `state`.

use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::log::Draft;
use crate::model::{Declaration, Registry, Sources, Subject};
use crate::sentence::{self, Reading, phrase};

use super::super::args::DeclareArgs;
use super::super::context::Setting;
use super::super::desk::Desk;
use super::super::error::{Exit, Failure};
use super::Session;
use super::acting;

pub(super) fn run(args: &DeclareArgs, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let setting = acting::setting(session)?;
    acting::check_answer(session, &setting, "declare")?;
    let mut declarations = if args.sentence.is_empty() {
        let text = session.ui.input(session.environment)?;
        piped(&text, &setting, session.sources)?
    } else {
        let file = session.sources.add("the command line", args.sentence.join(" "));
        let text = session.sources.get(file).text.clone();
        let reading = Reading { now: setting.at, zone: setting.zone };
        sentence::statement(&text, file, &setting.registry, reading)
            .map_err(|diagnostic| Failure::Said(vec![diagnostic]))?
    };
    for declaration in &mut declarations {
        add(args, declaration)?;
    }
    let subjects: BTreeSet<Subject> = declarations.iter().map(|declaration| declaration.subject).collect();
    if subjects.len() > 1 && !args.yes {
        let lines =
            declarations.iter().map(|declaration| phrase::declaration(declaration, &setting.registry));
        acting::agreed(session, lines.collect(), args.sentence.is_empty())?;
    }
    let source = args.source.as_deref().unwrap_or("dispatch");
    let desk = Desk::open(&setting, session.environment, true)?;
    acting::record(desk, session, "declare", |events, _| {
        Ok(drafts(&setting.registry, declarations, events, source))
    })
}

/// Drafts, each with the end that its type's `max` gives it.
fn drafts(
    registry: &Registry,
    declarations: Vec<Declaration>,
    events: &crate::model::Ledger,
    source: &str,
) -> Vec<Draft> {
    let timeline = crate::state::Timeline::of(registry, events, None);
    let bounded = declarations.into_iter().map(|declaration| acting::bounded(&timeline, declaration));
    bounded.map(|declaration| Draft::declare(declaration, source)).collect()
}

/// One sentence a line; empty lines and what follows a `#` at the beginning of a line are skipped.
fn piped(text: &str, setting: &Setting, sources: &mut Sources) -> Result<Vec<Declaration>, Failure> {
    let file = sources.add("standard input", text);
    let reading = Reading { now: setting.at, zone: setting.zone };
    let mut declarations = Vec::new();
    let mut wrong: Vec<Diagnostic> = Vec::new();
    let mut begin = 0;
    for line in text.split_inclusive('\n') {
        let said = line.trim();
        let at = begin + line.len() - line.trim_start().len();
        begin += line.len();
        if said.is_empty() || said.starts_with('#') {
            continue;
        }
        match sentence::statement(said, file, &setting.registry, reading) {
            Ok(more) => declarations.extend(more),
            Err(diagnostic) => wrong.push(diagnostic.within(file, at)),
        }
    }
    if !wrong.is_empty() {
        return Err(Failure::Said(wrong));
    }
    if declarations.is_empty() { Err(Failure::NothingSaid) } else { Ok(declarations) }
}

/// Adds what was said in options. What the sentence says itself is not overruled in silence.
fn add(args: &DeclareArgs, declaration: &mut Declaration) -> Result<(), Failure> {
    if let Some(reason) = &args.reason {
        if declaration.reason.is_some() || declaration.text.is_some() {
            return Err(Failure::SaidTwice { option: "--reason" });
        }
        let code = sentence::reason_code(reason);
        declaration.text = (code != *reason).then(|| reason.as_str().into());
        declaration.reason = Some(code.into());
    }
    if let Some(approver) = &args.approver {
        if declaration.approver.is_some() {
            return Err(Failure::SaidTwice { option: "--approver" });
        }
        declaration.approver = Some(approver.as_str().into());
    }
    declaration.exercise |= args.exercise;
    Ok(())
}
