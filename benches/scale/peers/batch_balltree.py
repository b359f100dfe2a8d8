"""Many patients, in pandas with scikit-learn's BallTree: batch_balltree.py FACILITIES EVENTS INCIDENTS"""
import sys

import numpy as np
import pandas as pd
from sklearn.neighbors import BallTree

from nearest import NEEDS, NEVER, NOBODY, three

facilities, events, incidents = sys.argv[1:]


def seconds(column):
    time = pd.to_datetime(column, format="ISO8601", utc=True)
    number = time.dt.tz_localize(None).astype("datetime64[s]").astype("int64")
    return number.where(time.notna(), NEVER).to_numpy()


registry = pd.read_csv(facilities, usecols=["facility", "lat", "lon", "needs"]).sort_values("facility", ignore_index=True)
lists = "|" + registry["needs"].fillna("") + "|"
has = np.stack([lists.str.contains(f"|{need}|", regex=False).to_numpy(dtype=bool) for need in NEEDS], axis=1)
log = pd.read_csv(events, engine="pyarrow", usecols=["event", "facility", "status", "scope", "from", "until"])
log["whose"] = pd.Categorical(log["facility"], categories=registry["facility"]).codes.astype("int64")
log["since"], log["until"] = seconds(log["from"]), seconds(log["until"])
log = log.sort_values(["whose", "since", "event"])
# A log has few different scopes: each is read once.
codes, scopes = pd.factorize(log["scope"].fillna(""))
of_scope = np.array([[not scope or need in scope.split(" and ") for need in NEEDS] for scope in scopes])
refused = of_scope[codes] & log["status"].isin(["closed", "diverting"]).to_numpy()[:, None]
patients = pd.read_csv(incidents, engine="pyarrow")
lat, lon = np.radians(patients["lat"].to_numpy()), np.radians(patients["lon"].to_numpy())
its_lat, its_lon = np.radians(registry["lat"].to_numpy()), np.radians(registry["lon"].to_numpy())
places = np.stack([lat, lon], axis=1)


def tree(members):
    nodes = BallTree(np.stack([its_lat[members], its_lon[members]], axis=1), metric="haversine")
    return lambda some, count: nodes.query(places[some], k=count, return_distance=False)


facility, tenths = three(
    (lat, lon, seconds(patients["time"]), pd.Categorical(patients["need"], categories=NEEDS).codes),
    (its_lat, its_lon, has),
    (log["whose"].to_numpy(), log["since"].to_numpy(), log["until"].to_numpy(), refused),
    tree,
)
names = registry["facility"].to_numpy(dtype=object)
answer = pd.DataFrame({"id": patients["id"]})
for place in range(3):
    there = facility[:, place] != NOBODY
    answer[f"facility{place}"] = np.where(there, names[np.where(there, facility[:, place], 0)], None)
    answer[f"minutes{place}"] = np.where(there, tenths[:, place] / 10, np.nan)
answer.to_csv(sys.stdout, index=False, float_format="%.1f")
