//! Where the instructions go: a process under callgrind. Counts do not depend on what else the machine does.
//!
//! Callgrind knows no instructions for hashing, so SHA-256 counts for more here than it takes.

use std::path::Path;
use std::process::{Command, Stdio};

use super::measure::Failed;

/// So many functions are named.
const NAMED: usize = 8;

/// Instructions in all, and of the functions that have the most of them.
pub(crate) struct Profile {
    pub(crate) all: u64,
    pub(crate) functions: Vec<(String, u64)>,
}

/// Runs a command under callgrind; `None` where that is not installed.
pub(crate) fn of(command: &[String], folder: &Path) -> Result<Option<Profile>, Failed> {
    let counts = folder.join("callgrind.out");
    let mut valgrind = Command::new("valgrind");
    valgrind.arg("--tool=callgrind").arg(format!("--callgrind-out-file={}", counts.display())).args(command);
    match valgrind.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status() {
        Ok(status) if status.success() => {}
        Ok(status) => return Err(Failed(format!("under callgrind it ended with {status}"))),
        Err(_) => return Ok(None),
    }
    let told = Command::new("callgrind_annotate").arg("--threshold=99").arg(&counts).output()?;
    let told = String::from_utf8_lossy(&told.stdout);
    let mut rows = told.lines().filter_map(row);
    let all = rows.next().map(|(_, all)| all);
    let all = all.ok_or_else(|| Failed("callgrind_annotate says nothing".to_owned()))?;
    Ok(Some(Profile { all, functions: rows.take(NAMED).collect() }))
}

/// "12,345 (67.8%)  file.c:function [binary]"; the first such line has the sum.
fn row(line: &str) -> Option<(String, u64)> {
    let (count, rest) = line.trim_start().split_once(' ')?;
    let count = count.replace(',', "").parse().ok()?;
    let (_, name) = rest.split_once("%)")?;
    let name = name.split(" [").next().unwrap_or_default().trim();
    // Of "???:crate::function" and "./malloc/malloc.c:free" only what is called.
    let name = name.split_once(':').filter(|(file, _)| !file.contains(' ')).map_or(name, |(_, name)| name);
    Some((name.trim_start_matches("ambulance_diversion::").to_owned(), count))
}
