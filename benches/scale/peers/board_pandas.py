"""Every facility at one instant, in pandas: board_pandas.py FACILITIES EVENTS INSTANT

Its latest event that has begun, unless that is over."""
import sys

import numpy as np
import pandas as pd

facilities, events, instant = sys.argv[1:]
log = pd.read_csv(events, engine="pyarrow", usecols=["event", "facility", "status", "scope", "from", "until"])
for name in ["from", "until"]:
    log[name] = pd.to_datetime(log[name], format="ISO8601", utc=True)
instant = pd.Timestamp(instant)
log = log[log["from"] <= instant].sort_values(["from", "event"]).drop_duplicates("facility", keep="last")
log = log[(log["status"] != "open") & ~(log["until"] <= instant)]
board = pd.read_csv(facilities, usecols=["facility", "needs"]).merge(log, on="facility", how="left")
scoped = (board["status"] == "diverting") & board["scope"].notna() & (board["scope"] != "")
choices = [board["needs"].isna(), board["status"].isna(), scoped]
board["status"] = np.select(choices, ["no-ed", "open", "partial"], board["status"].astype(object))
board["since"] = board["from"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
board[["facility", "status", "since"]].to_csv(sys.stdout, index=False)
