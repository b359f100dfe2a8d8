//! Where the log is, and how it is opened.
//!
//! Floor 6; no clock and no environment: what they say, it is told. Nothing is created for a command that only reads.

use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use crate::diagnostic::{Code, Diagnostic};
use crate::exchange::Unmatched;
use crate::log::{self, Access, EventLog, Format, Log, LogError, SqliteLog};
use crate::model::{Registry, Sources};
use crate::report::LogHead;

use super::args::Common;
use super::board;
use super::context::{Environment, Remark, registry_path};
use super::error::Failure;
use super::progress::{Watched, WatchedStore};

/// Where the log is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LogPlace {
    /// Standard input.
    Input,
    /// A database that several share, by its URL.
    Shared(String),
    /// A file that somebody named.
    Named(PathBuf),
    /// The file that is looked for where nobody named one.
    Default(PathBuf),
}

impl LogPlace {
    /// Flag over environment over the place beside the registry.
    pub fn find(common: &Common, environment: &Environment, registry: &Path) -> Self {
        let named = common.log.clone().or_else(|| environment.log.as_ref().map(PathBuf::from));
        match named {
            Some(path) if path == Path::new("-") => Self::Input,
            Some(path) => match path.to_str().filter(|text| text.contains("://")) {
                Some(url) => Self::Shared(url.to_owned()),
                None => Self::Named(path),
            },
            None if registry.is_dir() => Self::Default(registry.join("diversions.db")),
            None => Self::Default(registry.with_file_name("diversions.db")),
        }
    }

    /// The log that is asked for.
    pub fn asked_for(common: &Common, environment: &Environment) -> Self {
        Self::find(common, environment, &registry_path(common, environment))
    }

    /// Every event; `None` where nobody named a log and there is none. What is odd is remarked on.
    pub fn read(
        &self,
        registry: &Registry,
        environment: &Environment,
        sources: &mut Sources,
        remarks: &mut Vec<Remark>,
    ) -> Result<Option<Log>, Failure> {
        if *self == Self::Input {
            return from_input(registry, environment, sources, remarks).map(Some);
        }
        if let Some((path, format)) = self.file_of_rows() {
            if matches!(path.try_exists(), Ok(false)) {
                return Err(Failure::NoLog(path.to_owned()));
            }
            let read = match board::dialect_of(path).filter(|_| format == Format::Csv) {
                Some(dialect) => match Watched::open(path, environment.progress) {
                    Ok(file) => {
                        let name = path.display().to_string();
                        matched(board::as_log(file, &name, dialect, registry, sources), remarks)
                    }
                    Err(error) => Err(vec![log::cannot_read(&path.display().to_string(), &error)]),
                },
                None => rows(path, format, registry, environment, sources),
            };
            return read.map(Some).map_err(Failure::Log);
        }
        if let Self::Default(path) = self
            && matches!(path.try_exists(), Ok(false))
        {
            return Ok(None);
        }
        let mut store = self.to_read(environment)?;
        store.load(registry).map(Some).map_err(Failure::Store)
    }

    /// The path of the file, if it is one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Named(path) | Self::Default(path) => Some(path),
            Self::Input | Self::Shared(_) => None,
        }
    }

    /// Whether there is a log that is no file of rows, or should be.
    pub fn has_store(&self) -> bool {
        match self {
            Self::Input => false,
            Self::Shared(_) => true,
            Self::Named(_) => self.file_of_rows().is_none(),
            Self::Default(path) => !matches!(path.try_exists(), Ok(false)),
        }
    }

    /// The file that somebody keeps by hand, if that is what the log is.
    fn file_of_rows(&self) -> Option<(&Path, Format)> {
        match self {
            Self::Named(path) => Some((path, Format::of(path)?)),
            Self::Input | Self::Shared(_) | Self::Default(_) => None,
        }
    }

    /// The store of a log that is no file of rows, for reading it again and again.
    pub fn to_read(&self, environment: &Environment) -> Result<Box<dyn EventLog>, Failure> {
        self.store(Access::Read, environment).map_err(|error| match (error, self) {
            (LogError::Absent { .. }, Self::Named(path) | Self::Default(path)) => {
                Failure::NoLog(path.clone())
            }
            (error, _) => Failure::Store(error),
        })
    }

    /// The store of a log that is to be written to. Only a log that nobody named, and one in a database that somebody
    /// created for it, is begun here: a mistyped name must not become a second log.
    /// `begin` is whether what is to be said can be the first thing of a log.
    pub fn to_write(&self, environment: &Environment, begin: bool) -> Result<Box<dyn EventLog>, Failure> {
        let access = match self {
            Self::Default(_) | Self::Shared(_) if begin => Access::Create,
            Self::Default(_) | Self::Shared(_) | Self::Named(_) | Self::Input => Access::Write,
        };
        self.store(access, environment).map_err(Failure::NotRecorded)
    }

    fn store(&self, access: Access, environment: &Environment) -> Result<Box<dyn EventLog>, LogError> {
        let store = self.bare_store(access, environment)?;
        Ok(match environment.progress {
            Some(width) => Box::new(WatchedStore::new(store, width)),
            None => store,
        })
    }

    fn bare_store(&self, access: Access, environment: &Environment) -> Result<Box<dyn EventLog>, LogError> {
        match self {
            Self::Input => Err(LogError::OnlyRead { log: "standard input".to_owned() }),
            Self::Shared(url) => shared(url, access, environment),
            Self::Named(path) if self.file_of_rows().is_some() => {
                let log = path.display().to_string();
                let is_absent = matches!(path.try_exists(), Ok(false));
                Err(if is_absent { LogError::Absent { log } } else { LogError::OnlyRead { log } })
            }
            Self::Named(path) | Self::Default(path) => Ok(Box::new(SqliteLog::open(path, access)?)),
        }
    }
}

#[cfg(feature = "postgres")]
fn shared(url: &str, access: Access, environment: &Environment) -> Result<Box<dyn EventLog>, LogError> {
    if !log::PostgresLog::is_url(url) {
        return Err(LogError::Url { found: format!("`{}` is no PostgreSQL", without_password(url)) });
    }
    Ok(Box::new(log::PostgresLog::open(url, access, &environment.credentials)?))
}

#[cfg(not(feature = "postgres"))]
fn shared(url: &str, _: Access, _: &Environment) -> Result<Box<dyn EventLog>, LogError> {
    let found = format!(
        "this `divert` was built without the feature `postgres`, and `{}` is no file",
        without_password(url)
    );
    Err(LogError::Url { found })
}

/// The log that a board's export makes, with a remark on the names that no facility has.
fn matched(
    read: Result<(Log, Vec<Unmatched>), Vec<Diagnostic>>,
    remarks: &mut Vec<Remark>,
) -> Result<Log, Vec<Diagnostic>> {
    let (log, unmatched) = read?;
    if !unmatched.is_empty() {
        remarks.push(Remark::LeftOut(unmatched));
    }
    Ok(log)
}

/// The log in a file that somebody keeps by hand.
pub fn rows(
    path: &Path,
    format: Format,
    registry: &Registry,
    environment: &Environment,
    sources: &mut Sources,
) -> Result<Log, Vec<Diagnostic>> {
    let name = path.display().to_string();
    match Watched::open(path, environment.progress) {
        Ok(file) => log::read(file, &name, format, registry, sources),
        Err(error) => Err(vec![log::cannot_read(&name, &error)]),
    }
}

/// A log that is piped in.
fn from_input(
    registry: &Registry,
    environment: &Environment,
    sources: &mut Sources,
    remarks: &mut Vec<Remark>,
) -> Result<Log, Failure> {
    let lost = |error: io::Error| {
        let message = format!("cannot read standard input: {error}");
        Failure::Log(vec![Diagnostic::nowhere(Code::CannotRead, message)])
    };
    let stdin = Watched::new(io::stdin(), None, environment.progress);
    let mut input = BufReader::new(log::unpacked(stdin).map_err(lost)?);
    let first = input.fill_buf().map_err(lost)?;
    if let Some(dialect) = board::dialect_of_start(first) {
        let read = board::as_log(input, "standard input", dialect, registry, sources);
        return matched(read, remarks).map_err(Failure::Log);
    }
    // JSON lines begin with a brace, a header never does.
    let format = match first.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{') => Format::Jsonl,
        _ => Format::Csv,
    };
    log::read(input, "standard input", format, registry, sources).map_err(Failure::Log)
}

impl From<&Log> for LogHead {
    fn from(log: &Log) -> Self {
        Self { head: log.head(), hash: log.hash.map(|hash| hash.to_string()) }
    }
}

/// A URL as it may be shown: what stands before the host is left out, for it may hold a password.
fn without_password(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            let path = path.split('?').next().unwrap_or_default();
            format!("{scheme}://{host}{path}")
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::context::tests::nowhere;
    use super::*;

    #[test]
    fn the_log_lies_beside_the_registry() {
        let place = LogPlace::find(&Common::default(), &nowhere(), Path::new("county/facilities.toml"));
        assert_eq!(place, LogPlace::Default("county/diversions.db".into()));
        let directory = tempfile::tempdir().unwrap();
        let place = LogPlace::find(&Common::default(), &nowhere(), directory.path());
        assert_eq!(place, LogPlace::Default(directory.path().join("diversions.db")));
        let input = Common { log: Some("-".into()), ..Common::default() };
        assert_eq!(LogPlace::find(&input, &nowhere(), Path::new("x")), LogPlace::Input);
    }

    #[test]
    fn a_password_is_not_repeated() {
        assert_eq!(without_password("postgres://u:secret@host/db?password=x"), "postgres://host/db");
        assert_eq!(without_password("postgres://host"), "postgres://host");
    }
}
