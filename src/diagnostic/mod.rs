//! What is wrong with an input, where, and how to mend it.
//!
//! Floor 0: data only. `render` turns a diagnostic into text; nothing here prints.

mod cell;
mod code;
mod suggest;

pub use cell::{SIGNS, csv_cell, unguarded};
pub use code::{Code, Severity};
pub use suggest::{closest, list_or, plural, which_was_meant};

use crate::model::{FileId, Span};

/// A stretch of a text with a word about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Label {
    /// In which text.
    pub file: FileId,
    /// Which bytes.
    pub span: Span,
    /// What to say there; empty for a bare caret.
    pub text: String,
}

/// One thing that is wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// Which kind of thing.
    pub code: Code,
    /// What was expected and what was found: lower case, names in backticks, no full stop.
    pub message: String,
    /// Where; the first is the offender, the others what it clashes with.
    pub labels: Vec<Label>,
    /// How to mend it, a sentence each.
    pub help: Vec<String>,
}

impl Diagnostic {
    /// A diagnostic that points at one place.
    pub fn at(code: Code, file: FileId, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            labels: vec![Label { file, span, text: String::new() }],
            help: Vec::new(),
        }
    }
    /// A diagnostic about no place in a text (a file that is not there).
    pub fn nowhere(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), labels: Vec::new(), help: Vec::new() }
    }
    /// Says something at the caret.
    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Self {
        if let Some(first) = self.labels.first_mut() {
            first.text = text.into();
        }
        self
    }
    /// Points at another place too.
    #[must_use]
    pub fn and_at(mut self, file: FileId, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { file, span, text: text.into() });
        self
    }
    /// Says how to mend it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }
    /// The same diagnostic with every place moved: for a sentence that stands inside a file, `file` and the byte of
    /// that file at which the sentence begins.
    #[must_use]
    pub fn within(mut self, file: FileId, offset: usize) -> Self {
        for label in &mut self.labels {
            label.file = file;
            label.span = label.span.start + offset..label.span.end + offset;
        }
        self
    }
}

/// Collects diagnostics, so that one run finds them all.
#[derive(Clone, Debug, Default)]
pub struct Sink(Vec<Diagnostic>);

impl Sink {
    /// Takes one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }
    /// Whether any of them is an error.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|diagnostic| diagnostic.code.severity() == Severity::Error)
    }
    /// All of them by file, place and code; one that stands twice is kept once.
    pub fn into_sorted(self) -> Vec<Diagnostic> {
        let mut all = self.0;
        all.sort_by(|a, b| {
            let place =
                |d: &Diagnostic| d.labels.first().map(|label| (label.file, label.span.start, label.span.end));
            place(a).cmp(&place(b)).then_with(|| a.code.cmp(&b.code)).then_with(|| a.message.cmp(&b.message))
        });
        all.dedup();
        all
    }
}

impl Extend<Diagnostic> for Sink {
    fn extend<I: IntoIterator<Item = Diagnostic>>(&mut self, more: I) {
        self.0.extend(more);
    }
}
