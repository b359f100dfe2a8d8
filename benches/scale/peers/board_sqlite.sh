#!/bin/sh
# Every facility at one instant, in SQLite's shell: board_sqlite.sh FACILITIES EVENTS INSTANT
# A bare column beside max() is of the row that has it. Instants of one width order as text; the event's number decides
# between two of the same.
exec sqlite3 :memory: <<SQL
CREATE TABLE log(event INTEGER, recorded_at, kind, facility, lane, status, scope, "from", until, reason, source);
CREATE TABLE facility(facility, name, kind, lat REAL, lon REAL, needs, region);
.mode csv
.import --skip 1 '$1' facility
.import --skip 1 '$2' log
.headers on
WITH latest AS (
  SELECT facility, status, scope, "from" AS since, until, max("from" || printf('%010d', event))
  FROM log WHERE "from" <= '$3' GROUP BY facility
)
SELECT facility.facility AS facility, CASE
    WHEN needs = '' THEN 'no-ed'
    WHEN status IS NULL THEN 'open'
    WHEN status = 'diverting' AND scope <> '' THEN 'partial'
    ELSE status END AS status, since
FROM facility LEFT JOIN latest
  ON latest.facility = facility.facility AND status <> 'open' AND (until = '' OR until > '$3');
SQL
