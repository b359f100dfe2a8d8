-- Many patients, in SQL alone. Variables: facilities, events, incidents.
--
-- A list of candidates is made for each cell of a fifth of a degree and each need: the centre's six nearest, and whoever is
-- farther from the centre by no more than the cell is wide, so that the six nearest of any place in the cell are among
-- them. The same is made first for blocks of ten by ten cells, so that not every cell looks at everybody. Of its list a patient asks the six nearest. That settles it where the third that takes the patient is, in rounded
-- minutes, nearer than the sixth; the others ask everybody. So the answer is exact, also where minutes are the same and the
-- id decides.
CREATE TEMP TABLE facility AS
  SELECT (row_number() OVER (ORDER BY facility) - 1)::INTEGER AS number, facility, needs, radians(lat) AS lat,
    radians(lon) AS lon
  FROM read_csv(getvariable('facilities'), header = true);
CREATE TEMP TABLE able AS
  SELECT unnest(string_split(needs, '|')) AS need, number,
    cos(lat) * cos(lon) AS x, cos(lat) * sin(lon) AS y, sin(lat) AS z
  FROM facility WHERE needs IS NOT NULL;
CREATE TEMP TABLE event AS
  SELECT number, "from" AS since, coalesce(until, 'infinity') AS until,
    CASE WHEN status IN ('closed', 'diverting') THEN coalesce(scope, 'all') ELSE 'none' END AS refused
  FROM read_csv(getvariable('events'), header = true, auto_detect = false, delim = ',', quote = '"',
    timestampformat = '%Y-%m-%dT%H:%M:%SZ', columns = {
      'event': 'UINTEGER', 'recorded_at': 'VARCHAR', 'kind': 'VARCHAR', 'facility': 'VARCHAR', 'lane': 'VARCHAR',
      'status': 'VARCHAR', 'scope': 'VARCHAR', 'from': 'TIMESTAMP', 'until': 'TIMESTAMP', 'reason': 'VARCHAR',
      'source': 'VARCHAR'})
  JOIN facility USING (facility);
CREATE TEMP TABLE patient AS
  SELECT id, time, need, floor(degrees_north * 5)::INTEGER AS row, floor(degrees_east * 5)::INTEGER AS col,
    radians(degrees_north) AS lat, radians(degrees_east) AS lon,
    cos(lat) * cos(lon) AS x, cos(lat) * sin(lon) AS y, sin(lat) AS z
  FROM read_csv(getvariable('incidents'), header = false, skip = 1, auto_detect = false, delim = ',', quote = '"',
    timestampformat = '%Y-%m-%dT%H:%M:%SZ', columns = {
      'id': 'UINTEGER', 'time': 'TIMESTAMP', 'degrees_north': 'DOUBLE', 'degrees_east': 'DOUBLE', 'need': 'VARCHAR'});

CREATE TEMP TABLE cell AS
  SELECT DISTINCT need, row, col, floor(row / 10)::INTEGER AS block_row, floor(col / 10)::INTEGER AS block_col,
    radians((row + 0.5) / 5) AS north, radians((col + 0.5) / 5) AS east,
    cos(north) * cos(east) AS cx, cos(north) * sin(east) AS cy, sin(north) AS cz
  FROM patient;
CREATE TEMP TABLE block AS
  SELECT DISTINCT need, block_row, block_col, radians(block_row * 2 + 1) AS middle, radians(block_col * 2 + 1) AS centre,
    cos(middle) * cos(centre) AS ux, cos(middle) * sin(centre) AS uy, sin(middle) AS uz
  FROM cell;
-- How far one may be to be a candidate, as the cosine of an angle: as far as the sixth, and twice from the centre to a
-- corner of a square that is so many degrees wide.
CREATE MACRO horizon(six, width) AS
  cos(least(pi(), acos(least(1, list_min(six))) + radians(width) * sqrt(2) * 1.001));
CREATE TEMP TABLE block_candidate AS
  WITH seen AS (
    SELECT need, block_row, block_col, ux, uy, uz, horizon(max(ux * x + uy * y + uz * z, 6), 2) AS horizon
    FROM block JOIN able USING (need) GROUP BY ALL
  )
  SELECT need, block_row, block_col, number, x, y, z
  FROM seen JOIN able USING (need) WHERE ux * x + uy * y + uz * z >= horizon;
CREATE TEMP TABLE candidate AS
  WITH seen AS (
    SELECT need, row, col, block_row, block_col, cx, cy, cz, horizon(max(cx * x + cy * y + cz * z, 6), 0.2) AS horizon
    FROM cell JOIN block_candidate USING (need, block_row, block_col) GROUP BY ALL
  )
  SELECT need, row, col, number, x, y, z
  FROM seen JOIN block_candidate USING (need, block_row, block_col) WHERE cx * x + cy * y + cz * z >= horizon;

-- Tenths of a minute, rounded half up.
CREATE MACRO tenths(lat, lon, its_lat, its_lon) AS floor(2 * 6371.0088 * asin(sqrt(least(1,
  sin((its_lat - lat) / 2) ** 2 + cos(lat) * cos(its_lat) * sin((its_lon - lon) / 2) ** 2))) * 1.3 / 5 * 600 + 0.5)::BIGINT;
-- Which of those who were asked take the patient: the three first, by tenths and number, and the farthest asked.
CREATE MACRO answers(asked) AS TABLE
  WITH way AS (
    SELECT id, need, time, number, tenths(q.lat, q.lon, facility.lat, facility.lon) AS tenths
    FROM query_table(asked) AS q JOIN facility USING (number)
  ), known AS (
    SELECT id, tenths, way.number,
      refused IS NULL OR refused = 'none' OR time >= until
        OR refused <> 'all' AND NOT contains(refused, need) AS takes -- no need's name is part of another's
    FROM way ASOF LEFT JOIN event ON way.number = event.number AND way.time >= event.since
  )
  SELECT id, min(tenths << 20 | number, 3) FILTER (takes) AS three, max(tenths) AS farthest
  FROM known GROUP BY id;

CREATE TEMP TABLE near AS
  SELECT id, any_value(need) AS need, any_value(time) AS time, any_value(lat) AS lat, any_value(lon) AS lon,
    unnest(max_by(number, p.x * c.x + p.y * c.y + p.z * c.z, 6)) AS number
  FROM patient p JOIN candidate c USING (need, row, col) GROUP BY id;
CREATE TEMP TABLE first_answer AS FROM answers('near');
CREATE TEMP TABLE everybody AS
  WITH settled AS (SELECT id FROM first_answer WHERE three[3] >> 20 < farthest),
    unsettled AS (SELECT * FROM patient ANTI JOIN settled USING (id))
  SELECT id, need, time, lat, lon, number FROM unsettled JOIN able USING (need);
CREATE TEMP TABLE answer AS
  SELECT id, three FROM answers('everybody')
  UNION ALL SELECT id, three FROM first_answer ANTI JOIN everybody USING (id);
CREATE MACRO minutes(three, place) AS printf('%.1f', (three[place] >> 20) / 10);
COPY (
  SELECT id, one.facility AS facility1, minutes(three, 1) AS minutes1, two.facility AS facility2,
    minutes(three, 2) AS minutes2, last.facility AS facility3, minutes(three, 3) AS minutes3
  FROM patient LEFT JOIN answer USING (id)
    LEFT JOIN facility one ON one.number = three[1] & 1048575
    LEFT JOIN facility two ON two.number = three[2] & 1048575
    LEFT JOIN facility last ON last.number = three[3] & 1048575
  ORDER BY id
) TO '/dev/stdout' (FORMAT csv, HEADER true);
