"""Many patients, in Polars with SciPy's kd-tree: batch_kdtree.py FACILITIES EVENTS INCIDENTS

On the unit sphere the nearest by chord are the nearest by arc."""
import sys

import numpy as np
import polars as pl
from scipy.spatial import cKDTree

from nearest import NEEDS, NEVER, NOBODY, three

facilities, events, incidents = sys.argv[1:]
seconds = lambda name: pl.col(name).str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="ms").dt.epoch("s")
registry = pl.read_csv(facilities, columns=["facility", "lat", "lon", "needs"]).sort("facility")
lists = registry["needs"].fill_null("").str.split("|")
has = np.stack([lists.list.contains(need).to_numpy() for need in NEEDS], axis=1)
numbers = registry.lazy().select("facility").with_row_index("whose")
scope = pl.col("scope")
refuses = pl.col("status").is_in(["closed", "diverting"])
log = (
    pl.scan_csv(events, schema_overrides={"event": pl.UInt32}).join(numbers, on="facility")
    .select(
        pl.col("whose").cast(pl.Int64), "event", since=seconds("from"), until=seconds("until").fill_null(int(NEVER)),
        **{need: refuses & (scope.is_null() | scope.str.contains(need, literal=True)) for need in NEEDS},
    )
    .sort("whose", "since", "event").collect()
)
refused = np.stack([log[need].to_numpy() for need in NEEDS], axis=1)
need = pl.col("need").replace_strict(NEEDS, list(range(len(NEEDS))), return_dtype=pl.Int64)
patients = pl.scan_csv(incidents).select("id", need, time=seconds("time"), lat="lat", lon="lon").collect()


def sphere(lat, lon):
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)


lat, lon = np.radians(patients["lat"].to_numpy()), np.radians(patients["lon"].to_numpy())
its_lat, its_lon = np.radians(registry["lat"].to_numpy()), np.radians(registry["lon"].to_numpy())
places = sphere(lat, lon)


def tree(members):
    nodes = cKDTree(sphere(its_lat[members], its_lon[members]))
    return lambda some, count: nodes.query(places[some], k=count, workers=-1)[1]


facility, tenths = three(
    (lat, lon, patients["time"].to_numpy(), patients["need"].to_numpy()),
    (its_lat, its_lon, has),
    (log["whose"].to_numpy(), log["since"].to_numpy(), log["until"].to_numpy(), refused),
    tree,
)
columns = [patients["id"]]
for place in range(3):
    there = facility[:, place] != NOBODY
    named = registry["facility"].gather(np.where(there, facility[:, place], 0))
    frame = pl.DataFrame({"there": there, "name": named, "tenths": tenths[:, place]})
    columns += frame.select(
        pl.when("there").then("name").alias(f"facility{place}"),
        pl.when("there").then(pl.col("tenths") / 10).alias(f"minutes{place}"),
    ).get_columns()
pl.DataFrame(columns).write_csv(sys.stdout.buffer, float_precision=1)
