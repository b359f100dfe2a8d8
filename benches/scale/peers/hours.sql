-- Hours by facility, month and status. An event holds until the facility's next one, its own `until` or the horizon,
-- whichever comes first; `least` passes over what is NULL. Variables: events, horizon.
COPY (
  WITH log AS (
    SELECT event, facility, status, "from" AS begun, until
    FROM read_csv(getvariable('events'), header = true, auto_detect = false, delim = ',', quote = '"',
      timestampformat = '%Y-%m-%dT%H:%M:%SZ', columns = {
        'event': 'UINTEGER', 'recorded_at': 'VARCHAR', 'kind': 'VARCHAR', 'facility': 'VARCHAR', 'lane': 'VARCHAR',
        'status': 'VARCHAR', 'scope': 'VARCHAR', 'from': 'TIMESTAMP', 'until': 'TIMESTAMP', 'reason': 'VARCHAR',
        'source': 'VARCHAR'})
  ), held AS (
    SELECT facility, status, begun,
      least(lead(begun) OVER (PARTITION BY facility ORDER BY begun, event), until,
        getvariable('horizon')::TIMESTAMP) AS ended
    FROM log
  ), told AS (
    SELECT *, date_trunc('month', begun) AS first, date_trunc('month', ended - INTERVAL 1 SECOND) AS last
    FROM held WHERE status <> 'open' AND ended > begun
  ), parts AS ( -- hardly one in fifty reaches into another month: only these are taken apart
    SELECT facility, status, first AS month, date_diff('second', begun, ended) AS seconds FROM told WHERE first = last
    UNION ALL
    SELECT facility, status, month,
      date_diff('second', greatest(begun, month), least(ended, month + INTERVAL 1 MONTH)) AS seconds
    FROM (SELECT *, unnest(range(first, last + INTERVAL 1 DAY, INTERVAL 1 MONTH)) AS month FROM told
      WHERE first <> last)
  )
  SELECT facility, strftime(month, '%Y-%m') AS month, status, printf('%.2f', sum(seconds) / 3600) AS hours
  FROM parts GROUP BY ALL
) TO '/dev/stdout' (FORMAT csv, HEADER true);
