//! From text to a TOML tree, in spite of what is broken in it.
//!
//! TOML's own recovery goes astray after an unclosed bracket: it swallows the tables that follow and complains about each.
//! So a table that is broken is set aside as a whole, and everything around it is read as if it were not there.
//!
//! Floor 4; knows nothing of what the keys mean.

use std::collections::BTreeSet;

use toml::de::{DeTable, Error};

use super::files::Page;
use super::plain;
use super::tree::Keys;
use crate::diagnostic::{Code, Sink};
use crate::model::Span;

/// A page as it can be parsed.
pub(super) enum Parsed<'p> {
    /// As it stands.
    Whole(Keys<'p>),
    /// With its broken tables blanked out, every other byte in its place.
    Mended(String),
}

/// What was lost with the broken tables of all pages.
#[derive(Default)]
pub(super) struct Lost {
    text: String,
}

impl Lost {
    /// Whether a word stands in a broken table, and so may be defined there.
    pub(super) fn may_define(&self, word: &str) -> bool {
        !self.text.is_empty() && self.text.contains(&word.to_lowercase())
    }
}

/// Parses a page, and reports what is no TOML: once for each damaged place.
pub(super) fn parse<'p>(page: &'p Page, lost: &mut Lost, sink: &mut Sink) -> Parsed<'p> {
    let text = &*page.source.text;
    if let Some(tree) = plain::read(text) {
        return Parsed::Whole(tree);
    }
    let (tree, errors) = DeTable::parse_recoverable(text);
    if errors.iter().all(is_repetition) {
        report_repetitions(page, errors, sink);
        return Parsed::Whole(Keys::of(tree.into_inner(), 0));
    }
    let mut mended = text.to_owned();
    let mut broken: Option<&str> = None;
    for chunk in chunks(text) {
        let body = &text[chunk.clone()];
        // The sub-tables of a broken table would stand without it.
        let belongs = broken
            .is_some_and(|path| path_of(body).strip_prefix(path).is_some_and(|rest| rest.starts_with('.')));
        let (_, errors) = DeTable::parse_recoverable(body);
        let errors: Vec<Error> = errors.into_iter().filter(|error| !is_repetition(error)).collect();
        if !belongs {
            broken = (!errors.is_empty()).then(|| path_of(body));
        }
        if belongs || !errors.is_empty() {
            lost.text.push_str(&body.to_lowercase());
            // Byte by byte, so that every place after it stays where it is.
            let blank: String = body
                .bytes()
                .map(|byte| if byte == b'\n' || byte == b'\r' { char::from(byte) } else { ' ' })
                .collect();
            mended.replace_range(chunk.clone(), &blank);
        }
        sink.extend(first_of_each_line(errors, body).into_iter().map(|(span, message)| {
            let span = span.start + chunk.start..span.end + chunk.start;
            let diagnostic = page.complain(Code::Syntax, &span, message);
            let diagnostic = if text.get(span.start..).is_some_and(|rest| rest.starts_with(',')) {
                diagnostic.help("a number has a decimal point, not a comma")
            } else {
                diagnostic
            };
            diagnostic.help("this table was not read; those around it were")
        }));
    }
    Parsed::Mended(mended)
}

/// Parses a mended text, and reports what still stands twice in it.
pub(super) fn again<'m>(page: &Page, mended: &'m str, sink: &mut Sink) -> Keys<'m> {
    let (tree, errors) = DeTable::parse_recoverable(mended);
    report_repetitions(page, errors, sink);
    Keys::of(tree.into_inner(), 0)
}

/// The tables of a text: from one header to the next. The first may be the part before any header.
fn chunks(text: &str) -> Vec<Span> {
    let mut begins = vec![0];
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if at > 0 && is_header(line) {
            begins.push(at);
        }
        at += line.len();
    }
    let ends = begins.iter().skip(1).copied().chain([text.len()]);
    begins.iter().copied().zip(ends).map(|(begin, end)| begin..end).collect()
}

/// Whether a line looks like `[table]`: brackets, then a bare key. A line of an array begins with a quote instead.
fn is_header(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with('[')
        && line.trim_start_matches('[').starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
}

/// The dotted path in a chunk's header.
fn path_of(chunk: &str) -> &str {
    let line = chunk.lines().next().unwrap_or_default().trim().trim_start_matches('[');
    line.split(']').next().unwrap_or_default().trim()
}

/// The first error of each line, up to one that leads the parser astray.
fn first_of_each_line(errors: Vec<Error>, text: &str) -> Vec<(Span, String)> {
    let mut errors: Vec<(Span, String)> = errors
        .into_iter()
        .map(|error| (error.span().unwrap_or_default(), error.message().to_owned()))
        .collect();
    errors.sort_by_key(|(span, _)| (span.start, span.end));
    // The bracket that is missing is only missed at the end of the table; the comma is missed at once.
    let unclosed = |what: &str| errors.iter().any(|(_, message)| message.starts_with(what));
    let unclosed = match (unclosed("unclosed array"), unclosed("unclosed inline table")) {
        (true, _) => Some("unclosed array, expected `,` or `]`"),
        (_, true) => Some("unclosed inline table, expected `,` or `}`"),
        (false, false) => None,
    };
    let mut kept = Vec::new();
    let mut last = None;
    for (mut span, mut message) in errors {
        let line = text.get(..span.start).unwrap_or_default().matches('\n').count();
        if last == Some(line) {
            continue;
        }
        last = Some(line);
        let astray =
            ["missing comma", "unclosed", "key with no value"].iter().any(|sign| message.starts_with(sign));
        // What is missing is missed at the start of the next line: it belongs at the end of the one before.
        if span.is_empty()
            && text.get(..span.start).is_some_and(|before| before.ends_with(char::is_whitespace))
        {
            let end = text[..span.start].trim_end().len();
            span = end..end;
        }
        if let Some(unclosed) = unclosed
            && astray
        {
            unclosed.clone_into(&mut message);
        }
        kept.push((span, message));
        if astray {
            break;
        }
    }
    kept
}

/// Whether TOML's complaint is one about something that stands twice, which leaves the tree usable.
fn is_repetition(error: &Error) -> bool {
    error.message() == "duplicate key" || error.message().starts_with("cannot extend value")
}

fn report_repetitions(page: &Page, errors: Vec<Error>, sink: &mut Sink) {
    if errors.is_empty() {
        return;
    }
    let text = &*page.source.text;
    let chunks = chunks(text);
    let mut repeated_tables = BTreeSet::new();
    for error in errors {
        let span = error.span().unwrap_or_default();
        let at = chunks.partition_point(|chunk| chunk.start <= span.start).saturating_sub(1);
        let Some(chunk) = chunks.get(at) else { continue };
        let body = &text[chunk.clone()];
        let header = body.lines().next().unwrap_or_default();
        let key = text.get(span.clone()).unwrap_or_default();
        if is_header(body) && span.start < chunk.start + header.len() {
            repeated_tables.insert(at);
            let path = path_of(body);
            let mut diagnostic = page
                .complain(Code::Duplicate, &span, format!("`[{path}]` stands twice"))
                .help("give one of them another id, or make one table of both");
            let first = chunks[..at].iter().find(|chunk| path_of(&text[(*chunk).clone()]) == path);
            if let Some(found) = first.and_then(|chunk| Some(chunk.start + text[chunk.clone()].find(path)?)) {
                diagnostic = diagnostic.and_at(page.file, found..found + path.len(), "first here");
            }
            sink.push(diagnostic);
        } else if !repeated_tables.contains(&at) {
            let mut diagnostic = page
                .complain(Code::Duplicate, &span, format!("the key `{key}` stands twice in one table"))
                .help("keep one of them");
            if let Some(found) = line_with_key(text, chunk.start..span.start, key) {
                diagnostic = diagnostic.and_at(page.file, found, "first here");
            }
            sink.push(diagnostic);
        }
    }
}

/// Where a key stands at the beginning of a line.
fn line_with_key(text: &str, within: Span, key: &str) -> Option<Span> {
    let mut at = within.start;
    for line in text.get(within)?.split_inclusive('\n') {
        let indent = line.len() - line.trim_start().len();
        if let Some(rest) = line.trim_start().strip_prefix(key)
            && rest.trim_start().starts_with(['=', '.'])
        {
            return Some(at + indent..at + indent + key.len());
        }
        at += line.len();
    }
    None
}
