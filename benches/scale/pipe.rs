//! Patients through a pipe, more than any memory should hold: when the first is answered, whether all are in their order,
//! and whether memory grows.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::Instant as Clock;

use super::measure::Failed;

/// What came of it.
pub(crate) struct Piped {
    pub(crate) seconds: f64,
    /// From the first patient in to the first answer out.
    pub(crate) first_answer: f64,
    pub(crate) rows: u64,
    /// Whether each patient was answered in its place.
    pub(crate) in_order: bool,
    /// Peak memory after the first pass and near the end, where the system tells.
    pub(crate) peak_mib: [Option<f64>; 2],
}

/// Sends the patients of a file, so many times over, through a pipe to a command that reads standard input.
pub(crate) fn send(command: &[String], incidents: &str, times: u64) -> Result<Piped, Failed> {
    let text = fs::read_to_string(incidents)?;
    let (header, patients) = text.split_once('\n').ok_or_else(|| Failed("no patients".to_owned()))?;
    let ids: Vec<&str> = patients.lines().filter_map(|row| row.split(',').next()).collect();
    let mut child = Command::new(&command[0])
        .args(&command[1..])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let (Some(mut stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(Failed("no pipe".to_owned()));
    };
    let status = format!("/proc/{}/status", child.id());
    let peak = || {
        let told = fs::read_to_string(&status).ok()?;
        let line = told.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().split(' ').next()?.parse().ok().map(|kib: f64| kib / 1024.0)
    };
    let begun = Clock::now();
    let mut piped =
        Piped { seconds: 0.0, first_answer: f64::NAN, rows: 0, in_order: true, peak_mib: [None; 2] };
    std::thread::scope(|scope| -> Result<(), Failed> {
        let writer = scope.spawn(move || {
            stdin.write_all(header.as_bytes())?;
            stdin.write_all(b"\n")?;
            (0..times).try_for_each(|_| stdin.write_all(patients.as_bytes()))
        });
        let all = ids.len() as u64 * times;
        let mut expected = ids.iter().cycle();
        let mut answers = BufReader::with_capacity(1 << 20, stdout);
        let mut row = Vec::new();
        answers.read_until(b'\n', &mut row)?;
        loop {
            row.clear();
            if answers.read_until(b'\n', &mut row)? == 0 {
                break;
            }
            piped.rows += 1;
            let id = row.split(|byte| *byte == b',').next();
            piped.in_order &= id == expected.next().map(|id| id.as_bytes());
            if piped.rows == 1 {
                piped.first_answer = begun.elapsed().as_secs_f64();
            } else if piped.rows == ids.len() as u64 {
                piped.peak_mib[0] = peak();
            } else if piped.rows == all - ids.len() as u64 / 2 {
                // Not at the very end, when the program may be gone.
                piped.peak_mib[1] = peak();
            }
        }
        piped.in_order &= piped.rows == all;
        match writer.join() {
            Ok(written) => Ok(written?),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })?;
    piped.seconds = begun.elapsed().as_secs_f64();
    let status = child.wait()?;
    if status.success() { Ok(piped) } else { Err(Failed(format!("ended with {status}"))) }
}
