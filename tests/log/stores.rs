//! The stores under test, and a small registry whose facilities the events name.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use ambulance_diversion::log::{
    Access, Appended, Draft, EventLog, Log, LogError, MemoryLog, SqliteLog, Writer,
};
use ambulance_diversion::model::{
    Declaration, Declared, Directory, Effect, Instant, Registry, StatusOf, Subject, Target, Until,
};
use chrono::TimeDelta;

use crate::support;

/// When the tests take place.
pub(crate) const NOON: Instant = Instant::from_seconds(1_691_150_400);

/// Two hospitals, a network and a region; a yellow alert of the region that lasts two hours.
pub(crate) static REGISTRY: LazyLock<Registry> =
    LazyLock::new(|| registry(["Grace Hospital", "Mercy Hospital"]));

/// The same with other names for the hospitals.
pub(crate) fn registry(names: [&str; 2]) -> Registry {
    let regions = Directory::new(vec![support::region("west", "Western Region")]);
    let west = regions.id("west");
    let facilities = ["grace", "mercy"].into_iter().zip(names).map(|(key, name)| {
        let mut facility = support::facility(key, name, &[]);
        facility.region = west;
        facility
    });
    let mut statuses = support::builtins();
    let mut yellow = support::status("yellow", "Yellow alert", Effect::Diverting, Some(3));
    yellow.max = Some(TimeDelta::hours(2));
    let mut blue = support::status("blue", "Blue alert", Effect::Diverting, Some(4));
    blue.of = StatusOf::Region;
    statuses.extend([yellow, blue]);
    support::registry(
        facilities.collect(),
        Directory::new(vec![support::network("united", "United Hospitals", &[])]),
        regions,
        vec![support::service("ct", "CT scanner", &[])],
        vec![support::need("stroke", &[]), support::need("trauma", &[])],
        statuses,
        Vec::new(),
    )
}

/// A place where a store keeps its log.
pub(crate) struct Place {
    kind: Kind,
    folder: tempfile::TempDir,
}

enum Kind {
    Memory,
    Sqlite,
    #[cfg(feature = "postgres")]
    Postgres(crate::shared::Database),
}

impl Place {
    pub(crate) fn memory() -> Self {
        Self { kind: Kind::Memory, folder: tempfile::tempdir().unwrap() }
    }
    pub(crate) fn sqlite() -> Self {
        Self { kind: Kind::Sqlite, folder: tempfile::tempdir().unwrap() }
    }
    /// `None` where there is no server; says so.
    #[cfg(feature = "postgres")]
    pub(crate) fn postgres() -> Option<Self> {
        let database = crate::shared::Database::create()?;
        Some(Self { kind: Kind::Postgres(database), folder: tempfile::tempdir().unwrap() })
    }
    /// Whether two handles are two views of one log.
    pub(crate) fn is_shared(&self) -> bool {
        !matches!(self.kind, Kind::Memory)
    }
    /// What another process needs to know to open it.
    pub(crate) fn address(&self) -> String {
        match &self.kind {
            Kind::Memory => unreachable!("nobody else sees this memory"),
            Kind::Sqlite => self.path().to_str().unwrap().to_owned(),
            #[cfg(feature = "postgres")]
            Kind::Postgres(database) => database.url(),
        }
    }
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("diversions.db")
    }
    #[allow(clippy::match_wildcard_for_single_variants)] // one is left without the feature, two with it
    pub(crate) fn open(&self) -> Box<dyn EventLog> {
        match &self.kind {
            Kind::Memory => Box::new(MemoryLog::new()),
            _ => open(&self.address(), Access::Create).unwrap(),
        }
    }
}

/// Opens a path or a URL.
pub(crate) fn open(address: &str, access: Access) -> Result<Box<dyn EventLog>, LogError> {
    #[cfg(feature = "postgres")]
    if ambulance_diversion::log::PostgresLog::is_url(address) {
        return Ok(Box::new(crate::shared::open(address, access)?));
    }
    Ok(Box::new(SqliteLog::open(Path::new(address), access)?))
}

/// A hospital is closed from noon on.
pub(crate) fn closed(facility: &str) -> Declaration {
    Declaration {
        subject: Subject::Facility(REGISTRY.facilities.id(facility).unwrap()),
        declared: Declared::Status { status: REGISTRY.builtin(Effect::Closed), scope: None },
        from: NOON,
        until: None,
        route: Vec::new(),
        walk_in: None,
        reason: Some("flood".into()),
        text: None,
        approver: None,
        exercise: false,
    }
}

/// The same with everything that a declaration can say.
pub(crate) fn elaborate() -> Declaration {
    Declaration {
        declared: Declared::Status { status: REGISTRY.statuses.id("yellow").unwrap(), scope: None },
        until: Some(Until { at: NOON + TimeDelta::hours(2), stated: false }),
        route: vec![
            Target::Facility(REGISTRY.facilities.id("mercy").unwrap()),
            Target::Network(REGISTRY.networks.id("united").unwrap()),
            Target::Region(REGISTRY.regions.id("west").unwrap()),
            Target::Nearest(REGISTRY.services.id("ct")),
        ],
        walk_in: Some(ambulance_diversion::model::WalkIn::Open),
        text: Some("Flood: 3rd floor, “west wing”\nsecond line".into()),
        approver: Some("Dr. Jané Roe".into()),
        exercise: true,
        ..closed("grace")
    }
}

pub(crate) fn draft() -> Draft {
    Draft::declare(closed("grace"), "dispatch")
}

/// Appends drafts as the clock says.
pub(crate) fn append_at(
    log: &mut dyn EventLog,
    now: Instant,
    drafts: Vec<Draft>,
) -> Result<Appended, LogError> {
    let writer = Writer { registry: &REGISTRY, author: "tester", clock: &|| now };
    let mut known = Log::default();
    log.append(writer, &mut known, |_, _| Ok::<_, std::convert::Infallible>(drafts)).map(|done| done.unwrap())
}

pub(crate) fn append(log: &mut dyn EventLog, drafts: Vec<Draft>) -> Appended {
    append_at(log, NOON, drafts).unwrap()
}

/// A log with these many events.
pub(crate) fn fill(log: &mut dyn EventLog, count: usize) {
    append(log, vec![draft(); count]);
}
