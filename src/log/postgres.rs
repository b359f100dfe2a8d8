//! A log in a PostgreSQL database, which several dispatch centres share.
//!
//! Floor 4; no clock and no environment: where passwords and services are found, it is told.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

use postgres::config::{Host, SslMode};
use postgres::error::SqlState;
use postgres::fallible_iterator::FallibleIterator;
use postgres::types::ToSql;
use postgres::{Client, Config, IsolationLevel, Statement, Transaction};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::chain::Hash;
use super::credentials::{Connection, Credentials};
use super::migrations::{GUARDS, LOCK, POSTGRES};
use super::row::{Column, Row};
use super::store::{EachRow, EventLog, Last, Reading, Writing, last};
use super::{Access, LogError};

/// How long a writer waits for the others, and anybody for a connection.
const PATIENCE: Duration = Duration::from_secs(10);

/// The version that this program reads and writes.
#[allow(clippy::cast_possible_wrap)] // a handful of steps
const VERSION: i64 = POSTGRES.len() as i64;

/// A log in a PostgreSQL database.
pub struct PostgresLog {
    name: String,
    access: Access,
    client: Client,
    statements: Statements,
}

/// Statements that the server has read before, by their text: each saves a journey there and back.
type Statements = HashMap<String, Statement>;

impl std::fmt::Debug for PostgresLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresLog")
            .field("name", &self.name)
            .field("access", &self.access)
            .finish_non_exhaustive()
    }
}

impl PostgresLog {
    /// Whether a text names such a log.
    pub fn is_url(text: &str) -> bool {
        text.starts_with("postgres://") || text.starts_with("postgresql://")
    }

    /// Connects to the log at this URL, which must not hold a password. Between hosts the connection is encrypted, and
    /// the server's certificate checked, unless the URL says `sslmode=disable`.
    pub fn open(url: &str, access: Access, credentials: &Credentials) -> Result<Self, LogError> {
        let place = Place::new(url, credentials)?;
        let unreachable = |found: String| LogError::Unreachable { log: place.name.clone(), found };
        let tls = tls(place.root_certificates.as_deref()).map_err(unreachable)?;
        let client = place.config.connect(tls).map_err(|error| {
            let told = told(&error);
            unreachable(place.note.as_ref().map_or_else(|| told.clone(), |note| format!("{told} ({note})")))
        })?;
        let mut log = Self { name: place.name, access, client, statements: Statements::new() };
        if access != Access::Read {
            log.prepare_to_write()?;
        }
        let form = log.form()?;
        match access {
            Access::Create if form < VERSION => log.migrate()?,
            Access::Write if 0 < form && form < VERSION => log.migrate()?,
            Access::Read if 0 < form && form < VERSION => {
                return Err(LogError::Older { log: log.name, found: form, known: VERSION });
            }
            Access::Read | Access::Write if form == 0 => return Err(LogError::Absent { log: log.name }),
            Access::Read | Access::Write | Access::Create => {}
        }
        Ok(log)
    }

    /// Lets this session wait no longer than its patience, and acknowledge nothing that is not on disk.
    fn prepare_to_write(&mut self) -> Result<(), LogError> {
        let settings = format!(
            "SET lock_timeout = '{}s'; \
             SELECT set_config('synchronous_commit', 'on', false) \
             WHERE current_setting('synchronous_commit') = 'off'",
            PATIENCE.as_secs()
        );
        self.client.batch_execute(&settings).map_err(|error| failed(&self.name, "open", &error))
    }

    /// The version of the schema; 0 for a database that holds no log.
    fn form(&mut self) -> Result<i64, LogError> {
        let name = &self.name;
        let mut transaction = self.client.transaction().map_err(|error| failed(name, "open", &error))?;
        form(&mut transaction, name)
    }

    /// Takes the steps that are missing, all or none.
    fn migrate(&mut self) -> Result<(), LogError> {
        let name = &self.name;
        let failed = |error: postgres::Error| failed(name, "create", &error);
        let mut transaction = self.client.transaction().map_err(failed)?;
        transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).map_err(failed)?;
        // Somebody else may have been faster.
        let form = form(&mut transaction, name)?;
        for step in POSTGRES.iter().skip(usize::try_from(form).unwrap_or_default()) {
            transaction.batch_execute(step).map_err(failed)?;
        }
        transaction.execute("UPDATE divert.form SET version = $1", &[&VERSION]).map_err(failed)?;
        transaction.commit().map_err(failed)
    }
}

fn form(transaction: &mut Transaction<'_>, name: &str) -> Result<i64, LogError> {
    // From the catalogue itself: `to_regclass` may answer from what this session remembers of before it had the lock.
    const THERE: &str = "SELECT EXISTS (SELECT 1 FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace \
        WHERE nspname = 'divert' AND relname = 'form')";
    let failed = |error: postgres::Error| failed(name, "open", &error);
    let there =
        transaction.query_one(THERE, &[]).and_then(|row| row.try_get::<_, bool>(0)).map_err(failed)?;
    if !there {
        return Ok(0);
    }
    let version: i64 = transaction
        .query_one("SELECT version FROM divert.form", &[])
        .and_then(|row| row.try_get(0))
        .map_err(failed)?;
    if (1..=VERSION).contains(&version) {
        return Ok(version);
    }
    Err(LogError::Newer { log: name.to_owned(), found: version, known: VERSION })
}

impl EventLog for PostgresLog {
    fn name(&self) -> &str {
        &self.name
    }

    fn read(
        &mut self,
        work: &mut dyn FnMut(&mut dyn Reading) -> Result<(), LogError>,
    ) -> Result<(), LogError> {
        let name = self.name.as_str();
        let transaction = self
            .client
            .build_transaction()
            .isolation_level(IsolationLevel::RepeatableRead)
            .read_only(true)
            .start()
            .map_err(|error| failed(name, "read", &error))?;
        work(&mut Open { name, transaction, statements: &mut self.statements })
    }

    fn write(
        &mut self,
        work: &mut dyn FnMut(&mut dyn Writing) -> Result<(), LogError>,
    ) -> Result<(), LogError> {
        let name = self.name.as_str();
        if self.access == Access::Read {
            return Err(LogError::ReadOnly { log: name.to_owned() });
        }
        let failed = |error: postgres::Error| failed(name, "write", &error);
        // Each statement sees what was committed before it, and so before the lock was had.
        let transaction = self
            .client
            .build_transaction()
            .isolation_level(IsolationLevel::ReadCommitted)
            .start()
            .map_err(failed)?;
        let mut open = Open { name, transaction, statements: &mut self.statements };
        let lock = open.prepared("SELECT pg_advisory_xact_lock($1)").map_err(failed)?;
        open.transaction.execute(&lock, &[&LOCK]).map_err(failed)?;
        work(&mut open)?;
        open.transaction.commit().map_err(failed)
    }
}

/// A log within a transaction.
struct Open<'a> {
    name: &'a str,
    transaction: Transaction<'a>,
    statements: &'a mut Statements,
}

impl Open<'_> {
    fn prepared(&mut self, text: &str) -> Result<Statement, postgres::Error> {
        if let Some(statement) = self.statements.get(text) {
            return Ok(statement.clone());
        }
        let statement = self.transaction.prepare(text)?;
        self.statements.insert(text.to_owned(), statement.clone());
        Ok(statement)
    }

    fn failed(&self, error: &postgres::Error) -> LogError {
        failed(self.name, "read", error)
    }
}

impl Reading for Open<'_> {
    fn last(&mut self) -> Result<Option<Last>, LogError> {
        const LAST: &str =
            r#"SELECT "event", "recorded_at", "hash" FROM divert.event ORDER BY "event" DESC LIMIT 1"#;
        let found = self
            .prepared(LAST)
            .and_then(|last| self.transaction.query_opt(&last, &[]))
            .map_err(|error| self.failed(&error))?;
        let Some(row) = found else { return Ok(None) };
        let cells = || Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
        let (event, recorded_at, hash): (i64, &str, &str) = cells().map_err(|error| self.failed(&error))?;
        last(self.name, u64::try_from(event).unwrap_or_default(), recorded_at, hash).map(Some)
    }

    fn rows(
        &mut self,
        numbers: RangeInclusive<u64>,
        columns: &[Column],
        each: &mut EachRow<'_>,
    ) -> Result<(), LogError> {
        let columns: Vec<Column> =
            columns.iter().copied().filter(|column| *column != Column::Event).collect();
        let names: Vec<String> = columns.iter().map(|column| format!("\"{}\"", column.as_str())).collect();
        let names = names.join(", ");
        let select = format!(
            r#"SELECT "event", {names} FROM divert.event WHERE "event" BETWEEN $1 AND $2 ORDER BY "event""#
        );
        let numbers =
            [numbers.start(), numbers.end()].map(|number| i64::try_from(*number).unwrap_or(i64::MAX));
        let name = self.name;
        let failed = |error: postgres::Error| failed(name, "read", &error);
        let select = self.prepared(&select).map_err(failed)?;
        let mut rows = self.transaction.query_raw(&select, numbers).map_err(failed)?;
        while let Some(stored) = rows.next().map_err(failed)? {
            let number: i64 = stored.try_get(0).map_err(failed)?;
            let mut row = Row::default();
            for (index, column) in (1..).zip(&columns) {
                if let Some(text) = stored.try_get::<usize, Option<&str>>(index).map_err(failed)? {
                    row.set(*column, Cow::Borrowed(text));
                }
            }
            each(u64::try_from(number).unwrap_or_default(), &row)?;
        }
        Ok(())
    }

    fn imported(&mut self, key: &str) -> Result<Option<u64>, LogError> {
        const IMPORTED: &str = r#"SELECT "event" FROM divert.event WHERE "data"::jsonb ->> 'import' = $1"#;
        let found = self
            .prepared(IMPORTED)
            .and_then(|imported| self.transaction.query_opt(&imported, &[&key]))
            .and_then(|found| found.map(|row| row.try_get::<_, i64>(0)).transpose())
            .map_err(|error| self.failed(&error))?;
        Ok(found.and_then(|number| u64::try_from(number).ok()))
    }

    fn inspect(&mut self) -> Result<Vec<String>, LogError> {
        const TRIGGERS: &str = "SELECT tgname::text, tgenabled::text FROM pg_trigger \
            WHERE tgrelid = 'divert.event'::regclass AND NOT tgisinternal ORDER BY tgname";
        let rows = self.transaction.query(TRIGGERS, &[]).map_err(|error| self.failed(&error))?;
        let found: Result<Vec<(String, String)>, postgres::Error> =
            rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect();
        let found = found.map_err(|error| self.failed(&error))?;
        let mut odd = Vec::new();
        for guard in GUARDS {
            match found.iter().find(|(name, _)| name == guard) {
                None => odd.push(format!("`{guard}`, which guards the log, was taken off")),
                Some((_, enabled)) if enabled != "A" => {
                    odd.push(format!("`{guard}`, which guards the log, was switched off"));
                }
                Some(_) => {}
            }
        }
        let added = found.iter().filter(|(name, _)| !GUARDS.contains(&name.as_str()));
        odd.extend(added.map(|(name, _)| format!("the trigger `{name}` was added")));
        Ok(odd)
    }
}

impl Writing for Open<'_> {
    fn insert(&mut self, number: u64, row: &Row<'_>, hash: Hash) -> Result<(), LogError> {
        let columns: Vec<Column> =
            Column::ALL.iter().copied().filter(|column| *column != Column::Event).collect();
        let names: Vec<String> = columns.iter().map(|column| format!("\"{}\"", column.as_str())).collect();
        let marks: Vec<String> = (2..columns.len() + 2).map(|at| format!("${at}")).collect();
        let insert = format!(
            r#"INSERT INTO divert.event ("event", {}) VALUES ($1, {})"#,
            names.join(", "),
            marks.join(", ")
        );
        let (number, hash) = (i64::try_from(number).unwrap_or(i64::MAX), hash.to_string());
        let cells: Vec<Option<&str>> = columns
            .iter()
            .map(|column| match column {
                Column::Hash => Some(hash.as_str()),
                _ => row.cell(*column),
            })
            .collect();
        let mut values: Vec<&(dyn ToSql + Sync)> = vec![&number];
        values.extend(cells.iter().map(|cell| cell as &(dyn ToSql + Sync)));
        self.prepared(&insert)
            .and_then(|insert| self.transaction.execute(&insert, &values))
            .map_err(|error| failed(self.name, "write", &error))?;
        Ok(())
    }
}

/// Where a log is, and how it is reached.
struct Place {
    /// Without user and password.
    name: String,
    config: Config,
    root_certificates: Option<std::path::PathBuf>,
    /// Why a password file was not used.
    note: Option<String>,
}

impl Place {
    fn new(url: &str, credentials: &Credentials) -> Result<Self, LogError> {
        let refused = |found: &str| LogError::Url { found: found.to_owned() };
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let authority = base.split_once("://").map_or("", |(_, rest)| rest);
        let authority = authority.split('/').next().unwrap_or_default();
        if authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':')) {
            return Err(refused(NO_PASSWORD));
        }
        let mut ours = Ours { root_certificates: credentials.root_certificates.clone(), ..Ours::default() };
        let mut theirs = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            match key {
                "password" => return Err(refused(NO_PASSWORD)),
                "service" => ours.service = Some(decoded(value)),
                "sslmode" => {
                    ours.ssl_mode = Some(ssl_mode(&decoded(value)).map_err(|found| refused(&found))?);
                }
                "sslrootcert" => ours.root_certificates = Some(decoded(value).into()),
                _ => theirs.push(pair),
            }
        }
        let plain = format!("{base}?{}", theirs.join("&"));
        let mut config: Config = plain.parse().map_err(|error| refused(&told(&error)))?;
        let mut password = None;
        if let Some(service) = ours.service.as_ref().or(credentials.service.as_ref()) {
            let settings = credentials.service(service).map_err(|found| refused(&found))?;
            password = serve(&mut config, &mut ours, settings).map_err(|found| refused(&found))?;
        }
        if config.get_user().is_none()
            && let Some(user) = &credentials.user
        {
            config.user(user);
        }
        let host = match config.get_hosts().first() {
            Some(Host::Tcp(host)) => host.clone(),
            #[cfg(unix)]
            Some(Host::Unix(folder)) => folder.display().to_string(),
            None => return Err(refused("it names no host; write it as postgres://host/db")),
        };
        let port = config.get_ports().first().copied().unwrap_or(5432);
        let user = config.get_user().unwrap_or_default().to_owned();
        let database = config.get_dbname().unwrap_or(&user).to_owned();
        let to = Connection { host: &host, port, database: &database, user: &user };
        let (from_file, note) = match credentials.filed(&to) {
            Ok(found) => (found, None),
            Err(note) => (None, Some(note)),
        };
        if let Some(password) = password.or_else(|| credentials.password.clone()).or(from_file) {
            config.password(password);
        }
        let is_near = host.starts_with('/') || matches!(host.as_str(), "localhost" | "127.0.0.1" | "::1");
        config.ssl_mode(ours.ssl_mode.unwrap_or(if is_near { SslMode::Prefer } else { SslMode::Require }));
        config.application_name("divert");
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(PATIENCE);
        }
        let name = format!("postgres://{}/{database}", if host.starts_with('/') { "" } else { &host });
        Ok(Self { name, config, root_certificates: ours.root_certificates, note })
    }
}

const NO_PASSWORD: &str = "it holds a password, which everybody on this host can see in the list of processes; \
    use PGPASSWORD, ~/.pgpass or a service file";

/// What a URL or a service says that the driver does not know, or that we take otherwise.
#[derive(Default)]
struct Ours {
    service: Option<String>,
    ssl_mode: Option<SslMode>,
    root_certificates: Option<std::path::PathBuf>,
}

/// Fills what the URL leaves open from a service. Returns its password.
fn serve(
    config: &mut Config,
    ours: &mut Ours,
    settings: Vec<(String, String)>,
) -> Result<Option<String>, String> {
    let mut password = None;
    let (no_host, no_port) = (config.get_hosts().is_empty(), config.get_ports().is_empty());
    for (key, value) in settings {
        match key.as_str() {
            "host" if no_host => _ = config.host(&value),
            "port" if no_port => {
                _ = config.port(value.parse().map_err(|_| format!("the service's port is `{value}`"))?);
            }
            "dbname" if config.get_dbname().is_none() => _ = config.dbname(&value),
            "user" if config.get_user().is_none() => _ = config.user(&value),
            "password" => password = Some(value),
            "sslmode" if ours.ssl_mode.is_none() => ours.ssl_mode = Some(ssl_mode(&value)?),
            "sslrootcert" if ours.root_certificates.is_none() => ours.root_certificates = Some(value.into()),
            _ => {}
        }
    }
    Ok(password)
}

/// Whoever asks for encryption gets a checked certificate with it: without the check it keeps nobody out.
fn ssl_mode(word: &str) -> Result<SslMode, String> {
    match word {
        "disable" => Ok(SslMode::Disable),
        "allow" | "prefer" => Ok(SslMode::Prefer),
        "require" | "verify-ca" | "verify-full" => Ok(SslMode::Require),
        other => {
            Err(format!("expected `sslmode` to be disable, prefer, require or verify-full, found `{other}`"))
        }
    }
}

/// Takes the `%2F` out of a value of a URL.
fn decoded(value: &str) -> String {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped = after.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        let escaped = escaped.and_then(|pair| u8::from_str_radix(pair, 16).ok()).filter(|_| *first == b'%');
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Encryption that trusts the system's certificates, or those of a file.
fn tls(root_certificates: Option<&Path>) -> Result<MakeRustlsConnect, String> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = root_certificates {
        let cannot = |error: &dyn std::fmt::Display| {
            format!("cannot read the certificates in `{}`: {error}", path.display())
        };
        for certificate in CertificateDer::pem_file_iter(path).map_err(|error| cannot(&error))? {
            let certificate = certificate.map_err(|error| cannot(&error))?;
            roots.add(certificate).map_err(|error| cannot(&error))?;
        }
    } else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

/// What the server, or whoever is at fault, says.
fn told(error: &postgres::Error) -> String {
    if let Some(said) = error.as_db_error() {
        return said.message().to_owned();
    }
    let mut told = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let more = error.to_string();
        if !told.contains(&more) {
            told = format!("{told}: {more}");
        }
        cause = error.source();
    }
    told
}

/// What PostgreSQL reports, in our kinds.
fn failed(log: &str, doing: &'static str, error: &postgres::Error) -> LogError {
    let log = log.to_owned();
    if error.is_closed() {
        return LogError::Unreachable { log, found: told(error) };
    }
    match error.code() {
        Some(code) if *code == SqlState::LOCK_NOT_AVAILABLE => {
            LogError::Busy { log, seconds: PATIENCE.as_secs() }
        }
        Some(code) if *code == SqlState::DISK_FULL => LogError::Full { log },
        Some(code)
            if *code == SqlState::READ_ONLY_SQL_TRANSACTION || *code == SqlState::INSUFFICIENT_PRIVILEGE =>
        {
            LogError::ReadOnly { log }
        }
        _ => LogError::Storage { log, doing, found: told(error) },
    }
}
