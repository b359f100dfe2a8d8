-- One patient: the three nearest facilities that have what is needed and take the patient, by minutes rounded half up and
-- then by id. Variables: facilities, events, instant, lat, lon, need.
COPY (
  WITH latest AS (
    SELECT facility, max_by(struct_pack(status, scope, until), ("from", event)) AS said
    FROM read_csv(getvariable('events'), header = true, auto_detect = false, delim = ',', quote = '"', columns = {
      'event': 'UINTEGER', 'recorded_at': 'VARCHAR', 'kind': 'VARCHAR', 'facility': 'VARCHAR', 'lane': 'VARCHAR',
      'status': 'VARCHAR', 'scope': 'VARCHAR', 'from': 'VARCHAR', 'until': 'VARCHAR', 'reason': 'VARCHAR',
      'source': 'VARCHAR'})
    WHERE "from" <= getvariable('instant') GROUP BY facility
  ), refusing AS (
    SELECT facility FROM latest WHERE said.status IN ('closed', 'diverting')
      AND (said.until IS NULL OR said.until > getvariable('instant'))
      AND (said.scope IS NULL OR list_contains(string_split(said.scope, ' and '), getvariable('need')))
  ), way AS (
    SELECT facility, sin(radians(lat - getvariable('lat')::DOUBLE) / 2) AS north,
      sin(radians(lon - getvariable('lon')::DOUBLE) / 2) AS east,
      cos(radians(lat)) * cos(radians(getvariable('lat')::DOUBLE)) AS width
    FROM read_csv(getvariable('facilities'), header = true, auto_detect = false, delim = ',', quote = '"', columns = {
      'facility': 'VARCHAR', 'name': 'VARCHAR', 'kind': 'VARCHAR', 'lat': 'DOUBLE', 'lon': 'DOUBLE',
      'needs': 'VARCHAR', 'region': 'VARCHAR'})
    WHERE list_contains(string_split(needs, '|'), getvariable('need'))
  ), rounded AS (
    SELECT facility, floor(2 * 6371.0088 * asin(sqrt(north ** 2 + width * east ** 2)) * 1.3 / 5 * 600 + 0.5) AS tenths
    FROM way ANTI JOIN refusing USING (facility)
  )
  SELECT facility, printf('%.1f', tenths / 10) AS minutes FROM rounded ORDER BY tenths, facility LIMIT 3
) TO '/dev/stdout' (FORMAT csv, HEADER true);
