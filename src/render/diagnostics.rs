//! Diagnostics in rustc's shape: what is wrong, the line with a caret, what it clashes with, how to mend it.
//!
//! Floor 5. Quoted text is data: it passes through [`safe`] byte for byte, so that carets stay where they belong.

use annotate_snippets::renderer::DEFAULT_TERM_WIDTH;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::model::Sources;

use super::{Options, safe};

/// Bytes between two places that one snippet still shows. What lies between is gone through though it is left out, and a
/// large registry with a thousand mistakes would be gone through a thousand times.
const NEAR: usize = 20_000;

/// Every diagnostic, an empty line between two; ends in a newline where there is one.
pub fn render(diagnostics: &[Diagnostic], sources: &Sources, options: &Options) -> String {
    let renderer = if options.color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.term_width(options.width.unwrap_or(DEFAULT_TERM_WIDTH));
    let mut out = String::new();
    for diagnostic in diagnostics {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&renderer.render(&[group(diagnostic, sources, options)]));
        out.push('\n');
        if diagnostic.labels.is_empty() {
            // Without a quoted line there is no margin to hang the help on.
            for help in &diagnostic.help {
                let help = Level::HELP.primary_title(safe::terminal(help, options.ascii));
                out.push_str(&renderer.render(&[Group::with_title(help)]));
                out.push('\n');
            }
        }
    }
    out
}

fn group<'a>(diagnostic: &'a Diagnostic, sources: &'a Sources, options: &Options) -> Group<'a> {
    let level = match diagnostic.code.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(safe::terminal(&diagnostic.message, options.ascii));
    let mut group = Group::with_title(title.id(diagnostic.code.as_str()));
    if diagnostic.labels.is_empty() {
        return group;
    }
    for labels in neighbours(&diagnostic.labels) {
        group = group.element(snippet(&labels, sources, options));
    }
    group
        .elements(diagnostic.help.iter().map(|help| Level::HELP.message(safe::terminal(help, options.ascii))))
}

/// The labels of each snippet, with their numbers: those of one file that are near enough to be shown on one stretch of it.
/// The offender's snippet is first.
fn neighbours(labels: &[Label]) -> Vec<Vec<(usize, &Label)>> {
    let mut snippets: Vec<Vec<(usize, &Label)>> = Vec::new();
    for (at, label) in labels.iter().enumerate() {
        let beside = snippets.iter_mut().find(|snippet| {
            let first = snippet[0].1;
            first.file == label.file && first.span.start.abs_diff(label.span.start) <= NEAR
        });
        match beside {
            Some(snippet) => snippet.push((at, label)),
            None => snippets.push(vec![(at, label)]),
        }
    }
    snippets
}

/// The lines that these labels of one file point at. Only those are handed on: a file may be long.
fn snippet<'a>(
    labels: &[(usize, &Label)],
    sources: &'a Sources,
    options: &Options,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let source = sources.get(labels[0].1.file);
    let text: &str = &source.text;
    let labels = || labels.iter();
    let first = labels().map(|(_, label)| label.span.start).min().unwrap_or(0);
    let last = labels().map(|(_, label)| label.span.end.max(label.span.start)).max().unwrap_or(0);
    let start = text[..floor(text, first)].rfind('\n').map_or(0, |at| at + 1);
    let end = floor(text, last);
    let end = text[end..].find('\n').map_or(text.len(), |at| end + at);
    let line = source.place(&(start..start)).line;
    let mut snippet = Snippet::source(safe::same_bytes(&text[start..end]))
        .path(safe::terminal(&source.name, options.ascii))
        .line_start(line);
    for (at, label) in labels() {
        let from = floor(text, label.span.start) - start;
        let until = floor(text, label.span.end).saturating_sub(start).max(from);
        let kind = if *at == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
        let words = (!label.text.is_empty()).then(|| safe::terminal(&label.text, options.ascii));
        snippet = snippet.annotation(kind.span(from..until).label(words));
    }
    snippet
}

/// The nearest place at or before `at` where a character begins.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;

    #[test]
    fn it_points_at_both_places_and_says_how_to_mend_it() {
        let mut sources = Sources::default();
        let text = "[facility.a]\nname = \"A\"\nservces = [\"ct\"]\n\n[facility.b]\nname = \"A\"\n";
        let file = sources.add("facilities.toml", text);
        let key = text.find("servces").unwrap();
        let unknown = Diagnostic::at(Code::UnknownKey, file, key..key + 7, "a facility has no key `servces`")
            .label("not a key of a facility")
            .help("did you mean `services`?");
        let shared = Diagnostic::at(Code::SharedName, file, 59..62, "`A` names two facilities").and_at(
            file,
            20..23,
            "first used here",
        );
        let text = render(&[unknown, shared], &sources, &Options::default());
        assert_eq!(
            text,
            "error[unknown-key]: a facility has no key `servces`
 --> facilities.toml:3:1
  |
3 | servces = [\"ct\"]
  | ^^^^^^^ not a key of a facility
  |
  = help: did you mean `services`?

error[shared-name]: `A` names two facilities
 --> facilities.toml:6:5
  |
2 | name = \"A\"
  |        --- first used here
...
6 | name = \"A\"
  |     ^^^
"
        );
    }

    #[test]
    fn places_far_apart_are_quoted_each_by_itself() {
        let mut sources = Sources::default();
        let text = format!("first\n{}last\n", "\n".repeat(NEAR));
        let file = sources.add("facilities.toml", text.as_str());
        let end = text.len();
        let shared = Diagnostic::at(Code::SharedName, file, end - 5..end - 1, "stands twice").and_at(
            file,
            0..5,
            "first here",
        );
        assert_eq!(
            render(&[shared], &sources, &Options::default()),
            "error[shared-name]: stands twice
     --> facilities.toml:20002:1
      |
20002 | last
      | ^^^^
      |
     ::: facilities.toml:1:1
      |
    1 | first
      | ----- first here
"
        );
    }

    #[test]
    fn hostile_text_is_quoted_harmlessly_and_carets_stay() {
        let mut sources = Sources::default();
        let file = sources.add("log\u{1b}[2J.csv", "a,\u{202e}\u{1b}[31m,clsed\n");
        let start = "a,\u{202e}\u{1b}[31m,".len();
        let row = Diagnostic::at(Code::BadRow, file, start..start + 5, "no status \u{1b}]0;x");
        let text = render(&[row], &sources, &Options::default());
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
        assert!(text.contains("\n1 | a,????[31m,clsed\n  |            ^^^^^\n"), "{text}");
    }

    #[test]
    fn a_span_beyond_the_text_or_inside_a_letter_is_no_panic() {
        let mut sources = Sources::default();
        let file = sources.add("x", "é");
        let wild = [1..1, 0..99, 99..120].map(|span| Diagnostic::at(Code::Syntax, file, span, "odd"));
        assert!(render(&wild, &sources, &Options::default()).starts_with("error[syntax]: odd\n"));
        let empty = sources.add("empty", "");
        let none = Diagnostic::at(Code::IncompleteSentence, empty, 0..0, "nothing said");
        assert!(render(&[none], &sources, &Options::default()).contains("empty:1:1"));
    }

    #[test]
    fn what_has_no_place_still_has_help() {
        let gone = Diagnostic::nowhere(Code::CannotRead, "cannot read `facilities.toml`").help("name one");
        let text = render(&[gone], &Sources::default(), &Options::default());
        assert_eq!(text, "error[cannot-read]: cannot read `facilities.toml`\nhelp: name one\n", "{text}");
    }
}
