//! Exports of status boards where a log is expected: read as they are, without importing.
//!
//! Floor 6. What their rows mean is the business of `exchange`; here they are found and become a log.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use crate::diagnostic::{Code, Diagnostic, plural};
use crate::exchange::{self, Board, Dialect, Mapping, Options, Unmatched};
use crate::log::Log;
use crate::model::{Registry, Sources};

/// The dialect of a file's header, where it is the export of a board. What can't be read is for others to complain of.
pub fn dialect_of(path: &Path) -> Option<Dialect> {
    let mut first = String::new();
    // A header is no longer than this; a file without line breaks is not read whole for it.
    BufReader::new(File::open(path).ok()?.take(4096)).read_line(&mut first).ok()?;
    Dialect::of_header(first.trim_end())
}

/// The dialect of a header at the beginning of what was read.
pub fn dialect_of_start(bytes: &[u8]) -> Option<Dialect> {
    let line = bytes.split(|byte| *byte == b'\n').next()?;
    Dialect::of_header(std::str::from_utf8(line).ok()?.trim_end())
}

/// Reads an export.
pub fn read(
    mut reader: impl Read,
    name: &str,
    dialect: Dialect,
    registry: &Registry,
    options: Options<'_>,
    sources: &mut Sources,
) -> Result<Board, Vec<Diagnostic>> {
    let mut text = String::new();
    if let Err(error) = reader.read_to_string(&mut text) {
        return Err(vec![Diagnostic::nowhere(Code::CannotRead, format!("cannot read `{name}`: {error}"))]);
    }
    let file = sources.add(name, text);
    let text = sources.get(file).text.clone();
    exchange::read(&text, file, dialect, registry, options)
}

/// Reads an export as a log; what no facility is found for is left out, and told.
pub fn as_log(
    reader: impl Read,
    name: &str,
    dialect: Dialect,
    registry: &Registry,
    sources: &mut Sources,
) -> Result<(Log, Vec<Unmatched>), Vec<Diagnostic>> {
    let mapping = Mapping::default();
    let options = Options { mapping: &mapping, comments: false };
    let board = read(reader, name, dialect, registry, options, sources)?;
    let events = board.told.iter().map(|told| &told.event).collect();
    Ok((Log { events, warnings: board.warnings, ..Log::default() }, board.unmatched))
}

/// "`St Mary's` (12 rows; nearest here: Saint Mary's Hospital)".
pub fn told(unmatched: &Unmatched) -> String {
    let rows = plural(unmatched.rows, "row");
    match unmatched.nearest.as_slice() {
        [] => format!("`{}` ({rows})", unmatched.name),
        nearest => format!("`{}` ({rows}; nearest here: {})", unmatched.name, nearest.join(", ")),
    }
}
