-- Every facility at one instant, from JSON lines: its latest event that has begun, unless that is over. Instants of one
-- width order as text, so none is parsed. Variables: facilities, events, instant.
COPY (
  WITH latest AS (
    SELECT facility, max_by(struct_pack(status, scope, since := "from", until), ("from", event)) AS said
    FROM read_json(getvariable('events'), format = 'newline_delimited', columns = {
      'event': 'UINTEGER', 'recorded_at': 'VARCHAR', 'kind': 'VARCHAR', 'facility': 'VARCHAR', 'lane': 'VARCHAR',
      'status': 'VARCHAR', 'scope': 'VARCHAR', 'from': 'VARCHAR', 'until': 'VARCHAR', 'reason': 'VARCHAR',
      'source': 'VARCHAR'})
    WHERE "from" <= getvariable('instant') GROUP BY facility
  ), held AS (
    SELECT facility, said FROM latest
    WHERE said.status <> 'open' AND (said.until IS NULL OR said.until > getvariable('instant'))
  )
  SELECT facility, CASE
      WHEN needs IS NULL THEN 'no-ed'
      WHEN said IS NULL THEN 'open'
      WHEN said.status = 'diverting' AND said.scope IS NOT NULL THEN 'partial'
      ELSE said.status END AS status, said.since AS since
  FROM read_csv(getvariable('facilities'), header = true) LEFT JOIN held USING (facility)
) TO '/dev/stdout' (FORMAT csv, HEADER true);
