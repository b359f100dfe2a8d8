#!/bin/sh
# One patient, in SQLite's shell: one_sqlite.sh FACILITIES EVENTS INSTANT LAT LON NEED
# The three nearest that have what is needed and take the patient, by minutes rounded half up and then by id. A bare column
# beside max() is of the row that has it. No need's name is part of another's.
exec sqlite3 :memory: <<SQL
CREATE TABLE log(event INTEGER, recorded_at, kind, facility, lane, status, scope, "from", until, reason, source);
CREATE TABLE facility(facility, name, kind, lat REAL, lon REAL, needs, region);
.mode csv
.import --skip 1 '$1' facility
.import --skip 1 '$2' log
.headers on
WITH latest AS (
  SELECT facility, status, scope, until, max("from" || printf('%010d', event))
  FROM log WHERE "from" <= '$3' GROUP BY facility
), refusing AS (
  SELECT facility FROM latest WHERE status IN ('closed', 'diverting') AND (until = '' OR until > '$3')
    AND (scope = '' OR instr(scope, '$6'))
), way AS (
  SELECT facility, sin(radians(lat - ($4)) / 2) AS north, sin(radians(lon - ($5)) / 2) AS east,
    cos(radians(lat)) * cos(radians($4)) AS width
  FROM facility WHERE instr('|' || needs || '|', '|$6|') AND facility NOT IN (SELECT facility FROM refusing)
), rounded AS (
  SELECT facility, floor(2 * 6371.0088 * asin(sqrt(north * north + width * east * east)) * 1.3 / 5 * 600 + 0.5) AS tenths
  FROM way
)
SELECT facility, printf('%.1f', tenths / 10) AS minutes FROM rounded ORDER BY tenths, facility LIMIT 3;
SQL
