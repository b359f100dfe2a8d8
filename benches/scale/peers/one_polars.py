"""One patient, in Polars: one_polars.py FACILITIES EVENTS INSTANT LAT LON NEED

The three nearest that have what is needed and take the patient, by minutes rounded half up and then by id."""
import sys
from math import cos, radians

import polars as pl

facilities, events, instant, lat, lon, need = sys.argv[1:]
lat, lon = radians(float(lat)), radians(float(lon))
said = pl.col("status").is_in(["closed", "diverting"])
lasts = pl.col("until").is_null() | (pl.col("until") > instant)
of_this = pl.col("scope").is_null() | pl.col("scope").str.split(" and ").list.contains(need)
refusing = (
    pl.scan_csv(events).filter(pl.col("from") <= instant).sort("from", "event").group_by("facility").last()
    .filter(said & lasts & of_this)
)
north, east = pl.col("lat").radians(), pl.col("lon").radians()
h = ((north - lat) / 2).sin() ** 2 + north.cos() * cos(lat) * ((east - lon) / 2).sin() ** 2
tenths = (2 * 6371.0088 * h.sqrt().arcsin() * 1.3 / 5 * 600 + 0.5).floor()
(
    pl.scan_csv(facilities).filter(pl.col("needs").str.split("|").list.contains(need))
    .join(refusing, on="facility", how="anti")
    .select("facility", minutes=tenths / 10).sort("minutes", "facility").head(3)
    .collect().write_csv(sys.stdout.buffer, float_precision=1)
)
