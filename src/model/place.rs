//! Places in files: what a diagnostic or an explanation points at.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// Bytes of a text, `start..end`.
pub type Span = Range<usize>;

/// One of the texts that were read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FileId(u32);

/// A text that was read, with the name under which it is shown.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// The path as the user gave it, or a word for what is no file (`--given`, `standard input`).
    pub name: Arc<str>,
    /// The text: all of it, or some lines of a file that is too long to keep.
    pub text: Arc<str>,
    /// Which line of the file the text begins with, counted from 1.
    pub first_line: usize,
    /// The byte at which each line begins. Found when first asked for: every facility of a large registry has a place,
    /// and most logs need none.
    lines: OnceLock<Vec<usize>>,
}

impl SourceFile {
    /// The file, line and column of a span's start.
    pub fn place(&self, span: &Span) -> Place {
        let lines = self.lines.get_or_init(|| {
            let newlines = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            std::iter::once(0).chain(newlines.map(|(at, _)| at + 1)).collect()
        });
        let at = span.start.min(self.text.len());
        let line = lines.partition_point(|begin| *begin <= at);
        let begin = lines.get(line.saturating_sub(1)).copied().unwrap_or_default();
        let column = self.text.get(begin..at).map_or(0, |line| line.chars().count());
        Place { file: self.name.clone(), line: line + self.first_line - 1, column: column + 1 }
    }
}

/// Every text that was read, for diagnostics to quote.
#[derive(Clone, Debug, Default)]
pub struct Sources(Vec<SourceFile>);

impl Sources {
    /// Keeps a text, and gives out the id that places in it carry.
    pub fn add(&mut self, name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> FileId {
        self.add_lines(name, text, 1)
    }
    /// Keeps some lines of a file, of which `first_line` is the first.
    #[allow(clippy::cast_possible_truncation)] // four thousand million files do not fit in memory
    pub fn add_lines(
        &mut self,
        name: impl Into<Arc<str>>,
        text: impl Into<Arc<str>>,
        first_line: usize,
    ) -> FileId {
        self.0.push(SourceFile { name: name.into(), text: text.into(), first_line, lines: OnceLock::new() });
        FileId(self.0.len() as u32 - 1)
    }
    /// The text behind an id that this collection gave out.
    pub fn get(&self, file: FileId) -> &SourceFile {
        &self.0[file.0 as usize]
    }
    /// Every text, in the order of reading.
    pub fn iter(&self) -> impl Iterator<Item = &SourceFile> {
        self.0.iter()
    }
    /// The file, line and column of a span's start.
    pub fn place(&self, file: FileId, span: &Span) -> Place {
        self.get(file).place(span)
    }
}

/// A file, a line and a column, each counted from 1.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Place {
    /// The name of the file, as the user gave it.
    pub file: Arc<str>,
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
}

impl std::fmt::Display for Place {
    /// `file:line`, as an explanation names a clause.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_not_bytes() {
        let mut sources = Sources::default();
        let file = sources.add("x.toml", "a = 1\né = 2\n");
        let place = sources.place(file, &(9..10));
        assert_eq!((place.line, place.column), (2, 3));
        assert_eq!(place.to_string(), "x.toml:2");
    }
}
