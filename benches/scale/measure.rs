//! Whole processes: how long one takes, how much of the processors, and how much memory at its peak.
//!
//! A process's peak begins with that of whoever starts it, and this program grows while it compares answers. So it starts
//! itself anew, small, to start what is measured and to ask the system what that took.

use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant as Clock;

use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeVal;

/// The first argument of the program when it starts something for itself.
pub(crate) const STARTER: &str = "--start";

/// What one run took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Run {
    pub(crate) seconds: f64,
    /// User and system time of the process and those that it waited for.
    pub(crate) processor: f64,
    /// Of a pipeline, the largest member's.
    pub(crate) peak_mib: f64,
}

/// Why a run gave nothing.
pub(crate) struct Failed(pub(crate) String);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

/// Runs a command to its end; its standard output becomes the file `out`.
pub(crate) fn run(command: &[String], out: &Path) -> Result<Run, Failed> {
    let told = Command::new(std::env::current_exe()?).arg(STARTER).arg(out).args(command).output()?;
    let told = String::from_utf8_lossy(&told.stdout);
    let numbers: Vec<f64> = told.split_whitespace().filter_map(|number| number.parse().ok()).collect();
    let [status, seconds, processor, peak_mib] = numbers[..] else {
        return Err(Failed(format!("`{}` could not be started", command[0])));
    };
    if status != 0.0 {
        let said = std::fs::read(errors(out)).unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        let last = said.trim_end().lines().last().unwrap_or("it says nothing");
        return Err(Failed(format!("ended with {status}: {last}")));
    }
    Ok(Run { seconds, processor, peak_mib })
}

/// Where the standard error of a run is kept.
fn errors(out: &Path) -> std::path::PathBuf {
    out.with_extension("err")
}

/// The starter: runs what the arguments after the first two say, and prints what it took.
pub(crate) fn start(arguments: &[String]) -> Result<String, Failed> {
    let [out, program, rest @ ..] = arguments else { return Err(Failed("nothing to start".to_owned())) };
    let mut command = Command::new(program);
    command.args(rest).stdin(Stdio::null()).stdout(File::create(out)?);
    command.stderr(File::create(errors(Path::new(out)))?);
    let begun = Clock::now();
    let status = command.status()?;
    let seconds = begun.elapsed().as_secs_f64();
    let status = status.code().or(status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(io::Error::from)?;
    let processor = processor(usage);
    // Linux counts kibibytes, a Mac bytes.
    let unit = if cfg!(target_vendor = "apple") { 1024.0 * 1024.0 } else { 1024.0 };
    Ok(format!("{status} {seconds} {processor} {}", usage.max_rss() as f64 / unit))
}

/// Seconds that the machine's processors have worked, but for this program and those that it started; `None` where the
/// system does not tell.
pub(crate) fn others() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/stat").ok()?;
    let numbers = text.lines().next()?.split_whitespace().skip(1).map(str::parse::<f64>);
    let ticks: Vec<f64> = numbers.collect::<Result<_, _>>().ok()?;
    // By the hundredth of a second; neither idle time nor waiting for a disk.
    let [user, nice, system, _, _, interrupts, soft, stolen, ..] = ticks[..] else { return None };
    let all = (user + nice + system + interrupts + soft + stolen) / 100.0;
    let own = getrusage(UsageWho::RUSAGE_SELF).ok().map(processor)?;
    let started = getrusage(UsageWho::RUSAGE_CHILDREN).ok().map(processor)?;
    Some(all - own - started)
}

/// User and system time.
fn processor(usage: Usage) -> f64 {
    let seconds = |time: TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    seconds(usage.user_time()) + seconds(usage.system_time())
}
