#!/bin/sh
# Hours by facility, month and status, in SQLite's shell: hours_sqlite.sh EVENTS HORIZON
# An event holds until the facility's next one, its own `until` or the horizon, whichever comes first. Instants of one
# width order as text.
exec sqlite3 :memory: <<SQL
CREATE TABLE log(event INTEGER, recorded_at, kind, facility, lane, status, scope, "from", until, reason, source);
.mode csv
.import --skip 1 '$1' log
.headers on
WITH RECURSIVE held AS (
  SELECT facility, status, "from" AS begun,
    min(lead("from", 1, '$2') OVER (PARTITION BY facility ORDER BY "from", event), iif(until = '', '$2', until), '$2')
      AS ended
  FROM log
), part(facility, status, begun, cut, ended) AS (
  SELECT facility, status, begun, min(ended, strftime('%Y-%m-%dT%H:%M:%SZ', begun, 'start of month', '+1 month')), ended
  FROM held WHERE status <> 'open' AND ended > begun
  UNION ALL
  SELECT facility, status, cut, min(ended, strftime('%Y-%m-%dT%H:%M:%SZ', cut, 'start of month', '+1 month')), ended
  FROM part WHERE cut < ended
)
SELECT facility, substr(begun, 1, 7) AS month, status,
  printf('%.2f', sum(unixepoch(cut) - unixepoch(begun)) / 3600.0) AS hours
FROM part GROUP BY 1, 2, 3;
SQL
