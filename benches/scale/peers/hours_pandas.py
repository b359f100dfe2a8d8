"""Hours by facility, month and status, in pandas: hours_pandas.py EVENTS HORIZON

An event holds until the facility's next one, its own `until` or the horizon, whichever comes first."""
import sys

import numpy as np
import pandas as pd

events, horizon = sys.argv[1:]
log = pd.read_csv(events, engine="pyarrow", usecols=["event", "facility", "status", "from", "until"])
for name in ["from", "until"]:
    time = pd.to_datetime(log[name], format="ISO8601", utc=True)
    log[name] = time.dt.tz_localize(None).astype("datetime64[s]")
for name in ["facility", "status"]:
    log[name] = log[name].astype("category")
log = log.sort_values(["facility", "from", "event"], ignore_index=True)
horizon = np.datetime64(horizon.rstrip("Z"), "s")
begun, facility = log["from"].to_numpy(), log["facility"].cat.codes.to_numpy()
ended = np.full(len(log), horizon)
goes_on = facility[:-1] == facility[1:]
ended[:-1][goes_on] = begun[1:][goes_on]
ended = np.fmin(np.minimum(ended, horizon), log["until"].to_numpy())  # passes over what has no end
told = log["status"].to_numpy() != "open"
told &= ended > begun
facility, status = facility[told], log["status"].cat.codes.to_numpy()[told]
begun, ended, parts = begun[told], ended[told], []
month = begun.astype("datetime64[M]")
while len(begun):
    after = month + 1
    until = np.minimum(ended, after.astype("datetime64[s]"))
    seconds = (until - begun).astype("int64")
    parts.append(pd.DataFrame({"facility": facility, "month": month.astype("int64"), "status": status, "seconds": seconds}))
    left = ended > until
    facility, status, begun, ended, month = facility[left], status[left], until[left], ended[left], after[left]
hours = pd.concat(parts).groupby(["facility", "month", "status"])["seconds"].sum().reset_index()
hours["facility"] = log["facility"].cat.categories.to_numpy()[hours["facility"]]
hours["status"] = log["status"].cat.categories.to_numpy()[hours["status"]]
codes, names = pd.factorize(hours["month"])
hours["month"] = np.array([str(np.datetime64(int(name), "M")) for name in names], dtype=object)[codes]
hours["hours"] = (hours.pop("seconds") / 3600).round(2)
hours.to_csv(sys.stdout, index=False)
