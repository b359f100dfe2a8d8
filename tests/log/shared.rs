//! What a PostgreSQL log promises beside the suite: about passwords, guards and rights.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use ambulance_diversion::log::{Access, Credentials, EventLog, LogError, PostgresLog};
use postgres::{Client, NoTls};

use crate::processes::setting;
use crate::stores::{Place, draft, fill};

/// A database of its own for one test; it goes with the server.
pub(crate) struct Database {
    server: String,
    name: String,
}

impl Database {
    pub(crate) fn create() -> Option<Self> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let Some(server) = setting("DIVERT_TEST_POSTGRES") else {
            let skipped = "skipped: DIVERT_TEST_POSTGRES names no PostgreSQL server; see tests/postgres.sh";
            std::io::Write::write_all(&mut std::io::stderr(), format!("{skipped}\n").as_bytes()).unwrap();
            return None;
        };
        let name = format!("t{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let mut client = Client::connect(&server, NoTls).unwrap();
        client.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
        Some(Self { server, name })
    }
    /// The server's URL with this database in it.
    pub(crate) fn url(&self) -> String {
        let (base, query) = self.server.split_once('?').unwrap_or((&self.server, ""));
        let (host, _) = base.rsplit_once('/').unwrap();
        format!("{host}/{}?{query}", self.name)
    }
}

pub(crate) fn open(url: &str, access: Access) -> Result<PostgresLog, LogError> {
    PostgresLog::open(url, access, &Credentials::default())
}

#[test]
fn a_url_with_a_password_is_refused_and_not_repeated() {
    for url in ["postgres://me:hunter2@host/db", "postgres://me@host/db?password=hunter2"] {
        let error = open(url, Access::Read).unwrap_err();
        assert!(matches!(error, LogError::Url { .. }), "{error:?}");
        assert!(error.to_string().contains("PGPASSWORD"), "{error}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    }
}

#[test]
fn a_server_that_is_not_there_is_told_without_the_user() {
    let error = open("postgres://me@127.0.0.1:1/db", Access::Read).unwrap_err();
    assert!(matches!(error, LogError::Unreachable { .. }), "{error:?}");
    assert!(error.to_string().contains("`postgres://127.0.0.1/db`"), "{error}");
}

#[test]
fn a_service_says_where_the_log_is() {
    let Some(database) = Database::create() else { return };
    let (_, query) = database.url().split_once('?').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let folder = query.split('&').find_map(|pair| pair.strip_prefix("host=")).unwrap().replace("%2F", "/");
    let user = database.server.split("://").nth(1).unwrap().split('@').next().unwrap().to_owned();
    let file = tempfile::NamedTempFile::new().unwrap();
    let text = format!("[ems]\nhost={folder}\ndbname={}\nuser={user}\n", database.name);
    fs::write(file.path(), text).unwrap();
    let credentials = Credentials { service_files: vec![file.path().to_owned()], ..Credentials::default() };
    let mut log = PostgresLog::open("postgres://?service=ems", Access::Create, &credentials).unwrap();
    fill(&mut log, 1);
    assert_eq!((&mut log as &mut dyn EventLog).head().unwrap().event, 1);
    let error = PostgresLog::open("postgres://?service=other", Access::Read, &credentials).unwrap_err();
    assert!(error.to_string().contains("`other`"), "{error}");
}

#[test]
fn only_a_writer_who_may_creates_a_log_on_a_server() {
    let Some(database) = Database::create() else { return };
    for access in [Access::Read, Access::Write] {
        let error = open(&database.url(), access).unwrap_err();
        assert!(matches!(error, LogError::Absent { .. }), "{error:?}");
    }
}

#[test]
fn nobody_rewrites_rows_on_a_server() {
    let Some(place) = Place::postgres() else { return };
    let mut log = place.open();
    fill(&mut *log, 2);
    let mut raw = Client::connect(&place.address(), NoTls).unwrap();
    let hash = "0".repeat(64);
    let row = |event: i64| {
        format!(
            "divert.event (event, recorded_at, kind, source, hash) \
             VALUES ({event}, '2023-08-04T12:00:00Z', 'note', 'x', '{hash}')"
        )
    };
    for sql in [
        "UPDATE divert.event SET reason = 'x'".to_owned(),
        "DELETE FROM divert.event".to_owned(),
        "TRUNCATE divert.event".to_owned(),
        "SET session_replication_role = replica; DELETE FROM divert.event".to_owned(),
        format!("INSERT INTO {} ON CONFLICT (event) DO UPDATE SET reason = 'x'", row(1)),
        format!("INSERT INTO {}", row(4)),
        "INSERT INTO divert.event (event, recorded_at, kind, source, hash) VALUES (3, '2020', 'note', 'x', '')"
            .to_owned(),
    ] {
        assert!(raw.batch_execute(&sql).is_err(), "{sql}");
    }
    assert_eq!(log.verify(None).unwrap().flaws, []);
    raw.batch_execute("ALTER TABLE divert.event DISABLE TRIGGER event_is_kept").unwrap();
    let told: Vec<String> = log.verify(None).unwrap().flaws.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["`event_is_kept`, which guards the log, was switched off"]);
}

#[test]
fn who_may_only_read_reads() {
    let Some(place) = Place::postgres() else { return };
    fill(&mut *place.open(), 1);
    let mut raw = Client::connect(&place.address(), NoTls).unwrap();
    raw.batch_execute(
        "DO $$ BEGIN CREATE ROLE auditor LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$; \
         GRANT USAGE ON SCHEMA divert TO auditor; GRANT SELECT ON ALL TABLES IN SCHEMA divert TO auditor",
    )
    .unwrap();
    let (scheme, rest) =
        place.address().split_once("://").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let url = format!("{scheme}://auditor@{}", rest.split_once('@').unwrap().1);
    let mut log = open(&url, Access::Read).unwrap();
    assert_eq!((&mut log as &mut dyn EventLog).head().unwrap().event, 1);
    let mut log = open(&url, Access::Write).unwrap();
    let error = crate::stores::append_at(&mut log, crate::stores::NOON, vec![draft()]).unwrap_err();
    assert!(matches!(error, LogError::ReadOnly { .. }), "{error:?}");
}
