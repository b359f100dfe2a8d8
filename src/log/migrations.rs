//! Migrations: how the tables of a stored log came to be what they are, one step for each version that ever landed.
//!
//! Floor 4; text only. A step is never edited once it has landed: a log that somebody wrote with it is out there, and
//! one of each version is a fixture of `tests/log`.

/// `application_id` of an SQLite log: the bytes "Dvrt", by which `file` and we know it from other databases.
pub(super) const APPLICATION_ID: i32 = 0x4476_7274;

/// The steps of an SQLite log; after the n-th its `user_version` is n.
///
/// The guard before an insertion keeps out what the guards before updates and deletions don't see: `INSERT OR REPLACE`
/// deletes without firing a trigger.
pub(super) const SQLITE: &[&str] = &[r#"
CREATE TABLE event (
    "event"       INTEGER PRIMARY KEY,
    "recorded_at" TEXT NOT NULL,
    "kind"        TEXT NOT NULL CHECK ("kind" IN ('declare', 'retract', 'census', 'assign', 'note')),
    "facility"    TEXT,
    "region"      TEXT,
    "lane"        TEXT,
    "status"      TEXT,
    "scope"       TEXT,
    "from"        TEXT,
    "until"       TEXT,
    "route"       TEXT,
    "walk_in"     TEXT,
    "reason"      TEXT,
    "text"        TEXT,
    "source"      TEXT NOT NULL,
    "author"      TEXT,
    "approver"    TEXT,
    "exercise"    TEXT,
    "retracts"    TEXT,
    "data"        TEXT CHECK ("data" IS NULL OR json_valid("data")),
    "hash"        TEXT NOT NULL CHECK (length("hash") = 64)
) STRICT;

CREATE UNIQUE INDEX event_import ON event (json_extract("data", '$.import'))
    WHERE json_extract("data", '$.import') IS NOT NULL;

CREATE TRIGGER event_is_next BEFORE INSERT ON event BEGIN
    SELECT RAISE(ABORT, 'events are numbered 1, 2, 3 without gaps')
        WHERE NEW."event" IS NOT (SELECT coalesce(max("event"), 0) + 1 FROM event);
    SELECT RAISE(ABORT, 'an event is not recorded before the last one')
        WHERE NEW."recorded_at" < (SELECT "recorded_at" FROM event ORDER BY "event" DESC LIMIT 1);
    SELECT RAISE(ABORT, 'this entry was imported before')
        WHERE json_extract(NEW."data", '$.import') IS NOT NULL
          AND EXISTS (SELECT 1 FROM event WHERE json_extract("data", '$.import') = json_extract(NEW."data", '$.import'));
END;

CREATE TRIGGER event_is_kept BEFORE UPDATE ON event BEGIN
    SELECT RAISE(ABORT, 'the log is append only: retract the event instead');
END;

CREATE TRIGGER event_stays BEFORE DELETE ON event BEGIN
    SELECT RAISE(ABORT, 'the log is append only: retract the event instead');
END;
"#];
