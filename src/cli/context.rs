//! What the options mean: flag over environment over default; the clock, the terminal, the registry and the log.
//!
//! Floor 6, and the one file that may read the clock and the environment.

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use chrono_tz::Tz;

use crate::diagnostic::{Diagnostic, closest};
use crate::exchange::Unmatched;
use crate::load;
use crate::model::{Event, Instant, Kind, Ledger, Registry, Sources, Task};
use crate::render::{self, Format};
use crate::report::{Basis, LogHead};
use crate::sentence::{self, Reading};
use crate::state::Timeline;

use super::args::{Common, When};
use super::board;
use super::error::Failure;
use super::log_place::LogPlace;

/// What the program was called in: nothing else asks the system for any of it.
///
/// What takes files to find out, and few commands want to know, is found out when it is first asked for.
#[derive(Debug)]
pub struct Environment {
    /// `DIVERT_REGISTRY`.
    pub registry: Option<OsString>,
    /// `DIVERT_LOG`.
    pub log: Option<OsString>,
    /// `NO_COLOR`, with anything in it; or a terminal that has no colours.
    pub no_color: bool,
    /// The width of standard output, where that is a terminal.
    pub stdout: Option<usize>,
    /// The width of standard error, where that is a terminal.
    pub stderr: Option<usize>,
    /// The width of a line about work that takes long; `None` where nobody looks at standard error, or wants none.
    pub progress: Option<usize>,
    /// Whether somebody sits at standard input.
    pub asks: bool,
    /// The user of the operating system, for the record: what the environment says of it is not believed.
    pub user: LazyLock<String>,
    /// Passwords and services for a log that several share.
    #[cfg(feature = "postgres")]
    pub credentials: crate::log::Credentials,
    /// The clock, when the program was called.
    pub clock: Instant,
    /// How many threads can work at once.
    pub processors: LazyLock<usize>,
}

/// The clock, for what happens later than the program was called: what is recorded, and what is watched.
#[allow(clippy::disallowed_methods)] // the one place that reads the clock
pub fn clock() -> Instant {
    Instant::from(chrono::Utc::now())
}

/// Time that passes while the program works: for how much is done at once, never for what is answered.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Starts it.
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }
    /// What has passed since.
    pub fn elapsed(self) -> std::time::Duration {
        self.0.elapsed()
    }
}

/// Where PostgreSQL's own programs look.
#[cfg(feature = "postgres")]
#[allow(clippy::disallowed_methods)] // the one place that reads the environment
fn credentials() -> crate::log::Credentials {
    let said = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let home = |file: &str| said("HOME").map(|home| Path::new(&home).join(file));
    let system = said("PGSYSCONFDIR").unwrap_or_else(|| "/etc/postgresql-common".to_owned());
    let own = said("PGSERVICEFILE").map(PathBuf::from).or_else(|| home(".pg_service.conf"));
    crate::log::Credentials {
        password: said("PGPASSWORD"),
        password_file: said("PGPASSFILE").map(PathBuf::from).or_else(|| home(".pgpass")),
        service: said("PGSERVICE"),
        service_files: own.into_iter().chain([Path::new(&system).join("pg_service.conf")]).collect(),
        user: said("PGUSER").or_else(|| Some(user())),
        root_certificates: said("PGSSLROOTCERT").map(PathBuf::from),
    }
}

/// The name of the user that this process runs as; the number where the system knows no name.
#[cfg(unix)]
fn user() -> String {
    let id = rustix::process::getuid().as_raw().to_string();
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1) == Some(id.as_str())).then(|| name.to_owned())
    });
    name.unwrap_or_else(|| format!("uid {id}"))
}

#[cfg(not(unix))]
#[allow(clippy::disallowed_methods)] // the one place that reads the environment
fn user() -> String {
    std::env::var("USERNAME").unwrap_or_default()
}

/// The width of a terminal that does not tell.
const USUAL_WIDTH: usize = 80;

impl Environment {
    /// Reads it, once.
    #[allow(clippy::disallowed_methods)] // the one place that reads the clock and the environment
    pub fn read() -> Self {
        let said = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let columns = || {
            let columns = said("COLUMNS").and_then(|columns| columns.to_str()?.parse().ok());
            columns.filter(|columns| *columns > 0).unwrap_or(USUAL_WIDTH)
        };
        let measured = |size: Option<(terminal_size::Width, terminal_size::Height)>| {
            size.map(|(width, _)| usize::from(width.0)).filter(|width| *width > 0)
        };
        let (stdout, stderr) = (io::stdout(), io::stderr());
        let stderr_width = stderr
            .is_terminal()
            .then(|| measured(terminal_size::terminal_size_of(&stderr)).unwrap_or_else(columns));
        Self {
            registry: said("DIVERT_REGISTRY"),
            log: said("DIVERT_LOG"),
            no_color: said("NO_COLOR").is_some() || said("TERM").is_some_and(|term| term == "dumb"),
            stdout: stdout
                .is_terminal()
                .then(|| measured(terminal_size::terminal_size_of(&stdout)).unwrap_or_else(columns)),
            stderr: stderr_width,
            progress: stderr_width,
            asks: io::stdin().is_terminal() && stderr.is_terminal(),
            user: LazyLock::new(user),
            #[cfg(feature = "postgres")]
            credentials: credentials(),
            clock: clock(),
            processors: LazyLock::new(|| std::thread::available_parallelism().map_or(1, usize::from)),
        }
    }
}

/// How wide and whether painted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Style {
    /// The width to fit; `None` where nobody looks.
    pub width: Option<usize>,
    /// Whether to paint.
    pub color: bool,
}

/// The style of standard output.
pub fn stdout_style(color: When, environment: &Environment) -> Style {
    style(color, environment.stdout, environment)
}

/// The style of standard error.
pub fn stderr_style(color: When, environment: &Environment) -> Style {
    style(color, environment.stderr, environment)
}

fn style(color: When, width: Option<usize>, environment: &Environment) -> Style {
    let color = match color {
        When::Auto => width.is_some() && !environment.no_color,
        When::Always => true,
        When::Never => false,
    };
    Style { width, color }
}

/// In which format and how the answer is written. `ids` names the column that `-q` prints.
pub fn output(
    common: &Common,
    environment: &Environment,
    ids: &'static str,
) -> Result<(Format, render::Options), Failure> {
    let format = match (common.format, &common.output) {
        (Some(format), _) => format,
        (None, Some(path)) => format_of(path)?,
        (None, None) => Format::default(),
    };
    let mut style = stdout_style(common.color.unwrap_or_default(), environment);
    if common.output.is_some() {
        // A file is no terminal, whatever standard output is.
        style = style_of_file(common.color.unwrap_or_default());
    }
    let options = render::Options {
        width: style.width,
        color: style.color,
        ascii: common.ascii,
        headers: !common.no_headers,
        columns: (!common.columns.is_empty()).then(|| common.columns.clone()),
        raw: common.raw,
        ids_only: common.quiet.then_some(ids),
    };
    Ok((format, options))
}

fn style_of_file(color: When) -> Style {
    Style { width: None, color: color == When::Always }
}

/// The format that the ending of a file names. A name without an ending, a device say, gets the table.
fn format_of(path: &Path) -> Result<Format, Failure> {
    match path.extension().map(std::ffi::OsStr::to_string_lossy) {
        None => Ok(Format::Table),
        Some(ending) if ending.eq_ignore_ascii_case("txt") => Ok(Format::Table),
        Some(ending) if ending.eq_ignore_ascii_case("table") => Err(Failure::UnknownEnding(path.to_owned())),
        Some(ending) => Format::of(&ending).ok_or_else(|| Failure::UnknownEnding(path.to_owned())),
    }
}

/// What a command answers from. Each takes the parts that it needs.
#[derive(Clone, Debug)]
pub struct Context {
    /// The registry.
    pub registry: Registry,
    /// Everything recorded, then what `--given` supposes.
    pub events: Ledger,
    /// How many of them are recorded.
    pub recorded: usize,
    /// The head of the log; `None` where there is no log.
    pub log: Option<LogHead>,
    /// The instant of the question: `--at`, else the clock.
    pub at: Instant,
    /// `--known-at`.
    pub known_at: Option<Instant>,
    /// The zone given by hand; it beats every other.
    pub zone: Option<Tz>,
    /// What is likely not to be meant so, in the registry and then in the log.
    pub warnings: Vec<Diagnostic>,
    /// What is odd about the circumstances.
    pub remarks: Vec<Remark>,
}

/// Something that does not keep the answer back, and that whoever reads it must know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Remark {
    /// The log that is looked for where nobody names one is not there.
    NoLog(PathBuf),
    /// The clock is earlier than the last event.
    ClockBehind,
    /// Names of a board that no facility has: their rows are left out.
    LeftOut(Vec<Unmatched>),
    /// The last row of a log that grows is not written to its end.
    HalfARow,
}

impl std::fmt::Display for Remark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoLog(path) => write!(f, "there is no log `{}`: nothing is known", path.display()),
            Self::ClockBehind => f.write_str("the clock is earlier than the last event of the log"),
            Self::LeftOut(unmatched) => {
                let names: Vec<String> = unmatched.iter().map(board::told).collect();
                write!(f, "left out, for no facility is called so: {}", names.join(", "))
            }
            Self::HalfARow => f.write_str(
                "the last row of the log is not written to its end: what came since is not known until it is",
            ),
        }
    }
}

/// The registry and the times: what is there before any log is read.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The registry.
    pub registry: Registry,
    /// The instant of the question, or from which a declaration holds: `--at`, else the clock.
    pub at: Instant,
    /// Whether that is the clock.
    pub by_the_clock: bool,
    /// `--known-at`.
    pub known_at: Option<Instant>,
    /// The zone given by hand; it beats every other.
    pub zone: Option<Tz>,
    /// Where the log is.
    pub place: LogPlace,
    /// What is likely not to be meant so in the registry.
    pub warnings: Vec<Diagnostic>,
}

impl Setting {
    /// Reads registry and times. Every text that was read is kept in `sources`.
    pub fn read(common: &Common, environment: &Environment, sources: &mut Sources) -> Result<Self, Failure> {
        Self::read_registry(&registry_path(common, environment), common, environment, sources)
    }

    /// The same with this registry; the log is where it is looked for beside the registry in use.
    fn read_registry(
        path: &Path,
        common: &Common,
        environment: &Environment,
        sources: &mut Sources,
    ) -> Result<Self, Failure> {
        let zone = common.tz.as_deref().map(time_zone).transpose()?;
        let options = load::Options { allow_outside: common.allow_outside };
        let loaded = load::registry(path, &options, sources).map_err(Failure::Registry)?;
        let registry = loaded.registry;
        let shown_in = zone.unwrap_or(registry.timezone);
        let at = match &common.at {
            Some(text) => time("--at", text, environment.clock, shown_in, sources)?,
            None => environment.clock,
        };
        let known_at = match &common.known_at {
            Some(text) => Some(time("--known-at", text, at, shown_in, sources)?),
            None => None,
        };
        let place = LogPlace::asked_for(common, environment);
        let by_the_clock = common.at.is_none();
        Ok(Self { registry, at, by_the_clock, known_at, zone, place, warnings: loaded.warnings })
    }
}

impl Setting {
    /// A time of an option, such as `--since`: the latest that is not after the question's instant.
    pub fn time(&self, option: &'static str, text: &str, sources: &mut Sources) -> Result<Instant, Failure> {
        time(option, text, self.at, self.zone.unwrap_or(self.registry.timezone), sources)
    }

    /// Whether the clock lies behind a log of which the last event was recorded then.
    pub fn is_behind(&self, last: Option<Instant>) -> bool {
        self.by_the_clock && last.is_some_and(|last| self.at < last)
    }

    /// What `--given` supposes, numbered from 1.
    pub fn given(&self, common: &Common, sources: &mut Sources) -> Result<Vec<Event>, Failure> {
        let mut events = Ledger::default();
        let given = Given::new(self.at, self.known_at, self.zone);
        given.declare("--given", &common.given, &self.registry, sources, &mut events)?;
        Ok(events.iter().collect())
    }
}

/// The size of the terminal at standard output, in columns and lines; it may change at any time.
pub fn terminal() -> Option<(usize, usize)> {
    let (width, height) = terminal_size::terminal_size_of(io::stdout())?;
    Some((usize::from(width.0), usize::from(height.0))).filter(|(width, height)| *width > 0 && *height > 0)
}

impl Context {
    /// Reads registry, times, log and suppositions. Every text that was read is kept in `sources`.
    pub fn load(common: &Common, environment: &Environment, sources: &mut Sources) -> Result<Self, Failure> {
        Self::of(Setting::read(common, environment, sources)?, common, environment, sources)
    }

    /// The same question, put to another registry: the same log, read with its names, at the same instant.
    pub fn against(
        &self,
        other: &Path,
        common: &Common,
        environment: &Environment,
        sources: &mut Sources,
    ) -> Result<Self, Failure> {
        if LogPlace::find(common, environment, other) == LogPlace::Input {
            return Err(Failure::ReadTwice);
        }
        let moment = |at: Instant| at.rfc3339(Tz::UTC);
        let common =
            Common { at: Some(moment(self.at)), known_at: self.known_at.map(moment), ..common.clone() };
        let setting = Setting::read_registry(other, &common, environment, sources)?;
        Self::of(setting, &common, environment, sources)
    }

    /// Reads the log, and declares what is supposed.
    fn of(
        setting: Setting,
        common: &Common,
        environment: &Environment,
        sources: &mut Sources,
    ) -> Result<Self, Failure> {
        let mut remarks = Vec::new();
        let log = setting.place.read(&setting.registry, environment, sources, &mut remarks)?;
        let last = log.as_ref().and_then(|log| log.events.last_recorded_at());
        let is_behind = setting.is_behind(last);
        let Setting { registry, at, known_at, zone, place, mut warnings, .. } = setting;
        if let (LogPlace::Default(path), None) = (&place, &log) {
            remarks.push(Remark::NoLog(path.clone()));
        }
        let head = log.as_ref().map(LogHead::from);
        let log = log.unwrap_or_default();
        warnings.extend(log.warnings);
        let recorded = log.events.len();
        let mut events = log.events;
        if is_behind {
            remarks.push(Remark::ClockBehind);
        }
        Given::new(at, known_at, zone).declare("--given", &common.given, &registry, sources, &mut events)?;
        Ok(Self { registry, events, recorded, log: head, at, known_at, zone, warnings, remarks })
    }

    /// The same events, and further sentences supposed after them. `origin` says where the sentences stand.
    pub fn suppose(
        &self,
        origin: &'static str,
        sentences: &[String],
        sources: &mut Sources,
    ) -> Result<Ledger, Failure> {
        let mut events = self.events.clone();
        let given = Given::new(self.at, self.known_at, self.zone);
        given.declare(origin, sentences, &self.registry, sources, &mut events)?;
        Ok(events)
    }

    /// The event of that number, which must be recorded: a supposition is none.
    pub fn recorded(&self, number: u64) -> Result<Event, Failure> {
        let last = self.recorded as u64;
        let event = self.events.event(number).filter(|_| number <= last);
        event.ok_or(Failure::NoEvent { number, last })
    }

    /// What is known, folded.
    pub fn timeline(&self) -> Timeline<'_> {
        Timeline::of(&self.registry, &self.events, self.known_at)
    }

    /// Has what the board of the question's instant asks for worked out by several threads at once, where a log is long.
    pub fn look_ahead(&self, timeline: &Timeline<'_>, environment: &Environment) {
        if self.is_long() {
            timeline.look_ahead(self.at, *environment.processors, at_once);
        }
    }

    /// Has found out by several threads at once which events are about whom, where a log is long.
    pub fn group(&self, timeline: &Timeline<'_>, environment: &Environment) {
        if self.is_long() {
            timeline.group(*environment.processors, at_once);
        }
    }

    /// Whether its log is worth a thread.
    fn is_long(&self) -> bool {
        // In tests fewer, so that threads have something to do there, too.
        const LONG: usize = if cfg!(debug_assertions) { 1000 } else { 200_000 };
        self.events.len() >= LONG
    }

    /// What a report rests on.
    pub fn basis<'a>(&'a self, timeline: &'a Timeline<'a>) -> Basis<'a> {
        Basis {
            registry: &self.registry,
            timeline,
            at: self.at,
            known_at: self.known_at,
            zone: self.zone,
            log: self.log.as_ref(),
        }
    }

    /// The zone in which bare times on the command line are read.
    pub fn zone(&self) -> Tz {
        self.zone.unwrap_or(self.registry.timezone)
    }

    /// A time of an option other than `--at`, such as `--since`: the latest that is not after the question's instant.
    pub fn time(&self, option: &'static str, text: &str, sources: &mut Sources) -> Result<Instant, Failure> {
        time(option, text, self.at, self.zone(), sources)
    }
}

/// Does what is to be done, each by a thread of its own.
fn at_once(tasks: Vec<Task<'_>>) {
    std::thread::scope(|scope| {
        for task in tasks {
            scope.spawn(task);
        }
    });
}

/// Where the registry in use is.
pub fn registry_path(common: &Common, environment: &Environment) -> PathBuf {
    match (&common.registry, &environment.registry) {
        (Some(path), _) => path.clone(),
        (None, Some(path)) => PathBuf::from(path),
        (None, None) => PathBuf::from("facilities.toml"),
    }
}

fn time_zone(name: &str) -> Result<Tz, Failure> {
    let found = chrono_tz::TZ_VARIANTS.iter().find(|zone| zone.name().eq_ignore_ascii_case(name));
    found.copied().ok_or_else(|| Failure::UnknownZone {
        name: name.to_owned(),
        closest: closest(name, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name())),
    })
}

fn time(
    option: &'static str,
    text: &str,
    now: Instant,
    zone: Tz,
    sources: &mut Sources,
) -> Result<Instant, Failure> {
    let file = sources.add(option, text);
    sentence::time(text, file, now, zone).map_err(|diagnostic| Failure::Said(vec![diagnostic]))
}

/// How suppositions are declared: recorded last, from the instant of the question.
struct Given {
    at: Instant,
    /// Not after `--known-at`: what is supposed is supposed to be known.
    recorded_at: Instant,
    zone: Option<Tz>,
}

impl Given {
    fn new(at: Instant, known_at: Option<Instant>, zone: Option<Tz>) -> Self {
        Self { at, recorded_at: known_at.map_or(at, |known_at| known_at.min(at)), zone }
    }

    fn declare(
        &self,
        origin: &'static str,
        sentences: &[String],
        registry: &Registry,
        sources: &mut Sources,
        events: &mut Ledger,
    ) -> Result<(), Failure> {
        let mut wrong = Vec::new();
        let mut number = events.head();
        for text in sentences {
            let file = sources.add(origin, text.as_str());
            match sentence::statement(text, file, registry, Reading { now: self.at, zone: self.zone }) {
                Ok(declarations) => {
                    for declaration in declarations {
                        number += 1;
                        events.push(&Event {
                            number,
                            recorded_at: self.recorded_at,
                            source: "given".into(),
                            text: None,
                            kind: Kind::Declare(Box::new(declaration)),
                        });
                    }
                }
                Err(diagnostic) => wrong.push(diagnostic),
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(Failure::Said(wrong)) }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn nowhere() -> Environment {
        Environment {
            registry: None,
            log: None,
            no_color: false,
            stdout: None,
            stderr: None,
            progress: None,
            asks: false,
            user: LazyLock::new(String::new),
            #[cfg(feature = "postgres")]
            credentials: crate::log::Credentials::default(),
            clock: Instant::from_seconds(0),
            processors: LazyLock::new(|| 1),
        }
    }

    #[test]
    fn a_flag_beats_the_environment_and_that_the_default() {
        let mut environment = nowhere();
        let mut common = Common::default();
        assert_eq!(registry_path(&common, &environment), Path::new("facilities.toml"));
        environment.registry = Some("env.toml".into());
        assert_eq!(registry_path(&common, &environment), Path::new("env.toml"));
        common.registry = Some("flag.toml".into());
        assert_eq!(registry_path(&common, &environment), Path::new("flag.toml"));
    }

    #[test]
    fn only_a_terminal_has_a_width_and_colours() {
        let mut environment = nowhere();
        assert_eq!(stdout_style(When::Auto, &environment), Style { width: None, color: false });
        assert!(stdout_style(When::Always, &environment).color);
        environment.stdout = Some(100);
        assert_eq!(stdout_style(When::Auto, &environment), Style { width: Some(100), color: true });
        environment.no_color = true;
        assert!(!stdout_style(When::Auto, &environment).color);
        assert!(stdout_style(When::Always, &environment).color, "a flag beats NO_COLOR");
        let file = Common { output: Some("x.csv".into()), ..Common::default() };
        let (format, options) = output(&file, &environment, "facility").unwrap();
        assert_eq!((format, options.width, options.color), (Format::Csv, None, false));
    }

    #[test]
    fn the_ending_names_the_format() {
        assert_eq!(format_of(Path::new("a.JSON")).unwrap(), Format::Json);
        assert_eq!(format_of(Path::new("/dev/stdout")).unwrap(), Format::Table);
        assert_eq!(format_of(Path::new("a.txt")).unwrap(), Format::Table);
        for other in ["a.xls", "a.xlsx", "a.table"] {
            assert!(format_of(Path::new(other)).is_err(), "{other}");
        }
    }

    #[test]
    fn a_zone_is_found_whatever_its_case() {
        assert_eq!(time_zone("america/new_york").unwrap(), Tz::America__New_York);
        let Failure::UnknownZone { closest, .. } = time_zone("America/NewYork").unwrap_err() else {
            panic!("another failure");
        };
        assert_eq!(closest, Some("America/New_York"));
    }
}
