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

/// What all writers of a PostgreSQL log take in turn: an advisory lock, by the bytes "Dvrt". Numbers are given in the
/// order in which transactions begin, and seen in the order in which they end; with the lock the two are one.
#[cfg(feature = "postgres")]
pub(super) const LOCK: i64 = APPLICATION_ID as i64;

/// The steps of a PostgreSQL log; after the n-th, `divert.form` says n.
///
/// The guards are always on, for a session that replays what another server did, too. The one before an insertion takes
/// the writers' lock, so that a row that somebody inserts by hand keeps the order as well.
#[cfg(feature = "postgres")]
pub(super) const POSTGRES: &[&str] = &[r#"
CREATE SCHEMA divert;

CREATE TABLE divert.form (version bigint NOT NULL);
INSERT INTO divert.form VALUES (1);

CREATE TABLE divert.event (
    "event"       bigint PRIMARY KEY,
    "recorded_at" text COLLATE "C" NOT NULL,
    "kind"        text NOT NULL CHECK ("kind" IN ('declare', 'retract', 'census', 'assign', 'note')),
    "facility"    text,
    "region"      text,
    "lane"        text,
    "status"      text,
    "scope"       text,
    "from"        text,
    "until"       text,
    "route"       text,
    "walk_in"     text,
    "reason"      text,
    "text"        text,
    "source"      text NOT NULL,
    "author"      text,
    "approver"    text,
    "exercise"    text,
    "retracts"    text,
    "data"        text,
    "hash"        text NOT NULL CHECK (length("hash") = 64)
);

CREATE UNIQUE INDEX event_import ON divert.event (("data"::jsonb ->> 'import'))
    WHERE "data"::jsonb ->> 'import' IS NOT NULL;

CREATE FUNCTION divert.event_is_next() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(1148613236);
    IF NEW."event" IS DISTINCT FROM (SELECT coalesce(max("event"), 0) + 1 FROM divert.event) THEN
        RAISE EXCEPTION 'events are numbered 1, 2, 3 without gaps';
    END IF;
    IF NEW."recorded_at" < (SELECT "recorded_at" FROM divert.event ORDER BY "event" DESC LIMIT 1) THEN
        RAISE EXCEPTION 'an event is not recorded before the last one';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION divert.event_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the log is append only: retract the event instead';
END $$;

CREATE TRIGGER event_is_next BEFORE INSERT ON divert.event
    FOR EACH ROW EXECUTE FUNCTION divert.event_is_next();
CREATE TRIGGER event_is_kept BEFORE UPDATE OR DELETE ON divert.event
    FOR EACH ROW EXECUTE FUNCTION divert.event_is_kept();
CREATE TRIGGER event_stays BEFORE TRUNCATE ON divert.event
    FOR EACH STATEMENT EXECUTE FUNCTION divert.event_is_kept();

ALTER TABLE divert.event ENABLE ALWAYS TRIGGER event_is_next;
ALTER TABLE divert.event ENABLE ALWAYS TRIGGER event_is_kept;
ALTER TABLE divert.event ENABLE ALWAYS TRIGGER event_stays;
"#];

/// The guards of a PostgreSQL log.
#[cfg(feature = "postgres")]
pub(super) const GUARDS: [&str; 3] = ["event_is_kept", "event_is_next", "event_stays"];
